/* SPDX-License-Identifier: Apache-2.0 */
/* CatalogService.GetGuide: the procedure of policies, from the compiled catalog, on the loop. */
#include "handlers/internal.h"
#include "policycalc/v1/guide.pb-c.h"

static const ProtobufCMessage *ask_get_guide(const struct ruleset *ruleset,
		const ProtobufCMessage *request, const char *today, struct arena *arena,
		struct violations *out_violations, struct error *err)
{
	Policycalc__V1__GetGuideResponse *response = NULL;

	return ruleset_guide(ruleset, (const Policycalc__V1__GetGuideRequest *)request, today,
			       arena, &response, out_violations, err)
			       ? &response->base
			       : NULL;
}

static void answer_get_guide(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	call_ask(call, message, ruleset, ask_get_guide);
}

static void on_get_guide(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__GetGuideRequest *request =
			(const Policycalc__V1__GetGuideRequest *)message;

	call_answer(call, message, request->revision, answer_get_guide);
}

const struct rpc_method catalog_get_guide_method = {
	.service = "policycalc.v1.CatalogService",
	.name = "GetGuide",
	.input = &policycalc__v1__get_guide_request__descriptor,
	.output = &policycalc__v1__get_guide_response__descriptor,
	.on_message = on_get_guide,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* CatalogService.GetGuide: the procedure of policies, from the compiled catalog, on the loop. */
#include "handlers/internal.h"
#include "policycalc/v1/guide.pb-c.h"

static void answer_get_guide(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	const Policycalc__V1__GetGuideRequest *request =
			(const Policycalc__V1__GetGuideRequest *)message;
	Policycalc__V1__GetGuideResponse *response = NULL;
	struct violations violations = { NULL, 0 };
	struct error err = { ERROR_NONE, "" };
	char today[11];

	handlers_today(call_handlers(call), today);
	if (ruleset_guide(ruleset, request, today, rpc_call_arena(call), &response, &violations,
			    &err)) {
		call_reply(call, &response->base);
		return;
	}
	for (size_t i = 0; i < violations.count; i++)
		rpc_call_add_violation(
				call, violations.list[i].field, violations.list[i].description);
	rpc_call_finish_error(call, &err);
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

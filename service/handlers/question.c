/* SPDX-License-Identifier: Apache-2.0 */
/* CalculatorService: NextQuestion. */
#include "handlers/internal.h"

static void answer_question(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	const Policycalc__V1__NextQuestionRequest *request =
			(const Policycalc__V1__NextQuestionRequest *)message;
	Policycalc__V1__NextQuestionResponse *response = NULL;
	struct violations violations = { NULL, 0 };
	struct error err = { ERROR_NONE, "" };
	char today[11];

	handlers_today(call_handlers(call), today);
	/* Priors come with the registry: without one every answer is as likely as another. */
	if (ruleset_next_question(ruleset, request, NULL, today, rpc_call_arena(call),
			    &response, &violations, &err)) {
		call_reply(call, &response->base);
		return;
	}
	for (size_t i = 0; i < violations.count; i++)
		rpc_call_add_violation(
				call, violations.list[i].field, violations.list[i].description);
	rpc_call_finish_error(call, &err);
}

static void on_next_question(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__NextQuestionRequest *request =
			(const Policycalc__V1__NextQuestionRequest *)message;

	call_answer(call, message, request->revision, answer_question);
}

const struct rpc_method calculator_next_question_method = {
	.service = "policycalc.v1.CalculatorService",
	.name = "NextQuestion",
	.input = &policycalc__v1__next_question_request__descriptor,
	.output = &policycalc__v1__next_question_response__descriptor,
	.on_message = on_next_question,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* CalculatorService.NextQuestion: the question most worth asking, from the compiled catalog, on the loop. */
#include "handlers/enterprise.h"

static const ProtobufCMessage *ask_question(const struct ruleset *ruleset,
		const ProtobufCMessage *request, const char *today, struct arena *arena,
		struct violations *out_violations, struct error *err)
{
	Policycalc__V1__NextQuestionResponse *response = NULL;

	/* Priors come with the registry: without one every answer is as likely as another. */
	return ruleset_next_question(ruleset,
			       (const Policycalc__V1__NextQuestionRequest *)request, NULL,
			       today, arena, &response, out_violations, err)
			       ? &response->base
			       : NULL;
}

static void answer_question(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	call_ask(call, message, ruleset, ask_question);
}

static void on_next_question(struct rpc_call *call, const ProtobufCMessage *message)
{
	call_answer_question(call, message, answer_question);
}

const struct rpc_method calculator_next_question_method = {
	.service = "policycalc.v1.CalculatorService",
	.name = "NextQuestion",
	.input = &policycalc__v1__next_question_request__descriptor,
	.output = &policycalc__v1__next_question_response__descriptor,
	.on_message = on_next_question,
};

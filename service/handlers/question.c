/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CalculatorService.NextQuestion: the question most worth asking, from the compiled catalog and from how
 * the firms of the registry answer, as far as that is counted by now; on the loop.
 */
#include "handlers/enterprise.h"
#include "handlers/priors.h"

static void answer_question(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	struct handlers *handlers = call_handlers(call);
	struct priors *priors = priors_keeper_take(handlers->options.priors);
	struct question_priors weighs;
	Policycalc__V1__NextQuestionResponse *response = NULL;
	struct violations violations = { NULL, 0 };
	struct error err = { ERROR_NONE, "" };
	char today[11];

	if (priors)
		weighs = priors_for_questions(priors);
	handlers_today(handlers, today);
	(void)ruleset_next_question(ruleset,
			(const Policycalc__V1__NextQuestionRequest *)message,
			priors ? &weighs : NULL, today, rpc_call_arena(call), &response,
			&violations, &err);
	call_answer_with(call, response ? &response->base : NULL, &violations, &err);
	priors_unref(priors);
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

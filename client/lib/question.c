/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/client_internal.h"

struct pcalc_question {
	struct arena arena; /* first, as handle_new() wants it */
	const Policycalc__V1__NextQuestionResponse *response;
};

pcalc_question *pcalc_next_question(pcalc_client *client, const pcalc_profile *profile,
		const struct pcalc_question_options *options, struct pcalc_failure *failure)
{
	pcalc_question *question = handle_new(sizeof(*question), failure);
	Policycalc__V1__NextQuestionRequest request =
			POLICYCALC__V1__NEXT_QUESTION_REQUEST__INIT;

	if (!question)
		return NULL;
	/* Packing only reads; the generated struct has no way to say so. */
	request.profile = (Policycalc__V1__Profile *)(uintptr_t)profile_message(profile);
	if (options) {
		request.revision = options->revision;
		if (options->as_of)
			request.as_of = (char *)(uintptr_t)options->as_of;
		request.include_superseded = options->include_superseded;
		request.policies = (char **)(uintptr_t)options->policies;
		request.n_policies = options->policy_count;
		request.skipped = (char **)(uintptr_t)options->skipped;
		request.n_skipped = options->skipped_count;
		request.enough_ppm = options->enough_ppm;
	}
	question->response = (const Policycalc__V1__NextQuestionResponse *)client_call(client,
			CALCULATOR_PATH "NextQuestion", &request.base,
			&policycalc__v1__next_question_response__descriptor, &question->arena,
			failure);
	if (question->response)
		return question;
	pcalc_question_free(question);
	return NULL;
}

void pcalc_question_free(pcalc_question *question)
{
	handle_free(question);
}

enum pcalc_question_done pcalc_question_done(const pcalc_question *question)
{
	return (enum pcalc_question_done)question->response->done;
}

struct pcalc_text pcalc_question_text(const pcalc_question *question)
{
	const Policycalc__V1__Question *asked = question->response->question;

	return text_from(asked ? asked->text : NULL);
}

struct pcalc_text pcalc_question_reason(const pcalc_question *question)
{
	const Policycalc__V1__Question *asked = question->response->question;

	return text_from(asked ? asked->reason : NULL);
}

size_t pcalc_question_count(const pcalc_question *question)
{
	return question->response->question ? question->response->question->n_attributes : 0;
}

bool pcalc_question_get(
		const pcalc_question *question, size_t index, struct pcalc_asked *out_asked)
{
	const Policycalc__V1__QuestionAttribute *asked;

	if (index >= pcalc_question_count(question))
		return false;
	asked = question->response->question->attributes[index];
	*out_asked = (struct pcalc_asked){
		.key = asked->key,
		.name = asked->name,
		.period = asked->period,
		.item_list = asked->item_list,
		.item_id = asked->item_id,
		.type = (int)asked->type,
		.label = text_from(asked->label),
		.question = text_from(asked->question),
		.help = text_from(asked->help),
		.choice_count = asked->n_choices,
		.periods = (const char *const *)asked->periods,
		.period_count = asked->n_periods,
	};
	return true;
}

bool pcalc_question_get_choice(const pcalc_question *question, size_t index, size_t choice,
		struct pcalc_question_choice *out_choice)
{
	const Policycalc__V1__QuestionAttribute *asked;

	if (index >= pcalc_question_count(question))
		return false;
	asked = question->response->question->attributes[index];
	if (choice >= asked->n_choices)
		return false;
	*out_choice = (struct pcalc_question_choice){ asked->choices[choice]->code,
		text_from(asked->choices[choice]->label) };
	return true;
}

struct pcalc_question_progress pcalc_question_get_progress(const pcalc_question *question)
{
	const Policycalc__V1__QuestionProgress *progress = question->response->progress;

	if (!progress)
		return (struct pcalc_question_progress){ 0 };
	return (struct pcalc_question_progress){
		.policy_count = progress->policy_count,
		.settled_count = progress->settled_count,
		.undetermined_count = progress->undetermined_count,
		.eligible_count = progress->eligible_count,
		.review_count = progress->review_count,
		.not_open_count = progress->not_open_count,
		.ineligible_count = progress->ineligible_count,
		.expected_questions_milli = progress->expected_questions_milli,
		.certain_fen = progress->certain_fen,
		.possible_fen = progress->possible_fen,
	};
}

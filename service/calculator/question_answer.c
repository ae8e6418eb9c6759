/* SPDX-License-Identifier: Apache-2.0 */
/* The question as a message, and why it is asked. Texts are borrowed from the ruleset. */
#include "calculator/question.h"
#include "calculator/words.h"

#include <string.h>

#define POLICIES_SHOWN 5
#define DONE(word) POLICYCALC__V1__QUESTION_DONE__QUESTION_DONE_##word

/* --- why it is asked -------------------------------------------------------------------------- */

/* Puts @pending among the first @most, those with the most at stake first; of equals it comes last. */
static void stake_put(const struct pending **list, size_t *count, size_t most,
		const struct pending *pending)
{
	size_t at = *count;

	if (at == most && list[at - 1]->weight >= pending->weight)
		return;
	if (at < most)
		++*count;
	else
		at--;
	for (; at > 0 && list[at - 1]->weight < pending->weight; at--)
		list[at] = list[at - 1];
	list[at] = pending;
}

static bool stakes_fill(const struct questionnaire *questionnaire,
		const struct question *question, Policycalc__V1__Question *answer)
{
	struct arena *arena = questionnaire->arena;
	const struct pending *first[POLICIES_SHOWN];
	size_t first_count = 0;
	const char *zh = "";
	const char *en = "";

	answer->policies = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__QuestionPolicy *, POLICIES_SHOWN);
	if (!answer->policies)
		return false;
	for (size_t i = 0; i < question->pending_count; i++) {
		const struct pending *pending = &questionnaire->pendings[question->pendings[i]];

		stake_put(first, &first_count, POLICIES_SHOWN, pending);
		if (outcome_counts_for_enterprise(pending->outcome) &&
				pending->outcome->amount.most_known)
			answer->at_stake_fen = money_add(
					answer->at_stake_fen, pending->outcome->amount.most);
	}
	for (size_t i = 0; i < first_count; i++) {
		Policycalc__V1__QuestionPolicy *policy =
				ARENA_NEW(arena, Policycalc__V1__QuestionPolicy);

		if (!policy)
			return false;
		policycalc__v1__question_policy__init(policy);
		policy->policy_id = first[i]->outcome->policy->policy->id;
		policy->title = first[i]->outcome->policy->policy->title;
		answer->policies[answer->n_policies++] = policy;
	}
	answer->policy_count = (int32_t)question->pending_count;
	if (answer->at_stake_fen > 0) {
		const char *money_zh = words_money(answer->at_stake_fen, WORDS_ZH, arena);
		const char *money_en = words_money(answer->at_stake_fen, WORDS_EN, arena);

		zh = money_zh ? arena_format(arena, "，其中已知金额合计最高 %s", money_zh)
			      : NULL;
		en = money_en ? arena_format(arena,
						", of which the known amounts come to at "
						"most %s",
						money_en)
			      : NULL;
		if (!zh || !en)
			return false;
	}
	answer->reason = words_text(arena,
			arena_format(arena, "关系到 %d 项还缺信息的政策%s",
					answer->policy_count, zh),
			arena_format(arena, "Bears on %d %s%s", answer->policy_count,
					answer->policy_count == 1
							? "policy that lacks information"
							: "policies that lack information",
					en));
	return answer->reason != NULL;
}

/* What the dictionary asks for a whole group, with whichever member it stands. */
static const Policycalc__V1__Text *group_text(const struct questionnaire *questionnaire,
		const struct unit *unit, const char *group)
{
	static Policycalc__V1__Text usual = {
		PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),
		(char *)"下列情况，企业有哪些？", (char *)"Which of these apply to the firm?"
	};
	const struct ruleset *ruleset = questionnaire->ruleset;

	for (size_t i = 0; i < ruleset->entry_count[unit->list]; i++) {
		const Policycalc__V1__Attribute *attribute =
				ruleset->entries[unit->list][i].attribute;

		if (strcmp(attribute->question_group, group) == 0 &&
				text_is_given(attribute->group_question))
			return attribute->group_question;
	}
	return &usual;
}

static Policycalc__V1__Question *question_answer(
		const struct questionnaire *questionnaire, const struct question *question)
{
	struct arena *arena = questionnaire->arena;
	const struct unit *first = &questionnaire->units[question->units[0]];
	Policycalc__V1__Question *answer = ARENA_NEW(arena, Policycalc__V1__Question);

	if (!answer)
		return NULL;
	policycalc__v1__question__init(answer);
	answer->attributes = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__QuestionAttribute *, question->unit_count);
	if (!answer->attributes)
		return NULL;
	for (size_t i = 0; i < (unit_is_series(first) ? 1 : question->unit_count); i++) {
		answer->attributes[i] = unit_answer(
				questionnaire, &questionnaire->units[question->units[i]]);
		if (!answer->attributes[i])
			return NULL;
		answer->n_attributes++;
	}
	if (unit_is_series(first) &&
			!series_periods_fill(questionnaire, question, answer->attributes[0]))
		return NULL;
	answer->text = answer->attributes[0]->question;
	if (answer->n_attributes > 1) {
		answer->group = first->place->attribute->question_group;
		answer->text = (Policycalc__V1__Text *)group_text(
				questionnaire, first, answer->group);
	}
	answer->ask_cost = question->cost;
	answer->score = question->score;
	return stakes_fill(questionnaire, question, answer) ? answer : NULL;
}

Policycalc__V1__NextQuestionResponse *questionnaire_answer(
		const struct questionnaire *questionnaire)
{
	Policycalc__V1__NextQuestionResponse *response =
			ARENA_NEW(questionnaire->arena, Policycalc__V1__NextQuestionResponse);
	char *day = arena_alloc(questionnaire->arena, 11);
	int64_t enough = questionnaire->request->enough_ppm;

	if (!response || !day)
		return NULL;
	policycalc__v1__next_question_response__init(response);
	date_print(questionnaire->as_of, day);
	response->revision = ruleset_revision(questionnaire->ruleset);
	response->as_of = day;
	response->engine_version = (char *)POLICYCALC_VERSION;
	if (questionnaire->priors)
		response->priors_sequence = questionnaire->priors->sequence;
	response->warnings = questionnaire->findings.warnings;
	response->n_warnings = questionnaire->findings.warning_count;
	response->progress = questionnaire_progress(questionnaire);
	if (!response->progress)
		return NULL;
	if (questionnaire->pending_count == 0)
		response->done = DONE(SETTLED);
	else if (enough > 0 && response->progress->settled_ppm >= enough)
		response->done = DONE(ENOUGH);
	else if (!questionnaire->best)
		response->done = DONE(SKIPPED);
	if (response->done == DONE(UNSPECIFIED)) {
		response->question = question_answer(questionnaire, questionnaire->best);
		if (!response->question)
			return NULL;
	}
	return questionnaire->arena->exhausted ? NULL : response;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How far one is: what is settled, and what comes of it. */
#include "calculator/question.h"

#include <string.h>

bool outcome_counts_for_enterprise(const struct outcome *outcome)
{
	const Policycalc__V1__Amount *amount =
			outcome->policy->amount ? outcome->policy->amount->amount : NULL;

	if (!amount || outcome->amount.none ||
			amount->beneficiary !=
					POLICYCALC__V1__BENEFICIARY__BENEFICIARY_ENTERPRISE)
		return false;
	return amount->nature == POLICYCALC__V1__NATURE__NATURE_CASH ||
	       amount->nature == POLICYCALC__V1__NATURE__NATURE_TAX ||
	       amount->nature == POLICYCALC__V1__NATURE__NATURE_INTEREST;
}

int64_t money_add(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* An eligible policy with what it comes to at least; ->next chains those that exclude one another. */
struct sure {
	const struct outcome *outcome;
	size_t component;
};

static bool policies_exclude(const Policycalc__V1__Policy *a, const Policycalc__V1__Policy *b)
{
	for (size_t i = 0; i < a->n_exclusions; i++) {
		for (size_t k = 0; k < b->n_exclusions; k++) {
			if (strcmp(a->exclusions[i]->group, b->exclusions[k]->group) == 0)
				return true;
		}
	}
	return false;
}

/*
 * Of policies that are connected by exclusions only the largest counts: that much can be had
 * whatever the best combination is.
 */
static int64_t certain_sum(const struct questionnaire *questionnaire)
{
	struct sure *sure = ARENA_NEW_ARRAY(
			questionnaire->arena, struct sure, questionnaire->outcome_count + 1);
	int64_t sum = 0;
	size_t count = 0;

	for (size_t i = 0; sure && i < questionnaire->outcome_count; i++) {
		const struct outcome *outcome = &questionnaire->outcomes[i];

		if (outcome->verdict != VERDICT(ELIGIBLE) ||
				!outcome_counts_for_enterprise(outcome) ||
				outcome->amount.error || outcome->amount.not_stated ||
				outcome->amount.up_to)
			continue;
		sure[count] = (struct sure){ outcome, count };
		for (size_t k = 0; k < count; k++) {
			size_t from = sure[count].component;
			size_t to = sure[k].component;

			if (from == to || !policies_exclude(outcome->policy->policy,
							  sure[k].outcome->policy->policy))
				continue;
			for (size_t j = 0; j <= count; j++) {
				if (sure[j].component == from)
					sure[j].component = to;
			}
		}
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		int64_t largest = 0;

		for (size_t k = 0; k < count; k++) {
			if (sure[k].component == i && sure[k].outcome->amount.least > largest)
				largest = sure[k].outcome->amount.least;
		}
		sum = money_add(sum, largest);
	}
	return sum;
}

static void possible_add(
		const struct outcome *outcome, Policycalc__V1__QuestionProgress *progress)
{
	if (outcome->verdict < VERDICT(NEEDS_INFORMATION) ||
			!outcome_counts_for_enterprise(outcome))
		return;
	if (outcome->amount.error || outcome->amount.not_stated || !outcome->amount.most_known)
		progress->possible_open_count++;
	else
		progress->possible_fen =
				money_add(progress->possible_fen, outcome->amount.most);
}

static void verdict_count(
		const struct outcome *outcome, Policycalc__V1__QuestionProgress *progress)
{
	switch ((int)outcome->verdict) {
	case VERDICT(ELIGIBLE):
		progress->eligible_count++;
		break;
	case VERDICT(NEEDS_REVIEW):
		progress->review_count++;
		break;
	case VERDICT(NOT_OPEN):
		progress->not_open_count++;
		break;
	case VERDICT(INELIGIBLE):
		progress->ineligible_count++;
		break;
	default:
		break;
	}
}

Policycalc__V1__QuestionProgress *questionnaire_progress(
		const struct questionnaire *questionnaire)
{
	Policycalc__V1__QuestionProgress *progress =
			ARENA_NEW(questionnaire->arena, Policycalc__V1__QuestionProgress);
	int64_t total = 0;
	int64_t pending = 0;

	if (!progress)
		return NULL;
	policycalc__v1__question_progress__init(progress);
	progress->policy_count = (int32_t)questionnaire->outcome_count;
	progress->undetermined_count = (int32_t)questionnaire->pending_count;
	progress->settled_count = progress->policy_count - progress->undetermined_count;
	for (size_t i = 0; i < questionnaire->outcome_count; i++) {
		total += amount_weight(&questionnaire->outcomes[i].amount);
		if (questionnaire->outcomes[i].conditions_verdict != VERDICT(NEEDS_INFORMATION))
			verdict_count(&questionnaire->outcomes[i], progress);
		possible_add(&questionnaire->outcomes[i], progress);
	}
	for (size_t i = 0; i < questionnaire->pending_count; i++) {
		pending += questionnaire->pendings[i].weight;
		progress->skipped_count += questionnaire->pendings[i].before == 0;
	}
	progress->settled_ppm = total ? (total - pending) * QUESTION_PPM / total : QUESTION_PPM;
	progress->expected_questions_milli = questionnaire->expected_milli;
	progress->certain_fen = certain_sum(questionnaire);
	return progress;
}

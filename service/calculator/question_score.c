/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/question.h"

#include <stdlib.h>
#include <string.h>

static bool question_score(struct questionnaire *questionnaire, struct question *question)
{
	struct facts *facts = questionnaire->facts;
	struct arena *arena = facts->arena;
	struct trial trial;
	struct answers answers;
	bool ok;

	/* What trying out leaves behind goes with the question. */
	facts->arena = facts->evaluation.arena = &questionnaire->work;
	ok = trial_begin(questionnaire, question->units, question->unit_count, &trial) &&
	     answers_find(questionnaire, question, &trial, &answers) &&
	     answers_tell(questionnaire, question, &trial, &answers) &&
	     !questionnaire->work.exhausted;
	facts->arena = facts->evaluation.arena = arena;
	arena_reset(&questionnaire->work);
	return ok;
}

/* --- how many are left ------------------------------------------------------------------------ */

/* By score; of equals the first in the order of names. */
static int question_compare(const void *a, const void *b)
{
	const struct question *left = *(const struct question *const *)a;
	const struct question *right = *(const struct question *const *)b;

	if (left->score != right->score)
		return left->score > right->score ? -1 : 1;
	return (left > right) - (left < right);
}

/*
 * Questions are thought to be asked in the order of their scores. Each is asked if some policy that
 * waits for it is still pending by then; how likely that is follows from what single answers leave,
 * and a policy of which everything was asked is pending no more. That policies fall together is left
 * out of account, so the estimate is rather high than low.
 */
static int64_t expected_milli(
		const struct questionnaire *questionnaire, const struct question *const *order)
{
	struct arena *arena = questionnaire->arena;
	uint64_t *still = ARENA_NEW_ARRAY(arena, uint64_t, questionnaire->pending_count + 1);
	size_t *asked = ARENA_NEW_ARRAY(arena, size_t, questionnaire->pending_count + 1);
	uint64_t total = 0;

	if (!still || !asked)
		return 0;
	for (size_t i = 0; i < questionnaire->pending_count; i++)
		still[i] = QUESTION_PPM;
	for (size_t i = 0; i < questionnaire->question_count; i++) {
		const struct question *question = order[i];
		uint64_t none = QUESTION_PPM;

		for (size_t k = 0; k < question->pending_count; k++) {
			size_t pending = question->pendings[k];

			none = none * (QUESTION_PPM - still[pending]) / QUESTION_PPM;
			still[pending] = still[pending] * question->stay_ppm[k] / QUESTION_PPM;
			asked[pending] += question->answered[k];
			if (asked[pending] >= questionnaire->pendings[pending].before)
				still[pending] = 0;
		}
		total += QUESTION_PPM - none;
	}
	return (int64_t)(total / 1000);
}

bool questionnaire_score(struct questionnaire *questionnaire)
{
	const struct question **order = ARENA_NEW_ARRAY(questionnaire->arena,
			const struct question *, questionnaire->question_count + 1);

	if (!order)
		return false;
	for (size_t i = 0; i < questionnaire->question_count; i++) {
		if (!question_score(questionnaire, &questionnaire->questions[i]))
			return false;
		order[i] = &questionnaire->questions[i];
	}
	if (questionnaire->question_count) {
		qsort(order, questionnaire->question_count, sizeof(*order), question_compare);
		questionnaire->best = order[0];
	}
	questionnaire->expected_milli = expected_milli(questionnaire, order);
	questionnaire_search(questionnaire, order);
	return !questionnaire->arena->exhausted;
}

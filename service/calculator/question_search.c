/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When little is left, the order of the questions is found exactly.
 *
 * The score looks one answer ahead. With a handful of questions one can look to the end: over every
 * state of knowledge (each question unanswered, or answered with one of its classes) the least
 * expected effort until all is settled, from the states that know most backward. Classes are those of
 * now; what only shows later (a condition that first reads something else) counts as one more
 * question.
 */
#include "base/wide.h"
#include "calculator/question.h"

#define SEARCH_QUESTIONS 8
#define SEARCH_ASKINGS 6000 /* of pending policies: under a millisecond */
#define MICRO INT64_C(1000000)

struct search {
	struct questionnaire *questionnaire;
	const struct question *const *questions; /* in the order of their scores */
	size_t count;
	struct answers answers[SEARCH_QUESTIONS];
	size_t stride[SEARCH_QUESTIONS];
	size_t first_unit[SEARCH_QUESTIONS]; /* in the trial */
	size_t state_count;
	struct trial trial;
	int64_t *effort; /* by state, in millionths */
	int64_t *left;	 /* likewise, questions */
};

/* Readies the classes of every question; false when it is not worth it, or memory is short. */
static bool search_begin(struct search *search)
{
	struct questionnaire *questionnaire = search->questionnaire;
	size_t units[64];
	size_t unit_count = 0;

	search->state_count = 1;
	for (size_t i = 0; i < search->count; i++) {
		const struct question *question = search->questions[i];
		const struct unit *unit = &questionnaire->units[question->units[0]];
		struct trial trial;

		if (!unit->place || unit->item >= 0 || unit_count + question->unit_count > 64 ||
				!trial_begin(questionnaire, question->units,
						question->unit_count, &trial) ||
				!answers_find(questionnaire, question, &trial,
						&search->answers[i]) ||
				!search->answers[i].values)
			return false;
		search->first_unit[i] = unit_count;
		for (size_t k = 0; k < question->unit_count; k++)
			units[unit_count++] = question->units[k];
		search->stride[i] = search->state_count;
		search->state_count *= search->answers[i].count + 1;
		if (search->state_count * questionnaire->pending_count > SEARCH_ASKINGS)
			return false;
	}
	search->effort = ARENA_NEW_ARRAY(&questionnaire->work, int64_t, search->state_count);
	search->left = ARENA_NEW_ARRAY(&questionnaire->work, int64_t, search->state_count);
	return search->effort && search->left &&
	       trial_begin(questionnaire, units, unit_count, &search->trial);
}

/* 0: unanswered; k + 1: class k. */
static size_t state_digit(const struct search *search, size_t state, size_t question)
{
	return state / search->stride[question] % (search->answers[question].count + 1);
}

/* How many units the pending policies lack in a state. */
static size_t state_missing(const struct search *search, size_t state)
{
	struct questionnaire *questionnaire = search->questionnaire;
	struct value values[64];
	size_t missing = 0;

	for (size_t i = 0; i < search->count; i++) {
		size_t digit = state_digit(search, state, i);
		size_t units = search->questions[i]->unit_count;

		for (size_t k = 0; k < units; k++)
			values[search->first_unit[i] + k] =
					digit ? search->answers[i].values[(digit - 1) * units +
									  k]
					      : (struct value){ .kind = VALUE_UNKNOWN };
	}
	trial_put(questionnaire, &search->trial, values);
	for (size_t i = 0; i < questionnaire->pending_count; i++) {
		if (questionnaire->pendings[i].before)
			missing += pending_missing(questionnaire, &questionnaire->pendings[i],
					&search->trial);
	}
	return missing;
}

/* What is expected to follow the next question; @after: the same, by state. */
static int64_t state_expect(const struct search *search, size_t state, size_t question,
		const int64_t *after)
{
	const struct answers *answers = &search->answers[question];
	wide_int sum = 0;

	for (size_t k = 0; k < answers->count; k++)
		sum += (wide_int)after[state + (k + 1) * search->stride[question]] *
		       answers->weights[k];
	return (int64_t)(sum / (wide_int)answers->total);
}

/* The best question in a state that is not settled; ->count when all are answered. */
static size_t state_choose(const struct search *search, size_t state, int64_t *out_effort)
{
	size_t best = search->count;

	for (size_t i = 0; i < search->count; i++) {
		int64_t effort;

		if (state_digit(search, state, i))
			continue;
		effort = search->questions[i]->cost * MICRO +
			 state_expect(search, state, i, search->effort);
		if (best < search->count && effort >= *out_effort)
			continue;
		best = i;
		*out_effort = effort;
	}
	return best;
}

static size_t search_run(struct search *search)
{
	size_t best = 0;

	for (size_t state = search->state_count; state-- > 0;) {
		size_t missing = state_missing(search, state);

		if (missing == 0)
			continue;
		best = state_choose(search, state, &search->effort[state]);
		if (best == search->count) {
			search->effort[state] = search->left[state] = (int64_t)missing * MICRO;
			continue;
		}
		search->left[state] = MICRO + state_expect(search, state, best, search->left);
	}
	trial_take_back(search->questionnaire, &search->trial);
	return best;
}

void questionnaire_search(
		struct questionnaire *questionnaire, const struct question *const *order)
{
	struct search search = {
		.questionnaire = questionnaire,
		.questions = order,
		.count = questionnaire->question_count,
	};
	struct facts *facts = questionnaire->facts;
	struct arena *arena = facts->arena;

	if (search.count < 2 || search.count > SEARCH_QUESTIONS)
		return;
	facts->arena = facts->evaluation.arena = &questionnaire->work;
	if (search_begin(&search)) {
		size_t best = search_run(&search);

		if (!questionnaire->work.exhausted) {
			questionnaire->best = order[best];
			questionnaire->expected_milli = search.left[0] / 1000;
		}
	}
	facts->arena = facts->evaluation.arena = arena;
	arena_reset(&questionnaire->work);
}

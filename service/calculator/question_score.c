/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wide.h"
#include "calculator/question.h"

#include <stdlib.h>
#include <string.h>

/* Class by class, so that each value is put and derived from once. NULL when memory is short. */
static const struct job *jobs_sort(
		struct questionnaire *questionnaire, const struct answers *answers)
{
	struct arena *arena = &questionnaire->work;
	struct job *sorted = arena_alloc(arena, (answers->job_count + 1) * sizeof(*sorted));
	size_t *next = ARENA_NEW_ARRAY(arena, size_t, answers->count + 1);

	if (!sorted || !next)
		return NULL;
	for (size_t i = 0; i < answers->job_count; i++)
		next[answers->jobs[i].answer + 1]++;
	for (size_t i = 1; i < answers->count; i++)
		next[i] += next[i - 1];
	for (size_t i = 0; i < answers->job_count; i++)
		sorted[next[answers->jobs[i].answer]++] = answers->jobs[i];
	return sorted;
}

/* How many units a policy lacks under the trial: of most only one part is asked again. */
static size_t job_missing(struct questionnaire *questionnaire, const struct question *question,
		const struct job *job, const struct trial *trial)
{
	const struct waiting *waiting =
			question->waiting ? &question->waiting[job->pending] : NULL;

	if (waiting && waiting->part && !trial->opaque) {
		part_ask(questionnaire, waiting->part);
		if (waiting->part->fails)
			return 0;
		if (!waiting->part->lacks)
			return waiting->rest;
		if (waiting->own && waiting->part->within)
			return waiting->rest + waiting->part->left;
	}
	return pending_missing(questionnaire,
			&questionnaire->pendings[question->pendings[job->pending]], trial);
}

/* What there is to gain with the policy of @job. */
struct stake {
	int64_t before, weight;
};

static struct stake job_stake(const struct questionnaire *questionnaire,
		const struct question *question, const struct job *job)
{
	const struct pending *pending;

	if (question->waiting)
		return (struct stake){ question->waiting[job->pending].before,
			question->waiting[job->pending].weight };
	pending = &questionnaire->pendings[question->pendings[job->pending]];
	return (struct stake){ (int64_t)pending->before, pending->weight };
}

/* @part of @whole in millionths. */
static uint32_t share_ppm(uint64_t part, uint64_t whole)
{
	if (part <= UINT64_MAX / QUESTION_PPM)
		return (uint32_t)(part * QUESTION_PPM / whole);
	return (uint32_t)((wide_int)part * QUESTION_PPM / (wide_int)whole);
}

static void jobs_run(struct questionnaire *questionnaire, struct question *question,
		struct trial *trial, const struct answers *answers)
{
	wide_int gain = 0;
	uint64_t *stay = ARENA_NEW_ARRAY(
			&questionnaire->work, uint64_t, question->pending_count + 1);
	const struct job *jobs = jobs_sort(questionnaire, answers);
	bool put = false;

	for (size_t i = 0; stay && jobs && i < answers->job_count; i++) {
		const struct job *job = &jobs[i];
		struct stake stake = job_stake(questionnaire, question, job);
		int64_t after, share;

		if (i == 0 || jobs[i - 1].answer != job->answer) {
			trial->opaque = !answers->values;
			trial->fails = job->answer > 0;
			put = answers->values != NULL;
			if (put)
				trial_put(questionnaire, trial,
						answers->values + job->answer * trial->count);
		}
		after = (int64_t)job_missing(questionnaire, question, job, trial);
		share = after ? (stake.before - after) * QUESTION_PPM / stake.before
			      : QUESTION_PPM;
		gain += (wide_int)(share * stake.weight) * (wide_int)job->weight;
		if (after > 0)
			stay[job->pending] += job->weight;
	}
	if (put)
		trial_take_back(questionnaire, trial);
	question->gain = (int64_t)(gain / (wide_int)answers->total);
	question->score = question->gain / question->cost;
	for (size_t i = 0; stay && i < question->pending_count; i++)
		question->stay_ppm[i] = share_ppm(stay[i], answers->total);
}

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
	     answers_find(questionnaire, question, &trial, &answers);
	if (ok) {
		jobs_run(questionnaire, question, &trial, &answers);
		ok = !questionnaire->work.exhausted;
	}
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is asked under an answer, and what it tells.
 *
 * Most policies that wait for an attribute do so by one part of their conditions, and many of them by the same one.
 * That part is asked once an answer for all of them: when it fails they are settled, and when it holds each lacks what it
 * lacks beside, which was noted before (struct waiting). So what an answer leaves follows from the weights of the
 * answers under which the part fails, and holds; only what a part still lacks is looked at policy by policy, as is all
 * of a policy that waits by several parts.
 */
#include "base/wide.h"
#include "calculator/question.h"

bool askers_find(struct questionnaire *questionnaire, const struct question *question,
		bool by_part, struct answers *answers)
{
	struct arena *arena = &questionnaire->work;
	size_t round = ++questionnaire->question_at;
	int slot = questionnaire->units[question->units[0]].slot;

	answers->asker_count = 0;
	answers->askers = arena_alloc(
			arena, (question->pending_count + 1) * sizeof(*answers->askers));
	for (size_t i = 0; answers->askers && i < question->pending_count; i++) {
		struct waiting *waiting =
				by_part && question->waiting ? &question->waiting[i] : NULL;
		struct part *part = waiting ? waiting->part : NULL;

		if (part && part->asker_round == round) {
			struct asker *asker = &answers->askers[part->asker];

			waiting->next = asker->pending;
			asker->pending = (uint32_t)i + 1;
			continue;
		}
		if (part) {
			part->asker_round = round;
			part->asker = (uint32_t)answers->asker_count;
			waiting->next = 0;
		}
		answers->askers[answers->asker_count++] = (struct asker){ .part = part,
			.table = part && part->bare ? clause_part_table(part->known, slot)
						    : NULL,
			.pending = (uint32_t)i + 1 };
	}
	return answers->askers != NULL;
}

void asker_note(struct answers *answers, size_t asker, const struct part_result *result,
		uint64_t weight)
{
	if (weight == 0)
		return;
	if (result->lacks)
		answers->jobs[answers->job_count++] =
				(struct job){ 0, (uint32_t)asker, weight, result->lacks };
	else if (result->fails)
		answers->askers[asker].fails += weight;
	else
		answers->askers[asker].holds += weight;
}

/* --- what is gained ----------------------------------------------------------------------------- */

/* An answer after the other. */
struct telling {
	struct questionnaire *questionnaire;
	struct question *question;
	const struct trial *trial;
	const struct answers *answers;
	uint64_t *stay; /* by pending: the weights under which it stays so, beside ->holds of its part */
	wide_int gain; /* weights times millionths */
};

/* Which share of what a policy lacks is gone when @after is left. */
static int64_t share_gained(int64_t before, int64_t after)
{
	return after ? (before - after) * QUESTION_PPM / before : QUESTION_PPM;
}

static void pending_left(struct telling *telling, size_t index, int64_t before, int64_t weight,
		size_t after, uint64_t answer_weight)
{
	int64_t share = share_gained(before, (int64_t)after);

	telling->gain += (wide_int)(share * weight) * (wide_int)answer_weight;
	if (after > 0)
		telling->stay[index] += answer_weight;
}

static const struct pending *pending_at(const struct telling *telling, size_t index)
{
	return &telling->questionnaire->pendings[telling->question->pendings[index]];
}

/*
 * How many units may be asked that a policy lacks beside what the others of its parts do, when that of @asker lacks
 * @lacks. What others lack is what they lacked before, since they do not read what is asked.
 */
static size_t count_beside(const struct questionnaire *questionnaire,
		const struct pending *pending, const struct part *part, const uint64_t *lacks)
{
	size_t count = 0;

	for (size_t w = 0; w < questionnaire->ruleset->set_words; w++) {
		uint64_t bits = lacks[w] & questionnaire->open[w] &
				(~pending->lacks[w] | (pending->once[w] & part->missing[w]));

		for (; bits; bits &= bits - 1)
			count++;
	}
	return count;
}

/* What the part lacks is looked at for each policy that waits by it. */
static void part_lacks(struct telling *telling, struct asker *asker, const uint64_t *lacks,
		uint64_t weight)
{
	asker->lacks = true;
	for (uint32_t at = asker->pending; at; at = telling->question->waiting[at - 1].next) {
		const struct waiting *waiting = &telling->question->waiting[at - 1];
		size_t after = waiting->rest + count_beside(telling->questionnaire,
							       pending_at(telling, at - 1),
							       asker->part, lacks);

		pending_left(telling, at - 1, waiting->before, waiting->weight, after, weight);
	}
}

static void asker_tell(struct telling *telling, struct asker *asker, uint64_t weight)
{
	struct part *part = asker->part;

	if (!part) {
		const struct pending *pending = pending_at(telling, asker->pending - 1);

		pending_left(telling, asker->pending - 1, (int64_t)pending->before,
				pending->weight,
				pending_missing(telling->questionnaire, pending,
						telling->trial),
				weight);
		return;
	}
	part_ask(telling->questionnaire, part);
	if (part->lacks)
		part_lacks(telling, asker, part->lacks, weight);
	else if (part->fails)
		asker->fails += weight;
	else
		asker->holds += weight;
}

/* @part of @whole in millionths. */
static uint32_t share_ppm(uint64_t part, uint64_t whole)
{
	if (part <= UINT64_MAX / QUESTION_PPM)
		return (uint32_t)(part * QUESTION_PPM / whole);
	return (uint32_t)((wide_int)part * QUESTION_PPM / (wide_int)whole);
}

/* Adds up what the answers come to that settle the part, for all policies that wait by it. */
static void part_sum(struct telling *telling, const struct asker *asker)
{
	const struct question *question = telling->question;
	uint64_t total = telling->answers->total;
	uint32_t holds_ppm = share_ppm(asker->holds, total);
	int64_t failed = 0, held = 0;

	for (uint32_t at = asker->pending; at; at = question->waiting[at - 1].next) {
		const struct waiting *waiting = &question->waiting[at - 1];
		uint64_t stay = telling->stay[at - 1];

		failed += waiting->weight;
		held += waiting->weight * share_gained(waiting->before, waiting->rest);
		if (asker->lacks)
			question->stay_ppm[at - 1] = share_ppm(
					stay + (waiting->rest ? asker->holds : 0), total);
		else
			question->stay_ppm[at - 1] = waiting->rest ? holds_ppm : 0;
	}
	telling->gain += (wide_int)(failed * QUESTION_PPM) * (wide_int)asker->fails +
			 (wide_int)held * (wide_int)asker->holds;
}

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

static void answer_put(struct telling *telling, struct trial *trial, uint32_t answer)
{
	const struct answers *answers = telling->answers;

	trial->opaque = !answers->values;
	trial->fails = answer > 0;
	if (answers->values)
		trial_put(telling->questionnaire, trial,
				answers->values + answer * trial->count);
}

/* Asks all askers under all their answers, as far as it is not known what they say. */
static void jobs_run(struct telling *telling, struct trial *trial, const struct job *jobs)
{
	const struct answers *answers = telling->answers;
	uint32_t put = UINT32_MAX;

	for (size_t i = 0; i < answers->job_count; i++) {
		struct asker *asker = &answers->askers[jobs[i].asker];

		if (jobs[i].lacks) {
			part_lacks(telling, asker, jobs[i].lacks, jobs[i].weight);
			continue;
		}
		if (put != jobs[i].answer)
			answer_put(telling, trial, jobs[i].answer);
		put = jobs[i].answer;
		asker_tell(telling, asker, jobs[i].weight);
	}
	if (put != UINT32_MAX && answers->values)
		trial_take_back(telling->questionnaire, trial);
}

bool answers_tell(struct questionnaire *questionnaire, struct question *question,
		struct trial *trial, const struct answers *answers)
{
	const struct job *jobs = jobs_sort(questionnaire, answers);
	struct telling telling = {
		.questionnaire = questionnaire,
		.question = question,
		.trial = trial,
		.answers = answers,
		.stay = ARENA_NEW_ARRAY(
				&questionnaire->work, uint64_t, question->pending_count + 1),
	};

	if (!jobs || !telling.stay)
		return false;
	jobs_run(&telling, trial, jobs);
	for (size_t i = 0; i < answers->asker_count; i++) {
		const struct asker *asker = &answers->askers[i];

		if (asker->part)
			part_sum(&telling, asker);
		else
			question->stay_ppm[asker->pending - 1] = share_ppm(
					telling.stay[asker->pending - 1], answers->total);
	}
	question->gain = (int64_t)(telling.gain / (wide_int)answers->total);
	question->score = question->gain / question->cost;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How likely an answer is, from what was counted. */
#include "registry/priors.h"

#include "base/memory.h"
#include "calculator/period.h"
#include "registry/column_internal.h"
#include "registry/priors_internal.h"

#include <string.h>

/* So much is left for what no firm has been seen to answer, whatever the counts: one in a hundred. */
#define UNSEEN_LEAST 10

struct priors *priors_ref(struct priors *priors)
{
	atomic_fetch_add_explicit(&priors->references, 1, memory_order_relaxed);
	return priors;
}

void priors_unref(struct priors *priors)
{
	if (!priors || atomic_fetch_sub_explicit(
				       &priors->references, 1, memory_order_acq_rel) != 1)
		return;
	arena_fini(&priors->arena);
	memory_free(priors);
}

bool priors_is_empty(const struct priors *priors)
{
	return priors->count == 0;
}

int64_t priors_sequence(const struct priors *priors)
{
	return priors->sequence;
}

/* --- which count ------------------------------------------------------------------------------ */

static bool prior_is_of(const struct prior *prior, struct slice attribute, int kind)
{
	return (int)prior->kind == kind && slice_equals(prior->attribute, attribute);
}

/* That of the period itself; failing it of the last one before, or else of the first one after it. */
static const struct prior *prior_find(
		const struct priors *priors, struct slice attribute, int kind, int64_t period)
{
	const struct prior *found = NULL;

	for (size_t i = 0; i < priors->count; i++) {
		const struct prior *prior = &priors->list[i];

		if (!prior_is_of(prior, attribute, kind) ||
				(prior->period == 0) != (period == 0))
			continue;
		if (!found || prior->period <= period)
			found = prior;
	}
	return found;
}

/* --- weights ---------------------------------------------------------------------------------- */

/* The class that @figure lies in, of classes in ascending order; ->count: none. */
static size_t class_with(const struct question_answers *answers, int64_t figure)
{
	size_t low = 0;
	size_t high = answers->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (answers->classes[middle].until < figure)
			low = middle + 1;
		else
			high = middle;
	}
	return low < answers->count && answers->classes[low].from <= figure ? low
									    : answers->count;
}

static uint32_t share_put(const struct question_answers *answers, size_t class, uint32_t share,
		uint32_t *weights)
{
	if (class >= answers->count)
		return 0;
	weights[class] += share;
	return share;
}

/* Puts the shares of the classes; what all of them come to. */
static uint32_t shares_put(const struct prior *prior, const struct question_answers *answers,
		uint32_t *weights)
{
	uint32_t sum = 0;

	if (prior->kind == COLUMN_FLAG) {
		sum += share_put(answers, class_with(answers, 0), PRIORS_WHOLE - prior->yes,
				weights);
		return sum + share_put(answers, class_with(answers, 1), prior->yes, weights);
	}
	for (size_t i = 0; prior->points && i < PRIORS_POINTS; i++)
		sum += share_put(answers, class_with(answers, prior->points[i]),
				PRIORS_WHOLE / PRIORS_POINTS, weights);
	for (size_t i = 0; i < prior->code_count; i++)
		sum += share_put(answers,
				answers->class_of(answers->classifier, prior->codes[i].code),
				prior->codes[i].share, weights);
	return sum;
}

/* What the counts leave open is shared by all classes alike: none is ever ruled out. */
static bool weigh(void *context, const struct question_answers *answers, uint32_t *out_weights)
{
	const struct priors *priors = context;
	const struct prior *prior = prior_find(priors, slice_from(answers->attribute->name),
			column_kind_of_type(answers->attribute->type), answers->period);
	uint32_t unseen;
	uint32_t sum;

	if (!prior || (prior->codes && !answers->class_of))
		return false;
	memset(out_weights, 0, answers->count * sizeof(*out_weights));
	sum = shares_put(prior, answers, out_weights);
	unseen = PRIORS_WHOLE > sum ? PRIORS_WHOLE - sum : 0;
	if (unseen < UNSEEN_LEAST)
		unseen = UNSEEN_LEAST;
	for (size_t i = 0; i < answers->count; i++)
		out_weights[i] = out_weights[i] * (uint32_t)answers->count + unseen;
	return true;
}

struct question_priors priors_for_questions(const struct priors *priors)
{
	return (struct question_priors){ weigh, (void *)(uintptr_t)priors, priors->sequence };
}

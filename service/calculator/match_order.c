/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the answers: what they are sorted by is small, the outcomes are not, and stay where they are. */
#include "calculator/match.h"

#include <stdlib.h>

/* So few are quicker sorted by hand. */
#define SORT_FEW 32

/* ELIGIBLE first, then the largest amount, then by id. */
static inline int ranked_compare(const void *a, const void *b)
{
	const struct ranked *left = a;
	const struct ranked *right = b;

	if (left->verdict != right->verdict)
		return left->verdict > right->verdict ? -1 : 1;
	if (left->order != right->order)
		return left->order > right->order ? -1 : 1;
	return (left->policy > right->policy) - (left->policy < right->policy);
}

static void ranked_sort(struct ranked *ranked, size_t count)
{
	if (count > SORT_FEW) {
		qsort(ranked, count, sizeof(*ranked), ranked_compare);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		struct ranked one = ranked[i];
		size_t k = i;

		for (; k > 0 && ranked_compare(&ranked[k - 1], &one) > 0; k--)
			ranked[k] = ranked[k - 1];
		ranked[k] = one;
	}
}

/* Every outcome moves once, to its place. */
static void outcomes_move(struct match *match)
{
	struct outcome *outcomes = match->outcomes;

	for (size_t i = 0; i < match->ranked_count; i++) {
		struct outcome first;
		size_t to = i;

		if (match->ranked[i].outcome == &outcomes[i])
			continue;
		first = outcomes[i];
		while (match->ranked[to].outcome != &outcomes[i]) {
			size_t from = (size_t)(match->ranked[to].outcome - outcomes);

			outcomes[to] = outcomes[from];
			match->ranked[to].outcome = &outcomes[to];
			to = from;
		}
		outcomes[to] = first;
		match->ranked[to].outcome = &outcomes[to];
	}
}

bool match_reserve(struct match *match, size_t count)
{
	/* Not zeroed: whatever is counted was written whole. */
	match->outcomes = arena_alloc(match->arena, count * sizeof(*match->outcomes));
	match->ranked = arena_alloc(match->arena, count * sizeof(*match->ranked));
	return match->outcomes && match->ranked;
}

void match_rank(struct match *match, struct outcome *outcome)
{
	match->ranked[match->ranked_count++] = (struct ranked){
		.verdict = outcome->verdict,
		.order = outcome->order,
		.policy = outcome->policy,
		.outcome = outcome,
	};
}

void match_sort(struct match *match)
{
	ranked_sort(match->ranked, match->ranked_count);
	if (match->request->combine)
		outcomes_move(match);
}

void match_drop_ineligible(struct match *match)
{
	while (match->ranked_count > 0 &&
			match->ranked[match->ranked_count - 1].verdict == VERDICT(INELIGIBLE))
		match->ranked_count--;
	/* The outcomes are in the same order then, and what follows goes behind those that are left. */
	if (match->request->combine)
		match->outcome_count = match->ranked_count;
}

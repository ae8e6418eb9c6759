/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the answers: what they are sorted by is small, the outcomes are not, and stay where they are. */
#include "calculator/match.h"

#include <string.h>

/* So few are quicker sorted by hand. */
#define SORT_FEW 32
/* When fewer than one in so many are told, only these are sorted. */
#define FIRST_PART 4

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

static void few_sort(struct ranked *ranked, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct ranked one = ranked[i];
		size_t k = i;

		for (; k > 0 && ranked_compare(&ranked[k - 1], &one) > 0; k--)
			ranked[k] = ranked[k - 1];
		ranked[k] = one;
	}
}

/* Two runs, of which the second ends at @count, become one in @to. */
static void runs_merge(
		struct ranked *to, const struct ranked *from, size_t second, size_t count)
{
	size_t left = 0;
	size_t right = second;

	for (size_t i = 0; i < count; i++) {
		bool first = left < second &&
			     (right == count || ranked_compare(&from[left], &from[right]) <= 0);

		to[i] = from[first ? left++ : right++];
	}
}

/*
 * Runs of few, then of twice as many, and so on, from one room into the other. That of the C library takes memory of
 * the machine in every call. Without memory they stay as they are, and the arena is exhausted.
 */
static void ranked_sort(struct ranked *ranked, size_t count, struct arena *arena)
{
	struct ranked *from = ranked;
	struct ranked *to = count > SORT_FEW ? arena_alloc(arena, count * sizeof(*to)) : NULL;

	for (size_t at = 0; at < count; at += SORT_FEW)
		few_sort(from + at, count - at < SORT_FEW ? count - at : SORT_FEW);
	for (size_t size = SORT_FEW; to && size < count; size *= 2) {
		struct ranked *next = from;

		for (size_t at = 0; at < count; at += 2 * size) {
			size_t left = count - at;

			runs_merge(to + at, from + at, left < size ? left : size,
					left < 2 * size ? left : 2 * size);
		}
		from = to;
		to = next;
	}
	/* Behind them there is room for more, which the other has not. */
	if (from != ranked)
		memcpy(ranked, from, count * sizeof(*ranked));
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

static void ranked_swap(struct ranked *a, struct ranked *b)
{
	struct ranked one = *a;

	*a = *b;
	*b = one;
}

/* The middle one of three comes first. */
static void middle_first(struct ranked *ranked, size_t count)
{
	struct ranked *a = &ranked[0], *b = &ranked[count / 2], *c = &ranked[count - 1];

	if (ranked_compare(a, b) > 0)
		ranked_swap(a, b);
	if (ranked_compare(b, c) > 0)
		ranked_swap(b, c);
	if (ranked_compare(a, b) > 0)
		ranked_swap(a, b);
	ranked_swap(a, b);
}

/* The first @most, in no order, come before all others, which are in no order, too. No two are alike. */
static void ranked_select(struct ranked *ranked, size_t count, size_t most)
{
	while (count > SORT_FEW && most > 0 && most < count) {
		size_t low = 0; /* the last that comes before the first */

		middle_first(ranked, count);
		for (size_t i = 1; i < count; i++) {
			if (ranked_compare(&ranked[i], &ranked[0]) < 0)
				ranked_swap(&ranked[++low], &ranked[i]);
		}
		ranked_swap(&ranked[0], &ranked[low]);
		if (most <= low) {
			count = low;
		} else {
			ranked += low + 1;
			count -= low + 1;
			most -= low + 1;
		}
	}
	if (most > 0 && most < count)
		few_sort(ranked, count);
}

/* Those that are INELIGIBLE go behind the others. */
static void ineligible_last(struct ranked *ranked, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (ranked[i].verdict != VERDICT(INELIGIBLE))
			ranked_swap(&ranked[kept++], &ranked[i]);
	}
}

/* The order of the first @most; whatever comes behind them is not told, so that only its verdicts are counted. */
static void first_sort(struct match *match, size_t most)
{
	struct ranked *ranked = match->ranked;
	size_t count = match->ranked_count;

	ranked_select(ranked, count, most);
	ranked_sort(ranked, most, match->arena);
	ineligible_last(ranked + most, count - most);
}

/* Those that are wanted stand at the front: all are, or only ELIGIBLE ones. */
static bool wants_first(const struct match *match)
{
	const Policycalc__V1__MatchRequest *request = match->request;

	return request->n_verdicts == 0 ||
	       (request->n_verdicts == 1 && request->verdicts[0] == VERDICT(ELIGIBLE));
}

void match_sort(struct match *match)
{
	size_t limit = (size_t)match->request->limit;

	if (limit > 0 && limit < match->ranked_count / FIRST_PART && wants_first(match) &&
			!match->request->combine) {
		first_sort(match, limit);
		return;
	}
	ranked_sort(match->ranked, match->ranked_count, match->arena);
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

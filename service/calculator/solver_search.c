/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search goes through the units in some order and takes each first, then leaves it. Two rounds:
 *
 *   (1) Finds the largest total T and the fewest units K that reach it. Units in several groups go
 *       first: they are what the bounds see least of, and once they are settled the bounds are tight.
 *   (2) Settles the units in their own order: each is had when some choice with T and K has it, and
 *       those settled before it as they are. A choice that is known already often answers that.
 *
 * A node is given up when its bound is below T, or when the units that T still needs, the largest
 * ones being taken, make more than K.
 */
#include "calculator/solver_node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* So many nodes are visited before prices are looked for. */
#define PROBE_NODES 100

struct search {
	struct node node;
	size_t *order; /* in which units are tried */
	size_t *trail; /* positions decided, in order */
	size_t nodes;

	/* The best so far. */
	wide_int total;
	size_t count;
	bool *chosen;
	bool any;
};

static void search_note(struct search *search)
{
	for (size_t i = 0; i < search->node.problem->unit_count; i++)
		search->chosen[i] = search->node.state[i] == UNIT_IN;
}

/* Whether the node need not be looked into; notes the choice it stands for when it is better. */
static bool node_visit_best(struct search *search)
{
	struct node *node = &search->node;
	wide_int total = node_total(node);
	wide_int bound;
	size_t more;

	if (!search->any || total > search->total ||
			(total == search->total && node->in_count < search->count)) {
		search->any = true;
		search->total = total;
		search->count = node->in_count;
		search_note(search);
	}
	bound = node_bound(node);
	if (bound < search->total)
		return true;
	if (bound == search->total) {
		more = node_units_needed(node, search->total - total);
		if (more == SOLVER_NONE || node->in_count + more >= search->count)
			return true;
	}
	return !node_price_reaches(node, search->total, (wide_int)search->count - 1);
}

/* As above, when total and count are known; *out_found when this is such a choice. */
static bool node_visit_such(struct search *search, bool *out_found)
{
	struct node *node = &search->node;
	wide_int total = node_total(node);
	size_t more;

	*out_found = total == search->total && node->in_count == search->count;
	if (*out_found || node->in_count >= search->count || node_bound(node) < search->total)
		return true;
	more = node_units_needed(node, search->total - total);
	return more == SOLVER_NONE || node->in_count + more > search->count ||
	       !node_price_reaches(node, search->total, (wide_int)search->count);
}

/* Undoes the last decision; whether it was to take a unit. */
static bool trail_pop(struct search *search, size_t *depth, size_t *out_position)
{
	size_t position = search->trail[--*depth];
	bool had = search->node.state[search->order[position]] == UNIT_IN;

	if (had)
		node_give_back(&search->node);
	else
		node_readmit(&search->node, search->order[position]);
	*out_position = position;
	return had;
}

/* The position of the next unit that can be taken; the end when there is none. */
static size_t position_next(const struct search *search, size_t position)
{
	while (position < search->node.problem->unit_count &&
			!node_is_free(&search->node, search->order[position]))
		position++;
	return position;
}

enum walked {
	WALKED_ALL,
	WALKED_FOUND, /* only with @such */
	WALKED_CUT,   /* the budget ran out */
};

/* Goes through the tree below the node, which is as before in the end. */
static enum walked tree_walk(struct search *search, bool such, size_t budget)
{
	size_t depth = 0;
	size_t position = 0;
	bool leave = false;
	enum walked walked = WALKED_CUT;

	while (search->nodes < budget) {
		bool found = false;

		search->nodes++;
		if (!leave)
			leave = such ? node_visit_such(search, &found)
				     : node_visit_best(search);
		if (found) {
			search_note(search);
			walked = WALKED_FOUND;
			break;
		}
		if (!leave)
			position = position_next(search, position);
		if (!leave && position < search->node.problem->unit_count) {
			node_take(&search->node, search->order[position]);
			search->trail[depth++] = position++;
			continue;
		}
		/* Back to the last unit that was taken: now without it. */
		do {
			if (depth == 0)
				return WALKED_ALL;
		} while (!trail_pop(search, &depth, &position));
		leave = !node_leave(&search->node, search->order[position]);
		search->trail[depth++] = position++;
	}
	while (depth > 0)
		(void)trail_pop(search, &depth, &position);
	return walked;
}

/* --- the two rounds --------------------------------------------------------------------------- */

static bool round_best(struct search *search, size_t budget)
{
	enum walked walked =
			tree_walk(search, false, budget < PROBE_NODES ? budget : PROBE_NODES);

	if (walked == WALKED_ALL || budget <= PROBE_NODES)
		return walked == WALKED_ALL;
	/* Most problems need no prices; those that do are gone over again, with what was found. */
	node_find_prices(&search->node);
	return tree_walk(search, false, budget) == WALKED_ALL;
}

static bool round_settle(struct search *search, size_t budget)
{
	struct node *node = &search->node;

	for (size_t unit = 0; unit < node->problem->unit_count; unit++) {
		enum walked walked = WALKED_FOUND;

		node->settled[unit] = true;
		if (!node_is_free(node, unit))
			continue;
		node_take(node, unit);
		if (!search->chosen[unit])
			walked = tree_walk(search, true, budget);
		if (walked == WALKED_CUT)
			return false;
		if (walked == WALKED_FOUND)
			continue;
		node_give_back(node);
		node->state[unit] = UNIT_OUT;
	}
	return true;
}

/* --- all -------------------------------------------------------------------------------------- */

struct ranked {
	size_t places; /* 0 for a single one, which the bounds see */
	int64_t value;
	size_t unit;
};

static int ranked_compare(const void *a, const void *b)
{
	const struct ranked *left = a;
	const struct ranked *right = b;

	if (left->places != right->places)
		return left->places > right->places ? -1 : 1;
	if (left->value != right->value)
		return left->value > right->value ? -1 : 1;
	return (left->unit > right->unit) - (left->unit < right->unit);
}

static bool search_init(struct search *search, const struct search_problem *problem,
		struct arena *arena)
{
	size_t count = problem->unit_count;
	struct ranked *ranked = ARENA_NEW_ARRAY(arena, struct ranked, count);

	search->trail = ARENA_NEW_ARRAY(arena, size_t, count);
	search->order = ARENA_NEW_ARRAY(arena, size_t, count);
	if (!ranked || !search->trail || !search->order ||
			!node_init(&search->node, problem, arena))
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t places = problem->units[i].place_count;

		ranked[i] = (struct ranked){ places > 1 ? places : 0, problem->units[i].value,
			i };
	}
	qsort(ranked, count, sizeof(*ranked), ranked_compare);
	for (size_t i = 0; i < count; i++)
		search->order[i] = ranked[i].unit;
	return true;
}

bool search_solve(const struct search_problem *problem, struct arena *arena, bool *chosen,
		bool *out_proved, size_t *nodes)
{
	struct search search = { .chosen = chosen };

	assert(problem->unit_count > 0);
	if (!search_init(&search, problem, arena))
		return false;
	*out_proved = round_best(&search, problem->node_budget) &&
		      round_settle(&search, problem->node_budget);
	*nodes += search.nodes;
	return true;
}

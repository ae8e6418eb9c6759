/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node of the search stands for, and what it can still come to.
 *
 * The bound gives every unit to one group only, its class, and lets each class have the best that the
 * group allows; the caps truncate the sum. There are two such bounds and the lower one counts: a
 * class whose units lie in several caps is either cut into one per cap (the caps hold, the group is
 * weakened), or put into the cap around all of them (the group holds, the caps within are left out).
 */
#include "calculator/solver_node.h"

#include <assert.h>
#include <stdlib.h>

/* --- taking and giving back ------------------------------------------------------------------- */

/* Units of @group whose member is not had cannot be taken any more, or can again. */
static void group_block(struct node *node, size_t group, bool full)
{
	const struct search_group *of = &node->problem->groups[group];

	for (size_t i = 0; i < of->count; i++) {
		if (node->counters[of->seats[i].counter] > 0)
			continue;
		if (full)
			node->blocks[of->seats[i].unit]++;
		else
			node->blocks[of->seats[i].unit]--;
	}
}

void node_take(struct node *node, size_t unit)
{
	const struct search_unit *of = &node->problem->units[unit];

	assert(node_is_free(node, unit));
	node->state[unit] = UNIT_IN;
	node->in[node->in_count++] = unit;
	for (size_t i = 0; i < of->place_count; i++) {
		size_t group = of->places[i].group;

		if (node->counters[of->places[i].counter]++ > 0)
			continue;
		if (++node->used[group] == node->problem->groups[group].at_most)
			group_block(node, group, true);
	}
}

void node_give_back(struct node *node)
{
	size_t unit = node->in[--node->in_count];
	const struct search_unit *of = &node->problem->units[unit];

	for (size_t i = of->place_count; i-- > 0;) {
		size_t group = of->places[i].group;

		if (node->counters[of->places[i].counter] == 1 &&
				node->used[group]-- == node->problem->groups[group].at_most)
			group_block(node, group, false);
		node->counters[of->places[i].counter]--;
	}
	node->state[unit] = UNIT_FREE;
}

/* --- sums and bounds -------------------------------------------------------------------------- */

static void sum_add(struct node *node, size_t cap, wide_int value, wide_int *top)
{
	if (cap == SOLVER_NONE)
		*top += value;
	else
		node->sums[cap] += value;
}

/* Truncates inner caps first, as they stand; leaves the scratch sums at 0. */
static wide_int sums_fold(struct node *node, wide_int top)
{
	const struct search_problem *problem = node->problem;

	for (size_t i = 0; i < problem->cap_count; i++) {
		wide_int sum = node->sums[i];

		if (sum > problem->caps[i].limit)
			sum = problem->caps[i].limit;
		node->sums[i] = 0;
		sum_add(node, problem->caps[i].parent, sum, &top);
	}
	return top;
}

wide_int node_total(struct node *node)
{
	wide_int top = 0;

	for (size_t i = 0; i < node->in_count; i++) {
		const struct search_unit *unit = &node->problem->units[node->in[i]];

		sum_add(node, unit->cap, unit->value, &top);
	}
	return sums_fold(node, top);
}

wide_int node_members_best(struct node *node, size_t touched, size_t left)
{
	wide_int sum = 0;

	while (left-- > 0) {
		size_t best = SOLVER_NONE;

		for (size_t i = 0; i < touched; i++) {
			size_t counter = node->touched[i];

			if (node->member_sums[counter] > 0 &&
					(best == SOLVER_NONE ||
							node->member_sums[counter] >
									node->member_sums
											[best]))
				best = counter;
		}
		if (best == SOLVER_NONE)
			break;
		sum += node->member_sums[best];
		node->member_sums[best] = 0;
	}
	for (size_t i = 0; i < touched; i++)
		node->member_sums[node->touched[i]] = 0;
	return sum;
}

size_t node_counter(const struct node *node, size_t unit, size_t group)
{
	const struct search_place *place = node->problem->units[unit].places;

	while (place->group != group)
		place++;
	return place->counter;
}

/* Members with several units: those had already are free, of the others the best are taken. */
static wide_int class_bound_members(
		struct node *node, const struct search_class *class, size_t left)
{
	size_t touched = 0;
	wide_int sum = 0;

	for (size_t i = 0; i < class->count; i++) {
		size_t at = class->units[i];
		const struct search_unit *unit = &node->problem->units[at];
		size_t counter;

		if (node->state[at] == UNIT_IN) {
			sum += unit->value;
			continue;
		}
		if (!node_is_free(node, at))
			continue;
		counter = node_counter(node, at, class->group);
		if (node->counters[counter] > 0) {
			sum += unit->value;
			continue;
		}
		if (node->member_sums[counter] == 0)
			node->touched[touched++] = counter;
		node->member_sums[counter] += unit->value;
	}
	return sum + node_members_best(node, touched, left);
}

static wide_int class_bound(struct node *node, const struct search_class *class)
{
	size_t left = SOLVER_NONE;
	wide_int sum = 0;

	if (class->group != SOLVER_NONE) {
		const struct search_group *group = &node->problem->groups[class->group];

		left = group->at_most - node->used[class->group];
		if (!group->single)
			return class_bound_members(node, class, left);
	}
	for (size_t i = 0; i < class->count; i++) {
		size_t unit = class->units[i];

		if (node->state[unit] == UNIT_IN) {
			sum += node->problem->units[unit].value;
		} else if (left > 0 && node_is_free(node, unit)) {
			sum += node->problem->units[unit].value;
			left--;
		}
	}
	return sum;
}

static wide_int partition_bound(struct node *node, const struct partition *partition)
{
	wide_int top = 0;

	for (size_t i = 0; i < partition->count; i++)
		sum_add(node, partition->classes[i].cap,
				class_bound(node, &partition->classes[i]), &top);
	return sums_fold(node, top);
}

wide_int node_bound(struct node *node)
{
	wide_int bound = partition_bound(node, &node->partitions[0]);
	wide_int other;

	if (node->partitions[1].count == 0)
		return bound;
	other = partition_bound(node, &node->partitions[1]);
	return other < bound ? other : bound;
}

size_t node_units_needed(const struct node *node, wide_int need)
{
	size_t count = 0;

	for (size_t i = 0; need > 0; i++) {
		if (i == node->problem->unit_count)
			return SOLVER_NONE;
		if (!node_is_free(node, node->by_value[i]))
			continue;
		need -= node->problem->units[node->by_value[i]].value;
		count++;
	}
	return count;
}

/* --- classes ---------------------------------------------------------------------------------- */

static bool cap_is_around(const struct search_problem *problem, size_t outer, size_t inner)
{
	while (inner != outer && inner != SOLVER_NONE)
		inner = problem->caps[inner].parent;
	return inner == outer;
}

static size_t cap_around_both(const struct search_problem *problem, size_t a, size_t b)
{
	while (a != SOLVER_NONE && (b == SOLVER_NONE || !cap_is_around(problem, a, b)))
		a = problem->caps[a].parent;
	return a;
}

/* What the group takes away from the units that no class has yet. */
static wide_int group_saving(struct node *node, size_t group, const size_t *class_of)
{
	const struct search_group *of = &node->problem->groups[group];
	size_t touched = 0;
	wide_int sum = 0;

	for (size_t i = 0; i < of->count; i++) {
		size_t counter = of->seats[i].counter;

		if (class_of[of->seats[i].unit] != SOLVER_NONE)
			continue;
		if (node->member_sums[counter] == 0)
			node->touched[touched++] = counter;
		node->member_sums[counter] += node->problem->units[of->seats[i].unit].value;
		sum += node->problem->units[of->seats[i].unit].value;
	}
	return sum - node_members_best(node, touched, of->at_most);
}

/* Gives each unit to the group that saves most, until none saves anything. */
static void classes_choose(struct node *node, size_t *class_of)
{
	const struct search_problem *problem = node->problem;

	for (size_t i = 0; i < problem->unit_count; i++)
		class_of[i] = SOLVER_NONE;
	for (;;) {
		size_t best = SOLVER_NONE;
		wide_int most = 0;

		for (size_t i = 0; i < problem->group_count; i++) {
			wide_int saving = group_saving(node, i, class_of);

			if (saving > most) {
				most = saving;
				best = i;
			}
		}
		if (best == SOLVER_NONE)
			return;
		for (size_t i = 0; i < problem->groups[best].count; i++) {
			size_t unit = problem->groups[best].seats[i].unit;

			if (class_of[unit] == SOLVER_NONE)
				class_of[unit] = best;
		}
	}
}

/* The class of @group in @cap, made when there is none. */
static struct search_class *class_get(
		struct node *node, struct partition *partition, size_t group, size_t cap)
{
	struct search_class *class;

	for (size_t i = 0; i < partition->count; i++) {
		class = &partition->classes[i];
		if (class->group == group && class->cap == cap)
			return class;
	}
	class = &partition->classes[partition->count++];
	class->group = group;
	class->cap = cap;
	class->units = NULL;
	class->count = 0;
	return class;
}

/* Counts in a first pass, fills in a second; the classes share one array of units. */
static bool partition_fill(struct node *node, struct partition *partition,
		const size_t *class_of, const size_t *cap_of, struct arena *arena)
{
	const struct search_problem *problem = node->problem;
	size_t *units = ARENA_NEW_ARRAY(arena, size_t, problem->unit_count + 1);

	partition->classes =
			ARENA_NEW_ARRAY(arena, struct search_class, problem->unit_count + 1);
	if (!units || !partition->classes)
		return false;
	for (size_t i = 0; i < problem->unit_count; i++)
		class_get(node, partition, class_of[i], cap_of[i])->count++;
	for (size_t i = 0; i < partition->count; i++) {
		partition->classes[i].units = units;
		units += partition->classes[i].count;
		partition->classes[i].count = 0;
	}
	for (size_t i = 0; i < problem->unit_count; i++) {
		size_t unit = node->by_value[i];
		struct search_class *class =
				class_get(node, partition, class_of[unit], cap_of[unit]);

		class->units[class->count++] = unit;
	}
	return true;
}

static bool partitions_make(struct node *node, struct arena *arena)
{
	const struct search_problem *problem = node->problem;
	size_t *class_of = ARENA_NEW_ARRAY(arena, size_t, problem->unit_count + 1);
	size_t *cap_of = ARENA_NEW_ARRAY(arena, size_t, problem->unit_count + 1);
	size_t *none = ARENA_NEW_ARRAY(arena, size_t, problem->unit_count + 1);
	size_t *around = ARENA_NEW_ARRAY(arena, size_t, problem->group_count + 1);
	bool *seen = ARENA_NEW_ARRAY(arena, bool, problem->group_count + 1);
	bool differs = false;

	if (!class_of || !cap_of || !none || !around || !seen)
		return false;
	classes_choose(node, class_of);
	for (size_t i = 0; i < problem->unit_count; i++) {
		size_t cap = problem->units[i].cap;
		size_t group = class_of[i];

		cap_of[i] = cap;
		if (group == SOLVER_NONE)
			continue;
		differs |= seen[group] && around[group] != cap;
		around[group] = seen[group] ? cap_around_both(problem, around[group], cap)
					    : cap;
		seen[group] = true;
	}
	if (!partition_fill(node, &node->partitions[0], class_of, cap_of, arena))
		return false;
	for (size_t i = 0; i < problem->unit_count; i++)
		none[i] = SOLVER_NONE;
	if (!partition_fill(node, &node->whole, class_of, none, arena))
		return false;
	if (!differs)
		return true;
	for (size_t i = 0; i < problem->unit_count; i++) {
		if (class_of[i] != SOLVER_NONE)
			cap_of[i] = around[class_of[i]];
	}
	return partition_fill(node, &node->partitions[1], class_of, cap_of, arena);
}

/* --- all -------------------------------------------------------------------------------------- */

struct ranked {
	int64_t value;
	size_t unit;
};

static int ranked_compare(const void *a, const void *b)
{
	const struct ranked *left = a;
	const struct ranked *right = b;

	if (left->value != right->value)
		return left->value > right->value ? -1 : 1;
	return (left->unit > right->unit) - (left->unit < right->unit);
}

bool node_init(struct node *node, const struct search_problem *problem, struct arena *arena)
{
	size_t units = problem->unit_count;
	struct ranked *ranked = ARENA_NEW_ARRAY(arena, struct ranked, units);

	*node = (struct node){ .problem = problem };
	node->state = ARENA_NEW_ARRAY(arena, unsigned char, units);
	node->blocks = ARENA_NEW_ARRAY(arena, size_t, units);
	node->in = ARENA_NEW_ARRAY(arena, size_t, units);
	node->by_value = ARENA_NEW_ARRAY(arena, size_t, units);
	node->used = ARENA_NEW_ARRAY(arena, size_t, problem->group_count + 1);
	node->counters = ARENA_NEW_ARRAY(arena, size_t, problem->counter_count + 1);
	node->member_sums = ARENA_NEW_ARRAY(arena, wide_int, problem->counter_count + 1);
	node->touched = ARENA_NEW_ARRAY(arena, size_t, units + problem->counter_count + 1);
	node->prices = ARENA_NEW_ARRAY(arena, int64_t, problem->cap_count + 1);
	node->gains = ARENA_NEW_ARRAY(arena, wide_int, units);
	node->sums = ARENA_NEW_ARRAY(arena, wide_int, problem->cap_count + 1);
	if (arena->exhausted || !ranked)
		return false;
	for (size_t i = 0; i < units; i++)
		ranked[i] = (struct ranked){ problem->units[i].value, i };
	qsort(ranked, units, sizeof(*ranked), ranked_compare);
	for (size_t i = 0; i < units; i++)
		node->by_value[i] = ranked[i].unit;
	return node_find_worse(node, arena) && partitions_make(node, arena);
}

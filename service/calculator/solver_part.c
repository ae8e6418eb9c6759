/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the problem as it is put to the searches that solve it:
 *
 *   1. A value is cut to the tightest cap around its unit; units left with nothing are never chosen.
 *   2. Caps that even all units together do not fill, and groups that have no more members than may
 *      be had, bind nothing and are left out.
 *   3. What no group and no cap connects is solved apart: totals add up, and so do ties, since at the
 *      first unit in which two choices differ only its own part has a say.
 *   4. A part in which every unit excludes every other one has its best unit for an answer; any other
 *      part is searched.
 */
#include "calculator/solver_search.h"

#include <assert.h>
#include <stdlib.h>

/* Parts with more units than this are not searched: the caller fills them, largest value first. */
#define PART_MOST_UNITS 2000
#define PART_FULL_BUDGET 64

struct work {
	const struct solver_problem *problem;
	struct arena *arena;
	int64_t *values;	/* by unit, cut; 0: never chosen */
	size_t *caps;		/* by unit: the innermost cap that binds */
	size_t *parents;	/* by cap: the next one around it that binds */
	bool *cap_binds;	/* by cap */
	size_t *cap_order;	/* inner caps first */
	size_t *cap_ranks;	/* by cap: its place there */
	size_t *roots;		/* by unit: the least of its part, once all are joined */
	size_t *unit_counts;	/* by root */
	size_t *next_units;	/* by unit: the next one of its part */
	size_t *first_groups;	/* by root */
	size_t *next_groups;	/* by group: the next one of its part */
	size_t *group_members;	/* by group: members that may be chosen; 0: does not bind */
	size_t *local_units;	/* by unit: its number in the part */
	size_t *local_caps;	/* by cap: likewise, or SOLVER_NONE */
	size_t *local_counters; /* by member of the group at hand, or SOLVER_NONE */
};

/* --- what can bind ---------------------------------------------------------------------------- */

/* Puts every cap before the one it lies in: by depth, deepest first. */
static bool caps_order(struct work *work)
{
	const struct solver_problem *problem = work->problem;
	size_t *depths = ARENA_NEW_ARRAY(work->arena, size_t, problem->cap_count + 1);
	size_t deepest = 0;
	size_t count = 0;

	if (!depths)
		return false;
	for (size_t i = 0; i < problem->cap_count; i++) {
		size_t at = problem->caps[i].parent;

		for (; at != SOLVER_NONE; at = problem->caps[at].parent) {
			depths[i]++;
			assert(depths[i] <= problem->cap_count);
		}
		if (depths[i] > deepest)
			deepest = depths[i];
	}
	for (size_t depth = deepest + 1; depth-- > 0;) {
		for (size_t i = 0; i < problem->cap_count; i++) {
			if (depths[i] != depth)
				continue;
			work->cap_ranks[i] = count;
			work->cap_order[count++] = i;
		}
	}
	return true;
}

static void values_cut(struct work *work)
{
	const struct solver_problem *problem = work->problem;

	for (size_t i = 0; i < problem->unit_count; i++) {
		int64_t value = problem->units[i].value;

		assert(value >= 0);
		for (size_t cap = problem->units[i].cap; cap != SOLVER_NONE;
				cap = problem->caps[cap].parent) {
			assert(problem->caps[cap].limit >= 0);
			if (value > problem->caps[cap].limit)
				value = problem->caps[cap].limit;
		}
		work->values[i] = value;
	}
}

static size_t cap_binding(const struct work *work, size_t cap)
{
	while (cap != SOLVER_NONE && !work->cap_binds[cap])
		cap = work->problem->caps[cap].parent;
	return cap;
}

static bool caps_reduce(struct work *work)
{
	const struct solver_problem *problem = work->problem;
	wide_int *sums = ARENA_NEW_ARRAY(work->arena, wide_int, problem->cap_count + 1);

	if (!sums)
		return false;
	for (size_t i = 0; i < problem->unit_count; i++) {
		if (problem->units[i].cap != SOLVER_NONE)
			sums[problem->units[i].cap] += work->values[i];
	}
	for (size_t i = 0; i < problem->cap_count; i++) {
		size_t cap = work->cap_order[i];
		size_t parent = problem->caps[cap].parent;

		work->cap_binds[cap] = sums[cap] > problem->caps[cap].limit;
		if (work->cap_binds[cap])
			sums[cap] = problem->caps[cap].limit;
		if (parent != SOLVER_NONE)
			sums[parent] += sums[cap];
	}
	for (size_t i = 0; i < problem->cap_count; i++)
		work->parents[i] = cap_binding(work, problem->caps[i].parent);
	for (size_t i = 0; i < problem->unit_count; i++)
		work->caps[i] = cap_binding(work, problem->units[i].cap);
	return true;
}

/* Numbers the members of @group that have a unit which may be chosen; how many there are. */
static size_t members_number(struct work *work, const struct solver_group *group)
{
	size_t count = 0;

	for (size_t i = 0; i < group->count; i++)
		work->local_counters[i] = SOLVER_NONE;
	for (size_t i = 0; i < group->count; i++) {
		size_t member = group->seats[i].member;

		assert(member < group->count);
		if (work->values[group->seats[i].unit] > 0 &&
				work->local_counters[member] == SOLVER_NONE)
			work->local_counters[member] = count++;
	}
	return count;
}

/* --- parts ------------------------------------------------------------------------------------ */

static size_t root_of(struct work *work, size_t unit)
{
	while (work->roots[unit] != unit) {
		work->roots[unit] = work->roots[work->roots[unit]];
		unit = work->roots[unit];
	}
	return unit;
}

static void join(struct work *work, size_t a, size_t b)
{
	a = root_of(work, a);
	b = root_of(work, b);
	if (a < b)
		work->roots[b] = a;
	else
		work->roots[a] = b;
}

static void join_groups(struct work *work)
{
	for (size_t i = 0; i < work->problem->group_count; i++) {
		const struct solver_group *group = &work->problem->groups[i];
		size_t members = members_number(work, group);
		size_t with = SOLVER_NONE;

		assert(group->at_most > 0);
		if (members <= group->at_most)
			continue;
		work->group_members[i] = members;
		for (size_t k = 0; k < group->count; k++) {
			size_t unit = group->seats[k].unit;

			if (work->values[unit] == 0)
				continue;
			if (with != SOLVER_NONE)
				join(work, with, unit);
			with = unit;
		}
	}
}

/* Units of caps within one another meet in the outermost. */
static bool join_caps(struct work *work)
{
	const struct solver_problem *problem = work->problem;
	size_t *last = ARENA_NEW_ARRAY(work->arena, size_t, problem->cap_count + 1);

	if (!last)
		return false;
	for (size_t i = 0; i < problem->cap_count; i++)
		last[i] = SOLVER_NONE;
	for (size_t i = 0; i < problem->unit_count; i++) {
		size_t cap = work->values[i] > 0 ? work->caps[i] : SOLVER_NONE;

		while (cap != SOLVER_NONE && work->parents[cap] != SOLVER_NONE)
			cap = work->parents[cap];
		if (cap == SOLVER_NONE)
			continue;
		if (last[cap] != SOLVER_NONE)
			join(work, last[cap], i);
		last[cap] = i;
	}
	return true;
}

/* Chains units and groups by the part they belong to; each chain ascends. */
static void parts_chain(struct work *work)
{
	const struct solver_problem *problem = work->problem;

	for (size_t i = problem->unit_count; i-- > 0;) {
		work->roots[i] = root_of(work, i);
		work->first_groups[i] = SOLVER_NONE;
		work->next_units[i] = SOLVER_NONE;
	}
	/* local_units serves as the head of each chain until the parts are made. */
	for (size_t i = problem->unit_count; i-- > 0;) {
		size_t root = work->roots[i];

		if (work->values[i] == 0)
			continue;
		if (work->unit_counts[root]++ > 0)
			work->next_units[i] = work->local_units[root];
		work->local_units[root] = i;
	}
	for (size_t i = problem->group_count; i-- > 0;) {
		const struct solver_seat *seat = problem->groups[i].seats;
		size_t root;

		if (work->group_members[i] == 0)
			continue;
		while (work->values[seat->unit] == 0)
			seat++;
		root = work->roots[seat->unit];
		work->next_groups[i] = work->first_groups[root];
		work->first_groups[root] = i;
	}
}

/* One part, numbered anew, and where its units stand in the problem. */
struct part {
	struct search_problem problem;
	size_t *units; /* ascending */
	size_t root;
};

static int rank_compare(const void *a, const void *b)
{
	size_t left = *(const size_t *)a;
	size_t right = *(const size_t *)b;

	return (left > right) - (left < right);
}

static bool part_caps(struct work *work, struct part *part)
{
	struct solver_cap *caps;
	size_t *ranks;
	size_t count = 0;

	for (size_t i = 0; i < part->problem.unit_count; i++) {
		for (size_t cap = work->caps[part->units[i]];
				cap != SOLVER_NONE && work->local_caps[cap] == SOLVER_NONE;
				cap = work->parents[cap])
			work->local_caps[cap] = count++;
	}
	caps = ARENA_NEW_ARRAY(work->arena, struct solver_cap, count + 1);
	ranks = ARENA_NEW_ARRAY(work->arena, size_t, count + 1);
	if (!caps || !ranks)
		return false;
	count = 0;
	for (size_t i = 0; i < part->problem.unit_count; i++) {
		for (size_t cap = work->caps[part->units[i]];
				cap != SOLVER_NONE && work->local_caps[cap] == count;
				cap = work->parents[cap])
			ranks[count++] = work->cap_ranks[cap];
	}
	if (count)
		qsort(ranks, count, sizeof(*ranks), rank_compare);
	for (size_t i = 0; i < count; i++)
		work->local_caps[work->cap_order[ranks[i]]] = i;
	for (size_t i = 0; i < count; i++) {
		size_t cap = work->cap_order[ranks[i]];
		size_t parent = work->parents[cap];

		caps[i].limit = work->problem->caps[cap].limit;
		caps[i].parent = parent == SOLVER_NONE ? SOLVER_NONE : work->local_caps[parent];
	}
	part->problem.caps = caps;
	part->problem.cap_count = count;
	return true;
}

static bool part_group(struct work *work, struct part *part, size_t from_index,
		struct search_group *to)
{
	const struct solver_group *from = &work->problem->groups[from_index];
	struct search_seat *seats =
			ARENA_NEW_ARRAY(work->arena, struct search_seat, from->count);
	size_t members = work->group_members[from_index];

	if (!seats)
		return false;
	(void)members_number(work, from);
	to->at_most = from->at_most;
	to->seats = seats;
	for (size_t i = 0; i < from->count; i++) {
		if (work->values[from->seats[i].unit] == 0)
			continue;
		seats[to->count++] = (struct search_seat){
			.unit = work->local_units[from->seats[i].unit],
			.counter = part->problem.counter_count +
				   work->local_counters[from->seats[i].member],
		};
	}
	to->single = members == to->count;
	part->problem.counter_count += members;
	return true;
}

/* The same seats, seen from the units. */
static bool part_places(struct work *work, const struct part *part, struct search_unit *units)
{
	const struct search_group *groups = part->problem.groups;
	struct search_place *places;
	size_t count = 0;

	for (size_t i = 0; i < part->problem.group_count; i++) {
		for (size_t k = 0; k < groups[i].count; k++)
			units[groups[i].seats[k].unit].place_count++;
		count += groups[i].count;
	}
	places = ARENA_NEW_ARRAY(work->arena, struct search_place, count + 1);
	if (!places)
		return false;
	for (size_t i = 0; i < part->problem.unit_count; i++) {
		units[i].places = places;
		places += units[i].place_count;
		units[i].place_count = 0;
	}
	for (size_t i = 0; i < part->problem.group_count; i++) {
		for (size_t k = 0; k < groups[i].count; k++) {
			struct search_unit *unit = &units[groups[i].seats[k].unit];
			struct search_place *at = (struct search_place *)unit->places;

			at[unit->place_count++] =
					(struct search_place){ i, groups[i].seats[k].counter };
		}
	}
	return true;
}

static bool part_groups(struct work *work, struct part *part)
{
	struct search_group *groups;
	size_t count = 0;

	for (size_t i = work->first_groups[part->root]; i != SOLVER_NONE;
			i = work->next_groups[i])
		count++;
	groups = ARENA_NEW_ARRAY(work->arena, struct search_group, count + 1);
	if (!groups)
		return false;
	for (size_t i = work->first_groups[part->root]; i != SOLVER_NONE;
			i = work->next_groups[i]) {
		if (!part_group(work, part, i, &groups[part->problem.group_count++]))
			return false;
	}
	part->problem.groups = groups;
	return true;
}

static bool part_make(struct work *work, struct part *part)
{
	size_t count = part->problem.unit_count;
	struct search_unit *units = ARENA_NEW_ARRAY(work->arena, struct search_unit, count);
	size_t budget = work->problem->node_budget ? work->problem->node_budget : SOLVER_NODES;
	size_t at = work->local_units[part->root];

	part->units = ARENA_NEW_ARRAY(work->arena, size_t, count);
	if (!units || !part->units)
		return false;
	for (size_t i = 0; i < count; i++, at = work->next_units[at])
		part->units[i] = at;
	if (!part_caps(work, part))
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t cap = work->caps[part->units[i]];

		work->local_units[part->units[i]] = i;
		units[i].value = work->values[part->units[i]];
		units[i].cap = cap == SOLVER_NONE ? SOLVER_NONE : work->local_caps[cap];
	}
	part->problem.units = units;
	part->problem.node_budget =
			count > PART_FULL_BUDGET ? budget * PART_FULL_BUDGET / count : budget;
	return part_groups(work, part) && part_places(work, part, units);
}

static bool part_is_clique(const struct part *part)
{
	for (size_t i = 0; i < part->problem.group_count; i++) {
		const struct search_group *group = &part->problem.groups[i];

		if (group->at_most == 1 && group->single &&
				group->count == part->problem.unit_count)
			return true;
	}
	return false;
}

static bool part_solve(struct work *work, size_t root, struct solver_answer *answer)
{
	struct part part = { .problem = { .unit_count = work->unit_counts[root] },
		.root = root };
	bool *chosen;
	bool proved = false;
	size_t best = 0;

	if (part.problem.unit_count > PART_MOST_UNITS) {
		answer->proved = false;
		return true;
	}
	chosen = ARENA_NEW_ARRAY(work->arena, bool, part.problem.unit_count);
	if (!chosen || !part_make(work, &part))
		return false;
	if (part_is_clique(&part)) {
		for (size_t i = 1; i < part.problem.unit_count; i++) {
			if (part.problem.units[i].value > part.problem.units[best].value)
				best = i;
		}
		answer->chosen[part.units[best]] = true;
		return true;
	}
	if (!search_solve(&part.problem, work->arena, chosen, &proved, &answer->nodes))
		return false;
	answer->proved &= proved;
	for (size_t i = 0; i < part.problem.unit_count; i++)
		answer->chosen[part.units[i]] = chosen[i];
	return true;
}

static bool work_init(struct work *work)
{
	const struct solver_problem *problem = work->problem;
	struct arena *arena = work->arena;
	size_t units = problem->unit_count + 1;
	size_t groups = problem->group_count + 1;
	size_t caps = problem->cap_count + 1;
	size_t seats = 1;

	for (size_t i = 0; i < problem->group_count; i++) {
		if (problem->groups[i].count > seats)
			seats = problem->groups[i].count;
	}
	work->values = ARENA_NEW_ARRAY(arena, int64_t, units);
	work->caps = ARENA_NEW_ARRAY(arena, size_t, units);
	work->roots = ARENA_NEW_ARRAY(arena, size_t, units);
	work->unit_counts = ARENA_NEW_ARRAY(arena, size_t, units);
	work->next_units = ARENA_NEW_ARRAY(arena, size_t, units);
	work->first_groups = ARENA_NEW_ARRAY(arena, size_t, units);
	work->local_units = ARENA_NEW_ARRAY(arena, size_t, units);
	work->next_groups = ARENA_NEW_ARRAY(arena, size_t, groups);
	work->group_members = ARENA_NEW_ARRAY(arena, size_t, groups);
	work->parents = ARENA_NEW_ARRAY(arena, size_t, caps);
	work->cap_binds = ARENA_NEW_ARRAY(arena, bool, caps);
	work->cap_order = ARENA_NEW_ARRAY(arena, size_t, caps);
	work->cap_ranks = ARENA_NEW_ARRAY(arena, size_t, caps);
	work->local_caps = ARENA_NEW_ARRAY(arena, size_t, caps);
	work->local_counters = ARENA_NEW_ARRAY(arena, size_t, seats);
	if (arena->exhausted)
		return false;
	for (size_t i = 0; i < problem->unit_count; i++)
		work->roots[i] = i;
	for (size_t i = 0; i < problem->cap_count; i++)
		work->local_caps[i] = SOLVER_NONE;
	return true;
}

bool solver_solve_parts(const struct solver_problem *problem, struct arena *arena,
		struct solver_answer *answer)
{
	struct work work = { .problem = problem, .arena = arena };

	if (!work_init(&work) || !caps_order(&work))
		return false;
	values_cut(&work);
	if (!caps_reduce(&work))
		return false;
	join_groups(&work);
	if (!join_caps(&work))
		return false;
	parts_chain(&work);
	for (size_t i = 0; i < problem->unit_count; i++) {
		/* What nothing binds to others needs no search. */
		if (work.unit_counts[i] == 1)
			answer->chosen[work.local_units[i]] = true;
		else if (work.unit_counts[i] > 1 && !part_solve(&work, i, answer))
			return false;
	}
	return true;
}

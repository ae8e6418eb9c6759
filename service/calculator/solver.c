/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes out of the search: what each unit adds, a choice filled up when the search was cut
 * short, and why a unit was left out.
 *
 * What a unit adds is told in the order of the units. With caps within one another these figures add
 * up to the total whatever the order is.
 */
#include "calculator/solver.h"
#include "calculator/solver_search.h"

#include <stdlib.h>

/* What @unit adds when @left is what each cap still has. */
static int64_t unit_adds(const struct solver_problem *problem, const int64_t *left, size_t unit)
{
	int64_t value = problem->units[unit].value;

	for (size_t cap = problem->units[unit].cap; cap != SOLVER_NONE;
			cap = problem->caps[cap].parent) {
		if (value > left[cap])
			value = left[cap];
	}
	return value;
}

static void unit_use(
		const struct solver_problem *problem, int64_t *left, size_t unit, int64_t value)
{
	for (size_t cap = problem->units[unit].cap; cap != SOLVER_NONE;
			cap = problem->caps[cap].parent)
		left[cap] -= value;
}

static void answer_count(const struct solver_problem *problem, struct solver_answer *answer,
		int64_t *left)
{
	answer->total = 0;
	answer->chosen_count = 0;
	for (size_t i = 0; i < problem->cap_count; i++)
		left[i] = problem->caps[i].limit;
	for (size_t i = 0; i < problem->unit_count; i++) {
		if (!answer->chosen[i])
			continue;
		answer->counted[i] = unit_adds(problem, left, i);
		unit_use(problem, left, i, answer->counted[i]);
		answer->total += answer->counted[i];
		answer->chosen_count++;
	}
}

/* --- filling up ------------------------------------------------------------------------------- */

/* A unit in a group, by unit. */
struct unit_seat {
	size_t unit;
	size_t group;
	size_t counter; /* of its member, over all groups */
};

struct filling {
	const struct solver_problem *problem;
	struct unit_seat *seats; /* by unit */
	size_t *first;		 /* by unit: its first seat; one more at the end */
	size_t *used;		 /* by group: members had */
	size_t *counters;	 /* by member: units had */
};

static int unit_seat_compare(const void *a, const void *b)
{
	const struct unit_seat *left = a;
	const struct unit_seat *right = b;

	if (left->unit != right->unit)
		return left->unit < right->unit ? -1 : 1;
	return (left->counter > right->counter) - (left->counter < right->counter);
}

static bool filling_init(struct filling *filling, struct arena *arena)
{
	const struct solver_problem *problem = filling->problem;
	size_t count = 0;
	size_t at = 0;

	for (size_t i = 0; i < problem->group_count; i++)
		count += problem->groups[i].count;
	filling->seats = ARENA_NEW_ARRAY(arena, struct unit_seat, count + 1);
	filling->first = ARENA_NEW_ARRAY(arena, size_t, problem->unit_count + 1);
	filling->used = ARENA_NEW_ARRAY(arena, size_t, problem->group_count + 1);
	filling->counters = ARENA_NEW_ARRAY(arena, size_t, count + 1);
	if (arena->exhausted)
		return false;
	count = 0;
	for (size_t i = 0; i < problem->group_count; i++) {
		const struct solver_group *group = &problem->groups[i];

		for (size_t k = 0; k < group->count; k++)
			filling->seats[at++] = (struct unit_seat){ group->seats[k].unit, i,
				count + group->seats[k].member };
		count += group->count;
	}
	if (at)
		qsort(filling->seats, at, sizeof(*filling->seats), unit_seat_compare);
	count = 0;
	for (size_t i = 0; i < problem->unit_count; i++) {
		filling->first[i] = count;
		while (count < at && filling->seats[count].unit == i)
			count++;
	}
	filling->first[problem->unit_count] = count;
	return true;
}

static bool filling_allows(const struct filling *filling, size_t unit)
{
	for (size_t i = filling->first[unit]; i < filling->first[unit + 1]; i++) {
		size_t group = filling->seats[i].group;

		if (filling->counters[filling->seats[i].counter] == 0 &&
				filling->used[group] >= filling->problem->groups[group].at_most)
			return false;
	}
	return true;
}

static void filling_take(struct filling *filling, size_t unit)
{
	for (size_t i = filling->first[unit]; i < filling->first[unit + 1]; i++) {
		if (filling->counters[filling->seats[i].counter]++ == 0)
			filling->used[filling->seats[i].group]++;
	}
}

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

/*
 * Adds whatever can still be added to a choice that is not proved, the largest first. Once is enough:
 * with every unit taken, caps have less left and groups forbid more.
 */
static bool answer_fill(const struct solver_problem *problem, struct arena *arena,
		struct solver_answer *answer, int64_t *left)
{
	struct filling filling = { .problem = problem };
	struct ranked *ranked = ARENA_NEW_ARRAY(arena, struct ranked, problem->unit_count + 1);

	if (!ranked || !filling_init(&filling, arena))
		return false;
	answer_count(problem, answer, left);
	for (size_t i = 0; i < problem->unit_count; i++) {
		ranked[i] = (struct ranked){ problem->units[i].value, i };
		if (answer->chosen[i])
			filling_take(&filling, i);
	}
	qsort(ranked, problem->unit_count, sizeof(*ranked), ranked_compare);
	for (size_t i = 0; i < problem->unit_count; i++) {
		size_t unit = ranked[i].unit;
		int64_t value = answer->chosen[unit] ? 0 : unit_adds(problem, left, unit);

		if (value == 0 || !filling_allows(&filling, unit))
			continue;
		answer->chosen[unit] = true;
		filling_take(&filling, unit);
		unit_use(problem, left, unit, value);
	}
	answer_count(problem, answer, left);
	return true;
}

bool solver_solve(const struct solver_problem *problem, struct arena *arena,
		struct solver_answer *out_answer)
{
	struct solver_answer answer = { .proved = true };
	int64_t *left = ARENA_NEW_ARRAY(arena, int64_t, problem->cap_count + 1);

	answer.chosen = ARENA_NEW_ARRAY(arena, bool, problem->unit_count + 1);
	answer.counted = ARENA_NEW_ARRAY(arena, int64_t, problem->unit_count + 1);
	if (!left || !answer.chosen || !answer.counted ||
			!solver_solve_parts(problem, arena, &answer))
		return false;
	if (answer.proved)
		answer_count(problem, &answer, left);
	else if (!answer_fill(problem, arena, &answer, left))
		return false;
	*out_answer = answer;
	return true;
}

/* --- why a unit was left out ------------------------------------------------------------------ */

bool solver_group_forbids(const struct solver_problem *problem,
		const struct solver_answer *answer, size_t group, size_t unit)
{
	const struct solver_group *of = &problem->groups[group];
	size_t member = SOLVER_NONE;
	size_t others = 0;

	for (size_t i = 0; i < of->count; i++) {
		if (of->seats[i].unit == unit)
			member = of->seats[i].member;
	}
	if (member == SOLVER_NONE)
		return false;
	for (size_t i = 0; i < of->count; i++) {
		bool counted = !answer->chosen[of->seats[i].unit];

		if (!counted && of->seats[i].member == member)
			return false;
		for (size_t k = 0; !counted && k < i; k++)
			counted = answer->chosen[of->seats[k].unit] &&
				  of->seats[k].member == of->seats[i].member;
		others += !counted;
	}
	return others >= of->at_most;
}

size_t solver_full_cap(const struct solver_problem *problem, const struct solver_answer *answer,
		size_t unit)
{
	for (size_t cap = problem->units[unit].cap; cap != SOLVER_NONE;
			cap = problem->caps[cap].parent) {
		wide_int sum = 0;

		for (size_t i = 0; i < problem->unit_count; i++) {
			size_t at = answer->chosen[i] ? problem->units[i].cap : SOLVER_NONE;

			while (at != cap && at != SOLVER_NONE)
				at = problem->caps[at].parent;
			if (at == cap)
				sum += answer->counted[i];
		}
		if (sum >= problem->caps[cap].limit)
			return cap;
	}
	return SOLVER_NONE;
}

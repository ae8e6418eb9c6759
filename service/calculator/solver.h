/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of several benefits to take so that the sum is largest.
 *
 * Knows no policy: there are units with a value, groups of which only so many members may be had,
 * and caps that lie within one another. A group forbids; a cap only truncates:
 *
 *     total(S) = sum over the outermost caps and the units in none of
 *     amount(cap) = min(limit, values of its chosen units + amounts of the caps in it)
 *
 * Units are numbered in the order that breaks ties. The best choice has the largest total; of those
 * with the same total, the fewest units; of those with as few, the lowest numbers: at the first unit
 * in which two choices differ, the better one has it. So a unit that adds nothing is never chosen.
 *
 * 64-bit values, 128-bit sums. All memory is the caller's arena's. The same problem gives the same
 * answer, in whatever order groups, their members and caps are given.
 */
#pragma once

#include "base/arena.h"
#include "base/wide.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOLVER_NONE SIZE_MAX

/*
 * How many nodes of the search tree may be visited for units that hang together, when there are up
 * to 64 of them; of larger sets fewer, as each node costs more. Past it the best choice found counts
 * and is not proved.
 */
#define SOLVER_NODES 20000

struct solver_unit {
	int64_t value; /* at least 0 */
	size_t cap;    /* the innermost cap it lies in, or SOLVER_NONE */
};

/* A unit in a group. Units of one member are had together, as one. */
struct solver_seat {
	size_t unit;
	size_t member; /* 0 .. count - 1 of its group */
};

struct solver_group {
	size_t at_most; /* members; at least 1 */
	const struct solver_seat *seats;
	size_t count;
};

struct solver_cap {
	int64_t limit; /* at least 0 */
	size_t parent; /* the cap it lies in, or SOLVER_NONE; never in a circle */
};

struct solver_problem {
	const struct solver_unit *units;
	size_t unit_count;
	const struct solver_group *groups;
	size_t group_count;
	const struct solver_cap *caps;
	size_t cap_count;
	size_t node_budget; /* 0: SOLVER_NODES */
};

struct solver_answer {
	bool *chosen;	  /* by unit */
	int64_t *counted; /* by unit: what it adds to those chosen before it; 0 when not chosen */
	wide_int total;	  /* the sum of ->counted */
	size_t chosen_count;
	bool proved; /* nothing is better, ties included */
	size_t nodes;
};

/** false when memory is short. */
bool solver_solve(const struct solver_problem *problem, struct arena *arena,
		struct solver_answer *out_answer);

/* --- why a unit was left out ------------------------------------------------------------------ */

/** Whether adding @unit to the choice would have more members of @group than may be had. */
bool solver_group_forbids(const struct solver_problem *problem,
		const struct solver_answer *answer, size_t group, size_t unit);
/** The innermost cap around @unit that the choice uses up; SOLVER_NONE when there is none. */
size_t solver_full_cap(const struct solver_problem *problem, const struct solver_answer *answer,
		size_t unit);

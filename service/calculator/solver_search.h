/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Branch and bound over units that hang together; the inner half of solver.c.
 *
 * Units, groups and caps are numbered anew, without those that cannot bind. Units keep their order.
 */
#pragma once

#include "calculator/solver.h"

/* A unit in a group, seen from the group; counters of members are numbered over all groups. */
struct search_seat {
	size_t unit;
	size_t counter;
};

/* The same, seen from the unit. */
struct search_place {
	size_t group;
	size_t counter;
};

struct search_unit {
	int64_t value; /* above 0; no more than any cap around it */
	size_t cap;
	const struct search_place *places;
	size_t place_count;
};

struct search_group {
	size_t at_most;
	const struct search_seat *seats;
	size_t count;
	bool single; /* no member has two units */
};

struct search_problem {
	const struct search_unit *units;
	size_t unit_count;
	const struct search_group *groups;
	size_t group_count;
	const struct solver_cap *caps; /* each before the one it lies in */
	size_t cap_count;
	size_t counter_count;
	size_t node_budget;
};

/**
 * Sets @chosen, by unit, and @out_proved; adds to *nodes. false when memory is short. Without proof
 * the choice is allowed, but more might be added to it.
 */
bool search_solve(const struct search_problem *problem, struct arena *arena, bool *chosen,
		bool *out_proved, size_t *nodes);

/**
 * Sets ->chosen, ->proved and ->nodes of @answer, whose ->chosen is all false and ->proved true.
 * false when memory is short.
 */
bool solver_solve_parts(const struct solver_problem *problem, struct arena *arena,
		struct solver_answer *answer);

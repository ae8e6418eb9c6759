/* SPDX-License-Identifier: Apache-2.0 */
/* A node of the search tree: units had, left out and still free; only solver_search.c walks it. */
#pragma once

#include "calculator/solver_search.h"

enum unit_state {
	UNIT_FREE,
	UNIT_IN,
	UNIT_OUT,
};

/* Units of one group that the bound looks at together. */
struct search_class {
	size_t group; /* SOLVER_NONE: in no group */
	size_t cap;
	size_t *units; /* by value, largest first */
	size_t count;
};

struct partition {
	struct search_class *classes;
	size_t count;
};

struct node {
	const struct search_problem *problem;
	unsigned char *state; /* enum unit_state, by unit */
	size_t *blocks;	      /* by unit: groups that are full without it */
	size_t *used;	      /* by group: members had */
	size_t *counters;     /* by member: units had */
	size_t *in;	      /* units had, in the order they were taken */
	size_t in_count;
	size_t *by_value;		/* units, largest value first, then lowest number */
	wide_int *sums;			/* by cap, all 0 between uses */
	wide_int *member_sums;		/* by member, all 0 between uses */
	size_t *touched;		/* members with a sum, scratch */
	struct partition partitions[2]; /* the second may be empty */
	struct partition whole;		/* by group alone */

	/* Of solver_swap.c: the worse units of each, and which are not to be exchanged. */
	size_t *worse;
	size_t *first_worse; /* by unit; one more at the end */
	bool *settled;	     /* by unit */

	/* Of solver_price.c. */
	bool priced;
	int64_t *prices; /* by cap */
	wide_int *gains; /* by unit */
	wide_int price_total;
};

/** Nothing had, everything free. false when memory is short. */
bool node_init(struct node *node, const struct search_problem *problem, struct arena *arena);

/** Whether neither the walk nor a full group stands in the way of taking @unit. */
static inline bool node_is_free(const struct node *node, size_t unit)
{
	return node->state[unit] == UNIT_FREE && node->blocks[unit] == 0;
}

void node_take(struct node *node, size_t unit);
/** The exact reverse, of the unit taken last. */
void node_give_back(struct node *node);

/** Leaves a free unit out, and all that are worse. false when one of those is had: look no further. */
bool node_leave(struct node *node, size_t unit);
void node_readmit(struct node *node, size_t unit);
/** Part of node_init(): finds which units are worse than which. false when memory is short. */
bool node_find_worse(struct node *node, struct arena *arena);

/** What the units had come to. */
wide_int node_total(struct node *node);
/** No choice that has these units, and of others only free ones, comes to more. */
wide_int node_bound(struct node *node);
/** Finds prices of the caps; without, the bound below says nothing. The node is the root. */
void node_find_prices(struct node *node);
/** Whether a choice as above may come to @total with no more than @count units, or to more. */
bool node_price_reaches(struct node *node, wide_int total, wide_int count);
/** At least so many free units add @need; SOLVER_NONE when all together do not. */
size_t node_units_needed(const struct node *node, wide_int need);

/* --- shared by the bounds --------------------------------------------------------------------- */

/** The counter of the unit's member in @group, in which it is. */
size_t node_counter(const struct node *node, size_t unit, size_t group);
/** The sum of the largest @left of the member sums touched, which become 0. */
wide_int node_members_best(struct node *node, size_t touched, size_t left);

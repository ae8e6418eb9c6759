/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Near misses by brute force: every change of one or two attributes to a mark is tried. Of those that
 * turn every condition the ones that go further than needed (one attribute could stay nearer, or stay)
 * are left out. The cheapest of each set of attributes counts, where it is cheaper than a single one of
 * them.
 */
#pragma once

#include "random.h"

#define UNKNOWN (-1000) /* a value */
#define NAMES_MOST 24
#define EXPECTED_MOST 512

enum direction { FIXED, UP, DOWN, BOTH };

/* An attribute. In name order: ties go by it. */
struct near_name {
	const char *name;
	bool is_flag;
	enum direction direction;
	int weight;
	int least, most; /* that are tried */
};

/* What is judged, of the enterprise together with one item. */
struct near_world {
	const struct near_name *names;
	unsigned count;
	unsigned shared; /* names before this one are the enterprise's */
	unsigned item;	 /* whose the others are */
	const int *values;
	const void *context;
	/* Whether every condition that was not met is met, and none was lost. */
	bool (*is_turned)(const void *context, const int *after);
	/* Whether a figure is worth trying, and the threshold it stands for. */
	bool (*is_mark)(const void *context, unsigned name, int to, int *out_threshold);
};

/* The cheapest change of a set of attributes. */
struct expected {
	unsigned first, second; /* second NAMES_MOST: a single one */
	unsigned item;		/* 0 where both are the enterprise's */
	int64_t cost;
};

struct expected_list {
	struct expected list[EXPECTED_MOST];
	size_t count;
};

/** change_weight * |distance| / max(|threshold|, 1) in millionths, rounded down. */
int64_t brute_cost(const struct near_world *world, unsigned name, int to);
/** Adds what there is for one item; of a set that is there the cheaper counts. */
void brute_add(const struct near_world *world, struct expected_list *out_list);
/** Leaves out the sets with a smaller one that is no dearer, and sorts: cheapest first. */
void brute_finish(struct expected_list *list);

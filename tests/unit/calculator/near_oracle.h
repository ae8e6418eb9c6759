/* SPDX-License-Identifier: Apache-2.0 */
/* Random policies and a naive judge of them: what test_near.c holds the calculator against. */
#pragma once

#include "fixture.h"
#include "near_brute.h"

#define CONDITIONS 3
#define ITEMS 3
#define FIGURES 36 /* of counts: 0 to this, or 1 to this for denominators */

/* In name order: those of the enterprise, then those of an item. */
enum near_oracle_name {
	NAME_A0, /* of quotients, and nowhere else */
	NAME_A1,
	NAME_B0,
	NAME_B1,
	NAME_F0,
	NAME_N0 = NAME_F0 + 4,
	NAME_G0 = NAME_N0 + 5,
	NAME_K0 = NAME_G0 + 2,
	NAME_U0 = NAME_K0 + 2, /* again of a quotient */
	NAME_V0,
	NAMES,
};

#define NAMES_SHARED ((unsigned)NAME_G0)

struct tree;

enum role {
	REQUIRE,
	EXCLUDE,
	REVIEW,
};

enum status {
	MET,
	NOT_MET,
	OPEN, /* unknown, or for people */
};

struct condition {
	enum role role;
	struct tree *tree;     /* of REVIEW: met_if, or NULL */
	struct tree *fails_if; /* of REVIEW */
	bool per_item;
};

/* What policies are made of besides flags, counts and parameters. */
struct shape {
	bool quotients;
	bool loose; /* both parts of a quotient may be changed */
	bool items; /* granted per project */
};

/* A random policy of a catalog of its own. */
struct instance {
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	struct shape shape;
	struct near_name names[NAMES];
	struct condition conditions[CONDITIONS];
	size_t count;
	bool bounds[NAMES][FIGURES + 1]; /* thresholds by attribute */
	bool of_quotients[NAMES];	 /* read by one */
};

/* What is known: the enterprise's names, and those of each item in the same places. */
struct world {
	int values[NAMES];
	int items[ITEMS][NAMES];
	unsigned item_count;
	bool complete;
};

/** Makes the conditions, and the catalog of them as case lines. */
const char *lines_make(struct instance *instance);
void world_make(const struct instance *instance, struct world *world);
/** The facts of the enterprise with those of an item, if there are any. */
void world_compose(const struct world *world, unsigned item, int *out_values);
/** Whether the enterprise gets it not, whatever else may become known. */
bool world_is_ineligible(const struct instance *instance, const struct world *world);
/** Whether every condition that was not met is met, and none was lost; @item: whether there is one. */
bool is_turned(const struct instance *instance, bool item, const int *before, const int *after);
bool figure_is_mark(const struct instance *instance, unsigned name, int to, int *out_threshold);
/** By brute force: one for each set of attributes that is a way of its own, cheapest first. */
void expected_make(const struct instance *instance, const struct world *world,
		struct expected_list *out_list);
/** Prints what was asked, when an answer is not the expected one. */
void instance_print(const struct instance *instance, const struct world *world);

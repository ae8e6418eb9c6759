/* SPDX-License-Identifier: Apache-2.0 */
/* Random policies, a naive judge of them, and near misses by brute force: what test_near.c holds the
 * calculator against. */
#pragma once

#include "fixture.h"
#include "random.h"

#define FLAGS 4
#define COUNTS 5
#define NAMES (FLAGS + COUNTS)
#define CONDITIONS 3
#define FIGURES 36	/* of counts: 0 to this */
#define UNKNOWN (-1000) /* a value */

enum direction { FIXED, UP, DOWN, BOTH };

/* In name order: f0 to f3, n0 to n4. */
struct dictionary_entry {
	enum direction direction;
	int weight;
};
extern const struct dictionary_entry dictionary_entries[NAMES];

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
};

/* A random policy of a catalog of its own. */
struct instance {
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	struct condition conditions[CONDITIONS];
	size_t count;
	bool bounds[NAMES][FIGURES + 1]; /* thresholds by attribute */
};

/* The cheapest change of a set of attributes. */
struct expected {
	unsigned first, second; /* second NAMES: a single one */
	int64_t cost;
};

/** Makes the conditions, and the catalog of them as case lines. */
const char *lines_make(struct instance *instance);
enum status condition_judge(const struct condition *condition, const int *values);
/** Whether every condition that was not met is met, and none was lost. */
bool is_turned(const struct instance *instance, const int *before, const int *after);
/** change_weight * |distance| / max(|threshold|, 1) in millionths, rounded down. */
int64_t cost_of(unsigned name, int from, int to);
/** By brute force: one for each set of attributes that is a way of its own, cheapest first. */
size_t expected_make(
		const struct instance *instance, const int *values, struct expected *out_list);
/** Prints what was asked, when an answer is not the expected one. */
void instance_print(const struct instance *instance, const int *values);

/* SPDX-License-Identifier: Apache-2.0 */
/* Random score tables, and a naive scorer of them: what test_score.c holds the calculator against. */
#pragma once

#include "fixture.h"
#include "random.h"

#define STATUS(word) POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_##word

#define ROWS 4
#define METRICS 2
#define STEPS 3
#define GROUPS 2
#define MOST 5	/* counts and numerators are 0 to MOST, denominators 1 to MOST */
#define FULL 12 /* of a row */
#define NAMES (ROWS * METRICS * 2 + 2)
#define VETO (NAMES - 2) /* the flag that fails the table */
#define DIRECT (NAMES - 1)

struct metric {
	bool ratio;    /* name is the numerator, name + 1 the denominator */
	bool downward; /* steps are "at most" */
	bool open;     /* "above" and "below" */
	int name;
	int step_count;
	int bounds[STEPS]; /* counts; of ratios twelfths */
	int points[STEPS];
	int otherwise;
};

struct row {
	int full;
	int group; /* -1: none */
	bool judged, not_zero;
	int metric_count;
	struct metric metrics[METRICS];
};

struct table {
	const char *change[NAMES]; /* " mutable UP weight 3" behind an attribute, or NULL */
	int row_count, group_count, pass;
	int floors[GROUPS];
	struct row rows[ROWS];
	bool has_veto, has_direct;
};

/* What the rows of a table may come to. */
struct naive {
	int least, most;
	unsigned sets[ROWS]; /* what each row may come to */
	bool yes, no;	     /* some completion of the rows passes, fails */
	bool matters[ROWS];
};

void table_make(struct table *table);
/** The catalog of it as case lines. */
const char *table_lines(const struct table *table, struct arena *arena);
/** A random value of an attribute by its number; -2 where the table has no such attribute. */
int value_make(const struct table *table, int name);

/** Tries every completion of @values, in which -1 is unknown. */
struct naive naive_ask(const struct table *table, const int *values);
/** The same without what matters and what is missing: MET, NOT_MET, or UNKNOWN for all else. */
Policycalc__V1__ConditionStatus naive_standing(const struct table *table, const int *values);
/** The standing of table or direct pass, and what it waits for: a bit a name. */
Policycalc__V1__ConditionStatus naive_status(const struct table *table,
		const struct naive *naive, const int *values, uint64_t *out_missing);

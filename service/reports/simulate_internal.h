/* SPDX-License-Identifier: Apache-2.0 */
/* One simulation, for the files that make it up. */
#pragma once

#include "base/map.h"
#include "calculator/size.h"
#include "registry/column_pack.h"
#include "registry/narrow.h"
#include "reports/simulate.h"

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word

enum side {
	SIDE_BEFORE,
	SIDE_AFTER,
	SIDE_COUNT,
};

enum grouping {
	GROUP_REGION,
	GROUP_INDUSTRY,
	GROUP_SIZE,
	GROUP_COUNT,
};

/* Groups of one kind, found by code. */
struct groups {
	Policycalc__V1__SimulatedGroup **list;
	size_t count;
	size_t capacity;
	struct map by_code; /* to the group */
};

/* The versions of a series, one under each catalog. */
struct pair {
	const char *series;
	const Policycalc__V1__Policy *policies[SIDE_COUNT]; /* NULL: none in force */
	size_t swept[SIDE_COUNT];			    /* its index in the sweep */
	bool only_for_budget;
	Policycalc__V1__SimulatedSide sides[SIDE_COUNT];
	Policycalc__V1__SimulatedChange change;
	struct groups groups[GROUP_COUNT];
};

/* A catalog over the registry. */
struct swept {
	struct ruleset *ruleset;
	struct sweep *sweep;
	struct sweep_work *work;
	struct sweep_want *wants; /* the sweep's, then region */
	size_t want_count;	  /* the sweep's */
	struct column_reader *reader;
	struct sweep_source source; /* of the block at hand */
	struct narrow narrow;
};

/* What one policy comes to for one enterprise. */
struct outcome {
	Policycalc__V1__Verdict verdict;
	bool bounded;
	int64_t sure, most;
};

struct simulate {
	struct simulate_options options;
	struct arena *arena;
	const Policycalc__V1__Region
			*region[SIDE_COUNT]; /* under each catalog; NULL: anywhere */
	struct pair *pairs;
	size_t pair_count;
	struct swept swept[SIDE_COUNT];
	int64_t block; /* the next one */
	struct arena row;

	int64_t enterprises, refused;
	int64_t gaining, losing; /* enterprises */
	struct groups groups[GROUP_COUNT];

	/* The parameter that is varied. */
	Policycalc__V1__SimulatedCurve *curve; /* NULL: none */
	const char **followers;		       /* ids of the draft's policies that follow it */
	size_t follower_count;
	struct swept point; /* of the point at hand */
	size_t next_point;
	int64_t point_block;
};

/* --- who is compared (simulate_pairs.c) ------------------------------------------------------- */

bool pairs_find(struct simulate *simulate, struct violations *out_violations,
		struct error *err);

/* --- a catalog over a block (simulate_sweep.c) ------------------------------------------------ */

/** Sweeps @policies (ids) of @ruleset, whose reference it takes over. */
bool swept_begin(struct swept *swept, const struct simulate *simulate, struct ruleset *ruleset,
		const Policycalc__V1__Region *region, const char *const *policies, size_t count,
		struct error *err);
void swept_fini(struct swept *swept);
/** Sweeps the block; @out_rows: who is asked about. */
bool swept_block(struct swept *swept, int64_t block, uint64_t out_rows[SWEEP_WORDS],
		struct error *err);
/**
 * What @policies come to for a row. false with ERROR_INVALID when the catalog refuses its facts.
 */
bool swept_ask(struct swept *swept, const char *day, const Policycalc__V1__Profile *profile,
		const char *const *policies, size_t count, struct arena *arena,
		struct outcome *out_outcomes, struct error *err);
/** Counts one outcome; false when the sums are more than can be told. */
bool side_add(Policycalc__V1__SimulatedSide *side, const struct outcome *outcome);

/* --- groups (simulate_groups.c) --------------------------------------------------------------- */

struct firm_codes {
	const char *code[GROUP_COUNT];
	const Policycalc__V1__Text *label[GROUP_COUNT];
};

bool firm_codes_read(const struct simulate *simulate, const Policycalc__V1__Profile *profile,
		struct arena *arena, struct firm_codes *out_codes, struct error *err);
bool groups_add(struct groups groups[GROUP_COUNT], const struct firm_codes *codes,
		const struct outcome outcomes[SIDE_COUNT], struct arena *arena,
		struct error *err);
/** In the order of their codes, sizes from micro up; those of which nothing is known last. */
void groups_sort(struct groups groups[GROUP_COUNT]);
void groups_fini(struct groups groups[GROUP_COUNT]);

/* --- budgets (simulate_budget.c) -------------------------------------------------------------- */

/** Who draws on which; of pairs whose change is made. */
bool budgets_fill(struct simulate *simulate, Policycalc__V1__Simulation *result);

/* --- a parameter varied (simulate_curve.c) ---------------------------------------------------- */

bool curve_begin(struct simulate *simulate, struct violations *out_violations,
		struct error *err);
/** One step; *out_more is false when all points are done. */
bool curve_step(struct simulate *simulate, bool *out_more, struct error *err);

/** One violation; returns false. */
bool simulate_violate(struct simulate *simulate, struct violations *violations,
		const char *field, const char *description, struct error *err);

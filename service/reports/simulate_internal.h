/* SPDX-License-Identifier: Apache-2.0 */
/* One simulation, for the files that make it up. */
#pragma once

#include "base/map.h"
#include "calculator/look.h"
#include "registry/column_pack.h"
#include "registry/narrow.h"
#include "reports/rows.h"
#include "reports/simulate.h"

/* Of one enterprise. */
#define ROW_MEMORY ((size_t)64 << 20)
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

/* What a pair comes to, over some firms or all. */
struct pair_sums {
	Policycalc__V1__SimulatedSide sides[SIDE_COUNT];
	Policycalc__V1__SimulatedChange change;
	struct groups groups[GROUP_COUNT];
};

/* The versions of a series, one under each catalog. */
struct pair {
	const char *series;
	const Policycalc__V1__Policy *policies[SIDE_COUNT]; /* NULL: none in force */
	size_t swept[SIDE_COUNT];			    /* its index in the sweep */
	bool only_for_budget;
};

/* What some firms, or all, come to. */
struct sums {
	struct arena *arena; /* of the groups */
	struct pair_sums *pairs;
	int64_t enterprises, refused;
	int64_t gaining, losing; /* enterprises */
	struct groups groups[GROUP_COUNT];
};

/* A catalog over the registry. */
struct swept {
	struct ruleset *ruleset;
	struct sweep *sweep;
	const Policycalc__V1__Region *region; /* NULL: anywhere */
	struct sweep_want *wants;	      /* the sweep's, then region */
	size_t want_count;		      /* the sweep's */
	size_t all_want_count;
};

/* It, as one thread has it. */
struct swept_seat {
	const struct swept *swept; /* NULL: no block yet */
	struct sweep_work *work;
	struct look *look;
	struct column_reader *reader;
	struct sweep_source source; /* of the block at hand */
	struct narrow narrow;
	uint64_t asked[SWEEP_WORDS]; /* rows of it that are asked about */
	/* By policy of the sweep: rows that have it, or wait for people. */
	uint64_t (*eligible)[SWEEP_WORDS];
	uint64_t (*review)[SWEEP_WORDS];
};

/* What one thread works with. */
struct simulate_seat {
	bool has_begun;
	struct swept_seat sides[SIDE_COUNT];
	struct arena row;   /* of one enterprise */
	struct arena arena; /* of its sums */
	struct sums sums;
	struct outcome *outcomes[SIDE_COUNT]; /* by pair, of the enterprise at hand */
	/* The point at hand. */
	struct swept_seat point;
	Policycalc__V1__SimulatedSide point_sum;
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
	struct simulate_seat *seats;
	unsigned seat_count;
	struct sums sums; /* joined, for the result */

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
bool swept_seat_begin(struct swept_seat *seat, const struct swept *swept,
		const struct simulate *simulate, struct error *err);
void swept_seat_fini(struct swept_seat *seat);
/** Sweeps the block. */
bool swept_block(struct swept_seat *seat, int64_t block, struct error *err);
/** What a policy comes to for the firm at @row that was entered in ->look. */
bool swept_ask(struct swept_seat *seat, unsigned row, size_t policy,
		struct outcome *out_outcome, struct error *err);
/** Counts one outcome; false when the sums are more than can be told. */
bool side_add(Policycalc__V1__SimulatedSide *side, const struct outcome *outcome);

/* --- groups (simulate_groups.c) --------------------------------------------------------------- */

struct firm_codes {
	const char *code[GROUP_COUNT];
	const Policycalc__V1__Text *label[GROUP_COUNT];
};

/** @look has the firm under the draft, or is NULL. */
bool firm_codes_read(const struct simulate *simulate, const struct look *look,
		const Policycalc__V1__Profile *profile, struct arena *arena,
		struct firm_codes *out_codes, struct error *err);
bool groups_add(struct groups groups[GROUP_COUNT], const struct firm_codes *codes,
		const struct outcome outcomes[SIDE_COUNT], struct arena *arena,
		struct error *err);
/** Adds the groups of @from, in memory of @arena. */
bool groups_join(struct groups groups[GROUP_COUNT], const struct groups from[GROUP_COUNT],
		struct arena *arena, struct error *err);
/** In the order of their codes, sizes from micro up; those of which nothing is known last. */
void groups_sort(struct groups groups[GROUP_COUNT]);
void groups_fini(struct groups groups[GROUP_COUNT]);

/** The next blocks, from *@block on, on all threads; *@block is then behind them. */
bool simulate_blocks(
		struct simulate *simulate, int64_t *block, crew_fn work, struct error *err);

/* --- rows (simulate_rows.c) ------------------------------------------------------------------- */

/** Adds up one block, on any thread; what crew_run() wants, of a struct simulate. */
bool simulate_block(void *simulate, unsigned seat, int64_t block, struct error *err);
void simulate_seat_fini(struct simulate_seat *seat, size_t pair_count);
/** An empty sum in @arena; false when memory is short. */
bool sums_init(struct sums *sums, const struct simulate *simulate, struct arena *arena);
void sums_fini(struct sums *sums, size_t pair_count);
/** Adds what all threads have summed up to ->sums, once. */
bool sums_join(struct simulate *simulate, struct error *err);
/** Counts what @add has counted; false when the sums are more than can be told. */
bool side_join(Policycalc__V1__SimulatedSide *side, const Policycalc__V1__SimulatedSide *add);

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

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the sift share. */
#pragma once

#include "calculator/sweep.h"
#include "push/sift.h"
#include "push/sift_near.h"

#define SIFT_NONE SIZE_MAX

/* What is known of a policy of the run before any block. */
struct sift_target {
	size_t target; /* in the scope */
	struct sift_near near;
	enum push_day reads_day; /* its conditions */
	enum push_day amount_reads_day;
};

/* Policies that are swept together. */
struct sift_set {
	struct sweep *sweep;	     /* NULL: there are none */
	struct sift_target *targets; /* as the sweep has them */
	size_t count;
	size_t *by_target; /* of the scope: index here, or SIFT_NONE */
};

struct push_sifter {
	const struct push_plan *plan;
	struct column_cache *columns;
	struct arena arena;
	struct sift_set all;	  /* that anyone may have */
	struct sift_set restless; /* of them those that may turn on any day */
	size_t *by_series;	  /* index in the scope; SIFT_NONE: the series is gone */
	enum push_day *day;	  /* by target of the scope: what it reads of it at most */
	struct sweep_want *wants; /* of the restless, then titles */
	size_t want_count;
	size_t title_begin;
};

/* Rows by verdict, of one policy. */
struct sift_masks {
	uint64_t eligible[SWEEP_WORDS];
	uint64_t ineligible[SWEEP_WORDS];
	uint64_t not_open[SWEEP_WORDS];
	uint64_t undecided[SWEEP_WORDS];
	uint64_t near[SWEEP_WORDS];
};

/* One set, at work. */
struct sift_desk {
	const struct sift_set *set;
	struct sweep_work *work; /* NULL: there is nothing to sweep */
	struct column_reader *reader;
	struct sift_masks *masks; /* by target of the set */
};

/* Rows that are to be asked of one policy of the scope, and rows that were told anything of it. */
struct sift_rows {
	uint64_t need[SWEEP_WORDS];
	uint64_t told[SWEEP_WORDS];
};

struct push_sift {
	struct push_sifter *sifter;
	struct sift_desk all;  /* made when they are first needed */
	struct sift_desk days; /* with the restless */
	struct sift_rows *targets;
	uint64_t rows[SWEEP_WORDS]; /* to be asked, if only about what is gone */
};

static inline bool sift_bit_has(const uint64_t *bits, unsigned row)
{
	return bits[row / 64] >> row % 64 & 1;
}

static inline void sift_bit_put(uint64_t *bits, unsigned row)
{
	bits[row / 64] |= UINT64_C(1) << row % 64;
}

/* sift.c */

/** Fills the masks with how the rows @present stand. */
bool sift_desk_sweep(struct sift_desk *desk, const struct sweep_source *source,
		const uint64_t *present, struct error *err);
/* An entry of what a block was told, of a target of the scope. */
struct sift_told {
	const struct told_view *view;
	size_t series; /* of the view */
	size_t at;     /* its mark */
	const struct told_mark *mark;
	size_t target;
};
/** Notes who was told of which target, and is to be asked about it again since it is @due. */
void sift_told(struct push_sift *sift, const struct push_block *block,
		bool (*due)(const struct push_sift *sift, const struct push_block *block,
				const struct sift_told *told));
/** Whether something may be new of the @index-th target though the enterprise has not changed. */
bool sift_told_may_differ(const struct push_sift *sift, const struct sift_desk *desk,
		size_t index, const struct sift_told *told);
/** Notes who is ELIGIBLE, or near and in @near_rows (NULL: all), and was told nothing of it. */
void sift_others(struct push_sift *sift, const struct sift_desk *desk, size_t index,
		const uint64_t *near_rows);
/** Whether the end of a window is near and was not told. */
bool sift_is_closing(const struct push_sift *sift, const struct sift_told *told);
/** Whether something is aside since it was not wanted, and now may be. */
bool sift_is_wanted(const struct push_sift *sift, const struct push_block *block,
		const struct sift_told *told);
/** Notes all rows that are to be asked about any target. */
void sift_rows_join(struct push_sift *sift);
/** Adds the row to the block and works on it: asks what it is to be asked about. */
bool sift_row_work(struct push_sift *sift, struct push_block *block, unsigned row,
		const Policycalc__V1__Profile *profile, struct push_hands *hands,
		struct error *err);

/* sift_day.c */

/** The wants of the day's desk. */
bool sift_day_init(struct push_sifter *sifter, struct error *err);
/** A block in which nothing is new but the day. */
bool sift_day_block(struct push_sift *sift, struct push_block *block, struct push_hands *hands,
		struct error *err);

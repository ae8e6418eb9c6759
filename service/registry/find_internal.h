/* SPDX-License-Identifier: Apache-2.0 */
/* One search, for the files that make it up. */
#pragma once

#include "base/buffer.h"
#include "base/map.h"
#include "calculator/size.h"
#include "registry/column_pack.h"
#include "registry/find.h"
#include "registry/narrow.h"

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define VERDICT_COUNT (VERDICT(ELIGIBLE) + 1)

/* One that fits, kept until the end. */
struct kept {
	int64_t first, second; /* what it is ordered by: smaller is better */
	int64_t id;
	struct slice bytes; /* what was packed, in memory of its own */
};

/* The best so far: a heap with the worst on top. */
struct kept_heap {
	struct kept *list;
	size_t count;
	size_t capacity;
	size_t most;
};

void kept_fini(struct kept_heap *heap);
/** Whether one of these keys would stay. */
bool kept_wants(const struct kept_heap *heap, int64_t first, int64_t second, int64_t id);
/** Keeps it, bytes and all, and drops the worst when there are too many; false when memory is short. */
bool kept_add(struct kept_heap *heap, const struct kept *kept);
/** Moves all of @from into @heap. */
bool kept_join(struct kept_heap *heap, struct kept_heap *from);
/** Best first. */
void kept_sort(struct kept_heap *heap);

/* How often an attribute is lacking. */
struct lack {
	const char *name;
	int64_t count;
	int64_t alone;
};

/* What the firms of some blocks come to. */
struct find_sums {
	int64_t counts[VERDICT_COUNT];
	int64_t told, fitting, left_out, near, refused;
	int64_t sure_fen;
	struct arena arena;	 /* of names */
	struct map lack_numbers; /* name to index + 1 */
	struct lack *lacks;
	size_t lack_count, lack_capacity;
};

/* One block of a step. */
struct find_piece {
	int64_t room; /* how many it may tell */
	struct find_sums sums;
	struct buffer found; /* in id order: what was packed, each behind its size */
};

/* What one thread works with. */
struct find_seat {
	struct sweep_work *work; /* NULL: no block yet */
	struct column_reader *reader;
	struct narrow narrow[2]; /* by region, by industry */
	struct arena row;	 /* of one enterprise */
	struct kept_heap heap;
};

struct find {
	struct find_options options;
	const Policycalc__V1__FindEnterprisesRequest *request;
	struct arena *arena; /* of the answer */
	const struct catalog *catalog;
	const char *day;
	const Policycalc__V1__Policy *policy;

	/* Who is asked about. */
	const Policycalc__V1__Region *region; /* NULL: anywhere */
	const char *industry;		      /* "" or a code with its letter */
	enum firm_size size;		      /* UNKNOWN: any */
	bool verdicts[VERDICT_COUNT];
	bool near; /* also those that are INELIGIBLE and near */

	/* How a block is read. */
	struct sweep *sweep;
	struct sweep_want *wants; /* the sweep's, then region and industry */
	size_t want_count;	  /* the sweep's */
	size_t all_want_count;
	bool *condition_may_turn;

	int64_t block; /* the next one */
	struct find_seat *seats;
	unsigned seat_count;
	struct find_piece *pieces; /* of the step at hand: from ->first on */
	size_t piece_count;
	int64_t first;
	size_t kept_most;
	struct find_sums sums; /* of all blocks before */
};

/** Judges the request and fills what is asked; violations are told by @violate. */
bool find_read(struct find *find, struct violations *out_violations, struct error *err);
/** Takes rows that are not asked about out of @rows. */
bool find_narrow(const struct find *find, struct find_seat *seat,
		const struct sweep_source *source, uint64_t *rows, struct error *err);
/* A row of a block that is looked at closely. */
struct find_row {
	unsigned row;
	int64_t id;	   /* of the enterprise */
	bool asks_near;	   /* it may be near, and that is asked for */
	bool only_if_near; /* it does not fit when it is not */
};
/** Looks at one row closely: tells it, keeps it, or counts it out. */
bool find_look(const struct find *find, struct find_seat *seat, struct find_piece *piece,
		const struct sweep_source *source, const struct find_row *row,
		struct error *err);

void find_seat_fini(struct find_seat *seat);
void find_piece_fini(struct find_piece *piece);

/* --- sums (find_sums.c) ----------------------------------------------------------------------- */

void find_sums_init(struct find_sums *sums);
void find_sums_fini(struct find_sums *sums);
/** Adds an amount that is sure; false when it is more than can be told. */
bool find_add_sure(struct find_sums *sums, int64_t fen);
/** Notes what an undecided answer lacks. */
bool find_note_lacks(struct find_sums *sums, const Policycalc__V1__PolicyAnswer *answer,
		struct error *err);
/** Adds all of @add. */
bool find_sums_join(struct find_sums *sums, const struct find_sums *add, struct error *err);

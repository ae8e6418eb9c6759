/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firms of the registry for a report, block by block, on all threads of a crew.
 *
 * Blocks come from the column cache. What a report adds up it keeps by seat, so that no thread waits for
 * another, and joins at the end.
 */
#pragma once

#include "base/arena.h"
#include "policycalc/v1/profile.pb-c.h"
#include "registry/column_cache.h"
#include "registry/counter.h"
#include "registry/crew.h"

/* An import, as far as a report has to know. */
struct rows_import {
	char day[11];	  /* the day its values hold for */
	int64_t sequence; /* after it */
	bool sample;	  /* made up */
};

/* Where rows come from; every function is called on the report's thread and may block. */
struct rows_source {
	void *context;
	struct column_cache *columns;
	struct crew *crew; /* NULL: all is done on the report's thread */
	/* The newest snapshot at @time (seconds since 1970), and how many ids there are. */
	bool (*state)(void *context, int64_t time, int64_t *out_sequence, int64_t *out_last_id,
			struct error *err);
	/* All imports, newest first. */
	bool (*imports)(void *context,
			bool (*import)(void *import_context, const struct rows_import *import,
					struct error *err),
			void *import_context, struct error *err);
	/* Counters of a region as of @sequence, by name and day. */
	bool (*counters)(void *context, const char *region, int64_t sequence,
			bool (*row)(void *row_context, const struct counter_row *row,
					struct error *err),
			void *row_context, struct error *err);
	/* false: nobody waits for the report any more. Told after every few blocks. */
	bool (*progress)(void *context, int64_t done, int64_t total);
};

/* A block, as long as a thread works on it. */
struct rows_block {
	struct sweep_source source;
	const uint64_t *present; /* the rows there are, SWEEP_WORDS words */
	struct arena *scratch;	 /* of this seat; emptied before each block */
};

/* What is done with the blocks of a snapshot. */
struct rows_visit {
	void *context;
	const struct sweep_want *wants; /* columns of the source; borrowed */
	size_t want_count;
	/* On any thread of the crew; two at a time have different seats. */
	bool (*block)(void *context, unsigned seat, const struct rows_block *block,
			struct error *err);
};

/* How far all passes of a report are together. */
struct rows_progress {
	int64_t done;
	int64_t total;
};

/** Visits every block of @sequence. ERROR_CANCELLED when nobody waits any more. */
bool rows_visit(const struct rows_source *source, int64_t sequence, int64_t last_id,
		const struct rows_visit *visit, struct rows_progress *progress,
		struct error *err);

static inline bool rows_has(const uint64_t *rows, unsigned row)
{
	return rows[row / 64] >> row % 64 & 1;
}
static inline void rows_put(uint64_t *rows, unsigned row)
{
	rows[row / 64] |= UINT64_C(1) << row % 64;
}
/** How many there are in both; NULL is all. */
static inline int64_t rows_count(const uint64_t *rows, const uint64_t *among)
{
	int64_t count = 0;

	for (size_t i = 0; i < SWEEP_WORDS; i++)
		count += __builtin_popcountll(rows[i] & (among ? among[i] : UINT64_MAX));
	return count;
}

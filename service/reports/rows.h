/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firms of the registry for a report, a slice at a time.
 *
 * A report takes long and runs on a thread of its own; the registry belongs to another. So rows are
 * copied there, those that are wanted, and looked at here; between two slices the registry answers
 * others.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "policycalc/v1/profile.pb-c.h"
#include "registry/counter.h"
#include "registry/registry.h"

/* An import, as far as a report has to know. */
struct rows_import {
	char day[11];	  /* the day its values hold for */
	int64_t sequence; /* after it */
	bool sample;	  /* made up */
};

/* Where rows come from; every function is called on the report's thread and may block. */
struct rows_source {
	void *context;
	/* The newest snapshot at @time (seconds since 1970), and how many ids there are. */
	bool (*state)(void *context, int64_t time, int64_t *out_sequence, int64_t *out_last_id,
			struct error *err);
	/* registry_scan(), wherever it runs: @row must copy what it wants. */
	bool (*scan)(void *context, int64_t sequence, int64_t first_id, int64_t count,
			registry_row_fn row, void *row_context, struct error *err);
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
	/* false: nobody waits for the report any more. Told after every slice. */
	bool (*progress)(void *context, int64_t done, int64_t total);
};

/* What is done with the rows of a snapshot. */
struct rows_visit {
	void *context;
	/* Whether to copy the row; looks at it on the registry's thread, so it is quick. NULL: all. */
	bool (*wants)(void *context, const Policycalc__V1__Profile *profile);
	/* A copy, on the report's thread; @scratch is emptied after it. */
	bool (*row)(void *context, const Policycalc__V1__Profile *profile,
			struct arena *scratch, struct error *err);
};

/* How far all passes of a report are together. */
struct rows_progress {
	int64_t done;
	int64_t total;
};

/** Visits every row of @sequence, in id order. ERROR_CANCELLED when nobody waits any more. */
bool rows_visit(const struct rows_source *source, int64_t sequence, int64_t last_id,
		const struct rows_visit *visit, struct rows_progress *progress,
		struct error *err);

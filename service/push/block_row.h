/* SPDX-License-Identifier: Apache-2.0 */
/* One enterprise of a block: what block_row.c finds out and block_news.c makes of it. */
#pragma once

#include "push/block.h"

/* One series: what was told, how it stands, what follows. */
struct cell {
	struct told_entry entry; /* as it was; changed by what follows */
	size_t target;		 /* index; NO_TARGET: gone, or not in question */
	bool is_known;		 /* in question, and ->now says how it stands */
	bool confirm;		 /* a department confirms its news */
	Policycalc__V1__Kind policy_kind;
	const Policycalc__V1__DeltaEntry *card; /* of one that is gone */
	struct now_state now;
	struct delta delta;    /* from what was told */
	bool is_fresh;	       /* has news that was not raised before */
	bool is_stale;	       /* what is aside is no longer so */
	bool is_silent;	       /* what was told changes without news */
	enum digest_part part; /* of the news */
	bool is_made;	       /* its news stands in a delivery of this run */
};
#define NO_TARGET SIZE_MAX

struct row_work {
	struct push_block *block;
	struct block_row *row;
	struct arena *scratch;
	const Policycalc__V1__Profile *profile;
	const char *name;
	const char *region;
	struct ask ask;
	struct cell *cells; /* in series order */
	size_t cell_count;
};

/** NULL when the series was never told and is none of the run's. */
struct cell *row_work_find(struct row_work *work, uint32_t series);
/**
 * Makes the deliveries of a row that has news, and changes its cells. Deliveries that nobody pulled
 * are loaded when they are needed.
 */
bool row_news_make(struct row_work *work, struct error *err);
/** Whether deliveries that nobody pulled are needed to make the news. */
bool row_news_needs_waiting(const struct row_work *work);

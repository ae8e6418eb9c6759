/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of regions: GB/T 2260 codes and the zones, each part of one region above it.
 *
 * Filled once, finished, then immutable: every thread reads it without a lock. A zone (a development
 * zone, say) stands under its parent city; the counties it lies in are its hosts and are not above
 * it, so that a firm in the zone is within the city and not within the host county. Earlier codes
 * are aliases and mean the region of today.
 */
#pragma once

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* One region, as the caller describes it and as the table keeps it. */
struct region {
	struct slice code;
	struct slice parent;	   /* empty: nothing above */
	struct slice kind;	   /* a word such as "CITY", "COUNTY", "ZONE" */
	const struct slice *hosts; /* counties that a zone lies in */
	size_t host_count;
	const struct slice *aliases; /* earlier codes */
	size_t alias_count;
};

struct region_table;

enum region_answer {
	REGION_NO,
	REGION_YES,
	REGION_NOT_FOUND, /* a code is not in the table */
};

/** An empty table. NULL when memory is short. */
struct region_table *region_table_new(void);
void region_table_free(struct region_table *table);
/**
 * Copies @region. A code or alias that is empty or there already is ERROR_INVALID; too little memory is ERROR_MEMORY,
 * or ERROR_LIMIT where it is that of the texts.
 */
bool region_table_add(
		struct region_table *table, const struct region *region, struct error *err);
/**
 * Joins every region to its parent. A parent or host that is not in the table, or a region above
 * itself, is ERROR_INVALID. Nothing may be added afterwards, and only afterwards may it be asked.
 */
bool region_table_finish(struct region_table *table, struct error *err);

/** The region of a code or alias, borrowed; NULL when there is none. */
const struct region *region_table_find(const struct region_table *table, struct slice code);
/** Whether the region of @code is that of @ancestor or below it. A zone is not within its hosts. */
enum region_answer region_within(
		const struct region_table *table, struct slice code, struct slice ancestor);
/** The kind of the region of @code; false when the code is not in the table. */
bool region_kind(const struct region_table *table, struct slice code, struct slice *out_kind);

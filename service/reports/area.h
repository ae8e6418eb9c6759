/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The region that a report is about, and the units it reports on: counties, and zones that report
 * their own figures. Everything borrows from the catalog.
 */
#pragma once

#include "base/arena.h"
#include "policycalc/v1/catalog.pb-c.h"
#include "proto/codec/catalog.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a firm is, seen from a report: the index of a unit, or one of these. */
enum place {
	PLACE_UNKNOWN = -1, /* no region, or none that the catalog knows */
	PLACE_NO_UNIT = -2, /* in the region, in none of its units */
	PLACE_OUTSIDE = -3,
};

struct area {
	const struct catalog *catalog;
	const Policycalc__V1__Region *region;
	const Policycalc__V1__Region *const *units; /* by code */
	size_t unit_count;
};

/**
 * The area of the region with that code or name (aliases included); of an empty one, of the only
 * city that has counties in the catalog. The units are the regions directly below it, less zones that
 * do not report separately. Fails with ERROR_NOT_FOUND or, when none can be chosen, ERROR_INVALID.
 */
bool area_find(const struct catalog *catalog, const char *code_or_name, struct arena *arena,
		struct area *out_area, struct error *err);

/**
 * Where the region of @code lies: in a unit or below it, or an enum place. A zone that does not
 * report separately counts for its host county when it has only one.
 */
int area_place(const struct area *area, const char *code);

/**
 * The shortest of its present names in Chinese, for narrow columns; an alias with a code is an
 * earlier name. "" when it has none.
 */
const char *area_short_name(const Policycalc__V1__Region *region);

/* SPDX-License-Identifier: Apache-2.0 */
/* Where a firm is and what it does, by the tables of a catalog: for choosing and grouping firms. */
#pragma once

#include "base/arena.h"
#include "policycalc/v1/catalog.pb-c.h"
#include "proto/codec/catalog.h"

#include <stdbool.h>

#define FIRM_REGION "region"
#define FIRM_INDUSTRY "industry"

/** The region of a code, earlier ones included; NULL when the catalog has none. */
const Policycalc__V1__Region *firm_region_of_code(
		const struct catalog *catalog, struct slice code);
/** The same, or the region of that name. */
const Policycalc__V1__Region *firm_region_find(
		const struct catalog *catalog, const char *code_or_name);
/** Whether @region is @above or below it. */
bool firm_region_is_within(const struct catalog *catalog, const Policycalc__V1__Region *region,
		const Policycalc__V1__Region *above);

/**
 * The code of an industry with its letter ("3130" is "C3130"), in @arena or borrowed; NULL when the
 * catalog has no such division.
 */
const char *firm_industry_code(
		const struct catalog *catalog, const char *code, struct arena *arena);

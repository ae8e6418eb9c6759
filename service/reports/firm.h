/* SPDX-License-Identifier: Apache-2.0 */
/* A firm as the coverage report sees it, out of its profile. */
#pragma once

#include "calculator/calculator.h"
#include "reports/coverage.h"

/*
 * What is read, in the dictionary's words. Industry above designated size is membership of the
 * statistical library, not a size that could be computed; R&D activity is being in the R&D
 * statistics. Both are the statistics bureau's to say.
 */
#define FIRM_LIBRARY "in_statistics_library"
#define FIRM_HAS_RD "rd_statistics_included"

/** Reads a firm as of @day; its texts live in @arena. */
bool firm_read(const struct ruleset *ruleset, const struct area *area,
		const Policycalc__V1__Profile *profile, const char *day, struct arena *arena,
		struct coverage_firm *out_firm, struct error *err);

/** The texts of the report that say what was counted, and where it comes from; in @arena. */
bool firm_describe(const struct ruleset *ruleset, Policycalc__V1__CoverageReport *report,
		struct arena *arena, struct error *err);

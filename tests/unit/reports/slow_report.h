/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports made the slow way: every firm is asked by Match, its whole answer is read, and sums are made
 * of what it says. What the service makes of columns must be the same.
 */
#pragma once

#include "calculator/calculator.h"
#include "policycalc/v1/report.pb-c.h"

/* Firms 1 to @count of whom each has a profile. */
struct slow_world {
	const struct ruleset *ruleset;
	Policycalc__V1__Profile *const *profiles;
	int64_t count;
};

/**
 * BLOCKED, UNCLAIMED, or PUSH without what was told; of the head only how many firms there are, and
 * how many were refused.
 */
void slow_report(const struct slow_world *world,
		const Policycalc__V1__GetReportRequest *request, struct arena *arena,
		Policycalc__V1__GetReportResponse *out_response);

/**
 * Whether what the report says that opens for a firm is what two answers of Match differ by. *out_count:
 * how many policies those are.
 */
bool slow_opens_the_same(const struct ruleset *ruleset, const Policycalc__V1__Profile *profile,
		const char *day, const Policycalc__V1__UncoveredFirm *firm, size_t *out_count);

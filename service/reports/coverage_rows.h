/* SPDX-License-Identifier: Apache-2.0 */
/* The firms of the statistical library out of the registry, as they were at the end of a month. */
#pragma once

#include "reports/firm.h"
#include "reports/report.h"

/* What the firms of one month may take. */
#define COVERAGE_MEMORY ((size_t)1 << 30)

/* In the order of coverage_sort(). */
struct coverage_firms {
	struct coverage_firm *list;
	size_t count;
};

/** Reads those of @month's snapshot as of its day; they live in @arena. */
bool coverage_rows_read(struct report_work *work, const struct coverage_month *month,
		struct arena *arena, struct coverage_firms *out_firms, struct error *err);
/**
 * As it, of the question's own month: each that has no R&D activity is asked what opens, and the
 * question learns what opens in all and of how many firms it is not known whether they are in the
 * library. Counts the enterprises of the report.
 */
bool coverage_rows_ask(struct report_work *work, struct coverage_question *question,
		struct arena *arena, struct coverage_firms *out_firms, struct error *err);

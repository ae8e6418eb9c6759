/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of reports as CSV; inner to report.h. */
#pragma once

#include "client/render/csv.h"
#include "client/render/report.h"

/** The table called @name ("": the first). false when there is none. */
bool report_print_coverage_csv(struct csv *csv, const char *name,
		const Policycalc__V1__CoverageReport *report);

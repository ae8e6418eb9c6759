/* SPDX-License-Identifier: Apache-2.0 */
/* Charts of reports, as SVG within a page: they print in black and white, and need no script. */
#pragma once

#include "client/render/html.h"
#include "policycalc/v1/report.pb-c.h"

struct chart_bar {
	const char *label;
	const char *figure; /* behind the bar */
	int64_t value;	    /* 0 or more */
};

/* A vertical line through all bars. */
struct chart_mark {
	const char *label;
	int64_t value;
};

/** Bars from 0 to @most (above 0); @name is what the chart is called for those who do not see it. */
void chart_print_bars(const struct page *page, const char *name, const struct chart_bar *bars,
		size_t count, const struct chart_mark *marks, size_t mark_count, int64_t most);
/** Twelve months of the city and its units, as lines. Nothing when no month is known. */
void chart_print_trend(const struct page *page, const char *name,
		const Policycalc__V1__CoverageReport *report);

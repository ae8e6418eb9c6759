/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of reports as tables for a terminal; inner to report.h. */
#pragma once

#include "client/render/report.h"
#include "client/render/table.h"

struct tables {
	const struct render_style *style;
	struct arena *arena;
	struct buffer *out;
};

/** A heading with a line before it. */
void tables_heading(const struct tables *tables, const char *zh, const char *en);
/** Text wrapped to the width; NULL (no memory) is nothing. */
void tables_text(const struct tables *tables, const char *text);
/** Prints the table within the width, and frees it. */
void tables_print(const struct tables *tables, struct table *table);
/** A number as a cell. */
const char *tables_number(const struct tables *tables, int64_t number);
/** Money as a cell; "—" for 0. */
const char *tables_money(const struct tables *tables, int64_t fen);

void coverage_print_tables(
		const struct tables *tables, const Policycalc__V1__CoverageReport *report);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV that spreadsheets read: RFC 4180, UTF-8 with a mark (without one they take it for something
 * else). Text of others that a spreadsheet would take for a formula is put behind an apostrophe.
 */
#pragma once

#include "client/render/words.h"

struct csv {
	const struct render_style *style;
	struct buffer *out;
	bool in_row;
};

struct csv_heading {
	const char *zh;
	const char *en;
};

/** The mark; before all else. */
void csv_begin(struct csv *csv);
/** Text of the catalog, of enterprises, of users. */
void csv_text(struct csv *csv, const char *text);
/** A word or a figure of our own; "—" is left empty. */
void csv_figure(struct csv *csv, const char *text);
void csv_number(struct csv *csv, int64_t number);
/** Yuan with two decimals, as spreadsheets add them up. */
void csv_yuan(struct csv *csv, int64_t fen);
/** Two cells: the least and the most in yuan, each empty where there is none. @amount may be NULL. */
void csv_amount(struct csv *csv, const Policycalc__V1__AmountAnswer *amount);
void csv_row_end(struct csv *csv);
void csv_headings(struct csv *csv, const struct csv_heading *headings, size_t count);

#define CSV_HEADINGS(csv, ...)                                                                 \
	do {                                                                                   \
		static const struct csv_heading headings[] = { __VA_ARGS__ };                  \
		csv_headings(csv, headings, sizeof(headings) / sizeof(headings[0]));           \
	} while (0)

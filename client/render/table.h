/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables for a terminal: a heading, a rule, rows, columns aligned by display width.
 *
 * When the whole is wider than allowed, the widest columns give way first, each to no less than
 * eight columns (or its own need), and their cells are cut with "…". Columns that are to stay whole,
 * such as ids that people copy, give way only when that was not enough.
 */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

#define TABLE_COLUMNS 8

struct table {
	size_t columns;
	const char *headings[TABLE_COLUMNS];
	bool right[TABLE_COLUMNS]; /* figures stand at the right */
	bool whole[TABLE_COLUMNS]; /* cut last */
	struct buffer cells;	   /* every cell's text, each with its NUL */
	size_t rows;
};

/** Adds a row of table->columns cells, which are copied. NULL is an empty cell. */
void table_add(struct table *table, const char *const *cells);
/** Prints within @width columns; bold headings when @colour. false when memory is short. */
bool table_print(const struct table *table, size_t width, bool colour, struct buffer *out);
void table_fini(struct table *table);

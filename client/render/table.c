/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/table.h"

#include "client/render/text.h"

#include <string.h>

#define GAP 2
#define NARROWEST 8

void table_fini(struct table *table)
{
	buffer_fini(&table->cells);
}

void table_add(struct table *table, const char *const *cells)
{
	for (size_t i = 0; i < table->columns; i++) {
		const char *cell = cells[i] ? cells[i] : "";

		buffer_append(&table->cells, cell, strlen(cell) + 1);
	}
	table->rows++;
}

/* Takes columns from the widest until the row fits, or nothing more can give way. */
static void widths_fit(const struct table *table, size_t *widths, size_t width, bool whole_too)
{
	size_t total = GAP * (table->columns - 1);

	for (size_t i = 0; i < table->columns; i++)
		total += widths[i];
	while (total > width) {
		size_t widest = table->columns;

		for (size_t i = 0; i < table->columns; i++)
			if ((whole_too || !table->whole[i]) &&
					(widest == table->columns ||
							widths[i] > widths[widest]))
				widest = i;
		if (widest == table->columns || widths[widest] <= NARROWEST)
			break;
		widths[widest]--;
		total--;
	}
}

static void row_print(const struct table *table, const char **cells, const size_t *widths,
		struct buffer *out)
{
	for (size_t i = 0; i < table->columns; i++) {
		struct slice cell = slice_from(cells[i]);
		size_t natural = text_width(cell);
		size_t used = natural < widths[i] ? natural : widths[i];
		bool last = i + 1 == table->columns;

		if (table->right[i])
			text_append_spaces(out, widths[i] - used);
		used = text_append_cut(out, cell, widths[i]);
		/* A wide character may leave the last column of a cut cell empty. */
		if (!last && !table->right[i])
			text_append_spaces(out, widths[i] - used);
		if (!last)
			text_append_spaces(out, GAP);
	}
	buffer_append_char(out, '\n');
}

bool table_print(const struct table *table, size_t width, bool colour, struct buffer *out)
{
	size_t widths[TABLE_COLUMNS] = { 0 };
	const char *cells[TABLE_COLUMNS];
	const char *at = table->cells.data;

	if (table->cells.failed)
		return false;
	for (size_t i = 0; i < table->columns; i++)
		widths[i] = text_width(slice_from(table->headings[i]));
	for (size_t row = 0; row < table->rows; row++) {
		for (size_t i = 0; i < table->columns; i++, at += strlen(at) + 1) {
			size_t needed = text_width(slice_from(at));

			if (needed > widths[i])
				widths[i] = needed;
		}
	}
	widths_fit(table, widths, width, false);
	widths_fit(table, widths, width, true);
	for (size_t i = 0; i < table->columns; i++)
		cells[i] = table->headings[i];
	if (colour)
		buffer_append_text(out, "\033[1m");
	row_print(table, cells, widths, out);
	if (colour)
		buffer_append_text(out, "\033[0m");
	for (size_t i = 0; i < table->columns; i++) {
		for (size_t j = 0; j < widths[i]; j++)
			buffer_append_text(out, "─");
		if (i + 1 < table->columns)
			text_append_spaces(out, GAP);
	}
	buffer_append_char(out, '\n');
	at = table->cells.data;
	for (size_t row = 0; row < table->rows; row++) {
		for (size_t i = 0; i < table->columns; i++, at += strlen(at) + 1)
			cells[i] = at;
		row_print(table, cells, widths, out);
	}
	return !out->failed;
}

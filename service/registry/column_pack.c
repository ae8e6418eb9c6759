/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/column_pack.h"

#include <assert.h>
#include <string.h>

/* --- packing ---------------------------------------------------------------------------------- */

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static uint8_t width_for(uint64_t most)
{
	if (most <= UINT8_MAX)
		return 1;
	if (most <= UINT16_MAX)
		return 2;
	return most <= UINT32_MAX ? 4 : 8;
}

/* Differences are taken modulo 2^64, so that any two figures have one. */
static void entry_scale(
		const struct column_values *values, unsigned rows, struct column_entry *entry)
{
	int64_t least = INT64_MAX;
	int64_t most = INT64_MIN;
	uint64_t divisor = 0;

	for (unsigned row = 0; row < rows; row++) {
		if (!column_bit_has(values->known, row))
			continue;
		least = values->figures[row] < least ? values->figures[row] : least;
		most = values->figures[row] > most ? values->figures[row] : most;
	}
	entry->base = least <= most ? least : 0;
	for (unsigned row = 0; row < rows && divisor != 1; row++) {
		if (column_bit_has(values->known, row))
			divisor = greatest_divisor(
					(uint64_t)values->figures[row] - (uint64_t)entry->base,
					divisor);
	}
	entry->scale = divisor ? divisor : 1;
	entry->width = width_for(
			least <= most ? ((uint64_t)most - (uint64_t)least) / entry->scale : 0);
}

/* The machine's own order: the head of the file tells which. */
static void append_figures(const struct column_values *values, unsigned rows,
		const struct column_entry *entry, struct buffer *out)
{
	char *to;

	if (!buffer_reserve(out, (size_t)rows * entry->width))
		return;
	to = out->data + out->size;
	for (unsigned row = 0; row < rows; row++, to += entry->width) {
		uint64_t u = 0;

		if (column_bit_has(values->known, row))
			u = ((uint64_t)values->figures[row] - (uint64_t)entry->base) /
			    entry->scale;
		memcpy(to, &u, entry->width);
	}
	out->size += (size_t)rows * entry->width;
}

static bool all_are_known(const uint64_t *known, unsigned rows)
{
	for (unsigned row = 0; row < rows; row++) {
		if (!column_bit_has(known, row))
			return false;
	}
	return true;
}

static struct column_entry entry_begin(
		const uint64_t *known, enum column_form form, unsigned rows, struct buffer *out)
{
	struct column_entry entry = { .scale = 1 };

	assert(rows > 0 && rows <= COLUMN_ROWS);
	entry.form = (uint8_t)form;
	entry.offset = (uint32_t)out->size;
	entry.all_known = all_are_known(known, rows);
	if (!entry.all_known)
		buffer_append(out, known, column_words(rows) * 8);
	return entry;
}

void column_pack(const struct column_values *values, enum column_form form, unsigned rows,
		struct buffer *out, struct column_entry *out_entry)
{
	struct column_entry entry = entry_begin(values->known, form, rows, out);

	if (form == COLUMN_BITS) {
		buffer_append(out, values->flags, column_words(rows) * 8);
	} else {
		entry_scale(values, rows, &entry);
		append_figures(values, rows, &entry, out);
	}
	entry.size = (uint32_t)(out->size - entry.offset);
	*out_entry = entry;
}

void column_pack_runs(struct column_runs *runs, enum column_form form, unsigned rows,
		struct buffer *out, struct column_entry *out_entry)
{
	struct column_entry entry = entry_begin(runs->known, form, rows, out);
	uint32_t end = runs->rows ? runs->ends[runs->rows - 1] : 0;

	while (runs->rows < rows)
		runs->ends[runs->rows++] = end;
	buffer_append(out, runs->ends, rows * sizeof(*runs->ends));
	buffer_append(out, runs->codes.data, runs->codes.size);
	buffer_append(out, runs->days.data, runs->days.size);
	buffer_append(out, runs->texts.data, runs->texts.size);
	entry.size = (uint32_t)(out->size - entry.offset);
	*out_entry = entry;
}

/* --- unpacking -------------------------------------------------------------------------------- */

static size_t known_size(const struct column_entry *entry, unsigned rows)
{
	return entry->all_known ? 0 : column_words(rows) * 8;
}

static const char *packed_body(
		const struct column_entry *entry, const char *packed, unsigned rows)
{
	return packed + known_size(entry, rows);
}

bool column_size_is_right(const struct column_entry *entry, unsigned rows)
{
	size_t known = known_size(entry, rows);

	switch (entry->form) {
	case COLUMN_BITS:
		return entry->size == known + column_words(rows) * 8;
	case COLUMN_FIGURES:
		return (entry->width == 1 || entry->width == 2 || entry->width == 4 ||
				       entry->width == 8) &&
		       entry->size == known + (size_t)entry->width * rows;
	case COLUMN_CODES:
	case COLUMN_TITLES:
	case COLUMN_TEXTS:
		return entry->size >= known + rows * sizeof(uint32_t);
	default:
		return false;
	}
}

void column_unpack_known(const struct column_entry *entry, const char *packed, unsigned rows,
		uint64_t *out_known)
{
	size_t words = column_words(rows);

	memset(out_known, 0, COLUMN_WORDS * sizeof(*out_known));
	if (!entry->all_known) {
		memcpy(out_known, packed, words * 8);
		return;
	}
	memset(out_known, 0xff, words * 8);
	if (rows % 64)
		out_known[words - 1] >>= 64 - rows % 64;
}

void column_unpack_flags(const struct column_entry *entry, const char *packed, unsigned rows,
		uint64_t *out_flags)
{
	memset(out_flags, 0, COLUMN_WORDS * sizeof(*out_flags));
	memcpy(out_flags, packed_body(entry, packed, rows), column_words(rows) * 8);
}

/* Sections are not aligned: narrow figures are copied out of them first. */
#define UNPACK_ROWS(narrow, target, wide)                                                      \
	do {                                                                                   \
		const char *from = packed_body(entry, packed, rows);                           \
		for (unsigned row = 0; row < rows; row++) {                                    \
			narrow u;                                                              \
			memcpy(&u, from + row * sizeof(u), sizeof(u));                         \
			(target)[row] = (wide)(base + scale * u);                              \
		}                                                                              \
	} while (0)

void column_unpack_figures(const struct column_entry *entry, const char *packed, unsigned rows,
		int64_t *out_figures)
{
	uint64_t base = (uint64_t)entry->base;
	uint64_t scale = entry->scale;

	switch (entry->width) {
	case 1:
		UNPACK_ROWS(uint8_t, out_figures, int64_t);
		break;
	case 2:
		UNPACK_ROWS(uint16_t, out_figures, int64_t);
		break;
	case 4:
		UNPACK_ROWS(uint32_t, out_figures, int64_t);
		break;
	default:
		UNPACK_ROWS(uint64_t, out_figures, int64_t);
		break;
	}
}

void column_unpack_codes(const struct column_entry *entry, const char *packed, unsigned rows,
		uint32_t *out_codes)
{
	uint64_t base = (uint64_t)entry->base;
	uint64_t scale = entry->scale;

	switch (entry->width) {
	case 1:
		UNPACK_ROWS(uint8_t, out_codes, uint32_t);
		break;
	case 2:
		UNPACK_ROWS(uint16_t, out_codes, uint32_t);
		break;
	case 4:
		UNPACK_ROWS(uint32_t, out_codes, uint32_t);
		break;
	default:
		UNPACK_ROWS(uint64_t, out_codes, uint32_t);
		break;
	}
}

static uint64_t word_at(const char *bitmap, unsigned row)
{
	uint64_t word;

	memcpy(&word, bitmap + row / 64 * 8, sizeof(word));
	return (word >> (row % 64)) & 1;
}

bool column_row_is_known(const struct column_entry *entry, const char *packed, unsigned row)
{
	return entry->all_known || word_at(packed, row);
}

int64_t column_unpack_row(const struct column_entry *entry, const char *packed, unsigned rows,
		unsigned row)
{
	const char *body = packed_body(entry, packed, rows);
	uint64_t u = 0;

	assert(row < rows);
	if (entry->form == COLUMN_BITS)
		return (int64_t)word_at(body, row);
	/* Low bytes first; see the head of the file. */
	memcpy(&u, body + (size_t)row * entry->width, entry->width);
	return (int64_t)((uint64_t)entry->base + entry->scale * u);
}

/* --- runs ------------------------------------------------------------------------------------- */

static uint32_t number_at(const char *numbers, size_t index)
{
	uint32_t number;

	memcpy(&number, numbers + index * sizeof(number), sizeof(number));
	return number;
}

void column_run_at(const struct column_run_view *view, unsigned row, uint32_t *out_from,
		uint32_t *out_until)
{
	*out_from = row ? number_at(view->ends, row - 1) : 0;
	*out_until = number_at(view->ends, row);
}

struct column_run_view column_open_runs(
		const struct column_entry *entry, const char *packed, unsigned rows)
{
	struct column_run_view view = { .ends = packed_body(entry, packed, rows) };
	uint32_t end = number_at(view.ends, rows - 1);

	view.codes = view.ends + rows * sizeof(uint32_t);
	if (entry->form == COLUMN_TEXTS) {
		view.texts = (struct slice){ view.codes, end };
	} else {
		view.count = end;
		view.days = view.codes + (size_t)end * sizeof(uint32_t);
	}
	return view;
}

bool column_view_runs(const struct column_entry *entry, const char *packed, unsigned rows,
		struct column_run_view *out_view)
{
	struct column_run_view view = column_open_runs(entry, packed, rows);
	size_t left = entry->size - known_size(entry, rows) - rows * sizeof(uint32_t);
	size_t each = entry->form == COLUMN_TITLES ? sizeof(uint32_t) + sizeof(int64_t)
						   : sizeof(uint32_t);
	uint32_t before = 0;

	for (unsigned row = 0; row < rows; row++) {
		uint32_t end = number_at(view.ends, row);

		if (end < before)
			return false;
		before = end;
	}
	*out_view = view;
	return left == (entry->form == COLUMN_TEXTS ? view.texts.size : view.count * each);
}

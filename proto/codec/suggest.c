/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the nearest name, in code points, so that one Chinese character counts as
 * one. */
#include "proto/codec/value_text.h"

#include <stdint.h>
#include <utf8proc.h>

#define SUGGEST_LONGEST 64

/* ASCII case and the choice between '-' and '_' do not count as mistakes. */
static int32_t fold(int32_t point)
{
	if (point >= 'A' && point <= 'Z')
		return point - 'A' + 'a';
	return point == '-' || point == ' ' ? '_' : point;
}

/* The folded code points; 0 when there are none, too many, or the text is not UTF-8. */
static size_t decode(struct slice text, int32_t out[SUGGEST_LONGEST])
{
	const unsigned char *bytes = (const unsigned char *)text.data;
	size_t count = 0;
	size_t at = 0;

	while (at < text.size) {
		utf8proc_int32_t point;
		utf8proc_ssize_t size = utf8proc_iterate(
				bytes + at, (utf8proc_ssize_t)(text.size - at), &point);

		if (size <= 0 || count == SUGGEST_LONGEST)
			return 0;
		out[count++] = fold(point);
		at += (size_t)size;
	}
	return count;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours. */
static size_t distance(const int32_t *a, size_t a_count, const int32_t *b, size_t b_count)
{
	size_t rows[3][SUGGEST_LONGEST + 1];
	size_t *before = rows[0];
	size_t *above = rows[1];
	size_t *row = rows[2];

	for (size_t j = 0; j <= b_count; j++)
		above[j] = before[j] = j;
	for (size_t i = 1; i <= a_count; i++) {
		size_t *free_row = before;

		row[0] = i;
		for (size_t j = 1; j <= b_count; j++) {
			size_t cost = above[j - 1] + (a[i - 1] != b[j - 1]);

			cost = least(cost, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost = least(cost, before[j - 2] + 1);
			row[j] = cost;
		}
		before = above;
		above = row;
		row = free_row;
	}
	return above[b_count];
}

const char *name_suggest(struct slice written, const char *const *names, size_t count)
{
	int32_t wanted[SUGGEST_LONGEST];
	size_t wanted_count = decode(written, wanted);
	const char *nearest = NULL;
	size_t nearest_distance = SIZE_MAX;

	if (wanted_count < 2)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		int32_t name[SUGGEST_LONGEST];
		size_t name_count = decode(slice_from(names[i]), name);
		size_t limit = 1 + least(wanted_count, name_count) / 4;
		size_t d;

		if (name_count == 0)
			continue;
		d = distance(wanted, wanted_count, name, name_count);
		/* Of a short name that shares nothing with what was written, one edit says
		 * nothing. */
		if (d >= name_count || d >= wanted_count)
			continue;
		/* What was typed only in part counts as near: "rd_exp" for "rd_expense". */
		if (d > limit && d == name_count - wanted_count && wanted_count >= 3 &&
				slice_starts_with(slice_from(names[i]), written))
			d = limit;
		if (d > limit || d >= nearest_distance)
			continue;
		nearest = names[i];
		nearest_distance = d;
	}
	return nearest;
}

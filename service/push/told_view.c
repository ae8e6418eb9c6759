/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     "PT" format block count series-count { series entry-count { row entry } } checksum
 *
 * Rows are the distance to the row before, numbers are varints of seven bits a byte, the checksum
 * is eight bytes over all before it.
 */
#include "push/told_view.h"

#include "base/map.h"
#include "push/told_internal.h"

#include <assert.h>
#include <string.h>

#define FORMAT 1
#define CHECKSUM_SIZE 8
/* Bytes at most of what stands before the series. */
#define HEAD_MOST (3 + 3 * TOLD_NUMBER_MOST)
/* And of what stands before the entry: a row is at most two bytes. */
#define ROW_MOST 2

/* --- reading --------------------------------------------------------------------------------- */

static uint64_t checksum_read(const char *data)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < CHECKSUM_SIZE; i++)
		sum |= (uint64_t)(unsigned char)data[i] << (8 * i);
	return sum;
}

/* Passes over a state that told_state_decode() will take. NULL when it would not. */
static const char *state_pass(const char *at, const char *end, unsigned *out_kind)
{
	uint64_t number;
	unsigned bits;

	if (at == end)
		return NULL;
	bits = (unsigned char)*at++;
	*out_kind = bits & TOLD_BITS_KIND;
	if (bits & ~TOLD_BITS_KNOWN)
		return NULL;
	if (bits & TOLD_BITS_VERSION) {
		at = told_number_take(at, end, &number);
		if (!at || number > TOLD_NAMES_MOST)
			return NULL;
	}
	if (bits & TOLD_BITS_AMOUNT) {
		at = at < end ? told_number_take(at + 1, end, &number) : NULL;
		at = at ? told_number_take(at, end, &number) : NULL;
		if (!at)
			return NULL;
	}
	if (bits & TOLD_BITS_WINDOW) {
		at = told_number_take(at, end, &number);
		if (!at || told_signed_of(number) < INT32_MIN ||
				told_signed_of(number) > INT32_MAX)
			return NULL;
	}
	return at;
}

static const char *entry_pass(const char *at, const char *end, struct told_mark *mark)
{
	unsigned aside, told, raised = TOLD_NOTHING;

	if (at == end)
		return NULL;
	aside = (unsigned char)*at++;
	if (aside > ASIDE_SUPPRESSED)
		return NULL;
	at = state_pass(at, end, &told);
	if (at && aside)
		at = state_pass(at, end, &raised);
	mark->kinds = (uint8_t)(aside | told << 2 | raised << 4);
	return at;
}

/* Marks the entries of one series, in row order, behind those that are there. */
static const char *series_pass(
		const char *at, const char *end, struct told_view *view, size_t capacity)
{
	uint64_t series, count, step, row = 0;

	at = told_number_take(at, end, &series);
	at = at ? told_number_take(at, end, &count) : NULL;
	if (!at || series > TOLD_NAMES_MOST || count > capacity - view->count ||
			series <= (view->series_count ? view->series[view->series_count - 1]
										  .series
						      : 0))
		return NULL;
	view->series[view->series_count++] =
			(struct told_series){ (uint32_t)series, (uint32_t)view->count };
	for (uint64_t i = 0; i < count; i++) {
		struct told_mark *mark = &view->marks[view->count];
		const char *entry;

		at = told_number_take(at, end, &step);
		if (!at || step > TOLD_ROWS || (i > 0 && step == 0))
			return NULL;
		row += step;
		entry = at;
		at = row < TOLD_ROWS ? entry_pass(at, end, mark) : NULL;
		if (!at)
			return NULL;
		mark->at = (uint32_t)(entry - view->blob.data);
		mark->row = (uint16_t)row;
		mark->size = (uint8_t)(at - entry);
		view->count++;
	}
	return at;
}

static_assert(TOLD_ENTRY_MOST <= UINT8_MAX, "sizes of entries must fit");

/* Behind the head of @blob; NULL: it is not one of @block. */
static const char *head_pass(const char *at, const char *end, int64_t block,
		uint64_t *out_count, uint64_t *out_series_count)
{
	uint64_t number;

	at = told_number_take(at, end, &number);
	if (!at || number != (uint64_t)block)
		return NULL;
	at = told_number_take(at, end, out_count);
	at = at ? told_number_take(at, end, out_series_count) : NULL;
	return at && *out_count <= (size_t)(end - at) && *out_series_count <= *out_count ? at
											 : NULL;
}

bool told_view_read(struct slice blob, int64_t block, struct arena *arena,
		struct told_view *out_view, struct error *err)
{
	struct told_view view = { .blob = blob };
	uint64_t count, series_count;
	const char *at, *end;

	*out_view = (struct told_view){ 0 };
	if (blob.size == 0)
		return true;
	if (blob.size < 3 + CHECKSUM_SIZE || blob.size > UINT32_MAX ||
			memcmp(blob.data, "PT", 2) != 0)
		goto damaged;
	end = blob.data + blob.size - CHECKSUM_SIZE;
	if (checksum_read(end) !=
			slice_hash((struct slice){ blob.data, (size_t)(end - blob.data) }))
		goto damaged;
	if (blob.data[2] != FORMAT)
		return error_set(err, ERROR_PRECONDITION,
				"what block %lld was told is in format %d, and we know %d",
				(long long)block, blob.data[2], FORMAT);
	at = head_pass(blob.data + 3, end, block, &count, &series_count);
	if (!at)
		goto damaged;
	view.marks = arena_alloc(arena, (count + 1) * sizeof(*view.marks));
	view.series = arena_alloc(arena, (series_count + 1) * sizeof(*view.series));
	if (!view.marks || !view.series)
		return arena_error(arena, err, "reading what a block was told");
	for (uint64_t i = 0; at && i < series_count; i++)
		at = series_pass(at, end, &view, count);
	if (!at || at != end || view.count != count)
		goto damaged;
	view.series[view.series_count] = (struct told_series){ 0, (uint32_t)view.count };
	*out_view = view;
	return true;
damaged:
	return error_set(
			err, ERROR_IO, "what block %lld was told is damaged", (long long)block);
}

/* --- entries --------------------------------------------------------------------------------- */

struct told_entry told_view_entry(const struct told_view *view, size_t series, size_t mark)
{
	const struct told_mark *from = &view->marks[mark];
	struct slice bytes = { view->blob.data + from->at + 1, from->size - (size_t)1 };
	struct told_entry entry = { .row = from->row,
		.aside = (uint8_t)told_mark_aside(from),
		.series = view->series[series].series };
	bool ok = told_state_decode(&bytes, &entry.told) &&
		  (!entry.aside || told_state_decode(&bytes, &entry.raised));

	/* It was passed over. */
	assert(ok && bytes.size == 0);
	return entry;
}

/* The first mark of a series that is of @row or behind it. */
static size_t mark_find(const struct told_view *view, size_t series, uint16_t row)
{
	size_t begin = view->series[series].begin, end = view->series[series + 1].begin;

	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;

		if (view->marks[middle].row < row)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

bool told_view_row(const struct told_view *view, uint16_t row, struct arena *arena,
		struct told_entry **out_entries, size_t *out_count)
{
	struct told_entry *entries =
			arena_alloc(arena, (view->series_count + 1) * sizeof(*entries));
	size_t count = 0;

	for (size_t i = 0; entries && i < view->series_count; i++) {
		size_t mark = mark_find(view, i, row);

		if (mark < view->series[i + 1].begin && view->marks[mark].row == row)
			entries[count++] = told_view_entry(view, i, mark);
	}
	*out_entries = entries;
	*out_count = count;
	return entries != NULL;
}

void told_view_mark_aside(const struct told_view *view, enum told_aside aside,
		uint64_t rows[TOLD_ROWS / 64])
{
	for (size_t i = 0; i < view->count; i++) {
		const struct told_mark *mark = &view->marks[i];

		if (told_mark_aside(mark) == aside)
			rows[mark->row / 64] |= UINT64_C(1) << mark->row % 64;
	}
}

/* --- writing --------------------------------------------------------------------------------- */

/* What comes out of a series, by its number. */
struct coming {
	uint32_t stays;	 /* entries of the view */
	uint32_t comes;	 /* of those over it that say something, */
	uint32_t begin;	 /* which stand here, in row order */
	uint32_t series; /* of the view, when it has any */
};

struct writing {
	const struct told_view *view;
	const uint64_t *replaced;
	struct coming *coming;
	uint32_t end; /* above every number */
	const struct told_entry **over;
	size_t total;
	size_t over_total;
	size_t series_count;
};

/* Its row is not replaced, and it says something. */
static bool mark_stays(const struct writing *writing, const struct told_mark *mark)
{
	return mark->kinds && !(writing->replaced[mark->row / 64] >> mark->row % 64 & 1);
}

static bool coming_init(
		struct writing *writing, const struct told_block *over, struct arena *arena)
{
	const struct told_view *view = writing->view;

	for (size_t i = 0; i < view->series_count; i++) {
		if (view->series[i].series >= writing->end)
			writing->end = view->series[i].series + 1;
	}
	for (size_t i = 0; i < over->count; i++) {
		assert(over->entries[i].series > 0 &&
				over->entries[i].series <= TOLD_NAMES_MOST);
		if (over->entries[i].series >= writing->end)
			writing->end = over->entries[i].series + 1;
	}
	writing->coming = ARENA_NEW_ARRAY(arena, struct coming, writing->end + 1);
	writing->over = ARENA_NEW_ARRAY(arena, const struct told_entry *, over->count + 1);
	return writing->coming && writing->over;
}

static void coming_count(struct writing *writing, const struct told_block *over)
{
	const struct told_view *view = writing->view;

	for (size_t i = 0; i < view->series_count; i++) {
		struct coming *coming = &writing->coming[view->series[i].series];

		coming->series = (uint32_t)i;
		for (size_t k = view->series[i].begin; k < view->series[i + 1].begin; k++)
			coming->stays += mark_stays(writing, &view->marks[k]);
	}
	for (size_t i = 0; i < over->count; i++)
		writing->coming[over->entries[i].series].comes +=
				!told_entry_is_empty(&over->entries[i]);
	for (uint32_t series = 0; series < writing->end; series++) {
		struct coming *coming = &writing->coming[series];

		coming->begin = (uint32_t)writing->over_total;
		writing->over_total += coming->comes;
		writing->total += coming->stays + coming->comes;
		writing->series_count += coming->stays || coming->comes;
	}
}

/* By series; each keeps the order of its rows. */
static void over_sort(struct writing *writing, const struct told_block *over)
{
	for (size_t i = 0; i < over->count; i++) {
		const struct told_entry *entry = &over->entries[i];

		if (!told_entry_is_empty(entry))
			writing->over[writing->coming[entry->series].begin++] = entry;
	}
	for (uint32_t series = 0; series < writing->end; series++)
		writing->coming[series].begin -= writing->coming[series].comes;
}

static char *entry_put(char *at, const struct told_entry *entry)
{
	*at++ = (char)entry->aside;
	at = told_state_put(at, &entry->told);
	return entry->aside ? told_state_put(at, &entry->raised) : at;
}

/* Two lists in row order, which have no row in common. */
static char *series_put(const struct writing *writing, uint32_t number, char *at)
{
	const struct coming *coming = &writing->coming[number];
	const struct told_view *view = writing->view;
	const struct told_entry *const *over = writing->over + coming->begin;
	const struct told_entry *const *over_end = over + coming->comes;
	const struct told_mark *mark = NULL, *end = NULL;
	uint16_t row = 0;

	if (coming->stays) {
		mark = view->marks + view->series[coming->series].begin;
		end = view->marks + view->series[coming->series + 1].begin;
	}
	at = told_number_put(at, number);
	at = told_number_put(at, coming->stays + coming->comes);
	while (mark < end || over < over_end) {
		if (mark < end && !mark_stays(writing, mark)) {
			mark++;
		} else if (over < over_end && (mark == end || (*over)->row < mark->row)) {
			at = told_number_put(at, (uint64_t)((*over)->row - row));
			row = (*over)->row;
			at = entry_put(at, *over++);
		} else {
			at = told_number_put(at, (uint64_t)(mark->row - row));
			row = mark->row;
			memcpy(at, view->blob.data + mark->at, mark->size);
			at += mark->size;
			mark++;
		}
	}
	return at;
}

/* The blob, in room for all that it may take. Its end. */
static char *blob_put(const struct writing *writing, int64_t block, char *at)
{
	*at++ = 'P';
	*at++ = 'T';
	*at++ = FORMAT;
	at = told_number_put(at, (uint64_t)block);
	at = told_number_put(at, writing->total);
	at = told_number_put(at, writing->series_count);
	for (uint32_t number = 1; number < writing->end; number++) {
		if (writing->coming[number].stays || writing->coming[number].comes)
			at = series_put(writing, number, at);
	}
	return at;
}

bool told_view_encode(const struct told_view *view, const uint64_t replaced[TOLD_ROWS / 64],
		const struct told_block *over, int64_t block, struct arena *arena,
		struct buffer *out)
{
	struct writing writing = { .view = view, .replaced = replaced };
	size_t begin = out->size;
	uint64_t sum;
	char *end;

	if (!coming_init(&writing, over, arena))
		return false;
	coming_count(&writing, over);
	if (writing.total == 0)
		return true;
	over_sort(&writing, over);
	if (!buffer_reserve(out,
			    HEAD_MOST + writing.series_count * (size_t)2 * TOLD_NUMBER_MOST +
					    view->blob.size + writing.total * ROW_MOST +
					    writing.over_total * TOLD_ENTRY_MOST +
					    CHECKSUM_SIZE))
		return false;
	end = blob_put(&writing, block, out->data + begin);
	sum = slice_hash(
			(struct slice){ out->data + begin, (size_t)(end - out->data) - begin });
	for (unsigned i = 0; i < CHECKSUM_SIZE; i++)
		*end++ = (char)(sum >> (8 * i));
	out->size = (size_t)(end - out->data);
	return true;
}

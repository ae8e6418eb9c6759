/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     "PT" format block series-count { series entry-count { row entry } } checksum
 *
 * Rows are the distance to the row before, numbers are varints of seven bits a byte, the checksum
 * is eight bytes over all before it.
 */
#include "push/told.h"

#include "base/map.h"

#include <assert.h>
#include <string.h>

#define FORMAT 1
#define CHECKSUM_SIZE 8
/* Bytes at most: of a number, a state, an entry, and what stands before the series. */
#define NUMBER_MOST 10
#define STATE_MOST (2 + 4 * NUMBER_MOST)
#define ENTRY_MOST (NUMBER_MOST + 1 + 2 * STATE_MOST)
#define HEAD_MOST (3 + 3 * NUMBER_MOST)

/* Bits of the byte that opens a state. */
#define STATE_KIND 0x03u
#define STATE_DISTANCE 0x04u
#define STATE_AMOUNT 0x08u
#define STATE_WINDOW 0x10u
#define STATE_VERSION 0x20u
#define STATE_KNOWN 0x3fu

bool told_state_equals(const struct told_state *a, const struct told_state *b)
{
	return a->kind == b->kind && a->distance == b->distance && a->version == b->version &&
	       a->window_end == b->window_end && a->amount.exactness == b->amount.exactness &&
	       a->amount.least == b->amount.least && a->amount.most == b->amount.most;
}

bool told_entry_is_empty(const struct told_entry *entry)
{
	return entry->told.kind == TOLD_NOTHING && entry->aside == ASIDE_NONE;
}

/* --- numbers --------------------------------------------------------------------------------- */

/* Writers give where to go on; there is room. */
static char *number_put(char *at, uint64_t number)
{
	while (number >= 0x80) {
		*at++ = (char)(number | 0x80);
		number >>= 7;
	}
	*at++ = (char)number;
	return at;
}

void told_number_encode(uint64_t number, struct buffer *out)
{
	char room[NUMBER_MOST];

	buffer_append(out, room, (size_t)(number_put(room, number) - room));
}

bool told_number_decode(struct slice *bytes, uint64_t *out_number)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 64 && bytes->size; shift += 7) {
		unsigned char byte = (unsigned char)*bytes->data;

		bytes->data++;
		bytes->size--;
		if (shift == 63 && byte > 1)
			return false;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*out_number = number;
			return true;
		}
	}
	return false;
}

/* Small ones of either sign are short. */
static char *signed_put(char *at, int64_t number)
{
	return number_put(at, ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0));
}

static bool signed_decode(struct slice *bytes, int64_t *out_number)
{
	uint64_t number;

	if (!told_number_decode(bytes, &number))
		return false;
	*out_number = (int64_t)((number >> 1) ^ (number & 1 ? UINT64_MAX : 0));
	return true;
}

static bool byte_decode(struct slice *bytes, unsigned *out_byte)
{
	if (!bytes->size)
		return false;
	*out_byte = (unsigned char)*bytes->data;
	bytes->data++;
	bytes->size--;
	return true;
}

/* --- states ---------------------------------------------------------------------------------- */

static char *state_put(char *at, const struct told_state *state)
{
	const struct told_amount *amount = &state->amount;
	bool has_amount = amount->exactness || amount->least || amount->most;

	*at++ = (char)(state->kind | (state->distance ? STATE_DISTANCE : 0) |
			(has_amount ? STATE_AMOUNT : 0) |
			(state->window_end ? STATE_WINDOW : 0) |
			(state->version ? STATE_VERSION : 0));
	if (state->version)
		at = number_put(at, state->version);
	if (has_amount) {
		*at++ = (char)amount->exactness;
		at = signed_put(at, amount->least);
		at = signed_put(at,
				(int64_t)((uint64_t)amount->most - (uint64_t)amount->least));
	}
	if (state->window_end)
		at = signed_put(at, state->window_end);
	return at;
}

void told_state_encode(const struct told_state *state, struct buffer *out)
{
	char room[STATE_MOST];

	buffer_append(out, room, (size_t)(state_put(room, state) - room));
}

static bool amount_decode(struct slice *bytes, struct told_amount *out_amount)
{
	unsigned exactness;
	int64_t span;

	if (!byte_decode(bytes, &exactness) || !signed_decode(bytes, &out_amount->least) ||
			!signed_decode(bytes, &span))
		return false;
	out_amount->exactness = (uint8_t)exactness;
	out_amount->most = (int64_t)((uint64_t)out_amount->least + (uint64_t)span);
	return true;
}

bool told_state_decode(struct slice *bytes, struct told_state *out_state)
{
	struct told_state state = { 0 };
	uint64_t version = 0;
	int64_t window_end = 0;
	unsigned bits;

	if (!byte_decode(bytes, &bits) || bits & ~STATE_KNOWN)
		return false;
	state.kind = bits & STATE_KIND;
	state.distance = bits & STATE_DISTANCE;
	if ((bits & STATE_VERSION && (!told_number_decode(bytes, &version) ||
						     version > TOLD_NAMES_MOST)) ||
			(bits & STATE_AMOUNT && !amount_decode(bytes, &state.amount)) ||
			(bits & STATE_WINDOW && (!signed_decode(bytes, &window_end) ||
								window_end < INT32_MIN ||
								window_end > INT32_MAX)))
		return false;
	state.version = (uint32_t)version;
	state.window_end = (int32_t)window_end;
	*out_state = state;
	return true;
}

/* --- reading a blob -------------------------------------------------------------------------- */

static uint64_t checksum_read(const char *data)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < CHECKSUM_SIZE; i++)
		sum |= (uint64_t)(unsigned char)data[i] << (8 * i);
	return sum;
}

/* The entries of one series, in row order, behind those that are there. */
static bool series_decode(struct slice *bytes, struct told_block *block, size_t capacity)
{
	uint64_t series, count, step;
	uint64_t row = 0;

	if (!told_number_decode(bytes, &series) || series == 0 || series > TOLD_NAMES_MOST ||
			!told_number_decode(bytes, &count) || count > capacity - block->count)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		struct told_entry *entry = &block->entries[block->count];
		unsigned aside;

		if (!told_number_decode(bytes, &step) || step > TOLD_ROWS ||
				(i > 0 && step == 0))
			return false;
		row += step;
		if (row >= TOLD_ROWS || !byte_decode(bytes, &aside) || aside > ASIDE_SUPPRESSED)
			return false;
		*entry = (struct told_entry){ .row = (uint16_t)row,
			.series = (uint32_t)series,
			.aside = (uint8_t)aside };
		if (!told_state_decode(bytes, &entry->told) ||
				(aside && !told_state_decode(bytes, &entry->raised)))
			return false;
		block->count++;
	}
	return true;
}

/* From (series, row) order to (row, series) order: each row keeps the order of its series. */
static bool entries_by_row(struct told_block *block, struct arena *arena)
{
	struct told_entry *sorted = arena_alloc(arena, (block->count + 1) * sizeof(*sorted));
	size_t starts[TOLD_ROWS + 1] = { 0 };

	if (!sorted)
		return false;
	for (size_t i = 0; i < block->count; i++)
		starts[block->entries[i].row + 1]++;
	for (size_t row = 0; row < TOLD_ROWS; row++)
		starts[row + 1] += starts[row];
	for (size_t i = 0; i < block->count; i++)
		sorted[starts[block->entries[i].row]++] = block->entries[i];
	block->entries = sorted;
	return true;
}

bool told_decode(struct slice blob, int64_t block, struct arena *arena,
		struct told_block *out_block, struct error *err)
{
	struct told_block result = { 0 };
	struct slice bytes = blob;
	uint64_t number, series_count, capacity;
	bool ok;

	*out_block = result;
	if (blob.size == 0)
		return true;
	if (blob.size < 3 + CHECKSUM_SIZE || memcmp(blob.data, "PT", 2) != 0)
		goto damaged;
	bytes.size -= CHECKSUM_SIZE;
	if (checksum_read(bytes.data + bytes.size) != slice_hash(bytes))
		goto damaged;
	if (bytes.data[2] != FORMAT)
		return error_set(err, ERROR_PRECONDITION,
				"what block %lld was told is in format %d, and we know %d",
				(long long)block, bytes.data[2], FORMAT);
	bytes.data += 3;
	bytes.size -= 3;
	if (!told_number_decode(&bytes, &number) || number != (uint64_t)block ||
			!told_number_decode(&bytes, &capacity) || capacity > bytes.size ||
			!told_number_decode(&bytes, &series_count))
		goto damaged;
	result.entries = arena_alloc(arena, (capacity + 1) * sizeof(*result.entries));
	if (!result.entries)
		return arena_error(arena, err, "reading what a block was told");
	ok = true;
	for (uint64_t i = 0; ok && i < series_count; i++)
		ok = series_decode(&bytes, &result, capacity);
	if (!ok || bytes.size || result.count != capacity)
		goto damaged;
	if (!entries_by_row(&result, arena))
		return arena_error(arena, err, "reading what a block was told");
	*out_block = result;
	return true;
damaged:
	return error_set(
			err, ERROR_IO, "what block %lld was told is damaged", (long long)block);
}

/* --- writing a blob -------------------------------------------------------------------------- */

/* How many entries a series has that say something, by its number. */
struct series_counts {
	size_t *counts;
	size_t *starts;
	uint32_t end; /* above every number */
	size_t total;
	size_t series;
};

static bool series_count(
		const struct told_block *told, struct arena *arena, struct series_counts *out)
{
	for (size_t i = 0; i < told->count; i++) {
		assert(told->entries[i].series > 0 &&
				told->entries[i].series <= TOLD_NAMES_MOST);
		if (told->entries[i].series >= out->end)
			out->end = told->entries[i].series + 1;
	}
	out->counts = ARENA_NEW_ARRAY(arena, size_t, out->end + 1);
	out->starts = ARENA_NEW_ARRAY(arena, size_t, out->end + 1);
	if (!out->counts || !out->starts)
		return false;
	for (size_t i = 0; i < told->count; i++) {
		if (told_entry_is_empty(&told->entries[i]))
			continue;
		out->total++;
		out->series += out->counts[told->entries[i].series]++ == 0;
	}
	for (uint32_t series = 1; series < out->end; series++)
		out->starts[series] = out->starts[series - 1] + out->counts[series - 1];
	return true;
}

static char *series_put(char *at, const struct told_entry *const *entries, uint32_t series,
		size_t count)
{
	uint16_t row = 0;

	at = number_put(at, series);
	at = number_put(at, count);
	for (size_t i = 0; i < count; i++) {
		assert(i == 0 || entries[i]->row > row);
		at = number_put(at, (uint64_t)(entries[i]->row - row));
		row = entries[i]->row;
		*at++ = (char)entries[i]->aside;
		at = state_put(at, &entries[i]->told);
		if (entries[i]->aside)
			at = state_put(at, &entries[i]->raised);
	}
	return at;
}

/* The blob, in room for all that it may take. Its end. */
static char *blob_put(char *at, int64_t block, const struct series_counts *series,
		const struct told_entry *const *sorted)
{
	*at++ = 'P';
	*at++ = 'T';
	*at++ = FORMAT;
	at = number_put(at, (uint64_t)block);
	at = number_put(at, series->total);
	at = number_put(at, series->series);
	for (uint32_t number = 1; number < series->end; number++) {
		size_t count = series->counts[number];

		if (count)
			at = series_put(at, sorted + series->starts[number] - count, number,
					count);
	}
	return at;
}

bool told_encode(const struct told_block *told, int64_t block, struct arena *arena,
		struct buffer *out)
{
	struct series_counts series = { 0 };
	const struct told_entry **sorted;
	size_t begin = out->size;
	uint64_t sum;
	char *end;

	if (!series_count(told, arena, &series))
		return false;
	if (series.total == 0)
		return true;
	sorted = ARENA_NEW_ARRAY(arena, const struct told_entry *, series.total);
	if (!sorted)
		return false;
	for (size_t i = 0; i < told->count; i++) {
		const struct told_entry *entry = &told->entries[i];

		if (!told_entry_is_empty(entry))
			sorted[series.starts[entry->series]++] = entry;
	}
	if (!buffer_reserve(out, HEAD_MOST + series.series * (size_t)2 * NUMBER_MOST +
						 series.total * ENTRY_MOST + CHECKSUM_SIZE))
		return false;
	end = blob_put(out->data + begin, block, &series, sorted);
	sum = slice_hash(
			(struct slice){ out->data + begin, (size_t)(end - out->data) - begin });
	for (unsigned i = 0; i < CHECKSUM_SIZE; i++)
		*end++ = (char)(sum >> (8 * i));
	out->size = (size_t)(end - out->data);
	return true;
}

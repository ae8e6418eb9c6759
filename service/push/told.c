/* SPDX-License-Identifier: Apache-2.0 */
/* States and numbers as bytes, and a whole block; told_view.c has what lies in a blob. */
#include "push/told_view.h"

#include "push/told_internal.h"

#include <assert.h>
#include <string.h>

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

void told_number_encode(uint64_t number, struct buffer *out)
{
	char room[TOLD_NUMBER_MOST];

	buffer_append(out, room, (size_t)(told_number_put(room, number) - room));
}

bool told_number_decode(struct slice *bytes, uint64_t *out_number)
{
	const char *end = bytes->data + bytes->size;
	const char *at = told_number_take(bytes->data, end, out_number);

	if (at)
		*bytes = (struct slice){ at, (size_t)(end - at) };
	return at != NULL;
}

static char *signed_put(char *at, int64_t number)
{
	return told_number_put(at, ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0));
}

static bool signed_decode(struct slice *bytes, int64_t *out_number)
{
	uint64_t number;

	if (!told_number_decode(bytes, &number))
		return false;
	*out_number = told_signed_of(number);
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

char *told_state_put(char *at, const struct told_state *state)
{
	const struct told_amount *amount = &state->amount;
	bool has_amount = amount->exactness || amount->least || amount->most;

	*at++ = (char)(state->kind | (state->distance ? TOLD_BITS_DISTANCE : 0) |
			(has_amount ? TOLD_BITS_AMOUNT : 0) |
			(state->window_end ? TOLD_BITS_WINDOW : 0) |
			(state->version ? TOLD_BITS_VERSION : 0));
	if (state->version)
		at = told_number_put(at, state->version);
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
	char room[TOLD_STATE_MOST];

	buffer_append(out, room, (size_t)(told_state_put(room, state) - room));
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

	if (!byte_decode(bytes, &bits) || bits & ~TOLD_BITS_KNOWN)
		return false;
	state.kind = bits & TOLD_BITS_KIND;
	state.distance = bits & TOLD_BITS_DISTANCE;
	if ((bits & TOLD_BITS_VERSION && (!told_number_decode(bytes, &version) ||
							 version > TOLD_NAMES_MOST)) ||
			(bits & TOLD_BITS_AMOUNT && !amount_decode(bytes, &state.amount)) ||
			(bits & TOLD_BITS_WINDOW && (!signed_decode(bytes, &window_end) ||
								    window_end < INT32_MIN ||
								    window_end > INT32_MAX)))
		return false;
	state.version = (uint32_t)version;
	state.window_end = (int32_t)window_end;
	*out_state = state;
	return true;
}

/* --- a whole block --------------------------------------------------------------------------- */

/* From (series, row) order to (row, series) order: each row keeps the order of its series. */
static void entries_fill(const struct told_view *view, struct told_entry *out)
{
	size_t starts[TOLD_ROWS + 1] = { 0 };

	for (size_t i = 0; i < view->count; i++)
		starts[view->marks[i].row + 1]++;
	for (size_t row = 0; row < TOLD_ROWS; row++)
		starts[row + 1] += starts[row];
	for (size_t i = 0; i < view->series_count; i++) {
		for (size_t k = view->series[i].begin; k < view->series[i + 1].begin; k++)
			out[starts[view->marks[k].row]++] = told_view_entry(view, i, k);
	}
}

bool told_decode(struct slice blob, int64_t block, struct arena *arena,
		struct told_block *out_block, struct error *err)
{
	struct told_view view;

	if (!told_view_read(blob, block, arena, &view, err))
		return false;
	*out_block = (struct told_block){ .count = view.count };
	out_block->entries = arena_alloc(arena, (view.count + 1) * sizeof(*out_block->entries));
	if (!out_block->entries)
		return arena_error(arena, err, "reading what a block was told");
	entries_fill(&view, out_block->entries);
	return true;
}

bool told_encode(const struct told_block *told, int64_t block, struct arena *arena,
		struct buffer *out)
{
	static const uint64_t none[TOLD_ROWS / 64];

	return told_view_encode(&(struct told_view){ 0 }, none, told, block, arena, out);
}

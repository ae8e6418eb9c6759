/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks searched by all threads, and what they found put together in order.
 *
 * By id a search with a limit looks at nobody behind the last one that it tells. Where that is, is known
 * only when the blocks before have been counted: a block that was looked at too far is done again.
 */
#include "registry/find_internal.h"

#include "base/memory.h"

#include <string.h>

#define ROW_MEMORY ((size_t)64 << 20)

/* --- one block, on any thread ----------------------------------------------------------------- */

static bool seat_begin(const struct find *find, struct find_seat *seat, struct error *err)
{
	arena_init(&seat->row, ROW_MEMORY);
	seat->heap.most = find->kept_most;
	seat->narrow[0] = (struct narrow){ .catalog = find->catalog, .region = find->region };
	seat->narrow[1] =
			(struct narrow){ .catalog = find->catalog, .industry = find->industry };
	seat->reader = column_reader_new(find->options.cache, find->options.sequence,
			find->wants, find->all_want_count, err);
	seat->work = seat->reader ? sweep_work_new(find->sweep, err) : NULL;
	return seat->work != NULL;
}

void find_seat_fini(struct find_seat *seat)
{
	column_reader_free(seat->reader);
	sweep_work_free(seat->work);
	kept_fini(&seat->heap);
	narrow_fini(&seat->narrow[0]);
	narrow_fini(&seat->narrow[1]);
	arena_fini(&seat->row);
}

void find_piece_fini(struct find_piece *piece)
{
	find_sums_fini(&piece->sums);
	buffer_fini(&piece->found);
}

static void verdicts_count(const struct sweep_work *work, int64_t counts[VERDICT_COUNT])
{
	for (int verdict = VERDICT(UNSPECIFIED) + 1; verdict < VERDICT_COUNT; verdict++) {
		uint64_t rows[SWEEP_WORDS];

		if (!sweep_verdict(work, 0, (Policycalc__V1__Verdict)verdict, rows))
			continue;
		for (size_t i = 0; i < SWEEP_WORDS; i++)
			counts[verdict] += __builtin_popcountll(rows[i]);
	}
}

/* Those asked for, and those that may be near. */
static void rows_choose(const struct find *find, const struct sweep_work *work,
		uint64_t *out_asked, uint64_t *out_near)
{
	uint64_t rows[SWEEP_WORDS];

	memset(out_asked, 0, SWEEP_WORDS * sizeof(*out_asked));
	memset(out_near, 0, SWEEP_WORDS * sizeof(*out_near));
	for (int verdict = VERDICT(UNSPECIFIED) + 1; verdict < VERDICT_COUNT; verdict++) {
		if (!find->verdicts[verdict] ||
				!sweep_verdict(work, 0, (Policycalc__V1__Verdict)verdict, rows))
			continue;
		for (size_t i = 0; i < SWEEP_WORDS; i++)
			out_asked[i] |= rows[i];
	}
	if (!find->near || find->verdicts[VERDICT(INELIGIBLE)] ||
			!sweep_verdict(work, 0, VERDICT(INELIGIBLE), out_near))
		return;
	for (size_t k = 0; k < sweep_condition_count(find->sweep, 0); k++) {
		if (find->condition_may_turn[k] ||
				!sweep_condition_status(work, 0, k,
						POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_NOT_MET,
						rows))
			continue;
		for (size_t i = 0; i < SWEEP_WORDS; i++)
			out_near[i] &= ~rows[i];
	}
}

static bool block_search(const struct find *find, struct find_seat *seat,
		struct find_piece *piece, int64_t block, struct error *err)
{
	uint64_t rows[SWEEP_WORDS];
	uint64_t asked[SWEEP_WORDS];
	uint64_t near[SWEEP_WORDS];
	uint64_t ineligible[SWEEP_WORDS] = { 0 };
	struct sweep_source source;

	if (!column_reader_enter(seat->reader, block, &source, err))
		return false;
	memcpy(rows, column_reader_present(seat->reader), sizeof(rows));
	if (!find_narrow(find, seat, &source, rows, err) ||
			!sweep_block(seat->work, &source, rows, err))
		return false;
	verdicts_count(seat->work, piece->sums.counts);
	rows_choose(find, seat->work, asked, near);
	/* Who has it would be searched for cliffs, which nobody has asked for. */
	if (find->near && !sweep_verdict(seat->work, 0, VERDICT(INELIGIBLE), ineligible))
		memset(ineligible, 0, sizeof(ineligible));
	for (unsigned row = 0; row < source.row_count; row++) {
		bool is_asked = column_bit_has(asked, row);
		const struct find_row chosen = {
			.row = row,
			.id = block * COLUMN_ROWS + row + 1,
			.asks_near = column_bit_has(ineligible, row),
			.only_if_near = !is_asked,
		};

		if (!is_asked && !column_bit_has(near, row))
			continue;
		if (piece->sums.told >= piece->room) {
			piece->sums.left_out += is_asked;
			continue;
		}
		if (!find_look(find, seat, piece, &source, &chosen, err))
			return false;
	}
	return true;
}

static bool on_block(void *context, unsigned at, int64_t block, struct error *err)
{
	struct find *find = context;
	struct find_seat *seat = &find->seats[at];
	struct find_piece *piece = &find->pieces[block - find->first];

	find_sums_fini(&piece->sums);
	find_sums_init(&piece->sums);
	buffer_clear(&piece->found);
	return (seat->work || seat_begin(find, seat, err)) &&
	       block_search(find, seat, piece, block, err);
}

/* --- in order, where the step is -------------------------------------------------------------- */

/* How many may still be told; kept ones are told at the end. */
static int64_t room_left(const struct find *find)
{
	if (find->request->sort > POLICYCALC__V1__FIND_SORT__FIND_SORT_ID ||
			!find->request->limit)
		return INT64_MAX;
	return find->request->limit - find->sums.told;
}

static bool piece_tell(struct find *find, const struct find_piece *piece, struct error *err)
{
	size_t at = 0;

	while (at < piece->found.size) {
		uint32_t size;

		memcpy(&size, piece->found.data + at, sizeof(size));
		at += sizeof(size);
		if (!find->options.found(find->options.context,
				    (struct slice){ piece->found.data + at, size }, err))
			return false;
		at += size;
	}
	return true;
}

static bool piece_join(struct find *find, int64_t block, struct error *err)
{
	struct find_piece *piece = &find->pieces[block - find->first];
	int64_t room = room_left(find);

	if (piece->room != room && piece->sums.told >= room) {
		piece->room = room;
		if (!crew_run(find->options.crew, block, block + 1, on_block, find, err))
			return false;
	}
	return piece_tell(find, piece, err) && find_sums_join(&find->sums, &piece->sums, err);
}

static bool kept_tell(struct find *find, struct error *err)
{
	struct kept_heap *heap = &find->seats[0].heap;

	heap->most = find->kept_most;
	for (unsigned i = 1; i < find->seat_count; i++) {
		if (!kept_join(heap, &find->seats[i].heap))
			return error_set(err, ERROR_MEMORY,
					"out of memory while keeping enterprises");
	}
	kept_sort(heap);
	for (size_t i = 0; i < heap->count; i++) {
		if (!find->options.found(find->options.context, heap->list[i].bytes, err))
			return false;
		find->sums.told++;
	}
	if (find->request->sort > POLICYCALC__V1__FIND_SORT__FIND_SORT_ID)
		find->sums.left_out = find->sums.fitting - find->sums.told;
	return true;
}

bool find_step(struct find *find, bool *out_more, struct error *err)
{
	int64_t count = (find->options.last_id + COLUMN_ROWS - 1) / COLUMN_ROWS;
	int64_t end = find->block + (int64_t)find->piece_count;

	*out_more = find->block < count;
	if (!*out_more)
		return kept_tell(find, err);
	if (end > count)
		end = count;
	find->first = find->block;
	for (int64_t block = find->first; block < end; block++)
		find->pieces[block - find->first].room = room_left(find);
	if (!crew_run(find->options.crew, find->first, end, on_block, find, err))
		return false;
	for (int64_t block = find->first; block < end; block++) {
		if (!piece_join(find, block, err))
			return false;
	}
	find->block = end;
	return true;
}

int64_t find_done(const struct find *find)
{
	int64_t done = find->block * COLUMN_ROWS;

	return done < find->options.last_id ? done : find->options.last_id;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From values to rows. Kind after kind and without branches that would be guessed wrong: with few policies
 * this is most of the work.
 */
#include "rules/match_work.h"
#include "rules/plane.h"

#include <string.h>

/* Into each of the clones. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* With fewer blocks, rows are joined as soon as they are chosen. */
#define CHOICE_LEAST 8

typedef int64_t two_edges __attribute__((vector_size(16), aligned(8), may_alias));
typedef int64_t four_edges __attribute__((vector_size(32), aligned(8), may_alias));

/* How many of eight edges @value reaches. */
static ALWAYS_INLINE uint32_t edges_reached(const int64_t *edges, int64_t value)
{
	const four_edges *fours = (const four_edges *)(const void *)edges;
	const four_edges values = { value, value, value, value };
	/* Each that is not reached counts -1. */
	four_edges beyond = (four_edges)(fours[0] > values) + (four_edges)(fours[1] > values);
	two_edges both = __builtin_shufflevector(beyond, beyond, 0, 1) +
			 __builtin_shufflevector(beyond, beyond, 2, 3);

	return (uint32_t)MATCH_EIGHT + (uint32_t)(both[0] + both[1]);
}

static ALWAYS_INLINE void cell_put(uint32_t *restrict rows, const struct match_reader *reader,
		bool known, uint32_t cell)
{
	rows[reader->stream] += known ? cell * reader->stride : reader->unknown;
}

/* Where the edges of a number are searched at all of them: none waits for another. Bits of states that are not KNOWN. */
PLANE_CLONES
static unsigned numbers_enter(const struct match_index *index, const struct match_value *values,
		uint32_t *restrict rows, uint32_t *restrict cells)
{
	const struct match_number *numbers = index->numbers;
	const struct match_reader *readers = index->readers;
	const int64_t *lasts = index->edges;
	unsigned other = 0;

	for (uint32_t i = 0; i < index->number_count; i++, lasts += MATCH_EDGES) {
		const struct match_value *value = &values[readers[i].slot];
		int64_t integer = value->integer;
		uint32_t cell = (uint32_t)MATCH_EIGHT * edges_reached(lasts, integer);

		cell += edges_reached(lasts + MATCH_EIGHT + cell, integer);
		cell = cell < numbers[i].edge_count ? cell : numbers[i].edge_count;
		cells[i] = cell;
		other |= (unsigned)value->state ^ MATCH_KNOWN;
		cell_put(rows, &readers[i], value->state == MATCH_KNOWN, cell);
	}
	return other;
}

/*
 * How many of the first @count thresholds, or all behind them that are less, @value reaches. As many are looked at for
 * every cell of a number, so that nothing is to be guessed: those behind the cell are not reached.
 */
static ALWAYS_INLINE uint32_t thresholds_reached(
		const int64_t *thresholds, uint32_t count, int64_t value)
{
	uint32_t low = 0;

	while (count > MATCH_EIGHT) {
		uint32_t half = (count + 1) / 2;

		low += half & -(uint32_t)(thresholds[low + half - 1] <= value);
		count -= half;
	}
	return low + edges_reached(thresholds + low, value);
}

/* The ranks of numbers in whose cells there may be borders. */
PLANE_CLONES
static void ranks_enter(const struct match_index *index, const struct match_value *values,
		const uint32_t *restrict cells, uint32_t *restrict ranks)
{
	for (uint32_t i = 0; i < index->number_count; i++) {
		const struct match_number *number = &index->numbers[i];
		uint32_t rank;

		if (!number->sides)
			continue;
		rank = number->starts[cells[i]];
		rank += thresholds_reached(&number->thresholds[rank], number->inside_most,
				values[index->readers[i].slot].integer);
		/* The greatest number reaches what follows the last threshold, too. */
		ranks[i] = rank < number->threshold_count ? rank : number->threshold_count;
	}
}

/* Puts bits among vetoes and grants. */
static ALWAYS_INLINE void sides_enter(
		struct match_work *work, const uint32_t *restrict side, size_t count)
{
	uint64_t *restrict vetoes = work->vetoes;
	uint32_t *restrict touched = work->touched;
	size_t touched_count = work->touched_count;
	size_t most = work->touched_most;

	for (size_t i = 0; i < count; i++) {
		vetoes[side[i] / 64] |= UINT64_C(1) << (side[i] % 64);
		touched[touched_count] = side[i] / 64;
		touched_count += touched_count < most;
	}
	work->touched_count = touched_count;
}

/* Those with two thresholds within the cell. */
static void cuts_enter(struct match_work *work, const struct match_part *part, uint32_t cell,
		uint32_t rank)
{
	for (uint32_t i = part->border_starts[cell]; i < part->border_starts[cell + 1]; i++) {
		const struct match_border *border = &part->borders[i];

		if (rank >= border->from && rank < border->until)
			sides_enter(work, &border->at, 1);
	}
}

/*
 * Positions that the cell of a number does not rule out, but this one does; in an "or" those that it makes hold. Some
 * are listed before they are entered: of few it is not asked how many there are.
 */
PLANE_CLONES
static void borders_enter(struct match_work *work, const struct match_value *values)
{
	const struct match_index *index = work->index;
	uint32_t *restrict listed = work->sides;
	size_t count = 0;

	for (uint32_t i = 0; i < index->number_count; i++) {
		const struct match_number *number = &index->numbers[i];
		bool known = values[index->readers[i].slot].state == MATCH_KNOWN;
		const uint32_t *sides;
		size_t more;

		if (!number->sides)
			continue;
		sides = number->sides + number->ranks[work->ranks[i]].begin;
		more = number->ranks[work->ranks[i]].end - number->ranks[work->ranks[i]].begin;
		more = known ? more : 0;
		if (more > MATCH_SIDES_LISTED) {
			sides_enter(work, sides, more);
			more = 0;
		}
		if (count > MATCH_SIDES_LISTED) {
			sides_enter(work, listed, count);
			count = 0;
		}
		memcpy(listed + count, sides, MATCH_SIDES_STEP * sizeof(*sides));
		for (size_t k = MATCH_SIDES_STEP; k < more; k += MATCH_SIDES_STEP)
			memcpy(listed + count + k, sides + k,
					MATCH_SIDES_STEP * sizeof(*sides));
		count += more;
		if (number->cut && known)
			cuts_enter(work, number->cut, work->cells[i], work->ranks[i]);
	}
	sides_enter(work, listed, count);
}

/* Those behind numbers. Bits of states that are not KNOWN. */
static unsigned readers_enter(
		struct match_work *work, const struct match_value *restrict values)
{
	const struct match_index *index = work->index;
	const struct match_reader *restrict reader = index->readers + index->code_first;
	const struct match_reader *end = index->readers + index->members_first;
	uint32_t *restrict rows = work->stream_rows;
	unsigned other = 0;

	for (; reader < end; reader++) {
		const struct match_value *value = &values[reader->slot];
		bool known = value->state == MATCH_KNOWN;
		uint32_t text = value->code < reader->known ? value->code : reader->known;
		uint32_t cell = reader->text_cells[text];

		if (known && cell == UINT32_MAX) {
			work->odd_slots[work->odd_slot_count++] =
					index->slots[reader->slot].mention;
			known = false;
		}
		other |= (unsigned)value->state ^ MATCH_KNOWN;
		cell_put(rows, reader, known, cell);
	}
	for (end = index->readers + index->flag_first; reader < end; reader++) {
		const struct match_value *value = &values[reader->slot];

		other |= (unsigned)value->state ^ MATCH_KNOWN;
		cell_put(rows, reader, value->state == MATCH_KNOWN,
				(uint32_t)(value->codes >> reader->known) & reader->mask);
	}
	for (end = index->readers + index->reader_count; reader < end; reader++) {
		const struct match_value *value = &values[reader->slot];

		other |= (unsigned)value->state ^ MATCH_KNOWN;
		cell_put(rows, reader, value->state == MATCH_KNOWN, value->integer != 0);
	}
	return other;
}

PLANE_CLONES
static void streams_enter(const struct match_index *index, const uint32_t *restrict numbers,
		const uint64_t **restrict rows)
{
	const uint64_t *first = index->rows;
	size_t step = match_row_step(index);

	for (uint32_t i = 0; i < index->read_count; i++)
		rows[i] = first + numbers[i] * step;
}

/* Slots that have no value, or an odd one. */
static void states_enter(struct match_work *work, const struct match_value *restrict values)
{
	const struct match_asked *restrict asked = work->index->asked;
	uint32_t *restrict unknown = work->unknown;
	uint32_t *restrict odd = work->odd_slots;
	size_t unknown_count = 0, odd_count = work->odd_slot_count;

	for (uint32_t i = 0; i < work->index->mention_count; i++) {
		enum match_state state = values[asked[i].slot].state;

		if (state == MATCH_KNOWN)
			continue;
		unknown[unknown_count] = odd[odd_count] = i;
		unknown_count += state == MATCH_UNKNOWN;
		odd_count += state == MATCH_ODD;
	}
	work->unknown_count = unknown_count;
	work->odd_slot_count = odd_count;
}

/* Leaves out the rows that let everything pass; but one when there are no others. */
static void rows_choose(struct match_work *work)
{
	uint32_t streams = work->index->read_count;
	uint32_t all = work->index->row_count;
	uint32_t count = 0;

	for (uint32_t i = 0; i < streams; i++) {
		work->known_rows[count] = work->rows[i];
		work->known_numbers[count] = work->stream_rows[i];
		count += work->stream_rows[i] != all;
	}
	work->join_rows = work->known_rows;
	work->join_numbers = work->known_numbers;
	work->join_count = count ? count : 1;
}

void match_values_enter(struct match_work *work, const struct match_value *values)
{
	const struct match_index *index = work->index;
	unsigned other;

	work->unknown_count = work->odd_slot_count = 0;
	memcpy(work->stream_rows, index->stream_rows,
			index->read_count * sizeof(*work->stream_rows));
	other = numbers_enter(index, values, work->stream_rows, work->cells);
	other |= readers_enter(work, values);
	streams_enter(index, work->stream_rows, work->rows);
	if (work->join_rows != work->rows)
		match_work_join_all(work);
	if (other) {
		states_enter(work, values);
		if (index->block_count >= CHOICE_LEAST)
			rows_choose(work);
	}
	if (index->has_borders) {
		ranks_enter(index, values, work->cells, work->ranks);
		borders_enter(work, values);
	}
}

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

/* Of more, halves are left out first. */
#define THRESHOLDS_AT_ONCE 32
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

/* How many of @count ascending thresholds @value reaches. A few are all looked at: none waits for another. */
static ALWAYS_INLINE uint32_t thresholds_reached(
		const int64_t *thresholds, uint32_t count, int64_t value)
{
	uint32_t low = 0;
	uint64_t reached = 0;

	while (count > THRESHOLDS_AT_ONCE) {
		uint32_t half = (count + 1) / 2;

		low += half & -(uint32_t)(thresholds[low + half - 1] <= value);
		count -= half;
	}
	for (uint32_t i = 0; i < count; i++)
		reached += thresholds[low + i] <= value;
	return low + (uint32_t)reached;
}

/* The ranks of numbers in whose cells there may be borders. */
PLANE_CLONES
static void ranks_enter(const struct match_index *index, const struct match_value *values,
		const uint32_t *restrict cells, uint32_t *restrict ranks)
{
	for (uint32_t i = 0; i < index->number_count; i++) {
		const struct match_part *part = index->numbers[i].part;
		uint32_t first;

		if (!part)
			continue;
		first = part->starts[cells[i]];
		ranks[i] = first + thresholds_reached(&part->thresholds[first],
						   part->starts[cells[i] + 1] - first - 1,
						   values[index->readers[i].slot].integer);
	}
}

/* Puts bits among vetoes and grants. */
static void sides_enter(struct match_work *work, const uint32_t *side, const uint32_t *end)
{
	uint64_t *restrict vetoes = work->vetoes;
	uint32_t *restrict touched = work->touched;
	size_t count = work->touched_count;

	for (; side < end; side++) {
		vetoes[*side / 64] |= UINT64_C(1) << (*side % 64);
		touched[count] = *side / 64;
		count += count < MATCH_TOUCHED_MOST;
	}
	work->touched_count = count;
}

/* Positions that the cell does not rule out, but this value does; in an "or" those that it makes hold. */
static void borders_veto(struct match_work *work, const struct match_part *part, uint32_t cell,
		uint32_t rank)
{
	const struct match_border *border = &part->borders[part->border_starts[cell]];
	const struct match_border *end = &part->borders[part->border_starts[cell + 1]];

	/* Those within the cell that are reached, and those that are not. */
	sides_enter(work, part->sides + part->ranks[part->starts[cell] + 1].from,
			part->sides + part->ranks[rank + 1].from);
	sides_enter(work, part->sides + part->ranks[rank + 1].below,
			part->sides + part->ranks[part->starts[cell + 1]].below);
	for (; border < end; border++) {
		if (rank >= border->from && rank < border->until)
			sides_enter(work, &border->at, &border->at + 1);
	}
}

static void borders_enter(struct match_work *work, const struct match_value *values)
{
	const struct match_index *index = work->index;

	ranks_enter(index, values, work->cells, work->ranks);
	for (uint32_t i = 0; i < index->number_count; i++) {
		const struct match_part *part = index->numbers[i].part;
		uint32_t cell = work->cells[i];

		/* A cell of one rank has none. */
		if (part && part->starts[cell + 1] - part->starts[cell] > 1 &&
				values[index->readers[i].slot].state == MATCH_KNOWN)
			borders_veto(work, part, cell, work->ranks[i]);
	}
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
	if (index->has_borders)
		borders_enter(work, values);
}

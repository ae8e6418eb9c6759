/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From values to rows. Kind after kind and without branches that would be guessed wrong: with few policies
 * this is most of the work.
 */
#include "rules/match_work.h"
#include "rules/plane.h"

#include <string.h>

/* Cells of all numbers: how many edges each reaches. One step of all, then the next: none waits. */
PLANE_CLONES
static void numbers_enter(const struct match_index *index, const struct match_value *values,
		int64_t *restrict integers, uint32_t *restrict cells)
{
	const struct match_number *numbers = index->numbers;
	const int64_t *edges = index->edges;
	uint32_t count = index->number_count;
	unsigned halves = index->halves;

	for (uint32_t i = 0; i < count; i++) {
		integers[i] = values[numbers[i].slot].integer;
		cells[i] = 0;
	}
	for (uint32_t step = (1U << halves) / 2; step; step /= 2) {
		for (uint32_t i = 0; i < count; i++)
			cells[i] += step &
				    -(uint32_t)(edges[(i << halves) + cells[i] + step - 1] <=
						    integers[i]);
	}
	for (uint32_t i = 0; i < count; i++)
		cells[i] = cells[i] < numbers[i].edge_count ? cells[i] : numbers[i].edge_count;
}

/* How many of @count ascending thresholds @value reaches. */
static uint32_t thresholds_reached(const int64_t *thresholds, uint32_t count, int64_t value)
{
	uint32_t low = 0;

	while (count > 0) {
		uint32_t half = (count + 1) / 2;

		low += half & -(uint32_t)(thresholds[low + half - 1] <= value);
		count -= half;
	}
	return low;
}

/* Positions that the cell does not rule out, but this value does; in an "or" the other way round. */
static void borders_veto(struct match_work *work, const struct match_number *number,
		uint32_t cell, int64_t value)
{
	const struct match_part *part = number->part;
	const struct match_border *border = &part->borders[number->border_starts[cell]];
	const struct match_border *end = &part->borders[number->border_starts[cell + 1]];
	uint32_t first = part->starts[cell];
	size_t grants = match_row_words(work->index) * 64;
	uint64_t *restrict vetoes = work->vetoes;
	uint32_t *restrict touched = work->touched;
	size_t count = work->touched_count;
	uint32_t rank = first + thresholds_reached(&part->thresholds[first],
						part->starts[cell + 1] - first - 1, value);

	for (; border < end; border++) {
		bool from = rank >= border->from;
		bool until = rank < border->until;
		bool wraps = border->from > border->until;
		bool in = (from & until) | (wraps & (from | until));
		bool grant = border->at >= grants;

		vetoes[border->at / 64] |= (uint64_t)(in == grant) << (border->at % 64);
		touched[count] = border->at / 64;
		count += count < MATCH_TOUCHED_MOST;
	}
	work->touched_count = count;
}

static void borders_enter(struct match_work *work, const struct match_value *values)
{
	const struct match_index *index = work->index;
	const struct match_number *numbers = index->numbers;

	for (uint32_t i = 0; i < index->number_count; i++) {
		uint32_t cell = work->cells[i];

		if (numbers[i].part &&
				numbers[i].border_starts[cell] !=
						numbers[i].border_starts[cell + 1] &&
				values[numbers[i].slot].state == MATCH_KNOWN)
			borders_veto(work, &numbers[i], cell, work->integers[i]);
	}
}

/* The row of each stream as it comes together. */
struct entering {
	uint32_t *restrict rows;
	uint8_t *restrict known;
};

static inline void cell_put(const struct entering *entering, const struct match_reader *reader,
		bool known, uint32_t cell)
{
	cell = known ? cell : reader->unknown;
	entering->rows[reader->stream] += cell * reader->stride;
	entering->known[reader->stream] |= known;
}

static void readers_enter(struct match_work *work, const struct match_value *restrict values)
{
	const struct match_index *index = work->index;
	const struct match_reader *restrict reader = index->readers;
	const struct match_reader *end = reader + index->code_first;
	const struct entering entering = { work->stream_rows, work->stream_known };
	const uint32_t *restrict cells = work->cells;

	for (; reader < end; reader++)
		cell_put(&entering, reader, values[reader->slot].state == MATCH_KNOWN,
				*cells++);
	for (end = index->readers + index->members_first; reader < end; reader++) {
		const struct match_value *value = &values[reader->slot];
		bool known = value->state == MATCH_KNOWN;
		uint32_t text = value->code < reader->known ? value->code : reader->known;
		uint32_t cell = reader->text_cells[text];

		if (known && cell == UINT32_MAX) {
			work->odd_slots[work->odd_slot_count++] =
					index->slots[reader->slot].mention;
			known = false;
		}
		cell_put(&entering, reader, known, cell);
	}
	for (end = index->readers + index->flag_first; reader < end; reader++) {
		const struct match_value *value = &values[reader->slot];

		cell_put(&entering, reader, value->state == MATCH_KNOWN,
				(uint32_t)(value->codes >> reader->known) & reader->mask);
	}
	for (end = index->readers + index->reader_count; reader < end; reader++) {
		const struct match_value *value = &values[reader->slot];

		cell_put(&entering, reader, value->state == MATCH_KNOWN, value->integer != 0);
	}
}

static size_t streams_enter(const struct match_index *index, const uint32_t *restrict row,
		const uint8_t *restrict known, const uint64_t **restrict rows,
		const uint64_t **restrict any_rows, const uint64_t **restrict summaries)
{
	size_t words = match_row_words(index);
	size_t any_words = match_any_words(index);
	size_t count = 0;

	for (uint32_t i = 0; i < index->stream_count; i++) {
		rows[count] = index->rows + row[i] * words;
		any_rows[i] = index->any_rows +
			      (known[i] ? row[i] : index->row_count) * any_words;
		summaries[count] = index->summaries + row[i] * index->summary_words;
		__builtin_prefetch(rows[count]);
		__builtin_prefetch(any_rows[i]);
		count += known[i];
	}
	return count;
}

/* Slots that have no value, or an odd one. */
static void states_enter(struct match_work *work, const struct match_value *restrict values)
{
	const struct match_asked *restrict asked = work->index->asked;
	uint32_t *restrict unknown = work->unknown;
	uint32_t *restrict odd = work->odd_slots;
	size_t unknown_count = 0, odd_count = 0;

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

void match_values_enter(struct match_work *work, const struct match_value *values)
{
	const struct match_index *index = work->index;

	states_enter(work, values);
	numbers_enter(index, values, work->integers, work->cells);
	memcpy(work->stream_rows, index->stream_rows,
			index->stream_count * sizeof(*work->stream_rows));
	memcpy(work->stream_known, index->stream_known,
			index->stream_count * sizeof(*work->stream_known));
	readers_enter(work, values);
	work->row_count = streams_enter(index, work->stream_rows, work->stream_known,
			work->rows, work->any_rows, work->summaries);
	if (index->has_borders)
		borders_enter(work, values);
}

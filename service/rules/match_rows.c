/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows, block after block. Of a stream of one part a position is put where it goes in or out from
 * one cell to the next, and rows are made of that by adding up; of a merged stream it is taken out of
 * the rows that rule it out.
 */
#include "rules/match_internal.h"

#include "base/memory.h"

#include <string.h>

#define LINE ((size_t)64)

/* --- rows -------------------------------------------------------------------------------------- */

/* The block at hand, and what each set does to its rows. */
struct filling {
	struct match_build *build;
	uint64_t *lines; /* by row */
	struct match_run *
			turns; /* by set: cells at which it goes in or out; of merged streams its
				    cells as bits */
	uint32_t *cells;
	uint32_t *several; /* by policy: its number among those with several positions */
};

static uint32_t rank_cell(const struct match_part *part, uint32_t rank)
{
	uint32_t low = 0, high = part->cell_count - 1;

	while (low < high) {
		uint32_t middle = (low + high + 1) / 2;

		if (part->starts[middle] <= rank)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* Whether any value of the cell is in the set. */
static void set_cells(const struct match_build *build, const struct match_set *set, bool *out)
{
	const struct match_part *part = &build->index->parts[set->part];
	const uint64_t *words = match_set_words(build, set);

	memset(out, 0, part->cell_count * sizeof(*out));
	if (part->kind == PART_NUMBER) {
		for (uint32_t i = 0; i < set->count; i++) {
			uint32_t from = rank_cell(part, (uint32_t)words[i]);
			uint32_t last = rank_cell(part, (uint32_t)(words[i] >> 32) - 1);

			memset(out + from, 1, last + 1 - from);
		}
		return;
	}
	for (uint32_t c = 0; c < part->cell_count; c++) {
		uint32_t at = part->kind == PART_CODE ? part->cell_texts[c] : c;

		out[c] = (words[at / 64] >> (at % 64)) & 1;
	}
}

static bool turns_build(struct filling *filling)
{
	struct match_build *build = filling->build;
	struct match_list cells = { 0 };
	uint32_t most = 1;
	bool *in;

	for (uint32_t i = 0; i < build->index->part_count; i++) {
		if (build->index->parts[i].cell_count > most)
			most = build->index->parts[i].cell_count;
	}
	in = arena_alloc(&build->arena, most + 1);
	filling->turns =
			ARENA_NEW_ARRAY(&build->arena, struct match_run, build->sets.count + 1);
	if (!in || !filling->turns)
		return false;
	for (uint32_t i = 0; i < build->sets.count; i++) {
		const struct match_set *set = match_set_at(build, i);
		const struct match_part *part = &build->index->parts[set->part];
		uint32_t *room = match_list_room(&cells, part->cell_count, sizeof(*room));
		bool merged = build->index->streams[part->stream].merged;
		uint32_t count = merged ? 1 : 0;

		if (!room) {
			memory_free(cells.data);
			return false;
		}
		set_cells(build, set, in);
		if (merged)
			room[0] = 0;
		for (uint32_t c = 0; c < part->cell_count; c++) {
			if (merged)
				room[0] |= in[c] ? 1U << c : 0U;
			else if (in[c] != (c ? in[c - 1] : true))
				room[count++] = c;
		}
		filling->turns[i] = (struct match_run){ (uint32_t)cells.count, count };
		cells.count += count;
	}
	filling->cells = cells.data;
	return true;
}

static void position_put(struct filling *filling, size_t at, const struct match_run *run)
{
	const struct match_build *build = filling->build;
	const struct match_index *index = build->index;
	const uint32_t *entries = (const uint32_t *)build->entries.data + run->first;
	size_t word = at / 64 % MATCH_WORDS;
	uint64_t bit = UINT64_C(1) << (at % 64);

	for (uint32_t i = 0; i < run->count; i++) {
		const struct match_part *part =
				&index->parts[match_set_at(build, entries[i])->part];
		const struct match_stream *stream = &index->streams[part->stream];
		const struct match_run *turns = &filling->turns[entries[i]];
		const uint32_t *cells = &filling->cells[turns->first];
		uint64_t *lines = filling->lines + stream->row_first * MATCH_WORDS + word;

		index->mentions[index->slots[part->slot].mention * match_row_words(index) +
				at / 64] |= bit;
		if (!stream->merged) {
			for (uint32_t k = 0; k < turns->count; k++)
				lines[cells[k] * MATCH_WORDS] ^= bit;
			continue;
		}
		for (uint32_t row = 0; row < stream->row_count; row++) {
			uint32_t cell = row / part->stride % (part->cell_count + 1);

			if (cell < part->cell_count && !((cells[0] >> cell) & 1))
				lines[row * MATCH_WORDS] &= ~bit;
		}
	}
}

/* Rows of one part from where it turns; then all of the block to their places. */
static void block_store(const struct filling *filling, size_t block, const uint64_t *valid)
{
	const struct match_index *index = filling->build->index;

	for (uint32_t s = 0; s < index->stream_count; s++) {
		const struct match_stream *stream = &index->streams[s];
		uint64_t *lines = filling->lines + stream->row_first * MATCH_WORDS;

		for (uint32_t row = 0; row < stream->row_count; row++) {
			uint64_t *line = lines + row * MATCH_WORDS;
			uint64_t *out = index->rows +
					(stream->row_first + row) * match_row_words(index) +
					block * MATCH_WORDS;
			uint64_t any = 0;

			for (size_t w = 0; w < MATCH_WORDS; w++) {
				if (row && !stream->merged)
					line[w] ^= line[w - MATCH_WORDS];
				out[w] = line[w] & valid[w];
				any |= out[w];
			}
			if (any)
				index->summaries[(stream->row_first + row) *
								 index->summary_words +
						 block / 64] |= UINT64_C(1) << (block % 64);
		}
	}
}

static void block_fill(struct filling *filling, size_t block)
{
	struct match_build *build = filling->build;
	struct match_index *index = build->index;
	size_t first = block * MATCH_BLOCK;
	size_t end = first + MATCH_BLOCK;
	uint64_t valid[MATCH_WORDS] = { 0 };

	if (end > index->position_count)
		end = index->position_count;
	for (uint32_t s = 0; s < index->stream_count; s++) {
		const struct match_stream *stream = &index->streams[s];
		uint64_t *lines = filling->lines + stream->row_first * MATCH_WORDS;
		uint32_t full = stream->merged ? stream->row_count : 1;

		memset(lines, 0, stream->row_count * LINE);
		memset(lines, 0xFF, full * LINE);
	}
	for (size_t at = first; at < end; at++) {
		const struct match_position *position = match_position_at(build, at);
		uint64_t bit = UINT64_C(1) << (at % 64);

		index->policies[at] = position->special ? filling->several[position->policy]
							: position->policy;
		valid[at / 64 % MATCH_WORDS] |= bit;
		if (position->special)
			index->special[at / 64] |= bit;
		if (position->open)
			index->open[at / 64] |= bit;
		index->has_open |= position->open;
		position_put(filling, at, &position->run);
	}
	block_store(filling, block, valid);
}

/* --- borders ----------------------------------------------------------------------------------- */

/* How a set stands within one cell: none, all, or the ranks between two. */
static bool set_is_partial(const struct match_part *part, const uint64_t *words, uint32_t count,
		uint32_t cell, struct match_border *out, bool *out_odd)
{
	uint32_t low = part->starts[cell];
	uint32_t high = part->starts[cell + 1];
	uint32_t found = 0;
	uint32_t from[2] = { 0 };
	uint32_t until[2] = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		uint32_t begin = (uint32_t)words[i];
		uint32_t end = (uint32_t)(words[i] >> 32);

		begin = begin < low ? low : begin;
		end = end > high ? high : end;
		if (begin >= end)
			continue;
		if (found < 2) {
			from[found] = begin;
			until[found] = end;
		}
		found++;
	}
	*out_odd = false;
	if (found == 0 || (found == 1 && from[0] == low && until[0] == high))
		return false;
	if (found == 1) {
		out->from = from[0];
		out->until = until[0];
	} else if (found == 2 && from[0] == low && until[1] == high) {
		/* All but a piece between them. */
		out->from = from[1];
		out->until = until[0];
	} else {
		*out_odd = true;
	}
	return true;
}

static void bit_put(uint64_t *bits, size_t at)
{
	bits[at / 64] |= UINT64_C(1) << (at % 64);
}

/* The borders of one entry: into ->borders, or (NULL) only counted. */
static void entry_borders(struct match_build *build, uint32_t at, const struct match_set *set)
{
	struct match_index *index = build->index;
	struct match_part *part = &index->parts[set->part];
	const uint64_t *words = match_set_words(build, set);
	uint32_t last = UINT32_MAX;

	for (uint32_t i = 0; i < 2 * set->count; i++) {
		uint32_t rank = (uint32_t)(i % 2 ? words[i / 2] >> 32 : words[i / 2]);
		struct match_border border = { .position = at };
		uint32_t cell;
		bool odd;

		if (rank > part->threshold_count)
			continue;
		cell = rank_cell(part, rank);
		if (cell == last || part->starts[cell] == rank)
			continue;
		last = cell;
		if (!set_is_partial(part, words, set->count, cell, &border, &odd))
			continue;
		if (odd) {
			bit_put(index->open, at);
			index->has_open = true;
		} else if (part->borders) {
			part->borders[part->border_starts[cell]++] = border;
		} else {
			part->border_starts[cell + 1]++;
		}
	}
}

static void borders_walk(struct match_build *build)
{
	for (uint32_t at = 0; at < build->index->position_count; at++) {
		const struct match_run *run = &match_position_at(build, at)->run;
		const uint32_t *entries = (const uint32_t *)build->entries.data + run->first;

		for (uint32_t i = 0; i < run->count; i++) {
			const struct match_set *set = match_set_at(build, entries[i]);

			if (build->index->parts[set->part].border_starts)
				entry_borders(build, at, set);
		}
	}
}

static bool borders_build(struct match_build *build)
{
	struct match_index *index = build->index;

	for (uint32_t i = 0; i < index->part_count; i++) {
		struct match_part *part = &index->parts[i];

		if (part->kind != PART_NUMBER)
			continue;
		if (part->cell_count == part->threshold_count + 1) {
			memory_free(part->thresholds);
			part->thresholds = NULL;
			continue;
		}
		part->border_starts = memory_alloc_zero(
				part->cell_count + 2, sizeof(*part->border_starts));
		if (!part->border_starts)
			return false;
		index->has_borders = true;
	}
	if (!index->has_borders)
		return true;
	borders_walk(build);
	for (uint32_t i = 0; i < index->part_count; i++) {
		struct match_part *part = &index->parts[i];

		if (!part->border_starts)
			continue;
		for (uint32_t c = 0; c < part->cell_count; c++)
			part->border_starts[c + 1] += part->border_starts[c];
		index->border_count += part->border_starts[part->cell_count];
		part->borders = memory_alloc((part->border_starts[part->cell_count] + 1) *
					     sizeof(*part->borders));
		if (!part->borders)
			return false;
	}
	borders_walk(build);
	for (uint32_t i = 0; i < index->part_count; i++) {
		uint32_t *starts = index->parts[i].border_starts;

		if (!starts)
			continue;
		/* Each has come to where the next began. */
		memmove(starts + 1, starts, index->parts[i].cell_count * sizeof(*starts));
		starts[0] = 0;
	}
	return true;
}

/* --- all --------------------------------------------------------------------------------------- */

static bool rooms_build(struct match_build *build)
{
	struct match_index *index = build->index;
	size_t words;

	index->position_count = (uint32_t)build->positions.count;
	index->block_count = (index->position_count + MATCH_BLOCK - 1) / MATCH_BLOCK;
	index->summary_words = (index->block_count + 63) / 64;
	words = match_row_words(index);
	index->policies = memory_alloc((index->position_count + 1) * sizeof(*index->policies));
	index->row_room = memory_alloc(index->row_count * words * sizeof(uint64_t) + LINE);
	index->summaries = memory_alloc_zero(
			index->row_count * index->summary_words + 1, sizeof(uint64_t));
	index->mentions = memory_alloc_zero(index->mention_count * words + 1, sizeof(uint64_t));
	index->special = memory_alloc_zero(words + 1, sizeof(uint64_t));
	index->open = memory_alloc_zero(words + 1, sizeof(uint64_t));
	if (!index->policies || !index->row_room || !index->summaries || !index->mentions ||
			!index->special || !index->open)
		return false;
	index->rows = (uint64_t *)(((uintptr_t)index->row_room + LINE - 1) & ~(LINE - 1));
	return true;
}

/* Numbers the policies that stand in several positions, or are open. */
static bool several_build(struct filling *filling)
{
	struct match_build *build = filling->build;
	struct match_index *index = build->index;
	uint32_t count = 0;

	filling->several = ARENA_NEW_ARRAY(&build->arena, uint32_t, index->policy_count + 1);
	if (!filling->several)
		return false;
	for (size_t i = 0; i < index->position_count; i++) {
		const struct match_position *position = match_position_at(build, i);

		if (position->special && !filling->several[position->policy])
			filling->several[position->policy] = ++count;
	}
	index->several_words = count / 64 + 1;
	index->several = memory_alloc((count + 1) * sizeof(*index->several));
	if (!index->several)
		return false;
	for (uint32_t i = 0; i < index->policy_count; i++) {
		if (filling->several[i])
			index->several[--filling->several[i]] = i;
	}
	return true;
}

bool match_rows_build(struct match_build *build)
{
	struct match_index *index = build->index;
	struct filling filling = { .build = build };
	bool ok = match_cells_build(build) && match_streams_build(index) &&
		  rooms_build(build) && several_build(&filling) && turns_build(&filling);

	if (ok)
		filling.lines = memory_alloc(index->row_count * LINE + LINE);
	ok = ok && filling.lines;
	for (size_t block = 0; ok && block < index->block_count; block++)
		block_fill(&filling, block);
	memory_free(filling.lines);
	memory_free(filling.cells);
	return ok && borders_build(build) && match_streams_sort(index) &&
	       match_readers_build(index);
}

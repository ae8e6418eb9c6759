/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows, block after block. Of a stream of one part a position is put where it goes in or out from
 * one cell to the next, and rows are made of that by adding up; of a merged stream it is taken out of
 * the rows that rule it out.
 */
#include "rules/match_internal.h"

#include "base/memory.h"

#include <string.h>
#include <sys/mman.h>

#define LINE ((size_t)64)
#define LARGE_PAGE ((uintptr_t)2 << 20)

/* --- rows -------------------------------------------------------------------------------------- */

/* The block at hand, and what each set does to its rows. */
struct filling {
	struct match_build *build;
	uint64_t *lines; /* by row */
	uint64_t *any_lines;
	bool *in; /* by cell of a part, for a moment */
	struct match_run *
			turns; /* by set: cells at which it goes in or out; of merged streams its
				    cells as bits */
	uint32_t *cells;
	uint32_t *several; /* by policy: its number among those with several positions */
};

uint32_t match_rank_cell(const struct match_part *part, uint32_t rank)
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

/* Whether any value of the cell is in the set, or every one. */
static void set_cells(const struct match_build *build, const struct match_set *set, bool every,
		bool *out)
{
	const struct match_part *part = &build->index->parts[set->part];
	const uint64_t *words = match_set_words(build, set);

	memset(out, 0, part->cell_count * sizeof(*out));
	for (uint32_t i = 0; part->kind == PART_NUMBER && i < set->count; i++) {
		uint32_t begin = RANKS_FROM(words[i]);
		uint32_t end = RANKS_UNTIL(words[i]);
		uint32_t from = match_rank_cell(part, begin);
		uint32_t last = match_rank_cell(part, end - 1);

		if (every && part->starts[from] < begin)
			from++;
		if (!every || part->starts[last + 1] <= end)
			last++;
		if (from < last)
			memset(out + from, 1, last - from);
	}
	for (uint32_t c = 0; part->kind != PART_NUMBER && c < part->cell_count; c++) {
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
	in = filling->in = arena_alloc(&build->arena, most + 1);
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
		set_cells(build, set, false, in);
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

/* All rows of a merged stream with one cell of one of its parts. */
static void cell_put(const struct match_stream *stream, const struct match_part *part,
		uint32_t cell, uint64_t bit, uint64_t *lines)
{
	uint32_t step = part->stride * (part->cell_count + 1);

	for (uint32_t row = cell * part->stride; row < stream->row_count; row += step) {
		for (uint32_t i = 0; i < part->stride; i++)
			lines[(row + i) * MATCH_WORDS] |= bit;
	}
}

static void cell_cut(const struct match_stream *stream, const struct match_part *part,
		uint32_t cell, uint64_t bit, uint64_t *lines)
{
	uint32_t step = part->stride * (part->cell_count + 1);

	for (uint32_t row = cell * part->stride; row < stream->row_count; row += step) {
		for (uint32_t i = 0; i < part->stride; i++)
			lines[(row + i) * MATCH_WORDS] &= ~bit;
	}
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
		for (uint32_t c = 0; c < part->cell_count; c++) {
			if (!((cells[0] >> c) & 1))
				cell_cut(stream, part, c, bit, lines);
		}
	}
}

/* A position with an "or": in the rows of all that makes it hold. */
static void position_put_any(struct filling *filling, size_t at, const struct match_run *run)
{
	const struct match_build *build = filling->build;
	const struct match_index *index = build->index;
	const uint32_t *entries = (const uint32_t *)build->entries.data + run->first;
	size_t word = at / 64 % MATCH_WORDS;
	uint64_t bit = UINT64_C(1) << (at % 64);

	for (uint32_t i = 0; i < run->count; i++) {
		const struct match_set *set = match_set_at(build, entries[i]);
		const struct match_part *part = &index->parts[set->part];
		const struct match_stream *stream = &index->streams[part->stream];
		uint64_t *lines = filling->any_lines + stream->row_first * MATCH_WORDS + word;

		index->any_mentions[index->slots[part->slot].mention * match_any_words(index) +
				    at / 64 - index->any_block * MATCH_WORDS] |= bit;
		set_cells(build, set, true, filling->in);
		if (!stream->merged) {
			for (uint32_t c = 0; c < part->cell_count; c++) {
				if (filling->in[c])
					lines[c * MATCH_WORDS] |= bit;
			}
			continue;
		}
		for (uint32_t c = 0; c < part->cell_count; c++) {
			if (filling->in[c])
				cell_put(stream, part, c, bit, lines);
		}
	}
}

/* Rows of one part from where it turns; then all of the block to their places. */
static void block_store(const struct filling *filling, size_t block, const uint64_t *valid)
{
	const struct match_index *index = filling->build->index;
	uint64_t *all;

	for (uint32_t s = 0; s < index->stream_count; s++) {
		const struct match_stream *stream = &index->streams[s];
		uint64_t *lines = filling->lines + stream->row_first * MATCH_WORDS;

		for (uint32_t row = 0; row < stream->row_count; row++) {
			uint64_t *line = lines + row * MATCH_WORDS;
			uint64_t *out = index->rows +
					(stream->row_first + row) * match_row_step(index) +
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
	all = index->rows + index->row_count * match_row_step(index);
	memcpy(all + block * MATCH_WORDS, valid, LINE);
	if (block < index->any_block)
		return;
	for (uint32_t row = 0; row < index->row_count; row++)
		memcpy(index->rows + row * match_row_step(index) + match_row_words(index) +
						(block - index->any_block) * MATCH_WORDS,
				filling->any_lines + row * MATCH_WORDS, LINE);
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
	memset(filling->any_lines, 0, block < index->any_block ? 0 : index->row_count * LINE);
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

		index->policies[at] = position->special ? filling->several[position->policy] |
									  MATCH_SPECIAL
							: position->policy;
		valid[at / 64 % MATCH_WORDS] |= bit;
		if (position->open)
			index->open[at / 64] |= bit;
		index->has_special |= position->special;
		index->has_open |= position->open;
		position_put(filling, at, &position->way.all);
		position_put_any(filling, at, &position->way.any);
	}
	block_store(filling, block, valid);
}

/* --- all --------------------------------------------------------------------------------------- */

/* An enterprise reads a row here and a row there: with large pages their addresses are found sooner. */
static void pages_join(void *room, size_t size)
{
	uintptr_t begin = ((uintptr_t)room + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)room + size) & ~(LARGE_PAGE - 1);

	/* Only advice: where there are none, small ones serve. */
	if (begin < end)
		(void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

static bool rooms_build(struct match_build *build)
{
	struct match_index *index = build->index;
	size_t words, any_words, room;

	index->position_count = (uint32_t)build->positions.count;
	index->block_count = (index->position_count + MATCH_BLOCK - 1) / MATCH_BLOCK;
	index->any_block = index->any_first < index->position_count
					   ? index->any_first / MATCH_BLOCK
					   : index->block_count;
	index->summary_words = (index->block_count + 63) / 64;
	words = match_row_words(index);
	any_words = match_any_words(index);
	index->policies = memory_alloc_zero(words * 64 + 1, sizeof(*index->policies));
	room = (index->row_count + 1) * (words + any_words) * sizeof(uint64_t);
	index->row_room = memory_alloc(room + LINE);
	index->summaries = memory_alloc_zero(
			(index->row_count + 1) * index->summary_words + 1, sizeof(uint64_t));
	index->mentions = memory_alloc_zero(
			index->mention_count * (words + any_words) + 1, sizeof(uint64_t));
	index->open = memory_alloc_zero(words + 1, sizeof(uint64_t));
	if (index->row_room)
		pages_join(index->row_room, room);
	if (!index->policies || !index->row_room || !index->summaries || !index->mentions ||
			!index->open)
		return false;
	index->rows = (uint64_t *)(((uintptr_t)index->row_room + LINE - 1) & ~(LINE - 1));
	memset(index->rows + index->row_count * (words + any_words) + words, 0,
			any_words * sizeof(uint64_t));
	memset(index->summaries + index->row_count * index->summary_words, 0xFF,
			index->summary_words * sizeof(uint64_t));
	index->any_mentions = index->mentions + index->mention_count * words;
	for (uint32_t at = index->any_block * MATCH_BLOCK; at < index->any_first; at++)
		index->any_plain[at / 64 % MATCH_WORDS] |= UINT64_C(1) << (at % 64);
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
		filling.lines = memory_alloc(2 * index->row_count * LINE + LINE);
	ok = ok && filling.lines;
	filling.any_lines = ok ? filling.lines + index->row_count * MATCH_WORDS : NULL;
	for (size_t block = 0; ok && block < index->block_count; block++)
		block_fill(&filling, block);
	memory_free(filling.lines);
	memory_free(filling.cells);
	return ok && match_borders_build(build) && match_streams_sort(index) &&
	       match_any_streams_build(index) && match_readers_build(index);
}

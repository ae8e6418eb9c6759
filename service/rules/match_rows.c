/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows, block after block. Each part has a line a cell: a position is put where it goes in or out from
 * one cell to the next, and lines are made of that by adding up. They are the rows of a stream of one part;
 * those of a merged stream are put together of its parts' lines.
 */
#include "rules/match_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#define LINE ((size_t)64)
/* Each has two cells or more, the unknown one among them: fewer make 81 rows. */
#define MERGED_PARTS_MOST 8
#define AHEAD 4 /* positions that are asked for before their turn */
#define LARGE_PAGE ((uintptr_t)2 << 20)

/* --- rows -------------------------------------------------------------------------------------- */

/* The block at hand. */
struct filling {
	struct match_build *build;
	uint32_t *line_first; /* by part: its first line, one a cell */
	uint32_t line_count;
	uint64_t *lines;     /* cells with what they let pass, from where it turns */
	uint64_t *any_lines; /* and with what makes an "or" hold, likewise */
	uint32_t *several;   /* by policy: its number among those with several positions */
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

static bool lines_build(struct filling *filling)
{
	struct match_build *build = filling->build;
	const struct match_index *index = build->index;

	filling->line_first = ARENA_NEW_ARRAY(&build->arena, uint32_t, index->part_count + 1);
	if (!filling->line_first)
		return false;
	for (uint32_t i = 0; i < index->part_count; i++) {
		filling->line_first[i] = filling->line_count;
		filling->line_count += index->parts[i].cell_count;
	}
	filling->lines = memory_alloc(2 * filling->line_count * LINE + LINE);
	if (!filling->lines)
		return false;
	filling->any_lines = filling->lines + filling->line_count * MATCH_WORDS;
	return true;
}

static void position_put(struct filling *filling, size_t at, const struct match_run *run)
{
	struct match_build *build = filling->build;
	const struct match_index *index = build->index;
	const uint32_t *entries = (const uint32_t *)build->entries.data + run->first;
	size_t word = at / 64 % MATCH_WORDS;
	uint64_t bit = UINT64_C(1) << (at % 64);

	for (uint32_t i = 0; i < run->count; i++) {
		const struct match_mark *mark = match_mark_at(build, entries[i]);
		const struct match_part *part = &index->parts[mark->part];
		const uint32_t *turns = match_mark_turns(mark);
		uint64_t *lines = filling->lines +
				  filling->line_first[mark->part] * MATCH_WORDS + word;

		index->mentions[index->slots[part->slot].mention * match_row_words(index) +
				at / 64] |= bit;
		for (uint32_t k = 0; k < mark->turn_count; k++)
			lines[turns[k] * MATCH_WORDS] ^= bit;
		if (mark->partial_count)
			match_borders_put(build, (uint32_t)at, false, mark);
	}
}

/* A position with an "or": in the lines of all that makes it hold. */
static void position_put_any(struct filling *filling, size_t at, const struct match_run *run)
{
	struct match_build *build = filling->build;
	const struct match_index *index = build->index;
	const uint32_t *entries = (const uint32_t *)build->entries.data + run->first;
	size_t word = at / 64 % MATCH_WORDS;
	uint64_t bit = UINT64_C(1) << (at % 64);

	for (uint32_t i = 0; i < run->count; i++) {
		const struct match_mark *mark = match_mark_at(build, entries[i]);
		const struct match_part *part = &index->parts[mark->part];
		const uint32_t *turns = match_mark_every(mark);
		uint64_t *lines = filling->any_lines +
				  filling->line_first[mark->part] * MATCH_WORDS + word;

		index->any_mentions[index->slots[part->slot].mention * match_any_words(index) +
				    at / 64 - index->any_block * MATCH_WORDS] |= bit;
		/* Sets of one part are one set, but for those of numbers that are no range. */
		for (uint32_t k = 0; k < mark->every_count; k += 2) {
			uint32_t end = k + 1 < mark->every_count ? turns[k + 1]
								 : part->cell_count;

			for (uint32_t c = turns[k]; c < end; c++)
				lines[c * MATCH_WORDS] |= bit;
		}
		if (mark->partial_count)
			match_borders_put(build, (uint32_t)at, true, mark);
	}
}

/* Whether any bit of a line is left after @valid. */
static bool line_store(uint64_t *restrict out, const uint64_t *line, const uint64_t *valid)
{
	uint64_t any = 0;

	for (size_t w = 0; w < MATCH_WORDS; w++) {
		out[w] = line[w] & valid[w];
		any |= out[w];
	}
	return any != 0;
}

/* The line of a row: what the cells of @parts have in common; or with @any what one of them has. */
static void row_merge(const struct filling *filling, const uint32_t *parts, uint32_t count,
		uint32_t row, bool any, uint64_t *restrict out)
{
	const uint64_t *lines = any ? filling->any_lines : filling->lines;

	for (size_t w = 0; w < MATCH_WORDS; w++)
		out[w] = any ? 0 : UINT64_MAX;
	for (uint32_t i = 0; i < count; i++) {
		const struct match_part *part = &filling->build->index->parts[parts[i]];
		uint32_t cell = row % (part->cell_count + 1);
		const uint64_t *line =
				lines + (filling->line_first[parts[i]] + cell) * MATCH_WORDS;

		row /= part->cell_count + 1;
		for (size_t w = 0; cell < part->cell_count && w < MATCH_WORDS; w++)
			out[w] = any ? out[w] | line[w] : out[w] & line[w];
	}
}

/* The parts of a merged stream, from the least stride to the greatest. */
static uint32_t stream_parts(const struct match_index *index, uint32_t stream, uint32_t *out)
{
	uint32_t count = 0;
	uint32_t stride = 1;

	for (bool more = true; more;) {
		more = false;
		for (uint32_t i = 0; i < index->part_count && !more; i++) {
			if (index->parts[i].stream != stream ||
					index->parts[i].stride != stride)
				continue;
			assert(count < MERGED_PARTS_MOST);
			out[count++] = i;
			stride *= index->parts[i].cell_count + 1;
			more = true;
		}
	}
	return count;
}

/* All of the block to their places. */
static void block_store(const struct filling *filling, size_t block, const uint64_t *valid)
{
	const struct match_index *index = filling->build->index;
	size_t step = match_row_step(index);
	uint64_t *out = index->rows + block * MATCH_WORDS;
	uint64_t *any_out = index->rows + match_row_words(index) +
			    (block - index->any_block) * MATCH_WORDS;
	bool with_any = block >= index->any_block;
	uint64_t line[MATCH_WORDS];

	for (uint32_t i = 0; i < index->part_count; i++) {
		const struct match_part *part = &index->parts[i];
		const struct match_stream *stream = &index->streams[part->stream];
		const uint64_t *from = filling->lines + filling->line_first[i] * MATCH_WORDS;
		const uint64_t *any_from =
				filling->any_lines + filling->line_first[i] * MATCH_WORDS;

		for (uint32_t c = 0; !stream->merged && c < part->cell_count; c++) {
			size_t row = stream->row_first + c;

			if (line_store(out + row * step, from + c * MATCH_WORDS, valid))
				index->summaries[row * index->summary_words + block / 64] |=
						UINT64_C(1) << (block % 64);
			if (with_any)
				memcpy(any_out + row * step, any_from + c * MATCH_WORDS, LINE);
		}
	}
	for (uint32_t s = 0; s < index->stream_count; s++) {
		const struct match_stream *stream = &index->streams[s];
		uint32_t parts[MERGED_PARTS_MOST];
		uint32_t count = stream->merged ? stream_parts(index, s, parts) : 0;

		for (uint32_t r = 0; stream->merged && r < stream->row_count; r++) {
			size_t row = stream->row_first + r;

			row_merge(filling, parts, count, r, false, line);
			if (line_store(out + row * step, line, valid))
				index->summaries[row * index->summary_words + block / 64] |=
						UINT64_C(1) << (block % 64);
			if (with_any)
				row_merge(filling, parts, count, r, true, any_out + row * step);
		}
	}
	memcpy(out + index->row_count * step, valid, LINE);
}

/* The lines of each part, from where they turn. */
static void lines_add(const struct filling *filling)
{
	const struct match_index *index = filling->build->index;

	for (uint32_t i = 0; i < index->part_count; i++) {
		uint64_t *line = filling->lines + filling->line_first[i] * MATCH_WORDS;

		for (uint32_t c = 1; c < index->parts[i].cell_count; c++) {
			line += MATCH_WORDS;
			for (size_t w = 0; w < MATCH_WORDS; w++)
				line[w] ^= line[w - MATCH_WORDS];
		}
	}
}

/*
 * Positions were sorted; what they ask was not. One leads to the next, a position to its sets and each to its mark, and
 * is asked for before it is looked at.
 */
static void positions_fetch(const struct match_build *build, size_t at)
{
	const uint32_t *entries = build->entries.data;
	const uint32_t *marks = build->marks.data;
	const struct match_way *way;

	if (at + 3 * AHEAD < build->positions.count) {
		way = &match_position_at(build, at + 3 * AHEAD)->way;
		__builtin_prefetch(entries + way->all.first);
		__builtin_prefetch(entries + way->any.first);
	}
	if (at + 2 * AHEAD < build->positions.count) {
		way = &match_position_at(build, at + 2 * AHEAD)->way;
		for (uint32_t i = 0; i < way->all.count; i++)
			__builtin_prefetch(&build->mark_of[entries[way->all.first + i]]);
	}
	if (at + AHEAD < build->positions.count) {
		way = &match_position_at(build, at + AHEAD)->way;
		for (uint32_t i = 0; i < way->all.count; i++)
			__builtin_prefetch(marks + build->mark_of[entries[way->all.first + i]]);
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
	if (block >= index->any_block)
		memset(filling->any_lines, 0, filling->line_count * LINE);
	memset(filling->lines, 0, filling->line_count * LINE);
	/* All are in the first cell, unless they turn there. */
	for (uint32_t i = 0; i < index->part_count; i++)
		memset(filling->lines + filling->line_first[i] * MATCH_WORDS, 0xFF, LINE);
	for (size_t at = first; at < end; at++) {
		const struct match_position *position = match_position_at(build, at);
		uint64_t bit = UINT64_C(1) << (at % 64);

		positions_fetch(build, at);
		index->policies[at] = position->special ? filling->several[position->policy]
							: position->policy;
		if (position->special)
			index->special[at / 64] |= bit;
		valid[at / 64 % MATCH_WORDS] |= bit;
		if (position->open)
			index->open[at / 64] |= bit;
		index->has_open |= position->open;
		position_put(filling, at, &position->way.all);
		position_put_any(filling, at, &position->way.any);
	}
	lines_add(filling);
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
	index->special = memory_alloc_zero(words + 1, sizeof(uint64_t));
	if (index->row_room)
		pages_join(index->row_room, room);
	if (!index->policies || !index->row_room || !index->summaries || !index->mentions ||
			!index->open || !index->special)
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
		  match_marks_build(build) && rooms_build(build) && several_build(&filling) &&
		  lines_build(&filling) && match_borders_begin(build);

	for (size_t block = 0; ok && block < index->block_count; block++)
		block_fill(&filling, block);
	memory_free(filling.lines);
	if (!ok)
		return false;
	match_borders_end(index);
	return match_any_streams_build(index) && match_readers_build(index);
}

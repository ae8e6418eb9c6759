/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows, block after block. Each part has a line a cell: a position is put where it goes in or out from
 * one cell to the next, and lines are made of that in place by adding up. They are the rows of a stream of one
 * part; those of a merged stream are put together of its parts' lines.
 */
#include "rules/match_internal.h"

#include "base/memory.h"

#include <string.h>

#define LINE ((size_t)64)
#define AHEAD 12       /* positions that are asked for before their turn */
#define MARKS_AHEAD 16 /* likewise */
#define ROWS_AHEAD 16

/* --- rows -------------------------------------------------------------------------------------- */

/* Where a part has its lines, and its slot what it mentions. */
struct place {
	uint32_t line;
	size_t mention, any_mention;
};

/* The block at hand. */
struct filling {
	struct match_build *build;
	struct place *places; /* by part */
	uint32_t line_count;
	/* In what positions let pass, and in what makes an "or" hold: at first where they turn, then added up. */
	uint64_t *lines, *any_lines;
	struct match_list marks; /* where the marks of its positions are, in this order */
	uint32_t *row_starts;	 /* by row: its lines among ->row_lines, and the end */
	uint32_t *row_lines;
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

/* Of each stream the lines of each row, one a part; a part that is unknown has none. */
static bool row_lines_build(struct filling *filling)
{
	struct match_build *build = filling->build;
	const struct match_index *index = build->index;
	uint32_t count = 0;

	for (uint32_t i = 0; i < index->stream_count; i++)
		count += index->streams[i].row_count * index->streams[i].part_count;
	filling->row_starts = ARENA_NEW_ARRAY(&build->arena, uint32_t, index->row_count + 1);
	filling->row_lines = ARENA_NEW_ARRAY(&build->arena, uint32_t, count + 1);
	if (!filling->row_starts || !filling->row_lines)
		return false;
	count = 0;
	for (uint32_t s = 0; s < index->stream_count; s++) {
		const struct match_stream *stream = &index->streams[s];

		for (uint32_t r = 0; r < stream->row_count; r++) {
			for (uint32_t i = 0; i < index->part_count; i++) {
				const struct match_part *part = &index->parts[i];
				uint32_t radix = part->cell_count + (stream->merged ? 1 : 0);
				uint32_t cell = r / part->stride % radix;

				if (part->stream == s && cell < part->cell_count)
					filling->row_lines[count++] =
							filling->places[i].line + cell;
			}
			filling->row_starts[stream->row_first + r + 1] = count;
		}
	}
	return true;
}

static bool lines_build(struct filling *filling)
{
	struct match_build *build = filling->build;
	const struct match_index *index = build->index;

	filling->places = ARENA_NEW_ARRAY(&build->arena, struct place, index->part_count + 1);
	if (!filling->places)
		return false;
	for (uint32_t i = 0; i < index->part_count; i++) {
		uint32_t mention = index->slots[index->parts[i].slot].mention;

		filling->places[i] = (struct place){ .line = filling->line_count,
			.mention = mention * match_row_words(index),
			.any_mention = mention * match_any_words(index) };
		filling->line_count += index->parts[i].cell_count;
	}
	filling->lines = memory_alloc((2 * filling->line_count + 1) * LINE);
	if (!filling->lines)
		return false;
	filling->any_lines = filling->lines + filling->line_count * MATCH_WORDS;
	return row_lines_build(filling);
}

/* Marks are here and there: those that will be read soon are asked for. */
static const struct match_mark *mark_next(const struct match_build *build, const uint32_t *at)
{
	const uint32_t *marks = build->marks.data;

	__builtin_prefetch(marks + at[MARKS_AHEAD]);
	return (const struct match_mark *)(const void *)(marks + *at);
}

static void position_put(
		struct filling *filling, size_t at, const uint32_t *marks, size_t count)
{
	struct match_build *build = filling->build;
	uint64_t *mentions = build->index->mentions + at / 64;
	uint64_t *lines = filling->lines + at / 64 % MATCH_WORDS;
	uint64_t bit = UINT64_C(1) << (at % 64);

	for (size_t i = 0; i < count; i++) {
		const struct match_mark *mark = mark_next(build, &marks[i]);
		const struct place *place = &filling->places[mark->part];
		const uint32_t *turns = match_mark_turns(mark);
		uint64_t *cells = lines + place->line * MATCH_WORDS;

		mentions[place->mention] |= bit;
		for (uint32_t k = 0; k < mark->turn_count; k++)
			cells[turns[k] * MATCH_WORDS] ^= bit;
		if (mark->partial_count)
			match_borders_put(build, (uint32_t)at, false, mark);
	}
}

/* A position with an "or": where what makes it hold turns. It asks each part once. */
static void position_put_any(
		struct filling *filling, size_t at, const uint32_t *marks, size_t count)
{
	struct match_build *build = filling->build;
	const struct match_index *index = build->index;
	uint64_t *mentions = index->any_mentions + at / 64 - index->any_block * MATCH_WORDS;
	uint64_t *lines = filling->any_lines + at / 64 % MATCH_WORDS;
	uint64_t bit = UINT64_C(1) << (at % 64);

	for (size_t i = 0; i < count; i++) {
		const struct match_mark *mark = mark_next(build, &marks[i]);
		const struct place *place = &filling->places[mark->part];
		const uint32_t *turns = match_mark_every(mark);
		uint64_t *cells = lines + place->line * MATCH_WORDS;

		mentions[place->any_mention] |= bit;
		for (uint32_t k = 0; k < mark->every_count; k++)
			cells[turns[k] * MATCH_WORDS] ^= bit;
		if (mark->partial_count)
			match_borders_put(build, (uint32_t)at, true, mark);
	}
}

/* What of @valid all lines of a row let pass. Whether there is any. */
static bool row_store(const struct filling *filling, uint32_t row, const uint64_t *valid,
		uint64_t *restrict out)
{
	uint64_t any = 0;

	for (size_t w = 0; w < MATCH_WORDS; w++)
		out[w] = valid[w];
	for (uint32_t i = filling->row_starts[row]; i < filling->row_starts[row + 1]; i++) {
		const uint64_t *line = filling->lines + filling->row_lines[i] * MATCH_WORDS;

		for (size_t w = 0; w < MATCH_WORDS; w++)
			out[w] &= line[w];
	}
	for (size_t w = 0; w < MATCH_WORDS; w++)
		any |= out[w];
	return any != 0;
}

/* What makes an "or" hold by any of them. */
static void row_store_any(const struct filling *filling, uint32_t row, uint64_t *restrict out)
{
	memset(out, 0, LINE);
	for (uint32_t i = filling->row_starts[row]; i < filling->row_starts[row + 1]; i++) {
		const uint64_t *line = filling->any_lines + filling->row_lines[i] * MATCH_WORDS;

		for (size_t w = 0; w < MATCH_WORDS; w++)
			out[w] |= line[w];
	}
}

/* All of the block to their places, which are asked for before. */
static void block_store(const struct filling *filling, size_t block, const uint64_t *valid)
{
	const struct match_index *index = filling->build->index;
	size_t step = match_row_step(index);
	uint64_t *out = index->rows + block * MATCH_WORDS;
	uint64_t *any_out = index->rows + match_row_words(index) +
			    (block - index->any_block) * MATCH_WORDS;
	bool with_any = block >= index->any_block;

	for (uint32_t row = 0; row < index->row_count; row++, out += step, any_out += step) {
		if (row + ROWS_AHEAD < index->row_count) {
			__builtin_prefetch(out + ROWS_AHEAD * step, 1);
			if (with_any)
				__builtin_prefetch(any_out + ROWS_AHEAD * step, 1);
		}
		if (row_store(filling, row, valid, out))
			index->summaries[row * index->summary_words + block / 64] |=
					UINT64_C(1) << (block % 64);
		if (with_any)
			row_store_any(filling, row, any_out);
	}
	memcpy(out, valid, LINE);
}

/* From where positions turn to what they let pass. */
static void lines_add(const struct filling *filling, uint64_t *line)
{
	const struct match_index *index = filling->build->index;

	for (uint32_t i = 0; i < index->part_count; i++) {
		for (uint32_t c = index->parts[i].cell_count; c > 1; c--) {
			for (size_t w = 0; w < MATCH_WORDS; w++)
				line[MATCH_WORDS + w] ^= line[w];
			line += MATCH_WORDS;
		}
		line += MATCH_WORDS;
	}
}

/* All are in the first cell of each part, unless they turn there. */
static void lines_begin(const struct filling *filling, bool with_any)
{
	const struct match_index *index = filling->build->index;

	memset(filling->lines, 0, filling->line_count * LINE);
	for (uint32_t i = 0; i < index->part_count; i++)
		memset(filling->lines + filling->places[i].line * MATCH_WORDS, 0xFF, LINE);
	if (with_any)
		memset(filling->any_lines, 0, filling->line_count * LINE);
}

static uint32_t *run_marks(
		const struct match_build *build, const struct match_run *run, uint32_t *out)
{
	const uint32_t *marks = (const uint32_t *)build->entries.data + run->first;

	for (uint32_t i = 0; i < run->count; i++)
		*out++ = marks[i];
	return out;
}

/*
 * The marks of what the positions of a block ask: first all of the sets of one, then those of its "or". Positions
 * were sorted; what they ask was not, and is asked for before it is looked at.
 */
static bool marks_list(struct filling *filling, size_t first, size_t end)
{
	const struct match_build *build = filling->build;
	const uint32_t *entries = build->entries.data;

	filling->marks.count = 0;
	for (size_t at = first; at < end; at++) {
		const struct match_way *way = &match_position_at(build, at)->way;
		size_t count = way->all.count + way->any.count;
		uint32_t *room = match_list_room(
				&filling->marks, count + MARKS_AHEAD, sizeof(*room));

		if (!room)
			return false;
		if (at + AHEAD < build->positions.count) {
			const struct match_way *ahead =
					&match_position_at(build, at + AHEAD)->way;

			__builtin_prefetch(entries + ahead->all.first);
			__builtin_prefetch(entries + ahead->any.first);
		}
		room = run_marks(build, &way->all, room);
		room = run_marks(build, &way->any, room);
		/* What is behind the last is asked for, too. */
		memset(room, 0, MARKS_AHEAD * sizeof(*room));
		filling->marks.count += count;
	}
	return true;
}

static void position_fill(struct filling *filling, size_t at, const uint32_t *marks)
{
	struct match_index *index = filling->build->index;
	const struct match_position *position = match_position_at(filling->build, at);
	const struct match_way *way = &position->way;
	uint64_t bit = UINT64_C(1) << (at % 64);

	index->policies[at] = position->special ? filling->several[position->policy]
						: position->policy;
	if (position->special)
		index->special[at / 64] |= bit;
	if (position->open)
		index->open[at / 64] |= bit;
	index->has_open |= position->open;
	position_put(filling, at, marks, way->all.count);
	if (way->any.count)
		position_put_any(filling, at, marks + way->all.count, way->any.count);
}

static bool block_fill(struct filling *filling, size_t block)
{
	const struct match_index *index = filling->build->index;
	size_t first = block * MATCH_BLOCK;
	size_t end = first + MATCH_BLOCK;
	bool with_any = block >= index->any_block;
	uint64_t valid[MATCH_WORDS] = { 0 };
	const uint32_t *marks;

	if (end > index->position_count)
		end = index->position_count;
	if (!marks_list(filling, first, end))
		return false;
	marks = filling->marks.data;
	lines_begin(filling, with_any);
	for (size_t at = first; at < end; at++) {
		const struct match_way *way = &match_position_at(filling->build, at)->way;

		valid[at / 64 % MATCH_WORDS] |= UINT64_C(1) << (at % 64);
		position_fill(filling, at, marks);
		marks += way->all.count + way->any.count;
	}
	lines_add(filling, filling->lines);
	if (with_any)
		lines_add(filling, filling->any_lines);
	block_store(filling, block, valid);
	return true;
}

/* --- all --------------------------------------------------------------------------------------- */

/* Where the lists were; what rows are made of is elsewhere. */
static void *row_room_take(struct match_build *build, size_t size)
{
	size_t given = 0;
	void *room = arena_fini_but_first(&build->lists, &given);
	void *resized;

	if (given < size) {
		memory_free(room);
		room = memory_alloc(size);
		/* An enterprise reads a row here and a row there: their addresses are found sooner. */
		if (room)
			memory_join_pages(room, size);
		return room;
	}
	resized = memory_resize(room, size);
	return resized ? resized : room;
}

static bool rooms_build(struct match_build *build)
{
	struct match_index *index = build->index;
	size_t words, any_words, room;

	build->failed |= build->lists.exhausted;
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
	index->row_room = row_room_take(build, room + LINE);
	index->summaries = memory_alloc_zero(
			(index->row_count + 1) * index->summary_words + 1, sizeof(uint64_t));
	index->mentions = memory_alloc_zero(
			index->mention_count * (words + any_words) + 1, sizeof(uint64_t));
	index->open = memory_alloc_zero(words + 1, sizeof(uint64_t));
	index->special = memory_alloc_zero(words + 1, sizeof(uint64_t));
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
	struct filling filling = { .build = build, .marks.arena = &build->kept };
	bool ok = match_cells_build(build) && match_streams_build(index) &&
		  match_marks_build(build) && rooms_build(build) && several_build(&filling) &&
		  lines_build(&filling) && match_borders_begin(build);

	for (size_t block = 0; ok && block < index->block_count; block++)
		ok = block_fill(&filling, block);
	memory_free(filling.lines);
	if (!ok)
		return false;
	match_borders_end(index);
	return match_any_streams_build(index) && match_readers_build(index);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows, block after block. Each part has a line a cell, where a position is put at those cells at which it goes in
 * or out; match_lines.c makes rows of that.
 */
#include "rules/match_lines.h"

#include "base/memory.h"

#include <string.h>

#define LINE ((size_t)64)
#define AHEAD 12       /* positions that are asked for before their turn */
#define MARKS_AHEAD 16 /* likewise marks */

/* --- rows -------------------------------------------------------------------------------------- */

/* The block at hand. */
struct filling {
	struct match_build *build;
	struct match_lines lines;
	struct match_list marks; /* where the marks of its positions are, in this order */
	uint32_t *several;	 /* by policy: its number among those with several positions */
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

/* Marks are here and there: those that will be read soon are asked for. */
static const struct match_mark *mark_next(const struct match_build *build, const uint32_t *at)
{
	const uint32_t *marks = build->marks.data;

	__builtin_prefetch(marks + at[MARKS_AHEAD]);
	return (const struct match_mark *)(const void *)(marks + *at);
}

/* Where a position turns, which come in pairs. */
static void turns_put(uint64_t *lines, const uint32_t *turns, uint32_t count, uint64_t bit)
{
	for (uint32_t k = 0; k < count; k += 2) {
		lines[turns[k]] ^= bit;
		lines[turns[k + 1]] ^= bit;
	}
}

static void position_put(
		struct filling *filling, size_t at, const uint32_t *marks, size_t count)
{
	struct match_build *build = filling->build;
	size_t word = at / 64 % MATCH_WORDS;
	uint64_t *asked = filling->lines.all_asked + word;
	uint64_t bit = UINT64_C(1) << (at % 64);

	for (size_t i = 0; i < count; i++) {
		const struct match_mark *mark = mark_next(build, &marks[i]);

		asked[mark->part * MATCH_WORDS] |= bit;
		turns_put(filling->lines.all + word, match_mark_turns(mark), mark->turn_count,
				bit);
		if (mark->partial_count)
			match_borders_put(build, (uint32_t)at, false, mark);
	}
}

/* A position with an "or": where what makes it hold turns. It asks each part once. */
static void position_put_any(
		struct filling *filling, size_t at, const uint32_t *marks, size_t count)
{
	struct match_build *build = filling->build;
	size_t word = at / 64 % MATCH_WORDS;
	uint64_t *asked = filling->lines.any_asked + word;
	uint64_t bit = UINT64_C(1) << (at % 64);

	for (size_t i = 0; i < count; i++) {
		const struct match_mark *mark = mark_next(build, &marks[i]);

		asked[mark->part * MATCH_WORDS] |= bit;
		turns_put(filling->lines.any + word, match_mark_every(mark), mark->every_count,
				bit);
		if (mark->partial_count)
			match_borders_put(build, (uint32_t)at, true, mark);
	}
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
	uint64_t valid[MATCH_WORDS] = { 0 };
	const uint32_t *marks;

	if (end > index->position_count)
		end = index->position_count;
	if (!marks_list(filling, first, end))
		return false;
	marks = filling->marks.data;
	for (size_t at = first; at < end; at++) {
		const struct match_way *way = &match_position_at(filling->build, at)->way;

		valid[at / 64 % MATCH_WORDS] |= UINT64_C(1) << (at % 64);
		position_fill(filling, at, marks);
		marks += way->all.count + way->any.count;
	}
	match_lines_store(&filling->lines, block, valid);
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

static void blocks_count(struct match_build *build)
{
	struct match_index *index = build->index;

	index->position_count = (uint32_t)build->positions.count;
	index->block_count = (index->position_count + MATCH_BLOCK - 1) / MATCH_BLOCK;
	index->any_block = index->any_first < index->position_count
					   ? index->any_first / MATCH_BLOCK
					   : index->block_count;
	index->summary_words = (index->block_count + 63) / 64;
}

static bool rooms_build(struct match_build *build)
{
	struct match_index *index = build->index;
	size_t words = match_row_words(index);
	size_t any_words = match_any_words(index);
	size_t room;

	build->failed |= build->lists.exhausted;
	index->policies = memory_alloc_zero(words * 64 + 1, sizeof(*index->policies));
	room = (index->row_count + 1) * (words + any_words) * sizeof(uint64_t);
	index->row_room = row_room_take(build, room + LINE);
	index->summaries = memory_alloc_zero(
			(index->row_count + 1) * index->summary_words + 1, sizeof(uint64_t));
	index->mentions = memory_alloc(
			(index->mention_count * (words + any_words) + 1) * sizeof(uint64_t));
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
	bool ok = match_cells_build(build) && match_streams_build(index);

	blocks_count(build);
	ok = ok && match_lines_begin(build, &filling.lines) && match_marks_build(build) &&
	     rooms_build(build) && several_build(&filling) && match_borders_begin(build);
	for (size_t block = 0; ok && block < index->block_count; block++)
		ok = block_fill(&filling, block);
	match_lines_end(&filling.lines);
	if (!ok)
		return false;
	match_borders_end(index);
	return match_any_streams_build(index, filling.lines.any_found) &&
	       match_readers_build(index);
}

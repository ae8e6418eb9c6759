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

/* What of a position rows are made of. */
struct record {
	uint32_t policy : 30;
	uint32_t special : 1, open : 1;
	uint32_t all_count,
			any_count; /* its marks: first of all of the sets, then of its "or" */
};

struct filling {
	struct match_build *build;
	struct match_lines lines;
	struct record *records; /* by position */
	uint32_t *marks;   /* where those of each record are, one record behind the other */
	uint32_t *several; /* by policy: its number among those with several positions */
};

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

/* Puts a position where it belongs; behind its marks. */
static const uint32_t *position_fill(struct filling *filling, size_t at, const uint32_t *marks)
{
	struct match_index *index = filling->build->index;
	const struct record *record = &filling->records[at];
	uint64_t bit = UINT64_C(1) << (at % 64);

	index->policies[at] =
			record->special ? filling->several[record->policy] : record->policy;
	if (record->special)
		index->special[at / 64] |= bit;
	if (record->open)
		index->open[at / 64] |= bit;
	index->has_open |= record->open;
	position_put(filling, at, marks, record->all_count);
	if (record->any_count)
		position_put_any(filling, at, marks + record->all_count, record->any_count);
	return marks + record->all_count + record->any_count;
}

static void blocks_fill(struct filling *filling)
{
	const struct match_index *index = filling->build->index;
	const uint32_t *marks = filling->marks;

	for (size_t block = 0; block < index->block_count; block++) {
		uint64_t valid[MATCH_WORDS] = { 0 };
		size_t at = block * MATCH_BLOCK;
		size_t end = at + MATCH_BLOCK;

		for (; at < end && at < index->position_count; at++) {
			valid[at / 64 % MATCH_WORDS] |= UINT64_C(1) << (at % 64);
			marks = position_fill(filling, at, marks);
		}
		match_lines_store(&filling->lines, block, valid);
	}
}

/* --- records ----------------------------------------------------------------------------------- */

static uint32_t *marks_put(
		const struct match_build *build, const struct match_run *run, uint32_t *out)
{
	const uint32_t *sets = match_entries_at(build, run->first);

	for (uint32_t i = 0; i < run->count; i++)
		*out++ = build->mark_of[sets[i]];
	return out;
}

/* What the positions behind @at are made of: first they, then what they ask. */
static void positions_fetch(const struct match_build *build, size_t at)
{
	size_t count = build->positions.count;

	if (at + 2 * AHEAD < count)
		__builtin_prefetch(match_position_at(build, build->order[at + 2 * AHEAD]));
	if (at + AHEAD < count) {
		const struct match_way *way =
				&match_position_at(build, build->order[at + AHEAD])->way;

		__builtin_prefetch(match_entries_at(build, way->all.first));
		__builtin_prefetch(match_entries_at(build, way->all.first + way->all.count));
		__builtin_prefetch(match_entries_at(build, way->any.first));
	}
}

/* In the order of positions all that rows are made of: where the rest is, and what it says, rows will be. */
static bool records_build(struct filling *filling)
{
	struct match_build *build = filling->build;
	size_t count = build->positions.count;
	uint32_t *marks;

	filling->records = arena_alloc(&build->kept, (count + 1) * sizeof(*filling->records));
	filling->marks = marks = arena_alloc(
			&build->kept, (build->asked_count + MARKS_AHEAD) * sizeof(*marks));
	if (!filling->records || !marks)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct match_position *position =
				match_position_at(build, build->order[i]);
		const struct match_way *way = &position->way;

		positions_fetch(build, i);
		filling->records[i] = (struct record){ .policy = position->policy,
			.special = position->special,
			.open = position->open,
			.all_count = way->all.count,
			.any_count = way->any.count };
		marks = marks_put(build, &way->all, marks);
		marks = marks_put(build, &way->any, marks);
	}
	/* What is behind the last is asked for, too. */
	memset(marks, 0, MARKS_AHEAD * sizeof(*marks));
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
		const struct record *record = &filling->records[i];

		if (record->special && !filling->several[record->policy])
			filling->several[record->policy] = ++count;
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
	bool ok = match_cells_build(build) && match_streams_build(index);

	blocks_count(build);
	ok = ok && match_lines_begin(build, &filling.lines) && match_marks_build(build) &&
	     records_build(&filling) && rooms_build(build) && several_build(&filling) &&
	     match_borders_begin(build);
	if (ok)
		blocks_fill(&filling);
	match_lines_end(&filling.lines);
	if (!ok)
		return false;
	match_borders_end(index);
	return match_any_streams_build(index, filling.lines.any_found) &&
	       match_readers_build(index);
}

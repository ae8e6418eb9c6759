/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From lines to rows. Who does not ask a part is in all of its cells. Who does is in none to begin with, and goes in or
 * out at each cell where it turns. Of subsets of codes (MEMBERS, FLAG) it is in those of whose own subsets it turned at
 * an odd number: who asks for one code turns once, and not at every second cell.
 */
#include "rules/match_lines.h"

#include "base/memory.h"
#include "rules/plane.h"

#include <string.h>

#define LINE ((size_t)64)
#define ROWS_AHEAD ((size_t)16) /* rows that are asked for before their turn */
#define ALWAYS_INLINE inline __attribute__((always_inline))

typedef uint64_t half_line __attribute__((vector_size(32), aligned(32), may_alias));

struct __attribute__((may_alias)) line {
	half_line left, right;
};

/* Where the block has its line of each row. */
struct row_target {
	uint64_t *rows;
	size_t step, count;
	/* Or NULL; of each row the bit of the block says whether it has anything. */
	uint64_t *summaries;
	size_t summary_step;
	uint64_t bit;
};

/* --- lines ------------------------------------------------------------------------------------- */

static ALWAYS_INLINE struct line *line_at(uint64_t *words, size_t number)
{
	return (struct line *)(void *)(words + number * MATCH_WORDS);
}

static ALWAYS_INLINE void line_turn(struct line *line, const struct line *by)
{
	line->left ^= by->left;
	line->right ^= by->right;
}

/* Puts a row there; what is behind it is asked for. Whether it has anything. */
static ALWAYS_INLINE bool row_put(
		const struct row_target *target, size_t number, const struct line *line)
{
	uint64_t *row = target->rows + number * target->step;
	half_line both = line->left | line->right;
	bool any = (both[0] | both[1] | both[2] | both[3]) != 0;

	if (number + ROWS_AHEAD < target->count)
		__builtin_prefetch(row + ROWS_AHEAD * target->step, 1);
	*line_at(row, 0) = *line;
	if (target->summaries)
		target->summaries[number * target->summary_step] |= any ? target->bit : 0;
	return any;
}

/* Cell after cell, from @begin on; the lines are empty then. Whether any row has anything. */
PLANE_CLONES
static bool turns_store(uint64_t *lines, const uint64_t *begin, size_t first, size_t count,
		const struct row_target *target)
{
	struct line now = *(const struct line *)(const void *)begin;
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		struct line *line = line_at(lines, i);

		line_turn(&now, line);
		*line = (struct line){ { 0 }, { 0 } };
		found |= row_put(target, first + i, &now);
	}
	return found;
}

/* In place. */
PLANE_CLONES
static void turns_add(uint64_t *lines, size_t count)
{
	for (size_t i = 1; i < count; i++)
		line_turn(line_at(lines, i), line_at(lines, i - 1));
}

/* Likewise of subsets: what was turned at one is turned at all that have it. */
PLANE_CLONES
static void subsets_add(uint64_t *lines, size_t count)
{
	for (size_t code = 1; code < count; code *= 2) {
		for (size_t i = 0; i < count; i++) {
			if (i & code)
				line_turn(line_at(lines, i), line_at(lines, i - code));
		}
	}
}

/* Of each row its lines: what is in all, or, with @any, in one of them. */
PLANE_CLONES
static bool joined_store(uint64_t *lines, const uint32_t *row_lines, size_t parts, bool any,
		size_t first, size_t count, const struct row_target *target)
{
	bool found = false;

	for (size_t i = 0; i < count; i++, row_lines += parts) {
		struct line now = *line_at(lines + row_lines[0], 0);

		for (size_t k = 1; k < parts; k++) {
			const struct line *line = line_at(lines + row_lines[k], 0);

			now.left = any ? now.left | line->left : now.left & line->left;
			now.right = any ? now.right | line->right : now.right & line->right;
		}
		found |= row_put(target, first + i, &now);
	}
	return found;
}

/* --- streams ----------------------------------------------------------------------------------- */

/* Those of @valid that do not ask the part are in its cells to begin with; none makes an "or" hold. */
static void begin_build(const uint64_t *valid, const uint64_t *asked, uint64_t *out)
{
	for (size_t w = 0; w < MATCH_WORDS; w++)
		out[w] = valid[w] & ~asked[w];
}

/* From where positions turn to the cells that let them pass, and, behind these, what a part that is unknown does. */
static void part_add_up(const struct match_lines *lines, uint32_t number, uint64_t *words,
		const uint64_t *valid, const uint64_t *asked)
{
	const struct match_part *part = &lines->index->parts[number];
	uint64_t *line = words + lines->line_firsts[number];

	for (size_t w = 0; w < MATCH_WORDS; w++)
		line[w] ^= valid[w] & ~asked[number * MATCH_WORDS + w];
	if (part->kind == PART_MEMBERS || part->kind == PART_FLAG)
		subsets_add(line, part->cell_count);
	else
		turns_add(line, part->cell_count);
	memcpy(line + part->cell_count * MATCH_WORDS, valid, LINE);
}

/* The rows of a stream. Whether they have anything. */
static bool stream_store(const struct match_lines *lines, uint32_t number, bool any,
		const uint64_t *valid, const struct row_target *target)
{
	const struct match_stream *stream = &lines->index->streams[number];
	const struct match_stream_lines *at = &lines->streams[number];
	const uint32_t *parts = lines->parts + at->part_first;
	uint64_t *words = any ? lines->any : lines->all;
	const uint64_t *asked = any ? lines->any_asked : lines->all_asked;
	bool found;

	if (at->alone) {
		_Alignas(LINE) uint64_t begin[MATCH_WORDS];

		begin_build(valid, asked + parts[0] * MATCH_WORDS, begin);
		return turns_store(words + at->first, begin, stream->row_first,
				stream->row_count, target);
	}
	for (uint32_t i = 0; i < stream->part_count; i++)
		part_add_up(lines, parts[i], words, valid, asked);
	found = joined_store(words, lines->row_lines + at->row_first, stream->part_count, any,
			stream->row_first, stream->row_count, target);
	memset(words + at->first, 0, at->count * sizeof(*words));
	return found;
}

/* Who asks any part of a slot mentions it. */
static void mentions_store(const struct match_index *index, const uint64_t *asked,
		uint64_t *mentions, size_t step)
{
	for (int i = 0; i < index->slot_count; i++) {
		const struct match_slot *slot = &index->slots[i];
		uint64_t *out = mentions + slot->mention * step;

		for (uint32_t k = 0; k < slot->part_count; k++) {
			const uint64_t *line = asked + (slot->part_first + k) * MATCH_WORDS;

			for (size_t w = 0; w < MATCH_WORDS; w++)
				out[w] = k ? out[w] | line[w] : line[w];
		}
	}
}

void match_lines_store(struct match_lines *lines, size_t block, const uint64_t *valid)
{
	static const uint64_t none[MATCH_WORDS];
	struct match_index *index = lines->index;
	size_t asked_size = index->part_count * LINE;
	size_t any_at = block - index->any_block; /* if it is not less */
	struct row_target target = { .rows = index->rows + block * MATCH_WORDS,
		.step = match_row_step(index),
		.count = index->row_count,
		.summaries = index->summaries + block / 64,
		.summary_step = index->summary_words,
		.bit = UINT64_C(1) << (block % 64) };

	for (uint32_t i = 0; i < index->stream_count; i++)
		(void)stream_store(lines, i, false, valid, &target);
	memcpy(target.rows + index->row_count * target.step, valid, LINE);
	mentions_store(index, lines->all_asked, index->mentions + block * MATCH_WORDS,
			match_row_words(index));
	memset(lines->all_asked, 0, asked_size);
	if (block < index->any_block)
		return;
	target.rows = index->rows + match_row_words(index) + any_at * MATCH_WORDS;
	target.summaries = NULL;
	for (uint32_t i = 0; i < index->stream_count; i++)
		lines->any_found[any_at * index->stream_count + i] =
				stream_store(lines, i, true, none, &target);
	mentions_store(index, lines->any_asked, index->any_mentions + any_at * MATCH_WORDS,
			match_any_words(index));
	memset(lines->any_asked, 0, asked_size);
}

/* --- where they are ---------------------------------------------------------------------------- */

/* The parts of each stream side by side: what is nearer to another in a row comes first. */
static bool parts_list(struct match_build *build, struct match_lines *lines)
{
	const struct match_index *index = build->index;
	uint32_t count = 0;

	lines->streams = ARENA_NEW_ARRAY(
			&build->arena, struct match_stream_lines, index->stream_count + 1);
	lines->parts = ARENA_NEW_ARRAY(&build->arena, uint32_t, index->part_count + 1);
	if (!lines->streams || !lines->parts)
		return false;
	for (uint32_t s = 0; s < index->stream_count; s++) {
		lines->streams[s].part_first = count;
		count += index->streams[s].part_count;
	}
	for (uint32_t i = 0; i < index->part_count; i++) {
		const struct match_part *part = &index->parts[i];
		uint32_t place = lines->streams[part->stream].part_first;

		/* Of parts of one stream the strides differ. */
		for (uint32_t k = 0; k < index->part_count; k++)
			place += index->parts[k].stream == part->stream &&
				 index->parts[k].stride < part->stride;
		lines->parts[place] = i;
	}
	return true;
}

/* Where each part has its lines; of how many words they are, or 0. */
static size_t firsts_build(struct match_build *build, struct match_lines *lines)
{
	const struct match_index *index = build->index;
	uint32_t words = 0;

	build->line_firsts = ARENA_NEW_ARRAY(&build->arena, uint32_t, index->part_count + 1);
	lines->line_firsts = build->line_firsts;
	for (uint32_t s = 0; build->line_firsts && s < index->stream_count; s++) {
		const struct match_stream *stream = &index->streams[s];
		struct match_stream_lines *at = &lines->streams[s];

		at->first = words;
		for (uint32_t k = 0; k < stream->part_count; k++) {
			uint32_t number = lines->parts[at->part_first + k];
			const struct match_part *part = &index->parts[number];

			build->line_firsts[number] = words;
			words += (part->cell_count + 1) * (uint32_t)MATCH_WORDS;
			at->alone = !stream->merged && part->kind != PART_MEMBERS;
		}
		at->count = words - at->first;
	}
	return words;
}

/* Of each row that is put together its lines. */
static bool row_lines_build(struct match_build *build, struct match_lines *lines)
{
	const struct match_index *index = build->index;
	uint32_t *out;
	uint32_t count = 0;

	for (uint32_t s = 0; s < index->stream_count; s++) {
		lines->streams[s].row_first = count;
		if (!lines->streams[s].alone)
			count += index->streams[s].row_count * index->streams[s].part_count;
	}
	out = lines->row_lines = ARENA_NEW_ARRAY(&build->arena, uint32_t, count + 1);
	if (!out)
		return false;
	for (uint32_t s = 0; s < index->stream_count; s++) {
		const struct match_stream *stream = &index->streams[s];
		const uint32_t *parts = lines->parts + lines->streams[s].part_first;

		for (uint32_t r = 0; !lines->streams[s].alone && r < stream->row_count; r++) {
			for (uint32_t k = 0; k < stream->part_count; k++) {
				const struct match_part *part = &index->parts[parts[k]];
				uint32_t radix = part->cell_count + (stream->merged ? 1 : 0);

				*out++ = lines->line_firsts[parts[k]] +
					 r / part->stride % radix * (uint32_t)MATCH_WORDS;
			}
		}
	}
	return true;
}

bool match_lines_begin(struct match_build *build, struct match_lines *lines)
{
	struct match_index *index = build->index;
	size_t asked = index->part_count * MATCH_WORDS;
	size_t words;

	lines->index = index;
	if (!parts_list(build, lines))
		return false;
	words = firsts_build(build, lines);
	lines->any_found = ARENA_NEW_ARRAY(&build->arena, bool,
			(index->block_count - index->any_block) * index->stream_count + 1);
	lines->room = memory_alloc_zero(2 * (words + asked) + MATCH_WORDS, sizeof(uint64_t));
	if (!lines->line_firsts || !lines->any_found || !lines->room ||
			!row_lines_build(build, lines))
		return false;
	lines->all = (uint64_t *)(((uintptr_t)lines->room + LINE - 1) & ~(LINE - 1));
	lines->any = lines->all + words;
	lines->all_asked = lines->any + words;
	lines->any_asked = lines->all_asked + asked;
	return true;
}

void match_lines_end(struct match_lines *lines)
{
	memory_free(lines->room);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a set does to the lines of its part: the cells at which it turns, and those that it parts. As many
 * positions ask the same, it is worked out once, and lies together.
 */
#include "rules/match_internal.h"

#include <assert.h>
#include <string.h>

#define HEAD_WORDS (sizeof(struct match_mark) / sizeof(uint32_t))
#define PARTIAL_WORDS (sizeof(struct match_partial) / sizeof(uint32_t))

/* --- turns ------------------------------------------------------------------------------------- */

/*
 * The cells at which it turns whether any value of the cell is in the set, or every one; it begins @in. How many.
 */
static uint32_t number_turns(const struct match_part *part, const uint8_t *cells,
		const uint64_t *words, uint32_t count, bool every, uint32_t *out)
{
	uint32_t turns = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t begin = RANKS_FROM(words[i]);
		uint32_t end = RANKS_UNTIL(words[i]);
		uint32_t from = cells[begin];
		uint32_t last = cells[end - 1];

		if (every && part->starts[from] < begin)
			from++;
		if (!every || part->starts[last + 1] <= end)
			last++;
		if (from >= last)
			continue;
		/* The one before may end in the cell where this one begins. */
		if (turns && out[turns - 1] >= from) {
			out[turns - 1] = last;
			continue;
		}
		out[turns++] = from;
		out[turns++] = last;
	}
	return turns;
}

/* Likewise of texts, by those of them that stand for a cell, which are in the order of the cells. */
static uint32_t text_turns(const struct match_part *part, const uint64_t *words,
		const uint64_t *firsts, uint32_t count, uint32_t *out)
{
	uint32_t turns = 0;

	for (uint32_t w = 0; w < count; w++) {
		for (uint64_t left = words[w] & firsts[w]; left; left &= left - 1) {
			uint32_t cell = part->text_cells[w * 64 +
							 (unsigned)__builtin_ctzll(left)];

			if (turns && out[turns - 1] == cell) {
				out[turns - 1]++;
				continue;
			}
			out[turns++] = cell;
			out[turns++] = cell + 1;
		}
	}
	return turns;
}

/* Likewise of @count cells that are subsets, bits of a word; see match_lines.c. Those behind the last come to nothing. */
static uint32_t word_turns(uint64_t word, uint32_t count, uint32_t *out)
{
	static const uint64_t without[] = { UINT64_C(0x5555555555555555),
		UINT64_C(0x3333333333333333), UINT64_C(0x0F0F0F0F0F0F0F0F),
		UINT64_C(0x00FF00FF00FF00FF) };
	uint32_t turns = 0;

	static_assert(sizeof(without) / sizeof(*without) == MATCH_MEMBERS_MOST, "a code each");
	/* Of each code: who has it turns beside what does who has it not. */
	for (uint32_t code = 0; 1U << code < count; code++)
		word ^= (word & without[code]) << (1U << code);
	for (uint64_t left = word; left; left &= left - 1)
		out[turns++] = (uint32_t)__builtin_ctzll(left);
	if (turns % 2)
		out[turns++] = count;
	return turns;
}

/* They come in pairs; the last one may be behind the last cell. */
static uint32_t set_turns(const struct match_build *build, const struct match_set *set,
		bool every, uint32_t *out)
{
	const struct match_part *part = &build->index->parts[set->part];
	const uint64_t *words = match_set_words(build, set);

	switch (part->kind) {
	case PART_NUMBER:
		return number_turns(part, build->rank_cells[set->part], words, set->count,
				every, out);
	case PART_CODE:
		return text_turns(part, words, build->text_firsts[set->part], set->count, out);
	case PART_FLAG:
	case PART_MEMBERS:
	default:
		return set->count ? word_turns(*words, part->cell_count, out) : 0;
	}
}

/* From cells to their lines. */
static void turns_place(
		const struct match_build *build, uint32_t part, uint32_t *turns, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		turns[i] = build->line_firsts[part] + turns[i] * (uint32_t)MATCH_WORDS;
}

/* --- marks ------------------------------------------------------------------------------------- */

/* Most words that the turns, or the partials, of one set take. */
static size_t words_most(const struct match_index *index)
{
	size_t most = 1;

	for (uint32_t i = 0; i < index->part_count; i++) {
		if (index->parts[i].cell_count > most)
			most = index->parts[i].cell_count;
	}
	/* Cuts of a set of numbers that lie in one cell are joined: two turns a cell at most. */
	return (PARTIAL_WORDS + 1) * most + 4;
}

/* Of @set; what nothing asks for has no turns. */
static void mark_put(const struct match_build *build, uint32_t number, struct match_mark *mark)
{
	const struct match_set *set = match_set_at(build, number);
	const struct match_part *part = &build->index->parts[set->part];
	uint32_t *words = (uint32_t *)(mark + 1);

	*mark = (struct match_mark){ .part = set->part };
	if (match_uses_at(build, number)->all) {
		mark->turn_count = set_turns(build, set, false, words);
		turns_place(build, set->part, words, mark->turn_count);
		words += mark->turn_count;
	}
	if (match_uses_at(build, number)->any) {
		mark->every_count = set_turns(build, set, true, words);
		turns_place(build, set->part, words, mark->every_count);
		words += mark->every_count;
	}
	if (part->kind == PART_NUMBER)
		mark->partial_count = match_set_partials(
				build, set, (struct match_partial *)(void *)words);
}

/* By part of texts: those that stand for a cell. */
static bool firsts_build(struct match_build *build)
{
	const struct match_index *index = build->index;

	build->text_firsts = (uint64_t **)arena_alloc_zero(
			&build->arena, index->part_count + 1, sizeof(*build->text_firsts));
	for (uint32_t i = 0; build->text_firsts && i < index->part_count; i++) {
		const struct match_part *part = &index->parts[i];
		uint64_t *firsts;

		if (part->kind != PART_CODE)
			continue;
		firsts = ARENA_NEW_ARRAY(&build->arena, uint64_t, part->text_count / 64 + 1);
		if (!firsts)
			return false;
		for (uint32_t c = 0; c < part->cell_count; c++)
			firsts[part->cell_texts[c] / 64] |= UINT64_C(1)
							    << (part->cell_texts[c] % 64);
		build->text_firsts[i] = firsts;
	}
	return build->text_firsts != NULL;
}

/* By part of numbers: the cell of each rank. */
static bool rank_cells_build(struct match_build *build)
{
	const struct match_index *index = build->index;

	static_assert(MATCH_CELLS_MOST <= UINT8_MAX, "a cell is a byte");
	build->rank_cells = (uint8_t **)arena_alloc_zero(
			&build->arena, index->part_count + 1, sizeof(*build->rank_cells));
	for (uint32_t i = 0; build->rank_cells && i < index->part_count; i++) {
		const struct match_part *part = &index->parts[i];
		uint8_t *cells;

		if (part->kind != PART_NUMBER)
			continue;
		build->rank_cells[i] = cells =
				arena_alloc(&build->arena, part->threshold_count + 1);
		if (!cells)
			return false;
		for (uint32_t c = 0; c < part->cell_count; c++)
			memset(cells + part->starts[c], (int)c,
					part->starts[c + 1] - part->starts[c]);
	}
	return build->rank_cells != NULL;
}

bool match_marks_build(struct match_build *build)
{
	size_t most = HEAD_WORDS + 3 * words_most(build->index);

	build->mark_of = ARENA_NEW_ARRAY(&build->arena, uint32_t, build->sets.count + 1);
	if (!build->mark_of || !firsts_build(build) || !rank_cells_build(build))
		return false;
	for (uint32_t i = 0; i < build->sets.count; i++) {
		uint32_t *room;
		const struct match_mark *mark;

		if (!match_uses_at(build, i)->all && !match_uses_at(build, i)->any)
			continue;
		room = match_list_room(&build->marks, most, sizeof(*room));
		if (!room)
			return false;
		mark_put(build, i, (struct match_mark *)room);
		mark = (const struct match_mark *)room;
		build->mark_of[i] = (uint32_t)build->marks.count;
		build->marks.count += HEAD_WORDS + mark->turn_count + mark->every_count +
				      PARTIAL_WORDS * mark->partial_count;
	}
	return true;
}

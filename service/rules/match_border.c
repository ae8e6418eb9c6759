/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Borders: positions that ask for a threshold within a cell. A row says of the whole cell what may be, and
 * in an "or" what is sure; what a number says itself is in lists by rank, or by cell.
 */
#include "rules/match_internal.h"

#include "base/memory.h"

#include <string.h>

/* How a set stands within one cell: none, all, or the ranks between two. */
static bool set_is_partial(const struct match_part *part, const uint64_t *words, uint32_t count,
		uint32_t cell, struct match_partial *out)
{
	uint32_t low = part->starts[cell];
	uint32_t high = part->starts[cell + 1];
	uint32_t found = 0;
	uint32_t from[2] = { 0 };
	uint32_t until[2] = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		uint32_t begin = RANKS_FROM(words[i]);
		uint32_t end = RANKS_UNTIL(words[i]);

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
	if (found == 0 || (found == 1 && from[0] == low && until[0] == high))
		return false;
	if (found == 1)
		*out = (struct match_partial){ cell, from[0], until[0] };
	else if (found == 2 && from[0] == low && until[1] == high)
		/* All but a piece between them. */
		*out = (struct match_partial){ cell, from[1], until[0] };
	else
		*out = (struct match_partial){ MATCH_CELL_ODD, 0, 0 };
	return true;
}

uint32_t match_set_partials(const struct match_build *build, const struct match_set *set,
		struct match_partial *out)
{
	const struct match_part *part = &build->index->parts[set->part];
	const uint64_t *words = match_set_words(build, set);
	uint32_t last = UINT32_MAX;
	uint32_t count = 0;

	for (uint32_t i = 0; i < 2 * set->count; i++) {
		uint32_t rank = i % 2 ? RANKS_UNTIL(words[i / 2]) : RANKS_FROM(words[i / 2]);
		uint32_t cell;

		if (rank > part->threshold_count)
			continue;
		cell = build->rank_cells[set->part][rank];
		if (cell == last || part->starts[cell] == rank)
			continue;
		last = cell;
		count += set_is_partial(part, words, set->count, cell, &out[count]);
	}
	return count;
}

/* --- where they are ---------------------------------------------------------------------------- */

/* What a value in a cell says of a position: up to two sides, or a border. */
struct borders {
	uint32_t *sides[2]; /* how many there are of a rank, then where the next one is put */
	uint32_t *border;
	struct match_border turned;
};

/*
 * Till all are put, ->ranks have in ->begin those that say something from a rank on, and in ->end those below it. A
 * veto where a value is out, or in an "or" a grant where it is in.
 */
static struct borders partial_borders(
		struct match_part *part, bool any, const struct match_partial *partial)
{
	bool low = partial->from > part->starts[partial->cell];
	bool high = partial->until < part->starts[partial->cell + 1];
	bool hole = partial->from > partial->until;
	struct borders borders = { .border = NULL };

	/* One of two sides is enough for a veto outside of a range, and for a grant outside of a hole. */
	if (hole != any && low && high) {
		borders.border = &part->border_starts[partial->cell];
		borders.turned.from = any ? partial->from : partial->until;
		borders.turned.until = any ? partial->until : partial->from;
		return borders;
	}
	if (low)
		borders.sides[0] = any ? &part->ranks[partial->from].begin
				       : &part->ranks[partial->from].end;
	if (high)
		borders.sides[1] = any ? &part->ranks[partial->until].end
				       : &part->ranks[partial->until].begin;
	return borders;
}

/* As many of each as positions ask the set. */
static void mark_count(struct match_index *index, const struct match_mark *mark, uint32_t uses,
		bool any)
{
	const struct match_partial *partials = match_mark_partials(mark);
	struct match_part *part = &index->parts[mark->part];

	for (uint32_t i = 0; i < mark->partial_count; i++) {
		struct borders borders;

		if (partials[i].cell == MATCH_CELL_ODD)
			continue;
		borders = partial_borders(part, any, &partials[i]);
		for (int k = 0; k < 2; k++) {
			if (borders.sides[k])
				*borders.sides[k] += uses;
		}
		if (borders.border)
			*borders.border += uses;
	}
}

void match_borders_put(struct match_build *build, uint32_t position, bool any,
		const struct match_mark *mark)
{
	struct match_index *index = build->index;
	struct match_part *part = &index->parts[mark->part];
	const struct match_partial *partials = match_mark_partials(mark);
	uint32_t at = position + (any ? (uint32_t)match_row_words(index) * 64 : 0);

	for (uint32_t i = 0; i < mark->partial_count; i++) {
		struct borders borders;

		if (partials[i].cell == MATCH_CELL_ODD) {
			index->open[position / 64] |= UINT64_C(1) << (position % 64);
			index->has_open = true;
			continue;
		}
		borders = partial_borders(part, any, &partials[i]);
		for (int k = 0; k < 2; k++) {
			if (borders.sides[k])
				part->sides[(*borders.sides[k])++] = at;
		}
		if (borders.border) {
			borders.turned.at = at;
			part->borders[(*borders.border)++] = borders.turned;
		}
	}
}

/* How many there are comes to where they begin: behind those @before. */
static uint32_t counted(uint32_t *place, uint32_t before)
{
	uint32_t count = *place;

	*place = before;
	return before + count;
}

/* From how many there are to where they begin, and room for all. */
static bool part_counted(struct match_index *index, struct match_part *part)
{
	uint32_t count = 0;

	for (uint32_t c = 0; c < part->cell_count; c++) {
		uint32_t first = part->starts[c];
		uint32_t last = part->starts[c + 1] - 1;

		for (uint32_t r = last; r > first; r--)
			count = counted(&part->ranks[r].begin, count);
		for (uint32_t r = last; r > first; r--)
			count = counted(&part->ranks[r].end, count);
	}
	index->side_count += count;
	part->sides = memory_alloc_zero(count + MATCH_SIDES_STEP, sizeof(*part->sides));
	count = 0;
	for (uint32_t c = 0; c < part->cell_count; c++)
		count = counted(&part->border_starts[c], count);
	index->border_count += count;
	part->borders = memory_alloc((count + 1) * sizeof(*part->borders));
	return part->sides && part->borders;
}

/* Each has come to where the next began: from there to what a rank says. */
static void part_filled(struct match_part *part)
{
	uint32_t begin = 0; /* of the cell */

	for (uint32_t c = 0; c < part->cell_count; c++) {
		struct match_sides *rank = &part->ranks[part->starts[c]];
		struct match_sides *last = &part->ranks[part->starts[c + 1] - 1];
		/* Where those from a rank on end, and all. */
		struct match_sides ends =
				rank < last ? rank[1] : (struct match_sides){ begin, begin };

		for (; rank < last; rank++)
			*rank = rank[1];
		*last = (struct match_sides){ begin, ends.begin };
		begin = ends.end;
	}
	memmove(part->border_starts + 1, part->border_starts,
			part->cell_count * sizeof(*part->border_starts));
	part->border_starts[0] = 0;
}

bool match_borders_begin(struct match_build *build)
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
		part->ranks = memory_alloc_zero(
				part->threshold_count + 1, sizeof(*part->ranks));
		part->border_starts = memory_alloc_zero(
				part->cell_count + 1, sizeof(*part->border_starts));
		if (!part->ranks || !part->border_starts)
			return false;
		index->has_borders = true;
	}
	for (uint32_t i = 0; i < build->sets.count && index->has_borders; i++) {
		if (match_uses_at(build, i)->all)
			mark_count(index, match_mark_at(build, i), match_uses_at(build, i)->all,
					false);
		if (match_uses_at(build, i)->any)
			mark_count(index, match_mark_at(build, i), match_uses_at(build, i)->any,
					true);
	}
	for (uint32_t i = 0; i < index->part_count; i++) {
		if (index->parts[i].ranks && !part_counted(index, &index->parts[i]))
			return false;
	}
	return true;
}

void match_borders_end(struct match_index *index)
{
	for (uint32_t i = 0; i < index->part_count; i++) {
		if (index->parts[i].ranks)
			part_filled(&index->parts[i]);
	}
}

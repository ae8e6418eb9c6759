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

/* Into ->sides, or (NULL) only counted. */
static void side_put(struct match_part *part, uint32_t rank, bool from, uint32_t at)
{
	uint32_t *place = from ? &part->ranks[rank].from : &part->ranks[rank].below;

	if (part->sides)
		part->sides[*place] = at;
	(*place)++;
}

/* What a value in the cell says of the position: a veto where it is out, or in an "or" a grant where it is in. */
static void border_put(struct match_part *part, uint32_t cell, bool any,
		const struct match_border *border)
{
	bool low = border->from > part->starts[cell];
	bool high = border->until < part->starts[cell + 1];
	bool hole = border->from > border->until;

	/* One of two sides is enough for a veto outside of a range, and for a grant outside of a hole. */
	if (hole != any && low && high) {
		struct match_border turned = { border->at, border->until, border->from };

		if (part->borders)
			part->borders[part->border_starts[cell]] = any ? *border : turned;
		part->border_starts[cell]++;
		return;
	}
	if (low)
		side_put(part, border->from, any, border->at);
	if (high)
		side_put(part, border->until, !any, border->at);
}

/* The borders of one entry. */
static void entry_borders(struct match_build *build, uint32_t position, bool any,
		const struct match_set *set)
{
	struct match_index *index = build->index;
	struct match_part *part = &index->parts[set->part];
	const uint64_t *words = match_set_words(build, set);
	uint32_t at = position + (any ? (uint32_t)match_row_words(index) * 64 : 0);
	uint32_t last = UINT32_MAX;

	for (uint32_t i = 0; i < 2 * set->count; i++) {
		uint32_t rank = (uint32_t)(i % 2 ? words[i / 2] >> 32 : words[i / 2]);
		struct match_border border = { .at = at };
		uint32_t cell;
		bool odd;

		if (rank > part->threshold_count)
			continue;
		cell = match_rank_cell(part, rank);
		if (cell == last || part->starts[cell] == rank)
			continue;
		last = cell;
		if (!set_is_partial(part, words, set->count, cell, &border, &odd))
			continue;
		if (odd) {
			bit_put(index->open, position);
			index->has_open = true;
		} else {
			border_put(part, cell, any, &border);
		}
	}
}

static void run_borders(struct match_build *build, uint32_t position, bool any,
		const struct match_run *run)
{
	const uint32_t *entries = (const uint32_t *)build->entries.data + run->first;

	for (uint32_t i = 0; i < run->count; i++) {
		const struct match_set *set = match_set_at(build, entries[i]);

		if (build->index->parts[set->part].ranks)
			entry_borders(build, position, any, set);
	}
}

static void borders_walk(struct match_build *build)
{
	for (uint32_t at = 0; at < build->index->position_count; at++) {
		const struct match_way *way = &match_position_at(build, at)->way;

		run_borders(build, at, false, &way->all);
		run_borders(build, at, true, &way->any);
	}
}

/* From how many there are to where they begin, and room for all. */
static bool part_counted(struct match_index *index, struct match_part *part)
{
	uint32_t count = 0;

	for (uint32_t r = 0; r <= part->threshold_count; r++) {
		uint32_t from = part->ranks[r].from;

		part->ranks[r].from = count;
		count += from;
	}
	for (uint32_t r = 0; r <= part->threshold_count; r++) {
		uint32_t below = part->ranks[r].below;

		part->ranks[r].below = count;
		count += below;
	}
	index->side_count += count;
	part->sides = memory_alloc((count + 1) * sizeof(*part->sides));
	count = 0;
	for (uint32_t c = 0; c < part->cell_count; c++) {
		uint32_t borders = part->border_starts[c];

		part->border_starts[c] = count;
		count += borders;
	}
	index->border_count += count;
	part->borders = memory_alloc((count + 1) * sizeof(*part->borders));
	return part->sides && part->borders;
}

/* Each has come to where the next began. */
static void part_filled(struct match_part *part)
{
	uint32_t from = 0;
	uint32_t below = part->ranks[part->threshold_count].from;

	for (uint32_t r = 0; r <= part->threshold_count; r++) {
		struct match_sides ends = part->ranks[r];

		part->ranks[r] = (struct match_sides){ from, below };
		from = ends.from;
		below = ends.below;
	}
	part->ranks[part->threshold_count + 1] = (struct match_sides){ from, below };
	memmove(part->border_starts + 1, part->border_starts,
			part->cell_count * sizeof(*part->border_starts));
	part->border_starts[0] = 0;
}

bool match_borders_build(struct match_build *build)
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
				part->threshold_count + 2, sizeof(*part->ranks));
		part->border_starts = memory_alloc_zero(
				part->cell_count + 1, sizeof(*part->border_starts));
		if (!part->ranks || !part->border_starts)
			return false;
		index->has_borders = true;
	}
	if (!index->has_borders)
		return true;
	borders_walk(build);
	for (uint32_t i = 0; i < index->part_count; i++) {
		if (index->parts[i].ranks && !part_counted(index, &index->parts[i]))
			return false;
	}
	borders_walk(build);
	for (uint32_t i = 0; i < index->part_count; i++) {
		if (index->parts[i].ranks)
			part_filled(&index->parts[i]);
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What an atom asks of its part: a set, or nothing that rows could tell. */
#include "rules/match_internal.h"

static uint32_t number_set(struct match_build *build, uint32_t number, bool negated)
{
	uint32_t at = build->atom_parts[number] - 1;
	const struct match_part *part = &build->index->parts[at];
	uint32_t rank = build->atom_codes[number];
	uint64_t ranks = negated ? RANKS(0, rank) : RANKS(rank, part->threshold_count + 1);

	return match_set_add(build, at, &ranks, 1);
}

/* Of the word @at, the bits of the first @count texts. */
static uint64_t texts_below(uint32_t count, size_t at)
{
	if (count >= 64 * (at + 1))
		return UINT64_MAX;
	return count > 64 * at ? (UINT64_C(1) << (count - 64 * at)) - 1 : 0;
}

static uint32_t code_set(
		struct match_build *build, uint32_t number, bool negated, bool *out_open)
{
	uint32_t at = build->atom_parts[number] - 1;
	const struct match_part *part = &build->index->parts[at];
	size_t count = (part->text_count + 63) / 64;
	struct arena_mark mark = arena_mark(&build->arena);
	uint64_t *yes = arena_alloc(&build->arena, 2 * count * sizeof(*yes));
	uint64_t *no = yes + count;
	/* What is said of all others need not be told. */
	uint32_t told = part->text_count - (part->closed ? 0 : 1);
	uint32_t set = UINT32_MAX;

	if (!yes) {
		build->failed = true;
		return UINT32_MAX;
	}
	/* An atom that has a value of an unknown text may not be kept apart by a row. */
	if (match_code_answers(build, number, yes, no)) {
		for (size_t i = 0; i < count; i++) {
			uint64_t all = texts_below(part->text_count, i);

			*out_open |= (~(yes[i] | no[i]) & texts_below(told, i)) != 0;
			yes[i] = ~(negated ? yes[i] : no[i]) & all;
		}
		set = match_set_add(build, at, yes, count);
	}
	arena_rewind(&build->arena, mark);
	return set;
}

uint32_t match_atom_set(
		struct match_build *build, uint32_t number, bool negated, bool *out_open)
{
	uint32_t at = build->atom_parts[number];
	const struct match_part *part;
	uint64_t word = 0;

	if (!at)
		return UINT32_MAX;
	part = &build->index->parts[at - 1];
	switch (part->kind) {
	case PART_NUMBER:
		return number_set(build, number, negated);
	case PART_CODE:
		return code_set(build, number, negated, out_open);
	case PART_MEMBERS:
		for (uint32_t i = 0; i < part->cell_count; i++) {
			if (((i >> (build->atom_codes[number] - part->member_first)) & 1) ==
					(negated ? 0 : 1))
				word |= UINT64_C(1) << i;
		}
		break;
	case PART_FLAG:
	default:
		word = negated ? 1 : 2;
		break;
	}
	return match_set_add(build, at - 1, &word, 1);
}

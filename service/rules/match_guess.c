/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What share of enterprises may be expected in a set. Nobody knows here what they are like, but whoever
 * makes policies does: what is asked for often is there often, and thresholds are there to be missed.
 */
#include "rules/match_internal.h"

/* Adds @add to each text of the set; what its texts come to then. */
static float set_wishes(const struct match_build *build, const struct match_set *set,
		struct match_wishes *wishes, float add)
{
	const uint64_t *words = match_set_words(build, set);
	float sum = 0;

	for (uint32_t w = 0; w < set->count; w++) {
		for (uint64_t left = words[w]; left; left &= left - 1) {
			float *text = &wishes->texts[w * 64 + (unsigned)__builtin_ctzll(left)];

			*text += add;
			sum += *text;
		}
	}
	return sum;
}

static uint32_t set_size(const struct match_build *build, const struct match_set *set)
{
	const uint64_t *words = match_set_words(build, set);
	uint32_t size = 0;

	for (uint32_t w = 0; w < set->count; w++)
		size += (uint32_t)__builtin_popcountll(words[w]);
	return size;
}

bool match_guess_build(struct match_build *build)
{
	const struct match_index *index = build->index;
	struct match_wishes *wishes = ARENA_NEW_ARRAY(
			&build->arena, struct match_wishes, index->part_count + 1);

	build->wishes = wishes;
	if (!wishes)
		return false;
	for (uint32_t i = 0; i < index->part_count; i++) {
		wishes[i].texts = ARENA_NEW_ARRAY(
				&build->arena, float, index->parts[i].text_count + 64);
		if (!wishes[i].texts)
			return false;
	}
	for (uint32_t i = 0; i < build->sets.count; i++) {
		const struct match_set *set = match_set_at(build, i);
		const struct match_part *part = &index->parts[set->part];
		struct match_wishes *wish = &wishes[set->part];
		uint32_t size;

		if (match_uses_at(build, i)->all == 0)
			continue;
		if (part->kind == PART_NUMBER && set->count == 1) {
			uint64_t ranks = *match_set_words(build, set);

			if ((uint32_t)ranks == 0)
				wish->most += match_uses_at(build, i)->all;
			else if (ranks >> 32 == part->threshold_count + 1)
				wish->least += match_uses_at(build, i)->all;
		}
		if (part->kind != PART_FLAG && part->kind != PART_CODE)
			continue;
		size = set_size(build, set);
		if (size == 0 || (part->kind == PART_CODE && size > part->text_count / 2))
			continue;
		(void)set_wishes(build, set, wish,
				(float)match_uses_at(build, i)->all / (float)size);
		wish->total += (float)match_uses_at(build, i)->all;
	}
	for (uint32_t i = 0; i < build->sets.count; i++) {
		struct match_set *set = (struct match_set *)build->sets.data + i;
		const struct match_part *part = &index->parts[set->part];
		struct match_wishes *wish = &wishes[set->part];
		const uint64_t *words = match_set_words(build, set);
		bool most = set->count && (uint32_t)words[0] == 0;
		bool least = set->count &&
			     words[set->count - 1] >> 32 == part->threshold_count + 1;

		/* Nothing is sorted by it. */
		if (match_uses_at(build, i)->all == 0)
			continue;
		switch (part->kind) {
		case PART_NUMBER:
			if ((most && wish->most * 3 < wish->least) ||
					(least && wish->least * 3 < wish->most))
				set->pass = 0.8F;
			break;
		case PART_MEMBERS:
			set->pass = (float)set_size(build, set) / (float)part->cell_count;
			set->pass *= set->pass;
			break;
		case PART_FLAG:
		case PART_CODE:
		default:
			if (wish->total > 0)
				set->pass = set_wishes(build, set, wish, 0) / wish->total;
			if (match_uses_at(build, i)->all < MATCH_BLOCK / 2 &&
					set_size(build, set) > 2)
				set->pass = 3 * set->pass < 1 ? 3 * set->pass : 1;
			break;
		}
	}
	return true;
}

float match_guess_share(const struct match_build *build, uint32_t at, const uint64_t *words,
		size_t count)
{
	const struct match_part *part = &build->index->parts[at];
	const struct match_wishes *wishes = &build->wishes[at];
	float sum = 0;

	if (part->kind == PART_NUMBER) {
		uint32_t from = RANKS_FROM(words[0]);
		uint32_t until = RANKS_UNTIL(words[0]);
		float share = (float)(until - from) / (float)(part->threshold_count + 1);

		if (from == 0 || until == part->threshold_count + 1)
			return until - from > part->threshold_count ? 1
								    : match_pass_ranks(share);
		return share;
	}
	for (size_t w = 0; w < count; w++) {
		if (part->kind == PART_MEMBERS)
			sum += (float)__builtin_popcountll(words[w]) / (float)part->cell_count;
		else
			for (uint64_t left = words[w]; left; left &= left - 1)
				sum += wishes->texts[w * 64 + (unsigned)__builtin_ctzll(left)];
	}
	if (part->kind == PART_MEMBERS)
		return sum * sum;
	return wishes->total > 0 ? sum / wishes->total : 1;
}

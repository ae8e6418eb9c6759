/* SPDX-License-Identifier: Apache-2.0 */
/* Sets: what one alternative asks of one part, texts or subsets as bits and numbers as pairs of ranks. */
#include "rules/match_internal.h"

#include <string.h>

static uint64_t bits_reversed(uint64_t word)
{
	static const struct {
		unsigned by;
		uint64_t of;
	} turns[] = {
		{ 1, UINT64_C(0x5555555555555555) },
		{ 2, UINT64_C(0x3333333333333333) },
		{ 4, UINT64_C(0x0F0F0F0F0F0F0F0F) },
	};

	for (size_t i = 0; i < sizeof(turns) / sizeof(*turns); i++)
		word = ((word >> turns[i].by) & turns[i].of) | (word & turns[i].of)
									       << turns[i].by;
	return __builtin_bswap64(word);
}

/* Where no registry is asked, what may be expected of enterprises is guessed. */
static void set_guess(const struct match_build *build, struct match_set *set)
{
	const struct match_part *part = &build->index->parts[set->part];
	const uint64_t *words = match_set_words(build, set);
	uint64_t in = 0;

	for (uint32_t i = 0; i < set->count; i++)
		in += part->kind == PART_NUMBER ? RANKS_UNTIL(words[i]) - RANKS_FROM(words[i])
						: (uint64_t)__builtin_popcountll(words[i]);
	switch (part->kind) {
	case PART_NUMBER:
		set->pass = match_pass_ranks((float)in / (float)(part->threshold_count + 1));
		if (set->count == 1 && RANKS_UNTIL(words[0]) == part->threshold_count + 1)
			set->order = RANKS_FROM(words[0]);
		else if (set->count == 1 && RANKS_FROM(words[0]) == 0)
			set->order = UINT64_C(1) << 46 | RANKS_UNTIL(words[0]);
		else if (set->count)
			set->order = UINT64_C(2) << 46 | RANKS_FROM(words[0]);
		break;
	case PART_CODE:
		set->pass = (float)in / (float)part->text_count;
		for (uint32_t i = 0; i < set->count && set->order == 0; i++)
			set->order = bits_reversed(words[i]) >> (i < 8 ? i : 8);
		/* Of one text, of two, of more; what holds none is with the first. */
		set->order = ~set->order >> 18 | (in > 2 ? UINT64_C(2) : in / 2) << 46;
		break;
	case PART_MEMBERS:
		set->pass = 0.6F * (float)in / (float)(1U << part->member_count);
		set->order = words[0] << 32;
		break;
	case PART_FLAG:
	default:
		set->pass = 0.7F;
		set->order = words[0] << 32;
		break;
	}
}

/* Room for a set and its words, behind the others; NULL when memory is short. */
static uint64_t *set_room(struct match_build *build, size_t count)
{
	uint64_t *words = match_list_room(&build->words, count + 1, sizeof(*words));

	if (words && match_list_room(&build->sets, 1, sizeof(struct match_set)) &&
			match_list_room(&build->uses, 1, sizeof(struct match_uses)))
		return words;
	build->failed = true;
	return NULL;
}

/* The set whose words are in that room. */
static uint32_t set_put(struct match_build *build, uint32_t part, size_t count)
{
	struct match_set *set = (struct match_set *)build->sets.data + build->sets.count;

	*set = (struct match_set){
		.part = part, .at = (uint32_t)build->words.count, .count = (uint32_t)count
	};
	*match_uses_at(build, (uint32_t)build->uses.count) = (struct match_uses){ 0, 0 };
	build->uses.count++;
	build->words.count += count;
	set_guess(build, set);
	return (uint32_t)build->sets.count++;
}

uint32_t match_set_add(
		struct match_build *build, uint32_t part, const uint64_t *words, size_t count)
{
	uint64_t *room = set_room(build, count);

	if (!room)
		return UINT32_MAX;
	if (count)
		memcpy(room, words, count * sizeof(*words));
	return set_put(build, part, count);
}

/* Ranks of either, in order and apart. */
static size_t ranks_unite(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count,
		uint64_t *out)
{
	size_t i = 0, k = 0, count = 0;

	while (i < a_count || k < b_count) {
		uint64_t next = k == b_count || (i < a_count && RANKS_FROM(a[i]) <=
										RANKS_FROM(b[k]))
						? a[i++]
						: b[k++];

		if (count && RANKS_FROM(next) <= RANKS_UNTIL(out[count - 1])) {
			if (RANKS_UNTIL(next) > RANKS_UNTIL(out[count - 1]))
				out[count - 1] = RANKS(
						RANKS_FROM(out[count - 1]), RANKS_UNTIL(next));
			continue;
		}
		out[count++] = next;
	}
	return count;
}

static size_t ranks_intersect(const uint64_t *a, size_t a_count, const uint64_t *b,
		size_t b_count, uint64_t *out)
{
	size_t i = 0, k = 0, count = 0;

	while (i < a_count && k < b_count) {
		uint32_t from = RANKS_FROM(a[i]) > RANKS_FROM(b[k]) ? RANKS_FROM(a[i])
								    : RANKS_FROM(b[k]);
		uint32_t until = RANKS_UNTIL(a[i]) < RANKS_UNTIL(b[k]) ? RANKS_UNTIL(a[i])
								       : RANKS_UNTIL(b[k]);

		if (from < until)
			out[count++] = RANKS(from, until);
		if (RANKS_UNTIL(a[i]) < RANKS_UNTIL(b[k]))
			i++;
		else
			k++;
	}
	return count;
}

uint32_t match_sets_join(struct match_build *build, uint32_t a, uint32_t b, bool any)
{
	struct match_set left = *match_set_at(build, a);
	struct match_set right = *match_set_at(build, b);
	uint64_t *words = set_room(build, (size_t)left.count + right.count);
	const uint64_t *in_left, *in_right;
	size_t count = left.count;

	if (!words)
		return UINT32_MAX;
	/* Room may have been made elsewhere. */
	in_left = match_set_words(build, &left);
	in_right = match_set_words(build, &right);
	if (build->index->parts[left.part].kind == PART_NUMBER)
		count = (any ? ranks_unite : ranks_intersect)(
				in_left, left.count, in_right, right.count, words);
	else
		for (uint32_t i = 0; i < left.count; i++)
			words[i] = any ? in_left[i] | in_right[i] : in_left[i] & in_right[i];
	return set_put(build, left.part, count);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* By what part some positions are sorted, so that most of them fall away in whole blocks: tried with a sample of them. */
#include "rules/match_ordering.h"

#include <string.h>

/* Where fewer positions are ruled out nothing is sorted. */
#define SCORE_LEAST (0.25F * MATCH_BLOCK)
/* Texts beyond those of so many words are not looked at. */
#define JOINED_WORDS ((size_t)64)

static bool is_used(const struct match_ordering *ordering, int depth, uint32_t part)
{
	for (int i = 0; i < depth; i++) {
		if (ordering->used[i] == part)
			return true;
	}
	return false;
}

/* The sets of some positions that rule out enough, part by part: see ->mention_ends. */
static void mentions_list(struct match_ordering *ordering, const struct match_ranked *list,
		size_t count, size_t step, int depth)
{
	uint32_t part_count = ordering->build->index->part_count;
	uint32_t *ends = ordering->mention_ends;
	uint32_t *spare = ordering->spare_mentions;
	uint32_t *parts = ordering->mention_parts;
	size_t mentions = 0;

	memset(ends, 0, (part_count + 1) * sizeof(*ends));
	for (size_t i = 0; i < count; i += step) {
		const uint32_t *asks = ordering->asks + list[i].at;

		if (i + MATCH_ORDER_AHEAD * step < count)
			__builtin_prefetch(
					ordering->asks + list[i + MATCH_ORDER_AHEAD * step].at);
		for (int k = 0; k < MATCH_MENTIONS_MOST && asks[k] != MATCH_SETS_END; k++) {
			uint32_t part = ordering->parts[asks[k]];

			if (is_used(ordering, depth, part))
				continue;
			parts[mentions] = part;
			spare[mentions++] = asks[k];
			ends[part + 1]++;
		}
	}
	for (uint32_t i = 0; i < part_count; i++)
		ends[i + 1] += ends[i];
	for (size_t i = 0; i < mentions; i++)
		ordering->mentions[ends[parts[i]]++] = spare[i];
}

/* What some sets of one part let pass together: of numbers all that lies between. */
struct joined {
	uint64_t words[JOINED_WORDS]; /* as many as ->count */
	size_t count;
	float pass; /* no less than of any of them */
};

static void joined_put(const struct match_ordering *ordering, struct joined *joined,
		uint32_t number, bool ranks)
{
	const struct match_brief *brief = &ordering->briefs[number];
	const struct match_build *build = ordering->build;
	const uint64_t *words = &brief->word;
	size_t count = brief->count < JOINED_WORDS ? brief->count : JOINED_WORDS;

	if (count == 0)
		return;
	if (count > 1)
		words = match_set_words(build, match_set_at(build, ordering->sets[number]));
	joined->pass = brief->pass > joined->pass ? brief->pass : joined->pass;
	for (; joined->count < count; joined->count++)
		joined->words[joined->count] = ranks ? brief->word : 0;
	if (ranks) {
		uint32_t from = RANKS_FROM(joined->words[0]);
		uint32_t until = RANKS_UNTIL(joined->words[0]);

		from = RANKS_FROM(brief->word) < from ? RANKS_FROM(brief->word) : from;
		until = RANKS_UNTIL(brief->word) > until ? RANKS_UNTIL(brief->word) : until;
		joined->words[0] = RANKS(from, until);
		return;
	}
	for (size_t i = 0; i < count; i++)
		joined->words[i] |= words[i];
}

/* How many of @list, which are sets of one part, are in blocks that a value rules out, were they sorted by it. */
static float part_score(const struct match_ordering *ordering, uint32_t part,
		const uint32_t *list, size_t count, size_t block)
{
	bool ranks = ordering->build->index->parts[part].kind == PART_NUMBER;
	struct joined joined;
	float score = 0;

	for (size_t i = 0; i < count;) {
		size_t end = i + block < count ? i + block : count;
		float size = (float)(end - i);
		float pass = 0;

		joined.count = 0;
		joined.pass = 0;
		for (size_t k = i; k < end; k++) {
			if (k == i || list[k] != list[k - 1])
				joined_put(ordering, &joined, list[k], ranks);
		}
		if (joined.count)
			pass = match_guess_share(
					ordering->build, part, joined.words, joined.count);
		if (pass < joined.pass)
			pass = joined.pass;
		/* What does not fill a block shares it with others. */
		score += (1 - pass) * size * size / (float)block;
		i = end;
	}
	return score;
}

/* The parts whose sets rule out more than @least, were every block as good as the best of them; how many. */
static size_t parts_list(struct match_ordering *ordering, float least)
{
	uint32_t begin = 0;
	size_t count = 0;

	for (uint32_t i = 0; i < ordering->build->index->part_count; i++) {
		uint32_t end = ordering->mention_ends[i];
		float most = (1 - ordering->passes[i]) * (float)(end - begin);

		if (most > least)
			ordering->tried[count++] =
					(struct match_tried){ i, begin, end - begin, most };
		begin = end;
	}
	return count;
}

uint32_t match_part_choose(struct match_ordering *ordering, const struct match_ranked *list,
		size_t count, int depth)
{
	size_t step = count / MATCH_SAMPLE_MOST + 1;
	float best = SCORE_LEAST / (float)step;
	uint32_t chosen = UINT32_MAX;
	size_t left;

	mentions_list(ordering, list, count, step, depth);
	left = parts_list(ordering, best);
	while (left) {
		struct match_tried *tried = ordering->tried;
		uint32_t *mentions;
		float score;

		for (size_t i = 1; i < left; i++)
			tried = ordering->tried[i].most > tried->most ? &ordering->tried[i]
								      : tried;
		/* Most parts need not be looked at. */
		if (tried->most <= best)
			break;
		mentions = &ordering->mentions[tried->begin];
		match_numbers_sort(mentions, ordering->spare_mentions, tried->count,
				ordering->firsts[tried->part],
				ordering->firsts[tried->part + 1]);
		score = part_score(ordering, tried->part, mentions, tried->count,
				MATCH_BLOCK / step + 1);
		if (score > best) {
			best = score;
			chosen = tried->part;
		}
		*tried = ordering->tried[--left];
	}
	return chosen;
}

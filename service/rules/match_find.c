/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of an enterprise have in common. Blocks that some row has nothing of are passed over, by
 * the summaries; the others are a line of memory a row.
 */
#include "rules/match_work.h"
#include "rules/plane.h"

#include <string.h>

/* Into each of the clones, so that it is compiled for that machine. */
#define ALWAYS_INLINE inline __attribute__((always_inline))
/* With fewer blocks, these are looked at at once. */
#define SUMMARY_LEAST 8
/* That are joined side by side. */
#define BLOCKS_JOINED ((size_t)4)

/* What may be the case of some position beside true and false. */
enum doubt {
	DOUBT_NONE,
	DOUBT_UNKNOWN, /* it is undecided */
	DOUBT_ANY,     /* or the rule itself must be asked */
};

/* --- rows -------------------------------------------------------------------------------------- */

/* A line of memory in two halves. Both are handled by address: how vectors are handed over depends on the
 * machine that is compiled for. */
typedef uint64_t half_line __attribute__((vector_size(32), aligned(8), may_alias));

struct line {
	half_line left, right;
};

static ALWAYS_INLINE struct line *line_at(uint64_t *words)
{
	return (struct line *)(void *)words;
}

static ALWAYS_INLINE const struct line *line_of(const uint64_t *words)
{
	return (const struct line *)(const void *)words;
}

static ALWAYS_INLINE void line_fill(struct line *line, uint64_t word)
{
	const half_line half = { word, word, word, word };

	line->left = half;
	line->right = half;
}

static ALWAYS_INLINE void line_and(struct line *line, const struct line *other)
{
	line->left &= other->left;
	line->right &= other->right;
}

static ALWAYS_INLINE void line_or(struct line *line, const struct line *other)
{
	line->left |= other->left;
	line->right |= other->right;
}

static ALWAYS_INLINE void line_without(struct line *line, const struct line *other)
{
	line->left &= ~other->left;
	line->right &= ~other->right;
}

static ALWAYS_INLINE bool line_any(const struct line *line)
{
	half_line both = line->left | line->right;

	return (both[0] | both[1] | both[2] | both[3]) != 0;
}

/* Blocks that all summaries have, in ->blocks. */
static ALWAYS_INLINE size_t blocks_choose(struct match_work *work)
{
	const struct match_index *index = work->index;
	size_t words = index->summary_words;
	uint32_t rows = index->block_count < SUMMARY_LEAST ? 0 : work->join_count;
	size_t count = 0;

	for (size_t w = 0; w < words; w++) {
		const uint64_t *summaries = index->summaries + w;
		size_t blocks = index->block_count - w * 64;
		uint64_t left = blocks < 64 ? (UINT64_C(1) << blocks) - 1 : UINT64_MAX;

		for (uint32_t i = 0; i < rows; i++)
			left &= summaries[work->join_numbers[i] * words];
		for (; left; left &= left - 1)
			work->blocks[count++] =
					(uint32_t)(w * 64 + (unsigned)__builtin_ctzll(left));
	}
	return count;
}

/*
 * What all rows have in common of BLOCKS_JOINED blocks, whose first words are at @at: side by side, so that a
 * row is found once for all of them and none waits for the memory of another. How fast lines come is all that
 * counts: to ask for those of the next blocks ahead would only take longer.
 */
static ALWAYS_INLINE void blocks_join(
		const struct match_work *work, const size_t *at, struct line *out)
{
	const uint64_t *const *rows = work->join_rows;
	size_t count = work->join_count;
	size_t at_0 = at[0], at_1 = at[1], at_2 = at[2], at_3 = at[3];
	struct line a, b, c, d;

	line_fill(&a, UINT64_MAX);
	b = c = d = a;
	for (size_t i = 0; i < count; i++) {
		const uint64_t *row = rows[i];

		line_and(&a, line_of(row + at_0));
		line_and(&b, line_of(row + at_1));
		line_and(&c, line_of(row + at_2));
		line_and(&d, line_of(row + at_3));
	}
	out[0] = a;
	out[1] = b;
	out[2] = c;
	out[3] = d;
}

/* Where the blocks from @at on begin; the last one again, where there are no more. */
static ALWAYS_INLINE void blocks_locate(
		const uint32_t *blocks, size_t at, size_t count, size_t *out)
{
	for (size_t k = 0; k < BLOCKS_JOINED; k++)
		out[k] = blocks[at + k < count ? at + k : count - 1] * MATCH_WORDS;
}

/* What of an "or" holds in a block. */
static ALWAYS_INLINE void block_unite(
		const struct match_work *work, uint32_t block, struct line *out_granted)
{
	const struct match_index *index = work->index;
	size_t at = match_row_words(index) + (block - index->any_block) * MATCH_WORDS;
	const uint32_t *stream =
			index->any_streams + index->any_starts[block - index->any_block];
	const uint32_t *end =
			index->any_streams + index->any_starts[block - index->any_block + 1];
	struct line line;

	line_fill(&line, 0);
	for (; stream < end; stream += MATCH_STREAMS_STEP) {
		for (size_t k = 0; k < MATCH_STREAMS_STEP; k++)
			line_or(&line, line_of(work->rows[stream[k]] + at));
	}
	if (block == index->any_block)
		line_or(&line, line_of(index->any_plain));
	if (work->touched_count)
		line_or(&line, line_of(work->vetoes + match_row_words(index) +
					       block * MATCH_WORDS));
	*out_granted = line;
}

/* What some slots are asked in a block, and in an "or" there. */
static ALWAYS_INLINE void block_mention(const struct match_work *work, uint32_t block,
		const uint32_t *mentions, size_t count, struct line *out, struct line *out_any)
{
	const struct match_index *index = work->index;
	const uint64_t *rows = index->mentions + block * MATCH_WORDS;
	size_t any_at = (block - index->any_block) * MATCH_WORDS; /* of a block that has any */
	size_t words = match_row_words(index);
	size_t any_words = match_any_words(index);
	struct line line;

	line_fill(&line, 0);
	line_fill(out_any, 0);
	for (size_t i = 0; i < count; i++)
		line_or(&line, line_of(rows + mentions[i] * words));
	for (size_t i = 0; i < count && block >= index->any_block; i++)
		line_or(out_any, line_of(index->any_mentions + mentions[i] * any_words +
						 any_at));
	*out = line;
}

/*
 * A block's hits, once all that is unknown lets them pass, and those that stay undecided. An "or" that holds
 * asks nothing any more.
 */
static ALWAYS_INLINE bool block_unsettle(const struct match_work *work, uint32_t block,
		struct line *hits, const struct line *granted, struct line *unsettled)
{
	struct line any;
	struct line may = *granted;

	block_mention(work, block, work->unknown, work->unknown_count, unsettled, &any);
	if (block >= work->index->any_block) {
		line_or(&may, &any);
		line_and(hits, &may);
		line_without(&any, granted);
		line_or(unsettled, &any);
	}
	line_and(unsettled, hits);
	line_without(hits, unsettled);
	return line_any(hits) || line_any(unsettled);
}

/* Likewise; and those that the rule itself must be asked of. */
static ALWAYS_INLINE bool block_doubt(const struct match_work *work, uint32_t block,
		struct line *hits, const struct line *granted, struct line *unsettled,
		struct line *doubtful)
{
	struct line unsettled_any, doubtful_any;
	struct line may = *granted;

	block_mention(work, block, work->unknown, work->unknown_count, unsettled,
			&unsettled_any);
	block_mention(work, block, work->odd_slots, work->odd_slot_count, doubtful,
			&doubtful_any);
	line_or(&may, &unsettled_any);
	line_or(&may, &doubtful_any);
	line_and(hits, &may);
	line_without(&unsettled_any, granted);
	line_without(&doubtful_any, granted);
	line_or(unsettled, &unsettled_any);
	line_or(doubtful, &doubtful_any);
	line_or(doubtful, line_of(work->index->open + block * MATCH_WORDS));
	line_and(doubtful, hits);
	line_and(unsettled, hits);
	line_without(unsettled, doubtful);
	line_without(hits, doubtful);
	line_without(hits, unsettled);
	return line_any(hits) || line_any(unsettled) || line_any(doubtful);
}

/* --- policies ---------------------------------------------------------------------------------- */

/* The words of the blocks at hand that have any bit: how many. */
static ALWAYS_INLINE size_t words_choose(
		struct match_work *work, const struct match_lines *from, size_t blocks)
{
	struct match_bits *out = &work->plain;
	size_t chosen = 0;

	for (size_t i = 0; i < blocks; i++) {
		uint32_t first = work->hit_blocks[i] * (uint32_t)MATCH_WORDS;

		for (size_t w = 0; w < MATCH_WORDS; w++) {
			uint64_t bits = from->words[i * MATCH_WORDS + w];

			out->words[chosen] = first + (uint32_t)w;
			out->bits[chosen] = bits;
			chosen += bits != 0;
		}
	}
	return chosen;
}

/* Takes the special ones out of @count words, in how many there are any. What the others stand for is fetched ahead. */
static ALWAYS_INLINE size_t words_part(struct match_work *work, size_t count)
{
	const struct match_index *index = work->index;
	struct match_bits *plain = &work->plain;
	struct match_bits *special = &work->special;
	size_t chosen = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t word = plain->words[i];
		uint64_t bits = plain->bits[i];
		uint64_t odd = bits & index->special[word];

		__builtin_prefetch(index->policies + word * (size_t)64 +
				   (unsigned)__builtin_ctzll(bits));
		plain->bits[i] = bits ^ odd;
		special->words[chosen] = word;
		special->bits[chosen] = odd;
		chosen += odd != 0;
	}
	return chosen;
}

/* What all bits stand for, four of a word at once, as if it had so many. How many are in @list then. */
static ALWAYS_INLINE size_t words_put(const struct match_index *index,
		const struct match_bits *from, size_t count, uint32_t *restrict list, size_t at)
{
	for (size_t i = 0; i < count; i++) {
		const uint32_t *policies = index->policies + from->words[i] * (size_t)64;
		uint64_t bits = from->bits[i];
		size_t end = at + (size_t)__builtin_popcountll(bits);

		for (; at < end; at += MATCH_LIST_STEP) {
			for (size_t k = 0; k < MATCH_LIST_STEP; k++) {
				list[at + k] = policies[__builtin_ctzll(
						bits | UINT64_C(1) << 63)];
				bits &= bits - 1;
			}
		}
		at = end;
	}
	return at;
}

/*
 * Those of all blocks, behind @count others; and of policies with several positions the number among them,
 * each once, in @several. Without branches: nobody could guess which are seen.
 */
static ALWAYS_INLINE size_t list_put(struct match_work *work, const struct match_lines *from,
		size_t blocks, uint32_t *list, size_t count, uint64_t *restrict seen,
		uint32_t *restrict several, size_t *several_count)
{
	size_t words = words_choose(work, from, blocks);
	size_t special = words_part(work, words);
	size_t kept = *several_count;
	size_t taken = words_put(work->index, &work->special, special, several, kept);

	count = words_put(work->index, &work->plain, words, list, count);
	for (size_t i = kept; i < taken; i++) {
		uint32_t number = several[i];
		uint64_t known = seen[number / 64];

		several[kept] = number;
		kept += !((known >> (number % 64)) & 1);
		seen[number / 64] = known | UINT64_C(1) << (number % 64);
	}
	*several_count = kept;
	return count;
}

/* The best of its positions counts: one that is eligible settles the policy; then one that is odd. */
static void several_settle(struct match_work *work)
{
	const struct match_index *index = work->index;
	size_t bytes = index->several_words * sizeof(uint64_t);

	for (size_t i = 0; i < work->odd_count; i++) {
		uint32_t number = work->odd[i];

		if (!((work->seen_eligible[number / 64] >> (number % 64)) & 1))
			work->open[work->open_count++] = index->several[number];
	}
	for (size_t i = 0; i < work->maybe_count; i++) {
		uint32_t number = work->maybe[i];
		uint64_t seen = work->seen_eligible[number / 64] | work->seen_odd[number / 64];

		if (!((seen >> (number % 64)) & 1))
			work->undecided[work->undecided_count++] = index->several[number];
	}
	for (size_t i = 0; i < work->several_count; i++)
		work->eligible[work->eligible_count++] = index->several[work->several[i]];
	memset(work->seen_eligible, 0, work->several_count ? bytes : 0);
	memset(work->seen_undecided, 0, work->maybe_count ? bytes : 0);
	memset(work->seen_odd, 0, work->odd_count ? bytes : 0);
}

/* --- all --------------------------------------------------------------------------------------- */

/* A block's hits, of what its rows have in common; whether it has any. */
static ALWAYS_INLINE bool block_find(struct match_work *work, uint32_t block, enum doubt doubt,
		const struct line *joined, size_t at)
{
	const struct match_index *index = work->index;
	struct line *hits = line_at(&work->hits.words[at * MATCH_WORDS]);
	struct line line = *joined;
	struct line granted;

	if (work->touched_count)
		line_without(&line, line_of(work->vetoes + block * MATCH_WORDS));
	*hits = line;
	if (!line_any(&line))
		return false;
	work->hit_blocks[at] = block;
	line_fill(&granted, UINT64_MAX);
	if (block >= index->any_block)
		block_unite(work, block, &granted);
	if (doubt == DOUBT_UNKNOWN)
		return block_unsettle(work, block, hits, &granted,
				line_at(&work->unsettled.words[at * MATCH_WORDS]));
	if (doubt == DOUBT_NONE) {
		line_and(&line, &granted);
		*hits = line;
		return line_any(&line);
	}
	return block_doubt(work, block, hits, &granted,
			line_at(&work->unsettled.words[at * MATCH_WORDS]),
			line_at(&work->doubtful.words[at * MATCH_WORDS]));
}

/* Some blocks' hits: how many have any. */
static ALWAYS_INLINE size_t hits_find(
		struct match_work *work, const uint32_t *blocks, size_t count, enum doubt doubt)
{
	size_t found = 0;
	size_t at[BLOCKS_JOINED];

	for (size_t b = 0; b < count; b += BLOCKS_JOINED) {
		size_t more = count - b < BLOCKS_JOINED ? count - b : BLOCKS_JOINED;
		struct line joined[BLOCKS_JOINED];

		blocks_locate(blocks, b, count, at);
		blocks_join(work, at, joined);
		for (size_t k = 0; k < more; k++)
			found += block_find(work, blocks[b + k], doubt, &joined[k], found);
	}
	return found;
}

/* Looks at some blocks where nothing is in doubt. */
PLANE_CLONES
static void blocks_find(struct match_work *work, const uint32_t *blocks, size_t count)
{
	size_t found = hits_find(work, blocks, count, DOUBT_NONE);

	work->eligible_count = list_put(work, &work->hits, found, work->eligible,
			work->eligible_count, work->seen_eligible, work->several,
			&work->several_count);
}

/* Likewise, where something is. */
PLANE_CLONES
static void blocks_find_doubtful(
		struct match_work *work, const uint32_t *blocks, size_t count, enum doubt doubt)
{
	size_t found = hits_find(work, blocks, count, doubt);

	work->eligible_count = list_put(work, &work->hits, found, work->eligible,
			work->eligible_count, work->seen_eligible, work->several,
			&work->several_count);
	work->undecided_count = list_put(work, &work->unsettled, found, work->undecided,
			work->undecided_count, work->seen_undecided, work->maybe,
			&work->maybe_count);
	if (doubt == DOUBT_UNKNOWN)
		return;
	work->open_count = list_put(work, &work->doubtful, found, work->open, work->open_count,
			work->seen_odd, work->odd, &work->odd_count);
}

static void vetoes_clear(struct match_work *work)
{
	size_t words = 2 * match_row_words(work->index);

	if (work->touched_count == work->touched_most)
		memset(work->vetoes, 0, words * sizeof(*work->vetoes));
	else
		for (size_t i = 0; i < work->touched_count; i++)
			work->vetoes[work->touched[i]] = 0;
	work->touched_count = 0;
}

void match_index_find(struct match_work *work, const struct match_value *values,
		struct match_found *out_found)
{
	const struct match_index *index = work->index;

	work->eligible_count = work->undecided_count = work->open_count = 0;
	work->several_count = work->maybe_count = work->odd_count = 0;
	if (index->simple) {
		work->open_count = index->policy_count;
	} else {
		size_t count;
		enum doubt doubt = DOUBT_NONE;

		match_values_enter(work, values);
		if (index->has_open || work->odd_slot_count)
			doubt = DOUBT_ANY;
		else if (work->unknown_count)
			doubt = DOUBT_UNKNOWN;
		count = blocks_choose(work);
		for (size_t i = 0; i < count; i += MATCH_BLOCKS_AT_ONCE) {
			size_t more = count - i < MATCH_BLOCKS_AT_ONCE ? count - i
								       : MATCH_BLOCKS_AT_ONCE;

			if (doubt == DOUBT_NONE)
				blocks_find(work, &work->blocks[i], more);
			else
				blocks_find_doubtful(work, &work->blocks[i], more, doubt);
		}
		several_settle(work);
		vetoes_clear(work);
	}
	*out_found = (struct match_found){ .eligible = work->eligible,
		.eligible_count = work->eligible_count,
		.undecided = work->undecided,
		.undecided_count = work->undecided_count,
		.open = work->open,
		.open_count = work->open_count };
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text as what joins its terms, before it is known whether they are such. Only joints and the parentheses around
 * parts are looked at: what stands between them is read when it is new, and else known by its text. memo_read.c tells
 * apart the same, more slowly, and any text.
 */
#include "rules/memo_internal.h"

#define LEVELS_MOST 16 /* of parentheses, and what is outside of them */

/* What stands in one pair of parentheses, so far. */
struct level {
	uint32_t any; /* how many are joined by "||", but for the last */
	uint32_t all; /* how many, behind the last "||", by "&&" */
	bool negated;
};

struct splitting {
	struct split *split;
	struct level levels[LEVELS_MOST];
	uint32_t depth; /* the level at hand */
};

/* The bytes that a text is split by, as sets of 64: the first byte is the lowest bit. */
struct signs {
	uint64_t joints;   /* "&" and "|" */
	uint64_t brackets; /* "(" and ")", which differ in the lowest bit alone */
};

static inline struct signs signs_at(const char *at)
{
	struct signs signs = { 0 };

#ifdef __SSE2__
	typedef char bytes __attribute__((vector_size(16)));

	for (int i = 0; i < 64; i += 16) {
		bytes sixteen;

		memcpy(&sixteen, at + i, sizeof(sixteen));
		signs.joints |= (uint64_t)__builtin_ia32_pmovmskb128(
						(sixteen == '&') | (sixteen == '|'))
				<< i;
		signs.brackets |= (uint64_t)__builtin_ia32_pmovmskb128((sixteen & ~1) == '(')
				  << i;
	}
#else
	for (int i = 0; i < 64; i++) {
		signs.joints |= (uint64_t)(at[i] == '&' || at[i] == '|') << i;
		signs.brackets |= (uint64_t)(at[i] == '(' || at[i] == ')') << i;
	}
#endif
	return signs;
}

/*
 * Puts the places of all joints into @joints, and the end of the text behind them, and notes all parentheses; how many
 * joints there are, or more than there is room for.
 */
static uint32_t signs_find(struct split *split, uint16_t *joints)
{
	uint64_t before = 0;
	uint32_t count = 0;

	for (size_t at = 0; at < split->text.size; at += 64) {
		struct signs signs = signs_at(split->key + at);

		split->brackets[at / 64] = signs.brackets;
		/* The first of those that stand together. */
		for (uint64_t first = signs.joints & ~(signs.joints << 1 | before); first;
				first &= first - 1) {
			if (count == SPLIT_PARTS_MOST - 1)
				return SPLIT_PARTS_MOST;
			joints[count++] = (uint16_t)(at + (size_t)__builtin_ctzll(first));
		}
		before = signs.joints >> 63;
	}
	joints[count] = (uint16_t)split->text.size;
	return count;
}

static bool joint_put(struct split *split, enum form_joint kind, uint32_t count)
{
	if (split->form_count == MEMO_UNITS_MOST)
		return false;
	split->form[split->form_count++] = form_joint(kind, count);
	split->joint_count++;
	split->joined += count;
	return true;
}

/* The run of "&&" is over: what it joins is one of those that "||" does. */
static bool all_end(struct splitting *splitting)
{
	struct level *level = &splitting->levels[splitting->depth];
	uint32_t count = level->all;

	level->any++;
	level->all = 0;
	return count == 1 || joint_put(splitting->split, FORM_AND, count);
}

static bool level_end(struct splitting *splitting)
{
	struct level *level = &splitting->levels[splitting->depth];

	return all_end(splitting) &&
	       (level->any == 1 || joint_put(splitting->split, FORM_OR, level->any)) &&
	       (!level->negated || joint_put(splitting->split, FORM_NOT, 1));
}

static inline size_t blanks_end(const struct split *split, size_t at)
{
	while (memo_is_space(split->key[at]))
		at++;
	return at;
}

static inline size_t blanks_cut(const struct split *split, size_t at, size_t end)
{
	while (end > at && memo_is_space(split->key[end - 1]))
		end--;
	return end;
}

/* Where the part begins that stands behind the parentheses at @at; the end of the text: there are too many of these. */
static size_t levels_begin(struct splitting *splitting, size_t at)
{
	struct split *split = splitting->split;

	for (;;) {
		bool negated = split->key[at] == '!' && split->key[at + 1] == '(';

		if (!negated && split->key[at] != '(')
			return at;
		if (splitting->depth == LEVELS_MOST - 1)
			return split->text.size;
		splitting->levels[++splitting->depth] = (struct level){ .negated = negated };
		if (splitting->depth > split->depth)
			split->depth = splitting->depth;
		at = blanks_end(split, at + 1 + negated);
	}
}

/* How many parentheses end before @end that do not begin behind @at, which is before it. */
static uint32_t ends_count(const struct split *split, size_t at, size_t end)
{
	size_t last = (end - 1) / 64;
	uint32_t ends = 0;

	for (size_t word = last + 1; word-- > at / 64;) {
		uint64_t bits = split->brackets[word];

		if (word == last)
			bits &= UINT64_MAX >> (63 - (end - 1) % 64);
		if (word == at / 64)
			bits &= UINT64_MAX << at % 64;
		while (bits) {
			unsigned top = 63 - (unsigned)__builtin_clzll(bits);

			bits ^= UINT64_C(1) << top;
			if (split->key[64 * word + top] == ')')
				ends++;
			else if (ends > 0)
				ends--;
		}
	}
	return ends;
}

/* Ends levels at the end of what stands from @at to *end, which is a part before them. */
static bool levels_cut(struct splitting *splitting, size_t at, size_t *end, uint32_t *out_ends)
{
	const struct split *split = splitting->split;
	uint32_t ends = ends_count(split, at, *end);

	if (ends > splitting->depth)
		return false;
	for (uint32_t i = 0; i < ends; i++) {
		if (split->key[*end - 1] != ')')
			return false;
		*end = blanks_cut(split, at, *end - 1);
	}
	*out_ends = ends;
	return *end > at;
}

static inline void part_put(
		struct split *split, size_t at, size_t end, const struct term_table *table)
{
	struct split_part *part = &split->parts[split->part_count];

	part->begin = (uint16_t)at;
	part->end = (uint16_t)end;
	part->hash = term_hash((struct slice){ split->key + at, end - at });
	term_ask_for(table, part->hash);
	split->form[split->form_count++] = split->part_count++;
}

/* What stands from @at up to the next joint, which is at @joint, or the end of the text. */
static inline bool part_split(struct splitting *splitting, size_t at, size_t joint,
		const struct term_table *table)
{
	struct split *split = splitting->split;
	size_t end = blanks_cut(split, at, joint);
	uint32_t ends = 0;

	at = levels_begin(splitting, blanks_end(split, at));
	if (at >= end || split->form_count == MEMO_UNITS_MOST)
		return false;
	if (splitting->depth > 0 && split->key[end - 1] == ')' &&
			!levels_cut(splitting, at, &end, &ends))
		return false;
	part_put(split, at, end, table);
	splitting->levels[splitting->depth].all++;
	for (; ends > 0; ends--) {
		if (!level_end(splitting))
			return false;
		splitting->levels[--splitting->depth].all++;
	}
	return true;
}

static bool text_split(struct split *split, const struct term_table *table)
{
	uint16_t joints[SPLIT_PARTS_MOST];
	struct splitting splitting;
	uint32_t count = signs_find(split, joints);
	size_t at = 0;

	if (count == SPLIT_PARTS_MOST)
		return false;
	splitting.split = split;
	splitting.depth = 0;
	splitting.levels[0] = (struct level){ 0 };
	for (uint32_t i = 0;; i++) {
		const char *joint = split->key + joints[i];

		if (!part_split(&splitting, at, joints[i], table))
			return false;
		if (i == count)
			break;
		if (joint[1] != joint[0] || (joint[0] == '|' && !all_end(&splitting)))
			return false;
		at = joints[i] + (size_t)2;
	}
	return splitting.depth == 0 && level_end(&splitting);
}

/* The hash of a text that is joined parts: of these, of where they stand, and of what joins them. */
static uint32_t split_hash(const struct split *split)
{
	uint64_t sum = 0;
	uint64_t hash;

	for (uint32_t i = 0; i < split->part_count; i++)
		sum += hash_mix_word(split->parts[i].hash,
				(uint64_t)split->parts[i].begin << 32 |
						(uint64_t)split->parts[i].end << 48);
	for (uint32_t i = 0; i < split->form_count; i++)
		sum += split->form[i] & FORM_JOINT ? (uint64_t)split->form[i] << i % 32 : 0;
	hash = hash_mix_pair(sum, split->text.size, split->form_count);
	return (uint32_t)(hash ^ hash >> 32);
}

void memo_split(struct split *split, struct slice text, const struct term_table *table)
{
	split->text = text;
	split->is_made = true;
	split->is_one = false;
	split->part_count = split->form_count = split->joint_count = split->joined = 0;
	split->depth = 0;
	if (text.size > 0 && text.size <= MEMO_TEXT_MOST) {
		memcpy(split->key, text.data, text.size);
		memset(split->key + text.size, 0, MEMO_TEXT_MORE);
		split->is_one = text_split(split, table);
	}
	split->hash = split->is_one ? split_hash(split) : map_hash(text);
}

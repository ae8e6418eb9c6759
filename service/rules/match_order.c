/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of positions: those that are ruled out together stand together, so that whole blocks fall
 * away. Positions are sorted by the part that rules out most blocks, which is tried with a sample of them;
 * each group that comes of it is sorted likewise, and then those that do not ask that part.
 */
#include "rules/match_internal.h"

#include <stdlib.h>
#include <string.h>

#define ORDER_DEPTH 4
/* Groups of fewer are left as they are, and of numbers cut into pieces of no fewer. */
#define GROUP_LEAST ((size_t)2 * MATCH_BLOCK)
#define GROUP_PIECES 6
/* Positions that are tried, and of each so many sets. */
#define SAMPLE_MOST ((size_t)8192)
#define MENTIONS_MOST 16
/* Sets that let more pass are not sorted by; nor is where fewer positions are ruled out. */
#define PASS_MOST 0.5F
#define SCORE_LEAST (0.25F * MATCH_BLOCK)
/* Texts beyond those of so many words are not looked at. */
#define JOINED_WORDS ((size_t)64)
#define AHEAD 8 /* positions that are asked for before their turn */

/*
 * Of a position the ->key is the order of the set at hand, ->at where its sets are in ->asks, and ->more has a
 * bit for each part it asks, modulo 32. Of a set ->at is its number.
 */

/* Of a set its number, and what is asked of its part where positions are listed. */
struct numbered {
	uint32_t number; /* SETS_END: nothing asks for it, or it lets too many pass */
	uint16_t bit;	 /* that of the part, modulo 32 */
	bool members;
};

/*
 * In what order positions stand that ask one part: a number that sets of one order share, and what the highest bits
 * of that tell, which are those of a kind.
 */
#define KEY(place, order) ((uint32_t)((place) << 2 | (order) >> 46))
#define KEY_KIND(key) ((key)&3)
#define ORDER_BITS ((UINT64_C(1) << 48) - 1) /* of a set */

/* Those sets are numbered that rule out enough, in the order of parts, and each part's in their order. */
struct ordering {
	const struct match_build *build;
	struct arena *lists; /* of ->build */
	struct match_ranked *list, *spare;
	/* Of each position its number, and then of what it asks those sets that rule out enough, up to SETS_END. */
	uint32_t *asks;
	struct numbered *numbers; /* by set */
	uint32_t *sets;		  /* by number */
	uint32_t *keys;		  /* likewise; see KEY */
	uint32_t *firsts;	  /* by part */
	size_t set_count;
	uint32_t *mentions, *spare_mentions; /* numbers of sets */
	uint32_t used[ORDER_DEPTH];
};

#define SETS_END UINT32_MAX

static bool is_of_part(const struct ordering *ordering, uint32_t number, uint32_t part)
{
	return number >= ordering->firsts[part] && number < ordering->firsts[part + 1];
}

static bool is_used(const struct ordering *ordering, int depth, uint32_t number)
{
	for (int i = 0; i < depth; i++) {
		if (is_of_part(ordering, number, ordering->used[i]))
			return true;
	}
	return false;
}

/*
 * Where the group that begins with @list ends: at least so many. Numbers are cut at blocks; all others where
 * a set ends.
 */
static size_t group_end(const struct ordering *ordering, const struct match_ranked *list,
		size_t count, size_t least, bool number)
{
	size_t at = (size_t)(list - ordering->list);
	size_t end = least;

	if (number)
		end += (MATCH_BLOCK - (at + end) % MATCH_BLOCK) % MATCH_BLOCK;
	if (end >= count)
		return count;
	while (!number && end < count && list[end].key == list[end - 1].key)
		end++;
	/* A group of one set alone is not spoilt by what comes before it. */
	for (size_t i = 1; !number && i < end && end - i >= least; i++) {
		if (list[i].key != list[i - 1].key && list[i].key == list[end - 1].key)
			return i;
	}
	return end;
}

/* --- what to sort by --------------------------------------------------------------------------- */

/* The sets of some positions that rule out enough, by number. */
static size_t mentions_list(struct ordering *ordering, const struct match_ranked *list,
		size_t count, size_t step, int depth)
{
	size_t mentions = 0;

	for (size_t i = 0; i < count; i += step) {
		const uint32_t *asks = ordering->asks + list[i].at;

		if (i + AHEAD * step < count)
			__builtin_prefetch(ordering->asks + list[i + AHEAD * step].at);
		for (int k = 0; k < MENTIONS_MOST && asks[k] != SETS_END; k++) {
			if (!is_used(ordering, depth, asks[k]))
				ordering->mentions[mentions++] = asks[k];
		}
	}
	match_numbers_sort(ordering->mentions, ordering->spare_mentions, mentions,
			ordering->set_count);
	return mentions;
}

/* What some sets of one part let pass together: of numbers all that lies between. */
struct joined {
	uint64_t words[JOINED_WORDS];
	size_t count;
	float pass; /* no less than of any of them */
};

static void joined_put(const struct match_build *build, struct joined *joined,
		const struct match_set *set)
{
	const uint64_t *words = match_set_words(build, set);
	size_t count = set->count < JOINED_WORDS ? set->count : JOINED_WORDS;

	if (set->count == 0)
		return;
	if (build->index->parts[set->part].kind == PART_NUMBER) {
		uint32_t from = RANKS_FROM(words[0]);
		uint32_t until = RANKS_UNTIL(words[set->count - 1]);

		if (joined->count && RANKS_FROM(joined->words[0]) < from)
			from = RANKS_FROM(joined->words[0]);
		if (joined->count && RANKS_UNTIL(joined->words[0]) > until)
			until = RANKS_UNTIL(joined->words[0]);
		joined->words[0] = RANKS(from, until);
		count = 1;
	} else {
		for (size_t i = 0; i < count; i++)
			joined->words[i] |= words[i];
	}
	joined->count = count;
	joined->pass = set->pass > joined->pass ? set->pass : joined->pass;
}

/* How many of @list, which are sets of one part, are in blocks that a value rules out, were they sorted by it. */
static float part_score(const struct ordering *ordering, uint32_t part, const uint32_t *list,
		size_t count, size_t block)
{
	const struct match_build *build = ordering->build;
	float score = 0;

	for (size_t i = 0; i < count;) {
		size_t end = i + block < count ? i + block : count;
		struct joined joined = { .count = 0 };
		float size = (float)(end - i);
		float pass = 0;

		for (size_t k = i; k < end; k++) {
			if (k == i || list[k] != list[k - 1])
				joined_put(build, &joined,
						match_set_at(build, ordering->sets[list[k]]));
		}
		if (joined.count)
			pass = match_guess_share(build, part, joined.words, joined.count);
		if (pass < joined.pass)
			pass = joined.pass;
		/* What does not fill a block shares it with others. */
		score += (1 - pass) * size * size / (float)block;
		i = end;
	}
	return score;
}

/* The part by which most is ruled out of whole blocks; UINT32_MAX: by none, or hardly anything. */
static uint32_t part_choose(struct ordering *ordering, const struct match_ranked *list,
		size_t count, int depth)
{
	size_t step = count / SAMPLE_MOST + 1;
	size_t mentions = mentions_list(ordering, list, count, step, depth);
	float best = SCORE_LEAST / (float)step;
	uint32_t chosen = UINT32_MAX;

	for (size_t i = 0; i < mentions;) {
		uint32_t set = ordering->sets[ordering->mentions[i]];
		uint32_t part = match_set_at(ordering->build, set)->part;
		size_t end = i;
		float score;

		while (end < mentions && ordering->mentions[end] < ordering->firsts[part + 1])
			end++;
		score = part_score(ordering, part, &ordering->mentions[i], end - i,
				MATCH_BLOCK / step + 1);
		if (score > best) {
			best = score;
			chosen = part;
		}
		i = end;
	}
	return chosen;
}

/* --- sorting ----------------------------------------------------------------------------------- */

/* The set that a position asks of @part, when it rules out enough, or SETS_END. */
static uint32_t position_set(const struct ordering *ordering, const struct match_ranked *ranked,
		uint32_t part)
{
	const uint32_t *asks = ordering->asks + ranked->at;

	if (!((ranked->more >> (part % 32)) & 1))
		return SETS_END;
	while (*asks != SETS_END && !is_of_part(ordering, *asks, part))
		asks++;
	return *asks;
}

/* Those that ask @part first, in the order of what they ask; how many. */
static size_t part_gather(struct ordering *ordering, struct match_ranked *list, size_t count,
		uint32_t part)
{
	size_t taken = 0, left = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t number;

		if (i + AHEAD < count)
			__builtin_prefetch(ordering->asks + list[i + AHEAD].at);
		number = position_set(ordering, &list[i], part);
		if (number == SETS_END) {
			ordering->spare[left++] = list[i];
			continue;
		}
		list[taken] = list[i];
		list[taken++].key = ordering->keys[number];
	}
	memcpy(list + taken, ordering->spare, left * sizeof(*list));
	match_ranked_sort(list, ordering->spare, taken);
	return taken;
}

/* Sorted by a part, then each group again by what rules out most of it; then those that do not ask it. */
static void group_sort(
		struct ordering *ordering, struct match_ranked *list, size_t count, int depth)
{
	struct match_ranked *end = list + count;

	while (depth < ORDER_DEPTH && (size_t)(end - list) >= GROUP_LEAST) {
		uint32_t part = part_choose(ordering, list, (size_t)(end - list), depth);
		bool number;
		struct match_ranked *taken;

		if (part == UINT32_MAX)
			break;
		number = ordering->build->index->parts[part].kind == PART_NUMBER;
		taken = list + part_gather(ordering, list, (size_t)(end - list), part);
		ordering->used[depth] = part;
		while (list < taken) {
			struct match_ranked *stop = list;
			size_t least = MATCH_BLOCK;

			while (stop < taken && KEY_KIND(stop->key) == KEY_KIND(list->key))
				stop++;
			if (number && (size_t)(stop - list) / GROUP_PIECES > least)
				least = (size_t)(stop - list) / GROUP_PIECES;
			while (list < stop) {
				size_t size = group_end(ordering, list, (size_t)(stop - list),
						least, number);

				group_sort(ordering, list, size, depth + 1);
				list += size;
			}
		}
	}
}

/* --- what there is to sort --------------------------------------------------------------------- */

/* Numbers the sets part by part, each in the order of its sets. */
static bool sets_number(struct ordering *ordering)
{
	const struct match_build *build = ordering->build;
	uint32_t parts = build->index->part_count;
	struct match_ranked *list = arena_alloc(
			ordering->lists, 2 * (build->sets.count + 1) * sizeof(*list));
	size_t count = 0;
	size_t place = 0;

	if (!list)
		return false;
	for (size_t i = 0; i < build->sets.count; i++) {
		const struct match_set *set = match_set_at(build, (uint32_t)i);

		ordering->numbers[i] = (struct numbered){ SETS_END, (uint16_t)(set->part % 32),
			build->index->parts[set->part].kind == PART_MEMBERS };
		if (match_uses_at(build, (uint32_t)i)->all == 0 || set->pass > PASS_MOST)
			continue;
		list[count++] = (struct match_ranked){
			.key = (uint64_t)set->part << 48 | set->order, .at = (uint32_t)i
		};
		ordering->firsts[set->part + 1]++;
	}
	ordering->set_count = count;
	if (count)
		match_ranked_sort(list, list + count, count);
	for (uint32_t i = 0; i < parts; i++)
		ordering->firsts[i + 1] += ordering->firsts[i];
	for (size_t i = 0; i < count; i++) {
		if (i && list[i].key != list[i - 1].key)
			place = i;
		ordering->sets[i] = list[i].at;
		ordering->keys[i] = KEY(place, list[i].key & ORDER_BITS);
		ordering->numbers[list[i].at].number = (uint32_t)i;
	}
	return true;
}

/* Of a position without an "or" 0, and of one that asks only lists for it 1: it needs few rows. */
static unsigned position_group(const struct ordering *ordering, const struct match_run *any)
{
	const uint32_t *entries = match_entries_at(ordering->build, any->first);

	for (uint32_t i = 0; i < any->count; i++) {
		if (!ordering->numbers[entries[i]].members)
			return 2;
	}
	return any->count ? 1 : 0;
}

/* Puts the position @at, and what it asks, at @asks; behind that. */
static uint32_t *position_list(
		struct ordering *ordering, size_t at, uint32_t *asks, struct match_ranked *out)
{
	const struct match_run *run = &match_position_at(ordering->build, at)->way.all;
	const uint32_t *entries = match_entries_at(ordering->build, run->first);
	uint32_t parts = 0;

	*asks++ = (uint32_t)at;
	out->at = (uint32_t)(asks - ordering->asks);
	for (uint32_t k = 0; k < run->count; k++) {
		struct numbered set = ordering->numbers[entries[k]];

		if (set.number == SETS_END)
			continue;
		*asks++ = set.number;
		parts |= UINT32_C(1) << set.bit;
	}
	*asks++ = SETS_END;
	out->key = 0;
	out->more = parts;
	return asks;
}

/* Positions by their groups, and what they ask; where each group ends. */
static void positions_list(struct ordering *ordering, size_t out_ends[static 3])
{
	const struct match_build *build = ordering->build;
	size_t count = build->positions.count;
	uint32_t *asks = ordering->asks;
	size_t first = 0, second = 0, third = count;

	/* The second group, and from the end the third, wait for the first. */
	for (size_t i = 0; i < count; i++) {
		const struct match_run *any = &match_position_at(build, i)->way.any;
		unsigned group = any->count ? position_group(ordering, any) : 0;
		struct match_ranked *out = group == 0	? &ordering->list[first++]
					   : group == 1 ? &ordering->spare[second++]
							: &ordering->spare[--third];

		asks = position_list(ordering, i, asks, out);
	}
	out_ends[0] = first;
	out_ends[1] = first + second;
	out_ends[2] = count;
	for (size_t i = 0; i < second; i++)
		ordering->list[first + i] = ordering->spare[i];
	for (size_t i = count; i > third; i--)
		ordering->list[out_ends[1] + count - i] = ordering->spare[i - 1];
}

/* Words that ->asks may take. */
static size_t asks_most(const struct match_build *build)
{
	size_t most = 2 * build->positions.count + 1;

	for (size_t i = 0; i < build->positions.count; i++)
		most += match_position_at(build, i)->way.all.count;
	return most;
}

static bool ordering_init(struct ordering *ordering, struct match_build *build)
{
	struct arena *arena = &build->lists;
	size_t count = build->positions.count + 1;
	size_t sets = build->sets.count + 1;

	*ordering = (struct ordering){ .build = build,
		.lists = arena,
		.list = arena_alloc(arena, count * sizeof(*ordering->list)),
		.spare = arena_alloc(arena, count * sizeof(*ordering->spare)),
		.asks = arena_alloc(arena, asks_most(build) * sizeof(*ordering->asks)),
		.numbers = arena_alloc(arena, sets * sizeof(*ordering->numbers)),
		.sets = arena_alloc(arena, sets * sizeof(*ordering->sets)),
		.keys = arena_alloc(arena, sets * sizeof(*ordering->keys)),
		.firsts = ARENA_NEW_ARRAY(
				arena, uint32_t, (size_t)build->index->part_count + 2),
		.mentions = arena_alloc(arena, 2 * SAMPLE_MOST * MENTIONS_MOST *
							       sizeof(*ordering->mentions)) };
	if (!ordering->list || !ordering->spare || !ordering->asks || !ordering->numbers ||
			!ordering->sets || !ordering->keys || !ordering->firsts ||
			!ordering->mentions)
		return false;
	ordering->spare_mentions = ordering->mentions + SAMPLE_MOST * MENTIONS_MOST;
	return match_guess_build(build) && sets_number(ordering);
}

/* The positions as they were listed; these are asked for before their turn, and so are their numbers. */
static void positions_sort(
		const struct ordering *ordering, struct match_position *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i + 2 * AHEAD < count)
			__builtin_prefetch(
					&ordering->asks[ordering->list[i + 2 * AHEAD].at - 1]);
		if (i + AHEAD < count)
			__builtin_prefetch(match_position_at(ordering->build,
					ordering->asks[ordering->list[i + AHEAD].at - 1]));
		out[i] = *match_position_at(
				ordering->build, ordering->asks[ordering->list[i].at - 1]);
	}
}

bool match_order_build(struct match_build *build)
{
	size_t count = build->positions.count;
	struct match_position *sorted =
			arena_alloc(&build->kept, (count + 1) * sizeof(*sorted));
	struct ordering ordering;
	size_t ends[3] = { 0 };

	if (!sorted || !ordering_init(&ordering, build))
		return false;
	positions_list(&ordering, ends);
	build->index->any_first = (uint32_t)ends[0];
	group_sort(&ordering, ordering.list, ends[0], 0);
	group_sort(&ordering, ordering.list + ends[0], ends[1] - ends[0], 0);
	group_sort(&ordering, ordering.list + ends[1], ends[2] - ends[1], 0);
	positions_sort(&ordering, sorted, count);
	build->positions.data = sorted;
	build->positions.capacity = count + 1;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of positions: those that are ruled out together stand together, so that whole blocks fall
 * away. Positions are sorted by the part that rules out most blocks, which is tried with a sample of them;
 * each group that comes of it is sorted likewise, and then those that do not ask that part.
 */
#include "rules/match_ordering.h"

#include <string.h>

/* Groups of fewer are left as they are, and of numbers cut into pieces of no fewer. */
#define GROUP_LEAST ((size_t)2 * MATCH_BLOCK)
#define GROUP_PIECES 6
/* Sets that let more pass are not sorted by. */
#define PASS_MOST 0.5F

/*
 * Where the group that begins with @list ends: at least so many. Numbers are cut at blocks; all others where
 * a set ends.
 */
static size_t group_end(const struct match_ordering *ordering, const struct match_ranked *list,
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

/*
 * In what order positions stand that ask one part: a number that sets of one order share, and what the highest bits
 * of that tell, which are those of a kind.
 */
#define KEY(place, order) ((uint32_t)((place) << 2 | (order) >> 46))
#define KEY_KIND(key) ((key)&3)
#define ORDER_BITS ((UINT64_C(1) << 48) - 1) /* of a set */

/* --- sorting ----------------------------------------------------------------------------------- */

/* The set that a position asks of @part, when it rules out enough, or MATCH_SETS_END. */
static uint32_t position_set(const struct match_ordering *ordering,
		const struct match_ranked *ranked, uint32_t part)
{
	const uint32_t *asks = ordering->asks + ranked->at;

	if (!((ranked->more >> (part % 32)) & 1))
		return MATCH_SETS_END;
	while (*asks != MATCH_SETS_END && !match_is_of_part(ordering, *asks, part))
		asks++;
	return *asks;
}

/* Those that ask @part first, in the order of what they ask; how many. */
static size_t part_gather(struct match_ordering *ordering, struct match_ranked *list,
		size_t count, uint32_t part)
{
	size_t taken = 0, left = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t number;

		if (i + MATCH_ORDER_AHEAD < count)
			__builtin_prefetch(ordering->asks + list[i + MATCH_ORDER_AHEAD].at);
		number = position_set(ordering, &list[i], part);
		if (number == MATCH_SETS_END) {
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
static void group_sort(struct match_ordering *ordering, struct match_ranked *list, size_t count,
		int depth)
{
	struct match_ranked *end = list + count;

	while (depth < MATCH_ORDER_DEPTH && (size_t)(end - list) >= GROUP_LEAST) {
		uint32_t part = match_part_choose(ordering, list, (size_t)(end - list), depth);
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

static struct match_brief brief_of(const struct match_build *build, const struct match_set *set)
{
	const uint64_t *words = match_set_words(build, set);
	struct match_brief brief = { .count = set->count, .pass = set->pass };

	if (set->count)
		brief.word = words[0];
	if (set->count && build->index->parts[set->part].kind == PART_NUMBER) {
		brief.word = RANKS(RANKS_FROM(words[0]), RANKS_UNTIL(words[set->count - 1]));
		brief.count = 1;
	}
	return brief;
}

/* What none passes says nothing of how many do. */
static float pass_least(const struct match_set *set)
{
	return set->count ? set->pass : 0;
}

/* Numbers the sets part by part, each in the order of its sets. */
static void sets_number(struct match_ordering *ordering)
{
	const struct match_build *build = ordering->build;
	uint32_t parts = build->index->part_count;
	struct match_ranked *list = ordering->list; /* there is nothing in it yet */
	size_t count = 0;
	size_t place = 0;

	for (uint32_t i = 0; i < parts; i++)
		ordering->passes[i] = 1;
	for (size_t i = 0; i < build->sets.count; i++) {
		const struct match_set *set = match_set_at(build, (uint32_t)i);

		ordering->numbers[i] = (struct match_numbered){ MATCH_SETS_END,
			(uint16_t)(set->part % 32),
			build->index->parts[set->part].kind == PART_MEMBERS };
		if (match_uses_at(build, (uint32_t)i)->all == 0 || set->pass > PASS_MOST)
			continue;
		list[count++] = (struct match_ranked){
			.key = (uint64_t)set->part << 48 | set->order, .at = (uint32_t)i
		};
		ordering->firsts[set->part + 1]++;
		if (pass_least(set) < ordering->passes[set->part])
			ordering->passes[set->part] = pass_least(set);
	}
	ordering->set_count = count;
	if (count)
		match_ranked_sort(list, ordering->spare, count);
	for (uint32_t i = 0; i < parts; i++)
		ordering->firsts[i + 1] += ordering->firsts[i];
	for (size_t i = 0; i < count; i++) {
		if (i && list[i].key != list[i - 1].key)
			place = i;
		ordering->sets[i] = list[i].at;
		ordering->keys[i] = KEY(place, list[i].key & ORDER_BITS);
		ordering->parts[i] = (uint32_t)(list[i].key >> 48);
		ordering->briefs[i] = brief_of(build, match_set_at(build, list[i].at));
		ordering->numbers[list[i].at].number = (uint32_t)i;
	}
}

/* Of a position without an "or" 0, and of one that asks only lists for it 1: it needs few rows. */
static unsigned position_group(
		const struct match_ordering *ordering, const struct match_run *any)
{
	const uint32_t *entries = match_entries_at(ordering->build, any->first);

	for (uint32_t i = 0; i < any->count; i++) {
		if (!ordering->numbers[entries[i]].members)
			return 2;
	}
	return any->count ? 1 : 0;
}

/* What is known of the sets that a position asks is asked for; where they are listed they lie one behind the other. */
static void numbers_fetch(const struct match_ordering *ordering, size_t at)
{
	const struct match_run *run = &match_position_at(ordering->build, at)->way.all;
	const uint32_t *entries = match_entries_at(ordering->build, run->first);

	for (uint32_t k = 0; k < run->count; k++)
		__builtin_prefetch(&ordering->numbers[entries[k]]);
}

/* Puts the position @at, and what it asks, at @asks; behind that. */
static uint32_t *position_list(struct match_ordering *ordering, size_t at, uint32_t *asks,
		struct match_ranked *out)
{
	const struct match_run *run = &match_position_at(ordering->build, at)->way.all;
	const uint32_t *entries = match_entries_at(ordering->build, run->first);
	uint32_t parts = 0;

	*asks++ = (uint32_t)at;
	out->at = (uint32_t)(asks - ordering->asks);
	for (uint32_t k = 0; k < run->count; k++) {
		struct match_numbered set = ordering->numbers[entries[k]];

		if (set.number == MATCH_SETS_END)
			continue;
		*asks++ = set.number;
		parts |= UINT32_C(1) << set.bit;
	}
	*asks++ = MATCH_SETS_END;
	out->key = 0;
	out->more = parts;
	return asks;
}

/* Positions by their groups, and what they ask; where each group ends. */
static void positions_list(struct match_ordering *ordering, size_t out_ends[static 3])
{
	const struct match_build *build = ordering->build;
	size_t count = build->positions.count;
	uint32_t *asks = ordering->asks;
	size_t first = 0, second = 0, third = count;

	/* The second group, and from the end the third, wait for the first. */
	for (size_t i = 0; i < count; i++) {
		if (i + MATCH_ORDER_AHEAD < count)
			numbers_fetch(ordering, i + MATCH_ORDER_AHEAD);
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

static bool ordering_init(struct match_ordering *ordering, struct match_build *build)
{
	struct arena *arena = &build->lists;
	size_t sets = build->sets.count + 1;
	size_t most = build->positions.count + 1 > sets ? build->positions.count + 1 : sets;
	size_t parts = (size_t)build->index->part_count + 1;

	*ordering = (struct match_ordering){ .build = build,
		.list = arena_alloc(arena, most * sizeof(*ordering->list)),
		.spare = arena_alloc(arena, most * sizeof(*ordering->spare)),
		.asks = arena_alloc(arena, (2 * build->positions.count + build->asked_count) *
							   sizeof(*ordering->asks)),
		.numbers = arena_alloc(arena, sets * sizeof(*ordering->numbers)),
		.sets = arena_alloc(arena, sets * sizeof(*ordering->sets)),
		.keys = arena_alloc(arena, sets * sizeof(*ordering->keys)),
		.parts = arena_alloc(arena, sets * sizeof(*ordering->parts)),
		.briefs = arena_alloc(arena, sets * sizeof(*ordering->briefs)),
		.firsts = ARENA_NEW_ARRAY(
				arena, uint32_t, (size_t)build->index->part_count + 2),
		.passes = arena_alloc(arena, parts * sizeof(*ordering->passes)),
		.mention_ends = arena_alloc(arena, parts * sizeof(*ordering->mention_ends)),
		.tried = arena_alloc(arena, parts * sizeof(*ordering->tried)),
		.mentions = arena_alloc(arena, 3 * MATCH_SAMPLE_MOST * MATCH_MENTIONS_MOST *
							       sizeof(*ordering->mentions)) };
	if (!ordering->list || !ordering->spare || !ordering->asks || !ordering->numbers ||
			!ordering->sets || !ordering->keys || !ordering->parts ||
			!ordering->briefs || !ordering->firsts || !ordering->passes ||
			!ordering->mention_ends || !ordering->tried || !ordering->mentions)
		return false;
	ordering->spare_mentions = ordering->mentions + MATCH_SAMPLE_MOST * MATCH_MENTIONS_MOST;
	ordering->mention_parts =
			ordering->spare_mentions + MATCH_SAMPLE_MOST * MATCH_MENTIONS_MOST;
	if (!match_guess_build(build))
		return false;
	sets_number(ordering);
	return true;
}

/* Where each is was put before what it asks, and is asked for before its turn. */
static void order_store(const struct match_ordering *ordering, uint32_t *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i + 2 * MATCH_ORDER_AHEAD < count)
			__builtin_prefetch(
					&ordering->asks[ordering->list[i + 2 * MATCH_ORDER_AHEAD]
									.at -
							1]);
		out[i] = ordering->asks[ordering->list[i].at - 1];
	}
}

bool match_order_build(struct match_build *build)
{
	size_t count = build->positions.count;
	struct match_ordering ordering;
	size_t ends[3] = { 0 };

	build->order = arena_alloc(&build->lists, (count + 1) * sizeof(*build->order));
	if (!build->order || !ordering_init(&ordering, build))
		return false;
	positions_list(&ordering, ends);
	build->index->any_first = (uint32_t)ends[0];
	group_sort(&ordering, ordering.list, ends[0], 0);
	group_sort(&ordering, ordering.list + ends[0], ends[1] - ends[0], 0);
	group_sort(&ordering, ordering.list + ends[1], ends[2] - ends[1], 0);
	order_store(&ordering, build->order, count);
	return true;
}

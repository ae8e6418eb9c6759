/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of positions: those that are ruled out together stand together, so that whole blocks fall
 * away. Positions are sorted by the part that rules out most blocks, which is tried with a sample of them;
 * each group that comes of it is sorted likewise, and then those that do not ask that part.
 */
#include "rules/match_internal.h"

#include "base/memory.h"

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

struct ranked {
	uint64_t key; /* the order of the set */
	uint32_t position;
};

struct ordering {
	const struct match_build *build;
	struct ranked *list, *spare;
	uint32_t *numbers; /* by set, in the order of parts and of their sets */
	uint32_t *sets;	   /* by number */
	size_t set_count;
	uint32_t *mentions, *spare_mentions; /* numbers of sets */
	uint32_t used[ORDER_DEPTH];
};

static uint32_t set_part(const struct ordering *ordering, uint32_t number)
{
	return match_set_at(ordering->build, ordering->sets[number])->part;
}

static bool is_used(const struct ordering *ordering, int depth, uint32_t part)
{
	for (int i = 0; i < depth; i++) {
		if (ordering->used[i] == part)
			return true;
	}
	return false;
}

/* By key, from the least byte to the greatest; bytes that are all alike are passed over. */
static void ranked_sort(struct ranked *list, struct ranked *spare, size_t count)
{
	struct ranked *from = list;
	struct ranked *to = spare;
	uint64_t differ = 0;

	for (size_t i = 1; i < count; i++)
		differ |= list[i].key ^ list[0].key;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		size_t starts[257] = { 0 };
		struct ranked *other = from;

		if (!((differ >> shift) & 255))
			continue;
		for (size_t i = 0; i < count; i++)
			starts[((from[i].key >> shift) & 255) + 1]++;
		for (size_t i = 1; i < 257; i++)
			starts[i] += starts[i - 1];
		for (size_t i = 0; i < count; i++)
			to[starts[(from[i].key >> shift) & 255]++] = from[i];
		from = to;
		to = other;
	}
	if (from != list)
		memcpy(list, from, count * sizeof(*list));
}

/* Likewise; all are below @end. */
static void numbers_sort(uint32_t *list, uint32_t *spare, size_t count, size_t end)
{
	uint32_t *from = list;
	uint32_t *to = spare;

	for (unsigned shift = 0; end >> shift; shift += 8) {
		size_t starts[257] = { 0 };
		uint32_t *other = from;

		for (size_t i = 0; i < count; i++)
			starts[((from[i] >> shift) & 255) + 1]++;
		for (size_t i = 1; i < 257; i++)
			starts[i] += starts[i - 1];
		for (size_t i = 0; i < count; i++)
			to[starts[(from[i] >> shift) & 255]++] = from[i];
		from = to;
		to = other;
	}
	if (from != list)
		memcpy(list, from, count * sizeof(*list));
}

/*
 * Where the group that begins with @list ends: at least so many. Numbers are cut at blocks; all others where
 * a set ends.
 */
static size_t group_end(const struct ordering *ordering, const struct ranked *list,
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
static size_t mentions_list(struct ordering *ordering, const struct ranked *list, size_t count,
		size_t step, int depth)
{
	const struct match_build *build = ordering->build;
	size_t mentions = 0;

	for (size_t i = 0; i < count; i += step) {
		const struct match_run *run =
				&match_position_at(build, list[i].position)->way.all;
		const uint32_t *entries = (const uint32_t *)build->entries.data + run->first;
		uint32_t most = run->count < MENTIONS_MOST ? run->count : MENTIONS_MOST;

		for (uint32_t k = 0; k < most; k++) {
			const struct match_set *set = match_set_at(build, entries[k]);

			if (set->pass <= PASS_MOST && !is_used(ordering, depth, set->part))
				ordering->mentions[mentions++] = ordering->numbers[entries[k]];
		}
	}
	numbers_sort(ordering->mentions, ordering->spare_mentions, mentions,
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
static uint32_t part_choose(
		struct ordering *ordering, const struct ranked *list, size_t count, int depth)
{
	size_t step = count / SAMPLE_MOST + 1;
	size_t mentions = mentions_list(ordering, list, count, step, depth);
	float best = SCORE_LEAST / (float)step;
	uint32_t chosen = UINT32_MAX;

	for (size_t i = 0; i < mentions;) {
		uint32_t part = set_part(ordering, ordering->mentions[i]);
		size_t end = i;
		float score;

		while (end < mentions && set_part(ordering, ordering->mentions[end]) == part)
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

/* What the position asks of @part, when that rules out enough. */
static const struct match_set *position_set(
		const struct match_build *build, uint32_t at, uint32_t part)
{
	const struct match_run *run = &match_position_at(build, at)->way.all;
	const uint32_t *entries = (const uint32_t *)build->entries.data + run->first;

	for (uint32_t i = 0; i < run->count; i++) {
		const struct match_set *set = match_set_at(build, entries[i]);

		if (set->part == part)
			return set->pass <= PASS_MOST ? set : NULL;
	}
	return NULL;
}

/* Those that ask @part first, in the order of what they ask; how many. */
static size_t part_gather(
		struct ordering *ordering, struct ranked *list, size_t count, uint32_t part)
{
	size_t taken = 0, left = 0;

	for (size_t i = 0; i < count; i++) {
		const struct match_set *set =
				position_set(ordering->build, list[i].position, part);

		if (set)
			list[taken++] = (struct ranked){ set->order, list[i].position };
		else
			ordering->spare[left++] = list[i];
	}
	memcpy(list + taken, ordering->spare, left * sizeof(*list));
	ranked_sort(list, ordering->spare, taken);
	return taken;
}

/* Sorted by a part, then each group again by what rules out most of it; then those that do not ask it. */
static void group_sort(struct ordering *ordering, struct ranked *list, size_t count, int depth)
{
	struct ranked *end = list + count;

	while (depth < ORDER_DEPTH && (size_t)(end - list) >= GROUP_LEAST) {
		uint32_t part = part_choose(ordering, list, (size_t)(end - list), depth);
		bool number;
		struct ranked *taken;

		if (part == UINT32_MAX)
			break;
		number = ordering->build->index->parts[part].kind == PART_NUMBER;
		taken = list + part_gather(ordering, list, (size_t)(end - list), part);
		ordering->used[depth] = part;
		while (list < taken) {
			struct ranked *stop = list;
			size_t least = MATCH_BLOCK;

			while (stop < taken && stop->key >> 46 == list->key >> 46)
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

/* Numbers the sets part by part, each in the order of its sets. */
static bool sets_number(struct ordering *ordering)
{
	const struct match_build *build = ordering->build;
	size_t count = build->sets.count;
	struct ranked *list = memory_alloc(2 * (count + 1) * sizeof(*list));

	ordering->set_count = count;
	if (!list || !ordering->numbers || !ordering->sets) {
		memory_free(list);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const struct match_set *set = match_set_at(build, (uint32_t)i);

		list[i] = (struct ranked){ (uint64_t)set->part << 48 | set->order,
			(uint32_t)i };
	}
	if (count)
		ranked_sort(list, list + count, count);
	for (size_t i = 0; i < count; i++) {
		ordering->sets[i] = list[i].position;
		ordering->numbers[list[i].position] = (uint32_t)i;
	}
	memory_free(list);
	return true;
}

/* Of a position without an "or" 0, and of one that asks only lists for it 1: it needs few rows. */
static unsigned position_group(const struct match_build *build, size_t at)
{
	const struct match_run *any = &match_position_at(build, at)->way.any;
	const uint32_t *entries = (const uint32_t *)build->entries.data + any->first;

	for (uint32_t i = 0; i < any->count; i++) {
		if (build->index->parts[match_set_at(build, entries[i])->part].kind !=
				PART_MEMBERS)
			return 2;
	}
	return any->count ? 1 : 0;
}

/* Groups come one after the other; where each ends. */
static void positions_part(
		const struct match_build *build, struct ranked *list, size_t out_ends[static 3])
{
	size_t at = 0;

	for (unsigned group = 0; group < 3; group++) {
		for (size_t i = 0; i < build->positions.count; i++) {
			if (position_group(build, i) == group)
				list[at++].position = (uint32_t)i;
		}
		out_ends[group] = at;
	}
}

bool match_order_build(struct match_build *build)
{
	size_t count = build->positions.count;
	struct ranked *list = memory_alloc((count + 1) * sizeof(*list));
	struct ordering ordering = { .build = build,
		.list = list,
		.spare = memory_alloc((count + 1) * sizeof(*list)),
		.numbers = memory_alloc((build->sets.count + 1) * sizeof(uint32_t)),
		.sets = memory_alloc((build->sets.count + 1) * sizeof(uint32_t)),
		.mentions = memory_alloc(2 * SAMPLE_MOST * MENTIONS_MOST * sizeof(uint32_t)) };
	struct match_position *sorted = memory_alloc((count + 1) * sizeof(*sorted));
	bool ok = list && ordering.spare && sorted && ordering.mentions &&
		  match_guess_build(build) && sets_number(&ordering);

	if (ok) {
		size_t ends[3];

		ordering.spare_mentions = ordering.mentions + SAMPLE_MOST * MENTIONS_MOST;
		positions_part(build, list, ends);
		build->index->any_first = (uint32_t)ends[0];
		group_sort(&ordering, list, ends[0], 0);
		group_sort(&ordering, list + ends[0], ends[1] - ends[0], 0);
		group_sort(&ordering, list + ends[1], ends[2] - ends[1], 0);
		for (size_t i = 0; i < count; i++)
			sorted[i] = *match_position_at(build, list[i].position);
		memory_free(build->positions.data);
		build->positions.data = sorted;
		build->positions.capacity = count + 1;
	} else {
		memory_free(sorted);
	}
	memory_free(list);
	memory_free(ordering.spare);
	memory_free(ordering.numbers);
	memory_free(ordering.sets);
	memory_free(ordering.mentions);
	return ok;
}

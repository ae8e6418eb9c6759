/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of positions: those that are ruled out together stand together, so that whole blocks fall
 * away. Positions are sorted by what rules out most of each; large groups again by what comes next.
 */
#include "rules/match_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define ORDER_DEPTH 4
/* Groups of fewer are left as they are, and of numbers cut into pieces of no fewer. */
#define GROUP_LEAST ((size_t)2 * MATCH_BLOCK)
#define GROUP_PIECES 6

struct ranked {
	uint64_t key; /* the part, and the order of the set */
	uint32_t position;
};

struct ordering {
	const struct match_build *build;
	struct ranked *list, *spare;
	uint32_t used[ORDER_DEPTH];
};

static bool is_used(const struct ordering *ordering, int depth, uint32_t part)
{
	for (int i = 0; i < depth; i++) {
		if (ordering->used[i] == part)
			return true;
	}
	return false;
}

static uint64_t position_key(const struct ordering *ordering, uint32_t at, int depth)
{
	const struct match_build *build = ordering->build;
	const struct match_run *run = &match_position_at(build, at)->way.all;
	const uint32_t *entries = (const uint32_t *)build->entries.data + run->first;
	const struct match_set *best = NULL;

	for (uint32_t i = 0; i < run->count; i++) {
		const struct match_set *set =
				(const struct match_set *)build->sets.data + entries[i];

		if ((!best || set->pass < best->pass) && !is_used(ordering, depth, set->part))
			best = set;
	}
	return best ? (uint64_t)best->part << 48 | best->order : UINT64_MAX;
}

/* By key, from the least byte to the greatest; bytes that are all alike are passed over. */
static void ranked_sort(struct ranked *list, struct ranked *spare, size_t count)
{
	struct ranked *from = list;
	struct ranked *to = spare;

	for (unsigned shift = 0; shift < 64; shift += 8) {
		size_t starts[257] = { 0 };
		struct ranked *other = from;

		for (size_t i = 0; i < count; i++)
			starts[((from[i].key >> shift) & 255) + 1]++;
		if (starts[((from[0].key >> shift) & 255) + 1] == count)
			continue;
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

static void group_sort(struct ordering *ordering, struct ranked *list, size_t count, int depth)
{
	size_t begin = 0;

	if (count < GROUP_LEAST || depth == ORDER_DEPTH)
		return;
	for (size_t i = 0; i < count; i++)
		list[i].key = position_key(ordering, list[i].position, depth);
	ranked_sort(list, ordering->spare, count);
	while (begin < count && list[begin].key != UINT64_MAX) {
		uint32_t part = (uint32_t)(list[begin].key >> 48);
		bool number = ordering->build->index->parts[part].kind == PART_NUMBER;
		size_t end = begin;
		size_t least = MATCH_BLOCK;

		while (end < count && list[end].key >> 46 == list[begin].key >> 46 &&
				list[end].key != UINT64_MAX)
			end++;
		if (number && (end - begin) / GROUP_PIECES > least)
			least = (end - begin) / GROUP_PIECES;
		ordering->used[depth] = part;
		while (begin < end) {
			size_t size = group_end(
					ordering, &list[begin], end - begin, least, number);

			group_sort(ordering, &list[begin], size, depth + 1);
			begin += size;
		}
	}
}

/* How often each set is asked for. */
static uint32_t *uses_count(const struct match_build *build)
{
	uint32_t *uses = memory_alloc_zero(build->sets.count + 1, sizeof(*uses));

	for (size_t i = 0; uses && i < build->positions.count; i++) {
		const struct match_run *run = &match_position_at(build, i)->way.all;
		const uint32_t *entries = (const uint32_t *)build->entries.data + run->first;

		for (uint32_t k = 0; k < run->count; k++)
			uses[entries[k]]++;
	}
	return uses;
}

/* What of one part is asked for, by text of CODE and FLAG; of NUMBER, least and most. */
struct wishes {
	float *texts;
	float total;
	uint64_t least, most;
};

/* Adds @add to each text of the set; what its texts come to then. */
static float set_wishes(const struct match_build *build, const struct match_set *set,
		struct wishes *wishes, float add)
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

/*
 * What share of enterprises may be expected in a set. Nobody knows here what they are like, but whoever
 * makes policies does: what is asked for often is there often, and thresholds are there to be missed.
 */
static bool passes_guess(struct match_build *build)
{
	const struct match_index *index = build->index;
	uint32_t *uses = uses_count(build);
	struct wishes *wishes =
			ARENA_NEW_ARRAY(&build->arena, struct wishes, index->part_count + 1);

	if (!uses || !wishes) {
		memory_free(uses);
		return false;
	}
	for (uint32_t i = 0; i < index->part_count; i++) {
		wishes[i].texts = ARENA_NEW_ARRAY(
				&build->arena, float, index->parts[i].text_count + 64);
		if (!wishes[i].texts) {
			memory_free(uses);
			return false;
		}
	}
	for (uint32_t i = 0; i < build->sets.count; i++) {
		const struct match_set *set = match_set_at(build, i);
		const struct match_part *part = &index->parts[set->part];
		struct wishes *wish = &wishes[set->part];
		uint32_t size;

		if (part->kind == PART_NUMBER && set->count == 1) {
			uint64_t ranks = *match_set_words(build, set);

			if ((uint32_t)ranks == 0)
				wish->most += uses[i];
			else if (ranks >> 32 == part->threshold_count + 1)
				wish->least += uses[i];
		}
		if (part->kind != PART_FLAG && part->kind != PART_CODE)
			continue;
		size = set_size(build, set);
		if (size == 0 || (part->kind == PART_CODE && size > part->text_count / 2))
			continue;
		(void)set_wishes(build, set, wish, (float)uses[i] / (float)size);
		wish->total += (float)uses[i];
	}
	for (uint32_t i = 0; i < build->sets.count; i++) {
		struct match_set *set = (struct match_set *)build->sets.data + i;
		const struct match_part *part = &index->parts[set->part];
		struct wishes *wish = &wishes[set->part];
		const uint64_t *words = match_set_words(build, set);
		bool most = set->count && (uint32_t)words[0] == 0;
		bool least = set->count &&
			     words[set->count - 1] >> 32 == part->threshold_count + 1;

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
			if (uses[i] < MATCH_BLOCK / 2 && set_size(build, set) > 2)
				set->pass = 3 * set->pass < 1 ? 3 * set->pass : 1;
			break;
		}
	}
	memory_free(uses);
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
	struct ordering ordering = {
		.build = build, .list = list, .spare = memory_alloc((count + 1) * sizeof(*list))
	};
	struct match_position *sorted = memory_alloc((count + 1) * sizeof(*sorted));
	bool ok = list && ordering.spare && sorted && passes_guess(build);

	if (ok) {
		size_t ends[3];

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
	return ok;
}

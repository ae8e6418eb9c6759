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
	struct ranked *spare;
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
	const struct match_run *run = &match_position_at(build, at)->run;
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

/* Where the group that begins with @list ends: at least so many, and none parted from its like. */
static size_t group_end(const struct ranked *list, size_t count, size_t least)
{
	size_t end = least < count ? least : count;

	while (end < count && list[end].key == list[end - 1].key)
		end++;
	/* A group of one set alone is not spoilt by what comes before it. */
	for (size_t i = 1; i < end && end - i >= least; i++) {
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
		size_t end = begin;
		size_t least = GROUP_LEAST;

		while (end < count && list[end].key >> 48 == part &&
				list[end].key != UINT64_MAX)
			end++;
		if (ordering->build->index->parts[part].kind == PART_NUMBER &&
				(end - begin) / GROUP_PIECES > least)
			least = (end - begin) / GROUP_PIECES;
		ordering->used[depth] = part;
		while (begin < end) {
			size_t size = group_end(&list[begin], end - begin, least);

			group_sort(ordering, &list[begin], size, depth + 1);
			begin += size;
		}
	}
}

bool match_order_build(struct match_build *build)
{
	size_t count = build->positions.count;
	struct ranked *list = memory_alloc((count + 1) * sizeof(*list));
	struct ordering ordering = { .build = build,
		.spare = memory_alloc((count + 1) * sizeof(*list)) };
	struct match_position *sorted = memory_alloc((count + 1) * sizeof(*sorted));
	bool ok = list && ordering.spare && sorted;

	if (ok) {
		for (size_t i = 0; i < count; i++)
			list[i].position = (uint32_t)i;
		group_sort(&ordering, list, count, 0);
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

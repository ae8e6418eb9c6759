/* SPDX-License-Identifier: Apache-2.0 */
#include "near_brute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MARKS_MOST 64

struct best {
	bool found;
	int64_t cost;
};

int64_t brute_cost(const struct near_world *world, unsigned name, int to)
{
	const struct near_name *of = &world->names[name];
	int threshold = 1;

	if (to == world->values[name])
		return 0;
	if (!of->is_flag)
		assert_true(world->is_mark(world->context, name, to, &threshold));
	threshold = abs(threshold);
	return (int64_t)abs(to - world->values[name]) * of->weight * 1000000 /
	       (threshold > 1 ? threshold : 1);
}

/* Where an attribute may go one way: where it stands, then the marks, nearest first. */
static size_t marks_of(const struct near_world *world, unsigned name, int way, int *out_list)
{
	const struct near_name *of = &world->names[name];
	int from = world->values[name];
	int threshold;
	size_t count = 1;

	out_list[0] = from;
	if (from == UNKNOWN || of->direction == FIXED ||
			of->direction == (way > 0 ? (enum direction)DOWN : (enum direction)UP))
		return count;
	for (int to = from + way; to >= of->least && to <= of->most; to += way) {
		if (of->is_flag || world->is_mark(world->context, name, to, &threshold))
			out_list[count++] = to;
		assert_true(count < MARKS_MOST);
	}
	return count;
}

/*
 * The cheapest change of both of those that go no further than needed: where one of them could stay
 * nearer, or stay, it must. @second NAMES_MOST: of the first alone.
 */
static void quadrant_try(const struct near_world *world, unsigned first, unsigned second,
		int first_way, int second_way, struct best *best)
{
	bool turned[MARKS_MOST][MARKS_MOST]; /* here or nearer */
	int here[MARKS_MOST], there[MARKS_MOST];
	bool single = second == NAMES_MOST;
	size_t here_count = marks_of(world, first, first_way, here);
	size_t there_count = single ? 1 : marks_of(world, second, second_way, there);
	int changed[NAMES_MOST];

	if (here_count == 1 || (!single && there_count == 1))
		return;
	memcpy(changed, world->values, world->count * sizeof(*changed));
	for (size_t i = 0; i < here_count; i++) {
		changed[first] = here[i];
		for (size_t k = 0; k < there_count; k++) {
			bool nearer = (i > 0 && turned[i - 1][k]) ||
				      (k > 0 && turned[i][k - 1]);
			int64_t cost;

			if (!single)
				changed[second] = there[k];
			turned[i][k] = nearer || world->is_turned(world->context, changed);
			if (nearer || !turned[i][k] || i == 0 || (!single && k == 0))
				continue;
			cost = brute_cost(world, first, here[i]);
			if (!single)
				cost += brute_cost(world, second, there[k]);
			if (best->found && cost >= best->cost)
				continue;
			best->found = true;
			best->cost = cost;
		}
	}
}

static struct expected *expected_find(
		struct expected_list *list, unsigned first, unsigned second, unsigned item)
{
	for (size_t i = 0; i < list->count; i++) {
		struct expected *at = &list->list[i];

		if (at->first == first && at->second == second && at->item == item)
			return at;
	}
	return NULL;
}

/* The item an attribute or a set is of: 0 where it is the enterprise's. */
static unsigned item_of(const struct near_world *world, unsigned first, unsigned second)
{
	bool own = first >= world->shared || (second < NAMES_MOST && second >= world->shared);

	return own ? world->item + 1 : 0;
}

static void set_try(const struct near_world *world, unsigned first, unsigned second,
		struct expected_list *list)
{
	unsigned item = item_of(world, first, second);
	struct best best = { 0 };
	struct expected *known;

	for (int ways = 0; ways < (second == NAMES_MOST ? 2 : 4); ways++)
		quadrant_try(world, first, second, ways & 1 ? 1 : -1, ways & 2 ? 1 : -1, &best);
	if (!best.found)
		return;
	known = expected_find(list, first, second, item);
	if (known) {
		known->cost = best.cost < known->cost ? best.cost : known->cost;
		return;
	}
	assert_true(list->count < EXPECTED_MOST);
	list->list[list->count++] = (struct expected){ first, second, item, best.cost };
}

void brute_add(const struct near_world *world, struct expected_list *out_list)
{
	for (unsigned i = 0; i < world->count; i++) {
		set_try(world, i, NAMES_MOST, out_list);
		for (unsigned k = i + 1; k < world->count; k++)
			set_try(world, i, k, out_list);
	}
}

static bool is_no_dearer(struct expected_list *list, unsigned name, const struct expected *set)
{
	const struct expected *own = expected_find(list, name, NAMES_MOST, set->item);
	const struct expected *shared = expected_find(list, name, NAMES_MOST, 0);

	return (own && own->cost <= set->cost) || (shared && shared->cost <= set->cost);
}

static int expected_compare(const void *a, const void *b)
{
	const struct expected *left = a;
	const struct expected *right = b;
	/* A single one goes before a pair that begins with it. */
	unsigned left_second = left->second == NAMES_MOST ? 0 : left->second + 1;
	unsigned right_second = right->second == NAMES_MOST ? 0 : right->second + 1;

	if (left->cost != right->cost)
		return left->cost < right->cost ? -1 : 1;
	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	if (left_second != right_second)
		return left_second < right_second ? -1 : 1;
	return (left->item > right->item) - (left->item < right->item);
}

void brute_finish(struct expected_list *list)
{
	struct expected_list all = *list;

	list->count = 0;
	for (size_t i = 0; i < all.count; i++) {
		const struct expected *set = &all.list[i];

		if (set->second == NAMES_MOST ||
				(!is_no_dearer(&all, set->first, set) &&
						!is_no_dearer(&all, set->second, set)))
			list->list[list->count++] = *set;
	}
	if (list->count)
		qsort(list->list, list->count, sizeof(*list->list), expected_compare);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which units can always stand in for which.
 *
 * @v is as good as @u when it is worth as much, lies in no cap that is not around @u too, and is in no
 * group in which it would not sit in u's place. Then whoever has u without v may have v instead: no
 * group is broken, the total is no lower, the count the same. Of two that are as good as each other
 * the one with the lower number goes first, so that "better" has no circle; and among the choices with
 * T and K there is one that has, with every unit, all better ones.
 *
 * So when the walk leaves v out, no worse unit need be taken, and nothing is to be found where one is
 * had already. Units that were settled before the walk are left alone: they cannot be exchanged.
 */
#include "calculator/solver_node.h"

/* Beyond, looking for pairs costs more than it saves. */
#define SWAP_MOST_UNITS 256

static bool sits_alone(const struct node *node, size_t group, size_t counter)
{
	const struct search_group *of = &node->problem->groups[group];
	size_t count = 0;

	if (of->single)
		return true;
	for (size_t i = 0; i < of->count; i++)
		count += of->seats[i].counter == counter;
	return count == 1;
}

/* Whether @better could sit wherever it needs to, once @unit has left. */
static bool fits_groups(const struct node *node, size_t better, size_t unit)
{
	const struct search_unit *of = &node->problem->units[better];
	const struct search_unit *instead = &node->problem->units[unit];

	for (size_t i = 0; i < of->place_count; i++) {
		bool found = false;

		for (size_t k = 0; k < instead->place_count && !found; k++)
			found = instead->places[k].group == of->places[i].group &&
				(instead->places[k].counter == of->places[i].counter ||
						sits_alone(node, of->places[i].group,
								instead->places[k].counter));
		if (!found)
			return false;
	}
	return true;
}

static bool is_as_good(const struct node *node, size_t better, size_t unit)
{
	const struct search_unit *units = node->problem->units;
	size_t cap = units[unit].cap;

	if (units[better].value < units[unit].value ||
			units[better].place_count > units[unit].place_count)
		return false;
	while (cap != units[better].cap && cap != SOLVER_NONE)
		cap = node->problem->caps[cap].parent;
	return cap == units[better].cap && fits_groups(node, better, unit);
}

bool node_find_worse(struct node *node, struct arena *arena)
{
	size_t count = node->problem->unit_count;
	size_t pairs = 0;

	node->first_worse = ARENA_NEW_ARRAY(arena, size_t, count + 1);
	node->settled = ARENA_NEW_ARRAY(arena, bool, count);
	if (!node->first_worse || !node->settled)
		return false;
	if (count > SWAP_MOST_UNITS)
		return true;
	node->worse = ARENA_NEW_ARRAY(arena, size_t, count * count);
	if (!node->worse)
		return false;
	for (size_t i = 0; i < count; i++) {
		node->first_worse[i] = pairs;
		for (size_t k = 0; k < count; k++) {
			if (i != k && is_as_good(node, i, k) &&
					(i < k || !is_as_good(node, k, i)))
				node->worse[pairs++] = k;
		}
	}
	node->first_worse[count] = pairs;
	return true;
}

bool node_leave(struct node *node, size_t unit)
{
	bool had = false;

	node->state[unit] = UNIT_OUT;
	for (size_t i = node->first_worse[unit]; i < node->first_worse[unit + 1]; i++) {
		size_t worse = node->worse[i];

		if (node->settled[worse])
			continue;
		had |= node->state[worse] == UNIT_IN;
		node->blocks[worse]++;
	}
	return !had;
}

void node_readmit(struct node *node, size_t unit)
{
	node->state[unit] = UNIT_FREE;
	for (size_t i = node->first_worse[unit]; i < node->first_worse[unit + 1]; i++) {
		if (!node->settled[node->worse[i]])
			node->blocks[node->worse[i]]--;
	}
}

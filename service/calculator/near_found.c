/* SPDX-License-Identifier: Apache-2.0 */
/* Changes: what they come to and cost, and which of those that were found are kept. */
#include "calculator/near.h"

#include "base/wide.h"

#include <string.h>

#define COST_UNIT 1000000
#define WEIGHT_ORDINARY 100 /* of an attribute that does not tell its own */
#define COST_MOST (INT64_MAX / 4)

struct value near_value(const struct near_change *change, struct arena *arena)
{
	return flip_apply(&change->flip, &change->observed, arena);
}

int64_t near_distance(const struct near_change *change)
{
	int64_t distance;

	if (change->observed.kind == VALUE_TIMESTAMP) {
		distance = (change->flip.target.timestamp.seconds -
					   change->observed.timestamp.seconds) /
			   86400;
		return distance < 0 ? -distance : distance;
	}
	if (change->observed.kind != VALUE_INT)
		return 1;
	if (__builtin_sub_overflow(
			    change->flip.target.integer, change->observed.integer, &distance) ||
			distance == INT64_MIN)
		return INT64_MAX;
	return distance < 0 ? -distance : distance;
}

bool near_is_upward(const struct near_change *change)
{
	const struct value *from = &change->observed;
	const struct value *to = &change->flip.target;

	return from->kind == VALUE_TIMESTAMP ? to->timestamp.seconds > from->timestamp.seconds
					     : to->integer > from->integer;
}

int64_t near_cost(const Policycalc__V1__Attribute *attribute, const struct near_change *change)
{
	int32_t weight = attribute->change_weight > 0 ? attribute->change_weight
						      : WEIGHT_ORDINARY;
	wide_int cost = near_distance(change);
	wide_int threshold = change->flip.threshold;

	if (threshold < 0)
		threshold = -threshold;
	cost = cost * weight * COST_UNIT / (threshold > 1 ? threshold : 1);
	return cost > COST_MOST ? COST_MOST : (int64_t)cost;
}

/* --- which are kept --------------------------------------------------------------------------- */

static int found_compare(const struct near_found *a, const struct near_found *b)
{
	if (a->cost != b->cost)
		return a->cost < b->cost ? -1 : 1;
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		if (a->changes[i].flip.slot != b->changes[i].flip.slot)
			return a->changes[i].flip.slot < b->changes[i].flip.slot ? -1 : 1;
	}
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	return a->item < b->item ? -1 : a->item > b->item;
}

static const struct near_change *change_of(const struct near_list *list,
		const struct near_found *found, size_t item, int slot)
{
	if ((size_t)slot >= list->base_count && found->item != item)
		return NULL;
	for (size_t i = 0; i < found->count; i++) {
		if (found->changes[i].flip.slot == slot)
			return &found->changes[i];
	}
	return NULL;
}

/* Whether @a goes no further than @b, and the same way. */
static bool goes_no_further(const struct near_change *a, const struct near_change *b)
{
	const struct value *target = &a->flip.target;

	switch ((int)a->observed.kind) {
	case VALUE_INT:
	case VALUE_TIMESTAMP:
		return near_is_upward(a) == near_is_upward(b) &&
		       near_distance(a) <= near_distance(b);
	case VALUE_BOOL:
		return true;
	default:
		return a->flip.removes == b->flip.removes && a->flip.until <= b->flip.until &&
		       slice_equals(target->text, b->flip.target.text);
	}
}

/*
 * Whether @more is no way of its own beside @less: it changes all that @less changes, and either goes
 * as far in everything (then what it does beyond is not needed), or is as dear without being nearer.
 */
static bool is_needless(const struct near_list *list, const struct near_found *less,
		const struct near_found *more)
{
	bool further = true;
	bool nearer = less->count == more->count;

	for (size_t i = 0; i < less->count; i++) {
		const struct near_change *own = &less->changes[i];
		const struct near_change *other =
				change_of(list, more, less->item, own->flip.slot);

		if (!other)
			return false;
		further &= goes_no_further(own, other);
		nearer &= goes_no_further(other, own);
	}
	return further || (!nearer && less->cost <= more->cost);
}

void near_list_keep(struct near_list *list, const struct near_found *found)
{
	size_t kept = 0;
	size_t at;

	/* Ways up and down of one attribute are two cliffs. */
	for (size_t i = 0; !list->cliffs && i < list->count; i++) {
		if (is_needless(list, &list->found[i], found))
			return;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (list->cliffs || !is_needless(list, found, &list->found[i]))
			list->found[kept++] = list->found[i];
	}
	list->count = kept;
	at = list->count;
	while (at > 0 && found_compare(found, &list->found[at - 1]) < 0)
		at--;
	if (at == NEAR_KEPT_MOST)
		return;
	if (list->count == NEAR_KEPT_MOST)
		list->count--;
	memmove(&list->found[at + 1], &list->found[at],
			(list->count - at) * sizeof(*list->found));
	list->found[at] = *found;
	list->count++;
}

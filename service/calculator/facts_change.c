/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts as they would be if something were different. Only copies are changed; the facts of the
 * question itself stay as they were sent.
 */
#include "calculator/facts.h"

#include <string.h>

/* Values and gaps of the item at hand stand behind the base slots of the copy. */
static bool items_copy(const struct facts *facts, struct facts *copy, enum item_list list)
{
	size_t slots = facts->ruleset->slot_count[list];
	size_t count = facts->item_count[list];
	struct item_facts *items = ARENA_NEW_ARRAY(facts->arena, struct item_facts, count + 1);

	if (!items)
		return false;
	for (size_t i = 0; i < count; i++) {
		items[i] = facts->items[list][i];
		items[i].values = arena_alloc(facts->arena, (slots + 1) * sizeof(struct value));
		items[i].gaps = ARENA_NEW_ARRAY(facts->arena, uint64_t *, slots + 1);
		if (!items[i].values || !items[i].gaps)
			return false;
		memcpy(items[i].values, facts->items[list][i].values,
				slots * sizeof(struct value));
		memcpy(items[i].gaps, facts->items[list][i].gaps, slots * sizeof(uint64_t *));
	}
	copy->items[list] = items;
	return true;
}

static bool room_make(const struct facts *facts, struct facts *copy, enum item_list list)
{
	const struct ruleset *ruleset = facts->ruleset;

	for (size_t i = 0; i < ruleset->derivation_count[list]; i++) {
		int slot = ruleset->derivations[list][i].slot;

		copy->gap_room[slot] = facts_new_set(facts);
		if (!copy->gap_room[slot])
			return false;
	}
	return true;
}

static bool has_aggregates(const struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->derivation_count[LIST_ENTERPRISE]; i++) {
		if (ruleset->derivations[LIST_ENTERPRISE][i].aggregate)
			return true;
	}
	return false;
}

/*
 * The names behind aggregates are set when these are made again. A copy has its own table of them, and
 * has it from the start: what a search makes later is taken back with the arena, and the original
 * would keep names that are gone.
 */
static bool item_names_copy(const struct facts *facts, struct facts *copy)
{
	size_t count = facts->ruleset->base_count;

	if (!facts->item_names && !has_aggregates(facts->ruleset))
		return true;
	copy->item_names = ARENA_NEW_ARRAY(facts->arena, struct item_names, count);
	if (copy->item_names && facts->item_names)
		memcpy(copy->item_names, facts->item_names, count * sizeof(*copy->item_names));
	return copy->item_names != NULL;
}

struct facts *facts_copy(const struct facts *facts, enum item_list list, bool with_items)
{
	size_t slots = facts->ruleset->most_slots + 1;
	size_t words = facts->ruleset->set_words;
	struct facts *copy = ARENA_NEW(facts->arena, struct facts);

	if (!copy)
		return NULL;
	*copy = *facts;
	copy->values = arena_alloc(facts->arena, slots * sizeof(*copy->values));
	copy->gaps = ARENA_NEW_ARRAY(facts->arena, uint64_t *, slots);
	copy->gap_room = ARENA_NEW_ARRAY(facts->arena, uint64_t *, slots);
	copy->foreign = facts_new_set(facts);
	if (!copy->values || !copy->gaps || !copy->gap_room || !copy->foreign ||
			!room_make(facts, copy, LIST_ENTERPRISE) ||
			(list != LIST_ENTERPRISE && !room_make(facts, copy, list)))
		return NULL;
	memcpy(copy->values, facts->values, slots * sizeof(*copy->values));
	memcpy(copy->gaps, facts->gaps, slots * sizeof(*copy->gaps));
	memcpy(copy->foreign, facts->foreign, words * sizeof(*copy->foreign));
	copy->evaluation.values = copy->values;
	if (!item_names_copy(facts, copy))
		return NULL;
	if (with_items && !items_copy(facts, copy, list))
		return NULL;
	return copy;
}

/* Derived attributes stand in an order in which each follows those it reads. */
static void derive_again(
		struct facts *copy, enum item_list list, const uint64_t *supplied, int slot)
{
	const struct ruleset *ruleset = copy->ruleset;
	size_t first = list == LIST_ENTERPRISE ? 0 : ruleset->base_count;

	for (size_t i = 0; i < ruleset->derivation_count[list]; i++) {
		const struct derivation *derivation = &ruleset->derivations[list][i];
		size_t at = (size_t)derivation->slot - first;

		if (!slot_bits_has(ruleset->bases[list][at], slot) ||
				(supplied && slot_bits_has(supplied, derivation->slot)))
			continue;
		copy->values[derivation->slot] = (struct value){ .kind = VALUE_UNKNOWN };
		copy->gaps[derivation->slot] = NULL;
		facts_derive_one(copy, list, derivation);
	}
}

void facts_change(struct facts *copy, enum item_list list, const struct item_facts *item,
		int slot, struct value value)
{
	copy->values[slot] = value;
	if ((size_t)slot < copy->ruleset->base_count)
		derive_again(copy, LIST_ENTERPRISE, copy->supplied, slot);
	if (item)
		derive_again(copy, list, item->supplied, slot);
}

/* Figures made of the items of @list, and all that is derived from them, of every item too. */
static void aggregates_again(struct facts *copy, enum item_list list)
{
	const struct ruleset *ruleset = copy->ruleset;
	size_t slots = ruleset->slot_count[list];

	for (size_t i = 0; i < ruleset->derivation_count[LIST_ENTERPRISE]; i++) {
		const struct derivation *made = &ruleset->derivations[LIST_ENTERPRISE][i];

		if (!made->aggregate || made->aggregate->list != list)
			continue;
		derive_again(copy, LIST_ENTERPRISE, copy->supplied, made->slot);
		for (size_t k = 0; k < copy->item_count[list]; k++) {
			struct item_facts *item = &copy->items[list][k];

			facts_enter_item(copy, list, item);
			derive_again(copy, list, item->supplied, made->slot);
			memcpy(item->values, copy->values + ruleset->base_count,
					slots * sizeof(*item->values));
			memcpy(item->gaps, copy->gaps + ruleset->base_count,
					slots * sizeof(*item->gaps));
		}
	}
}

void facts_change_all(struct facts *copy, enum item_list list, size_t index, int slot,
		struct value value)
{
	size_t base_count = copy->ruleset->base_count;
	size_t slots = copy->ruleset->slot_count[list];
	bool of_item = (size_t)slot >= base_count;

	/* Every item keeps its own gaps, so that they cannot share one place. */
	copy->gap_room = NULL;
	if (!of_item) {
		copy->foreign[(unsigned)slot / 64] &= ~(UINT64_C(1) << ((unsigned)slot % 64));
		facts_change(copy, LIST_ENTERPRISE, NULL, slot, value);
	}
	if (list == LIST_ENTERPRISE)
		return;
	for (size_t i = 0; i < copy->item_count[list]; i++) {
		struct item_facts *item = &copy->items[list][i];

		if (of_item && i != index)
			continue;
		facts_enter_item(copy, list, item);
		if (of_item)
			copy->values[slot] = value;
		derive_again(copy, list, item->supplied, slot);
		memcpy(item->values, copy->values + base_count, slots * sizeof(*item->values));
		memcpy(item->gaps, copy->gaps + base_count, slots * sizeof(*item->gaps));
	}
	if (of_item)
		aggregates_again(copy, list);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/rule.h"

#include "base/map.h"
#include "base/memory.h"

#include <assert.h>

struct scope {
	struct map names; /* to struct scope_name, each of its own */
	const struct scope_name **slots;
	int slot_count;
	size_t slot_capacity;
};

struct scope *scope_new(void)
{
	return memory_alloc_zero(1, sizeof(struct scope));
}

void scope_free(struct scope *scope)
{
	if (!scope)
		return;
	for (size_t i = 0; i < scope->names.capacity; i++)
		memory_free(scope->names.entries[i].value);
	map_fini(&scope->names);
	memory_free(scope->slots);
	memory_free(scope);
}

/* Room for slot @slot in the table by slot. */
static bool scope_reserve(struct scope *scope, int slot)
{
	size_t capacity = scope->slot_capacity ? scope->slot_capacity : 16;
	const struct scope_name **slots;

	if ((size_t)slot < scope->slot_capacity)
		return true;
	while (capacity <= (size_t)slot)
		capacity *= 2;
	slots = memory_resize(scope->slots, capacity * sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = scope->slot_capacity; i < capacity; i++)
		slots[i] = NULL;
	scope->slots = slots;
	scope->slot_capacity = capacity;
	return true;
}

bool scope_add(struct scope *scope, const struct scope_name *name)
{
	struct scope_name *copy;

	assert(name->slot >= 0);
	if (map_find(&scope->names, name->name) || !scope_reserve(scope, name->slot))
		return false;
	copy = memory_alloc(sizeof(*copy));
	if (!copy)
		return false;
	*copy = *name;
	if (!map_put(&scope->names, copy->name, copy)) {
		memory_free(copy);
		return false;
	}
	scope->slots[copy->slot] = copy;
	if (copy->slot >= scope->slot_count)
		scope->slot_count = copy->slot + 1;
	return true;
}

const struct scope_name *scope_find(const struct scope *scope, struct slice name)
{
	return map_find(&scope->names, name);
}

const struct scope_name *scope_name_of_slot(const struct scope *scope, int slot)
{
	return slot >= 0 && slot < scope->slot_count ? scope->slots[slot] : NULL;
}

int scope_slot_count(const struct scope *scope)
{
	return scope->slot_count;
}

/* How many letters must change to make one word of the other, at most @limit + 1. */
static size_t edit_distance(struct slice a, struct slice b, size_t limit)
{
	size_t row[65];

	if (a.size > 64 || b.size > 64)
		return limit + 1;
	for (size_t j = 0; j <= b.size; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.size; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.size; j++) {
			size_t best = corner + (a.data[i - 1] != b.data[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = row[j];
			row[j] = best;
		}
	}
	return row[b.size];
}

const struct scope_name *scope_find_similar(const struct scope *scope, struct slice name)
{
	const struct scope_name *best = NULL;
	size_t least = 3;

	for (int slot = 0; slot < scope->slot_count; slot++) {
		const struct scope_name *candidate = scope->slots[slot];
		size_t distance;

		if (!candidate)
			continue;
		/* A forgotten "e." or "p." is one mistake. */
		if (candidate->name.size == name.size + 2 && candidate->name.data[1] == '.' &&
				memcmp(candidate->name.data + 2, name.data, name.size) == 0)
			return candidate;
		distance = edit_distance(candidate->name, name, least);
		if (distance < least && distance * 2 < name.size) {
			least = distance;
			best = candidate;
		}
	}
	return best;
}

bool scope_choices_have(const struct scope_choices *choices, struct slice code,
		const char **out_similar)
{
	size_t least = 3;

	*out_similar = NULL;
	for (size_t i = 0; i < choices->count; i++) {
		struct slice choice = slice_from(choices->codes[i]);
		size_t distance;

		if (slice_equals(choice, code))
			return true;
		distance = edit_distance(choice, code, least);
		if (distance < least && distance * 2 <= code.size) {
			least = distance;
			*out_similar = choices->codes[i];
		}
	}
	return false;
}

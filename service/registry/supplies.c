/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/supplies.h"

#include "base/memory.h"

#include <string.h>

#define SUPPLIES_MEMORY ((size_t)64 << 20)
#define SUPPLIES_MOST ((size_t)1 << 24)

void supplies_init(struct supplies *supplies)
{
	*supplies = (struct supplies){ .capacity = 0 };
	arena_init(&supplies->arena, SUPPLIES_MEMORY);
}

void supplies_fini(struct supplies *supplies)
{
	memory_free(supplies->list);
	arena_fini(&supplies->arena);
}

const struct supply *supplies_add(struct supplies *supplies, const struct supply *supply)
{
	struct supply *added;

	/* What was short when another was added may be there again. */
	supplies->arena.exhausted = false;
	added = ARENA_NEW(&supplies->arena, struct supply);
	if (supply->id >= supplies->capacity) {
		size_t capacity = supplies->capacity ? supplies->capacity : 64;
		struct supply **grown;

		while (capacity <= supply->id && capacity < SUPPLIES_MOST)
			capacity *= 2;
		if (capacity <= supply->id)
			return NULL;
		grown = memory_resize(supplies->list, capacity * sizeof(*grown));
		if (!grown)
			return NULL;
		memset(grown + supplies->capacity, 0,
				(capacity - supplies->capacity) * sizeof(*grown));
		supplies->list = grown;
		supplies->capacity = capacity;
	}
	if (!added)
		return NULL;
	*added = *supply;
	added->supplier = arena_copy_text(&supplies->arena, supply->supplier);
	added->day = arena_copy_text(&supplies->arena, supply->day);
	added->started_at = arena_copy_text(&supplies->arena, supply->started_at);
	if (!added->supplier || !added->day || !added->started_at)
		return NULL;
	supplies->list[supply->id] = added;
	return added;
}

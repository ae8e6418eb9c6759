/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/names.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MEMORY ((size_t)64 << 20)

void names_init(struct names *names)
{
	*names = (struct names){ .count = 0 };
	arena_init(&names->arena, NAMES_MEMORY);
}

void names_fini(struct names *names)
{
	map_fini(&names->map);
	memory_free(names->list);
	arena_fini(&names->arena);
}

struct name *names_find(const struct names *names, const char *list, const char *name)
{
	char key[512];
	int size = snprintf(key, sizeof(key), "%s/%s", list, name);

	if (size < 0 || (size_t)size >= sizeof(key))
		return NULL;
	return map_find(&names->map, (struct slice){ key, (size_t)size });
}

struct name *names_add(struct names *names, struct slice list, struct slice name,
		Policycalc__V1__Period period)
{
	struct name *added;
	char *key;

	/* What was short when another was added may be there again. */
	names->arena.exhausted = false;
	added = ARENA_NEW(&names->arena, struct name);
	key = arena_format(&names->arena, "%.*s/%.*s", SLICE_PRINT(list), SLICE_PRINT(name));
	if (names->count == names->capacity) {
		size_t capacity = names->capacity ? names->capacity * 2 : 64;
		struct name **grown =
				memory_resize(names->list, capacity * sizeof(*names->list));

		if (!grown)
			return NULL;
		names->list = grown;
		names->capacity = capacity;
	}
	if (!added || !key)
		return NULL;
	added->id = (uint32_t)names->count + 1;
	added->list = arena_copy(&names->arena, list.data, list.size);
	added->name = key + list.size + 1;
	added->period = period;
	if (!added->list || !map_put(&names->map, slice_from(key), added))
		return NULL;
	names->list[names->count++] = added;
	return added;
}

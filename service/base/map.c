/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "base/memory.h"

#include <assert.h>

uint64_t slice_hash(struct slice slice)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < slice.size; i++)
		hash = (hash ^ (unsigned char)slice.data[i]) * 0x100000001b3u;
	return hash ^ (hash >> 32);
}

void map_fini(struct map *map)
{
	memory_free(map->entries);
	*map = (struct map){ 0 };
}

/* The entry of @key, or the free one where it belongs. There is always a free one. */
static struct map_entry *map_locate(const struct map *map, struct slice key, uint64_t hash)
{
	size_t i = (size_t)hash & (map->capacity - 1);

	while (map->entries[i].value &&
			(map->entries[i].hash != hash ||
					!slice_equals(map->entries[i].key, key)))
		i = (i + 1) & (map->capacity - 1);
	return &map->entries[i];
}

void *map_find(const struct map *map, struct slice key)
{
	return map->count ? map_locate(map, key, slice_hash(key))->value : NULL;
}

static bool map_grow(struct map *map)
{
	struct map larger = { .capacity = map->capacity ? map->capacity * 2 : 16,
		.count = map->count };

	larger.entries = memory_alloc_zero(larger.capacity, sizeof(*larger.entries));
	if (!larger.entries)
		return false;
	for (size_t i = 0; i < map->capacity; i++) {
		if (map->entries[i].value)
			*map_locate(&larger, map->entries[i].key, map->entries[i].hash) =
					map->entries[i];
	}
	memory_free(map->entries);
	*map = larger;
	return true;
}

bool map_put(struct map *map, struct slice key, void *value)
{
	uint64_t hash = slice_hash(key);
	struct map_entry *entry;

	assert(value);
	if ((map->count + 1) * 4 > map->capacity * 3 && !map_grow(map))
		return false;
	entry = map_locate(map, key, hash);
	if (!entry->value)
		map->count++;
	*entry = (struct map_entry){ key, hash, value };
	return true;
}

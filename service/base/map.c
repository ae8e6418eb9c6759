/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>
#include <string.h>

uint64_t slice_hash(struct slice slice)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < slice.size; i++)
		hash = (hash ^ (unsigned char)slice.data[i]) * 0x100000001b3u;
	return hash ^ (hash >> 32);
}

/* Less than eight bytes, as what two runs of four (or of what there is) come to. */
static uint64_t key_short(struct slice key)
{
	uint32_t first;
	uint32_t last;
	uint64_t word = 0;

	if (key.size >= sizeof(first)) {
		memcpy(&first, key.data, sizeof(first));
		memcpy(&last, key.data + key.size - sizeof(last), sizeof(last));
		return (uint64_t)first << 32 | last;
	}
	for (size_t i = 0; i < key.size; i++)
		word = word << 8 | (unsigned char)key.data[i];
	return word;
}

static inline uint64_t word_at(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/*
 * What a map goes by: sixteen bytes at a time, for keys may be whole rule texts. Nobody keeps it, so that it
 * may be the machine's own; slice_hash() is what may be written down.
 */
static inline uint64_t key_hash(struct slice key)
{
	uint64_t hash = 0xcbf29ce484222325u ^ key.size;
	const char *at = key.data;

	if (key.size < 8)
		return hash_mix_word(hash, key_short(key));
	for (size_t left = key.size; left > 16; at += 16, left -= 16)
		hash = hash_mix_pair(hash, word_at(at), word_at(at + 8));
	/* The last sixteen, or twice eight, some of which may have been among those before. */
	at = key.data + key.size;
	return hash_mix_pair(
			hash, word_at(key.size < 16 ? key.data : at - 16), word_at(at - 8));
}

uint32_t map_hash(struct slice key)
{
	uint64_t hash = key_hash(key);

	return (uint32_t)(hash ^ hash >> 32);
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
	return map->count ? map_locate(map, key, key_hash(key))->value : NULL;
}

static bool map_grow(struct map *map, size_t capacity)
{
	struct map larger = { .capacity = capacity, .count = map->count };

	larger.entries = memory_alloc_zero_pages(larger.capacity, sizeof(*larger.entries));
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

bool map_reserve(struct map *map, size_t count)
{
	size_t capacity = map->capacity ? map->capacity : 16;

	while (count > capacity / 4 * 3)
		capacity *= 2;
	return capacity == map->capacity || map_grow(map, capacity);
}

/* Where @key belongs, with room for it; NULL when there is no memory. */
static struct map_entry *map_place(struct map *map, struct slice key, uint64_t hash)
{
	if ((map->count + 1) * 4 > map->capacity * 3 &&
			!map_grow(map, map->capacity ? map->capacity * 2 : 16))
		return NULL;
	return map_locate(map, key, hash);
}

void map_ask_for(const struct map *map, struct slice key)
{
	if (map->capacity)
		__builtin_prefetch(&map->entries[key_hash(key) & (map->capacity - 1)], 1);
}

bool map_put(struct map *map, struct slice key, void *value)
{
	uint64_t hash = key_hash(key);
	struct map_entry *entry = map_place(map, key, hash);

	assert(value);
	if (!entry)
		return false;
	if (!entry->value)
		map->count++;
	*entry = (struct map_entry){ key, hash, value };
	return true;
}

void *map_put_first(struct map *map, struct slice key, void *value)
{
	uint64_t hash = key_hash(key);
	struct map_entry *entry = map_place(map, key, hash);

	assert(value);
	if (!entry)
		return NULL;
	if (!entry->value) {
		map->count++;
		*entry = (struct map_entry){ key, hash, value };
	}
	return entry->value;
}

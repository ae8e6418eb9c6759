/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to pointer, open addressing. Keys are borrowed: whoever puts them keeps them alive. Built
 * once and then only read, it needs no lock.
 */
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
	struct slice key;
	uint64_t hash;
	void *value; /* never NULL in a used entry */
};

struct map {
	struct map_entry *entries;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/** Zeroed is a valid empty map. Frees the table, not keys and values. */
void map_fini(struct map *map);
/** The value, or NULL. */
void *map_find(const struct map *map, struct slice key);
/** Puts or replaces; @value is not NULL. false when there is no memory. */
bool map_put(struct map *map, struct slice key, void *value);
/** The value that @key has already, or @value, which it has now; NULL when there is no memory. */
void *map_put_first(struct map *map, struct slice key, void *value);
/** Makes room for @count keys at once; false when there is no memory. */
bool map_reserve(struct map *map, size_t count);
/** Has where @key belongs brought into the caches, for who is about to put or find it. */
void map_ask_for(const struct map *map, struct slice key);
/** What a table of this process may go by: other on other machines, so not to be written down. */
uint32_t map_hash(struct slice key);
/** 64-bit FNV-1a with a final mix. */
uint64_t slice_hash(struct slice slice);

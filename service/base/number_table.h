/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers by the hashes of what they stand for: eight bytes a place, where a map has 32. Who asks compares what each
 * number stands for; a table of 100,000 lies in the caches while all of them are put. Built once and then only read,
 * it needs no lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct number_place {
	uint32_t hash;
	uint32_t number; /* + 1; 0: free */
};

struct number_table {
	struct number_place *places;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

#define NUMBER_TABLE_END SIZE_MAX
#define NUMBER_MOST ((size_t)UINT32_MAX - 1)

/** Zeroed is a valid empty table. */
void number_table_fini(struct number_table *table);
/** Makes room for @count numbers at once; false when there is no memory. */
bool number_table_reserve(struct number_table *table, size_t count);
/** One more, of at most NUMBER_MOST; false when there is no memory. What is there already may be put again. */
bool number_table_put(struct number_table *table, uint32_t hash, size_t number);
/** Bytes of it. */
size_t number_table_size(const struct number_table *table);

/** Has where @hash belongs brought into the caches, for who is about to put or find it. */
static inline void number_table_ask_for(const struct number_table *table, uint32_t hash)
{
	if (table->capacity)
		__builtin_prefetch(&table->places[hash & (table->capacity - 1)], 1);
}

/**
 * The next number under @hash, those put first first; NUMBER_TABLE_END behind the last. *at is @hash at the beginning and not
 * changed between.
 */
static inline size_t number_table_next(
		const struct number_table *table, uint32_t hash, size_t *at)
{
	size_t mask = table->capacity - 1;

	if (!table->capacity)
		return NUMBER_TABLE_END;
	for (;;) {
		const struct number_place *place = &table->places[*at & mask];

		if (!place->number)
			return NUMBER_TABLE_END;
		++*at;
		if (place->hash == hash)
			return (size_t)place->number - 1;
	}
}

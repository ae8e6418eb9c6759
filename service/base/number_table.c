/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number_table.h"

#include "base/memory.h"

#include <assert.h>

#define PLACES_FIRST ((size_t)16)

void number_table_fini(struct number_table *table)
{
	memory_free(table->places);
	*table = (struct number_table){ 0 };
}

size_t number_table_size(const struct number_table *table)
{
	return table->capacity * sizeof(*table->places);
}

/* There is always a free place. */
static void place_take(struct number_table *table, struct number_place place)
{
	size_t mask = table->capacity - 1;
	size_t at = place.hash & mask;

	while (table->places[at].number)
		at = (at + 1) & mask;
	table->places[at] = place;
}

static bool table_grow(struct number_table *table, size_t capacity)
{
	struct number_table larger = { .capacity = capacity, .count = table->count };
	size_t from = 0;

	larger.places = memory_alloc_zero_pages(capacity, sizeof(*larger.places));
	if (!larger.places)
		return false;
	/* From behind a free place, so that those of one hash stay in their order. */
	while (from < table->capacity && table->places[from].number)
		from++;
	for (size_t i = 0; i < table->capacity; i++) {
		size_t at = (from + i) & (table->capacity - 1);

		if (table->places[at].number)
			place_take(&larger, table->places[at]);
	}
	memory_free(table->places);
	*table = larger;
	return true;
}

bool number_table_reserve(struct number_table *table, size_t count)
{
	size_t capacity = table->capacity ? table->capacity : PLACES_FIRST;

	while (count > capacity / 4 * 3)
		capacity *= 2;
	return capacity == table->capacity || table_grow(table, capacity);
}

bool number_table_put(struct number_table *table, uint32_t hash, size_t number)
{
	assert(number <= NUMBER_MOST);
	if (!number_table_reserve(table, table->count + 1))
		return false;
	place_take(table, (struct number_place){ hash, (uint32_t)number + 1 });
	table->count++;
	return true;
}

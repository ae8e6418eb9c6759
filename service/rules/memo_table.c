/* SPDX-License-Identifier: Apache-2.0 */
/* Terms by their texts: open addressing, each place a line of memory. */
#include "rules/memo_internal.h"

#include "base/hash.h"
#include "base/memory.h"

#include <endian.h>

#define PLACES_FIRST ((size_t)256)

void term_table_fini(struct term_table *table)
{
	memory_free((void *)table->rules);
	memory_free(table->memory);
}

size_t term_table_size(const struct term_table *table)
{
	return table->capacity * sizeof(struct term) +
	       table->capacity / 4 * 3 * sizeof(struct rule *);
}

/* The first @size (8, when there are more) bytes behind @at. */
static inline uint64_t word_at(const char *at, size_t size)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	word = le64toh(word);
	return size < sizeof(word) ? word & ((UINT64_C(1) << 8 * size) - 1) : word;
}

uint32_t term_hash(struct slice text)
{
	uint64_t hash = text.size;
	size_t left = text.size;
	const char *at = text.data;

	for (; left > 16; at += 16, left -= 16)
		hash = hash_mix_pair(hash, word_at(at, 8), word_at(at + 8, 8));
	hash = hash_mix_pair(hash, word_at(at, left), left > 8 ? word_at(at + 8, left - 8) : 0);
	return (uint32_t)(hash ^ hash >> 32);
}

void term_ask_for(const struct term_table *table, uint32_t hash)
{
	__builtin_prefetch(&table->places[hash & (table->capacity - 1)]);
}

const struct term *term_find(const struct term_table *table, struct slice text, uint32_t hash)
{
	size_t mask = table->capacity - 1;

	for (size_t at = hash & mask; table->places[at].number; at = (at + 1) & mask) {
		const struct term *term = &table->places[at];
		const char *own = term->text;

		if (term->hash != hash || term->size != text.size)
			continue;
		if (text.size > TERM_TEXT)
			memcpy(&own, term->text, sizeof(own));
		if (memcmp(own, text.data, text.size) == 0)
			return term;
	}
	return NULL;
}

/* The free place where what has @hash belongs. */
static struct term *place_find(const struct term_table *table, uint32_t hash)
{
	size_t at = hash & (table->capacity - 1);

	while (table->places[at].number)
		at = (at + 1) & (table->capacity - 1);
	return &table->places[at];
}

static bool table_grow(struct term_table *table, size_t capacity)
{
	struct term_table larger = { .capacity = capacity, .count = table->count };
	const struct rule **rules;

	larger.memory = memory_alloc_zero_pages(capacity + 1, sizeof(struct term));
	if (!larger.memory)
		return false;
	rules = memory_resize((void *)table->rules, capacity / 4 * 3 * sizeof(*rules));
	if (!rules) {
		memory_free(larger.memory);
		return false;
	}
	larger.rules = table->rules = rules;
	larger.places = (struct term *)(((uintptr_t)larger.memory + sizeof(struct term) - 1) &
					~(uintptr_t)(sizeof(struct term) - 1));
	for (size_t i = 0; i < table->capacity; i++) {
		if (table->places[i].number)
			*place_find(&larger, table->places[i].hash) = table->places[i];
	}
	memory_free(table->memory);
	*table = larger;
	return true;
}

bool term_table_reserve(struct term_table *table, size_t more)
{
	size_t capacity = table->capacity ? table->capacity : PLACES_FIRST;

	while (table->count + more > capacity / 4 * 3)
		capacity *= 2;
	return capacity == table->capacity || table_grow(table, capacity);
}

const struct term *term_table_put(
		struct term_table *table, const struct term *from, const struct rule *rule)
{
	struct term *term = place_find(table, from->hash);

	*term = *from;
	table->rules[table->count++] = rule;
	term->number = (uint32_t)table->count;
	return term;
}

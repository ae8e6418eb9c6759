/* SPDX-License-Identifier: Apache-2.0 */
/* Terms by their texts: open addressing, each place a line of memory. */
#include "rules/memo_internal.h"

#include "base/memory.h"

static_assert(TERM_TEXT == 36, "a text is 16, 16 and 4 bytes");

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

/* Of 16 or 4 bytes of a text. */
typedef uint64_t sixteen_bytes __attribute__((vector_size(16)));

#define BYTES_8(byte) (byte), (byte), (byte), (byte), (byte), (byte), (byte), (byte)

/* From TERM_TEXT - size on: so many that count, and others that do not. */
static const unsigned char counts[2 * TERM_TEXT] = { BYTES_8(255), BYTES_8(255), BYTES_8(255),
	BYTES_8(255), 255, 255, 255, 255 };

static inline sixteen_bytes sixteen_at(const void *at)
{
	sixteen_bytes bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return bytes;
}

static inline uint32_t four_at(const void *at)
{
	uint32_t bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return bytes;
}

/* All that a term may have is compared, in as many steps whatever the size is: no branch is guessed wrong. */
static inline bool text_is(const struct term *term, struct slice text)
{
	const unsigned char *count = counts + TERM_TEXT - text.size;
	sixteen_bytes others;

	others = sixteen_at(term->text) ^ (sixteen_at(text.data) & sixteen_at(count));
	others |= sixteen_at(term->text + 16) ^
		  (sixteen_at(text.data + 16) & sixteen_at(count + 16));
	return (others[0] | others[1] |
			       (four_at(term->text + 32) ^
					       (four_at(text.data + 32) &
							       four_at(count + 32)))) == 0;
}

const struct term *term_find(const struct term_table *table, struct slice text, uint32_t hash)
{
	size_t mask = table->capacity - 1;

	for (size_t at = hash & mask; table->places[at].number; at = (at + 1) & mask) {
		const struct term *term = &table->places[at];
		const char *own;

		if (term->hash != hash || term->size != text.size)
			continue;
		if (text.size <= TERM_TEXT) {
			if (text_is(term, text))
				return term;
			continue;
		}
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

bool term_table_has_room(const struct term_table *table, size_t more)
{
	return table->count + more <= table->capacity / 4 * 3;
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

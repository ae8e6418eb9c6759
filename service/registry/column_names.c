/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/column_names.h"

#include "base/memory.h"

#include <stdatomic.h>

/* Codes of all China's registers are a few hundred thousand short texts. */
#define NAMES_MEMORY ((size_t)128 << 20)

void column_names_init(struct column_names *names)
{
	static atomic_uint_fast64_t last;

	*names = (struct column_names){ .number = atomic_fetch_add(&last, 1) + 1 };
	pthread_mutex_init(&names->lock, NULL);
	arena_init(&names->arena, NAMES_MEMORY);
}

void column_names_fini(struct column_names *names)
{
	map_fini(&names->numbers);
	arena_fini(&names->arena);
	pthread_mutex_destroy(&names->lock);
}

static uint32_t names_number(const struct column_names *names, struct slice text)
{
	uintptr_t found = (uintptr_t)map_find(&names->numbers, text);

	return found ? (uint32_t)(found - 1) : COLUMN_NAME_NONE;
}

uint32_t column_names_find(struct column_names *names, struct slice text)
{
	uint32_t number;

	pthread_mutex_lock(&names->lock);
	number = names_number(names, text);
	pthread_mutex_unlock(&names->lock);
	return number;
}

/* Room for one more; the old array stays where it is, for those who read it. */
static bool names_grow(struct column_names *names)
{
	size_t capacity = names->capacity ? names->capacity * 2 : 256;
	struct slice *list;

	if (names->count < names->capacity)
		return true;
	list = ARENA_NEW_ARRAY(&names->arena, struct slice, capacity);
	if (!list)
		return false;
	for (size_t i = 0; i < names->count; i++)
		list[i] = names->list[i];
	names->list = list;
	names->capacity = capacity;
	return true;
}

static bool names_append(struct column_names *names, struct slice text, uint32_t *out_number)
{
	struct slice copy = { .size = text.size };

	if (names->count >= COLUMN_NAME_NONE - 1 || !names_grow(names))
		return false;
	copy.data = arena_copy(&names->arena, text.data, text.size);
	if (!copy.data ||
			!map_put(&names->numbers, copy, (void *)(uintptr_t)(names->count + 1)))
		return false;
	*out_number = (uint32_t)names->count;
	names->list[names->count++] = copy;
	return true;
}

bool column_names_add(struct column_names *names, struct slice text, uint32_t *out_number,
		struct error *err)
{
	unsigned long refusals = memory_refusals();
	uint32_t number;
	bool ok = true;

	pthread_mutex_lock(&names->lock);
	number = names_number(names, text);
	if (number == COLUMN_NAME_NONE)
		ok = names_append(names, text, &number);
	/* The machine may have memory again for the next one. */
	names->arena.exhausted = false;
	pthread_mutex_unlock(&names->lock);
	if (ok)
		*out_number = number;
	else if (memory_refusals() != refusals)
		error_set(err, ERROR_MEMORY,
				"out of memory while adding a code to the columns");
	else
		error_set(err, ERROR_LIMIT, "too many different codes for the columns");
	return ok;
}

const struct slice *column_names_list(struct column_names *names, size_t *out_count)
{
	const struct slice *list;

	pthread_mutex_lock(&names->lock);
	list = names->list;
	*out_count = names->count;
	pthread_mutex_unlock(&names->lock);
	return list;
}

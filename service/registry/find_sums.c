/* SPDX-License-Identifier: Apache-2.0 */
/* What single answers add to the summary, and the sums of several blocks joined. */
#include "registry/find_internal.h"

#include "base/memory.h"

#include <string.h>

#define NAMES_MEMORY ((size_t)16 << 20)

void find_sums_init(struct find_sums *sums)
{
	*sums = (struct find_sums){ 0 };
	arena_init(&sums->arena, NAMES_MEMORY);
}

void find_sums_fini(struct find_sums *sums)
{
	map_fini(&sums->lack_numbers);
	memory_free(sums->lacks);
	arena_fini(&sums->arena);
}

bool find_add_sure(struct find_sums *sums, int64_t fen)
{
	return !__builtin_add_overflow(sums->sure_fen, fen, &sums->sure_fen);
}

/* --- lacks ------------------------------------------------------------------------------------ */

static struct lack *lack_of(struct find_sums *sums, struct slice name)
{
	uintptr_t at = (uintptr_t)map_find(&sums->lack_numbers, name);
	struct lack *lack;

	if (at)
		return &sums->lacks[at - 1];
	if (sums->lack_count == sums->lack_capacity) {
		size_t capacity = sums->lack_capacity ? sums->lack_capacity * 2 : 32;
		struct lack *grown = memory_resize(sums->lacks, capacity * sizeof(*grown));

		if (!grown)
			return NULL;
		sums->lacks = grown;
		sums->lack_capacity = capacity;
	}
	lack = &sums->lacks[sums->lack_count];
	*lack = (struct lack){ .name = arena_copy(&sums->arena, name.data, name.size) };
	if (!lack->name || !map_put(&sums->lack_numbers, slice_from(lack->name),
					   (void *)(uintptr_t)(sums->lack_count + 1)))
		return NULL;
	sums->lack_count++;
	return lack;
}

/* "i.invested@projects/p1" lacks "i.invested@projects", as every other item does. */
static struct slice lack_name(const char *missing)
{
	struct slice name = slice_from(missing);
	const char *item = memchr(name.data, '/', name.size);

	if (item)
		name.size = (size_t)(item - name.data);
	return name;
}

bool find_note_lacks(struct find_sums *sums, const Policycalc__V1__PolicyAnswer *answer,
		struct error *err)
{
	bool alone = true;

	for (size_t i = 1; i < answer->n_missing; i++)
		alone = alone && slice_equals(lack_name(answer->missing[i]),
						 lack_name(answer->missing[0]));
	for (size_t i = 0; i < answer->n_missing; i++) {
		struct slice name = lack_name(answer->missing[i]);
		struct lack *lack;
		bool again = false;

		for (size_t k = 0; k < i && !again; k++)
			again = slice_equals(lack_name(answer->missing[k]), name);
		if (again)
			continue;
		lack = lack_of(sums, name);
		if (!lack)
			return error_set(err, ERROR_MEMORY, "out of memory while searching");
		lack->count++;
		lack->alone += alone;
	}
	return true;
}

bool find_sums_join(struct find_sums *sums, const struct find_sums *add, struct error *err)
{
	for (int i = 0; i < VERDICT_COUNT; i++)
		sums->counts[i] += add->counts[i];
	sums->told += add->told;
	sums->fitting += add->fitting;
	sums->left_out += add->left_out;
	sums->near += add->near;
	sums->refused += add->refused;
	if (!find_add_sure(sums, add->sure_fen))
		return error_set(err, ERROR_LIMIT,
				"the amounts add up to more than can be told");
	for (size_t i = 0; i < add->lack_count; i++) {
		struct lack *lack = lack_of(sums, slice_from(add->lacks[i].name));

		if (!lack)
			return error_set(err, ERROR_MEMORY, "out of memory while searching");
		lack->count += add->lacks[i].count;
		lack->alone += add->lacks[i].alone;
	}
	return true;
}

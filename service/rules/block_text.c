/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of the texts of a slot: the same from block to block, until there are too many of them. */
#include "rules/block_internal.h"

#include "base/memory.h"

#include <string.h>

/* Free texts would fill the memory: from so many on, all are forgotten between two blocks. */
#define CODES_MOST 65536
#define CODES_BUDGET ((size_t)256 << 20)

static void codes_clear(struct block *block)
{
	for (size_t i = 0; i < block->slot_count; i++) {
		struct slot_codes *codes = &block->codes[i];

		map_fini(&codes->numbers);
		for (size_t k = 0; k < codes->count; k++)
			codes->planes[k] = NULL;
		codes->count = 0;
		codes->present_count = 0;
	}
	arena_fini(&block->code_arena);
	block->code_count = 0;
	block->code_generation++;
}

void block_codes_fini(struct block *block)
{
	if (!block->codes)
		return;
	codes_clear(block);
	for (size_t i = 0; i < block->slot_count; i++) {
		memory_free(block->codes[i].entries);
		memory_free(block->codes[i].planes);
		memory_free(block->codes[i].present);
	}
	memory_free(block->codes);
}

static bool codes_grow(struct slot_codes *codes)
{
	size_t capacity = codes->capacity ? codes->capacity * 2 : 32;
	struct code_entry *entries;
	uint64_t **planes;
	uint32_t *present;

	if (codes->count < codes->capacity)
		return true;
	entries = memory_resize(codes->entries, capacity * sizeof(*entries));
	if (!entries)
		return false;
	codes->entries = entries;
	planes = memory_resize(codes->planes, capacity * sizeof(*planes));
	if (!planes)
		return false;
	codes->planes = planes;
	present = memory_resize(codes->present, capacity * sizeof(*present));
	if (!present)
		return false;
	codes->present = present;
	codes->capacity = capacity;
	return true;
}

/* A key of a map: the mark, and the text behind it. */
static bool key_print(struct block *block, struct slice text, bool marked, char *small,
		size_t room, struct slice *out_key)
{
	char *copy = small;

	*out_key = (struct slice){ small, text.size + 1 };
	if (out_key->size > room) {
		copy = arena_alloc(&block->code_arena, out_key->size);
		if (!copy)
			return false;
		out_key->data = copy;
	}
	copy[0] = marked ? '*' : ' ';
	if (text.size)
		memcpy(copy + 1, text.data, text.size);
	return true;
}

bool block_code(struct block *block, int slot, struct slice text, bool marked,
		uint32_t *out_code)
{
	struct slot_codes *codes = &block->codes[slot];
	struct arena_mark mark = arena_mark(&block->code_arena);
	char small[64];
	struct slice key;
	uintptr_t number;

	if (!key_print(block, text, marked, small, sizeof(small), &key))
		return false;
	number = (uintptr_t)map_find(&codes->numbers, key);
	if (number) {
		arena_rewind(&block->code_arena, mark);
		*out_code = (uint32_t)(number - 1);
		return true;
	}
	if (key.data == small)
		key.data = arena_copy(&block->code_arena, small, key.size);
	if (!key.data || !codes_grow(codes) ||
			!map_put(&codes->numbers, key, (void *)((uintptr_t)codes->count + 1)))
		return false;
	codes->entries[codes->count] = (struct code_entry){ .text = { key.data + 1, text.size },
		.marked = marked };
	codes->planes[codes->count] = NULL;
	*out_code = (uint32_t)codes->count++;
	block->code_count++;
	return true;
}

uint64_t block_code_generation(const struct block *block)
{
	return block->code_generation;
}

/* The codes that atoms about members name. */
static bool codes_mention(struct block *block)
{
	for (size_t i = 0; i < block->atoms->count; i++) {
		const struct atom *atom = &block->atoms->list[i];
		uint32_t *code = &block->memories[i].code;

		if (atom->kind != ATOM_MEMBER && atom->kind != ATOM_HELD &&
				atom->kind != ATOM_VALID)
			continue;
		if (!block_code(block, atom->slot, atom->code, false, code))
			return false;
		block->codes[atom->slot].entries[*code].mentioned = true;
	}
	return true;
}

bool block_codes_init(struct block *block)
{
	block->codes = memory_alloc_zero(block->slot_count + 1, sizeof(*block->codes));
	if (!block->codes)
		return false;
	for (size_t i = 0; i < block->atoms->count; i++) {
		const struct atom *atom = &block->atoms->list[i];

		if (atom->kind == ATOM_CODE)
			block->codes[atom->slot].asker_count++;
		if (atom->kind == ATOM_MEMBER || atom->kind == ATOM_HELD)
			block->codes[atom->slot].member_count++;
	}
	arena_init(&block->code_arena, CODES_BUDGET);
	block->code_generation = 1;
	return codes_mention(block);
}

bool block_codes_renew(struct block *block)
{
	if (block->code_count < CODES_MOST)
		return true;
	codes_clear(block);
	return codes_mention(block);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of codes. Every text has a number, from block to block; what follows from a text is asked
 * once a number. Of the few codes that stand in a column each has a plane with its rows, so that an
 * atom is a few planes joined.
 */
#include "rules/block_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

/* Free texts would fill the memory: from so many on, all are forgotten between two blocks. */
#define CODES_MOST 65536
#define CODES_BUDGET ((size_t)256 << 20)

/* --- numbers ----------------------------------------------------------------------------------- */

static void codes_clear(struct block *block)
{
	map_fini(&block->code_numbers);
	arena_fini(&block->code_arena);
	block->code_count = 0;
	block->code_generation++;
}

void block_codes_fini(struct block *block)
{
	codes_clear(block);
	memory_free(block->codes);
}

static bool codes_grow(struct block *block)
{
	size_t capacity = block->code_capacity ? block->code_capacity * 2 : 256;
	struct code_entry *codes;

	if (block->code_count < block->code_capacity)
		return true;
	codes = memory_resize(block->codes, capacity * sizeof(*codes));
	if (!codes)
		return false;
	block->codes = codes;
	block->code_capacity = capacity;
	return true;
}

bool block_code(struct block *block, struct slice text, bool marked, uint32_t *out_code)
{
	char small[64];
	struct slice key = { small, text.size + 1 };
	struct arena_mark mark = arena_mark(&block->code_arena);
	char *copy = small;
	uintptr_t number;

	if (key.size > sizeof(small)) {
		copy = arena_alloc(&block->code_arena, key.size);
		if (!copy)
			return false;
		key.data = copy;
	}
	copy[0] = marked ? '*' : ' ';
	if (text.size)
		memcpy(copy + 1, text.data, text.size);
	number = (uintptr_t)map_find(&block->code_numbers, key);
	if (number) {
		arena_rewind(&block->code_arena, mark);
		*out_code = (uint32_t)(number - 1);
		return true;
	}
	if (copy == small) {
		copy = arena_copy(&block->code_arena, small, key.size);
		key.data = copy;
	}
	if (!copy || !codes_grow(block) ||
			!map_put(&block->code_numbers, key,
					(void *)((uintptr_t)block->code_count + 1)))
		return false;
	block->codes[block->code_count] = (struct code_entry){ .text = { copy + 1, text.size },
		.marked = marked };
	*out_code = (uint32_t)block->code_count++;
	return true;
}

struct slice block_code_text(const struct block *block, uint32_t code)
{
	return block->codes[code].text;
}

uint64_t block_code_generation(const struct block *block)
{
	return block->code_generation;
}

/* The codes that atoms name. */
static bool codes_mention(struct block *block)
{
	for (size_t i = 0; i < block->atoms->count; i++) {
		const struct atom *atom = &block->atoms->list[i];

		if (atom->kind != ATOM_MEMBER && atom->kind != ATOM_HELD &&
				atom->kind != ATOM_VALID)
			continue;
		if (!block_code(block, atom->code, false, &block->memories[i].code))
			return false;
		block->codes[block->memories[i].code].mentioned = true;
	}
	return true;
}

bool block_codes_init(struct block *block)
{
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

/* --- the codes of a column --------------------------------------------------------------------- */

static bool planes_grow(struct code_planes *codes)
{
	size_t capacity = codes->capacity ? codes->capacity * 2 : 32;
	uint32_t *present;
	uint64_t **planes;

	if (codes->count < codes->capacity)
		return true;
	present = memory_resize(codes->present, capacity * sizeof(*present));
	if (!present)
		return false;
	codes->present = present;
	planes = memory_resize(codes->planes, capacity * sizeof(*planes));
	if (!planes)
		return false;
	codes->planes = planes;
	codes->capacity = capacity;
	return true;
}

/* Notes that a row has a code; false when memory is short. */
static bool planes_put(
		struct block *block, struct code_planes *codes, uint32_t code, size_t row)
{
	struct code_entry *entry = &block->codes[code];
	uint64_t *plane;

	if (entry->stamp != block->code_stamp) {
		if (!planes_grow(codes))
			return false;
		plane = pool_take(&block->kept, BLOCK_WORDS);
		if (!plane)
			return false;
		memset(plane, 0, BLOCK_WORDS * sizeof(*plane));
		codes->present[codes->count] = code;
		codes->planes[codes->count] = plane;
		entry->stamp = block->code_stamp;
		entry->ordinal = (uint32_t)codes->count++;
	}
	codes->planes[entry->ordinal][row / 64] |= UINT64_C(1) << (row % 64);
	return true;
}

static bool row_put(struct block *block, const struct block_column *column,
		struct code_planes *codes, size_t row)
{
	if (column->kind == VALUE_STRING) {
		if (codes->count > CODE_PLANES_MOST)
			codes->many = true;
		return codes->many || planes_put(block, codes, column->codes[row], row);
	}
	for (uint32_t k = column->starts[row]; k < column->starts[row + 1]; k++) {
		if (block->codes[column->codes[k]].mentioned &&
				!planes_put(block, codes, column->codes[k], row))
			return false;
	}
	return true;
}

/* The planes of a column in this round; NULL when memory is short. */
static const struct code_planes *planes_of(struct block *block, const struct slot_column *from)
{
	struct slot_column *column = (struct slot_column *)from;
	struct code_planes *codes = &column->codes;

	if (column->codes_round == block->round)
		return codes;
	codes->count = 0;
	codes->many = false;
	block->code_stamp++;
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t known = column->column.known[i] & block->rows[i];

		for (; known; known &= known - 1) {
			if (!row_put(block, &column->column, codes,
					    i * 64 + (unsigned)__builtin_ctzll(known)))
				return NULL;
		}
	}
	column->codes_round = block->round;
	return codes;
}

/* --- what follows from a text ------------------------------------------------------------------ */

static bool answers_grow(struct block *block, struct atom_memory *memory)
{
	uint8_t *answers;

	if (memory->answer_generation != block->code_generation) {
		if (memory->answers)
			memset(memory->answers, ANSWER_NOT_YET, memory->answer_capacity);
		memory->answer_generation = block->code_generation;
	}
	if (memory->answer_capacity >= block->code_count)
		return true;
	answers = memory_resize(memory->answers, block->code_capacity);
	if (!answers)
		return false;
	memset(answers + memory->answer_capacity, ANSWER_NOT_YET,
			block->code_capacity - memory->answer_capacity);
	memory->answers = answers;
	memory->answer_capacity = block->code_capacity;
	return true;
}

static enum atom_answer code_answer(struct block *block, uint32_t number, uint32_t code)
{
	const struct atom *atom = &block->atoms->list[number];
	uint8_t *answer = &block->memories[number].answers[code];
	const struct code_entry *entry = &block->codes[code];

	if (*answer == ANSWER_NOT_YET)
		*answer = (uint8_t)(atom->test ? atom->test->ask(atom->test->context,
								 entry->text, entry->marked)
					       : block_ask_value(block, atom,
								 &(struct value){
										 .kind = VALUE_STRING,
										 .text = entry->text }));
	return (enum atom_answer) * answer;
}

BLOCK_CLONES
static void plane_join(uint64_t *plane, const uint64_t *other)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++)
		plane[i] |= other[i];
}

static void rows_ask(struct block *block, uint32_t number, const struct block_column *column,
		uint64_t *planes)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t known = column->known[i] & block->rows[i];

		for (; known; known &= known - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(known);
			enum atom_answer answer =
					code_answer(block, number, column->codes[row]);

			planes[answer * BLOCK_WORDS + i] |= known & -known;
		}
	}
}

/* How rows without a value stand: an error where the slot is one, unknown as it is. */
static void unknown_ask(struct block *block, const struct atom *atom,
		const struct slot_column *column, uint64_t *planes)
{
	static const struct value unknown = { .kind = VALUE_UNKNOWN };
	enum atom_answer answer =
			atom->test ? ANSWER_ASKED : block_ask_value(block, atom, &unknown);
	const uint64_t *unstated =
			column->column.unstated ? column->column.unstated : block_zeros;

	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t lacking = column->asked[i] | (unstated[i] & block->rows[i]);

		if (answer == ANSWER_ASKED) {
			planes[ANSWER_ASKED * BLOCK_WORDS + i] |= column->asked[i];
			planes[ANSWER_UNSTATED * BLOCK_WORDS + i] |=
					lacking & ~column->asked[i];
		} else {
			planes[answer * BLOCK_WORDS + i] |= lacking;
		}
	}
}

static void error_ask(struct block *block, const struct atom *atom,
		const struct slot_column *column, uint64_t *planes)
{
	static const struct value error = { .kind = VALUE_ERROR, .error = "no value" };
	enum atom_answer answer =
			atom->test ? ANSWER_ERROR : block_ask_value(block, atom, &error);

	for (size_t i = 0; i < BLOCK_WORDS; i++)
		planes[answer * BLOCK_WORDS + i] |= column->column.error[i] & block->rows[i];
}

bool block_ask_code(struct block *block, struct plane_pool *pool, uint32_t number,
		const struct slot_column *column, struct block_answer *out_answer,
		struct error *err)
{
	const struct atom *atom = &block->atoms->list[number];
	const struct code_planes *codes = planes_of(block, column);
	uint64_t *planes = pool_take(pool, (size_t)5 * BLOCK_WORDS);
	unsigned seen = 0;

	if (!codes || !planes || !answers_grow(block, &block->memories[number]))
		return block_fail_memory(err);
	memset(planes, 0, (size_t)5 * BLOCK_WORDS * sizeof(*planes));
	for (size_t i = 0; !codes->many && i < codes->count; i++) {
		enum atom_answer answer = code_answer(block, number, codes->present[i]);

		plane_join(planes + (size_t)answer * BLOCK_WORDS, codes->planes[i]);
		seen |= 1u << answer;
	}
	if (codes->many)
		rows_ask(block, number, &column->column, planes);
	if (!column->sure)
		unknown_ask(block, atom, column, planes);
	if (column->column.error)
		error_ask(block, atom, column, planes);
	if (block->arena.exhausted)
		return arena_error(&block->arena, err, "asking about a code");
	*out_answer = (struct block_answer){ .yes = planes };
	out_answer->sure = column->sure && !codes->many &&
			   (seen & ~(1u << ANSWER_YES | 1u << ANSWER_NO)) == 0;
	if (!out_answer->sure) {
		out_answer->no = planes + BLOCK_WORDS;
		out_answer->asked = planes + (size_t)ANSWER_ASKED * BLOCK_WORDS;
		out_answer->unstated = planes + (size_t)ANSWER_UNSTATED * BLOCK_WORDS;
	}
	return true;
}

/* --- lists and maps ---------------------------------------------------------------------------- */

static const uint64_t *plane_find(const struct code_planes *codes, uint32_t code)
{
	for (size_t i = 0; i < codes->count; i++) {
		if (codes->present[i] == code)
			return codes->planes[i];
	}
	return block_zeros;
}

bool block_ask_member(struct block *block, struct plane_pool *pool, uint32_t number,
		const struct slot_column *column, struct block_answer *out_answer,
		struct error *err)
{
	const struct code_planes *codes = planes_of(block, column);

	if (!codes)
		return block_fail_memory(err);
	return block_answer_known(block, pool, column,
			       plane_find(codes, block->memories[number].code), out_answer) ||
	       block_fail_memory(err);
}

bool block_ask_valid(struct block *block, struct plane_pool *pool, uint32_t number,
		const struct slot_column *column, struct block_answer *out_answer,
		struct error *err)
{
	const struct atom *atom = &block->atoms->list[number];
	const struct block_column *from = &column->column;
	uint32_t code = block->memories[number].code;
	const struct code_planes *codes = planes_of(block, column);
	uint64_t *planes = pool_take(pool, (size_t)2 * BLOCK_WORDS);
	const uint64_t *held;

	if (!codes || !planes)
		return block_fail_memory(err);
	held = plane_find(codes, code);
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t yes = 0;

		for (uint64_t left = held[i]; left; left &= left - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(left);
			uint32_t at = from->starts[row];

			while (from->codes[at] != code)
				at++;
			if (from->integers[at] >= atom->bound)
				yes |= left & -left;
		}
		planes[i] = yes;
		planes[BLOCK_WORDS + i] = held[i] & ~yes;
	}
	*out_answer = (struct block_answer){ false, planes, planes + BLOCK_WORDS, column->asked,
		from->unstated ? from->unstated : block_zeros };
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of codes. Every text of a slot has a number (block_text.c); what follows from it is asked once
 * a number. Of the few codes that stand in a column each has a plane with its rows, so that an atom is a few
 * planes joined.
 */
#include "rules/block_internal.h"

#include "base/memory.h"

#include <string.h>

/* --- the codes of a column --------------------------------------------------------------------- */

/* The plane of a code, made when there is none; NULL when memory is short. */
static uint64_t *plane_make(struct block *block, struct slot_codes *codes, uint32_t code)
{
	uint64_t *plane = codes->planes[code];

	if (plane)
		return plane;
	plane = pool_take(&block->kept, BLOCK_WORDS);
	if (!plane)
		return NULL;
	memset(plane, 0, BLOCK_WORDS * sizeof(*plane));
	codes->planes[code] = plane;
	codes->present[codes->present_count++] = code;
	return plane;
}

/* Puts a row with a code that has no plane yet; of too many none gets one. false: memory is short. */
static bool text_put(struct block *block, struct slot_codes *codes, uint32_t code, size_t row)
{
	uint64_t *plane;

	codes->many = codes->present_count > CODE_PLANES_MOST;
	if (codes->many)
		return true;
	plane = plane_make(block, codes, code);
	if (!plane)
		return false;
	plane[row / 64] |= UINT64_C(1) << (row % 64);
	return true;
}

static bool texts_put(struct block *block, const struct block_column *column,
		struct slot_codes *codes)
{
	for (size_t i = 0; i < BLOCK_WORDS && !codes->many; i++) {
		for (uint64_t known = column->known[i] & block->rows[i]; known;
				known &= known - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(known);
			uint32_t code = column_code(column, row);
			uint64_t *plane = codes->planes[code];

			if (plane)
				plane[i] |= known & -known;
			else if (!text_put(block, codes, code, row))
				return false;
			else if (codes->many)
				break;
		}
	}
	return true;
}

/* What no atom names has no plane: nobody looks at it. */
static bool lists_put(struct block *block, const struct block_column *column,
		struct slot_codes *codes)
{
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		for (uint64_t known = column->known[i] & block->rows[i]; known;
				known &= known - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(known);
			uint32_t end = column->starts[row + 1];

			for (uint32_t k = column->starts[row]; k < end; k++) {
				uint32_t code = column_code(column, k);
				uint64_t *plane = codes->planes[code];

				if (!plane && !codes->entries[code].mentioned)
					continue;
				if (!plane)
					plane = plane_make(block, codes, code);
				if (!plane)
					return false;
				plane[i] |= known & -known;
			}
		}
	}
	return true;
}

/* The planes of a slot in this round; NULL when memory is short. */
static const struct slot_codes *codes_of(
		struct block *block, int slot, const struct slot_column *from)
{
	struct slot_codes *codes = &block->codes[slot];
	const struct block_column *column = &from->column;

	if (codes->round == block->round)
		return codes;
	for (size_t i = 0; i < codes->present_count; i++)
		codes->planes[codes->present[i]] = NULL;
	codes->present_count = 0;
	codes->many = false;
	if (!(column->kind == VALUE_STRING ? texts_put(block, column, codes)
					   : lists_put(block, column, codes)))
		return NULL;
	codes->round = block->round;
	return codes;
}

/* --- what follows from a text ------------------------------------------------------------------ */

static bool hit_add(struct atom_memory *memory, uint32_t code, enum atom_answer answer)
{
	size_t capacity = memory->hit_capacity ? memory->hit_capacity * 2 : 8;
	struct code_hit *hits;

	if (memory->hit_count == memory->hit_capacity) {
		hits = memory_resize(memory->hits, capacity * sizeof(*hits));
		if (!hits)
			return false;
		memory->hits = hits;
		memory->hit_capacity = capacity;
	}
	memory->hits[memory->hit_count++] = (struct code_hit){ code, answer };
	return true;
}

/* Asks about the codes that have come since the last time. */
static bool answers_renew(struct block *block, uint32_t number)
{
	const struct atom *atom = &block->atoms->list[number];
	struct atom_memory *memory = &block->memories[number];
	const struct slot_codes *codes = &block->codes[atom->slot];
	uint8_t *answers;

	if (memory->generation != block->code_generation) {
		memory->answer_count = 0;
		memory->hit_count = 0;
		memory->generation = block->code_generation;
	}
	if (memory->answer_capacity < codes->capacity) {
		answers = memory_resize(memory->answers, codes->capacity);
		if (!answers)
			return false;
		memory->answers = answers;
		memory->answer_capacity = codes->capacity;
	}
	for (; memory->answer_count < codes->count; memory->answer_count++) {
		const struct code_entry *entry = &codes->entries[memory->answer_count];
		struct value value = { .kind = VALUE_STRING, .text = entry->text };
		enum atom_answer answer =
				atom->test ? atom->test->ask(atom->test->context, entry->text,
							     entry->marked)
					   : block_ask_value(block, atom, &value);

		memory->answers[memory->answer_count] = (uint8_t)answer;
		if (answer != ANSWER_NO &&
				!hit_add(memory, (uint32_t)memory->answer_count, answer))
			return false;
	}
	return true;
}

/* Planes of all answers, row by row. */
static void rows_ask(struct block *block, uint32_t number, const struct block_column *column,
		uint64_t *planes)
{
	const uint8_t *answers = block->memories[number].answers;

	memset(planes, 0, (size_t)5 * BLOCK_WORDS * sizeof(*planes));
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t known = column->known[i] & block->rows[i];

		for (; known; known &= known - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(known);

			planes[answers[column_code(column, row)] * BLOCK_WORDS + i] |=
					known & -known;
		}
	}
}

/* The rows of one answer: the planes of the codes that give it. Whether there is such a code. */
static bool answer_unite(const struct slot_codes *codes, const struct atom_memory *memory,
		enum atom_answer answer, uint64_t *out)
{
	const uint64_t *planes[CODE_PLANES_MOST + 2];
	size_t count = 0;

	for (size_t i = 0; i < memory->hit_count; i++) {
		const struct code_hit *hit = &memory->hits[i];

		if (hit->answer == answer && codes->planes[hit->code])
			planes[count++] = codes->planes[hit->code];
	}
	if (count || answer == ANSWER_YES)
		plane_unite(planes, count, out);
	return count > 0;
}

enum atom_answer block_ask_unknown(struct block *block, const struct atom *atom)
{
	static const struct value unknown = { .kind = VALUE_UNKNOWN };

	return atom->test ? ANSWER_ASKED : block_ask_value(block, atom, &unknown);
}

/* How rows without a value stand: an error where the slot is one, unknown as it is. */
static void unknown_ask(struct block *block, const struct atom *atom,
		const struct slot_column *column, uint64_t *planes)
{
	enum atom_answer answer = block_ask_unknown(block, atom);
	const uint64_t *unstated =
			column->column.unstated ? column->column.unstated : plane_zeros;

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

/* Fills all planes, of the codes and of the rows that have none. */
static void planes_fill(struct block *block, uint32_t number, const struct slot_codes *codes,
		const struct slot_column *column, uint64_t *planes)
{
	static const enum atom_answer others[] = { ANSWER_ASKED, ANSWER_UNSTATED,
		ANSWER_ERROR };
	const struct atom_memory *memory = &block->memories[number];
	uint64_t *no = planes + (size_t)ANSWER_NO * BLOCK_WORDS;

	if (codes->many) {
		rows_ask(block, number, &column->column, planes);
	} else {
		plane_and(block->rows, column->column.known, no);
		plane_without(no, planes, no);
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
			uint64_t *plane = planes + (size_t)others[i] * BLOCK_WORDS;

			memset(plane, 0, BLOCK_WORDS * sizeof(*plane));
			if (answer_unite(codes, memory, others[i], plane))
				plane_without(no, plane, no);
		}
	}
	if (!column->sure)
		unknown_ask(block, &block->atoms->list[number], column, planes);
	if (column->column.error)
		error_ask(block, &block->atoms->list[number], column, planes);
}

/* Whether all codes there are answered with yes or no. */
static bool is_sure(const struct slot_codes *codes, const struct atom_memory *memory)
{
	for (size_t i = 0; i < memory->hit_count; i++) {
		if (memory->hits[i].answer != ANSWER_YES && codes->planes[memory->hits[i].code])
			return false;
	}
	return !codes->many;
}

bool block_ask_code(struct block *block, struct plane_pool *pool, uint32_t number,
		const struct slot_column *column, const uint64_t *need,
		struct block_answer *out_answer, struct error *err)
{
	const struct atom *atom = &block->atoms->list[number];
	const struct slot_codes *codes;
	struct atom_memory *memory = &block->memories[number];
	uint64_t *planes;
	bool sure;

	if (!answers_renew(block, number))
		return block_fail_memory(err);
	if (block->arena.exhausted)
		return arena_error(&block->arena, err, "asking about a code");
	if (block_ask_code_directly(block, pool, number, column, need, out_answer))
		return true;
	codes = codes_of(block, atom->slot, column);
	if (!codes)
		return block_fail_memory(err);
	sure = column->sure && is_sure(codes, memory);
	planes = pool_take(pool, (size_t)(sure ? 1 : 5) * BLOCK_WORDS);
	if (!planes)
		return block_fail_memory(err);
	*out_answer = (struct block_answer){ .sure = sure, .yes = planes };
	if (!codes->many)
		(void)answer_unite(codes, memory, ANSWER_YES, planes);
	if (!codes->many)
		block_brief_write(block, number);
	if (sure)
		return true;
	planes_fill(block, number, codes, column, planes);
	out_answer->no = planes + BLOCK_WORDS;
	out_answer->asked = planes + (size_t)ANSWER_ASKED * BLOCK_WORDS;
	out_answer->unstated = planes + (size_t)ANSWER_UNSTATED * BLOCK_WORDS;
	return true;
}

/* --- lists and maps ---------------------------------------------------------------------------- */

static const uint64_t *plane_of(const struct slot_codes *codes, uint32_t code)
{
	return codes->planes[code] ? codes->planes[code] : plane_zeros;
}

bool block_ask_member(struct block *block, struct plane_pool *pool, uint32_t number,
		const struct slot_column *column, const uint64_t *need,
		struct block_answer *out_answer, struct error *err)
{
	const struct slot_codes *codes;

	if (block_ask_member_directly(block, pool, number, column, need, out_answer))
		return true;
	codes = codes_of(block, block->atoms->list[number].slot, column);
	if (!codes)
		return block_fail_memory(err);
	return block_answer_known(block, pool, column,
			       plane_of(codes, block->memories[number].code), out_answer) ||
	       block_fail_memory(err);
}

bool block_ask_valid(struct block *block, struct plane_pool *pool, uint32_t number,
		const struct slot_column *column, struct block_answer *out_answer,
		struct error *err)
{
	const struct atom *atom = &block->atoms->list[number];
	const struct block_column *from = &column->column;
	uint32_t code = block->memories[number].code;
	const struct slot_codes *codes = codes_of(block, atom->slot, column);
	uint64_t *planes = pool_take(pool, (size_t)2 * BLOCK_WORDS);
	const uint64_t *held;

	if (!codes || !planes)
		return block_fail_memory(err);
	held = plane_of(codes, code);
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t yes = 0;

		for (uint64_t left = held[i]; left; left &= left - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(left);
			uint32_t at = from->starts[row];

			while (column_code(from, at) != code)
				at++;
			if (from->integers[at] >= atom->bound)
				yes |= left & -left;
		}
		planes[i] = yes;
		planes[BLOCK_WORDS + i] = held[i] & ~yes;
	}
	*out_answer = (struct block_answer){ false, planes, planes + BLOCK_WORDS, column->asked,
		from->unstated ? from->unstated : plane_zeros };
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What only the machine can answer, row by row. */
#include "rules/block_internal.h"

#include "base/memory.h"
#include "rules/type.h"

#include <assert.h>
#include <string.h>

static bool has_bit(const uint64_t *plane, size_t row)
{
	return plane && ((plane[row / 64] >> (row % 64)) & 1);
}

/* --- the values of a row ----------------------------------------------------------------------- */

static struct slice code_text(const struct block *block, int slot,
		const struct block_column *column, size_t at)
{
	return block->codes[slot].entries[column_code(column, at)].text;
}

static struct value entries_value(const struct block *block, int slot,
		const struct block_column *column, size_t row, struct arena *arena)
{
	uint32_t begin = column->starts[row];
	size_t count = column->starts[row + 1] - begin;
	size_t each = column->kind == VALUE_MAP ? 2 : 1;
	struct value *items = ARENA_NEW_ARRAY(arena, struct value, count * each);
	struct value value = { .kind = column->kind, .list = { items, count } };

	for (size_t i = 0; items && i < count; i++) {
		items[each * i].kind = VALUE_STRING;
		items[each * i].text = code_text(block, slot, column, begin + i);
		if (each == 1)
			continue;
		items[2 * i + 1].kind = VALUE_TIMESTAMP;
		items[2 * i + 1].timestamp.seconds = column->integers[begin + i];
	}
	return value;
}

struct value block_value(const struct block *block, int slot, const struct block_column *column,
		size_t row, struct arena *arena)
{
	struct value value = { .kind = column->kind };

	if (!has_bit(column->known, row)) {
		value = (struct value){ .kind = VALUE_UNKNOWN };
		if (has_bit(column->error, row))
			value = (struct value){ .kind = VALUE_ERROR,
				.error = "an attribute has no value" };
		return value;
	}
	switch ((int)column->kind) {
	case VALUE_BOOL:
		value.boolean = has_bit(column->flags, row);
		break;
	case VALUE_INT:
		value.integer = column->integers[row];
		break;
	case VALUE_TIMESTAMP:
		value.timestamp.seconds = column->integers[row];
		value.timestamp.nanos = 0;
		break;
	case VALUE_STRING:
		value.text = code_text(block, slot, column, row);
		break;
	default:
		return entries_value(block, slot, column, row, arena);
	}
	return value;
}

static bool slots_enter(struct block *block, const int *slots, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (block->attributes[slots[i]] && !block_column(block, slots[i], err))
			return false;
	}
	return true;
}

static void row_enter(struct block *block, const int *slots, size_t count, size_t row)
{
	for (size_t i = 0; i < count; i++) {
		if (block->attributes[slots[i]])
			block->values[slots[i]] = block_value(block, slots[i],
					&block->columns[slots[i]].column, row, &block->arena);
	}
}

static void row_leave(struct block *block, const int *slots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (block->attributes[slots[i]])
			block->values[slots[i]] = (struct value){ .kind = VALUE_UNKNOWN };
	}
}

/* "Asked" while one of the missing is an attribute that is. */
static enum atom_answer missing_answer(
		const struct block *block, const struct slot_set *missing, size_t row)
{
	for (size_t i = 0; i < missing->count; i++) {
		int slot = missing->slots[i];

		if (block->attributes[slot] &&
				!has_bit(block->columns[slot].column.unstated, row))
			return ANSWER_ASKED;
	}
	return ANSWER_UNSTATED;
}

static struct evaluation evaluation_of(struct block *block)
{
	struct evaluation evaluation = block->atoms->bound;

	evaluation.values = block->values;
	evaluation.value_count = block->slot_count;
	evaluation.arena = &block->arena;
	return evaluation;
}

/* --- atoms ------------------------------------------------------------------------------------- */

enum atom_answer block_ask_value(
		struct block *block, const struct atom *atom, const struct value *value)
{
	struct evaluation evaluation = evaluation_of(block);
	struct arena_mark mark = arena_mark(&block->arena);
	enum atom_answer answer = ANSWER_ERROR;
	struct value made;

	block->values[atom->slot] = *value;
	made = rule_run(atom->rule, atom->code_begin, atom->code_end, &evaluation);
	block->values[atom->slot] = (struct value){ .kind = VALUE_UNKNOWN };
	if (made.kind == VALUE_BOOL)
		answer = made.boolean ? ANSWER_YES : ANSWER_NO;
	else if (made.kind == VALUE_UNKNOWN)
		answer = ANSWER_UNSTATED;
	for (size_t i = 0; made.kind == VALUE_UNKNOWN && i < made.missing.count; i++) {
		if (made.missing.slots[i] == atom->slot)
			answer = ANSWER_ASKED;
	}
	arena_rewind(&block->arena, mark);
	return answer;
}

static enum atom_answer row_ask(struct block *block, const struct atom *atom,
		const struct evaluation *evaluation, size_t row)
{
	struct arena_mark mark = arena_mark(&block->arena);
	enum atom_answer answer = ANSWER_ERROR;
	struct value made;

	row_enter(block, atom->slots, atom->slot_count, row);
	made = rule_run(atom->rule, atom->code_begin, atom->code_end, evaluation);
	if (made.kind == VALUE_BOOL)
		answer = made.boolean ? ANSWER_YES : ANSWER_NO;
	else if (made.kind == VALUE_UNKNOWN)
		answer = missing_answer(block, &made.missing, row);
	arena_rewind(&block->arena, mark);
	return answer;
}

/* The planes of the atom in this round; all rows are still to be asked. */
static bool planes_init(struct block *block, uint32_t number)
{
	struct atom_memory *memory = &block->memories[number];
	uint64_t *planes = pool_take(&block->kept, (size_t)6 * BLOCK_WORDS);

	if (!planes)
		return false;
	memset(planes, 0, (size_t)6 * BLOCK_WORDS * sizeof(*planes));
	memory->done = planes + (size_t)5 * BLOCK_WORDS;
	block->atom_notes[number] = (struct answer_note){ block->round,
		{ false, planes, planes + BLOCK_WORDS, planes + (size_t)2 * BLOCK_WORDS,
				planes + (size_t)3 * BLOCK_WORDS } };
	return true;
}

bool block_ask_rows(struct block *block, uint32_t number, const uint64_t *need,
		struct block_answer *out_answer, struct error *err)
{
	const struct atom *atom = &block->atoms->list[number];
	struct answer_note *note = &block->atom_notes[number];
	struct evaluation evaluation = evaluation_of(block);
	uint64_t *planes;
	uint64_t *done;

	if (!slots_enter(block, atom->slots, atom->slot_count, err))
		return false;
	if (note->round != block->round && !planes_init(block, number))
		return block_fail_memory(err);
	planes = (uint64_t *)note->answer.yes;
	done = block->memories[number].done;
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t left = need[i] & block->rows[i] & ~done[i];

		done[i] |= left;
		for (; left; left &= left - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(left);
			enum atom_answer answer = row_ask(block, atom, &evaluation, row);

			planes[(size_t)answer * BLOCK_WORDS + i] |= left & -left;
		}
	}
	row_leave(block, atom->slots, atom->slot_count);
	if (block->arena.exhausted)
		return arena_error(&block->arena, err, "evaluating a rule for a row");
	*out_answer = note->answer;
	return true;
}

/* --- what follows from others ------------------------------------------------------------------ */

bool block_derive_flags(struct block *block, uint32_t literal, const uint64_t *rows,
		struct block_column *out_column, struct error *err)
{
	uint64_t *planes = pool_take(&block->kept, (size_t)4 * BLOCK_WORDS);
	struct block_mark mark = block_mark(block);
	struct block_answer answer;

	if (!planes)
		return block_fail_memory(err);
	if (!block_ask(block, literal, rows, &answer, err))
		return false;
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t no = answer.sure ? ~answer.yes[i] : answer.no[i];
		uint64_t asked = answer.sure ? 0 : answer.asked[i];
		uint64_t unstated = answer.sure ? 0 : answer.unstated[i];
		uint64_t known = rows[i] & (answer.yes[i] | no);

		planes[i] = known;
		planes[BLOCK_WORDS + i] = answer.yes[i] & known;
		planes[2 * BLOCK_WORDS + i] = unstated & rows[i];
		planes[3 * BLOCK_WORDS + i] = rows[i] & ~(known | asked | unstated);
	}
	block_rewind(block, mark);
	*out_column = (struct block_column){ .kind = VALUE_BOOL,
		.known = planes,
		.flags = planes + BLOCK_WORDS,
		.unstated = planes + (size_t)2 * BLOCK_WORDS,
		.error = planes + (size_t)3 * BLOCK_WORDS };
	return true;
}

/* A column under construction. */
struct derived {
	int slot;
	enum value_kind kind;
	uint64_t *known, *unstated, *error;
	int64_t *integers;
	uint32_t *codes;
};

static bool derived_init(
		struct block *block, int slot, enum value_kind kind, struct derived *derived)
{
	uint64_t *planes = pool_take(&block->kept, (size_t)3 * BLOCK_WORDS);
	uint64_t *values = pool_take(&block->kept, BLOCK_ROWS);

	if (!planes || !values)
		return false;
	memset(planes, 0, (size_t)3 * BLOCK_WORDS * sizeof(*planes));
	memset(values, 0, BLOCK_ROWS * sizeof(*values));
	*derived = (struct derived){ .slot = slot,
		.kind = kind,
		.known = planes,
		.unstated = planes + BLOCK_WORDS,
		.error = planes + (size_t)2 * BLOCK_WORDS };
	if (kind == VALUE_STRING)
		derived->codes = (uint32_t *)values;
	else
		derived->integers = (int64_t *)values;
	return true;
}

static bool derived_put(struct block *block, struct derived *derived, const struct value *value,
		size_t row)
{
	uint64_t bit = UINT64_C(1) << (row % 64);

	if (value->kind == VALUE_UNKNOWN) {
		if (missing_answer(block, &value->missing, row) == ANSWER_UNSTATED)
			derived->unstated[row / 64] |= bit;
		return true;
	}
	if (value->kind != derived->kind) {
		derived->error[row / 64] |= bit;
		return true;
	}
	derived->known[row / 64] |= bit;
	if (derived->codes)
		return block_code(
				block, derived->slot, value->text, false, &derived->codes[row]);
	if (value->kind == VALUE_INT) {
		derived->integers[row] = value->integer;
		return true;
	}
	derived->integers[row] = value->timestamp.seconds;
	if (value->timestamp.nanos)
		block->odd[row / 64] |= bit;
	return true;
}

bool block_derive(struct block *block, int slot, const struct rule *rule, const uint64_t *rows,
		struct block_column *out_column, struct error *err)
{
	struct evaluation evaluation = evaluation_of(block);
	enum value_kind kind = type_value_kind(rule_type(rule));
	struct derived derived;
	const int *slots;
	size_t count;

	assert(kind == VALUE_INT || kind == VALUE_TIMESTAMP || kind == VALUE_STRING);
	slots = rule_slots(rule, &count);
	if (!slots_enter(block, slots, count, err))
		return false;
	if (!derived_init(block, slot, kind, &derived))
		return block_fail_memory(err);
	for (size_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t left = rows[i] & block->rows[i];

		for (; left; left &= left - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(left);
			struct arena_mark mark = arena_mark(&block->arena);
			struct value made;

			row_enter(block, slots, count, row);
			made = rule_evaluate(rule, &evaluation);
			if (!derived_put(block, &derived, &made, row))
				return block_fail_memory(err);
			arena_rewind(&block->arena, mark);
		}
	}
	row_leave(block, slots, count);
	if (block->arena.exhausted)
		return arena_error(&block->arena, err, "deriving a value for a row");
	*out_column = (struct block_column){ .kind = kind,
		.known = derived.known,
		.error = derived.error,
		.unstated = derived.unstated,
		.integers = derived.integers,
		.codes = derived.codes };
	return true;
}

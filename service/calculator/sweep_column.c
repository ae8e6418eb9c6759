/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From columns as they were sent to what rules see: judged as facts_read() judges a profile, then
 * with what follows from others. What was supplied goes before what follows.
 */
#include "calculator/profile.h"
#include "calculator/sweep_internal.h"

#include <assert.h>
#include <string.h>

static bool fail_memory(struct error *err)
{
	return error_set(err, ERROR_MEMORY, "no memory for a column");
}

/* --- as sent ----------------------------------------------------------------------------------- */

const struct sweep_column *sweep_column_raw(
		struct sweep_work *work, size_t want, struct error *err)
{
	struct sweep_raw *raw = &work->raws[want];

	if (raw->round == work->round)
		return &raw->column;
	raw->column = (struct sweep_column){ 0 };
	if (!work->source->column(work->source->context, want, &raw->column, err))
		return NULL;
	raw->round = work->round;
	return &raw->column;
}

/* The known rows within the declared range. */
static const uint64_t *numbers_judge(struct sweep_work *work,
		const Policycalc__V1__Attribute *attribute, const struct sweep_column *column)
{
	int64_t least = attribute->_minimum_case ? attribute->minimum : INT64_MIN;
	int64_t most = attribute->_maximum_case ? attribute->maximum : INT64_MAX;
	uint64_t *known;

	if ((!attribute->_minimum_case && !attribute->_maximum_case) ||
			attribute->type == VALUE_TYPE(DATE))
		return column->known;
	known = block_room(work->block, SWEEP_WORDS);
	if (!known)
		return NULL;
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		uint64_t left = column->known[i] & work->rows[i];

		known[i] = left;
		for (; left; left &= left - 1) {
			int64_t figure = column->integers[i * 64 +
							  (unsigned)__builtin_ctzll(left)];

			if (figure < least || figure > most)
				known[i] &= ~(left & -left);
		}
	}
	return known;
}

/* --- codes ------------------------------------------------------------------------------------- */

#define NO_CODE UINT32_MAX

/* The codes of a column as rules know them. */
struct numbers {
	uint32_t *list; /* by code as sent; NO_CODE: it is none */
	uint64_t *read; /* by code as sent: it stands in the column */
	bool valid;	/* all that stand there are codes, */
	bool different; /* and no two of them one */
};

static struct sweep_code *code_judge(struct sweep_work *work, int number, struct slice text)
{
	const struct sweep *sweep = work->sweep;
	const struct entry *entry = sweep->slots[number].entry;
	struct arena *arena = &work->code_arena;
	struct sweep_code *code = ARENA_NEW(arena, struct sweep_code);
	char *sent = arena_copy(arena, text.data, text.size);
	bool foreign = false;
	const char *normal;

	if (!code || !sent)
		return NULL;
	normal = entry->attribute->type == VALUE_TYPE(TEXT)
				 ? sent
				 : entry_normal_code(sweep->ruleset, entry, sent, arena,
						   &foreign);
	code->number = NO_CODE;
	if (entry->attribute->type != VALUE_TYPE(CODE))
		foreign = false;
	if (normal && !block_code(work->block, number, slice_from(normal), foreign,
				      &code->number))
		return NULL;
	if (!map_put(&work->codes[number], (struct slice){ sent, text.size }, code))
		return NULL;
	return arena->exhausted ? NULL : code;
}

/* All codes are forgotten with those of the block. */
static void codes_renew(struct sweep_work *work)
{
	uint64_t generation = block_code_generation(work->block);

	if (work->code_generation == generation)
		return;
	for (size_t i = 0; i < work->sweep->ruleset->base_count; i++)
		map_fini(&work->codes[i]);
	arena_fini(&work->code_arena);
	work->code_generation = generation;
}

/* Puts the number of a code that stands there into the list, once. */
static bool number_read(struct sweep_work *work, int slot, const struct sweep_column *column,
		uint32_t at, struct numbers *numbers)
{
	uint64_t bit = UINT64_C(1) << (at % 64);
	struct sweep_code *code;

	if (numbers->read[at / 64] & bit)
		return true;
	numbers->read[at / 64] |= bit;
	code = map_find(&work->codes[slot], column->code_texts[at]);
	if (!code)
		code = code_judge(work, slot, column->code_texts[at]);
	if (!code)
		return false;
	numbers->list[at] = code->number;
	if (code->number == NO_CODE) {
		numbers->valid = false;
		return true;
	}
	/* A text that stands there under two numbers. */
	numbers->different = numbers->different && code->stamp != work->code_stamp;
	code->stamp = work->code_stamp;
	return true;
}

/* A table may hold all codes of a registry: only those that stand in the column are looked at. */
static bool numbers_read(struct sweep_work *work, int slot, const struct sweep_column *column,
		struct numbers *out)
{
	size_t words = column->code_count / 64 + 1;

	*out = (struct numbers){ .list = (uint32_t *)block_room(
						 work->block, column->code_count / 2 + 1),
		.read = block_room(work->block, words),
		.valid = true,
		/* Of a table two codes may be one as rules know them. */
		.different = !*work->sweep->slots[slot].entry->attribute->choice_table };
	if (!out->list || !out->read)
		return false;
	memset(out->read, 0, words * sizeof(*out->read));
	codes_renew(work);
	work->code_stamp++;
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		uint64_t left = column->known[i] & work->rows[i];

		for (; left; left &= left - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(left);
			size_t begin = column->starts ? column->starts[row] : row;
			size_t end = column->starts ? column->starts[row + 1] : row + 1;

			for (size_t k = begin; k < end; k++) {
				if (!number_read(work, slot, column, column->codes[k], out))
					return false;
			}
		}
	}
	return true;
}

static bool row_is_valid(
		const struct sweep_column *column, const struct numbers *numbers, size_t row)
{
	uint32_t begin;
	uint32_t end;

	if (!column->starts)
		return numbers->list[column->codes[row]] != NO_CODE;
	begin = column->starts[row];
	end = column->starts[row + 1];
	for (uint32_t i = begin; i < end; i++) {
		uint32_t number = numbers->list[column->codes[i]];

		if (number == NO_CODE)
			return false;
		for (uint32_t k = begin; k < i && !numbers->different; k++) {
			if (numbers->list[column->codes[k]] == number)
				return false;
		}
	}
	return true;
}

/* Rows with a code that is none, or with two that are one as rules know them, are not known. */
static bool codes_judge(struct sweep_work *work, int slot, const struct sweep_column *from,
		bool list, struct block_column *out)
{
	struct sweep_column column = *from;
	struct numbers numbers;
	uint64_t *known;

	if (!list)
		column.starts = NULL;
	if (!numbers_read(work, slot, &column, &numbers))
		return false;
	out->codes = column.codes;
	out->starts = column.starts;
	out->numbers = numbers.list;
	out->number_count = column.code_count;
	if (numbers.valid && (numbers.different || !list))
		return true;
	known = block_room(work->block, SWEEP_WORDS);
	if (!known)
		return false;
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		uint64_t left = column.known[i] & work->rows[i];

		known[i] = left;
		for (; left; left &= left - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(left);

			if (!row_is_valid(&column, &numbers, row))
				known[i] &= ~(left & -left);
		}
	}
	out->known = known;
	return true;
}

/* --- slots ------------------------------------------------------------------------------------- */

static enum value_kind slot_kind(const struct entry *entry)
{
	switch ((int)entry->attribute->type) {
	case VALUE_TYPE(FLAG):
		return VALUE_BOOL;
	case VALUE_TYPE(CODE):
	case VALUE_TYPE(TEXT):
		return VALUE_STRING;
	case VALUE_TYPE(CODES):
		return VALUE_LIST;
	case VALUE_TYPE(DATE):
		return VALUE_TIMESTAMP;
	case VALUE_TYPE(TITLES):
		return VALUE_MAP;
	default:
		return VALUE_INT;
	}
}

static bool sent_read(struct sweep_work *work, int number, struct block_column *out,
		struct error *err)
{
	const struct sweep_slot *slot = &work->sweep->slots[number];
	size_t want = (size_t)slot->want;
	const struct sweep_column *column = sweep_column_raw(work, want, err);

	*out = (struct block_column){ .kind = slot_kind(slot->entry) };
	if (!column)
		return false;
	if (!column->known)
		return true;
	out->integers = column->integers;
	out->flags = column->flags;
	out->known = column->known;
	switch (work->sweep->wants[want].form) {
	case SWEEP_INTEGER:
		out->known = numbers_judge(work, slot->entry->attribute, column);
		return out->known || fail_memory(err);
	case SWEEP_CODE:
		return codes_judge(work, number, column, false, out) || fail_memory(err);
	case SWEEP_CODES:
	case SWEEP_TITLES:
		return codes_judge(work, number, column, true, out) || fail_memory(err);
	case SWEEP_FLAG:
	case SWEEP_SERIES:
	default:
		return true;
	}
}

const struct block_column *sweep_column_sent(
		struct sweep_work *work, int slot, struct error *err)
{
	struct sweep_sent *sent = &work->sent[slot];

	if (sent->round == work->round)
		return &sent->column;
	if (!sent_read(work, slot, &sent->column, err))
		return NULL;
	sent->round = work->round;
	return &sent->column;
}

/* The rows of @rows that @column does not know; whether there are any. */
static bool rows_without(const struct block_column *column, const uint64_t *rows, uint64_t *out)
{
	uint64_t any = 0;

	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		out[i] = rows[i] & (column->known ? ~column->known[i] : UINT64_MAX);
		any |= out[i];
	}
	return any != 0;
}

/* Puts what was sent into a column that follows from others. */
static bool sent_join(struct sweep_work *work, const struct block_column *sent,
		struct block_column *made)
{
	uint64_t *known = sweep_plane_new(work);
	uint64_t *flags = sweep_plane_new(work);

	if (!known || !flags)
		return false;
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		uint64_t left = sent->known[i] & work->rows[i];

		known[i] = left | made->known[i];
		if (made->flags)
			flags[i] = (left & sent->flags[i]) | (made->flags[i] & made->known[i]);
		for (; left && made->kind != VALUE_BOOL; left &= left - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(left);

			if (made->kind == VALUE_STRING)
				((uint32_t *)made->codes)[row] =
						sent->numbers[sent->codes[row]];
			else
				((int64_t *)made->integers)[row] = sent->integers[row];
		}
	}
	made->known = known;
	if (made->flags)
		made->flags = flags;
	return true;
}

bool sweep_column_read(struct sweep_work *work, int number, struct block_column *out_column,
		struct error *err)
{
	const struct sweep_slot *slot = &work->sweep->slots[number];
	const struct rule *rule = slot->derivation ? slot->derivation->rule : NULL;
	const struct block_column *sent = sweep_column_sent(work, number, err);
	uint64_t rows[SWEEP_WORDS];

	assert(slot->needed && !slot->by_rows && slot->want >= 0);
	if (!sent)
		return false;
	*out_column = *sent;
	/* Quotients are compared from their parts. */
	if (!rule || !rows_without(sent, work->rows, rows))
		return true;
	if (rule_type(rule)->kind == TYPE_BOOL ? !block_derive_flags(work->block, slot->literal,
								 rows, out_column, err)
					       : !block_derive(work->block, number, rule, rows,
								 out_column, err))
		return false;
	return !sent->known || sent_join(work, sent, out_column) || fail_memory(err);
}

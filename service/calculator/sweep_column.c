/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From columns as they were sent to what rules see: judged as facts_read() judges a profile, then
 * with what follows from others. What was supplied goes before what follows.
 */
#include "calculator/profile.h"
#include "calculator/sweep_internal.h"

#include "base/memory.h"
#include "rules/plane.h"

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

/* What is not @known may be any number. */
PLANE_CLONES
static void numbers_within(const int64_t *integers, int64_t least, int64_t most,
		const uint64_t *known, uint64_t *out_known)
{
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		const int64_t *at = integers + i * 64;
		uint8_t bytes[64];

		if (!known[i]) {
			out_known[i] = 0;
			continue;
		}
		for (unsigned k = 0; k < 64; k++)
			bytes[k] = (at[k] >= least) & (at[k] <= most);
		out_known[i] = known[i] & plane_word(bytes);
	}
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
	numbers_within(column->integers, least, most, column->known, known);
	return known;
}

/* --- codes ------------------------------------------------------------------------------------- */

#define NO_CODE UINT32_MAX

#define TABLE_SMALL 256

/* What is said of a code in a table. */
enum code_state {
	STATE_UNREAD = 1,
	STATE_NONE = 2, /* it is no code */
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

/* Makes the table of a slot ready for the column; what is known of its codes stays. */
static bool table_open(struct sweep_work *work, int slot, const struct sweep_column *column)
{
	struct sweep_table *table = &work->tables[slot];
	size_t capacity = table->capacity ? table->capacity : 64;
	uint32_t *numbers;
	uint8_t *states;

	codes_renew(work);
	if (!column->code_table || table->name != column->code_table ||
			table->generation != work->code_generation) {
		table->name = column->code_table;
		table->generation = work->code_generation;
		table->stamp = ++work->code_stamp;
		table->version = table->stamp;
		table->count = 0;
		table->read = 0;
		table->said = 0;
		/* Of a choice table two codes may be one as rules know them. */
		table->different = !*work->sweep->slots[slot].entry->attribute->choice_table;
	}
	while (capacity < column->code_count)
		capacity *= 2;
	if (capacity > table->capacity) {
		numbers = memory_resize(table->numbers, capacity * sizeof(*numbers));
		if (!numbers)
			return false;
		table->numbers = numbers;
		states = memory_resize(table->states, capacity);
		if (!states)
			return false;
		table->states = states;
		table->capacity = capacity;
	}
	for (; table->count < column->code_count; table->count++) {
		table->states[table->count] = STATE_UNREAD;
		table->numbers[table->count] = NO_CODE;
	}
	return true;
}

/* Finds out what a code that stands in the column is, once a table. */
static bool code_read(struct sweep_work *work, int slot, const struct sweep_column *column,
		uint32_t at)
{
	struct sweep_table *table = &work->tables[slot];
	struct sweep_code *code;

	if (!(table->states[at] & STATE_UNREAD))
		return true;
	code = map_find(&work->codes[slot], column->code_texts[at]);
	if (!code)
		code = code_judge(work, slot, column->code_texts[at]);
	if (!code)
		return false;
	table->version = ++work->code_stamp;
	table->numbers[at] = code->number;
	table->states[at] = code->number == NO_CODE ? STATE_NONE : 0;
	/* A text that stands there under two numbers. */
	table->different = table->different && code->stamp != table->stamp;
	code->stamp = table->stamp;
	return true;
}

/*
 * A small table, of one attribute mostly, is read at once: then columns need not be looked through for what
 * nobody has asked about. In one of a whole registry most codes are another attribute's.
 */
static bool table_read(struct sweep_work *work, int slot, const struct sweep_column *column)
{
	struct sweep_table *table = &work->tables[slot];

	if (!column->code_table || table->count > TABLE_SMALL)
		return true;
	while (table->read < table->count) {
		if (!code_read(work, slot, column, (uint32_t)table->read))
			return false;
		table->said |= table->states[table->read++];
	}
	return true;
}

/* The entries of a row. */
static inline void row_entries(const struct sweep_column *column, size_t row, size_t *out_begin,
		size_t *out_end)
{
	*out_begin = column->starts ? column->starts[row] : row;
	*out_end = column->starts ? column->starts[row + 1] : row + 1;
}

/* All that is said of some codes. */
static inline unsigned states_of(const uint8_t *states, const uint32_t *codes, size_t count)
{
	unsigned all = 0;

	for (; count >= 4; count -= 4, codes += 4)
		all |= (unsigned)(states[codes[0]] | states[codes[1]] | states[codes[2]] |
				  states[codes[3]]);
	for (; count; count--)
		all |= states[*codes++];
	return all;
}

/* All that is said of the codes that stand in the column. */
static unsigned states_join(struct sweep_work *work, const uint8_t *states,
		const struct sweep_column *column)
{
	unsigned all = 0;

	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		uint64_t left = column->known[i] & work->rows[i];
		size_t begin, end, last;

		if (left == UINT64_MAX) {
			row_entries(column, i * 64, &begin, &end);
			row_entries(column, i * 64 + 63, &last, &end);
			all |= states_of(states, column->codes + begin, end - begin);
			continue;
		}
		for (; left; left &= left - 1) {
			row_entries(column, i * 64 + (unsigned)__builtin_ctzll(left), &begin,
					&end);
			all |= states_of(states, column->codes + begin, end - begin);
		}
	}
	return all;
}

/* Only the codes that stand in the column are looked at: a table may hold all of a registry. */
static bool codes_read(struct sweep_work *work, int slot, const struct sweep_column *column)
{
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		uint64_t left = column->known[i] & work->rows[i];

		for (; left; left &= left - 1) {
			size_t begin, end;

			row_entries(column, i * 64 + (unsigned)__builtin_ctzll(left), &begin,
					&end);
			for (size_t k = begin; k < end; k++) {
				if (!code_read(work, slot, column, column->codes[k]))
					return false;
			}
		}
	}
	return true;
}

static bool row_is_valid(
		const struct sweep_column *column, const struct sweep_table *table, size_t row)
{
	size_t begin, end;

	row_entries(column, row, &begin, &end);
	for (size_t i = begin; i < end; i++) {
		uint32_t number = table->numbers[column->codes[i]];

		if (number == NO_CODE)
			return false;
		for (size_t k = begin; k < i && !table->different; k++) {
			if (table->numbers[column->codes[k]] == number)
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
	const struct sweep_table *table = &work->tables[slot];
	unsigned states = 0;
	uint64_t *known;

	if (!list)
		column.starts = NULL;
	if (!table_open(work, slot, &column) || !table_read(work, slot, &column))
		return false;
	if (table->read < table->count || table->said)
		states = states_join(work, table->states, &column);
	if (states & STATE_UNREAD) {
		if (!codes_read(work, slot, &column))
			return false;
		states = states_join(work, table->states, &column);
	}
	out->codes = column.codes;
	out->starts = column.starts;
	out->numbers = table->numbers;
	out->number_count = column.code_count;
	out->number_stamp = column.code_table ? table->version : 0;
	if (!states && (table->different || !list))
		return true;
	known = block_room(work->block, SWEEP_WORDS);
	if (!known)
		return false;
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		uint64_t left = column.known[i] & work->rows[i];

		known[i] = left;
		for (; left; left &= left - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(left);

			if (!row_is_valid(&column, table, row))
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows straight off the wire: unpacking a message of forty attributes into structs costs three times as
 * much as all the rest of an import.
 *
 * First the bytes of a Profile are only taken apart. What has not the usual shape (items, a field twice
 * or unknown, a broken message) is unpacked as any message is, and staged by import_row.c: there is no
 * second meaning here. Then each value is judged: a number or code of the expected kind, within its
 * range, of a period or a code that was found good before, is encoded at once; any other is made a message
 * and judged at length.
 */
#include "registry/import_internal.h"

#include "base/utf8.h"
#include "proto/codec/codec.h"
#include "registry/varint.h"

#include <string.h>

#define ROWS_MOST 10000
#define NUMBER_MOST 11	/* kind and varint */
#define COLUMN_REACH 64 /* how many columns a row may lack in a row */

#define KIND(word) POLICYCALC__V1__VALUE__KIND_##word
/* Tags, as on the wire: field number and wire type. */
#define TAG(number, type) ((uint64_t)(number) << 3 | (type))
#define VARINT 0
#define BYTES 2

struct wire_row {
	struct slice uscc;
	struct wire_fact *facts;
	size_t count;
};

/* --- taking apart ---------------------------------------------------------------------------- */

/* A value of one field. Others are left to be judged at length. */
static void take_value(struct slice bytes, struct wire_fact *fact)
{
	struct reader reader = {
		.at = (const unsigned char *)bytes.data,
		.end = (const unsigned char *)bytes.data + bytes.size,
	};
	uint64_t tag = read_varint(&reader);

	fact->value = bytes;
	fact->kind = 0;
	switch (tag) {
	case TAG(KIND(MONEY_FEN), VARINT):
	case TAG(KIND(RATIO_PPM), VARINT):
	case TAG(KIND(COUNT), VARINT):
		fact->number = (int64_t)read_varint(&reader);
		break;
	case TAG(KIND(FLAG), VARINT):
		fact->number = read_varint(&reader) != 0;
		break;
	case TAG(KIND(CODE), BYTES):
		fact->text = read_text(&reader);
		break;
	default:
		return;
	}
	if (!reader.is_bad && reader.at == reader.end)
		fact->kind = (int)(tag >> 3);
}

/* false: not of the usual shape. */
static bool take_fact(struct slice bytes, struct wire_fact *fact)
{
	struct reader reader = {
		.at = (const unsigned char *)bytes.data,
		.end = (const unsigned char *)bytes.data + bytes.size,
	};

	fact->name = fact->period = fact->value = (struct slice){ NULL, 0 };
	while (reader.at < reader.end) {
		uint64_t tag = read_varint(&reader);
		struct slice part = read_text(&reader);

		if (reader.is_bad)
			return false;
		if (tag == TAG(1, BYTES) && !fact->name.data)
			fact->name = part;
		else if (tag == TAG(2, BYTES) && !fact->period.data)
			fact->period = part;
		else if (tag == TAG(3, BYTES) && !fact->value.data)
			take_value(part, fact);
		else
			return false;
	}
	return fact->name.data && fact->value.data;
}

static bool take_apart(struct import *import, struct slice bytes, struct wire_row *row)
{
	struct reader reader = {
		.at = (const unsigned char *)bytes.data,
		.end = (const unsigned char *)bytes.data + bytes.size,
	};

	row->uscc = (struct slice){ NULL, 0 };
	row->facts = import->wire_facts;
	row->count = 0;
	while (reader.at < reader.end) {
		uint64_t tag = read_varint(&reader);
		struct slice part = read_text(&reader);

		if (reader.is_bad)
			return false;
		if (tag == TAG(1, BYTES) && !row->uscc.data)
			row->uscc = part;
		else if (tag != TAG(3, BYTES) || row->count == RECORD_FACTS_MOST ||
				!take_fact(part, &row->facts[row->count++]))
			return false;
	}
	return row->uscc.data != NULL;
}

/* --- judging --------------------------------------------------------------------------------- */

static struct column_text *column_code(struct column *column, struct slice text)
{
	return &column->codes[(unsigned char)text.data[text.size - 1] % COLUMN_CODES];
}

static bool is_known_text(const char *known, size_t known_size, struct slice text)
{
	return text.size > 0 && known_size == text.size &&
	       memcmp(known, text.data, text.size) == 0;
}

/* A value that needs no judge; it is appended to the values. */
static bool stage_usual(struct import *import, struct column *column,
		const struct wire_fact *fact, struct draft *draft)
{
	unsigned char *at;

	if (fact->kind != column->kind || !fact->kind)
		return false;
	if (fact->period.size &&
			!is_known_text(column->period, column->period_size, fact->period))
		return false;
	if (fact->kind == KIND(CODE)) {
		const struct column_text *code;

		if (fact->text.size == 0)
			return false;
		code = column_code(column, fact->text);
		if (!is_known_text(code->text, code->size, fact->text))
			return false;
	} else if (fact->number < column->least || fact->number > column->most) {
		return false;
	}
	if (!buffer_reserve(&import->values, NUMBER_MOST + fact->text.size))
		return false;
	draft->at = import->values.size;
	at = (unsigned char *)import->values.data + draft->at;
	*at++ = (unsigned char)fact->kind;
	if (fact->kind == KIND(CODE)) {
		at = put_varint(at, fact->text.size);
		memcpy(at, fact->text.data, fact->text.size);
		at += fact->text.size;
	} else if (fact->kind == KIND(FLAG)) {
		*at++ = (unsigned char)fact->number;
	} else {
		at = put_varint(at, zigzag(fact->number));
	}
	import->values.size = (size_t)((char *)at - import->values.data);
	draft->fact = (struct fact){
		.attribute = column->name->id,
		.supply = import->supply.id,
		.period = fact->period.size ? column->period_number : column->default_period,
		.value.size = import->values.size - draft->at,
	};
	return true;
}

/* The attribute as a message in the scratch arena; NULL: texts are broken, or memory is short. */
static Policycalc__V1__AttributeValue *make_message(
		struct import *import, const struct wire_fact *fact)
{
	struct arena *arena = &import->scratch;
	Policycalc__V1__AttributeValue *attribute =
			ARENA_NEW(arena, Policycalc__V1__AttributeValue);
	struct error err;

	if (!attribute || !utf8_is_valid(fact->name) || !utf8_is_valid(fact->period) ||
			(fact->name.size && memchr(fact->name.data, 0, fact->name.size)) ||
			(fact->period.size && memchr(fact->period.data, 0, fact->period.size)))
		return NULL;
	policycalc__v1__attribute_value__init(attribute);
	attribute->name = arena_copy(arena, fact->name.data, fact->name.size);
	if (fact->period.size)
		attribute->period = arena_copy(arena, fact->period.data, fact->period.size);
	attribute->value = (Policycalc__V1__Value *)message_unpack(
			fact->value, &policycalc__v1__value__descriptor, NULL, arena, &err);
	return attribute->name && attribute->period && attribute->value ? attribute : NULL;
}

/* Texts that were found good are known from now on. */
static void learn(
		struct column *column, const struct wire_fact *fact, const struct draft *draft)
{
	if (fact->period.size && fact->period.size <= COLUMN_TEXT) {
		memcpy(column->period, fact->period.data, fact->period.size);
		column->period_size = (unsigned char)fact->period.size;
		column->period_number = draft->fact.period;
	}
	if (fact->kind == KIND(CODE) && column->kind == KIND(CODE) && fact->text.size &&
			fact->text.size <= COLUMN_TEXT) {
		struct column_text *code = column_code(column, fact->text);

		memcpy(code->text, fact->text.data, fact->text.size);
		code->size = (unsigned char)fact->text.size;
	}
}

enum outcome {
	OUTCOME_OK,
	OUTCOME_ODD, /* unpack the row, and take it as any message */
	OUTCOME_NO_MEMORY,
};

/*
 * The column of an attribute. Those of the rows so far are kept in their order, and a row is walked along
 * them from @cursor: it may lack some. NULL: it is new there.
 */
static struct column *find_column(
		struct import *import, size_t *cursor, const struct wire_fact *fact)
{
	for (size_t at = *cursor; at < import->column_count && at < *cursor + COLUMN_REACH;
			at++) {
		struct column *column = &import->columns[at];

		if (!is_known_text(column->name->name, column->name_size, fact->name))
			continue;
		*cursor = at + 1;
		return column;
	}
	return NULL;
}

/* Puts a column where the row stands; one too many is used for this row alone. */
static struct column *add_column(struct import *import, size_t *cursor, struct column *column)
{
	struct column *place = &import->columns[*cursor];

	if (import->column_count == COLUMNS_MOST)
		return column;
	memmove(place + 1, place, (import->column_count - *cursor) * sizeof(*place));
	*place = *column;
	import->column_count++;
	++*cursor;
	return place;
}

static enum outcome stage_at_length(struct import *import, struct column *column,
		size_t *cursor, const struct wire_fact *fact, struct draft *draft,
		size_t *count)
{
	Policycalc__V1__AttributeValue *attribute = make_message(import, fact);
	int64_t findings = import->answer.warning_count;
	struct column other = { 0 };
	size_t before = *count;

	if (!attribute)
		return import->scratch.exhausted ? OUTCOME_NO_MEMORY : OUTCOME_ODD;
	if (!column) {
		if (!import_find_column(import, "", attribute, NULL, &other))
			return import->scratch.exhausted ? OUTCOME_NO_MEMORY : OUTCOME_OK;
		column = add_column(import, cursor, &other);
	}
	import_stage_attribute(import, column, attribute, NULL, draft, count);
	/* What is odd is told every time. */
	if (*count > before && findings == import->answer.warning_count)
		learn(column, fact, draft);
	return import->scratch.exhausted ? OUTCOME_NO_MEMORY : OUTCOME_OK;
}

static enum outcome stage_row(
		struct import *import, const struct wire_row *row, struct fact_list *out)
{
	struct draft *drafts = arena_alloc(&import->scratch, row->count * sizeof(*drafts));
	size_t cursor = 0;
	size_t count = 0;

	if (!drafts)
		return OUTCOME_NO_MEMORY;
	for (size_t i = 0; i < row->count; i++) {
		const struct wire_fact *fact = &row->facts[i];
		struct column *column = find_column(import, &cursor, fact);
		enum outcome outcome;

		if (column && stage_usual(import, column, fact, &drafts[count])) {
			count++;
			continue;
		}
		outcome = stage_at_length(
				import, column, &cursor, fact, &drafts[count], &count);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	if (import->values.failed || !import_settle_facts(import, drafts, count, NULL, out))
		return OUTCOME_NO_MEMORY;
	return OUTCOME_OK;
}

/* Findings of a row that turns out odd are told once, by those who take it as a message. */
struct findings_mark {
	size_t rejects, warnings;
	int64_t warning_count;
};

static struct findings_mark findings_mark(const struct import *import)
{
	return (struct findings_mark){ import->rejects.count, import->warnings.count,
		import->answer.warning_count };
}

static void findings_rewind(struct import *import, struct findings_mark mark)
{
	import->rejects.count = mark.rejects;
	import->warnings.count = mark.warnings;
	import->answer.warning_count = mark.warning_count;
	import->is_rejected = false;
}

static enum outcome take_usual(struct import *import, struct slice bytes)
{
	struct staged *staged = &import->staged[import->staged_count];
	struct findings_mark mark = findings_mark(import);
	struct record record = { 0 };
	struct wire_row row;
	enum outcome outcome;

	if (!take_apart(import, bytes, &row) || !utf8_is_valid(row.uscc))
		return OUTCOME_ODD;
	buffer_clear(&import->values);
	import_check_uscc(import, row.uscc);
	outcome = stage_row(import, &row, &record.facts);
	if (outcome == OUTCOME_ODD)
		findings_rewind(import, mark);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!import->is_rejected) {
		staged->at = import->records.size;
		record_encode(&record, &import->records);
		staged->size = import->records.size - staged->at;
		if (import->records.failed)
			return OUTCOME_NO_MEMORY;
	}
	import_leave_row(import, row.uscc);
	return OUTCOME_OK;
}

bool import_take_row(struct import *import, struct slice bytes, int64_t row, struct error *err)
{
	const Policycalc__V1__Profile *profile;
	bool ok;

	if (!import_enter_row(import, row))
		return error_set(err, ERROR_MEMORY, "out of memory while reading rows");
	switch (take_usual(import, bytes)) {
	case OUTCOME_OK:
		return true;
	case OUTCOME_NO_MEMORY:
		return error_set(err, ERROR_LIMIT, "out of memory while reading rows");
	case OUTCOME_ODD:
		break;
	}
	arena_rewind(&import->scratch, import->row_mark);
	profile = (const Policycalc__V1__Profile *)message_unpack(bytes,
			&policycalc__v1__profile__descriptor, NULL, &import->message, err);
	ok = profile ? import_stage(import, profile, err)
		     : error_prefix(err, "rows.profiles of row %lld", (long long)row);
	arena_reset(&import->message);
	return ok;
}

/* --- messages -------------------------------------------------------------------------------- */

/* Calls for every field of the encoded ImportRows; unknown ones are stepped over. */
static bool next_field(struct reader *reader, uint64_t *out_tag, uint64_t *out_number,
		struct slice *out_bytes)
{
	if (reader->at == reader->end || reader->is_bad)
		return false;
	*out_tag = read_varint(reader);
	switch (*out_tag & 7) {
	case VARINT:
		*out_number = read_varint(reader);
		break;
	case BYTES:
		*out_bytes = read_text(reader);
		break;
	case 1:
		(void)read_bytes(reader, 8);
		break;
	case 5:
		(void)read_bytes(reader, 4);
		break;
	default:
		reader->is_bad = true;
		break;
	}
	return !reader->is_bad;
}

bool import_rows(struct import *import, struct ruleset *ruleset, struct slice bytes,
		struct error *err)
{
	struct reader reader = {
		.at = (const unsigned char *)bytes.data,
		.end = (const unsigned char *)bytes.data + bytes.size,
	};
	struct reader again = reader;
	int64_t first_row = 0;
	size_t count = 0;
	struct slice part = { NULL, 0 };
	uint64_t number = 0;
	uint64_t tag;

	while (next_field(&reader, &tag, &number, &part)) {
		if (tag == TAG(1, VARINT))
			first_row = (int64_t)number;
		count += tag == TAG(2, BYTES);
	}
	if (reader.is_bad)
		return error_set(err, ERROR_INTERNAL,
				"the message is no policycalc.v1.ImportRows");
	if (first_row < 1)
		return error_set(err, ERROR_INVALID, "rows.first_row: must be 1 or more");
	if (count > ROWS_MOST)
		return error_set(err, ERROR_INVALID, "rows.profiles: at most %d in one message",
				ROWS_MOST);
	if (!import_set_ruleset(import, ruleset, err))
		return false;
	while (next_field(&again, &tag, &number, &part)) {
		if (tag != TAG(2, BYTES))
			continue;
		if (!import_take_row(import, part, first_row++, err) ||
				!import_write_when_full(import, err))
			return false;
	}
	return import_write_when_due(import, err);
}

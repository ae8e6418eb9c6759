/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec/value_text.h"

#include "base/date.h"
#include "proto/codec/codec.h"
#include "proto/codec/field.h"
#include "proto/codec/unit.h"
#include "proto/codec/value_choice.h"

#include <stdio.h>

typedef Policycalc__V1__Attribute attribute_message;
typedef Policycalc__V1__Value value_message;

#define QUOTED(text) (int)((text).size > 60 ? 60 : (text).size), (text).data

struct value_reader {
	const attribute_message *attribute;
	struct arena *arena;
	struct error *err;
};

static struct slice trim(struct slice text)
{
	while (text.size && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = (struct slice){ text.data + 1, text.size - 1 };
	while (text.size &&
			(text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
		text.size--;
	return text;
}

static bool no_memory(struct value_reader *reader)
{
	return arena_error(reader->arena, reader->err, "reading a value");
}

/* Cuts the text up to the next comma, "," or "，", off @rest; false when nothing is left. */
static bool next_part(struct slice *rest, struct slice *out_part)
{
	size_t i = 0;
	size_t comma = 0;

	if (!rest->data)
		return false;
	for (; i < rest->size && !comma; i++) {
		struct slice here = { rest->data + i, rest->size - i };

		if (here.data[0] == ',')
			comma = 1;
		else if (slice_starts_with(here, SLICE_LITERAL("，")))
			comma = strlen("，");
	}
	if (!comma) {
		*out_part = trim(*rest);
		rest->data = NULL;
		return true;
	}
	i--;
	*out_part = trim((struct slice){ rest->data, i });
	*rest = (struct slice){ rest->data + i + comma, rest->size - i - comma };
	return true;
}

static size_t count_parts(struct slice text)
{
	struct slice part;
	size_t count = 0;

	while (next_part(&text, &part))
		count++;
	return count;
}

static bool is_none(struct slice text)
{
	return slice_equals_text(text, "无") || slice_equals_text(text, "none");
}

/* --- figures --------------------------------------------------------------------------------- */

static void print_figure(const attribute_message *attribute, long long figure, char out[64])
{
	if (attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY ||
			attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY_SERIES)
		unit_print_money(figure, out);
	else if (attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO ||
			attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO_SERIES)
		unit_print_ratio(figure, out);
	else
		(void)snprintf(out, 64, "%lld%.30s", figure, text_in(attribute->unit, "zh"));
}

static bool check_range(struct value_reader *reader, long long figure)
{
	const attribute_message *attribute = reader->attribute;
	char limit[64];

	if (attribute->_minimum_case == POLICYCALC__V1__ATTRIBUTE___MINIMUM_MINIMUM &&
			figure < attribute->minimum) {
		print_figure(attribute, attribute->minimum, limit);
		return error_set(reader->err, ERROR_INVALID, "must be at least %s", limit);
	}
	if (attribute->_maximum_case == POLICYCALC__V1__ATTRIBUTE___MAXIMUM_MAXIMUM &&
			figure > attribute->maximum) {
		print_figure(attribute, attribute->maximum, limit);
		return error_set(reader->err, ERROR_INVALID, "must be at most %s", limit);
	}
	return true;
}

static bool ends_with(struct slice text, const char *word)
{
	size_t size = strlen(word);

	return size > 0 && text.size >= size &&
	       memcmp(text.data + text.size - size, word, size) == 0;
}

/* "12.5万千瓦时" without its unit, when it is counted by ten thousands or more; else nothing. */
static struct slice myriads_of(struct slice text, const char *unit_zh, const char *unit_en)
{
	const char *unit = ends_with(text, unit_zh) ? unit_zh : unit_en;

	if (ends_with(text, unit))
		text = trim((struct slice){ text.data, text.size - strlen(unit) });
	return ends_with(text, "万") || ends_with(text, "亿") ? text : (struct slice){ 0 };
}

static bool read_count(struct value_reader *reader, struct slice text, long long *out_count)
{
	static const ProtobufCFieldDescriptor as_int64 = { .type = PROTOBUF_C_TYPE_INT64 };
	const Policycalc__V1__Text *unit = reader->attribute->unit;
	const char *unit_zh = unit ? unit->zh : "";
	const char *unit_en = unit ? unit->en : "";
	int64_t count = 0;
	struct slice word;
	struct slice myriads = myriads_of(text, unit_zh, unit_en);
	size_t digits = text.size > 0 && text.data[0] == '-';

	if (myriads.size)
		return unit_parse_myriads(myriads, out_count, reader->err);
	while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9')
		digits++;
	word = trim((struct slice){ text.data + digits, text.size - digits });
	switch (integer_parse(&as_int64, (struct slice){ text.data, digits }, &count)) {
	case INTEGER_SYNTAX:
		return error_set(reader->err, ERROR_INVALID,
				"expected a whole number such as 120%s, not \"%.*s\"", unit_zh,
				QUOTED(text));
	case INTEGER_RANGE:
		return error_set(reader->err, ERROR_INVALID, "the number is too large");
	case INTEGER_OK:
		break;
	}
	if (word.size && (word.data[0] == '.' || word.data[0] == ','))
		return error_set(reader->err, ERROR_INVALID,
				"expected a whole number without separators such as 120%s, not "
				"\"%.*s\"",
				unit_zh, QUOTED(text));
	if (word.size && !slice_equals_text(word, unit_zh) && !slice_equals_text(word, unit_en))
		return error_set(reader->err, ERROR_INVALID,
				"unknown unit \"%.*s\"; expected a count such as 120%s",
				QUOTED(word), unit_zh);
	*out_count = count;
	return true;
}

/* A figure of the attribute's own unit, alone or as a point of a series. */
static bool read_figure(struct value_reader *reader, struct slice text, int64_t *out_figure)
{
	long long figure = 0;
	bool ok;

	if (reader->attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY ||
			reader->attribute->type ==
					POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY_SERIES)
		ok = unit_parse_money(text, &figure, reader->err);
	else if (reader->attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO ||
			reader->attribute->type ==
					POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO_SERIES)
		ok = unit_parse_ratio(text, &figure, reader->err);
	else
		ok = read_count(reader, text, &figure);
	if (!ok || !check_range(reader, figure))
		return false;
	*out_figure = figure;
	return true;
}

/* --- codes, dates, lists --------------------------------------------------------------------- */

static bool read_code(struct value_reader *reader, struct slice text, char **out_code)
{
	struct slice code;

	if (!choice_find_code(reader->attribute, text, &code, reader->err))
		return false;
	*out_code = arena_copy(reader->arena, code.data, code.size);
	return *out_code || no_memory(reader);
}

static bool read_date(struct value_reader *reader, struct slice text, char **out_date)
{
	struct date date;

	if (!date_parse(text, &date))
		return error_set(reader->err, ERROR_INVALID,
				"expected a day that exists, as 2025-01-31, not \"%.*s\"",
				QUOTED(text));
	*out_date = arena_copy(reader->arena, text.data, text.size);
	return *out_date || no_memory(reader);
}

/* "是", "否", "true", "false". */
static bool read_flag(
		struct value_reader *reader, struct slice text, protobuf_c_boolean *out_flag)
{
	if (slice_equals_text(text, "是") || slice_equals_text(text, "true"))
		*out_flag = true;
	else if (slice_equals_text(text, "否") || slice_equals_text(text, "false"))
		*out_flag = false;
	else
		return error_set(reader->err, ERROR_INVALID,
				"expected 是, 否, true or false, not \"%.*s\"", QUOTED(text));
	return true;
}

static Policycalc__V1__CodeList *read_codes(struct value_reader *reader, struct slice text)
{
	Policycalc__V1__CodeList *list = ARENA_NEW(reader->arena, Policycalc__V1__CodeList);
	struct slice part;

	if (list)
		list->codes = ARENA_NEW_ARRAY(reader->arena, char *, count_parts(text));
	if (!list || !list->codes) {
		no_memory(reader);
		return NULL;
	}
	list->base.descriptor = &policycalc__v1__code_list__descriptor;
	if (is_none(text))
		return list;
	while (next_part(&text, &part)) {
		char *code;

		if (!read_code(reader, part, &code))
			return NULL;
		for (size_t i = 0; i < list->n_codes; i++) {
			if (strcmp(list->codes[i], code) != 0)
				continue;
			error_set(reader->err, ERROR_INVALID, "%s is given twice", code);
			return NULL;
		}
		list->codes[list->n_codes++] = code;
	}
	return list;
}

/* Splits "srdi:2027-12-31" or "2024:380万元" at its first colon, ":" or "：". */
static bool split_pair(struct value_reader *reader, struct slice part, const char *example,
		struct slice *out_name, struct slice *out_value)
{
	for (size_t i = 0; i < part.size; i++) {
		struct slice here = { part.data + i, part.size - i };
		size_t colon = here.data[0] == ':' ? 1 : 0;

		if (slice_starts_with(here, SLICE_LITERAL("：")))
			colon = strlen("：");
		if (!colon)
			continue;
		*out_name = trim((struct slice){ part.data, i });
		*out_value = trim((struct slice){ here.data + colon, here.size - colon });
		return true;
	}
	return error_set(reader->err, ERROR_INVALID, "expected pairs such as %s, not \"%.*s\"",
			example, QUOTED(part));
}

static Policycalc__V1__TitleList *read_titles(struct value_reader *reader, struct slice text)
{
	Policycalc__V1__TitleList *list = ARENA_NEW(reader->arena, Policycalc__V1__TitleList);
	struct slice part, name, until;

	if (list)
		list->titles = ARENA_NEW_ARRAY(reader->arena,
				Policycalc__V1__TitleList__Title *, count_parts(text));
	if (!list || !list->titles) {
		no_memory(reader);
		return NULL;
	}
	list->base.descriptor = &policycalc__v1__title_list__descriptor;
	if (is_none(text))
		return list;
	while (next_part(&text, &part)) {
		Policycalc__V1__TitleList__Title *title =
				ARENA_NEW(reader->arena, Policycalc__V1__TitleList__Title);

		if (!title) {
			no_memory(reader);
			return NULL;
		}
		policycalc__v1__title_list__title__init(title);
		if (!split_pair(reader, part, "srdi:2027-12-31", &name, &until) ||
				!read_code(reader, name, &title->code) ||
				!read_date(reader, until, &title->valid_until))
			return NULL;
		for (size_t i = 0; i < list->n_titles; i++) {
			if (strcmp(list->titles[i]->code, title->code) != 0)
				continue;
			error_set(reader->err, ERROR_INVALID, "%s is given twice", title->code);
			return NULL;
		}
		list->titles[list->n_titles++] = title;
	}
	return list;
}

/* The number of a period among its kind, so that neighbours differ by one; false when it is none. */
static bool period_number(struct slice text, size_t *out_kind, long *out_number)
{
	long year = 0;
	long part = 0;

	for (size_t i = 0; i < text.size; i++) {
		bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';

		if (i == 4 ? text.data[i] != 'Q' && text.data[i] != '-' : !is_digit)
			return false;
		if (i < 4)
			year = year * 10 + (text.data[i] - '0');
		else if (i > 4)
			part = part * 10 + (text.data[i] - '0');
	}
	*out_kind = text.size;
	if (text.size == 4)
		*out_number = year;
	else if (text.size == 6 && text.data[4] == 'Q' && part >= 1 && part <= 4)
		*out_number = year * 4 + part;
	else if (text.size == 7 && text.data[4] == '-' && part >= 1 && part <= 12)
		*out_number = year * 12 + part;
	else
		return false;
	return year >= 1;
}

static Policycalc__V1__Series *read_series(struct value_reader *reader, struct slice text)
{
	Policycalc__V1__Series *series = ARENA_NEW(reader->arena, Policycalc__V1__Series);
	struct slice part, period, figure;
	size_t kind = 0, first_kind = 0;
	long number = 0, last_number = 0;

	if (series)
		series->points = ARENA_NEW_ARRAY(reader->arena, Policycalc__V1__Series__Point *,
				count_parts(text));
	if (!series || !series->points) {
		no_memory(reader);
		return NULL;
	}
	series->base.descriptor = &policycalc__v1__series__descriptor;
	while (next_part(&text, &part)) {
		Policycalc__V1__Series__Point *point =
				ARENA_NEW(reader->arena, Policycalc__V1__Series__Point);

		if (!split_pair(reader, part, "2024:380万元,2025:400万元", &period, &figure))
			return NULL;
		if (!period_number(period, &kind, &number)) {
			error_set(reader->err, ERROR_INVALID,
					"expected a period such as 2025, 2025Q3 or 2025-06, "
					"not \"%.*s\"",
					QUOTED(period));
			return NULL;
		}
		if (series->n_points && (kind != first_kind || number != last_number + 1)) {
			error_set(reader->err, ERROR_INVALID,
					"periods must follow one another, oldest first, "
					"without gaps");
			return NULL;
		}
		first_kind = kind;
		last_number = number;
		if (point) {
			policycalc__v1__series__point__init(point);
			point->period = arena_copy(reader->arena, period.data, period.size);
		}
		if (!point || !point->period) {
			no_memory(reader);
			return NULL;
		}
		if (!read_figure(reader, figure, &point->value))
			return NULL;
		series->points[series->n_points++] = point;
	}
	return series;
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool read_value(struct value_reader *reader, struct slice text, value_message *value)
{
	switch (reader->attribute->type) {
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
		return read_figure(reader, text, &value->money_fen);
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_PPM;
		return read_figure(reader, text, &value->ratio_ppm);
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
		return read_figure(reader, text, &value->count);
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
		return read_flag(reader, text, &value->flag);
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODE:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
		return read_code(reader, text, &value->code);
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODES:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODES;
		return (value->codes = read_codes(reader, text)) != NULL;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_DATE:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_DATE;
		return read_date(reader, text, &value->date);
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_TEXT:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_TEXT;
		value->text = arena_copy(reader->arena, text.data, text.size);
		return value->text || no_memory(reader);
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY_SERIES:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_SERIES;
		return (value->money_series = read_series(reader, text)) != NULL;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO_SERIES:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_SERIES;
		return (value->ratio_series = read_series(reader, text)) != NULL;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT_SERIES:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT_SERIES;
		return (value->count_series = read_series(reader, text)) != NULL;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_TITLES:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_TITLES;
		return (value->titles = read_titles(reader, text)) != NULL;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_UNSPECIFIED:
	case _POLICYCALC__V1__VALUE_TYPE_IS_INT_SIZE:
		break;
	}
	return error_set(reader->err, ERROR_INVALID,
			"the dictionary does not say what it holds");
}

value_message *value_parse_text(struct slice text, const attribute_message *attribute,
		struct arena *arena, struct error *err)
{
	struct value_reader reader = { .attribute = attribute, .arena = arena, .err = err };
	value_message *value = ARENA_NEW(arena, value_message);

	if (!value) {
		no_memory(&reader);
		return NULL;
	}
	policycalc__v1__value__init(value);
	if (text_valid_size(text) != text.size) {
		error_set(err, ERROR_INVALID, "the text is not valid UTF-8");
		return NULL;
	}
	text = trim(text);
	if (text.size == 0) {
		error_set(err, ERROR_INVALID, "the value is missing");
		return NULL;
	}
	return read_value(&reader, text, value) ? value : NULL;
}

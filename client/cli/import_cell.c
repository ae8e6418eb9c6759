/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures, flags and days are read here, straight to the wire, for there may be tens of millions of
 * them. All else goes through value_parse_text(), once: the bytes of what was read are kept by its
 * text, since there are few regions and many firms.
 */
#include "client/cli/import_cell.h"

#include "base/map.h"
#include "client/cli/import_heading.h"
#include "client/cli/value_form.h"
#include "client/lib/wire.h"
#include "proto/codec/codec.h"
#include "proto/codec/value_text.h"

#include <stdio.h>
#include <string.h>

#define TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word
#define CACHE_SLOTS 256
#define CACHE_TEXT 56
#define CACHE_BYTES 120

/* A value that was read before. One that another takes the slot of is read again. */
struct cached_value {
	uint8_t text_size; /* 0: empty */
	uint8_t size;
	char text[CACHE_TEXT];
	char bytes[CACHE_BYTES];
};

struct cell_cache {
	struct cached_value slots[CACHE_SLOTS];
};

/* --- blanks ----------------------------------------------------------------------------------- */

static size_t blank_size(struct slice text)
{
	if (text.data[0] == ' ' || text.data[0] == '\t' || text.data[0] == '\n' ||
			text.data[0] == '\r')
		return 1;
	if (text.size >= 2 && memcmp(text.data, "\xc2\xa0", 2) == 0)
		return 2;
	return text.size >= 3 && memcmp(text.data, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

struct slice cell_trim(struct slice text)
{
	size_t size;

	while (text.size && (size = blank_size(text)))
		text = (struct slice){ text.data + size, text.size - size };
	while (text.size) {
		const char *last = text.data + text.size - 1;

		if (*last == ' ' || *last == '\t' || *last == '\n' || *last == '\r')
			text.size--;
		else if (text.size >= 2 && memcmp(last - 1, "\xc2\xa0", 2) == 0)
			text.size -= 2;
		else if (text.size >= 3 && memcmp(last - 2, "\xe3\x80\x80", 3) == 0)
			text.size -= 3;
		else
			break;
	}
	return text;
}

bool cell_says_nothing(struct slice text)
{
	return text.size == 0 || slice_equals(text, SLICE_LITERAL("未知")) ||
	       slice_equals(text, SLICE_LITERAL("不详")) ||
	       slice_equals(text, SLICE_LITERAL("unknown"));
}

/* --- what is wrong ---------------------------------------------------------------------------- */

static enum cell_outcome cell_wrong(struct cell_problem *problem, const char *reason,
		const struct import_column *column, struct slice text, bool english,
		const char *zh, const char *en)
{
	const Policycalc__V1__Attribute *attribute = column->attribute;
	int quoted = text.size > 60 ? 60 : (int)text.size;

	/* Not in the middle of a character. */
	while (quoted > 0 && quoted < (int)text.size &&
			((unsigned char)text.data[quoted] & 0xc0) == 0x80)
		quoted--;
	problem->reason = reason;
	if (english)
		(void)snprintf(problem->message, sizeof(problem->message),
				"\"%.*s\" will not do: %s%s", quoted, text.data, en,
				*en ? ""
				    : value_form(true, attribute->type,
						      attribute->n_choices != 0));
	else
		(void)snprintf(problem->message, sizeof(problem->message),
				"“%.*s”不合要求：%s%s", quoted, text.data, zh,
				*zh ? ""
				    : value_form(false, attribute->type,
						      attribute->n_choices != 0));
	return CELL_WRONG;
}

/* --- figures ---------------------------------------------------------------------------------- */

static const int64_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
	1000000000, 10000000000 };

/* Digits of a number on their way to an integer. */
struct figure {
	uint64_t value;
	bool negative;
	bool overflow;
	bool well_formed;
	size_t fraction; /* digits behind the point, without zeros at the end */
	size_t size;	 /* bytes read */
};

static void figure_add_digit(struct figure *figure, char digit)
{
	figure->overflow |= __builtin_mul_overflow(figure->value, 10ULL, &figure->value) ||
			    __builtin_add_overflow(figure->value, (uint64_t)(digit - '0'),
					    &figure->value);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "-1,234.50": commas only where thousands are, or nowhere. */
static struct figure figure_read(struct slice text)
{
	struct figure figure = { .negative = text.size && text.data[0] == '-' };
	const char *data = text.data;
	size_t at = figure.negative;
	size_t begin = at;
	size_t group = 0; /* digits since the last comma; only once there was one */
	bool grouped = false;

	for (; at < text.size; at++) {
		if (is_digit(data[at])) {
			figure_add_digit(&figure, data[at]);
			group++;
		} else if (data[at] == ',' && at + 1 < text.size && is_digit(data[at + 1])) {
			if (grouped ? group != 3 : group == 0 || group > 3)
				return figure;
			grouped = true;
			group = 0;
		} else {
			break;
		}
	}
	if (at == begin || (grouped && group != 3))
		return figure;
	if (at < text.size && data[at] == '.') {
		size_t zeros = 0;

		begin = ++at;
		for (; at < text.size && is_digit(data[at]); at++) {
			zeros++;
			if (data[at] == '0')
				continue;
			for (; zeros > 1; zeros--, figure.fraction++)
				figure_add_digit(&figure, '0');
			figure_add_digit(&figure, data[at]);
			figure.fraction++;
			zeros = 0;
		}
		if (at == begin)
			return figure;
	}
	figure.size = at;
	figure.well_formed = true;
	return figure;
}

static enum cell_outcome figure_parse(const struct import_column *column, struct slice text,
		bool english, int64_t *out_value, struct cell_problem *problem)
{
	const Policycalc__V1__Attribute *attribute = column->attribute;
	struct figure figure = figure_read(text);
	unsigned digits = column->unit_digits;
	struct slice word;
	uint64_t value;
	bool overflow;

	if (!figure.well_formed)
		return cell_wrong(problem, "WRONG_TYPE", column, text, english, "", "");
	word = cell_trim((struct slice){ text.data + figure.size, text.size - figure.size });
	if (word.size && !unit_word_find(attribute, word, &digits))
		return cell_wrong(problem, "WRONG_TYPE", column, text, english, "", "");
	if (!word.size && !column->has_unit && attribute->type != TYPE(COUNT))
		return cell_wrong(problem, "UNIT_MISSING", column, text, english,
				"没有单位；写在数字后面，或写在表头，如 "
				"营业收入(万元)、占比(%)",
				"there is no unit; write it behind the figure, or in the "
				"heading "
				"as in revenue(万元), share(%)");
	if (figure.fraction > digits)
		return cell_wrong(problem,
				attribute->type == TYPE(COUNT) ? "WRONG_TYPE" : "TOO_FINE",
				column, text, english,
				attribute->type == TYPE(MONEY) ? "比分还细，无法准确保存"
				: attribute->type == TYPE(RATIO)
						? "比百万分之一还细，无法准确保存"
						: "",
				attribute->type == TYPE(MONEY) ? "finer than a fen"
				: attribute->type == TYPE(RATIO)
						? "finer than one part in a million"
						: "");
	overflow = figure.overflow ||
		   __builtin_mul_overflow(figure.value,
				   (uint64_t)powers[digits - figure.fraction], &value) ||
		   value > (uint64_t)INT64_MAX;
	if (overflow)
		return cell_wrong(problem, "OUT_OF_RANGE", column, text, english, "数字太大",
				"the number is too large");
	*out_value = figure.negative ? -(int64_t)value : (int64_t)value;
	if ((attribute->_minimum_case && *out_value < attribute->minimum) ||
			(attribute->_maximum_case && *out_value > attribute->maximum))
		return cell_wrong(problem, "OUT_OF_RANGE", column, text, english,
				"超出该属性的取值范围", "outside the range of the attribute");
	return CELL_VALUE;
}

/* --- flags and days --------------------------------------------------------------------------- */

/* 1, 0, or -1 for what is neither. */
static int flag_parse(struct slice text)
{
	static const char *const yes[] = { "是", "true", "TRUE", "True", "yes", "Y", "1",
		"有" };
	static const char *const no[] = { "否", "false", "FALSE", "False", "no", "N", "0",
		"无" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (slice_equals_text(text, yes[i]))
			return 1;
		if (slice_equals_text(text, no[i]))
			return 0;
	}
	return -1;
}

/* "2018-06-01", "2018/6/1", "2018.6.1", "20180601", "2018年6月1日". */
static bool day_parse(struct slice text, struct date *out_date)
{
	int parts[3] = { 0 };
	size_t at = 0;

	if (text.size == 8 && is_digit(text.data[4])) {
		for (size_t i = 0; i < 8; i++) {
			int *part = &parts[i < 4 ? 0 : i < 6 ? 1 : 2];

			if (!is_digit(text.data[i]))
				return false;
			*part = *part * 10 + (text.data[i] - '0');
		}
		*out_date = (struct date){ parts[0], parts[1], parts[2] };
		return date_is_valid(*out_date);
	}
	for (int i = 0; i < 3; i++) {
		static const char *const words[] = { "年", "月", "日" };
		size_t digits = 0;
		struct slice rest;

		while (at < text.size && is_digit(text.data[at]) && digits++ < 4)
			parts[i] = parts[i] * 10 + (text.data[at++] - '0');
		if (digits == 0 || (i == 0 && digits != 4) || (i > 0 && digits > 2))
			return false;
		rest = (struct slice){ text.data + at, text.size - at };
		if (slice_starts_with(rest, slice_from(words[i])))
			at += strlen(words[i]);
		else if (i < 2 && rest.size && memchr("-/.", rest.data[0], 3))
			at++;
		else if (i < 2)
			return false;
	}
	*out_date = (struct date){ parts[0], parts[1], parts[2] };
	return at == text.size && date_is_valid(*out_date);
}

/* --- by the codec ----------------------------------------------------------------------------- */

/* The separators of lists in tables become those of the codec. */
static struct slice list_normalise(struct slice text, struct arena *scratch)
{
	char *copy = arena_alloc(scratch, text.size + 1);
	size_t size = 0;

	if (!copy)
		return text;
	for (size_t i = 0; i < text.size; i++) {
		struct slice rest = { text.data + i, text.size - i };
		bool wide = slice_starts_with(rest, SLICE_LITERAL("；"));

		copy[size++] = wide || text.data[i] == ';' ? ',' : text.data[i];
		i += wide ? 2 : 0;
	}
	/* "a;b;" has two. */
	while (size && copy[size - 1] == ',')
		size--;
	return (struct slice){ copy, size };
}

static enum cell_outcome value_read(const struct import_column *column, struct slice text,
		bool english, struct arena *scratch, struct buffer *out,
		struct cell_problem *problem)
{
	const Policycalc__V1__Attribute *attribute = column->attribute;
	bool coded = attribute->type == TYPE(CODE) || attribute->type == TYPE(CODES) ||
		     attribute->type == TYPE(TITLES);
	Policycalc__V1__Value *value;
	struct error err;
	struct buffer words = { 0 };
	enum cell_outcome outcome;

	value = value_parse_text(attribute->type == TYPE(CODE) || attribute->type == TYPE(TEXT)
						 ? text
						 : list_normalise(text, scratch),
			attribute, scratch, &err);
	if (value)
		return message_pack(&value->base, out) ? CELL_VALUE : CELL_NO_MEMORY;
	if (err.code == ERROR_LIMIT || err.code == ERROR_MEMORY)
		return CELL_NO_MEMORY;
	buffer_append_text(
			&words, value_form(false, attribute->type, attribute->n_choices != 0));
	if (coded && attribute->n_choices)
		value_form_append_choices(attribute, text, &words);
	outcome = words.failed ? CELL_NO_MEMORY
			       : cell_wrong(problem, coded ? "UNKNOWN_CHOICE" : "WRONG_TYPE",
						 column, text, english, words.data,
						 err.message);
	buffer_fini(&words);
	return outcome;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* @value is an encoded Value. */
static enum cell_outcome fact_append(const struct import_column *column, unsigned tag,
		const char *value, size_t size, struct buffer *out)
{
	size_t inner = column->prefix.size + 1 + varint_size(size) + size;
	char *at;

	if (!buffer_reserve(out, inner + 1 + VARINT_SIZE))
		return CELL_NO_MEMORY;
	/* All sizes are known before: one walk, no test a byte. */
	at = out->data + out->size;
	*at++ = (char)(tag << 3 | 2);
	at += varint_write(inner, at);
	memcpy(at, column->prefix.data, column->prefix.size);
	at += column->prefix.size;
	*at++ = 0x1a;
	at += varint_write(size, at);
	memcpy(at, value, size);
	out->size = (size_t)(at + size - out->data);
	out->data[out->size] = '\0';
	return CELL_VALUE;
}

static enum cell_outcome other_append(struct import_column *column, unsigned tag,
		struct slice text, bool english, struct arena *keep, struct arena *scratch,
		struct buffer *out, struct cell_problem *problem)
{
	struct cached_value *slot;
	struct buffer value = { 0 };
	enum cell_outcome outcome;

	if (!column->cache)
		column->cache = ARENA_NEW(keep, struct cell_cache);
	if (!column->cache)
		return CELL_NO_MEMORY;
	slot = &column->cache->slots[slice_hash(text) % CACHE_SLOTS];
	if (slice_equals(text, (struct slice){ slot->text, slot->text_size }))
		return fact_append(column, tag, slot->bytes, slot->size, out);
	outcome = value_read(column, text, english, scratch, &value, problem);
	if (outcome == CELL_VALUE && !value.failed) {
		outcome = fact_append(column, tag, value.data, value.size, out);
		if (text.size <= CACHE_TEXT && value.size <= CACHE_BYTES) {
			slot->text_size = (uint8_t)text.size;
			slot->size = (uint8_t)value.size;
			memcpy(slot->text, text.data, text.size);
			memcpy(slot->bytes, value.data, value.size);
		}
	}
	if (value.failed)
		outcome = CELL_NO_MEMORY;
	buffer_fini(&value);
	return outcome;
}

enum cell_outcome cell_append(struct import_column *column, unsigned tag, struct slice text,
		bool english, struct arena *keep, struct arena *scratch, struct buffer *out,
		struct cell_problem *problem)
{
	enum cell_outcome outcome;
	struct date date;
	char bytes[32];
	int64_t figure = 0;
	size_t size = 0;
	int flag;

	text = cell_trim(text);
	if (cell_says_nothing(text))
		return CELL_NOTHING;
	switch ((int)column->attribute->type) {
	case TYPE(MONEY):
	case TYPE(RATIO):
	case TYPE(COUNT):
		outcome = figure_parse(column, text, english, &figure, problem);
		if (outcome != CELL_VALUE)
			return outcome;
		/* Fields 1 to 3 of Value, in the order of the types. */
		bytes[size++] = (char)(column->attribute->type == TYPE(MONEY)	? 0x08
				       : column->attribute->type == TYPE(RATIO) ? 0x10
										: 0x18);
		size += varint_write((uint64_t)figure, bytes + size);
		break;
	case TYPE(FLAG):
		flag = flag_parse(text);
		if (flag < 0)
			return cell_wrong(problem, "WRONG_TYPE", column, text, english, "", "");
		bytes[size++] = 0x20;
		bytes[size++] = (char)flag;
		break;
	case TYPE(DATE):
		if (!day_parse(text, &date))
			return cell_wrong(problem, "WRONG_TYPE", column, text, english, "", "");
		bytes[size++] = 0x3a;
		bytes[size++] = 10;
		date_print(date, bytes + size);
		size += 10;
		break;
	default:
		return other_append(column, tag, text, english, keep, scratch, out, problem);
	}
	return fact_append(column, tag, bytes, size, out);
}

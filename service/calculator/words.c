/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/words.h"

#include "proto/codec/codec.h"

#include <string.h>

/* 1234567 → "1,234,567" */
static void put_grouped(struct text *out, int64_t figure)
{
	char digits[DECIMAL_ROOM];
	char grouped[DECIMAL_MOST + DECIMAL_MOST / 3];
	size_t size = decimal_print_signed(figure, digits);
	size_t used = 0;
	size_t first = figure < 0;

	if (size <= 3) {
		text_put(out, digits, size);
		return;
	}
	for (size_t i = 0; i < size; i++) {
		if (i > first && (size - i) % 3 == 0)
			grouped[used++] = ',';
		grouped[used++] = digits[i];
	}
	text_put(out, grouped, used);
}

/* "600,000 yuan", "-0.05 yuan". */
static void put_yuan(struct text *out, int64_t fen)
{
	int cents = (int)(fen % 100);

	if (fen < 0 && fen > -100)
		text_put_char(out, '-');
	put_grouped(out, fen / 100);
	if (cents < 0)
		cents = -cents;
	if (cents) {
		text_put_char(out, '.');
		text_put_char(out, (char)('0' + cents / 10));
		text_put_char(out, (char)('0' + cents % 10));
	}
	TEXT_PUT(out, " yuan");
}

static void put_money(struct text *out, int64_t fen, enum words_language language)
{
	char text[64];

	if (language == WORDS_EN)
		put_yuan(out, fen);
	else
		text_put(out, text, unit_print_money(fen, text));
}

const char *words_money(int64_t fen, enum words_language language, struct arena *arena)
{
	struct text out = text_begin(arena);

	put_money(&out, fen, language);
	if (language == WORDS_ZH)
		words_put_spaces(&out, 0);
	return text_end(&out);
}

const char *words_ratio(int64_t ppm, struct arena *arena)
{
	char text[64];

	return arena_copy(arena, text, unit_print_ratio(ppm, text));
}

void words_put_spaces(struct text *out, size_t from)
{
	if (!out->begin)
		return;
	for (const char *at = out->begin + from; at + 1 < out->next; at++) {
		size_t figure = (size_t)(at + 1 - out->begin);
		char *behind;

		if (*at < '0' || *at > '9' || (unsigned char)at[1] < 0x80)
			continue;
		text_put_char(out, ' '); /* which may move it */
		if (!out->begin)
			return;
		behind = out->begin + figure;
		memmove(behind + 1, behind, (size_t)(out->next - behind) - 1);
		*behind = ' ';
		at = behind;
	}
}

const char *words_space(const char *text, struct arena *arena)
{
	struct text out = text_begin(arena);

	text_put_text(&out, text);
	words_put_spaces(&out, 0);
	return text_end(&out);
}

const char *words_label(const Policycalc__V1__Text *label, enum words_language language)
{
	if (!label)
		return "";
	if (language == WORDS_EN)
		return *label->en ? label->en : label->zh;
	return *label->zh ? label->zh : label->en;
}

/* "（再往前 1 年）"; of 0 nothing. */
static void put_earlier(
		struct text *out, unsigned back, bool are_years, enum words_language language)
{
	if (back == 0)
		return;
	if (language == WORDS_ZH) {
		TEXT_PUT(out, "（再往前 ");
		text_put_unsigned(out, back);
		text_put_text(out, are_years ? " 年）" : " 期）");
		return;
	}
	TEXT_PUT(out, " (");
	text_put_unsigned(out, back);
	text_put_text(out, are_years ? " year" : " period");
	text_put_text(out, back == 1 ? " earlier)" : "s earlier)");
}

const char *words_earlier(const char *label, unsigned back, bool are_years,
		enum words_language language, struct arena *arena)
{
	struct text out;

	if (back == 0 || !label)
		return label;
	out = text_begin(arena);
	text_put_text(&out, label);
	put_earlier(&out, back, are_years, language);
	return text_end(&out);
}

static void put_stated(struct text *out, const struct slot *slot, enum words_language language)
{
	static const char *const quarters[] = { "一", "二", "三", "四" };

	if (slot->window == WINDOW_STATED_YEAR)
		text_format(out, language == WORDS_ZH ? "（%u年各期）" : " (periods of %u)",
				slot->back);
	else if (language == WORDS_ZH)
		text_format(out, "（%u年%s季度各月）", slot->back / 4,
				quarters[slot->back % 4]);
	else
		text_format(out, " (months of quarter %u of %u)", slot->back % 4 + 1,
				slot->back / 4);
}

void words_put_slot(struct text *out, const struct slot *slot, enum words_language language)
{
	static const char *const windows[][2] = {
		[WINDOW_NONE] = { "", "" },
		[WINDOW_QUARTER] = { "（上季度各月）", " (months of the last quarter)" },
		[WINDOW_YEAR] = { "（上年各期）", " (periods of the last year)" },
	};

	text_put_text(out, words_label(slot->attribute->label, language));
	if (slot->window >= WINDOW_STATED_QUARTER) {
		put_stated(out, slot, language);
		return;
	}
	if (slot->window != WINDOW_NONE)
		text_put_text(out, windows[slot->window][language]);
	put_earlier(out, slot->back,
			slot->window != WINDOW_NONE ||
					slot->attribute->period ==
							POLICYCALC__V1__PERIOD__PERIOD_YEAR,
			language);
}

static const char *words_slot(
		const struct slot *slot, enum words_language language, struct arena *arena)
{
	struct text out = text_begin(arena);

	words_put_slot(&out, slot, language);
	return text_end(&out);
}

/* The slot of "e.rd_expense_y2" or "i.cost@projects/p1"; NULL: there is none. */
static const struct slot *slot_of_name(const struct ruleset *ruleset, const char *name)
{
	size_t size = strcspn(name, "@");
	size_t list_size = name[size] ? strcspn(name + size + 1, "/") : 0;
	struct slice list = { name[size] ? name + size + 1 : name, list_size };

	for (int at = LIST_ENTERPRISE; at < LIST_COUNT; at++) {
		if (!slice_equals_text(list, item_list_name((enum item_list)at)))
			continue;
		for (size_t i = 0; i < ruleset->slot_count[at]; i++) {
			const struct slot *slot = &ruleset->slots[at][i];

			if (slot->role == SCOPE_ATTRIBUTE &&
					slice_equals_text((struct slice){ name, size },
							slot->name))
				return slot;
		}
	}
	return NULL;
}

bool ruleset_name_words(const struct ruleset *ruleset, const char *name, struct arena *arena,
		Policycalc__V1__Text **out_label, Policycalc__V1__Text **out_supplier)
{
	const struct slot *slot = slot_of_name(ruleset, name);

	*out_label = NULL;
	*out_supplier = slot ? slot->attribute->supplier : NULL;
	if (!slot || !slot->attribute->label)
		return true;
	*out_label = words_text(arena, words_slot(slot, WORDS_ZH, arena),
			words_slot(slot, WORDS_EN, arena));
	return *out_label != NULL;
}

Policycalc__V1__Text *words_text(struct arena *arena, const char *zh, const char *en)
{
	Policycalc__V1__Text *text = arena_alloc(arena, sizeof(*text));

	if (!text || !zh || !en)
		return NULL;
	policycalc__v1__text__init(text);
	text->zh = (char *)zh;
	text->en = (char *)en;
	return text;
}

/* The choice's label, or the name in the table, or the code itself. */
static void put_code(struct text *out, const struct ruleset *ruleset, struct slice code,
		const Policycalc__V1__Attribute *attribute, enum words_language language)
{
	const Policycalc__V1__Region *region = NULL;
	const Policycalc__V1__Industry *industry = NULL;

	for (size_t i = 0; attribute && i < attribute->n_choices; i++) {
		if (slice_equals_text(code, attribute->choices[i]->code)) {
			text_put_text(out, words_label(attribute->choices[i]->label, language));
			return;
		}
	}
	if (attribute && strcmp(attribute->choice_table, "regions") == 0)
		region = map_find(&ruleset->region_codes, code);
	if (attribute && strcmp(attribute->choice_table, "industries") == 0)
		industry = map_find(&ruleset->industry_codes, code);
	if (region) {
		text_put_text(out, words_label(region->name, language));
	} else if (industry) {
		text_put_text(out, industry->code);
		text_put_char(out, ' ');
		text_put_text(out, words_label(industry->name, language));
	} else {
		text_put_slice(out, code);
	}
}

/* "1 person", "20 people": the dictionary has the unit of many. */
static void put_count(struct text *out, int64_t count, const char *unit)
{
	size_t size = strlen(unit);

	put_grouped(out, count);
	text_put_char(out, ' ');
	if (count != 1 && count != -1)
		text_put(out, unit, size);
	else if (strcmp(unit, "people") == 0)
		TEXT_PUT(out, "person");
	else if (strcmp(unit, "years old") == 0)
		TEXT_PUT(out, "year old");
	else
		text_put(out, unit, size && unit[size - 1] == 's' ? size - 1 : size);
}

static void put_figure(struct text *out, int64_t figure,
		const Policycalc__V1__Attribute *attribute, enum words_language language)
{
	char text[64];

	switch (attribute ? (int)attribute->type : VALUE_TYPE(UNSPECIFIED)) {
	case VALUE_TYPE(MONEY):
	case VALUE_TYPE(MONEY_SERIES):
		put_money(out, figure, language);
		break;
	case VALUE_TYPE(RATIO):
	case VALUE_TYPE(RATIO_SERIES):
		text_put(out, text, unit_print_ratio(figure, text));
		break;
	case VALUE_TYPE(COUNT):
	case VALUE_TYPE(COUNT_SERIES):
		if (language == WORDS_EN && attribute->unit && *attribute->unit->en) {
			put_count(out, figure, attribute->unit->en);
			break;
		}
		text_put_signed(out, figure);
		if (attribute->unit && language == WORDS_ZH)
			text_put_text(out, attribute->unit->zh);
		break;
	case VALUE_TYPE(UNSPECIFIED):
	case VALUE_TYPE(FLAG):
	case VALUE_TYPE(CODE):
	case VALUE_TYPE(CODES):
	case VALUE_TYPE(DATE):
	case VALUE_TYPE(TEXT):
	case VALUE_TYPE(TITLES):
	default:
		text_put_signed(out, figure);
	}
}

static void put_list(struct text *out, const struct ruleset *ruleset, const struct value *value,
		const Policycalc__V1__Attribute *attribute, enum words_language language)
{
	bool map = value->kind == VALUE_MAP;

	for (size_t i = 0; i < value->list.count; i++) {
		if (i > 0)
			text_put_text(out, language == WORDS_ZH ? "、" : ", ");
		words_put_value(out, ruleset, &value->list.items[map ? 2 * i : i], attribute,
				language);
	}
	if (value->list.count == 0)
		text_put_text(out, language == WORDS_ZH ? "无" : "none");
}

void words_put_value(struct text *out, const struct ruleset *ruleset, const struct value *value,
		const Policycalc__V1__Attribute *attribute, enum words_language language)
{
	struct timestamp timestamp;
	char day[11];

	switch (value->kind) {
	case VALUE_BOOL:
		if (language == WORDS_ZH)
			text_put_text(out, value->boolean ? "是" : "否");
		else
			text_put_text(out, value->boolean ? "yes" : "no");
		break;
	case VALUE_INT:
		put_figure(out, value->integer, attribute, language);
		break;
	case VALUE_STRING:
		put_code(out, ruleset, value->text, attribute, language);
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		put_list(out, ruleset, value, attribute, language);
		break;
	case VALUE_TIMESTAMP:
		timestamp.seconds = value->timestamp.seconds;
		timestamp.nanos = value->timestamp.nanos;
		date_print(timestamp_to_date(timestamp, DATE_CHINA_OFFSET), day);
		text_put(out, day, sizeof(day) - 1);
		break;
	case VALUE_UNKNOWN:
	case VALUE_ERROR:
	case VALUE_NULL:
	case VALUE_UINT:
	case VALUE_DOUBLE:
	case VALUE_BYTES:
	case VALUE_DURATION:
	case VALUE_TYPE:
	default:
		break;
	}
}

const char *words_value(const struct ruleset *ruleset, const struct value *value,
		const Policycalc__V1__Attribute *attribute, enum words_language language,
		struct arena *arena)
{
	struct text out = text_begin(arena);

	words_put_value(&out, ruleset, value, attribute, language);
	return text_end(&out);
}

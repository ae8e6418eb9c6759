/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/words.h"

#include "base/decimal.h"
#include "proto/codec/codec.h"

#include <inttypes.h>
#include <string.h>

/* 1234567 → "1,234,567" */
static const char *words_grouped(int64_t figure, struct arena *arena)
{
	char digits[DECIMAL_MOST];
	char out[48];
	size_t size = decimal_print_signed(figure, digits);
	size_t used = 0;
	size_t first = figure < 0;

	for (size_t i = 0; i < size; i++) {
		if (i > first && (size - i) % 3 == 0)
			out[used++] = ',';
		out[used++] = digits[i];
	}
	return arena_copy(arena, out, used);
}

const char *words_money(int64_t fen, enum words_language language, struct arena *arena)
{
	char text[64];
	const char *yuan;
	int cents = (int)(fen % 100);

	if (language == WORDS_ZH) {
		unit_print_money(fen, text);
		return words_space(text, arena);
	}
	yuan = words_grouped(fen / 100, arena);
	if (!yuan)
		return NULL;
	if (cents == 0)
		return arena_format(arena, "%s yuan", yuan);
	return arena_format(arena, "%s%s.%02d yuan", fen < 0 && fen > -100 ? "-" : "", yuan,
			cents < 0 ? -cents : cents);
}

const char *words_ratio(int64_t ppm, struct arena *arena)
{
	char text[64];

	return arena_copy(arena, text, unit_print_ratio(ppm, text));
}

const char *words_space(const char *text, struct arena *arena)
{
	size_t size = strlen(text);
	char *out = arena_alloc(arena, size * 2 + 1);
	size_t used = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		out[used++] = text[i];
		if (text[i] >= '0' && text[i] <= '9' && (unsigned char)text[i + 1] >= 0x80)
			out[used++] = ' ';
	}
	out[used] = 0;
	return out;
}

const char *words_label(const Policycalc__V1__Text *label, enum words_language language)
{
	if (!label)
		return "";
	if (language == WORDS_EN)
		return *label->en ? label->en : label->zh;
	return *label->zh ? label->zh : label->en;
}

const char *words_earlier(const char *label, unsigned back, bool are_years,
		enum words_language language, struct arena *arena)
{
	if (back == 0 || !label)
		return label;
	if (language == WORDS_ZH)
		return arena_format(arena, "%s（再往前 %u %s）", label, back,
				are_years ? "年" : "期");
	return arena_format(arena, "%s (%u %s%s earlier)", label, back,
			are_years ? "year" : "period", back == 1 ? "" : "s");
}

static const char *words_stated(const struct slot *slot, const char *label,
		enum words_language language, struct arena *arena)
{
	static const char *const quarters[] = { "一", "二", "三", "四" };

	if (slot->window == WINDOW_STATED_YEAR)
		return arena_format(arena,
				language == WORDS_ZH ? "%s（%u年各期）" : "%s (periods of %u)",
				label, slot->back);
	if (language == WORDS_ZH)
		return arena_format(arena, "%s（%u年%s季度各月）", label, slot->back / 4,
				quarters[slot->back % 4]);
	return arena_format(arena, "%s (months of quarter %u of %u)", label, slot->back % 4 + 1,
			slot->back / 4);
}

const char *words_slot(
		const struct slot *slot, enum words_language language, struct arena *arena)
{
	static const char *const windows[][2] = {
		[WINDOW_NONE] = { "%s", "%s" },
		[WINDOW_QUARTER] = { "%s（上季度各月）", "%s (months of the last quarter)" },
		[WINDOW_YEAR] = { "%s（上年各期）", "%s (periods of the last year)" },
	};
	const char *label = words_label(slot->attribute->label, language);

	if (slot->window >= WINDOW_STATED_QUARTER)
		return words_stated(slot, label, language, arena);
	if (slot->window != WINDOW_NONE)
		label = arena_format(arena, windows[slot->window][language], label);
	return words_earlier(label, slot->back,
			slot->window != WINDOW_NONE ||
					slot->attribute->period ==
							POLICYCALC__V1__PERIOD__PERIOD_YEAR,
			language, arena);
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
	Policycalc__V1__Text *text = ARENA_NEW(arena, Policycalc__V1__Text);

	if (!text || !zh || !en)
		return NULL;
	policycalc__v1__text__init(text);
	text->zh = (char *)zh;
	text->en = (char *)en;
	return text;
}

/* The choice's label, or the name in the table, or the code itself. */
static const char *words_code(const struct ruleset *ruleset, struct slice code,
		const Policycalc__V1__Attribute *attribute, enum words_language language,
		struct arena *arena)
{
	const Policycalc__V1__Region *region;
	const Policycalc__V1__Industry *industry;

	for (size_t i = 0; attribute && i < attribute->n_choices; i++) {
		if (slice_equals_text(code, attribute->choices[i]->code))
			return words_label(attribute->choices[i]->label, language);
	}
	if (attribute && strcmp(attribute->choice_table, "regions") == 0) {
		region = map_find(&ruleset->region_codes, code);
		if (region)
			return words_label(region->name, language);
	}
	if (attribute && strcmp(attribute->choice_table, "industries") == 0) {
		industry = map_find(&ruleset->industry_codes, code);
		if (industry)
			return arena_format(arena, "%s %s", industry->code,
					words_label(industry->name, language));
	}
	return arena_copy(arena, code.data, code.size);
}

/* "1 person", "20 people": the dictionary has the unit of many. */
static const char *words_count(int64_t count, const char *unit, struct arena *arena)
{
	size_t size = strlen(unit);
	const char *figure = words_grouped(count, arena);

	if (!figure)
		return NULL;
	if (count != 1 && count != -1)
		return arena_format(arena, "%s %s", figure, unit);
	if (strcmp(unit, "people") == 0)
		return arena_format(arena, "%s person", figure);
	if (strcmp(unit, "years old") == 0)
		return arena_format(arena, "%s year old", figure);
	return arena_format(arena, "%s %.*s", figure,
			(int)(size && unit[size - 1] == 's' ? size - 1 : size), unit);
}

static const char *words_figure(int64_t figure, const Policycalc__V1__Attribute *attribute,
		enum words_language language, struct arena *arena)
{
	char text[64];

	switch (attribute ? (int)attribute->type : VALUE_TYPE(UNSPECIFIED)) {
	case VALUE_TYPE(MONEY):
	case VALUE_TYPE(MONEY_SERIES):
		if (language == WORDS_EN)
			return words_money(figure, language, arena);
		return arena_copy(arena, text, unit_print_money(figure, text));
	case VALUE_TYPE(RATIO):
	case VALUE_TYPE(RATIO_SERIES):
		return words_ratio(figure, arena);
	case VALUE_TYPE(COUNT):
	case VALUE_TYPE(COUNT_SERIES):
		if (language == WORDS_EN && attribute->unit && *attribute->unit->en)
			return words_count(figure, attribute->unit->en, arena);
		return arena_format(arena, "%" PRId64 "%s", figure,
				attribute->unit && language == WORDS_ZH ? attribute->unit->zh
									: "");
	case VALUE_TYPE(UNSPECIFIED):
	case VALUE_TYPE(FLAG):
	case VALUE_TYPE(CODE):
	case VALUE_TYPE(CODES):
	case VALUE_TYPE(DATE):
	case VALUE_TYPE(TEXT):
	case VALUE_TYPE(TITLES):
	default:
		return arena_format(arena, "%" PRId64, figure);
	}
}

static const char *words_list(const struct ruleset *ruleset, const struct value *value,
		const Policycalc__V1__Attribute *attribute, enum words_language language,
		struct arena *arena)
{
	bool map = value->kind == VALUE_MAP;
	const char *text = "";

	for (size_t i = 0; text && i < value->list.count; i++) {
		const char *one = words_value(ruleset, &value->list.items[map ? 2 * i : i],
				attribute, language, arena);

		if (!one)
			return NULL;
		text = arena_format(arena, "%s%s%s", text,
				i == 0		       ? ""
				: language == WORDS_ZH ? "、"
						       : ", ",
				one);
	}
	if (value->list.count == 0)
		return language == WORDS_ZH ? "无" : "none";
	return text;
}

const char *words_value(const struct ruleset *ruleset, const struct value *value,
		const Policycalc__V1__Attribute *attribute, enum words_language language,
		struct arena *arena)
{
	struct timestamp timestamp;
	char day[11];

	switch (value->kind) {
	case VALUE_BOOL:
		if (language == WORDS_ZH)
			return value->boolean ? "是" : "否";
		return value->boolean ? "yes" : "no";
	case VALUE_INT:
		return words_figure(value->integer, attribute, language, arena);
	case VALUE_STRING:
		return words_code(ruleset, value->text, attribute, language, arena);
	case VALUE_LIST:
	case VALUE_MAP:
		return words_list(ruleset, value, attribute, language, arena);
	case VALUE_TIMESTAMP:
		timestamp.seconds = value->timestamp.seconds;
		timestamp.nanos = value->timestamp.nanos;
		date_print(timestamp_to_date(timestamp, DATE_CHINA_OFFSET), day);
		return arena_copy_text(arena, day);
	case VALUE_UNKNOWN:
	case VALUE_ERROR:
	case VALUE_NULL:
	case VALUE_UINT:
	case VALUE_DOUBLE:
	case VALUE_BYTES:
	case VALUE_DURATION:
	case VALUE_TYPE:
	default:
		return "";
	}
}

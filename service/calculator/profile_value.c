/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a profile, judged by the dictionary and turned into what rules read. */
#include "calculator/period.h"
#include "calculator/profile.h"
#include "proto/codec/value_text.h"

#include <string.h>

bool value_type_is_series(Policycalc__V1__ValueType type)
{
	return type == VALUE_TYPE(MONEY_SERIES) || type == VALUE_TYPE(RATIO_SERIES) ||
	       type == VALUE_TYPE(COUNT_SERIES);
}

static const char *type_wants(Policycalc__V1__ValueType type)
{
	switch ((int)type) {
	case VALUE_TYPE(MONEY):
		return "money_fen is expected here";
	case VALUE_TYPE(RATIO):
		return "ratio_ppm is expected here";
	case VALUE_TYPE(COUNT):
		return "count is expected here";
	case VALUE_TYPE(FLAG):
		return "flag is expected here";
	case VALUE_TYPE(CODE):
		return "code is expected here";
	case VALUE_TYPE(CODES):
		return "codes is expected here";
	case VALUE_TYPE(DATE):
		return "date is expected here";
	case VALUE_TYPE(TEXT):
		return "text is expected here";
	case VALUE_TYPE(MONEY_SERIES):
		return "money_series is expected here";
	case VALUE_TYPE(RATIO_SERIES):
		return "ratio_series is expected here";
	case VALUE_TYPE(COUNT_SERIES):
		return "count_series is expected here";
	case VALUE_TYPE(TITLES):
		return "titles is expected here";
	case VALUE_TYPE(UNSPECIFIED):
	default:
		return "this attribute takes no value";
	}
}

static bool range_check(const struct reading *reading, const struct entry *entry,
		int64_t figure, const char *field)
{
	const Policycalc__V1__Attribute *attribute = entry->attribute;

	if (attribute->_minimum_case && figure < attribute->minimum)
		return reading_violate(reading, field,
				attribute->minimum == 0
						? "may not be negative"
						: arena_format(reading->arena,
								  "may not be less than %lld",
								  (long long)attribute
										  ->minimum));
	if (attribute->_maximum_case && figure > attribute->maximum)
		return reading_violate(reading, field,
				arena_format(reading->arena, "may not be more than %lld",
						(long long)attribute->maximum));
	return true;
}

const char *industry_normal_code(
		const struct ruleset *ruleset, const char *code, struct arena *arena)
{
	size_t size = strlen(code);
	bool lettered = size > 0 && code[0] >= 'A' && code[0] <= 'Z';
	const Policycalc__V1__Industry *division;

	for (size_t i = lettered; i < size; i++) {
		if (code[i] < '0' || code[i] > '9')
			return NULL;
	}
	if (lettered) {
		struct slice broad = { code, size < 3 ? size : 3 };

		if (size == 2 || size > 5 || !map_find(&ruleset->industry_codes, broad))
			return NULL;
		return code;
	}
	if (size < 2 || size > 4)
		return NULL;
	division = map_find(&ruleset->divisions, (struct slice){ code, 2 });
	return division ? arena_format(arena, "%c%s", division->code[0], code) : NULL;
}

/*
 * A region by today's code. A code outside the table (the table need not hold all of China) means
 * the nearest region of it that lies around: province, then country, by the digits of GB/T 2260.
 */
static const char *region_normal_code(
		const struct ruleset *ruleset, const char *code, bool *out_foreign)
{
	const struct region_table *regions = ruleset->regions;
	const struct region *region;
	char around[7];

	*out_foreign = false;
	if (!regions)
		return code;
	region = region_table_find(regions, slice_from(code));
	if (region)
		return region->code.data;
	if (strlen(code) != 6 || strspn(code, "0123456789") != 6)
		return NULL;
	*out_foreign = true;
	memcpy(around, code, sizeof(around));
	for (size_t keep = 4; keep >= 2; keep -= 2) {
		memset(around + keep, '0', 6 - keep);
		region = region_table_find(regions, slice_from(around));
		if (region)
			return region->code.data;
	}
	for (size_t i = 0; i < ruleset->catalog.region_count; i++) {
		if (!*ruleset->catalog.regions[i]->parent)
			return ruleset->catalog.regions[i]->code;
	}
	return NULL;
}

const char *entry_normal_code(const struct ruleset *ruleset, const struct entry *entry,
		const char *code, struct arena *arena, bool *out_foreign)
{
	*out_foreign = false;
	switch (entry->codes) {
	case CODES_CHOICES:
		return map_find(&entry->choices, slice_from(code)) ? code : NULL;
	case CODES_REGIONS:
		return region_normal_code(ruleset, code, out_foreign);
	case CODES_INDUSTRIES:
		return industry_normal_code(ruleset, code, arena);
	case CODES_ANY:
	default:
		return code;
	}
}

/* The code as rules know it; NULL when it is not one (reported). */
static const char *code_normal(const struct reading *reading, const struct entry *entry,
		const char *code, const char *field, bool *out_foreign)
{
	const Policycalc__V1__Attribute *attribute = entry->attribute;
	const char *normal = entry_normal_code(
			reading->ruleset, entry, code, reading->arena, out_foreign);

	if (!normal)
		reading_violate(reading, field,
				*attribute->choice_table ? "is no code of the table that this "
							   "attribute uses"
							 : "is none of the codes that this "
							   "attribute may take");
	return normal;
}

static bool codes_read(const struct reading *reading, const struct entry *entry,
		const Policycalc__V1__CodeList *codes, struct value *out_value)
{
	struct value *items;
	bool foreign;

	if (codes->n_codes > LIST_VALUES_MOST)
		return reading_violate(reading, "value.codes", "holds more than 1000 codes");
	items = ARENA_NEW_ARRAY(reading->arena, struct value, codes->n_codes + 1);
	if (!items)
		return false;
	for (size_t i = 0; i < codes->n_codes; i++) {
		const char *code = code_normal(
				reading, entry, codes->codes[i], "value.codes", &foreign);

		if (!code)
			return false;
		items[i] = (struct value){ .kind = VALUE_STRING, .text = slice_from(code) };
		for (size_t k = 0; k < i; k++) {
			if (slice_equals(items[k].text, items[i].text))
				return reading_violate(
						reading, "value.codes", "names a code twice");
		}
	}
	*out_value = (struct value){ .kind = VALUE_LIST,
		.list = { .items = items, .count = codes->n_codes } };
	return true;
}

static bool titles_read(const struct reading *reading, const struct entry *entry,
		const Policycalc__V1__TitleList *titles, struct value *out_value)
{
	struct value *items;
	bool foreign;

	if (titles->n_titles > LIST_VALUES_MOST)
		return reading_violate(reading, "value.titles", "holds more than 1000 titles");
	items = ARENA_NEW_ARRAY(reading->arena, struct value, titles->n_titles * 2 + 1);
	if (!items)
		return false;
	for (size_t i = 0; i < titles->n_titles; i++) {
		const Policycalc__V1__TitleList__Title *title = titles->titles[i];
		const char *code = code_normal(
				reading, entry, title->code, "value.titles", &foreign);

		if (!code)
			return false;
		items[2 * i] = (struct value){ .kind = VALUE_STRING, .text = slice_from(code) };
		items[2 * i + 1] = value_from_date(title->valid_until);
		if (items[2 * i + 1].kind == VALUE_UNKNOWN)
			return reading_violate(reading, "value.titles",
					"valid_until is not a day in the form YYYY-MM-DD");
		for (size_t k = 0; k < i; k++) {
			if (slice_equals(items[2 * k].text, items[2 * i].text))
				return reading_violate(
						reading, "value.titles", "names a title twice");
		}
	}
	*out_value = (struct value){ .kind = VALUE_MAP,
		.list = { .items = items, .count = titles->n_titles } };
	return true;
}

/* The points of a series come in order and without gaps; those not over by the day are left out. */
static bool series_read(const struct reading *reading, const struct entry *entry,
		const Policycalc__V1__Series *series, struct value *out_value)
{
	Policycalc__V1__Period period = entry->attribute->period;
	int64_t now = period_of_date(period, reading->facts->as_of);
	struct value *items;
	int64_t previous = 0;
	int64_t number;
	size_t count = 0;

	if (series->n_points > LIST_VALUES_MOST)
		return reading_violate(reading, "value", "holds more than 1000 figures");
	items = arena_alloc(reading->arena, series->n_points * sizeof(*items));
	if (!items)
		return false;
	for (size_t i = 0; i < series->n_points; i++) {
		const Policycalc__V1__Series__Point *point = series->points[i];

		if (!period_parse(period, point->period, &number))
			return reading_violate(reading, "value",
					arena_format(reading->arena,
							"a period of the series is not in the "
							"form %s",
							period_form(period)));
		if (i > 0 && number != previous + 1)
			return reading_violate(reading, "value",
					"the periods of a series follow one another, oldest "
					"first");
		previous = number;
		if ((point->value < entry->minimum || point->value > entry->maximum) &&
				!range_check(reading, entry, point->value, "value"))
			return false;
		if (number < now)
			items[count++] = (struct value){ .kind = VALUE_INT,
				.integer = point->value };
	}
	*out_value = (struct value){ .kind = VALUE_LIST,
		.list = { .items = items, .count = count } };
	return true;
}

static bool figure_read(const struct reading *reading, const struct entry *entry,
		int64_t figure, const char *field, struct value *out_value)
{
	*out_value = (struct value){ .kind = VALUE_INT, .integer = figure };
	return range_check(reading, entry, figure, field);
}

bool value_read(const struct reading *reading, const struct entry *entry,
		const Policycalc__V1__Value *from, struct value *out_value, bool *out_foreign)
{
	const char *code;

	*out_foreign = false;
	if (!from || from->kind_case == POLICYCALC__V1__VALUE__KIND__NOT_SET)
		return reading_violate(reading, "value",
				"holds no value; leave the attribute out when it is not known");
	if (!value_fits_type(from, entry->attribute->type))
		return reading_violate(reading, "value", type_wants(entry->attribute->type));
	switch ((int)from->kind_case) {
	case POLICYCALC__V1__VALUE__KIND_MONEY_FEN:
		return figure_read(
				reading, entry, from->money_fen, "value.money_fen", out_value);
	case POLICYCALC__V1__VALUE__KIND_RATIO_PPM:
		return figure_read(
				reading, entry, from->ratio_ppm, "value.ratio_ppm", out_value);
	case POLICYCALC__V1__VALUE__KIND_COUNT:
		return figure_read(reading, entry, from->count, "value.count", out_value);
	case POLICYCALC__V1__VALUE__KIND_FLAG:
		*out_value = (struct value){ .kind = VALUE_BOOL, .boolean = from->flag };
		return true;
	case POLICYCALC__V1__VALUE__KIND_CODE:
		code = code_normal(reading, entry, from->code, "value.code", out_foreign);
		*out_value = (struct value){ .kind = VALUE_STRING, .text = slice_from(code) };
		return code != NULL;
	case POLICYCALC__V1__VALUE__KIND_CODES:
		return codes_read(reading, entry, from->codes, out_value);
	case POLICYCALC__V1__VALUE__KIND_DATE:
		*out_value = value_from_date(from->date);
		return out_value->kind == VALUE_TIMESTAMP ||
		       reading_violate(reading, "value.date",
				       "is not a day in the form YYYY-MM-DD");
	case POLICYCALC__V1__VALUE__KIND_TEXT:
		*out_value = (struct value){ .kind = VALUE_STRING,
			.text = slice_from(from->text) };
		return true;
	case POLICYCALC__V1__VALUE__KIND_MONEY_SERIES:
		return series_read(reading, entry, from->money_series, out_value);
	case POLICYCALC__V1__VALUE__KIND_RATIO_SERIES:
		return series_read(reading, entry, from->ratio_series, out_value);
	case POLICYCALC__V1__VALUE__KIND_COUNT_SERIES:
		return series_read(reading, entry, from->count_series, out_value);
	case POLICYCALC__V1__VALUE__KIND_TITLES:
		return titles_read(reading, entry, from->titles, out_value);
	case POLICYCALC__V1__VALUE__KIND__NOT_SET:
	default:
		return reading_violate(reading, "value", "holds no value");
	}
}

struct value series_window(const struct reading *reading, const struct entry *entry,
		const Policycalc__V1__Value *from, const struct variant *variant)
{
	Policycalc__V1__Period period = entry->attribute->period;
	const Policycalc__V1__Series *series = value_series(from);
	struct value value = { .kind = VALUE_UNKNOWN };
	size_t count = period_window_size(period, variant->window);
	int64_t first = period_window_first(
			period, variant->window, reading->facts->as_of, variant->back);
	struct value *items;
	int64_t sent;

	if (!series || series->n_points == 0 ||
			!period_parse(period, series->points[0]->period, &sent) ||
			sent > first ||
			first + (int64_t)count >
					period_of_date(period, reading->facts->as_of) ||
			first + (int64_t)count > sent + (int64_t)series->n_points)
		return value;
	items = arena_alloc(reading->arena, count * sizeof(*items));
	if (!items)
		return value;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct value){ .kind = VALUE_INT,
			.integer = series->points[(size_t)(first - sent) + i]->value };
	value.kind = VALUE_LIST;
	value.list.items = items;
	value.list.count = count;
	return value;
}

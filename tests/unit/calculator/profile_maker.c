/* SPDX-License-Identifier: Apache-2.0 */
#include "profile_maker.h"

#include "base/date.h"
#include "calculator/period.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word

static void *checked(void *memory)
{
	if (!memory) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return memory;
}

unsigned maker_below(struct profile_maker *maker, unsigned limit)
{
	maker->seed ^= maker->seed << 13;
	maker->seed ^= maker->seed >> 7;
	maker->seed ^= maker->seed << 17;
	return (unsigned)((maker->seed >> 32) % limit);
}

static bool percent(struct profile_maker *maker, unsigned share)
{
	return maker_below(maker, 100) < share;
}

static bool broken(struct profile_maker *maker)
{
	return maker_below(maker, 1000) < maker->broken;
}

static char *text_copy(struct profile_maker *maker, const char *text)
{
	return checked(arena_copy_text(maker->arena, text));
}

static int64_t parameter_figure(const Policycalc__V1__ParameterValue *value)
{
	switch ((int)value->kind_case) {
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_MONEY_FEN:
		return value->money_fen;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM:
		return value->ratio_ppm;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_COUNT:
		return value->count;
	default:
		return 0;
	}
}

static int64_t figure_make(struct profile_maker *maker, Policycalc__V1__ValueType type)
{
	static const int64_t most[] = { 3, 30, 1000, 1000000, 10000000000 };
	const struct catalog *catalog = maker->catalog;

	for (int i = 0; i < 4 && catalog->parameter_count && percent(maker, 70); i++) {
		const Policycalc__V1__Parameter *parameter = catalog->parameters[maker_below(
				maker, (unsigned)catalog->parameter_count)];

		if (parameter->type != type || parameter->n_values == 0)
			continue;
		return parameter_figure(parameter->values[maker_below(
				       maker, (unsigned)parameter->n_values)]) +
		       (int64_t)maker_below(maker, 3) - 1;
	}
	if (broken(maker))
		return -(int64_t)maker_below(maker, 1000);
	return (int64_t)maker_below(maker, 1u << 30) % most[maker_below(maker, 5)];
}

static char *code_make(struct profile_maker *maker, const Policycalc__V1__Attribute *attribute)
{
	static const char *const foreign[] = { "110101", "419900", "411299" };
	const struct catalog *catalog = maker->catalog;
	char *code;

	if (broken(maker))
		return text_copy(maker, "no such code");
	if (attribute->n_choices)
		return attribute->choices[maker_below(maker, (unsigned)attribute->n_choices)]
				->code;
	if (strcmp(attribute->choice_table, "regions") == 0 && catalog->region_count) {
		if (percent(maker, 5))
			return text_copy(maker, foreign[maker_below(maker, 3)]);
		return catalog->regions[maker_below(maker, (unsigned)catalog->region_count)]
				->code;
	}
	if (strcmp(attribute->choice_table, "industries") == 0 && catalog->industry_count) {
		code = catalog->industries[maker_below(maker,
							   (unsigned)catalog->industry_count)]
				       ->code;
		return strlen(code) == 3 && percent(maker, 50) ? code + 1 : code;
	}
	return checked(arena_format(maker->arena, "text%u", maker_below(maker, 40)));
}

static char *date_make(struct profile_maker *maker, int past, int ahead)
{
	char text[11];
	struct date day = { 1970, 1, 1 };
	int64_t days;

	if (broken(maker))
		return text_copy(maker, "2024-02-30");
	(void)date_parse(slice_from(maker->day), &day);
	days = date_to_days(day) - past + (int64_t)maker_below(maker, (unsigned)(past + ahead));
	date_print(percent(maker, 5) ? day : date_from_days(days), text);
	return text_copy(maker, text);
}

static Policycalc__V1__CodeList *codes_make(
		struct profile_maker *maker, const Policycalc__V1__Attribute *attribute)
{
	Policycalc__V1__CodeList *list =
			checked(ARENA_NEW(maker->arena, Policycalc__V1__CodeList));
	unsigned count = maker_below(maker, 5);

	policycalc__v1__code_list__init(list);
	list->codes = checked(ARENA_NEW_ARRAY(maker->arena, char *, count + 1));
	for (unsigned i = 0; i < count; i++) {
		bool again = false;
		char *code = code_make(maker, attribute);

		for (size_t k = 0; k < list->n_codes; k++)
			again = again || strcmp(list->codes[k], code) == 0;
		if (!again || broken(maker))
			list->codes[list->n_codes++] = code;
	}
	return list;
}

static Policycalc__V1__TitleList *titles_make(
		struct profile_maker *maker, const Policycalc__V1__Attribute *attribute)
{
	Policycalc__V1__TitleList *list =
			checked(ARENA_NEW(maker->arena, Policycalc__V1__TitleList));
	Policycalc__V1__CodeList *codes = codes_make(maker, attribute);

	policycalc__v1__title_list__init(list);
	list->titles = checked(ARENA_NEW_ARRAY(
			maker->arena, Policycalc__V1__TitleList__Title *, codes->n_codes + 1));
	for (size_t i = 0; i < codes->n_codes; i++) {
		list->titles[i] = checked(
				ARENA_NEW(maker->arena, Policycalc__V1__TitleList__Title));
		policycalc__v1__title_list__title__init(list->titles[i]);
		list->titles[i]->code = codes->codes[i];
		list->titles[i]->valid_until = date_make(maker, 400, 800);
	}
	list->n_titles = codes->n_codes;
	return list;
}

static Policycalc__V1__Series *series_make(
		struct profile_maker *maker, const Policycalc__V1__Attribute *attribute)
{
	Policycalc__V1__Series *series =
			checked(ARENA_NEW(maker->arena, Policycalc__V1__Series));
	unsigned count = maker_below(maker, 40);
	struct date day = { 1970, 1, 1 };
	int64_t last;

	(void)date_parse(slice_from(maker->day), &day);
	last = period_of_date(attribute->period, day) - (int64_t)maker_below(maker, 3);
	policycalc__v1__series__init(series);
	series->points = checked(ARENA_NEW_ARRAY(
			maker->arena, Policycalc__V1__Series__Point *, count + 1));
	for (unsigned i = 0; i < count; i++) {
		Policycalc__V1__Series__Point *point =
				checked(ARENA_NEW(maker->arena, Policycalc__V1__Series__Point));

		policycalc__v1__series__point__init(point);
		point->period = (char *)period_print(attribute->period,
				last - (int64_t)count + (int64_t)i, maker->arena);
		point->value = maker_below(maker, 1000);
		series->points[series->n_points++] = point;
	}
	return series;
}

static Policycalc__V1__Value *value_make(
		struct profile_maker *maker, const Policycalc__V1__Attribute *attribute)
{
	Policycalc__V1__Value *value = checked(ARENA_NEW(maker->arena, Policycalc__V1__Value));
	Policycalc__V1__ValueType type = attribute->type;

	policycalc__v1__value__init(value);
	if (broken(maker))
		type = (Policycalc__V1__ValueType)(1 + maker_below(maker, 8));
	switch ((int)type) {
	case VALUE_TYPE(MONEY):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
		value->money_fen = figure_make(maker, type);
		break;
	case VALUE_TYPE(RATIO):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_PPM;
		value->ratio_ppm = figure_make(maker, type);
		break;
	case VALUE_TYPE(COUNT):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
		value->count = figure_make(maker, type);
		break;
	case VALUE_TYPE(FLAG):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
		value->flag = percent(maker, 50);
		break;
	case VALUE_TYPE(CODE):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
		value->code = code_make(maker, attribute);
		break;
	case VALUE_TYPE(TEXT):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_TEXT;
		value->text = code_make(maker, attribute);
		break;
	case VALUE_TYPE(CODES):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODES;
		value->codes = codes_make(maker, attribute);
		break;
	case VALUE_TYPE(DATE):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_DATE;
		value->date = date_make(maker, 5000, 30);
		break;
	case VALUE_TYPE(TITLES):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_TITLES;
		value->titles = titles_make(maker, attribute);
		break;
	case VALUE_TYPE(MONEY_SERIES):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_SERIES;
		value->money_series = series_make(maker, attribute);
		break;
	case VALUE_TYPE(RATIO_SERIES):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_SERIES;
		value->ratio_series = series_make(maker, attribute);
		break;
	case VALUE_TYPE(COUNT_SERIES):
		value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT_SERIES;
		value->count_series = series_make(maker, attribute);
		break;
	default:
		break;
	}
	return value;
}

static char *period_make(struct profile_maker *maker,
		const Policycalc__V1__Attribute *attribute, unsigned n)
{
	struct date day = { 1970, 1, 1 };

	if (broken(maker))
		return text_copy(maker, "2025-13");
	if (!period_is_recurring(attribute->period) ||
			attribute->type >= VALUE_TYPE(MONEY_SERIES))
		return text_copy(maker, "");
	if (n == 0 && percent(maker, 50))
		return text_copy(maker, "");
	(void)date_parse(slice_from(maker->day), &day);
	return (char *)checked((void *)period_print(attribute->period,
			period_of_date(attribute->period, day) - 1 - (int64_t)n, maker->arena));
}

/* Values of the attributes of a list, of several periods when they recur. */
static Policycalc__V1__AttributeValue **values_make(
		struct profile_maker *maker, const char *list, size_t *out_count)
{
	const struct catalog *catalog = maker->catalog;
	size_t most = 4 * catalog->attribute_count + 1;
	Policycalc__V1__AttributeValue **values = checked(
			ARENA_NEW_ARRAY(maker->arena, Policycalc__V1__AttributeValue *, most));

	*out_count = 0;
	for (size_t i = 0; i < catalog->attribute_count; i++) {
		const Policycalc__V1__Attribute *attribute = catalog->attributes[i];
		unsigned periods = period_is_recurring(attribute->period) ? 3 : 1;
		unsigned known =
				attribute->derived ? 5
				: attribute->type >= VALUE_TYPE(MONEY_SERIES) &&
								attribute->type <=
										VALUE_TYPE(COUNT_SERIES)
						? maker->series
						: maker->known;

		if (strcmp(attribute->item_list, list) != 0)
			continue;
		for (unsigned n = 0; n < periods + broken(maker); n++) {
			Policycalc__V1__AttributeValue *value;

			/* What is derived is supplied now and then. */
			if (!percent(maker, known))
				continue;
			value = checked(ARENA_NEW(
					maker->arena, Policycalc__V1__AttributeValue));
			policycalc__v1__attribute_value__init(value);
			value->name = attribute->name;
			value->period = period_make(maker, attribute, n % periods);
			value->value = value_make(maker, attribute);
			values[(*out_count)++] = value;
		}
	}
	return values;
}

Policycalc__V1__Profile *maker_profile(struct profile_maker *maker)
{
	static char lists[][16] = { "projects", "loans", "hires" };
	Policycalc__V1__Profile *profile =
			checked(ARENA_NEW(maker->arena, Policycalc__V1__Profile));

	policycalc__v1__profile__init(profile);
	profile->attributes = values_make(maker, "", &profile->n_attributes);
	profile->items = checked(ARENA_NEW_ARRAY(
			maker->arena, Policycalc__V1__Item *, 3 * (size_t)maker->items + 1));
	profile->complete_lists = checked(ARENA_NEW_ARRAY(maker->arena, char *, 3));
	for (unsigned i = 0; i < 3; i++) {
		unsigned count = maker_below(maker, maker->items + 1);

		if (percent(maker, 50))
			profile->complete_lists[profile->n_complete_lists++] = lists[i];
		for (unsigned k = 0; k < count; k++) {
			Policycalc__V1__Item *item =
					checked(ARENA_NEW(maker->arena, Policycalc__V1__Item));

			policycalc__v1__item__init(item);
			item->list = lists[i];
			item->attributes = values_make(maker, lists[i], &item->n_attributes);
			profile->items[profile->n_items++] = item;
		}
	}
	return profile;
}

void maker_tidy(const struct profile_maker *maker, const struct ruleset *ruleset,
		Policycalc__V1__Profile *profile)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	struct violations violations = { 0 };
	struct error err = { 0 };
	struct arena arena;

	request.profile = profile;
	request.as_of = (char *)maker->day;
	request.view = POLICYCALC__V1__VIEW__VIEW_ID;
	request.limit = 1;
	arena_init(&arena, (size_t)64 << 20);
	while (!ruleset_match(ruleset, &request, NULL, &arena, &response, &violations, &err)) {
		size_t last = SIZE_MAX;

		assert(violations.count > 0);
		for (size_t i = 0; i < violations.count; i++) {
			static const char field[] = "profile.attributes[";

			if (strncmp(violations.list[i].field, field, sizeof(field) - 1) != 0)
				continue;
			last = strtoul(violations.list[i].field + sizeof(field) - 1, NULL, 10);
		}
		if (last == SIZE_MAX)
			profile->n_items = 0;
		else
			profile->attributes[last] =
					profile->attributes[--profile->n_attributes];
		arena_reset(&arena);
	}
	arena_fini(&arena);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep_fixture.h"

#include "base/date.h"
#include "calculator/period.h"
#include "proto/codec/value_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word
#define LIST_MOST 1000

static void *checked(void *memory)
{
	if (!memory) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return memory;
}

/* --- columns ----------------------------------------------------------------------------------- */

/* The period of a value by its number; false when it has none that the attribute could have. */
static bool period_of(const struct sweep_want *want, const Policycalc__V1__Profile *profile,
		const char *day, const char *text, int64_t *out_number)
{
	Policycalc__V1__Period period = want->definition->period;
	struct date date = { 1970, 1, 1 };

	*out_number = 0;
	if (!want->periodic)
		return *text == 0;
	if (*text)
		return period_parse(period, text, out_number);
	if (!date_parse(slice_from(profile->date), &date))
		(void)date_parse(slice_from(day), &date);
	*out_number = period_of_date(period, date) - 1;
	return true;
}

static bool codes_are_different(char *const *codes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(codes[i], codes[k]) == 0)
				return false;
		}
	}
	return count <= LIST_MOST;
}

static bool titles_are_good(const Policycalc__V1__TitleList *titles)
{
	struct date date;

	for (size_t i = 0; i < titles->n_titles; i++) {
		if (!date_parse(slice_from(titles->titles[i]->valid_until), &date))
			return false;
		for (size_t k = 0; k < i; k++) {
			if (strcmp(titles->titles[i]->code, titles->titles[k]->code) == 0)
				return false;
		}
	}
	return titles->n_titles <= LIST_MOST;
}

/* The first value for the period, when it is one; or NULL. */
static const Policycalc__V1__Value *value_find(const struct profile_source *source,
		const struct sweep_want *want, const Policycalc__V1__Profile *profile)
{
	struct date date;

	for (size_t i = 0; i < profile->n_attributes; i++) {
		const Policycalc__V1__AttributeValue *attribute = profile->attributes[i];
		const Policycalc__V1__Value *value = attribute->value;
		int64_t number;

		if (strcmp(attribute->name, want->attribute) != 0 ||
				!period_of(want, profile, source->day, attribute->period,
						&number) ||
				number != want->period)
			continue;
		if (!value || value->kind_case == POLICYCALC__V1__VALUE__KIND__NOT_SET ||
				!value_fits_type(value, want->definition->type))
			return NULL;
		if (value->kind_case == POLICYCALC__V1__VALUE__KIND_DATE &&
				!date_parse(slice_from(value->date), &date))
			return NULL;
		if (value->kind_case == POLICYCALC__V1__VALUE__KIND_CODES &&
				!codes_are_different(
						value->codes->codes, value->codes->n_codes))
			return NULL;
		if (value->kind_case == POLICYCALC__V1__VALUE__KIND_TITLES &&
				!titles_are_good(value->titles))
			return NULL;
		return value;
	}
	return NULL;
}

struct column_making {
	uint64_t *known, *flags;
	int64_t *integers;
	uint32_t *codes;
	uint32_t *starts;
	struct slice *texts;
	size_t count, capacity; /* of texts: one an entry, alike or not */
};

static uint32_t text_add(struct column_making *making, const char *text)
{
	if (making->count == making->capacity) {
		size_t capacity = making->capacity * 2;

		making->texts = checked(
				realloc(making->texts, capacity * sizeof(*making->texts)));
		making->codes = checked(
				realloc(making->codes, capacity * sizeof(*making->codes)));
		making->integers = checked(realloc(
				making->integers, capacity * sizeof(*making->integers)));
		making->capacity = capacity;
	}
	making->texts[making->count] = slice_from(text);
	making->codes[making->count] = (uint32_t)making->count;
	return (uint32_t)making->count++;
}

static int64_t seconds_of(const char *text)
{
	struct date date = { 1970, 1, 1 };

	(void)date_parse(slice_from(text), &date);
	return timestamp_from_date(date, DATE_CHINA_OFFSET).seconds;
}

static void value_put(
		struct column_making *making, const Policycalc__V1__Value *value, unsigned row)
{
	uint64_t bit = UINT64_C(1) << (row % 64);

	making->known[row / 64] |= bit;
	switch ((int)value->kind_case) {
	case POLICYCALC__V1__VALUE__KIND_MONEY_FEN:
		making->integers[row] = value->money_fen;
		break;
	case POLICYCALC__V1__VALUE__KIND_RATIO_PPM:
		making->integers[row] = value->ratio_ppm;
		break;
	case POLICYCALC__V1__VALUE__KIND_COUNT:
		making->integers[row] = value->count;
		break;
	case POLICYCALC__V1__VALUE__KIND_DATE:
		making->integers[row] = seconds_of(value->date);
		break;
	case POLICYCALC__V1__VALUE__KIND_FLAG:
		making->flags[row / 64] |= value->flag ? bit : 0;
		break;
	default:
		break;
	}
}

static void entries_put(struct column_making *making, const Policycalc__V1__Value *value)
{
	if (value->kind_case == POLICYCALC__V1__VALUE__KIND_CODES) {
		for (size_t i = 0; i < value->codes->n_codes; i++)
			(void)text_add(making, value->codes->codes[i]);
		return;
	}
	for (size_t i = 0; i < value->titles->n_titles; i++) {
		uint32_t at = text_add(making, value->titles->titles[i]->code);

		making->integers[at] = seconds_of(value->titles->titles[i]->valid_until);
	}
}

/* Where the profile names the attribute, rightly or not. */
static void series_fill(const struct profile_source *source, const struct sweep_want *want,
		uint64_t *known)
{
	for (unsigned row = 0; row < source->source.row_count; row++) {
		const Policycalc__V1__Profile *profile = source->profiles[row];

		for (size_t i = 0; i < profile->n_attributes; i++) {
			if (strcmp(profile->attributes[i]->name, want->attribute) == 0)
				known[row / 64] |= UINT64_C(1) << (row % 64);
		}
	}
}

static void column_fill(const struct profile_source *source, const struct sweep_want *want,
		struct column_making *making)
{
	for (unsigned row = 0; row < source->source.row_count; row++) {
		const Policycalc__V1__Value *value =
				value_find(source, want, source->profiles[row]);

		making->starts[row] = (uint32_t)making->count;
		if (value)
			value_put(making, value, row);
		if (want->form == SWEEP_CODE)
			(void)text_add(making,
					!value ? ""
					: value->kind_case == POLICYCALC__V1__VALUE__KIND_CODE
							? value->code
							: value->text);
		else if (value && want->form >= SWEEP_CODES)
			entries_put(making, value);
		making->starts[row + 1] = (uint32_t)making->count;
	}
}

static void *kept(struct arena *arena, void *memory, size_t size)
{
	void *copy = checked(arena_alloc(arena, size));

	memcpy(copy, memory, size);
	free(memory);
	return copy;
}

static bool on_column(void *context, size_t number, struct sweep_column *out_column,
		struct error *err)
{
	struct profile_source *source = context;
	size_t want_count;
	const struct sweep_want *want = &sweep_wants(source->sweep, &want_count)[number];
	struct column_making making = { .capacity = SWEEP_ROWS };

	(void)err;
	making.known = checked(ARENA_NEW_ARRAY(source->arena, uint64_t, SWEEP_WORDS));
	making.flags = checked(ARENA_NEW_ARRAY(source->arena, uint64_t, SWEEP_WORDS));
	making.starts = checked(ARENA_NEW_ARRAY(source->arena, uint32_t, SWEEP_ROWS + 1));
	making.integers = checked(calloc(making.capacity, sizeof(int64_t)));
	making.codes = checked(calloc(making.capacity, sizeof(uint32_t)));
	making.texts = checked(calloc(making.capacity, sizeof(struct slice)));
	if (want->form == SWEEP_SERIES)
		series_fill(source, want, making.known);
	else
		column_fill(source, want, &making);
	*out_column = (struct sweep_column){ .known = making.known,
		.flags = making.flags,
		.starts = making.starts,
		.integers = kept(source->arena, making.integers,
				making.capacity * sizeof(int64_t)),
		.codes = kept(source->arena, making.codes, making.capacity * sizeof(uint32_t)),
		.code_texts = kept(source->arena, making.texts,
				making.capacity * sizeof(struct slice)),
		.code_count = making.count };
	source->columns_asked++;
	return true;
}

static bool on_profile(void *context, unsigned row, struct arena *arena,
		const Policycalc__V1__Profile **out_profile, struct error *err)
{
	struct profile_source *source = context;

	(void)arena;
	(void)err;
	*out_profile = source->profiles[row];
	source->profiles_asked++;
	return true;
}

static bool on_items(void *context, const char *list, struct sweep_items *out_items,
		struct error *err)
{
	struct profile_source *source = context;
	uint64_t *some = checked(ARENA_NEW_ARRAY(source->arena, uint64_t, SWEEP_WORDS));
	uint64_t *complete = checked(ARENA_NEW_ARRAY(source->arena, uint64_t, SWEEP_WORDS));

	(void)err;
	for (unsigned row = 0; row < source->source.row_count; row++) {
		const Policycalc__V1__Profile *profile = source->profiles[row];
		uint64_t bit = UINT64_C(1) << (row % 64);

		for (size_t i = 0; i < profile->n_items; i++) {
			if (strcmp(profile->items[i]->list, list) == 0)
				some[row / 64] |= bit;
		}
		for (size_t i = 0; i < profile->n_complete_lists; i++) {
			if (strcmp(profile->complete_lists[i], list) == 0)
				complete[row / 64] |= bit;
		}
	}
	*out_items = (struct sweep_items){ some, complete };
	return true;
}

void profile_source_init(struct profile_source *source, const struct sweep *sweep,
		Policycalc__V1__Profile *const *profiles, unsigned count, const char *day,
		struct arena *arena)
{
	*source = (struct profile_source){
		.sweep = sweep, .profiles = profiles, .day = day, .arena = arena
	};
	source->source = (struct sweep_source){ .context = source,
		.row_count = count,
		.column = on_column,
		.profile = on_profile,
		.tells_series = true,
		.items = on_items };
}

/* --- profiles at random ------------------------------------------------------------------------ */

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

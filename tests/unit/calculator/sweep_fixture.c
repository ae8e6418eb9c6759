/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep_fixture.h"

#include "base/date.h"
#include "calculator/period.h"
#include "proto/codec/value_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MOST 1000

static void *checked(void *memory)
{
	if (!memory) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return memory;
}

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

/* SPDX-License-Identifier: Apache-2.0 */
/* A record as a profile. Quick: it is done for every enterprise of a run. */
#include "registry/record.h"

#include "base/date.h"
#include "calculator/period.h"
#include "registry/varint.h"

#define KIND(word) POLICYCALC__V1__VALUE__KIND_##word
/* 0001-01-01 and 9999-12-31. */
#define DAYS_LEAST (-719162)
#define DAYS_MOST 2932896

static char *digits(char *at, int64_t number, int count)
{
	for (int i = count - 1; i >= 0; i--) {
		at[i] = (char)('0' + number % 10);
		number /= 10;
	}
	return at + count;
}

/* As period_print(), which is too slow for every value of every enterprise. */
static char *period_text(Policycalc__V1__Period period, int64_t number, struct arena *arena)
{
	int64_t per_year = period_per_year(period);
	char *text = arena_alloc(arena, 8);
	char *at = text;

	if (!text)
		return NULL;
	at = digits(at, number / per_year, 4);
	if (per_year == 4) {
		*at++ = 'Q';
		*at++ = (char)('1' + number % 4);
	} else if (per_year == 12) {
		*at++ = '-';
		at = digits(at, number % 12 + 1, 2);
	}
	*at = '\0';
	return text;
}

static char *read_day(struct reader *reader, struct arena *arena)
{
	int64_t days = read_zigzag(reader);
	char *text = arena_alloc(arena, 11);
	struct date date;
	char *at = text;

	if (!text)
		return NULL;
	if (days < DAYS_LEAST || days > DAYS_MOST) {
		reader->is_bad = true;
		days = 0;
	}
	date = date_from_days(days);
	at = digits(at, date.year, 4);
	*at++ = '-';
	at = digits(at, date.month, 2);
	*at++ = '-';
	*digits(at, date.day, 2) = '\0';
	return text;
}

static char *read_copy(struct reader *reader, struct arena *arena)
{
	struct slice text = read_text(reader);

	return arena_copy(arena, text.data, text.size);
}

static Policycalc__V1__Series *read_series(
		struct reader *reader, Policycalc__V1__Period period, struct arena *arena)
{
	size_t count = read_count(reader, 1);
	int64_t first = read_zigzag(reader);
	Policycalc__V1__Series *series = arena_alloc(arena, sizeof(*series));
	Policycalc__V1__Series__Point *points = arena_alloc(arena, count * sizeof(*points));
	Policycalc__V1__Series__Point **list = arena_alloc(arena, count * sizeof(*list));

	if (!series || !points || !list)
		return NULL;
	policycalc__v1__series__init(series);
	for (size_t i = 0; i < count; i++) {
		policycalc__v1__series__point__init(&points[i]);
		points[i].period = period_text(period, first + (int64_t)i, arena);
		points[i].value = read_zigzag(reader);
		if (!points[i].period)
			return NULL;
		list[i] = &points[i];
	}
	series->points = list;
	series->n_points = count;
	return series;
}

static Policycalc__V1__CodeList *read_codes(struct reader *reader, struct arena *arena)
{
	size_t count = read_count(reader, 1);
	Policycalc__V1__CodeList *codes = arena_alloc(arena, sizeof(*codes));
	char **list = arena_alloc(arena, count * sizeof(*list));

	if (!codes || !list)
		return NULL;
	policycalc__v1__code_list__init(codes);
	for (size_t i = 0; i < count; i++) {
		list[i] = read_copy(reader, arena);
		if (!list[i])
			return NULL;
	}
	codes->codes = list;
	codes->n_codes = count;
	return codes;
}

static Policycalc__V1__TitleList *read_titles(struct reader *reader, struct arena *arena)
{
	size_t count = read_count(reader, 2);
	Policycalc__V1__TitleList *titles = arena_alloc(arena, sizeof(*titles));
	Policycalc__V1__TitleList__Title *rows = arena_alloc(arena, count * sizeof(*rows));
	Policycalc__V1__TitleList__Title **list = arena_alloc(arena, count * sizeof(*list));

	if (!titles || !rows || !list)
		return NULL;
	policycalc__v1__title_list__init(titles);
	for (size_t i = 0; i < count; i++) {
		policycalc__v1__title_list__title__init(&rows[i]);
		rows[i].code = read_copy(reader, arena);
		rows[i].valid_until = read_day(reader, arena);
		if (!rows[i].code || !rows[i].valid_until)
			return NULL;
		list[i] = &rows[i];
	}
	titles->titles = list;
	titles->n_titles = count;
	return titles;
}

/* false when memory is short. */
static bool read_parts(struct reader *reader, Policycalc__V1__Period period,
		struct arena *arena, Policycalc__V1__Value *out)
{
	struct slice bytes = read_text(reader);
	struct reader parts = {
		.at = (const unsigned char *)bytes.data,
		.end = (const unsigned char *)bytes.data + bytes.size,
	};
	void *made;

	switch ((int)out->kind_case) {
	case KIND(CODES):
		made = out->codes = read_codes(&parts, arena);
		break;
	case KIND(TITLES):
		made = out->titles = read_titles(&parts, arena);
		break;
	default:
		/* The three series are members of one union. */
		made = out->money_series = read_series(&parts, period, arena);
		break;
	}
	reader->is_bad |= parts.is_bad;
	return made != NULL;
}

static bool value_from_bytes(struct slice bytes, Policycalc__V1__Period period,
		struct arena *arena, Policycalc__V1__Value *out, bool *out_bad)
{
	struct reader reader = {
		.at = (const unsigned char *)bytes.data + 1,
		.end = (const unsigned char *)bytes.data + bytes.size,
	};
	bool ok = true;

	policycalc__v1__value__init(out);
	out->kind_case = (Policycalc__V1__Value__KindCase)bytes.data[0];
	switch ((int)out->kind_case) {
	case KIND(MONEY_FEN):
	case KIND(RATIO_PPM):
	case KIND(COUNT):
		out->money_fen = read_zigzag(&reader);
		break;
	case KIND(FLAG):
		out->flag = bytes.data[1] != 0;
		break;
	case KIND(CODE):
	case KIND(TEXT):
		out->text = read_copy(&reader, arena);
		ok = out->text != NULL;
		break;
	case KIND(DATE):
		out->date = read_day(&reader, arena);
		ok = out->date != NULL;
		break;
	default:
		ok = read_parts(&reader, period, arena, out);
		break;
	}
	*out_bad |= reader.is_bad;
	return ok;
}

static bool facts_to_values(const struct fact_list *facts, const struct names *names,
		size_t spare, struct arena *arena, Policycalc__V1__AttributeValue ***out_list,
		bool *out_bad)
{
	size_t count = facts->count;
	Policycalc__V1__AttributeValue *rows = arena_alloc(arena, count * sizeof(*rows));
	Policycalc__V1__Value *values = arena_alloc(arena, count * sizeof(*values));

	*out_list = arena_alloc(arena, (count + spare) * sizeof(**out_list));
	if (!rows || !values || !*out_list)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct fact *fact = &facts->list[i];
		const struct name *name = names_get(names, fact->attribute);

		policycalc__v1__attribute_value__init(&rows[i]);
		(*out_list)[i] = &rows[i];
		rows[i].value = &values[i];
		if (!name) {
			*out_bad = true;
			policycalc__v1__value__init(&values[i]);
			continue;
		}
		rows[i].name = (char *)name->name;
		if (!value_from_bytes(fact->value, name->period, arena, &values[i], out_bad))
			return false;
		if (!fact->period)
			continue;
		rows[i].period = period_text(name->period, fact->period, arena);
		if (!rows[i].period)
			return false;
	}
	return true;
}

static bool fill_profile(const struct record *record, const struct names *names, size_t spare,
		struct arena *arena, Policycalc__V1__Profile *profile, bool *out_bad)
{
	Policycalc__V1__Item *items = arena_alloc(arena, record->item_count * sizeof(*items));

	profile->items = arena_alloc(arena, record->item_count * sizeof(*profile->items));
	profile->complete_lists = arena_alloc(
			arena, record->complete_count * sizeof(*profile->complete_lists));
	if (!items || !profile->items || !profile->complete_lists ||
			!facts_to_values(&record->facts, names, spare, arena,
					&profile->attributes, out_bad))
		return false;
	profile->n_attributes = record->facts.count;
	for (size_t i = 0; i < record->item_count; i++) {
		const struct record_item *from = &record->items[i];

		policycalc__v1__item__init(&items[i]);
		items[i].list = arena_copy(arena, from->list.data, from->list.size);
		items[i].id = arena_copy(arena, from->id.data, from->id.size);
		if (!items[i].list || !items[i].id ||
				!facts_to_values(&from->facts, names, 0, arena,
						&items[i].attributes, out_bad))
			return false;
		items[i].n_attributes = from->facts.count;
		profile->items[i] = &items[i];
	}
	profile->n_items = record->item_count;
	for (size_t i = 0; i < record->complete_count; i++) {
		profile->complete_lists[i] = arena_copy(arena, record->complete[i].list.data,
				record->complete[i].list.size);
		if (!profile->complete_lists[i])
			return false;
	}
	profile->n_complete_lists = record->complete_count;
	return true;
}

Policycalc__V1__Profile *record_to_profile(const struct record *record, struct slice uscc,
		const struct names *names, size_t spare, struct arena *arena, struct error *err)
{
	Policycalc__V1__Profile *profile = arena_alloc(arena, sizeof(*profile));
	bool is_bad = false;

	if (!profile) {
		arena_error(arena, err, "reading an enterprise");
		return NULL;
	}
	policycalc__v1__profile__init(profile);
	profile->uscc = arena_copy(arena, uscc.data, uscc.size);
	if (!profile->uscc || !fill_profile(record, names, spare, arena, profile, &is_bad)) {
		arena_error(arena, err, "reading an enterprise");
		return NULL;
	}
	if (is_bad) {
		error_set(err, ERROR_IO,
				"the registry database is damaged: a record holds what it may "
				"not");
		return NULL;
	}
	return profile;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The profile of a row, made again of its columns and the rest. */
#include "registry/column_image.h"

#include "base/date.h"
#include "proto/codec/codec.h"

#include <string.h>

struct row_reading {
	const struct column_image *image;
	struct slice bytes;
	const struct slice *codes;
	size_t code_count;
	unsigned row;
	struct arena *arena;
};

static struct slice rest_of_row(const struct row_reading *reading)
{
	const struct column_entry *entry = column_image_rest(reading->image);
	size_t ends_size = reading->image->head.rows * sizeof(uint32_t);
	const char *ends = reading->bytes.data + entry->offset;
	uint32_t from = 0;
	uint32_t until;

	if (reading->row > 0)
		memcpy(&from, ends + (reading->row - 1) * sizeof(from), sizeof(from));
	memcpy(&until, ends + reading->row * sizeof(until), sizeof(until));
	if (from > until || until > entry->size - ends_size)
		return (struct slice){ NULL, 0 };
	return (struct slice){ ends + ends_size + from, until - from };
}

/* Names are kept with a NUL behind them. */
static char *code_text(const struct row_reading *reading, int64_t number)
{
	if (number < 0 || (uint64_t)number >= reading->code_count)
		return NULL;
	return (char *)(uintptr_t)reading->codes[number].data;
}

static char *day_text(const struct row_reading *reading, int64_t seconds)
{
	char day[11];

	date_print(timestamp_to_date(
				   (struct timestamp){ .seconds = seconds }, DATE_CHINA_OFFSET),
			day);
	return arena_copy_text(reading->arena, day);
}

static bool figure_fill(const struct row_reading *reading, Policycalc__V1__Value *value,
		enum column_kind kind, int64_t figure)
{
	switch (kind) {
	case COLUMN_MONEY:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
		value->money_fen = figure;
		return true;
	case COLUMN_RATIO:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_RATIO_PPM;
		value->ratio_ppm = figure;
		return true;
	case COLUMN_COUNT:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
		value->count = figure;
		return true;
	case COLUMN_FLAG:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
		value->flag = figure != 0;
		return true;
	case COLUMN_DATE:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_DATE;
		value->date = day_text(reading, figure);
		return value->date != NULL;
	case COLUMN_CODE:
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
		value->code = code_text(reading, figure);
		return value->code != NULL;
	case COLUMN_TEXT:
	case COLUMN_CODE_LIST:
	case COLUMN_TITLE_LIST:
	case COLUMN_SERIES:
	case COLUMN_ITEMS:
	case COLUMN_COMPLETE:
	default:
		return false;
	}
}

static bool codes_fill(const struct row_reading *reading, Policycalc__V1__Value *value,
		const struct column_run_view *view, uint32_t from, uint32_t until)
{
	Policycalc__V1__CodeList *list = ARENA_NEW(reading->arena, Policycalc__V1__CodeList);

	if (!list)
		return false;
	policycalc__v1__code_list__init(list);
	value->kind_case = POLICYCALC__V1__VALUE__KIND_CODES;
	value->codes = list;
	list->codes = ARENA_NEW_ARRAY(reading->arena, char *, until - from + 1);
	for (uint32_t i = from; list->codes && i < until; i++) {
		uint32_t code;

		memcpy(&code, view->codes + (size_t)i * sizeof(code), sizeof(code));
		list->codes[list->n_codes] = code_text(reading, code);
		if (!list->codes[list->n_codes++])
			return false;
	}
	return list->codes != NULL;
}

static bool titles_fill(const struct row_reading *reading, Policycalc__V1__Value *value,
		const struct column_run_view *view, uint32_t from, uint32_t until)
{
	Policycalc__V1__TitleList *list = ARENA_NEW(reading->arena, Policycalc__V1__TitleList);

	if (!list)
		return false;
	policycalc__v1__title_list__init(list);
	value->kind_case = POLICYCALC__V1__VALUE__KIND_TITLES;
	value->titles = list;
	list->titles = ARENA_NEW_ARRAY(
			reading->arena, Policycalc__V1__TitleList__Title *, until - from + 1);
	for (uint32_t i = from; list->titles && i < until; i++) {
		Policycalc__V1__TitleList__Title *title =
				ARENA_NEW(reading->arena, Policycalc__V1__TitleList__Title);
		uint32_t code;
		int64_t day;

		if (!title)
			return false;
		memcpy(&code, view->codes + (size_t)i * sizeof(code), sizeof(code));
		memcpy(&day, view->days + (size_t)i * sizeof(day), sizeof(day));
		policycalc__v1__title_list__title__init(title);
		title->code = code_text(reading, code);
		title->valid_until = day_text(reading, day);
		if (!title->code || !title->valid_until)
			return false;
		list->titles[list->n_titles++] = title;
	}
	return list->titles != NULL;
}

static bool run_fill(const struct row_reading *reading, const struct column_entry *entry,
		Policycalc__V1__Value *value)
{
	struct column_run_view view = column_open_runs(
			entry, reading->bytes.data + entry->offset, reading->image->head.rows);
	uint32_t from;
	uint32_t until;

	column_run_at(&view, reading->row, &from, &until);
	if (entry->form == COLUMN_CODES)
		return codes_fill(reading, value, &view, from, until);
	if (entry->form == COLUMN_TITLES)
		return titles_fill(reading, value, &view, from, until);
	if (until == from)
		return false;
	value->kind_case = POLICYCALC__V1__VALUE__KIND_TEXT;
	value->text = (char *)(uintptr_t)(view.texts.data + from);
	return true;
}

static Policycalc__V1__AttributeValue *attribute_make(const struct row_reading *reading,
		const struct column_entry *entry, struct slice text)
{
	struct column_name name = column_name_parse(text);
	const char *packed = reading->bytes.data + entry->offset;
	struct {
		Policycalc__V1__AttributeValue attribute;
		Policycalc__V1__Value value;
	} *made = arena_alloc(reading->arena, sizeof(*made));
	Policycalc__V1__AttributeValue *attribute;
	bool ok;

	if (!made)
		return NULL;
	attribute = &made->attribute;
	policycalc__v1__attribute_value__init(attribute);
	policycalc__v1__value__init(&made->value);
	attribute->value = &made->value;
	attribute->name = arena_copy(reading->arena, name.attribute.data, name.attribute.size);
	/* It ends the name, which has a NUL behind it. */
	if (name.period.size)
		attribute->period = (char *)(uintptr_t)name.period.data;
	if (entry->form == COLUMN_FIGURES || entry->form == COLUMN_BITS)
		ok = figure_fill(reading, &made->value, name.kind,
				column_unpack_row(entry, packed, reading->image->head.rows,
						reading->row));
	else
		ok = run_fill(reading, entry, &made->value);
	return ok && attribute->name ? attribute : NULL;
}

/* Columns that only tell what the rest has. */
static bool is_of_rest(char kind)
{
	return kind == COLUMN_SERIES || kind == COLUMN_ITEMS || kind == COLUMN_COMPLETE;
}

Policycalc__V1__Profile *column_image_profile(const struct column_image *image,
		struct slice bytes, const struct slice *columns, size_t column_count,
		const struct slice *codes, size_t code_count, unsigned row, struct arena *arena,
		struct error *err)
{
	struct row_reading reading = { image, bytes, codes, code_count, row, arena };
	Policycalc__V1__Profile *profile = (Policycalc__V1__Profile *)message_unpack(
			rest_of_row(&reading), &policycalc__v1__profile__descriptor,
			&message_limits_default, arena, err);
	Policycalc__V1__AttributeValue **list;
	size_t count = 0;

	if (!profile)
		return NULL;
	list = ARENA_NEW_ARRAY(arena, Policycalc__V1__AttributeValue *,
			profile->n_attributes + image->head.count + 1);
	for (uint32_t i = 0; list && i < image->head.count; i++) {
		const struct column_entry *entry = &image->entries[i];

		if (!column_row_is_known(entry, bytes.data + entry->offset, row) ||
				(entry->name < column_count &&
						is_of_rest(columns[entry->name].data[0])))
			continue;
		if (entry->name < column_count)
			list[count] = attribute_make(&reading, entry, columns[entry->name]);
		if (!list[count] && !arena->exhausted) {
			error_set(err, ERROR_INTERNAL, "a column makes no sense");
			return NULL;
		}
		if (!list[count++])
			break;
	}
	if (!list || arena->exhausted) {
		arena_error(arena, err, "reading an enterprise of the columns");
		return NULL;
	}
	if (profile->n_attributes)
		memcpy(list + count, profile->attributes,
				profile->n_attributes * sizeof(*list));
	profile->attributes = list;
	profile->n_attributes += count;
	return profile;
}

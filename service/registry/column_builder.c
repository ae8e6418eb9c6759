/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/column_image.h"

#include "base/date.h"
#include "base/memory.h"
#include "proto/codec/codec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Names, and one column of 33 KB for each. */
#define BUILDER_MEMORY ((size_t)1 << 30)
/* What a profile may have in one list, see calculator/profile.h. */
#define LIST_MOST 1000
/* Codes are looked up here before the table that all threads share. */
#define NEAR_CODES 256

/* A column as it fills. */
struct filling {
	uint32_t name;
	struct column_name parts;
	struct column_values *values; /* of FIGURES and BITS; or */
	struct column_runs *runs;
};

struct near_code {
	struct slice text;
	uint32_t number;
};

struct column_builder {
	struct column_names *columns;
	struct column_names *codes;
	struct arena arena;
	struct filling *fillings;
	size_t count;
	size_t capacity;
	size_t next; /* rows name their attributes in much the same order */
	struct map by_name;
	struct near_code near_codes[NEAR_CODES];
	unsigned rows;
	uint64_t present[COLUMN_WORDS];
	struct buffer rest;
	uint32_t rest_ends[COLUMN_ROWS];
	struct buffer text;
};

struct column_builder *column_builder_new(
		struct column_names *columns, struct column_names *codes, struct error *err)
{
	struct column_builder *builder = memory_alloc_zero(1, sizeof(*builder));

	if (!builder) {
		error_set(err, ERROR_MEMORY, "out of memory while building columns");
		return NULL;
	}
	builder->columns = columns;
	builder->codes = codes;
	arena_init(&builder->arena, BUILDER_MEMORY);
	return builder;
}

void column_builder_free(struct column_builder *builder)
{
	if (!builder)
		return;
	for (size_t i = 0; i < builder->count; i++) {
		struct column_runs *runs = builder->fillings[i].runs;

		if (runs) {
			buffer_fini(&runs->codes);
			buffer_fini(&runs->days);
			buffer_fini(&runs->texts);
		}
	}
	map_fini(&builder->by_name);
	buffer_fini(&builder->rest);
	buffer_fini(&builder->text);
	arena_fini(&builder->arena);
	memory_free(builder);
}

static bool builder_error(const struct column_builder *builder, struct error *err)
{
	return error_set(err, builder->arena.exhausted ? ERROR_LIMIT : ERROR_MEMORY,
			"out of memory while building columns");
}

/* --- columns ---------------------------------------------------------------------------------- */

static bool filling_is(const struct filling *filling, enum column_kind kind,
		struct slice attribute, struct slice period)
{
	return filling->parts.kind == kind &&
	       slice_equals(filling->parts.attribute, attribute) &&
	       slice_equals(filling->parts.period, period);
}

static bool filling_make(struct column_builder *builder, struct filling *filling)
{
	enum column_form form = column_kind_form(filling->parts.kind);

	if (form == COLUMN_FIGURES || form == COLUMN_BITS)
		filling->values = ARENA_NEW(&builder->arena, struct column_values);
	else
		filling->runs = ARENA_NEW(&builder->arena, struct column_runs);
	return filling->values || filling->runs;
}

static struct filling *filling_add(
		struct column_builder *builder, struct slice name, struct error *err)
{
	struct filling *filling;
	struct slice copy = { arena_copy(&builder->arena, name.data, name.size), name.size };

	if (builder->count == COLUMNS_MOST) {
		error_set(err, ERROR_LIMIT, "a block has more than %d columns", COLUMNS_MOST);
		return NULL;
	}
	if (builder->count == builder->capacity) {
		size_t capacity = builder->capacity ? builder->capacity * 2 : 64;
		struct filling *grown =
				ARENA_NEW_ARRAY(&builder->arena, struct filling, capacity);

		if (grown && builder->count)
			memcpy(grown, builder->fillings, builder->count * sizeof(*grown));
		if (grown)
			builder->fillings = grown;
		builder->capacity = grown ? capacity : builder->capacity;
	}
	if (!copy.data || builder->count == builder->capacity) {
		builder_error(builder, err);
		return NULL;
	}
	filling = &builder->fillings[builder->count];
	filling->parts = column_name_parse(copy);
	if (!filling_make(builder, filling) ||
			!map_put(&builder->by_name, copy,
					(void *)(uintptr_t)(builder->count + 1))) {
		builder_error(builder, err);
		return NULL;
	}
	if (!column_names_add(builder->columns, copy, &filling->name, err))
		return NULL;
	builder->count++;
	return filling;
}

static struct filling *filling_of(struct column_builder *builder, enum column_kind kind,
		struct slice attribute, struct slice period, struct error *err)
{
	struct buffer *text = &builder->text;
	struct slice name;
	uintptr_t at;

	if (builder->next < builder->count &&
			filling_is(&builder->fillings[builder->next], kind, attribute, period))
		return &builder->fillings[builder->next++];
	buffer_clear(text);
	buffer_append_char(text, (char)kind);
	buffer_append_slice(text, attribute);
	if (period.size) {
		buffer_append_char(text, '@');
		buffer_append_slice(text, period);
	}
	if (text->failed) {
		builder_error(builder, err);
		return NULL;
	}
	name = (struct slice){ text->data, text->size };
	at = (uintptr_t)map_find(&builder->by_name, name);
	if (!at)
		return filling_add(builder, name, err);
	builder->next = (size_t)at;
	return &builder->fillings[at - 1];
}

static bool code_number(struct column_builder *builder, struct slice text, int64_t *out_number,
		struct error *err)
{
	struct near_code *near = &builder->near_codes[slice_hash(text) % NEAR_CODES];

	if (!near->text.data || !slice_equals(near->text, text)) {
		size_t count;

		if (!column_names_add(builder->codes, text, &near->number, err))
			return false;
		near->text = column_names_list(builder->codes, &count)[near->number];
	}
	*out_number = near->number;
	return true;
}

/* --- values ----------------------------------------------------------------------------------- */

static bool day_seconds(const char *text, int64_t *out_seconds)
{
	struct date date;

	if (!date_parse(slice_from(text), &date))
		return false;
	*out_seconds = timestamp_from_date(date, DATE_CHINA_OFFSET).seconds;
	return true;
}

enum fit {
	FIT_COLUMN, /* the column has it */
	FIT_REST,   /* it has not */
	FIT_FAILED,
};

static enum fit put_figure(struct column_builder *builder, unsigned row, enum column_kind kind,
		const Policycalc__V1__AttributeValue *from, int64_t figure, struct error *err)
{
	struct filling *filling = filling_of(
			builder, kind, slice_from(from->name), slice_from(from->period), err);

	if (!filling)
		return FIT_FAILED;
	if (column_bit_has(filling->values->known, row))
		return FIT_REST;
	column_bit_put(filling->values->known, row);
	if (kind != COLUMN_FLAG)
		filling->values->figures[row] = figure;
	else if (figure)
		column_bit_put(filling->values->flags, row);
	return FIT_COLUMN;
}

/* The runs of @kind, closed up to the row; NULL with FIT_REST or FIT_FAILED. */
static struct column_runs *runs_enter(struct column_builder *builder, unsigned row,
		enum column_kind kind, const Policycalc__V1__AttributeValue *from,
		enum fit *out_fit, struct error *err)
{
	struct filling *filling = filling_of(
			builder, kind, slice_from(from->name), slice_from(from->period), err);
	struct column_runs *runs;
	uint32_t end;

	*out_fit = FIT_FAILED;
	if (!filling)
		return NULL;
	runs = filling->runs;
	*out_fit = FIT_REST;
	if (column_bit_has(runs->known, row))
		return NULL;
	end = runs->rows ? runs->ends[runs->rows - 1] : 0;
	while (runs->rows < row)
		runs->ends[runs->rows++] = end;
	column_bit_put(runs->known, row);
	*out_fit = FIT_COLUMN;
	return runs;
}

/* The size of all texts of a column stays far below what its ends can say. */
static enum fit runs_leave(struct column_builder *builder, struct column_runs *runs, size_t end,
		struct error *err)
{
	if (runs->codes.failed || runs->days.failed || runs->texts.failed ||
			end > UINT32_MAX / 4) {
		builder_error(builder, err);
		return FIT_FAILED;
	}
	runs->ends[runs->rows++] = (uint32_t)end;
	return FIT_COLUMN;
}

static bool runs_add_code(struct column_builder *builder, struct column_runs *runs,
		const char *code, struct error *err)
{
	int64_t number;
	uint32_t narrow;

	if (!code_number(builder, slice_from(code), &number, err))
		return false;
	narrow = (uint32_t)number;
	buffer_append(&runs->codes, &narrow, sizeof(narrow));
	return true;
}

static enum fit put_codes(struct column_builder *builder, unsigned row,
		const Policycalc__V1__AttributeValue *from, struct error *err)
{
	const Policycalc__V1__CodeList *list = from->value->codes;
	struct column_runs *runs;
	enum fit fit;

	if (list->n_codes > LIST_MOST)
		return FIT_REST;
	for (size_t i = 0; i < list->n_codes; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(list->codes[i], list->codes[k]) == 0)
				return FIT_REST;
	runs = runs_enter(builder, row, COLUMN_CODE_LIST, from, &fit, err);
	if (!runs)
		return fit;
	for (size_t i = 0; i < list->n_codes; i++) {
		if (!runs_add_code(builder, runs, list->codes[i], err))
			return FIT_FAILED;
	}
	return runs_leave(builder, runs, runs->codes.size / sizeof(uint32_t), err);
}

static enum fit put_titles(struct column_builder *builder, unsigned row,
		const Policycalc__V1__AttributeValue *from, struct error *err)
{
	const Policycalc__V1__TitleList *list = from->value->titles;
	struct column_runs *runs;
	enum fit fit;
	int64_t until;

	if (list->n_titles > LIST_MOST)
		return FIT_REST;
	for (size_t i = 0; i < list->n_titles; i++) {
		if (!day_seconds(list->titles[i]->valid_until, &until))
			return FIT_REST;
		for (size_t k = 0; k < i; k++)
			if (strcmp(list->titles[i]->code, list->titles[k]->code) == 0)
				return FIT_REST;
	}
	runs = runs_enter(builder, row, COLUMN_TITLE_LIST, from, &fit, err);
	if (!runs)
		return fit;
	for (size_t i = 0; i < list->n_titles; i++) {
		if (!runs_add_code(builder, runs, list->titles[i]->code, err))
			return FIT_FAILED;
		(void)day_seconds(list->titles[i]->valid_until, &until);
		buffer_append(&runs->days, &until, sizeof(until));
	}
	return runs_leave(builder, runs, runs->codes.size / sizeof(uint32_t), err);
}

static enum fit put_text(struct column_builder *builder, unsigned row,
		const Policycalc__V1__AttributeValue *from, struct error *err)
{
	enum fit fit;
	struct column_runs *runs = runs_enter(builder, row, COLUMN_TEXT, from, &fit, err);

	if (!runs)
		return fit;
	buffer_append(&runs->texts, from->value->text, strlen(from->value->text) + 1);
	return runs_leave(builder, runs, runs->texts.size, err);
}

/* That the row says something of @name, whatever it is. */
static bool put_mark(struct column_builder *builder, unsigned row, enum column_kind kind,
		const char *name, struct error *err)
{
	struct filling *filling = filling_of(
			builder, kind, slice_from(name), (struct slice){ NULL, 0 }, err);

	if (!filling)
		return false;
	column_bit_put(filling->values->known, row);
	return true;
}

static bool put_marks(struct column_builder *builder, unsigned row,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	for (size_t i = 0; i < profile->n_items; i++) {
		if (!put_mark(builder, row, COLUMN_ITEMS, profile->items[i]->list, err))
			return false;
	}
	for (size_t i = 0; i < profile->n_complete_lists; i++) {
		if (!put_mark(builder, row, COLUMN_COMPLETE, profile->complete_lists[i], err))
			return false;
	}
	return true;
}

static enum fit put_value(struct column_builder *builder, unsigned row,
		const Policycalc__V1__AttributeValue *from, struct error *err)
{
	const Policycalc__V1__Value *value = from->value;
	int64_t figure;

	if (!value)
		return FIT_REST;
	switch ((int)value->kind_case) {
	case POLICYCALC__V1__VALUE__KIND_MONEY_FEN:
		return put_figure(builder, row, COLUMN_MONEY, from, value->money_fen, err);
	case POLICYCALC__V1__VALUE__KIND_RATIO_PPM:
		return put_figure(builder, row, COLUMN_RATIO, from, value->ratio_ppm, err);
	case POLICYCALC__V1__VALUE__KIND_COUNT:
		return put_figure(builder, row, COLUMN_COUNT, from, value->count, err);
	case POLICYCALC__V1__VALUE__KIND_FLAG:
		return put_figure(builder, row, COLUMN_FLAG, from, value->flag, err);
	case POLICYCALC__V1__VALUE__KIND_DATE:
		if (!day_seconds(value->date, &figure))
			return FIT_REST;
		return put_figure(builder, row, COLUMN_DATE, from, figure, err);
	case POLICYCALC__V1__VALUE__KIND_CODE:
		if (!code_number(builder, slice_from(value->code), &figure, err))
			return FIT_FAILED;
		return put_figure(builder, row, COLUMN_CODE, from, figure, err);
	case POLICYCALC__V1__VALUE__KIND_CODES:
		return put_codes(builder, row, from, err);
	case POLICYCALC__V1__VALUE__KIND_TITLES:
		return put_titles(builder, row, from, err);
	case POLICYCALC__V1__VALUE__KIND_TEXT:
		return put_text(builder, row, from, err);
	case POLICYCALC__V1__VALUE__KIND_MONEY_SERIES:
	case POLICYCALC__V1__VALUE__KIND_RATIO_SERIES:
	case POLICYCALC__V1__VALUE__KIND_COUNT_SERIES:
		return put_mark(builder, row, COLUMN_SERIES, from->name, err) ? FIT_REST
									      : FIT_FAILED;
	default:
		return FIT_REST;
	}
}

bool column_builder_add(struct column_builder *builder, unsigned row,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	Policycalc__V1__Profile rest = *profile;
	Policycalc__V1__AttributeValue **left = NULL;

	assert(row < COLUMN_ROWS && row >= builder->rows);
	for (unsigned gap = builder->rows; gap < row; gap++)
		builder->rest_ends[gap] = (uint32_t)builder->rest.size;
	rest.date = (char *)"";
	rest.n_attributes = 0;
	builder->next = 0;
	for (size_t i = 0; i < profile->n_attributes; i++) {
		enum fit fit = put_value(builder, row, profile->attributes[i], err);

		if (fit == FIT_FAILED)
			return false;
		if (fit == FIT_COLUMN)
			continue;
		if (!left)
			left = ARENA_NEW_ARRAY(&builder->arena,
					Policycalc__V1__AttributeValue *,
					profile->n_attributes);
		if (!left)
			return builder_error(builder, err);
		left[rest.n_attributes++] = profile->attributes[i];
	}
	rest.attributes = left;
	if (!put_marks(builder, row, profile, err))
		return false;
	if (!message_pack(&rest.base, &builder->rest) || builder->rest.size > UINT32_MAX / 2)
		return builder_error(builder, err);
	column_bit_put(builder->present, row);
	builder->rest_ends[row] = (uint32_t)builder->rest.size;
	builder->rows = row + 1;
	return true;
}

/* --- the image -------------------------------------------------------------------------------- */

static int filling_compare(const void *a, const void *b)
{
	const struct filling *left = a;
	const struct filling *right = b;

	return (left->name > right->name) - (left->name < right->name);
}

static void append_sections(struct column_builder *builder, size_t front,
		struct column_entry *entries, struct buffer *sections)
{
	struct column_entry *rest = &entries[builder->count];
	size_t start;

	for (size_t i = 0; i < builder->count; i++) {
		struct filling *filling = &builder->fillings[i];
		enum column_form form = column_kind_form(filling->parts.kind);

		if (filling->values)
			column_pack(filling->values, form, builder->rows, sections,
					&entries[i]);
		else
			column_pack_runs(filling->runs, form, builder->rows, sections,
					&entries[i]);
		entries[i].name = filling->name;
	}
	start = sections->size;
	*rest = (struct column_entry){ .name = COLUMN_NAME_NONE, .scale = 1 };
	rest->offset = (uint32_t)start;
	buffer_append(sections, builder->rest_ends,
			builder->rows * sizeof(*builder->rest_ends));
	buffer_append(sections, builder->rest.data, builder->rest.size);
	rest->size = (uint32_t)(sections->size - start);
	for (size_t i = 0; i <= builder->count && !sections->failed; i++) {
		entries[i].checksum = column_checksum(
				0, (struct slice){ sections->data + entries[i].offset,
						   entries[i].size });
		entries[i].offset += (uint32_t)front;
	}
}

bool column_builder_finish(
		struct column_builder *builder, struct buffer *out, struct error *err)
{
	struct column_image_head head = {
		.rows = builder->rows,
		.count = (uint32_t)builder->count,
	};
	size_t front = column_image_front(builder->count);
	struct column_entry *entries = ARENA_NEW_ARRAY(
			&builder->arena, struct column_entry, builder->count + 1);
	struct buffer sections = { 0 };

	if (!entries)
		return builder_error(builder, err);
	if (builder->count)
		qsort(builder->fillings, builder->count, sizeof(*builder->fillings),
				filling_compare);
	memcpy(head.present, builder->present, sizeof(head.present));
	append_sections(builder, front, entries, &sections);
	head.checksum = column_checksum(0, (struct slice){ (const char *)&head, sizeof(head) });
	head.checksum = column_checksum(head.checksum,
			(struct slice){ (const char *)entries,
					(builder->count + 1) * sizeof(*entries) });
	buffer_append(out, &head, sizeof(head));
	buffer_append(out, entries, (builder->count + 1) * sizeof(*entries));
	buffer_append(out, sections.data, sections.size);
	if (sections.failed || out->failed) {
		buffer_fini(&sections);
		return builder_error(builder, err);
	}
	buffer_fini(&sections);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/import_column.h"

#include "base/buffer.h"
#include "base/map.h"
#include "client/cli/import_heading.h"
#include "client/lib/wire.h"
#include "proto/codec/value_text.h"

#include <stdio.h>
#include <string.h>

typedef Policycalc__V1__Attribute attribute_message;

#define COMPLAIN(reader, severity, zh, en, ...)                                                \
	diagnostics_add((reader)->diagnostics, severity, "", 0, 0, 0, (struct slice){ 0 },     \
			(reader)->english ? en : zh, __VA_ARGS__)

/* Two attributes go by this name: it stands in the map instead of either. */
static const attribute_message ambiguous;

struct column_reader {
	const struct dictionary *dictionary;
	struct date day;
	bool english;
	struct arena *arena;
	struct diagnostics *diagnostics;
	struct map names; /* normal form → attribute */
};

/* --- names of columns ------------------------------------------------------------------------ */

static bool starts_with_text(struct slice text, const char *prefix)
{
	return slice_starts_with(text, slice_from(prefix));
}

static struct slice slice_behind(struct slice text, size_t size)
{
	return (struct slice){ text.data + size, text.size - size };
}

static bool is_one_of(struct slice text, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equals_text(text, names[i]))
			return true;
	return false;
}

#define IS_ONE_OF(text, names) is_one_of(text, names, sizeof(names) / sizeof((names)[0]))

static bool is_uscc_heading(struct slice normal)
{
	static const char *const names[] = { "uscc", "统一社会信用代码", "社会信用代码",
		"信用代码", "统一信用代码", "unifiedsocialcreditcode" };

	return IS_ONE_OF(normal, names);
}

static bool is_name_heading(struct slice normal)
{
	static const char *const names[] = { "企业名称", "单位名称", "公司名称", "名称", "name",
		"companyname", "enterprise" };

	return IS_ONE_OF(normal, names);
}

static bool is_silent_heading(struct slice normal)
{
	return starts_with_text(normal, REJECT_HEADING_ZH) ||
	       starts_with_text(normal, REJECT_HEADING_EN);
}

bool import_headings_have_uscc(const struct slice *headings, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++)
		if (is_uscc_heading(heading_normalise(headings[i], arena)))
			return true;
	return false;
}

static bool is_periodic(const attribute_message *attribute)
{
	return attribute->period >= POLICYCALC__V1__PERIOD__PERIOD_YEAR;
}

/* --- names ------------------------------------------------------------------------------------ */

/* What is known already stays when it ranks higher; of two that rank alike neither is meant. */
static bool name_put(struct column_reader *reader, struct slice normal,
		const attribute_message *attribute, const struct map *above)
{
	const attribute_message *known = map_find(&reader->names, normal);

	if (normal.size == 0 || known == attribute || (above && map_find(above, normal)))
		return true;
	return map_put(&reader->names, normal,
			(void *)(uintptr_t)(known ? &ambiguous : attribute));
}

/* Names first, then labels, then stems of labels: an earlier one is never overruled. */
static bool names_load(struct column_reader *reader)
{
	bool ok = true;

	for (int rank = 0; rank < 3 && ok; rank++) {
		struct map found = { 0 };
		struct map above = reader->names;

		reader->names = found;
		for (size_t i = 0; ok && i < reader->dictionary->count; i++) {
			const attribute_message *attribute = reader->dictionary->attributes[i];
			struct slice zh = slice_from(
					attribute->label ? attribute->label->zh : "");
			struct slice en = slice_from(
					attribute->label ? attribute->label->en : "");

			if (*attribute->item_list)
				continue;
			if (rank == 0)
				ok = name_put(reader,
						heading_normalise(slice_from(attribute->name),
								reader->arena),
						attribute, NULL);
			else if (rank == 1)
				ok = name_put(reader, heading_normalise(zh, reader->arena),
						     attribute, &above) &&
				     name_put(reader, heading_normalise(en, reader->arena),
						     attribute, &above);
			else if (is_periodic(attribute))
				ok = name_put(reader,
						     heading_normalise(label_without_year(zh),
								     reader->arena),
						     attribute, &above) &&
				     name_put(reader,
						     heading_normalise(label_without_year(en),
								     reader->arena),
						     attribute, &above);
		}
		/* What was found at this rank joins what ranks above. */
		found = reader->names;
		reader->names = above;
		for (size_t i = 0; ok && i < found.capacity; i++)
			if (found.entries[i].value)
				ok = map_put(&reader->names, found.entries[i].key,
						found.entries[i].value);
		map_fini(&found);
	}
	return ok && !reader->arena->exhausted;
}

static const attribute_message *name_find(const struct column_reader *reader, struct slice name)
{
	if (starts_with_text(name, "e."))
		name = slice_behind(name, 2);
	return map_find(&reader->names, name);
}

/* --- one heading ------------------------------------------------------------------------------ */

/* The bracket at the end of @text, "(…)" or "[…]": what is in it, and what stands before. */
static bool split_bracket(struct slice text, struct slice *out_before, struct slice *out_inside)
{
	char open;
	size_t at = text.size;

	if (!text.size || (text.data[text.size - 1] != ')' && text.data[text.size - 1] != ']'))
		return false;
	open = text.data[text.size - 1] == ')' ? '(' : '[';
	while (at > 0 && text.data[at - 1] != open)
		at--;
	if (at < 2)
		return false;
	*out_before = (struct slice){ text.data, at - 1 };
	*out_inside = (struct slice){ text.data + at, text.size - at - 1 };
	return true;
}

/*
 * Peels off what stands around the name until a name is left. Units can only be understood once the
 * attribute is known, so they are kept.
 */
static const attribute_message *heading_find(struct column_reader *reader, struct slice text,
		char period[16], struct slice *out_unit)
{
	const attribute_message *found = name_find(reader, text);
	struct slice before, inside, rest;
	char *at;

	period[0] = '\0';
	*out_unit = (struct slice){ 0 };
	for (int i = 0; i < 4 && !found; i++) {
		char taken[16];

		at = memrchr(text.data, '@', text.size);
		rest = text;
		if (at) {
			rest = slice_behind(text, (size_t)(at + 1 - text.data));
			if (heading_take_period(&rest, taken) && !rest.size && !*period) {
				memcpy(period, taken, sizeof(taken));
				text.size = (size_t)(at - text.data);
				found = name_find(reader, text);
				continue;
			}
		}
		if (split_bracket(text, &before, &inside)) {
			rest = inside;
			if (heading_take_period(&rest, taken) && !rest.size && !*period)
				memcpy(period, taken, sizeof(taken));
			else if (!out_unit->data)
				*out_unit = inside;
			else
				return NULL;
			text = before;
		} else if (!*period && heading_take_period(&text, taken)) {
			memcpy(period, taken, sizeof(taken));
		} else {
			return NULL;
		}
		found = name_find(reader, text);
	}
	return found;
}

static bool column_encode(struct column_reader *reader, struct import_column *column)
{
	struct buffer out = { 0 };
	char *prefix;

	field_append(&out, 1, slice_from(column->attribute->name));
	if (*column->period)
		field_append(&out, 2, slice_from(column->period));
	prefix = out.failed ? NULL : arena_copy(reader->arena, out.data, out.size);
	column->prefix = (struct slice){ prefix, out.size };
	buffer_fini(&out);
	return prefix != NULL;
}

static void left_complain(struct column_reader *reader, const struct import_column *column,
		struct slice normal)
{
	const struct dictionary *dictionary = reader->dictionary;
	const char **names =
			ARENA_NEW_ARRAY(reader->arena, const char *, 2 * dictionary->count);
	const char *near = NULL;
	size_t count = 0;

	for (size_t i = 0; i < dictionary->count; i++) {
		const attribute_message *attribute = dictionary->attributes[i];

		if (*attribute->item_list && slice_equals_text(normal, attribute->name)) {
			COMPLAIN(reader, DIAGNOSTIC_WARNING,
					"列“%.*s”不导入：它属于逐项的 %s，请用 NDJSON",
					"column \"%.*s\" is left alone: it belongs to the "
					"items "
					"of %s; use NDJSON",
					SLICE_PRINT(column->heading), attribute->item_list);
			return;
		}
		if (names && !*attribute->item_list) {
			names[count++] = attribute->name;
			names[count++] = attribute->label ? attribute->label->zh : "";
		}
	}
	if (names)
		near = name_suggest(column->heading, names, count);
	if (near)
		COMPLAIN(reader, DIAGNOSTIC_WARNING,
				"列“%.*s”不导入：没有这个属性，是不是“%s”？",
				"column \"%.*s\" is left alone: no such attribute; did you "
				"mean "
				"\"%s\"?",
				SLICE_PRINT(column->heading), near);
	else
		COMPLAIN(reader, DIAGNOSTIC_WARNING, "列“%.*s”不导入：没有这个属性",
				"column \"%.*s\" is left alone: no such attribute",
				SLICE_PRINT(column->heading));
}

/* false when memory is short; what is wrong goes to the diagnostics. */
static bool column_read(struct column_reader *reader, struct slice heading,
		struct import_column *column)
{
	struct slice normal = heading_normalise(heading, reader->arena);
	const attribute_message *attribute = NULL;
	struct slice unit = { 0 };
	char period[16] = "";

	*column = (struct import_column){
		.role = COLUMN_LEFT, .heading = heading, .period = ""
	};
	if (is_uscc_heading(normal))
		column->role = COLUMN_USCC;
	else if (slice_equals_text(normal, SAMPLE_MARK))
		column->role = COLUMN_SAMPLE;
	else if (is_silent_heading(normal))
		column->role = COLUMN_SILENT;
	if (column->role != COLUMN_LEFT)
		return true;
	if (is_name_heading(normal)) {
		/* A catalog need not have names. */
		attribute = name_find(reader, SLICE_LITERAL("name"));
		normal.size = attribute ? normal.size : 0;
	} else {
		attribute = heading_find(reader, normal, period, &unit);
	}
	if (!attribute && normal.size == 0) {
		column->role = COLUMN_SILENT;
		return true;
	}
	if (!attribute) {
		left_complain(reader, column, normal);
		return true;
	}
	if (attribute == &ambiguous) {
		COMPLAIN(reader, DIAGNOSTIC_ERROR,
				"列“%.*s”：不止一个属性叫这个名字，请写属性名",
				"column \"%.*s\": more than one attribute is called so; write "
				"its "
				"name",
				SLICE_PRINT(heading));
		return true;
	}
	column->attribute = attribute;
	if (*period && !is_periodic(attribute)) {
		COMPLAIN(reader, DIAGNOSTIC_ERROR, "列“%.*s”：%s 不分年度，不能带 @%s",
				"column \"%.*s\": %s has no periods; @%s cannot stand with it",
				SLICE_PRINT(heading), attribute->name, period);
		return true;
	}
	if (*period && period_kind(period) != attribute->period) {
		COMPLAIN(reader, DIAGNOSTIC_ERROR, "列“%.*s”：%s 不是按这样的期间（%s）统计的",
				"column \"%.*s\": %s has other periods than %s",
				SLICE_PRINT(heading), attribute->name, period);
		return true;
	}
	if (unit.data && !unit_word_find(attribute, unit, &column->unit_digits)) {
		COMPLAIN(reader, DIAGNOSTIC_ERROR,
				"列“%.*s”：括号里的“%.*s”不是 %s 的单位，也不是年度",
				"column \"%.*s\": \"%.*s\" in brackets is neither a unit of %s "
				"nor a "
				"period",
				SLICE_PRINT(heading), SLICE_PRINT(unit), attribute->name);
		return true;
	}
	if (attribute->deprecated)
		COMPLAIN(reader, DIAGNOSTIC_WARNING, "列“%.*s”：属性 %s 已停用。%s",
				"column \"%.*s\": the attribute %s is deprecated. %s",
				SLICE_PRINT(heading), attribute->name,
				attribute->deprecated_note);
	column->has_unit = unit.data != NULL;
	column->period = arena_copy_text(reader->arena, period);
	column->role = COLUMN_VALUE;
	return column->period && column_encode(reader, column);
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Two columns with the same value: @first stands before @second. */
static void columns_compare(struct column_reader *reader, const struct import_column *list,
		size_t first, size_t second)
{
	const struct import_column *a = &list[first];
	const struct import_column *b = &list[second];
	char a_period[16], b_period[16];

	if (a->role == COLUMN_USCC && b->role == COLUMN_USCC)
		COMPLAIN(reader, DIAGNOSTIC_ERROR,
				"第 %zu 列和第 %zu 列都是统一社会信用代码，只能有一列",
				"columns %zu and %zu both hold the unified social credit code; "
				"there can be one",
				first + 1, second + 1);
	if (a->role != COLUMN_VALUE || b->role != COLUMN_VALUE || a->attribute != b->attribute)
		return;
	period_last(a->attribute->period, reader->day, a_period);
	memcpy(b_period, a_period, sizeof(b_period));
	if (strcmp(*a->period ? a->period : a_period, *b->period ? b->period : b_period) == 0)
		COMPLAIN(reader, DIAGNOSTIC_ERROR,
				"第 %zu 列“%.*s”和第 %zu 列“%.*s”是同一项：%s%s%s",
				"columns %zu \"%.*s\" and %zu \"%.*s\" are the same: %s%s%s",
				first + 1, SLICE_PRINT(a->heading), second + 1,
				SLICE_PRINT(b->heading), a->attribute->name,
				*a_period ? "@" : "", *a->period ? a->period : a_period);
}

bool import_columns_read(const struct slice *headings, size_t count,
		const struct dictionary *dictionary, struct date day, bool english,
		struct arena *arena, struct diagnostics *diagnostics,
		struct import_columns *out_columns)
{
	struct column_reader reader = { .dictionary = dictionary,
		.day = day,
		.english = english,
		.arena = arena,
		.diagnostics = diagnostics };
	struct import_columns columns = { .list = ARENA_NEW_ARRAY(
							  arena, struct import_column, count),
		.count = count,
		.uscc = count };
	bool ok = columns.list && names_load(&reader);

	for (size_t i = 0; ok && i < count; i++) {
		ok = column_read(&reader, headings[i], &columns.list[i]);
		for (size_t k = 0; ok && k < i; k++)
			columns_compare(&reader, columns.list, k, i);
		if (columns.list[i].role == COLUMN_USCC)
			columns.uscc = i;
		columns.sample |= columns.list[i].role == COLUMN_SAMPLE;
	}
	if (ok && columns.uscc == count)
		COMPLAIN(&reader, DIAGNOSTIC_ERROR, "%s", "%s",
				english ? "no column holds the unified social credit code "
					  "(uscc, "
					  "统一社会信用代码)"
					: "没有统一社会信用代码列（uscc 或 统一社会信用代码）");
	map_fini(&reader.names);
	*out_columns = columns;
	return ok && !arena->exhausted && diagnostics->error_count == 0;
}

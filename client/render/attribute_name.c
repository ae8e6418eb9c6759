/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/attribute_name.h"

#include <stdio.h>
#include <string.h>

static const Policycalc__V1__Attribute *attribute_find(
		const struct render_dictionary *dictionary, const struct attribute_name *name,
		bool of_item, struct slice bare)
{
	for (size_t i = 0; dictionary && i < dictionary->count; i++) {
		const Policycalc__V1__Attribute *attribute = dictionary->attributes[i];

		if (slice_equals_text(bare, attribute->name) &&
				(name->list.size ? slice_equals_text(name->list,
								   attribute->item_list)
						 : (*attribute->item_list != '\0') == of_item))
			return attribute;
	}
	return NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Cuts the digits off the end of @name; how many there were. */
static size_t digits_cut(struct slice *name, unsigned *out_number)
{
	size_t count = 0;

	*out_number = 0;
	while (count < name->size && count < 4 && is_digit(name->data[name->size - 1 - count]))
		count++;
	for (size_t i = name->size - count; i < name->size; i++)
		*out_number = *out_number * 10 + (unsigned)(name->data[i] - '0');
	name->size -= count;
	return count;
}

static bool end_cut(struct slice *name, const char *end)
{
	size_t size = strlen(end);

	if (name->size <= size || memcmp(name->data + name->size - size, end, size) != 0)
		return false;
	name->size -= size;
	return true;
}

/* "_2026q1", "_2026": the periods of that quarter or year. */
static bool stated_parse(const struct render_style *style, struct slice *bare,
		struct attribute_name *name)
{
	static const char *const quarters[] = { "一", "二", "三", "四" };
	struct slice rest = *bare;
	unsigned quarter = 0;
	unsigned year;

	if (rest.size > 2 && rest.data[rest.size - 2] == 'q') {
		if (rest.data[rest.size - 1] < '1' || rest.data[rest.size - 1] > '4')
			return false;
		quarter = (unsigned)(rest.data[rest.size - 1] - '0');
		rest.size -= 2;
	}
	if (digits_cut(&rest, &year) != 4 || !end_cut(&rest, "_"))
		return false;
	if (!quarter)
		(void)snprintf(name->periods, sizeof(name->periods),
				word(style, "%u年各期", "periods of %u"), year);
	else if (style->english)
		(void)snprintf(name->periods, sizeof(name->periods),
				"months of quarter %u of %u", quarter, year);
	else
		(void)snprintf(name->periods, sizeof(name->periods), "%u年%s季度各月", year,
				quarters[quarter - 1]);
	*bare = rest;
	return true;
}

/* "_quarter", "_year", and how far back they or a single period lie: "_y2", "_p3". */
static bool back_parse(const struct render_style *style, struct slice *bare,
		struct attribute_name *name)
{
	struct slice rest = *bare;
	const char *window = "";
	const char *unit = NULL;
	unsigned back;
	size_t used;

	if (digits_cut(&rest, &back) > 0 && back > 1) {
		if (end_cut(&rest, "_y"))
			unit = back > 2 ? word(style, "年", "years")
					: word(style, "年", "year");
		else if (end_cut(&rest, "_p"))
			unit = back > 2 ? word(style, "期", "periods")
					: word(style, "期", "period");
	}
	if (!unit)
		rest = *bare;
	if (end_cut(&rest, "_quarter"))
		window = word(style, "上季度各月", "months of the last quarter");
	else if (end_cut(&rest, "_year"))
		window = word(style, "上年各期", "periods of the last year");
	if (rest.size == bare->size)
		return false;
	(void)snprintf(name->periods, sizeof(name->periods), "%s", window);
	used = strlen(name->periods);
	if (unit)
		(void)snprintf(name->periods + used, sizeof(name->periods) - used,
				word(style, "%s再往前 %u %s", "%s%u %s earlier"),
				used ? word(style, "，", ", ") : "", back - 1, unit);
	*bare = rest;
	return true;
}

void attribute_name_parse(const struct render_style *style,
		const struct render_dictionary *dictionary, const char *path,
		struct attribute_name *out_name)
{
	struct attribute_name name = { .bare = slice_from(path), .label = "" };
	bool of_item = path[0] == 'i' && path[1] == '.';
	struct slice bare;
	const char *at;

	if (name.bare.size > 2 && path[1] == '.')
		name.bare = (struct slice){ path + 2, name.bare.size - 2 };
	at = memchr(name.bare.data, '@', name.bare.size);
	if (at) {
		const char *slash = strchr(at + 1, '/');

		name.list = slice_from(at + 1);
		if (slash) {
			name.list.size = (size_t)(slash - at - 1);
			name.item = slice_from(slash + 1);
		}
		name.bare.size = (size_t)(at - name.bare.data);
	}
	if (slice_equals_text(name.bare, "i") && name.list.size && !name.item.size) {
		/* "i@projects": the list itself, of which nothing is known. */
		name.label = word_list(style, name.list.data);
		name.bare = name.list;
		name.list.size = 0;
		*out_name = name;
		return;
	}
	bare = name.bare;
	name.attribute = attribute_find(dictionary, &name, of_item, bare);
	if (!name.attribute &&
			(stated_parse(style, &bare, &name) || back_parse(style, &bare, &name)))
		name.attribute = attribute_find(dictionary, &name, of_item, bare);
	if (name.attribute)
		name.label = word_text(style, name.attribute->label);
	else
		name.periods[0] = '\0';
	*out_name = name;
}

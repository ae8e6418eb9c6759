/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/profile_file.h"

#include "base/buffer.h"
#include "client/cli/profile_value.h"
#include "client/cli/value_form.h"
#include "proto/codec/codec.h"
#include "proto/codec/value_text.h"

#include <string.h>

#define LIST_COUNT 3

static const char *const item_lists[LIST_COUNT] = { "projects", "loans", "hires" };

/* Where facts are added: the profile's, or an item's. */
struct fact_list {
	Policycalc__V1__AttributeValue ***list;
	size_t *count;
	const char *item_list; /* "" for the enterprise */
};

bool profile_builder_init(struct profile_builder *builder, struct arena *arena,
		const struct dictionary *dictionary, struct diagnostics *diagnostics,
		bool english)
{
	*builder = (struct profile_builder){ .arena = arena,
		.dictionary = dictionary,
		.diagnostics = diagnostics,
		.english = english,
		.profile = ARENA_NEW(arena, Policycalc__V1__Profile) };
	if (builder->profile)
		policycalc__v1__profile__init(builder->profile);
	return builder->profile != NULL;
}

#define COMPLAIN(builder, path, zh, en, ...)                                                   \
	diagnostics_add((builder)->diagnostics, DIAGNOSTIC_ERROR, path, 0, 0, 0,               \
			(struct slice){ 0 }, (builder)->english ? en : zh, __VA_ARGS__)

/* The list one longer; false when memory is short (the arena is then marked). */
static bool list_extend(
		struct arena *arena, void *list_pointer, size_t count, size_t element_size)
{
	void *old;
	void *grown = NULL;

	/* Capacity is the next power of two, so growing happens at powers of two alone. */
	if (count & (count - 1))
		return true;
	grown = arena_alloc_zero(arena, count ? count * 2 : 1, element_size);
	if (!grown)
		return false;
	memcpy(&old, list_pointer, sizeof(old));
	if (count)
		memcpy(grown, old, count * element_size);
	memcpy(list_pointer, &grown, sizeof(grown));
	return true;
}

static const Policycalc__V1__Attribute *attribute_find(
		const struct profile_builder *builder, struct slice name, const char *item_list)
{
	for (size_t i = 0; i < builder->dictionary->count; i++) {
		const Policycalc__V1__Attribute *attribute = builder->dictionary->attributes[i];

		if (slice_equals_text(name, attribute->name) &&
				strcmp(attribute->item_list, item_list) == 0)
			return attribute;
	}
	return NULL;
}

static void attribute_complain(struct profile_builder *builder, struct slice name,
		const char *item_list, const char *path)
{
	const struct dictionary *dictionary = builder->dictionary;
	const char **names = ARENA_NEW_ARRAY(builder->arena, const char *, dictionary->count);
	size_t count = 0;
	const char *near;

	for (size_t i = 0; names && i < dictionary->count; i++)
		if (strcmp(dictionary->attributes[i]->item_list, item_list) == 0)
			names[count++] = dictionary->attributes[i]->name;
	near = names ? name_suggest(name, names, count) : NULL;
	if (near)
		COMPLAIN(builder, path, "没有属性 '%.*s'，是不是 '%s'？",
				"no attribute '%.*s'; did you mean '%s'?", SLICE_PRINT(name),
				near);
	else
		COMPLAIN(builder, path, "没有属性 '%.*s'（policycalc attributes 列出全部属性）",
				"no attribute '%.*s' (policycalc attributes lists them)",
				SLICE_PRINT(name));
}

/* A value that does not fit: how it is written, and what a code may have been meant for. */
static void value_complain(struct profile_builder *builder,
		const Policycalc__V1__Attribute *attribute, struct slice written,
		struct slice text, const struct error *err, const char *path)
{
	bool is_code = attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODE ||
		       attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODES ||
		       attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_TITLES;
	struct buffer form = { 0 };

	if (builder->english) {
		COMPLAIN(builder, path, "%.*s：%s", "%.*s: %s", SLICE_PRINT(written),
				err->message);
		return;
	}
	buffer_append_text(
			&form, value_form(false, attribute->type, attribute->n_choices != 0));
	value_form_append_range(false, attribute, builder->arena, &form);
	if (is_code && attribute->n_choices)
		value_form_append_choices(attribute, text, &form);
	if (form.failed)
		builder->arena->exhausted = true;
	else
		COMPLAIN(builder, path, "%.*s：“%.*s”不合要求：%s",
				"%.*s: \"%.*s\" will not do: %s", SLICE_PRINT(written),
				SLICE_PRINT(text), form.data);
	buffer_fini(&form);
}

/* "name" or "name@period", and the value as text. */
static void fact_add(struct profile_builder *builder, const struct fact_list *to,
		struct slice written, const Policycalc__V1__Value *ready, struct slice text,
		const char *path)
{
	const char *at = memchr(written.data, '@', written.size);
	struct slice name = { written.data, at ? (size_t)(at - written.data) : written.size };
	const Policycalc__V1__Attribute *attribute =
			attribute_find(builder, name, to->item_list);
	Policycalc__V1__AttributeValue *fact;
	struct error err = { 0 };

	if (!attribute) {
		attribute_complain(builder, name, to->item_list, path);
		return;
	}
	if (at && at + 1 == written.data + written.size) {
		COMPLAIN(builder, path, "%.*s：@ 之后需要年度，如 %s@2024",
				"%.*s: a period is expected behind @, such as %s@2024",
				SLICE_PRINT(written), attribute->name);
		return;
	}
	fact = ARENA_NEW(builder->arena, Policycalc__V1__AttributeValue);
	if (!fact || !list_extend(builder->arena, to->list, *to->count, sizeof(**to->list)))
		return;
	policycalc__v1__attribute_value__init(fact);
	fact->name = attribute->name;
	fact->period = at ? arena_copy(builder->arena, at + 1, written.size - name.size - 1)
			  : fact->period;
	if (!fact->period)
		return;
	fact->value = ready ? (Policycalc__V1__Value *)(uintptr_t)ready
			    : value_parse_text(text, attribute, builder->arena, &err);
	if (!fact->value) {
		value_complain(builder, attribute, written, text, &err, path);
		return;
	}
	/* What is said later counts: arguments correct a file. */
	for (size_t i = 0; i < *to->count; i++) {
		if (strcmp((*to->list)[i]->name, fact->name) == 0 &&
				strcmp((*to->list)[i]->period, fact->period) == 0) {
			(*to->list)[i] = fact;
			return;
		}
	}
	(*to->list)[(*to->count)++] = fact;
}

static struct fact_list item_facts(
		struct profile_builder *builder, const char *list, struct slice id)
{
	Policycalc__V1__Profile *profile = builder->profile;
	Policycalc__V1__Item *item;

	for (size_t i = 0; i < profile->n_items; i++) {
		item = profile->items[i];
		if (strcmp(item->list, list) == 0 && slice_equals_text(id, item->id))
			return (struct fact_list){ &item->attributes, &item->n_attributes,
				list };
	}
	item = ARENA_NEW(builder->arena, Policycalc__V1__Item);
	if (!item || !list_extend(builder->arena, &profile->items, profile->n_items,
				     sizeof(*profile->items)))
		return (struct fact_list){ 0 };
	policycalc__v1__item__init(item);
	item->list = (char *)(uintptr_t)list;
	item->id = arena_copy(builder->arena, id.data, id.size);
	if (!item->id)
		return (struct fact_list){ 0 };
	profile->items[profile->n_items++] = item;
	return (struct fact_list){ &item->attributes, &item->n_attributes, list };
}

static void complete_list_add(struct profile_builder *builder, const char *list)
{
	Policycalc__V1__Profile *profile = builder->profile;

	for (size_t i = 0; i < LIST_COUNT; i++) {
		if (strcmp(item_lists[i], list) != 0)
			continue;
		if (list_extend(builder->arena, &profile->complete_lists,
				    profile->n_complete_lists,
				    sizeof(*profile->complete_lists)))
			profile->complete_lists[profile->n_complete_lists++] =
					(char *)(uintptr_t)item_lists[i];
		return;
	}
	COMPLAIN(builder, "complete_lists", "没有清单 '%s'", "no list '%s'", list);
}

/* --- from a tree ------------------------------------------------------------------------------ */

static void facts_add_tree(struct profile_builder *builder, const struct fact_list *to,
		const json_t *object, const char *skip, const char *path)
{
	const char *key;
	json_t *node;

	if (!json_is_object(object)) {
		COMPLAIN(builder, path, "这里应是“名称: 值”的列表%s",
				"expected names with values%s", "");
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)object, key, node)
	{
		struct slice name = { key, strcspn(key, "@") };
		const Policycalc__V1__Attribute *attribute =
				attribute_find(builder, name, to->item_list);
		const Policycalc__V1__Value *ready = NULL;
		struct buffer text = { 0 };

		if (skip && strcmp(key, skip) == 0)
			continue;
		if (attribute &&
				(json_is_array(node) ? json_array_size(node) == 0
						     : json_is_object(node) && json_object_size(
											       node) ==
												0))
			ready = profile_value_none(builder->arena, attribute->type);
		if (attribute && !profile_value_append(&text, node, attribute->type))
			COMPLAIN(builder, path,
					"%s：值应是文字、整数、true 或 false（不知道就不写）",
					"%s: expected text, an integer, true or false (leave "
					"out "
					"what is unknown)",
					key);
		else if (text.failed)
			builder->arena->exhausted = true;
		else
			fact_add(builder, to, slice_from(key), ready,
					(struct slice){ text.data ? text.data : "", text.size },
					path);
		buffer_fini(&text);
	}
}

/* The name of the list as the profile has it; NULL when there is none. */
static const char *list_named(const char *name)
{
	for (size_t i = 0; i < LIST_COUNT; i++)
		if (strcmp(name, item_lists[i]) == 0)
			return item_lists[i];
	return NULL;
}

static void item_add_facts(struct profile_builder *builder, const char *list, struct slice id,
		const json_t *facts)
{
	struct fact_list to = item_facts(builder, list, id);

	if (to.list && facts)
		facts_add_tree(builder, &to, facts, NULL, list);
}

static void item_add_tree(struct profile_builder *builder, const char *list, struct slice id,
		const json_t *node)
{
	struct fact_list to = item_facts(builder, list, id);

	if (to.list)
		facts_add_tree(builder, &to, node, "id", list);
}

static void items_add_tree(
		struct profile_builder *builder, const char *list, const json_t *node)
{
	const char *key;
	json_t *child;
	size_t index;

	if (json_is_object(node)) {
		json_object_foreach((json_t *)(uintptr_t)node, key, child)
				item_add_tree(builder, list, slice_from(key), child);
	} else if (json_is_array(node)) {
		json_array_foreach((json_t *)(uintptr_t)node, index, child)
		{
			const char *id = json_string_value(json_object_get(child, "id"));
			char number[24];

			(void)snprintf(number, sizeof(number), "%zu", index + 1);
			item_add_tree(builder, list, slice_from(id ? id : number), child);
		}
		if (json_array_size(node) == 0)
			complete_list_add(builder, list);
	} else {
		COMPLAIN(builder, list, "%s 应是一个列表", "%s must be a list", list);
	}
}

/* The shape of a catalog's examples: [{list: projects, id: a, attributes: {…}}]. */
static void items_add_example(struct profile_builder *builder, const json_t *node)
{
	json_t *child;
	size_t index;

	if (!json_is_array(node)) {
		COMPLAIN(builder, "items", "%s 应是一个列表", "%s must be a list", "items");
		return;
	}
	json_array_foreach((json_t *)(uintptr_t)node, index, child)
	{
		const char *list = json_string_value(json_object_get(child, "list"));
		const char *id = json_string_value(json_object_get(child, "id"));
		const json_t *facts = json_object_get(child, "attributes");
		const char *known = list_named(list ? list : "");
		char number[24];

		(void)snprintf(number, sizeof(number), "%zu", index + 1);
		if (!known || json_object_size(child) !=
						(size_t)1 + (id != NULL) + (facts != NULL))
			COMPLAIN(builder, "items",
					"第 %s 个：应写 list（projects、loans 或 hires）、id "
					"和 "
					"attributes",
					"%s: expected list (projects, loans or hires), id and "
					"attributes",
					number);
		else
			item_add_facts(builder, known, slice_from(id ? id : number), facts);
	}
}

static void text_field_set(struct profile_builder *builder, char **field, const char *name,
		const char *text, const char *path)
{
	if (!text)
		COMPLAIN(builder, path, "%s 应是文字", "%s must be a text", name);
	else
		*field = arena_copy_text(builder->arena, text);
}

void profile_add_tree(struct profile_builder *builder, const json_t *tree, const char *path)
{
	static const char *const keys[] = { "uscc", "date", "attributes", "projects", "loans",
		"hires", "items", "complete_lists" };
	Policycalc__V1__Profile *profile = builder->profile;
	struct fact_list facts = { &profile->attributes, &profile->n_attributes, "" };
	const char *key;
	json_t *node;
	json_t *name;
	size_t index;

	if (!json_is_object(tree)) {
		COMPLAIN(builder, path, "档案应是一个对象%s", "the profile must be an object%s",
				"");
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)tree, key, node)
	{
		const char *list = list_named(key);
		const char *near;

		if (list) {
			items_add_tree(builder, list, node);
		} else if (strcmp(key, "items") == 0) {
			items_add_example(builder, node);
		} else if (strcmp(key, "ask") == 0) {
			continue; /* the steps of a questionnaire: the facts stand above */
		} else if (strcmp(key, "uscc") == 0) {
			text_field_set(builder, &profile->uscc, key, json_string_value(node),
					path);
		} else if (strcmp(key, "date") == 0) {
			text_field_set(builder, &profile->date, key, json_string_value(node),
					path);
		} else if (strcmp(key, "attributes") == 0) {
			facts_add_tree(builder, &facts, node, NULL, path);
		} else if (strcmp(key, "complete_lists") == 0 && json_is_array(node)) {
			json_array_foreach(node, index, name) complete_list_add(builder,
					json_string_value(name) ? json_string_value(name)
								: "?");
		} else {
			near = name_suggest(
					slice_from(key), keys, sizeof(keys) / sizeof(keys[0]));
			if (attribute_find(builder, slice_from(key), ""))
				near = "attributes";
			COMPLAIN(builder, path, "不认识的键 '%s'%s%s", "unknown key '%s'%s%s",
					key,
					near ? (builder->english ? "; did you mean "
								 : "，应为 ")
					     : "",
					near ? near : "");
		}
	}
}

/* --- from the command line -------------------------------------------------------------------- */

/* Whether no argument before has said @name; of two the writer has meant one. */
static bool argument_is_first(struct profile_builder *builder, struct slice name)
{
	struct argument *argument;

	for (argument = builder->arguments; argument; argument = argument->next) {
		if (slice_equals(argument->name, name))
			return false;
	}
	argument = ARENA_NEW(builder->arena, struct argument);
	if (argument) {
		*argument = (struct argument){ name, builder->arguments };
		builder->arguments = argument;
	}
	return true;
}

void profile_add_argument(struct profile_builder *builder, const char *argument)
{
	Policycalc__V1__Profile *profile = builder->profile;
	struct fact_list to = { &profile->attributes, &profile->n_attributes, "" };
	const char *equals = strchr(argument, '=');
	struct slice name = { argument, equals ? (size_t)(equals - argument) : 0 };
	const char *dot;
	const char *second;

	if (!equals || name.size == 0) {
		COMPLAIN(builder, "", "'%s' 不是 名称=值", "'%s' is not name=value", argument);
		return;
	}
	if (!argument_is_first(builder, name)) {
		COMPLAIN(builder, "", "%.*s：给了两次", "%.*s: given twice", SLICE_PRINT(name));
		return;
	}
	if (slice_equals_text(name, "uscc") || slice_equals_text(name, "date")) {
		text_field_set(builder, name.data[0] == 'u' ? &profile->uscc : &profile->date,
				"", equals + 1, "");
		return;
	}
	dot = memchr(name.data, '.', name.size);
	if (dot) {
		const char *list = NULL;

		second = memchr(dot + 1, '.', (size_t)(equals - dot - 1));
		for (size_t i = 0; i < LIST_COUNT; i++)
			if (slice_equals_text((struct slice){ name.data,
							      (size_t)(dot - name.data) },
					    item_lists[i]))
				list = item_lists[i];
		if (!list || !second || second == dot + 1) {
			COMPLAIN(builder, "",
					"'%.*s'：项目写作 projects.编号.属性（或 "
					"loans、hires）",
					"'%.*s': items are written projects.ID.ATTRIBUTE (or "
					"loans, "
					"hires)",
					SLICE_PRINT(name));
			return;
		}
		to = item_facts(builder, list,
				(struct slice){ dot + 1, (size_t)(second - dot - 1) });
		if (!to.list)
			return;
		name = (struct slice){ second + 1, (size_t)(equals - second - 1) };
	}
	fact_add(builder, &to, name, NULL, slice_from(equals + 1), "");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/diff.h"

#include "calculator/parameters.h"
#include "proto/codec/codec.h"
#include "proto/codec/field.h"

#include <stdlib.h>
#include <string.h>

typedef Policycalc__V1__CatalogChange change_message;

#define CHANGE(word) POLICYCALC__V1__CHANGE_KIND__CHANGE_KIND_##word
#define ENTRY(word) POLICYCALC__V1__ENTRY_KIND__ENTRY_KIND_##word

/* A growing list in an arena. */
struct list {
	void **items;
	size_t count;
	size_t capacity;
};

struct diff {
	struct arena *arena;
	const struct catalog *from;
	const struct catalog *to;
	struct list changes;
	struct list fields; /* of the entry at hand */
};

/* Where we are in an entry: as a path, and in words. */
struct place {
	const char *path;
	const char *zh;
	const char *en;
};

static bool list_add(struct diff *diff, struct list *list, void *item)
{
	if (!item)
		return false;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 16;
		void **grown = ARENA_NEW_ARRAY(diff->arena, void *, capacity);

		if (!grown)
			return false;
		if (list->count)
			memcpy(grown, list->items, list->count * sizeof(*grown));
		list->items = grown;
		list->capacity = capacity;
	}
	list->items[list->count++] = item;
	return true;
}

static bool messages_are_equal(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	struct buffer left = { 0 };
	struct buffer right = { 0 };
	bool equal = message_pack(a, &left) && message_pack(b, &right) &&
		     left.size == right.size &&
		     (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);

	buffer_fini(&left);
	buffer_fini(&right);
	return equal;
}

/* --- fields ----------------------------------------------------------------------------------- */

static bool field_report(struct diff *diff, const struct place *place,
		Policycalc__V1__ChangeKind kind, const char *before, const char *after)
{
	Policycalc__V1__FieldChange *change =
			ARENA_NEW(diff->arena, Policycalc__V1__FieldChange);
	Policycalc__V1__Text *label = ARENA_NEW(diff->arena, Policycalc__V1__Text);

	if (!change || !label || !before || !after || !place->path || !place->zh || !place->en)
		return false;
	policycalc__v1__field_change__init(change);
	policycalc__v1__text__init(label);
	label->zh = (char *)(uintptr_t)place->zh;
	label->en = (char *)(uintptr_t)place->en;
	change->path = (char *)(uintptr_t)place->path;
	change->kind = kind;
	change->before = (char *)(uintptr_t)before;
	change->after = (char *)(uintptr_t)after;
	change->label = label;
	return list_add(diff, &diff->fields, change);
}

/* The place of @field within @place. */
static struct place place_of_field(struct diff *diff, const struct place *place,
		const ProtobufCFieldDescriptor *field)
{
	struct diff_word word = diff_field_word(field);

	if (!*place->path)
		return (struct place){ field->name, word.zh, word.en };
	return (struct place){
		arena_format(diff->arena, "%s.%s", place->path, field->name),
		arena_format(diff->arena, "%s的%s", place->zh, word.zh),
		arena_format(diff->arena, "%s, %s", place->en, word.en),
	};
}

/* The place of one element of the list at @place. */
static struct place place_of_element(struct diff *diff, const struct place *place,
		const ProtobufCMessage *element, size_t index)
{
	const char *key = diff_element_key(element);
	const Policycalc__V1__Text *title = diff_element_title(element);
	bool undated = key && strcmp(key, "not_stated") == 0;
	const char *zh = title && *title->zh ? title->zh : undated ? "起始日未载明" : key;
	const char *en = title && *title->en ? title->en : undated ? "not dated" : key;

	if (!key)
		return (struct place){
			arena_format(diff->arena, "%s[%zu]", place->path, index),
			arena_format(diff->arena, "第%zu个%s", index + 1, place->zh),
			arena_format(diff->arena, "%s %zu", place->en, index + 1),
		};
	return (struct place){
		arena_format(diff->arena, "%s[%s]", place->path, key),
		arena_format(diff->arena, "%s“%s”", place->zh, zh ? zh : key),
		arena_format(diff->arena, "%s \"%s\"", place->en, en ? en : key),
	};
}

static bool messages_compare(struct diff *diff, const struct place *place,
		const ProtobufCMessage *from, const ProtobufCMessage *to);

static const ProtobufCMessage *element_message(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t index)
{
	return *(const ProtobufCMessage *const *)field_element(message, field, index);
}

/* Examples are many and change no answer: that they are others is enough. */
static bool examples_compare(struct diff *diff, const struct place *place,
		const ProtobufCFieldDescriptor *field, const ProtobufCMessage *from,
		const ProtobufCMessage *to)
{
	size_t before = field_count(from, field);
	size_t after = field_count(to, field);
	bool equal = before == after;

	for (size_t i = 0; equal && i < before; i++)
		equal = messages_are_equal(
				element_message(from, field, i), element_message(to, field, i));
	return equal || field_report(diff, place, CHANGE(CHANGED),
					arena_format(diff->arena, "%zu", before),
					arena_format(diff->arena, "%zu", after));
}

/* The element of @message that @element is another state of: that with its key, or at its place. */
static const ProtobufCMessage *element_find(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, const ProtobufCMessage *element,
		size_t index)
{
	const char *key = diff_element_key(element);
	size_t count = field_count(message, field);

	if (!key)
		return index < count ? element_message(message, field, index) : NULL;
	for (size_t i = 0; i < count; i++) {
		const ProtobufCMessage *other = element_message(message, field, i);
		const char *other_key = diff_element_key(other);

		if (other_key && strcmp(key, other_key) == 0)
			return other;
	}
	return NULL;
}

static bool lists_compare(struct diff *diff, const struct place *place,
		const ProtobufCFieldDescriptor *field, const ProtobufCMessage *from,
		const ProtobufCMessage *to)
{
	for (size_t i = 0; i < field_count(from, field); i++) {
		const ProtobufCMessage *before = element_message(from, field, i);
		const ProtobufCMessage *after = element_find(to, field, before, i);
		struct place here = place_of_element(diff, place, before, i);

		if (after ? !messages_compare(diff, &here, before, after)
			  : !field_report(diff, &here, CHANGE(REMOVED),
					    diff_message_print(before, diff->arena), ""))
			return false;
	}
	for (size_t i = 0; i < field_count(to, field); i++) {
		const ProtobufCMessage *after = element_message(to, field, i);
		struct place here;

		if (element_find(from, field, after, i))
			continue;
		here = place_of_element(diff, place, after, i);
		if (!field_report(diff, &here, CHANGE(ADDED), "",
				    diff_message_print(after, diff->arena)))
			return false;
	}
	return true;
}

static const char *scalars_print(struct diff *diff, const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field)
{
	const char *text = NULL;

	for (size_t i = 0; i < field_count(message, field); i++) {
		const char *next = diff_scalar_print(message, field, i, diff->arena);

		text = text ? arena_format(diff->arena, "%s、%s", text, next ? next : "")
			    : next;
		if (!text)
			return NULL;
	}
	if (text)
		return text;
	return field->type == PROTOBUF_C_TYPE_BOOL ? "否" : "";
}

static bool scalars_compare(struct diff *diff, const struct place *place,
		const ProtobufCFieldDescriptor *field, const ProtobufCMessage *from,
		const ProtobufCMessage *to)
{
	const char *before = scalars_print(diff, from, field);
	const char *after = scalars_print(diff, to, field);

	if (!before || !after)
		return false;
	if (strcmp(before, after) == 0)
		return true;
	return field_report(diff, place,
			!*before  ? CHANGE(ADDED)
			: !*after ? CHANGE(REMOVED)
				  : CHANGE(CHANGED),
			before, after);
}

static bool field_compare(struct diff *diff, const struct place *place,
		const ProtobufCFieldDescriptor *field, const ProtobufCMessage *from,
		const ProtobufCMessage *to)
{
	struct place here = place_of_field(diff, place, field);
	const ProtobufCMessage *before;
	const ProtobufCMessage *after;

	if (!here.path || !here.zh || !here.en)
		return false;
	if (field->descriptor == &policycalc__v1__example__descriptor)
		return examples_compare(diff, &here, field, from, to);
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return scalars_compare(diff, &here, field, from, to);
	if (field_is_repeated(field))
		return lists_compare(diff, &here, field, from, to);
	before = field_count(from, field) ? element_message(from, field, 0) : NULL;
	after = field_count(to, field) ? element_message(to, field, 0) : NULL;
	if (!before && !after)
		return true;
	if (before && after)
		return messages_compare(diff, &here, before, after);
	return field_report(diff, &here, before ? CHANGE(REMOVED) : CHANGE(ADDED),
			before ? diff_message_print(before, diff->arena) : "",
			after ? diff_message_print(after, diff->arena) : "");
}

/* The schema of the catalog has no recursive types, so that this ends. */
static bool messages_compare(struct diff *diff, const struct place *place,
		const ProtobufCMessage *from, const ProtobufCMessage *to)
{
	for (unsigned i = 0; i < from->descriptor->n_fields; i++) {
		if (!field_compare(diff, place, &from->descriptor->fields[i], from, to))
			return false;
	}
	return true;
}

/* --- entries ---------------------------------------------------------------------------------- */

/* One list of entries, in name order. */
struct side {
	const ProtobufCMessage **entries;
	size_t count;
};

static const char *entry_list(const ProtobufCMessage *entry)
{
	if (entry->descriptor == &policycalc__v1__attribute__descriptor)
		return ((const Policycalc__V1__Attribute *)entry)->item_list;
	return "";
}

static int entry_compare(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	const char *left = diff_element_key(a);
	const char *right = diff_element_key(b);
	int order = strcmp(entry_list(a), entry_list(b));

	return order ? order : strcmp(left ? left : "", right ? right : "");
}

static int on_compare(const void *a, const void *b)
{
	return entry_compare(*(const ProtobufCMessage *const *)a,
			*(const ProtobufCMessage *const *)b);
}

static bool side_make(struct diff *diff, const void *list, size_t count, struct side *out_side)
{
	out_side->entries = ARENA_NEW_ARRAY(diff->arena, const ProtobufCMessage *, count + 1);
	out_side->count = count;
	if (!out_side->entries)
		return false;
	if (count) {
		memcpy(out_side->entries, list, count * sizeof(*out_side->entries));
		qsort(out_side->entries, count, sizeof(*out_side->entries), on_compare);
	}
	return true;
}

static bool affects_fill(struct diff *diff, const struct catalog *catalog,
		const char *parameter, change_message *change)
{
	change->affects = ARENA_NEW_ARRAY(diff->arena, char *,
			catalog->policy_count + catalog->attribute_count + 1);
	if (!change->affects)
		return false;
	for (size_t i = 0; i < catalog->policy_count; i++) {
		if (policy_names_parameter(catalog->policies[i], parameter))
			change->affects[change->n_affects++] = catalog->policies[i]->id;
	}
	for (size_t i = 0; i < catalog->attribute_count; i++) {
		const Policycalc__V1__Attribute *attribute = catalog->attributes[i];
		char *name;

		if (!attribute_names_parameter(attribute, parameter))
			continue;
		name = arena_format(diff->arena, "%c.%s", *attribute->item_list ? 'i' : 'e',
				attribute->name);
		if (!name)
			return false;
		change->affects[change->n_affects++] = name;
	}
	return true;
}

static bool entry_report(struct diff *diff, Policycalc__V1__EntryKind entry,
		Policycalc__V1__ChangeKind kind, const ProtobufCMessage *message)
{
	change_message *change = ARENA_NEW(diff->arena, change_message);
	const char *key = diff_element_key(message);
	const char *list = entry_list(message);

	if (!change)
		return false;
	policycalc__v1__catalog_change__init(change);
	change->kind = kind;
	change->entry = entry;
	change->id = (char *)(uintptr_t)(key ? key : "");
	if (*list)
		change->id = arena_format(diff->arena, "%s.%s", list, change->id);
	change->title = (Policycalc__V1__Text *)(uintptr_t)diff_element_title(message);
	change->fields = (Policycalc__V1__FieldChange **)diff->fields.items;
	change->n_fields = diff->fields.count;
	diff->fields = (struct list){ 0 };
	if (!change->id)
		return false;
	if (entry == ENTRY(PARAMETER) &&
			!affects_fill(diff, kind == CHANGE(REMOVED) ? diff->from : diff->to,
					change->id, change))
		return false;
	return list_add(diff, &diff->changes, change);
}

static bool entry_changed(struct diff *diff, Policycalc__V1__EntryKind entry,
		const ProtobufCMessage *from, const ProtobufCMessage *to)
{
	static const struct place top = { "", "", "" };

	if (messages_are_equal(from, to))
		return true;
	if (!messages_compare(diff, &top, from, to))
		return false;
	return diff->fields.count == 0 || entry_report(diff, entry, CHANGE(CHANGED), to);
}

static bool entries_compare(struct diff *diff, Policycalc__V1__EntryKind entry,
		const void *from, size_t from_count, const void *to, size_t to_count)
{
	struct side before;
	struct side after;
	size_t i = 0;
	size_t k = 0;

	if (!side_make(diff, from, from_count, &before) ||
			!side_make(diff, to, to_count, &after))
		return false;
	while (i < before.count || k < after.count) {
		int order = i == before.count  ? 1
			    : k == after.count ? -1
					       : entry_compare(before.entries[i],
								 after.entries[k]);

		if (order < 0 ? !entry_report(diff, entry, CHANGE(REMOVED), before.entries[i++])
				: order > 0 ? !entry_report(diff, entry, CHANGE(ADDED),
							      after.entries[k++])
					    : !entry_changed(diff, entry, before.entries[i++],
							      after.entries[k++]))
			return false;
	}
	return true;
}

#define ENTRIES_COMPARE(diff, entry, field, count)                                             \
	entries_compare(diff, entry, (diff)->from->field, (diff)->from->count,                 \
			(diff)->to->field, (diff)->to->count)

Policycalc__V1__DiffRevisionsResponse *catalog_diff(const struct catalog *from,
		const struct catalog *to, struct arena *arena, struct error *err)
{
	struct diff diff = { .arena = arena, .from = from, .to = to };
	Policycalc__V1__DiffRevisionsResponse *response =
			ARENA_NEW(arena, Policycalc__V1__DiffRevisionsResponse);

	if (!response || !ENTRIES_COMPARE(&diff, ENTRY(POLICY), policies, policy_count) ||
			!ENTRIES_COMPARE(
					&diff, ENTRY(PARAMETER), parameters, parameter_count) ||
			!ENTRIES_COMPARE(
					&diff, ENTRY(ATTRIBUTE), attributes, attribute_count) ||
			!ENTRIES_COMPARE(&diff, ENTRY(REGION), regions, region_count) ||
			!ENTRIES_COMPARE(&diff, ENTRY(INDUSTRY), industries, industry_count) ||
			arena->exhausted) {
		arena_error(arena, err, "comparing two catalogs");
		return NULL;
	}
	policycalc__v1__diff_revisions_response__init(response);
	response->from_revision = from->revision;
	response->to_revision = to->revision;
	response->changes = (change_message **)diff.changes.items;
	response->n_changes = diff.changes.count;
	return response;
}

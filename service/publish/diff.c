/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of two catalogs: which are new, gone or other. Their fields: diff_fields.c. */
#include "publish/diff.h"

#include "calculator/parameters.h"
#include "proto/codec/codec.h"

#include <stdlib.h>
#include <string.h>

typedef Policycalc__V1__CatalogChange change_message;

#define CHANGE(word) POLICYCALC__V1__CHANGE_KIND__CHANGE_KIND_##word
#define ENTRY(word) POLICYCALC__V1__ENTRY_KIND__ENTRY_KIND_##word

struct diff {
	struct arena *arena;
	const struct catalog *from;
	const struct catalog *to;
	struct diff_list changes;
	struct diff_list fields; /* of the entry at hand */
};

bool diff_list_append(struct diff_list *list, void *item, struct arena *arena)
{
	if (!item)
		return false;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 16;
		void **grown = ARENA_NEW_ARRAY(arena, void *, capacity);

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

/* Whether @policy lies under a shared cap, or under one that holds it, whose limit is @parameter. */
static bool policy_is_capped_by(const struct catalog *catalog,
		const Policycalc__V1__Policy *policy, const char *parameter)
{
	const char *id = policy->shared_cap;

	/* A checked catalog has no ring of caps; the bound is for what is not checked. */
	for (size_t level = 0; *id && level <= catalog->shared_cap_count; level++) {
		const Policycalc__V1__SharedCap *cap = NULL;

		for (size_t i = 0; !cap && i < catalog->shared_cap_count; i++)
			if (strcmp(catalog->shared_caps[i]->id, id) == 0)
				cap = catalog->shared_caps[i];
		if (!cap)
			return false;
		if (strcmp(cap->limit, parameter) == 0)
			return true;
		id = cap->parent;
	}
	return false;
}

static bool affects_fill(struct diff *diff, const struct catalog *catalog,
		const char *parameter, change_message *change)
{
	change->affects = ARENA_NEW_ARRAY(diff->arena, char *,
			catalog->policy_count + catalog->attribute_count + 1);
	if (!change->affects)
		return false;
	for (size_t i = 0; i < catalog->policy_count; i++) {
		if (policy_names_parameter(catalog->policies[i], parameter) ||
				policy_is_capped_by(catalog, catalog->policies[i], parameter))
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
	diff->fields = (struct diff_list){ 0 };
	if (!change->id)
		return false;
	if (entry == ENTRY(PARAMETER) &&
			!affects_fill(diff, kind == CHANGE(REMOVED) ? diff->from : diff->to,
					change->id, change))
		return false;
	return diff_list_append(&diff->changes, change, diff->arena);
}

static bool entry_changed(struct diff *diff, Policycalc__V1__EntryKind entry,
		const ProtobufCMessage *from, const ProtobufCMessage *to)
{
	if (diff_messages_are_equal(from, to))
		return true;
	if (!diff_fields_compare(from, to, diff->arena, &diff->fields))
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
			!ENTRIES_COMPARE(&diff, ENTRY(SHARED_CAP), shared_caps,
					shared_cap_count) ||
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

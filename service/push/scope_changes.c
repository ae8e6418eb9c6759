/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a change of the catalog touches.
 *
 * Entries are compared by their bytes. The names of attributes and parameters that differ are looked
 * for, as whole words, in the bytes of everything else: what holds one of them is touched, and when it
 * is a derived attribute its name is looked for in turn. Regions and industries touch everything.
 */
#include "push/scope.h"

#include "base/buffer.h"
#include "proto/codec/codec.h"
#include "store/entry.h"

#include <ctype.h>
#include <string.h>

/* Names that are looked for; grows while derived attributes are found. */
struct search {
	struct slice *names;
	size_t count;
};

struct push_scope_changes {
	const struct catalog *from;
	bool everything;
	struct search search;  /* what has changed, by name */
	struct entry *entries; /* of the new catalog */
	size_t count;
	bool *touched; /* by entry */
	const char **gone;
	size_t gone_count;
};

static const struct entry *entry_find(
		const struct entry *entries, size_t count, const struct entry *wanted)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct entry *entry = &entries[middle];
		int order = entry->kind != wanted->kind ? (entry->kind > wanted->kind ? 1 : -1)
							: strcmp(entry->name, wanted->name);

		if (order == 0)
			return entry;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The name that rules use: "projects/invested" is "invested" there. */
static struct slice name_of(const struct entry *entry)
{
	const char *slash = strchr(entry->name, '/');

	return slice_from(slash ? slash + 1 : entry->name);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/*
 * Bytes before a string in an encoded message are its tag and length, which may look like letters, so
 * that only what follows must not go on as a word, but for windows of a series ("x_y2", "x_months").
 */
static bool mentions(struct slice bytes, struct slice name)
{
	const char *at = bytes.data;
	size_t left = bytes.size;

	while (name.size && left >= name.size) {
		const char *found = memmem(at, left, name.data, name.size);
		size_t after;

		if (!found)
			return false;
		after = (size_t)(bytes.data + bytes.size - found) - name.size;
		if (after == 0 || !is_word(found[name.size]) || found[name.size] == '_')
			return true;
		left = (size_t)(bytes.data + bytes.size - found) - 1;
		at = found + 1;
	}
	return false;
}

static bool is_table(enum entry_kind kind)
{
	return kind == ENTRY_REGION || kind == ENTRY_INDUSTRY;
}

static void search_add(struct search *search, const struct entry *entry)
{
	if (entry->kind == ENTRY_ATTRIBUTE || entry->kind == ENTRY_PARAMETER ||
			entry->kind == ENTRY_SHARED_CAP)
		search->names[search->count++] = name_of(entry);
}

static void changes_spread(struct push_scope_changes *changes, struct search *search)
{
	for (size_t next = 0; next < search->count; next++) {
		for (size_t i = 0; i < changes->count; i++) {
			const struct entry *entry = &changes->entries[i];

			if (changes->touched[i] || entry->kind == ENTRY_FACT ||
					!mentions(entry->bytes, search->names[next]))
				continue;
			changes->touched[i] = true;
			search_add(search, entry);
		}
	}
}

static bool gone_add(struct push_scope_changes *changes, const struct catalog *from,
		const struct catalog *to, struct arena *arena)
{
	changes->gone = ARENA_NEW_ARRAY(arena, const char *, from->policy_count + 1);
	if (!changes->gone)
		return false;
	for (size_t i = 0; i < from->policy_count; i++) {
		bool is_there = false;

		for (size_t k = 0; !is_there && k < to->policy_count; k++)
			is_there = strcmp(from->policies[i]->series, to->policies[k]->series) ==
				   0;
		if (!is_there)
			changes->gone[changes->gone_count++] = from->policies[i]->series;
	}
	return true;
}

struct push_scope_changes *push_scope_changes_find(const struct catalog *from,
		const struct catalog *to, struct arena *arena, struct error *err)
{
	struct push_scope_changes *changes = ARENA_NEW(arena, struct push_scope_changes);
	struct entry *old;
	size_t old_count;

	if (!changes) {
		arena_error(arena, err, "comparing catalogs");
		return NULL;
	}
	changes->from = from;
	if (!entry_list_from_catalog(from, arena, &old, &old_count, err) ||
			!entry_list_from_catalog(
					to, arena, &changes->entries, &changes->count, err))
		return NULL;
	changes->touched = ARENA_NEW_ARRAY(arena, bool, changes->count + 1);
	changes->search.names =
			ARENA_NEW_ARRAY(arena, struct slice, changes->count + old_count + 1);
	if (!changes->touched || !changes->search.names ||
			!gone_add(changes, from, to, arena)) {
		arena_error(arena, err, "comparing catalogs");
		return NULL;
	}
	for (size_t i = 0; i < changes->count; i++) {
		const struct entry *entry = &changes->entries[i];
		const struct entry *before = entry_find(old, old_count, entry);

		if (entry->kind == ENTRY_FACT ||
				(before && slice_equals(before->bytes, entry->bytes)))
			continue;
		changes->touched[i] = true;
		changes->everything |= is_table(entry->kind);
		search_add(&changes->search, entry);
	}
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].kind == ENTRY_FACT ||
				entry_find(changes->entries, changes->count, &old[i]))
			continue;
		changes->everything |= is_table(old[i].kind);
		search_add(&changes->search, &old[i]);
	}
	changes_spread(changes, &changes->search);
	return changes;
}

bool push_scope_changes_touch(const struct push_scope_changes *changes, const char *policy)
{
	struct entry wanted = { .kind = ENTRY_POLICY, .name = policy };
	const struct entry *entry = entry_find(changes->entries, changes->count, &wanted);

	return changes->everything || !entry || changes->touched[entry - changes->entries];
}

/* --- amounts --------------------------------------------------------------------------------- */

/* All but what decides who can have it, and what shows that it is right. */
static bool worth_pack(const Policycalc__V1__Policy *policy, struct buffer *out)
{
	Policycalc__V1__Policy worth = *policy;

	worth.n_conditions = 0;
	worth.n_examples = 0;
	return message_pack(&worth.base, out);
}

/* Of a policy granted per item it depends on the conditions for which of them. */
bool push_scope_changes_touch_amount(const struct push_scope_changes *changes,
		const Policycalc__V1__Policy *policy, bool *out_touch)
{
	const Policycalc__V1__Policy *before = NULL;
	struct buffer old = { 0 }, new = { 0 };
	bool ok;

	for (size_t i = 0; !before && i < changes->from->policy_count; i++) {
		if (strcmp(changes->from->policies[i]->id, policy->id) == 0)
			before = changes->from->policies[i];
	}
	*out_touch = true;
	if (changes->everything || !before ||
			policy->subject > POLICYCALC__V1__SUBJECT__SUBJECT_ENTERPRISE)
		return true;
	ok = worth_pack(before, &old) && worth_pack(policy, &new);
	if (ok) {
		struct slice bytes = { new.data, new.size };

		*out_touch = !slice_equals((struct slice){ old.data, old.size }, bytes);
		for (size_t i = 0; !*out_touch && i < changes->search.count; i++)
			*out_touch = mentions(bytes, changes->search.names[i]);
	}
	buffer_fini(&old);
	buffer_fini(&new);
	return ok;
}

/* --- series that are gone -------------------------------------------------------------------- */

const char *push_scope_changes_gone(const struct push_scope_changes *changes, size_t index)
{
	return index < changes->gone_count ? changes->gone[index] : NULL;
}

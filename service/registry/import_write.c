/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chunk becomes a transaction:
 *
 *     rows staged ──► sorted by code, one group an enterprise ──► ids found, new ones given in the order
 *     of the rows ──► what is known is read, in id order, and each row laid over it ──► what changed is
 *     written, in id order
 *
 * Sorted, since the index of codes and the table of records are walked in their own order then, and
 * neither jumps about. What did not change is not written; a chunk without changes is no transaction.
 */
#include "registry/import_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_MEMORY ((size_t)1 << 30)

/* The rows of one enterprise in a chunk. */
struct group {
	struct enterprise_key key;
	const struct staged *rows; /* in the order in which they came */
	size_t count;
	bool is_new;
};

struct chunk {
	struct import *import;
	struct arena arena;
	struct group *groups;
	size_t group_count;
	int64_t last_id;	 /* with the new ones */
	struct group **existing; /* in id order */
	size_t existing_count, existing_next;
	struct enterprise_change *changes; /* in id order */
	size_t change_count;
	struct buffer records; /* merged records; changes hold offsets until all are made */
	const uint32_t *listed;
};

/* --- groups ---------------------------------------------------------------------------------- */

static int compare_staged(const void *left, const void *right)
{
	const struct staged *a = left;
	const struct staged *b = right;
	int order = memcmp(a->uscc, b->uscc, USCC_SIZE);

	return order ? order : (a->order > b->order) - (a->order < b->order);
}

static bool make_groups(struct chunk *chunk)
{
	struct import *import = chunk->import;

	qsort(import->staged, import->staged_count, sizeof(*import->staged), compare_staged);
	chunk->groups = arena_alloc(
			&chunk->arena, import->staged_count * sizeof(*chunk->groups));
	if (!chunk->groups)
		return false;
	for (size_t i = 0; i < import->staged_count; i++) {
		const struct staged *row = &import->staged[i];

		if (i > 0 && memcmp(row->uscc, row[-1].uscc, USCC_SIZE) == 0) {
			chunk->groups[chunk->group_count - 1].count++;
			continue;
		}
		chunk->groups[chunk->group_count++] = (struct group){
			.key.uscc = { row->uscc, USCC_SIZE },
			.rows = row,
			.count = 1,
		};
	}
	return true;
}

static bool find_ids(struct chunk *chunk, struct error *err)
{
	size_t count = chunk->group_count;
	struct enterprise_key *keys = arena_alloc(&chunk->arena, count * sizeof(*keys));

	if (!keys)
		return arena_error(&chunk->arena, err, "writing rows");
	for (size_t i = 0; i < count; i++)
		keys[i] = chunk->groups[i].key;
	if (!registry_store_find_keys(chunk->import->registry->store, keys, count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		chunk->groups[i].key = keys[i];
	return true;
}

static int compare_arrival(const void *left, const void *right)
{
	const struct group *a = *(struct group *const *)left;
	const struct group *b = *(struct group *const *)right;

	return (a->rows->order > b->rows->order) - (a->rows->order < b->rows->order);
}

static int compare_ids(const void *left, const void *right)
{
	const struct group *a = *(struct group *const *)left;
	const struct group *b = *(struct group *const *)right;

	return (a->key.id > b->key.id) - (a->key.id < b->key.id);
}

/* A dry run remembers the ids that it would have given. */
static bool give_made_up_id(struct import *import, struct group *group)
{
	int64_t id = (int64_t)(intptr_t)map_find(&import->made_up, group->key.uscc);
	char *copy;

	if (!id) {
		id = ++import->made_up_id;
		copy = arena_copy(&import->arena, group->key.uscc.data, USCC_SIZE);
		if (!copy || !map_put(&import->made_up, (struct slice){ copy, USCC_SIZE },
					     (void *)(intptr_t)id))
			return false;
	}
	group->key.id = id;
	return true;
}

/* New enterprises get their ids in the order of the rows; all groups end in id order. */
static bool give_ids(struct chunk *chunk, struct group ***out_order, struct error *err)
{
	struct import *import = chunk->import;
	size_t count = chunk->group_count;
	struct group **order = arena_alloc(&chunk->arena, count * sizeof(*order));
	size_t new_count = 0;
	size_t old_count = 0;

	if (!order)
		return arena_error(&chunk->arena, err, "writing rows");
	for (size_t i = 0; i < count; i++) {
		struct group *group = &chunk->groups[i];

		group->is_new = group->key.id == 0;
		if (group->is_new)
			order[count - ++new_count] = group;
		else
			order[old_count++] = group;
	}
	qsort(order, old_count, sizeof(*order), compare_ids);
	qsort(order + old_count, new_count, sizeof(*order), compare_arrival);
	chunk->last_id = import->registry->last_id;
	for (size_t i = old_count; i < count; i++) {
		if (!import->is_dry_run)
			order[i]->key.id = ++chunk->last_id;
		else if (!give_made_up_id(import, order[i]))
			return error_set(err, ERROR_MEMORY, "no memory for a dry run");
	}
	chunk->existing = order;
	chunk->existing_count = old_count;
	*out_order = order;
	return true;
}

/* --- what became of them --------------------------------------------------------------------- */

static bool make_fates(struct import *import, int64_t last_id)
{
	size_t wanted = (size_t)last_id + 1;
	unsigned char *grown;

	if (wanted <= import->fate_capacity)
		return true;
	wanted += wanted / 2;
	grown = memory_resize(import->fates, wanted);
	if (!grown)
		return false;
	memset(grown + import->fate_capacity, 0, wanted - import->fate_capacity);
	import->fates = grown;
	import->fate_capacity = wanted;
	return true;
}

static int64_t *fate_count(struct import *import, enum fate fate)
{
	switch (fate) {
	case FATE_INSERTED:
		return &import->answer.inserted;
	case FATE_UPDATED:
		return &import->answer.updated;
	case FATE_UNCHANGED:
		return &import->answer.unchanged;
	case FATE_NONE:
		break;
	}
	return NULL;
}

/* An enterprise is counted once, however many rows tell of it. */
static void note_fate(struct import *import, int64_t id, enum fate fate)
{
	enum fate before = import->fates[id];

	if (before >= fate)
		return;
	if (before != FATE_NONE)
		(*fate_count(import, before))--;
	(*fate_count(import, fate))++;
	import->fates[id] = (unsigned char)fate;
}

static void warn_doubled(struct import *import, const struct group *group)
{
	size_t first = import->fates[group->key.id] == FATE_NONE ? 1 : 0;

	for (size_t i = first; i < group->count; i++)
		import_warn(import, group->rows[i].row, "uscc", "DUPLICATE_USCC",
				"this import had a row of the same enterprise before; what "
				"this one"
				" says is laid over it");
}

/* --- laying over ----------------------------------------------------------------------------- */

static struct slice staged_record(const struct import *import, const struct staged *staged)
{
	return (struct slice){ import->records.data + staged->at, staged->size };
}

/* Tells who says an older day's value; it is not taken. */
static void warn_outdated(struct import *import, const struct staged *staged,
		const struct record_merge *merge)
{
	const struct name *name = names_get(&import->registry->names, merge->outdated);

	if (name)
		import_warn(import, staged->row, name->name, "OLDER_THAN_KNOWN",
				"a value of a later day is known, and stays");
}

/* Notes who is on the lists that the import declares complete. */
static bool note_said(struct import *import, const struct record *record, int64_t id)
{
	for (size_t i = 0; i < import->complete_count; i++) {
		for (size_t k = 0; k < record->facts.count; k++) {
			const struct fact *fact = &record->facts.list[k];
			size_t word = (size_t)id / 64;
			bool flag;

			if (fact->attribute != import->complete[i]->id ||
					!fact_is_flag(fact, &flag))
				continue;
			if (word >= import->said_words)
				return false;
			if (flag)
				import->said[i][word] |= UINT64_C(1) << (size_t)id % 64;
			else
				import->said[i][word] &= ~(UINT64_C(1) << (size_t)id % 64);
		}
	}
	return true;
}

static bool make_said(struct import *import, int64_t last_id)
{
	size_t words = (size_t)last_id / 64 + 1;

	if (import->complete_count == 0 || words <= import->said_words)
		return true;
	words += words / 2;
	for (size_t i = 0; i < import->complete_count; i++) {
		uint64_t *grown = memory_resize(import->said[i], words * sizeof(*grown));

		if (!grown)
			return false;
		memset(grown + import->said_words, 0,
				(words - import->said_words) * sizeof(*grown));
		import->said[i] = grown;
	}
	import->said_words = words;
	return true;
}

/* More items than one could ask about, with those that are known. */
static void reject_items(struct import *import, const struct staged *staged)
{
	import->row = staged->row;
	import->answer.rejected++;
	import_reject(import, "items", "TOO_MANY",
			"more than 1000 with those that are known; send a list that is "
			"complete");
}

/* Lays the rows of @group over @record in turn. */
static bool lay_rows(struct chunk *chunk, const struct group *group, struct record *record,
		size_t first, bool *changed, struct error *err)
{
	struct import *import = chunk->import;
	bool was_seen = import->fates[group->key.id] != FATE_NONE;

	for (size_t i = first; i < group->count; i++) {
		struct record_merge merge = import_merge(import, chunk->listed,
				import->registry->complete.count + import->complete_count,
				import->replace && i == 0 && !was_seen);
		struct record patch;
		struct record both;
		bool row_changed;

		if (!record_decode(staged_record(import, &group->rows[i]), &chunk->arena,
				    &patch, err))
			return false;
		if (!record_lay_over(
				    record, &patch, &merge, &chunk->arena, &both, &row_changed))
			return arena_error(&chunk->arena, err, "writing rows");
		if (both.item_count > RECORD_ITEMS_MOST) {
			reject_items(import, &group->rows[i]);
			continue;
		}
		*record = both;
		if (merge.outdated)
			warn_outdated(import, &group->rows[i], &merge);
		if (!note_said(import, &patch, group->key.id))
			return error_set(err, ERROR_MEMORY, "no memory for a complete list");
		*changed |= row_changed;
	}
	return true;
}

/* Sets the record of @change from import to import: the buffer may still move. */
static bool put_record(struct chunk *chunk, const struct record *record,
		struct enterprise_change *change, struct error *err)
{
	size_t at = chunk->records.size;

	record_encode(record, &chunk->records);
	if (chunk->records.failed)
		return error_set(err, ERROR_MEMORY, "no memory to write rows");
	change->record = (struct slice){ NULL, chunk->records.size - at };
	return true;
}

static bool on_existing(void *context, const struct enterprise_row *row, struct error *err)
{
	struct chunk *chunk = context;
	struct import *import = chunk->import;
	const struct group *group = chunk->existing[chunk->existing_next++];
	struct enterprise_change *change = &chunk->changes[chunk->change_count];
	struct arena_mark mark = arena_mark(&chunk->arena);
	struct record record;
	bool changed = false;
	char *old;

	if (!record_decode(row->record, &chunk->arena, &record, err) ||
			!lay_rows(chunk, group, &record, 0, &changed, err))
		return false;
	warn_doubled(import, group);
	note_fate(import, group->key.id, changed ? FATE_UPDATED : FATE_UNCHANGED);
	if (!changed) {
		arena_rewind(&chunk->arena, mark);
		return true;
	}
	*change = (struct enterprise_change){
		.id = row->id,
		.uscc = group->key.uscc,
		.old_sequence = row->sequence,
	};
	if (!put_record(chunk, &record, change, err))
		return false;
	arena_rewind(&chunk->arena, mark);
	old = arena_copy(&chunk->arena, row->record.data, row->record.size);
	if (!old)
		return arena_error(&chunk->arena, err, "writing rows");
	change->old_record = (struct slice){ old, row->record.size };
	chunk->change_count++;
	return true;
}

static bool lay_existing(struct chunk *chunk, struct error *err)
{
	size_t count = chunk->existing_count;
	int64_t *ids = arena_alloc(&chunk->arena, count * sizeof(*ids));

	if (!ids)
		return arena_error(&chunk->arena, err, "writing rows");
	for (size_t i = 0; i < count; i++)
		ids[i] = chunk->existing[i]->key.id;
	return registry_store_load(
			chunk->import->registry->store, ids, count, on_existing, chunk, err);
}

static bool lay_new(struct chunk *chunk, const struct group *group, struct error *err)
{
	struct import *import = chunk->import;
	struct enterprise_change *change = &chunk->changes[chunk->change_count++];
	struct arena_mark mark = arena_mark(&chunk->arena);
	bool changed = false;
	struct record record;

	*change = (struct enterprise_change){ .id = group->key.id, .uscc = group->key.uscc };
	if (group->count == 1 && import->complete_count == 0) {
		change->record = staged_record(import, group->rows);
	} else {
		if (!record_decode(staged_record(import, group->rows), &chunk->arena, &record,
				    err))
			return false;
		if (!note_said(import, &record, group->key.id))
			return error_set(err, ERROR_MEMORY, "no memory for a complete list");
		if (!lay_rows(chunk, group, &record, 1, &changed, err) ||
				!put_record(chunk, &record, change, err))
			return false;
		arena_rewind(&chunk->arena, mark);
	}
	warn_doubled(import, group);
	note_fate(import, group->key.id, FATE_INSERTED);
	return true;
}

/* The buffer of records will not move any more. */
static void settle_records(struct chunk *chunk)
{
	size_t at = 0;

	for (size_t i = 0; i < chunk->change_count; i++) {
		struct slice *record = &chunk->changes[i].record;

		if (record->data)
			continue;
		record->data = chunk->records.data + at;
		at += record->size;
	}
}

/* --- writing --------------------------------------------------------------------------------- */

static bool write_changes(struct chunk *chunk, struct error *err)
{
	struct import *import = chunk->import;
	struct registry_store *store = import->registry->store;
	size_t new_count = 0;
	struct enterprise_key *keys =
			arena_alloc(&chunk->arena, chunk->group_count * sizeof(*keys));
	int64_t sequence;

	if (!keys)
		return arena_error(&chunk->arena, err, "writing rows");
	/* In the order of the codes, as the groups are. */
	for (size_t i = 0; i < chunk->group_count; i++) {
		if (chunk->groups[i].is_new)
			keys[new_count++] = chunk->groups[i].key;
	}
	if (import_begin(import, &sequence, err) && import_store(import, sequence, "", err) &&
			registry_store_add_keys(store, keys, new_count, err) &&
			registry_store_write(store, chunk->changes, chunk->change_count,
					sequence, err) &&
			import_commit(import, sequence, chunk->last_id, err))
		return true;
	registry_store_rollback(store);
	return false;
}

static bool chunk_write(struct chunk *chunk, struct error *err)
{
	struct import *import = chunk->import;
	struct group **order = NULL;
	int64_t highest;

	if (!make_groups(chunk))
		return arena_error(&chunk->arena, err, "writing rows");
	if (!find_ids(chunk, err) || !give_ids(chunk, &order, err))
		return false;
	chunk->changes = arena_alloc(
			&chunk->arena, chunk->group_count * sizeof(*chunk->changes));
	if (!chunk->changes)
		return arena_error(&chunk->arena, err, "writing rows");
	highest = import->made_up_id > chunk->last_id ? import->made_up_id : chunk->last_id;
	if (!make_fates(import, highest) || !make_said(import, highest))
		return error_set(err, ERROR_MEMORY, "no memory to write rows");
	if (!lay_existing(chunk, err))
		return false;
	for (size_t i = chunk->existing_count; i < chunk->group_count; i++) {
		if (!lay_new(chunk, order[i], err))
			return false;
	}
	settle_records(chunk);
	if (import->is_dry_run || chunk->change_count == 0)
		return true;
	return write_changes(chunk, err);
}

/* Attributes with complete lists, this import's among them. */
static bool list_attributes(struct chunk *chunk)
{
	const struct import *import = chunk->import;
	const struct complete *complete = &import->registry->complete;
	uint32_t *listed = arena_alloc(&chunk->arena,
			(complete->count + import->complete_count) * sizeof(*listed));

	if (!listed)
		return false;
	for (size_t i = 0; i < complete->count; i++)
		listed[i] = complete->groups[i].attribute;
	for (size_t i = 0; i < import->complete_count; i++)
		listed[complete->count + i] = import->complete[i]->id;
	chunk->listed = listed;
	return true;
}

bool import_write(struct import *import, struct error *err)
{
	struct chunk chunk = { .import = import };
	bool ok;

	if (import->staged_count == 0)
		return true;
	arena_init(&chunk.arena, CHUNK_MEMORY);
	ok = list_attributes(&chunk) ? chunk_write(&chunk, err)
				     : arena_error(&chunk.arena, err, "writing rows");
	arena_fini(&chunk.arena);
	buffer_fini(&chunk.records);
	import->staged_count = 0;
	buffer_clear(&import->records);
	return ok;
}

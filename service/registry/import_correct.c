/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A complete list that is sent again, corrected. A value of the list's own day stands against the list
 * (complete.h), and those who were on the first list have such a value: it becomes "no" for those who
 * are not on this one. Sent again unchanged, nothing is written.
 */
#include "registry/import_internal.h"

#include <string.h>

#define CORRECT_MEMORY ((size_t)512 << 20)

struct correction {
	struct import *import;
	size_t index;
	struct arena arena; /* what is written */
	struct arena scratch;
	struct enterprise_change *changes;
	size_t count, capacity;
};

/* The fact of an earlier list of this supplier and day, which is no longer so; or NULL. */
static struct fact *find_stale(
		const struct correction *correction, struct record *record, int64_t id)
{
	const struct import *import = correction->import;

	for (size_t i = 0; i < record->facts.count; i++) {
		struct fact *fact = &record->facts.list[i];
		const struct supply *supply;
		bool flag;

		if (fact->attribute != import->complete[correction->index]->id)
			continue;
		supply = supplies_get(&import->registry->supplies, fact->supply);
		if (fact_is_flag(fact, &flag) && flag && supply &&
				supply->days == import->supply.days &&
				strcmp(supply->supplier, import->supply.supplier) == 0 &&
				!import_said(import, correction->index, id))
			return fact;
	}
	return NULL;
}

static bool correction_grow(struct correction *correction)
{
	size_t capacity = correction->capacity ? correction->capacity * 2 : 64;
	struct enterprise_change *grown;

	if (correction->count < correction->capacity)
		return true;
	grown = arena_alloc(&correction->arena, capacity * sizeof(*grown));
	if (!grown)
		return false;
	if (correction->count)
		memcpy(grown, correction->changes, correction->count * sizeof(*grown));
	correction->changes = grown;
	correction->capacity = capacity;
	return true;
}

static bool keep(struct correction *correction, const struct enterprise_row *row,
		const struct record *record)
{
	struct arena *arena = &correction->arena;
	struct buffer bytes = { 0 };
	char *copy;
	char *old = arena_copy(arena, row->record.data, row->record.size);
	char *uscc = arena_copy(arena, row->uscc.data, row->uscc.size);

	record_encode(record, &bytes);
	copy = bytes.failed ? NULL : arena_copy(arena, bytes.data, bytes.size);
	if (!copy || !old || !uscc || !correction_grow(correction)) {
		buffer_fini(&bytes);
		return false;
	}
	correction->changes[correction->count++] = (struct enterprise_change){
		.id = row->id,
		.uscc = { uscc, row->uscc.size },
		.record = { copy, bytes.size },
		.old_sequence = row->sequence,
		.old_record = { old, row->record.size },
	};
	buffer_fini(&bytes);
	return true;
}

static bool on_row(void *context, const struct enterprise_row *row, struct error *err)
{
	static const char no[2] = { POLICYCALC__V1__VALUE__KIND_FLAG, 0 };
	struct correction *correction = context;
	struct record record;
	struct fact *stale;

	arena_reset(&correction->scratch);
	if (!record_decode(row->record, &correction->scratch, &record, err))
		return false;
	stale = find_stale(correction, &record, row->id);
	if (!stale)
		return true;
	stale->value = (struct slice){ no, sizeof(no) };
	stale->supply = correction->import->supply.id;
	return keep(correction, row, &record) ||
	       arena_error(&correction->arena, err, "correcting a complete list");
}

static bool correction_write(struct correction *correction, struct error *err)
{
	struct import *import = correction->import;
	struct registry *registry = import->registry;
	int64_t sequence;

	import->answer.updated += (int64_t)correction->count;
	if (import_begin(import, &sequence, err) && import_store(import, sequence, "", err) &&
			registry_store_write(registry->store, correction->changes,
					correction->count, sequence, err) &&
			import_commit(import, sequence, registry->last_id, err))
		return true;
	registry_store_rollback(registry->store);
	return false;
}

bool import_correct(struct import *import, size_t index, struct error *err)
{
	struct registry *registry = import->registry;
	struct correction correction = { .import = import, .index = index };
	bool ok;

	arena_init(&correction.arena, CORRECT_MEMORY);
	arena_init(&correction.scratch, CORRECT_MEMORY);
	ok = registry_store_scan(registry->store, registry->sequence, 1, registry->last_id,
			     on_row, &correction, err) &&
	     (correction.count == 0 || correction_write(&correction, err));
	arena_fini(&correction.arena);
	arena_fini(&correction.scratch);
	return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the registry and reading enterprises from it. */
#include "registry/internal.h"

#include "base/date.h"
#include "base/memory.h"
#include "base/uscc.h"

#include <assert.h>

#define ROW_MEMORY ((size_t)32 << 20)
#define ROW_FIRST_BLOCK ((size_t)64 << 10)

/* --- what is in memory ----------------------------------------------------------------------- */

static bool on_name(void *context, const struct registry_name_row *row, struct error *err)
{
	struct registry *registry = context;
	struct name *name;

	/* Numbers have no gaps: they are given and stored one after the other. */
	if (row->id != (int64_t)registry->names.count + 1)
		return error_set(err, ERROR_IO,
				"the registry database is damaged: a name is missing");
	name = names_add(&registry->names, row->list, row->name,
			(Policycalc__V1__Period)row->period);
	if (!name)
		return error_set(err, ERROR_MEMORY, "no memory for the names of the registry");
	name->is_stored = true;
	return true;
}

static bool on_import(void *context, const struct registry_import_row *row, struct error *err)
{
	struct registry *registry = context;
	struct arena *arena = &registry->arena;
	struct date date;
	struct supply supply = {
		.id = (uint32_t)row->id,
		.sample = row->sample,
	};

	if (!date_parse(row->day, &date))
		return error_set(err, ERROR_IO,
				"the registry database is damaged: an import has no day");
	supply.days = date_to_days(date);
	arena_reset(arena);
	supply.supplier = arena_copy(arena, row->supplier.data, row->supplier.size);
	supply.day = arena_copy(arena, row->day.data, row->day.size);
	supply.started_at = arena_copy(arena, row->started_at.data, row->started_at.size);
	if (!supply.supplier || !supply.day || !supply.started_at ||
			!supplies_add(&registry->supplies, &supply))
		return error_set(
				err, ERROR_MEMORY, "no memory for the imports of the registry");
	return true;
}

static bool on_list(void *context, const struct registry_list_row *row, struct error *err)
{
	struct registry *registry = context;
	const struct supply *supply = supplies_get(&registry->supplies, (uint32_t)row->import);
	struct complete_list list = {
		.supply = (uint32_t)row->import,
		.sequence = row->sequence,
	};

	if (!supply || !names_get(&registry->names, (uint32_t)row->name))
		return error_set(err, ERROR_IO,
				"the registry database is damaged: a complete list has no "
				"name, or"
				" no supplier");
	list.days = supply->days;
	if (!complete_reserve(&registry->complete, (uint32_t)row->name))
		return error_set(err, ERROR_MEMORY, "no memory for the complete lists");
	complete_add(&registry->complete, (uint32_t)row->name, &list);
	return true;
}

struct registry *registry_open(struct registry_store *store, struct error *err)
{
	struct registry *registry = memory_alloc_zero(1, sizeof(*registry));
	struct registry_state state;

	if (!registry) {
		error_set(err, ERROR_MEMORY, "no memory to open the registry");
		return NULL;
	}
	registry->store = store;
	names_init(&registry->names);
	supplies_init(&registry->supplies);
	arena_init(&registry->arena, ROW_MEMORY);
	/* Its first block is what a reset keeps: most rows need no other. */
	(void)arena_alloc(&registry->arena, ROW_FIRST_BLOCK);
	if (!registry_store_state(store, &state, err) ||
			!registry_store_each_name(store, on_name, registry, err) ||
			!registry_store_each_import(store, on_import, registry, err) ||
			!registry_store_each_list(store, on_list, registry, err)) {
		registry_close(registry);
		return NULL;
	}
	registry->sequence = state.sequence;
	registry->last_id = state.last_id;
	registry->last_import = state.last_import;
	return registry;
}

void registry_close(struct registry *registry)
{
	if (!registry)
		return;
	names_fini(&registry->names);
	supplies_fini(&registry->supplies);
	complete_fini(&registry->complete);
	arena_fini(&registry->arena);
	memory_free(registry);
}

struct registry_store *registry_store(struct registry *registry)
{
	return registry->store;
}

bool registry_snapshot(struct registry *registry, int64_t *out_sequence, struct error *err)
{
	(void)err;
	*out_sequence = registry->sequence;
	return true;
}

bool registry_sequence_at(struct registry *registry, int64_t time, int64_t *out_sequence,
		struct error *err)
{
	return registry_store_sequence_at(registry->store, time, out_sequence, err);
}

int64_t registry_last_id(const struct registry *registry)
{
	return registry->last_id;
}

bool registry_each_changed(struct registry *registry, int64_t sequence, int64_t first_id,
		int64_t count, bool (*changed)(void *context, int64_t id, struct error *err),
		void *context, struct error *err)
{
	/* Whom a list has changed is told by the list alone: it may be anybody. */
	if (registry->complete.newest_sequence > sequence)
		sequence = 0;
	return registry_store_each_changed(
			registry->store, sequence, first_id, count, changed, context, err);
}

bool registry_block_sequence(struct registry *registry, int64_t block, int64_t *out_sequence,
		struct error *err)
{
	if (!registry_store_block_sequence(registry->store, block, out_sequence, err))
		return false;
	/* A list says something of every enterprise. */
	if (*out_sequence && registry->complete.newest_sequence > *out_sequence)
		*out_sequence = registry->complete.newest_sequence;
	return true;
}

const struct supply *registry_supply(const struct registry *registry, uint32_t id)
{
	return supplies_get(&registry->supplies, id);
}

/* --- one enterprise -------------------------------------------------------------------------- */

/* The enterprise's own fact, which has no period, and where it stands; NULL when there is none. */
static const struct fact *find_fact(
		const struct fact_list *facts, uint32_t attribute, size_t *out_at)
{
	size_t from = 0;
	size_t until = facts->count;

	while (from < until) {
		size_t middle = from + (until - from) / 2;

		if (facts->list[middle].attribute < attribute)
			from = middle + 1;
		else
			until = middle;
	}
	*out_at = from;
	return from < facts->count && facts->list[from].attribute == attribute
			       ? &facts->list[from]
			       : NULL;
}

/* Puts "no" at @at of the profile, which has room for it. */
static bool put_no(Policycalc__V1__Profile *profile, size_t at, const char *name,
		struct arena *arena)
{
	Policycalc__V1__AttributeValue *attribute =
			ARENA_NEW(arena, Policycalc__V1__AttributeValue);
	Policycalc__V1__Value *value = ARENA_NEW(arena, Policycalc__V1__Value);

	if (!attribute || !value)
		return false;
	policycalc__v1__attribute_value__init(attribute);
	policycalc__v1__value__init(value);
	value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
	attribute->name = (char *)name;
	attribute->value = value;
	profile->attributes[at] = attribute;
	if (at == profile->n_attributes)
		profile->n_attributes++;
	return true;
}

static bool apply_lists(const struct registry *registry, int64_t record_sequence,
		int64_t sequence, struct arena *arena, struct known *known)
{
	const struct complete *complete = &registry->complete;
	Policycalc__V1__Profile *profile = known->profile;

	if (complete->count == 0)
		return true;
	known->lists = ARENA_NEW_ARRAY(arena, const struct complete_list *,
			profile->n_attributes + complete->count);
	if (!known->lists)
		return false;
	for (size_t i = 0; i < complete->count; i++) {
		const struct complete_group *group = &complete->groups[i];
		size_t at;
		const struct fact *own = find_fact(&known->record.facts, group->attribute, &at);
		struct complete_answer answer = complete_ask(
				group, own, &registry->supplies, record_sequence, sequence);

		if (answer.changed_sequence > known->changed_sequence)
			known->changed_sequence = answer.changed_sequence;
		if (!answer.list)
			continue;
		if (!own)
			at = profile->n_attributes;
		known->lists[at] = answer.list;
		known->not_on_list_count++;
		if (!put_no(profile, at, names_get(&registry->names, group->attribute)->name,
				    arena))
			return false;
	}
	return true;
}

bool known_read(const struct registry *registry, const struct enterprise_row *row,
		int64_t sequence, struct arena *arena, struct known *out_known,
		struct error *err)
{
	struct known known = { .changed_sequence = row->sequence };

	if (!record_decode(row->record, arena, &known.record, err))
		return false;
	known.profile = record_to_profile(&known.record, row->uscc, &registry->names,
			registry->complete.count, arena, err);
	if (!known.profile)
		return false;
	if (!apply_lists(registry, row->sequence, sequence, arena, &known))
		return arena_error(arena, err, "reading an enterprise");
	*out_known = known;
	return true;
}

/* --- many ------------------------------------------------------------------------------------ */

struct scan {
	struct registry *registry;
	int64_t sequence;
	registry_row_fn row;
	void *context;
};

static bool on_row(void *context, const struct enterprise_row *row, struct error *err)
{
	struct scan *scan = context;
	struct arena *arena = &scan->registry->arena;
	struct known known;

	arena_reset(arena);
	return known_read(scan->registry, row, scan->sequence, arena, &known, err) &&
	       scan->row(scan->context, row->id, known.changed_sequence, known.profile, err);
}

bool registry_scan(struct registry *registry, int64_t sequence, int64_t first_id, int64_t count,
		registry_row_fn row, void *context, struct error *err)
{
	struct scan scan = { registry, sequence, row, context };

	assert(first_id >= 1 && count >= 0);
	return registry_store_scan(
			registry->store, sequence, first_id, count, on_row, &scan, err);
}

bool registry_find_id(
		struct registry *registry, const char *uscc, int64_t *out_id, struct error *err)
{
	struct enterprise_key key = { .uscc = slice_from(uscc) };

	if (uscc_check(key.uscc) == USCC_MALFORMED)
		return error_set(err, ERROR_INVALID,
				"is not 18 characters of digits and capital letters (no I, O, "
				"S, V,"
				" Z) with six digits of a registering authority");
	if (!registry_store_find_keys(registry->store, &key, 1, err))
		return false;
	if (!key.id)
		return error_set(err, ERROR_NOT_FOUND,
				"the registry has no enterprise of this code");
	*out_id = key.id;
	return true;
}

struct find {
	const struct registry *registry;
	int64_t sequence;
	struct arena *arena;
	Policycalc__V1__Profile *profile;
};

static bool on_found(void *context, const struct enterprise_row *row, struct error *err)
{
	struct find *find = context;
	struct known known;

	if (!known_read(find->registry, row, find->sequence, find->arena, &known, err))
		return false;
	find->profile = known.profile;
	return true;
}

bool registry_read(struct registry *registry, int64_t id, int64_t sequence, struct arena *arena,
		const Policycalc__V1__Profile **out_profile, struct error *err)
{
	struct find find = { .registry = registry, .sequence = sequence, .arena = arena };

	if (!registry_store_scan(registry->store, sequence, id, 1, on_found, &find, err))
		return false;
	*out_profile = find.profile;
	return true;
}

bool registry_find(struct registry *registry, const char *uscc, int64_t sequence,
		struct arena *arena, int64_t *out_id, Policycalc__V1__Profile **out_profile,
		struct error *err)
{
	struct find find = {
		.registry = registry,
		.sequence = sequence ? sequence : registry->sequence,
		.arena = arena,
	};
	int64_t id = 0;

	if (!registry_find_id(registry, uscc, &id, err) ||
			!registry_store_scan(registry->store, find.sequence, id, 1, on_found,
					&find, err))
		return false;
	if (!find.profile)
		return error_set(err, ERROR_NOT_FOUND,
				"the registry had no enterprise of this code at that snapshot");
	*out_id = id;
	*out_profile = find.profile;
	return true;
}

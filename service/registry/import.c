/* SPDX-License-Identifier: Apache-2.0 */
/* An import from its header to its answer, and the complete lists at its end. */
#include "registry/import_internal.h"

#include "base/memory.h"
#include "base/utf8.h"
#include "calculator/period.h"

#include <stdlib.h>
#include <string.h>

#define IMPORT_MEMORY ((size_t)512 << 20)
#define SCRATCH_MEMORY ((size_t)64 << 20)
#define SUPPLIER_MOST 200

/* --- findings -------------------------------------------------------------------------------- */

static void finding_add(struct import *import, struct finding_list *list, int64_t row,
		const char *field, const char *reason, const char *message)
{
	Policycalc__V1__RowFinding *finding;

	if (list->count == FINDINGS_MOST)
		return;
	if (!list->list)
		list->list = ARENA_NEW_ARRAY(
				&import->arena, Policycalc__V1__RowFinding *, FINDINGS_MOST);
	finding = ARENA_NEW(&import->arena, Policycalc__V1__RowFinding);
	if (!finding || !list->list)
		return;
	policycalc__v1__row_finding__init(finding);
	finding->row = row;
	finding->field = arena_copy_text(&import->arena, field ? field : "");
	finding->reason = arena_copy_text(&import->arena, reason);
	finding->message = arena_copy_text(&import->arena, message);
	if (finding->field && finding->reason && finding->message)
		list->list[list->count++] = finding;
}

void import_reject(struct import *import, const char *field, const char *reason,
		const char *message)
{
	import->is_rejected = true;
	finding_add(import, &import->rejects, import->row, field, reason, message);
}

void import_warn(struct import *import, int64_t row, const char *field, const char *reason,
		const char *message)
{
	import->answer.warning_count++;
	finding_add(import, &import->warnings, row, field, reason, message);
}

/* --- the header ------------------------------------------------------------------------------ */

static bool refuse(const char **out_field, const char *field, const char *message,
		struct error *err)
{
	*out_field = field;
	return error_set(err, ERROR_INVALID, "%s: %s", field, message);
}

static bool read_complete(struct import *import, const Policycalc__V1__ImportHeader *header,
		const char **out_field, struct error *err)
{
	struct names *names = &import->registry->names;
	struct buffer text = { 0 };

	import->complete = ARENA_NEW_ARRAY(
			&import->arena, const struct name *, header->n_complete + 1);
	import->said = memory_alloc_zero(header->n_complete + 1, sizeof(*import->said));
	if (!import->complete || !import->said)
		return error_set(err, ERROR_MEMORY, "out of memory while beginning an import");
	for (size_t i = 0; i < header->n_complete; i++) {
		const struct entry *entry =
				ruleset_find_entry(import->ruleset, "", header->complete[i]);
		const Policycalc__V1__Attribute *attribute =
				entry ? entry_attribute(entry) : NULL;
		const struct name *name;

		if (!attribute ||
				attribute->type !=
						POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG ||
				period_is_recurring(attribute->period)) {
			buffer_fini(&text);
			return refuse(out_field, "header.complete",
					"each is the name of a FLAG attribute of the enterprise"
					" without periods",
					err);
		}
		name = names_find(names, "", attribute->name);
		if (!name)
			name = names_add(names, slice_from(""), slice_from(attribute->name),
					attribute->period);
		if (!name) {
			buffer_fini(&text);
			return error_set(err, ERROR_MEMORY,
					"out of memory while beginning an import");
		}
		import->complete[import->complete_count++] = name;
		if (i > 0)
			buffer_append_char(&text, ' ');
		buffer_append_text(&text, attribute->name);
	}
	import->complete_text =
			arena_copy(&import->arena, text.data ? text.data : "", text.size);
	buffer_fini(&text);
	return import->complete_text ||
	       error_set(err, ERROR_MEMORY, "out of memory while beginning an import");
}

static bool read_header(struct import *import, const Policycalc__V1__ImportHeader *header,
		const char **out_field, struct error *err)
{
	struct timestamp now = { .seconds = import->now() };
	char now_text[40];

	if (!*header->supplier || utf8_count(slice_from(header->supplier)) > SUPPLIER_MOST)
		return refuse(out_field, "header.supplier", "1 to 200 characters must be given",
				err);
	if (!date_parse(slice_from(header->date), &import->day))
		return refuse(out_field, "header.date", "is not a day in the form YYYY-MM-DD",
				err);
	if (date_compare(import->day, timestamp_to_date(now, DATE_CHINA_OFFSET)) > 0)
		return refuse(out_field, "header.date", "lies in the future", err);
	timestamp_print(now, now_text);
	import->supply = (struct supply){
		.id = (uint32_t)(import->registry->last_import + 1),
		.supplier = arena_copy_text(&import->arena, header->supplier),
		.day = arena_copy_text(&import->arena, header->date),
		.days = date_to_days(import->day),
		.started_at = arena_copy_text(&import->arena, now_text),
		.sample = header->sample,
	};
	if (!import->supply.supplier || !import->supply.day || !import->supply.started_at)
		return arena_error(&import->arena, err, "beginning an import");
	import->is_dry_run = header->dry_run;
	import->replace = header->replace;
	import->sample = header->sample;
	return read_complete(import, header, out_field, err);
}

struct import *import_new(struct registry *registry, struct ruleset *ruleset,
		const struct import_options *options, const char **out_field, struct error *err)
{
	struct import *import = memory_alloc_zero(1, sizeof(*import));

	*out_field = NULL;
	if (!import) {
		error_set(err, ERROR_MEMORY, "out of memory while beginning an import");
		return NULL;
	}
	import->registry = registry;
	import->now = options->now;
	import->chunk_began = options->now();
	import->made_up_id = registry->last_id;
	policycalc__v1__import_enterprises_response__init(&import->answer);
	arena_init(&import->arena, IMPORT_MEMORY);
	arena_init(&import->scratch, SCRATCH_MEMORY);
	arena_init(&import->message, SCRATCH_MEMORY);
	import->columns = memory_alloc_zero(COLUMNS_MOST, sizeof(*import->columns));
	import->wire_facts = memory_alloc_zero(COLUMNS_MOST, sizeof(*import->wire_facts));
	if (!import->columns || !import->wire_facts) {
		error_set(err, ERROR_MEMORY, "out of memory while beginning an import");
		goto failed;
	}
	import->ruleset = ruleset_ref(ruleset);
	if (!read_header(import, options->header, out_field, err))
		goto failed;
	ruleset_unref(import->ruleset);
	import->ruleset = NULL;
	if (!import_set_ruleset(import, ruleset, err))
		goto failed;
	/* Its number is taken whether or not anything comes of it. */
	if (!supplies_add(&registry->supplies, &import->supply)) {
		error_set(err, ERROR_MEMORY, "out of memory while beginning an import");
		goto failed;
	}
	registry->last_import++;
	return import;
failed:
	import_free(import);
	return NULL;
}

void import_free(struct import *import)
{
	if (!import)
		return;
	ruleset_unref(import->ruleset);
	for (size_t i = 0; import->said && i < import->complete_count; i++)
		memory_free(import->said[i]);
	memory_free(import->said);
	memory_free(import->columns);
	memory_free(import->wire_facts);
	memory_free(import->staged);
	memory_free(import->fates);
	map_fini(&import->made_up);
	buffer_fini(&import->values);
	buffer_fini(&import->records);
	arena_fini(&import->scratch);
	arena_fini(&import->message);
	arena_fini(&import->arena);
	memory_free(import);
}

bool import_write_when_full(struct import *import, struct error *err)
{
	if (import->staged_count == 1)
		import->chunk_began = import->now();
	return import->staged_count < CHUNK_ROWS || import_write(import, err);
}

bool import_write_when_due(struct import *import, struct error *err)
{
	return import->staged_count == 0 ||
	       import->now() - import->chunk_began <= CHUNK_SECONDS ||
	       import_write(import, err);
}

/* --- transactions ---------------------------------------------------------------------------- */

struct record_merge import_merge(const struct import *import, const uint32_t *listed,
		size_t listed_count, bool replace)
{
	return (struct record_merge){
		.supplies = &import->registry->supplies,
		.names = &import->registry->names,
		.supply = import->supply.id,
		.replace = replace,
		.listed = listed,
		.listed_count = listed_count,
	};
}

bool import_store(struct import *import, int64_t sequence, const char *finished_at,
		struct error *err)
{
	struct registry_import_row row = {
		.id = import->supply.id,
		.supplier = slice_from(import->supply.supplier),
		.day = slice_from(import->supply.day),
		.started_at = slice_from(import->supply.started_at),
		.finished_at = slice_from(finished_at),
		.complete = slice_from(import->complete_text),
		.sample = import->sample,
		.rows = import->answer.rows,
		.changed = import->answer.inserted + import->answer.updated,
		.rejected = import->answer.rejected,
		.sequence = sequence,
	};

	return registry_store_put_import(import->registry->store, &row, err);
}

bool import_begin(struct import *import, int64_t *out_sequence, struct error *err)
{
	struct registry *registry = import->registry;

	if (!registry_store_begin(registry->store, err))
		return false;
	for (size_t i = 0; i < registry->names.count; i++) {
		const struct name *name = registry->names.list[i];
		struct registry_name_row row = {
			.id = name->id,
			.list = slice_from(name->list),
			.name = slice_from(name->name),
			.period = (int)name->period,
		};

		if (!name->is_stored && !registry_store_add_name(registry->store, &row, err))
			return false;
	}
	*out_sequence = registry->sequence + 1;
	return registry_store_add_batch(registry->store, *out_sequence, import->now(), err);
}

bool import_commit(struct import *import, int64_t sequence, int64_t last_id, struct error *err)
{
	struct registry *registry = import->registry;

	if (!registry_store_commit(registry->store, err))
		return false;
	for (size_t i = 0; i < registry->names.count; i++)
		registry->names.list[i]->is_stored = true;
	registry->sequence = sequence;
	registry->last_id = last_id;
	import->is_stored = true;
	return true;
}

/* --- complete lists -------------------------------------------------------------------------- */

bool import_said(const struct import *import, size_t complete, int64_t id)
{
	size_t word = (size_t)id / 64;

	return word < import->said_words && import->said[complete][word] >> (size_t)id % 64 & 1;
}

/* Whether the same supplier declared the same list of the same day before. */
static bool is_known_list(const struct import *import, uint32_t attribute)
{
	const struct registry *registry = import->registry;

	for (size_t i = 0; i < registry->complete.count; i++) {
		const struct complete_group *group = &registry->complete.groups[i];

		if (group->attribute != attribute)
			continue;
		for (size_t k = 0; k < group->count; k++) {
			const struct supply *supply = supplies_get(
					&registry->supplies, group->lists[k].supply);

			if (group->lists[k].days == import->supply.days && supply &&
					strcmp(supply->supplier, import->supply.supplier) == 0)
				return true;
		}
	}
	return false;
}

static bool write_lists(struct import *import, const struct name **lists, size_t count,
		struct error *err)
{
	struct registry *registry = import->registry;
	int64_t sequence;
	bool ok;

	/* Before anything is written: what is committed must be in memory, too. */
	for (size_t i = 0; i < count; i++) {
		if (!complete_reserve(&registry->complete, lists[i]->id))
			return error_set(err, ERROR_MEMORY, "no memory for a complete list");
	}
	ok = import_begin(import, &sequence, err) && import_store(import, sequence, "", err);
	for (size_t i = 0; ok && i < count; i++) {
		struct registry_list_row row = { lists[i]->id, import->supply.id, sequence };

		ok = registry_store_add_list(registry->store, &row, err);
	}
	ok = ok && import_commit(import, sequence, registry->last_id, err);
	if (!ok) {
		registry_store_rollback(registry->store);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct complete_list list = { import->supply.id, import->supply.days,
			sequence };

		complete_add(&registry->complete, lists[i]->id, &list);
	}
	return true;
}

/* Lists that are new are added. One that was declared before is corrected by import_correct(). */
static bool finish_lists(struct import *import, struct error *err)
{
	const struct name **lists = ARENA_NEW_ARRAY(
			&import->arena, const struct name *, import->complete_count + 1);
	size_t count = 0;

	if (!lists)
		return arena_error(&import->arena, err, "ending an import");
	for (size_t i = 0; i < import->complete_count; i++) {
		if (!is_known_list(import, import->complete[i]->id))
			lists[count++] = import->complete[i];
		else if (!import_correct(import, i, err))
			return false;
	}
	return count == 0 || write_lists(import, lists, count, err);
}

/* --- the end --------------------------------------------------------------------------------- */

static bool note_end(struct import *import, struct error *err)
{
	struct timestamp now = { .seconds = import->now() };
	struct registry_store *store = import->registry->store;
	char now_text[40];

	timestamp_print(now, now_text);
	if (registry_store_begin(store, err) &&
			import_store(import, import->registry->sequence, now_text, err) &&
			registry_store_commit(store, err))
		return true;
	registry_store_rollback(store);
	return false;
}

bool import_finish(struct import *import, struct arena *arena,
		Policycalc__V1__ImportEnterprisesResponse **out_response, struct error *err)
{
	Policycalc__V1__ImportEnterprisesResponse *response;

	if (!import_write(import, err))
		return false;
	/* Whoever's row was not taken may be on the list: nobody is said not to be. */
	if (import->complete_count && import->answer.rejected)
		import_warn(import, 0, "", "LIST_NOT_COMPLETE",
				"rows were rejected, so the list is not complete: it was not "
				"declared");
	else if (!import->is_dry_run && !finish_lists(import, err))
		return false;
	if (import->is_stored && !note_end(import, err))
		return false;
	response = arena_alloc(arena, sizeof(*response));
	if (!response)
		return arena_error(arena, err, "answering an import");
	*response = import->answer;
	response->rejects = import->rejects.list;
	response->n_rejects = import->rejects.count;
	response->warnings = import->warnings.list;
	response->n_warnings = import->warnings.count;
	response->sequence = import->registry->sequence;
	response->import_id = import->is_stored ? import->supply.id : 0;
	*out_response = response;
	return true;
}

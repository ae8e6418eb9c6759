/* SPDX-License-Identifier: Apache-2.0 */
/* The registry as a whole: its size, its imports, and the counters that stand beside it. */
#include "client/lib/client_internal.h"

#include "policycalc/v1/registry_service.pb-c.h"

struct pcalc_registry {
	struct arena arena; /* first, as handle_new() wants it */
	const Policycalc__V1__GetRegistryResponse *response;
};

pcalc_registry *pcalc_registry_get(pcalc_client *client, struct pcalc_failure *failure)
{
	Policycalc__V1__GetRegistryRequest request = POLICYCALC__V1__GET_REGISTRY_REQUEST__INIT;
	pcalc_registry *registry = handle_new(sizeof(*registry), failure);

	if (!registry)
		return NULL;
	registry->response = (const Policycalc__V1__GetRegistryResponse *)client_call(client,
			REGISTRY_PATH "GetRegistry", &request.base,
			&policycalc__v1__get_registry_response__descriptor, &registry->arena,
			failure);
	if (registry->response)
		return registry;
	pcalc_registry_free(registry);
	return NULL;
}

void pcalc_registry_free(pcalc_registry *registry)
{
	handle_free(registry);
}

int64_t pcalc_registry_enterprise_count(const pcalc_registry *registry)
{
	return registry->response->enterprise_count;
}

int64_t pcalc_registry_sequence(const pcalc_registry *registry)
{
	return registry->response->sequence;
}

size_t pcalc_registry_import_count(const pcalc_registry *registry)
{
	return registry->response->n_imports;
}

bool pcalc_registry_import(const pcalc_registry *registry, size_t index,
		struct pcalc_import_record *out_record)
{
	const Policycalc__V1__ImportRecord *record;

	if (index >= registry->response->n_imports)
		return false;
	record = registry->response->imports[index];
	*out_record = (struct pcalc_import_record){
		.id = record->id,
		.supplier = record->supplier,
		.date = record->date,
		.started_at = record->started_at,
		.finished_at = record->finished_at,
		.rows = record->rows,
		.changed = record->changed,
		.rejected = record->rejected,
		.sequence = record->sequence,
		.complete = (const char *const *)record->complete,
		.complete_count = record->n_complete,
		.sample = record->sample,
	};
	return true;
}

/* --- counters --------------------------------------------------------------------------------- */

/* The entries of @request, in @arena. */
static bool entries_fill(const struct pcalc_counter_entry *entries, size_t count,
		struct arena *arena, Policycalc__V1__AddCountersRequest *request)
{
	Policycalc__V1__CounterEntry *list =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__CounterEntry, count + 1);

	request->entries = ARENA_NEW_ARRAY(arena, Policycalc__V1__CounterEntry *, count + 1);
	if (!list || !request->entries)
		return false;
	for (size_t i = 0; i < count; i++) {
		policycalc__v1__counter_entry__init(&list[i]);
		list[i].region = text_field(entries[i].region);
		list[i].name = text_field(entries[i].name);
		list[i].date = text_field(entries[i].date);
		list[i].value = entries[i].value;
		list[i].source = text_field(entries[i].source);
		request->entries[i] = &list[i];
	}
	request->n_entries = count;
	return true;
}

bool pcalc_counters_add(pcalc_client *client, const struct pcalc_counter_entry *entries,
		size_t count, int64_t *out_sequence, struct pcalc_failure *failure)
{
	Policycalc__V1__AddCountersRequest request = POLICYCALC__V1__ADD_COUNTERS_REQUEST__INIT;
	const Policycalc__V1__AddCountersResponse *response = NULL;
	struct arena arena;

	arena_init(&arena, ANSWER_BUDGET);
	if (!entries_fill(entries, count, &arena, &request))
		(void)failure_out_of_memory(failure);
	else
		response = (const Policycalc__V1__AddCountersResponse *)client_call(client,
				REGISTRY_PATH "AddCounters", &request.base,
				&policycalc__v1__add_counters_response__descriptor, &arena,
				failure);
	if (response)
		*out_sequence = response->sequence;
	arena_fini(&arena);
	return response != NULL;
}

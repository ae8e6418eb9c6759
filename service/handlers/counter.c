/* SPDX-License-Identifier: Apache-2.0 */
/* RegistryService.AddCounters: judged on the loop, kept on the registry's thread. */
#include "registry/counter.h"
#include "base/date.h"
#include "base/memory.h"
#include "handlers/internal.h"
#include "policycalc/v1/registry_service.pb-c.h"
#include "reports/area.h"

#include <stdio.h>
#include <string.h>

#define ENTRIES_MOST 10000
#define SOURCE_MOST 200

struct adding {
	struct job job;
	struct rpc_call *call;	  /* holds a reference */
	struct counter_row *rows; /* in the call's arena, as what they borrow */
	size_t count;
	int64_t now;
	int64_t sequence;
	bool ok;
	struct error err;
};

static void on_added(struct rpc_call *call, void *argument)
{
	struct adding *adding = argument;
	Policycalc__V1__AddCountersResponse response =
			POLICYCALC__V1__ADD_COUNTERS_RESPONSE__INIT;

	response.count = (int64_t)adding->count;
	response.sequence = adding->sequence;
	if (adding->ok)
		call_reply(call, &response.base);
	else
		rpc_call_finish_error(call, &adding->err);
	rpc_call_unref(adding->call);
	memory_free(adding);
}

static void on_add(struct job *job, void *context)
{
	struct adding *adding = (struct adding *)job;

	adding->ok = registry_add_counters(registry_thread_registry(context), adding->rows,
			adding->count, adding->now, &adding->sequence, &adding->err);
	if (!rpc_call_post(adding->call, on_added, adding)) {
		rpc_call_unref(adding->call);
		memory_free(adding);
	}
}

/* What is told of a field, which the message may begin with: "region: the catalog has ...". */
static const char *after_field(const char *message)
{
	const char *colon = strstr(message, ": ");

	return colon ? colon + 2 : message;
}

/* What is wrong with an entry, or NULL; fills its row. */
static const char *entry_check(struct rpc_call *call, const struct ruleset *ruleset,
		const Policycalc__V1__CounterEntry *entry, const char *today,
		struct counter_row *out_row, const char **out_field)
{
	struct arena *arena = rpc_call_arena(call);
	struct area area;
	struct date day;
	struct error err;
	const char *name;

	*out_field = "region";
	if (!area_find(ruleset_catalog(ruleset), entry->region, arena, &area, &err))
		return arena_copy_text(arena, after_field(err.message));
	*out_field = "name";
	name = arena_format(arena, "counter_%s_%s", entry->name, area.region->code);
	if (!name || !ruleset_find_parameter(ruleset, name))
		return "the catalog has no such counter of the region (a parameter "
		       "counter_NAME_REGION)";
	*out_field = "date";
	if (!date_parse(slice_from(entry->date), &day))
		return "is not a day YYYY-MM-DD";
	if (strcmp(entry->date, today) > 0)
		return "lies after today";
	*out_field = "value";
	if (entry->value < 0)
		return "must be 0 or more";
	*out_field = "source";
	if (!*entry->source || strlen(entry->source) > (size_t)SOURCE_MOST * 4)
		return "must be 1 to 200 characters";
	*out_row = (struct counter_row){ slice_from(area.region->code), slice_from(entry->name),
		slice_from(entry->date), slice_from(entry->source), entry->value };
	return NULL;
}

static bool entries_check(struct rpc_call *call, const struct ruleset *ruleset,
		const Policycalc__V1__AddCountersRequest *request, struct counter_row *rows)
{
	char today[11];

	handlers_today(call_handlers(call), today);
	for (size_t i = 0; i < request->n_entries; i++) {
		const char *field;
		const char *wrong = entry_check(
				call, ruleset, request->entries[i], today, &rows[i], &field);
		char path[64];

		if (!wrong)
			continue;
		(void)snprintf(path, sizeof(path), "entries[%zu].%s", i, field);
		call_refuse_field(call, path, wrong);
		return false;
	}
	return true;
}

/* The codes live in the ruleset, which may go before the rows are kept. */
static bool rows_own(struct counter_row *rows, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		const char *region =
				arena_copy(arena, rows[i].region.data, rows[i].region.size);

		if (!region)
			return false;
		rows[i].region.data = region;
	}
	return true;
}

static void answer_add(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	const Policycalc__V1__AddCountersRequest *request =
			(const Policycalc__V1__AddCountersRequest *)message;
	struct arena *arena = rpc_call_arena(call);
	struct counter_row *rows =
			ARENA_NEW_ARRAY(arena, struct counter_row, request->n_entries + 1);
	struct adding *adding;
	struct error err = { ERROR_NONE, "" };

	if (rows && !entries_check(call, ruleset, request, rows))
		return;
	adding = rows && rows_own(rows, request->n_entries, arena)
				 ? memory_alloc_zero(1, sizeof(*adding))
				 : NULL;
	if (!adding) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while adding counters");
		return;
	}
	adding->job.run = on_add;
	adding->call = rpc_call_ref(call);
	adding->rows = rows;
	adding->count = request->n_entries;
	adding->now = call_handlers(call)->options.now();
	if (registry_thread_submit(call_handlers(call)->options.registry, &adding->job, &err))
		return;
	rpc_call_unref(call);
	memory_free(adding);
	rpc_call_finish_error(call, &err);
}

static void on_add_counters(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__AddCountersRequest *request =
			(const Policycalc__V1__AddCountersRequest *)message;

	if (request->n_entries == 0 || request->n_entries > ENTRIES_MOST)
		call_refuse_field(call, "entries", "must be 1 to 10,000");
	else
		call_answer(call, message, 0, answer_add);
}

const struct rpc_method registry_add_counters_method = {
	.service = "policycalc.v1.RegistryService",
	.name = "AddCounters",
	.input = &policycalc__v1__add_counters_request__descriptor,
	.output = &policycalc__v1__add_counters_response__descriptor,
	.is_upload = true,
	.on_message = on_add_counters,
};

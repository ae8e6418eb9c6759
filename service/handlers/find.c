/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RegistryService.FindEnterprises: a search that streams what it finds.
 *
 *     loop: the request ──► finder, crew: a few blocks ──► loop: what was found is sent
 *                               ▲                              │
 *                               └──── there is room again ─────┘
 *
 * One thread has the search at a time. While a client does not read, its search holds what one turn
 * found and no thread; searches of several clients take turns.
 */
#include "registry/find.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "handlers/columns.h"
#include "handlers/internal.h"
#include "policycalc/v1/find.pb-c.h"
#include "proto/codec/codec.h"

#include <string.h>

typedef Policycalc__V1__FindEnterprisesRequest request_message;
typedef Policycalc__V1__FindEnterprisesResponse response_message;

#define SEARCH_MEMORY ((size_t)16 << 20)
/* A turn ends with the blocks in which so much was found, or so much time has passed. */
#define TURN_BYTES ((size_t)64 << 10)
#define TURN_US 20000
#define PROGRESS_US 500000

struct search {
	struct job job;
	struct rpc_call *call; /* holds a reference */
	struct handlers *handlers;
	struct ruleset *ruleset; /* holds one, too */
	const request_message *request;
	char today[11];
	struct arena arena;
	struct find *find;
	int64_t sequence, last_id;
	struct violations violations;
	struct error err;
	struct buffer found; /* messages, each behind its size */
	size_t sent;	     /* bytes of it */
	uint64_t told_us;    /* when progress was last told */
	bool is_done;
	bool is_away; /* with the finder; the loop keeps its hands off */
};

static void search_free(struct search *search)
{
	if (!search)
		return;
	find_free(search->find);
	ruleset_unref(search->ruleset);
	buffer_fini(&search->found);
	arena_fini(&search->arena);
	rpc_call_unref(search->call);
	memory_free(search);
}

/* --- on the finder ---------------------------------------------------------------------------- */

static bool search_append(
		struct search *search, const response_message *response, struct error *err)
{
	size_t start = search->found.size;
	uint32_t size = 0;

	buffer_append(&search->found, &size, sizeof(size));
	if (!message_pack(&response->base, &search->found) || search->found.failed)
		return error_set(err, ERROR_MEMORY, "out of memory while searching");
	size = (uint32_t)(search->found.size - start - sizeof(size));
	memcpy(search->found.data + start, &size, sizeof(size));
	return true;
}

/* On any thread. */
static bool on_pack(const Policycalc__V1__FoundEnterprise *found, struct buffer *out)
{
	response_message response = POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__INIT;

	response.part_case = POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_FOUND;
	response.found = (Policycalc__V1__FoundEnterprise *)(uintptr_t)found;
	return message_pack(&response.base, out);
}

static bool on_found(void *context, struct slice packed, struct error *err)
{
	struct search *search = context;
	uint32_t size = (uint32_t)packed.size;

	buffer_append(&search->found, &size, sizeof(size));
	buffer_append(&search->found, packed.data, packed.size);
	return !search->found.failed ||
	       error_set(err, ERROR_MEMORY, "out of memory while searching");
}

static bool search_begin(struct search *search, struct error *err)
{
	struct columns *columns = search->handlers->options.columns;
	struct find_options options = {
		.ruleset = search->ruleset,
		.request = search->request,
		.today = search->today,
		.cache = columns_cache(columns),
		.crew = search->handlers->options.crew,
		.pack = on_pack,
		.context = search,
		.found = on_found,
	};

	search->sequence = search->request->sequence;
	if (!columns_snapshot(columns, &search->sequence, &search->last_id, err))
		return false;
	options.sequence = search->sequence;
	options.last_id = search->last_id;
	search->told_us = clock_us();
	search->find = find_new(&options, &search->arena, &search->violations, err);
	return search->find != NULL;
}

static bool search_tell_progress(struct search *search, uint64_t now, struct error *err)
{
	response_message response = POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__INIT;
	Policycalc__V1__FindProgress progress = POLICYCALC__V1__FIND_PROGRESS__INIT;

	search->told_us = now;
	progress.done = find_done(search->find);
	progress.total = search->last_id;
	response.part_case = POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_PROGRESS;
	response.progress = &progress;
	return search_append(search, &response, err);
}

static bool search_end(struct search *search, struct error *err)
{
	response_message response = POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__INIT;

	response.part_case = POLICYCALC__V1__FIND_ENTERPRISES_RESPONSE__PART_SUMMARY;
	response.summary = find_summary(search->find, err);
	search->is_done = response.summary && search_append(search, &response, err);
	return search->is_done;
}

static bool search_turn(struct search *search, struct error *err)
{
	uint64_t start = clock_us();
	uint64_t now = start;
	bool more = true;

	if (!search->find && !search_begin(search, err))
		return false;
	while (more && search->found.size < TURN_BYTES && now - start < TURN_US) {
		if (rpc_call_is_cancelled(search->call))
			return error_set(err, ERROR_CANCELLED, "the call was cancelled");
		if (!find_step(search->find, &more, err))
			return false;
		now = clock_us();
		if (more && now - search->told_us >= PROGRESS_US &&
				!search_tell_progress(search, now, err))
			return false;
	}
	return more || search_end(search, err);
}

static void on_turn_ended(struct rpc_call *call, void *argument);

static void on_turn(struct job *job, void *context)
{
	struct search *search = (struct search *)job;

	(void)context;
	search->err.code = ERROR_NONE;
	(void)search_turn(search, &search->err);
	if (!rpc_call_post(search->call, on_turn_ended, search))
		search_free(search);
}

/* --- on the loop ------------------------------------------------------------------------------ */

static void search_send(struct rpc_call *call, struct search *search)
{
	while (search->sent < search->found.size && rpc_call_is_writable(call)) {
		uint32_t size;

		memcpy(&size, search->found.data + search->sent, sizeof(size));
		search->sent += sizeof(size);
		if (!rpc_call_send_bytes(call,
				    (struct slice){ search->found.data + search->sent, size }))
			return;
		search->sent += size;
	}
}

/* Sends, and then: waits for room, goes on, or ends. */
static void search_advance(struct rpc_call *call, struct search *search)
{
	search_send(call, search);
	if (search->sent < search->found.size)
		return;
	if (search->err.code != ERROR_NONE) {
		call_refuse_violations(call, &search->violations, &search->err);
		return;
	}
	if (search->is_done) {
		rpc_call_finish(call, RPC_OK, "");
		return;
	}
	buffer_clear(&search->found);
	search->sent = 0;
	search->is_away = true;
	if (worker_submit(search->handlers->options.finder, &search->job, &search->err))
		return;
	search->is_away = false;
	rpc_call_finish_error(call, &search->err);
}

static void on_turn_ended(struct rpc_call *call, void *argument)
{
	struct search *search = argument;

	search->is_away = false;
	/* No data: the call has ended, and left the search to us. */
	if (rpc_call_data(call) != search) {
		search_free(search);
		return;
	}
	if (!rpc_call_is_cancelled(call))
		search_advance(call, search);
}

static void on_writable(struct rpc_call *call)
{
	struct search *search = rpc_call_data(call);

	if (search && !search->is_away)
		search_advance(call, search);
}

static void on_end(struct rpc_call *call)
{
	struct search *search = rpc_call_data(call);

	rpc_call_set_data(call, NULL);
	if (search && !search->is_away)
		search_free(search);
}

static void answer(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	const request_message *request = (const request_message *)message;
	struct search *search = memory_alloc_zero(1, sizeof(*search));

	if (!search) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while starting a search");
		return;
	}
	search->job.run = on_turn;
	search->call = rpc_call_ref(call);
	search->handlers = call_handlers(call);
	search->ruleset = ruleset_ref((struct ruleset *)(uintptr_t)ruleset);
	search->request = request;
	handlers_today(search->handlers, search->today);
	arena_init(&search->arena, SEARCH_MEMORY);
	rpc_call_set_data(call, search);
	search_advance(call, search);
}

static void on_find(struct rpc_call *call, const ProtobufCMessage *message)
{
	const request_message *request = (const request_message *)message;

	if (request->sequence < 0)
		call_refuse_field(call, "sequence", "must be 0 (the newest) or more");
	else
		call_answer(call, message, request->revision, answer);
}

const struct rpc_method registry_find_method = {
	.service = "policycalc.v1.RegistryService",
	.name = "FindEnterprises",
	.server_streaming = true,
	.input = &policycalc__v1__find_enterprises_request__descriptor,
	.output = &policycalc__v1__find_enterprises_response__descriptor,
	.on_message = on_find,
	.on_writable = on_writable,
	.on_end = on_end,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* PushService: starting, telling of and stopping runs. */
#include "base/memory.h"
#include "handlers/page.h"
#include "handlers/push_internal.h"

/* What starting a run may take. */
#define START_MEMORY ((size_t)256 << 20)

/* --- StartRun -------------------------------------------------------------------------------- */

/*
 *     loop ──► store's thread: loads the revisions ──► registry's thread: starts ──► loop
 */
struct starting {
	struct job job;
	struct rpc_call *call; /* holds a reference */
	const Policycalc__V1__StartRunRequest *request;
	struct push_service *service;
	struct ruleset *ruleset, *since;
	int64_t current;
	struct arena arena;
	Policycalc__V1__Run *run; /* NULL: ->err */
	struct error err;
};

static void starting_free(struct starting *starting)
{
	ruleset_unref(starting->ruleset);
	ruleset_unref(starting->since);
	rpc_call_unref(starting->call);
	arena_fini(&starting->arena);
	memory_free(starting);
}

static void on_started(struct rpc_call *call, void *argument)
{
	Policycalc__V1__StartRunResponse response = POLICYCALC__V1__START_RUN_RESPONSE__INIT;
	struct starting *starting = argument;

	if (starting->run) {
		response.run = starting->run;
		call_reply(call, &response.base);
	} else {
		call_refuse_error(call, &starting->err);
	}
	starting_free(starting);
}

static void starting_end(struct starting *starting)
{
	if (!rpc_call_post(starting->call, on_started, starting))
		starting_free(starting);
}

static void on_start(struct job *job, void *context)
{
	struct starting *starting = (struct starting *)job;
	const struct push_order order = {
		.request = starting->request,
		.ruleset = starting->ruleset,
		.current_revision = starting->current,
		.since = starting->since,
	};

	(void)context;
	if (!push_engine_start(push_service_engine(starting->service), &order, &starting->arena,
			    &starting->run, &starting->err))
		starting->run = NULL;
	starting_end(starting);
}

/* On the store's thread. */
static void on_load(struct job *job, void *context)
{
	struct starting *starting = (struct starting *)job;
	struct catalog_store *store = store_thread_store(context);
	const Policycalc__V1__StartRunRequest *request = starting->request;
	struct ruleset *current =
			push_service_load(starting->service, store, 0, &starting->err);
	bool ok = current != NULL;

	if (ok) {
		starting->current = ruleset_revision(current);
		starting->ruleset = push_service_load(starting->service, store,
				request->revision ? request->revision : starting->current,
				&starting->err);
		ok = starting->ruleset != NULL;
	}
	ruleset_unref(current);
	if (ok && request->since_revision) {
		starting->since = push_service_load(starting->service, store,
				request->since_revision, &starting->err);
		ok = starting->since != NULL;
	}
	starting->job.run = on_start;
	ok = ok && registry_thread_submit(push_service_registry(starting->service),
				   &starting->job, &starting->err);
	if (!ok)
		starting_end(starting);
}

static void on_start_run(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__StartRunRequest *request =
			(const Policycalc__V1__StartRunRequest *)message;
	struct push_service *service = call_handlers(call)->options.push;
	struct starting *starting;
	struct error err;

	if (request->revision < 0) {
		call_refuse_field(call, "revision", "must be 0 (the current one) or more");
		return;
	}
	if (request->since_revision < 0) {
		call_refuse_field(call, "since_revision", "must be 0 (all) or more");
		return;
	}
	starting = memory_alloc_zero(1, sizeof(*starting));
	if (!starting) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while starting a run");
		return;
	}
	starting->job.run = on_load;
	starting->call = rpc_call_ref(call);
	starting->request = request;
	starting->service = service;
	arena_init(&starting->arena, START_MEMORY);
	if (store_thread_submit(push_service_store(service), &starting->job, &err))
		return;
	starting_free(starting);
	rpc_call_finish_error(call, &err);
}

const struct rpc_method push_start_run_method = {
	.service = PUSH_SERVICE,
	.name = "StartRun",
	.input = &policycalc__v1__start_run_request__descriptor,
	.output = &policycalc__v1__start_run_response__descriptor,
	.on_message = on_start_run,
};

/* --- GetRun ---------------------------------------------------------------------------------- */

static const ProtobufCMessage *ask_get(struct push_service *service,
		const ProtobufCMessage *request, struct arena *arena, struct error *err)
{
	Policycalc__V1__GetRunResponse *response =
			response_new(arena, &policycalc__v1__get_run_response__descriptor, err);

	return response && push_engine_get(push_service_engine(service),
					   ((const Policycalc__V1__GetRunRequest *)request)->id,
					   arena, &response->run, err)
			       ? &response->base
			       : NULL;
}

static void on_get_run(struct rpc_call *call, const ProtobufCMessage *message)
{
	if (((const Policycalc__V1__GetRunRequest *)message)->id < 0)
		call_refuse_field(call, "id", "must be 0 (the newest) or more");
	else
		call_ask_push(call, message, ask_get);
}

const struct rpc_method push_get_run_method = {
	.service = PUSH_SERVICE,
	.name = "GetRun",
	.input = &policycalc__v1__get_run_request__descriptor,
	.output = &policycalc__v1__get_run_response__descriptor,
	.on_message = on_get_run,
};

/* --- ListRuns -------------------------------------------------------------------------------- */

static const ProtobufCMessage *ask_list(struct push_service *service,
		const ProtobufCMessage *message, struct arena *arena, struct error *err)
{
	const Policycalc__V1__ListRunsRequest *request =
			(const Policycalc__V1__ListRunsRequest *)message;
	Policycalc__V1__ListRunsResponse *response = response_new(
			arena, &policycalc__v1__list_runs_response__descriptor, err);
	struct page page = { 0 };
	size_t size = 0;

	(void)page_size(request->page_size, 100, &size);
	if (*request->page_token)
		(void)page_parse(request->page_token, &page);
	if (!response ||
			!push_engine_list(push_service_engine(service), page.revision, size + 1,
					arena, &response->runs, &response->n_runs, err))
		return NULL;
	if (response->n_runs <= size)
		return &response->base;
	response->n_runs = size;
	page.revision = response->runs[size - 1]->id;
	response->next_page_token = page_print(&page, arena);
	if (!response->next_page_token) {
		arena_error(arena, err, "listing runs");
		return NULL;
	}
	return &response->base;
}

static void on_list_runs(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__ListRunsRequest *request =
			(const Policycalc__V1__ListRunsRequest *)message;
	struct page page;
	size_t size;

	if (!page_size(request->page_size, 100, &size))
		call_refuse_field(call, "page_size", "must be 0 to 1000");
	else if (*request->page_token && !page_parse(request->page_token, &page))
		call_refuse_field(call, "page_token", "must be the token of an earlier answer");
	else
		call_ask_push(call, message, ask_list);
}

const struct rpc_method push_list_runs_method = {
	.service = PUSH_SERVICE,
	.name = "ListRuns",
	.input = &policycalc__v1__list_runs_request__descriptor,
	.output = &policycalc__v1__list_runs_response__descriptor,
	.on_message = on_list_runs,
};

/* --- CancelRun ------------------------------------------------------------------------------- */

static const ProtobufCMessage *ask_cancel(struct push_service *service,
		const ProtobufCMessage *request, struct arena *arena, struct error *err)
{
	Policycalc__V1__CancelRunResponse *response = response_new(
			arena, &policycalc__v1__cancel_run_response__descriptor, err);

	return response && push_engine_cancel(push_service_engine(service),
					   ((const Policycalc__V1__CancelRunRequest *)request)
							   ->id,
					   arena, &response->run, err)
			       ? &response->base
			       : NULL;
}

static void on_cancel_run(struct rpc_call *call, const ProtobufCMessage *message)
{
	if (((const Policycalc__V1__CancelRunRequest *)message)->id <= 0)
		call_refuse_field(call, "id", "must be the number of a run");
	else
		call_ask_push(call, message, ask_cancel);
}

const struct rpc_method push_cancel_run_method = {
	.service = PUSH_SERVICE,
	.name = "CancelRun",
	.input = &policycalc__v1__cancel_run_request__descriptor,
	.output = &policycalc__v1__cancel_run_response__descriptor,
	.on_message = on_cancel_run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PushService: WatchRun.
 *
 *     loop ──► registry's thread: tells how it stands, and watches ──► loop sends
 *                  │   with every step ──────────────────────────────► loop sends
 *                  └── the run has ended ────────────────────────────► loop sends, and ends
 *
 * What the loop has not sent yet is not told over: at most one message is on its way. The watcher holds
 * the call until the run ends, or until it sees at a step that the call is over.
 */
#include "base/memory.h"
#include "handlers/push_internal.h"

#include <stdatomic.h>

#define WATCH_MEMORY ((size_t)16 << 20)
#define RUNNING POLICYCALC__V1__RUN__STATE__STATE_RUNNING

/* One message on its way. */
struct progress {
	struct watch *watch;
	struct arena arena;
	Policycalc__V1__WatchRunResponse response;
	struct error err;
	bool ok;
	bool is_last;
};

struct watch {
	struct push_watcher watcher; /* first */
	struct job job;
	struct rpc_call *call; /* holds a reference */
	int64_t id;
	atomic_bool is_busy; /* a message is on its way to the loop */
	/* Says that there is no memory for another: silent, it might have been told of the run's end. */
	struct progress last_word;
};

static void progress_free(struct progress *progress)
{
	arena_fini(&progress->arena);
	if (progress != &progress->watch->last_word)
		memory_free(progress);
}

static void on_progress_sent(struct rpc_call *call, void *argument)
{
	struct progress *progress = argument;
	struct watch *watch = progress->watch;
	bool is_last;

	if (!progress->ok)
		rpc_call_finish_error(call, &progress->err);
	else if (rpc_call_send(call, &progress->response.base) && progress->is_last)
		rpc_call_finish(call, RPC_OK, "");
	is_last = progress->is_last;
	progress_free(progress);
	atomic_store(&watch->is_busy, false);
	if (!is_last)
		return;
	rpc_call_unref(watch->call);
	memory_free(watch);
}

static void response_fill(struct progress *progress, struct push_service *service, int64_t id)
{
	Policycalc__V1__WatchRunResponse *response = &progress->response;
	struct push_engine *engine = push_service_engine(service);

	policycalc__v1__watch_run_response__init(response);
	response->left_seconds = -1;
	progress->ok = push_engine_get(
			engine, id, &progress->arena, &response->run, &progress->err);
	progress->is_last = !progress->ok || response->run->state != RUNNING;
	if (progress->is_last)
		return;
	response->rate = push_engine_rate(engine, id);
	if (response->rate > 0)
		response->left_seconds = (response->run->total - response->run->done +
							 response->rate - 1) /
					 response->rate;
}

static struct progress *progress_new(
		struct watch *watch, struct push_service *service, bool is_ending)
{
	struct progress *progress = memory_alloc_zero(1, sizeof(*progress));
	bool is_short = !progress;

	if (is_short)
		progress = &watch->last_word;
	arena_init(&progress->arena, WATCH_MEMORY);
	progress->watch = watch;
	if (is_short) {
		progress->is_last = true;
		error_set(&progress->err, ERROR_MEMORY, "out of memory while watching a run");
		return progress;
	}
	response_fill(progress, service, watch->id);
	if (is_ending && !progress->is_last) {
		progress->ok = false;
		progress->is_last = true;
		error_set(&progress->err, ERROR_UNAVAILABLE,
				"the service ends; the run goes on when it starts again");
	}
	return progress;
}

/* Tells how it stands; false: for the last time, and the watch is none any more. */
static bool watch_tell(struct watch *watch, struct push_service *service, bool is_ending)
{
	struct progress *progress = progress_new(watch, service, is_ending);
	bool is_last = progress->is_last;

	if (watch->id == 0 && progress->ok)
		watch->id = progress->response.run->id;
	if (!is_last && atomic_exchange(&watch->is_busy, true)) {
		progress_free(progress);
		return true;
	}
	/* At most two are under way: that needs no memory. */
	if (rpc_call_post(watch->call, on_progress_sent, progress))
		return !is_last;
	progress_free(progress);
	atomic_store(&watch->is_busy, false);
	if (is_last) {
		rpc_call_unref(watch->call);
		memory_free(watch);
	}
	return !is_last;
}

static bool on_progress(struct push_watcher *watcher, struct push_service *service)
{
	struct watch *watch = (struct watch *)watcher;

	if (!rpc_call_is_cancelled(watch->call) || atomic_load(&watch->is_busy))
		return watch_tell(watch, service, push_service_is_ending(service));
	rpc_call_unref(watch->call);
	memory_free(watch);
	return false;
}

static void on_watch(struct job *job, void *context)
{
	struct watch *watch = (struct watch *)((char *)job - offsetof(struct watch, job));
	struct push_service *service = call_handlers(watch->call)->options.push;

	(void)context;
	if (watch_tell(watch, service, false))
		push_service_watch(service, &watch->watcher);
}

static void on_watch_run(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__WatchRunRequest *request =
			(const Policycalc__V1__WatchRunRequest *)message;
	struct watch *watch;
	struct error err;

	if (request->id < 0) {
		call_refuse_field(call, "id", "must be 0 (the newest) or more");
		return;
	}
	watch = memory_alloc_zero(1, sizeof(*watch));
	if (!watch) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while watching a run");
		return;
	}
	watch->watcher.on_progress = on_progress;
	watch->job.run = on_watch;
	watch->call = rpc_call_ref(call);
	watch->id = request->id;
	if (registry_thread_submit(call_handlers(call)->options.registry, &watch->job, &err))
		return;
	rpc_call_unref(call);
	memory_free(watch);
	rpc_call_finish_error(call, &err);
}

const struct rpc_method push_watch_run_method = {
	.service = PUSH_SERVICE,
	.name = "WatchRun",
	.server_streaming = true,
	.input = &policycalc__v1__watch_run_request__descriptor,
	.output = &policycalc__v1__watch_run_response__descriptor,
	.on_message = on_watch_run,
};

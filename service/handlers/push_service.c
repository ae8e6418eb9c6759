/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/push_service.h"

#include "base/log.h"
#include "base/memory.h"
#include "handlers/push_sink.h"
#include "publish/publish.h"

#include <stdatomic.h>
#include <time.h>

/* The next step of a run on its way to the registry's thread: one at a time, so that it takes no memory. */
struct step {
	struct job job; /* first */
	void (*work)(void *argument);
	void *argument;
	atomic_bool is_queued;
};

struct push_service {
	struct push_service_options options;
	struct step step;
	/* Touched on the registry's thread only. */
	struct ledger ledger;
	struct push_engine *engine;
	struct push_watcher *watchers;
	struct push_sink *sink;
	bool is_ending;
};

/* --- what the engine stands on --------------------------------------------------------------- */

static void on_step(struct job *job, void *context)
{
	struct step *step = (struct step *)job;
	void (*work)(void *argument) = step->work;
	void *argument = step->argument;

	(void)context;
	/* Whoever posts from here on is not seen by this one for sure. */
	atomic_store(&step->is_queued, false);
	work(argument);
}

static bool on_post(void *context, void (*work)(void *argument), void *argument)
{
	struct push_service *service = context;
	struct step *step = &service->step;
	struct error err;

	/* One that an earlier run has left in the queue does as well: it is the engine's. */
	if (atomic_exchange(&step->is_queued, true))
		return true;
	step->job.run = on_step;
	step->work = work;
	step->argument = argument;
	if (registry_thread_submit(service->options.registry, &step->job, &err))
		return true;
	atomic_store(&step->is_queued, false);
	return false;
}

static int64_t on_now(void *context)
{
	return push_service_now_ms(context);
}

static void on_progress(void *context)
{
	struct push_service *service = context;
	struct push_watcher *list = service->watchers;

	push_sink_look(service->sink);
	service->watchers = NULL;
	while (list) {
		struct push_watcher *watcher = list;

		list = watcher->next;
		if (watcher->on_progress(watcher, service))
			push_service_watch(service, watcher);
	}
}

int64_t push_service_now_ms(const struct push_service *service)
{
	struct timespec now;

	(void)service;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- opening and closing --------------------------------------------------------------------- */

struct opening {
	struct push_service *service;
	struct error *err;
	bool ok;
};

static void on_open(void *registry, void *argument)
{
	struct opening *opening = argument;
	struct push_service *service = opening->service;
	const struct push_host host = {
		.context = service,
		.post = on_post,
		.now_ms = on_now,
		.on_progress = on_progress,
		.columns = service->options.columns,
	};

	service->ledger.registry = registry;
	service->ledger.store = ledger_store_open(registry_store(registry), opening->err);
	if (service->ledger.store)
		service->engine = push_engine_new(&service->ledger, &host,
				service->options.threads, opening->err);
	opening->ok = service->engine != NULL;
}

struct stopping {
	struct push_service *service;
	bool is_over;
};

static void on_stop(void *registry, void *argument)
{
	struct stopping *stopping = argument;
	struct push_service *service = stopping->service;

	(void)registry;
	stopping->is_over = !service->engine || push_engine_stop(service->engine);
	if (!stopping->is_over)
		return;
	service->is_ending = true;
	/* The run is none any more: whoever watches it hears so, and is forgotten. */
	if (service->engine)
		on_progress(service);
	ledger_store_close(service->ledger.store);
	service->ledger.store = NULL;
}

struct push_service *push_service_open(
		const struct push_service_options *options, struct error *err)
{
	struct push_service *service = memory_alloc_zero(1, sizeof(*service));
	struct opening opening = { .service = service, .err = err };

	if (!service) {
		error_set(err, ERROR_MEMORY, "out of memory while opening the ledger");
		return NULL;
	}
	service->options = *options;
	registry_thread_call(options->registry, on_open, &opening);
	if (opening.ok)
		return service;
	push_service_stop(service);
	push_service_free(service);
	return NULL;
}

void push_service_stop(struct push_service *service)
{
	struct stopping stopping = { .service = service };

	while (service && !stopping.is_over) {
		struct timespec pause = { 0, 5000000 };

		registry_thread_call(service->options.registry, on_stop, &stopping);
		/* Its threads end their blocks, for which they may need the registry's thread. */
		if (!stopping.is_over)
			(void)nanosleep(&pause, NULL);
	}
}

void push_service_free(struct push_service *service)
{
	if (!service)
		return;
	push_engine_free(service->engine);
	memory_free(service);
}

/* --- a run that was left unfinished ---------------------------------------------------------- */

struct resuming {
	struct push_service *service;
	int64_t id, revision, since_revision;
	struct ruleset *ruleset, *since;
	struct error err;
	bool ok;
};

static void on_find(void *registry, void *argument)
{
	struct resuming *resuming = argument;

	(void)registry;
	resuming->ok = push_engine_unfinished(resuming->service->engine, &resuming->id,
			&resuming->revision, &resuming->since_revision, &resuming->err);
}

static void on_load(void *store, void *argument)
{
	struct resuming *resuming = argument;

	resuming->ruleset = push_service_load(
			resuming->service, store, resuming->revision, &resuming->err);
	resuming->ok = resuming->ruleset != NULL;
	if (!resuming->ok || !resuming->since_revision)
		return;
	resuming->since = push_service_load(
			resuming->service, store, resuming->since_revision, &resuming->err);
	resuming->ok = resuming->since != NULL;
}

static void on_resume(void *registry, void *argument)
{
	struct resuming *resuming = argument;

	(void)registry;
	resuming->ok = push_engine_resume(resuming->service->engine, resuming->id,
			resuming->ruleset, resuming->since, &resuming->err);
}

static void on_abandon(void *registry, void *argument)
{
	struct resuming *resuming = argument;
	struct error err;

	(void)registry;
	if (!push_engine_abandon(resuming->service->engine, resuming->id, resuming->err.message,
			    &err))
		log_event(LOG_LEVEL_ERROR, "push_run_not_ended",
				LOG_TEXT("message", err.message));
}

void push_service_resume(struct push_service *service)
{
	struct resuming resuming = { .service = service };

	registry_thread_call(service->options.registry, on_find, &resuming);
	if (resuming.ok && resuming.id) {
		store_thread_call(service->options.store, on_load, &resuming);
		if (resuming.ok)
			registry_thread_call(service->options.registry, on_resume, &resuming);
		if (!resuming.ok)
			registry_thread_call(service->options.registry, on_abandon, &resuming);
	}
	if (!resuming.ok)
		log_event(LOG_LEVEL_ERROR, "push_run_not_resumed",
				LOG_NUMBER("run", resuming.id),
				LOG_TEXT("message", resuming.err.message));
	else if (resuming.id)
		log_event(LOG_LEVEL_INFO, "push_run_resumed", LOG_NUMBER("run", resuming.id));
	ruleset_unref(resuming.ruleset);
	ruleset_unref(resuming.since);
}

/* --- the rest -------------------------------------------------------------------------------- */

struct push_engine *push_service_engine(struct push_service *service)
{
	return service->engine;
}

struct ledger *push_service_ledger(struct push_service *service)
{
	return &service->ledger;
}

struct push_sink *push_service_sink(struct push_service *service)
{
	return service->sink;
}

struct setting {
	struct push_service *service;
	struct push_sink *sink;
};

static void on_set_sink(void *registry, void *argument)
{
	const struct setting *setting = argument;

	(void)registry;
	setting->service->sink = setting->sink;
}

void push_service_set_sink(struct push_service *service, struct push_sink *sink)
{
	struct setting setting = { .service = service, .sink = sink };

	registry_thread_call(service->options.registry, on_set_sink, &setting);
}

struct registry_thread *push_service_registry(struct push_service *service)
{
	return service->options.registry;
}

struct store_thread *push_service_store(struct push_service *service)
{
	return service->options.store;
}

bool push_service_is_ending(const struct push_service *service)
{
	return service->is_ending;
}

void push_service_watch(struct push_service *service, struct push_watcher *watcher)
{
	watcher->next = service->watchers;
	service->watchers = watcher;
}

struct ruleset *push_service_load(struct push_service *service, struct catalog_store *store,
		int64_t revision, struct error *err)
{
	struct ruleset *ruleset = snapshot_find(service->options.snapshot, revision);

	if (ruleset)
		return ruleset;
	if (revision == 0) {
		error_set(err, ERROR_PRECONDITION, "no catalog is published yet");
		return NULL;
	}
	ruleset = ruleset_load(store, revision, err);
	if (ruleset)
		snapshot_keep(service->options.snapshot, ruleset, true);
	return ruleset;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/registry_thread.h"

#include "base/memory.h"

#define QUEUE_LIMIT 1024

struct registry_thread {
	struct worker *worker;
	/* Touched on the worker's thread only. */
	struct registry_store *store;
	struct registry *registry;
};

struct opening {
	struct directory *directory;
	bool ok;
	struct error *err;
};

static void on_open(void *context, void *argument)
{
	struct registry_thread *thread = context;
	struct opening *opening = argument;

	thread->store = registry_store_open(opening->directory, opening->err);
	if (thread->store)
		thread->registry = registry_open(thread->store, opening->err);
	opening->ok = thread->registry != NULL;
}

static void on_close(void *context, void *argument)
{
	struct registry_thread *thread = context;

	(void)argument;
	registry_close(thread->registry);
	registry_store_close(thread->store);
	thread->registry = NULL;
	thread->store = NULL;
}

struct registry_thread *registry_thread_open(struct directory *directory, struct error *err)
{
	struct registry_thread *thread = memory_alloc_zero(1, sizeof(*thread));
	struct opening opening = { .directory = directory, .err = err };

	if (!thread) {
		error_set(err, ERROR_MEMORY, "out of memory while opening the registry");
		return NULL;
	}
	thread->worker = worker_new(thread, QUEUE_LIMIT, err);
	if (!thread->worker) {
		memory_free(thread);
		return NULL;
	}
	worker_call(thread->worker, on_open, &opening);
	if (!opening.ok) {
		registry_thread_close(thread);
		return NULL;
	}
	return thread;
}

void registry_thread_close(struct registry_thread *thread)
{
	if (!thread)
		return;
	worker_call(thread->worker, on_close, NULL);
	worker_free(thread->worker);
	memory_free(thread);
}

struct registry *registry_thread_registry(void *context)
{
	return ((struct registry_thread *)context)->registry;
}

bool registry_thread_submit(struct registry_thread *thread, struct job *job, struct error *err)
{
	return worker_submit(thread->worker, job, err);
}

struct registry_call {
	void (*work)(void *registry, void *argument);
	void *argument;
};

static void on_registry_call(void *context, void *argument)
{
	const struct registry_thread *thread = context;
	const struct registry_call *call = argument;

	call->work(thread->registry, call->argument);
}

void registry_thread_call(struct registry_thread *thread,
		void (*work)(void *registry, void *argument), void *argument)
{
	struct registry_call call = { work, argument };

	worker_call(thread->worker, on_registry_call, &call);
}

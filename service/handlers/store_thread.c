/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/store_thread.h"

#include "base/memory.h"

#define QUEUE_LIMIT 1024

struct store_thread {
	struct worker *worker;
	struct catalog_store *store; /* touched on the worker's thread only */
};

struct opening {
	struct directory *directory;
	bool ok;
	struct error *err;
};

static void on_open(void *context, void *argument)
{
	struct store_thread *thread = context;
	struct opening *opening = argument;

	thread->store = catalog_store_open(opening->directory, opening->err);
	opening->ok = thread->store != NULL;
}

static void on_close(void *context, void *argument)
{
	struct store_thread *thread = context;

	(void)argument;
	catalog_store_close(thread->store);
	thread->store = NULL;
}

struct store_thread *store_thread_open(struct directory *directory, struct error *err)
{
	struct store_thread *thread = memory_alloc_zero(1, sizeof(*thread));
	struct opening opening = { .directory = directory, .err = err };

	if (!thread) {
		error_set(err, ERROR_MEMORY, "out of memory while opening the catalog");
		return NULL;
	}
	thread->worker = worker_new(thread, QUEUE_LIMIT, err);
	if (!thread->worker) {
		memory_free(thread);
		return NULL;
	}
	worker_call(thread->worker, on_open, &opening);
	if (!opening.ok) {
		worker_free(thread->worker);
		memory_free(thread);
		return NULL;
	}
	return thread;
}

void store_thread_close(struct store_thread *thread)
{
	if (!thread)
		return;
	worker_call(thread->worker, on_close, NULL);
	worker_free(thread->worker);
	memory_free(thread);
}

bool store_thread_submit(struct store_thread *thread, struct job *job, struct error *err)
{
	return worker_submit(thread->worker, job, err);
}

struct store_call {
	void (*work)(void *store, void *argument);
	void *argument;
};

static void on_store_call(void *context, void *argument)
{
	const struct store_thread *thread = context;
	const struct store_call *call = argument;

	call->work(thread->store, call->argument);
}

void store_thread_call(struct store_thread *thread, void (*work)(void *store, void *argument),
		void *argument)
{
	struct store_call call = { work, argument };

	worker_call(thread->worker, on_store_call, &call);
}

struct catalog_store *store_thread_store(void *context)
{
	const struct store_thread *thread = context;

	return thread->store;
}

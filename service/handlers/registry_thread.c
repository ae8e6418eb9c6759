/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/registry_thread.h"

#define QUEUE_LIMIT 1024

static void *on_open(void *directory, struct error *err)
{
	struct registry_store *store = registry_store_open(directory, err);
	struct registry *registry = store ? registry_open(store, err) : NULL;

	if (!registry)
		registry_store_close(store);
	return registry;
}

static void on_close(void *registry)
{
	struct registry_store *store = registry_store(registry);

	registry_close(registry);
	registry_store_close(store);
}

static struct worker *worker_of(struct registry_thread *thread)
{
	return (struct worker *)thread;
}

struct registry_thread *registry_thread_open(struct directory *directory, struct error *err)
{
	static const struct worker_owned owned = { on_open, on_close };

	return (struct registry_thread *)worker_open(&owned, directory, QUEUE_LIMIT, err);
}

void registry_thread_close(struct registry_thread *thread)
{
	worker_free(worker_of(thread));
}

bool registry_thread_submit(struct registry_thread *thread, struct job *job, struct error *err)
{
	return worker_submit(worker_of(thread), job, err);
}

void registry_thread_call(struct registry_thread *thread,
		void (*work)(void *registry, void *argument), void *argument)
{
	worker_call(worker_of(thread), work, argument);
}

struct registry *registry_thread_registry(void *context)
{
	return context;
}

struct worker *registry_thread_worker(struct registry_thread *thread)
{
	return worker_of(thread);
}

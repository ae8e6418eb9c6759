/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/store_thread.h"

#define QUEUE_LIMIT 1024

static void *on_open(void *directory, struct error *err)
{
	return catalog_store_open(directory, err);
}

static void on_close(void *store)
{
	catalog_store_close(store);
}

static struct worker *worker_of(struct store_thread *thread)
{
	return (struct worker *)thread;
}

struct store_thread *store_thread_open(struct directory *directory, struct error *err)
{
	static const struct worker_owned owned = { on_open, on_close };

	return (struct store_thread *)worker_open(&owned, directory, QUEUE_LIMIT, err);
}

void store_thread_close(struct store_thread *thread)
{
	worker_free(worker_of(thread));
}

bool store_thread_submit(struct store_thread *thread, struct job *job, struct error *err)
{
	return worker_submit(worker_of(thread), job, err);
}

void store_thread_call(struct store_thread *thread, void (*work)(void *store, void *argument),
		void *argument)
{
	worker_call(worker_of(thread), work, argument);
}

struct catalog_store *store_thread_store(void *context)
{
	return context;
}

struct worker *store_thread_worker(struct store_thread *thread)
{
	return worker_of(thread);
}

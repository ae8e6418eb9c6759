/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that owns the catalog store: opens it, does every job on it, and closes it. Nothing
 * else in the process touches the database. Jobs answer their calls through rpc_call_post().
 */
#pragma once

#include "handlers/worker.h"
#include "store/catalog_store.h"

/* A worker by a name of its own, so that the compiler tells it from the others. */
struct store_thread;
struct directory;

/**
 * Opens the catalog of @directory (borrowed) as catalog_store_open() does, on the new thread, and
 * waits for it.
 */
struct store_thread *store_thread_open(struct directory *directory, struct error *err);
/** Does the jobs that are queued, closes the store, ends the thread. */
void store_thread_close(struct store_thread *thread);
/** The store, from the context that a job of this thread is given; in such a job only. */
struct catalog_store *store_thread_store(void *context);
/** Any thread. See worker_submit(). */
bool store_thread_submit(struct store_thread *thread, struct job *job, struct error *err);
/** For start-up: runs @work(struct catalog_store *, @argument) there and waits. */
void store_thread_call(struct store_thread *thread, void (*work)(void *store, void *argument),
		void *argument);
/** For worker_look(). */
struct worker *store_thread_worker(struct store_thread *thread);

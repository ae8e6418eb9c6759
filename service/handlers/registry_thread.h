/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that owns the registry database: opens it, does every job on it, and closes it. Nothing
 * else in the process touches the file. A job is short: what takes long is done in several, so that
 * those who ask about one enterprise are answered in between; no transaction lives longer than a job.
 */
#pragma once

#include "handlers/worker.h"
#include "registry/registry.h"

/* A worker by a name of its own, so that the compiler tells it from the others. */
struct registry_thread;
struct directory;

/** Opens the registry of @directory (borrowed) on the new thread, and waits for it. */
struct registry_thread *registry_thread_open(struct directory *directory, struct error *err);
/** Does the jobs that are queued, closes the registry, ends the thread. */
void registry_thread_close(struct registry_thread *thread);
/** The registry, from the context that a job of this thread is given; in such a job only. */
struct registry *registry_thread_registry(void *context);
/** Any thread. See worker_submit(). */
bool registry_thread_submit(struct registry_thread *thread, struct job *job, struct error *err);
/** For start-up and tests: runs @work(struct registry *, @argument) there and waits. */
void registry_thread_call(struct registry_thread *thread,
		void (*work)(void *registry, void *argument), void *argument);
/** For worker_look(). */
struct worker *registry_thread_worker(struct registry_thread *thread);

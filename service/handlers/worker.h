/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread with a queue of jobs: where work that may block or take long is done, so that no loop
 * thread ever waits for it. Jobs run one at a time, in the order in which they came.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct worker;

/* Embedded in what the job is about. Once it is submitted the worker holds it until ->run. */
struct job {
	struct job *next;
	/* On the worker's thread, exactly once. @context is the worker's. The job may free itself. */
	void (*run)(struct job *job, void *context);
};

/** Starts the thread. At most @limit jobs may wait. */
struct worker *worker_new(void *context, size_t limit, struct error *err);

/* What a worker's thread owns: opened, used and closed there, and touched nowhere else. */
struct worker_owned {
	void *(*open)(void *argument, struct error *err);
	void (*close)(void *owned);
};
/** As worker_new(); the context is what ->open makes of @argument, which is waited for. */
struct worker *worker_open(const struct worker_owned *owned, void *argument, size_t limit,
		struct error *err);

/** Runs what is queued, closes what the thread owns, then ends it. NULL is fine. */
void worker_free(struct worker *worker);
/** Any thread. false with ERROR_UNAVAILABLE when too many are waiting; then it will not run. */
bool worker_submit(struct worker *worker, struct job *job, struct error *err);
/** The next step of what was let in: it waits its turn also where the queue is full. */
void worker_continue(struct worker *worker, struct job *job);
/** Any thread: how many jobs wait, and how many may. */
void worker_look(struct worker *worker, size_t *out_waiting, size_t *out_most);
/** Runs @work on the thread and waits for it, whatever the limit. Not from the thread itself. */
void worker_call(struct worker *worker, void (*work)(void *context, void *argument),
		void *argument);
/** From now on its jobs leave the processor to calls, see thread_step_back(). Waits for those that are queued. */
void worker_step_back(struct worker *worker);

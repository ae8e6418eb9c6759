/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/worker.h"

#include "base/memory.h"
#include "base/thread.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>

struct worker {
	void *context;			  /* when it is owned: touched on the thread only */
	const struct worker_owned *owned; /* NULL: the context is the caller's */
	size_t limit;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct job *first, *last;
	size_t count;
	bool is_ending;
};

static void *worker_main(void *argument)
{
	struct worker *worker = argument;

	pthread_mutex_lock(&worker->lock);
	for (;;) {
		struct job *job = worker->first;

		if (!job) {
			if (worker->is_ending)
				break;
			pthread_cond_wait(&worker->changed, &worker->lock);
			continue;
		}
		worker->first = job->next;
		if (!worker->first)
			worker->last = NULL;
		worker->count--;
		pthread_mutex_unlock(&worker->lock);
		job->run(job, worker->context);
		pthread_mutex_lock(&worker->lock);
	}
	pthread_mutex_unlock(&worker->lock);
	if (worker->context && worker->owned)
		worker->owned->close(worker->context);
	return NULL;
}

struct worker *worker_new(void *context, size_t limit, struct error *err)
{
	struct worker *worker = memory_alloc_zero(1, sizeof(*worker));

	if (!worker) {
		error_set(err, ERROR_MEMORY, "out of memory while starting a worker");
		return NULL;
	}
	worker->context = context;
	worker->limit = limit;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
		error_set(err, ERROR_MEMORY, "cannot start a worker thread");
		pthread_cond_destroy(&worker->changed);
		pthread_mutex_destroy(&worker->lock);
		memory_free(worker);
		return NULL;
	}
	return worker;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->is_ending = true;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	assert(!worker->first);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	memory_free(worker);
}

static bool worker_append(struct worker *worker, struct job *job, size_t limit)
{
	bool fits;

	job->next = NULL;
	pthread_mutex_lock(&worker->lock);
	fits = worker->count < limit;
	if (fits) {
		if (worker->last)
			worker->last->next = job;
		else
			worker->first = job;
		worker->last = job;
		worker->count++;
		pthread_cond_signal(&worker->changed);
	}
	pthread_mutex_unlock(&worker->lock);
	return fits;
}

bool worker_submit(struct worker *worker, struct job *job, struct error *err)
{
	if (worker_append(worker, job, worker->limit))
		return true;
	return error_set(err, ERROR_UNAVAILABLE, "too many requests of this kind are waiting");
}

void worker_continue(struct worker *worker, struct job *job)
{
	(void)worker_append(worker, job, SIZE_MAX);
}

void worker_look(struct worker *worker, size_t *out_waiting, size_t *out_most)
{
	pthread_mutex_lock(&worker->lock);
	*out_waiting = worker->count;
	*out_most = worker->limit;
	pthread_mutex_unlock(&worker->lock);
}

/* A job that somebody waits for. */
struct waited_job {
	struct job job;
	void (*work)(void *context, void *argument);
	void *argument;
	pthread_mutex_t lock;
	pthread_cond_t finished;
	bool is_finished;
};

static void on_waited_job(struct job *job, void *context)
{
	struct waited_job *waited = (struct waited_job *)job;

	waited->work(context, waited->argument);
	pthread_mutex_lock(&waited->lock);
	waited->is_finished = true;
	pthread_cond_signal(&waited->finished);
	pthread_mutex_unlock(&waited->lock);
}

void worker_call(struct worker *worker, void (*work)(void *context, void *argument),
		void *argument)
{
	struct waited_job waited = {
		.job = { .run = on_waited_job },
		.work = work,
		.argument = argument,
	};

	pthread_mutex_init(&waited.lock, NULL);
	pthread_cond_init(&waited.finished, NULL);
	worker_append(worker, &waited.job, (size_t)-1);
	pthread_mutex_lock(&waited.lock);
	while (!waited.is_finished)
		pthread_cond_wait(&waited.finished, &waited.lock);
	pthread_mutex_unlock(&waited.lock);
	pthread_cond_destroy(&waited.finished);
	pthread_mutex_destroy(&waited.lock);
}

static void on_step_back(void *context, void *argument)
{
	(void)context;
	(void)argument;
	thread_step_back();
}

void worker_step_back(struct worker *worker)
{
	worker_call(worker, on_step_back, NULL);
}

/* --- what the thread owns --------------------------------------------------------------------- */

struct opening {
	struct worker *worker;
	void *argument;
	bool ok;
	struct error *err;
};

static void on_open(void *context, void *argument)
{
	struct opening *opening = argument;
	struct worker *worker = opening->worker;

	(void)context;
	worker->context = worker->owned->open(opening->argument, opening->err);
	opening->ok = worker->context != NULL;
}

struct worker *worker_open(const struct worker_owned *owned, void *argument, size_t limit,
		struct error *err)
{
	struct worker *worker = worker_new(NULL, limit, err);
	struct opening opening = { .worker = worker, .argument = argument, .err = err };

	if (!worker)
		return NULL;
	worker->owned = owned;
	worker_call(worker, on_open, &opening);
	if (opening.ok)
		return worker;
	worker_free(worker);
	return NULL;
}

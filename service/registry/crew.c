/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/crew.h"

#include "base/memory.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

/* What one asker waits for; on its stack. */
struct crew_task {
	struct crew_task *next; /* in a ring of those that have pieces left */
	crew_fn work;
	void *context;
	int64_t first, end; /* pieces that nobody has begun */
	unsigned busy;	    /* pieces that are being done */
	int64_t failed;	    /* the lowest piece that failed, or INT64_MAX */
	struct error *err;  /* of it */
	pthread_cond_t done;
};

struct crew_thread {
	struct crew *crew;
	pthread_t thread;
	unsigned seat;
};

struct crew {
	pthread_mutex_t lock; /* guards all below, and all tasks */
	pthread_cond_t wanted;
	struct crew_task *last; /* of the ring: the next turn is that of the one behind it */
	bool is_ending;
	unsigned thread_count;
	struct crew_thread threads[];
};

/* --- the ring --------------------------------------------------------------------------------- */

static void ring_add(struct crew *crew, struct crew_task *task)
{
	if (crew->last) {
		task->next = crew->last->next;
		crew->last->next = task;
	} else {
		task->next = task;
	}
	crew->last = task;
}

static void ring_remove(struct crew *crew, struct crew_task *task)
{
	struct crew_task *before = crew->last;

	while (before->next != task)
		before = before->next;
	before->next = task->next;
	if (crew->last == task)
		crew->last = before != task ? before : NULL;
}

/* --- the threads ------------------------------------------------------------------------------ */

static bool task_rests(const struct crew_task *task)
{
	return task->first == task->end && task->busy == 0;
}

static void task_end_piece(struct crew *crew, struct crew_task *task, int64_t piece, bool ok,
		const struct error *err)
{
	task->busy--;
	if (!ok && piece < task->failed) {
		task->failed = piece;
		*task->err = *err;
	}
	if (!ok && task->first < task->end) {
		task->first = task->end;
		ring_remove(crew, task);
	}
	if (task_rests(task))
		pthread_cond_signal(&task->done);
}

static void *crew_main(void *argument)
{
	struct crew_thread *thread = argument;
	struct crew *crew = thread->crew;

	pthread_mutex_lock(&crew->lock);
	for (;;) {
		struct crew_task *task;
		struct error err = { ERROR_NONE, "" };
		int64_t piece;
		bool ok;

		while (!crew->last && !crew->is_ending)
			pthread_cond_wait(&crew->wanted, &crew->lock);
		if (!crew->last)
			break;
		task = crew->last->next;
		crew->last = task;
		piece = task->first++;
		task->busy++;
		if (task->first == task->end)
			ring_remove(crew, task);
		pthread_mutex_unlock(&crew->lock);
		ok = task->work(task->context, thread->seat, piece, &err);
		pthread_mutex_lock(&crew->lock);
		task_end_piece(crew, task, piece, ok, &err);
	}
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

struct crew *crew_new(unsigned threads, struct error *err)
{
	struct crew *crew =
			memory_alloc_zero(1, sizeof(*crew) + threads * sizeof(*crew->threads));

	if (!crew) {
		error_set(err, ERROR_MEMORY, "out of memory while starting threads");
		return NULL;
	}
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->wanted, NULL);
	while (crew->thread_count < threads) {
		struct crew_thread *thread = &crew->threads[crew->thread_count];

		*thread = (struct crew_thread){ .crew = crew, .seat = crew->thread_count };
		if (pthread_create(&thread->thread, NULL, crew_main, thread) != 0)
			break;
		crew->thread_count++;
	}
	if (crew->thread_count)
		return crew;
	crew_free(crew);
	error_set(err, ERROR_MEMORY, "cannot start a thread");
	return NULL;
}

void crew_free(struct crew *crew)
{
	if (!crew)
		return;
	pthread_mutex_lock(&crew->lock);
	assert(!crew->last);
	crew->is_ending = true;
	pthread_cond_broadcast(&crew->wanted);
	pthread_mutex_unlock(&crew->lock);
	for (unsigned i = 0; i < crew->thread_count; i++)
		pthread_join(crew->threads[i].thread, NULL);
	pthread_cond_destroy(&crew->wanted);
	pthread_mutex_destroy(&crew->lock);
	memory_free(crew);
}

/* --- those who ask ---------------------------------------------------------------------------- */

unsigned crew_seats(const struct crew *crew)
{
	return crew ? crew->thread_count : 1;
}

bool crew_run(struct crew *crew, int64_t first, int64_t end, crew_fn work, void *context,
		struct error *err)
{
	struct crew_task task = {
		.work = work,
		.context = context,
		.first = first,
		.end = end,
		.failed = INT64_MAX,
		.err = err,
	};

	for (int64_t piece = first; !crew && piece < end; piece++) {
		if (!work(context, 0, piece, err))
			return false;
	}
	if (!crew || first >= end)
		return true;
	pthread_cond_init(&task.done, NULL);
	pthread_mutex_lock(&crew->lock);
	ring_add(crew, &task);
	pthread_cond_broadcast(&crew->wanted);
	while (!task_rests(&task))
		pthread_cond_wait(&task.done, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
	pthread_cond_destroy(&task.done);
	return task.failed == INT64_MAX;
}

unsigned crew_cores(void)
{
	cpu_set_t set;
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return (unsigned)CPU_COUNT(&set);
	return count > 0 ? (unsigned)count : 1;
}

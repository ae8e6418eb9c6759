/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/worker.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"

#define JOBS 50

struct numbered {
	struct job job;
	int number;
};

/* Touched on the worker's thread, and by the test when the thread has ended. */
struct record {
	int numbers[JOBS];
	int count;
};

static void on_job(struct job *job, void *context)
{
	struct record *record = context;

	record->numbers[record->count++] = ((struct numbered *)job)->number;
}

static void jobs_run_in_order(void **state)
{
	struct record record = { .count = 0 };
	struct numbered jobs[JOBS];
	struct error err;
	struct worker *worker = worker_new(&record, JOBS, &err);

	assert_non_null(worker);
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = (struct numbered){ { .run = on_job }, i };
		assert_true(worker_submit(worker, &jobs[i].job, &err));
	}
	worker_free(worker);
	assert_int_equal(record.count, JOBS);
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(record.numbers[i], i);
}

static void wait_for(void *context, void *argument)
{
	pthread_mutex_t *gate = argument;

	pthread_mutex_lock(gate);
	pthread_mutex_unlock(gate);
}

struct gate_job {
	struct job job;
	pthread_mutex_t *gate;
};

static void on_gate_job(struct job *job, void *context)
{
	wait_for(context, ((struct gate_job *)job)->gate);
}

static void set_to_seven(void *context, void *argument)
{
	*(int *)argument = 7;
}

static void too_many_are_refused(void **state)
{
	struct record record = { .count = 0 };
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct gate_job held = { { .run = on_gate_job }, &gate };
	struct numbered jobs[4], next;
	struct error err = { ERROR_NONE, "" };
	struct worker *worker = worker_new(&record, 2, &err);
	int refused = 0;
	int value = 0;

	assert_non_null(worker);
	pthread_mutex_lock(&gate);
	assert_true(worker_submit(worker, &held.job, &err));
	/* One may be running and two wait: of four more, one or two find no room at least. */
	for (int i = 0; i < 4; i++) {
		jobs[i] = (struct numbered){ { .run = on_job }, i };
		if (!worker_submit(worker, &jobs[i].job, &err))
			refused++;
	}
	assert_in_range(refused, 2, 3);
	assert_int_equal(err.code, ERROR_UNAVAILABLE);
	/* What goes on is let in all the same, and has its turn. */
	next = (struct numbered){ { .run = on_job }, 9 };
	worker_continue(worker, &next.job);
	pthread_mutex_unlock(&gate);
	worker_call(worker, set_to_seven, &value);
	assert_int_equal(value, 7);
	assert_int_equal(record.count, 4 - refused + 1);
	assert_int_equal(record.numbers[record.count - 1], 9);
	worker_free(worker);
}

/* --- what the thread owns --------------------------------------------------------------------- */

struct owned_record {
	struct record record;
	pthread_t thread;
	bool refuses;
	int opened, closed;
	int count_when_closed;
};

static void *on_open(void *argument, struct error *err)
{
	struct owned_record *owned = argument;

	owned->opened++;
	owned->thread = pthread_self();
	if (!owned->refuses)
		return owned;
	error_set(err, ERROR_NOT_FOUND, "there is none");
	return NULL;
}

static void on_close(void *argument)
{
	struct owned_record *owned = argument;

	assert_true(pthread_equal(owned->thread, pthread_self()));
	owned->closed++;
	owned->count_when_closed = owned->record.count;
}

static const struct worker_owned record_owned = { on_open, on_close };

static void compare_thread(void *context, void *argument)
{
	struct owned_record *owned = context;

	*(bool *)argument = pthread_equal(owned->thread, pthread_self()) != 0;
}

static void thread_owns(void **state)
{
	struct owned_record owned = { .opened = 0 };
	struct numbered jobs[JOBS];
	struct error err = { ERROR_NONE, "" };
	struct worker *worker = worker_open(&record_owned, &owned, JOBS, &err);
	bool same = false;

	assert_non_null(worker);
	assert_int_equal(owned.opened, 1);
	assert_false(pthread_equal(owned.thread, pthread_self()));
	worker_call(worker, compare_thread, &same);
	assert_true(same);
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = (struct numbered){ { .run = on_job }, i };
		assert_true(worker_submit(worker, &jobs[i].job, &err));
	}
	worker_free(worker);
	assert_int_equal(owned.closed, 1);
	assert_int_equal(owned.count_when_closed, JOBS);
}

static void nothing_is_owned(void **state)
{
	struct owned_record owned = { .refuses = true };
	struct error err = { ERROR_NONE, "" };

	assert_null(worker_open(&record_owned, &owned, 1, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(owned.opened, 1);
	assert_int_equal(owned.closed, 0);
}

static void take_niceness(void *context, void *argument)
{
	(void)context;
	*(int *)argument = getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
}

/* The thread of the worker alone, not the process. */
static void steps_back(void **state)
{
	struct worker *worker = worker_new(NULL, 1, NULL);
	int before = getpriority(PRIO_PROCESS, 0);
	int niceness = 0;

	(void)state;
	assert_non_null(worker);
	worker_call(worker, take_niceness, &niceness);
	assert_int_equal(niceness, before);
	worker_step_back(worker);
	worker_call(worker, take_niceness, &niceness);
	/* Who runs the tests may have stepped back already. */
	assert_true(niceness > before || (before >= 10 && niceness == before));
	assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
	worker_free(worker);
}

static void memory_runs_short(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct worker *worker;

	memory_fail_nth(1, 1);
	worker = worker_new(NULL, 1, &err);
	memory_fail_nth(0, 0);
	assert_null(worker);
	assert_int_equal(err.code, ERROR_MEMORY);
	err.code = ERROR_NONE;
	memory_fail_nth(1, 1);
	worker = worker_open(&record_owned, NULL, 1, &err);
	memory_fail_nth(0, 0);
	assert_null(worker);
	assert_int_equal(err.code, ERROR_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_run_in_order),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(thread_owns),
		cmocka_unit_test(nothing_is_owned),
		cmocka_unit_test(steps_back),
		cmocka_unit_test(memory_runs_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

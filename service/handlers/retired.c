/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/retired.h"

#include "base/memory.h"
#include "base/thread.h"

#include <malloc.h>
#include <pthread.h>
#include <time.h>

/* As many as may wait; publishing takes longer than letting go, so that there are one or two. */
#define WAITING_MOST 32
/* How long until it is looked again; each time in vain twice as long. */
#define LOOK_AGAIN_MS 20
#define LOOK_AGAIN_MOST_MS 1000

struct retired {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct ruleset *waiting[WAITING_MOST];
	size_t count;
	bool has_thread;
	bool is_ending;
	pthread_t thread;
};

/* One that only we have; with the lock. */
static struct ruleset *take_unshared(struct retired *retired)
{
	for (size_t i = 0; i < retired->count; i++) {
		struct ruleset *ruleset = retired->waiting[i];

		if (ruleset_is_shared(ruleset))
			continue;
		retired->waiting[i] = retired->waiting[--retired->count];
		return ruleset;
	}
	return NULL;
}

/* Some are kept for good: those the snapshot keeps to be asked for, and that of a run for hours. */
static void wait_a_little(struct retired *retired, long *wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += *wait_ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	if (pthread_cond_timedwait(&retired->changed, &retired->lock, &until) == 0)
		*wait_ms = LOOK_AGAIN_MS;
	else if (*wait_ms < LOOK_AGAIN_MOST_MS)
		*wait_ms *= 2;
}

static void *on_retired(void *argument)
{
	struct retired *retired = argument;
	struct ruleset *ruleset;
	long wait_ms = LOOK_AGAIN_MS;

	thread_step_back();
	pthread_mutex_lock(&retired->lock);
	while (!retired->is_ending) {
		ruleset = take_unshared(retired);
		if (ruleset) {
			pthread_mutex_unlock(&retired->lock);
			ruleset_unref(ruleset);
			/* What the C library keeps of it would stay with the process for good. */
			(void)malloc_trim(0);
			pthread_mutex_lock(&retired->lock);
		} else if (retired->count > 0) {
			wait_a_little(retired, &wait_ms);
		} else {
			pthread_cond_wait(&retired->changed, &retired->lock);
			wait_ms = LOOK_AGAIN_MS;
		}
	}
	pthread_mutex_unlock(&retired->lock);
	return NULL;
}

struct retired *retired_new(void)
{
	struct retired *retired = memory_alloc_zero(1, sizeof(*retired));
	pthread_condattr_t attributes;

	if (!retired)
		return NULL;
	pthread_mutex_init(&retired->lock, NULL);
	/* Of the other clock a moment may be an hour, when it is set back. */
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&retired->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return retired;
}

void retired_free(struct retired *retired)
{
	if (!retired)
		return;
	pthread_mutex_lock(&retired->lock);
	retired->is_ending = true;
	pthread_cond_signal(&retired->changed);
	pthread_mutex_unlock(&retired->lock);
	if (retired->has_thread)
		pthread_join(retired->thread, NULL);
	for (size_t i = 0; i < retired->count; i++)
		ruleset_unref(retired->waiting[i]);
	pthread_cond_destroy(&retired->changed);
	pthread_mutex_destroy(&retired->lock);
	memory_free(retired);
}

static bool is_waiting(const struct retired *retired, const struct ruleset *ruleset)
{
	for (size_t i = 0; i < retired->count; i++) {
		if (retired->waiting[i] == ruleset)
			return true;
	}
	return false;
}

void retired_add(struct retired *retired, struct ruleset *ruleset)
{
	bool taken = false;

	if (!ruleset)
		return;
	pthread_mutex_lock(&retired->lock);
	if (!retired->has_thread)
		retired->has_thread = pthread_create(&retired->thread, NULL, on_retired,
						      retired) == 0;
	/* Of one that waits already we have a reference, and two would wait for each other. */
	if (retired->has_thread && retired->count < WAITING_MOST &&
			!is_waiting(retired, ruleset)) {
		retired->waiting[retired->count++] = ruleset;
		taken = true;
		pthread_cond_signal(&retired->changed);
	}
	pthread_mutex_unlock(&retired->lock);
	if (!taken)
		ruleset_unref(ruleset);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds a ruleset, and when an old one goes. */
#include "fake_ruleset.h"

#include "base/memory.h"
#include "handlers/snapshot.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define READERS 4
#define PUBLISHES 300

/* Seconds that the calendar is ahead of where it will have been set back to; how often other threads asked a clock. */
static atomic_int ahead_s, asked;
static pthread_t tester;

/* The sanitizers have one of their own. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(SANITIZED)
#define IS_TOLD false
#else
#define IS_TOLD true
__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *out)
{
	long result = syscall(SYS_clock_gettime, clock, out);

	if (clock == CLOCK_REALTIME)
		out->tv_sec += atomic_load(&ahead_s);
	atomic_fetch_add(&asked, !pthread_equal(pthread_self(), tester));
	return (int)result;
}
#endif

/* A thread lets go of what is retired: soon, but not at once. */
static void wait_for_alive(int count)
{
	const struct timespec a_little = { 0, 1000000 };

	for (int i = 0; i < 10000 && fake_ruleset_alive() != count; i++)
		nanosleep(&a_little, NULL);
	assert_int_equal(fake_ruleset_alive(), count);
}

static void current_is_what_was_set(void **state)
{
	struct snapshot *snapshot = snapshot_new(NULL);

	assert_non_null(snapshot);
	assert_null(snapshot_current(snapshot));
	snapshot_set(snapshot, fake_ruleset_new(1));
	assert_int_equal(ruleset_revision(snapshot_current(snapshot)), 1);
	snapshot_set(snapshot, fake_ruleset_new(2));
	/* The old one is this thread's until it looks again. */
	assert_int_equal(fake_ruleset_alive(), 2);
	assert_int_equal(ruleset_revision(snapshot_current(snapshot)), 2);
	wait_for_alive(1);
	snapshot_free(snapshot);
	assert_int_equal(fake_ruleset_alive(), 0);
}

static void few_older_ones_are_kept(void **state)
{
	struct snapshot *snapshot = snapshot_new(NULL);
	struct ruleset *found;

	assert_non_null(snapshot);
	snapshot_set(snapshot, fake_ruleset_new(100));
	for (int64_t revision = 1; revision <= 6; revision++) {
		struct ruleset *ruleset = fake_ruleset_new(revision);

		snapshot_keep(snapshot, ruleset, revision % 2);
		snapshot_keep(snapshot, ruleset, true); /* known: not kept twice */
		ruleset_unref(ruleset);
		/* The first one is asked for again and again, so it stays. */
		found = snapshot_find(snapshot, 1);
		assert_non_null(found);
		ruleset_unref(found);
	}
	wait_for_alive(5);
	assert_null(snapshot_find(snapshot, 2));
	assert_null(snapshot_find(snapshot, 7));
	found = snapshot_find(snapshot, 100);
	assert_int_equal(ruleset_revision(found), 100);
	ruleset_unref(found);
	snapshot_free(snapshot);
	assert_int_equal(fake_ruleset_alive(), 0);
}

static void large_ones_are_not_kept(void **state)
{
	struct snapshot *snapshot = snapshot_new(NULL);
	struct ruleset *found;

	assert_non_null(snapshot);
	snapshot_set(snapshot, fake_ruleset_new(100));
	for (int64_t revision = 1; revision <= 3; revision++) {
		struct ruleset *ruleset = fake_ruleset_new(revision);

		fake_ruleset_grow(ruleset, (size_t)300 << 20);
		snapshot_keep(snapshot, ruleset, false);
		assert_null(snapshot_find(snapshot, revision));
		/* Who asked for it may ask again; of these there is one. */
		snapshot_keep(snapshot, ruleset, true);
		ruleset_unref(ruleset);
		wait_for_alive(2);
		found = snapshot_find(snapshot, revision);
		assert_non_null(found);
		ruleset_unref(found);
	}
	snapshot_free(snapshot);
	assert_int_equal(fake_ruleset_alive(), 0);
}

/* Whoever still works with an old one is not hurried, and is not the one that frees it. */
static void retired_ones_wait_for_their_users(void **state)
{
	struct snapshot *snapshot = snapshot_new(NULL);
	const struct timespec a_while = { 0, 60000000 };
	struct ruleset *used;

	assert_non_null(snapshot);
	snapshot_set(snapshot, fake_ruleset_new(1));
	used = snapshot_find(snapshot, 1);
	snapshot_set(snapshot, fake_ruleset_new(2));
	nanosleep(&a_while, NULL);
	assert_int_equal(fake_ruleset_alive(), 2);
	ruleset_unref(used);
	assert_true(fake_ruleset_alive() >= 1);
	wait_for_alive(1);
	snapshot_free(snapshot);
	assert_int_equal(fake_ruleset_alive(), 0);
}

/* The calendar is set back by an hour while a thread waits for the users of an old one. */
static void retired_ones_go_by_another_clock(void **state)
{
	struct snapshot *snapshot = snapshot_new(NULL);
	const struct timespec a_little = { 0, 1000000 };
	struct ruleset *used;
	int before;

	(void)state;
	assert_non_null(snapshot);
	tester = pthread_self();
	before = atomic_load(&asked);
	atomic_store(&ahead_s, 3600);
	snapshot_set(snapshot, fake_ruleset_new(1));
	used = snapshot_find(snapshot, 1);
	snapshot_set(snapshot, fake_ruleset_new(2));
	/* Until it is to be a short while. */
	for (int i = 0; IS_TOLD && i < 30000 && atomic_load(&asked) == before; i++)
		nanosleep(&a_little, NULL);
	assert_true(!IS_TOLD || atomic_load(&asked) > before);
	ruleset_unref(used);
	wait_for_alive(1);
	atomic_store(&ahead_s, 0);
	snapshot_free(snapshot);
	assert_int_equal(fake_ruleset_alive(), 0);
}

struct reading {
	struct snapshot *snapshot;
	atomic_bool *is_over;
	long looks;
};

/* What a loop does: borrow, use, and again. Revisions never go back. */
static void *read_on(void *argument)
{
	struct reading *reading = argument;
	int64_t last = 0;

	while (!atomic_load(reading->is_over) || last < PUBLISHES) {
		int64_t revision = ruleset_revision(snapshot_current(reading->snapshot));

		if (revision < last)
			return reading;
		last = revision;
		reading->looks++;
	}
	return NULL;
}

static void readers_and_a_publisher(void **state)
{
	struct snapshot *snapshot = snapshot_new(NULL);
	atomic_bool is_over = false;
	struct reading readings[READERS];
	pthread_t threads[READERS];
	void *went_back;

	assert_non_null(snapshot);
	snapshot_set(snapshot, fake_ruleset_new(1));
	for (int i = 0; i < READERS; i++) {
		readings[i] = (struct reading){ snapshot, &is_over, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readings[i]), 0);
	}
	for (int64_t revision = 2; revision <= PUBLISHES; revision++) {
		struct ruleset *old = snapshot_find(snapshot, revision - 1);

		snapshot_set(snapshot, fake_ruleset_new(revision));
		snapshot_keep(snapshot, old, false);
		ruleset_unref(old);
	}
	atomic_store(&is_over, true);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], &went_back), 0);
		assert_null(went_back);
		assert_true(readings[i].looks > 0);
	}
	/* Ended threads hold nothing: the current one and four kept are left. */
	wait_for_alive(5);
	snapshot_free(snapshot);
	assert_int_equal(fake_ruleset_alive(), 0);
}

static void memory_runs_short(void **state)
{
	struct error err = { ERROR_NONE, "" };
	struct snapshot *snapshot;

	for (unsigned long nth = 1; nth <= 2; nth++) {
		memory_fail_nth(nth, 1);
		snapshot = snapshot_new(&err);
		memory_fail_nth(0, 0);
		assert_null(snapshot);
		assert_int_equal(err.code, ERROR_MEMORY);
	}

	snapshot = snapshot_new(&err);
	snapshot_set(snapshot, fake_ruleset_new(1));
	memory_fail_nth(1, 1);
	assert_null(snapshot_current(snapshot));
	memory_fail_nth(0, 0);
	assert_non_null(snapshot_current(snapshot));
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(current_is_what_was_set),
		cmocka_unit_test(few_older_ones_are_kept),
		cmocka_unit_test(large_ones_are_not_kept),
		cmocka_unit_test(retired_ones_wait_for_their_users),
		cmocka_unit_test(retired_ones_go_by_another_clock),
		cmocka_unit_test(readers_and_a_publisher),
		cmocka_unit_test(memory_runs_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

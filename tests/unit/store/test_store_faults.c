/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes that fail and processes that die in the middle of a publish: afterwards the catalog is
 * the old revision or the new one, whole, and the next publish works.
 */
#include "fault_vfs.h"
#include "store_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLICIES 150

static void make_first(struct fixture *fixture)
{
	struct error err = { 0 };
	struct catalog_store *store = fixture_open(fixture->data, &err);

	assert_non_null(store);
	fixture_publish(fixture, store, POLICIES, "old", 0, 1);
	fixture_close(store);
}

/* What is there now is whole; leaves "old" as the newest revision. Returns what was there. */
static bool check_and_go_back(struct fixture *fixture)
{
	struct error err = { 0 };
	struct catalog_store *store = fixture_open(fixture->data, &err);
	const char *title;
	int64_t current;
	bool was_new;

	if (!store)
		fail_msg("%s", err.message);
	title = fixture_title(fixture, store);
	was_new = strcmp(title, "new") == 0;
	assert_true(was_new || strcmp(title, "old") == 0);
	assert_true(catalog_store_current(store, &current, &err));
	if (was_new)
		fixture_publish(fixture, store, POLICIES, "old", current, current + 1);
	fixture_close(store);
	return was_new;
}

/* Opens, publishes "new", closes; true when the publish said that it is done. */
static bool try_publish(struct fixture *fixture, struct error *err)
{
	struct catalog_store *store = fixture_open(fixture->data, err);
	const struct catalog *catalog = fixture_catalog(fixture, POLICIES, "new");
	struct publish_request request = fixture_request(fixture, catalog, "new", 0);
	Policycalc__V1__Revision *revision;
	bool unchanged;
	bool ok;

	if (!store)
		return false;
	ok = catalog_store_current(store, &request.base_revision, err) &&
	     catalog_store_publish(
			     store, &request, &fixture->arena, &revision, &unchanged, err);
	fixture_close(store);
	return ok;
}

/* Every operation in turn fails; returns how many publishes failed. */
static unsigned run_failures(
		struct fixture *fixture, enum fault fault, enum error_code expected)
{
	unsigned failures = 0;
	bool ok = false;

	make_first(fixture);
	for (unsigned nth = 1; !ok || nth < 4; nth++) {
		struct error err = { 0 };
		bool is_new;

		(void)fault_vfs_set(fault, nth);
		ok = try_publish(fixture, &err);
		(void)fault_vfs_set(FAULT_NONE, 0);
		if (!ok) {
			failures++;
			if (err.code != expected)
				fail_msg("at %u: %s", nth, err.message);
		}
		is_new = check_and_go_back(fixture);
		/* What was said to be done is there. */
		assert_true(is_new || !ok);
		arena_reset(&fixture->arena);
	}
	return failures;
}

static void test_failing_writes(void **state)
{
	assert_true(run_failures(*state, FAULT_IO, ERROR_IO) >= 3);
}

static void test_disk_full(void **state)
{
	assert_true(run_failures(*state, FAULT_FULL, ERROR_LIMIT) >= 3);
}

/* Runs a publish in a child; returns whether it was killed. */
static bool run_child(struct fixture *fixture, unsigned nth, unsigned delay_us)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct error err = { 0 };

		if (nth)
			(void)fault_vfs_set(FAULT_KILL, nth);
		_exit(try_publish(fixture, &err) ? 0 : 1);
	}
	if (delay_us) {
		(void)usleep(delay_us);
		(void)kill(child, SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return true;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

/* Killed in the middle of every write, with half of its bytes on the disk. */
static void test_killed_in_each_write(void **state)
{
	struct fixture *fixture = *state;
	unsigned kills = 0;
	unsigned kept = 0;
	unsigned nth = 1;

	make_first(fixture);
	for (; run_child(fixture, nth, 0); nth++) {
		kills++;
		kept += !check_and_go_back(fixture);
		arena_reset(&fixture->arena);
	}
	(void)check_and_go_back(fixture);
	assert_true(kills >= 3);
	assert_true(kept >= 2);
}

static void test_killed_at_random(void **state)
{
	struct fixture *fixture = *state;
	unsigned seed = 20260101;
	unsigned kills = 0;

	make_first(fixture);
	for (int i = 0; i < 30; i++) {
		seed = seed * 1103515245u + 12345u;
		kills += run_child(fixture, 0, 200 + seed / 65536 % 12000);
		(void)check_and_go_back(fixture);
		arena_reset(&fixture->arena);
	}
	assert_true(kills > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_failing_writes),
		TEST(test_disk_full),
		TEST(test_killed_in_each_write),
		TEST(test_killed_at_random),
	};

	fault_vfs_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

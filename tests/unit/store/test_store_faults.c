/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes that fail and processes that die in the middle of a publish: afterwards the catalog is
 * the old revision or the new one, whole, and the next publish works.
 */
#include "fault_replay.h"
#include "folder.h"
#include "store_fixture.h"

#include <stdio.h>
#include <string.h>

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

/* Opens, publishes "new", closes. */
static bool on_publish(void *context, struct error *err)
{
	struct fixture *fixture = context;
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
		bool is_new;

		ok = fault_try(fault, nth, expected, on_publish, fixture);
		failures += !ok;
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

static void test_failing_reads(void **state)
{
	assert_true(run_failures(*state, FAULT_READ, ERROR_IO) >= 3);
}

static void test_disk_full(void **state)
{
	assert_true(run_failures(*state, FAULT_FULL, ERROR_LIMIT) >= 3);
}

/* Killed in the middle of every write, with half of its bytes on the disk. */
static void test_killed_in_each_write(void **state)
{
	struct fixture *fixture = *state;
	unsigned kills = 0;
	unsigned kept = 0;
	unsigned nth = 1;

	make_first(fixture);
	for (; fault_kill(nth, 0, on_publish, fixture); nth++) {
		kills++;
		kept += !check_and_go_back(fixture);
		arena_reset(&fixture->arena);
	}
	(void)check_and_go_back(fixture);
	assert_true(kills >= 3);
	assert_true(kept >= 2);
}

/*
 * The power fails at every operation, also right after it was said to be done: what was not synced is
 * lost, or this and that of it.
 */
static void test_power_fails(void **state)
{
	struct fixture *fixture = *state;
	unsigned failures = 0;

	make_first(fixture);
	for (unsigned seed = 0; seed < 4; seed++) {
		bool ok = false;

		for (unsigned nth = 1; !ok; nth++) {
			bool is_new;

			fault_vfs_record();
			ok = fault_power(nth, seed * 1000 + nth * (seed > 0), on_publish, NULL,
					fixture);
			failures += !ok;
			is_new = check_and_go_back(fixture);
			assert_true(is_new || !ok);
			arena_reset(&fixture->arena);
		}
	}
	assert_true(failures >= 12);
}

/* Each sync fails once, what was written since the one before is gone, and everything goes on. */
static void test_failed_sync(void **state)
{
	struct fixture *fixture = *state;
	unsigned failures = 0;

	make_first(fixture);
	for (unsigned nth = 1; nth < 40; nth++) {
		bool is_new, ok;

		fault_vfs_record();
		ok = fault_try(FAULT_SYNC, nth, ERROR_IO, on_publish, fixture);
		failures += !ok;
		is_new = check_and_go_back(fixture);
		assert_true(is_new || !ok);
		arena_reset(&fixture->arena);
	}
	assert_true(failures >= 3);
}

static void test_killed_at_random(void **state)
{
	struct fixture *fixture = *state;
	unsigned seed = 20260101;
	unsigned kills = 0;

	make_first(fixture);
	for (int i = 0; i < 30; i++) {
		seed = seed * 1103515245u + 12345u;
		kills += fault_kill(0, 200 + seed / 65536 % 12000, on_publish, fixture);
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
		TEST(test_failing_reads),
		TEST(test_disk_full),
		TEST(test_killed_in_each_write),
		TEST(test_power_fails),
		TEST(test_failed_sync),
		TEST(test_killed_at_random),
	};

	folder_use_memory();
	fault_vfs_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

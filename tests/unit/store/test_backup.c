/* SPDX-License-Identifier: Apache-2.0 */
/* A copy that is made while the database is written to is the database as it is at the end. */
#include "store_fixture.h"

#include "base/memory.h"
#include "store/backup.h"
#include "store/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Two pages of a new catalog. */
#define STEP_SIZE ((size_t)128 << 10)

/* Bytes that are free; -1: enough. */
static int64_t free_size = -1;

/* Stands before libc's. */
int fstatvfs(int file, struct statvfs *out)
{
	(void)file;
	*out = (struct statvfs){
		.f_frsize = 4096,
		.f_bavail = free_size < 0 ? 1 << 30 : (fsblkcnt_t)free_size / 4096,
	};
	return 0;
}

static struct catalog_store *open_filled(struct fixture *fixture)
{
	struct error err = { 0 };
	struct catalog_store *store = fixture_open(fixture->data, &err);

	if (!store)
		fail_msg("%s", err.message);
	fixture_publish(fixture, store, 900, "first", 0, 1);
	return store;
}

/* Puts what @file reads into a folder of its own, and opens it. */
static struct catalog_store *restore(struct fixture *fixture, int file)
{
	char folder[400], path[440];
	struct error err = { 0 };
	struct catalog_store *store;
	char buffer[65536];
	off_t at = 0;
	ssize_t got;
	FILE *out;

	(void)snprintf(folder, sizeof(folder), "%s/restored", fixture->folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/catalog.db", folder);
	out = fopen(path, "wb");
	assert_non_null(out);
	while ((got = pread(file, buffer, sizeof(buffer), at)) > 0) {
		assert_int_equal(fwrite(buffer, 1, (size_t)got, out), got);
		at += got;
	}
	assert_int_equal(fclose(out), 0);
	close(file);
	store = fixture_open(folder, &err);
	if (!store)
		fail_msg("%s", err.message);
	return store;
}

static void while_written(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_filled(fixture), *restored;
	struct error err = { 0 };
	struct backup *backup = backup_open_catalog(store, &err);
	int64_t copied, total;
	bool done = false;
	int file = -1, steps = 0;
	char path[400];

	assert_non_null(backup);
	(void)snprintf(path, sizeof(path), "%s.backup", fixture->file);
	assert_int_equal(access(path, F_OK), -1);
	while (!done) {
		assert_true(backup_step(backup, STEP_SIZE, &done, &err));
		backup_look(backup, &copied, &total);
		assert_true(copied > 0 && copied <= total);
		if (steps++ == 0) {
			assert_int_equal(copied, STEP_SIZE);
			assert_false(done);
			fixture_publish(fixture, store, 950, "second", 1, 2);
		}
	}
	assert_true(steps > 2);
	assert_int_equal(copied, total);
	assert_true(backup_finish(backup, &file, &err));
	assert_true(file >= 0);
	/* What comes later is not in it. */
	fixture_publish(fixture, store, 10, "third", 2, 3);
	fixture_close(store);
	restored = restore(fixture, file);
	assert_string_equal(fixture_title(fixture, restored), "second");
	fixture_close(restored);
}

static void given_up(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_filled(fixture);
	struct error err = { 0 };
	struct backup *backup = backup_open_catalog(store, &err);
	bool done;
	int file = 5;

	assert_non_null(backup);
	assert_true(backup_step(backup, STEP_SIZE, &done, &err));
	assert_false(backup_finish(backup, &file, &err));
	assert_int_equal(file, -1);
	fixture_publish(fixture, store, 10, "second", 1, 2);
	assert_string_equal(fixture_title(fixture, store), "second");
	fixture_close(store);
}

/* It is refused before a byte is copied, and says what is missing. */
static void no_room(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_filled(fixture);
	struct error err = { 0 };
	struct backup *backup;
	char path[440];

	free_size = BACKUP_SPARE;
	assert_null(backup_open_catalog(store, &err));
	assert_int_equal(err.code, ERROR_LIMIT);
	assert_non_null(strstr(err.message, "has 64 MiB free"));
	(void)snprintf(path, sizeof(path), "%s/catalog.db.backup", fixture->data);
	assert_int_equal(access(path, F_OK), -1);
	free_size = BACKUP_SPARE + (8 << 20);
	backup = backup_open_catalog(store, &err);
	assert_non_null(backup);
	assert_false(backup_finish(backup, NULL, &err));
	free_size = -1;
	fixture_close(store);
}

/* Each allocation fails in turn: no copy, or a whole one; the database goes on. */
static void memory_short(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_filled(fixture);
	unsigned long nth = 1;
	bool whole = false;

	for (; !whole && nth < 2000; nth++) {
		struct error err = { 0 };
		struct backup *backup;
		bool done = false, ok;
		int file = -1;

		memory_fail_nth(nth, 0);
		backup = backup_open_catalog(store, &err);
		ok = backup != NULL;
		while (ok && !done)
			ok = backup_step(backup, STEP_SIZE, &done, &err);
		ok = backup_finish(backup, &file, ok ? &err : NULL) && ok;
		whole = memory_fail_nth(0, 0) < nth;
		assert_int_equal(file >= 0, ok);
		assert_true(ok || err.code != ERROR_NONE);
		if (file >= 0)
			close(file);
	}
	assert_true(whole && nth > 10);
	assert_string_equal(fixture_title(fixture, store), "first");
	fixture_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(while_written, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(given_up, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(no_room, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(memory_short, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

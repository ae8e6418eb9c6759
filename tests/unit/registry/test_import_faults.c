/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports whose writes fail, and processes that die in them: afterwards every transaction is there or is
 * not, and the same import sent again makes the registry that an undisturbed one makes.
 *
 *     test_import_faults [--long]     ten times as many kills at random
 */
#include "fault_vfs.h"
#include "registry_fixture.h"

#include "proto/codec/codec.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BEFORE 200	/* enterprises that are there */
#define ROWS 300	/* of the import that is disturbed; the first 200 change */
#define MANY_ROWS 50000 /* of the one that is killed at random: three transactions and more */
#define MESSAGE_ROWS 500
#define KILLS 25

static unsigned kills_wanted = KILLS;

static int64_t on_now(void)
{
	return registry_fixture_now;
}

static void must_open(struct registry_fixture *fixture)
{
	struct error err;

	if (!registry_fixture_open(fixture, &err))
		fail_msg("%s", err.message);
	if (!registry_store_check(fixture->store, &err))
		fail_msg("%s", err.message);
}

/* --- the import that is disturbed ------------------------------------------------------------ */

static Policycalc__V1__Profile **rows_make(
		struct registry_fixture *fixture, unsigned count, const char *money)
{
	Policycalc__V1__Profile **rows =
			ARENA_NEW_ARRAY(&fixture->arena, Policycalc__V1__Profile *, count);

	for (unsigned i = 0; i < count; i++)
		rows[i] = fixture_row(fixture, i,
				arena_format(&fixture->arena, "money=%s staff=%u kind=k%u%s",
						money, i, i % 4, i % 7 ? "" : " listed=是"));
	return rows;
}

/* Some enterprises, of which the import will change most; attributes it brings are new. */
static void make_before(struct registry_fixture *fixture)
{
	Policycalc__V1__Profile *rows[BEFORE];
	struct fixture_import how = { .day = "2026-01-01" };
	struct error err;

	must_open(fixture);
	for (unsigned i = 0; i < BEFORE; i++)
		rows[i] = fixture_row(fixture, i, "money@2020=1元 staff=1");
	if (!fixture_import(fixture, &how, rows, BEFORE, &err))
		fail_msg("%s", err.message);
	registry_fixture_close(fixture);
}

static bool import_rows_of(struct registry_fixture *fixture, Policycalc__V1__Profile **rows,
		size_t count, struct error *err)
{
	struct fixture_import how = { .day = "2026-02-01", .complete = "listed" };

	return fixture_import(fixture, &how, rows, count, err) != NULL;
}

static char *file_read(const char *path, size_t *out_size)
{
	FILE *file = fopen(path, "rbe");
	char *bytes;
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	rewind(file);
	bytes = malloc((size_t)size);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
	(void)fclose(file);
	*out_size = (size_t)size;
	return bytes;
}

/* The folder as it was before: the file, and nothing beside it. */
static void file_restore(const struct registry_fixture *fixture, const char *bytes, size_t size)
{
	char wal[400];
	FILE *file = fopen(fixture->file, "wbe");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	(void)snprintf(wal, sizeof(wal), "%s-wal", fixture->file);
	(void)unlink(wal);
}

/* Sends it again, and holds what is there then against what an undisturbed import makes. */
static void send_again(struct registry_fixture *fixture, Policycalc__V1__Profile **rows,
		size_t count, const char *expected)
{
	struct error err;

	if (!import_rows_of(fixture, rows, count, &err))
		fail_msg("%s", err.message);
	if (strcmp(fixture_dump(fixture), expected) != 0)
		fail_msg("not what an undisturbed import makes:\n%s", fixture_dump(fixture));
}

struct disturbed {
	Policycalc__V1__Profile **rows;
	char *before; /* the file */
	size_t before_size;
	char *expected;
};

static struct disturbed disturbed_make(struct registry_fixture *fixture)
{
	struct disturbed disturbed;
	struct error err;

	make_before(fixture);
	disturbed.before = file_read(fixture->file, &disturbed.before_size);
	disturbed.rows = rows_make(fixture, ROWS, "5元");
	must_open(fixture);
	if (!import_rows_of(fixture, disturbed.rows, ROWS, &err))
		fail_msg("%s", err.message);
	disturbed.expected = fixture_dump(fixture);
	assert_non_null(strstr(disturbed.expected, "listed=否"));
	registry_fixture_close(fixture);
	return disturbed;
}

/* --- failing writes -------------------------------------------------------------------------- */

/* Every operation in turn fails, and all after it; returns how many imports failed. */
static unsigned run_failures(
		struct registry_fixture *fixture, enum fault fault, enum error_code expected)
{
	struct disturbed disturbed = disturbed_make(fixture);
	unsigned failures = 0;
	bool ok = false;

	for (unsigned nth = 1; !ok; nth++) {
		struct arena_mark mark = arena_mark(&fixture->arena);
		struct error err = { 0 };

		file_restore(fixture, disturbed.before, disturbed.before_size);
		must_open(fixture);
		(void)fault_vfs_set(fault, nth);
		ok = import_rows_of(fixture, disturbed.rows, ROWS, &err);
		(void)fault_vfs_set(FAULT_NONE, 0);
		if (!ok) {
			failures++;
			if (err.code != expected)
				fail_msg("at %u: %s", nth, err.message);
		}
		/* At once, on the same open database; or after opening it again. */
		if (nth % 2) {
			registry_fixture_close(fixture);
			must_open(fixture);
		}
		send_again(fixture, disturbed.rows, ROWS, disturbed.expected);
		registry_fixture_close(fixture);
		must_open(fixture);
		assert_string_equal(fixture_dump(fixture), disturbed.expected);
		registry_fixture_close(fixture);
		arena_rewind(&fixture->arena, mark);
	}
	free(disturbed.before);
	return failures;
}

static void test_failing_writes(void **state)
{
	assert_true(run_failures(*state, FAULT_IO, ERROR_IO) >= 6);
}

static void test_disk_full(void **state)
{
	assert_true(run_failures(*state, FAULT_FULL, ERROR_LIMIT) >= 6);
}

/* Opening a new file, with every operation of it failing in turn. */
static void test_failing_open(void **state)
{
	struct registry_fixture *fixture = *state;
	struct error err;
	bool ok = false;
	unsigned failures = 0;

	for (unsigned nth = 1; !ok; nth++) {
		(void)fault_vfs_set(FAULT_IO, nth);
		ok = registry_fixture_open(fixture, &err);
		(void)fault_vfs_set(FAULT_NONE, 0);
		failures += !ok;
		if (!ok)
			assert_int_equal(err.code, ERROR_IO);
		registry_fixture_close(fixture);
		must_open(fixture);
		assert_int_equal(registry_last_id(fixture->registry), 0);
		registry_fixture_close(fixture);
		assert_int_equal(unlink(fixture->file), 0);
	}
	assert_true(failures >= 3);
}

/* --- kills ----------------------------------------------------------------------------------- */

/* Imports in a child; returns whether it was killed. */
static bool run_child(struct registry_fixture *fixture, const struct disturbed *disturbed,
		unsigned nth)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct error err;

		if (!registry_fixture_open(fixture, &err))
			_exit(2);
		(void)fault_vfs_set(FAULT_KILL, nth);
		_exit(import_rows_of(fixture, disturbed->rows, ROWS, &err) ? 0 : 1);
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
	struct registry_fixture *fixture = *state;
	struct disturbed disturbed = disturbed_make(fixture);
	unsigned kills = 0;

	for (unsigned nth = 1;; nth++) {
		struct arena_mark mark = arena_mark(&fixture->arena);

		file_restore(fixture, disturbed.before, disturbed.before_size);
		if (!run_child(fixture, &disturbed, nth))
			break;
		kills++;
		must_open(fixture);
		send_again(fixture, disturbed.rows, ROWS, disturbed.expected);
		registry_fixture_close(fixture);
		arena_rewind(&fixture->arena, mark);
	}
	assert_true(kills >= 6);
	free(disturbed.before);
}

/* The messages of the import of many rows. */
static struct buffer *messages_make(struct registry_fixture *fixture, size_t *out_count)
{
	size_t count = MANY_ROWS / MESSAGE_ROWS;
	struct buffer *messages = calloc(count, sizeof(*messages));

	assert_non_null(messages);
	for (size_t i = 0; i < count; i++) {
		struct arena_mark mark = arena_mark(&fixture->arena);
		Policycalc__V1__ImportRows rows = POLICYCALC__V1__IMPORT_ROWS__INIT;

		rows.first_row = (int64_t)(i * MESSAGE_ROWS) + 1;
		rows.profiles = ARENA_NEW_ARRAY(
				&fixture->arena, Policycalc__V1__Profile *, MESSAGE_ROWS);
		rows.n_profiles = MESSAGE_ROWS;
		for (unsigned k = 0; k < MESSAGE_ROWS; k++) {
			unsigned number = (unsigned)i * MESSAGE_ROWS + k;

			rows.profiles[k] = fixture_row(fixture, number * 7919 % 1000003,
					arena_format(&fixture->arena, "staff=%u listed=%s",
							number, number % 3 ? "否" : "是"));
		}
		assert_true(message_pack(&rows.base, &messages[i]));
		arena_rewind(&fixture->arena, mark);
	}
	*out_count = count;
	return messages;
}

static bool import_many(
		struct registry_fixture *fixture, const struct buffer *messages, size_t count)
{
	Policycalc__V1__ImportHeader header = POLICYCALC__V1__IMPORT_HEADER__INIT;
	Policycalc__V1__ImportEnterprisesResponse *response;
	struct import_options options = { .header = &header, .now = on_now };
	struct error err;
	const char *field;
	struct import *import;
	bool ok;

	header.supplier = (char *)"局";
	header.date = (char *)"2026-02-01";
	import = import_new(fixture->registry, fixture->ruleset, &options, &field, &err);
	ok = import != NULL;
	for (size_t i = 0; ok && i < count; i++)
		ok = import_rows(import, fixture->ruleset,
				(struct slice){ messages[i].data, messages[i].size }, &err);
	ok = ok && import_finish(import, &fixture->arena, &response, &err);
	import_free(import);
	return ok;
}

/* Killed after a while; returns whether it was, and not done before. */
static bool kill_after(struct registry_fixture *fixture, const struct buffer *messages,
		size_t count, unsigned delay_us)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct error err;

		if (!registry_fixture_open(fixture, &err))
			_exit(2);
		_exit(import_many(fixture, messages, count) ? 0 : 1);
	}
	(void)usleep(delay_us);
	(void)kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return true;
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

static int64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static char *dump_many(struct registry_fixture *fixture)
{
	must_open(fixture);
	return fixture_dump(fixture);
}

static void test_killed_at_random(void **state)
{
	struct registry_fixture *fixture = *state;
	size_t count;
	struct buffer *messages = messages_make(fixture, &count);
	struct arena_mark mark;
	unsigned seed = 20260101;
	unsigned kills = 0;
	int64_t partly = 0;
	int64_t duration_us;
	char *expected;
	int64_t last;

	must_open(fixture);
	duration_us = clock_us();
	assert_true(import_many(fixture, messages, count));
	duration_us = clock_us() - duration_us;
	registry_fixture_close(fixture);
	expected = dump_many(fixture);
	assert_int_equal(registry_last_id(fixture->registry), MANY_ROWS);
	registry_fixture_close(fixture);
	assert_int_equal(unlink(fixture->file), 0);
	mark = arena_mark(&fixture->arena);
	for (unsigned i = 0; kills < kills_wanted && i < kills_wanted * 4; i++) {
		seed = seed * 1103515245u + 12345u;
		kills += kill_after(fixture, messages, count,
				(unsigned)(duration_us * (seed / 65536 % 1000) / 900));
		must_open(fixture);
		last = registry_last_id(fixture->registry);
		partly += last > 0 && last < MANY_ROWS;
		if (last == MANY_ROWS) {
			/* All is there: it must be right, and the next begins anew. */
			assert_true(import_many(fixture, messages, count));
			assert_string_equal(fixture_dump(fixture), expected);
			registry_fixture_close(fixture);
			assert_int_equal(unlink(fixture->file), 0);
			arena_rewind(&fixture->arena, mark);
			continue;
		}
		registry_fixture_close(fixture);
	}
	print_message("%u kills, %lld in the middle, %lld us\n", kills, (long long)partly,
			(long long)duration_us);
	assert_true(kills >= 20);
	assert_true(partly > 0);
	must_open(fixture);
	assert_true(import_many(fixture, messages, count));
	assert_string_equal(fixture_dump(fixture), expected);
	for (size_t i = 0; i < count; i++)
		buffer_fini(&messages[i]);
	free(messages);
}

#define TEST(name)                                                                             \
	cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_failing_writes),
		TEST(test_disk_full),
		TEST(test_failing_open),
		TEST(test_killed_in_each_write),
		TEST(test_killed_at_random),
	};

	if (argc > 1 && strcmp(argv[1], "--long") == 0)
		kills_wanted = KILLS * 10;
	fault_vfs_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

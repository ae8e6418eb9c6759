/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports whose writes fail, and processes that die in them: afterwards every transaction is there or is
 * not, and the same import sent again makes the registry that an undisturbed one makes.
 *
 *     test_import_faults [--long]     ten times as many kills at random
 */
#include "bad_file.h"
#include "effort.h"
#include "fault_replay.h"
#include "folder.h"
#include "registry_fixture.h"

#include "proto/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BEFORE 200	/* enterprises that are there */
#define ROWS 300	/* of the import that is disturbed; the first 200 change */
#define MANY_ROWS 50000 /* of the one that is killed at random: three transactions and more */
#define MESSAGE_ROWS 500
#define KILLS 25

static unsigned kills_wanted;

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

/* The folder as it was before: the file, and nothing beside it. */
static void file_restore(const struct registry_fixture *fixture, const char *bytes, size_t size)
{
	char wal[400];

	bad_file_write(fixture->file, bytes, size);
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
	struct registry_fixture *fixture;
	Policycalc__V1__Profile **rows;
	char *before; /* the file */
	size_t before_size;
	char *expected;
};

static struct disturbed disturbed_make(struct registry_fixture *fixture)
{
	struct disturbed disturbed = { .fixture = fixture };
	struct error err;

	make_before(fixture);
	disturbed.before = bad_file_read(fixture->file, &disturbed.before_size);
	disturbed.rows = rows_make(fixture, ROWS, "5元");
	must_open(fixture);
	if (!import_rows_of(fixture, disturbed.rows, ROWS, &err))
		fail_msg("%s", err.message);
	disturbed.expected = fixture_dump(fixture);
	assert_non_null(strstr(disturbed.expected, "listed=否"));
	registry_fixture_close(fixture);
	return disturbed;
}

static bool on_import(void *context, struct error *err)
{
	const struct disturbed *disturbed = context;

	return import_rows_of(disturbed->fixture, disturbed->rows, ROWS, err);
}

/* In a process that has nothing open yet. */
static bool on_open_and_import(void *context, struct error *err)
{
	const struct disturbed *disturbed = context;

	return registry_fixture_open(disturbed->fixture, err) && on_import(context, err);
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

		file_restore(fixture, disturbed.before, disturbed.before_size);
		must_open(fixture);
		ok = fault_try(fault, nth, expected, on_import, &disturbed);
		failures += !ok;
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

/* Reads fail while the file is opened and imported into. */
static void test_failing_reads(void **state)
{
	struct registry_fixture *fixture = *state;
	struct disturbed disturbed = disturbed_make(fixture);
	unsigned failures = 0;
	bool ok = false;

	for (unsigned nth = 1; !ok; nth++) {
		struct arena_mark mark = arena_mark(&fixture->arena);

		file_restore(fixture, disturbed.before, disturbed.before_size);
		ok = fault_try(FAULT_READ, nth, ERROR_IO, on_open_and_import, &disturbed);
		failures += !ok;
		registry_fixture_close(fixture);
		must_open(fixture);
		send_again(fixture, disturbed.rows, ROWS, disturbed.expected);
		registry_fixture_close(fixture);
		arena_rewind(&fixture->arena, mark);
	}
	assert_true(failures >= 5);
	free(disturbed.before);
}

static bool on_open(void *context, struct error *err)
{
	return registry_fixture_open(context, err);
}

/* Opening a new file, with every operation of it failing in turn. */
static void test_failing_open(void **state)
{
	struct registry_fixture *fixture = *state;
	bool ok = false;
	unsigned failures = 0;

	for (unsigned nth = 1; !ok; nth++) {
		ok = fault_try(FAULT_IO, nth, ERROR_IO, on_open, fixture);
		failures += !ok;
		registry_fixture_close(fixture);
		must_open(fixture);
		assert_int_equal(registry_last_id(fixture->registry), 0);
		registry_fixture_close(fixture);
		assert_int_equal(unlink(fixture->file), 0);
	}
	assert_true(failures >= 3);
}

/* --- kills ----------------------------------------------------------------------------------- */

/* Killed in the middle of every write, with half of its bytes on the disk. */
static void test_killed_in_each_write(void **state)
{
	struct registry_fixture *fixture = *state;
	struct disturbed disturbed = disturbed_make(fixture);
	unsigned kills = 0;

	/* What a crash leaves is what a loss of power leaves, which sanitizers see in one process. */
	for (unsigned nth = 1;; nth += effort_step(4)) {
		struct arena_mark mark = arena_mark(&fixture->arena);

		file_restore(fixture, disturbed.before, disturbed.before_size);
		if (!fault_kill(nth, 0, on_open_and_import, &disturbed))
			break;
		kills++;
		must_open(fixture);
		send_again(fixture, disturbed.rows, ROWS, disturbed.expected);
		registry_fixture_close(fixture);
		arena_rewind(&fixture->arena, mark);
	}
	assert_true(kills >= 6 / effort_step(4));
	free(disturbed.before);
}

static void on_close(void *context)
{
	registry_fixture_close(((const struct disturbed *)context)->fixture);
}

/* The power fails at every operation; what was not synced is lost, or this and that of it. */
static void test_power_fails(void **state)
{
	struct registry_fixture *fixture = *state;
	struct disturbed disturbed = disturbed_make(fixture);
	unsigned failures = 0;

	for (unsigned seed = 0; seed < 4; seed++) {
		bool ok = false;

		for (unsigned nth = 1 + seed % effort_step(4); !ok; nth += effort_step(4)) {
			struct arena_mark mark = arena_mark(&fixture->arena);

			file_restore(fixture, disturbed.before, disturbed.before_size);
			fault_vfs_record();
			must_open(fixture);
			ok = fault_power(nth, seed * 1000 + nth * (seed > 0), on_import,
					on_close, &disturbed);
			failures += !ok;
			must_open(fixture);
			/* What was said to be done is there without sending it again. */
			if (ok)
				assert_string_equal(fixture_dump(fixture), disturbed.expected);
			send_again(fixture, disturbed.rows, ROWS, disturbed.expected);
			registry_fixture_close(fixture);
			arena_rewind(&fixture->arena, mark);
		}
	}
	assert_true(failures >= 20 / effort_step(4));
	free(disturbed.before);
}

/* Each sync fails once and takes along what was written; it is sent again at once. */
static void test_failed_sync(void **state)
{
	struct registry_fixture *fixture = *state;
	struct disturbed disturbed = disturbed_make(fixture);
	unsigned failures = 0;

	for (unsigned nth = 1; nth < 40; nth++) {
		struct arena_mark mark = arena_mark(&fixture->arena);

		file_restore(fixture, disturbed.before, disturbed.before_size);
		fault_vfs_record();
		must_open(fixture);
		failures += !fault_try(FAULT_SYNC, nth, ERROR_IO, on_import, &disturbed);
		send_again(fixture, disturbed.rows, ROWS, disturbed.expected);
		registry_fixture_close(fixture);
		must_open(fixture);
		assert_string_equal(fixture_dump(fixture), disturbed.expected);
		registry_fixture_close(fixture);
		arena_rewind(&fixture->arena, mark);
	}
	assert_true(failures >= 2);
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

struct many {
	struct registry_fixture *fixture;
	struct buffer *messages;
	size_t count;
};

static bool on_import_many(void *context, struct error *err)
{
	const struct many *many = context;
	struct registry_fixture *fixture = many->fixture;
	Policycalc__V1__ImportHeader header = POLICYCALC__V1__IMPORT_HEADER__INIT;
	Policycalc__V1__ImportEnterprisesResponse *response;
	struct import_options options = { .header = &header, .now = on_now };
	const char *field;
	struct import *import;
	bool ok;

	header.supplier = (char *)"局";
	header.date = (char *)"2026-02-01";
	import = import_new(fixture->registry, fixture->ruleset, &options, &field, err);
	ok = import != NULL;
	for (size_t i = 0; ok && i < many->count; i++)
		ok = import_rows(import, fixture->ruleset,
				(struct slice){ many->messages[i].data,
						many->messages[i].size },
				err);
	ok = ok && import_finish(import, &fixture->arena, &response, err);
	import_free(import);
	return ok;
}

static bool on_open_and_import_many(void *context, struct error *err)
{
	const struct many *many = context;

	return registry_fixture_open(many->fixture, err) && on_import_many(context, err);
}

static void must_import_many(struct many *many)
{
	struct error err;

	if (!on_import_many(many, &err))
		fail_msg("%s", err.message);
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
	struct many many = { .fixture = fixture };
	struct arena_mark mark;
	unsigned seed = 20260101;
	unsigned kills = 0;
	int64_t partly = 0;
	int64_t duration_us;
	char *expected;
	int64_t last;

	many.messages = messages_make(fixture, &many.count);
	must_open(fixture);
	duration_us = clock_us();
	must_import_many(&many);
	duration_us = clock_us() - duration_us;
	registry_fixture_close(fixture);
	expected = dump_many(fixture);
	assert_int_equal(registry_last_id(fixture->registry), MANY_ROWS);
	registry_fixture_close(fixture);
	assert_int_equal(unlink(fixture->file), 0);
	mark = arena_mark(&fixture->arena);
	for (unsigned i = 0; kills < kills_wanted && i < kills_wanted * 4; i++) {
		seed = seed * 1103515245u + 12345u;
		/* Not of 0, which is never. */
		kills += fault_kill(0,
				1 + (unsigned)(duration_us * (seed / 65536 % 1000) / 900),
				on_open_and_import_many, &many);
		must_open(fixture);
		last = registry_last_id(fixture->registry);
		partly += last > 0 && last < MANY_ROWS;
		if (last == MANY_ROWS) {
			/* All is there: it must be right, and the next begins anew. */
			must_import_many(&many);
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
	assert_true(kills >= kills_wanted * 4 / 5);
	/* Sanitizers get one kill, wherever it strikes. */
	assert_true(partly > 0 || kills_wanted == 1);
	must_open(fixture);
	must_import_many(&many);
	assert_string_equal(fixture_dump(fixture), expected);
	for (size_t i = 0; i < many.count; i++)
		buffer_fini(&many.messages[i]);
	free(many.messages);
}

#define TEST(name)                                                                             \
	cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_failing_writes),
		TEST(test_disk_full),
		TEST(test_failing_reads),
		TEST(test_failing_open),
		TEST(test_killed_in_each_write),
		TEST(test_power_fails),
		TEST(test_failed_sync),
		TEST(test_killed_at_random),
	};

	if (argc > 1 && strcmp(argv[1], "--long") == 0)
		kills_wanted = KILLS * 10;
	else
		kills_wanted = KILLS / effort_step(KILLS);
	folder_use_memory();
	fault_vfs_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Folders and files that are not as they should be: each gets its own words and stays as it
 * was. */
#include "bad_file.h"
#include "base/memory.h"
#include "store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static void expect_refused(const char *data, enum error_code code, const char *words)
{
	struct error err = { 0 };
	struct catalog_store *store = fixture_open(data, &err);

	assert_null(store);
	assert_refused(&err, code, words);
}

static void test_not_a_folder(void **state)
{
	struct fixture *fixture = *state;
	char path[400];

	bad_file_write(fixture->data, "x", 1);
	expect_refused(fixture->data, ERROR_PRECONDITION, "is not a folder");
	(void)snprintf(path, sizeof(path), "%s/no/such", fixture->folder);
	expect_refused(path, ERROR_PRECONDITION, "No such file");
	expect_refused("", ERROR_INVALID, "no name");
}

static void test_not_ours(void **state)
{
	static const struct {
		const char *sql; /* or NULL: the text is the file */
		const char *text;
		const char *words;
	} cases[] = {
		{ NULL,
				"just some text, longer than the hundred bytes of a "
				"header, since a short "
				"file is another case; and so on and so forth",
				"not an SQLite database" },
		{ NULL, "short", "not an SQLite database" },
		{ "PRAGMA application_id = 4711; CREATE TABLE t (a)", NULL,
				"another application" },
		{ "CREATE TABLE t (a)", NULL, "another application" },
		{ "PRAGMA user_version = 3", NULL, "another application" },
	};
	struct fixture *fixture = *state;

	assert_int_equal(mkdir(fixture->data, 0700), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t size, size_after;
		char *bytes, *bytes_after;

		(void)unlink(fixture->file);
		if (cases[i].sql)
			bad_file_run_sql(fixture->file, cases[i].sql);
		else
			bad_file_write(fixture->file, cases[i].text, strlen(cases[i].text));
		bytes = bad_file_read(fixture->file, &size);
		expect_refused(fixture->data, ERROR_PRECONDITION, cases[i].words);
		bytes_after = bad_file_read(fixture->file, &size_after);
		assert_int_equal(size, size_after);
		assert_memory_equal(bytes, bytes_after, size);
		free(bytes);
		free(bytes_after);
	}
	(void)unlink(fixture->file);
	assert_int_equal(mkdir(fixture->file, 0700), 0);
	expect_refused(fixture->data, ERROR_PRECONDITION, "not a regular file");
}

static void test_empty_file(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store;
	struct error err = { 0 };

	assert_int_equal(mkdir(fixture->data, 0700), 0);
	bad_file_write(fixture->file, "", 0);
	store = fixture_open(fixture->data, &err);
	assert_non_null(store);
	fixture_publish(fixture, store, 1, "one", 0, 1);
	fixture_close(store);
}

static void make_store(struct fixture *fixture)
{
	struct error err = { 0 };
	struct catalog_store *store = fixture_open(fixture->data, &err);

	assert_non_null(store);
	fixture_publish(fixture, store, 200, "one", 0, 1);
	fixture_close(store);
}

static size_t page_size_of(const char *path)
{
	size_t size, page;
	char *bytes = bad_file_read(path, &size);

	assert_true(size > 100);
	/* In the header of each database of SQLite, as two bytes; 1 for what they cannot say. */
	page = (size_t)(unsigned char)bytes[16] << 8 | (unsigned char)bytes[17];
	free(bytes);
	return page == 1 ? 65536 : page;
}

/* A database of before has pages of 4 KiB, and is gone on with as it is; a new one has larger ones. */
static void test_page_size(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = fixture_open(fixture->data, NULL);

	fixture_publish(fixture, store, 100, "first", 0, 1);
	fixture_close(store);
	assert_int_equal(page_size_of(fixture->file), 65536);
	bad_file_run_sql(fixture->file,
			"PRAGMA journal_mode = DELETE; PRAGMA page_size = 4096; "
			"VACUUM");
	assert_int_equal(page_size_of(fixture->file), 4096);
	store = fixture_open(fixture->data, NULL);
	assert_non_null(store);
	assert_string_equal(fixture_title(fixture, store), "first");
	fixture_publish(fixture, store, 90, "second", 1, 2);
	fixture_close(store);
	assert_int_equal(page_size_of(fixture->file), 4096);
	store = fixture_open(fixture->data, NULL);
	assert_string_equal(fixture_title(fixture, store), "second");
	fixture_close(store);
}

static void test_newer_schema(void **state)
{
	struct fixture *fixture = *state;

	make_store(fixture);
	bad_file_run_sql(fixture->file, "PRAGMA user_version = 99");
	expect_refused(fixture->data, ERROR_PRECONDITION, "schema version 99");
	bad_file_run_sql(fixture->file, "PRAGMA user_version = 0");
	expect_refused(fixture->data, ERROR_IO, "no schema version");
	bad_file_run_sql(fixture->file, "PRAGMA user_version = 1");
	make_store(fixture);
}

static void test_damaged(void **state)
{
	struct fixture *fixture = *state;
	struct stat status;
	char garbage[2048];
	int file;

	make_store(fixture);
	memset(garbage, 0xa5, sizeof(garbage));
	assert_int_equal(stat(fixture->file, &status), 0);
	file = open(fixture->file, O_WRONLY | O_CLOEXEC);
	assert_true(file >= 0);
	for (off_t at = 4096 + 100; at + (off_t)sizeof(garbage) < status.st_size; at += 4096)
		assert_int_equal(pwrite(file, garbage, sizeof(garbage), at), sizeof(garbage));
	(void)close(file);
	expect_refused(fixture->data, ERROR_IO, "damaged");
}

/* Each allocation of an opening fails in turn, that one alone: memory is short, and nothing is damaged. */
static void test_memory_is_no_damage(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	struct catalog_store *store = fixture_open(fixture->data, &err);
	static char title[30000]; /* goes on over several pages */
	unsigned refused = 0;
	bool whole = false;

	assert_non_null(store);
	memset(title, 'x', sizeof(title) - 1);
	/* Of more pages than SQLite has room for from the start. */
	fixture_publish(fixture, store, 900, title, 0, 1);
	fixture_close(store);
	for (unsigned long nth = 1; !whole; nth++) {
		(void)memory_fail_nth(nth, 0);
		store = fixture_open(fixture->data, &err);
		whole = memory_fail_nth(0, 0) < nth;
		if (!store && err.code != ERROR_MEMORY)
			fail_msg("allocation %lu: %s", nth, err.message);
		refused += !store;
		fixture_close(store);
		assert_true(nth < 5000);
	}
	assert_true(refused > 20);
}

static void test_entry_differs_from_hash(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store;
	struct error err = { 0 };

	make_store(fixture);
	bad_file_run_sql(fixture->file, "UPDATE content SET bytes = x'0a0161' WHERE id = 2");
	store = fixture_open(fixture->data, &err);
	assert_non_null(store);
	assert_null(catalog_store_load(store, 0, NULL, NULL, &fixture->arena, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.message, "parameter"));
	assert_non_null(strstr(err.message, "differs from its hash"));
	fixture_close(store);
}

static void expect_load(struct fixture *fixture, const char *sql, const char *words)
{
	struct error err = { 0 };
	struct catalog_store *store;
	const struct catalog *catalog;

	bad_file_run_sql(fixture->file, sql);
	store = fixture_open(fixture->data, &err);
	assert_non_null(store);
	catalog = catalog_store_load(store, 0, NULL, NULL, &fixture->arena, &err);
	if (words) {
		assert_null(catalog);
		assert_int_equal(err.code, ERROR_IO);
		if (!strstr(err.message, words))
			fail_msg("%s: %s", sql, err.message);
	} else {
		assert_non_null(catalog);
	}
	fixture_close(store);
}

/* What no hash of an entry says: one that is gone, stands elsewhere, or was published with another. */
static void test_entries_differ_from_sum(void **state)
{
	struct fixture *fixture = *state;

	make_store(fixture);
	expect_load(fixture, "UPDATE content SET bytes = x'ffffffff' WHERE id = 100",
			"differs from its hash");
	expect_load(fixture, "UPDATE content SET bytes = zeroblob(70) WHERE id = 100",
			"policy policy-");
	bad_file_write(fixture->file, "", 0);
	make_store(fixture);
	expect_load(fixture,
			"UPDATE revision_entry SET name = 'policy-999' WHERE name = "
			"'policy-007'",
			"not those that were written");
	expect_load(fixture,
			"UPDATE revision_entry SET name = 'policy-007' WHERE name = "
			"'policy-999'",
			NULL);
	expect_load(fixture, "DELETE FROM revision_entry WHERE name = 'policy-199'",
			"not those that were written");
	/* Nothing has been read when the first one is, and it has no bytes. */
	expect_load(fixture,
			"UPDATE content SET bytes = x'' WHERE id = (SELECT content FROM "
			"revision_entry ORDER BY kind, name LIMIT 1)",
			"differs from its hash");
}

/* Nobody looks such an entry's form up: neither of the kinds has one. */
static void test_entry_of_unknown_kind(void **state)
{
	static const char *const kinds[] = { "0", "-1", "8", "4294967302" };
	struct fixture *fixture = *state;
	char sql[128];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (i > 0)
			bad_file_write(fixture->file, "", 0);
		make_store(fixture);
		(void)snprintf(sql, sizeof(sql),
				"UPDATE revision_entry SET kind = %s WHERE name = 'policy-007'",
				kinds[i]);
		expect_load(fixture, sql, "of an unknown kind");
	}
}

/* A database of before: no sums, each entry is compared with its hash; the next publish writes one. */
static void test_revision_without_sum(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	struct catalog_store *store;

	make_store(fixture);
	expect_load(fixture, "DROP TABLE revision_sum", NULL);
	expect_load(fixture, "UPDATE content SET bytes = x'0a0161' WHERE id = 2",
			"differs from its hash");
	bad_file_write(fixture->file, "", 0);
	make_store(fixture);
	expect_load(fixture, "DELETE FROM revision_sum", NULL);
	store = fixture_open(fixture->data, &err);
	assert_non_null(store);
	fixture_publish(fixture, store, 200, "two", 1, 2);
	fixture_close(store);
	expect_load(fixture, "DELETE FROM revision_entry WHERE name = 'policy-199'",
			"not those that were written");
}

/* A database with a hole still opens and answers, and nothing more is written into it. */
static void test_publish_into_damaged(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store;
	const struct catalog *catalog = fixture_catalog(fixture, 200, "two");
	struct publish_request request = fixture_request(fixture, catalog, "two", 1);
	Policycalc__V1__Revision *revision = NULL;
	struct error err = { 0 };
	bool unchanged;

	make_store(fixture);
	bad_file_run_sql(fixture->file,
			"PRAGMA foreign_keys = OFF; DELETE FROM content WHERE id = 2");
	store = fixture_open(fixture->data, &err);
	assert_non_null(store);
	assert_false(catalog_store_publish(
			store, &request, &fixture->arena, &revision, &unchanged, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.message, "refers to a missing row"));
	assert_null(revision);
	fixture_close(store);
}

static void test_locked_by_flock(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };
	struct catalog_store *store = fixture_open(fixture->data, &err);
	char words[64];

	assert_non_null(store);
	(void)snprintf(words, sizeof(words), "in use by process %ld", (long)getpid());
	expect_refused(fixture->data, ERROR_UNAVAILABLE, words);
	fixture_close(store);
	store = fixture_open(fixture->data, &err);
	assert_non_null(store);
	fixture_close(store);
}

/* The file names its holder and nothing else, whoever held it before. */
static void test_lock_names_its_holder(void **state)
{
	static const char longer[] = "12345678901234567890\n";
	struct fixture *fixture = *state;
	struct error err = { 0 };
	struct catalog_store *store;
	char path[320];
	char expected[32];
	char *found;
	size_t size;

	(void)snprintf(path, sizeof(path), "%s/lock", fixture->data);
	(void)snprintf(expected, sizeof(expected), "%ld\n", (long)getpid());
	make_store(fixture);
	bad_file_write(path, longer, strlen(longer));
	store = fixture_open(fixture->data, &err);
	assert_non_null(store);
	found = bad_file_read(path, &size);
	assert_int_equal(size, strlen(expected));
	assert_memory_equal(found, expected, size);
	free(found);
	fixture_close(store);
}

/* A child that has the file open with SQLite itself and does not know of our lock file. */
static void test_locked_by_sqlite(void **state)
{
	struct fixture *fixture = *state;
	int ready[2];
	char byte = 0;
	pid_t child;

	make_store(fixture);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		sqlite3 *raw;

		if (sqlite3_open(fixture->file, &raw) != SQLITE_OK ||
				sqlite3_exec(raw,
						"PRAGMA locking_mode = EXCLUSIVE; BEGIN "
						"IMMEDIATE",
						NULL, NULL, NULL) != SQLITE_OK)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	expect_refused(fixture->data, ERROR_UNAVAILABLE, "locked by another process");
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	(void)close(ready[0]);
	(void)close(ready[1]);
	make_store(fixture);
}

/* Root may write everything: look from a process that is not root. */
static void expect_refused_to_others(const char *data, const char *words)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct error err = { 0 };
		struct catalog_store *store;

		if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
			_exit(2);
		store = fixture_open(data, &err);
		if (!store && err.code == ERROR_PERMISSION && strstr(err.message, words))
			_exit(0);
		(void)fprintf(stderr, "expected %s, got: %s\n", words, err.message);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_read_only(void **state)
{
	struct fixture *fixture = *state;
	char lock[400];
	char path[400];

	make_store(fixture);
	(void)snprintf(lock, sizeof(lock), "%s/lock", fixture->data);
	assert_int_equal(chmod(fixture->folder, 0755), 0);
	assert_int_equal(chmod(fixture->data, 0555), 0);
	expect_refused_to_others(fixture->data, "write to the data folder");
	assert_int_equal(chmod(fixture->data, 0777), 0);
	assert_int_equal(chmod(lock, 0666), 0);
	assert_int_equal(chmod(fixture->file, 0444), 0);
	expect_refused_to_others(fixture->data, "cannot be written");
	assert_int_equal(chmod(fixture->folder, 0555), 0);
	(void)snprintf(path, sizeof(path), "%s/other", fixture->folder);
	expect_refused_to_others(path, "cannot make the data folder");
	assert_int_equal(chmod(fixture->folder, 0755), 0);
	assert_int_equal(chmod(fixture->file, 0644), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_not_a_folder),
		TEST(test_not_ours),
		TEST(test_empty_file),
		TEST(test_page_size),
		TEST(test_newer_schema),
		TEST(test_damaged),
		TEST(test_memory_is_no_damage),
		TEST(test_publish_into_damaged),
		TEST(test_entry_differs_from_hash),
		TEST(test_entries_differ_from_sum),
		TEST(test_entry_of_unknown_kind),
		TEST(test_revision_without_sum),
		TEST(test_locked_by_flock),
		TEST(test_lock_names_its_holder),
		TEST(test_locked_by_sqlite),
		TEST(test_read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

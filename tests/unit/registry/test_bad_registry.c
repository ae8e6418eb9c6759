/* SPDX-License-Identifier: Apache-2.0 */
/* A registry.db that is not as it should be: each gets its own words, and stays as it was. */
#include "bad_file.h"
#include "registry_fixture.h"

#include "base/log.h"
#include "store/catalog_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static void make_registry(struct registry_fixture *fixture, unsigned count)
{
	Policycalc__V1__Profile **rows =
			ARENA_NEW_ARRAY(&fixture->arena, Policycalc__V1__Profile *, count);
	struct fixture_import how = { .complete = "listed" };
	struct error err;

	if (!registry_fixture_open(fixture, &err))
		fail_msg("%s", err.message);
	for (unsigned i = 0; i < count; i++)
		rows[i] = fixture_row(fixture, i, "staff=5 money=3元 note=一");
	if (!fixture_import(fixture, &how, rows, count, &err))
		fail_msg("%s", err.message);
	registry_fixture_close(fixture);
}

static void expect_refused(
		struct registry_fixture *fixture, enum error_code code, const char *words)
{
	struct error err = { 0 };

	assert_false(registry_fixture_open(fixture, &err));
	assert_refused(&err, code, words);
}

static void test_not_ours(void **state)
{
	struct registry_fixture *fixture = *state;
	struct directory *directory;
	struct catalog_store *catalog;
	char other[400];
	struct error err;
	char *bytes;
	size_t size;

	assert_int_equal(mkdir(fixture->data, 0700), 0);
	bad_file_write(fixture->file, "registry\n", 9);
	expect_refused(fixture, ERROR_PRECONDITION, "not a policycalc registry database");
	bytes = bad_file_read(fixture->file, &size);
	assert_int_equal(size, 9);
	assert_memory_equal(bytes, "registry\n", size);
	free(bytes);
	assert_int_equal(unlink(fixture->file), 0);
	/* Another's database; and our own catalog under the wrong name. */
	bad_file_run_sql(fixture->file, "CREATE TABLE enterprise (id INTEGER)");
	expect_refused(fixture, ERROR_PRECONDITION, "another application made it");
	assert_int_equal(unlink(fixture->file), 0);
	directory = directory_open(fixture->data, &err);
	assert_non_null(directory);
	catalog = catalog_store_open(directory, &err);
	assert_non_null(catalog);
	catalog_store_close(catalog);
	directory_close(directory);
	(void)snprintf(other, sizeof(other), "%s/catalog.db", fixture->data);
	assert_int_equal(rename(other, fixture->file), 0);
	expect_refused(fixture, ERROR_PRECONDITION, "another application made it");
	assert_int_equal(unlink(fixture->file), 0);
	assert_int_equal(mkdir(fixture->file, 0700), 0);
	expect_refused(fixture, ERROR_PRECONDITION, "not a regular file");
	assert_int_equal(rmdir(fixture->file), 0);
	/* An empty file is none yet. */
	bad_file_write(fixture->file, "", 0);
	make_registry(fixture, 1);
}

static void test_newer(void **state)
{
	struct registry_fixture *fixture = *state;
	struct error err;

	make_registry(fixture, 1);
	bad_file_run_sql(fixture->file, "PRAGMA user_version = 99");
	expect_refused(fixture, ERROR_PRECONDITION, "schema version 99");
	bad_file_run_sql(fixture->file, "PRAGMA user_version = 1");
	assert_true(registry_fixture_open(fixture, &err));
	assert_string_equal(fixture_known(fixture, 0, 0),
			"listed=否 money@2025=3元 note=一 staff=5");
}

/* A page that is not as it was written is found at opening; in a large file when it is read. */
static void test_damaged(void **state)
{
	struct registry_fixture *fixture = *state;
	char junk[64];
	int file;

	make_registry(fixture, 3000);
	memset(junk, 0xa5, sizeof(junk));
	file = open(fixture->file, O_WRONLY | O_CLOEXEC);
	assert_true(file >= 0);
	for (off_t page = 20; page < 24; page++)
		assert_int_equal(pwrite(file, junk, sizeof(junk), page * 4096), sizeof(junk));
	assert_int_equal(close(file), 0);
	expect_refused(fixture, ERROR_IO, "is damaged");
}

/* Records that are no records, names and lists that refer to nothing. */
static void test_wrong_contents(void **state)
{
	static const struct {
		const char *sql;
		bool opens;
	} cases[] = {
		{ "UPDATE enterprise SET record = x'', sequence = 1", true },
		{ "UPDATE enterprise SET record = x'02000000', sequence = 1", true },
		{ "UPDATE enterprise SET record = x'01ffffffff0f0000'", true },
		{ "UPDATE enterprise SET record = x'01010100010600'", true },
		{ "DELETE FROM enterprise", true },
		{ "DELETE FROM name WHERE id = 1", false },
		{ "UPDATE import SET day = 'monday'", false },
		{ "UPDATE list SET name = 99", false },
		{ "UPDATE list SET import = 99", false },
	};
	struct registry_fixture *fixture = *state;
	struct error err = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		Policycalc__V1__Profile *profile;
		Policycalc__V1__Profile *row = fixture_row(fixture, 0, "staff=6");
		struct fixture_import how = { .day = "2026-11-02" };
		int64_t id;

		make_registry(fixture, 1);
		bad_file_run_sql(fixture->file, cases[i].sql);
		if (!cases[i].opens) {
			expect_refused(fixture, ERROR_IO, "is damaged");
		} else {
			if (!registry_fixture_open(fixture, &err))
				fail_msg("%s", err.message);
			assert_false(registry_find(fixture->registry, fixture_code(fixture, 0),
					0, &fixture->arena, &id, &profile, &err));
			assert_true(err.code == ERROR_IO || err.code == ERROR_NOT_FOUND);
			/* And nothing is laid over it. */
			assert_null(fixture_import(fixture, &how, &row, 1, &err));
			assert_int_equal(err.code, ERROR_IO);
			registry_fixture_close(fixture);
		}
		assert_int_equal(unlink(fixture->file), 0);
	}
}

/* One that is older than its index gets it, and says so; it could not be dropped again otherwise. */
static void test_older(void **state)
{
	static const char drop[] = "DROP INDEX enterprise_changed";
	struct registry_fixture *fixture = *state;
	char line[500] = "";
	struct error err;
	int ends[2];

	make_registry(fixture, 2);
	bad_file_run_sql(fixture->file, drop);
	assert_int_equal(pipe(ends), 0);
	log_set_descriptor(ends[1]);
	assert_true(registry_fixture_open(fixture, &err));
	log_set_descriptor(STDERR_FILENO);
	assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
	assert_non_null(strstr(line, "registry_index_making"));
	assert_int_equal(close(ends[0]) | close(ends[1]), 0);
	assert_string_equal(fixture_known(fixture, 1, 0),
			"listed=否 money@2025=3元 note=一 staff=5");
	registry_fixture_close(fixture);
	bad_file_run_sql(fixture->file, drop);
}

/* As someone who may not write. */
static void test_read_only(void **state)
{
	struct registry_fixture *fixture = *state;
	int status = 0;
	char lock[400];
	pid_t child;

	make_registry(fixture, 1);
	(void)snprintf(lock, sizeof(lock), "%s/lock", fixture->data);
	if (geteuid() == 0) {
		assert_int_equal(chown(fixture->folder, NOBODY, NOBODY), 0);
		assert_int_equal(chown(fixture->data, NOBODY, NOBODY), 0);
		assert_int_equal(chown(lock, NOBODY, NOBODY), 0);
		assert_int_equal(chown(fixture->file, NOBODY, NOBODY), 0);
	}
	assert_int_equal(chmod(fixture->file, 0400), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct error err = { 0 };

		if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
			_exit(2);
		_exit(!registry_fixture_open(fixture, &err) && err.code == ERROR_PERMISSION &&
								strstr(err.message, "registry")
						? 0
						: 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* The folder is lent: a second service does not get it. */
static void test_two_services(void **state)
{
	struct registry_fixture *fixture = *state;
	struct registry_fixture second = *fixture;
	struct error err;

	assert_true(registry_fixture_open(fixture, &err));
	assert_false(registry_fixture_open(&second, &err));
	assert_int_equal(err.code, ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.message, "in use by process"));
	registry_fixture_close(fixture);
	assert_true(registry_fixture_open(&second, &err));
	registry_fixture_close(&second);
}

#define TEST(name)                                                                             \
	cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_not_ours),
		TEST(test_newer),
		TEST(test_older),
		TEST(test_damaged),
		TEST(test_wrong_contents),
		TEST(test_read_only),
		TEST(test_two_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a folder: which files are taken, and what is refused. */
#include "publish_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path_in(struct fixture *fixture, const char *name)
{
	const char *path = arena_format(&fixture->arena, "%s/%s", fixture->folder, name);

	assert_non_null(path);
	return path;
}

static void write_in(struct fixture *fixture, const char *name, size_t size)
{
	FILE *file = fopen(path_in(fixture, name), "we");

	assert_non_null(file);
	for (size_t i = 0; i < size; i++)
		assert_true(fputc('x', file) == 'x');
	assert_int_equal(fclose(file), 0);
}

static void expect_refused(struct fixture *fixture, enum error_code code, const char *words)
{
	struct draft draft = { 0 };
	struct error err = { 0 };

	assert_false(draft_load(fixture->folder, &fixture->arena, &draft, &err));
	if (err.code != code || !strstr(err.message, words))
		fail_msg("expected \"%s\", got \"%s\"", words, err.message);
	assert_int_equal(draft.count, 0);
}

static void test_load(void **state)
{
	struct fixture *fixture = *state;
	struct draft draft = { 0 };
	struct error err = { 0 };

	expect_refused(fixture, ERROR_NOT_FOUND, "policies");
	assert_int_equal(mkdir(path_in(fixture, "policies"), 0700), 0);
	write_in(fixture, "policies/b.yaml", 3);
	write_in(fixture, "policies/a.yaml", 0);
	write_in(fixture, "policies/.hidden.yaml", 1);
	write_in(fixture, "policies/a.yaml~", 1);
	write_in(fixture, "regions.yaml", 1 << 20);
	write_in(fixture, "polices.yml", 1);
	write_in(fixture, "README.md", 5);
	if (!draft_load(fixture->folder, &fixture->arena, &draft, &err))
		fail_msg("%s", err.message);
	assert_int_equal(draft.count, 4);
	assert_string_equal(draft.files[0].path, "polices.yml");
	assert_string_equal(draft.files[1].path, "policies/a.yaml");
	assert_int_equal(draft.files[1].content.size, 0);
	assert_string_equal(draft.files[2].path, "policies/b.yaml");
	assert_true(slice_equals_text(draft.files[2].content, "xxx"));
	assert_string_equal(draft.files[3].path, "regions.yaml");
}

static void test_refused(void **state)
{
	struct fixture *fixture = *state;
	struct draft draft;
	struct error err = { 0 };

	assert_int_equal(mkdir(path_in(fixture, "policies"), 0700), 0);
	write_in(fixture, "regions.yaml", (1 << 20) + 1);
	expect_refused(fixture, ERROR_LIMIT, "regions.yaml: larger than 1 MiB");
	assert_int_equal(unlink(path_in(fixture, "regions.yaml")), 0);

	assert_int_equal(symlink("/etc/passwd", path_in(fixture, "policies/x.yaml")), 0);
	expect_refused(fixture, ERROR_INVALID, "policies/x.yaml: symbolic links");
	assert_int_equal(unlink(path_in(fixture, "policies/x.yaml")), 0);

	assert_int_equal(mkfifo(path_in(fixture, "facts.yaml"), 0600), 0);
	expect_refused(fixture, ERROR_INVALID, "facts.yaml: not a regular file");
	assert_int_equal(unlink(path_in(fixture, "facts.yaml")), 0);

	assert_int_equal(mkdir(path_in(fixture, "facts.yaml"), 0700), 0);
	expect_refused(fixture, ERROR_INVALID, "facts.yaml: not a regular file");

	assert_false(draft_load(path_in(fixture, "nowhere"), &fixture->arena, &draft, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_load),
		TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

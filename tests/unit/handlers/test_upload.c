/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and sizes of drafts, page tokens. */
#include "handlers/page.h"
#include "handlers/upload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

static void paths(void **state)
{
	static const struct {
		const char *path;
		const char *why; /* part of it; NULL: good */
	} cases[] = {
		{ "attributes.yaml", NULL },
		{ "policies/x.yaml", NULL },
		{ "policies/科技贷.yaml", NULL },
		{ "..x/y", NULL },
		{ "", "must be given" },
		{ "/etc/passwd", "relative" },
		{ "..", ". or .." },
		{ "policies/../x", ". or .." },
		{ "./x", ". or .." },
		{ "policies/..", ". or .." },
		{ "policies//x", "empty" },
		{ "policies/", "empty" },
		{ "a\\b", "folders" },
		{ "a\nb", "control" },
		{ "a\x7f", "control" },
	};
	char longest[300];
	const char *why;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool good = upload_path_is_good(cases[i].path, &why);

		if (good != !cases[i].why)
			fail_msg("%s: %s", cases[i].path, good ? "taken" : why);
		if (!good && !strstr(why, cases[i].why))
			fail_msg("%s: says '%s'", cases[i].path, why);
	}
	memset(longest, 'a', sizeof(longest));
	longest[256] = '\0';
	assert_false(upload_path_is_good(longest, &why));
	longest[255] = '\0';
	assert_true(upload_path_is_good(longest, &why));
}

static bool add(struct upload *upload, const char *path, uint8_t *data, size_t size,
		struct error *err)
{
	Policycalc__V1__SourceFile file = POLICYCALC__V1__SOURCE_FILE__INIT;

	file.path = (char *)path;
	file.content.data = data;
	file.content.len = size;
	return upload_add(upload, &file, err);
}

static void sizes(void **state)
{
	uint8_t *data = calloc(1, UPLOAD_FILE_MAX + 1);
	struct upload upload;
	struct error err;

	assert_non_null(data);
	upload_init(&upload);
	assert_false(upload_add(&upload, NULL, &err));
	assert_string_equal(err.message, "file: a file must be given");
	assert_false(add(&upload, "x.yaml", data, UPLOAD_FILE_MAX + 1, &err));
	assert_int_equal(err.code, ERROR_LIMIT);
	assert_true(add(&upload, "empty.yaml", NULL, 0, &err));
	for (size_t i = 0; i < UPLOAD_TOTAL_MAX / UPLOAD_FILE_MAX; i++)
		assert_true(add(&upload, "x.yaml", data, UPLOAD_FILE_MAX, &err));
	assert_false(add(&upload, "x.yaml", data, 1, &err));
	assert_int_equal(err.code, ERROR_LIMIT);
	assert_true(upload_check_memory(&upload) == (size_t)6 << 30);
	assert_int_equal(upload.draft.count, 1 + UPLOAD_TOTAL_MAX / UPLOAD_FILE_MAX);
	upload_fini(&upload);
	free(data);
}

static void checking_takes_memory_by_size(void **state)
{
	uint8_t *data = calloc(1, UPLOAD_FILE_MAX);
	struct upload upload;
	struct error err;

	assert_non_null(data);
	upload_init(&upload);
	assert_true(upload_check_memory(&upload) == (size_t)512 << 20);
	for (int i = 0; i < 21; i++)
		assert_true(add(&upload, "x.yaml", data, UPLOAD_FILE_MAX, &err));
	assert_true(upload_check_memory(&upload) == (size_t)512 << 20);
	for (int i = 0; i < 19; i++)
		assert_true(add(&upload, "x.yaml", data, UPLOAD_FILE_MAX, &err));
	assert_true(upload_check_memory(&upload) == (size_t)960 << 20);
	/* What is refused does not count. */
	assert_false(add(&upload, "../x", data, UPLOAD_FILE_MAX, &err));
	assert_true(upload_check_memory(&upload) == (size_t)960 << 20);
	upload_fini(&upload);
	free(data);
}

static void memory_runs_short(void **state)
{
	uint8_t data[100] = { 'a' };
	bool ok = false;

	for (unsigned long nth = 1; !ok; nth++) {
		struct upload upload;
		struct error err = { ERROR_NONE, "" };

		upload_init(&upload);
		memory_fail_nth(nth, 1);
		ok = true;
		for (int i = 0; i < 200 && ok; i++)
			ok = add(&upload, "policies/x.yaml", data, sizeof(data), &err);
		memory_fail_nth(0, 0);
		if (!ok)
			assert_int_equal(err.code, ERROR_LIMIT);
		upload_fini(&upload);
		assert_true(nth < 1000);
	}
}

static void tokens(void **state)
{
	static const char *const bad[] = { "", "1", "x",
		"1zzzzzzzzzzzzzzzz000000000000000000000000000000000000000000000000",
		"20000000000000001000000000000000000000000000000000000000000000000",
		/* Revision 0, and a position below zero. */
		"10000000000000000000000000000000000000000000000000000000000000000",
		"10000000000000001ffffffffffffffff00000000000000000000000000000000" };
	struct page page = { 7, 100, -3, UINT64_MAX };
	struct page read;
	struct arena arena;
	size_t size;
	char *token;

	arena_init(&arena, 4096 * 4);
	token = page_print(&page, &arena);
	assert_true(page_parse(token, &read));
	assert_int_equal(read.revision, 7);
	assert_int_equal(read.position, 100);
	assert_int_equal(read.day, -3);
	assert_true(read.question == UINT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(page_parse(bad[i], &read));
	arena_fini(&arena);
	assert_true(page_size(0, 100, &size) && size == 100);
	assert_true(page_size(1000, 100, &size) && size == 1000);
	assert_false(page_size(-1, 100, &size));
	assert_false(page_size(1001, 100, &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(sizes),
		cmocka_unit_test(checking_takes_memory_by_size),
		cmocka_unit_test(memory_runs_short),
		cmocka_unit_test(tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

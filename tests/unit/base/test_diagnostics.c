/* SPDX-License-Identifier: Apache-2.0 */
/* Errors and diagnostics. */
#include "base/diagnostics.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_error(void **state)
{
	struct error err = { 0 };
	char longest[4000];

	(void)state;
	assert_false(error_set(&err, ERROR_NOT_FOUND, "no policy %d", 7));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_false(error_prefix(&err, "loading %s", "it"));
	assert_string_equal(err.message, "loading it: no policy 7");
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_false(error_set(NULL, ERROR_INVALID, "x"));
	assert_false(error_prefix(NULL, "x"));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	error_set(&err, ERROR_INVALID, "%s", longest);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	error_prefix(&err, "%s", longest);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	for (int code = ERROR_NONE; code <= ERROR_INTERNAL; code++)
		assert_true(strlen(error_code_name((enum error_code)code)) > 0);
	assert_string_equal(error_code_name(ERROR_INVALID), "invalid");
}

static void test_sort(void **state)
{
	static const struct slice none = { "", 0 };
	struct diagnostics list;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	diagnostics_init(&list, &arena);
	diagnostics_add(&list, DIAGNOSTIC_ERROR, "b", 1, 1, 1, none, "1");
	diagnostics_add(&list, DIAGNOSTIC_WARNING, "a", 2, 5, 0, none, "2");
	diagnostics_add(&list, DIAGNOSTIC_ERROR, "a", 2, 1, 1, none, "3");
	diagnostics_add(&list, DIAGNOSTIC_ERROR, "a", 2, 5, 1, none, "4");
	diagnostics_add(&list, DIAGNOSTIC_ERROR, NULL, 9, 9, 1, none, "5");
	assert_int_equal(list.error_count, 4);
	assert_int_equal(list.warning_count, 1);
	diagnostics_sort(&list);
	assert_string_equal(list.list[0].message, "5");
	assert_string_equal(list.list[1].message, "3");
	assert_string_equal(list.list[2].message, "2");
	assert_string_equal(list.list[3].message, "4");
	assert_string_equal(list.list[4].message, "1");
	assert_int_equal(list.list[2].width, 1);
	arena_fini(&arena);
}

static void test_limit(void **state)
{
	struct diagnostics list;
	struct arena arena;

	(void)state;
	arena_init(&arena, 16 << 20);
	diagnostics_init(&list, &arena);
	for (int i = 0; i < 1500; i++)
		diagnostics_add(&list, DIAGNOSTIC_ERROR, "p", i, 1, 1, SLICE_LITERAL("x"), "m");
	assert_int_equal(list.error_count, 1500);
	assert_int_equal(list.count, list.limit);
	assert_int_equal(list.list[list.count - 1].line, list.limit - 1);
	arena_fini(&arena);

	/* Counted even where there is no memory to keep it. */
	arena_init(&arena, 0);
	diagnostics_init(&list, &arena);
	diagnostics_add(&list, DIAGNOSTIC_ERROR, "p", 1, 1, 1, SLICE_LITERAL("x"), "m");
	assert_int_equal(list.error_count, 1);
	assert_int_equal(list.count, 0);
	arena_fini(&arena);
}

static void test_excerpt(void **state)
{
	static const struct {
		const char *excerpt;
		int column, width;
		const char *text;
	} cases[] = {
		{ "abc def", 5, 3, "    abc def\n        ^^^" },
		{ "kind: 贷款x", 7, 2, "    kind: 贷款x\n          ^^^^" },
		{ "贷款: y", 5, 1, "    贷款: y\n          ^" },
		{ "ab", 3, 1, "    ab\n      ^" },
		{ "\tx", 2, 1, "    \tx\n    \t^" },
		{ "", 1, 1, "" },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diagnostic diagnostic = { .excerpt = cases[i].excerpt,
			.column = cases[i].column,
			.width = cases[i].width };

		assert_string_equal(
				diagnostic_format_excerpt(&diagnostic, &arena), cases[i].text);
		memory_fail_nth(1, 1);
		assert_true(!diagnostic_format_excerpt(&diagnostic, &arena) ||
				!*cases[i].excerpt);
		memory_fail_nth(0, 0);
	}
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_excerpt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/memory.h"

#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KIB ((size_t)1024)

/* --- formats ----------------------------------------------------------------------------------- */

static struct arena format_arena;

/* What arena_format() made is what printf() prints. */
#define ASSERT_FORMAT(...)                                                                     \
	do {                                                                                   \
		char expected_[256];                                                           \
                                                                                               \
		(void)snprintf(expected_, sizeof(expected_), __VA_ARGS__);                     \
		assert_string_equal(arena_format(&format_arena, __VA_ARGS__), expected_);      \
	} while (0)

static void formats_as_printf_does(void **state)
{
	static const char *const empty = "";

	(void)state;
	arena_init(&format_arena, (size_t)1 << 20);
	ASSERT_FORMAT("nothing to fill in");
	ASSERT_FORMAT("%s", empty);
	ASSERT_FORMAT("%s%s、%s（%s）", "甲", "", "乙", "丙");
	ASSERT_FORMAT("%d%% of %i", INT_MIN, 7);
	ASSERT_FORMAT("%d %u %c", INT_MAX, UINT_MAX, 'x');
	ASSERT_FORMAT("%ld %lu", LONG_MIN, ULONG_MAX);
	ASSERT_FORMAT("%lld %llu %zu", LLONG_MIN, ULLONG_MAX, SIZE_MAX);
	ASSERT_FORMAT("%" PRId64 " %" PRIu64, INT64_MIN, UINT64_MAX);
	ASSERT_FORMAT("[%.*s] [%.*s] [%.*s]", 2, "abc", 9, "abc", 0, "abc");
	ASSERT_FORMAT("[%.*s]", -1, "abc"); /* as if it said nothing */
	/* Not one of these is plain: all goes to vsnprintf(), what is before it too. */
	ASSERT_FORMAT("%s: %5d|%-5d|%05d|%+d", "a", 1, 2, 3, 4);
	ASSERT_FORMAT("%d %.4s %8s", 3, "abcdef", "x");
	ASSERT_FORMAT("%s %x %lx %zx", "b", 255U, 255UL, (size_t)255);
	ASSERT_FORMAT("%s %.1f", "c", 0.25);
	ASSERT_FORMAT("%zd %hd", (ptrdiff_t)-1, (short)-2);
	arena_fini(&format_arena);
}

/* At every room that a block may have left, also none: the same text, whoever prints it. */
static void formats_at_the_end_of_a_block(void **state)
{
	(void)state;
	for (size_t left = 0; left <= 96; left += 16) {
		struct arena arena;
		const char *plain, *printed;

		arena_init(&arena, 64 * KIB);
		assert_non_null(arena_alloc(&arena, 16));
		assert_non_null(arena_alloc(&arena, (size_t)(arena.end - arena.next) - left));
		plain = arena_format(&arena, "%s-%d-%s", "one text of some", 33, "characters");
		assert_string_equal(plain, "one text of some-33-characters");
		arena_fini(&arena);
		arena_init(&arena, 64 * KIB);
		assert_non_null(arena_alloc(&arena, 16));
		assert_non_null(arena_alloc(&arena, (size_t)(arena.end - arena.next) - left));
		printed = arena_format(
				&arena, "%s-%04d-%s", "one text of some", 33, "characters");
		assert_string_equal(printed, "one text of some-0033-characters");
		if (left != 48) /* and no more is taken */
			assert_ptr_equal(arena_alloc(&arena, 1), printed + 48);
		arena_fini(&arena);
	}
}

/* --- pieces ------------------------------------------------------------------------------------ */

static void pieces_join(void **state)
{
	struct arena arena;
	struct text text;
	const char *made;

	(void)state;
	arena_init(&arena, 64 * KIB);
	text = text_begin(&arena);
	assert_string_equal(text_end(&text), "");
	text = text_begin(&arena);
	text_put_text(&text, "职工");
	TEXT_PUT(&text, " ");
	text_put_signed(&text, -12);
	text_put_char(&text, '/');
	text_put_unsigned(&text, 34);
	text_put_slice(&text, SLICE_LITERAL(" 人"));
	text_put_slice(&text, (struct slice){ NULL, 0 });
	text_format(&text, "%s%03d", "!", 7);
	assert_int_equal(text_size(&text), strlen("职工 -12/34 人!007"));
	text_put_text(&text, "cut off");
	text_cut(&text, text_size(&text) - strlen(" off"));
	made = text_end(&text);
	assert_string_equal(made, "职工 -12/34 人!007cut");
	assert_ptr_equal(arena_alloc(&arena, 1), made + 32);
	arena_fini(&arena);
}

/* A text of far more than a block, byte by byte; what was there before it stays. */
static void long_text_grows(void **state)
{
	struct arena arena;
	struct text text;
	const char *before, *made;

	(void)state;
	arena_init(&arena, (size_t)64 << 20);
	before = arena_copy_text(&arena, "before");
	text = text_begin(&arena);
	for (unsigned i = 0; i < 3000000; i++)
		text_put_char(&text, (char)('a' + i % 23));
	made = text_end(&text);
	assert_non_null(made);
	assert_int_equal(strlen(made), 3000000);
	for (unsigned i = 0; i < 3000000; i++)
		assert_int_equal(made[i], 'a' + i % 23);
	assert_string_equal(before, "before");
	assert_true(arena.taken < (size_t)16 << 20);
	arena_fini(&arena);
}

/* --- memory that is short ----------------------------------------------------------------------- */

static void short_of_budget(void **state)
{
	struct arena arena;
	struct text text;

	(void)state;
	arena_init(&arena, 8 * KIB);
	text = text_begin(&arena);
	for (unsigned i = 0; i < 9000; i++)
		text_put_char(&text, 'x');
	text_put_signed(&text, 1);
	text_format(&text, "%s %5d", "no more", 1);
	text_cut(&text, 0);
	assert_int_equal(text_size(&text), 0);
	assert_null(text_end(&text));
	assert_true(arena.exhausted);
	text = text_begin(&arena);
	TEXT_PUT(&text, "x");
	assert_null(text_end(&text));
	assert_null(arena_format(&arena, "%d", 1));
	assert_null(arena_format(&arena, "%5d", 1));
	arena_fini(&arena);
}

/* All that is left of a budget can be had. */
static void last_of_budget(void **state)
{
	struct arena arena;
	struct text text;

	(void)state;
	arena_init(&arena, 12 * KIB);
	text = text_begin(&arena);
	for (unsigned i = 0; i < 8000; i++)
		text_put_char(&text, 'x');
	assert_int_equal(strlen(text_end(&text)), 8000);
	assert_false(arena.exhausted);
	arena_fini(&arena);
}

static void short_of_memory(void **state)
{
	struct arena arena;

	(void)state;
	for (unsigned nth = 1; nth <= 2; nth++) {
		char most[5000];
		char *made;

		memset(most, 'x', sizeof(most) - 1);
		most[sizeof(most) - 1] = 0;
		for (unsigned printed = 0; printed < 2; printed++) {
			arena_init(&arena, 64 * KIB);
			(void)memory_fail_nth(nth, 0);
			made = arena_format(&arena, printed ? "%s%3d" : "%s%d", most, 123);
			(void)memory_fail_nth(0, 0);
			assert_null(made);
			assert_true(arena.exhausted);
			arena_fini(&arena);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_as_printf_does),
		cmocka_unit_test(formats_at_the_end_of_a_block),
		cmocka_unit_test(pieces_join),
		cmocka_unit_test(long_text_grows),
		cmocka_unit_test(short_of_budget),
		cmocka_unit_test(last_of_budget),
		cmocka_unit_test(short_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

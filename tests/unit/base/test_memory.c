/* SPDX-License-Identifier: Apache-2.0 */
/* Arena, buffer, map, and how they end when an allocation fails. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/map.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_fail_nth(void **state)
{
	void *a, *b, *c;

	(void)state;
	memory_fail_nth(2, 0);
	a = memory_alloc(1);
	b = memory_alloc_zero(1, 1);
	c = memory_resize(NULL, 1);
	assert_non_null(a);
	assert_null(b);
	assert_non_null(c);
	assert_int_equal(memory_fail_nth(1, 1), 3);
	assert_null(memory_alloc(1));
	assert_null(memory_copy("x", 1));
	memory_fail_nth(0, 0);
	memory_free(a);
	memory_free(c);
	memory_free(NULL);
	a = memory_copy("三", 3);
	assert_string_equal(a, "三");
	memory_free(a);
}

static void test_arena(void **state)
{
	struct arena arena;
	char *first, *second;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(arena.taken, 0);
	first = arena_alloc(&arena, 1);
	second = arena_alloc(&arena, 0);
	assert_true((uintptr_t)first % 16 == 0 && (uintptr_t)second % 16 == 0 &&
			first != second);
	first = arena_alloc_zero(&arena, 1000, 100);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(first[i], 0);
	assert_string_equal(arena_format(&arena, "%d %s", 7, "七"), "7 七");
	assert_string_equal(arena_copy_text(&arena, "abc"), "abc");
	assert_string_equal(arena_copy(&arena, "abc", 2), "ab");
	arena_reset(&arena);
	assert_non_null(arena_alloc(&arena, 1));
	arena_fini(&arena);
	assert_int_equal(arena.taken, 0);
	assert_int_equal(arena.budget, 1 << 20);
}

static void test_arena_budget(void **state)
{
	struct error err = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 10000);
	assert_non_null(arena_alloc(&arena, 5000));
	assert_null(arena_alloc(&arena, 6000));
	assert_true(arena.exhausted);
	/* Exhausted stays exhausted, so that a stage may look once at the end. */
	assert_null(arena_alloc(&arena, 1));
	assert_true(arena.taken <= 10000);
	assert_false(arena_error(&arena, &err, "testing"));
	assert_int_equal(err.code, ERROR_LIMIT);
	assert_string_equal(err.message, "out of memory while testing");
	arena_reset(&arena);
	assert_non_null(arena_alloc(&arena, 1));
	assert_null(arena_alloc_zero(&arena, SIZE_MAX / 2, 3));
	assert_true(arena.exhausted);
	arena_fini(&arena);
	assert_null(arena_alloc(&arena, SIZE_MAX));
	arena_fini(&arena);
	arena_init(&arena, 1 << 20);
	memory_fail_nth(1, 0);
	assert_null(arena_copy_text(&arena, "x"));
	memory_fail_nth(0, 0);
	assert_true(arena.exhausted);
	arena_fini(&arena);
}

static void test_buffer(void **state)
{
	struct buffer buffer = { 0 };

	(void)state;
	buffer_append_text(&buffer, "a");
	buffer_append_char(&buffer, 'b');
	buffer_append_slice(&buffer, SLICE_LITERAL("cd"));
	buffer_format(&buffer, "%05d", 42);
	assert_string_equal(buffer.data, "abcd00042");
	buffer_consume(&buffer, 4);
	assert_int_equal(buffer.size, 5);
	assert_memory_equal(buffer.data, "00042", 5);
	buffer_clear(&buffer);
	assert_int_equal(buffer.size, 0);
	for (int i = 0; i < 10000; i++)
		buffer_append_char(&buffer, (char)('a' + i % 26));
	for (int i = 0; i < 10000; i++)
		assert_int_equal(buffer.data[i], 'a' + i % 26);
	assert_int_equal(strlen(buffer.data), 10000);
	assert_false(buffer_reserve(&buffer, SIZE_MAX));
	assert_true(buffer.failed);
	buffer_append_char(&buffer, 'x');
	assert_int_equal(buffer.size, 10000);
	buffer_fini(&buffer);
	memory_fail_nth(1, 1);
	buffer_append_text(&buffer, "lost");
	memory_fail_nth(0, 0);
	assert_true(buffer.failed);
	assert_int_equal(buffer.size, 0);
	buffer_fini(&buffer);
	assert_false(buffer.failed);
}

static void test_map(void **state)
{
	static char names[1000][8];
	struct map map = { 0 };

	(void)state;
	assert_null(map_find(&map, SLICE_LITERAL("a")));
	for (size_t i = 0; i < 1000; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "k%zu", i);
		assert_true(map_put(&map, slice_from(names[i]), names[i]));
	}
	assert_int_equal(map.count, 1000);
	for (size_t i = 0; i < 1000; i++)
		assert_ptr_equal(map_find(&map, slice_from(names[i])), names[i]);
	assert_null(map_find(&map, SLICE_LITERAL("k1000")));
	assert_null(map_find(&map, SLICE_LITERAL("")));
	assert_true(map_put(&map, SLICE_LITERAL("k7"), names[8]));
	assert_int_equal(map.count, 1000);
	assert_ptr_equal(map_find(&map, SLICE_LITERAL("k7")), names[8]);
	map_fini(&map);
	assert_null(map_find(&map, SLICE_LITERAL("k7")));
}

/* A put that finds no memory leaves all that was there. */
static void test_map_memory(void **state)
{
	static char names[100][8];
	struct map map = { 0 };
	size_t failures = 0;

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "k%zu", i);
		memory_fail_nth(1, 1);
		if (!map_put(&map, slice_from(names[i]), names[i])) {
			failures++;
			memory_fail_nth(0, 0);
			assert_int_equal(map.count, i);
			assert_true(map_put(&map, slice_from(names[i]), names[i]));
		}
		memory_fail_nth(0, 0);
		for (size_t k = 0; k <= i; k++)
			assert_ptr_equal(map_find(&map, slice_from(names[k])), names[k]);
	}
	assert_true(failures >= 3);
	map_fini(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_nth),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_arena_budget),
		cmocka_unit_test(test_buffer),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

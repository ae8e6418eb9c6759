/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BUDGET ((size_t)64 << 20)
#define KIB ((size_t)1024)

/* How often the machine was asked for memory since the last call. */
static unsigned long asked(void)
{
	return memory_fail_nth(1000000, 0); /* counts, and fails none of these */
}

/* A piece of @size bytes, each of them @byte. */
static char *piece(struct arena *arena, size_t size, int byte)
{
	char *made = arena_alloc(arena, size);

	assert_non_null(made);
	assert_int_equal((uintptr_t)made % 16, 0);
	return memset(made, byte, size);
}

static void assert_piece(const char *made, size_t size, int byte)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(made[i], byte);
}

/* --- what a reset keeps ------------------------------------------------------------------------ */

static void reset_keeps_the_largest_that_may_stay(void **state)
{
	struct arena arena;
	char *large, *again;

	(void)state;
	arena_init(&arena, BUDGET);
	(void)piece(&arena, 4 * KIB, 1); /* a block of its size, */
	large = piece(&arena, 20 * KIB, 2);
	(void)piece(&arena, 100 * KIB, 3); /* and one that is too large */
	assert_in_range(arena.taken, 124 * KIB, 126 * KIB);
	(void)asked();
	arena_reset(&arena);
	assert_in_range(arena.taken, 20 * KIB, 20 * KIB + 64);
	again = piece(&arena, 20 * KIB, 4);
	assert_ptr_equal(again, large);
	assert_int_equal(asked(), 0);
	(void)piece(&arena, 16, 5);
	assert_int_equal(asked(), 1);
	arena_fini(&arena);
	assert_int_equal(arena.taken, 0);
}

static void reset_keeps_none_that_is_too_large(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, BUDGET);
	(void)piece(&arena, 33 * KIB, 1);
	arena_reset(&arena);
	assert_int_equal(arena.taken, 0);
	assert_null(arena.blocks);
	(void)asked();
	(void)piece(&arena, 16, 2);
	assert_int_equal(asked(), 1);
	arena_fini(&arena);
}

static void reset_ends_exhaustion(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 8 * KIB);
	(void)piece(&arena, 4000, 1);
	assert_null(arena_alloc(&arena, 8 * KIB));
	assert_true(arena.exhausted);
	assert_null(arena_alloc(&arena, 16)); /* for which there would be room */
	arena_reset(&arena);
	assert_false(arena.exhausted);
	(void)piece(&arena, 4000, 2);
	arena_fini(&arena);
}

/* --- a block taken beforehand ------------------------------------------------------------------ */

static void reserved_stays(void **state)
{
	static const size_t sizes[] = { 1, 1000, 3000, 4 * KIB, 40 * KIB, 300 * KIB, 3 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct arena arena;
		char *first;

		arena_init(&arena, BUDGET);
		assert_true(arena_reserve(&arena, sizes[i]));
		assert_true(arena.taken >= sizes[i]);
		(void)asked();
		first = piece(&arena, sizes[i], 1);
		for (unsigned n = 0; n < 5; n++) {
			arena_reset(&arena);
			assert_ptr_equal(piece(&arena, sizes[i], (int)n), first);
		}
		assert_int_equal(asked(), 0);
		arena_fini(&arena);
	}
}

/* What grew beside it does not take its place for good, and what is far too large goes. */
static void reserved_stays_beside_others(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, BUDGET);
	assert_true(arena_reserve(&arena, 64 * KIB));
	for (unsigned n = 0; n < 5; n++) {
		(void)piece(&arena, 64 * KIB, 1);
		(void)piece(&arena, 300 * KIB, 2);
		arena_reset(&arena);
		assert_in_range(arena.taken, 64 * KIB, 65 * KIB);
	}
	(void)asked();
	(void)piece(&arena, 64 * KIB, 3);
	assert_int_equal(asked(), 0);
	arena_fini(&arena);
}

/* A small one does not lower what is kept of any arena. */
static void reserved_small_keeps_as_ever(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, BUDGET);
	assert_true(arena_reserve(&arena, 100));
	(void)piece(&arena, 20 * KIB, 1);
	arena_reset(&arena);
	(void)asked();
	(void)piece(&arena, 20 * KIB, 2);
	assert_int_equal(asked(), 0);
	arena_fini(&arena);
}

static void reserve_fails(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, BUDGET);
	(void)memory_fail_nth(1, 0);
	assert_false(arena_reserve(&arena, 64 * KIB));
	(void)memory_fail_nth(0, 0);
	assert_int_equal(arena.taken, 0);
	(void)piece(&arena, 64 * KIB, 1); /* and can be used all the same */
	arena_fini(&arena);
	arena_init(&arena, 32 * KIB);
	assert_false(arena_reserve(&arena, 64 * KIB));
	arena_fini(&arena);
}

/* --- taken back -------------------------------------------------------------------------------- */

static void first_goes_to_the_caller(void **state)
{
	struct arena arena;
	size_t size = 0;
	char *room;

	(void)state;
	arena_init(&arena, (size_t)1 << 20);
	assert_null(arena_fini_but_first(&arena, &size));
	assert_true(arena_reserve(&arena, 10000));
	room = arena_alloc(&arena, 9000);
	assert_non_null(room);
	memset(room, 'x', 9000);
	for (int i = 0; i < 3; i++)
		assert_non_null(arena_alloc(&arena, 50000));
	room = arena_fini_but_first(&arena, &size);
	assert_non_null(room);
	/* All of it may be written: what was made there, and what was not given out yet. */
	assert_true(size >= 10000 && size < 20000);
	memset(room, 'y', size);
	memory_free(room);
	/* The arena is empty, with its budget as it was. */
	assert_int_equal(arena.taken, 0);
	assert_null(arena_fini_but_first(&arena, &size));
	assert_non_null(arena_alloc(&arena, (size_t)1 << 19));
	assert_null(arena_alloc(&arena, (size_t)1 << 20));
	assert_true(arena.exhausted);
	arena_fini(&arena);
}

static void rewind_keeps_a_spare(void **state)
{
	struct arena arena;
	struct arena_mark mark;
	char *before;

	(void)state;
	arena_init(&arena, BUDGET);
	before = piece(&arena, 3000, 1);
	mark = arena_mark(&arena);
	(void)asked();
	for (unsigned n = 0; n < 5; n++) {
		char *made = piece(&arena, 10 * KIB, 2);

		assert_piece(made, 10 * KIB, 2);
		assert_int_equal(asked() > 0, n == 0);
		arena_rewind(&arena, mark);
		assert_in_range(arena.taken, 3000, 5 * KIB);
		assert_non_null(arena.spare);
	}
	/* The larger one becomes the spare, one that is too large does not. */
	(void)piece(&arena, 20 * KIB, 3);
	arena_rewind(&arena, mark);
	(void)piece(&arena, 200 * KIB, 4);
	arena_rewind(&arena, mark);
	(void)asked();
	(void)piece(&arena, 20 * KIB, 5);
	assert_int_equal(asked(), 0);
	assert_null(arena.spare);
	assert_piece(before, 3000, 1);
	arena_fini(&arena);
}

/* A reset keeps the spare, when it is the larger, and only one block. */
static void reset_after_rewind(void **state)
{
	struct arena arena;
	struct arena_mark mark;

	(void)state;
	arena_init(&arena, BUDGET);
	(void)piece(&arena, 3000, 1);
	mark = arena_mark(&arena);
	(void)piece(&arena, 20 * KIB, 2);
	arena_rewind(&arena, mark);
	arena_reset(&arena);
	assert_null(arena.spare);
	assert_in_range(arena.taken, 20 * KIB, 20 * KIB + 64);
	(void)asked();
	(void)piece(&arena, 20 * KIB, 3);
	assert_int_equal(asked(), 0);
	arena_fini(&arena);
}

/* The spare is within the budget as any other block. */
static void spare_within_budget(void **state)
{
	struct arena arena;
	struct arena_mark mark;

	(void)state;
	arena_init(&arena, 32 * KIB);
	(void)piece(&arena, 3000, 1);
	mark = arena_mark(&arena);
	(void)piece(&arena, 20 * KIB, 2);
	arena_rewind(&arena, mark);
	(void)piece(&arena, 16 * KIB, 3); /* of the spare, all of which counts */
	assert_in_range(arena.taken, 24 * KIB, 32 * KIB);
	assert_null(arena_alloc(&arena, 12 * KIB));
	arena_fini(&arena);
}

/* --- taken over -------------------------------------------------------------------------------- */

static void adopt_takes_all_over(void **state)
{
	struct arena all, part;
	struct arena_mark mark;
	char *first, *second, *third, *end;

	(void)state;
	arena_init(&all, BUDGET);
	arena_init(&part, BUDGET);
	arena_adopt(&all, &part); /* nothing into nothing */
	assert_null(all.blocks);
	first = piece(&part, 3000, 1);
	arena_adopt(&all, &part);
	assert_int_equal(part.taken, 0);
	assert_null(part.blocks);
	(void)asked();
	end = piece(&all, 512, 2); /* goes on where the other stood */
	assert_ptr_equal(end, first + 3008);
	assert_int_equal(asked(), 0);
	mark = arena_mark(&part);
	(void)piece(&part, 10 * KIB, 5);
	arena_rewind(&part, mark); /* a spare that nobody takes over */
	second = piece(&part, 100 * KIB, 3);
	third = piece(&part, 12 * KIB, 4);
	assert_non_null(part.spare);
	arena_adopt(&all, &part);
	assert_null(part.spare);
	assert_in_range(all.taken, 304 * KIB, 305 * KIB);
	(void)asked();
	assert_ptr_equal(piece(&all, 16, 6), end + 512); /* and where it stood itself */
	assert_int_equal(asked(), 0);
	(void)piece(&part, 5000, 7); /* the other one is as new */
	arena_fini(&part);
	assert_piece(first, 3000, 1);
	assert_piece(end, 512, 2);
	assert_piece(second, 100 * KIB, 3);
	assert_piece(third, 12 * KIB, 4);
	assert_false(all.exhausted);
	arena_fini(&all);
}

static void adopt_within_budget(void **state)
{
	struct arena all, part;
	char *made, *other;

	(void)state;
	arena_init(&all, 64 * KIB);
	arena_init(&part, BUDGET);
	other = piece(&all, 20 * KIB, 1);
	made = piece(&part, 50 * KIB, 2);
	arena_adopt(&all, &part);
	assert_true(all.exhausted);
	assert_int_equal(all.taken, 64 * KIB);
	assert_null(arena_alloc(&all, 16));
	assert_piece(other, 20 * KIB, 1); /* it is there all the same */
	assert_piece(made, 50 * KIB, 2);
	arena_reset(&all);
	assert_in_range(all.taken, 20 * KIB, 21 * KIB);
	assert_false(all.exhausted);
	arena_fini(&all);
	/* Just within it. */
	arena_init(&all, 64 * KIB);
	(void)piece(&all, 20 * KIB, 3);
	(void)piece(&part, 40 * KIB, 4);
	arena_adopt(&all, &part);
	assert_false(all.exhausted);
	arena_fini(&all);
}

/* --- large ones ------------------------------------------------------------------------------- */

/* From 4 MiB on it takes whole pages of 2 MiB, about as many as it has, but 16 MiB at most; near its budget it does not. */
static void large_takes_whole_pages(void **state)
{
	static const size_t budgets[] = { (size_t)1 << 30, BUDGET };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct arena arena;
		size_t before = 0;

		arena_init(&arena, budgets[k]);
		while (arena.taken < BUDGET - 4096 * KIB) {
			(void)piece(&arena, 100 * KIB, 1);
			if (arena.taken == before)
				continue;
			if (before < 4096 * KIB || k == 1) {
				assert_true(arena.taken - before <= 1025 * KIB);
			} else {
				assert_int_equal(
						(uintptr_t)arena.blocks % MEMORY_LARGE_PAGE, 0);
				assert_int_equal((arena.taken - before) % MEMORY_LARGE_PAGE, 0);
				assert_true(arena.taken <= 2 * before);
				assert_true(arena.taken - before <= 16384 * KIB);
			}
			before = arena.taken;
		}
		arena_fini(&arena);
	}
}

/* So many are expected: whole pages from the first on, of which one block is not more than that. Few change nothing. */
static void expected_takes_whole_pages_at_once(void **state)
{
	static const struct {
		size_t budget, expected, first;
	} cases[] = {
		{ (size_t)1 << 30, 4096 * KIB, 4096 * KIB },
		{ (size_t)1 << 30, 7000 * KIB, 6144 * KIB },
		{ (size_t)1 << 30, (size_t)1 << 40, 16384 * KIB },
		{ (size_t)1 << 30, 4095 * KIB, 4 * KIB },
		{ BUDGET - KIB, (size_t)1 << 30, 4 * KIB },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena arena;

		arena_init(&arena, cases[i].budget);
		arena_expect(&arena, cases[i].expected);
		assert_int_equal(arena.taken, 0);
		(void)piece(&arena, 100, 1);
		assert_int_equal(arena.taken, cases[i].first);
		arena_fini(&arena);
		(void)piece(&arena, 100, 1);
		assert_int_equal(arena.taken, 4 * KIB);
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_keeps_the_largest_that_may_stay),
		cmocka_unit_test(reset_keeps_none_that_is_too_large),
		cmocka_unit_test(reset_ends_exhaustion),
		cmocka_unit_test(reserved_stays),
		cmocka_unit_test(reserved_stays_beside_others),
		cmocka_unit_test(reserved_small_keeps_as_ever),
		cmocka_unit_test(reserve_fails),
		cmocka_unit_test(first_goes_to_the_caller),
		cmocka_unit_test(rewind_keeps_a_spare),
		cmocka_unit_test(reset_after_rewind),
		cmocka_unit_test(spare_within_budget),
		cmocka_unit_test(adopt_takes_all_over),
		cmocka_unit_test(adopt_within_budget),
		cmocka_unit_test(large_takes_whole_pages),
		cmocka_unit_test(expected_takes_whole_pages_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

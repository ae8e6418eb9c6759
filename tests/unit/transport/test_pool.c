/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "transport/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PIECES 400

static uint64_t seed = 7;

static size_t roll(size_t sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % sides;
}

struct piece {
	unsigned char *memory;
	size_t size;
	unsigned char mark;
};

static void piece_fill(struct piece *piece, unsigned char mark)
{
	piece->mark = mark;
	memset(piece->memory, mark, piece->size);
}

static void piece_check(const struct piece *piece, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(piece->memory[i], piece->mark);
}

/* Pieces of all sizes keep what is in them, whatever the others do. */
static void test_pieces(void **state)
{
	static struct piece pieces[PIECES];
	struct pool pool = { 0 };

	(void)state;
	for (unsigned round = 0; round < 60000; round++) {
		struct piece *piece = &pieces[roll(PIECES)];
		size_t size = roll(20) ? roll(POOL_LARGEST + 64) : roll(40000);

		if (piece->memory && roll(3)) {
			piece_check(piece, piece->size);
			pool_free(&pool, piece->memory);
			piece->memory = NULL;
		} else if (piece->memory) {
			piece->memory = pool_resize(&pool, piece->memory, size);
			assert_non_null(piece->memory);
			piece_check(piece, piece->size < size ? piece->size : size);
			piece->size = size;
			piece_fill(piece, (unsigned char)round);
		} else {
			piece->memory = roll(2) ? pool_alloc(&pool, size)
						: pool_resize(&pool, NULL, size);
			assert_non_null(piece->memory);
			assert_int_equal((uintptr_t)piece->memory % 16, 0);
			piece->size = size;
			piece_fill(piece, (unsigned char)round);
		}
	}
	for (unsigned i = 0; i < PIECES; i++)
		pool_free(&pool, pieces[i].memory);
	pool_fini(&pool);
}

static void test_zero(void **state)
{
	struct pool pool = { 0 };
	unsigned char *memory = pool_alloc(&pool, 100);

	(void)state;
	memset(memory, 0xff, 100);
	pool_free(&pool, memory);
	memory = pool_alloc_zero(&pool, 10, 10);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(memory[i], 0);
	assert_null(pool_alloc_zero(&pool, SIZE_MAX / 2, 3));
	assert_null(pool_alloc(&pool, SIZE_MAX - 8));
	pool_free(&pool, NULL);
	pool_fini(&pool);
}

/* What comes and goes again takes nothing of the machine. */
static void test_steady(void **state)
{
	struct pool pool = { 0 };
	const struct pool_block *block = NULL;
	void *pieces[100];

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 100; i++) {
			pieces[i] = pool_alloc(&pool, 10 * i);
			assert_non_null(pieces[i]);
		}
		for (unsigned i = 0; i < 100; i++)
			pool_free(&pool, pieces[i]);
		if (round == 0)
			block = pool.blocks;
		assert_ptr_equal(pool.blocks, block);
	}
	pool_fini(&pool);
}

static void test_no_memory(void **state)
{
	struct pool pool = { 0 };
	void *small;

	(void)state;
	memory_fail_nth(1, 1);
	assert_null(pool_alloc(&pool, 10));
	assert_null(pool_alloc(&pool, 10000));
	assert_null(pool_resize(&pool, NULL, 10));
	memory_fail_nth(0, 0);
	small = pool_alloc(&pool, 10);
	assert_non_null(small);
	memcpy(small, "0123456789", 10);
	memory_fail_nth(1, 1);
	assert_null(pool_resize(&pool, small, 10000));
	memory_fail_nth(0, 0);
	assert_memory_equal(small, "0123456789", 10);
	pool_free(&pool, small);
	pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

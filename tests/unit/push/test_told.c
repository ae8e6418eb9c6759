/* SPDX-License-Identifier: Apache-2.0 */
/* What a block was told, as bytes and back; and that bytes which are not ours are noticed. */
#include "push/told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK 17

static uint64_t seed = 1;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static struct told_state random_state(void)
{
	struct told_state state = {
		.kind = (uint8_t)(next_random() % 4),
		.version = (uint32_t)(next_random() % 300),
		.distance = next_random() % 2,
		.window_end = next_random() % 2 ? (int32_t)(next_random() % 40000) : 0,
	};

	if (next_random() % 2) {
		state.amount.exactness = (uint8_t)(next_random() % 7);
		state.amount.least = (int64_t)next_random();
		state.amount.most =
				next_random() % 2 ? (int64_t)next_random() : state.amount.least;
	}
	return state;
}

/* Entries of several series, with gaps; some say nothing. */
static struct told_block random_block(struct arena *arena, size_t count)
{
	struct told_block block = { .entries = ARENA_NEW_ARRAY(
						    arena, struct told_entry, count) };
	uint16_t row = 0;
	uint32_t series = 0;

	while (block.count < count) {
		struct told_entry *entry = &block.entries[block.count];

		series += 1 + (uint32_t)(next_random() % 30);
		if (series > 90) {
			series = 1 + (uint32_t)(next_random() % 30);
			row = (uint16_t)(row + 1 + next_random() % 3);
			if (row >= TOLD_ROWS)
				break;
		}
		*entry = (struct told_entry){ .row = row,
			.series = series,
			.aside = (uint8_t)(next_random() % 4),
			.told = random_state() };
		if (entry->aside)
			entry->raised = random_state();
		block.count++;
	}
	return block;
}

static bool entries_equal(const struct told_entry *a, const struct told_entry *b)
{
	return a->row == b->row && a->series == b->series && a->aside == b->aside &&
	       told_state_equals(&a->told, &b->told) &&
	       told_state_equals(&a->raised, &b->raised);
}

static void round_trip(void **state)
{
	(void)state;
	for (size_t count = 0; count < 3000; count = count * 2 + 1) {
		struct told_block block, back;
		struct buffer blob = { 0 };
		struct arena arena;
		struct error err;
		size_t next = 0;

		arena_init(&arena, (size_t)64 << 20);
		block = random_block(&arena, count);
		assert_true(told_encode(&block, BLOCK, &arena, &blob));
		assert_true(told_decode((struct slice){ blob.data, blob.size }, BLOCK, &arena,
				&back, &err));
		for (size_t i = 0; i < block.count; i++) {
			if (told_entry_is_empty(&block.entries[i]))
				continue;
			assert_true(next < back.count);
			assert_true(entries_equal(&block.entries[i], &back.entries[next]));
			next++;
		}
		assert_int_equal(next, back.count);
		buffer_fini(&blob);
		arena_fini(&arena);
	}
}

static void nothing_told_is_nothing_stored(void **state)
{
	struct told_entry entry = { .row = 3, .series = 4 };
	struct told_block block = { &entry, 1 };
	struct buffer blob = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_true(told_encode(&block, BLOCK, &arena, &blob));
	assert_int_equal(blob.size, 0);
	arena_fini(&arena);
}

/* Every byte that is another, every end that is missing. */
static void damage_is_noticed(void **state)
{
	struct told_block block, back;
	struct buffer blob = { 0 };
	struct arena arena;
	struct error err;
	char *copy;

	(void)state;
	arena_init(&arena, (size_t)256 << 20);
	block = random_block(&arena, 60);
	assert_true(told_encode(&block, BLOCK, &arena, &blob));
	copy = malloc(blob.size);
	assert_non_null(copy);
	for (size_t i = 0; i < blob.size; i++) {
		memcpy(copy, blob.data, blob.size);
		copy[i] = (char)(copy[i] ^ (1 << (i % 8)));
		assert_false(told_decode(
				(struct slice){ copy, blob.size }, BLOCK, &arena, &back, &err));
		assert_int_equal(err.code, ERROR_IO);
		if (i)
			assert_false(told_decode((struct slice){ blob.data, i }, BLOCK, &arena,
					&back, &err));
	}
	assert_false(told_decode((struct slice){ blob.data, blob.size }, BLOCK + 1, &arena,
			&back, &err));
	assert_string_equal(err.message, "what block 18 was told is damaged");
	free(copy);
	buffer_fini(&blob);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(nothing_told_is_nothing_stored),
		cmocka_unit_test(damage_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a block was told, as bytes and back; and that bytes which are not ours are noticed. */
#include "push/told_view.h"

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

static bool is_replaced(const uint64_t *rows, uint16_t row)
{
	return rows[row / 64] >> row % 64 & 1;
}

/* The entries that are not of such rows, and then those that are, of another one. */
static struct told_block blocks_join(const struct told_block *block,
		const struct told_block *other, const uint64_t *replaced, struct arena *arena,
		struct told_block *out_over)
{
	struct told_block all = {
		ARENA_NEW_ARRAY(arena, struct told_entry, block->count + other->count + 1), 0
	};
	size_t next = 0;

	*out_over = (struct told_block){
		ARENA_NEW_ARRAY(arena, struct told_entry, other->count + 1), 0
	};
	for (unsigned row = 0; row < TOLD_ROWS; row++) {
		for (size_t i = 0; i < other->count; i++) {
			if (other->entries[i].row == row &&
					is_replaced(replaced, (uint16_t)row)) {
				out_over->entries[out_over->count++] = other->entries[i];
				all.entries[all.count++] = other->entries[i];
			}
		}
		for (; next < block->count && block->entries[next].row == row; next++) {
			if (!is_replaced(replaced, (uint16_t)row))
				all.entries[all.count++] = block->entries[next];
		}
	}
	return all;
}

/* Written over the bytes of an older blob a block has the bytes that it has by itself. */
static void rows_take_the_place_of_others(void **state)
{
	(void)state;
	for (size_t count = 0; count < 400; count = count * 2 + 1) {
		struct told_block block, other, over, all;
		struct buffer old = { 0 }, expected = { 0 }, found = { 0 };
		uint64_t replaced[TOLD_ROWS / 64];
		struct told_view view;
		struct arena arena;
		struct error err;

		arena_init(&arena, (size_t)64 << 20);
		block = random_block(&arena, count);
		other = random_block(&arena, count / 2);
		for (size_t i = 0; i < TOLD_ROWS / 64; i++)
			replaced[i] = next_random() & next_random();
		all = blocks_join(&block, &other, replaced, &arena, &over);
		assert_true(told_encode(&block, BLOCK, &arena, &old));
		assert_true(told_encode(&all, BLOCK, &arena, &expected));
		assert_true(told_view_read((struct slice){ old.data, old.size }, BLOCK, &arena,
				&view, &err));
		assert_true(told_view_encode(&view, replaced, &over, BLOCK, &arena, &found));
		assert_int_equal(found.size, expected.size);
		if (found.size)
			assert_memory_equal(found.data, expected.data, found.size);
		buffer_fini(&old);
		buffer_fini(&expected);
		buffer_fini(&found);
		arena_fini(&arena);
	}
}

/* What a view gives out of a row, and who has what aside, is what was written. */
static void a_view_shows_rows(void **state)
{
	struct told_block block;
	struct buffer blob = { 0 };
	uint64_t held[TOLD_ROWS / 64] = { 0 };
	struct told_view view;
	struct arena arena;
	struct error err;
	size_t next = 0;

	(void)state;
	arena_init(&arena, (size_t)256 << 20);
	block = random_block(&arena, 3000);
	assert_true(told_encode(&block, BLOCK, &arena, &blob));
	assert_true(told_view_read(
			(struct slice){ blob.data, blob.size }, BLOCK, &arena, &view, &err));
	told_view_mark_aside(&view, ASIDE_HELD, held);
	for (unsigned row = 0; row < TOLD_ROWS; row++) {
		struct told_entry *entries;
		bool is_held = false;
		size_t count, seen = 0;

		assert_true(told_view_row(&view, (uint16_t)row, &arena, &entries, &count));
		for (; next < block.count && block.entries[next].row == row; next++) {
			if (told_entry_is_empty(&block.entries[next]))
				continue;
			assert_true(seen < count);
			assert_true(entries_equal(&block.entries[next], &entries[seen++]));
			is_held |= block.entries[next].aside == ASIDE_HELD;
		}
		assert_int_equal(seen, count);
		assert_int_equal(is_held, is_replaced(held, (uint16_t)row));
	}
	assert_int_equal(next, block.count);
	buffer_fini(&blob);
	arena_fini(&arena);
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
		cmocka_unit_test(rows_take_the_place_of_others),
		cmocka_unit_test(a_view_shows_rows),
		cmocka_unit_test(nothing_told_is_nothing_stored),
		cmocka_unit_test(damage_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

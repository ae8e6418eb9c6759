/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number_table.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NUMBERS ((size_t)300000) /* whose places are more than a page of 2 MiB */

/* So that many numbers have one hash, and many hashes one place, also the last one. */
static uint32_t hash_of(size_t number)
{
	return number % 3 == 0 ? UINT32_MAX - (uint32_t)(number % 96) : (uint32_t)number;
}

static void assert_found(const struct number_table *table, size_t count)
{
	for (size_t number = 0; number < count; number += count / 100 + 1) {
		size_t at = hash_of(number);
		size_t found = number_table_next(table, hash_of(number), &at);

		for (size_t i = 0; i < count; i++) {
			if (hash_of(i) != hash_of(number))
				continue;
			assert_int_equal(found, i);
			found = number_table_next(table, hash_of(number), &at);
		}
		assert_int_equal(found, NUMBER_TABLE_END);
	}
}

static void all_of_a_hash_in_their_order(void **state)
{
	struct number_table table = { 0 };
	size_t at = 7;

	(void)state;
	assert_int_equal(number_table_next(&table, 7, &at), NUMBER_TABLE_END);
	for (size_t i = 0; i < 700; i++) {
		assert_true(number_table_put(&table, hash_of(i), i));
		assert_int_equal(table.count, i + 1);
		if (i % 50 == 0)
			assert_found(&table, i + 1);
	}
	assert_found(&table, 700);
	at = 100000;
	assert_int_equal(number_table_next(&table, 100000, &at), NUMBER_TABLE_END);
	number_table_fini(&table);
	assert_int_equal(number_table_size(&table), 0);
}

static void room_for_many_at_once(void **state)
{
	struct number_table table = { 0 };
	const struct number_place *places;

	(void)state;
	assert_true(number_table_put(&table, 5, 1));
	assert_true(number_table_reserve(&table, NUMBERS));
	places = table.places;
	assert_true(number_table_size(&table) > MEMORY_LARGE_PAGE);
	for (size_t i = 0; i + 1 < NUMBERS; i++)
		assert_true(number_table_put(&table, (uint32_t)(i * 2654435761U), i));
	assert_ptr_equal(table.places, places);
	for (size_t i = 0; i + 1 < NUMBERS; i++) {
		size_t at = (uint32_t)(i * 2654435761U);

		assert_int_equal(
				number_table_next(&table, (uint32_t)(i * 2654435761U), &at), i);
	}
	number_table_fini(&table);
}

static void short_of_memory(void **state)
{
	struct number_table table = { 0 };
	size_t at = 1;

	(void)state;
	memory_fail_nth(1, 0);
	assert_false(number_table_put(&table, 1, 1));
	assert_true(number_table_put(&table, 1, 1));
	memory_fail_nth(1, 0);
	assert_false(number_table_reserve(&table, 1000));
	memory_fail_nth(1, 0);
	assert_false(number_table_reserve(&table, NUMBERS));
	memory_fail_nth(0, 0);
	assert_int_equal(number_table_next(&table, 1, &at), 1);
	number_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_a_hash_in_their_order),
		cmocka_unit_test(room_for_many_at_once),
		cmocka_unit_test(short_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

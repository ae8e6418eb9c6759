/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t sum_of(const char *text)
{
	return checksum_add(0, slice_from(text));
}

/* They stand in databases. */
static void stay_the_same(void **state)
{
	(void)state;
	assert_int_equal(sum_of(""), UINT64_C(0xb71dbcb41ddd9492));
	assert_int_equal(sum_of("policy"), UINT64_C(0x29acdb21dd3975e1));
	assert_int_equal(sum_of("a text of more than thirty-two bytes, so that the loop runs"),
			UINT64_C(0x9a7669eb2845513f));
}

/* Of every size around a step: each single bit, and each byte more or less. */
static void find_every_bit(void **state)
{
	char bytes[100];

	(void)state;
	for (size_t size = 0; size < sizeof(bytes); size++) {
		struct slice all = { bytes, size };
		uint64_t sum;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)(i * 37 + size);
		sum = checksum_add(7, all);
		for (size_t bit = 0; bit < size * 8; bit++) {
			bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
			assert_int_not_equal(checksum_add(7, all), sum);
			bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		}
		bytes[size] = 0;
		all.size++;
		assert_int_not_equal(checksum_add(7, all), sum);
		all.size--;
		assert_int_equal(checksum_add(7, all), sum);
		assert_int_not_equal(checksum_add(8, all), sum);
	}
}

static void find_borders(void **state)
{
	uint64_t one = checksum_add(sum_of("ab"), slice_from("c"));

	(void)state;
	assert_int_not_equal(one, checksum_add(sum_of("a"), slice_from("bc")));
	assert_int_not_equal(one, checksum_add(sum_of("c"), slice_from("ab")));
	assert_int_not_equal(one, sum_of("abc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stay_the_same),
		cmocka_unit_test(find_every_bit),
		cmocka_unit_test(find_borders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/decimal.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Room for the longest and a mark behind it, which stays. */
static void assert_prints(uint64_t number)
{
	char expected[32];
	char out[DECIMAL_ROOM + 1];
	int size = snprintf(expected, sizeof(expected), "%" PRIu64, number);

	out[DECIMAL_ROOM] = '#';
	assert_int_equal(decimal_print(number, out), size);
	assert_memory_equal(out, expected, (size_t)size);
	size = snprintf(expected, sizeof(expected), "%" PRId64, (int64_t)number);
	assert_int_equal(decimal_print_signed((int64_t)number, out), size);
	assert_memory_equal(out, expected, (size_t)size);
	assert_int_equal(out[DECIMAL_ROOM], '#');
}

static void numbers_of_every_length(void **state)
{
	uint64_t seed = 20261128;

	(void)state;
	assert_prints(0);
	assert_prints(UINT64_MAX);
	assert_prints((uint64_t)INT64_MAX);
	assert_prints((uint64_t)INT64_MIN);
	for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10) {
		assert_prints(power - 1);
		assert_prints(power);
		assert_prints(0 - power);
		assert_prints(power * 10 - 1);
	}
	for (unsigned i = 0; i < 20000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		assert_prints(seed >> (seed & 63));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

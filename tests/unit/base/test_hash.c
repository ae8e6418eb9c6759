/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED UINT64_C(0xcbf29ce484222325)
#define SLOTS 256
#define NUMBERS 65536

/* As MurmurHash3 has them. */
static void is_the_known_one(void **state)
{
	(void)state;
	assert_int_equal(hash_mix(0), 0);
	assert_int_equal(hash_mix(1), UINT64_C(0xb456bcfc34c2cb2c));
	assert_int_equal(hash_mix(UINT64_MAX), UINT64_C(0x64b5720b4b825f21));
}

/* Each bit of a number turns about half of the bits of its hash over. */
static void every_bit_counts(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		unsigned turned = 0;

		for (uint64_t i = 0; i < 1000; i++) {
			uint64_t number = hash_mix(i + 1);

			turned += (unsigned)__builtin_popcountll(
					hash_mix(number) ^
					hash_mix(number ^ UINT64_C(1) << bit));
		}
		assert_in_range(turned, 31000, 33000);
	}
}

/* Small numbers, and large ones whose low bits are alike, are spread over a table's slots as by chance: 256 each. */
static void slots_are_filled_alike(void **state)
{
	static const unsigned shifts[] = { 0, 20, 48 };

	(void)state;
	for (size_t k = 0; k < sizeof(shifts) / sizeof(*shifts); k++) {
		unsigned one[SLOTS] = { 0 }, two[SLOTS] = { 0 };
		unsigned first[SLOTS] = { 0 }, second[SLOTS] = { 0 };

		for (uint64_t i = 0; i < NUMBERS; i++) {
			one[hash_mix(i << shifts[k]) % SLOTS]++;
			two[hash_mix_word(hash_mix_word(7, i << shifts[k]), 11) % SLOTS]++;
			first[hash_mix_pair(SEED, i << shifts[k], 11) % SLOTS]++;
			second[hash_mix_pair(SEED, 11, i << shifts[k]) % SLOTS]++;
		}
		for (size_t i = 0; i < SLOTS; i++) {
			assert_in_range(one[i], 156, 356);
			assert_in_range(two[i], 156, 356);
			assert_in_range(first[i], 156, 356);
			assert_in_range(second[i], 156, 356);
		}
	}
}

static void order_counts(void **state)
{
	(void)state;
	for (uint64_t i = 1; i < 1000; i++)
		assert_int_not_equal(hash_mix_word(hash_mix_word(5, i), i + 1),
				hash_mix_word(hash_mix_word(5, i + 1), i));
	for (uint64_t i = 1; i < 1000; i++)
		assert_int_not_equal(
				hash_mix_pair(SEED, i, i + 1), hash_mix_pair(SEED, i + 1, i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_known_one),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(slots_are_filled_alike),
		cmocka_unit_test(order_counts),
	};

	return cmocka_run_group_tests_name("base/hash", tests, NULL, NULL);
}

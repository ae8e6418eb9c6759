/* SPDX-License-Identifier: Apache-2.0 */
/* Planes packed and listed: random ones of all densities, and what is full or empty, beside a loop over rows. */
#include "block_rules.h"

#include "effort.h"
#include "rules/plane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ROWS (PLANE_WORDS * 64)

/* Whole words and single bits are missing, more of them with each. */
static void plane_make(uint64_t *plane, unsigned words_lacking, unsigned bits_lacking)
{
	memset(plane, 0, PLANE_WORDS * sizeof(*plane));
	for (unsigned row = 0; row < ROWS; row++) {
		if (row % 64 == 0 && random_below(16) < words_lacking)
			row += 63;
		else if (random_below(64) >= bits_lacking)
			plane[row / 64] |= UINT64_C(1) << (row % 64);
	}
}

static void plane_check(const uint64_t *plane)
{
	/* Guards behind what they may write. */
	uint64_t packed[PLANE_PACKED_MOST + 1];
	uint64_t again[PLANE_WORDS + 1];
	uint16_t list[PLANE_LIST_MOST + 1];
	size_t words = 1, at = 0, count;

	packed[PLANE_PACKED_MOST] = again[PLANE_WORDS] = 77;
	list[PLANE_LIST_MOST] = 77;
	for (size_t i = 0; i < PLANE_WORDS; i++)
		words += plane[i] != 0;
	assert_int_equal(plane_pack(plane, packed), words);
	plane_unpack(packed, again);
	assert_memory_equal(again, plane, PLANE_WORDS * sizeof(*plane));
	count = plane_list(packed, list);
	for (unsigned row = 0; row < ROWS; row++) {
		if (!((plane[row / 64] >> (row % 64)) & 1))
			continue;
		assert_true(at < count);
		assert_int_equal(list[at++], row);
	}
	assert_int_equal(at, count);
	assert_int_equal(packed[PLANE_PACKED_MOST], 77);
	assert_int_equal(again[PLANE_WORDS], 77);
	assert_int_equal(list[PLANE_LIST_MOST], 77);
}

static void packed_as_it_is(void **state)
{
	(void)state;
	for (unsigned round = 0; round < effort(4, 100); round++) {
		for (unsigned words = 0; words <= 16; words += 4) {
			for (unsigned bits = 0; bits <= 64; bits += 1 + random_below(8)) {
				uint64_t plane[PLANE_WORDS];

				plane_make(plane, words, bits);
				plane_check(plane);
			}
		}
	}
	plane_check(plane_zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(packed_as_it_is) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void *be_refused(void *out_refusals)
{
	(void)memory_fail_nth(1, 1);
	if (!memory_alloc(1) && !memory_alloc_zero(1, 1) && !memory_resize(NULL, 1))
		*(unsigned long *)out_refusals = memory_refusals();
	(void)memory_fail_nth(0, 0);
	return NULL;
}

/* What checks one database must not take another's refusal for its own, and report as short what is damaged. */
static void refusals_are_a_threads_own(void **state)
{
	unsigned long before = memory_refusals(), others = 0;
	pthread_t other;

	(void)state;
	assert_int_equal(pthread_create(&other, NULL, be_refused, &others), 0);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(others, 3);
	assert_int_equal(memory_refusals(), before);
	(void)be_refused(&others);
	assert_int_equal(memory_refusals(), before + 3);
}

/* Large ones begin with a page of 2 MiB; all are zeroed, and none is made of what no count of bytes can say. */
static void zeroed_pages(void **state)
{
	static const size_t counts[] = { 1, 1000, MEMORY_LARGE_PAGE / 8 - 1,
		MEMORY_LARGE_PAGE / 8, MEMORY_LARGE_PAGE / 2 };

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
			uint64_t *room = memory_alloc_zero_pages(counts[i], sizeof(*room));

			assert_non_null(room);
			if (counts[i] * sizeof(*room) >= MEMORY_LARGE_PAGE)
				assert_int_equal((uintptr_t)room % MEMORY_LARGE_PAGE, 0);
			for (size_t k = 0; k < counts[i]; k++) {
				assert_int_equal(room[k], 0);
				room[k] = UINT64_MAX;
			}
			memory_free(room);
		}
	}
	(void)memory_fail_nth(1, 0);
	assert_null(memory_alloc_zero_pages(MEMORY_LARGE_PAGE, 1));
	(void)memory_fail_nth(0, 0);
	assert_null(memory_alloc_zero_pages(SIZE_MAX / 2, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_are_a_threads_own),
		cmocka_unit_test(zeroed_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_are_a_threads_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The heap of timers: whatever is set, moved and cleared, they come in order. */
#include "transport/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void timers_come_in_order(void **state)
{
	struct timers timers = { 0 };
	struct timer list[200] = { 0 };
	uint64_t last = 0;
	size_t count = 0;
	unsigned seed = 1;
	size_t i;

	(void)state;
	assert_true(timers_reserve(&timers, 200));
	for (i = 0; i < 200; i++) {
		seed = seed * 1103515245u + 12345u;
		timers_set(&timers, &list[i], seed >> 16 & 1023);
	}
	for (i = 0; i < 200; i += 3)
		timers_set(&timers, &list[i], 2000 - i);
	for (i = 0; i < 200; i += 5)
		timers_clear(&timers, &list[i]);
	timers_clear(&timers, &list[0]);
	while (timers_first(&timers)) {
		struct timer *timer = timers_first(&timers);

		assert_true(timer->at_us >= last);
		last = timer->at_us;
		timers_clear(&timers, timer);
		count++;
	}
	assert_int_equal(count, 160);
	timers_fini(&timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_come_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

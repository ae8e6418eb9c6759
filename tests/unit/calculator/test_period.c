/* SPDX-License-Identifier: Apache-2.0 */
/* Periods as text, as numbers and as days: the three must agree. */
#include "calculator/period.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PERIOD(word) POLICYCALC__V1__PERIOD__PERIOD_##word

/* What is read falls on its first and its last day, is printed as it was, and follows the last. */
static void text_is_day(void **state)
{
	static const struct {
		Policycalc__V1__Period period;
		const char *text;
		struct date first, last;
	} cases[] = {
		{ PERIOD(YEAR), "2024", { 2024, 1, 1 }, { 2024, 12, 31 } },
		{ PERIOD(YEAR), "2025", { 2025, 1, 1 }, { 2025, 12, 31 } },
		{ PERIOD(QUARTER), "2024Q4", { 2024, 10, 1 }, { 2024, 12, 31 } },
		{ PERIOD(QUARTER), "2025Q1", { 2025, 1, 1 }, { 2025, 3, 31 } },
		{ PERIOD(QUARTER), "2025Q2", { 2025, 4, 1 }, { 2025, 6, 30 } },
		{ PERIOD(QUARTER), "2025Q3", { 2025, 7, 1 }, { 2025, 9, 30 } },
		{ PERIOD(QUARTER), "2025Q4", { 2025, 10, 1 }, { 2025, 12, 31 } },
		{ PERIOD(MONTH), "2024-12", { 2024, 12, 1 }, { 2024, 12, 31 } },
		{ PERIOD(MONTH), "2025-01", { 2025, 1, 1 }, { 2025, 1, 31 } },
		{ PERIOD(MONTH), "2025-02", { 2025, 2, 1 }, { 2025, 2, 28 } },
	};
	struct arena arena;
	int64_t before = 0;

	(void)state;
	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t number;

		assert_true(period_parse(cases[i].period, cases[i].text, &number));
		assert_int_equal(number, period_of_date(cases[i].period, cases[i].first));
		assert_int_equal(number, period_of_date(cases[i].period, cases[i].last));
		assert_string_equal(
				period_print(cases[i].period, number, &arena), cases[i].text);
		if (i > 0 && cases[i - 1].period == cases[i].period)
			assert_int_equal(number, before + 1);
		before = number;
	}
	arena_fini(&arena);
}

static void other_text_is_none(void **state)
{
	static const struct {
		Policycalc__V1__Period period;
		const char *text;
	} cases[] = {
		{ PERIOD(YEAR), "0000" },
		{ PERIOD(YEAR), "202" },
		{ PERIOD(YEAR), "2025Q1" },
		{ PERIOD(QUARTER), "2025" },
		{ PERIOD(QUARTER), "2025Q0" },
		{ PERIOD(QUARTER), "2025Q5" },
		{ PERIOD(QUARTER), "2025q1" },
		{ PERIOD(QUARTER), "2025Q12" },
		{ PERIOD(MONTH), "2025-00" },
		{ PERIOD(MONTH), "2025-13" },
		{ PERIOD(MONTH), "2025-1" },
		{ PERIOD(MONTH), "2025Q1" },
		{ PERIOD(POINT), "2025" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t number;

		if (period_parse(cases[i].period, cases[i].text, &number))
			fail_msg("%s was read", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_day),
		cmocka_unit_test(other_text_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Periods as text, as numbers and as days: the three must agree. And which names in rules may have one. */
#include "calculator/period.h"
#include "calculator/period_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Every name with a period is found, wherever it stands; what is none makes no difference. */
static void names_are_found(void **state)
{
	static const char *const names[] = { "e.a_y2", "e.a_p12", "e.a_2026", "e.a_2026q1",
		"e.a_quarter", "e.a_year", "e.a_year_y3", "e.a_quarter_y2", "e.a_b_y2" };
	static const char *const others[] = { "e.a", "e.a_b", "e.age_years", "e.tax_paid",
		"e.a_yield", "e.a_quota", "p.a_y2" };
	static const char blanks[] = "                                        ";
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (size_t at = 0; at < 3 * (sizeof(blanks) - 1); at++) {
			size_t before = at % 40, behind = at / 40 * 17;
			const char *other = others[at % (sizeof(others) / sizeof(*others))];
			struct period_names found = { 0 };

			(void)snprintf(text, sizeof(text), "%.*s%s %s %s%.*s%s", (int)before,
					blanks, at % 2 ? other : "", names[i],
					at % 3 ? other : "", (int)behind, blanks,
					at % 5 ? "" : other);
			period_names_scan(&found, LIST_ENTERPRISE, text);
			assert_int_equal(found.count, 1);
			assert_true(slice_equals_text(found.list[0].whole, names[i]));
			period_names_fini(&found);
		}
	}
}

/* Alone, at the very end of what can be read. */
static void names_at_an_end_are_found(void **state)
{
	static const char *const names[] = { "e.a_y2", "e.a_2026q1", "e.a_quarter",
		"e.a_year" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (size_t before = 0; before < 40; before++) {
			size_t size = before + strlen(names[i]);
			struct period_names found = { 0 };
			char *text = malloc(size + 1);

			assert_non_null(text);
			memset(text, ' ', before);
			memcpy(text + before, names[i], strlen(names[i]) + 1);
			period_names_scan(&found, LIST_ENTERPRISE, text);
			assert_int_equal(found.count, 1);
			period_names_fini(&found);
			free(text);
		}
	}
}

static void others_are_none(void **state)
{
	static const char *const others[] = { "", "_", "e", "e._",
		"e.a >= 1 && e.b_c_d_e_f == 2", "e.age_years > 2 && e.tax_paid < 3",
		"p.a_y2 >= 1 && 'in quotes' == '_quarterly'",
		"e.a_yearly && e.b_pq && e.quite_long_name_yes" };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct period_names found = { 0 };

		period_names_scan(&found, LIST_ENTERPRISE, others[i]);
		assert_int_equal(found.count, 0);
		period_names_fini(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_day),
		cmocka_unit_test(other_text_is_none),
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(names_at_an_end_are_found),
		cmocka_unit_test(others_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec/codec.h"
#include "proto/codec/unit.h"
#include "proto/codec/value_text.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef bool (*parse_fn)(struct slice text, long long *out_value, struct error *err);
typedef size_t (*print_fn)(long long value, char out[64]);

struct parse_case {
	const char *text;
	long long value;
	const char *error; /* part of the message; NULL: accepted */
};

static const struct parse_case money[] = {
	{ "200万元", 200000000, NULL },
	{ "380万", 380000000, NULL },
	{ "1.5亿元", 15000000000, NULL },
	{ "1.5亿", 15000000000, NULL },
	{ "3000元", 300000, NULL },
	{ "12.34元", 1234, NULL },
	{ "12.340元", 1234, NULL },
	{ "0元", 0, NULL },
	{ "-0元", 0, NULL },
	{ "-0.01元", -1, NULL },
	{ " 200 万元 ", 200000000, NULL },
	{ "0.000001万元", 1, NULL },
	{ "92233720368547758.07元", LLONG_MAX, NULL },
	{ "-92233720368547758.08元", LLONG_MIN, NULL },
	{ "92233720368547758.08元", 0, "too large" },
	{ "-92233720368547758.09元", 0, "too large" },
	{ "99999999999999999999元", 0, "too large" },
	{ "9999999999亿元", 0, "too large" },
	{ "12.345元", 0, "finer than a fen" },
	{ "0.0000001万元", 0, "finer than a fen" },
	{ "200", 0, "the unit is missing" },
	{ "", 0, "expected an amount" },
	{ "万元", 0, "expected an amount" },
	{ "-", 0, "expected an amount" },
	{ "--5元", 0, "expected an amount" },
	{ "+5元", 0, "expected an amount" },
	{ ".5元", 0, "expected an amount" },
	{ "5.元", 0, "expected an amount" },
	{ "3,000元", 0, "without thousand separators" },
	{ "3，000元", 0, "half-width" },
	{ "２００万元", 0, "half-width" },
	{ "200万美元", 0, "unknown unit" },
	{ "200%", 0, "unknown unit" },
	{ "1亿2000万元", 0, "unknown unit" },
	{ "1e3元", 0, "unknown unit" },
};

static const struct parse_case ratio[] = {
	{ "4%", 40000, NULL },
	{ "4.5%", 45000, NULL },
	{ "5‰", 5000, NULL },
	{ "30000ppm", 30000, NULL },
	{ "0.0001%", 1, NULL },
	{ "-1%", -10000, NULL },
	{ "0.00001%", 0, "finer than one part per million" },
	{ "4", 0, "the unit is missing" },
	{ "4％", 0, "half-width" },
	{ "4元", 0, "unknown unit" },
};

static const struct parse_case months[] = {
	{ "18个月", 18, NULL },
	{ "3年", 36, NULL },
	{ "1.5年", 0, "finer than a month" },
	{ "18", 0, "the unit is missing" },
	{ "60天", 0, "unknown unit" },
	{ "9223372036854775807年", 0, "too large" },
};

static const struct parse_case days[] = {
	{ "60天", 60, NULL },
	{ "60日", 60, NULL },
	{ "15个工作日", 15, NULL },
	{ "60", 0, "the unit is missing" },
};

static const struct parse_case years[] = { { "3年", 3, NULL }, { "3个月", 0, "unknown unit" } };

static void check_parse(parse_fn parse, const struct parse_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct error err = { 0 };
		long long value = 0;
		bool ok = parse(slice_from(cases[i].text), &value, &err);

		if (ok != !cases[i].error ||
				(cases[i].error && !strstr(err.message, cases[i].error)) ||
				value != cases[i].value)
			fail_msg("'%s': %s %lld '%s'", cases[i].text,
					ok ? "accepted" : "refused", value, err.message);
	}
}

#define CHECK(parse, cases) check_parse(parse, cases, sizeof(cases) / sizeof((cases)[0]))

static void test_parse(void **state)
{
	(void)state;
	CHECK(unit_parse_money, money);
	CHECK(unit_parse_ratio, ratio);
	CHECK(unit_parse_months, months);
	CHECK(unit_parse_days, days);
	CHECK(unit_parse_years, years);
}

static void test_print(void **state)
{
	static const struct {
		long long fen;
		const char *text;
	} cases[] = {
		{ 0, "0元" },
		{ 1, "0.01元" },
		{ -1, "-0.01元" },
		{ 50, "0.5元" },
		{ 300000, "3000元" },
		{ 1000000, "1万元" },
		{ 1500000, "1.5万元" },
		{ 200000000, "200万元" },
		{ 380000000, "380万元" },
		{ 3800000000, "3800万元" },
		{ 10000000000, "1亿元" },
		{ 15000000000, "1.5亿元" },
		{ 1234567800, "1234.5678万元" },
		{ 37328000, "37.328万元" },
		{ 999900, "9999元" },
		{ 1000100, "1.0001万元" },
		{ 37328001, "373280.01元" }, /* not whole yuan */
		{ 35559552000, "35559.552万元" },
		{ 35559600000, "35559.6万元" },
		{ 3404700000000, "340.47亿元" },
		{ 340471000000, "340471万元" },
		{ 1234500000, "1234.5万元" },
		{ -200000000, "-200万元" },
		{ LLONG_MIN, "-92233720368547758.08元" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unit_print_money(cases[i].fen, text);
		assert_string_equal(text, cases[i].text);
	}
	unit_print_ratio(400000, text);
	assert_string_equal(text, "40%");
	unit_print_ratio(45000, text);
	assert_string_equal(text, "4.5%");
	unit_print_ratio(-1, text);
	assert_string_equal(text, "-0.0001%");
	unit_print_months(36, text);
	assert_string_equal(text, "3年");
	unit_print_months(0, text);
	assert_string_equal(text, "0个月");
}

/* What is printed reads back as the same number, over the whole range. */
static void test_round_trip(void **state)
{
	static const struct {
		parse_fn parse;
		print_fn print;
	} pairs[] = {
		{ unit_parse_money, unit_print_money },
		{ unit_parse_ratio, unit_print_ratio },
		{ unit_parse_days, unit_print_days },
		{ unit_parse_months, unit_print_months },
		{ unit_parse_years, unit_print_years },
	};
	uint64_t seed = 20250131;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		long long value;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		value = (long long)seed >> (seed >> 58);
		if (i % 3 == 0)
			value = value / 1000000 * 1000000;
		for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++) {
			struct error err = { 0 };
			long long again = 0;
			char text[64];
			size_t size = pairs[k].print(value, text);

			assert_int_equal(size, strlen(text));
			if (!pairs[k].parse(slice_from(text), &again, &err) || again != value)
				fail_msg("%lld printed %s, read %lld: %s", value, text, again,
						err.message);
		}
	}
}

static void test_suggest(void **state)
{
	static const char *const names[] = { "rd_expense", "revenue", "staff", "灵宝市",
		"义马市", "ELIGIBLE" };
	static const struct {
		const char *written;
		const char *near_name;
	} cases[] = {
		{ "rd_expens", "rd_expense" },
		{ "rd_exepnse", "rd_expense" },
		{ "rd-expense", "rd_expense" },
		{ "rd_exp", "rd_expense" },
		{ "revnue", "revenue" },
		{ "stuff", "staff" },
		{ "eligible", "ELIGIBLE" },
		{ "灵宝", "灵宝市" },
		{ "灵室市", "灵宝市" },
		{ "profit_margin", NULL },
		{ "上海", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "\xff\xff", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *near_name = name_suggest(slice_from(cases[i].written), names, 6);

		if ((near_name == NULL) != (cases[i].near_name == NULL) ||
				(near_name && strcmp(near_name, cases[i].near_name) != 0))
			fail_msg("'%s' suggests %s", cases[i].written,
					near_name ? near_name : "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_suggest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

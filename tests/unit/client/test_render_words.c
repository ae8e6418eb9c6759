/* SPDX-License-Identifier: Apache-2.0 */
/* Money in words, sums of many, and cells of CSV. */
#include "client/render/find.h"
#include "client/render/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* English has English amounts, grouped; negative ones and fen too. */
static void test_money(void **state)
{
	static const struct {
		int64_t fen;
		const char *zh, *en;
	} cases[] = {
		{ 0, "0元", "0 yuan" },
		{ 60000000, "60万元", "600,000 yuan" },
		{ 123456789, "1234567.89元", "1,234,567.89 yuan" },
		{ -5, "-0.05元", "-0.05 yuan" },
		{ -100000000, "-100万元", "-1,000,000 yuan" },
		{ INT64_MIN, NULL, "-92,233,720,368,547,758.08 yuan" },
	};
	const struct render_style zh = { 0 };
	const struct render_style en = { .english = true };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[WORD_MONEY_SIZE];

		word_money(&en, cases[i].fen, text);
		assert_string_equal(text, cases[i].en);
		if (!cases[i].zh)
			continue;
		word_money(&zh, cases[i].fen, text);
		assert_string_equal(text, cases[i].zh);
	}
}

/* Sums of many are rounded, unless they are short as they are. */
static void test_sum(void **state)
{
	static const struct {
		int64_t fen;
		const char *zh, *en;
	} cases[] = {
		{ 0, "0元", "0 yuan" },
		{ 999999, "9999.99元", "9,999.99 yuan" },
		{ 60000000, "60万元", "600,000 yuan" },
		{ 123456789, "123.46万元", "1.23 million yuan" },
		{ -123455000, "-123.46万元", "-1.23 million yuan" },
		{ 10000000000, "1亿元", "100,000,000 yuan" },
		{ 134399745500, "13.44亿元", "1.34 billion yuan" },
	};
	const struct render_style zh = { 0 };
	const struct render_style en = { .english = true };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[WORD_MONEY_SIZE];

		word_sum(&zh, cases[i].fen, text);
		assert_string_equal(text, cases[i].zh);
		word_sum(&en, cases[i].fen, text);
		assert_string_equal(text, cases[i].en);
	}
}

/* What others wrote is no formula, whichever command prints it; figures stay figures. */
static void test_csv(void **state)
{
	Policycalc__V1__AmountAnswer amount = POLICYCALC__V1__AMOUNT_ANSWER__INIT;
	Policycalc__V1__PolicyAnswer answer = POLICYCALC__V1__POLICY_ANSWER__INIT;
	Policycalc__V1__FoundEnterprise found = POLICYCALC__V1__FOUND_ENTERPRISE__INIT;
	Policycalc__V1__Text label;
	const struct render_style zh = { 0 };
	struct buffer out = { 0 };

	(void)state;
	policycalc__v1__text__init(&label);
	label.zh = (char *)"=HYPERLINK(\"x\")";
	amount.exactness = POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_UP_TO;
	amount.most_fen = 14436050;
	answer.amount = &amount;
	found.uscc = (char *)"91";
	found.industry = (char *)"@SUM(1)";
	found.region_label = &label;
	found.answer = &answer;
	find_print_csv(&zh, &found, &out);
	assert_string_equal(out.data,
			"\"91\",\"\",\"'=HYPERLINK(\"\"x\"\")\",\"'@SUM(1)\",\"未计算\",,"
			"144360.50,\"\",\"\"\r\n");
	buffer_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_money),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_csv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

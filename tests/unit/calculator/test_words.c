/* SPDX-License-Identifier: Apache-2.0 */
/* Figures in words, and the spaces between figures and words. */
#include "calculator/words.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A space behind each figure that a Chinese word follows, wherever the block ends. */
static void spaces_behind_figures(void **state)
{
	static const struct {
		const char *text;
		const char *spaced;
	} cases[] = {
		{ "", "" },
		{ "7", "7" },
		{ "无", "无" },
		{ "60万元", "60 万元" },
		{ "4.5%", "4.5%" },
		{ "2个百分点", "2 个百分点" },
		{ "2025-03-01，满3年", "2025-03-01 ，满3 年" },
		{ "1月、2月、12月", "1 月、2 月、12 月" },
		{ "A01 农业", "A01 农业" },
		{ "3 d 4年", "3 d 4 年" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t left = 0; left <= 48; left += 16) {
			struct arena arena;
			struct text text;

			arena_init(&arena, 64 << 10);
			assert_non_null(arena_alloc(&arena, 16));
			assert_non_null(arena_alloc(
					&arena, (size_t)(arena.end - arena.next) - left));
			text = text_begin(&arena);
			text_put_text(&text, "3年"); /* is before what is asked for */
			text_put_text(&text, cases[i].text);
			words_put_spaces(&text, strlen("3年"));
			assert_string_equal(text_end(&text) + strlen("3年"), cases[i].spaced);
			assert_string_equal(
					words_space(cases[i].text, &arena), cases[i].spaced);
			arena_fini(&arena);
		}
	}
}

static void money_in_words(void **state)
{
	static const struct {
		int64_t fen;
		const char *zh, *en;
	} cases[] = {
		{ 0, "0 元", "0 yuan" },
		{ 1, "0.01 元", "0.01 yuan" },
		{ -5, "-0.05 元", "-0.05 yuan" },
		{ -105, "-1.05 元", "-1.05 yuan" },
		{ 99900, "999 元", "999 yuan" },
		{ 100000, "1000 元", "1,000 yuan" },
		{ 60000000, "60 万元", "600,000 yuan" },
		{ -123456789012, "-1234567890.12 元", "-1,234,567,890.12 yuan" },
		{ INT64_MIN, "-92233720368547758.08 元", "-92,233,720,368,547,758.08 yuan" },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 64 << 10);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_string_equal(words_money(cases[i].fen, WORDS_ZH, &arena), cases[i].zh);
		assert_string_equal(words_money(cases[i].fen, WORDS_EN, &arena), cases[i].en);
	}
	arena_fini(&arena);
}

/* "1 person", "20 people", and figures that are no attribute's. */
static void counts_in_words(void **state)
{
	static Policycalc__V1__Text people = {
		PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor), (char *)"人",
		(char *)"people"
	};
	const Policycalc__V1__Attribute staff = {
		.type = POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT, .unit = &people
	};
	static const struct {
		int64_t count;
		const char *zh, *en;
	} cases[] = {
		{ 0, "0人", "0 people" },
		{ 1, "1人", "1 person" },
		{ -1, "-1人", "-1 person" },
		{ -999, "-999人", "-999 people" },
		{ 1234567, "1234567人", "1,234,567 people" },
		{ INT64_MIN, "-9223372036854775808人", "-9,223,372,036,854,775,808 people" },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 64 << 10);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct value value = { .kind = VALUE_INT, .integer = cases[i].count };

		assert_string_equal(words_value(NULL, &value, &staff, WORDS_ZH, &arena),
				cases[i].zh);
		assert_string_equal(words_value(NULL, &value, &staff, WORDS_EN, &arena),
				cases[i].en);
	}
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spaces_behind_figures),
		cmocka_unit_test(money_in_words),
		cmocka_unit_test(counts_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/message_words.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* @pattern with its holes filled: "name1" for the first; in Chinese {1} says which, in English they go in order. */
static void fill(const char *pattern, char out[1024], unsigned *out_holes)
{
	size_t used = 0;

	*out_holes = 0;
	for (const char *at = pattern; *at; at++) {
		bool in_order = at[0] == '{' && at[1] == '}';
		bool by_number = at[0] == '{' && at[1] >= '1' && at[1] <= '9' && at[2] == '}';

		if (in_order || by_number) {
			unsigned hole = in_order ? *out_holes + 1 : (unsigned)(at[1] - '0');

			used += (size_t)snprintf(out + used, 1024 - used, "name%u", hole);
			*out_holes = hole > *out_holes ? hole : *out_holes;
			at += in_order ? 1 : 2;
		} else {
			out[used++] = *at;
		}
		assert_true(used < 1000);
	}
	out[used] = '\0';
}

/* No pattern is taken for another, and none has a hole in Chinese that it has not in English. */
static void patterns_are_apart(void **state)
{
	size_t count;
	const struct message_pattern *patterns = message_patterns(&count);
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 20);
	for (size_t i = 0; i < count; i++) {
		char message[1024], expected[1024];
		unsigned holes, used;

		fill(patterns[i].english, message, &holes);
		fill(patterns[i].chinese, expected, &used);
		/* A place says nothing without a message that has words. */
		if (strcmp(patterns[i].english + strlen(patterns[i].english) - 4, ": {}") ==
						0 &&
				strlen(patterns[i].english) <= strlen("\"{}\": {}")) {
			strcpy(strstr(message, "name2"), "a list");
			strcpy(strstr(expected, "name2"), "列表");
		}
		assert_true(holes <= MESSAGE_HOLES_MOST);
		if (used > holes)
			fail_msg("no such hole: %s", patterns[i].chinese);
		assert_string_equal(message_words_zh(message, &arena), expected);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(patterns[i].english, patterns[j].english);
	}
	arena_fini(&arena);
}

static void what_is_said(void **state)
{
	static const struct {
		const char *en, *zh;
	} cases[] = {
		{ "there is no name \"e.staf\"; did you mean \"e.staff\"?",
				"没有名称“e.staf”，是不是“e.staff”？" },
		{ "compares money (int, in fen) with bare number (int); write yuan(n), wan(n) "
		  "or "
		  "yi(n)",
				"拿 金额（整数，分） 与 无单位的数（整数） 比较；请写 "
				"yuan(n)、wan(n) 或 "
				"yi(n)" },
		{ "amount_fen: the unit is missing; expected an amount with its unit, such as "
		  "200万元, 1.5亿元 or 3000元",
				"amount_fen：缺少单位；应为带单位的金额，如 "
				"200万元、1.5亿元、3000元" },
		{ "label is missing", "缺少 label" },
		{ "row \"score table\" comes twice", "“score table”行写了两次" },
		{ "from \"2026-02-30\" is not a date of the calendar, expected YYYY-MM-DD",
				"from“2026-02-30”不是日历上的日期，应为 YYYY-MM-DD" },
		{ "no enterprise can ever meet \"staff\" from 2026-01-01 on: it fails for "
		  "every "
		  "value of e.staff (职工人数)",
				"没有企业能满足“staff”（2026-01-01 起）：无论 "
				"职工人数（e.staff）"
				"取什么值都不成立" },
		{ "profile.attributes[0].value: may not be less than 0",
				"profile.attributes[0].value：不能小于 0" },
		{ "expected a value, found the end of the rule", "应为一个值，规则却到此结束" },
		{ "there is no int + string", "没有 int + string 这种运算" },
		/* A colon that is quoted ends no place. */
		{ "policies[0]: there is no moon \"the value: a list\"",
				"policies[0]: there is no moon \"the value: a list\"" },
		{ "the name \"x: y is missing\" is taken",
				"the name \"x: y is missing\" is taken" },
		{ "row \"a: b\": points are missing", "row \"a: b\"：缺少 points（分数）" },
		/* What has no words, or is no message of ours. */
		{ "policies[0]: there is no moon or sun \"x\"",
				"policies[0]: there is no moon or sun \"x\"" },
		/* Nor is a half of it said in Chinese. */
		{ "the light of the moon is missing", "the light of the moon is missing" },
		{ "the moon: label is missing", "the moon: label is missing" },
		{ "a.yaml: the moon: label is missing", "a.yaml: the moon: label is missing" },
		{ "a.yaml: label is missing", "a.yaml：缺少 label" },
		{ "a.yaml:3:14: label is missing", "a.yaml:3:14：缺少 label" },
		{ "a.yaml:3:14: unexpected token near end of file",
				"a.yaml:3:14: unexpected token near end of file" },
		{ "not valid YAML: the moon is full", "not valid YAML: the moon is full" },
		{ "not valid YAML: did not find expected key (while parsing a block mapping "
		  "that "
		  "begins on line 2)",
				"不是合法的 YAML：缺少键（一组“名称: 值”，从第 2 行开始）" },
		{ "not valid YAML: the moon is full (while parsing a block mapping that begins "
		  "on "
		  "line 2)",
				"not valid YAML: the moon is full (while parsing a block "
				"mapping that begins on line 2)" },
		{ "the moon is missing it", "the moon is missing it" },
		{ "缺少 label", "缺少 label" },
		{ "{1}", "{1}" },
		{ "", "" },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(message_words_zh(cases[i].en, &arena), cases[i].zh);
	arena_fini(&arena);
}

/* A message with braces and quotes of an attacker's making, and a long one. */
static void anything(void **state)
{
	static char message[8192];
	struct arena arena;

	(void)state;
	arena_init(&arena, (size_t)1 << 20);
	memset(message, '"', sizeof(message) - 1);
	assert_non_null(message_words_zh(message, &arena));
	assert_string_equal(message_words_zh("\"{1}{2}\": {9} is missing", &arena),
			"“{1}{2}”：缺少 {9}");
	arena_fini(&arena);
}

/* What fits no pattern but after millions of tries, for each of which it took a third of a second. */
static void made_to_take_long(void **state)
{
	static char message[2000];
	struct arena arena;
	size_t used;

	(void)state;
	used = (size_t)snprintf(message, sizeof(message), "the example expects ");
	for (int i = 0; i < 28; i++)
		used += (size_t)snprintf(message + used, sizeof(message) - used,
				" and the policy gives ");
	for (int i = 0; i < 58; i++)
		used += (size_t)snprintf(message + used, sizeof(message) - used, " (not met: ");
	for (int i = 0; i < 60; i++)
		used += (size_t)snprintf(message + used, sizeof(message) - used, "; missing: ");
	(void)snprintf(message + used, sizeof(message) - used, ")");
	arena_init(&arena, (size_t)1 << 20);
	for (int i = 0; i < 200; i++)
		assert_non_null(message_words_zh(message, &arena));
	arena_fini(&arena);
}

static void memory_is_short(void **state)
{
	static const char message[] = "label is missing";

	(void)state;
	for (unsigned long nth = 1; nth <= 2; nth++) {
		struct arena arena;

		arena_init(&arena, (size_t)1 << 20);
		(void)memory_fail_nth(nth, 1);
		assert_ptr_equal(message_words_zh(message, &arena), message);
		(void)memory_fail_nth(0, 0);
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_apart),
		cmocka_unit_test(what_is_said),
		cmocka_unit_test(anything),
		cmocka_unit_test(made_to_take_long),
		cmocka_unit_test(memory_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "proto/codec/codec.h"
#include "proto/codec/value_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word

/* The dictionary of these tests, as an editor writes it. */
static const char dictionary[] =
		"attributes:\n"
		"  - {name: revenue, type: MONEY, minimum: 0}\n"
		"  - {name: margin, type: RATIO, minimum: -1000000, maximum: 1000000}\n"
		"  - {name: staff, type: COUNT, minimum: 0, maximum: 10000000,\n"
		"     unit: {zh: 人, en: people}}\n"
		"  - {name: dishonest, type: FLAG}\n"
		"  - name: region\n"
		"    type: CODE\n"
		"    choices:\n"
		"      - {code: '411282', label: {zh: 灵宝市, en: Lingbao}, aliases: [灵宝]}\n"
		"      - {code: '411281', label: {zh: 义马市, en: Yima}, aliases: [义马, "
		"本地]}\n"
		"      - {code: '411203', label: {zh: 陕州区, en: Shanzhou}, aliases: [陕县, "
		"本地]}\n"
		"  - {name: free, type: CODE}\n"
		"  - name: industry\n"
		"    type: CODE\n"
		"    choice_table: industries\n"
		"    choices:\n"
		"      - {code: A, label: {zh: 农、林、牧、渔业}}\n"
		"      - {code: C31, label: {zh: 黑色金属冶炼}}\n"
		"  - name: tags\n"
		"    type: CODES\n"
		"    choices: [{code: a, label: {zh: 甲}}, {code: b, label: {zh: 乙}}]\n"
		"  - {name: founded, type: DATE}\n"
		"  - {name: name, type: TEXT}\n"
		"  - {name: rd_series, type: MONEY_SERIES, minimum: 0}\n"
		"  - {name: staff_series, type: COUNT_SERIES, unit: {zh: 人}}\n"
		"  - name: titles\n"
		"    type: TITLES\n"
		"    choices: [{code: srdi, label: {zh: 专精特新}}, {code: gx, label: {zh: "
		"高企}}]\n"
		"  - {name: untyped}\n";

struct fixture {
	struct arena arena;
	Policycalc__V1__CatalogFile *file;
};

static int setup(void **state)
{
	static struct fixture fixture;
	struct diagnostics diagnostics;

	arena_init(&fixture.arena, 64 << 20);
	diagnostics_init(&diagnostics, &fixture.arena);
	fixture.file = (Policycalc__V1__CatalogFile *)message_parse_yaml(slice_from(dictionary),
			&policycalc__v1__catalog_file__descriptor, "dictionary.yaml",
			&fixture.arena, &diagnostics, NULL);
	*state = &fixture;
	return fixture.file ? 0 : -1;
}

static int teardown(void **state)
{
	arena_fini(&((struct fixture *)*state)->arena);
	return 0;
}

static const Policycalc__V1__Attribute *attribute_find(
		struct fixture *fixture, const char *name)
{
	for (size_t i = 0; i < fixture->file->n_attributes; i++) {
		if (strcmp(fixture->file->attributes[i]->name, name) == 0)
			return fixture->file->attributes[i];
	}
	fail_msg("no attribute %s", name);
	return NULL;
}

/* What is read is shown as JSON, and printed again in Chinese. */
static const struct {
	const char *attribute;
	const char *text;
	const char *json;
	const char *printed;
} good[] = {
	{ "revenue", "3800万元", "{\"moneyFen\":3800000000}", "3800万元" },
	{ "revenue", " 0.38亿 ", "{\"moneyFen\":3800000000}", "3800万元" },
	{ "revenue", "0元", "{\"moneyFen\":0}", "0元" },
	{ "margin", "4.5%", "{\"ratioPpm\":45000}", "4.5%" },
	{ "margin", "-4%", "{\"ratioPpm\":-40000}", "-4%" },
	{ "staff", "120", "{\"count\":120}", "120人" },
	{ "staff", "120人", "{\"count\":120}", "120人" },
	{ "staff", "120 people", "{\"count\":120}", "120人" },
	{ "staff", "0", "{\"count\":0}", "0人" },
	{ "staff", "1.25万人", "{\"count\":12500}", "12500人" },
	{ "staff", "3万 people", "{\"count\":30000}", "30000人" },
	{ "staff", "0.01亿", "{\"count\":1000000}", "1000000人" },
	{ "dishonest", "否", "{\"flag\":false}", "否" },
	{ "dishonest", "true", "{\"flag\":true}", "是" },
	{ "region", "灵宝市", "{\"code\":\"411282\"}", "灵宝市" },
	{ "region", "Lingbao", "{\"code\":\"411282\"}", "灵宝市" },
	{ "region", "411282", "{\"code\":\"411282\"}", "灵宝市" },
	{ "region", "陕县", "{\"code\":\"411203\"}", "陕州区" },
	{ "free", "whatever", "{\"code\":\"whatever\"}", "whatever" },
	{ "industry", "农、林、牧、渔业", "{\"code\":\"A\"}", "农、林、牧、渔业" },
	{ "industry", "C3130", "{\"code\":\"C3130\"}", "C3130" },
	{ "tags", "a,b", "{\"codes\":{\"codes\":[\"a\",\"b\"]}}", "甲,乙" },
	{ "tags", "乙，甲", "{\"codes\":{\"codes\":[\"b\",\"a\"]}}", "乙,甲" },
	{ "tags", "无", "{\"codes\":{}}", "无" },
	{ "founded", "2024-02-29", "{\"date\":\"2024-02-29\"}", "2024-02-29" },
	/* a part of a name that no other has */
	{ "region", "陕州", "{\"code\":\"411203\"}", "陕州区" },
	{ "titles", "专精:2027-12-31",
			"{\"titles\":{\"titles\":[{\"code\":\"srdi\",\"validUntil\":\"2027-12-"
			"31\"}]}}",
			"专精特新:2027-12-31" },
	{ "name", "灵宝示例机械", "{\"text\":\"灵宝示例机械\"}", "灵宝示例机械" },
	{ "rd_series", "2024:380万元,2025:400万元",
			"{\"moneySeries\":{\"points\":[{\"period\":\"2024\",\"value\":"
			"380000000},"
			"{\"period\":\"2025\",\"value\":400000000}]}}",
			"2024:380万元,2025:400万元" },
	{ "staff_series", "2024Q4：5人，2025Q1：6",
			"{\"countSeries\":{\"points\":[{\"period\":\"2024Q4\",\"value\":5},"
			"{\"period\":\"2025Q1\",\"value\":6}]}}",
			"2024Q4:5人,2025Q1:6人" },
	{ "titles", "srdi:2027-12-31",
			"{\"titles\":{\"titles\":[{\"code\":\"srdi\",\"validUntil\":\"2027-12-"
			"31\"}]}}",
			"专精特新:2027-12-31" },
};

static void test_good(void **state)
{
	struct fixture *fixture = *state;
	const struct json_options options = { .int64_number = true };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const Policycalc__V1__Attribute *attribute =
				attribute_find(fixture, good[i].attribute);
		struct error err = { 0 };
		struct buffer json = { 0 };
		struct buffer again = { 0 };
		Policycalc__V1__Value *value = value_parse_text(
				slice_from(good[i].text), attribute, &fixture->arena, &err);
		char *printed;

		if (!value)
			fail_msg("%s=%s: %s", good[i].attribute, good[i].text, err.message);
		assert_true(value_fits_type(value, attribute->type));
		assert_true(message_print_json(&value->base, &options, &json));
		assert_string_equal(json.data, good[i].json);
		printed = value_print_text(value, attribute, "zh", &fixture->arena);
		assert_string_equal(printed, good[i].printed);
		value = value_parse_text(slice_from(printed), attribute, &fixture->arena, &err);
		assert_non_null(value);
		assert_true(message_print_json(&value->base, &options, &again));
		assert_string_equal(again.data, good[i].json);
		buffer_fini(&again);
		buffer_fini(&json);
	}
}

static const struct {
	const char *attribute;
	const char *text;
	const char *error; /* part of it */
} bad[] = {
	{ "revenue", "", "missing" },
	{ "revenue", "3800", "the unit is missing" },
	{ "revenue", "3800人", "unknown unit" },
	{ "revenue", "-1元", "must be at least 0元" },
	{ "margin", "200%", "must be at most 100%" },
	{ "staff", "-1", "must be at least 0人" },
	{ "staff", "12.5", "whole number" },
	{ "staff", "1,200", "without separators" },
	{ "staff", "十", "whole number such as 120人" },
	{ "staff", "1.23456万", "finer than one" },
	{ "staff", "十万", "a whole number such as 125000 or 12.5万" },
	{ "staff", "-1万", "must be at least 0人" },
	{ "staff", "99999999999999亿", "too large" },
	{ "staff", "120万元", "unknown unit \"万元\"" },
	{ "staff", "99999999999999999999", "too large" },
	{ "staff", "10000001", "must be at most 10000000人" },
	{ "dishonest", "maybe", "expected 是, 否, true or false" },
	{ "dishonest", "True", "expected 是, 否, true or false" },
	{ "region", "灵室市", "did you mean 灵宝市?" },
	{ "region", "411283", "did you mean 41128" },
	{ "region", "上海", "no such choice" },
	{ "region", "本地", "may be 411281 or 411203" },
	{ "region", "宝", "no such choice" }, /* one character is no part */
	{ "industry", "C9", "no such choice" },
	{ "industry", "Z3130", "no such choice" },
	{ "tags", "a,a", "a is given twice" },
	{ "tags", "a,甲", "a is given twice" },
	{ "tags", "a,", "a code is missing" },
	{ "tags", "c,a", "no such choice" },
	{ "founded", "2025-02-30", "a day that exists" },
	{ "founded", "2025-13-01", "a day that exists" },
	{ "founded", "20250131", "a day that exists" },
	{ "name", "a\xff", "UTF-8" },
	{ "rd_series", "2024:380万元,2026:400万元", "without gaps" },
	{ "rd_series", "2025:1元,2024:1元", "oldest first" },
	{ "rd_series", "2024:1元,2025Q1:1元", "oldest first" },
	{ "rd_series", "380万元", "expected pairs" },
	{ "rd_series", "2024Q5:1元", "expected a period" },
	{ "rd_series", "2024-13:1元", "expected a period" },
	{ "rd_series", "2024:-1元", "must be at least 0元" },
	{ "rd_series", "2024:380", "the unit is missing" },
	{ "titles", "srdi", "expected pairs" },
	{ "titles", "srdi:2027-02-30", "a day that exists" },
	{ "titles", "srdj:2027-12-31", "did you mean srdi?" },
	{ "titles", "srdi:2027-12-31,专精特新:2028-12-31", "srdi is given twice" },
	{ "untyped", "1", "the dictionary does not say" },
};

static void test_bad(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		if (value_parse_text(slice_from(bad[i].text),
				    attribute_find(fixture, bad[i].attribute), &fixture->arena,
				    &err))
			fail_msg("%s=%s is accepted", bad[i].attribute, bad[i].text);
		if (!strstr(err.message, bad[i].error))
			fail_msg("%s=%s: %s", bad[i].attribute, bad[i].text, err.message);
	}
}

static void test_print_english(void **state)
{
	struct fixture *fixture = *state;
	static const char *const cases[][3] = {
		{ "staff", "120", "120 people" },
		{ "dishonest", "是", "yes" },
		{ "region", "411282", "Lingbao" },
		{ "tags", "a", "甲" },
		{ "tags", "无", "none" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const Policycalc__V1__Attribute *attribute =
				attribute_find(fixture, cases[i][0]);
		Policycalc__V1__Value *value = value_parse_text(
				slice_from(cases[i][1]), attribute, &fixture->arena, NULL);

		assert_non_null(value);
		assert_string_equal(value_print_text(value, attribute, "en", &fixture->arena),
				cases[i][2]);
	}
}

static void test_fits_type(void **state)
{
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;

	(void)state;
	assert_false(value_fits_type(&value, TYPE(MONEY)));
	assert_false(value_fits_type(&value, TYPE(UNSPECIFIED)));
	assert_false(value_fits_type(NULL, TYPE(MONEY)));
	value.kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
	assert_true(value_fits_type(&value, TYPE(COUNT)));
	assert_false(value_fits_type(&value, TYPE(MONEY)));
	assert_false(value_fits_type(&value, TYPE(COUNT_SERIES)));
}

static void test_memory(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const Policycalc__V1__Attribute *attribute =
				attribute_find(fixture, good[i].attribute);
		bool done = false;

		for (size_t budget = 0; !done; budget += 16) {
			struct error err = { 0 };
			struct arena arena;

			assert_true(budget < 64 << 10);
			arena_init(&arena, budget);
			done = value_parse_text(
					slice_from(good[i].text), attribute, &arena, &err);
			if (!done)
				assert_int_equal(err.code, ERROR_LIMIT);
			arena_fini(&arena);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_print_english),
		cmocka_unit_test(test_fits_type),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

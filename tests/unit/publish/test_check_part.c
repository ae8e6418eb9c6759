/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy of which only a part can be read is looked at as far as it goes: what is wrong is said, and nothing ends. So
 * it is with one that stands on a single line.
 */
#include "publish_fixture.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <string.h>

#define PART "policies/part.yaml"

/* What cannot stand in a list, of every list that a policy has. */
static void test_holes(void **state)
{
	static const char *const lists[] = {
		"departments: [[a]]",
		"departments: [甲局, {a: b}, 乙局]",
		"departments:\n  - 甲局\n  -",
		"institutions: [[a]]",
		"sources: [a]",
		"windows: [2026-01-01]",
		"region: {covers: [[a], \"411200\"]}",
		"industry: {include: [{a: b}], exclude: [[C]]}",
		"conditions: [a]",
		"conditions:\n  -",
		"amount: {caps: [a], brackets: [[a]], tiers: [a], funding: [a]}",
		"exclusions: [a]",
		"exclusions: [{outside: [a]}]",
		"guide: {steps: [a, {after: [[a]]}], materials: [a]}",
		"examples: [a]",
		"examples: [{items: [a], complete_lists: [[a]]}, {expect: {not_met: [[a]]}}]",
		"unverified: [a]",
		"ambiguous: [[a]]",
		"missing_facts:\n  -",
		"repeals: [[a]]",
		"keywords: [[a]]",
		"score_tables: [a, b, c, d, e, f]",
		"score_tables: [{id: t, groups: [a]}]",
		"score_tables: [{id: t, groups: [{id: g, rows: [a]}], vetoes: [a]}]",
		"score_tables: [{id: t, rows: [{alternatives: [a, {steps: [a]}]}]}]",
		"loan: {limits: [[a]]}",
	};
	struct fixture *fixture = *state;
	struct error err;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		bool said = false;

		fixture_reset(fixture);
		fixture_add(fixture, PART,
				arena_format(&fixture->arena, "id: part\nseries: part\n%s\n",
						lists[i]));
		assert_null(fixture_check(fixture, false, &err));
		for (int line = 3; line <= 5; line++)
			said |= fixture_find(fixture, PART, line, "expected") != NULL ||
				fixture_find(fixture, PART, line, "has no value") != NULL;
		if (!said)
			fail_msg("%s: %s: %s", lists[i], err.message,
					fixture_findings(fixture));
	}
}

/* A long line is not quoted, and with each of many mistakes no memory goes for what stands before it. */
static void test_one_line(void **state)
{
	struct fixture *fixture = *state;
	struct buffer text = { 0 };
	struct error err;
	size_t placed = 0;

	buffer_append_text(&text, "id: part\nseries: part\nconditions: [");
	for (int i = 0; i < 600; i++)
		buffer_append_text(&text,
				arena_format(&fixture->arena,
						"{id: c%d, role: REQUIRE, label: {zh: "
						"很长很长很长很长的名称}, rule: e.staff >}, ",
						i));
	buffer_append(&text, "]\n", sizeof("]\n"));
	assert_false(text.failed);
	fixture_add(fixture, PART, arena_copy_text(&fixture->arena, text.data));
	buffer_fini(&text);
	assert_null(fixture_check(fixture, false, &err));
	if (err.code != ERROR_INVALID)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < fixture->diagnostics.count; i++) {
		const struct diagnostic *finding = &fixture->diagnostics.list[i];

		assert_true(strlen(finding->excerpt) <= 1000);
		placed += strcmp(finding->path, PART) == 0 && finding->line == 3 &&
			  finding->column > 10000;
	}
	assert_true(placed > 500);
}

/* A message that quotes more than there is room for is cut between two characters: stock clients refuse others. */
static void test_long_words(void **state)
{
	struct fixture *fixture = *state;
	struct buffer word = { 0 };
	struct error err;
	size_t cut = 0;

	for (int i = 0; i < 2000; i++)
		buffer_append_text(&word, "中");
	buffer_append(&word, "", 1);
	assert_false(word.failed);
	for (int shift = 0; shift < 3; shift++) {
		fixture_reset(fixture);
		fixture_add(fixture, PART,
				arena_format(&fixture->arena,
						"id: part\nseries: part\nkind: %.*s%s\n"
						"shared_cap: %.*s%s\n",
						shift, "xx", word.data, shift, "xx",
						word.data));
		assert_null(fixture_check(fixture, false, &err));
		for (size_t i = 0; i < fixture->diagnostics.count; i++) {
			const char *message = fixture->diagnostics.list[i].message;

			cut += strlen(message) > 1000;
			assert_true(utf8_is_valid(slice_from(message)));
		}
	}
	assert_int_equal(cut, 3);
	error_set(&err, ERROR_INVALID, "%s", word.data);
	assert_true(utf8_is_valid(slice_from(err.message)));
	error_prefix(&err, "x");
	assert_true(utf8_is_valid(slice_from(err.message)));
	buffer_fini(&word);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_holes),
		TEST(test_one_line),
		TEST(test_long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

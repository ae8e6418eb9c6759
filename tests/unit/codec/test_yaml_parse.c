/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "policycalc/v1/catalog.pb-c.h"
#include "proto/codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define POLICY (&policycalc__v1__policy__descriptor)

static const char good[] = "id: smx-loan-2022\n"
			   "title: {zh: 三门峡市“科技贷”, en: \"Science loan\"}\n"
			   "level: CITY\n"
			   "kind: KIND_LOAN\n"
			   "document_number: 0620\n"
			   "windowAlways: true\n"
			   "region:\n"
			   "  covers: [\"411200\", NO]\n"
			   "  by: REGISTERED\n"
			   "conditions:\n"
			   "  - id: staff\n"
			   "    rule: 'e.staff >= 10'\n"
			   "  - id: both\n"
			   "    rule: |\n"
			   "      e.a &&\n"
			   "      e.b\n"
			   "amount:\n"
			   "  rounding_unit_fen: 1万元\n"
			   "  term_months: 3年\n"
			   "  funding:\n"
			   "    - {level: CITY, share_ppm: 40%}\n"
			   "guide:\n"
			   "  steps:\n"
			   "    - {id: a, working_days: 5个工作日}\n"
			   "examples:\n"
			   "  - profile: {revenue: 3800万元, staff: 120}\n"
			   "    expect: {amount_fen: 0元}\n";

static void test_good(void **state)
{
	struct diagnostics diagnostics;
	struct arena arena;
	struct yaml_places *places = NULL;
	struct yaml_place place;
	Policycalc__V1__Policy *policy;

	(void)state;
	arena_init(&arena, 16 << 20);
	diagnostics_init(&diagnostics, &arena);
	policy = (Policycalc__V1__Policy *)message_parse_yaml(
			slice_from(good), POLICY, "p.yaml", &arena, &diagnostics, &places);
	if (!policy)
		fail_msg("line %d: %s", diagnostics.list[0].line, diagnostics.list[0].message);
	assert_string_equal(policy->id, "smx-loan-2022");
	assert_string_equal(policy->title->en, "Science loan");
	assert_int_equal(policy->level, POLICYCALC__V1__LEVEL__LEVEL_CITY);
	assert_int_equal(policy->kind, POLICYCALC__V1__KIND__KIND_LOAN);
	assert_string_equal(policy->document_number, "0620");
	assert_true(policy->window_always);
	assert_int_equal(policy->region->n_covers, 2);
	assert_string_equal(policy->region->covers[1], "NO");
	assert_int_equal(policy->n_conditions, 2);
	assert_string_equal(policy->conditions[1]->rule, "e.a &&\ne.b\n");
	assert_int_equal(policy->amount->rounding_unit_fen, 1000000);
	assert_int_equal(policy->amount->term_months, 36);
	assert_int_equal(policy->amount->funding[0]->share_ppm, 400000);
	assert_int_equal(policy->guide->steps[0]->working_days, 5);
	assert_int_equal(policy->examples[0]->n_profile, 2);
	assert_string_equal(policy->examples[0]->profile[0]->key, "revenue");
	assert_string_equal(policy->examples[0]->profile[0]->value, "3800万元");
	assert_int_equal(policy->examples[0]->expect->_amount_fen_case,
			POLICYCALC__V1__EXPECTATION___AMOUNT_FEN_AMOUNT_FEN);
	assert_int_equal(policy->examples[0]->expect->amount_fen, 0);

	/* The quoted rule stands as it is: its place is behind the quote, in characters. */
	assert_true(yaml_places_find(places, &policy->conditions[0]->base, "rule", 0, &place));
	assert_int_equal(place.line, 12);
	assert_int_equal(place.column, 12);
	assert_int_equal(place.key_column, 5);
	assert_true(place.plain_one_line);
	assert_true(yaml_places_find(places, &policy->conditions[1]->base, "rule", 0, &place));
	assert_int_equal(place.line, 14);
	assert_false(place.plain_one_line);
	assert_true(yaml_places_find(places, &policy->title->base, "en", 0, &place));
	assert_int_equal(place.line, 2);
	assert_int_equal(place.column, 29);
	assert_true(yaml_places_find(places, &policy->region->base, "covers", 1, &place));
	assert_int_equal(place.column, 22);
	assert_true(yaml_places_find(places, &policy->base, NULL, 0, &place));
	assert_int_equal(place.line, 1);
	assert_false(yaml_places_find(places, &policy->base, "series", 0, &place));
	assert_false(yaml_places_find(places, &policy->base, "no such field", 0, &place));
	assert_false(yaml_places_find(places, &policy->region->base, "covers", 2, &place));
	arena_fini(&arena);
}

struct mistake {
	const char *text;
	int line, column;
	const char *message; /* part of it */
};

static const struct mistake mistakes[] = {
	{ "", 1, 1, "the file is empty" },
	{ "# nothing\n", 1, 1, "the file is empty" },
	{ "- a\n", 1, 1, "expected the fields of a Policy" },
	{ "just text\n", 1, 1, "expected the fields of a Policy" },
	{ "id: a\nid: b\n", 2, 1, "id is given twice; first on line 1" },
	{ "document_number: a\ndocumentNumber: b\n", 2, 1, "is given twice" },
	{ "idd: a\n", 1, 1, "unknown key \"idd\"; did you mean id?" },
	{ "titel: {zh: a}\n", 1, 1, "did you mean title?" },
	{ "colour: red\n", 1, 1, "Policy has no such field" },
	{ "colour: {a: [1, 2]}\nid: a\n", 1, 1, "unknown key" },
	{ "level: CYTI\n", 1, 8, "no such Level \"CYTI\"; did you mean CITY?" },
	{ "level: 7\n", 1, 8, "expected one of NATIONAL, PROVINCE, CITY, COUNTY" },
	{ "window_always: yes\n", 1, 16, "expected true or false, not \"yes\"" },
	{ "id:\n", 1, 4, "id has no value" },
	{ "id: [a]\n", 1, 5, "id: expected a single value, not a list" },
	{ "title: 科技贷\n", 1, 8, "expected fields" },
	{ "title: [a]\n", 1, 8, "title: expected fields, not a list" },
	{ "departments: a\n", 1, 14, "departments: expected a list" },
	{ "amount: {rounding_unit_fen: 200}\n", 1, 29, "the unit is missing" },
	{ "amount: {rounding_unit_fen: 12.345元}\n", 1, 29, "finer than a fen" },
	{ "amount: {term_months: 60天}\n", 1, 23, "unknown unit" },
	{ "amount: {term_months: 2147483648个月}\n", 1, 23, "too large" },
	{ "exclusions: [{at_most: 两}]\n", 1, 24,
			"expected an integer such as 120, not \"两\"" },
	{ "id: &a x\n", 1, 5, "anchors are not allowed" },
	{ "id: &a x\nseries: *a\n", 2, 9, "aliases are not allowed" },
	{ "id: !!str x\n", 1, 5, "tags are not allowed" },
	{ "title:\n  <<: {zh: a}\n", 2, 3, "merge keys" },
	{ "? [a]\n: b\n", 1, 3, "a key must be a single word" },
	{ "id: a\n---\nid: b\n", 2, 1, "a second document" },
	{ "%YAML 1.1\n---\nid: b\n", 1, 1, "directives are not allowed" },
	{ "id: a\n\ttitle: b\n", 2, 1, "not valid YAML" },
	{ "id: \"a\n", 2, 1, "not valid YAML" },
	{ "title: {zh: a\nid: b\n", 2, 3, "not valid YAML" },
	{ "id: 三\nseries: 门\xff峡\n", 2, 10, "not valid UTF-8" },
	{ "id: a\x01\n", 1, 6, "not valid YAML: control characters" },
	{ "examples: [{profile: {a: b, a: c}}]\n", 1, 29, "this key is given twice" },
	{ "examples: [{profile: [a]}]\n", 1, 22, "profile: expected pairs" },
	{ "examples: [{profile: {a: {b: c}}}]\n", 1, 26, "value: expected a single value" },
	{ "title: {zh: 科技贷, xx: a}\n", 1, 18, "unknown key \"xx\"" },
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct mistake *m = &mistakes[i];
		struct diagnostics diagnostics;
		const struct diagnostic *found;
		struct arena arena;
		bool seen = false;

		arena_init(&arena, 1 << 20);
		diagnostics_init(&diagnostics, &arena);
		assert_null(message_parse_yaml(slice_from(m->text), POLICY, "p.yaml", &arena,
				&diagnostics, NULL));
		assert_true(diagnostics.count > 0);
		for (size_t k = 0; k < diagnostics.count && !seen; k++) {
			found = &diagnostics.list[k];
			seen = found->line == m->line && found->column == m->column &&
			       strstr(found->message, m->message) != NULL;
		}
		found = &diagnostics.list[0];
		if (!seen)
			fail_msg("%s-> %d:%d: %s", m->text, found->line, found->column,
					found->message);
		arena_fini(&arena);
	}
}

static void test_nul(void **state)
{
	static const char text[] = "id: a\nseries: \0b\n";
	struct diagnostics diagnostics;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	diagnostics_init(&diagnostics, &arena);
	assert_null(message_parse_yaml((struct slice){ text, sizeof(text) - 1 }, POLICY,
			"p.yaml", &arena, &diagnostics, NULL));
	assert_int_equal(diagnostics.count, 1);
	assert_int_equal(diagnostics.list[0].line, 2);
	assert_int_equal(diagnostics.list[0].column, 9);
	assert_non_null(strstr(diagnostics.list[0].message, "NUL"));
	arena_fini(&arena);
}

/* Five mistakes, five reports, each with its line and what the line says. */
static void test_all_at_once(void **state)
{
	static const char text[] = "id: a\n"
				   "levl: CITY\n"
				   "kind: LOANS\n"
				   "window_always: maybe\n"
				   "amount:\n"
				   "  rounding_unit_fen: 三万元\n"
				   "id: b\n";
	struct diagnostics diagnostics;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	diagnostics_init(&diagnostics, &arena);
	assert_null(message_parse_yaml(
			slice_from(text), POLICY, "p.yaml", &arena, &diagnostics, NULL));
	assert_int_equal(diagnostics.count, 5);
	for (int i = 0; i < 3; i++)
		assert_int_equal(diagnostics.list[i].line, i + 2);
	assert_int_equal(diagnostics.list[3].line, 6);
	assert_int_equal(diagnostics.list[4].line, 7);
	assert_string_equal(diagnostics.list[1].excerpt, "kind: LOANS");
	assert_int_equal(diagnostics.list[1].width, 5);
	assert_string_equal(diagnostics.list[1].path, "p.yaml");
	arena_fini(&arena);
}

/* What cannot stand in a list is reported and is not there; the others are, each at its own place. */
static void test_holes(void **state)
{
	static const char text[] = "departments:\n"
				   "  - [a]\n"
				   "  - b\n"
				   "  - {c: d}\n"
				   "  -\n"
				   "  - e\n"
				   "sources: [f]\n"
				   "conditions:\n"
				   "  - id: g\n"
				   "  - h\n"
				   "  - *i\n"
				   "  - [j]\n"
				   "  - id: k\n"
				   "windows: [2026-01-01, {from: 2026-01-02}]\n";
	struct yaml_places *places = NULL;
	struct diagnostics diagnostics;
	struct yaml_place place;
	Policycalc__V1__Policy *policy;
	struct arena arena;
	bool whole = true;

	(void)state;
	arena_init(&arena, 1 << 20);
	diagnostics_init(&diagnostics, &arena);
	policy = (Policycalc__V1__Policy *)message_parse_yaml_partly(slice_from(text), POLICY,
			"p.yaml", &arena, &diagnostics, &places, &whole);
	assert_non_null(policy);
	assert_false(whole);
	assert_int_equal(diagnostics.error_count, 8);
	assert_int_equal(policy->n_departments, 2);
	assert_string_equal(policy->departments[0], "b");
	assert_string_equal(policy->departments[1], "e");
	assert_true(yaml_places_find(places, &policy->base, "departments", 0, &place));
	assert_int_equal(place.line, 3);
	assert_true(yaml_places_find(places, &policy->base, "departments", 1, &place));
	assert_int_equal(place.line, 6);
	assert_int_equal(policy->n_sources, 0);
	assert_int_equal(policy->n_conditions, 2);
	assert_string_equal(policy->conditions[1]->id, "k");
	assert_true(yaml_places_find(places, &policy->base, "conditions", 1, &place));
	assert_int_equal(place.line, 13);
	assert_int_equal(policy->n_windows, 1);
	assert_string_equal(policy->windows[0]->from, "2026-01-02");
	arena_fini(&arena);
}

/* 100,000 brackets end at the limit and not after half a minute. */
static void test_depth(void **state)
{
	struct diagnostics diagnostics;
	struct buffer text = { 0 };
	struct arena arena;

	(void)state;
	buffer_append_text(&text, "colour: ");
	for (int i = 0; i < 100000; i++)
		buffer_append_char(&text, '[');
	arena_init(&arena, 1 << 20);
	diagnostics_init(&diagnostics, &arena);
	assert_null(message_parse_yaml((struct slice){ text.data, text.size }, POLICY, "p.yaml",
			&arena, &diagnostics, NULL));
	assert_int_equal(diagnostics.count, 2);
	assert_non_null(strstr(diagnostics.list[1].message, "nested more than 32"));
	arena_fini(&arena);
	buffer_fini(&text);
}

static void test_bom(void **state)
{
	struct diagnostics diagnostics;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	diagnostics_init(&diagnostics, &arena);
	assert_non_null(message_parse_yaml(slice_from("\xef\xbb\xbfid: a\r\nseries: b\r\n"),
			POLICY, "p.yaml", &arena, &diagnostics, NULL));
	arena_fini(&arena);
}

/* An arena that is too small, and every allocation failing in turn, end in a report or in NULL.
 */
static void test_memory(void **state)
{
	bool done = false;

	(void)state;
	for (size_t budget = 0; budget < 64 << 10; budget += 256) {
		struct diagnostics diagnostics;
		struct arena arena;

		arena_init(&arena, budget);
		diagnostics_init(&diagnostics, &arena);
		if (!message_parse_yaml(slice_from(good), POLICY, "p.yaml", &arena,
				    &diagnostics, NULL))
			assert_true(diagnostics.error_count > 0);
		arena_fini(&arena);
	}
	for (unsigned long nth = 1; !done; nth++) {
		struct diagnostics diagnostics;
		struct arena arena;

		assert_true(nth < 1000);
		arena_init(&arena, 16 << 20);
		diagnostics_init(&diagnostics, &arena);
		memory_fail_nth(nth, 0);
		done = message_parse_yaml(
				slice_from(good), POLICY, "p.yaml", &arena, &diagnostics, NULL);
		memory_fail_nth(0, 0);
		assert_int_equal(done, diagnostics.error_count == 0);
		assert_true(!done || nth > 2);
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_bom),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

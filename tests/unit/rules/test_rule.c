/* SPDX-License-Identifier: Apache-2.0 */
/* The face of the rule language: mistakes, dimensions, policies, quotients, bounds. */
#include "rule_fixture.h"

#include "base/memory.h"

#include <stdlib.h>

static void test_all_mistakes(void **state)
{
	struct fixture *fixture = *state;
	struct rule_options options = { .path = "p.yaml", .line = 12, .column = 11 };
	const char *text =
			"e.rd >= 100 && e.staf > 3 &&\n (1 + ) > 2 || e.high_tech == \"yes\"";
	static const struct {
		int line, column, width;
		const char *part;
	} expected[] = {
		{ 12, 11, 11, "compares money (int, in fen) with bare number (int)" },
		{ 12, 26, 6, "did you mean \"e.staff\"?" },
		{ 13, 7, 1, "expected a value, found \")\"" },
		{ 13, 16, 20, "compares bool with string" },
	};
	const char *carets;

	assert_null(compile(fixture, text, &options));
	diagnostics_sort(&fixture->diagnostics);
	assert_int_equal(fixture->diagnostics.error_count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		const struct diagnostic *found = &fixture->diagnostics.list[i];

		assert_int_equal(found->line, expected[i].line);
		assert_int_equal(found->column, expected[i].column);
		assert_int_equal(found->width, expected[i].width);
		assert_non_null(strstr(found->message, expected[i].part));
	}
	carets = diagnostic_format_excerpt(&fixture->diagnostics.list[0], &fixture->arena);
	assert_string_equal(carets, "              e.rd >= 100 && e.staf > 3 &&\n"
				    "              ^^^^^^^^^^^");
}

/* Rules that a policy may not have, and what is said; "" means that it may. */
static void test_policies(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "e.rd >= wan(100) && region.within(e.region, \"411200\")", "" },
		{ "\"srdi\" in e.titles && e.titles[\"srdi\"] >= as_of", "" },
		{ "e.share >= p.rate", "" },
		{ "p.rate <= e.share", "" },
		{ "e.rd == 0", "" },
		{ "has(e.titles.srdi)", "" },
		{ "e.staff >= 1.5", "compares count (int) with double" },
		{ "1.5 > 1.0", "do not use double" },
		{ "1u == 1u", "do not use uint" },
		{ "b\"a\" == b\"a\"", "do not use bytes" },
		{ "null == null", "do not use null" },
		{ "has(e.rd)", "has() asks about entries" },
		{ "e.region.startsWith(\"4112\")", "region.within(e.region" },
		{ "region.within(e.region, \"411299\")", "411299 is no code" },
		{ "e.rd >= e.staff", "compares money" },
		{ "e.rd + 1 > p.limit", "adds money" },
		{ "e.rd * e.rd > p.limit", "multiplies money by money" },
		{ "wan(e.rd) > p.limit", "money already" },
		{ "e.share + 1 > p.rate", "is a quotient" },
		{ "e.share >= e.staff", "compares ratio (int, in ppm) with count" },
		{ "e.share >= math.sign(e.rd)", "is a quotient" },
		{ "e.rd", "expected bool" },
		{ "[e.rd, e.staff].exists(x, x > 0)", "count the same" },
		{ "(e.high_tech ? e.rd : e.staff) > 0", "count the same" },
		{ "math.greatest(e.rd, e.staff) > 0", "expected money" },
		{ "money.mulDiv(e.rd, p.rate, 1000000, \"down\") <= p.limit", "" },
		{ "money.mulDiv(e.rd, 1000000, e.revenue, \"down\") >= p.rate", "" },
		{ "money.mulDiv(e.rd, e.rd, 3, \"down\") >= p.rate",
				"multiplies money by money" },
		{ "money.mulDiv(e.rd, 1, 2, \"down\") >= p.rate", "compares money" },
	};
	struct fixture *fixture = *state;
	struct rule_options options = {
		.path = "p", .expected = &type_bool, .policy = true, .regions = fixture->regions
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool ok = compile(fixture, cases[i].text, &options) != NULL;

		if (ok != !*cases[i].message ||
				(!ok && !strstr(fixture->diagnostics.list[0].message,
							cases[i].message)))
			fail_msg("%s: %s", cases[i].text,
					ok ? "accepted" : fixture->diagnostics.list[0].message);
	}
}

static void test_bare_figures(void **state)
{
	static const struct {
		const char *text;
		size_t warnings;
	} cases[] = {
		{ "e.staff > 1", 0 },
		{ "e.staff > 20", 1 },
		{ "wan(20) < e.rd", 1 },
		{ "e.rd >= p.limit", 0 },
		{ "e.staff * 100 > 30 && e.staff > 30", 2 },
		{ "p.rate > 30", 0 },
	};
	struct fixture *fixture = *state;
	struct rule_options options = { .path = "p", .warn_bare = true };

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_non_null(compile(fixture, cases[i].text, &options));
		assert_int_equal(fixture->diagnostics.warning_count, cases[i].warnings);
	}
}

static void test_expected_dimension(void **state)
{
	struct fixture *fixture = *state;
	struct rule_options options = {
		.path = "p", .expected = &type_int, .expected_dimension = DIMENSION_MONEY
	};

	assert_non_null(compile(fixture, "e.rd", &options));
	assert_non_null(compile(fixture, "0", &options));
	assert_non_null(compile(fixture, "e.staff * yuan(5)", &options));
	assert_null(compile(fixture, "5", &options));
	assert_null(compile(fixture, "e.staff", &options));
}

static void test_quotients(void **state)
{
	static const struct {
		int64_t own, rd, revenue, rate; /* -1: unknown */
		const char *text;
		int result; /* 0, 1, or 2 unknown */
	} cases[] = {
		{ -1, 30, 1000, 30000, "e.share >= p.rate", 1 },
		{ -1, 30, 1000, 30001, "e.share >= p.rate", 0 },
		{ -1, 30, 1000, 30000, "e.share > p.rate", 0 },
		{ -1, 30, 1000, 30000, "p.rate == e.share", 1 },
		{ -1, 30, 1000, 30000, "p.rate > e.share", 0 },
		{ -1, 1, 3, 333333, "e.share > p.rate", 1 },
		{ -1, 1, 3, 333334, "e.share < p.rate", 1 },
		{ -1, INT64_MAX, INT64_MAX, 1000000, "e.share == p.rate", 1 },
		{ -1, INT64_MAX - 1, INT64_MAX, 1000000, "e.share < p.rate", 1 },
		{ -1, 30, 0, 0, "e.share <= p.rate", 1 },
		{ -1, -1, 0, 1, "e.share < p.rate", 1 },
		{ -1, -1, 1000, 30000, "e.share >= p.rate", 2 },
		{ -1, 30, -1, 30000, "e.share >= p.rate", 2 },
		{ -1, 30, 1000, -1, "e.share >= p.rate", 2 },
		{ 40000, -1, -1, 40000, "e.share == p.rate", 1 },
		{ 40000, 30, 1000, 30001, "e.share >= p.rate", 1 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t numbers[] = { cases[i].own, cases[i].rd, cases[i].revenue,
			cases[i].rate };
		enum slot slots[] = { SHARE, RD, REVENUE, RATE };
		struct value result;

		for (size_t j = 0; j < 4; j++)
			fixture->values[slots[j]] = numbers[j] < 0 ? (struct value){ 0 }
								   : of_int(numbers[j]);
		result = evaluate(fixture, cases[i].text);
		if (cases[i].result == 2) {
			assert_int_equal(result.kind, VALUE_UNKNOWN);
			assert_true(result.missing.count >= 1);
			assert_int_not_equal(result.missing.slots[0], SHARE);
		} else {
			assert_int_equal(result.kind, VALUE_BOOL);
			assert_int_equal(result.boolean, cases[i].result);
		}
	}
}

static void test_values_of_wrong_kind(void **state)
{
	struct fixture *fixture = *state;

	fixture->values[STAFF] = of_bool(true);
	assert_int_equal(evaluate(fixture, "e.staff > 3").kind, VALUE_ERROR);
	fixture->evaluation.value_count = 0;
	assert_int_equal(evaluate(fixture, "e.staff > 3").kind, VALUE_UNKNOWN);
}

static void test_regions(void **state)
{
	struct fixture *fixture = *state;
	struct value result;

	fixture->values[REGION] =
			(struct value){ .kind = VALUE_STRING, .text = SLICE_LITERAL("411282") };
	result = evaluate(fixture, "region.within(e.region, \"411200\") && "
				   "region.kind(e.region) == \"COUNTY\"");
	assert_true(result.kind == VALUE_BOOL && result.boolean);
	fixture->values[REGION].text = SLICE_LITERAL("999999");
	assert_int_equal(evaluate(fixture, "region.within(e.region, \"411200\")").kind,
			VALUE_ERROR);
	fixture->evaluation.regions = NULL;
	assert_int_equal(evaluate(fixture, "region.kind(e.region) == \"\"").kind, VALUE_ERROR);
}

static void test_intervals(void **state)
{
	static const struct {
		const char *text;
		struct interval expected;
	} cases[] = {
		{ "e.staff", { false, true, true, 0, 1000 } },
		{ "e.staff * 2 - 5", { false, true, true, -5, 1995 } },
		{ "e.high_tech ? 7 : 3", { false, true, true, 3, 7 } },
		{ "e.high_tech ? e.staff : -3", { false, true, true, -3, 1000 } },
		{ "money.mulDiv(e.rd, 100000, 1000000, \"down\")",
				{ false, true, true, 0, 10000000000 } },
		{ "math.least(e.rd, wan(200))", { false, true, true, 0, 200000000 } },
		{ "math.greatest(e.revenue, wan(200))", { false, true, false, 200000000, 0 } },
		{ "e.revenue", { false, false, false, 0, 0 } },
		{ "wan(3)", { false, true, true, 3000000, 3000000 } },
		{ "100 / e.staff", { true, true, true, 0, 100 } },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct rule *rule = compile(fixture, cases[i].text, &plain);
		struct interval found;

		assert_non_null(rule);
		found = rule_evaluate_interval(rule, fixture->scope, &fixture->evaluation);
		assert_int_equal(found.error, cases[i].expected.error);
		assert_int_equal(found.least_known, cases[i].expected.least_known);
		assert_int_equal(found.most_known, cases[i].expected.most_known);
		if (found.least_known)
			assert_int_equal(found.least, cases[i].expected.least);
		if (found.most_known)
			assert_int_equal(found.most, cases[i].expected.most);
	}
}

static void test_slots_and_wide_rules(void **state)
{
	struct fixture *fixture = *state;
	struct scope *scope = scope_new();
	char text[4000] = "";
	char many[100][8];
	const struct rule *rule;
	struct value result;
	size_t count;

	/* More slots than bits in a word, all missing. */
	for (int i = 0; i < 100; i++) {
		struct scope_name name = { .type = &type_bool, .slot = i };

		(void)snprintf(many[i], sizeof(many[i]), "e.x%d", i);
		name.name = slice_from(many[i]);
		assert_true(scope_add(scope, &name));
	}
	for (int i = 99; i >= 0; i--)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				many[i], i ? " && " : "");
	diagnostics_init(&fixture->diagnostics, &fixture->arena);
	rule = rule_compile(slice_from(text), scope, &plain, &fixture->arena,
			&fixture->diagnostics);
	assert_non_null(rule);
	scope_free(scope);
	assert_int_equal(rule_slots(rule, &count)[99], 99);
	assert_int_equal(count, 100);
	fixture->evaluation.value_count = 0;
	result = rule_evaluate(rule, &fixture->evaluation);
	assert_int_equal(result.kind, VALUE_UNKNOWN);
	assert_int_equal(result.missing.count, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(result.missing.slots[i], i);
}

static void test_dumps(void **state)
{
	struct fixture *fixture = *state;
	const struct rule *rule =
			compile(fixture, "e.staff > 3 && [1].exists(x, x == e.staff)", &plain);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	rule_dump_tree(rule, &fixture->arena, out);
	rule_dump_program(rule, &fixture->arena, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "select staff: count (int) (slot 0)"));
	assert_non_null(strstr(text, "push the value of slot a"));
	assert_true(rule_cost(rule) > 5);
	free(text);
}

/* Of a choice the larger arm counts, and choices within choices, up to the deepest, are counted once each. */
static void test_cost_of_choices(void **state)
{
	struct fixture *fixture = *state;
	char longer[641];
	const char *text = "e.staff > 3";
	uint64_t costs[3];

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	for (int i = 0; i < 3; i++) {
		const struct rule *rule = compile(fixture,
				arena_format(&fixture->arena,
						"(e.staff > 3 ? \"%s\" : \"%s\") == e.region",
						i == 0 ? longer : "a", i == 1 ? longer : "a"),
				&plain);

		assert_non_null(rule);
		costs[i] = rule_cost(rule);
	}
	assert_int_equal(costs[0], costs[1]);
	assert_int_equal(costs[0], costs[2] + 10); /* 64 bytes are a step */
	for (int i = 0; i < 60; i++)
		text = arena_format(&fixture->arena, "e.staff > %d ? e.staff > %d : %s", i,
				i + 1, text);
	assert_non_null(compile(fixture, text, &plain));
}

static void test_allocation_failures(void **state)
{
	static const char text[] =
			"e.staff > 3 && [1, 2].map(x, x + e.staff).exists(y, y > 7) && "
			"e.share > p.rate && string(as_of) + \"a\" != \"b\"";
	struct fixture *fixture = *state;
	bool done = false;

	fixture->values[STAFF] = of_int(5);
	for (unsigned long nth = 1; !done; nth++) {
		struct arena arena;
		struct diagnostics diagnostics;
		const struct rule *rule;

		assert_in_range(nth, 1, 500);
		arena_init(&arena, (size_t)1 << 20);
		diagnostics_init(&diagnostics, &arena);
		(void)memory_fail_nth(nth, 1);
		rule = rule_compile(
				slice_from(text), fixture->scope, &plain, &arena, &diagnostics);
		(void)memory_fail_nth(0, 0);
		assert_true(rule || diagnostics.error_count > 0);
		done = rule != NULL;
		arena_fini(&arena);
	}
}

/* Budgets from none to enough: never a crash, and a rule only when nothing ran dry. */
static void test_small_budgets(void **state)
{
	static const char text[] = "e.staff > 3 && [1, 2].map(x, x + e.staff).exists(y, y > 7)";
	struct fixture *fixture = *state;
	const struct rule *rule = compile(fixture, text, &plain);
	int exhausted = 0;

	assert_non_null(rule);
	fixture->values[STAFF] = of_int(5);
	for (size_t budget = 0; budget < 600; budget += 8) {
		struct arena arena;
		struct evaluation evaluation = { fixture->values, SLOT_COUNT, NULL, &arena };
		struct value result;

		arena_init(&arena, budget);
		result = rule_evaluate(rule, &evaluation);
		assert_int_equal(result.kind, arena.exhausted ? VALUE_ERROR : VALUE_BOOL);
		exhausted += arena.exhausted;
		arena_fini(&arena);
	}
	assert_in_range(exhausted, 1, 70);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_all_mistakes),
		TEST(test_policies),
		TEST(test_bare_figures),
		TEST(test_expected_dimension),
		TEST(test_quotients),
		TEST(test_values_of_wrong_kind),
		TEST(test_regions),
		TEST(test_intervals),
		TEST(test_slots_and_wide_rules),
		TEST(test_dumps),
		TEST(test_cost_of_choices),
		TEST(test_allocation_failures),
		TEST(test_small_budgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The face of the rule language: mistakes, dimensions, policies, quotients, explaining, bounds. */
#include "rules/rule.h"

#include "base/memory.h"
#include "base/region.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

enum slot {
	STAFF,
	RD,
	REVENUE,
	REGION,
	HIGH_TECH,
	TITLES,
	SHARE,
	LIMIT,
	RATE,
	AS_OF,
	SLOT_COUNT,
};

static const struct scope_ratio share = { RD, REVENUE, true, 0 };

static const struct scope_name names[] = {
	{ .name = { "e.staff", 7 },
			.type = &type_int,
			.dimension = DIMENSION_COUNT,
			.slot = STAFF,
			.has_least = true,
			.has_most = true,
			.least = 0,
			.most = 1000 },
	{ .name = { "e.rd", 4 },
			.type = &type_int,
			.dimension = DIMENSION_MONEY,
			.slot = RD,
			.has_least = true,
			.has_most = true,
			.least = 0,
			.most = 100000000000 },
	{ .name = { "e.revenue", 9 },
			.type = &type_int,
			.dimension = DIMENSION_MONEY,
			.slot = REVENUE },
	{ .name = { "e.region", 8 }, .type = &type_string, .slot = REGION, .is_region = true },
	{ .name = { "e.high_tech", 11 }, .type = &type_bool, .slot = HIGH_TECH },
	{ .name = { "e.titles", 8 }, .type = &type_map_string_timestamp, .slot = TITLES },
	{ .name = { "e.share", 7 },
			.type = &type_int,
			.dimension = DIMENSION_RATIO,
			.slot = SHARE,
			.ratio = &share },
	{ .name = { "p.limit", 7 },
			.type = &type_int,
			.dimension = DIMENSION_MONEY,
			.slot = LIMIT,
			.role = SCOPE_PARAMETER },
	{ .name = { "p.rate", 6 },
			.type = &type_int,
			.dimension = DIMENSION_RATIO,
			.slot = RATE,
			.role = SCOPE_PARAMETER },
	{ .name = { "as_of", 5 },
			.type = &type_timestamp,
			.slot = AS_OF,
			.role = SCOPE_CONTEXT },
};

struct fixture {
	struct arena arena;
	struct diagnostics diagnostics;
	struct scope *scope;
	struct value values[SLOT_COUNT];
	struct evaluation evaluation;
	struct region_table *regions;
};

static int fixture_init(void **state)
{
	static struct fixture fixture;
	struct region city = { .code = { "411200", 6 }, .kind = { "CITY", 4 } };
	struct region county = {
		.code = { "411282", 6 }, .parent = { "411200", 6 }, .kind = { "COUNTY", 6 }
	};

	fixture = (struct fixture){ 0 };
	arena_init(&fixture.arena, (size_t)16 << 20);
	diagnostics_init(&fixture.diagnostics, &fixture.arena);
	fixture.scope = scope_new();
	assert_non_null(fixture.scope);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_true(scope_add(fixture.scope, &names[i]));
	fixture.regions = region_table_new();
	assert_true(region_table_add(fixture.regions, &city, NULL));
	assert_true(region_table_add(fixture.regions, &county, NULL));
	assert_true(region_table_finish(fixture.regions, NULL));
	fixture.evaluation = (struct evaluation){ fixture.values, SLOT_COUNT, fixture.regions,
		&fixture.arena };
	*state = &fixture;
	return 0;
}

static int fixture_fini(void **state)
{
	struct fixture *fixture = *state;

	scope_free(fixture->scope);
	region_table_free(fixture->regions);
	arena_fini(&fixture->arena);
	return 0;
}

static const struct rule_options plain = { .path = "rule" };

static const struct rule *compile(
		struct fixture *fixture, const char *text, const struct rule_options *options)
{
	diagnostics_init(&fixture->diagnostics, &fixture->arena);
	return rule_compile(slice_from(text), fixture->scope, options, &fixture->arena,
			&fixture->diagnostics);
}

static struct value evaluate(struct fixture *fixture, const char *text)
{
	const struct rule *rule = compile(fixture, text, &plain);

	assert_non_null(rule);
	return rule_evaluate(rule, &fixture->evaluation);
}

static struct value of_int(int64_t number)
{
	return (struct value){ .kind = VALUE_INT, .integer = number };
}

static struct value of_bool(bool boolean)
{
	return (struct value){ .kind = VALUE_BOOL, .boolean = boolean };
}

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

static void assert_atoms_of(
		struct fixture *fixture, const char *text, bool turned, const char *expected)
{
	const struct rule *rule = compile(fixture, text, &plain);
	struct rule_atom *atoms;
	size_t count;
	const struct rule_explain_options options = { .turned = turned };
	char found[1000] = "";

	assert_non_null(rule);
	assert_true(rule_explain(rule, &fixture->evaluation, &options, &atoms, &count));
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(found);

		(void)snprintf(found + used, sizeof(found) - used, "%s%s%s%s [%s %d %d]",
				i == 0		 ? ""
				: atoms[i].any	 ? atoms[i].inner ? ", or " : "; or "
				: atoms[i].inner ? ", "
						 : "; ",
				atoms[i].given ? "given " : "", atoms[i].negated ? "not " : "",
				rule_atom_print(&atoms[i], &fixture->arena), atoms[i].operation,
				atoms[i].attribute_slot, atoms[i].parameter_slot);
	}
	assert_string_equal(found, expected);
}

static void assert_atoms(struct fixture *fixture, const char *text, const char *expected)
{
	assert_atoms_of(fixture, text, false, expected);
}

static void test_explain(void **state)
{
	struct fixture *fixture = *state;

	fixture->values[RD] = of_int(600);
	fixture->values[LIMIT] = of_int(1000);
	fixture->values[HIGH_TECH] = of_bool(false);
	fixture->values[STAFF] = of_int(10);
	assert_atoms(fixture, "e.rd >= p.limit && e.high_tech && e.staff > 3",
			"e.rd >= p.limit [>= 1 7]; e.high_tech [flag 4 -1]");
	assert_atoms(fixture, "e.rd >= p.limit || e.high_tech || e.staff > 3 || e.staff > 4",
			"e.staff > 3 [> 0 -1]");
	assert_atoms(fixture, "!(p.limit > e.rd)", "not p.limit > e.rd [< 1 7]");
	assert_atoms(fixture, "e.revenue > p.limit && e.staff > 3",
			"e.revenue > p.limit [> 2 7]");
	assert_atoms(fixture, "e.high_tech ? e.staff > 3 : e.staff > 5",
			"given not e.high_tech [flag 4 -1]; e.staff > 5 [> 0 -1]");
	assert_atoms(fixture, "e.staff in [10, 20]", "e.staff in [10, 20] [in 0 -1]");
	assert_atoms(fixture, "\"a\" in e.titles", "\"a\" in e.titles [in 5 -1]");
	assert_atoms(fixture, "1 < 2", "1 < 2 [< -1 -1]");
	/* Routes that all fail, and how they hang together. */
	assert_atoms(fixture, "e.high_tech || e.rd >= p.limit && e.staff > 20",
			"e.high_tech [flag 4 -1]; or e.rd >= p.limit [>= 1 7], e.staff > 20 [> "
			"0 "
			"-1]");
	assert_atoms(fixture, "e.staff > 3 && (e.high_tech || e.staff > 20)",
			"e.high_tech [flag 4 -1], or e.staff > 20 [> 0 -1]");
	/* What must not hold: all that stands in the way, and of what does not the first. */
	assert_atoms_of(fixture, "e.staff > 3 || e.high_tech || e.staff > 4", true,
			"not e.staff > 3 [> 0 -1]; not e.staff > 4 [> 0 -1]");
	assert_atoms_of(fixture, "e.high_tech && e.staff > 20 && e.staff > 3", true,
			"not e.high_tech [flag 4 -1]");
	assert_atoms(fixture, "!(e.high_tech && e.staff > 20)", "not e.high_tech [flag 4 -1]");
	assert_atoms(fixture, "!(e.staff > 3 || e.staff > 4)",
			"not e.staff > 3 [> 0 -1]; not e.staff > 4 [> 0 -1]");
}

/* What is observed of the attribute, and what else an atom reads. */
static void test_explain_measures(void **state)
{
	static const struct {
		const char *text;
		enum atom_measure measure;
		const char *operation;
		size_t slots;
	} cases[] = {
		{ "e.staff > 3", MEASURE_VALUE, ">", 1 },
		{ "3 < e.staff", MEASURE_VALUE, ">", 1 },
		{ "e.staff * 2 > 3", MEASURE_OTHER, ">", 1 },
		{ "e.rd * 2 <= e.revenue", MEASURE_VALUE, ">=", 2 },
		{ "e.rd + e.revenue > p.limit", MEASURE_OTHER, ">", 3 },
		{ "size(e.titles) > 1", MEASURE_COUNT, ">", 1 },
		{ "e.titles.size() > 1", MEASURE_COUNT, ">", 1 },
		{ "e.titles.all(x, x == \"a\")", MEASURE_OTHER, "other", 1 },
	};
	struct fixture *fixture = *state;
	const struct rule_explain_options options = { 0 };

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct rule *rule = compile(fixture, cases[i].text, &plain);
		struct rule_atom *atoms;
		size_t count;

		assert_non_null(rule);
		assert_true(rule_explain(rule, &fixture->evaluation, &options, &atoms, &count));
		assert_int_equal(count, 1);
		assert_int_equal(atoms[0].measure, cases[i].measure);
		assert_string_equal(atoms[0].operation, cases[i].operation);
		assert_non_null(rule_atom_slots(&atoms[0], &fixture->arena, &count));
		assert_int_equal(count, cases[i].slots);
	}
}

static void test_explain_sides(void **state)
{
	struct fixture *fixture = *state;
	const struct rule *rule = compile(fixture, "e.share >= p.rate", &plain);
	struct rule_atom *atoms;
	size_t count;
	const struct rule_explain_options options = { 0 };

	assert_non_null(rule);
	fixture->values[RD] = of_int(1);
	fixture->values[REVENUE] = of_int(3);
	fixture->values[RATE] = of_int(400000);
	assert_true(rule_explain(rule, &fixture->evaluation, &options, &atoms, &count));
	assert_int_equal(count, 1);
	assert_int_equal(atoms[0].observed.integer, 333333);
	assert_int_equal(atoms[0].required.integer, 400000);
	assert_int_equal(atoms[0].attribute_slot, SHARE);
	assert_false(atoms[0].result.boolean);
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
	rule_dump_tree(rule, out);
	rule_dump_program(rule, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "select staff: count (int) (slot 0)"));
	assert_non_null(strstr(text, "push the value of slot a"));
	assert_true(rule_cost(rule) > 5);
	free(text);
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_init, fixture_fini)

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
		TEST(test_explain),
		TEST(test_explain_sides),
		TEST(test_explain_measures),
		TEST(test_intervals),
		TEST(test_slots_and_wide_rules),
		TEST(test_dumps),
		TEST(test_allocation_failures),
		TEST(test_small_budgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

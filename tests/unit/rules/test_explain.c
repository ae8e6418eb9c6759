/* SPDX-License-Identifier: Apache-2.0 */
/* Explaining a rule: the atoms that decided it, and what each of them observed. */
#include "rule_fixture.h"

#include <stdio.h>
#include <string.h>

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_explain),
		TEST(test_explain_sides),
		TEST(test_explain_measures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A policy with a score table that passes, and what the check says when one thing is wrong in it. */
#include "publish_fixture.h"

#include <string.h>

#define S "policies/scored.yaml"

static const char SCORED[] =
		"id: scored\n"
		"series: scored\n"
		"title: {zh: 评价}\n"
		"summary: {zh: 评分}\n"
		"level: CITY\n"
		"kind: RECOGNITION\n"
		"sources:\n"
		"  - {doc: 新办法, confidence: SEED}\n"
		"in_force: {from: 2020-01-01}\n"
		"window_always: true\n"
		"score_tables:\n"
		"  - id: evaluation\n"
		"    label: {zh: 评价}\n"
		"    full: 60\n"
		"    pass: p.score\n"
		"    source: {doc: 新办法, confidence: SEED}\n"
		"    groups:\n"
		"      - {id: people, label: {zh: 人员}, full: 40, floor: p.people}\n"
		"    rows:\n"
		"      - id: staff\n"
		"        label: {zh: 职工}\n"
		"        group: people\n"
		"        full: 30\n"
		"        alternatives:\n"
		"          - attribute: e.staff\n"
		"            steps:\n"
		"              - {at_least: p.many, points: 30}\n"
		"              - {at_least: p.few, points: 10}\n"
		"      - id: kind\n"
		"        label: {zh: 类型}\n"
		"        group: people\n"
		"        full: 10\n"
		"        alternatives:\n"
		"          - rule: 'e.kind == \"firm\" ? 10 : 0'\n"
		"      - id: intensity\n"
		"        label: {zh: 强度}\n"
		"        full: 20\n"
		"        alternatives:\n"
		"          - attribute: e.rd_ratio\n"
		"            steps:\n"
		"              - {at_least: p.high, points: 20}\n"
		"            otherwise: 2\n"
		"    vetoes:\n"
		"      - {id: nobody, label: {zh: 无人}, row: staff}\n"
		"conditions:\n"
		"  - id: score\n"
		"    role: REQUIRE\n"
		"    label: {zh: 得分}\n"
		"    score_table: evaluation\n"
		"    direct_pass: e.staff >= p.direct\n"
		"    source: {doc: 新办法, confidence: SEED}\n"
		"amount: {beneficiary: ENTERPRISE, nature: NONE}\n"
		"examples:\n"
		"  - profile: {staff: 30人, kind: firm, rd_expense: 1元, revenue: 100元}\n"
		"    as_of: 2024-06-01\n"
		"    expect: {verdict: ELIGIBLE}\n"
		"  - profile: {staff: 9人}\n"
		"    as_of: 2024-06-01\n"
		"    expect: {verdict: INELIGIBLE, not_met: [score]}\n";

#define PARAMETER(name, type, value)                                                           \
	"  - name: " name "\n    type: " type "\n    label: {zh: 数}\n    values:\n"          \
	"      - from: 2020-01-01\n        " value                                             \
	"\n        source: {doc: 新办法, confidence: SEED}\n"

static const char MORE_PARAMETERS[] = "parameters:\n" PARAMETER(
		"score", "COUNT", "count: 42") PARAMETER("people", "COUNT", "count: 20")
		PARAMETER("many", "COUNT", "count: 30") PARAMETER("few", "COUNT", "count: 10")
				PARAMETER("direct", "COUNT", "count: 100")
						PARAMETER("high", "RATIO", "ratio_ppm: 5%");

struct spoil_case {
	const char *old, *new;
	const char *at; /* the finding is on the line with this text */
	const char *words;
	bool warning;
};

/* clang-format off: one case a line reads best */
static const struct spoil_case cases[] = {
	/* full marks */
	{ "    full: 60\n", "    full: 61\n", "full: 61", "the rows add up to 60", false },
	{ "full: 40, floor", "full: 50, floor", "full: 50", "group \"people\" add up to 40",
			false },
	{ "points: 30}", "points: 31}", "points: 31", "full marks of 30", false },
	{ "        full: 20\n", "        full: 25\n", "full: 25", "brings more than 20",
			false },
	{ "otherwise: 2\n", "otherwise: 21\n", "otherwise: 21", "full marks of 20", false },
	{ "        full: 30\n", "", "id: staff", "full marks", false },
	{ "    pass: p.score\n", "    pass: p.direct\n", "pass: p.direct", "never be reached",
			false },
	{ "floor: p.people", "floor: p.score", "floor: p.score", "never be reached", false },
	{ "    pass: p.score\n", "", "id: evaluation", "pass is missing", false },
	/* steps */
	{ "{at_least: p.many, points: 30}", "{at_least: p.few, points: 30}", "points: 10",
			"overlap", false },
	{ "{at_least: p.many, points: 30}\n              - {at_least: p.few, points: 10}",
			"{at_least: p.few, points: 30}\n              - {at_least: p.many, "
			"points: 10}",
			"p.many, points: 10", "out of order", false },
	{ "points: 10}", "points: 30}", "{at_least: p.few", "brings no less", false },
	{ "{at_least: p.few, points: 10}", "{below: p.few, points: 10}", "below: p.few",
			"all go up", false },
	{ "{at_least: p.few, points: 10}", "{at_least: p.few, above: p.few, points: 10}",
			"above: p.few", "one bound", false },
	{ "{at_least: p.few, points: 10}", "{points: 10}", "{points: 10}", "bound is missing",
			false },
	{ "{at_least: p.few, points: 10}", "{at_least: p.few}", "{at_least: p.few}",
			"points are missing", false },
	{ "at_least: p.few", "at_least: p.fewer", "p.fewer", "p.few", false },
	{ "at_least: p.few", "at_least: 10", "at_least: 10", "bare figure", true },
	{ "    pass: p.score\n", "    pass: 42\n", "pass: 42", "bare figure", true },
	{ "floor: p.people", "floor: 20", "floor: 20", "bare figure", true },
	{ "at_least: p.high", "at_least: p.most", "p.most", "expected", false },
	{ "at_least: p.high", "at_least: e.staff", "at_least: e.staff", "expected", false },
	/* names */
	{ "group: people\n        full: 10", "group: persons\n        full: 10",
			"group: persons", "no group \"persons\"", false },
	{ "row: staff", "row: stuff", "row: stuff", "no row \"stuff\"", false },
	{ "score_table: evaluation", "score_table: valuation", "score_table: valuation",
			"no score table \"valuation\"", false },
	{ "attribute: e.staff", "attribute: e.stuff", "attribute: e.stuff",
			"\"e.staff\" meant?", false },
	{ "attribute: e.staff", "attribute: staff", "attribute: staff", "\"e.staff\" meant?",
			false },
	{ "attribute: e.staff", "attribute: e.kind", "attribute: e.kind", "cannot be measured",
			false },
	{ "      - id: kind\n", "      - id: staff\n",
			"      - id: staff\n        label: {zh: 类型}",
			"row \"staff\" comes twice", false },
	{ "  - id: evaluation\n", "  - id: Evaluation\n", "id: Evaluation", "lower-case",
			false },
	{ "group: people\n        full: 30", "full: 30", "full: 40", "add up to 10", false },
	/* what is measured */
	{ "attribute: e.rd_ratio\n", "rule: e.staff\n            attribute: e.rd_ratio\n",
			"rule: e.staff", "an attribute with steps, or a rule", false },
	{ "'e.kind == \"firm\" ? 10 : 0'", "e.kind", "rule: e.kind", "expected", false },
	{ ", row: staff}", "}", "id: nobody", "either a row", false },
	{ "      - id: intensity\n",
			"      - {id: nothing, label: {zh: 无}, full: 1}\n      - id: "
			"intensity\n",
			"id: nothing", "alternatives are missing", false },
	/* sources and labels */
	{ "    pass: p.score\n    source: {doc: 新办法, confidence: SEED}\n",
			"    pass: p.score\n", "id: intensity",
			"no source, and neither has its table", true },
	{ "        label: {zh: 强度}\n", "", "id: intensity", "no label", true },
	/* conditions */
	{ "    score_table: evaluation\n",
			"    score_table: evaluation\n    rule: e.staff > 1\n",
			"rule: e.staff > 1", "not both", false },
	{ "    role: REQUIRE\n", "    role: EXCLUDE\n", "score_table: evaluation",
			"of role REQUIRE", false },
	{ "    score_table: evaluation\n", "    rule: e.staff > 1\n", "direct_pass",
			"goes with a score_table", false },
	{ "    score_table: evaluation\n    direct_pass: e.staff >= p.direct\n",
			"    rule: e.staff > 1\n", "id: evaluation", "no condition names",
			false },
	{ "direct_pass: e.staff >= p.direct", "direct_pass: e.staff >= 100",
			"direct_pass: e.staff >= 100", "bare figure", true },
	/* a parameter of a table needs a value as long as the policy is in force */
	{ "in_force: {from: 2020-01-01}", "in_force: {from: 2019-01-01}", "at_least: p.few",
			"has no value from 2019-01-01", false },
	/* the schema */
	{ "at_least: p.few", "atleast: p.few", "atleast: p.few", "atleast", false },
	/* examples go through the table */
	{ "staff: 30人", "staff: 29人", "verdict: ELIGIBLE", "the policy gives INELIGIBLE",
			false },
};
/* clang-format on */

static void scored_reset(struct fixture *fixture)
{
	fixture_reset(fixture);
	fixture_add(fixture, S, SCORED);
	fixture_replace(fixture, "parameters.yaml", "parameters:\n", MORE_PARAMETERS);
}

static void test_good(void **state)
{
	struct fixture *fixture = *state;
	struct error err = { 0 };

	scored_reset(fixture);
	if (!fixture_check(fixture, true, &err) || fixture->diagnostics.count)
		fail_msg("%s: %s", err.message, fixture_findings(fixture));
}

static void test_spoilt(void **state)
{
	struct fixture *fixture = *state;
	size_t failed = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct spoil_case *one = &cases[i];
		struct error err = { 0 };
		const struct catalog *catalog;
		const struct diagnostic *finding;
		int line;

		scored_reset(fixture);
		fixture_replace(fixture, S, one->old, one->new);
		line = fixture_line(fixture, S, one->at);
		catalog = fixture_check(fixture, false, &err);
		finding = fixture_find(fixture, S, line, one->words);
		if (!finding || finding->column == 0 || !*finding->excerpt ||
				!catalog != !one->warning ||
				(finding->severity == DIAGNOSTIC_WARNING) != one->warning) {
			print_error("case %zu: \"%s\": expected line %d \"%s\"; %s\n", i,
					one->new, line, one->words, fixture_findings(fixture));
			failed++;
			continue;
		}
		if (one->warning)
			assert_null(fixture_check(fixture, true, &err));
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_spoilt, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

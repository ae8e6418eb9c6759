/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog that passes, and what the check says when one thing in it is wrong. */
#include "publish_fixture.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define A "attributes.yaml"
#define P "parameters.yaml"
#define C "shared_caps.yaml"
#define R "regions.yaml"
#define I "industries.yaml"
#define F "facts.yaml"
#define NEW "policies/rd-2024.yaml"
#define OLD "policies/rd-2020.yaml"

struct spoil_case {
	const char *path;
	const char *old, *new;
	const char *at; /* the finding is on the line with this text; NULL: on any */
	const char *words;
	bool warning;
};

/* clang-format off: one case a line reads best */
static const struct spoil_case cases[] = {
	/* the schema: what the parser finds */
	{ NEW, "level: CITY", "level: TOWN", "level: TOWN", "TOWN", false },
	{ NEW, "kind: SUBSIDY", "kindd: SUBSIDY", "kindd", "kindd", false },
	{ P, "ratio_ppm: 10%", "ratio_ppm: 10", "ratio_ppm: 10", "unit is missing", false },
	/* attributes */
	{ A, "name: staff", "name: Staff", "name: Staff", "lower-case", false },
	{ A, "name: revenue", "name: staff", NULL, "comes twice", false },
	{ A, "    type: COUNT\n", "", "name: staff", "type is missing", false },
	{ A, "maximum: 1000000", "maximum: -1", "maximum: -1", "less than minimum", false },
	{ A, "    mutable: true\n", "", "direction: UP", "mutable", false },
	{ A, "choice_table: regions", "choice_table: planets", "planets", "expected regions",
			false },
	{ A, "code: shop", "code: firm", NULL, "\"firm\" comes twice", false },
	{ A, "num: rd_expense", "num: rd_cost", "rd_cost", "no attribute \"rd_cost\"", false },
	{ A, "when_den_zero: unknown", "when_den_zero: many", "many", "unknown or a ratio",
			false },
	{ A, "    question: {zh: 有多少职工？}\n", "", "name: staff", "no question", true },
	{ A, "label: {zh: 职工人数, en: Staff}", "label: {zh: 职工人数}", "职工人数",
			"no English label", true },
	{ A, "  - name: kind\n",
			"  - {name: score, type: COUNT, period: POINT, label: {zh: 分, en: "
			"Score}, question: {zh: 几分？}, sensitivity: PUBLIC}\n  - name: "
			"kind\n",
			"name: score", "no unit", true },
	{ A, "    sensitivity: PUBLIC\n  - name: industry", "  - name: industry",
			"name: region", "no sensitivity", true },
	/* regions and industries */
	{ R, "parent: \"411200\"", "parent: \"411299\"", "411299", "no region \"411299\"",
			false },
	{ R, "code: \"411282\"", "code: \"411200\"", NULL, "comes twice", false },
	{ R, "    parent: \"410000\"\n", "", "code: \"411200\"", "parent is missing", false },
	{ R, "parent: \"410000\"", "parent: \"411282\"", NULL, "part of itself", false },
	{ R, "    kind: CITY\n", "", "code: \"411200\"", "kind is missing", false },
	{ I, "parent: C\n", "parent: Z\n", "parent: Z", "no industry \"Z\"", false },
	/* parameters */
	{ P, "        count: 5\n", "        ratio_ppm: 5%\n", "ratio_ppm: 5%",
			"expected to have count", false },
	{ P, "        count: 10\n", "", "from: 2024-01-01", "value is missing", false },
	{ P, "until: 2023-12-31", "until: 2024-01-31", "from: 2024-01-01", "overlaps", false },
	{ P, "until: 2023-12-31", "until: 2024-01-01", "from: 2024-01-01", "overlaps", false },
	{ P, "        until: 2023-12-31\n", "", "from: 2024-01-01", "further notice", false },
	{ P, "until: 2023-12-31", "until: 2019-12-31", "until: 2019-12-31", "before from",
			false },
	{ P, "until: 2023-12-31", "until: 2023-02-30", "2023-02-30", "not a date", false },
	{ P, "from: 2024-01-01", "from: not_stated", "from: not_stated", "only the first",
			false },
	{ P, "        source: {doc: 新办法, confidence: SEED}\n", "", "from: 2024-01-01",
			"without source", true },
	{ P, "    label: {zh: 比例}\n", "", "name: rate", "no label", true },
	{ P, "source: {doc: 办法, confidence: SEED}", "source: {doc: 办法}",
			"source: {doc: 办法}", "confidence is missing", false },
	/* a derived attribute names parameters as a policy does */
	{ A, "  - name: kind\n",
			"  - name: big\n    type: FLAG\n    period: POINT\n    label: {zh: "
			"大, en: Big}\n    sensitivity: PUBLIC\n    derived: {rule: e.staff >= "
			"10}\n"
			"  - name: kind\n",
			"e.staff >= 10", "a bare figure", true },
	/* the time in force needs every parameter */
	{ P, "from: 2024-01-01", "from: 2024-02-01", NULL, "\"least_staff\" has no value",
			false },
	{ P, "      - from: 2020-01-01\n        money_fen",
			"      - from: 2025-01-01\n        money_fen", NULL,
			"from 2024-01-01 to 2024-12-31", false },
	/* a policy's identity, dates and scopes */
	{ NEW, "id: rd-2024", "id: RD_2024", "id: RD_2024", "hyphens", false },
	{ OLD, "id: rd-2020", "id: rd-2019", "id: rd-2019", "file is named", true },
	{ NEW, "id: rd-2024", "id: rd-2020", "id: rd-2020", "also in policies/rd-2020.yaml",
			false },
	{ NEW, "series: rd\n", "", "id: rd-2024", "series is missing", false },
	{ NEW, "level: CITY\n", "", NULL, "level is missing", false },
	{ NEW, "in_force: {from: 2024-01-01}\n", "", NULL, "in_force is missing", false },
	{ NEW, "in_force: {from: 2024-01-01}", "in_force: {from: 2024-13-01}", "2024-13-01",
			"not a date", false },
	{ NEW, "in_force: {from: 2024-01-01}", "in_force: {from: 2023-12-31}", "2023-12-31",
			"overlaps version \"rd-2020\"", false },
	{ NEW, "in_force: {from: 2024-01-01}", "in_force: {from: 2023-01-01}", "2023-01-01",
			"overlaps version \"rd-2020\"", false },
	{ OLD, "until: 2023-12-31", "until: 2019-12-31", "2019-12-31", "before from", false },
	{ NEW, "window_always: true\n", "", NULL, "when may one apply", false },
	{ NEW, "window_always: true", "window_always: true\nwindow_not_stated: true", NULL,
			"only one of", false },
	{ OLD, "from: 2022-03-01", "from: 2021-04-01", "2021-04-01", "before the one above",
			false },
	{ NEW, "covers: [\"411200\"]", "covers: [\"999999\"]", "999999", "no region \"999999\"",
			false },
	{ OLD, "include: [C31, C3130]", "include: [C31, C3230]", "C3230",
			"no industry \"C3230\"", false },
	{ NEW, "https://www.smx.gov.cn/a", "https://www.smx.gov.cn.example.com/a",
			"example.com", "government hosts", false },
	{ NEW, "https://www.smx.gov.cn/a", "https://www.gov.cn@example.com/", "example.com",
			"government hosts", false },
	{ NEW, "https://www.smx.gov.cn/a", "ftp://www.smx.gov.cn/a", "ftp:", "government hosts",
			false },
	{ NEW, "zh: 研发补助}", "en: Subsidy}", "en: Subsidy", "zh is missing", false },
	{ NEW, "fact_id: T1", "fact_id: T9", "fact_id: T9", "no fact of entry \"T9\"", true },
	{ NEW, "fact_id: T1", "fact_id: T1\nrepeals: [rd-2019]", "rd-2019",
			"no other policy \"rd-2019\"", false },
	{ A, "name: industry", "name: trade", NULL, "needs an attribute industry", false },
	{ A, "name: region", "name: place", NULL, "needs an attribute region", false },
	/* conditions */
	{ NEW, "id: honest", "id: staff", NULL, "\"staff\" comes twice", false },
	{ NEW, "id: honest", "id: region", "id: region", "own scope", false },
	{ NEW, "    rule: e.staff >= p.least_staff\n", "", "id: staff", "rule is missing",
			false },
	{ NEW, "    role: REVIEW\n", "    role: REVIEW\n    rule: e.staff > 1\n", "e.staff > 1",
			"has no rule", false },
	{ NEW, "role: REVIEW", "role: REQUIRE", NULL, "of role REVIEW", false },
	{ NEW, "    role: REVIEW\n", "", "id: honest", "role is missing", false },
	{ NEW, "    source: {doc: 新办法, confidence: SEED}\n  - id: honest", "  - id: honest",
			"id: staff", "no source", true },
	{ NEW, "field: conditions.staff", "field: conditions.stuff", "conditions.stuff",
			"has no \"stuff\"", false },
	/* rules: what the compiler finds, at its place in the file */
	{ NEW, "e.staff >= p.least_staff", "e.staff >= \"ten\"", "\"ten\"", "", false },
	{ NEW, "e.staff >= p.least_staff", "e.stuff >= p.least_staff", "e.stuff", "stuff",
			false },
	{ NEW, "limit_rule: p.most", "limit_rule: p.least_staff", "limit_rule", "", false },
	/* what a Chinese keyboard writes */
	{ NEW, "level: CITY", "level：CITY", "level：CITY", "full-width", false },
	{ NEW, "{zh: 人数}", "{zh：人数}", "{zh：人数}", "full-width", false },
	{ NEW, "e.staff >= p.least_staff", "e.staff ≥ p.least_staff", "e.staff ≥",
			"\"≥\" is no sign of a rule; write >=", false },
	{ NEW, "e.staff >= p.least_staff", "e.职工人数 >= p.least_staff", "e.职工人数",
			"\"职工人数\" has no meaning", false },
	{ NEW, "covers: [\"411200\"]", "covers: [三门峡市]", "covers: [三门峡市]",
			"is a name: write its code, \"411200\"", false },
	/* amounts */
	{ NEW, "  base_rule: e.rd_expense\n", "", "rate_rule", "base_rule is missing", false },
	{ NEW, "  rate_rule: p.rate\n", "", "base_rule", "either rate_rule or brackets",
			false },
	{ NEW, "  rate_rule: p.rate\n", "  rate_rule: p.rate\n  not_stated: true\n", NULL,
			"an amount is one of", false },
	{ NEW, "  caps:\n    - limit_rule: p.most\n      scope: ENTERPRISE_YEAR\n", "", NULL,
			"caps is missing", false },
	{ NEW, "- limit_rule: p.most", "- none: true", "none: true", "by a source", false },
	{ NEW, "- limit_rule: p.most", "- limit_rule: p.most\n      not_stated: true",
			"limit_rule", "a cap is one of", false },
	{ NEW, "  nature: CASH\n", "", NULL, "nature is missing", false },
	{ OLD, "  not_stated: true\n", "", NULL, "amount is missing", false },
	{ NEW, "limit_rule: p.most", "limit_rule: wan(50)", "limit_rule: wan(50)",
			"a bare figure", true },
	{ NEW, "rate_rule: p.rate", "rate_rule: 100000", "rate_rule: 100000", "a bare figure",
			true },
	{ NEW, "limit_rule: p.most", "limit_rule: \"e.staff > 0 ? p.most : wan(50)\"",
			"wan(50)", "a bare figure", true },
	/* codes, parameters and windows that do nothing */
	{ NEW, "met_if: e.kind == \"firm\"", "met_if: e.kind == \"firm\" || e.kind == \"fim\"",
			"met_if", "\"fim\" is no choice of e.kind: did you mean \"firm\"?",
			true },
	{ NEW, "met_if: e.kind == \"firm\"", "met_if: e.kind in [\"firm\", \"bank\"]", "met_if",
			"\"bank\" is no choice of e.kind: see its choices", true },
	{ P, "  - name: rate\n",
			"  - {name: spare, type: COUNT, label: {zh: 闲}, values: [{from: "
			"not_stated, count: 1, source: {doc: 办法, confidence: SEED}}]}\n  - "
			"name: rate\n",
			"name: spare", "nothing uses parameter \"spare\"", true },
	{ OLD, "{from: 2022-03-01, until: 2022-04-30}", "{from: 2024-03-01, until: 2024-04-30}",
			"2024-03-01", "nobody can apply in this window", true },
	/* budgets */
	{ NEW, "examples:\n", "budget: {limit_rule: p.most, label: {zh: 资金}}\nexamples:\n",
			"budget:", "no source", true },
	{ NEW, "examples:\n", "budget: {limit_rule: p.most}\nexamples:\n", "budget:", "label",
			false },
	{ NEW, "examples:\n", "budget: {label: {zh: 资金}}\nexamples:\n",
			"budget:", "limit_rule", false },
	{ NEW, "examples:\n",
			"budget:\n  limit_rule: e.rd_expense\n  label: {zh: 资金}\nexamples:\n",
			"limit_rule: e.rd_expense", "the same for all", false },
	{ NEW, "examples:\n", "budget:\n  limit_rule: p.rate\n  label: {zh: 资金}\nexamples:\n",
			"limit_rule: p.rate", "expected money", false },
	/* exclusions and guide */
	{ NEW, ", basis: ENTERPRISE_YEAR", "", "group: rd", "basis is missing", false },
	{ NEW, ", outside: [{zh: 别处的补助}]", "", "group: rd", "nothing else is in group",
			true },
	{ NEW, "outside: [{zh: 别处的补助}]", "at_most: 2, outside: [{zh: 别处的补助}]",
			"at_most: 2", "excludes nothing", true },
	{ NEW, "{group: rd,", "{group: rd, at_most: -1,", "at_most: -1", "expected 1 or more",
			false },
	{ NEW, "basis: ENTERPRISE_YEAR", "basis: LOAN", "basis: LOAN", "not granted per item",
			false },
	{ OLD, "amount:\n", "exclusions:\n  - {group: rd, basis: INCOME}\namount:\n", NULL,
			"another basis, at_most or highest", false },
	{ OLD, "amount:\n",
			"exclusions:\n  - {group: rd, basis: ENTERPRISE_YEAR, highest: "
			"true}\namount:\n",
			NULL, "another basis, at_most or highest", false },
	{ NEW, "  - {group: rd, ", "  - {group: rd, basis: ENTERPRISE_YEAR}\n  - {group: rd, ",
			NULL, "group \"rd\" comes twice", false },
	/* shared caps */
	{ NEW, "shared_cap: pool", "shared_cap: pol", "shared_cap: pol",
			"no shared cap \"pol\"", false },
	{ C, "limit: most", "limit: mst", "limit: mst", "no parameter \"mst\"", false },
	{ C, "limit: most", "limit: rate", "limit: rate", "is not MONEY", false },
	{ C, "    limit: most\n", "", "id: pool", "limit is missing", false },
	{ C, "basis: ENTERPRISE_YEAR", "basis: INCOME", "basis: INCOME",
			"expected ENTERPRISE_YEAR", false },
	{ C, "basis: ENTERPRISE_YEAR", "basis: PROJECT", NULL, "a limit of each item", false },
	{ C, "    limit: most\n", "    limit: most\n    parent: pool\n", "parent: pool",
			"lies within itself", false },
	{ C, "    limit: most\n", "    limit: most\n    parent: lake\n", "parent: lake",
			"no shared cap \"lake\"", false },
	{ C, "    source: {doc: 新办法, confidence: SEED}\n", "", "id: pool", "has no source",
			true },
	{ NEW, "shared_cap: pool\n", "", NULL, "no policy falls under", true },
	{ NEW, "after: [apply]", "after: [aply]", "aply]", "no step \"aply\"", false },
	{ NEW, "materials: [form]}", "materials: [form], after: [pay]}", "id: apply",
			"waits for itself", false },
	{ NEW, "materials: [form]", "materials: [from]", "[from]", "no material \"from\"",
			false },
	/* facts */
	{ F, "values.1.count", "values.1.money_fen", "money_fen", "\"money_fen\" is empty",
			false },
	{ F, "parameters.least_staff", "parameters.least_stuff", "least_stuff",
			"no \"least_stuff\"", false },
	{ F, "conditions.staff.rule", "conditions.staff.rul", "staff.rul", "no field \"rul\"",
			false },
	{ F, "conditions.staff.rule", "conditions.staff.rule.x", "rule.x", "has no fields",
			false },
	{ F, "policies.rd-2024.", "polices.rd-2024.", "polices.", "expected policies.ID",
			false },
	{ F, "    reason: 办事细节，不影响判断\n", "", NULL, "in no field", false },
	{ F, "    fact: 至少 10 人\n", "    fact: 至少 10 人\n    reason: 无\n", "reason: 无",
			"not both", false },
	/* examples */
	{ NEW, "verdict: ELIGIBLE", "verdict: INELIGIBLE", "verdict: INELIGIBLE, amount",
			"expects INELIGIBLE and the policy gives ELIGIBLE", false },
	{ NEW, "amount_fen: 10万元", "amount_fen: 11万元", "11万元",
			"expects 11万元 and the policy gives 10万元", false },
	{ NEW, "not_met: [staff]", "not_met: [honest]", "[honest]", "not met are: staff",
			false },
	{ NEW, "missing: [staff]", "missing: [kind]", "[kind]", "the policy misses: staff",
			false },
	{ NEW, "staff: 9人", "stuff: 9人", "stuff: 9人", "no attribute \"stuff\"", false },
	{ NEW, "staff: 9人", "staff: -1人", "staff: -1人", "staff: ", false },
	{ NEW, "as_of: 2024-06-01", "as_of: 2024-06-31", "2024-06-31", "not a date", false },
	{ NEW, "    expect: {verdict: INELIGIBLE, not_met: [staff]}\n", "", "不行",
			"expects no verdict", false },
	{ OLD, "verdict: INELIGIBLE, amount_not_stated: false",
			"verdict: INELIGIBLE, amount_fen: 1元", "amount_fen: 1元",
			"expects 1元 and the policy gives no amount", false },
};
/* clang-format on */

static void test_good(void **state)
{
	struct fixture *fixture = *state;
	struct draft_summary summary;
	struct ruleset *ruleset = NULL;
	struct error err = { 0 };
	struct catalog *catalog;

	diagnostics_init(&fixture->diagnostics, &fixture->arena);
	catalog = draft_check(&fixture->draft, true, &fixture->arena, &fixture->diagnostics,
			&ruleset, &summary, &err);
	if (!catalog)
		fail_msg("%s: %s", err.message, fixture_findings(fixture));
	assert_non_null(ruleset);
	assert_int_equal(summary.policy_count, 2);
	assert_int_equal(summary.attribute_count, 7);
	assert_int_equal(summary.parameter_count, 3);
	assert_int_equal(summary.example_count, 8);
	assert_int_equal(fixture->diagnostics.count, 0);
	ruleset_unref(ruleset);
}

static void test_spoilt(void **state)
{
	struct fixture *fixture = *state;
	size_t failed = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct spoil_case *one = &cases[i];
		struct error err;
		const struct catalog *catalog;
		const struct diagnostic *finding;
		int line;

		fixture_reset(fixture);
		fixture_replace(fixture, one->path, one->old, one->new);
		line = one->at ? fixture_line(fixture, one->path, one->at) : 0;
		catalog = fixture_check(fixture, false, &err);
		finding = fixture_find(fixture, one->path, line, one->words);
		if (!finding && !one->at) /* it may be found in another file */
			finding = fixture_find(fixture, NULL, 0, one->words);
		if (!finding || !catalog != !one->warning || !fixture_has_places(fixture) ||
				(finding->severity == DIAGNOSTIC_WARNING) != one->warning) {
			print_error("case %zu: %s: \"%s\" -> \"%s\": expected line %d \"%s\"; "
				    "%s\n",
					i, one->path, one->old, one->new, line, one->words,
					fixture_findings(fixture));
			failed++;
			continue;
		}
		if (one->warning) {
			assert_null(fixture_check(fixture, true, &err));
			assert_int_equal(err.code, ERROR_INVALID);
			assert_int_equal(fixture->diagnostics.warning_count, 0);
		}
	}
	assert_int_equal(failed, 0);
}

/* A rule that reads a derived attribute reads its parameters, through as many as there are. */
static void test_derived_gap(void **state)
{
	static const char derived[] =
			"  - {name: big, type: FLAG, period: POINT, label: {zh: 大, en: Big}, "
			"sensitivity: PUBLIC, kept_for: {zh: 以后}, derived: {rule: e.staff >= "
			"p.late && !e.small}}\n"
			"  - {name: small, type: FLAG, period: POINT, label: {zh: 小, en: "
			"Small}, "
			"sensitivity: PUBLIC, derived: {rule: e.staff < p.later}}\n"
			"  - name: kind\n";
	static const char parameters[] =
			"parameters:\n"
			"  - {name: late, type: COUNT, label: {zh: 晚}, values: [{from: "
			"2024-03-01, "
			"count: 1, source: {doc: 办法, confidence: SEED}}]}\n"
			"  - {name: later, type: COUNT, label: {zh: 更晚}, values: [{from: "
			"2024-04-01, count: 2, source: {doc: 办法, confidence: SEED}}]}\n";
	struct fixture *fixture = *state;
	struct error err;

	fixture_replace(fixture, A, "  - name: kind\n", derived);
	fixture_replace(fixture, P, "parameters:\n", parameters);
	if (!fixture_check(fixture, true, &err))
		fail_msg("nobody reads it yet: %s", fixture_findings(fixture));
	fixture_replace(fixture, NEW, "e.staff >= p.least_staff",
			"e.staff >= p.least_staff && (e.big || e.staff > 0)");
	assert_null(fixture_check(fixture, false, &err));
	assert_non_null(fixture_find(fixture, NEW, fixture_line(fixture, NEW, "e.big"),
			"\"late\" has no value from 2024-01-01 to 2024-02-29"));
	assert_non_null(fixture_find(fixture, NEW, fixture_line(fixture, NEW, "e.big"),
			"\"later\" has no value from 2024-01-01 to 2024-03-31"));
}

/* Five mistakes in one file, five findings, in order, each with its excerpt. */
static void test_five_mistakes(void **state)
{
	static const char *const spoils[][2] = {
		{ "level: CITY", "level: CITY\ndocument_number: \"\"" },
		{ "2024-01-01}", "2024-02-30}" },
		{ "\"411200\"", "\"411999\"" },
		{ "e.staff >= p.least_staff", "e.staff >= \"ten\"" },
		{ "nature: CASH\n", "rounding_unit_fen: -1元\n" },
		{ "after: [apply]", "after: [nothing]" },
	};
	struct fixture *fixture = *state;
	struct error err;
	int last_line = 0;

	for (size_t i = 0; i < sizeof(spoils) / sizeof(*spoils); i++)
		fixture_replace(fixture, NEW, spoils[i][0], spoils[i][1]);
	assert_null(fixture_check(fixture, false, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	if (fixture->diagnostics.error_count < 5)
		fail_msg("%s", fixture_findings(fixture));
	for (size_t i = 0; i < fixture->diagnostics.count; i++) {
		const struct diagnostic *finding = &fixture->diagnostics.list[i];

		if (strcmp(finding->path, NEW) != 0)
			fail_msg("%s", fixture_findings(fixture));
		assert_true(finding->line >= last_line);
		assert_true(finding->column > 0);
		if (!*finding->excerpt)
			fail_msg("no excerpt: %s", finding->message);
		last_line = finding->line;
	}
}

/* An unknown region is seen by the structure's part and by the compiler, and said once. */
static void test_said_once(void **state)
{
	struct fixture *fixture = *state;
	struct error err;

	fixture_replace(fixture, NEW, "covers: [\"411200\"]", "covers: [\"999999\"]");
	assert_null(fixture_check(fixture, false, &err));
	if (fixture->diagnostics.error_count != 1 || fixture->diagnostics.count != 1)
		fail_msg("%s", fixture_findings(fixture));
}

/* What refers to a policy that could not be read is not wrong. */
static void test_unread_policy(void **state)
{
	struct fixture *fixture = *state;
	struct error err;

	fixture_replace(fixture, NEW, "level: CITY", "level: [");
	fixture_replace(fixture, OLD, "level: CITY", "repeals: [rd-2024]\nlevel: CITY");
	assert_null(fixture_check(fixture, false, &err));
	assert_non_null(fixture_find(fixture, NEW, 0, ""));
	assert_null(fixture_find(fixture, OLD, 0, ""));
	assert_null(fixture_find(fixture, F, 0, ""));
}

/* Of a policy that was read in part, what is there is checked, and nothing that may be there. */
static void test_partly_read(void **state)
{
	struct fixture *fixture = *state;
	struct error err;

	fixture_replace(fixture, NEW, "level: CITY", "levle: CITY");
	fixture_replace(fixture, NEW, "role: REVIEW", "role: REVUE");
	fixture_replace(fixture, NEW, "  nature: CASH\n", "  nature: CASHH\n");
	fixture_replace(fixture, NEW, "\"411200\"", "\"411999\"");
	fixture_replace(fixture, NEW, "e.staff >= p.least_staff", "e.staff >= \"ten\"");
	assert_null(fixture_check(fixture, false, &err));
	for (size_t i = 0; i < fixture->diagnostics.count; i++)
		assert_true(fixture->diagnostics.list[i].line > 0);
	if (fixture->diagnostics.error_count != 5 || fixture->diagnostics.count != 5)
		fail_msg("%s", fixture_findings(fixture));
	assert_non_null(fixture_find(
			fixture, NEW, fixture_line(fixture, NEW, "\"ten\""), "compares count"));
}

/* A policy that another one repeals is closed from the day on which that one is in force. */
static void test_repealed(void **state)
{
	struct fixture *fixture = *state;
	struct error err;

	fixture_replace(fixture, OLD, "series: rd\n", "series: rd-old\n");
	fixture_replace(fixture, OLD, "until: 2023-12-31", "until: not_stated");
	fixture_replace(fixture, OLD,
			"windows:\n"
			"  - {from: 2021-03-01, until: 2021-04-30}\n"
			"  - {from: 2022-03-01, until: 2022-04-30}\n",
			"window_always: true\n");
	fixture_replace(fixture, OLD, "staff: 5人, industry: C3130}\n    as_of: 2021-05-15",
			"staff: 10人, industry: C3130}\n    as_of: 2024-01-01");
	fixture_replace(fixture, OLD, "examples:\n",
			"examples:\n"
			"  - profile: {staff: 5人, industry: C3130}\n"
			"    as_of: 2023-12-31\n"
			"    expect: {verdict: ELIGIBLE}\n");
	fixture_replace(fixture, NEW, "fact_id: T1", "fact_id: T1\nrepeals: [rd-2020]");
	if (!fixture_check(fixture, true, &err))
		fail_msg("%s: %s", err.message, fixture_findings(fixture));
	fixture_replace(fixture, NEW, "repeals: [rd-2020]", "");
	assert_null(fixture_check(fixture, true, &err));
	assert_non_null(fixture_find(
			fixture, OLD, 0, "expects NOT_OPEN and the policy gives ELIGIBLE"));
}

static void test_files(void **state)
{
	struct fixture *fixture = *state;
	struct error err;

	fixture_add(fixture, "polices/x.yaml", "id: x\n");
	fixture_add(fixture, "policies/deep/x.yaml", "id: x\n");
	fixture_add(fixture, "regions.yaml", "regions: []\n");
	assert_null(fixture_check(fixture, false, &err));
	assert_non_null(fixture_find(fixture, "polices/x.yaml", 0, "unexpected file"));
	assert_non_null(fixture_find(fixture, "policies/deep/x.yaml", 0, "unexpected file"));
	assert_non_null(fixture_find(fixture, "regions.yaml", 0, "comes twice"));

	fixture_reset(fixture);
	fixture_replace(fixture, F, "facts:", "parameters: []\nfacts:");
	fixture_replace(fixture, R,
			"regions:", "industries: [{code: D, name: {zh: 电}}]\nregions:");
	assert_null(fixture_check(fixture, false, &err));
	assert_non_null(fixture_find(fixture, R, 1, "expected in industries.yaml"));

	fixture->draft.count = 0;
	assert_null(fixture_check(fixture, false, &err));
	assert_non_null(fixture_find(fixture, "", 0, "no policy"));
}

/* Seconds of processor time to check the dictionary and @count small policies. */
static double time_check(struct fixture *fixture, size_t count)
{
	struct draft draft = { .count = 4 + count };
	struct error err = { 0 };
	clock_t begin;

	fixture_reset(fixture);
	draft.files = ARENA_NEW_ARRAY(&fixture->arena, struct draft_file, draft.count);
	assert_non_null(draft.files);
	draft.files[0] = *fixture_file(fixture, A);
	draft.files[1] = *fixture_file(fixture, P);
	draft.files[2] = *fixture_file(fixture, R);
	draft.files[3] = *fixture_file(fixture, I);
	for (size_t i = 0; i < count; i++) {
		struct draft_file *file = &draft.files[4 + i];

		file->path = arena_format(&fixture->arena, "policies/p%zu.yaml", i);
		file->content = slice_from(arena_format(&fixture->arena,
				"id: p%zu\nseries: p%zu\ntitle: {zh: 补助}\nlevel: CITY\nkind: "
				"SERVICE\n"
				"in_force: {from: 2024-01-01}\nwindow_always: true\nrepeals: "
				"[p%zu]\n"
				"conditions:\n  - {id: staff, role: REQUIRE, rule: e.staff >= "
				"%zu}\n"
				"examples:\n  - profile: {staff: 1人}\n    as_of: 2023-06-01\n"
				"    expect: {verdict: %s}\n",
				i, i, (i + 1) % count, i + 1, i ? "INELIGIBLE" : "NOT_OPEN"));
	}
	diagnostics_init(&fixture->diagnostics, &fixture->arena);
	begin = clock();
	if (!draft_check(&draft, false, &fixture->arena, &fixture->diagnostics, NULL, NULL,
			    &err))
		fail_msg("%s: %s", err.message, fixture_findings(fixture));
	return (double)(clock() - begin) / CLOCKS_PER_SEC;
}

/* Four times the policies take four times as long, not sixteen. */
static void test_linear(void **state)
{
	double few = time_check(*state, 1500);
	double many = time_check(*state, 6000);

	if (many > 9 * few)
		fail_msg("1,500 policies: %.3f s; 6,000 policies: %.3f s", few, many);
}

static void test_memory(void **state)
{
	struct fixture *fixture = *state;
	unsigned long failures = 0;
	struct error good = { 0 };
	bool done = false;

	assert_non_null(fixture_check(fixture, true, &good));
	for (unsigned long nth = 1; !done; nth += 1 + nth / 64) {
		struct diagnostics diagnostics;
		struct ruleset *ruleset = NULL;
		struct arena arena;
		struct error err = { 0 };

		arena_init(&arena, (size_t)64 << 20);
		diagnostics_init(&diagnostics, &arena);
		(void)memory_fail_nth(nth, 1);
		done = draft_check(&fixture->draft, true, &arena, &diagnostics, &ruleset, NULL,
				&err);
		(void)memory_fail_nth(0, 0);
		if (!done) {
			failures++;
			assert_int_not_equal(err.code, ERROR_NONE);
		}
		ruleset_unref(ruleset);
		arena_fini(&arena);
	}
	assert_true(failures > 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good),
		TEST(test_spoilt),
		TEST(test_five_mistakes),
		TEST(test_derived_gap),
		TEST(test_said_once),
		TEST(test_unread_policy),
		TEST(test_partly_read),
		TEST(test_repealed),
		TEST(test_files),
		TEST(test_memory),
		TEST(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

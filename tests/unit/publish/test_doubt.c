/* SPDX-License-Identifier: Apache-2.0 */
/* What the check says of conditions without effect, policies no example reaches, and attributes that
 * nobody asks: where, in which words, and that it keeps silent about what is sound. */
#include "publish_fixture.h"

#include <stdio.h>
#include <string.h>

#define A "attributes.yaml"
#define P "parameters.yaml"
#define NEW "policies/rd-2024.yaml"
#define OLD "policies/rd-2020.yaml"

#define STAFF "    rule: e.staff >= p.least_staff\n"
#define MORE(role, rule)                                                                       \
	"  - id: more\n    role: " role "\n    label: {zh: 另一条}\n    rule: " rule           \
	"\n    source: {doc: 新办法, confidence: SEED}\n  - id: honest"

struct doubt_case {
	const char *path, *old, *new;
	const char *in, *at; /* file, and text of the line; NULL: nothing is said at all */
	const char *words;
};

static const struct doubt_case cases[] = {
	/* one condition by itself */
	{ NEW, STAFF, "    rule: e.staff >= p.least_staff && e.staff < p.least_staff\n", NEW,
			"e.staff < p",
			"no enterprise can ever meet \"staff\": it fails for every "
			"value of e.staff (职工人数)" },
	{ NEW, STAFF, "    rule: e.staff > 1000000\n", NEW, "e.staff > 1000000",
			"no enterprise can ever meet \"staff\"" },
	{ NEW, STAFF, "    rule: e.staff >= 0\n", NEW, "e.staff >= 0",
			"every enterprise meets \"staff\", whatever the value of e.staff" },
	{ NEW, STAFF, "    rule: e.kind == \"firm\" || e.kind == \"shop\"\n", NEW,
			"e.kind == \"firm\" || e", "every enterprise meets \"staff\"" },
	{ NEW, STAFF, "    rule: p.least_staff > 11\n", NEW, "p.least_staff > 11",
			"it contradicts itself or reads nothing that differs" },
	{ NEW, STAFF,
			"    rule: e.rd_expense + e.revenue > 0 && !(e.rd_expense + e.revenue "
			"> "
			"0)\n",
			NEW, "rule: e.rd_expense + e.revenue", "it contradicts itself" },
	{ NEW, STAFF, "    rule: e.rd_ratio > 0 && e.rd_ratio < 0\n", NEW, "e.rd_ratio > 0",
			"for every value of e.rd_ratio (研发投入强度)" },
	{ NEW, "    met_if: e.kind == \"firm\"\n",
			"    met_if: e.kind == \"firm\"\n    fails_if: e.kind == \"shop\"\n",
			NULL, NULL, NULL },
	/* two */
	{ NEW, "  - id: honest", MORE("REQUIRE", "e.staff <= 9"), NEW, "rule: e.staff <= 9",
			"\"staff\" and \"more\" contradict each other: no value of e.staff "
			"(职工人数) meets both" },
	{ NEW, "  - id: honest", MORE("REQUIRE", "e.staff <= 10"), NULL, NULL, NULL },
	{ NEW, "  - id: honest", MORE("EXCLUDE", "e.staff >= 10"), NEW, "rule: e.staff >= 10",
			"\"staff\" and \"more\" contradict each other" },
	{ NEW, "  - id: honest", MORE("EXCLUDE", "e.staff >= 11"), NULL, NULL, NULL },
	{ NEW, "  - id: honest", MORE("REQUIRE", "e.revenue >= e.rd_expense"), NULL, NULL,
			NULL },
	{ NEW, STAFF,
			"    rule: e.revenue - e.rd_expense > 0\n"
			"    source: {doc: 新办法, confidence: SEED}\n"
			"  - id: more\n    role: EXCLUDE\n    label: {zh: 另一条}\n"
			"    rule: e.staff < 0 || e.revenue - e.rd_expense > 0\n",
			NEW, "rule: e.staff < 0 ||",
			"\"staff\" and \"more\" contradict each other: one requires what the "
			"other rules out" },
	{ NEW, "  - id: honest", MORE("REQUIRE", "\"region.within(e.region, \\\"411282\\\")\""),
			NULL, NULL, NULL },
	{ NEW, "  - id: honest", MORE("EXCLUDE", "\"region.within(e.region, \\\"410000\\\")\""),
			NEW, "region.within(e",
			"\"region\" and \"more\" contradict each other: no "
			"value of e.region (注册地) meets both" },
	/* several */
	{ NEW, "  - id: honest",
			"  - id: few\n    role: EXCLUDE\n    label: {zh: 少}\n    rule: "
			"e.staff < "
			"300\n    source: {doc: 新办法, confidence: SEED}\n"
			"  - id: middle\n    role: EXCLUDE\n    label: {zh: 中}\n    rule: "
			"e.staff "
			">= 300 && e.staff < 400\n    source: {doc: 新办法, confidence: SEED}\n"
			"  - id: many\n    role: EXCLUDE\n    label: {zh: 多}\n    rule: "
			"e.staff "
			">= 400\n    source: {doc: 新办法, confidence: SEED}\n"
			"  - id: honest",
			NEW, "rule: e.staff >= 400",
			"\"many\" and the conditions before it contradict each other: no value "
			"of e.staff (职工人数) meets them all" },
	/* scopes */
	{ OLD, "include: [C31, C3130]", "include: [C31], exclude: [C]", OLD, "industry:",
			"no enterprise can ever meet \"industry\": it fails for every value of "
			"e.industry (行业)" },
	{ OLD, "include: [C31, C3130]", "include: [C31], exclude: [C3130]", NULL, NULL, NULL },
	{ NEW, "covers: [\"411200\"]", "covers: [\"411200\"], zones: EXCLUDE", NULL, NULL,
			NULL },
	/* some of the time */
	{ OLD, "rule: e.staff >= p.least_staff",
			"rule: e.staff >= p.least_staff && e.staff <= 5", NULL, NULL, NULL },
	{ P, "      - from: not_stated\n        ratio_ppm: 10%\n",
			"      - from: not_stated\n        ratio_ppm: 10%\n", NULL, NULL,
			NULL },
	/* attributes */
	{ A, "    kept_for: {zh: 报表, en: Reports}\n", "", A, "name: rd_ratio",
			"nobody asks for attribute \"rd_ratio\"" },
	{ A, "    kept_for: {zh: 报表, en: Reports}\n",
			"    deprecated: true\n    deprecated_note: 用研发费用\n", NULL, NULL,
			NULL },
};

static void run_case(struct fixture *fixture, const struct doubt_case *one, size_t number)
{
	const struct diagnostic *finding;
	const struct catalog *catalog;
	struct error err;
	int line;

	fixture_reset(fixture);
	fixture_replace(fixture, one->path, one->old, one->new);
	catalog = fixture_check(fixture, true, &err);
	if (!one->words) {
		for (size_t i = 0; i < fixture->diagnostics.count; i++) {
			const char *message = fixture->diagnostics.list[i].message;

			if (strstr(message, "contradict") || strstr(message, "enterprise") ||
					strstr(message, "nobody asks"))
				fail_msg("case %zu: %s", number, fixture_findings(fixture));
		}
		return;
	}
	line = fixture_line(fixture, one->in, one->at);
	finding = fixture_find(fixture, one->in, line, one->words);
	if (!finding || catalog)
		fail_msg("case %zu: expected %s:%d %s; %s", number, one->in, line, one->words,
				fixture_findings(fixture));
	assert_true(finding->column > 0);
	assert_true(*finding->excerpt);
}

static void examples_remove(struct fixture *fixture, const char *path)
{
	struct draft_file *file = fixture_file(fixture, path);
	const char *at = strstr(file->content.data, "examples:\n");
	const char *end = strstr(at, "\nambiguous:");

	file->content.data = arena_format(&fixture->arena, "%.*s%s",
			(int)(at - file->content.data), file->content.data, end ? end + 1 : "");
	file->content.size = strlen(file->content.data);
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		run_case(*state, &cases[i], i);
}

/* From the day on which the parameter changes. */
static void test_epochs(void **state)
{
	struct fixture *fixture = *state;
	struct error err;

	fixture_replace(fixture, NEW, "in_force: {from: 2024-01-01}",
			"in_force: {from: 2024-01-01, until: 2024-12-31}");
	fixture_replace(fixture, P, "      - from: 2024-01-01\n        count: 10\n",
			"      - from: 2024-01-01\n        until: 2024-06-30\n        count: "
			"10\n"
			"        source: {doc: 新办法, confidence: SEED}\n"
			"      - from: 2024-07-01\n        count: 12\n");
	fixture_replace(fixture, NEW, "  - id: honest", MORE("REQUIRE", "e.staff <= 11"));
	assert_non_null(fixture_check(fixture, false, &err));
	if (!fixture_find(fixture, NEW, fixture_line(fixture, NEW, "e.staff <= 11"),
			    "contradict each other from 2024-07-01 to 2024-12-31: no value"))
		fail_msg("%s", fixture_findings(fixture));
}

/* A policy of which no example gets past the conditions. */
static void test_unreached(void **state)
{
	struct fixture *fixture = *state;
	struct error err;

	fixture_replace(fixture, NEW, "examples:\n",
			"examples:\n"
			"  - profile: {staff: 8人}\n    as_of: 2024-06-01\n"
			"    expect: {verdict: INELIGIBLE}\n");
	assert_non_null(fixture_check(fixture, true, &err));
	fixture_reset(fixture);
	examples_remove(fixture, NEW);
	fixture_replace(fixture, NEW, "ambiguous:\n",
			"examples:\n"
			"  - profile: {staff: 8人}\n    as_of: 2024-06-01\n"
			"    expect: {verdict: INELIGIBLE}\n"
			"  - profile: {region: 灵宝市}\n    as_of: 2024-06-01\n"
			"    expect: {verdict: NEEDS_INFORMATION}\n"
			"ambiguous:\n");
	assert_non_null(fixture_check(fixture, false, &err));
	if (!fixture_find(fixture, NEW, fixture_line(fixture, NEW, "- profile: {staff: 8人}"),
			    "no example reaches policy \"rd-2024\""))
		fail_msg("%s", fixture_findings(fixture));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cases),
		TEST(test_epochs),
		TEST(test_unreached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Finding, reports and simulations through the library, against fake_reports.py. */
#include "fixture.h"

#include <string.h>

#define A "91410300665989305X"

/* --- finding ---------------------------------------------------------------------------------- */

static void test_find(void **state)
{
	static const enum pcalc_verdict verdicts[] = { PCALC_VERDICT_ELIGIBLE,
		PCALC_VERDICT_NEEDS_REVIEW };
	struct pcalc_find_options options = {
		.policy = "a",
		.verdicts = verdicts,
		.verdict_count = 2,
		.near = true,
		.region = "4112",
		.industry = "C",
		.size = PCALC_FIRM_SIZE_LARGE,
		.sort = PCALC_FIND_SORT_AMOUNT,
		.limit = 9,
		.revision = 2,
		.as_of = "2026-03-03",
		.sequence = 4,
	};
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_find *find = pcalc_find_open(client, &options, &failure);
	struct pcalc_find_summary summary;
	struct pcalc_near_miss near;
	struct pcalc_find_lack lack;
	struct pcalc_found found;

	assert_non_null(find);
	assert_true(pcalc_find_receive(find, &found, &failure));
	assert_int_equal(found.part, PCALC_FIND_PROGRESS);
	assert_int_equal(found.done, 5);
	assert_int_equal(found.total, 10);
	assert_true(pcalc_find_receive(find, &found, &failure));
	assert_int_equal(found.part, PCALC_FIND_FIRM);
	assert_string_equal(found.uscc, A);
	assert_string_equal(found.region_label.zh, "灵宝市");
	assert_string_equal(found.industry, "C3130");
	assert_int_equal(found.answer.verdict, PCALC_VERDICT_ELIGIBLE);
	assert_int_equal(found.answer.amount.most_fen, 700);
	assert_false(pcalc_find_near(find, 0, &near));
	assert_true(pcalc_find_receive(find, &found, &failure));
	assert_int_equal(found.id, 2);
	assert_true(pcalc_find_near(find, 0, &near));
	assert_string_equal(near.sentence.zh, "差 1 人");
	assert_false(pcalc_find_near(find, 1, &near));
	assert_false(pcalc_find_summary_get(find, &summary));
	assert_int_equal(pcalc_find_count(find, PCALC_VERDICT_ELIGIBLE), 0);
	assert_true(pcalc_find_receive(find, &found, &failure));
	assert_int_equal(found.part, PCALC_FIND_PROGRESS);
	assert_true(pcalc_find_receive(find, &found, &failure));
	assert_int_equal(found.part, PCALC_FIND_END);
	assert_true(pcalc_find_summary_get(find, &summary));
	assert_string_equal(summary.policy_id, "a [5, 4] True 4112 C 4 2 9 2 4");
	assert_string_equal(summary.as_of, "2026-03-03");
	assert_int_equal(summary.sure_fen, 28000);
	assert_int_equal(summary.looked_at, 3);
	assert_int_equal(summary.refused, 6);
	assert_int_equal(pcalc_find_count(find, PCALC_VERDICT_ELIGIBLE), 40);
	assert_int_equal(pcalc_find_count(find, PCALC_VERDICT_NOT_OPEN), 0);
	assert_true(pcalc_find_lack(find, 0, &lack));
	assert_string_equal(lack.attribute, "e.staff");
	assert_int_equal(lack.alone, 2);
	assert_false(pcalc_find_lack(find, 1, &lack));
	pcalc_find_free(find);
	pcalc_find_free(NULL);
	pcalc_free(client);
}

/* The code it breaks off with; PCALC_OK: it does not. */
static enum pcalc_code find_code(pcalc_client *client, const char *policy)
{
	struct pcalc_find_options options = { .policy = policy };
	struct pcalc_failure failure = { 0 };
	pcalc_find *find = pcalc_find_open(client, &options, &failure);
	struct pcalc_found found = { .part = PCALC_FIND_FIRM };

	assert_non_null(find);
	while (found.part != PCALC_FIND_END && pcalc_find_receive(find, &found, &failure))
		continue;
	pcalc_find_free(find);
	return found.part == PCALC_FIND_END ? PCALC_OK : failure.code;
}

static void test_find_broken(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");

	assert_int_equal(find_code(client, "a"), PCALC_OK);
	assert_int_equal(find_code(client, "LOST"), PCALC_UNAVAILABLE);
	assert_int_equal(find_code(client, "BROKEN"), PCALC_INTERNAL);
	assert_int_equal(find_code(client, "ODD"), PCALC_INTERNAL);
	assert_int_equal(find_code(client, "a"), PCALC_OK);
	pcalc_free(client);
}

/* --- reports ---------------------------------------------------------------------------------- */

static pcalc_report *report_get(pcalc_client *client, enum pcalc_report_kind kind)
{
	struct pcalc_report_options options = { .kind = kind };
	struct pcalc_failure failure = { 0 };
	pcalc_report *report = pcalc_report_get(client, &options, &failure);

	if (!report)
		fail_msg("%s", failure.message);
	assert_int_equal(pcalc_report_head_get(report).kind, kind);
	return report;
}

static void test_coverage(void **state)
{
	struct pcalc_report_options options = {
		.kind = PCALC_REPORT_COVERAGE,
		.names = true,
		.draft = true,
		.has_target = true,
		.target_ppm = 900000,
	};
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_report *report = pcalc_report_get(client, &options, &failure);
	struct pcalc_report_head head;
	struct pcalc_coverage coverage;
	struct pcalc_coverage_unit unit;
	struct pcalc_uncovered_firm firm;
	struct pcalc_blocked_policy other;
	struct pcalc_text sentence;
	size_t size;
	int kind;

	assert_non_null(report);
	/* The report outlives other calls. */
	pcalc_revisions_free(pcalc_catalog_revisions(client, &failure));
	head = pcalc_report_head_get(report);
	assert_string_equal(head.as_of, "2026-03-31");
	assert_string_equal(head.region_name.zh, "三门峡市");
	assert_int_equal(head.enterprise_count, 444);
	assert_true(head.sample);
	assert_true(pcalc_report_coverage(report, &coverage));
	assert_string_equal(coverage.month, "2026-03");
	assert_int_equal(coverage.count.rate_permille, 739);
	assert_int_equal(coverage.count.four_rate_permille, -1);
	assert_int_equal(coverage.target_ppm, 900000);
	assert_int_equal(coverage.needed_target, 72);
	assert_true(coverage.draft);
	assert_int_equal(coverage.firm_count, 12);
	assert_true(pcalc_report_coverage_unit(report, 0, &unit));
	assert_string_equal(unit.name.zh, "卢氏县");
	assert_int_equal(unit.count.rate_permille, 872);
	assert_int_equal(unit.opening_fen, 900);
	assert_true(unit.target_met && !unit.zone);
	assert_true(pcalc_report_coverage_unit(report, 1, &unit));
	assert_int_equal(unit.rank, 0);
	assert_int_equal(unit.count.rate_permille, -1);
	assert_false(pcalc_report_coverage_unit(report, 2, &unit));
	assert_true(pcalc_report_notice(report, 0, &kind, &sentence));
	assert_int_equal(kind, 5);
	assert_string_equal(sentence.zh, "表扬");
	assert_false(pcalc_report_notice(report, 1, &kind, &sentence));
	assert_true(pcalc_report_firm(report, 11, &firm));
	assert_string_equal(firm.uscc, "23");
	assert_string_equal(firm.contact_officer, "王");
	assert_string_equal(pcalc_report_firm_opens(report, 11, 0), "a");
	assert_null(pcalc_report_firm_opens(report, 11, 1));
	assert_null(pcalc_report_firm_opens(report, 12, 0));
	assert_false(pcalc_report_firm(report, 12, &firm));
	assert_false(pcalc_report_blocked_policy(report, 0, &other));
	assert_non_null(pcalc_report_encoded(report, &size));
	assert_true(size > 300);
	pcalc_report_free(report);

	options.as_of = "REFUSED";
	options.has_expected = true;
	options.expected_total = 445;
	assert_null(pcalc_report_get(client, &options, &failure));
	assert_int_equal(failure.code, PCALC_FAILED_PRECONDITION);
	assert_string_equal(failure.message, "445 is not 444");
	options.as_of = "ODD";
	assert_null(pcalc_report_get(client, &options, &failure));
	assert_int_equal(failure.code, PCALC_INTERNAL);
	pcalc_report_free(NULL);
	pcalc_free(client);
}

static void test_blocked(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_report *report = report_get(client, PCALC_REPORT_BLOCKED);
	struct pcalc_blocked_policy policy;
	struct pcalc_blocked_condition condition;
	struct pcalc_blocked_attribute attribute;
	struct pcalc_coverage other;

	assert_true(pcalc_report_blocked_policy(report, 0, &policy));
	assert_string_equal(policy.series, "a");
	assert_int_equal(policy.eligible, 30);
	assert_int_equal(policy.ineligible, 400);
	assert_int_equal(policy.not_open, 0);
	assert_int_equal(policy.condition_count, 1);
	assert_true(pcalc_report_blocked_condition(report, 0, 0, &condition));
	assert_string_equal(condition.label.zh, "人数");
	assert_int_equal(condition.review, 4);
	assert_false(pcalc_report_blocked_condition(report, 0, 1, &condition));
	assert_true(pcalc_report_blocked_attribute(report, 0, 0, &attribute));
	assert_int_equal(attribute.alone, 7);
	assert_true(pcalc_report_blocked_attribute(report, PCALC_REPORT_SUM, 0, &attribute));
	assert_int_equal(attribute.alone, 70);
	assert_string_equal(attribute.supplier.zh, "统计局");
	assert_false(pcalc_report_blocked_attribute(report, 1, 0, &attribute));
	assert_false(pcalc_report_coverage(report, &other));
	pcalc_report_free(report);
	pcalc_free(client);
}

static void test_unclaimed_and_push(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_report *report = report_get(client, PCALC_REPORT_UNCLAIMED);
	struct pcalc_unclaimed_unit unit;
	struct pcalc_unclaimed_policy policy;
	struct pcalc_negative_attribute negative;
	struct pcalc_push_count count;

	assert_true(pcalc_report_unclaimed_unit(report, 0, &unit));
	assert_int_equal(unit.sure_fen, 10);
	assert_int_equal(unit.policy_count, 1);
	assert_true(pcalc_report_unclaimed_unit(report, PCALC_REPORT_SUM, &unit));
	assert_int_equal(unit.enterprises, 90);
	assert_int_equal(unit.policy_count, 2);
	assert_false(pcalc_report_unclaimed_unit(report, 1, &unit));
	assert_true(pcalc_report_unclaimed_policy(report, 0, 0, &policy));
	assert_int_equal(policy.nature, PCALC_NATURE_CASH);
	assert_false(pcalc_report_unclaimed_policy(report, 0, 1, &policy));
	assert_true(pcalc_report_unclaimed_policy(report, PCALC_REPORT_SUM, 1, &policy));
	assert_false(pcalc_report_push_policy(report, 0, &count));
	assert_false(pcalc_report_negative(report, 0, &negative));
	pcalc_report_free(report);

	report = report_get(client, PCALC_REPORT_PUSH);
	assert_true(pcalc_report_push_policy(report, 0, &count));
	assert_string_equal(count.code, "a");
	assert_int_equal(count.acknowledged, 7);
	assert_int_equal(count.suppressed, 5);
	assert_true(pcalc_report_push_unit(report, 0, &count));
	assert_string_equal(count.code, "411224");
	assert_false(pcalc_report_push_unit(report, 1, &count));
	assert_true(pcalc_report_negative(report, 0, &negative));
	assert_string_equal(negative.supplier.zh, "法院");
	assert_int_equal(negative.undecided_alone, 30);
	assert_false(pcalc_report_unclaimed_unit(report, PCALC_REPORT_SUM, &unit));
	pcalc_report_free(report);
	pcalc_free(client);
}

/* --- simulation ------------------------------------------------------------------------------- */

static const struct pcalc_file draft[] = {
	{ "attributes.yaml", "x", 1 },
	{ "policies/a.yaml", "yy", 2 },
};

static void test_simulate(void **state)
{
	static const char *const policies[] = { "a" };
	struct pcalc_simulate_options options = {
		.as_of = "2026-03-03",
		.policies = policies,
		.policy_count = 1,
		.region = "411282",
		.parameter = "p.x",
		.from = "1",
		.to = "30%",
		.step = "2",
	};
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_simulation *simulation = pcalc_simulate(client, draft, 2, &options, &failure);
	struct pcalc_simulation_summary summary;
	struct pcalc_simulated_change change;
	struct pcalc_simulated_group group;
	struct pcalc_simulated_budget budget;
	struct pcalc_simulated_point point;

	assert_non_null(simulation);
	summary = pcalc_simulation_summary_get(simulation);
	assert_string_equal(summary.as_of, "2026-03-03");
	assert_int_equal(summary.enterprises, 3);
	assert_int_equal(summary.refused, 2);
	assert_int_equal(summary.point_count, 1);
	assert_true(pcalc_simulation_change(simulation, 0, &change));
	assert_string_equal(change.series, "['a'] 411282");
	assert_string_equal(change.before.policy_id, "a-2026");
	assert_int_equal(change.after.eligible, 12);
	assert_int_equal(change.gain_fen, 70);
	assert_true(change.unchanged);
	assert_true(pcalc_simulation_change(simulation, PCALC_ALL_POLICIES, &change));
	assert_string_equal(change.series, "");
	assert_false(pcalc_simulation_change(simulation, 1, &change));
	assert_true(pcalc_simulation_group(simulation, 0, PCALC_GROUP_REGION, 0, &group));
	assert_string_equal(group.label.zh, "灵宝市");
	assert_false(pcalc_simulation_group(simulation, 0, PCALC_GROUP_SIZE, 0, &group));
	assert_true(pcalc_simulation_group(
			simulation, PCALC_ALL_POLICIES, PCALC_GROUP_INDUSTRY, 0, &group));
	assert_string_equal(group.code, "C");
	assert_true(pcalc_simulation_group(
			simulation, PCALC_ALL_POLICIES, PCALC_GROUP_REGION, 1, &group));
	assert_false(pcalc_simulation_group(simulation, 1, PCALC_GROUP_REGION, 0, &group));
	assert_true(pcalc_simulation_budget(simulation, 0, &budget));
	assert_false(budget.has_before_limit);
	assert_true(budget.has_after_limit);
	assert_int_equal(budget.after_limit_fen, 10000000000);
	assert_string_equal(budget.policies[1], "b");
	assert_false(pcalc_simulation_budget(simulation, 1, &budget));
	assert_true(pcalc_simulation_point(simulation, 0, &point));
	assert_int_equal(point.value, 3);
	assert_false(pcalc_simulation_point(simulation, 1, &point));
	pcalc_simulation_free(simulation);

	simulation = pcalc_simulate(client, draft, 2, NULL, &failure);
	assert_non_null(simulation);
	assert_false(pcalc_simulation_point(simulation, 0, &point));
	pcalc_simulation_free(simulation);
	options.as_of = "ODD";
	assert_null(pcalc_simulate(client, draft, 2, &options, &failure));
	assert_int_equal(failure.code, PCALC_INTERNAL);
	pcalc_simulation_free(NULL);
	pcalc_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_broken),
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_unclaimed_and_push),
		cmocka_unit_test(test_simulate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The client library against the servers of fake_server.py: calls, streams, the catalog; failures: test_failures.c. */
#include "fixture.h"

#include <string.h>

/* The first condition has a score table of two rows, the second has none. */
static void score_is_read(const pcalc_answers *answers)
{
	struct pcalc_score score;
	struct pcalc_score_row row;

	assert_true(pcalc_answers_score(answers, 0, 0, &score));
	assert_string_equal(score.table, "t");
	assert_string_equal(score.sentence.zh, "得分 20～50 分");
	assert_int_equal(score.least, 20);
	assert_int_equal(score.most, 50);
	assert_true(score.has_pass);
	assert_int_equal(score.pass, 60);
	assert_int_equal(score.direct_pass, PCALC_CONDITION_NOT_MET);
	assert_int_equal(score.row_count, 2);
	assert_true(pcalc_answers_score_row(answers, 0, 0, 0, &row));
	assert_int_equal(row.state, PCALC_SCORE_KNOWN);
	assert_string_equal(row.attribute, "e.b");
	assert_string_equal(row.observed.zh, "3%");
	assert_string_equal(row.next.en, "≥ 4%");
	assert_int_equal(row.next_more, 10);
	assert_true(pcalc_answers_score_row(answers, 0, 0, 1, &row));
	assert_int_equal(row.state, PCALC_SCORE_OPEN);
	assert_string_equal(row.attribute, "");
	assert_string_equal(row.observed.zh, "");
	assert_int_equal(row.missing_count, 1);
	assert_string_equal(row.missing[0], "e.c");
	assert_false(pcalc_answers_score_row(answers, 0, 0, 2, &row));
	assert_false(pcalc_answers_score(answers, 0, 1, &score));
	assert_false(pcalc_answers_score_row(answers, 0, 1, 0, &row));
	assert_false(pcalc_answers_score(answers, 0, 2, &score));
	assert_false(pcalc_answers_score(answers, 1, 0, &score));
}

static void match_answers(const char *name)
{
	pcalc_client *client = client_open(name);
	pcalc_profile *profile = profile_make();
	struct pcalc_match_options options = { .as_of = "2026-03-04", .full = true };
	struct pcalc_failure failure = { 0 };
	struct pcalc_answer answer = { 0 };
	struct pcalc_funding funding;
	struct pcalc_warning warning;
	pcalc_answers *answers = pcalc_match(client, profile, &options, &failure);

	assert_non_null(answers);
	assert_int_equal(pcalc_answers_count(answers), 1);
	assert_int_equal(pcalc_answers_revision(answers), 7);
	assert_string_equal(pcalc_answers_as_of(answers), "2026-03-04");
	assert_true(pcalc_answers_get(answers, 0, &answer));
	assert_false(pcalc_answers_get(answers, 1, &answer));
	assert_string_equal(answer.policy_id, "revenue");
	assert_string_equal(answer.title.zh, "政策revenue");
	assert_string_equal(answer.summary.zh, "");
	assert_int_equal(answer.verdict, PCALC_VERDICT_ELIGIBLE);
	assert_int_equal(answer.amount.most_fen, 3800);
	assert_int_equal(answer.amount.first_year_least_fen, 1900);
	assert_int_equal(answer.amount.first_year_most_fen, 1900);
	assert_int_equal(answer.amount.term_months, 24);
	assert_true(answer.amount.rounded);
	assert_true(answer.amount.has_cap && answer.amount.cap_bound);
	assert_int_equal(answer.amount.cap_fen, 9000);
	assert_int_equal(answer.amount.funding_count, 2);
	assert_true(pcalc_answers_funding(answers, 0, 1, &funding));
	assert_int_equal(funding.level, PCALC_LEVEL_COUNTY);
	assert_int_equal(funding.share_ppm, 500000);
	assert_int_equal(funding.most_fen, 1900);
	assert_false(pcalc_answers_funding(answers, 0, 2, &funding));
	assert_false(pcalc_answers_funding(answers, 1, 0, &funding));
	assert_int_equal(answer.missing_count, 1);
	assert_string_equal(answer.missing[0], "e.staff");
	score_is_read(answers);
	assert_true(pcalc_answers_find(answers, "series-revenue", &answer));
	assert_false(pcalc_answers_find(answers, "other", &answer));
	assert_true(pcalc_answers_warning(answers, 0, &warning));
	assert_string_equal(warning.reason, "UNKNOWN_ATTRIBUTE");
	pcalc_answers_free(answers);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

static void changes_are_read(const pcalc_answers *answers)
{
	struct pcalc_near_change change;

	assert_true(pcalc_answers_near_change(answers, 0, 0, 0, &change));
	assert_string_equal(change.attribute, "e.staff");
	assert_int_equal(change.distance, 8);
	assert_int_equal(change.percent_ppm, 80000);
	assert_string_equal(change.parameter, "p.least_staff");
	assert_true(pcalc_answers_near_change(answers, 0, 0, 1, &change));
	assert_string_equal(change.attribute, "i.cost@projects/p1");
	assert_int_equal(change.distance, 900);
	assert_int_equal(change.percent_ppm, -1);
	assert_string_equal(change.parameter, "");
	assert_false(pcalc_answers_near_change(answers, 0, 0, 2, &change));
	/* A share of nothing is not the same as no share. */
	assert_true(pcalc_answers_near_change(answers, 0, 1, 0, &change));
	assert_string_equal(change.attribute, "e.high_tech");
	assert_int_equal(change.percent_ppm, 0);
	assert_false(pcalc_answers_near_change(answers, 0, 1, 1, &change));
	assert_false(pcalc_answers_near_change(answers, 0, 2, 0, &change));
	assert_false(pcalc_answers_near_change(answers, 1, 0, 0, &change));
}

static void near_is_read(const pcalc_answers *answers)
{
	struct pcalc_near_miss near;
	struct pcalc_cliff cliff;

	assert_true(pcalc_answers_near(answers, 0, 0, &near));
	assert_int_equal(near.cost_ppm, 250000);
	assert_int_equal(near.verdict, PCALC_VERDICT_ELIGIBLE);
	assert_int_equal(near.amount.exactness, PCALC_EXACTNESS_EXACT);
	assert_int_equal(near.amount.least_fen, 40);
	assert_int_equal(near.amount.most_fen, 50);
	assert_int_equal(near.amount.term_months, 12);
	assert_int_equal(near.stays_unknown_count, 2);
	assert_string_equal(near.stays_unknown[0], "e.d");
	assert_string_equal(near.stays_unknown[1], "e.e");
	assert_string_equal(near.sentence.zh, "再增加 8 人");
	assert_string_equal(near.sentence.en, "8 more people");
	assert_int_equal(near.change_count, 2);
	assert_true(pcalc_answers_near(answers, 0, 1, &near));
	assert_int_equal(near.cost_ppm, 300000);
	assert_int_equal(near.verdict, PCALC_VERDICT_NEEDS_REVIEW);
	assert_int_equal(near.amount.exactness, PCALC_EXACTNESS_UNSPECIFIED);
	assert_string_equal(near.amount.sentence.zh, "");
	assert_int_equal(near.stays_unknown_count, 0);
	assert_int_equal(near.change_count, 1);
	assert_false(pcalc_answers_near(answers, 0, 2, &near));
	assert_false(pcalc_answers_near(answers, 1, 0, &near));
	changes_are_read(answers);
	assert_true(pcalc_answers_cliff(answers, 0, 0, &cliff));
	assert_string_equal(cliff.attribute, "e.staff");
	assert_true(cliff.above);
	assert_int_equal(cliff.distance, 3);
	assert_string_equal(cliff.parameter, "p.most_staff");
	assert_string_equal(cliff.sentence.zh, "再增加 4 人即失去资格");
	assert_true(pcalc_answers_cliff(answers, 0, 1, &cliff));
	assert_string_equal(cliff.attribute, "e.revenue");
	assert_false(cliff.above);
	assert_int_equal(cliff.distance, 7);
	assert_string_equal(cliff.parameter, "");
	assert_string_equal(cliff.sentence.en, "");
	assert_false(pcalc_answers_cliff(answers, 0, 2, &cliff));
	assert_false(pcalc_answers_cliff(answers, 1, 0, &cliff));
}

/* Near misses and cliffs come when they are asked for, and not otherwise. */
static void test_near(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_make();
	struct pcalc_match_options options = { .near = true };
	struct pcalc_failure failure = { 0 };
	struct pcalc_answer answer = { 0 };
	struct pcalc_near_miss near;
	struct pcalc_cliff cliff;
	pcalc_answers *answers = pcalc_match(client, profile, &options, &failure);

	assert_non_null(answers);
	assert_true(pcalc_answers_get(answers, 0, &answer));
	assert_int_equal(answer.near_count, 2);
	assert_int_equal(answer.cliff_count, 2);
	near_is_read(answers);
	pcalc_answers_free(answers);
	options.near = false;
	answers = pcalc_match(client, profile, &options, &failure);
	assert_non_null(answers);
	assert_true(pcalc_answers_get(answers, 0, &answer));
	assert_int_equal(answer.near_count, 0);
	assert_int_equal(answer.cliff_count, 0);
	assert_false(pcalc_answers_near(answers, 0, 0, &near));
	assert_false(pcalc_answers_cliff(answers, 0, 0, &cliff));
	pcalc_answers_free(answers);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

static void test_match_over_tcp(void **state)
{
	match_answers("POLICYCALC_TEST_SERVER");
}

static void test_match_over_unix(void **state)
{
	match_answers("POLICYCALC_TEST_UNIX");
}

static void test_large_answer(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_make();
	struct pcalc_failure failure = { 0 };
	pcalc_answers *answers;

	assert_int_equal(pcalc_profile_set_uscc(profile, "LARGE"), PCALC_OK);
	answers = pcalc_match(client, profile, NULL, &failure);
	assert_non_null(answers);
	assert_int_equal(pcalc_answers_count(answers), 2000);
	pcalc_answers_free(answers);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

/* More questions than any window or buffer holds, all sent before the first answer is taken. */
static void test_stream_keeps_order(void **state)
{
	enum { QUESTIONS = 2000 };
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_make();
	struct pcalc_failure failure = { 0 };
	pcalc_match_stream *stream;
	pcalc_answers *answers = NULL;

	pcalc_set_timeout(client, 60000);
	stream = pcalc_match_stream_open(client, &failure);
	assert_non_null(stream);
	for (int i = 0; i < QUESTIONS; i++) {
		assert_int_equal(pcalc_set_money_fen(pcalc_profile_facts(profile), "revenue",
						 "2025", i),
				PCALC_OK);
		assert_int_equal(pcalc_profile_set_uscc(profile, i == 5 ? "WRONG" : ""),
				PCALC_OK);
		assert_true(pcalc_match_stream_send(stream, "id", profile, NULL, &failure));
	}
	pcalc_match_stream_finish(stream);
	for (int i = 0; i < QUESTIONS; i++) {
		struct pcalc_answer answer = { 0 };

		assert_true(pcalc_match_stream_receive(stream, &answers, &failure));
		if (i == 5) {
			assert_null(answers);
			assert_int_equal(failure.code, PCALC_INVALID_ARGUMENT);
			continue;
		}
		assert_non_null(answers);
		assert_true(pcalc_answers_get(answers, 0, &answer));
		assert_int_equal(answer.amount.most_fen, i);
		pcalc_answers_free(answers);
	}
	assert_true(pcalc_match_stream_receive(stream, &answers, &failure));
	assert_null(answers);
	assert_int_equal(failure.code, PCALC_OK);
	pcalc_match_stream_free(stream);
	/* A stream given up half-way does not disturb the next call. */
	stream = pcalc_match_stream_open(client, &failure);
	assert_non_null(stream);
	assert_true(pcalc_match_stream_send(stream, NULL, profile, NULL, &failure));
	pcalc_match_stream_free(stream);
	assert_int_equal(pcalc_profile_set_uscc(profile, ""), PCALC_OK);
	answers = pcalc_match(client, profile, NULL, &failure);
	assert_non_null(answers);
	pcalc_answers_free(answers);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

static void guides(pcalc_client *client)
{
	static const char *const ids[] = { "p1", "p2" };
	struct pcalc_failure failure = { 0 };
	pcalc_guide *guide = pcalc_guide_get(client, ids, 2, NULL, &failure);
	struct pcalc_guide_step step;
	struct pcalc_guide_paper paper;
	const char *id;
	bool not_stated, automatic;

	assert_non_null(guide);
	assert_int_equal(pcalc_guide_total_get(guide).working_days, 3);
	assert_int_equal(pcalc_guide_total_get(guide).step_count, 2);
	assert_true(pcalc_guide_policy(guide, 1, &id, &not_stated, &automatic));
	assert_string_equal(id, "p2");
	assert_false(pcalc_guide_policy(guide, 2, &id, &not_stated, &automatic));
	assert_true(pcalc_guide_step_get(guide, 0, &step));
	assert_int_equal(step.working_days, 3);
	assert_true(pcalc_guide_step_get(guide, 1, &step));
	assert_int_equal(step.working_days, -1);
	assert_int_equal(step.after_count, 1);
	assert_int_equal(step.reused_papers[0], 0);
	assert_false(pcalc_guide_step_get(guide, 2, &step));
	assert_true(pcalc_guide_paper_get(guide, 0, &paper));
	assert_string_equal(paper.name.zh, "营业执照");
	assert_false(pcalc_guide_paper_get(guide, 1, &paper));
	pcalc_guide_free(guide);
}

static void test_catalog(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	struct pcalc_policy_filter filter = { .search = "没有" };
	struct pcalc_file draft[2] = { { "attributes.yaml", "x", 1 },
		{ "policies/a.yaml", "yy", 2 } };
	struct pcalc_policy_summary summary = { 0 };
	struct pcalc_attribute attribute = { 0 };
	struct pcalc_finding finding = { 0 };
	struct pcalc_file file = { 0 };
	struct pcalc_revision revision = { 0 };
	pcalc_policies *policies = pcalc_policies_list(client, NULL, &failure);
	pcalc_attributes *attributes = pcalc_attributes_list(client, &failure);
	pcalc_policy *policy = pcalc_policy_get(client, "p1", NULL, &failure);
	pcalc_check *check = pcalc_catalog_check(client, draft, 2, true, &failure);
	pcalc_revisions *revisions = pcalc_catalog_revisions(client, &failure);
	pcalc_files *files = pcalc_catalog_export(client, 0, &failure);
	const char *id, *rule;
	struct pcalc_text label;
	int64_t number = 0;
	bool unchanged = true;

	assert_true(pcalc_policies_get(policies, 0, &summary));
	assert_string_equal(summary.title.zh, "科技贷");
	pcalc_policies_free(policies);
	policies = pcalc_policies_list(client, &filter, &failure);
	assert_int_equal(pcalc_policies_count(policies), 0);
	pcalc_policies_free(policies);

	assert_int_equal(pcalc_attributes_count(attributes), 2);
	assert_true(pcalc_attributes_get(attributes, 1, &attribute));
	assert_string_equal(attribute.name, "staff");
	pcalc_attributes_free(attributes);

	assert_string_equal(pcalc_policy_summary_get(policy).id, "p1");
	assert_true(pcalc_policy_condition(policy, 0, &id, &label, &rule));
	assert_string_equal(rule, "e.staff > 1");
	pcalc_policy_free(policy);
	guides(client);
	assert_null(pcalc_policy_get(client, "p9", NULL, &failure));
	assert_int_equal(failure.code, PCALC_NOT_FOUND);

	assert_int_equal(pcalc_check_count(check), 1);
	assert_int_equal(pcalc_check_error_count(check), 1);
	assert_true(pcalc_check_get(check, 0, &finding));
	assert_true(finding.is_error);
	assert_string_equal(finding.path, "attributes.yaml");
	pcalc_check_free(check);

	assert_true(pcalc_catalog_publish(
			client, draft, 2, NULL, &number, &unchanged, &failure));
	assert_int_equal(number, 3);
	assert_false(unchanged);

	assert_int_equal(pcalc_revisions_count(revisions), 1);
	assert_true(pcalc_revisions_get(revisions, 0, &revision));
	assert_int_equal(revision.number, 7);
	pcalc_revisions_free(revisions);

	assert_int_equal(pcalc_files_count(files), 2);
	assert_true(pcalc_files_get(files, 1, &file));
	assert_string_equal(file.path, "policies/p1.yaml");
	assert_int_equal(file.size, 7);
	pcalc_files_free(files);
	pcalc_free(client);
}

static void test_bad_facts(void **state)
{
	pcalc_profile *profile = pcalc_profile_new();
	pcalc_facts *facts = pcalc_profile_facts(profile);
	const char *codes[] = { "a", NULL };
	struct pcalc_title title = { "srdi", NULL };

	assert_int_equal(pcalc_set_count(facts, "", NULL, 1), PCALC_INVALID_ARGUMENT);
	assert_int_equal(pcalc_set_count(facts, NULL, NULL, 1), PCALC_INVALID_ARGUMENT);
	assert_int_equal(pcalc_set_text(facts, "name", "\xff"), PCALC_INVALID_ARGUMENT);
	assert_int_equal(pcalc_set_text(facts, "name", "\xed\xa0\x80"), PCALC_INVALID_ARGUMENT);
	assert_int_equal(pcalc_set_text(facts, "name", "\xe7\x81"), PCALC_INVALID_ARGUMENT);
	assert_int_equal(pcalc_set_text(facts, "name", NULL), PCALC_INVALID_ARGUMENT);
	assert_int_equal(pcalc_set_codes(facts, "codes", codes, 2), PCALC_INVALID_ARGUMENT);
	assert_int_equal(pcalc_set_titles(facts, "titles", &title, 1), PCALC_INVALID_ARGUMENT);
	assert_int_equal(pcalc_profile_complete_list(profile, ""), PCALC_INVALID_ARGUMENT);
	assert_null(pcalc_profile_add_item(profile, "projects", ""));
	assert_int_equal(pcalc_set_text(facts, "name", "灵宝𠀀"), PCALC_OK);
	assert_ptr_equal(pcalc_profile_add_item(profile, "projects", "a"),
			pcalc_profile_add_item(profile, "projects", "a"));
	pcalc_profile_free(profile);
	pcalc_profile_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match_over_tcp),
		cmocka_unit_test(test_match_over_unix),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_large_answer),
		cmocka_unit_test(test_stream_keeps_order),
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_bad_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

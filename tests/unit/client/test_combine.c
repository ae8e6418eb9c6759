/* SPDX-License-Identifier: Apache-2.0 */
/* Combinations read through the client library: alone, with a match, over a stream. */
#include "fixture.h"

#include <string.h>

/* A second attribute, so that the server leaves something out. */
static pcalc_profile *profile_of_two(void)
{
	pcalc_profile *profile = profile_make();

	assert_int_equal(pcalc_set_count(pcalc_profile_facts(profile), "staff", NULL, 1),
			PCALC_OK);
	return profile;
}

static void sure_is_read(const pcalc_combination *combination)
{
	struct pcalc_choice choice =
			pcalc_combination_get_choice(combination, PCALC_CHOICE_SURE);
	struct pcalc_chosen chosen;
	struct pcalc_left_out left_out;
	struct pcalc_combination_reason reason;
	struct pcalc_benefit benefit;

	assert_int_equal(choice.first_year_fen, 1900);
	assert_int_equal(choice.whole_term_fen, 3800);
	assert_true(choice.proved);
	assert_false(choice.open_ended);
	assert_int_equal(choice.chosen_count, 1);
	assert_int_equal(choice.left_out_count, 1);

	assert_true(pcalc_combination_get_chosen(combination, PCALC_CHOICE_SURE, 0, &chosen));
	assert_string_equal(chosen.benefit.policy_id, "revenue");
	assert_string_equal(chosen.benefit.title.zh, "政策revenue");
	assert_string_equal(chosen.benefit.title.en, "Policy");
	assert_string_equal(chosen.benefit.item_list, "");
	assert_string_equal(chosen.benefit.item_id, "");
	assert_int_equal(chosen.benefit.verdict, PCALC_VERDICT_ELIGIBLE);
	assert_int_equal(chosen.amount_fen, 3800);
	assert_int_equal(chosen.counted_fen, 1900);
	assert_int_equal(chosen.whole_term_fen, 3800);
	assert_true(chosen.truncated);
	assert_int_equal(chosen.truncated_by.cause, PCALC_CAUSE_CAP);
	assert_string_equal(chosen.truncated_by.name, "cap");
	assert_int_equal(chosen.truncated_by.limit_fen, 1900);
	assert_string_equal(chosen.truncated_by.sentence.zh, "共用上限");
	assert_string_equal(chosen.truncated_by.sentence.en, "shared cap");
	assert_string_equal(chosen.truncated_by.document, "《办法》");
	assert_string_equal(chosen.truncated_by.clause, "第五条");
	assert_int_equal(chosen.truncated_by.benefit_count, 2);
	assert_true(pcalc_combination_get_sharer(
			combination, PCALC_CHOICE_SURE, 0, 1, &benefit));
	assert_string_equal(benefit.policy_id, "staff");
	assert_false(pcalc_combination_get_sharer(
			combination, PCALC_CHOICE_SURE, 0, 2, &benefit));
	assert_false(pcalc_combination_get_sharer(
			combination, PCALC_CHOICE_SURE, 1, 0, &benefit));
	assert_false(pcalc_combination_get_chosen(combination, PCALC_CHOICE_SURE, 1, &chosen));
	assert_string_equal(chosen.benefit.policy_id, "revenue");

	assert_true(pcalc_combination_get_left_out(
			combination, PCALC_CHOICE_SURE, 0, &left_out));
	assert_string_equal(left_out.benefit.policy_id, "staff");
	assert_string_equal(left_out.benefit.item_list, "projects");
	assert_string_equal(left_out.benefit.item_id, "p1");
	assert_int_equal(left_out.amount_fen, 7);
	assert_int_equal(left_out.reason_count, 2);
	assert_false(pcalc_combination_get_left_out(
			combination, PCALC_CHOICE_SURE, 1, &left_out));
	assert_true(pcalc_combination_get_reason(
			combination, PCALC_CHOICE_SURE, 0, 0, &reason));
	assert_int_equal(reason.cause, PCALC_CAUSE_GROUP);
	assert_string_equal(reason.name, "group");
	assert_string_equal(reason.sentence.en, "one only");
	assert_string_equal(reason.document, "");
	assert_int_equal(reason.limit_fen, 0);
	assert_int_equal(reason.benefit_count, 1);
	assert_true(pcalc_combination_get_rival(
			combination, PCALC_CHOICE_SURE, 0, 0, 0, &benefit));
	assert_string_equal(benefit.policy_id, "revenue");
	assert_false(pcalc_combination_get_rival(
			combination, PCALC_CHOICE_SURE, 0, 0, 1, &benefit));
	assert_true(pcalc_combination_get_reason(
			combination, PCALC_CHOICE_SURE, 0, 1, &reason));
	assert_int_equal(reason.cause, PCALC_CAUSE_NOT_STATED);
	assert_string_equal(reason.sentence.zh, "");
	assert_false(pcalc_combination_get_rival(
			combination, PCALC_CHOICE_SURE, 0, 1, 0, &benefit));
	assert_false(pcalc_combination_get_reason(
			combination, PCALC_CHOICE_SURE, 0, 2, &reason));
	assert_false(pcalc_combination_get_reason(
			combination, PCALC_CHOICE_SURE, 1, 0, &reason));
}

static void possible_is_read(const pcalc_combination *combination)
{
	struct pcalc_choice choice =
			pcalc_combination_get_choice(combination, PCALC_CHOICE_POSSIBLE);
	struct pcalc_chosen chosen;
	struct pcalc_left_out left_out;
	struct pcalc_benefit benefit;

	assert_int_equal(choice.first_year_fen, 7600);
	assert_int_equal(choice.whole_term_fen, 11400);
	assert_false(choice.proved);
	assert_true(choice.open_ended);
	assert_int_equal(choice.chosen_count, 2);
	assert_int_equal(choice.left_out_count, 0);
	assert_true(pcalc_combination_get_chosen(
			combination, PCALC_CHOICE_POSSIBLE, 1, &chosen));
	assert_string_equal(chosen.benefit.policy_id, "staff");
	assert_false(chosen.truncated);
	assert_int_equal(chosen.truncated_by.cause, PCALC_CAUSE_UNSPECIFIED);
	assert_string_equal(chosen.truncated_by.sentence.zh, "");
	assert_false(pcalc_combination_get_sharer(
			combination, PCALC_CHOICE_POSSIBLE, 1, 0, &benefit));
	assert_false(pcalc_combination_get_left_out(
			combination, PCALC_CHOICE_POSSIBLE, 0, &left_out));
}

static void rest_is_read(const pcalc_combination *combination)
{
	struct pcalc_combination_answer answer;
	struct pcalc_combination_other other;
	struct pcalc_combination_later later;
	struct pcalc_benefit benefit;

	assert_true(pcalc_combination_get_answer(combination, 0, &answer));
	assert_string_equal(answer.name, "e.staff");
	assert_int_equal(answer.benefit_count, 2);
	assert_true(pcalc_combination_get_waiting(combination, 0, 1, &benefit));
	assert_string_equal(benefit.policy_id, "staff");
	assert_false(pcalc_combination_get_waiting(combination, 0, 2, &benefit));
	assert_false(pcalc_combination_get_waiting(combination, 1, 0, &benefit));
	assert_false(pcalc_combination_get_answer(combination, 1, &answer));

	assert_true(pcalc_combination_get_other(combination, 0, &other));
	assert_int_equal(other.beneficiary, PCALC_BENEFICIARY_BANK);
	assert_int_equal(other.nature, PCALC_NATURE_COMPENSATION);
	assert_int_equal(other.sure_fen, 5);
	assert_int_equal(other.possible_fen, 6);
	assert_true(other.open_ended);
	assert_int_equal(other.benefit_count, 2);
	assert_true(pcalc_combination_get_other_benefit(combination, 0, 1, &benefit));
	assert_string_equal(benefit.policy_id, "b");
	assert_false(pcalc_combination_get_other_benefit(combination, 0, 2, &benefit));
	assert_false(pcalc_combination_get_other_benefit(combination, 1, 0, &benefit));
	assert_false(pcalc_combination_get_other(combination, 1, &other));

	assert_true(pcalc_combination_get_later(combination, 0, &later));
	assert_string_equal(later.benefit.policy_id, "staff");
	assert_string_equal(later.date, "2026-09-01");
	assert_int_equal(later.amount_fen, 8);
	assert_false(pcalc_combination_get_later(combination, 1, &later));
}

static void combination_is_read(const pcalc_combination *combination, int64_t revision)
{
	struct pcalc_combination_summary summary = pcalc_combination_get_summary(combination);

	assert_int_equal(summary.revision, revision);
	assert_string_equal(summary.as_of, "2026-03-04");
	assert_int_equal(summary.answer_count, 1);
	assert_int_equal(summary.other_count, 1);
	assert_int_equal(summary.later_count, 1);
	sure_is_read(combination);
	possible_is_read(combination);
	rest_is_read(combination);
}

static const char *const both[] = { "a", "b" };

static void test_combine(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_of_two();
	struct pcalc_combine_options options = { .revision = 3,
		.as_of = "2026-03-04",
		.strict = true,
		.policies = both,
		.policy_count = 2 };
	struct pcalc_failure failure = { 0 };
	struct pcalc_warning warning;
	pcalc_combination *combination = pcalc_combine(client, profile, &options, &failure);

	assert_non_null(combination);
	combination_is_read(combination, 3);
	assert_true(pcalc_combination_get_warning(combination, 0, &warning));
	assert_string_equal(warning.reason, "STRICT");
	assert_string_equal(warning.message, "m");
	assert_false(pcalc_combination_get_warning(combination, 1, &warning));
	pcalc_combination_free(combination);

	/* Without options: of today, whatever is odd is a warning. */
	combination = pcalc_combine(client, profile, NULL, &failure);
	assert_non_null(combination);
	assert_int_equal(pcalc_combination_get_summary(combination).revision, 7);
	assert_true(pcalc_combination_get_warning(combination, 0, &warning));
	assert_string_equal(warning.reason, "LENIENT");
	pcalc_combination_free(combination);
	pcalc_combination_free(NULL);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

/* Nothing can be had: that is an answer. */
static void test_empty(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = pcalc_profile_new();
	struct pcalc_failure failure = { 0 };
	pcalc_combination *combination = pcalc_combine(client, profile, NULL, &failure);
	struct pcalc_chosen chosen;
	struct pcalc_choice choice;

	assert_non_null(combination);
	choice = pcalc_combination_get_choice(combination, PCALC_CHOICE_SURE);
	assert_true(choice.proved);
	assert_int_equal(choice.first_year_fen, 0);
	assert_int_equal(choice.chosen_count, 0);
	assert_false(pcalc_combination_get_chosen(combination, PCALC_CHOICE_SURE, 0, &chosen));
	assert_true(pcalc_combination_get_choice(combination, PCALC_CHOICE_POSSIBLE)
					.open_ended);
	/* A kind that this library does not know is an empty choice. */
	choice = pcalc_combination_get_choice(combination, (enum pcalc_choice_kind)7);
	assert_false(choice.proved);
	pcalc_combination_free(combination);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

static void test_failures(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_of_two();
	struct pcalc_failure failure = { 0 };

	assert_int_equal(pcalc_profile_set_uscc(profile, "WRONG"), PCALC_OK);
	assert_null(pcalc_combine(client, profile, NULL, &failure));
	assert_int_equal(failure.code, PCALC_INVALID_ARGUMENT);
	/* An answer without its combination is none. */
	assert_int_equal(pcalc_profile_set_uscc(profile, "EMPTY"), PCALC_OK);
	assert_null(pcalc_combine(client, profile, NULL, &failure));
	assert_int_equal(failure.code, PCALC_INTERNAL);
	assert_null(pcalc_combine(client, profile, NULL, NULL));
	pcalc_profile_free(profile);
	pcalc_free(client);
}

/* With a match, and in a stream, it reads the same; without being asked for it is not there. */
static void test_with_match(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_of_two();
	struct pcalc_match_options options = {
		.as_of = "2026-03-04", .combine = true, .policies = both, .policy_count = 2
	};
	struct pcalc_failure failure = { 0 };
	struct pcalc_warning warning;
	pcalc_answers *answers = pcalc_match(client, profile, &options, &failure);
	pcalc_match_stream *stream;

	assert_non_null(answers);
	assert_int_equal(pcalc_answers_count(answers), 2);
	assert_non_null(pcalc_answers_combination(answers));
	combination_is_read(pcalc_answers_combination(answers), 7);
	assert_false(pcalc_combination_get_warning(
			pcalc_answers_combination(answers), 0, &warning));
	assert_true(pcalc_answers_warning(answers, 0, &warning));
	pcalc_answers_free(answers);

	stream = pcalc_match_stream_open(client, &failure);
	assert_non_null(stream);
	assert_true(pcalc_match_stream_send(stream, "1", profile, &options, &failure));
	options.combine = false;
	assert_true(pcalc_match_stream_send(stream, "2", profile, &options, &failure));
	pcalc_match_stream_finish(stream);
	assert_true(pcalc_match_stream_receive(stream, &answers, &failure));
	assert_non_null(answers);
	assert_non_null(pcalc_answers_combination(answers));
	combination_is_read(pcalc_answers_combination(answers), 7);
	pcalc_answers_free(answers);
	assert_true(pcalc_match_stream_receive(stream, &answers, &failure));
	assert_non_null(answers);
	assert_null(pcalc_answers_combination(answers));
	pcalc_answers_free(answers);
	pcalc_match_stream_free(stream);

	answers = pcalc_match(client, profile, NULL, &failure);
	assert_non_null(answers);
	assert_null(pcalc_answers_combination(answers));
	pcalc_answers_free(answers);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_combine),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_with_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The questionnaire through the client library: a question, each way it can end, failures. */
#include "fixture.h"

#include <string.h>

static void attributes_are_read(const pcalc_question *question)
{
	struct pcalc_asked asked;
	struct pcalc_question_choice choice;

	assert_int_equal(pcalc_question_count(question), 2);
	assert_true(pcalc_question_get(question, 0, &asked));
	assert_string_equal(asked.key, "e.staff");
	assert_string_equal(asked.name, "staff");
	assert_string_equal(asked.period, "2025");
	assert_string_equal(asked.item_list, "");
	assert_string_equal(asked.item_id, "");
	assert_int_equal(asked.type, 3);
	assert_string_equal(asked.label.zh, "人数");
	assert_string_equal(asked.question.zh, "2025年有多少人？");
	assert_string_equal(asked.help.zh, "");
	assert_int_equal(asked.choice_count, 0);
	assert_int_equal(asked.period_count, 0);
	assert_false(pcalc_question_get_choice(question, 0, 0, &choice));

	assert_true(pcalc_question_get(question, 1, &asked));
	assert_string_equal(asked.key, "i.kind@loans/a");
	assert_string_equal(asked.item_list, "loans");
	assert_string_equal(asked.item_id, "a");
	assert_int_equal(asked.type, 5);
	assert_string_equal(asked.help.zh, "见合同");
	assert_int_equal(asked.period_count, 2);
	assert_string_equal(asked.periods[0], "2025-01");
	assert_string_equal(asked.periods[1], "2025-02");
	assert_string_equal(asked.question.zh, "");
	assert_int_equal(asked.choice_count, 2);
	assert_true(pcalc_question_get_choice(question, 1, 1, &choice));
	assert_string_equal(choice.code, "y");
	assert_string_equal(choice.label.en, "second");
	assert_false(pcalc_question_get_choice(question, 1, 2, &choice));
	assert_false(pcalc_question_get_choice(question, 2, 0, &choice));
	assert_false(pcalc_question_get(question, 2, &asked));
	assert_string_equal(asked.name, "kind");
}

static void progress_is_read(const pcalc_question *question)
{
	struct pcalc_question_progress progress = pcalc_question_get_progress(question);

	assert_int_equal(progress.policy_count, 9);
	assert_int_equal(progress.settled_count, 8);
	assert_int_equal(progress.undetermined_count, 1);
	assert_int_equal(progress.eligible_count, 2);
	assert_int_equal(progress.review_count, 3);
	assert_int_equal(progress.not_open_count, 4);
	assert_int_equal(progress.ineligible_count, 5);
	assert_int_equal(progress.expected_questions_milli, 1500);
	assert_int_equal(progress.certain_fen, 600);
	assert_int_equal(progress.possible_fen, 700);
}

/* The reason tells what was asked about. */
static void test_question(void **state)
{
	static const char *const policies[] = { "a", "b" };
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_make();
	struct pcalc_question_options options = { .revision = 3,
		.as_of = "2026-03-04",
		.include_superseded = true,
		.policies = policies,
		.policy_count = 2 };
	struct pcalc_failure failure = { 0 };
	pcalc_question *question = pcalc_next_question(client, profile, &options, &failure);

	assert_non_null(question);
	assert_int_equal(pcalc_question_done(question), PCALC_QUESTION_GOES_ON);
	assert_string_equal(pcalc_question_text(question).zh, "有多少人？");
	assert_string_equal(pcalc_question_text(question).en, "How many?");
	assert_string_equal(pcalc_question_reason(question).zh, "3 2026-03-04 True a,b");
	attributes_are_read(question);
	progress_is_read(question);
	pcalc_question_free(question);

	question = pcalc_next_question(client, profile, NULL, &failure);
	assert_non_null(question);
	assert_string_equal(pcalc_question_reason(question).zh, "0  False ");
	pcalc_question_free(question);
	pcalc_question_free(NULL);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

static void ends(pcalc_client *client, const pcalc_profile *profile,
		const struct pcalc_question_options *options, enum pcalc_question_done done)
{
	struct pcalc_failure failure = { 0 };
	pcalc_question *question = pcalc_next_question(client, profile, options, &failure);
	struct pcalc_asked asked;
	struct pcalc_question_choice choice;

	assert_non_null(question);
	assert_int_equal(pcalc_question_done(question), done);
	assert_int_equal(pcalc_question_count(question), 0);
	assert_string_equal(pcalc_question_text(question).zh, "");
	assert_string_equal(pcalc_question_reason(question).en, "");
	assert_false(pcalc_question_get(question, 0, &asked));
	assert_false(pcalc_question_get_choice(question, 0, 0, &choice));
	progress_is_read(question);
	pcalc_question_free(question);
}

static void test_end(void **state)
{
	static const char *const skipped[] = { "e.staff" };
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_make();
	struct pcalc_question_options options = { .skipped = skipped, .skipped_count = 1 };

	ends(client, profile, &options, PCALC_QUESTION_SKIPPED);
	options.enough_ppm = 1;
	ends(client, profile, &options, PCALC_QUESTION_ENOUGH);
	assert_int_equal(pcalc_set_count(pcalc_profile_facts(profile), "staff", NULL, 1),
			PCALC_OK);
	ends(client, profile, NULL, PCALC_QUESTION_SETTLED);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

static void test_failure(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	pcalc_profile *profile = profile_make();
	struct pcalc_failure failure = { 0 };

	assert_int_equal(pcalc_profile_set_uscc(profile, "WRONG"), PCALC_OK);
	assert_null(pcalc_next_question(client, profile, NULL, &failure));
	assert_int_equal(failure.code, PCALC_INVALID_ARGUMENT);
	assert_null(pcalc_next_question(client, profile, NULL, NULL));
	pcalc_profile_free(profile);
	pcalc_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A stranger's program: built as C17 and as C++17 against an installed policycalc-client. */
#include <policycalc/policycalc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	struct pcalc_failure failure;
	struct pcalc_answer answer;
	struct pcalc_match_options options;
	pcalc_client *client = pcalc_connect(getenv("POLICYCALC_TEST_SERVER"), 10000, &failure);
	pcalc_profile *profile = pcalc_profile_new();
	pcalc_answers *answers;
	pcalc_combination *combination;
	pcalc_question *question;
	int result = 1;

	if (!client || !profile) {
		(void)fprintf(stderr, "%s\n", client ? "out of memory" : failure.message);
		return 1;
	}
	memset(&options, 0, sizeof(options));
	options.as_of = "2026-03-04";
	pcalc_facts *facts = pcalc_profile_facts(profile);
	if (pcalc_set_money_fen(facts, "revenue", "2025", 380000000) == PCALC_OK &&
			pcalc_set_code(facts, "region", "411282") == PCALC_OK) {
		answers = pcalc_match(client, profile, &options, &failure);
		if (!answers)
			(void)fprintf(stderr, "%s: %s\n", pcalc_code_name(failure.code),
					failure.message);
		else if (pcalc_answers_find(answers, "revenue", &answer) &&
				answer.verdict == PCALC_VERDICT_ELIGIBLE)
			result = answer.amount.most_fen == 380000000 ? 0 : 1;
		pcalc_answers_free(answers);
		combination = pcalc_combine(client, profile, NULL, &failure);
		if (!combination ||
				pcalc_combination_get_choice(combination, PCALC_CHOICE_SURE)
								.first_year_fen != 190000000)
			result = 1;
		pcalc_combination_free(combination);
		question = pcalc_next_question(client, profile, NULL, &failure);
		if (!question || pcalc_question_done(question) != PCALC_QUESTION_GOES_ON)
			result = 1;
		pcalc_question_free(question);
	}
	pcalc_profile_free(profile);
	pcalc_free(client);
	return result;
}

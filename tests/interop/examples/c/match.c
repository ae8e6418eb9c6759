/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A caller in C that does all that a caller should: time limit, retries, token, error details.
 *
 *     cc match.c $(pkg-config --cflags --libs policycalc-client) -o match
 *     ./match ADDRESS [TOKEN_FILE]
 */
#include <policycalc/policycalc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMEOUT_MS 10000
#define TRIES_MAX 5
#define PAUSE_MS 200

/* Asking changes nothing, so that what may have been a passing trouble is simply asked again, later and later. */
static bool may_try_again(const struct pcalc_failure *failure, int try)
{
	long ms = (long)PAUSE_MS << try;

	if (try + 1 == TRIES_MAX || (failure->code != PCALC_UNAVAILABLE &&
						    failure->code != PCALC_RESOURCE_EXHAUSTED))
		return false;
	(void)nanosleep(&(struct timespec){ .tv_sec = ms / 1000,
					.tv_nsec = ms % 1000 * 1000000 },
			NULL);
	return true;
}

static pcalc_client *connect_to(const char *address, struct pcalc_failure *failure)
{
	pcalc_client *client = NULL;
	int try;

	for (try = 0; !client; try++) {
		client = pcalc_connect(address, TIMEOUT_MS, failure);
		if (!client && !may_try_again(failure, try))
			break;
	}
	return client;
}

static pcalc_answers *ask(pcalc_client *client, const pcalc_profile *profile,
		const struct pcalc_match_options *options, struct pcalc_failure *failure)
{
	pcalc_answers *answers = NULL;
	int try;

	for (try = 0; !answers; try++) {
		answers = pcalc_match(client, profile, options, failure);
		if (!answers && !may_try_again(failure, try))
			break;
	}
	return answers;
}

static bool set_token(pcalc_client *client, const char *path, struct pcalc_failure *failure)
{
	FILE *file = fopen(path, "r");
	char token[256] = "";

	if (file) {
		if (!fgets(token, sizeof(token), file))
			token[0] = '\0';
		fclose(file);
	}
	token[strcspn(token, "\r\n")] = '\0';
	return pcalc_set_token(client, token, failure);
}

/* What is not known is left out: unknown is neither zero nor "no". */
static pcalc_profile *describe_firm(void)
{
	pcalc_profile *profile = pcalc_profile_new();
	pcalc_facts *facts = profile ? pcalc_profile_facts(profile) : NULL;

	if (facts && pcalc_set_code(facts, "region", "411282") == PCALC_OK &&
			pcalc_set_code(facts, "industry", "C3130") == PCALC_OK &&
			pcalc_set_count(facts, "staff", NULL, 126) == PCALC_OK &&
			pcalc_set_money_fen(facts, "revenue", "2025",
					INT64_C(8600) * 10000 * 100) == PCALC_OK)
		return profile;
	pcalc_profile_free(profile);
	return NULL;
}

static void print_answers(const pcalc_answers *answers)
{
	struct pcalc_answer answer;
	size_t i;

	printf("revision %lld, as of %s\n", (long long)pcalc_answers_revision(answers),
			pcalc_answers_as_of(answers));
	for (i = 0; pcalc_answers_get(answers, i, &answer); i++)
		printf("%s %s\n", answer.policy_id, answer.title.zh);
}

/* Every mistake of a wrong question is named by its path; trying it again would be no use. */
static void print_mistakes(const struct pcalc_failure *failure)
{
	size_t i;

	for (i = 0; i < failure->detail_count && i < PCALC_DETAIL_LIMIT; i++)
		printf("wrong: %s: %s\n", failure->details[i].field,
				failure->details[i].description);
}

int main(int argc, char **argv)
{
	struct pcalc_match_options options = { .as_of = "2026-03-01", .limit = 5 };
	struct pcalc_match_options wrong = { .as_of = "tomorrow", .limit = -1 };
	struct pcalc_failure failure = { 0 };
	pcalc_profile *profile = describe_firm();
	pcalc_client *client = argc > 1 ? connect_to(argv[1], &failure) : NULL;
	pcalc_answers *answers = NULL;
	bool ok = false;

	if (client && profile && (argc < 3 || set_token(client, argv[2], &failure)))
		answers = ask(client, profile, &options, &failure);
	if (answers) {
		print_answers(answers);
		pcalc_answers_free(answers);
		answers = ask(client, profile, &wrong, &failure);
		ok = !answers && failure.code == PCALC_INVALID_ARGUMENT;
		print_mistakes(&failure);
	}
	if (!ok)
		fprintf(stderr, "match: %s\n", failure.message);
	pcalc_answers_free(answers);
	pcalc_profile_free(profile);
	pcalc_free(client);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

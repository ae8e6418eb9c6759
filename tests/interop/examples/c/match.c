/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A caller in C that does all that a caller should: deadline, retries, token, TLS, error details.
 *
 *     cc match.c $(pkg-config --cflags --libs policycalc-client) -o match
 *     ./match ADDRESS [--token-file FILE] [--ca FILE [--cert FILE --key FILE]]
 */
#include <policycalc/policycalc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEADLINE_MS 10000
#define TRIES_MAX 4
#define PAUSE_MS 200

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* What one question may take, all tries of it together. */
struct patience {
	int64_t deadline; /* of now_ms() */
	int tries;
};

static struct patience begin_patience(void)
{
	return (struct patience){ .deadline = now_ms() + DEADLINE_MS };
}

/* For the next try; never 0, which would be without end. */
static int time_left(const struct patience *patience)
{
	int64_t left = patience->deadline - now_ms();

	return left > 1 ? (int)left : 1;
}

/*
 * Asking changes nothing, so that what may have been a passing trouble is simply asked again, later and later. Who
 * asks too much is told when to come again.
 */
static bool may_try_again(struct patience *patience, const struct pcalc_failure *failure)
{
	int64_t pause = failure->retry_after_ms;

	if (failure->code == PCALC_UNAVAILABLE && ++patience->tries < TRIES_MAX) {
		if (pause == 0)
			pause = (int64_t)PAUSE_MS << (patience->tries - 1);
	} else if (failure->code != PCALC_RESOURCE_EXHAUSTED || pause == 0) {
		return false;
	}
	if (pause >= time_left(patience))
		return false;
	(void)nanosleep(&(struct timespec){ .tv_sec = (time_t)(pause / 1000),
					.tv_nsec = (long)(pause % 1000 * 1000000) },
			NULL);
	return true;
}

/* By TLS where the authority is given, with our own certificate where the service asks for one. */
static pcalc_client *connect_to(
		const char *address, const struct pcalc_tls *tls, struct pcalc_failure *failure)
{
	struct patience patience = begin_patience();
	pcalc_client *client = NULL;

	do {
		client = pcalc_connect_tls(address, time_left(&patience),
				tls->authorities ? tls : NULL, failure);
	} while (!client && may_try_again(&patience, failure));
	return client;
}

static pcalc_answers *ask(pcalc_client *client, const pcalc_profile *profile,
		const struct pcalc_match_options *options, struct pcalc_failure *failure)
{
	struct patience patience = begin_patience();
	pcalc_answers *answers = NULL;

	do {
		pcalc_set_timeout(client, time_left(&patience));
		answers = pcalc_match(client, profile, options, failure);
	} while (!answers && may_try_again(&patience, failure));
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

/* The value of an option, or NULL. */
static const char *option(int argc, char **argv, const char *name)
{
	for (int i = 2; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct pcalc_match_options options = { .as_of = "2026-03-01", .limit = 5 };
	struct pcalc_match_options wrong = { .as_of = "tomorrow", .limit = -1 };
	struct pcalc_failure failure = { 0 };
	const char *token = option(argc, argv, "--token-file");
	pcalc_profile *profile = describe_firm();
	struct pcalc_tls tls = { .authorities = option(argc, argv, "--ca"),
		.certificate = option(argc, argv, "--cert"),
		.key = option(argc, argv, "--key") };
	pcalc_client *client = argc > 1 ? connect_to(argv[1], &tls, &failure) : NULL;
	pcalc_answers *answers = NULL;
	bool ok = false;

	if (client && profile && (!token || set_token(client, token, &failure)))
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

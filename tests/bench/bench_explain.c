/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long it takes to explain a policy: figures with parameters, dates, titles, quotients, ways that
 * fail together. Reports the whole FULL answer a policy, and what is left of it after the BASIC one.
 *
 *     bench_explain tests/cases/dictionary.case [policies] [rounds]
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char conditions[] = "require e.rd_expense >= p.rd_least\n"
				 "require e.tech_share >= p.share_least\n"
				 "require e.staff <= p.staff_most && e.revenue > 0\n"
				 "require date.addYears(e.registered_on, 1) <= as_of\n"
				 "require (\"srdi\" in e.titles && e.titles[\"srdi\"] >= "
				 "as_of) || e.tech_sme || e.srdi\n"
				 "exclude e.dishonest\n";
static const char values[] =
		"rd_expense = 60万元, staff = 301, tech_staff = 24, revenue = 900万元,"
		" registered_on = 2023-06-01, titles = hnte:2030-01-01, srdi = 否";

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t match_once(const struct ruleset *ruleset, Policycalc__V1__Profile *profile,
		Policycalc__V1__View view, struct arena *arena, size_t *out_count)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;
	struct error err = { 0 };
	int64_t begin;

	request.profile = profile;
	request.view = view;
	begin = now_ns();
	if (!ruleset_match(ruleset, &request, "2026-06-01", arena, &response, NULL, &err)) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	begin = now_ns() - begin;
	*out_count = response->n_answers;
	arena_reset(arena);
	return begin;
}

static int figure_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* The median of @rounds, a policy, in nanoseconds. */
static int64_t measure(const struct ruleset *ruleset, Policycalc__V1__Profile *profile,
		Policycalc__V1__View view, unsigned rounds)
{
	int64_t *times = calloc(rounds, sizeof(*times));
	struct arena arena;
	size_t count = 1;
	int64_t median = 0;

	arena_init(&arena, (size_t)256 << 20);
	for (unsigned i = 0; times && i < rounds; i++)
		times[i] = match_once(ruleset, profile, view, &arena, &count);
	arena_fini(&arena);
	if (times) {
		qsort(times, rounds, sizeof(*times), figure_compare);
		median = times[rounds / 2] / (int64_t)(count ? count : 1);
	}
	free(times);
	return median;
}

int main(int argc, char **argv)
{
	unsigned policies = argc > 2 ? (unsigned)atoi(argv[2]) : 100;
	unsigned rounds = argc > 3 ? (unsigned)atoi(argv[3]) : 500;
	char *lines = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&lines, &size);
	struct case_file file;
	struct arena arena;
	struct ruleset *ruleset;
	Policycalc__V1__Profile *profile;
	const char *mistake = NULL;
	int64_t full;
	int64_t basic;

	if (argc < 2 || !out || rounds == 0)
		return 2;
	for (unsigned i = 0; i < policies; i++)
		fprintf(out, "policy p%04u\nwindow always\n%s", i, conditions);
	fclose(out);
	arena_init(&arena, (size_t)512 << 20);
	fixture_read(&file, &arena, argv[1], lines);
	ruleset = fixture_compile(&file, &mistake);
	if (!ruleset) {
		fprintf(stderr, "%s\n", mistake);
		return 1;
	}
	profile = fixture_profile(&file, values);
	full = measure(ruleset, profile, POLICYCALC__V1__VIEW__VIEW_FULL, rounds);
	basic = measure(ruleset, profile, POLICYCALC__V1__VIEW__VIEW_BASIC, rounds);
	printf("a policy of six conditions: FULL %.2f us, of which explaining %.2f us\n",
			(double)full / 1000, (double)(full - basic) / 1000);
	ruleset_unref(ruleset);
	arena_fini(&arena);
	free(lines);
	return 0;
}

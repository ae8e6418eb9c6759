/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long it takes to explain a policy: figures with parameters, dates, titles, quotients, ways that
 * fail together. Reports the whole FULL answer a policy, reading the profile included, and beside it
 * the BASIC one. With one policy it is a whole call, as when a person looks at that policy.
 *
 *     bench_explain tests/cases/dictionary.case [policies] [rounds]
 */
#include "figures.h"
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int64_t match_once(const struct ruleset *ruleset, Policycalc__V1__Profile *profile,
		Policycalc__V1__View view, struct arena *arena, size_t *out_count)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;
	struct error err = { 0 };
	int64_t begin;

	request.profile = profile;
	request.view = view;
	begin = figures_now();
	if (!ruleset_match(ruleset, &request, "2026-06-01", arena, &response, NULL, &err)) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	begin = figures_now() - begin;
	*out_count = response->n_answers;
	arena_reset(arena);
	return begin;
}

/* All of @rounds; *out_count: the policies that one of them is of. */
static struct figures measure(const struct ruleset *ruleset, Policycalc__V1__Profile *profile,
		Policycalc__V1__View view, unsigned rounds, size_t *out_count)
{
	struct figures figures = figures_new(rounds);
	struct arena arena;

	arena_init(&arena, (size_t)256 << 20);
	for (unsigned i = 0; i < rounds; i++)
		figures.times[figures.count++] =
				match_once(ruleset, profile, view, &arena, out_count);
	arena_fini(&arena);
	return figures;
}

int main(int argc, char **argv)
{
	unsigned policies = argc > 2 ? (unsigned)atoi(argv[2]) : 1;
	unsigned rounds = argc > 3 ? (unsigned)atoi(argv[3]) : 2000;
	char *lines = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&lines, &size);
	struct case_file file;
	struct arena arena;
	struct ruleset *ruleset;
	Policycalc__V1__Profile *profile;
	const char *mistake = NULL;
	struct figures full;
	struct figures basic;
	size_t count = 0;

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
	full = measure(ruleset, profile, POLICYCALC__V1__VIEW__VIEW_FULL, rounds, &count);
	basic = measure(ruleset, profile, POLICYCALC__V1__VIEW__VIEW_BASIC, rounds, &count);
	printf("policies of six conditions: %zu; a FULL answer each:\n", count);
	figures_print(&full, "Explaining one policy", count, 20);
	figures_print(&basic, "The same policy in a BASIC answer", count, 0);
	figures_fini(&full);
	figures_fini(&basic);
	ruleset_unref(ruleset);
	arena_fini(&arena);
	free(lines);
	return 0;
}

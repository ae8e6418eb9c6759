/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long it takes to explain a policy: the whole call that asks for the FULL answer of it alone, reading the profile
 * included, as when a person looks at that policy.
 *
 *     bench_explain tests/cases/dictionary.case service/catalog [rounds [policy]]    policy: that one only
 *
 * First one made up for this: figures with parameters, dates, titles, quotients, ways that fail together; beside it
 * its BASIC answer. Then every policy of a catalog, for firms made at random of which everything is known: what a
 * policy takes is the median of the rounds, which come in turns between those of the others, for the firm for which it
 * takes longest. Printed are the median and the
 * 95th percentile of the policies, and the one that takes longest, by its name. What is asked for alone is compared,
 * byte by byte, with what the answer about all policies says of it.
 */
#include "figures.h"
#include "fixture.h"
#include "profile_maker.h"
#include "starter.h"

#include "base/buffer.h"
#include "proto/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY "2026-06-01"
#define FIRMS 4
#define TURNS 3
#define LIMIT_US 20
/* That a loop keeps for its calls, so that they take no memory of the machine (rpc/call_shared.c). */
#define CALL_ROOM ((size_t)256 << 10)

#define VIEW(word) POLICYCALC__V1__VIEW__VIEW_##word

static const char made_up[] =
		"policy made-up\n"
		"window always\n"
		"require e.rd_expense >= p.rd_least\n"
		"require e.tech_share >= p.share_least\n"
		"require e.staff <= p.staff_most && e.revenue > 0\n"
		"require date.addYears(e.registered_on, 1) <= as_of\n"
		"require (\"srdi\" in e.titles && e.titles[\"srdi\"] >= as_of) || "
		"e.tech_sme || e.srdi\n"
		"exclude e.dishonest\n";
static const char values[] =
		"rd_expense = 60万元, staff = 301, tech_staff = 24, revenue = 900万元,"
		" registered_on = 2023-06-01, titles = hnte:2030-01-01, srdi = 否";

/* A question about one policy, or with @id NULL about all. */
struct question {
	const struct ruleset *ruleset;
	Policycalc__V1__Profile *profile;
	char *id;
	Policycalc__V1__View view;
};

static const __attribute__((noinline)) Policycalc__V1__MatchResponse *question_ask(
		const struct question *question, struct arena *arena)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;
	char *ids[] = { question->id };
	struct error err = { 0 };

	request.profile = question->profile;
	request.view = question->view;
	request.include_superseded = true;
	request.policies = ids;
	request.n_policies = question->id ? 1 : 0;
	if (!ruleset_match(question->ruleset, &request, DAY, arena, &response, NULL, &err)) {
		(void)fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	return response;
}

/* Calls between two looks at the clock of the thread, which is the kernel's: each takes a microsecond. */
#define CALLS 4

/* Adds how long a call took, so many times. */
static void question_measure(
		const struct question *question, unsigned rounds, struct figures *figures)
{
	struct arena arena;

	arena_init(&arena, (size_t)256 << 20);
	if (!arena_reserve(&arena, CALL_ROOM))
		exit(1);
	for (unsigned i = 0; i < rounds; i++) {
		int64_t begin = figures_now();

		for (int k = 0; k < CALLS; k++) {
			(void)question_ask(question, &arena);
			arena_reset(&arena);
		}
		figures->times[figures->count++] = (figures_now() - begin) / CALLS;
	}
	arena_fini(&arena);
}

/* --- the one made up --------------------------------------------------------------------------- */

static void made_up_measure(const char *dictionary, unsigned rounds)
{
	struct question question = { .view = VIEW(FULL) };
	const char *mistake = NULL;
	struct case_file file;
	struct figures full = figures_new(rounds);
	struct figures basic = figures_new(rounds);
	struct arena arena;
	struct ruleset *ruleset;

	arena_init(&arena, (size_t)64 << 20);
	fixture_read(&file, &arena, dictionary, made_up);
	ruleset = fixture_compile(&file, &mistake);
	if (!ruleset) {
		(void)fprintf(stderr, "%s\n", mistake);
		exit(1);
	}
	question.ruleset = ruleset;
	question.profile = fixture_profile(&file, values);
	question_measure(&question, rounds, &full);
	figures_print(&full, "Explaining one policy, made up, of six conditions", 1, LIMIT_US);
	question.view = VIEW(BASIC);
	question_measure(&question, rounds, &basic);
	figures_print(&basic, "The same policy in a BASIC answer", 1, 0);
	figures_fini(&full);
	figures_fini(&basic);
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

/* --- a whole catalog --------------------------------------------------------------------------- */

struct policy_figure {
	const char *id;
	struct figures times[FIRMS];
	int64_t median; /* for the firm for which it takes longest */
};

/* One turn of a firm. */
struct turn {
	const struct ruleset *ruleset;
	Policycalc__V1__Profile *profile;
	unsigned firm, rounds;
	const char *only; /* that policy, or NULL */
	bool checks;
};

static int figure_compare(const void *a, const void *b)
{
	int64_t left = ((const struct policy_figure *)a)->median;
	int64_t right = ((const struct policy_figure *)b)->median;

	return (left > right) - (left < right);
}

static void answer_pack(const Policycalc__V1__PolicyAnswer *answer, struct buffer *out)
{
	buffer_clear(out);
	if (!message_pack(&answer->base, out)) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
}

/* Whether the policy asked for alone is told as among all, and explained. */
static void answer_check(const struct question *question,
		const Policycalc__V1__MatchResponse *all, size_t at, struct arena *arena)
{
	const Policycalc__V1__PolicyAnswer *known = all->answers[at];
	const Policycalc__V1__MatchResponse *response = question_ask(question, arena);
	struct buffer alone = { 0 };
	struct buffer among_all = { 0 };
	bool told = response->n_answers == 1 && response->n_warnings == all->n_warnings &&
		    known->n_conditions + known->n_items > 0;

	if (told) {
		answer_pack(response->answers[0], &alone);
		answer_pack(known, &among_all);
		told = alone.size == among_all.size &&
		       memcmp(alone.data, among_all.data, alone.size) == 0;
	}
	for (size_t i = 0; told && i < known->n_conditions; i++)
		told = known->conditions[i]->sentence && *known->conditions[i]->sentence->zh;
	if (!told) {
		(void)fprintf(stderr, "%s is not told as among all\n", question->id);
		exit(1);
	}
	buffer_fini(&alone);
	buffer_fini(&among_all);
}

static void turn_measure(const struct turn *turn, struct policy_figure *figures)
{
	struct question question = { turn->ruleset, turn->profile, NULL, VIEW(FULL) };
	const Policycalc__V1__MatchResponse *all;
	struct arena arena;

	arena_init(&arena, (size_t)256 << 20);
	all = question_ask(&question, &arena);
	for (size_t i = 0; i < all->n_answers; i++) {
		size_t at = 0;

		question.id = all->answers[i]->policy_id;
		while (strcmp(figures[at].id, question.id) != 0)
			at++;
		if (turn->only && strcmp(turn->only, question.id) != 0)
			continue;
		if (turn->checks)
			answer_check(&question, all, i, &arena);
		question_measure(&question, turn->rounds, &figures[at].times[turn->firm]);
	}
	arena_fini(&arena);
}

static void figures_sort(struct policy_figure *figures, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (unsigned firm = 0; firm < FIRMS; firm++) {
			int64_t median = figures_median(&figures[i].times[firm]);

			if (median > figures[i].median)
				figures[i].median = median;
			figures_fini(&figures[i].times[firm]);
		}
	}
	qsort(figures, count, sizeof(*figures), figure_compare);
}

static void figure_print(const struct policy_figure *sorted, const char *what, size_t at,
		const char *id, unsigned limit_us)
{
	double us = (double)sorted[at].median / 1000;

	printf("Explaining one policy, %s%s: median %.1f us, least %.1f us, p99 %.1f us, limit "
	       "%u us\n",
			what, id, us, (double)sorted[0].median / 1000, us, limit_us);
}

static void catalog_measure(const char *folder, unsigned rounds, const char *only)
{
	const struct catalog *catalog;
	struct profile_maker maker = {
		.day = DAY, .seed = 4711, .known = 100, .series = 100, .items = 1
	};
	struct turn turn = { .rounds = rounds / TURNS + 1, .only = only };
	Policycalc__V1__Profile *firms[FIRMS];
	struct policy_figure *figures;
	struct ruleset *ruleset;
	struct arena arena;
	size_t facts = 0;
	size_t count;

	arena_init(&arena, (size_t)256 << 20);
	ruleset = starter_read(folder, &arena);
	catalog = ruleset_catalog(ruleset);
	count = catalog->policy_count;
	figures = calloc(count + 1, sizeof(*figures));
	if (!figures)
		exit(1);
	for (size_t i = 0; i < count; i++) {
		figures[i].id = catalog->policies[i]->id;
		for (int k = 0; k < FIRMS; k++)
			figures[i].times[k] = figures_new((size_t)TURNS * turn.rounds);
	}
	maker.catalog = catalog;
	maker.arena = &arena;
	for (int i = 0; i < FIRMS; i++) {
		firms[i] = maker_profile(&maker);
		maker_tidy(&maker, ruleset, firms[i]);
		facts += firms[i]->n_attributes;
	}
	turn.ruleset = ruleset;
	for (unsigned i = 0; i < TURNS * FIRMS; i++) {
		turn.firm = i % FIRMS;
		turn.profile = firms[turn.firm];
		turn.checks = i < FIRMS;
		turn_measure(&turn, figures);
	}
	figures_sort(figures, count);
	printf("%zu policies of the catalog, each for that one of %d firms for which it takes "
	       "longest; "
	       "%zu facts are known of a firm\n",
			count, FIRMS, facts / FIRMS);
	figure_print(figures, "median of the starter catalog", count / 2, "", LIMIT_US);
	figure_print(figures, "95th percentile of the starter catalog", count * 95 / 100, "",
			0);
	figure_print(figures, "the longest of the starter catalog, ", count - 1,
			figures[count - 1].id, 0);
	free(figures);
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 3 ? (unsigned)atoi(argv[3]) : 301;

	if (argc < 3 || rounds == 0)
		return 2;
	made_up_measure(argv[1], rounds);
	catalog_measure(argv[2], rounds, argc > 4 ? argv[4] : NULL);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long NextQuestion takes of what nothing is known: policies that read six of thirty attributes, with
 * thresholds of their own, region and industry scopes, and amounts; alone, and beside a registry whose firms
 * answer all of it. Then the policies of the workload, each one rule of three to eight clauses over 41 attributes.
 *
 *     bench_question tests/cases/dictionary.case [policies] [rounds]
 */
#include "figures.h"
#include "firms.h"
#include "fixture.h"
#include "registry/priors.h"
#include "sweep_workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRMS 20000
#define KINDS 1000 /* of firms */
#define FLAGS 12
#define FIGURES 14 /* with region, industry, a choice and a date: thirty */

static uint64_t random_state = 42;

static unsigned random_below(unsigned bound)
{
	random_state = random_state * UINT64_C(6364136223846793005) +
		       UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % bound;
}

static void condition_write(FILE *out)
{
	switch (random_below(8)) {
	case 0:
	case 1:
		fprintf(out, "require e.f%u\n", random_below(FLAGS));
		break;
	case 2:
		fprintf(out, "exclude e.f%u\n", random_below(FLAGS));
		break;
	case 3:
		fprintf(out, "require e.f%u || e.n%u >= %u\n", random_below(FLAGS),
				random_below(FIGURES), 1 + random_below(40));
		break;
	case 4:
		fprintf(out, "require e.kind == \"k%u\"\n", random_below(5));
		break;
	case 5:
		fprintf(out, "require date.fullYears(e.founded, as_of) >= %u\n",
				1 + random_below(5));
		break;
	default:
		fprintf(out, "require e.n%u >= %u\n", random_below(FIGURES),
				1 + random_below(40));
		break;
	}
}

static char *catalog_write(unsigned policies)
{
	static const char *const regions[] = { "410000", "411200", "411282", "411202" };
	static const char *const industries[] = { "C", "C31", "C32", "F", "F51", "B" };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (unsigned i = 0; i < FLAGS; i++)
		fprintf(out, "attribute f%u FLAG\n", i);
	for (unsigned i = 0; i < FIGURES; i++)
		fprintf(out, "attribute n%u COUNT from 0\n", i);
	fprintf(out, "attribute kind CODE choices k0 k1 k2 k3 k4 k5\n");
	fprintf(out, "attribute founded DATE\n");
	for (unsigned i = 0; i < policies; i++) {
		unsigned conditions = 3 + random_below(3);

		fprintf(out, "policy p%04u\nwindow always\n", i);
		fprintf(out, "covers %s\n", regions[random_below(4)]);
		if (random_below(2))
			fprintf(out, "industries %s\n", industries[random_below(6)]);
		for (unsigned k = 0; k < conditions; k++)
			condition_write(out);
		fprintf(out, "pays wan(%u)\n", 1 + random_below(500));
	}
	fclose(out);
	return text;
}

/* --- a registry ------------------------------------------------------------------------------- */

static Policycalc__V1__Profile *kinds[KINDS];

static const char *kind_text(struct arena *arena)
{
	static const char *const regions[] = { "411202", "411203", "411221", "411224", "411281",
		"411282" };
	const char *text = arena_format(arena, "region = %s, industry = C%u, kind = k%u",
			regions[random_below(6)], 13 + random_below(30), random_below(6));

	text = arena_format(arena, "%s, founded = %u-06-01", text, 2010 + random_below(16));
	for (unsigned i = 0; i < FLAGS; i++)
		text = arena_format(arena, "%s, f%u = %s", text, i,
				random_below(FLAGS) < i ? "是" : "否");
	for (unsigned i = 0; i < FIGURES; i++)
		text = arena_format(arena, "%s, n%u = %u", text, i,
				random_below(1 + random_below(60)));
	return text;
}

static bool on_scan(void *context, int64_t sequence, int64_t first_id, int64_t count,
		column_row_fn row, void *row_context, struct error *err)
{
	(void)context;
	for (int64_t id = first_id; id < first_id + count && id <= FIRMS; id++) {
		if (!row(row_context, id, sequence, kinds[id % KINDS], err))
			return false;
	}
	return true;
}

static struct priors *priors_make(struct case_file *file, struct arena *arena)
{
	const struct column_origin origin = firms_origin(NULL, on_scan);
	const atomic_bool stop = false;
	char path[] = "/tmp/bench-question-XXXXXX";
	struct column_cache *cache;
	struct priors *priors = NULL;
	struct error err = { 0 };
	int file_number = mkstemp(path);

	if (file_number < 0)
		return NULL;
	close(file_number);
	unlink(path);
	for (size_t i = 0; i < KINDS; i++) {
		kinds[i] = fixture_profile(file, kind_text(arena));
		kinds[i]->uscc = (char *)"91411282MA00000000";
	}
	cache = column_cache_open(path, &origin, &err);
	if (cache)
		priors = priors_count(cache, 1, FIRMS, &stop, &err);
	if (!priors)
		fprintf(stderr, "%s\n", err.message);
	column_cache_close(cache);
	unlink(path);
	return priors;
}

/* --- measuring -------------------------------------------------------------------------------- */

static int measure(const struct ruleset *ruleset, const struct question_priors *priors,
		const char *name, unsigned rounds)
{
	Policycalc__V1__NextQuestionRequest request =
			POLICYCALC__V1__NEXT_QUESTION_REQUEST__INIT;
	struct figures figures = figures_new(rounds);
	struct arena arena;

	arena_init(&arena, (size_t)256 << 20);
	for (unsigned i = 0; i < rounds; i++) {
		Policycalc__V1__NextQuestionResponse *response = NULL;
		struct error err = { 0 };
		int64_t begin = figures_now();

		if (!ruleset_next_question(ruleset, &request, priors, "2026-06-01", &arena,
				    &response, NULL, &err)) {
			fprintf(stderr, "%s\n", err.message);
			return 1;
		}
		figures.times[figures.count++] = figures_now() - begin;
		if (i == 0)
			printf("asks %s; %d of %d policies undetermined, %.1f questions left\n",
					response->question->attributes[0]->key,
					response->progress->undetermined_count,
					response->progress->policy_count,
					(double)response->progress->expected_questions_milli /
							1000);
		arena_reset(&arena);
	}
	arena_fini(&arena);
	figures_print(&figures, name, 1, 5000);
	figures_fini(&figures);
	return 0;
}

static int workload_measure(unsigned policies, unsigned rounds)
{
	struct workload *workload = workload_new(&(struct workload_options){
			.policy_count = policies, .enterprise_count = 1, .seed = 42 });
	int code = measure(workload_ruleset(workload), NULL,
			"NextQuestion, 1,000 policies of the workload, 41 unknown attributes",
			rounds);

	workload_free(workload);
	return code;
}

int main(int argc, char **argv)
{
	unsigned policies = argc > 2 ? (unsigned)atoi(argv[2]) : 1000;
	unsigned rounds = argc > 3 ? (unsigned)atoi(argv[3]) : 200;
	char *lines = catalog_write(policies);
	struct case_file file;
	struct arena arena;
	struct ruleset *ruleset;
	struct priors *priors;
	struct question_priors weighs;
	const char *mistake = NULL;
	int code;

	if (argc < 2 || !lines || rounds == 0)
		return 2;
	arena_init(&arena, (size_t)512 << 20);
	fixture_read(&file, &arena, argv[1], lines);
	ruleset = fixture_compile(&file, &mistake);
	if (!ruleset) {
		fprintf(stderr, "%s\n", mistake);
		return 1;
	}
	priors = priors_make(&file, &arena);
	if (!priors)
		return 1;
	weighs = priors_for_questions(priors);
	code = measure(ruleset, NULL, "NextQuestion, 1,000 policies, 30 unknown attributes",
			rounds);
	if (code == 0)
		code = measure(ruleset, &weighs, "NextQuestion, the same beside a registry",
				rounds);
	priors_unref(priors);
	ruleset_unref(ruleset);
	arena_fini(&arena);
	free(lines);
	return code ? code : workload_measure(policies, rounds);
}

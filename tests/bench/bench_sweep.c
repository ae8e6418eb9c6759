/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a block of enterprises under all policies costs, beside the loops that it replaces.
 *
 * usage: bench_sweep CATALOG [blocks]                the starter catalog, and then the workload
 *        bench_sweep CATALOG blocks policies rounds [sorted] [known]  the workload alone; with "known"
 *                                                    not with missing values too
 *        bench_sweep CATALOG constant [blocks]       what an enterprise costs in registries of 10^4 to 10^7
 *                                                    (or up to so many blocks); 10^7 take 8 GB of memory
 *
 * Peers: Match's own way (read the profile, ask each policy), and of the workload also a straight loop
 * in C over its own structures, the clauses that rule out most first. Milliseconds are of a million
 * enterprises, a policy; every answer is checked against the loops.
 */
#include "calculator/answer.h"
#include "figures.h"
#include "profile_maker.h"
#include "publish/publish.h"
#include "sweep_fixture.h"
#include "sweep_pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY "2026-06-01"

static _Noreturn void broken(const char *what, const struct error *err)
{
	(void)fprintf(stderr, "%s: %s\n", what, err->message);
	exit(1);
}

/* Asks the policies one by one, as Match does; the sum of mix over the eligible. */
static uint64_t match_sum(const struct ruleset *ruleset, const struct sweep *sweep,
		const Policycalc__V1__Profile *profile, long number, struct arena *arena,
		uint64_t (*mix)(long policy, long enterprise))
{
	struct findings findings = { .arena = arena };
	struct date day = { 1970, 1, 1 };
	const struct epoch *epoch;
	struct facts *facts;
	uint64_t sum = 0;

	(void)date_parse(slice_from(DAY), &day);
	epoch = epoch_pin(ruleset, date_to_days(day));
	facts = facts_read(ruleset, epoch, profile, day, false, arena, &findings);
	for (size_t i = 0; facts && i < sweep_policy_count(sweep); i++) {
		const struct policy_rules *rules = ruleset_find_rules(
				ruleset, slice_from(sweep_policy(sweep, i)->id));
		struct outcome outcome;

		outcome_compute(facts, rules, &epoch->standings[rules - ruleset->policies],
				&outcome);
		if (outcome.verdict == VERDICT(ELIGIBLE))
			sum += mix((long)i, number);
	}
	epoch_unpin(ruleset, epoch);
	if (arena->exhausted)
		exit(1);
	return sum;
}

/* The ids of the eligible, as a run writes them out. */
static uint64_t block_sum(const struct sweep_work *work, size_t policies, long first,
		uint64_t (*mix)(long policy, long enterprise), uint64_t *matches)
{
	uint64_t rows[SWEEP_WORDS];
	uint64_t sum = 0;

	for (size_t i = 0; i < policies; i++) {
		if (!sweep_verdict(work, i, VERDICT(ELIGIBLE), rows))
			continue;
		for (long k = 0; k < SWEEP_WORDS; k++) {
			*matches += (uint64_t)__builtin_popcountll(rows[k]);
			for (uint64_t left = rows[k]; left; left &= left - 1)
				sum += mix((long)i, first + k * 64 + __builtin_ctzll(left));
		}
	}
	return sum;
}

static struct sweep_work *work_make(
		const struct ruleset *ruleset, struct sweep **out_sweep, const char *what)
{
	struct sweep_options options = { .day = DAY };
	struct error err = { 0 };
	struct sweep_work *work;
	int64_t begin = figures_now();

	*out_sweep = sweep_new(ruleset, &options, &err);
	if (!*out_sweep)
		broken(what, &err);
	work = sweep_work_new(*out_sweep, &err);
	if (!work)
		broken(what, &err);
	printf("%s: %zu policies made ready in %.1f ms\n", what, sweep_policy_count(*out_sweep),
			(double)(figures_now() - begin) / 1e6);
	return work;
}

/* --- the starter catalog ----------------------------------------------------------------------- */

static uint64_t any_mix(long policy, long enterprise)
{
	return ((uint64_t)policy * 7919 + (uint64_t)enterprise + 1) *
	       UINT64_C(0x9E3779B97F4A7C15);
}

static struct ruleset *starter_read(const char *path, struct arena *arena)
{
	struct diagnostics diagnostics;
	struct draft draft = { 0 };
	struct ruleset *ruleset = NULL;
	struct error err = { 0 };

	diagnostics_init(&diagnostics, arena);
	if (!draft_load(path, arena, &draft, &err) ||
			!draft_check(&draft, false, arena, &diagnostics, &ruleset, NULL, &err))
		broken(path, &err);
	return ruleset;
}

/* A sweep asks the source as often as it likes: columns are made beforehand, out of the time. */
struct prepared {
	struct sweep_column *columns;
	struct profile_source *profiles;
};

static bool on_column(
		void *context, size_t want, struct sweep_column *out_column, struct error *err)
{
	const struct prepared *prepared = context;

	(void)err;
	*out_column = prepared->columns[want];
	return true;
}

static bool on_profile(void *context, unsigned row, struct arena *arena,
		const Policycalc__V1__Profile **out_profile, struct error *err)
{
	const struct prepared *prepared = context;

	return prepared->profiles->source.profile(
			prepared->profiles, row, arena, out_profile, err);
}

static bool on_items(void *context, const char *list, struct sweep_items *out_items,
		struct error *err)
{
	const struct prepared *prepared = context;

	return prepared->profiles->source.items(prepared->profiles, list, out_items, err);
}

static void starter_measure(const char *path, unsigned known, unsigned items)
{
	struct arena arena, call;
	struct ruleset *ruleset;
	struct sweep *sweep;
	struct sweep_work *work;
	struct profile_maker maker = { .day = DAY,
		.arena = &arena,
		.seed = 11,
		.known = known,
		.series = items ? known : 5,
		.items = items };
	Policycalc__V1__Profile **profiles;
	struct profile_source source;
	struct prepared prepared;
	struct sweep_source columns = { &prepared, SWEEP_ROWS, on_column, on_profile, true,
		on_items };
	struct error err = { 0 };
	size_t want_count;
	uint64_t sum = 0, expected = 0, matches = 0;
	int64_t begin, swept = 0, asked;

	arena_init(&arena, (size_t)8 << 30);
	arena_init(&call, (size_t)256 << 20);
	ruleset = starter_read(path, &arena);
	work = work_make(ruleset, &sweep, "starter catalog");
	maker.catalog = ruleset_catalog(ruleset);
	profiles = ARENA_NEW_ARRAY(&arena, Policycalc__V1__Profile *, SWEEP_ROWS);
	(void)sweep_wants(sweep, &want_count);
	prepared.columns = ARENA_NEW_ARRAY(&arena, struct sweep_column, want_count);
	if (!profiles || !prepared.columns)
		exit(1);
	for (unsigned i = 0; i < SWEEP_ROWS; i++)
		profiles[i] = maker_profile(&maker);
	profile_source_init(&source, sweep, profiles, SWEEP_ROWS, DAY, &arena);
	prepared.profiles = &source;
	for (size_t i = 0; i < want_count; i++)
		(void)source.source.column(&source, i, &prepared.columns[i], &err);
	for (int round = 0; round < 3; round++) {
		source.profiles_asked = 0;
		begin = figures_now();
		if (!sweep_block(work, &columns, NULL, &err))
			broken("sweep", &err);
		swept = figures_now() - begin;
	}
	sum = block_sum(work, sweep_policy_count(sweep), 0, any_mix, &matches);
	begin = figures_now();
	for (long i = 0; i < SWEEP_ROWS; i++) {
		expected += match_sum(ruleset, sweep, profiles[i], i, &call, any_mix);
		arena_reset(&call);
	}
	asked = figures_now() - begin;
	printf("starter catalog, %u%% known%s: sweep %.1f us an enterprise (%u of %d asked "
	       "themselves), one by one %.1f us: %.1f times; %llu matches, %s\n",
			known, items ? ", items and series" : "",
			(double)swept / 1e3 / SWEEP_ROWS, source.profiles_asked, SWEEP_ROWS,
			(double)asked / 1e3 / SWEEP_ROWS, (double)asked / (double)swept,
			(unsigned long long)matches,
			sum == expected ? "the same" : "NOT THE SAME");
	if (sum != expected)
		exit(1);
	sweep_work_free(work);
	sweep_free(sweep);
	ruleset_unref(ruleset);
	arena_fini(&call);
	arena_fini(&arena);
}

/* --- the workload ------------------------------------------------------------------------------ */

#define MATCH_SAMPLE 64

/* A run over all blocks. */
static int64_t run_measure(struct workload *workload, const struct sweep *sweep,
		struct sweep_work *work, long blocks, uint64_t *out_sum, uint64_t *out_matches)
{
	struct pairs pairs = pairs_new(sweep_policy_count(sweep), 1);
	int64_t took = 0;

	*out_sum = *out_matches = 0;
	for (long i = 0; i < blocks; i++) {
		int64_t begin = figures_now();

		pairs_of_block(workload, sweep, work, i, &pairs);
		took += figures_now() - begin;
		*out_matches += pairs.count;
		for (size_t k = 0; k < pairs.count; k++)
			*out_sum += workload_mix((long)pairs.policies[k],
					i * SWEEP_ROWS + (long)pairs.rows[k]);
	}
	pairs_fini(&pairs);
	return took;
}

static void workload_measure(
		long blocks, const struct workload_options *options, unsigned rounds)
{
	struct workload *workload = workload_new(options);
	const struct ruleset *ruleset = workload_ruleset(workload);
	double policies = (double)options->policy_count;
	double enterprises = (double)options->enterprise_count;
	uint64_t sum = 0, expected = 0, matches = 0, found = 0, match = 0, part = 0;
	int64_t begin, swept = 0, looped, asked;
	long sample = MATCH_SAMPLE < options->enterprise_count ? MATCH_SAMPLE
							       : options->enterprise_count;
	struct sweep *sweep;
	struct sweep_work *work = work_make(ruleset, &sweep, "workload");
	struct arena call;

	arena_init(&call, (size_t)256 << 20);
	/* The best of several: what is made once a thread is no part of the cost of a registry. */
	for (unsigned i = 0; i < rounds; i++) {
		int64_t took = run_measure(workload, sweep, work, blocks, &sum, &matches);

		swept = i == 0 || took < swept ? took : swept;
	}
	begin = figures_now();
	for (long i = 0; i < sample; i++) {
		match += match_sum(ruleset, sweep, workload_profile(workload, i, &call), i,
				&call, workload_mix);
		arena_reset(&call);
	}
	asked = figures_now() - begin;
	begin = figures_now();
	if (options->unknown == 0)
		expected = workload_loop(workload, 0, options->enterprise_count, &found);
	looped = figures_now() - begin;
	if (options->unknown == 0 &&
			(sum != expected || matches != found ||
					match != workload_loop(workload, 0, sample, &part))) {
		(void)fprintf(stderr, "the answers differ\n");
		exit(1);
	}
	printf("workload P=%ld%s%s: sweep %.3f ms", options->policy_count,
			options->sorted ? " sorted" : "",
			options->unknown ? ", some unknown" : "",
			million_ms(swept, enterprises, policies));
	if (options->unknown == 0)
		printf(", straight loop %.2f ms (%.1f times)",
				million_ms(looped, enterprises, policies),
				(double)looped / (double)swept);
	printf(", one by one %.0f ms (%.0f times); %.2f%% match\n",
			million_ms(asked, (double)sample, policies),
			million_ms(asked, (double)sample, policies) /
					million_ms(swept, enterprises, policies),
			(double)matches * 100 / enterprises / policies);
	sweep_work_free(work);
	sweep_free(sweep);
	arena_fini(&call);
	workload_free(workload);
}

/* --- the same cost, however many ---------------------------------------------------------------- */

#define CONSTANT_POLICIES 200
#define CONSTANT_BLOCKS 2442
#define CONSTANT_LEAST 3
/* A turn is so many blocks: the smallest registry some times over, or the next part of a larger one. */
#define TURN_BLOCKS 72

/* One registry: the first blocks of the workload. */
struct size {
	const char *name;
	long blocks;
	long next;
	struct figures figures; /* of every block that was swept */
};

/* What is found in a block is the same each time. */
static void turn_take(struct size *size, struct workload *workload, const struct sweep *sweep,
		struct sweep_work *work, struct pairs *pairs, size_t *found)
{
	for (long i = 0; i < TURN_BLOCKS; i++) {
		int64_t begin = figures_now();
		size_t *before = &found[size->next];

		pairs_of_block(workload, sweep, work, size->next, pairs);
		size->figures.times[size->figures.count++] = figures_now() - begin;
		if (*before && *before != pairs->count + 1) {
			(void)fprintf(stderr, "the answers differ\n");
			exit(1);
		}
		*before = pairs->count + 1;
		size->next = (size->next + 1) % size->blocks;
	}
}

/*
 * One after the other they would be measured in different minutes of the machine: they take turns, and
 * medians of single blocks count.
 */
static void constant_measure(long blocks)
{
	struct workload_options options = { .policy_count = CONSTANT_POLICIES,
		.enterprise_count = blocks * SWEEP_ROWS,
		.seed = 42 };
	struct size sizes[] = { { .name = "10^4", .blocks = CONSTANT_LEAST },
		{ .name = "10^5", .blocks = 24 }, { .name = "10^6", .blocks = 244 },
		{ .name = "10^7", .blocks = CONSTANT_BLOCKS } };
	size_t count = sizeof(sizes) / sizeof(*sizes);
	struct workload *workload = workload_new(&options);
	long turns = (blocks + TURN_BLOCKS - 1) / TURN_BLOCKS;
	struct sweep *sweep;
	struct sweep_work *work = work_make(workload_ruleset(workload), &sweep, "workload");
	struct pairs pairs = pairs_new(CONSTANT_POLICIES, 1);
	size_t *found = calloc((size_t)blocks, sizeof(*found));
	double took[4] = { 0 };

	while (count > 1 && sizes[count - 1].blocks > blocks)
		count--;
	turns = turns < 12 ? 12 : turns;
	for (size_t i = 0; i < count; i++) {
		if (!found)
			exit(1);
		sizes[i].figures = figures_new((size_t)(turns * TURN_BLOCKS));
	}
	for (long turn = 0; turn < turns; turn++) {
		for (size_t i = 0; i < count; i++)
			turn_take(&sizes[i], workload, sweep, work, &pairs, found);
	}
	for (size_t i = 0; i < count; i++) {
		took[i] = million_ms(figures_median(&sizes[i].figures), SWEEP_ROWS,
				CONSTANT_POLICIES);
		figures_fini(&sizes[i].figures);
	}
	for (size_t i = 0; i < count; i++)
		printf("constant P=%d: %s enterprises %.3f ms, %.3f times\n", CONSTANT_POLICIES,
				sizes[i].name, took[i], took[i] / took[count > 1]);
	free(found);
	pairs_fini(&pairs);
	sweep_work_free(work);
	sweep_free(sweep);
	workload_free(workload);
}

int main(int argc, char **argv)
{
	long blocks = argc > 2 ? atol(argv[2]) : 16;

	if (argc > 2 && strcmp(argv[2], "constant") == 0) {
		blocks = argc > 3 ? atol(argv[3]) : CONSTANT_BLOCKS;
		if (blocks < CONSTANT_LEAST) {
			(void)fprintf(stderr,
					"constant: at least %d blocks, the smallest registry "
					"that is measured\n",
					CONSTANT_LEAST);
			return 2;
		}
		constant_measure(blocks);
		return 0;
	}
	if (argc < 2 || blocks < 1)
		return 2;
	if (argc < 4) {
		starter_measure(argv[1], 95, 0);
		starter_measure(argv[1], 60, 0);
		starter_measure(argv[1], 95, 1);
	}
	struct workload_options options = { .policy_count = argc > 3 ? atol(argv[3]) : 1000,
		.enterprise_count = blocks * SWEEP_ROWS,
		.seed = 42 };
	bool known = false;
	unsigned rounds = argc > 4 ? (unsigned)atoi(argv[4]) : 3;

	if (options.policy_count < 1 || rounds < 1)
		return 2;
	for (int i = 5; i < argc; i++) {
		options.sorted |= strcmp(argv[i], "sorted") == 0;
		known |= strcmp(argv[i], "known") == 0;
	}
	workload_measure(blocks, &options, rounds);
	if (known)
		return 0;
	options.unknown = 20;
	workload_measure(blocks, &options, rounds);
	return 0;
}

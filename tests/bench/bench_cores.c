/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry of the workload in memory under all policies, swept by one thread and by two in turn: those of
 * registry/crew.h, which take block after block of one list as in a search or a report. Wall clock.
 *
 * usage: bench_cores blocks policies rounds
 *
 * What is found is the same however many threads look, and of the first block what the straight loop says.
 */
#include "figures.h"
#include "registry/crew.h"
#include "sweep_pairs.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DAY "2026-06-01"
#define THREADS 2
#define ROUNDS_MOST 99

/* What a thread has for itself. */
struct seat {
	struct workload *workload;
	struct sweep_work *work;
	struct pairs pairs;
};

struct cores {
	struct sweep *sweep;
	struct seat seats[THREADS];
	uint64_t *sums; /* by block */
};

static _Noreturn void broken(const char *what)
{
	(void)fprintf(stderr, "%s\n", what);
	exit(1);
}

static bool on_block(void *context, unsigned at, int64_t block, struct error *err)
{
	struct cores *cores = context;
	struct seat *seat = &cores->seats[at];

	(void)err;
	pairs_of_block(seat->workload, cores->sweep, seat->work, (long)block, &seat->pairs);
	cores->sums[block] = 0;
	for (size_t k = 0; k < seat->pairs.count; k++)
		cores->sums[block] += workload_mix((long)seat->pairs.policies[k],
				(long)block * SWEEP_ROWS + (long)seat->pairs.rows[k]);
	return true;
}

/* Milliseconds of a sweep by all threads of @crew; *out_sum: of what was found. */
static double sweep_take(struct cores *cores, struct crew *crew, long blocks, uint64_t *out_sum)
{
	struct error err = { 0 };
	struct timespec begin, end;

	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	if (!crew_run(crew, 0, blocks, on_block, cores, &err))
		broken(err.message);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	*out_sum = 0;
	for (long i = 0; i < blocks; i++)
		*out_sum += cores->sums[i];
	return (double)(end.tv_sec - begin.tv_sec) * 1e3 +
	       (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
}

static void measure(struct cores *cores, long blocks, long policies, int rounds)
{
	struct error err = { 0 };
	struct crew *crews[THREADS] = { crew_new(1, &err), crew_new(THREADS, &err) };
	double took[THREADS][ROUNDS_MOST], gain[ROUNDS_MOST];
	uint64_t expected = 0, sum = 0, matches;

	if (!crews[0] || !crews[1])
		broken(err.message);
	for (int i = -1; i < rounds; i++) { /* the first is for the caches */
		for (int k = 0; k < THREADS; k++) {
			double one = sweep_take(cores, crews[k], blocks, &sum);

			if (i >= 0)
				took[k][i] = one;
			if (expected && sum != expected)
				broken("the answers differ");
			expected = sum;
		}
		if (i >= 0)
			gain[i] = took[0][i] / took[1][i];
	}
	if (cores->sums[0] != workload_loop(cores->seats[0].workload, 0, SWEEP_ROWS, &matches))
		broken("the answers are not those of the straight loop");
	printf("cores P=%ld, %ld enterprises: one thread %.1f ms, two %.1f ms, %.2f times\n",
			policies, blocks * SWEEP_ROWS, median_of(took[0], (size_t)rounds),
			median_of(took[1], (size_t)rounds), median_of(gain, (size_t)rounds));
	crew_free(crews[0]);
	crew_free(crews[1]);
}

int main(int argc, char **argv)
{
	long blocks = argc > 3 ? atol(argv[1]) : 0;
	struct workload_options options = { .policy_count = argc > 3 ? atol(argv[2]) : 0,
		.enterprise_count = blocks * SWEEP_ROWS,
		.seed = 42 };
	int rounds = argc > 3 ? atoi(argv[3]) : 0;
	struct sweep_options all = { .day = DAY };
	struct cores cores = { 0 };
	struct error err = { 0 };

	if (blocks < 1 || options.policy_count < 1 || rounds < 1 || rounds > ROUNDS_MOST)
		return 2;
	cores.seats[0].workload = workload_new(&options);
	cores.sums = calloc((size_t)blocks, sizeof(*cores.sums));
	cores.sweep = sweep_new(workload_ruleset(cores.seats[0].workload), &all, &err);
	if (!cores.sweep || !cores.sums)
		broken("no memory for a sweep");
	for (int i = 0; i < THREADS; i++) {
		struct seat *seat = &cores.seats[i];

		if (i > 0)
			seat->workload = workload_share(cores.seats[0].workload);
		seat->work = sweep_work_new(cores.sweep, &err);
		if (!seat->work)
			broken(err.message);
		seat->pairs = pairs_new((size_t)options.policy_count, 1);
	}
	measure(&cores, blocks, options.policy_count, rounds);
	for (int i = 0; i < THREADS; i++) {
		sweep_work_free(cores.seats[i].work);
		pairs_fini(&cores.seats[i].pairs);
		if (i > 0)
			workload_unshare(cores.seats[i].workload);
	}
	sweep_free(cores.sweep);
	workload_free(cores.seats[0].workload);
	free(cores.sums);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry of the workload in memory, swept once for every line that comes on standard input: so that it
 * and its peers take turns, and what the machine does in a minute falls on all of them alike.
 *
 * usage: bench_turns all blocks policies [sorted] [once]    all policies at once
 *        bench_turns alone blocks policies [sorted] [once]  each policy alone, as if it were new: with what it
 *                                                           takes to make it ready
 *
 * Prints a line when it is ready, with what the straight loop takes, and a line a turn: milliseconds of a
 * million enterprises, a policy. Every turn's answers are compared with the straight loop's, of as many
 * blocks as that can do in a few seconds; those of the other blocks with the first turn's. "once": one turn,
 * whatever comes on standard input.
 */
#include "figures.h"
#include "sweep_pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY "2026-06-01"
#define LOOP_PAIRS 2e8 /* the straight loop is asked about */

struct turns {
	struct workload *workload;
	struct workload_options options;
	long blocks;
	long step; /* of every so many blocks the straight loop tells the answers */
	/* How many blocks are timed at once: of one policy all, for reading the clock is a tenth of a block. */
	long stretch;
	uint64_t *expected, *found; /* by block */
	size_t *ends;		    /* by block: the pairs up to its end, of its stretch */
	int64_t took;
};

static _Noreturn void broken(const char *what)
{
	(void)fprintf(stderr, "%s\n", what);
	exit(1);
}

static long block_rows(const struct turns *turns, long block)
{
	long left = turns->options.enterprise_count - block * SWEEP_ROWS;

	return left < SWEEP_ROWS ? left : SWEEP_ROWS;
}

/* Asks the straight loop; what a million enterprises take it, a policy. */
static double loop_ask(struct turns *turns)
{
	int64_t begin = figures_now();
	double asked = 0;
	uint64_t matches;

	for (long i = 0; i < turns->blocks; i += turns->step) {
		turns->expected[i] = workload_loop(turns->workload, i * SWEEP_ROWS,
				block_rows(turns, i), &matches);
		asked += (double)block_rows(turns, i);
	}
	return million_ms(figures_now() - begin, asked, (double)turns->options.policy_count);
}

static void stretch_sweep(struct turns *turns, const struct sweep *sweep,
		struct sweep_work *work, long begin, long end, struct pairs *pairs)
{
	int64_t before = figures_now();

	pairs->count = 0;
	for (long i = begin; i < end; i++) {
		pairs_add_block(turns->workload, sweep, work, i, pairs);
		turns->ends[i] = pairs->count;
	}
	turns->took += figures_now() - before;
}

/* Adds up what a sweep of policies from @first on finds. */
static void blocks_sweep(struct turns *turns, const struct sweep *sweep,
		struct sweep_work *work, long first, struct pairs *pairs)
{
	for (long begin = 0; begin < turns->blocks; begin += turns->stretch) {
		long end = begin + turns->stretch;
		size_t k = 0;

		stretch_sweep(turns, sweep, work, begin, end, pairs);
		for (long i = begin; i < end; i++) {
			for (; k < turns->ends[i]; k++)
				turns->found[i] += workload_mix(
						first + (long)pairs->policies[k],
						i * SWEEP_ROWS + (long)pairs->rows[k]);
		}
	}
}

static struct sweep_work *work_make(const struct turns *turns,
		const struct sweep_options *options, struct sweep **out_sweep)
{
	struct error err = { 0 };
	struct sweep_work *work = NULL;

	*out_sweep = sweep_new(workload_ruleset(turns->workload), options, &err);
	if (*out_sweep)
		work = sweep_work_new(*out_sweep, &err);
	if (!work)
		broken(err.message);
	return work;
}

static void alone_sweep(struct turns *turns, struct pairs *pairs)
{
	for (long i = 0; i < turns->options.policy_count; i++) {
		char id[24];
		const char *const ids[] = { id };
		struct sweep_options options = {
			.day = DAY, .policies = ids, .policy_count = 1
		};
		int64_t begin = figures_now();
		struct sweep_work *work;
		struct sweep *sweep;

		(void)snprintf(id, sizeof(id), "w%06ld", i);
		work = work_make(turns, &options, &sweep);
		turns->took += figures_now() - begin;
		blocks_sweep(turns, sweep, work, i, pairs);
		sweep_work_free(work);
		sweep_free(sweep);
	}
}

static void turn_check(struct turns *turns)
{
	for (long i = 0; i < turns->blocks; i++) {
		if (turns->expected[i] && turns->found[i] != turns->expected[i])
			broken("the answers differ");
		turns->expected[i] = turns->found[i];
	}
}

static void turns_take(struct turns *turns, bool alone, bool once)
{
	struct sweep_options options = { .day = DAY };
	struct sweep *sweep = NULL;
	struct sweep_work *work = alone ? NULL : work_make(turns, &options, &sweep);
	struct pairs pairs = pairs_new(alone ? 1 : (size_t)turns->options.policy_count,
			(size_t)turns->stretch);
	char line[64];

	printf("ready: straight loop %.3f\n", loop_ask(turns));
	(void)fflush(stdout);
	for (long turn = 0; once ? turn == 0 : fgets(line, sizeof(line), stdin) != NULL;
			turn++) {
		turns->took = 0;
		memset(turns->found, 0, (size_t)turns->blocks * sizeof(*turns->found));
		if (alone)
			alone_sweep(turns, &pairs);
		else
			blocks_sweep(turns, sweep, work, 0, &pairs);
		turn_check(turns);
		printf("%.5f\n",
				million_ms(turns->took, (double)turns->options.enterprise_count,
						(double)turns->options.policy_count));
		(void)fflush(stdout);
	}
	pairs_fini(&pairs);
	sweep_work_free(work);
	sweep_free(sweep);
}

int main(int argc, char **argv)
{
	struct turns turns = { .blocks = argc > 3 ? atol(argv[2]) : 0 };
	bool once = false;
	double pairs;
	bool alone;

	turns.options = (struct workload_options){ .policy_count = argc > 3 ? atol(argv[3]) : 0,
		.enterprise_count = turns.blocks * SWEEP_ROWS,
		.seed = 42 };
	for (int i = 4; i < argc; i++) {
		turns.options.sorted |= strcmp(argv[i], "sorted") == 0;
		once |= strcmp(argv[i], "once") == 0;
	}
	if (turns.blocks < 1 || turns.options.policy_count < 1 ||
			(strcmp(argv[1], "all") != 0 && strcmp(argv[1], "alone") != 0))
		return 2;
	alone = strcmp(argv[1], "alone") == 0;
	turns.stretch = alone ? turns.blocks : 1;
	pairs = (double)turns.options.enterprise_count * (double)turns.options.policy_count;
	turns.step = 1 + (long)(pairs / LOOP_PAIRS);
	turns.workload = workload_new(&turns.options);
	turns.expected = calloc((size_t)turns.blocks, sizeof(*turns.expected));
	turns.found = calloc((size_t)turns.blocks, sizeof(*turns.found));
	turns.ends = calloc((size_t)turns.blocks, sizeof(*turns.ends));
	if (!turns.expected || !turns.found || !turns.ends)
		broken("no memory for sums");
	turns_take(&turns, alone, once);
	free(turns.expected);
	free(turns.found);
	free(turns.ends);
	workload_free(turns.workload);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sweep over the whole registry costs from the column cache, beside Match asked of one enterprise
 * after another. Limits: one policy over a million enterprises in a second; the cost of an enterprise
 * the same whatever their number; all policies ten times as fast as the loop.
 *
 * usage: bench_columns STARTER DISTINCT KNOWN ITEMS TOTAL...
 *
 * DISTINCT random firms of the starter catalog, of whose facts KNOWN percent are known, with at most ITEMS
 * projects, loans and hires each, are repeated until there are TOTAL; every block has an image of its
 * own in the file. From a million on only the policy in the middle of the first TOTAL is measured. Reading is what a find does for its counts: every block entered, its
 * columns read and checked, every row asked. Times are of the thread; the file lies in the page cache,
 * as after it was written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "figures.h"
#include "firms.h"

#include "registry/column_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOOP_MOST 2000

struct repeated {
	const struct firms *firms;
	int64_t total;
};

static bool on_scan(void *context, int64_t sequence, int64_t first_id, int64_t count,
		column_row_fn row, void *row_context, struct error *err)
{
	const struct repeated *repeated = context;

	for (int64_t id = first_id; id < first_id + count && id <= repeated->total; id++) {
		if (!row(row_context, id, sequence,
				    repeated->firms->profiles[(id - 1) %
							      repeated->firms->count],
				    err))
			return false;
	}
	return true;
}

static void failed(const char *doing, const struct error *err)
{
	fprintf(stderr, "bench_columns: %s: %s\n", doing, err->message);
	exit(1);
}

/* Sweeps @policy (NULL: all) over everything; returns the nanoseconds. */
static int64_t sweep_all(const struct firms *firms, struct column_cache *cache, int64_t total,
		const char *policy, int64_t *out_eligible)
{
	struct sweep_options options = { .day = FIRMS_DAY,
		.policies = policy ? &policy : NULL,
		.policy_count = policy != NULL };
	struct error err = { 0 };
	struct sweep *sweep = sweep_new(firms->ruleset, &options, &err);
	struct sweep_work *work = sweep ? sweep_work_new(sweep, &err) : NULL;
	size_t want_count = 0;
	const struct sweep_want *wants = sweep ? sweep_wants(sweep, &want_count) : NULL;
	struct column_reader *reader =
			work ? column_reader_new(cache, 1, wants, want_count, &err) : NULL;
	int64_t begin = figures_now();

	if (!reader)
		failed("beginning", &err);
	*out_eligible = 0;
	for (int64_t block = 0; block * COLUMN_ROWS < total; block++) {
		struct sweep_source source;
		uint64_t rows[SWEEP_WORDS];

		if (!column_reader_enter(reader, block, &source, &err) ||
				!sweep_block(work, &source, column_reader_present(reader),
						&err))
			failed("sweeping", &err);
		for (size_t i = 0; i < sweep_policy_count(sweep); i++) {
			if (!sweep_verdict(work, i, POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE,
					    rows))
				continue;
			for (size_t k = 0; k < SWEEP_WORDS; k++)
				*out_eligible += __builtin_popcountll(rows[k]);
		}
	}
	begin = figures_now() - begin;
	column_reader_free(reader);
	sweep_work_free(work);
	sweep_free(sweep);
	return begin;
}

/* Match of one firm after another, verdicts only; nanoseconds a firm. */
static double loop_one(const struct firms *firms)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	int64_t count = firms->count < LOOP_MOST ? firms->count : LOOP_MOST;
	struct arena call;
	int64_t begin;

	request.view = POLICYCALC__V1__VIEW__VIEW_ID;
	arena_init(&call, (size_t)64 << 20);
	begin = figures_now();
	for (int64_t id = 1; id <= count; id++) {
		arena_reset(&call);
		if (!firms_match(firms, id, &request, &call))
			exit(1);
	}
	begin = figures_now() - begin;
	arena_fini(&call);
	return (double)begin / (double)count;
}

/* A cache in a file of its own, built by sweeping @policy; says how that went. */
struct file {
	struct repeated repeated;
	char path[40];
	struct column_cache *cache;
};

static void file_make(
		struct file *file, const struct firms *firms, int64_t total, const char *policy)
{
	struct column_origin origin = firms_origin(&file->repeated, on_scan);
	struct column_file_state state;
	struct error err = { 0 };
	int64_t eligible;
	int64_t build;
	int number;

	file->repeated = (struct repeated){ firms, total };
	strcpy(file->path, "/tmp/bench-columns-XXXXXX");
	number = mkstemp(file->path);
	close(number);
	file->cache = column_cache_open(file->path, &origin, &err);
	if (!file->cache)
		failed("opening", &err);
	build = sweep_all(firms, file->cache, total, policy, &eligible);
	state = column_cache_state(file->cache);
	printf("%lld enterprises: built at %.0f rows/s, %.0f bytes each\n", (long long)total,
			(double)total * 1e9 / (double)build,
			(double)state.size / (double)total);
}

static void file_remove(struct file *file)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	printf("  most memory so far %ld MB\n", usage.ru_maxrss / 1024);
	column_cache_close(file->cache);
	unlink(file->path);
}

static void measure_one(const struct firms *firms, int64_t total, const char *policy)
{
	struct file file;
	int64_t eligible;
	int64_t time;

	file_make(&file, firms, total, policy);
	/* The first may find its columns on the disk still. */
	for (int i = 0; i < 3; i++) {
		time = sweep_all(firms, file.cache, total, policy, &eligible);
		printf("  %s: %.3f s, %.1f ns an enterprise\n", policy, (double)time / 1e9,
				(double)time / (double)total);
	}
	file_remove(&file);
}

struct timed {
	const char *policy;
	int64_t time;
};

static int compare(const void *a, const void *b)
{
	const struct timed *left = a;
	const struct timed *right = b;

	return (left->time > right->time) - (left->time < right->time);
}

/* Every policy alone, then all; returns the one in the middle. */
static const char *measure(const struct firms *firms, int64_t total, double loop_ns)
{
	const struct catalog *catalog = ruleset_catalog(firms->ruleset);
	size_t count = catalog->policy_count;
	struct timed *times = calloc(count, sizeof(*times));
	const char *middle;
	size_t whole = 0;
	struct file file;
	int64_t eligible;
	int64_t all;

	file_make(&file, firms, total, catalog->policies[0]->id);
	for (size_t i = 0; i < count; i++) {
		times[i].policy = catalog->policies[i]->id;
		times[i].time = sweep_all(
				firms, file.cache, total, catalog->policies[i]->id, &eligible);
		whole += times[i].time > total * 2000;
	}
	qsort(times, count, sizeof(*times), compare);
	middle = times[count / 2].policy;
	for (size_t part = 50; part <= 100; part += 10) {
		const struct timed *timed = &times[(count - 1) * part / 100];

		printf("  one policy, %zu of 100 are quicker: %.3f s, %.1f ns an enterprise "
		       "(%s)\n",
				part, (double)timed->time / 1e9,
				(double)timed->time / (double)total, timed->policy);
	}
	printf("  %zu of %zu take more than 2 us an enterprise\n", whole, count);
	all = sweep_all(firms, file.cache, total, NULL, &eligible);
	printf("  all policies: %.3f s, %.0f ns an enterprise, %lld times ELIGIBLE; Match one "
	       "by "
	       "one %.0f ns: %.1f times\n",
			(double)all / 1e9, (double)all / (double)total, (long long)eligible,
			loop_ns, loop_ns * (double)total / (double)all);
	file_remove(&file);
	free(times);
	return middle;
}

int main(int argc, char **argv)
{
	const char *middle = NULL;
	struct firms firms;
	double loop_ns;

	if (argc < 6) {
		fprintf(stderr, "usage: bench_columns STARTER DISTINCT KNOWN ITEMS TOTAL...\n");
		return 2;
	}
	firms_init(&firms, argv[1], strtoll(argv[2], NULL, 10),
			(unsigned)strtoul(argv[3], NULL, 10),
			(unsigned)strtoul(argv[4], NULL, 10), 5);
	loop_ns = loop_one(&firms);
	for (int i = 5; i < argc; i++) {
		int64_t total = strtoll(argv[i], NULL, 10);

		if (middle && total >= 1000000)
			measure_one(&firms, total, middle);
		else
			middle = measure(&firms, total, loop_ns);
	}
	firms_fini(&firms);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it takes to publish a catalog, and to read it back until it answers, beside a bare scan.
 *
 * usage: bench_load CATALOG ROUNDS [DATA]
 *
 * With DATA, a folder that stays: what was published there before is not published again, so that the process is one that
 * only starts.
 *
 * The folder is published into an empty database. Then a bare scan and a load (read from SQLite,
 * decode, compare with its sum, compile, check), the index of a day after it, take turns. The scan is of a table that has
 * nothing but the same names and bytes, in a file of its own. Both find what they need in the machine. Wall clock, and
 * processor time beside it. At the end: what the process holds after many loads more than after one.
 */
#include "figures.h"
#include "folder.h"
#include "publish/publish.h"
#include "store/directory.h"

#include <malloc.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MOST 99
#define DAY "2026-11-27"

static _Noreturn void broken(const char *what, const char *why)
{
	(void)fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static double clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double wall_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static double cpu_ms(void)
{
	return clock_ms(CLOCK_PROCESS_CPUTIME_ID);
}

static double memory_mib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long all = 0, resident = 0;

	if (!file || fscanf(file, "%ld %ld", &all, &resident) != 2)
		broken("/proc/self/statm", "cannot be read");
	(void)fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* --- the catalog -------------------------------------------------------------------------------- */

static void publish(struct catalog_store *store, const char *folder)
{
	struct publish_options options = { .author = "bench", .now = DAY "T00:00:00Z" };
	Policycalc__V1__Revision *revision;
	struct diagnostics diagnostics;
	struct draft draft = { 0 };
	struct error err = { 0 };
	struct arena arena;
	bool unchanged;
	double begin = wall_ms();

	arena_init(&arena, (size_t)16 << 30);
	diagnostics_init(&diagnostics, &arena);
	if (!draft_load(folder, &arena, &draft, &err) ||
			!draft_publish(store, &draft, &options, &arena, &diagnostics, &revision,
					&unchanged, &err))
		broken("publish", err.message);
	printf("publish %d policies, %zu files: %.1f s, %.0f MiB of memory\n",
			(int)revision->policy_count, draft.count, (wall_ms() - begin) / 1e3,
			memory_mib());
	arena_fini(&arena);
}

/* --- the bare scan ------------------------------------------------------------------------------ */

static sqlite3 *table_copy(const char *catalog, const char *path)
{
	char attach[4800];
	sqlite3 *db;

	(void)snprintf(attach, sizeof(attach),
			"ATTACH 'file:%s?immutable=1' AS c;"
			"CREATE TABLE policy (name TEXT PRIMARY KEY, bytes BLOB) STRICT;"
			"INSERT INTO policy SELECT kind || name, bytes FROM c.revision_entry "
			"JOIN "
			"c.content ON content.id = revision_entry.content ORDER BY 1;"
			"DETACH c;",
			catalog);
	if (sqlite3_open_v2(path, &db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI,
			    NULL) != SQLITE_OK ||
			sqlite3_exec(db, attach, NULL, NULL, NULL) != SQLITE_OK)
		broken(path, sqlite3_errmsg(db));
	return db;
}

static void scan(sqlite3 *db, long *out_rows, long long *out_bytes)
{
	sqlite3_stmt *rows;

	*out_rows = 0;
	*out_bytes = 0;
	if (sqlite3_prepare_v2(db, "SELECT name, bytes FROM policy", -1, &rows, NULL) !=
			SQLITE_OK)
		broken("scan", sqlite3_errmsg(db));
	while (sqlite3_step(rows) == SQLITE_ROW) {
		++*out_rows;
		*out_bytes += sqlite3_column_bytes(rows, 0) +
			      (sqlite3_column_blob(rows, 1) ? sqlite3_column_bytes(rows, 1)
							    : 0);
	}
	sqlite3_finalize(rows);
}

/* --- all ---------------------------------------------------------------------------------------- */

static struct ruleset *load(struct catalog_store *store)
{
	struct error err = { 0 };
	struct ruleset *ruleset = ruleset_load(store, 0, &err);

	if (!ruleset)
		broken("load", err.message);
	return ruleset;
}

/*
 * The scan finds its file in the page cache, so a load is to find its memory in the machine. A virtual machine may have given
 * what was free back to its host: to touch 256 MiB then took from 40 to 800 ms where this was written, all of it the
 * host's. So memory is touched, and freed, right before. What the kernel has to do for a load, to find pages and to clear
 * them, it still does. Returns how long the touching took.
 */
static double machine_warm(size_t mib)
{
	size_t size = mib << 20;
	double begin = wall_ms();
	char *room = mmap(
			NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		broken("memory", "there is none");
	(void)madvise(room, size, MADV_HUGEPAGE);
	for (size_t at = 0; at < size; at += 4096)
		room[at] = 1;
	(void)munmap(room, size);
	return wall_ms() - begin;
}

/* As the service does before it answers from it. */
static void prepare(const struct ruleset *ruleset)
{
	struct error err = { 0 };

	if (!ruleset_prepare(ruleset, DAY, &err))
		broken("prepare", err.message);
}

enum step {
	SCAN,
	LOAD,
	INDEX,
	ALL, /* LOAD and INDEX */
	STEP_COUNT,
};

/* Of each round, in milliseconds. */
struct times {
	double wall[STEP_COUNT][ROUNDS_MOST];
	double cpu[STEP_COUNT][ROUNDS_MOST];
};

struct since {
	double wall, cpu;
};

static struct since since_now(void)
{
	return (struct since){ wall_ms(), cpu_ms() };
}

static void note(struct times *times, enum step step, int round, struct since since)
{
	times->wall[step][round] = wall_ms() - since.wall;
	times->cpu[step][round] = cpu_ms() - since.cpu;
}

/* The median of the rounds' ratios: a step and the scan before it are of one phase of the host, the medians of all may not be. */
static double ratio_of(const double *step, const double *scan, int rounds)
{
	double ratios[ROUNDS_MOST];

	for (int i = 0; i < rounds; i++)
		ratios[i] = step[i] / scan[i];
	return median_of(ratios, (size_t)rounds);
}

static void print(struct times *times, int rounds)
{
	static const char *const names[] = { "bare scan", "load", "index of a day", "both" };
	double ratios[STEP_COUNT], cpu_ratios[STEP_COUNT];

	/* Before the medians, which sort. */
	for (int step = SCAN; step < STEP_COUNT; step++) {
		ratios[step] = ratio_of(times->wall[step], times->wall[SCAN], rounds);
		cpu_ratios[step] = ratio_of(times->cpu[step], times->cpu[SCAN], rounds);
	}
	for (int step = SCAN; step < STEP_COUNT; step++) {
		printf("%s: %.1f ms (processor %.1f ms), %.2f scans (processor %.2f)\n",
				names[step], median_of(times->wall[step], (size_t)rounds),
				median_of(times->cpu[step], (size_t)rounds), ratios[step],
				cpu_ratios[step]);
	}
}

static void measure(struct catalog_store *store, sqlite3 *db, int rounds)
{
	static struct times times;
	double touching[ROUNDS_MOST];
	size_t at_hand;
	struct ruleset *current = load(store);
	double first;
	double freed = 0;
	long long bytes;
	long rows;

	prepare(current);
	first = memory_mib();
	/* More than a load takes, with what it frees again. */
	at_hand = (size_t)(2 * first) + 1;
	scan(db, &rows, &bytes);
	printf("%ld rows, %.1f MB\n", rows, (double)bytes / 1e6);
	for (int i = 0; i < rounds; i++) {
		struct since all = since_now();
		struct since begin = all;
		struct ruleset *next;

		scan(db, &rows, &bytes);
		note(&times, SCAN, i, begin);
		touching[i] = machine_warm(at_hand);
		all = begin = since_now();
		next = load(store);
		note(&times, LOAD, i, begin);
		begin = since_now();
		prepare(next);
		note(&times, INDEX, i, begin);
		note(&times, ALL, i, all);
		begin = since_now();
		ruleset_unref(current);
		/* As who frees a ruleset does: the next one gets its memory from the machine, as a start does. */
		(void)malloc_trim(0);
		freed = wall_ms() - begin.wall;
		current = next;
	}
	print(&times, rounds);
	printf("to touch %zu MiB that were free took %.0f ms\n", at_hand,
			median_of(touching, (size_t)rounds));
	printf("memory after the first load %.0f MiB, after %d more %.0f MiB; freeing one took "
	       "%.0f ms\n",
			first, rounds, memory_mib(), freed);
	ruleset_unref(current);
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 0;
	char folder[2048], path[4096], table[4096];
	struct directory *directory;
	struct catalog_store *store;
	struct error err = { 0 };
	int64_t current;
	sqlite3 *db;

	if (argc < 3 || argc > 4 || rounds < 1 || rounds > ROUNDS_MOST)
		return 2;
	if (argc == 4)
		(void)snprintf(folder, sizeof(folder), "%s", argv[3]);
	else if (!folder_make(NULL, "load", folder, sizeof(folder)))
		broken("load", "no folder can be made");
	directory = directory_open(folder, &err);
	store = directory ? catalog_store_open(directory, &err) : NULL;
	if (!store)
		broken(folder, err.message);
	if (!catalog_store_current(store, &current, &err))
		broken(folder, err.message);
	if (current == 0)
		publish(store, argv[1]);
	catalog_store_close(store); /* the log is copied back, and its lock is given up */
	malloc_trim(0);
	(void)snprintf(path, sizeof(path), "%s/catalog.db", folder);
	(void)snprintf(table, sizeof(table), "%s/bare.db", folder);
	(void)unlink(table);
	db = table_copy(path, table);
	store = catalog_store_open(directory, &err);
	if (!store)
		broken(folder, err.message);
	measure(store, db, rounds);
	sqlite3_close(db);
	catalog_store_close(store);
	directory_close(directory);
	if (argc == 3)
		folder_remove(folder);
	return 0;
}

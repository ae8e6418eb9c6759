/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long it takes to read all enterprises of a registry and nothing else: what a push run is measured
 * by. Prints "ROWS BYTES MILLISECONDS" of processor time, the median of some rounds.
 *
 *     bench_select DIR/registry.db [ROUNDS]
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS_MOST 99

static double processor_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Every column of every row is taken, and each page of its bytes is touched. */
static long long rows_read(sqlite3 *db, long long *out_bytes)
{
	sqlite3_stmt *rows = NULL;
	long long count = 0;
	volatile unsigned touched = 0;

	*out_bytes = 0;
	if (sqlite3_prepare_v2(db, "SELECT * FROM enterprise", -1, &rows, NULL) != SQLITE_OK)
		return -1;
	while (sqlite3_step(rows) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(rows); i++) {
			const unsigned char *bytes = sqlite3_column_blob(rows, i);
			int size = sqlite3_column_bytes(rows, i);

			for (int at = 0; bytes && at < size; at += 64)
				touched = touched + bytes[at];
			*out_bytes += size;
		}
		count++;
	}
	return sqlite3_finalize(rows) == SQLITE_OK ? count : -1;
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 5;
	double times[ROUNDS_MOST];
	long long count = 0, bytes = 0;
	sqlite3 *db = NULL;

	if (argc < 2 || rounds < 1 || rounds > ROUNDS_MOST)
		return 2;
	if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		(void)fprintf(stderr, "%s: %s\n", argv[1], sqlite3_errmsg(db));
		return 1;
	}
	for (int i = 0; i < rounds && count >= 0; i++) {
		double from = processor_ms();

		count = rows_read(db, &bytes);
		times[i] = processor_ms() - from;
	}
	if (count < 0)
		(void)fprintf(stderr, "%s: %s\n", argv[1], sqlite3_errmsg(db));
	(void)sqlite3_close(db);
	if (count < 0)
		return 1;
	qsort(times, (size_t)rounds, sizeof(*times), compare);
	(void)printf("%lld %lld %.3f\n", count, bytes, times[rounds / 2]);
	return 0;
}

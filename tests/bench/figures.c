/* SPDX-License-Identifier: Apache-2.0 */
#include "figures.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t figures_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

size_t figures_heap(void)
{
	struct mallinfo2 heap = mallinfo2();

	return heap.uordblks + heap.hblkhd;
}

struct figures figures_new(size_t most)
{
	struct figures figures = { calloc(most ? most : 1, sizeof(int64_t)), 0 };

	if (!figures.times) {
		fprintf(stderr, "no memory for %zu times\n", most);
		exit(1);
	}
	return figures;
}

void figures_fini(struct figures *figures)
{
	free(figures->times);
	*figures = (struct figures){ 0 };
}

static int time_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

int64_t figures_median(struct figures *figures)
{
	if (figures->count == 0)
		return 0;
	qsort(figures->times, figures->count, sizeof(*figures->times), time_compare);
	return figures->times[figures->count / 2];
}

static int number_compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

double median_of(double *list, size_t count)
{
	qsort(list, count, sizeof(*list), number_compare);
	return list[count / 2];
}

void figures_print(struct figures *figures, const char *name, size_t share, unsigned limit_us)
{
	double unit = 1000.0 * (double)(share ? share : 1);
	size_t count = figures->count;

	if (count == 0)
		return;
	qsort(figures->times, count, sizeof(*figures->times), time_compare);
	printf("%s: median %.1f us, least %.1f us, p99 %.1f us, limit %u us\n", name,
			(double)figures->times[count / 2] / unit,
			(double)figures->times[0] / unit,
			(double)figures->times[count * 99 / 100] / unit, limit_us);
}

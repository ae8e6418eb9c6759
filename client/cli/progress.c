/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/progress.h"

#include "client/lib/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR 24
#define DRAW_MS 100

void progress_init(struct progress *progress, uint64_t total, bool english)
{
	*progress = (struct progress){ .shown = isatty(STDERR_FILENO) != 0,
		.english = english,
		.begun_ms = clock_now_ms(),
		.total = total };
}

void progress_print_time(int64_t seconds, char out[24])
{
	int hours = (int)(seconds / 3600 % 100000);
	int minutes = (int)(seconds / 60 % 60);
	int rest = (int)(seconds % 60);

	if (hours)
		(void)snprintf(out, 24, "%d:%02d:%02d", hours, minutes, rest);
	else
		(void)snprintf(out, 24, "%02d:%02d", minutes, rest);
}

void progress_advance(struct progress *progress, uint64_t done, int64_t rows)
{
	int64_t now = progress->shown ? clock_now_ms() : 0;
	int64_t spent = now - progress->begun_ms;
	double share = progress->total ? (double)done / (double)progress->total : 0;
	long rate = spent > 0 ? (long)((double)rows * 1000 / (double)spent) : 0;
	char bar[BAR + 1];
	char left[24] = "--:--";
	int filled;

	if (!progress->shown || now - progress->drawn_ms < DRAW_MS)
		return;
	progress->drawn_ms = now;
	if (!progress->total) {
		(void)fprintf(stderr,
				progress->english ? "\r%lld rows  %ld rows/s\033[K"
						  : "\r%lld 行  %ld 行/秒\033[K",
				(long long)rows, rate);
		return;
	}
	share = share > 1 ? 1 : share;
	filled = (int)(share * BAR);
	memset(bar, '.', BAR);
	memset(bar, '#', (size_t)filled);
	bar[BAR] = '\0';
	if (share > 0.01)
		progress_print_time(
				(int64_t)((double)spent * (1 - share) / share / 1000), left);
	(void)fprintf(stderr,
			progress->english ? "\r[%s] %3d%%  %lld rows  %ld rows/s  %s left\033[K"
					  : "\r[%s] %3d%%  %lld 行  %ld 行/秒  剩余 %s\033[K",
			bar, (int)(share * 100), (long long)rows, rate, left);
}

void progress_fini(struct progress *progress)
{
	if (progress->drawn_ms)
		(void)fputs("\r\033[K", stderr);
	progress->drawn_ms = 0;
}

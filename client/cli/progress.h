/* SPDX-License-Identifier: Apache-2.0 */
/* A bar on stderr, only when that is a terminal: how far, how fast, how long still. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown; /* stderr is a terminal */
	bool english;
	int64_t begun_ms;
	int64_t drawn_ms; /* 0: never */
	uint64_t total;	  /* bytes; 0: not known */
};

void progress_init(struct progress *progress, uint64_t total, bool english);
/** Draws at most ten times a second. */
void progress_advance(struct progress *progress, uint64_t done, int64_t rows);
/** Wipes the bar away. */
void progress_fini(struct progress *progress);
/** "1:02:03", "04:05". */
void progress_print_time(int64_t seconds, char out[24]);

/* SPDX-License-Identifier: Apache-2.0 */
/* How long something took, over and over, and the line that says so; run.sh reads these lines. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct figures {
	int64_t *times; /* nanoseconds of this thread */
	size_t count;
};

/** Nanoseconds of processor time of this thread: what others do on the machine counts little. */
int64_t figures_now(void);
/**
 * Bytes of the heap that are in use, with what malloc() itself keeps of each piece: what is counted between two calls
 * is all that was allocated and not freed. With a sanitizer's malloc() 0.
 */
size_t figures_heap(void);
/** Room for @most times; ends the program when there is no memory. */
struct figures figures_new(size_t most);
void figures_fini(struct figures *figures);
/** The median of those taken; 0: there are none. */
int64_t figures_median(struct figures *figures);
/**
 * "NAME: median 9.1 us, least 8.8 us, p99 12.0 us, limit 20 us". @share: how many one time is of;
 * @limit_us: 0: none.
 */
void figures_print(struct figures *figures, const char *name, size_t share, unsigned limit_us);
/** The median of @count numbers, one or more, which are sorted by it. */
double median_of(double *list, size_t count);

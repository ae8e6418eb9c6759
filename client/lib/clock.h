/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines: milliseconds of the monotonic clock. */
#pragma once

#include <stdint.h>
#include <time.h>

#define DEADLINE_NONE INT64_MAX

static inline int64_t clock_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** The deadline that is @timeout_ms from now; 0 or less means none. */
static inline int64_t deadline_after(int64_t timeout_ms)
{
	return timeout_ms > 0 ? clock_now_ms() + timeout_ms : DEADLINE_NONE;
}

/** For poll(): what is left of @deadline, at least 0 and at most a minute; never "for ever". */
static inline int deadline_left_ms(int64_t deadline)
{
	int64_t left;

	if (deadline == DEADLINE_NONE)
		return 60 * 1000;
	left = deadline - clock_now_ms();
	if (left <= 0)
		return 0;
	return left > 60 * 1000 ? 60 * 1000 : (int)left;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* When is the next of many moments? A binary heap; each timer knows its place in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	uint64_t at_us;
	size_t place; /* in the heap, from 1; 0: not set */
};

struct timers {
	struct timer **heap; /* heap[0] is not used */
	size_t count;
	size_t capacity;
};

void timers_fini(struct timers *timers);
/** Room for @count timers; after it timers_set() of as many cannot fail. false: no memory. */
bool timers_reserve(struct timers *timers, size_t count);
/** Sets or moves @timer. There must be room. */
void timers_set(struct timers *timers, struct timer *timer, uint64_t at_us);
/** Does nothing when it is not set. */
void timers_clear(struct timers *timers, struct timer *timer);
/** The earliest, or NULL. */
struct timer *timers_first(const struct timers *timers);

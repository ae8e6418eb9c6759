/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/timers.h"

#include "base/memory.h"

#include <assert.h>

void timers_fini(struct timers *timers)
{
	memory_free(timers->heap);
	*timers = (struct timers){ 0 };
}

bool timers_reserve(struct timers *timers, size_t count)
{
	size_t capacity = timers->capacity ? timers->capacity : 8;
	struct timer **heap;

	while (capacity < count)
		capacity *= 2;
	if (capacity == timers->capacity)
		return true;
	heap = memory_resize(timers->heap, (capacity + 1) * sizeof(*heap));
	if (!heap)
		return false;
	timers->heap = heap;
	timers->capacity = capacity;
	return true;
}

static void put(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place] = timer;
	timer->place = place;
}

static void sift_up(struct timers *timers, size_t place, struct timer *timer)
{
	while (place > 1 && timers->heap[place / 2]->at_us > timer->at_us) {
		put(timers, place, timers->heap[place / 2]);
		place /= 2;
	}
	put(timers, place, timer);
}

static void sift_down(struct timers *timers, size_t place, struct timer *timer)
{
	for (;;) {
		size_t child = place * 2;

		if (child > timers->count)
			break;
		if (child < timers->count &&
				timers->heap[child + 1]->at_us < timers->heap[child]->at_us)
			child++;
		if (timers->heap[child]->at_us >= timer->at_us)
			break;
		put(timers, place, timers->heap[child]);
		place = child;
	}
	put(timers, place, timer);
}

static void settle(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;

	if (place > 1 && timers->heap[place / 2]->at_us > timer->at_us)
		sift_up(timers, place, timer);
	else
		sift_down(timers, place, timer);
}

void timers_set(struct timers *timers, struct timer *timer, uint64_t at_us)
{
	timer->at_us = at_us;
	if (timer->place == 0) {
		assert(timers->count < timers->capacity);
		put(timers, ++timers->count, timer);
	}
	settle(timers, timer);
}

void timers_clear(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;
	struct timer *last;

	if (place == 0)
		return;
	timer->place = 0;
	last = timers->heap[timers->count--];
	if (last == timer)
		return;
	put(timers, place, last);
	settle(timers, last);
}

struct timer *timers_first(const struct timers *timers)
{
	return timers->count ? timers->heap[1] : NULL;
}

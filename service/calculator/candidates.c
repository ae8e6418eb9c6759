/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/candidates.h"

#include "base/memory.h"
#include "calculator/candidate_index.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#define KEPT 3
/* Threads' rooms to work in that an index keeps for the next call. */
#define WORKS_KEPT 16
/* How often a day is asked for before an index is worth its while. */
#define ASKED_LEAST 3

/*
 * A place for an index. A reader takes no lock, as with epochs (calculator/epoch.c):
 *
 *     reader: pins + 1, then: is there an index of the day?  yes: it stays    no: pins - 1, look elsewhere
 *     writer: index = none, then: are there pins?    yes: index as it was, not this one    no: it goes
 *
 * Both do the two steps in this order, for all threads to see. A writer holds the lock. When all are pinned,
 * a new index is not kept.
 */
struct kept {
	_Atomic(struct candidate_index *) index;
	_Atomic int64_t first_day,
			last_day; /* to pass over it without a pin; no more than a hint */
	atomic_uint pins;
	_Atomic(struct match_work *) works[WORKS_KEPT]; /* that nobody uses now */
	atomic_size_t work_size;			/* of each of them */
	atomic_ullong used;				/* when it was last put or asked for */
};

struct candidate_cache {
	struct kept kept[KEPT];
	atomic_ullong clock;
	pthread_mutex_t lock; /* of all that follows, and of those who put an index */
	int64_t asked_day;    /* without an index, and how often in a row */
	unsigned asked;
	bool making; /* a thread is at it */
	bool joins;  /* a thread is, or was, and was not waited for */
	pthread_t maker;
	const struct ruleset *ruleset; /* what it makes it of, */
	int64_t day;		       /* and for */
};

/* --- life -------------------------------------------------------------------------------------- */

struct candidate_cache *candidate_cache_new(void)
{
	struct candidate_cache *cache = memory_alloc_zero(1, sizeof(*cache));

	if (cache && pthread_mutex_init(&cache->lock, NULL) != 0) {
		memory_free(cache);
		cache = NULL;
	}
	return cache;
}

static void index_free(struct kept *kept, struct candidate_index *index)
{
	for (size_t i = 0; i < WORKS_KEPT; i++)
		match_work_free(atomic_exchange(&kept->works[i], NULL));
	candidate_index_free(index);
}

void candidate_cache_free(struct candidate_cache *cache)
{
	if (!cache)
		return;
	if (cache->joins)
		pthread_join(cache->maker, NULL);
	for (size_t i = 0; i < KEPT; i++) {
		assert(atomic_load(&cache->kept[i].pins) == 0);
		index_free(&cache->kept[i], atomic_load(&cache->kept[i].index));
	}
	pthread_mutex_destroy(&cache->lock);
	memory_free(cache);
}

/* --- the cache --------------------------------------------------------------------------------- */

static bool index_serves(const struct candidate_index *index, int64_t day)
{
	return index && index->first_day <= day && day <= index->last_day;
}

/* The index of a day, and its place, which is pinned; NULL: there is none. */
static const struct candidate_index *cache_pin(
		struct candidate_cache *cache, int64_t day, struct kept **out_kept)
{
	for (size_t i = 0; i < KEPT; i++) {
		struct kept *kept = &cache->kept[i];
		const struct candidate_index *index;
		unsigned long long now;

		if (day < atomic_load_explicit(&kept->first_day, memory_order_relaxed) ||
				day > atomic_load_explicit(
						      &kept->last_day, memory_order_relaxed))
			continue;
		atomic_fetch_add(&kept->pins, 1);
		index = atomic_load(&kept->index);
		if (!index_serves(index, day)) {
			atomic_fetch_sub(&kept->pins, 1);
			continue;
		}
		/* Written only after another index was put: the line stays shared. */
		now = atomic_load_explicit(&cache->clock, memory_order_relaxed);
		if (atomic_load_explicit(&kept->used, memory_order_relaxed) != now)
			atomic_store_explicit(&kept->used, now, memory_order_relaxed);
		*out_kept = kept;
		return index;
	}
	return NULL;
}

static void cache_unpin(struct kept *kept)
{
	unsigned pins = atomic_fetch_sub(&kept->pins, 1);

	assert(pins > 0);
	(void)pins;
}

size_t candidate_cache_size(struct candidate_cache *cache)
{
	size_t size = sizeof(*cache);

	for (size_t i = 0; i < KEPT; i++) {
		struct kept *kept = &cache->kept[i];
		const struct candidate_index *index;

		atomic_fetch_add(&kept->pins, 1);
		index = atomic_load(&kept->index);
		if (index)
			size += candidate_index_size(index);
		for (size_t k = 0; index && k < WORKS_KEPT; k++) {
			if (atomic_load(&kept->works[k]))
				size += atomic_load(&kept->work_size);
		}
		cache_unpin(kept);
	}
	return size;
}

/* Empties the place that was asked for longest ago and that nobody has pinned; NULL: all are. With the lock. */
static struct kept *cache_take(struct candidate_cache *cache)
{
	bool tried[KEPT] = { false };

	for (size_t round = 0; round < KEPT; round++) {
		struct kept *oldest = NULL;
		struct candidate_index *index;

		for (size_t i = 0; i < KEPT; i++) {
			if (!tried[i] &&
					(!oldest || atomic_load(&cache->kept[i].used) <
									atomic_load(&oldest->used)))
				oldest = &cache->kept[i];
		}
		tried[oldest - cache->kept] = true;
		index = atomic_exchange(&oldest->index, NULL);
		if (atomic_load(&oldest->pins) == 0) {
			index_free(oldest, index);
			return oldest;
		}
		atomic_store(&oldest->index, index);
	}
	return NULL;
}

/* Takes @index over. With the lock. */
static void cache_put(struct candidate_cache *cache, struct candidate_index *index, int64_t day)
{
	struct kept *kept;

	if (cache_pin(cache, day, &kept)) { /* another thread was quicker */
		cache_unpin(kept);
		candidate_index_free(index);
		return;
	}
	kept = cache_take(cache);
	if (!kept) {
		candidate_index_free(index);
		return;
	}
	atomic_store(&kept->used, atomic_fetch_add(&cache->clock, 1) + 1);
	atomic_store(&kept->first_day, index->first_day);
	atomic_store(&kept->last_day, index->last_day);
	/* From here on readers find it. */
	atomic_store(&kept->index, index);
}

/* --- making ------------------------------------------------------------------------------------ */

static bool index_make(
		struct candidate_cache *cache, const struct ruleset *ruleset, int64_t day)
{
	struct candidate_index *index = candidate_index_new(ruleset, day);

	if (!index)
		return false;
	pthread_mutex_lock(&cache->lock);
	cache_put(cache, index, day);
	pthread_mutex_unlock(&cache->lock);
	return true;
}

/* Memory that is short is no failure: policies are asked one by one. */
static void *on_make(void *context)
{
	struct candidate_cache *cache = context;

	(void)index_make(cache, cache->ruleset, cache->day);
	pthread_mutex_lock(&cache->lock);
	cache->making = false;
	pthread_mutex_unlock(&cache->lock);
	return NULL;
}

/* A day without an index was asked for. */
static void day_note(struct candidate_cache *cache, const struct ruleset *ruleset, int64_t day)
{
	pthread_mutex_lock(&cache->lock);
	cache->asked = cache->asked_day == day ? cache->asked + 1 : 1;
	cache->asked_day = day;
	if (cache->asked >= ASKED_LEAST && !cache->making) {
		if (cache->joins)
			pthread_join(cache->maker, NULL); /* it has ended, or is about to */
		cache->ruleset = ruleset;
		cache->day = day;
		cache->asked = 0;
		cache->making = pthread_create(&cache->maker, NULL, on_make, cache) == 0;
		cache->joins = cache->making;
	}
	pthread_mutex_unlock(&cache->lock);
}

bool ruleset_prepare(const struct ruleset *ruleset, const char *day, struct error *err)
{
	struct candidate_cache *cache = ruleset->candidates;
	struct date date;
	struct kept *kept;
	int64_t number;

	if (!date_parse(slice_from(day), &date))
		return error_set(err, ERROR_INVALID, "the day is not in the form YYYY-MM-DD");
	if (ruleset->catalog.policy_count < MATCH_INDEX_LEAST)
		return true;
	number = date_to_days(date);
	if (cache_pin(cache, number, &kept)) {
		cache_unpin(kept);
		return true;
	}
	return index_make(cache, ruleset, number) ||
	       error_set(err, ERROR_MEMORY, "no memory for the index of the day");
}

/* --- finding ----------------------------------------------------------------------------------- */

/* A room to work in that an index keeps, or a new one; NULL when memory is short. */
static struct match_work *work_take(struct kept *kept, const struct candidate_index *index)
{
	struct match_work *work;

	for (size_t i = 0; i < WORKS_KEPT; i++) {
		work = atomic_load_explicit(&kept->works[i], memory_order_relaxed);
		if (work)
			work = atomic_exchange(&kept->works[i], NULL);
		if (work)
			return work;
	}
	work = match_work_new(index->index);
	if (work)
		atomic_store(&kept->work_size, match_work_size(work));
	return work;
}

static void work_give(struct kept *kept, struct match_work *work)
{
	for (size_t i = 0; i < WORKS_KEPT && work; i++) {
		struct match_work *none = NULL;

		if (atomic_compare_exchange_strong(&kept->works[i], &none, work))
			work = NULL;
	}
	match_work_free(work);
}

/* Ascending, each once. */
static bool list_sort(struct arena *arena, uint32_t *list, size_t count, size_t end)
{
	uint64_t *marks = ARENA_NEW_ARRAY(arena, uint64_t, end / 64 + 1);
	size_t at = 0;

	if (!marks)
		return false;
	for (size_t i = 0; i < count; i++)
		marks[list[i] / 64] |= UINT64_C(1) << (list[i] % 64);
	for (size_t w = 0; w <= end / 64; w++) {
		for (uint64_t left = marks[w]; left; left &= left - 1)
			list[at++] = (uint32_t)(w * 64 + (unsigned)__builtin_ctzll(left));
	}
	assert(at == count);
	return true;
}

/* All that the index does not say is false. */
static bool list_make(const struct facts *facts, const struct candidate_index *index,
		struct match_work *work, struct candidates *out)
{
	struct match_value *values = ARENA_NEW_ARRAY(
			facts->arena, struct match_value, facts->ruleset->base_count + 1);
	struct match_found found;
	uint32_t *list;
	size_t count = 0;

	if (!values)
		return false;
	candidate_index_read(index, facts, values);
	match_index_find(work, values, &found);
	list = ARENA_NEW_ARRAY(facts->arena, uint32_t,
			found.eligible_count + found.undecided_count + found.open_count + 1);
	if (!list)
		return false;
	for (size_t i = 0; i < found.eligible_count; i++)
		list[count++] = found.eligible[i] << 1 | 1;
	for (size_t i = 0; i < found.undecided_count; i++)
		list[count++] = found.undecided[i] << 1;
	for (size_t i = 0; i < found.open_count; i++)
		list[count++] = found.open[i] << 1;
	if (!list_sort(facts->arena, list, count, 2 * facts->ruleset->catalog.policy_count))
		return false;
	*out = (struct candidates){ list, count, index->shown_count };
	return true;
}

bool candidates_find(const struct facts *facts, struct candidates *out_candidates)
{
	const struct ruleset *ruleset = facts->ruleset;
	const struct candidate_index *index;
	struct match_work *work;
	struct kept *kept;
	int64_t day;
	bool ok;

	if (ruleset->catalog.policy_count < MATCH_INDEX_LEAST)
		return false;
	day = date_to_days(facts->as_of);
	index = cache_pin(ruleset->candidates, day, &kept);
	if (!index) {
		day_note(ruleset->candidates, ruleset, day);
		return false;
	}
	work = work_take(kept, index);
	ok = work && list_make(facts, index, work, out_candidates);
	if (work)
		work_give(kept, work);
	cache_unpin(kept);
	return ok;
}

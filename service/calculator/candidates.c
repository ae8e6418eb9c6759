/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/candidates.h"

#include "base/memory.h"
#include "calculator/candidate_index.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#define KEPT 3
/* Threads' rooms to work in that an index keeps for the next call. */
#define WORKS_KEPT 16
/* How often a day is asked for before an index is worth its while. */
#define ASKED_LEAST 3

/* An index in the cache, or one that was pushed out of it while somebody works with it. */
struct kept {
	struct candidate_index *index;
	struct match_work *works[WORKS_KEPT]; /* that nobody uses now */
	size_t work_count;
	unsigned pins;
	bool cached;
	uint64_t used;
};

struct candidate_cache {
	pthread_mutex_t lock;
	struct kept *kept[KEPT];
	uint64_t clock;
	int64_t asked_day; /* without an index, and how often in a row */
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

static void kept_free(struct kept *kept)
{
	if (!kept)
		return;
	for (size_t i = 0; i < kept->work_count; i++)
		match_work_free(kept->works[i]);
	candidate_index_free(kept->index);
	memory_free(kept);
}

void candidate_cache_free(struct candidate_cache *cache)
{
	if (!cache)
		return;
	if (cache->joins)
		pthread_join(cache->maker, NULL);
	for (size_t i = 0; i < KEPT; i++) {
		assert(!cache->kept[i] || cache->kept[i]->pins == 0);
		kept_free(cache->kept[i]);
	}
	pthread_mutex_destroy(&cache->lock);
	memory_free(cache);
}

/* --- the cache; with the lock ------------------------------------------------------------------ */

static struct kept *cache_find(struct candidate_cache *cache, int64_t day)
{
	for (size_t i = 0; i < KEPT; i++) {
		struct kept *kept = cache->kept[i];

		if (kept && kept->index->first_day <= day && day <= kept->index->last_day) {
			kept->used = ++cache->clock;
			return kept;
		}
	}
	return NULL;
}

/* What goes is to be freed by the caller, or (pinned) by the last that unpins it. */
static struct kept *cache_put(struct candidate_cache *cache, struct kept *kept)
{
	size_t oldest = 0;
	struct kept *out;

	for (size_t i = 1; i < KEPT; i++) {
		if (cache->kept[oldest] &&
				(!cache->kept[i] || cache->kept[i]->used <
								    cache->kept[oldest]->used))
			oldest = i;
	}
	out = cache->kept[oldest];
	kept->cached = true;
	kept->used = ++cache->clock;
	cache->kept[oldest] = kept;
	if (!out)
		return NULL;
	out->cached = false;
	return out->pins == 0 ? out : NULL;
}

/* --- making ------------------------------------------------------------------------------------ */

static bool index_make(
		struct candidate_cache *cache, const struct ruleset *ruleset, int64_t day)
{
	struct kept *kept = memory_alloc_zero(1, sizeof(*kept));
	struct kept *out;

	if (!kept)
		return false;
	kept->index = candidate_index_new(ruleset, day);
	if (!kept->index) {
		memory_free(kept);
		return false;
	}
	pthread_mutex_lock(&cache->lock);
	out = cache_find(cache, day) ? kept : cache_put(cache, kept);
	pthread_mutex_unlock(&cache->lock);
	kept_free(out);
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

/* A day without an index was asked for; with the lock. */
static void maker_start(
		struct candidate_cache *cache, const struct ruleset *ruleset, int64_t day)
{
	cache->asked = cache->asked_day == day ? cache->asked + 1 : 1;
	cache->asked_day = day;
	if (cache->asked < ASKED_LEAST || cache->making)
		return;
	if (cache->joins)
		pthread_join(cache->maker, NULL); /* it has ended, but for its last line */
	cache->ruleset = ruleset;
	cache->day = day;
	cache->asked = 0;
	cache->making = pthread_create(&cache->maker, NULL, on_make, cache) == 0;
	cache->joins = cache->making;
}

bool ruleset_prepare(const struct ruleset *ruleset, const char *day, struct error *err)
{
	struct candidate_cache *cache = ruleset->candidates;
	struct date date;
	int64_t number;
	bool there;

	if (!date_parse(slice_from(day), &date))
		return error_set(err, ERROR_INVALID, "the day is not in the form YYYY-MM-DD");
	if (ruleset->catalog.policy_count < MATCH_INDEX_LEAST)
		return true;
	number = date_to_days(date);
	pthread_mutex_lock(&cache->lock);
	there = cache_find(cache, number) != NULL;
	pthread_mutex_unlock(&cache->lock);
	return there || index_make(cache, ruleset, number) ||
	       error_set(err, ERROR_MEMORY, "no memory for the index of the day");
}

/* --- finding ----------------------------------------------------------------------------------- */

static struct kept *kept_pin(
		const struct ruleset *ruleset, int64_t day, struct match_work **out_work)
{
	struct candidate_cache *cache = ruleset->candidates;
	struct kept *kept;

	*out_work = NULL;
	pthread_mutex_lock(&cache->lock);
	kept = cache_find(cache, day);
	if (!kept) {
		maker_start(cache, ruleset, day);
	} else {
		kept->pins++;
		if (kept->work_count > 0)
			*out_work = kept->works[--kept->work_count];
	}
	pthread_mutex_unlock(&cache->lock);
	return kept;
}

static void kept_unpin(
		const struct ruleset *ruleset, struct kept *kept, struct match_work *work)
{
	struct candidate_cache *cache = ruleset->candidates;
	bool last;

	pthread_mutex_lock(&cache->lock);
	assert(kept->pins > 0);
	if (work && kept->work_count < WORKS_KEPT) {
		kept->works[kept->work_count++] = work;
		work = NULL;
	}
	last = --kept->pins == 0 && !kept->cached;
	pthread_mutex_unlock(&cache->lock);
	match_work_free(work);
	if (last)
		kept_free(kept);
}

static int policy_compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
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
	qsort(list, count, sizeof(*list), policy_compare);
	*out = (struct candidates){ list, count, index->shown_count };
	return true;
}

bool candidates_find(const struct facts *facts, struct candidates *out_candidates)
{
	const struct ruleset *ruleset = facts->ruleset;
	struct match_work *work;
	struct kept *kept;
	bool ok;

	if (ruleset->catalog.policy_count < MATCH_INDEX_LEAST)
		return false;
	kept = kept_pin(ruleset, date_to_days(facts->as_of), &work);
	if (!kept)
		return false;
	if (!work)
		work = match_work_new(kept->index->index);
	ok = work && list_make(facts, kept->index, work, out_candidates);
	kept_unpin(ruleset, kept, work);
	return ok;
}

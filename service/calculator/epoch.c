/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/epoch.h"

#include "base/memory.h"
#include "calculator/answer_parts.h"
#include "calculator/facts.h"
#include "calculator/ruleset.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH_KEPT 8
#define EPOCH_BUDGET ((size_t)1 << 30)
#define DAYS_LOOKED_BACK 4
/* Bytes of an epoch beside what it has of each policy, and of each slot. */
#define EPOCH_SPARE ((size_t)8 << 10)

/*
 * What is bound is behind a holder. Holders that the cache keeps are never freed before it, so that a reader
 * may look at any of them without the lock:
 *
 *     reader: pins + 1, then: is it the number wanted?  yes: it stays    no: pins - 1, look elsewhere
 *     writer: number = none, then: are there pins?      yes: number as it was, not this one    no: bind anew
 *
 * Both do the two steps in this order, for all threads to see (sequential consistency), so that they cannot
 * both take the holder. A writer holds the lock. When all are pinned the epoch gets a holder of its own, which
 * goes with its last pin.
 */
struct epoch_slot {
	struct epoch epoch; /* first, so that unpinning finds the slot */
	struct arena arena;
	_Atomic size_t number; /* NUMBER_NONE: nothing is bound, or just now another */
	atomic_uint pins;
	bool cached;
	atomic_ullong used; /* when it was last asked for, in bindings of the whole cache */
};

#define NUMBER_NONE SIZE_MAX

struct epoch_cache {
	int64_t *days; /* ascending: the first days of the epochs 1, 2, ... */
	size_t day_count;
	pthread_mutex_t lock; /* of those that bind */
	struct epoch_slot kept[EPOCH_KEPT];
	atomic_ullong clock;
};

/* --- the days on which anything changes ------------------------------------------------------- */

struct day_list {
	int64_t *days;
	size_t count;
	size_t capacity;
	bool failed;
};

static void day_add(struct day_list *list, const char *text, int64_t plus)
{
	struct date date;
	int64_t day;

	if (!text || !*text || !date_parse(slice_from(text), &date))
		return;
	day = date_to_days(date) + plus;
	/* Policies of one office begin on one day: those that stand there already are not sorted. */
	for (size_t i = 1; i <= DAYS_LOOKED_BACK && i <= list->count; i++) {
		if (list->days[list->count - i] == day)
			return;
	}
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 64;
		int64_t *days = memory_resize(list->days, capacity * sizeof(*days));

		if (!days) {
			list->failed = true;
			return;
		}
		list->days = days;
		list->capacity = capacity;
	}
	list->days[list->count++] = day;
}

static void range_add(struct day_list *list, const Policycalc__V1__DateRange *range)
{
	if (!range)
		return;
	day_add(list, range->from, 0);
	day_add(list, range->known_by, 0);
	day_add(list, range->until, 1);
}

static int day_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

struct epoch_cache *epoch_cache_new(const struct ruleset *ruleset)
{
	const struct catalog *catalog = &ruleset->catalog;
	struct epoch_cache *cache = memory_alloc_zero(1, sizeof(*cache));
	struct day_list list = { 0 };
	size_t kept = 0;

	if (!cache)
		return NULL;
	for (size_t i = 0; i < catalog->parameter_count; i++) {
		for (size_t k = 0; k < catalog->parameters[i]->n_values; k++) {
			day_add(&list, catalog->parameters[i]->values[k]->from, 0);
			day_add(&list, catalog->parameters[i]->values[k]->until, 1);
		}
	}
	for (size_t i = 0; i < catalog->policy_count; i++) {
		policy_ask_for(catalog, i + 8);
		if (i + 4 < catalog->policy_count)
			__builtin_prefetch(catalog->policies[i + 4]->in_force);
		/* What is the same message stands there already. */
		if (i == 0 || catalog->policies[i]->in_force !=
						catalog->policies[i - 1]->in_force)
			range_add(&list, catalog->policies[i]->in_force);
		for (size_t k = 0; k < catalog->policies[i]->n_windows; k++)
			range_add(&list, catalog->policies[i]->windows[k]);
	}
	if (list.failed || pthread_mutex_init(&cache->lock, NULL) != 0) {
		memory_free(list.days);
		memory_free(cache);
		return NULL;
	}
	if (list.count)
		qsort(list.days, list.count, sizeof(*list.days), day_compare);
	for (size_t i = 0; i < list.count; i++) {
		if (kept == 0 || list.days[kept - 1] != list.days[i])
			list.days[kept++] = list.days[i];
	}
	cache->days = list.days;
	cache->day_count = kept;
	for (size_t i = 0; i < EPOCH_KEPT; i++) {
		atomic_init(&cache->kept[i].number, NUMBER_NONE);
		cache->kept[i].cached = true;
	}
	return cache;
}

static void epoch_unbind(struct epoch_slot *slot)
{
	ready_list_free(slot->epoch.ready);
	arena_fini(&slot->arena);
	slot->epoch = (struct epoch){ 0 };
}

void epoch_cache_free(struct epoch_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < EPOCH_KEPT; i++) {
		assert(atomic_load(&cache->kept[i].pins) == 0);
		epoch_unbind(&cache->kept[i]);
	}
	pthread_mutex_destroy(&cache->lock);
	memory_free(cache->days);
	memory_free(cache);
}

/* How many of the days are not after @day: the number of its epoch. */
static size_t epoch_number(const struct epoch_cache *cache, int64_t day)
{
	size_t low = 0;
	size_t high = cache->day_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cache->days[middle] <= day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void epoch_span(const struct ruleset *ruleset, int64_t day, int64_t *out_first,
		int64_t *out_last)
{
	const struct epoch_cache *cache = ruleset->epochs;
	size_t number = epoch_number(cache, day);

	*out_first = number > 0 ? cache->days[number - 1] : INT64_MIN;
	*out_last = number < cache->day_count ? cache->days[number] - 1 : INT64_MAX;
}

/* --- binding ---------------------------------------------------------------------------------- */

/* The value of @parameter on @day; NULL when it has none. */
static const Policycalc__V1__ParameterValue *parameter_on(
		const Policycalc__V1__Parameter *parameter, int64_t day)
{
	const Policycalc__V1__ParameterValue *found = NULL;

	for (size_t i = 0; i < parameter->n_values; i++) {
		const Policycalc__V1__ParameterValue *value = parameter->values[i];
		struct date date;

		if (date_parse(slice_from(value->from), &date) && date_to_days(date) > day)
			continue;
		if (date_parse(slice_from(value->until), &date) && date_to_days(date) < day)
			continue;
		found = value;
	}
	return found;
}

static struct value parameter_value(
		const Policycalc__V1__ParameterValue *from, struct arena *arena)
{
	struct value value = { .kind = VALUE_UNKNOWN };

	switch ((int)from->kind_case) {
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_MONEY_FEN:
		value = (struct value){ .kind = VALUE_INT, .integer = from->money_fen };
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM:
		value = (struct value){ .kind = VALUE_INT, .integer = from->ratio_ppm };
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_COUNT:
		value = (struct value){ .kind = VALUE_INT, .integer = from->count };
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_DATE:
		value = value_from_date(from->date);
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_CODE:
		value = (struct value){ .kind = VALUE_STRING, .text = slice_from(from->code) };
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_CODES:
		value = value_from_codes(from->codes, arena);
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_FLAG:
		value = (struct value){ .kind = VALUE_BOOL, .boolean = from->flag };
		break;
	case POLICYCALC__V1__PARAMETER_VALUE__KIND_NOT_STATED:
	case POLICYCALC__V1__PARAMETER_VALUE__KIND__NOT_SET:
	default:
		break;
	}
	return value;
}

struct value epoch_parameter(const struct ruleset *ruleset, size_t parameter, int64_t day,
		struct arena *arena)
{
	const Policycalc__V1__ParameterValue *from =
			parameter_on(ruleset->catalog.parameters[parameter], day);

	return from ? parameter_value(from, arena) : (struct value){ .kind = VALUE_UNKNOWN };
}

/* What is by policy lies in one piece of memory. */
static bool epoch_reserve(const struct ruleset *ruleset, struct epoch_slot *slot)
{
	return arena_reserve(&slot->arena,
			ruleset->catalog.policy_count * (sizeof(struct standing) +
									sizeof(struct slice)) +
					ruleset->most_slots * sizeof(struct value) +
					EPOCH_SPARE);
}

static bool epoch_bind(const struct ruleset *ruleset, int64_t day, struct epoch_slot *slot)
{
	const struct catalog *catalog = &ruleset->catalog;
	const Policycalc__V1__ParameterValue **sources;
	struct standing *standings;
	struct slice *availabilities;
	struct encoder encoder = { 0 };
	struct value *values;
	bool failed = false;

	if (!epoch_reserve(ruleset, slot))
		return false;
	values = ARENA_NEW_ARRAY(&slot->arena, struct value, ruleset->most_slots + 1);
	sources = ARENA_NEW_ARRAY(&slot->arena, const Policycalc__V1__ParameterValue *,
			catalog->parameter_count + 1);
	standings = arena_alloc(&slot->arena, (catalog->policy_count + 1) * sizeof(*standings));
	availabilities = arena_alloc(
			&slot->arena, (catalog->policy_count + 1) * sizeof(*availabilities));
	slot->epoch.ready = ready_list_new(catalog->policy_count);
	if (!values || !sources || !standings || !availabilities || !slot->epoch.ready)
		return false;
	for (size_t i = 0; i < ruleset->base_count; i++) {
		const struct slot *place = &ruleset->slots[LIST_ENTERPRISE][i];
		const Policycalc__V1__ParameterValue *from;

		if (place->role != SCOPE_PARAMETER)
			continue;
		from = parameter_on(catalog->parameters[place->parameter], day);
		sources[place->parameter] = from;
		if (from)
			values[i] = parameter_value(from, &slot->arena);
	}
	for (size_t i = 0; i < catalog->policy_count; i++) {
		policy_ask_for(catalog, i + 8);
		if (i > 0 && policy_stands_as(ruleset, i, i - 1)) {
			standings[i] = standings[i - 1];
			availabilities[i] = availabilities[i - 1];
			continue;
		}
		standings[i] = policy_standing(ruleset, i, day);
		availabilities[i] = availability_encode(&standings[i], &encoder, &slot->arena);
		failed |= encoder.failed; /* the next one begins anew */
	}
	slot->epoch.values = values;
	slot->epoch.sources = sources;
	slot->epoch.standings = standings;
	slot->epoch.availabilities = availabilities;
	failed |= slot->arena.exhausted;
	encoder_fini(&encoder);
	return !failed;
}

/* --- the cache -------------------------------------------------------------------------------- */

static struct epoch_slot *cache_find(struct epoch_cache *cache, size_t number)
{
	for (size_t i = 0; i < EPOCH_KEPT; i++) {
		struct epoch_slot *slot = &cache->kept[i];
		unsigned long long now;

		if (atomic_load_explicit(&slot->number, memory_order_relaxed) != number)
			continue;
		atomic_fetch_add(&slot->pins, 1);
		if (atomic_load(&slot->number) != number) {
			atomic_fetch_sub(&slot->pins, 1);
			continue;
		}
		/* Written only after another epoch was bound: the line stays shared. */
		now = atomic_load_explicit(&cache->clock, memory_order_relaxed);
		if (atomic_load_explicit(&slot->used, memory_order_relaxed) != now)
			atomic_store_explicit(&slot->used, now, memory_order_relaxed);
		return slot;
	}
	return NULL;
}

/* Takes the holder that was asked for longest ago and that nobody has pinned, empty; NULL: all are. */
static struct epoch_slot *cache_take(struct epoch_cache *cache)
{
	bool tried[EPOCH_KEPT] = { false };

	for (size_t round = 0; round < EPOCH_KEPT; round++) {
		struct epoch_slot *oldest = NULL;
		size_t number;

		for (size_t i = 0; i < EPOCH_KEPT; i++) {
			if (!tried[i] &&
					(!oldest || atomic_load(&cache->kept[i].used) <
									atomic_load(&oldest->used)))
				oldest = &cache->kept[i];
		}
		tried[oldest - cache->kept] = true;
		number = atomic_exchange(&oldest->number, NUMBER_NONE);
		if (atomic_load(&oldest->pins) == 0) {
			epoch_unbind(oldest);
			return oldest;
		}
		atomic_store(&oldest->number, number);
	}
	return NULL;
}

/*
 * Under the lock: that an epoch is bound once is worth more than that two can be at once. Readers of what is
 * bound do not wait for it.
 */
static struct epoch_slot *cache_bind(const struct ruleset *ruleset, struct epoch_cache *cache,
		size_t number, int64_t day)
{
	struct epoch_slot *slot = cache_find(cache, number);

	if (slot)
		return slot;
	slot = cache_take(cache);
	if (!slot)
		slot = memory_alloc_zero(1, sizeof(*slot));
	if (!slot)
		return NULL;
	arena_init(&slot->arena, EPOCH_BUDGET);
	if (!epoch_bind(ruleset, day, slot)) {
		epoch_unbind(slot);
		if (!slot->cached)
			memory_free(slot);
		return NULL;
	}
	atomic_store(&slot->used, atomic_fetch_add(&cache->clock, 1) + 1);
	atomic_fetch_add(&slot->pins, 1);
	/* From here on readers find it. */
	atomic_store(&slot->number, number);
	return slot;
}

const struct epoch *epoch_pin(const struct ruleset *ruleset, int64_t day)
{
	struct epoch_cache *cache = ruleset->epochs;
	size_t number = epoch_number(cache, day);
	struct epoch_slot *slot = cache_find(cache, number);

	if (!slot) {
		pthread_mutex_lock(&cache->lock);
		slot = cache_bind(ruleset, cache, number, day);
		pthread_mutex_unlock(&cache->lock);
	}
	return slot ? &slot->epoch : NULL;
}

void epoch_unpin(const struct ruleset *ruleset, const struct epoch *epoch)
{
	struct epoch_slot *slot = (struct epoch_slot *)epoch;
	bool cached;

	(void)ruleset;
	if (!slot)
		return;
	cached = slot->cached;
	if (atomic_fetch_sub(&slot->pins, 1) == 1 && !cached) {
		epoch_unbind(slot);
		memory_free(slot);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known, with something newer laid over it. Both are sorted, so that one walk over both is
 * enough; values are compared as bytes.
 *
 * An equal value keeps the supplier and the day it has: an import that says again what is known
 * changes nothing, or every month's feed would be a change of every enterprise.
 */
#include "calculator/period.h"
#include "registry/record.h"

#include <string.h>

static int64_t supply_days(const struct record_merge *merge, uint32_t supply)
{
	const struct supply *found = supplies_get(merge->supplies, supply);

	return found ? found->days : INT64_MIN;
}

/* Whether what is known is of a later day than the patch. */
static bool is_later(const struct record_merge *merge, uint32_t supply)
{
	return supply_days(merge, supply) > supply_days(merge, merge->supply);
}

/* A "yes" that is said again on a later day, where there are complete lists. */
static bool is_renewed(const struct record_merge *merge, const struct fact *old,
		const struct fact *patch)
{
	bool flag;

	if (!fact_is_flag(patch, &flag) || !flag)
		return false;
	for (size_t i = 0; i < merge->listed_count; i++) {
		if (merge->listed[i] == patch->attribute)
			return supply_days(merge, old->supply) <
			       supply_days(merge, patch->supply);
	}
	return false;
}

/* The one of two facts about the same that is known from now on. */
static const struct fact *choose(struct record_merge *merge, const struct fact *old,
		const struct fact *patch, bool *changed)
{
	if (slice_equals(old->value, patch->value) && !is_renewed(merge, old, patch))
		return old;
	if (is_later(merge, old->supply)) {
		merge->outdated = old->attribute;
		merge->outdated_period = old->period;
		return old;
	}
	*changed = true;
	return patch;
}

static int fact_compare(const struct fact *a, const struct fact *b)
{
	if (a->attribute != b->attribute)
		return a->attribute < b->attribute ? -1 : 1;
	return (a->period > b->period) - (a->period < b->period);
}

static bool merge_facts(const struct fact_list *old, const struct fact_list *patch,
		struct record_merge *merge, struct arena *arena, struct fact_list *out,
		bool *changed)
{
	size_t i = 0;
	size_t k = 0;

	out->count = 0;
	out->list = arena_alloc(arena, (old->count + patch->count) * sizeof(*out->list));
	if (!out->list)
		return false;
	while (i < old->count || k < patch->count) {
		int order = i == old->count	? 1
			    : k == patch->count ? -1
						: fact_compare(&old->list[i], &patch->list[k]);

		if (order < 0 && merge->replace && !is_later(merge, old->list[i].supply)) {
			i++;
			*changed = true;
		} else if (order < 0) {
			out->list[out->count++] = old->list[i++];
		} else if (order > 0) {
			out->list[out->count++] = patch->list[k++];
			*changed = true;
		} else {
			out->list[out->count++] = *choose(
					merge, &old->list[i++], &patch->list[k++], changed);
		}
	}
	return true;
}

/* When a fact's period began, in months; what has none is never let go. */
static int64_t fact_month(const struct record_merge *merge, const struct fact *fact)
{
	const struct name *name = names_get(merge->names, fact->attribute);

	if (!fact->period || !name)
		return INT64_MAX;
	return fact->period * (12 / (int64_t)period_per_year(name->period));
}

/* Lets go of the facts of the oldest periods. */
static void trim_facts(const struct record_merge *merge, struct fact_list *facts)
{
	while (facts->count > RECORD_FACTS_MOST) {
		size_t oldest = 0;
		int64_t month = fact_month(merge, &facts->list[0]);

		for (size_t i = 1; i < facts->count; i++) {
			int64_t other = fact_month(merge, &facts->list[i]);

			if (other < month) {
				oldest = i;
				month = other;
			}
		}
		if (month == INT64_MAX)
			return;
		facts->count--;
		memmove(&facts->list[oldest], &facts->list[oldest + 1],
				(facts->count - oldest) * sizeof(*facts->list));
	}
}

static bool is_same(const struct fact_list *a, const struct fact_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (fact_compare(&a->list[i], &b->list[i]) != 0 ||
				a->list[i].supply != b->list[i].supply ||
				!slice_equals(a->list[i].value, b->list[i].value))
			return false;
	}
	return true;
}

/* The facts of the enterprise itself. What comes may be older than all that there is room for. */
static bool merge_own_facts(const struct record *old, const struct record *patch,
		struct record_merge *merge, struct arena *arena, struct fact_list *out,
		bool *changed)
{
	if (!merge_facts(&old->facts, &patch->facts, merge, arena, out, changed))
		return false;
	if (out->count > RECORD_FACTS_MOST) {
		trim_facts(merge, out);
		*changed = !is_same(&old->facts, out);
	}
	return true;
}

/* --- lists ----------------------------------------------------------------------------------- */

static const struct record_complete *find_complete(
		const struct record *record, struct slice list)
{
	for (size_t i = 0; i < record->complete_count; i++) {
		if (slice_equals(record->complete[i].list, list))
			return &record->complete[i];
	}
	return NULL;
}

/* A list that was complete stays so, whatever is added to it. */
static bool merge_complete(const struct record *old, const struct record *patch,
		const struct record_merge *merge, struct arena *arena, struct record *out,
		bool *changed)
{
	out->complete_count = 0;
	out->complete = arena_alloc(arena,
			(old->complete_count + patch->complete_count) * sizeof(*out->complete));
	if (!out->complete)
		return false;
	for (size_t i = 0; i < old->complete_count; i++) {
		if (merge->replace && !is_later(merge, old->complete[i].supply) &&
				!find_complete(patch, old->complete[i].list))
			*changed = true;
		else
			out->complete[out->complete_count++] = old->complete[i];
	}
	for (size_t i = 0; i < patch->complete_count; i++) {
		if (find_complete(old, patch->complete[i].list))
			continue;
		out->complete[out->complete_count++] = patch->complete[i];
		*changed = true;
	}
	return true;
}

static int item_compare(const struct record_item *a, const struct record_item *b)
{
	int order = slice_compare(a->list, b->list);

	return order ? order : slice_compare(a->id, b->id);
}

/* Whether anything of the item is of a later day than the patch. */
static bool item_is_later(const struct record_merge *merge, const struct record_item *item)
{
	for (size_t i = 0; i < item->facts.count; i++) {
		if (is_later(merge, item->facts.list[i].supply))
			return true;
	}
	return false;
}

/* An item that is not mentioned goes when its list came whole, or everything is replaced. */
static bool is_gone(const struct record *patch, const struct record_merge *merge,
		const struct record_item *item)
{
	return (merge->replace || find_complete(patch, item->list)) &&
	       !item_is_later(merge, item);
}

static bool merge_items(const struct record *old, const struct record *patch,
		struct record_merge *merge, struct arena *arena, struct record *out,
		bool *changed)
{
	size_t i = 0;
	size_t k = 0;

	out->item_count = 0;
	out->items = arena_alloc(
			arena, (old->item_count + patch->item_count) * sizeof(*out->items));
	if (!out->items)
		return false;
	while (i < old->item_count || k < patch->item_count) {
		int order = i == old->item_count ? 1
			    : k == patch->item_count
					    ? -1
					    : item_compare(&old->items[i], &patch->items[k]);

		if (order < 0 && is_gone(patch, merge, &old->items[i])) {
			i++;
			*changed = true;
		} else if (order < 0) {
			out->items[out->item_count++] = old->items[i++];
		} else if (order > 0) {
			out->items[out->item_count++] = patch->items[k++];
			*changed = true;
		} else {
			struct record_item *item = &out->items[out->item_count++];

			*item = old->items[i];
			if (!merge_facts(&old->items[i++].facts, &patch->items[k++].facts,
					    merge, arena, &item->facts, changed))
				return false;
		}
	}
	return true;
}

bool record_lay_over(const struct record *old, const struct record *patch,
		struct record_merge *merge, struct arena *arena, struct record *out_record,
		bool *out_changed)
{
	struct record record = { 0 };
	bool changed = false;

	merge->outdated = 0;
	if (!merge_own_facts(old, patch, merge, arena, &record.facts, &changed) ||
			!merge_complete(old, patch, merge, arena, &record, &changed) ||
			!merge_items(old, patch, merge, arena, &record, &changed))
		return false;
	*out_record = record;
	*out_changed = changed;
	return true;
}

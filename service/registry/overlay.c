/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/overlay.h"

#include "base/date.h"
#include "calculator/period.h"
#include "calculator/supplied.h"

#include <string.h>

struct overlay {
	const struct ruleset *ruleset;
	const char *list; /* of the attributes at hand; "": the enterprise */
	struct date day;
	bool has_day; /* a wrong day is told by whoever answers the question */
	struct arena *arena;
};

/* The period that a value said belongs to, written out; "" when it has none. */
static const char *period_of(
		const struct overlay *overlay, const Policycalc__V1__AttributeValue *attribute)
{
	const struct entry *entry;
	const Policycalc__V1__Attribute *known;
	Policycalc__V1__Period period;

	if (*attribute->period || !overlay->has_day)
		return attribute->period;
	entry = ruleset_find_entry(overlay->ruleset, overlay->list, attribute->name);
	known = entry ? entry_attribute(entry) : NULL;
	period = known ? known->period : POLICYCALC__V1__PERIOD__PERIOD_UNSPECIFIED;
	if (!period_is_recurring(period) || attribute_is_series(known))
		return "";
	return period_print(period, period_of_date(period, overlay->day) - 1, overlay->arena);
}

/* Those of @known that @said does not replace stand behind those said. */
static bool lay_attributes(const struct overlay *overlay,
		Policycalc__V1__AttributeValue **known, size_t known_count,
		Policycalc__V1__AttributeValue **said, size_t said_count,
		Policycalc__V1__AttributeValue ***out_list, size_t *out_count)
{
	Policycalc__V1__AttributeValue **list =
			arena_alloc(overlay->arena, (known_count + said_count) * sizeof(*list));
	const char **periods = arena_alloc(overlay->arena, said_count * sizeof(*periods));
	size_t count = 0;

	if (!list || !periods)
		return false;
	for (size_t i = 0; i < said_count; i++) {
		periods[i] = period_of(overlay, said[i]);
		if (!periods[i])
			return false;
		list[count++] = said[i];
	}
	for (size_t k = 0; k < known_count; k++) {
		bool is_replaced = false;

		/* What the catalog of the question does not know is nothing to it. */
		if (!ruleset_find_entry(overlay->ruleset, overlay->list, known[k]->name))
			continue;
		for (size_t i = 0; i < said_count && !is_replaced; i++)
			is_replaced = strcmp(known[k]->name, said[i]->name) == 0 &&
				      strcmp(known[k]->period, periods[i]) == 0;
		if (!is_replaced)
			list[count++] = known[k];
	}
	*out_list = list;
	*out_count = count;
	return true;
}

static Policycalc__V1__Item *find_item(
		Policycalc__V1__Item **list, size_t count, const Policycalc__V1__Item *like)
{
	for (size_t i = 0; i < count; i++) {
		if (*like->id && strcmp(list[i]->list, like->list) == 0 &&
				strcmp(list[i]->id, like->id) == 0)
			return list[i];
	}
	return NULL;
}

static bool is_complete(const Policycalc__V1__Profile *profile, const char *list)
{
	for (size_t i = 0; i < profile->n_complete_lists; i++) {
		if (strcmp(profile->complete_lists[i], list) == 0)
			return true;
	}
	return false;
}

/* An item that is said, with what else is known of it. */
static Policycalc__V1__Item *lay_item(const struct overlay *overlay,
		const Policycalc__V1__Item *known, Policycalc__V1__Item *said)
{
	struct overlay within = *overlay;
	Policycalc__V1__Item *item = arena_alloc(overlay->arena, sizeof(*item));

	if (!item)
		return NULL;
	*item = *said;
	within.list = said->list;
	return lay_attributes(&within, known->attributes, known->n_attributes, said->attributes,
			       said->n_attributes, &item->attributes, &item->n_attributes)
			       ? item
			       : NULL;
}

static bool lay_items(const struct overlay *overlay, const Policycalc__V1__Profile *known,
		const Policycalc__V1__Profile *said, Policycalc__V1__Profile *out)
{
	out->n_items = 0;
	out->items = arena_alloc(
			overlay->arena, (known->n_items + said->n_items) * sizeof(*out->items));
	if (!out->items)
		return false;
	for (size_t i = 0; i < said->n_items; i++) {
		const Policycalc__V1__Item *before =
				find_item(known->items, known->n_items, said->items[i]);
		Policycalc__V1__Item *item = said->items[i];

		if (before && !is_complete(said, item->list))
			item = lay_item(overlay, before, item);
		if (!item)
			return false;
		out->items[out->n_items++] = item;
	}
	for (size_t k = 0; k < known->n_items; k++) {
		if (!is_complete(said, known->items[k]->list) &&
				!find_item(said->items, said->n_items, known->items[k]))
			out->items[out->n_items++] = known->items[k];
	}
	return true;
}

static bool lay_complete(const struct overlay *overlay, const Policycalc__V1__Profile *known,
		const Policycalc__V1__Profile *said, Policycalc__V1__Profile *out)
{
	out->n_complete_lists = said->n_complete_lists;
	out->complete_lists = arena_alloc(
			overlay->arena, (known->n_complete_lists + said->n_complete_lists) *
							sizeof(*out->complete_lists));
	if (!out->complete_lists)
		return false;
	if (said->n_complete_lists)
		memcpy(out->complete_lists, said->complete_lists,
				said->n_complete_lists * sizeof(*out->complete_lists));
	for (size_t i = 0; i < known->n_complete_lists; i++) {
		if (!is_complete(said, known->complete_lists[i]))
			out->complete_lists[out->n_complete_lists++] = known->complete_lists[i];
	}
	return true;
}

Policycalc__V1__Profile *profile_lay_over(const Policycalc__V1__Profile *known,
		const Policycalc__V1__Profile *said, const struct ruleset *ruleset,
		const char *day, struct arena *arena)
{
	static const Policycalc__V1__Profile nothing = POLICYCALC__V1__PROFILE__INIT;
	struct overlay overlay = { .ruleset = ruleset, .list = "", .arena = arena };
	Policycalc__V1__Profile *profile = arena_alloc(arena, sizeof(*profile));

	if (!profile)
		return NULL;
	if (!said)
		said = &nothing;
	overlay.has_day = date_parse(slice_from(*said->date ? said->date : day), &overlay.day);
	*profile = *said;
	if (!*said->uscc)
		profile->uscc = known->uscc;
	return lay_attributes(&overlay, known->attributes, known->n_attributes,
			       said->attributes, said->n_attributes, &profile->attributes,
			       &profile->n_attributes) &&
					       lay_items(&overlay, known, said, profile) &&
					       lay_complete(&overlay, known, said, profile)
			       ? profile
			       : NULL;
}

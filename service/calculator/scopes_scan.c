/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which periods the rules name.
 *
 * A periodic attribute is read for the last full period under its own name, for the same period n
 * years back as _y2 (the year before), _y3 ..., and n periods back as _p2, _p3 ....
 *
 * A series is read whole under its own name, and by windows that keep to the calendar: _quarter is
 * the months of the last full quarter, _year the periods of the last full year, and _quarter_y2,
 * _year_y2 the same a year before. _2026q1 and _2026 are the periods of that quarter or year whatever
 * the day is, for rounds that are about one quarter. A window that lacks a period, or is not over, is
 * unknown.
 *
 * Only the names that some rule of the catalog uses get a slot: a dictionary of 400 attributes
 * would otherwise cost thousands.
 */
#include "base/memory.h"
#include "calculator/period.h"
#include "calculator/scopes.h"
#include "calculator/survey.h"

#include <stdio.h>
#include <string.h>

void wanted_add(struct wanted_list *wanted, struct slot slot, struct entry *entry)
{
	if (!slot.name)
		wanted->failed = true;
	if (wanted->count == wanted->capacity) {
		size_t capacity = wanted->capacity ? wanted->capacity * 2 : 64;
		struct wanted *list = memory_resize(wanted->list, capacity * sizeof(*list));

		if (!list) {
			wanted->failed = true;
			return;
		}
		wanted->list = list;
		wanted->capacity = capacity;
	}
	wanted->list[wanted->count++] = (struct wanted){ slot, entry };
}

/* --- which periods the rules name ------------------------------------------------------------- */

/* Cuts "_y2", "_p3" off @name; 0 when there is none. */
static unsigned suffix_cut(struct slice *name, char *out_kind)
{
	size_t digits = 0;
	unsigned n = 0;

	while (digits < name->size && name->data[name->size - 1 - digits] >= '0' &&
			name->data[name->size - 1 - digits] <= '9')
		digits++;
	if (digits < 1 || digits > 2 || name->size < digits + 3 ||
			name->data[name->size - digits] == '0' ||
			name->data[name->size - digits - 2] != '_')
		return 0;
	*out_kind = name->data[name->size - digits - 1];
	if (*out_kind != 'y' && *out_kind != 'p')
		return 0;
	for (size_t i = name->size - digits; i < name->size; i++)
		n = n * 10 + (unsigned)(name->data[i] - '0');
	if (n < 2)
		return 0;
	name->size -= digits + 2;
	return n;
}

static struct entry *entry_find(
		const struct ruleset *ruleset, enum item_list list, struct slice name)
{
	return map_find(&ruleset->entry_names[list], name);
}

/* Cuts "_2026q1", "_2026" off @name; WINDOW_NONE when there is none. */
static enum window stated_cut(struct slice *name, unsigned *out_number)
{
	unsigned year = 0;
	unsigned quarter = 0;
	size_t size = name->size;

	if (size > 2 && name->data[size - 2] == 'q' && name->data[size - 1] >= '1' &&
			name->data[size - 1] <= '4') {
		quarter = (unsigned)(name->data[size - 1] - '0');
		size -= 2;
	}
	if (size < 6 || name->data[size - 5] != '_')
		return WINDOW_NONE;
	for (size_t i = size - 4; i < size; i++) {
		if (name->data[i] < '0' || name->data[i] > '9')
			return WINDOW_NONE;
		year = year * 10 + (unsigned)(name->data[i] - '0');
	}
	name->size = size - 5;
	*out_number = quarter ? year * 4 + quarter - 1 : year;
	return quarter ? WINDOW_STATED_QUARTER : WINDOW_STATED_YEAR;
}

/* The entry of a window, when there is a series that has such a one. */
static struct entry *window_entry(const struct ruleset *ruleset, enum item_list list,
		struct slice name, enum window window)
{
	struct entry *entry = entry_find(ruleset, list, name);

	return entry && value_type_is_series(entry->attribute->type) &&
					       period_window_size(entry->attribute->period,
							       window) > 0
			       ? entry
			       : NULL;
}

/* "power_quarter_y2" is a window of the series "power"; false for other names. */
static bool window_parse(const struct ruleset *ruleset, enum item_list list, struct slice name,
		struct entry **out_entry, struct slot *slot)
{
	static const struct {
		const char *suffix;
		enum window window;
	} windows[] = { { "_quarter", WINDOW_QUARTER }, { "_year", WINDOW_YEAR } };
	char kind = 'y';
	unsigned n;

	slot->window = stated_cut(&name, &slot->back);
	if (slot->window != WINDOW_NONE) {
		*out_entry = window_entry(ruleset, list, name, slot->window);
		return *out_entry != NULL;
	}
	n = suffix_cut(&name, &kind);
	if (n && kind != 'y')
		return false;
	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		size_t size = strlen(windows[i].suffix);

		if (name.size <= size || memcmp(name.data + name.size - size, windows[i].suffix,
							 size) != 0)
			continue;
		*out_entry = window_entry(ruleset, list,
				(struct slice){ name.data, name.size - size },
				windows[i].window);
		slot->window = windows[i].window;
		slot->back = n ? n - 1 : 0;
		return *out_entry != NULL;
	}
	return false;
}

/* "revenue_y2" is the attribute "revenue" with its years or periods back; false for other names. */
static bool variant_parse(const struct ruleset *ruleset, enum item_list list, struct slice name,
		struct entry **out_entry, struct slot *slot)
{
	char kind;
	unsigned n = suffix_cut(&name, &kind);
	struct entry *entry = n ? entry_find(ruleset, list, name) : NULL;

	if (!entry || !period_is_recurring(entry->attribute->period) ||
			value_type_is_series(entry->attribute->type))
		return false;
	*out_entry = entry;
	slot->back = (n - 1) * (kind == 'y' ? period_per_year(entry->attribute->period) : 1);
	return true;
}

static void name_want(struct scopes_build *scopes, enum item_list list, struct slice whole)
{
	struct ruleset *ruleset = scopes->build->ruleset;
	struct slice name = { whole.data + 2, whole.size - 2 };
	struct slot slot = { .role = SCOPE_ATTRIBUTE };
	struct wanted_list *wanted = &scopes->wanted[list];
	struct entry *entry;

	if (map_find(&ruleset->entry_names[list], name))
		return;
	if (!window_parse(ruleset, list, name, &entry, &slot)) {
		slot = (struct slot){ .role = SCOPE_ATTRIBUTE };
		if (!variant_parse(ruleset, list, name, &entry, &slot))
			return;
	}
	for (size_t i = 0; i < wanted->count; i++) {
		if (slice_equals_text(whole, wanted->list[i].slot.name))
			return;
	}
	slot.name = arena_copy(&ruleset->arena, whole.data, whole.size);
	slot.attribute = entry->attribute;
	slot.derived = entry->attribute->derived != NULL;
	wanted_add(wanted, slot, entry);
}

/*
 * A quotient of earlier periods is the quotient of earlier figures: wanting e.share_y2 wants its
 * numerator and denominator of that year too.
 */
void quotients_scan(struct scopes_build *scopes, enum item_list list)
{
	struct wanted_list *wanted = &scopes->wanted[list];
	char text[512];

	for (size_t i = 0; i < wanted->count; i++) {
		struct slot slot = wanted->list[i].slot;
		const Policycalc__V1__Derivation__Ratio *ratio =
				slot.derived ? slot.attribute->derived->ratio : NULL;
		const char *suffix = strrchr(slot.name, '_');
		enum item_list of = *slot.name == 'e' ? LIST_ENTERPRISE : list;

		if (!ratio || slot.back == 0 || !suffix)
			continue;
		for (int part = 0; part < 2; part++) {
			snprintf(text, sizeof(text), "%c.%s%s", *slot.name,
					part ? ratio->den : ratio->num, suffix);
			name_want(scopes, of, slice_from(text));
		}
	}
}

/* --- all -------------------------------------------------------------------------------------- */

static void attribute_scan(
		struct period_names *names, const Policycalc__V1__Attribute *attribute)
{
	enum item_list list = item_list_find(attribute->item_list);

	if (!attribute->derived || list == LIST_COUNT)
		return;
	period_names_scan(names, list, attribute->derived->rule);
	if (!attribute->derived->aggregate)
		return;
	list = item_list_find(attribute->derived->aggregate->item_list);
	if (list != LIST_COUNT)
		period_names_scan(names, list, attribute->derived->aggregate->filter_rule);
}

/* Of a catalog that nobody surveyed. */
static void policies_scan(struct period_names *names, const struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->policy_count; i++)
		period_names_scan_policy(names, catalog->policies[i], NULL);
}

static void names_want(struct scopes_build *scopes, const struct period_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		name_want(scopes, names->list[i].list, names->list[i].whole);
	scopes->wanted[LIST_ENTERPRISE].failed |= names->failed;
}

void scopes_scan(struct scopes_build *scopes)
{
	const struct catalog *catalog = &scopes->build->ruleset->catalog;
	const struct survey *survey = scopes->build->survey;
	struct period_names names = { 0 };

	for (size_t i = 0; i < catalog->attribute_count; i++)
		attribute_scan(&names, catalog->attributes[i]);
	if (!survey)
		policies_scan(&names, catalog);
	names_want(scopes, &names);
	if (survey)
		names_want(scopes, &survey->names);
	period_names_fini(&names);
}

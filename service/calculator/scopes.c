/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which names rules may use: the slots of the dictionary and the parameters, and the scopes.
 *
 * scopes_scan.c finds the names of earlier periods that rules use; here the slots are numbered, and
 * the scopes made of them.
 */
#include "calculator/scopes.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static int wanted_compare(const void *a, const void *b)
{
	const struct wanted *left = a;
	const struct wanted *right = b;

	return strcmp(left->slot.name, right->slot.name);
}

/* --- entries ---------------------------------------------------------------------------------- */

static enum code_table codes_of(const Policycalc__V1__Attribute *attribute)
{
	if (attribute->n_choices)
		return CODES_CHOICES;
	if (strcmp(attribute->choice_table, "regions") == 0)
		return CODES_REGIONS;
	return strcmp(attribute->choice_table, "industries") == 0 ? CODES_INDUSTRIES
								  : CODES_ANY;
}

static bool entry_init(struct entry *entry, const Policycalc__V1__Attribute *attribute)
{
	entry->attribute = attribute;
	entry->minimum = attribute->_minimum_case ? attribute->minimum : INT64_MIN;
	entry->maximum = attribute->_maximum_case ? attribute->maximum : INT64_MAX;
	entry->type = attribute->type;
	entry->codes = codes_of(attribute);
	entry->is_dated = period_is_recurring(attribute->period) &&
			  !value_type_is_series(attribute->type);
	entry->is_deprecated = attribute->deprecated;
	entry->is_derived = attribute->derived;
	for (size_t i = 0; i < attribute->n_choices; i++) {
		if (!map_put(&entry->choices, slice_from(attribute->choices[i]->code),
				    attribute->choices[i]))
			return false;
	}
	return true;
}

/* The catalog's attributes stand by list and name: the enterprise first, then the lists by name. */
static bool entries_build(struct scopes_build *scopes, struct error *err)
{
	struct ruleset_build *build = scopes->build;
	struct ruleset *ruleset = build->ruleset;
	const struct catalog *catalog = &ruleset->catalog;
	size_t counts[LIST_COUNT] = { 0 };

	for (size_t i = 0; i < catalog->attribute_count; i++) {
		enum item_list list = item_list_find(catalog->attributes[i]->item_list);

		if (list == LIST_COUNT)
			ruleset_build_mistake(build, &build->attribute_origins[i]->base,
					"item_list", catalog->attributes[i]->name,
					"attribute %s: an item list is projects, loans or "
					"hires",
					catalog->attributes[i]->name);
		else
			counts[list]++;
	}
	for (enum item_list list = LIST_ENTERPRISE; list < LIST_COUNT; list++) {
		ruleset->entries[list] = ARENA_NEW_ARRAY(
				&ruleset->arena, struct entry, counts[list] + 1);
		ruleset->entry_name_list[list] = ARENA_NEW_ARRAY(
				&ruleset->arena, const char *, counts[list] + 1);
		if (!ruleset->entries[list] || !ruleset->entry_name_list[list])
			return arena_error(&ruleset->arena, err, "reading the dictionary");
	}
	for (size_t i = 0; i < catalog->attribute_count; i++) {
		const Policycalc__V1__Attribute *attribute = catalog->attributes[i];
		enum item_list list = item_list_find(attribute->item_list);
		struct slice name = slice_from(attribute->name);
		struct entry *entry;

		if (list == LIST_COUNT)
			continue;
		if (map_find(&ruleset->entry_names[list], name)) {
			ruleset_build_mistake(build, &build->attribute_origins[i]->base, "name",
					attribute->name, "attribute %s stands there twice",
					attribute->name);
			continue;
		}
		ruleset->entry_name_list[list][ruleset->entry_count[list]] = attribute->name;
		entry = &ruleset->entries[list][ruleset->entry_count[list]++];
		entry->index = (unsigned)ruleset->entry_total++;
		if (!entry_init(entry, attribute) ||
				!map_put(&ruleset->entry_names[list], name, entry))
			return error_set(err, ERROR_MEMORY, "no memory for the dictionary");
	}
	return true;
}

static void entries_want(struct scopes_build *scopes, enum item_list list)
{
	struct ruleset *ruleset = scopes->build->ruleset;

	for (size_t i = 0; i < ruleset->entry_count[list]; i++) {
		struct entry *entry = &ruleset->entries[list][i];
		struct slot slot = {
			.name = arena_format(&ruleset->arena, "%c.%s",
					list == LIST_ENTERPRISE ? 'e' : 'i',
					entry->attribute->name),
			.role = SCOPE_ATTRIBUTE,
			.attribute = entry->attribute,
			.derived = entry->attribute->derived != NULL,
		};

		wanted_add(&scopes->wanted[list], slot, entry);
	}
}

static int variant_compare(const void *a, const void *b)
{
	const struct variant *left = a;
	const struct variant *right = b;

	if (left->window != right->window)
		return left->window < right->window ? -1 : 1;
	return (left->back > right->back) - (left->back < right->back);
}

/* Sorts the wanted names of a list into slots and tells each entry its own. */
static bool slots_build(struct scopes_build *scopes, enum item_list list)
{
	struct ruleset *ruleset = scopes->build->ruleset;
	struct wanted_list *wanted = &scopes->wanted[list];
	size_t first = list == LIST_ENTERPRISE ? 0 : ruleset->base_count;

	if (wanted->failed)
		return false;
	if (wanted->count)
		qsort(wanted->list, wanted->count, sizeof(*wanted->list), wanted_compare);
	ruleset->slots[list] = ARENA_NEW_ARRAY(&ruleset->arena, struct slot, wanted->count + 1);
	if (!ruleset->slots[list])
		return false;
	ruleset->slot_count[list] = wanted->count;
	for (size_t i = 0; i < wanted->count; i++) {
		struct entry *entry = wanted->list[i].entry;

		ruleset->slots[list][i] = wanted->list[i].slot;
		if (entry)
			entry->variant_count++;
		else if (wanted->list[i].slot.role == SCOPE_CONTEXT)
			ruleset->as_of_slot = (int)i;
	}
	for (size_t i = 0; i < ruleset->entry_count[list]; i++) {
		struct entry *entry = &ruleset->entries[list][i];

		entry->variants = ARENA_NEW_ARRAY(
				&ruleset->arena, struct variant, entry->variant_count + 1);
		if (!entry->variants)
			return false;
		entry->variant_count = 0;
	}
	for (size_t i = 0; i < wanted->count; i++) {
		struct entry *entry = wanted->list[i].entry;

		if (!entry)
			continue;
		((struct variant *)entry->variants)[entry->variant_count++] =
				(struct variant){ wanted->list[i].slot.window,
					wanted->list[i].slot.back, (int)(first + i) };
	}
	for (size_t i = 0; i < ruleset->entry_count[list]; i++) {
		struct entry *entry = &ruleset->entries[list][i];

		qsort((void *)entry->variants, entry->variant_count, sizeof(*entry->variants),
				variant_compare);
	}
	return true;
}

/* --- scopes ----------------------------------------------------------------------------------- */

const struct type *value_type_rule_type(
		Policycalc__V1__ValueType type, enum dimension *dimension)
{
	*dimension = DIMENSION_FREE;
	switch ((int)type) {
	case VALUE_TYPE(MONEY):
		*dimension = DIMENSION_MONEY;
		return &type_int;
	case VALUE_TYPE(RATIO):
		*dimension = DIMENSION_RATIO;
		return &type_int;
	case VALUE_TYPE(COUNT):
		*dimension = DIMENSION_COUNT;
		return &type_int;
	case VALUE_TYPE(FLAG):
		return &type_bool;
	case VALUE_TYPE(CODE):
	case VALUE_TYPE(TEXT):
		return &type_string;
	case VALUE_TYPE(CODES):
		return &type_list_string;
	case VALUE_TYPE(DATE):
		return &type_timestamp;
	case VALUE_TYPE(MONEY_SERIES):
		*dimension = DIMENSION_MONEY;
		return &type_list_int;
	case VALUE_TYPE(RATIO_SERIES):
		*dimension = DIMENSION_RATIO;
		return &type_list_int;
	case VALUE_TYPE(COUNT_SERIES):
		*dimension = DIMENSION_COUNT;
		return &type_list_int;
	case VALUE_TYPE(TITLES):
		return &type_map_string_timestamp;
	case VALUE_TYPE(UNSPECIFIED):
	default:
		return NULL;
	}
}

/* The slot of @name with as many periods back as @slot has; -1 when there is none. */
static int slot_find_same_period(const struct ruleset *ruleset, enum item_list list,
		const char *name, unsigned back)
{
	const struct entry *entry = map_find(&ruleset->entry_names[list], slice_from(name));

	if (!entry && list != LIST_ENTERPRISE)
		entry = map_find(&ruleset->entry_names[LIST_ENTERPRISE], slice_from(name));
	for (size_t i = 0; entry && i < entry->variant_count; i++) {
		if (entry->variants[i].window == WINDOW_NONE && entry->variants[i].back == back)
			return entry->variants[i].slot;
	}
	return -1;
}

static bool ratio_build(struct ruleset_build *build, enum item_list list,
		const struct slot *slot, const ProtobufCMessage *origin,
		const struct scope_ratio **out_ratio)
{
	const Policycalc__V1__Derivation__Ratio *from = slot->attribute->derived->ratio;
	struct ruleset *ruleset = build->ruleset;
	struct scope_ratio *ratio = ARENA_NEW(&ruleset->arena, struct scope_ratio);
	char *end = NULL;

	if (!ratio)
		return false;
	ratio->num_slot = slot_find_same_period(ruleset, list, from->num, slot->back);
	ratio->den_slot = slot_find_same_period(ruleset, list, from->den, slot->back);
	if (ratio->num_slot < 0 || ratio->den_slot < 0) {
		ruleset_build_mistake(build, origin, "derived", slot->attribute->name,
				"attribute %s: %s is not an attribute it can be made from",
				slot->attribute->name,
				ratio->num_slot < 0 ? from->num : from->den);
		return true;
	}
	ratio->when_den_zero_known =
			*from->when_den_zero && strcmp(from->when_den_zero, "unknown");
	if (ratio->when_den_zero_known) {
		ratio->when_den_zero_ppm = strtoll(from->when_den_zero, &end, 10);
		if (*end)
			ruleset_build_mistake(build, origin, "derived", slot->attribute->name,
					"attribute %s: when_den_zero is a number of ppm or "
					"unknown",
					slot->attribute->name);
	}
	*out_ratio = ratio;
	return true;
}

/* The codes of an attribute that has a list of its own; NULL without one, or when memory is short. */
static const struct scope_choices *choices_build(
		struct ruleset *ruleset, const Policycalc__V1__Attribute *attribute)
{
	struct scope_choices *choices = NULL;
	const char **codes = NULL;

	if (attribute->n_choices == 0)
		return NULL;
	choices = ARENA_NEW(&ruleset->arena, struct scope_choices);
	codes = ARENA_NEW_ARRAY(&ruleset->arena, const char *, attribute->n_choices);
	if (!choices || !codes)
		return NULL;
	for (size_t i = 0; i < attribute->n_choices; i++)
		codes[i] = attribute->choices[i]->code;
	*choices = (struct scope_choices){ codes, attribute->n_choices };
	return choices;
}

static bool scope_add_slots(
		struct ruleset_build *build, struct scope *scope, enum item_list list)
{
	struct ruleset *ruleset = build->ruleset;
	size_t first = list == LIST_ENTERPRISE ? 0 : ruleset->base_count;

	for (size_t i = 0; i < ruleset->slot_count[list]; i++) {
		const struct slot *slot = &ruleset->slots[list][i];
		const Policycalc__V1__Attribute *attribute = slot->attribute;
		const ProtobufCMessage *origin = NULL;
		struct scope_name name = {
			.name = slice_from(slot->name),
			.role = slot->role,
			.type = &type_timestamp,
			.dimension = DIMENSION_FREE,
			.slot = (int)(first + i),
		};

		if (slot->role == SCOPE_PARAMETER) {
			name.type = value_type_rule_type(
					ruleset->catalog.parameters[slot->parameter]->type,
					&name.dimension);
			origin = &build->parameter_origins[slot->parameter]->base;
		} else if (attribute) {
			name.type = value_type_rule_type(attribute->type, &name.dimension);
			for (size_t k = 0; k < ruleset->catalog.attribute_count; k++) {
				if (ruleset->catalog.attributes[k] == attribute)
					origin = &build->attribute_origins[k]->base;
			}
			/* Only what a profile sends is held to the range: a rule may come out
			 * elsewhere. */
			name.has_least = attribute->_minimum_case && !attribute->derived;
			name.has_most = attribute->_maximum_case && !attribute->derived;
			name.least = attribute->_minimum_case ? attribute->minimum : 0;
			name.most = attribute->_maximum_case ? attribute->maximum : 0;
			name.is_region = strcmp(attribute->choice_table, "regions") == 0;
			/* What the owner reads was checked before. */
			name.choices = build->is_owner ? NULL
						       : choices_build(ruleset, attribute);
			if (attribute->derived && attribute->derived->ratio && origin &&
					!ratio_build(build, list, slot, origin, &name.ratio))
				return false;
		}
		if (!name.type) {
			ruleset_build_mistake(build, origin, "type", slot->name,
					"%s has no type", slot->name);
			name.type = &type_int;
		}
		if (!scope_add(scope, &name)) {
			if (scope_find(scope, name.name))
				ruleset_build_mistake(build, origin, "name", slot->name,
						"%s stands there twice", slot->name);
			else
				return false;
		}
	}
	return true;
}

static bool parameter_mask_build(struct ruleset *ruleset)
{
	uint64_t *mask = ARENA_NEW_ARRAY(&ruleset->arena, uint64_t, ruleset->set_words);

	for (size_t i = 0; mask && i < ruleset->base_count; i++) {
		if (ruleset->slots[LIST_ENTERPRISE][i].role == SCOPE_PARAMETER)
			slot_bits_put(mask, (int)i);
	}
	ruleset->parameter_mask = mask;
	return mask != NULL;
}

static bool scopes_fill(struct scopes_build *scopes)
{
	struct ruleset *ruleset = scopes->build->ruleset;
	struct slot as_of = { .name = "as_of", .role = SCOPE_CONTEXT };

	entries_want(scopes, LIST_ENTERPRISE);
	wanted_add(&scopes->wanted[LIST_ENTERPRISE], as_of, NULL);
	for (size_t i = 0; i < ruleset->catalog.parameter_count; i++) {
		struct slot slot = {
			.name = arena_format(&ruleset->arena, "p.%s",
					ruleset->catalog.parameters[i]->name),
			.role = SCOPE_PARAMETER,
			.parameter = i,
		};

		wanted_add(&scopes->wanted[LIST_ENTERPRISE], slot, NULL);
	}
	for (enum item_list list = LIST_PROJECTS; list < LIST_COUNT; list++)
		entries_want(scopes, list);
	scopes_scan(scopes);
	for (enum item_list list = LIST_ENTERPRISE; list < LIST_COUNT; list++) {
		quotients_scan(scopes, list);
		if (!slots_build(scopes, list))
			return false;
		if (list == LIST_ENTERPRISE)
			ruleset->base_count = ruleset->slot_count[list];
		if (ruleset->base_count + (list ? ruleset->slot_count[list] : 0) >
				ruleset->most_slots)
			ruleset->most_slots = ruleset->base_count +
					      (list ? ruleset->slot_count[list] : 0);
	}
	ruleset->set_words = (ruleset->most_slots + 63) / 64;
	if (!parameter_mask_build(ruleset))
		return false;

	for (enum item_list list = LIST_ENTERPRISE; list < LIST_COUNT; list++) {
		struct scope *scope = scope_new();

		ruleset->scopes[list] = scope;
		if (!scope || !scope_add_slots(scopes->build, scope, LIST_ENTERPRISE))
			return false;
		if (list != LIST_ENTERPRISE && !scope_add_slots(scopes->build, scope, list))
			return false;
	}
	return true;
}

bool ruleset_build_scopes(struct ruleset_build *build, struct error *err)
{
	struct scopes_build scopes = { .build = build };
	bool ok;

	if (!entries_build(&scopes, err))
		return false;
	ok = scopes_fill(&scopes);
	for (enum item_list list = LIST_ENTERPRISE; list < LIST_COUNT; list++)
		memory_free(scopes.wanted[list].list);
	if (!ok)
		error_set(err, ERROR_MEMORY, "out of memory while making scopes");
	return ok;
}

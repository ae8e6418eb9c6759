/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec/choice_table.h"

#include <string.h>

typedef Policycalc__V1__Choice choice_message;

/* @count choices, each initialised; false when memory is short. */
static bool list_init(struct choice_list *list, size_t count, struct arena *arena)
{
	choice_message *choices = ARENA_NEW_ARRAY(arena, choice_message, count + 1);

	list->choices = ARENA_NEW_ARRAY(arena, choice_message *, count + 1);
	if (!choices || !list->choices)
		return false;
	for (size_t i = 0; i < count; i++) {
		policycalc__v1__choice__init(&choices[i]);
		list->choices[i] = &choices[i];
	}
	list->count = count;
	return true;
}

static bool region_choice(const Policycalc__V1__Region *region, choice_message *choice,
		struct arena *arena)
{
	choice->code = region->code;
	choice->label = region->name;
	choice->parent = region->parent;
	choice->aliases = ARENA_NEW_ARRAY(arena, char *, region->n_aliases * 2 + 1);
	if (!choice->aliases)
		return false;
	for (size_t i = 0; i < region->n_aliases; i++) {
		const Policycalc__V1__Region__Alias *alias = region->aliases[i];

		if (*alias->name)
			choice->aliases[choice->n_aliases++] = alias->name;
		if (*alias->code)
			choice->aliases[choice->n_aliases++] = alias->code;
	}
	return true;
}

bool choice_tables_init(const struct catalog *catalog, struct arena *arena,
		struct choice_tables *out_tables)
{
	struct choice_tables tables = { 0 };

	if (!list_init(&tables.regions, catalog->region_count, arena) ||
			!list_init(&tables.industries, catalog->industry_count, arena))
		return false;
	for (size_t i = 0; i < catalog->region_count; i++) {
		if (!region_choice(catalog->regions[i], tables.regions.choices[i], arena))
			return false;
	}
	for (size_t i = 0; i < catalog->industry_count; i++) {
		choice_message *choice = tables.industries.choices[i];

		choice->code = catalog->industries[i]->code;
		choice->label = catalog->industries[i]->name;
		choice->parent = catalog->industries[i]->parent;
	}
	*out_tables = tables;
	return true;
}

const Policycalc__V1__Attribute *attribute_with_choices(
		const Policycalc__V1__Attribute *attribute, const struct choice_tables *tables,
		struct arena *arena)
{
	const struct choice_list *list;
	Policycalc__V1__Attribute *copy;

	if (strcmp(attribute->choice_table, "regions") == 0)
		list = &tables->regions;
	else if (strcmp(attribute->choice_table, "industries") == 0)
		list = &tables->industries;
	else
		return attribute;
	copy = ARENA_NEW(arena, Policycalc__V1__Attribute);
	if (!copy)
		return NULL;
	*copy = *attribute;
	copy->choices = list->choices;
	copy->n_choices = list->count;
	return copy;
}

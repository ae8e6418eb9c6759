/* SPDX-License-Identifier: Apache-2.0 */
/* The dictionary: attributes, regions, industries. */
#include "publish/check.h"

#include "proto/codec/value_text.h"

#include <stdlib.h>
#include <string.h>

typedef Policycalc__V1__Attribute attribute_message;

/* --- attributes ------------------------------------------------------------------------------
 */

static bool type_is_numeric(Policycalc__V1__ValueType type)
{
	return type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY ||
	       type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO ||
	       type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT;
}

static bool type_is_series(Policycalc__V1__ValueType type)
{
	return type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY_SERIES ||
	       type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO_SERIES ||
	       type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT_SERIES;
}

static bool type_has_choices(Policycalc__V1__ValueType type)
{
	return type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODE ||
	       type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODES ||
	       type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_TITLES;
}

static void check_choices(struct check *check, const attribute_message *attribute)
{
	struct map codes = { 0 };

	if (attribute->n_choices && *attribute->choice_table)
		check_error(check, attribute, "choice_table", 0,
				"choices come from the list or from a table, not from both");
	if (*attribute->choice_table && strcmp(attribute->choice_table, "regions") != 0 &&
			strcmp(attribute->choice_table, "industries") != 0)
		check_error(check, attribute, "choice_table", 0,
				"choice_table \"%s\": expected regions or industries",
				attribute->choice_table);
	if ((attribute->n_choices || *attribute->choice_table) &&
			!type_has_choices(attribute->type))
		check_error(check, attribute, attribute->n_choices ? "choices" : "choice_table",
				0,
				"only attributes of type CODE, CODES or TITLES have choices");
	for (size_t i = 0; i < attribute->n_choices; i++) {
		const Policycalc__V1__Choice *choice = attribute->choices[i];

		if (!check_required(check, choice, "code", choice->code))
			continue;
		if (!choice->label)
			check_warn(check, choice, NULL, 0, "choice \"%s\" has no label",
					choice->code);
		if (map_find(&codes, slice_from(choice->code)))
			check_error(check, choice, "code", 0, "choice \"%s\" comes twice",
					choice->code);
		else if (!map_put(&codes, slice_from(choice->code), (void *)(uintptr_t)choice))
			check->out_of_memory = true;
	}
	for (size_t i = 0; i < attribute->n_choices; i++) {
		const Policycalc__V1__Choice *choice = attribute->choices[i];

		if (*choice->parent && !map_find(&codes, slice_from(choice->parent)))
			check_error(check, choice, "parent", 0, "there is no choice \"%s\"",
					choice->parent);
	}
	map_fini(&codes);
}

static const char *attribute_key(struct check *check, const char *item_list, const char *name)
{
	const char *key = *item_list ? arena_format(check->arena, "%s/%s", item_list, name)
				     : name;

	if (key)
		return key;
	check->out_of_memory = true;
	return "";
}

static void check_derivation(struct check *check, const attribute_message *attribute)
{
	const Policycalc__V1__Derivation *derived = attribute->derived;
	const Policycalc__V1__Derivation__Ratio *ratio = derived->ratio;
	const char *names[2] = { ratio ? ratio->num : "", ratio ? ratio->den : "" };
	static const char *const fields[2] = { "num", "den" };
	long long ppm;
	char *end;

	if ((*derived->rule != 0) + (ratio != NULL) + (derived->aggregate != NULL) != 1) {
		check_error(check, attribute, "derived", 0,
				"a derived attribute has one of a rule, a ratio and an "
				"aggregate");
		return;
	}
	if (!ratio)
		return;
	if (attribute->type != POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO)
		check_error(check, attribute, "type", 0, "a quotient has type RATIO");
	for (int i = 0; i < 2; i++) {
		const char *key = attribute_key(check, attribute->item_list, names[i]);
		const struct check_named *named = check_find(&check->attributes, key);

		if (!check_required(check, ratio, fields[i], names[i]))
			continue;
		if (!named)
			check_error(check, ratio, fields[i], 0, "there is no attribute \"%s\"",
					key);
		else if (!type_is_numeric(((const attribute_message *)named->message)->type))
			check_error(check, ratio, fields[i], 0,
					"attribute \"%s\" is not a number", key);
	}
	if (!check_required(check, ratio, "when_den_zero", ratio->when_den_zero) ||
			strcmp(ratio->when_den_zero, "unknown") == 0)
		return;
	(void)strtoll(ratio->when_den_zero, &end, 10);
	if (*end && !unit_parse_ratio(slice_from(ratio->when_den_zero), &ppm, NULL))
		check_error(check, ratio, "when_den_zero", 0,
				"when_den_zero \"%s\": expected unknown or a ratio, such as "
				"100%%",
				ratio->when_den_zero);
}

static void check_attribute_people(struct check *check, const attribute_message *attribute)
{
	if (!attribute->label)
		check_warn(check, attribute, "label", 0, "attribute \"%s\" has no label",
				attribute->name);
	else if (!*attribute->label->en)
		check_warn(check, attribute->label, NULL, 0,
				"attribute \"%s\" has no English label", attribute->name);
	if (!attribute->question && !attribute->derived && !attribute->deprecated)
		check_warn(check, attribute, "question", 0, "attribute \"%s\" has no question",
				attribute->name);
	if (!attribute->unit && attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT)
		check_warn(check, attribute, "unit", 0, "count \"%s\" has no unit",
				attribute->name);
	if (attribute->sensitivity == POLICYCALC__V1__SENSITIVITY__SENSITIVITY_UNSPECIFIED)
		check_warn(check, attribute, "sensitivity", 0,
				"attribute \"%s\" has no sensitivity: PUBLIC, CONFIDENTIAL or "
				"PERSONAL",
				attribute->name);
	if (attribute->deprecated && !*attribute->deprecated_note)
		check_warn(check, attribute, "deprecated", 0,
				"attribute \"%s\" is deprecated: deprecated_note should say "
				"what"
				" to use instead",
				attribute->name);
}

static void check_attribute(struct check *check, const attribute_message *attribute)
{
	bool has_minimum = attribute->_minimum_case != 0;
	bool has_maximum = attribute->_maximum_case != 0;

	if (*attribute->item_list && strcmp(attribute->item_list, "projects") != 0 &&
			strcmp(attribute->item_list, "loans") != 0 &&
			strcmp(attribute->item_list, "hires") != 0)
		check_error(check, attribute, "item_list", 0,
				"item_list \"%s\": expected projects, loans or hires",
				attribute->item_list);
	if (attribute->type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_UNSPECIFIED)
		check_error(check, attribute, "type", 0, "type is missing");
	if (has_minimum && has_maximum && attribute->minimum > attribute->maximum)
		check_error(check, attribute, "maximum", 0, "maximum is less than minimum");
	if ((has_minimum || has_maximum) && !type_is_numeric(attribute->type) &&
			!type_is_series(attribute->type))
		check_error(check, attribute, has_minimum ? "minimum" : "maximum", 0,
				"only numbers have a range");
	if (attribute->period == POLICYCALC__V1__PERIOD__PERIOD_UNSPECIFIED &&
			!attribute->derived)
		check_warn(check, attribute, "period", 0,
				"attribute \"%s\" has no period: POINT, YEAR, QUARTER or MONTH",
				attribute->name);
	if (type_is_series(attribute->type) &&
			attribute->period == POLICYCALC__V1__PERIOD__PERIOD_POINT)
		check_error(check, attribute, "period", 0,
				"a series has YEAR, QUARTER or MONTH");
	if (attribute->direction != POLICYCALC__V1__DIRECTION__DIRECTION_UNSPECIFIED &&
			!attribute->mutable_)
		check_error(check, attribute, "direction", 0, "direction needs mutable: true");
	if (attribute->change_weight < 0 || attribute->change_weight > 1000)
		check_error(check, attribute, "change_weight", 0, "expected 1 to 1000");
	if (attribute->ask_cost < 0 || attribute->ask_cost > 100)
		check_error(check, attribute, "ask_cost", 0, "expected 1 to 100");
	check_choices(check, attribute);
	check_attribute_people(check, attribute);
	if (attribute->derived)
		check_derivation(check, attribute);
}

void check_attributes(struct check *check)
{
	const struct catalog *catalog = check->catalog;

	check->file = check->attribute_file;
	for (size_t i = 0; i < catalog->attribute_count; i++) {
		const attribute_message *attribute = catalog->attributes[i];

		if (check_name(check, attribute, "name", attribute->name, NAME_SNAKE) &&
				!check_add_name(check, &check->attributes,
						attribute_key(check, attribute->item_list,
								attribute->name),
						attribute))
			check_error(check, attribute, "name", 0, "attribute \"%s\" comes twice",
					attribute->name);
	}
	for (size_t i = 0; i < catalog->attribute_count; i++)
		check_attribute(check, catalog->attributes[i]);
}

/* --- regions and industries ------------------------------------------------------------------
 */

static void check_region(struct check *check, const Policycalc__V1__Region *region)
{
	const struct check_named *above = check_find(&check->regions, region->parent);
	size_t steps = 0;

	(void)check_text(check, region, "name", region->name);
	if (region->kind == POLICYCALC__V1__REGION_KIND__REGION_KIND_UNSPECIFIED)
		check_error(check, region, "kind", 0, "kind is missing");
	if (*region->parent && !above)
		check_error(check, region, "parent", 0, "there is no region \"%s\"",
				region->parent);
	if (!*region->parent &&
			region->kind > POLICYCALC__V1__REGION_KIND__REGION_KIND_PROVINCE)
		check_error(check, region, "parent", 0, "parent is missing");
	/* Up to the country, in fewer steps than a loop would take. */
	for (; above && steps <= 16; steps++) {
		const Policycalc__V1__Region *parent =
				(const Policycalc__V1__Region *)above->message;

		above = check_find(&check->regions, parent->parent);
	}
	if (steps > 16)
		check_error(check, region, "parent", 0, "region \"%s\" is part of itself",
				region->code);
	for (size_t i = 0; i < region->n_hosts; i++)
		if (!check_find(&check->regions, region->hosts[i]))
			check_error(check, region, "hosts", i, "there is no region \"%s\"",
					region->hosts[i]);
	for (size_t i = 0; i < region->n_aliases; i++) {
		const Policycalc__V1__Region__Alias *alias = region->aliases[i];

		(void)check_date(check, alias, "until", alias->until);
		if (!*alias->code && !*alias->name)
			check_error(check, alias, NULL, 0, "an alias has a code or a name");
	}
}

static void check_industry(struct check *check, const Policycalc__V1__Industry *industry)
{
	(void)check_text(check, industry, "name", industry->name);
	if (*industry->parent && !check_find(&check->industries, industry->parent))
		check_error(check, industry, "parent", 0, "there is no industry \"%s\"",
				industry->parent);
	if (!*industry->parent && strlen(industry->code) > 1)
		check_error(check, industry, "parent", 0,
				"parent is missing: the section's letter");
}

void check_tables(struct check *check)
{
	const struct catalog *catalog = check->catalog;

	check->file = check->region_file;
	for (size_t i = 0; i < catalog->region_count; i++)
		if (check_required(check, catalog->regions[i], "code",
				    catalog->regions[i]->code) &&
				!check_add_name(check, &check->regions,
						catalog->regions[i]->code, catalog->regions[i]))
			check_error(check, catalog->regions[i], "code", 0,
					"region \"%s\" comes twice", catalog->regions[i]->code);
	for (size_t i = 0; i < catalog->region_count; i++)
		check_region(check, catalog->regions[i]);
	check->file = check->industry_file;
	for (size_t i = 0; i < catalog->industry_count; i++)
		if (check_required(check, catalog->industries[i], "code",
				    catalog->industries[i]->code) &&
				!check_add_name(check, &check->industries,
						catalog->industries[i]->code,
						catalog->industries[i]))
			check_error(check, catalog->industries[i], "code", 0,
					"industry \"%s\" comes twice",
					catalog->industries[i]->code);
	for (size_t i = 0; i < catalog->industry_count; i++)
		check_industry(check, catalog->industries[i]);
}

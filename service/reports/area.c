/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/area.h"

#include <stdlib.h>
#include <string.h>

/* Regions above one another; a catalog was checked for circles, this only bounds the loop. */
#define LEVELS_MOST 8

typedef Policycalc__V1__Region region_message;

static const region_message *region_of_code(const struct catalog *catalog, const char *code)
{
	for (size_t i = 0; i < catalog->region_count; i++) {
		const region_message *region = catalog->regions[i];

		if (strcmp(region->code, code) == 0)
			return region;
		for (size_t k = 0; k < region->n_aliases; k++)
			if (*region->aliases[k]->code &&
					strcmp(region->aliases[k]->code, code) == 0)
				return region;
	}
	return NULL;
}

static bool is_called(const region_message *region, const char *name)
{
	if (region->name && (strcmp(region->name->zh, name) == 0 ||
					    strcmp(region->name->en, name) == 0))
		return true;
	for (size_t i = 0; i < region->n_aliases; i++)
		if (strcmp(region->aliases[i]->name, name) == 0)
			return true;
	return false;
}

static const region_message *region_of_name(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->region_count; i++)
		if (is_called(catalog->regions[i], name))
			return catalog->regions[i];
	return NULL;
}

static bool is_unit(const region_message *region, const region_message *above)
{
	bool is_zone = region->kind == POLICYCALC__V1__REGION_KIND__REGION_KIND_ZONE;

	return strcmp(region->parent, above->code) == 0 &&
	       (!is_zone || region->reports_separately);
}

static bool has_units(const struct catalog *catalog, const region_message *above)
{
	for (size_t i = 0; i < catalog->region_count; i++)
		if (is_unit(catalog->regions[i], above))
			return true;
	return false;
}

static const region_message *only_city(const struct catalog *catalog, struct error *err)
{
	const region_message *found = NULL;

	for (size_t i = 0; i < catalog->region_count; i++) {
		const region_message *region = catalog->regions[i];

		if (region->kind != POLICYCALC__V1__REGION_KIND__REGION_KIND_CITY ||
				!has_units(catalog, region))
			continue;
		if (found) {
			error_set(err, ERROR_INVALID,
					"region: the catalog has the counties of several "
					"cities; "
					"name one");
			return NULL;
		}
		found = region;
	}
	if (!found)
		error_set(err, ERROR_INVALID,
				"region: the catalog has the counties of no city; name a "
				"region");
	return found;
}

static int compare_units(const void *a, const void *b)
{
	const region_message *const *left = a, *const *right = b;

	return strcmp((*left)->code, (*right)->code);
}

bool area_find(const struct catalog *catalog, const char *code_or_name, struct arena *arena,
		struct area *out_area, struct error *err)
{
	struct area area = { .catalog = catalog };
	const region_message **units;

	if (!*code_or_name) {
		area.region = only_city(catalog, err);
		if (!area.region)
			return false;
	} else {
		area.region = region_of_code(catalog, code_or_name);
		if (!area.region)
			area.region = region_of_name(catalog, code_or_name);
		if (!area.region)
			return error_set(err, ERROR_NOT_FOUND,
					"region: the catalog has no such region");
	}
	units = ARENA_NEW_ARRAY(arena, const region_message *, catalog->region_count + 1);
	if (!units)
		return arena_error(arena, err, "listing the units of a report");
	for (size_t i = 0; i < catalog->region_count; i++)
		if (is_unit(catalog->regions[i], area.region))
			units[area.unit_count++] = catalog->regions[i];
	/* A county reports for itself. */
	if (area.unit_count == 0)
		units[area.unit_count++] = area.region;
	qsort(units, area.unit_count, sizeof(*units), compare_units);
	area.units = units;
	*out_area = area;
	return true;
}

static int unit_at(const struct area *area, const region_message *region)
{
	for (size_t i = 0; i < area->unit_count; i++)
		if (area->units[i] == region)
			return (int)i;
	return PLACE_OUTSIDE;
}

int area_place(const struct area *area, const char *code)
{
	const region_message *region = *code ? region_of_code(area->catalog, code) : NULL;

	if (!region)
		return PLACE_UNKNOWN;
	if (region->kind == POLICYCALC__V1__REGION_KIND__REGION_KIND_ZONE &&
			!region->reports_separately && region->n_hosts == 1) {
		const region_message *host = region_of_code(area->catalog, region->hosts[0]);

		region = host ? host : region;
	}
	for (unsigned level = 0; region && level < LEVELS_MOST; level++) {
		int unit = unit_at(area, region);

		if (unit >= 0)
			return unit;
		if (region == area->region)
			return PLACE_NO_UNIT;
		region = *region->parent ? region_of_code(area->catalog, region->parent) : NULL;
	}
	return PLACE_OUTSIDE;
}

const char *area_short_name(const region_message *region)
{
	const char *shortest = region->name ? region->name->zh : "";

	for (size_t i = 0; i < region->n_aliases; i++) {
		const Policycalc__V1__Region__Alias *alias = region->aliases[i];

		if (!*alias->code && !*alias->until && *alias->name &&
				strlen(alias->name) < strlen(shortest))
			shortest = alias->name;
	}
	return shortest;
}

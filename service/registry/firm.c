/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/firm.h"

#include <string.h>

/* A catalog was checked for circles; this only bounds the loop. */
#define LEVELS_MOST 8

const Policycalc__V1__Region *firm_region_of_code(
		const struct catalog *catalog, struct slice code)
{
	for (size_t i = 0; i < catalog->region_count; i++) {
		const Policycalc__V1__Region *region = catalog->regions[i];

		if (slice_equals_text(code, region->code))
			return region;
		for (size_t k = 0; k < region->n_aliases; k++) {
			if (code.size && slice_equals_text(code, region->aliases[k]->code))
				return region;
		}
	}
	return NULL;
}

static bool is_called(const Policycalc__V1__Region *region, const char *name)
{
	if (region->name && strcmp(region->name->zh, name) == 0)
		return true;
	for (size_t i = 0; i < region->n_aliases; i++) {
		if (strcmp(region->aliases[i]->name, name) == 0)
			return true;
	}
	return false;
}

const Policycalc__V1__Region *firm_region_find(
		const struct catalog *catalog, const char *code_or_name)
{
	const Policycalc__V1__Region *region =
			firm_region_of_code(catalog, slice_from(code_or_name));

	for (size_t i = 0; !region && i < catalog->region_count; i++) {
		if (is_called(catalog->regions[i], code_or_name))
			region = catalog->regions[i];
	}
	return region;
}

bool firm_region_is_within(const struct catalog *catalog, const Policycalc__V1__Region *region,
		const Policycalc__V1__Region *above)
{
	for (int level = 0; region && level < LEVELS_MOST; level++) {
		if (region == above)
			return true;
		region = firm_region_of_code(catalog, slice_from(region->parent));
	}
	return false;
}

const char *firm_industry_code(
		const struct catalog *catalog, const char *code, struct arena *arena)
{
	if (*code >= 'A' && *code <= 'Z')
		return code;
	if (strlen(code) < 2)
		return NULL;
	for (size_t i = 0; i < catalog->industry_count; i++) {
		const char *division = catalog->industries[i]->code;

		if (*division && strlen(division) == 3 && strncmp(division + 1, code, 2) == 0)
			return arena_format(arena, "%c%s", *division, code);
	}
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table that says where each fact of the sources stands: every path must lead somewhere. */
#include "publish/check.h"

#include <stdio.h>
#include <string.h>

/* The first word of a path, and where the rest is looked up. */
static const struct map *map_of_kind(const struct check *check, struct slice kind)
{
	if (slice_equals_text(kind, "attributes"))
		return &check->attributes;
	if (slice_equals_text(kind, "parameters"))
		return &check->parameters;
	if (slice_equals_text(kind, "regions"))
		return &check->regions;
	if (slice_equals_text(kind, "industries"))
		return &check->industries;
	if (slice_equals_text(kind, "policies"))
		return &check->policies;
	return NULL;
}

static bool resolve_fact(const struct check *check, const char *path, char out_why[160])
{
	size_t kind_size = strcspn(path, ".");
	struct slice kind = { path, kind_size };
	const struct map *map = map_of_kind(check, kind);
	const struct check_named *named;
	struct slice name;
	const char *rest;

	if (!map || path[kind_size] != '.') {
		(void)snprintf(out_why, 160,
				"expected policies.ID, parameters.NAME, attributes.NAME, "
				"regions.CODE"
				" or industries.CODE, and fields below it");
		return false;
	}
	name.data = path + kind_size + 1;
	name.size = strcspn(name.data, ".");
	named = map_find(map, name);
	if (map == &check->policies && check_is_unread(check, name))
		return true;
	if (!named) {
		(void)snprintf(out_why, 160, "there is no \"%.*s\" among the %.*s",
				SLICE_PRINT(name), SLICE_PRINT(kind));
		return false;
	}
	rest = name.data + name.size;
	return path_resolve(named->message, *rest ? rest + 1 : rest, true, out_why);
}

static void check_fact(struct check *check, const Policycalc__V1__Fact *fact)
{
	char why[160];

	(void)check_required(check, fact, "entry", fact->entry);
	(void)check_required(check, fact, "fact", fact->fact);
	if (fact->n_fields && *fact->reason)
		check_error(check, fact, "reason", 0,
				"a fact has fields or a reason, not both");
	if (!fact->n_fields && !*fact->reason)
		check_error(check, fact, "fields", 0,
				"the fact stands in no field: name the fields, or the reason "
				"why not");
	for (size_t i = 0; i < fact->n_fields && !check->tables_unread; i++)
		if (!resolve_fact(check, fact->fields[i], why))
			check_error(check, fact, "fields", i, "\"%s\": %s", fact->fields[i],
					why);
}

void check_facts(struct check *check)
{
	const struct catalog *catalog = check->catalog;
	struct map entries = { 0 };

	check->file = check->fact_file;
	for (size_t i = 0; i < catalog->fact_count; i++) {
		const Policycalc__V1__Fact *fact = catalog->facts[i];

		check_fact(check, fact);
		if (!map_put(&entries, slice_from(fact->entry), (void *)(uintptr_t)fact))
			check->out_of_memory = true;
	}
	for (size_t i = 0; i < catalog->policy_count; i++) {
		const Policycalc__V1__Policy *policy = catalog->policies[i];

		check->file = check->policy_files[i];
		if (*policy->fact_id && !map_find(&entries, slice_from(policy->fact_id)))
			check_warn(check, policy, "fact_id", 0,
					"no fact of entry \"%s\" stands in facts.yaml",
					policy->fact_id);
	}
	map_fini(&entries);
}

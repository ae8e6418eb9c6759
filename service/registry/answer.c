/* SPDX-License-Identifier: Apache-2.0 */
/* Answers about the registry: one enterprise with its origins and past, and the registry itself. */
#include "calculator/period.h"
#include "registry/internal.h"

#include <string.h>

#define IMPORTS_MOST 100

/* --- one enterprise -------------------------------------------------------------------------- */

struct describing {
	struct registry *registry;
	const Policycalc__V1__GetEnterpriseRequest *request;
	struct arena *arena;
	int64_t sequence;
	Policycalc__V1__GetEnterpriseResponse *response;
	int64_t until_sequence; /* of the version that is told next */
	size_t version_capacity;
};

static Policycalc__V1__FactOrigin *origin_new(const struct describing *describing,
		const Policycalc__V1__AttributeValue *attribute,
		const Policycalc__V1__Item *item, uint32_t supply_id)
{
	struct arena *arena = describing->arena;
	const struct supply *supply = registry_supply(describing->registry, supply_id);
	Policycalc__V1__FactOrigin *origin = ARENA_NEW(arena, Policycalc__V1__FactOrigin);
	const char *at = *attribute->period ? "@" : "";

	if (!origin)
		return NULL;
	policycalc__v1__fact_origin__init(origin);
	origin->attribute = item ? arena_format(arena, "i.%s%s%s@%s/%s", attribute->name, at,
						   attribute->period, item->list, item->id)
				 : arena_format(arena, "e.%s%s%s", attribute->name, at,
						   attribute->period);
	if (supply) {
		origin->supplier = (char *)supply->supplier;
		origin->date = (char *)supply->day;
		origin->imported_at = (char *)supply->started_at;
	}
	return origin->attribute ? origin : NULL;
}

/* In the order of the profile; those of items behind. */
static bool add_origins(const struct describing *describing, const struct known *known)
{
	const Policycalc__V1__Profile *profile = known->profile;
	Policycalc__V1__GetEnterpriseResponse *response = describing->response;
	size_t count = profile->n_attributes;

	for (size_t i = 0; i < profile->n_items; i++)
		count += profile->items[i]->n_attributes;
	response->origins = ARENA_NEW_ARRAY(
			describing->arena, Policycalc__V1__FactOrigin *, count + 1);
	if (!response->origins)
		return false;
	for (size_t i = 0; i < profile->n_attributes; i++) {
		const struct complete_list *list = known->lists ? known->lists[i] : NULL;

		response->origins[response->n_origins] = origin_new(describing,
				profile->attributes[i], NULL,
				list ? list->supply : known->record.facts.list[i].supply);
		if (!response->origins[response->n_origins++])
			return false;
	}
	for (size_t i = 0; i < profile->n_items; i++) {
		for (size_t k = 0; k < profile->items[i]->n_attributes; k++) {
			response->origins[response->n_origins] = origin_new(describing,
					profile->items[i]->attributes[k], profile->items[i],
					known->record.items[i].facts.list[k].supply);
			if (!response->origins[response->n_origins++])
				return false;
		}
	}
	return true;
}

static bool add_not_on_list(const struct describing *describing, const struct known *known)
{
	Policycalc__V1__GetEnterpriseResponse *response = describing->response;

	response->not_on_list = ARENA_NEW_ARRAY(
			describing->arena, char *, known->not_on_list_count + 1);
	if (!response->not_on_list)
		return false;
	for (size_t i = 0; known->lists && i < known->profile->n_attributes; i++) {
		if (known->lists[i])
			response->not_on_list[response->n_not_on_list++] =
					known->profile->attributes[i]->name;
	}
	return true;
}

static bool on_described(void *context, const struct enterprise_row *row, struct error *err)
{
	struct describing *describing = context;
	struct known known;

	if (!known_read(describing->registry, row, describing->sequence, describing->arena,
			    &known, err))
		return false;
	describing->response->profile = known.profile;
	describing->response->sequence = known.changed_sequence;
	/* What was known before this record is a version that ended with it. */
	describing->until_sequence = row->sequence - 1;
	return (add_origins(describing, &known) && add_not_on_list(describing, &known)) ||
	       arena_error(describing->arena, err, "describing an enterprise");
}

static bool grow_versions(struct describing *describing)
{
	Policycalc__V1__GetEnterpriseResponse *response = describing->response;
	size_t capacity = describing->version_capacity ? describing->version_capacity * 2 : 8;
	Policycalc__V1__EnterpriseVersion **list;

	if (response->n_versions < describing->version_capacity)
		return true;
	list = ARENA_NEW_ARRAY(
			describing->arena, Policycalc__V1__EnterpriseVersion *, capacity);
	if (!list)
		return false;
	if (response->n_versions)
		memcpy(list, response->versions, response->n_versions * sizeof(*list));
	response->versions = list;
	describing->version_capacity = capacity;
	return true;
}

/* Versions newer than the one that was asked for are not told. */
static bool on_version(void *context, const struct enterprise_row *row, struct error *err)
{
	struct describing *describing = context;
	Policycalc__V1__EnterpriseVersion *version;
	struct known known;

	if (row->sequence > describing->until_sequence)
		return true;
	version = ARENA_NEW(describing->arena, Policycalc__V1__EnterpriseVersion);
	if (!version || !grow_versions(describing))
		return arena_error(describing->arena, err, "describing an enterprise");
	if (!known_read(describing->registry, row, describing->until_sequence,
			    describing->arena, &known, err))
		return false;
	policycalc__v1__enterprise_version__init(version);
	version->from_sequence = row->sequence;
	version->until_sequence = describing->until_sequence;
	version->profile = known.profile;
	describing->until_sequence = row->sequence - 1;
	describing->response->versions[describing->response->n_versions++] = version;
	return true;
}

bool registry_describe(struct registry *registry,
		const Policycalc__V1__GetEnterpriseRequest *request, struct arena *arena,
		Policycalc__V1__GetEnterpriseResponse **out_response, struct error *err)
{
	struct describing describing = {
		.registry = registry,
		.request = request,
		.arena = arena,
		.sequence = request->sequence ? request->sequence : registry->sequence,
		.response = ARENA_NEW(arena, Policycalc__V1__GetEnterpriseResponse),
	};
	int64_t id;

	if (!describing.response)
		return arena_error(arena, err, "describing an enterprise");
	policycalc__v1__get_enterprise_response__init(describing.response);
	if (!registry_find_id(registry, request->uscc, &id, err) ||
			!registry_store_scan(registry->store, describing.sequence, id, 1,
					on_described, &describing, err))
		return false;
	if (!describing.response->profile)
		return error_set(err, ERROR_NOT_FOUND,
				"the registry had no enterprise of this code at that snapshot");
	if (request->history && !registry_store_each_version(registry->store, id, on_version,
						&describing, err))
		return false;
	*out_response = describing.response;
	return true;
}

/* --- the registry ---------------------------------------------------------------------------- */

struct summing {
	struct arena *arena;
	Policycalc__V1__GetRegistryResponse *response;
};

static char *copy(struct arena *arena, struct slice text)
{
	return arena_copy(arena, text.data, text.size);
}

/* Names parted by spaces. */
static bool split(struct slice names, struct arena *arena, char ***out_list, size_t *out_count)
{
	size_t most = names.size / 2 + 1;
	char *text = copy(arena, names);
	char *rest = text;
	char *name;

	*out_list = ARENA_NEW_ARRAY(arena, char *, most);
	if (!text || !*out_list)
		return false;
	while ((name = strsep(&rest, " "))) {
		if (*name)
			(*out_list)[(*out_count)++] = name;
	}
	return true;
}

static bool on_import(void *context, const struct registry_import_row *row, struct error *err)
{
	struct summing *summing = context;
	Policycalc__V1__GetRegistryResponse *response = summing->response;
	Policycalc__V1__ImportRecord *import;

	if (response->n_imports == IMPORTS_MOST)
		return true;
	import = ARENA_NEW(summing->arena, Policycalc__V1__ImportRecord);
	if (!import)
		return arena_error(summing->arena, err, "listing the imports");
	policycalc__v1__import_record__init(import);
	import->id = row->id;
	import->supplier = copy(summing->arena, row->supplier);
	import->date = copy(summing->arena, row->day);
	import->started_at = copy(summing->arena, row->started_at);
	import->finished_at = copy(summing->arena, row->finished_at);
	import->rows = row->rows;
	import->changed = row->changed;
	import->rejected = row->rejected;
	import->sequence = row->sequence;
	import->sample = row->sample;
	if (!import->supplier || !import->date || !import->started_at || !import->finished_at ||
			!split(row->complete, summing->arena, &import->complete,
					&import->n_complete))
		return arena_error(summing->arena, err, "listing the imports");
	response->imports[response->n_imports++] = import;
	return true;
}

bool registry_summary(struct registry *registry, struct arena *arena,
		Policycalc__V1__GetRegistryResponse **out_response, struct error *err)
{
	struct summing summing = { arena,
		ARENA_NEW(arena, Policycalc__V1__GetRegistryResponse) };

	if (!summing.response)
		return arena_error(arena, err, "describing the registry");
	policycalc__v1__get_registry_response__init(summing.response);
	summing.response->enterprise_count = registry->last_id;
	summing.response->sequence = registry->sequence;
	summing.response->imports =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__ImportRecord *, IMPORTS_MOST);
	if (!summing.response->imports)
		return arena_error(arena, err, "describing the registry");
	if (!registry_store_each_import(registry->store, on_import, &summing, err))
		return false;
	*out_response = summing.response;
	return true;
}

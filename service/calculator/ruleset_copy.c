/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ruleset's own catalog, sorted by name, and the tables of regions and industries.
 *
 * A message is copied by encoding and decoding it: whatever the schema grows is copied without a
 * word here.
 */
#include "base/memory.h"
#include "calculator/ruleset.h"
#include "calculator/survey.h"

#include <stdlib.h>
#include <string.h>

static void *on_alloc(void *context, size_t size)
{
	return arena_alloc(context, size);
}

static void on_free(void *context, void *memory)
{
	(void)context;
	(void)memory;
}

static ProtobufCMessage *message_copy(const ProtobufCMessage *message, struct arena *arena)
{
	ProtobufCAllocator allocator = { on_alloc, on_free, arena };
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = memory_alloc(size ? size : 1);
	ProtobufCMessage *copy = NULL;

	if (bytes) {
		protobuf_c_message_pack(message, bytes);
		copy = protobuf_c_message_unpack(message->descriptor, &allocator, size, bytes);
	}
	memory_free(bytes);
	return copy;
}

/* A message and the name it is sorted by. */
struct named {
	const char *list; /* of attributes of items, "" for all else */
	const char *name;
	const ProtobufCMessage *message;
};

static int named_compare(const void *a, const void *b)
{
	const struct named *left = a;
	const struct named *right = b;
	int order = strcmp(left->list, right->list);

	return order ? order : strcmp(left->name, right->name);
}

static bool list_is_sorted(const struct named *list, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (named_compare(&list[i - 1], &list[i]) > 0)
			return false;
	}
	return true;
}

/*
 * The messages of @list in name order: copies, or, when the ruleset owns the catalog, themselves.
 * @out_origins, when wanted, gets the caller's messages in the same order.
 */
static ProtobufCMessage **messages_take(const struct ruleset_build *build, struct named *list,
		size_t count, ProtobufCMessage ***out_origins)
{
	struct arena *arena = &build->ruleset->arena;
	ProtobufCMessage **taken = ARENA_NEW_ARRAY(arena, ProtobufCMessage *, count + 1);
	ProtobufCMessage **origins =
			build->is_owner ? taken
					: ARENA_NEW_ARRAY(arena, ProtobufCMessage *, count + 1);

	if (!taken || !origins)
		return NULL;
	if (!list_is_sorted(list, count))
		qsort(list, count, sizeof(*list), named_compare);
	for (size_t i = 0; i < count; i++) {
		origins[i] = (ProtobufCMessage *)list[i].message;
		if (!build->is_owner)
			taken[i] = message_copy(list[i].message, arena);
		if (!taken[i])
			return NULL;
	}
	if (out_origins)
		*out_origins = origins;
	return taken;
}

/* Of an owner, policies in id order stay the list that they are. */
static bool policies_stay(const struct ruleset_build *build)
{
	const struct catalog *from = build->origin;

	if (build->survey)
		return build->survey->in_order && from->policies;
	for (size_t i = 1; build->is_owner && i < from->policy_count; i++) {
		policy_ask_for(from, i + 8);
		if (strcmp(from->policies[i - 1]->id, from->policies[i]->id) > 0)
			return false;
	}
	return build->is_owner && from->policies;
}

bool ruleset_build_copy(struct ruleset_build *build, struct error *err)
{
	const struct catalog *from = build->origin;
	struct catalog *to = &build->ruleset->catalog;
	struct arena *arena = &build->ruleset->arena;
	bool stay = policies_stay(build);
	size_t most = from->attribute_count + from->parameter_count + from->region_count +
		      from->industry_count + from->fact_count + from->shared_cap_count +
		      (stay ? 0 : from->policy_count);
	struct named *list = memory_alloc_zero(most + 1, sizeof(*list));
	bool ok = false;

	if (!list)
		goto out;
	to->revision = from->revision;
	to->content_hash = arena_copy_text(arena, from->content_hash ? from->content_hash : "");

	for (size_t i = 0; i < from->attribute_count; i++)
		list[i] = (struct named){ from->attributes[i]->item_list,
			from->attributes[i]->name, &from->attributes[i]->base };
	to->attribute_count = from->attribute_count;
	to->attributes = (Policycalc__V1__Attribute **)messages_take(build, list,
			to->attribute_count, (ProtobufCMessage ***)&build->attribute_origins);

	for (size_t i = 0; i < from->parameter_count; i++)
		list[i] = (struct named){ "", from->parameters[i]->name,
			&from->parameters[i]->base };
	to->parameter_count = from->parameter_count;
	to->parameters = (Policycalc__V1__Parameter **)messages_take(build, list,
			to->parameter_count, (ProtobufCMessage ***)&build->parameter_origins);

	for (size_t i = 0; i < from->region_count; i++)
		list[i] = (struct named){ "", from->regions[i]->code, &from->regions[i]->base };
	to->region_count = from->region_count;
	to->regions = (Policycalc__V1__Region **)messages_take(
			build, list, to->region_count, NULL);

	for (size_t i = 0; i < from->industry_count; i++)
		list[i] = (struct named){ "", from->industries[i]->code,
			&from->industries[i]->base };
	to->industry_count = from->industry_count;
	to->industries = (Policycalc__V1__Industry **)messages_take(
			build, list, to->industry_count, NULL);

	for (size_t i = 0; i < from->fact_count; i++)
		list[i] = (struct named){ from->facts[i]->entry, from->facts[i]->fact,
			&from->facts[i]->base };
	to->fact_count = from->fact_count;
	to->facts = (Policycalc__V1__Fact **)messages_take(build, list, to->fact_count, NULL);

	for (size_t i = 0; i < from->shared_cap_count; i++)
		list[i] = (struct named){ "", from->shared_caps[i]->id,
			&from->shared_caps[i]->base };
	to->shared_cap_count = from->shared_cap_count;
	to->shared_caps = (Policycalc__V1__SharedCap **)messages_take(build, list,
			to->shared_cap_count, (ProtobufCMessage ***)&build->shared_cap_origins);

	for (size_t i = 0; !stay && i < from->policy_count; i++)
		list[i] = (struct named){ "", from->policies[i]->id, &from->policies[i]->base };
	to->policy_count = from->policy_count;
	if (stay)
		to->policies = build->policy_origins = from->policies;
	else
		to->policies = (Policycalc__V1__Policy **)messages_take(build, list,
				to->policy_count, (ProtobufCMessage ***)&build->policy_origins);

	ok = to->content_hash && to->attributes && to->parameters && to->regions &&
	     to->industries && to->facts && to->shared_caps && to->policies;
out:
	memory_free(list);
	if (!ok)
		error_set(err, ERROR_MEMORY, "out of memory while copying the catalog");
	return ok;
}

static const char *region_kind_word(Policycalc__V1__RegionKind kind)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
			&policycalc__v1__region_kind__descriptor, (int)kind);

	return value ? value->name + sizeof("REGION_KIND_") - 1 : "";
}

static bool region_add(struct ruleset_build *build, const Policycalc__V1__Region *region,
		struct error *err)
{
	struct arena *arena = &build->ruleset->arena;
	struct slice *hosts = ARENA_NEW_ARRAY(arena, struct slice, region->n_hosts + 1);
	struct slice *aliases = ARENA_NEW_ARRAY(arena, struct slice, region->n_aliases + 1);
	struct region entry = {
		.code = slice_from(region->code),
		.parent = slice_from(region->parent),
		.kind = slice_from(region_kind_word(region->kind)),
		.hosts = hosts,
		.host_count = region->n_hosts,
		.aliases = aliases,
	};

	if (!hosts || !aliases)
		return error_set(err, ERROR_MEMORY, "out of memory while reading regions");
	for (size_t i = 0; i < region->n_hosts; i++)
		hosts[i] = slice_from(region->hosts[i]);
	for (size_t i = 0; i < region->n_aliases; i++) {
		if (*region->aliases[i]->code)
			aliases[entry.alias_count++] = slice_from(region->aliases[i]->code);
	}
	return region_table_add(build->ruleset->regions, &entry, err);
}

/* A wrong entry is a mistake of the catalog, to be reported; anything else ends the build. */
static bool region_mistake(struct ruleset_build *build, const char *where,
		struct error *problem, struct error *err)
{
	if (problem->code != ERROR_INVALID) {
		if (err)
			*err = *problem;
		return false;
	}
	diagnostics_add(build->diagnostics, DIAGNOSTIC_ERROR, where, 0, 0, 1,
			(struct slice){ 0 }, "%s", problem->message);
	return true;
}

bool ruleset_build_tables(struct ruleset_build *build, struct error *err)
{
	struct ruleset *ruleset = build->ruleset;
	const struct catalog *catalog = &ruleset->catalog;
	struct error problem = { 0 };

	ruleset->regions = region_table_new();
	if (!ruleset->regions)
		return error_set(err, ERROR_MEMORY, "no memory for the table of regions");
	for (size_t i = 0; i < catalog->region_count; i++) {
		Policycalc__V1__Region *region = catalog->regions[i];

		if (!region_add(build, region, &problem) &&
				!region_mistake(build, region->code, &problem, err))
			return false;
		if (!map_put(&ruleset->region_codes, slice_from(region->code), region))
			return error_set(err, ERROR_MEMORY,
					"no memory for the table of regions");
	}
	if (!region_table_finish(ruleset->regions, &problem)) {
		/* An unfinished table may not be asked: the rules are compiled without it. */
		region_table_free(ruleset->regions);
		ruleset->regions = NULL;
		if (!region_mistake(build, "regions", &problem, err))
			return false;
	}
	for (size_t i = 0; i < catalog->industry_count; i++) {
		Policycalc__V1__Industry *industry = catalog->industries[i];

		if (!map_put(&ruleset->industry_codes, slice_from(industry->code), industry))
			return error_set(err, ERROR_MEMORY, "no memory for the industries");
		if (strlen(industry->code) == 3 &&
				!map_put(&ruleset->divisions, slice_from(industry->code + 1),
						industry))
			return error_set(err, ERROR_MEMORY, "no memory for the industries");
	}
	for (size_t i = 0; i < catalog->parameter_count; i++) {
		Policycalc__V1__Parameter *parameter = catalog->parameters[i];

		if (!map_put(&ruleset->parameter_names, slice_from(parameter->name), parameter))
			return error_set(err, ERROR_MEMORY, "no memory for the parameters");
	}
	return true;
}

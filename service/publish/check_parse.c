/* SPDX-License-Identifier: Apache-2.0 */
/* From files to one catalog: which file may hold what, and one policy a file. */
#include "publish/check.h"

#include <stdio.h>
#include <string.h>

#define POLICY_FOLDER "policies/"
#define YAML_ENDING ".yaml"

static bool has_ending(const char *text, const char *ending)
{
	size_t size = strlen(text);
	size_t ending_size = strlen(ending);

	return size > ending_size && strcmp(text + size - ending_size, ending) == 0;
}

static bool is_policy_path(const char *path)
{
	return strncmp(path, POLICY_FOLDER, strlen(POLICY_FOLDER)) == 0 &&
	       !strchr(path + strlen(POLICY_FOLDER), '/') && has_ending(path, YAML_ENDING) &&
	       strlen(path) > strlen(POLICY_FOLDER) + strlen(YAML_ENDING);
}

/* The dictionary files: each may hold the one list that it is named after. */
enum table {
	TABLE_ATTRIBUTES,
	TABLE_PARAMETERS,
	TABLE_REGIONS,
	TABLE_INDUSTRIES,
	TABLE_FACTS,
	TABLE_SHARED_CAPS,
	TABLE_COUNT,
};
static const char *const table_names[TABLE_COUNT] = {
	[TABLE_ATTRIBUTES] = "attributes",
	[TABLE_PARAMETERS] = "parameters",
	[TABLE_REGIONS] = "regions",
	[TABLE_INDUSTRIES] = "industries",
	[TABLE_FACTS] = "facts",
	[TABLE_SHARED_CAPS] = "shared_caps",
};

static int table_of_path(const char *path)
{
	for (int i = 0; i < TABLE_COUNT; i++) {
		size_t size = strlen(table_names[i]);

		if (strncmp(path, table_names[i], size) == 0 &&
				strcmp(path + size, YAML_ENDING) == 0)
			return i;
	}
	return -1;
}

static void take_table(struct check *check, enum table table,
		const Policycalc__V1__CatalogFile *content)
{
	struct catalog *catalog = check->catalog;
	size_t counts[TABLE_COUNT] = { content->n_attributes, content->n_parameters,
		content->n_regions, content->n_industries, content->n_facts,
		content->n_shared_caps };

	for (int i = 0; i < TABLE_COUNT; i++)
		if (counts[i] && i != (int)table)
			check_error(check, content, table_names[i], 0,
					"\"%s\" does not belong here: it is expected in "
					"%s.yaml",
					table_names[i], table_names[i]);
	switch (table) {
	case TABLE_ATTRIBUTES:
		check->attribute_file = check->file;
		catalog->attributes = content->attributes;
		catalog->attribute_count = content->n_attributes;
		break;
	case TABLE_PARAMETERS:
		check->parameter_file = check->file;
		catalog->parameters = content->parameters;
		catalog->parameter_count = content->n_parameters;
		break;
	case TABLE_REGIONS:
		check->region_file = check->file;
		catalog->regions = content->regions;
		catalog->region_count = content->n_regions;
		break;
	case TABLE_INDUSTRIES:
		check->industry_file = check->file;
		catalog->industries = content->industries;
		catalog->industry_count = content->n_industries;
		break;
	case TABLE_FACTS:
		check->fact_file = check->file;
		catalog->facts = content->facts;
		catalog->fact_count = content->n_facts;
		break;
	case TABLE_SHARED_CAPS:
		check->shared_cap_file = check->file;
		catalog->shared_caps = content->shared_caps;
		catalog->shared_cap_count = content->n_shared_caps;
		break;
	case TABLE_COUNT:
		break;
	}
}

static ProtobufCMessage *parse_file(struct check *check, struct check_file *file,
		const ProtobufCMessageDescriptor *descriptor)
{
	bool whole = false;
	ProtobufCMessage *message = message_parse_yaml_partly(file->text, descriptor,
			file->path, check->arena, check->diagnostics, &file->places, &whole);

	/* Half a dictionary would make mistakes of all that looks into it; half a policy is looked
	 * at, so that all that is wrong with it is said at once. */
	file->partly = message && !whole;
	if (file->partly && descriptor != &policycalc__v1__policy__descriptor)
		message = NULL;
	if (message)
		check_walk(check, message);
	else
		file->places = NULL;
	return message;
}

static void take_policy(struct check *check, struct check_file *file)
{
	ProtobufCMessage *message =
			parse_file(check, file, &policycalc__v1__policy__descriptor);
	struct catalog *catalog = check->catalog;
	const Policycalc__V1__Policy *policy = (const Policycalc__V1__Policy *)message;
	const char *name = file->path + strlen(POLICY_FOLDER);
	size_t size = strlen(name) - strlen(YAML_ENDING);

	if ((!message || file->partly) &&
			!map_put(&check->unread, (struct slice){ name, size }, file))
		check->out_of_memory = true;
	if (!message)
		return;
	check->policy_files[catalog->policy_count] = file;
	catalog->policies[catalog->policy_count++] = (Policycalc__V1__Policy *)message;
	if (*policy->id && !slice_equals((struct slice){ name, size }, slice_from(policy->id)))
		check_warn(check, message, "id", 0, "the file is named %s and its policy %s",
				name, policy->id);
}

bool check_parse(struct check *check, const struct draft *draft)
{
	static const struct check_file nowhere = { .path = "", .text = { "", 0 } };

	check->catalog->content_hash = "";
	check->file_count = draft->count;
	check->files = ARENA_NEW_ARRAY(check->arena, struct check_file, draft->count);
	check->policy_files =
			ARENA_NEW_ARRAY(check->arena, const struct check_file *, draft->count);
	check->catalog->policies =
			ARENA_NEW_ARRAY(check->arena, Policycalc__V1__Policy *, draft->count);
	if (check->arena->exhausted)
		return false;
	for (size_t i = 0; i < draft->count; i++) {
		struct check_file *file = &check->files[i];
		int table = table_of_path(draft->files[i].path);
		ProtobufCMessage *content;

		file->path = draft->files[i].path;
		file->text = draft->files[i].content;
		check->file = file;
		if (map_find(&check->paths, slice_from(file->path))) {
			check_error(check, NULL, NULL, 0, "the file comes twice");
			continue;
		}
		if (!map_put(&check->paths, slice_from(file->path), file))
			return false;
		if (is_policy_path(file->path)) {
			take_policy(check, file);
		} else if (table >= 0) {
			content = parse_file(
					check, file, &policycalc__v1__catalog_file__descriptor);
			if (content)
				take_table(check, (enum table)table,
						(const Policycalc__V1__CatalogFile *)content);
			else if (table != TABLE_FACTS)
				check->tables_unread = true;
		} else {
			check_error(check, NULL, NULL, 0,
					"unexpected file: a catalog has attributes.yaml,"
					" parameters.yaml, regions.yaml, industries.yaml,"
					" facts.yaml, shared_caps.yaml and"
					" policies/NAME.yaml");
		}
	}
	check->file = &nowhere;
	if (check->catalog->policy_count == 0 && check->diagnostics->error_count == 0)
		check_error(check, NULL, NULL, 0, "the catalog has no policy");
	return !check->arena->exhausted && !check->out_of_memory;
}

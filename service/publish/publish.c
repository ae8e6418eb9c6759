/* SPDX-License-Identifier: Apache-2.0 */
/* From a checked catalog to a revision, and from a revision to a ruleset. */
#include "publish/publish.h"

#include "base/map.h"
#include "store/entry.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define LOAD_BUDGET ((size_t)2 << 30)
#define FINDINGS_BUDGET ((size_t)16 << 20)

/* --- hash -----------------------------------------------------------------------------------
 */

static bool hash_number(EVP_MD_CTX *context, uint64_t number)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(number >> (56 - 8 * i));
	return EVP_DigestUpdate(context, bytes, sizeof(bytes)) == 1;
}

/* Kind, name and size stand before the bytes, so that no two lists of entries look alike. */
static bool hash_entry(EVP_MD_CTX *context, const struct entry *entry)
{
	size_t name_size = strlen(entry->name);

	return hash_number(context, (uint64_t)entry->kind) && hash_number(context, name_size) &&
	       EVP_DigestUpdate(context, entry->name, name_size) == 1 &&
	       hash_number(context, entry->bytes.size) &&
	       EVP_DigestUpdate(context, entry->bytes.data, entry->bytes.size) == 1;
}

bool catalog_hash(const struct catalog *catalog, char out_hex[65], struct error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct entry *entries;
	struct arena arena;
	unsigned size = 0;
	size_t count;
	bool ok;

	arena_init(&arena, LOAD_BUDGET);
	ok = entry_list_from_catalog(catalog, &arena, &entries, &count, err);
	if (!ok)
		goto out;
	ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
	for (size_t i = 0; ok && i < count; i++)
		ok = hash_entry(context, &entries[i]);
	ok = ok && EVP_DigestFinal_ex(context, digest, &size) == 1 && size == ENTRY_HASH_SIZE;
	if (!ok)
		error_set(err, ERROR_MEMORY, "SHA-256 is not available");
	for (unsigned i = 0; ok && i < size; i++)
		(void)snprintf(out_hex + 2 * i, 3, "%02x", digest[i]);
out:
	EVP_MD_CTX_free(context);
	arena_fini(&arena);
	return ok;
}

/* --- what was published stays
 * ------------------------------------------------------------------ */

static struct slice attribute_key(
		const Policycalc__V1__Attribute *attribute, struct arena *arena)
{
	return slice_from(arena_format(arena, "%s/%s", attribute->item_list, attribute->name));
}

static const char *type_name(Policycalc__V1__ValueType type)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
			&policycalc__v1__value_type__descriptor, (int)type);

	return value ? value->name + strlen("VALUE_TYPE_") : "?";
}

bool catalog_compare_dictionary(const struct catalog *previous, const struct catalog *next,
		struct diagnostics *diagnostics, struct error *err)
{
	static const struct slice nothing = { "", 0 };
	struct arena *arena = diagnostics->arena;
	struct map attributes = { 0 };
	bool ok = false;

	for (size_t i = 0; i < next->attribute_count; i++) {
		struct slice key = attribute_key(next->attributes[i], arena);

		if (!key.data || !map_put(&attributes, key, next->attributes[i]))
			goto out;
	}
	for (size_t i = 0; i < previous->attribute_count; i++) {
		const Policycalc__V1__Attribute *old = previous->attributes[i];
		struct slice key = attribute_key(old, arena);
		const Policycalc__V1__Attribute *now =
				key.data ? map_find(&attributes, key) : NULL;

		if (!key.data)
			goto out;
		if (!now)
			diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, "attributes.yaml", 0, 0,
					0, nothing,
					"attribute \"%s\" is published and cannot be removed: "
					"mark it"
					" deprecated",
					old->name);
		else if (now->type != old->type)
			diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, "attributes.yaml", 0, 0,
					0, nothing,
					"attribute \"%s\" is published as %s and cannot become "
					"%s: add"
					" a new attribute and mark this one deprecated",
					old->name, type_name(old->type), type_name(now->type));
		else if (now->period != old->period)
			diagnostics_add(diagnostics, DIAGNOSTIC_ERROR, "attributes.yaml", 0, 0,
					0, nothing,
					"attribute \"%s\" is published with another period, "
					"and what"
					" was sent under it would change its meaning",
					old->name);
	}
	ok = true;
out:
	map_fini(&attributes);
	return ok || arena_error(arena, err, "comparing the dictionary with the published one");
}

/* --- publishing ------------------------------------------------------------------------------
 */

/* The current revision, or NULL with *out_ok when there is none. */
static struct catalog *load_current(struct catalog_store *store, struct arena *arena,
		bool *out_ok, struct error *err)
{
	struct catalog *catalog = NULL;
	int64_t current;

	*out_ok = catalog_store_current(store, &current, err);
	if (!*out_ok || current == 0)
		return NULL;
	catalog = catalog_store_load(store, current, NULL, NULL, arena, err);
	*out_ok = catalog;
	return catalog;
}

bool catalog_publish_checked(struct catalog_store *store, const struct catalog *catalog,
		const struct draft *draft, const struct publish_options *options,
		struct arena *arena, struct diagnostics *diagnostics,
		Policycalc__V1__Revision **out_revision, bool *out_unchanged, struct error *err)
{
	struct publish_request request = {
		.catalog = catalog,
		.base_revision = options->base_revision,
		.author = options->author ? options->author : "",
		.note = options->note ? options->note : "",
		.now = options->now,
		.files = draft->files,
		.file_count = draft->count,
	};
	size_t errors = diagnostics->error_count;
	struct catalog *current;
	char hash[65];
	bool ok;

	current = load_current(store, arena, &ok, err);
	if (!ok)
		return false;
	/* On another base the store says what changed; that comes first. */
	if (current && options->base_revision == current->revision &&
			!catalog_compare_dictionary(current, catalog, diagnostics, err))
		return false;
	if (diagnostics->error_count > errors)
		return error_set(err, ERROR_INVALID,
				"%zu published attribute%s would be removed or retyped",
				diagnostics->error_count - errors,
				diagnostics->error_count - errors == 1 ? "" : "s");
	if (!catalog_hash(catalog, hash, err))
		return false;
	request.content_hash = hash;
	ok = options->base_revision == (current ? current->revision : 0) &&
	     (!current || strcmp(current->content_hash, hash) != 0);
	if (ok && options->allow &&
			!options->allow(options->context, hash, &request.author, err))
		return false;
	return catalog_store_publish(store, &request, arena, out_revision, out_unchanged, err);
}

bool draft_publish(struct catalog_store *store, const struct draft *draft,
		const struct publish_options *options, struct arena *arena,
		struct diagnostics *diagnostics, Policycalc__V1__Revision **out_revision,
		bool *out_unchanged, struct error *err)
{
	const struct catalog *catalog = draft_check(
			draft, options->strict, arena, diagnostics, NULL, NULL, err);

	return catalog && catalog_publish_checked(store, catalog, draft, options, arena,
					  diagnostics, out_revision, out_unchanged, err);
}

static void policy_note(void *context, const Policycalc__V1__Policy *policy)
{
	survey_note(context, policy);
}

struct ruleset *ruleset_load(struct catalog_store *store, int64_t revision, struct error *err)
{
	struct survey *survey = survey_new();
	struct diagnostics diagnostics;
	struct ruleset *ruleset = NULL;
	struct catalog *catalog;
	struct arena arena, findings;

	arena_init(&arena, LOAD_BUDGET);
	arena_init(&findings, FINDINGS_BUDGET);
	diagnostics_init(&diagnostics, &findings);
	catalog = catalog_store_load(
			store, revision, survey ? policy_note : NULL, survey, &arena, err);
	if (!catalog)
		goto out;
	revision = catalog->revision;
	ruleset = ruleset_new_in(&arena, catalog, survey, &diagnostics, err);
	/* Memory that ran short is no fault of the revision, whatever was found meanwhile. */
	if (!ruleset && diagnostics.error_count > 0 && err->code == ERROR_INVALID)
		error_set(err, ERROR_INTERNAL,
				"revision %lld was published and does not compile with this "
				"version"
				" of policycalc: %s",
				(long long)revision,
				diagnostics.count ? diagnostics.list[0].message : "");
out:
	survey_free(survey);
	arena_fini(&arena);
	arena_fini(&findings);
	return ruleset;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include "folder.h"

#include "store/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The folder of the one store that is open. */
static struct directory *opened;

struct catalog_store *fixture_open(const char *data, struct error *err)
{
	struct directory *directory = directory_open(data, err);
	struct catalog_store *store;

	if (!directory)
		return NULL;
	store = catalog_store_open(directory, err);
	if (store)
		opened = directory;
	else
		directory_close(directory);
	return store;
}

void fixture_close(struct catalog_store *store)
{
	catalog_store_close(store);
	directory_close(opened);
	opened = NULL;
}

int fixture_setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return 1;
	if (!folder_make(NULL, "store", fixture->folder, sizeof(fixture->folder))) {
		free(fixture);
		return 1;
	}
	(void)snprintf(fixture->data, sizeof(fixture->data), "%s/data", fixture->folder);
	(void)snprintf(fixture->file, sizeof(fixture->file), "%s/catalog.db", fixture->data);
	arena_init(&fixture->arena, (size_t)256 << 20);
	*state = fixture;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	folder_remove(fixture->folder);
	arena_fini(&fixture->arena);
	free(fixture);
	return 0;
}

struct catalog *fixture_catalog(struct fixture *fixture, size_t count, const char *title)
{
	struct arena *arena = &fixture->arena;
	struct catalog *catalog = ARENA_NEW(arena, struct catalog);

	assert_non_null(catalog);
	catalog->content_hash = "";
	catalog->attributes = ARENA_NEW_ARRAY(arena, Policycalc__V1__Attribute *, 1);
	catalog->attributes[0] = ARENA_NEW(arena, Policycalc__V1__Attribute);
	policycalc__v1__attribute__init(catalog->attributes[0]);
	catalog->attributes[0]->name = arena_copy_text(arena, "staff");
	catalog->attribute_count = 1;
	catalog->parameters = ARENA_NEW_ARRAY(arena, Policycalc__V1__Parameter *, 1);
	catalog->parameters[0] = ARENA_NEW(arena, Policycalc__V1__Parameter);
	policycalc__v1__parameter__init(catalog->parameters[0]);
	catalog->parameters[0]->name = arena_copy_text(arena, "least_staff");
	catalog->parameter_count = 1;
	catalog->policies = ARENA_NEW_ARRAY(arena, Policycalc__V1__Policy *, count);
	for (size_t i = 0; i < count; i++) {
		Policycalc__V1__Policy *policy = ARENA_NEW(arena, Policycalc__V1__Policy);

		policycalc__v1__policy__init(policy);
		policy->id = arena_format(arena, "policy-%03zu", i);
		policy->document_number = arena_copy_text(arena, i == 0 ? title : "");
		catalog->policies[i] = policy;
	}
	catalog->policy_count = count;
	assert_false(arena->exhausted);
	return catalog;
}

struct publish_request fixture_request(struct fixture *fixture, const struct catalog *catalog,
		const char *title, int64_t base)
{
	struct draft_file *file = ARENA_NEW(&fixture->arena, struct draft_file);

	assert_non_null(file);
	file->path = "policies/policy-000.yaml";
	file->content = slice_from(title);
	return (struct publish_request){
		.catalog = catalog,
		.content_hash = title,
		.base_revision = base,
		.author = "tester",
		.note = "",
		.now = "2026-01-01T00:00:00Z",
		.files = file,
		.file_count = 1,
	};
}

void fixture_publish(struct fixture *fixture, struct catalog_store *store, size_t count,
		const char *title, int64_t base, int64_t expected)
{
	const struct catalog *catalog = fixture_catalog(fixture, count, title);
	struct publish_request request = fixture_request(fixture, catalog, title, base);
	Policycalc__V1__Revision *revision = NULL;
	struct error err = { 0 };
	bool unchanged;

	if (!catalog_store_publish(
			    store, &request, &fixture->arena, &revision, &unchanged, &err))
		fail_msg("%s", err.message);
	assert_int_equal(revision->number, expected);
	assert_int_equal(revision->policy_count, count);
}

const char *fixture_title(struct fixture *fixture, struct catalog_store *store)
{
	struct error err = { 0 };
	struct catalog *catalog =
			catalog_store_load(store, 0, NULL, NULL, &fixture->arena, &err);
	struct draft_file *files;
	size_t count;

	if (!catalog) {
		assert_int_equal(err.code, ERROR_NOT_FOUND);
		return "";
	}
	assert_int_equal(catalog->attribute_count, 1);
	assert_int_equal(catalog->parameter_count, 1);
	assert_true(catalog->policy_count > 0);
	for (size_t i = 0; i < catalog->policy_count; i++) {
		char id[32];

		(void)snprintf(id, sizeof(id), "policy-%03zu", i);
		assert_string_equal(catalog->policies[i]->id, id);
	}
	if (!catalog_store_files(store, 0, &fixture->arena, &files, &count, &err))
		fail_msg("%s", err.message);
	assert_int_equal(count, 1);
	assert_true(slice_equals_text(files[0].content, catalog->policies[0]->document_number));
	return catalog->policies[0]->document_number;
}

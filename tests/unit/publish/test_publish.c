/* SPDX-License-Identifier: Apache-2.0 */
/* From a draft to a revision, and what may not change once it is published. */
#include "publish_fixture.h"

#include "calculator/ruleset.h"
#include "store/directory.h"

#include <stdio.h>
#include <string.h>

#define A "attributes.yaml"
#define NEW "policies/rd-2024.yaml"

/* The folder of the one store that is open. */
static struct directory *directory;

static struct catalog_store *open_store(struct fixture *fixture)
{
	struct error err = { 0 };
	struct catalog_store *store;

	directory = directory_open(
			arena_format(&fixture->arena, "%s/data", fixture->folder), &err);
	if (!directory)
		fail_msg("%s", err.message);
	store = catalog_store_open(directory, &err);
	if (!store)
		fail_msg("%s", err.message);
	return store;
}

static void close_store(struct catalog_store *store)
{
	catalog_store_close(store);
	directory_close(directory);
}

static bool publish(struct fixture *fixture, struct catalog_store *store, int64_t base,
		int64_t *out_revision, bool *out_unchanged, struct error *err)
{
	struct publish_options options = {
		.base_revision = base,
		.author = "editor",
		.now = "2026-01-01T00:00:00Z",
		.strict = true,
	};
	Policycalc__V1__Revision *revision;

	*err = (struct error){ 0 };
	diagnostics_init(&fixture->diagnostics, &fixture->arena);
	if (!draft_publish(store, &fixture->draft, &options, &fixture->arena,
			    &fixture->diagnostics, &revision, out_unchanged, err))
		return false;
	*out_revision = revision->number;
	return true;
}

/* What is compiled out of the store asks each number for what is compiled with copies. */
static void assert_same_twins(const struct ruleset *loaded)
{
	struct error err = { 0 };
	struct diagnostics findings;
	struct arena arena;
	struct ruleset *copied;
	size_t clauses = 0;

	arena_init(&arena, (size_t)1 << 20);
	diagnostics_init(&findings, &arena);
	copied = ruleset_new(ruleset_catalog(loaded), NULL, NULL, &findings, &err);
	if (!copied)
		fail_msg("%s", err.message);
	assert_int_equal(loaded->twin_count, copied->twin_count);
	for (size_t i = 0; i < loaded->catalog.policy_count; i++) {
		const struct policy_rules *left = &loaded->policies[i];
		const struct policy_rules *right = &copied->policies[i];

		assert_int_equal(left->clause_count, right->clause_count);
		clauses += left->clause_count;
		for (size_t k = 0; k < left->clause_count; k++)
			assert_int_equal(left->clauses[k].twin, right->clauses[k].twin);
	}
	assert_true(loaded->twin_count < clauses); /* some are twins */
	ruleset_unref(copied);
	arena_fini(&arena);
}

static void test_publish(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_store(fixture);
	struct ruleset *ruleset;
	struct draft_file *files;
	struct error err;
	int64_t revision = 0;
	bool unchanged;
	size_t count;

	assert_null(ruleset_load(store, 0, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	if (!publish(fixture, store, 0, &revision, &unchanged, &err))
		fail_msg("%s: %s", err.message, fixture_findings(fixture));
	assert_int_equal(revision, 1);
	assert_false(unchanged);
	assert_true(publish(fixture, store, 1, &revision, &unchanged, &err));
	assert_int_equal(revision, 1);
	assert_true(unchanged);

	/* A comment is no content. */
	fixture_replace(fixture, NEW, "id: rd-2024", "# a comment\nid: rd-2024");
	assert_true(publish(fixture, store, 1, &revision, &unchanged, &err));
	assert_true(unchanged);

	fixture_replace(fixture, NEW, "研发补助", "研发费用补助");
	assert_true(publish(fixture, store, 1, &revision, &unchanged, &err));
	assert_int_equal(revision, 2);
	fixture_replace(fixture, NEW, "研发费用补助", "研发后补助");
	assert_false(publish(fixture, store, 1, &revision, &unchanged, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.message, "changed policy rd-2024"));

	ruleset = ruleset_load(store, 0, &err);
	assert_non_null(ruleset);
	assert_int_equal(ruleset_revision(ruleset), 2);
	assert_int_equal(strlen(ruleset_content_hash(ruleset)), 64);
	assert_string_equal(ruleset_find_policy(ruleset, "rd-2024")->title->zh, "研发费用补助");
	assert_same_twins(ruleset);
	ruleset_unref(ruleset);
	assert_true(catalog_store_files(store, 2, &fixture->arena, &files, &count, &err));
	assert_int_equal(count, 8);
	assert_string_equal(files[0].path, A);
	close_store(store);
}

static void test_failed_check_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_store(fixture);
	struct error err;
	int64_t revision = 0;
	bool unchanged;

	assert_true(publish(fixture, store, 0, &revision, &unchanged, &err));
	fixture_replace(fixture, NEW, "amount_fen: 10万元", "amount_fen: 11万元");
	assert_false(publish(fixture, store, 1, &revision, &unchanged, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_true(catalog_store_current(store, &revision, &err));
	assert_int_equal(revision, 1);
	close_store(store);
}

static void test_dictionary_stays(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_store(fixture);
	struct error err;
	int64_t revision = 0;
	bool unchanged;

	assert_true(publish(fixture, store, 0, &revision, &unchanged, &err));
	fixture_replace(fixture, A, "name: kind\n    type: CODE",
			"name: kind\n    type: CODES");
	fixture_replace(fixture, A, "choices:", "choices:");
	fixture_replace(fixture, NEW, "met_if: e.kind == \"firm\"",
			"met_if: '\"firm\" in e.kind'");
	assert_false(publish(fixture, store, 1, &revision, &unchanged, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	if (!fixture_find(fixture, A, 0,
			    "\"kind\" is published as CODE and cannot become CODES"))
		fail_msg("%s: %s", err.message, fixture_findings(fixture));

	/* A figure of a year does not become one of a quarter. */
	fixture_reset(fixture);
	for (int i = 0; i < 3; i++)
		fixture_replace(fixture, A, "period: YEAR", "period: QUARTER");
	assert_false(publish(fixture, store, 1, &revision, &unchanged, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	if (!fixture_find(fixture, A, 0, "\"revenue\" is published with another period"))
		fail_msg("%s: %s", err.message, fixture_findings(fixture));

	fixture_reset(fixture);
	fixture_replace(fixture, A, "  - name: kind\n", "  - name: sort\n");
	fixture_replace(fixture, NEW, "e.kind", "e.sort");
	fixture_replace(fixture, NEW, "kind: firm", "sort: firm");
	fixture_replace(fixture, NEW, "{region: 灵宝市, kind: firm}",
			"{region: 灵宝市, sort: firm}");
	assert_false(publish(fixture, store, 1, &revision, &unchanged, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	if (!fixture_find(fixture, A, 0, "\"kind\" is published and cannot be removed"))
		fail_msg("%s: %s", err.message, fixture_findings(fixture));
	close_store(store);
}

static void test_hash(void **state)
{
	struct fixture *fixture = *state;
	struct catalog *catalog;
	struct error err;
	char first[65], second[65];
	Policycalc__V1__Policy *swap;

	catalog = fixture_check(fixture, false, &err);
	assert_non_null(catalog);
	assert_true(catalog_hash(catalog, first, &err));
	assert_int_equal(strlen(first), 64);
	/* The order in which policies come does not matter; what they say does. */
	swap = catalog->policies[0];
	catalog->policies[0] = catalog->policies[1];
	catalog->policies[1] = swap;
	assert_true(catalog_hash(catalog, second, &err));
	assert_string_equal(first, second);
	catalog->policies[0]->level = POLICYCALC__V1__LEVEL__LEVEL_COUNTY;
	assert_true(catalog_hash(catalog, second, &err));
	assert_string_not_equal(first, second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_publish),
		TEST(test_failed_check_changes_nothing),
		TEST(test_dictionary_stays),
		TEST(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

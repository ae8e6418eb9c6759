/* SPDX-License-Identifier: Apache-2.0 */
/* Revisions: what is published is read back, the same content makes none, two publishers
 * conflict. */
#include "store_fixture.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct catalog_store *open_store(struct fixture *fixture)
{
	struct error err = { 0 };
	struct catalog_store *store = fixture_open(fixture->data, &err);

	if (!store)
		fail_msg("%s", err.message);
	return store;
}

static void test_new_folder(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_store(fixture);
	struct error err = { 0 };
	struct stat status;
	int64_t current = -1;

	assert_int_equal(stat(fixture->data, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_true(catalog_store_current(store, &current, &err));
	assert_int_equal(current, 0);
	assert_null(catalog_store_load(store, 0, NULL, NULL, &fixture->arena, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	fixture_close(store);
}

static void test_publish_and_load(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_store(fixture);
	struct error err = { 0 };
	struct catalog *catalog;

	fixture_publish(fixture, store, 3, "first", 0, 1);
	fixture_publish(fixture, store, 5, "second", 1, 2);
	fixture_close(store);

	store = open_store(fixture);
	assert_string_equal(fixture_title(fixture, store), "second");
	catalog = catalog_store_load(store, 1, NULL, NULL, &fixture->arena, &err);
	assert_non_null(catalog);
	assert_int_equal(catalog->revision, 1);
	assert_string_equal(catalog->content_hash, "first");
	assert_int_equal(catalog->policy_count, 3);
	assert_string_equal(catalog->policies[0]->document_number, "first");
	assert_null(catalog_store_load(store, 3, NULL, NULL, &fixture->arena, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_non_null(strstr(err.message, "no revision 3"));
	fixture_close(store);
}

static void test_same_content(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_store(fixture);
	const struct catalog *catalog = fixture_catalog(fixture, 2, "same");
	struct publish_request request = fixture_request(fixture, catalog, "same", 0);
	Policycalc__V1__Revision *revision;
	struct error err = { 0 };
	bool unchanged = true;

	assert_true(catalog_store_publish(
			store, &request, &fixture->arena, &revision, &unchanged, &err));
	assert_false(unchanged);
	/* Again, with the base that is old by now: the answer had got lost. */
	assert_true(catalog_store_publish(
			store, &request, &fixture->arena, &revision, &unchanged, &err));
	assert_true(unchanged);
	assert_int_equal(revision->number, 1);
	fixture_close(store);
}

static void test_two_publishers(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_store(fixture);
	struct publish_request request;
	Policycalc__V1__Revision *revision = NULL;
	struct error err = { 0 };
	bool unchanged;

	fixture_publish(fixture, store, 8, "base", 0, 1);
	fixture_publish(fixture, store, 2, "mine", 1, 2);
	request = fixture_request(fixture, fixture_catalog(fixture, 8, "theirs"), "theirs", 1);
	assert_false(catalog_store_publish(
			store, &request, &fixture->arena, &revision, &unchanged, &err));
	if (err.code != ERROR_CONFLICT)
		fail_msg("%s", err.message);
	assert_non_null(strstr(err.message, "at revision 2"));
	assert_non_null(strstr(err.message, "changed policy policy-000"));
	assert_non_null(strstr(err.message, "removed policy policy-002"));
	assert_non_null(strstr(err.message, "and 2 more"));
	assert_null(revision);

	request.base_revision = 0;
	assert_false(catalog_store_publish(
			store, &request, &fixture->arena, &revision, &unchanged, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.message, "added attribute staff"));
	request.base_revision = 9;
	assert_false(catalog_store_publish(
			store, &request, &fixture->arena, &revision, &unchanged, &err));
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_non_null(strstr(err.message, "only at 2"));

	assert_string_equal(fixture_title(fixture, store), "mine");
	request.base_revision = 2;
	assert_true(catalog_store_publish(
			store, &request, &fixture->arena, &revision, &unchanged, &err));
	assert_int_equal(revision->number, 3);
	fixture_close(store);
}

static void test_duplicate_entry(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_store(fixture);
	struct catalog *catalog = fixture_catalog(fixture, 2, "twice");
	struct publish_request request = fixture_request(fixture, catalog, "twice", 0);
	Policycalc__V1__Revision *revision;
	struct error err = { 0 };
	bool unchanged;

	catalog->policies[1]->id = catalog->policies[0]->id;
	assert_false(catalog_store_publish(
			store, &request, &fixture->arena, &revision, &unchanged, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_non_null(strstr(err.message, "policy-000"));
	assert_string_equal(fixture_title(fixture, store), "");
	fixture_close(store);
}

static void test_list(void **state)
{
	struct fixture *fixture = *state;
	struct catalog_store *store = open_store(fixture);
	Policycalc__V1__Revision **list;
	struct error err = { 0 };
	size_t count;

	for (int i = 0; i < 20; i++) {
		char title[16];

		(void)snprintf(title, sizeof(title), "title-%d", i);
		fixture_publish(fixture, store, 1, title, i, i + 1);
	}
	assert_true(catalog_store_list(store, 0, 1000, &fixture->arena, &list, &count, &err));
	assert_int_equal(count, 20);
	assert_int_equal(list[0]->number, 20);
	assert_int_equal(list[19]->number, 1);
	assert_string_equal(list[19]->author, "tester");
	assert_true(catalog_store_list(store, 5, 2, &fixture->arena, &list, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[0]->number, 4);
	assert_int_equal(list[1]->number, 3);
	assert_true(catalog_store_list(store, 1, 2, &fixture->arena, &list, &count, &err));
	assert_int_equal(count, 0);
	fixture_close(store);
}

/* Every allocation in turn: what fails leaves the old revision, and the store usable. */
static void test_memory(void **state)
{
	struct fixture *fixture = *state;
	unsigned long failures = 0;
	struct catalog_store *store = open_store(fixture);
	const struct catalog *catalog = fixture_catalog(fixture, 20, "new");
	struct publish_request request = fixture_request(fixture, catalog, "new", 1);
	bool published = false;

	fixture_publish(fixture, store, 20, "old", 0, 1);
	fixture_close(store);
	for (unsigned long nth = 1; !published; nth++) {
		Policycalc__V1__Revision *revision;
		struct arena arena;
		struct error err = { 0 };
		bool unchanged;

		arena_init(&arena, (size_t)64 << 20);
		(void)memory_fail_nth(nth, 1);
		store = fixture_open(fixture->data, &err);
		if (store)
			published = catalog_store_publish(store, &request, &arena, &revision,
						    &unchanged, &err) &&
				    catalog_store_load(store, 2, NULL, NULL, &arena, &err);
		(void)memory_fail_nth(0, 0);
		if (!published) {
			failures++;
			assert_int_not_equal(err.code, ERROR_NONE);
			assert_true(err.code == ERROR_MEMORY || err.code == ERROR_LIMIT);
		}
		if (store) {
			int64_t current;

			assert_true(catalog_store_current(store, &current, &err));
			assert_true(current == 1 || current == 2);
			assert_string_equal(fixture_title(fixture, store),
					current == 1 ? "old" : "new");
			if (current == 2 && !published)
				published = true; /* only reading it failed */
		}
		fixture_close(store);
		arena_fini(&arena);
		arena_reset(&fixture->arena);
		catalog = fixture_catalog(fixture, 20, "new");
		request = fixture_request(fixture, catalog, "new", 1);
	}
	assert_true(failures > 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new_folder),
		TEST(test_publish_and_load),
		TEST(test_same_content),
		TEST(test_two_publishers),
		TEST(test_duplicate_entry),
		TEST(test_list),
		TEST(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

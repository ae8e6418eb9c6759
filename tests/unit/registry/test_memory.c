/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry without memory: each allocation of an import, of a first one, of opening and of reading
 * fails in turn, once or for good. It says so or comes through; what is in memory stays fit for what
 * follows, and the same import sent again makes the registry that an undisturbed one makes.
 *
 * The later allocations are taken more sparsely, unless POLICYCALC_LONG is set.
 */
#include "registry_fixture.h"

#include "base/memory.h"
#include "proto/codec/codec.h"
#include "registry/narrow.h"
#include "registry/supplies.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS 40
#define SETS 2 /* of values, by turns: each import changes every enterprise */

static int64_t on_now(void)
{
	return registry_fixture_now;
}

static unsigned long next_of(unsigned long nth)
{
	return nth + (getenv("POLICYCALC_LONG") ? 1 : 1 + nth / 8);
}

static void must_open(struct registry_fixture *fixture)
{
	struct error err;

	if (!registry_fixture_open(fixture, &err))
		fail_msg("%s", err.message);
	if (!registry_store_check(fixture->store, &err))
		fail_msg("%s", err.message);
}

/* --- the imports ----------------------------------------------------------------------------- */

struct imports {
	struct registry_fixture *fixture;
	struct buffer messages[SETS];
	char *expected[SETS];
};

static bool import_run(struct imports *imports, unsigned set, struct error *err)
{
	struct registry_fixture *fixture = imports->fixture;
	Policycalc__V1__ImportHeader header = POLICYCALC__V1__IMPORT_HEADER__INIT;
	Policycalc__V1__ImportEnterprisesResponse *response;
	struct import_options options = { .header = &header, .now = on_now };
	char *complete[] = { (char *)"listed" };
	const char *field;
	struct import *import;
	struct arena arena;
	bool ok;

	arena_init(&arena, (size_t)64 << 20);
	header.supplier = (char *)"局";
	header.date = (char *)"2026-02-01";
	header.complete = complete;
	header.n_complete = 1;
	import = import_new(fixture->registry, fixture->ruleset, &options, &field, err);
	ok = import != NULL &&
	     import_rows(import, fixture->ruleset,
			     (struct slice){ imports->messages[set].data,
					     imports->messages[set].size },
			     err) &&
	     import_finish(import, &arena, &response, err);
	import_free(import);
	arena_fini(&arena);
	return ok;
}

static void must_import(struct imports *imports, unsigned set)
{
	struct error err;

	if (!import_run(imports, set, &err))
		fail_msg("%s", err.message);
	if (strcmp(fixture_dump(imports->fixture), imports->expected[set]) != 0)
		fail_msg("not what an undisturbed import makes:\n%s",
				fixture_dump(imports->fixture));
}

static struct imports imports_make(struct registry_fixture *fixture)
{
	struct imports imports = { .fixture = fixture };
	struct error err;

	for (unsigned set = 0; set < SETS; set++) {
		Policycalc__V1__ImportRows rows = POLICYCALC__V1__IMPORT_ROWS__INIT;
		Policycalc__V1__Profile *list[ROWS];

		for (unsigned i = 0; i < ROWS; i++)
			list[i] = fixture_row(fixture, i,
					arena_format(&fixture->arena,
							"money@2025=%u元 staff=%u "
							"kind=k%u%s",
							set * 100 + i, set * 100 + i,
							(i + set) % 4,
							(i + set) % 7 ? "" : " listed=是"));
		rows.first_row = 1;
		rows.profiles = list;
		rows.n_profiles = ROWS;
		assert_true(message_pack(&rows.base, &imports.messages[set]));
	}
	/* What each makes: the first time, and after the other. */
	must_open(fixture);
	for (unsigned i = 0; i < 2 * SETS; i++) {
		char *dump;

		if (!import_run(&imports, i % SETS, &err))
			fail_msg("%s", err.message);
		dump = fixture_dump(fixture);
		if (imports.expected[i % SETS])
			assert_string_equal(dump, imports.expected[i % SETS]);
		imports.expected[i % SETS] = dump;
	}
	assert_string_not_equal(imports.expected[0], imports.expected[1]);
	return imports;
}

static void imports_fini(struct imports *imports)
{
	for (unsigned set = 0; set < SETS; set++)
		buffer_fini(&imports->messages[set]);
}

static bool import_without(
		struct imports *imports, unsigned set, unsigned long nth, bool *out_met)
{
	struct error err = { 0 };
	bool ok;

	(void)memory_fail_nth(nth, (int)(nth % 2));
	ok = import_run(imports, set, &err);
	*out_met = memory_fail_nth(0, 0) >= nth;
	if (!ok && err.code != ERROR_MEMORY && err.code != ERROR_LIMIT)
		fail_msg("allocation %lu: %s", nth, err.message);
	return ok;
}

static void test_import(void **state)
{
	struct registry_fixture *fixture = *state;
	struct imports imports = imports_make(fixture);
	struct arena_mark mark = arena_mark(&fixture->arena);
	unsigned failures = 0;
	unsigned set = 0;
	bool met = true;

	for (unsigned long nth = 1; met; nth = next_of(nth), set = !set) {
		bool ok = import_without(&imports, set, nth, &met);

		failures += !ok;
		if (ok)
			assert_string_equal(fixture_dump(fixture), imports.expected[set]);
		if (nth / 2 % 2) {
			registry_fixture_close(fixture);
			must_open(fixture);
		}
		must_import(&imports, set);
		arena_rewind(&fixture->arena, mark);
	}
	print_message("%u imports failed\n", failures);
	assert_true(failures > 20);
	imports_fini(&imports);
}

/* Into an empty registry, which learns the names of attributes and suppliers. */
static void test_first_import(void **state)
{
	struct registry_fixture *fixture = *state;
	struct imports imports = imports_make(fixture);
	struct arena_mark mark = arena_mark(&fixture->arena);
	unsigned failures = 0;
	bool met = true;

	for (unsigned long nth = 1; met; nth = next_of(nth)) {
		registry_fixture_close(fixture);
		assert_int_equal(unlink(fixture->file), 0);
		must_open(fixture);
		failures += !import_without(&imports, 0, nth, &met);
		if (nth / 2 % 2) {
			registry_fixture_close(fixture);
			must_open(fixture);
		}
		must_import(&imports, 0);
		arena_rewind(&fixture->arena, mark);
	}
	assert_true(failures > 20);
	imports_fini(&imports);
}

/* --- opening and reading --------------------------------------------------------------------- */

static void test_open(void **state)
{
	struct registry_fixture *fixture = *state;
	struct imports imports = imports_make(fixture);
	unsigned failures = 0;
	bool met = true;

	must_import(&imports, 0);
	registry_fixture_close(fixture);
	for (unsigned long nth = 1; met; nth = next_of(nth)) {
		struct error err = { 0 };
		bool ok;

		(void)memory_fail_nth(nth, (int)(nth % 2));
		ok = registry_fixture_open(fixture, &err);
		met = memory_fail_nth(0, 0) >= nth;
		failures += !ok;
		if (!ok && err.code != ERROR_MEMORY && err.code != ERROR_LIMIT)
			fail_msg("allocation %lu: %s", nth, err.message);
		if (ok)
			registry_fixture_close(fixture);
	}
	must_open(fixture);
	assert_string_equal(fixture_dump(fixture), imports.expected[0]);
	assert_true(failures > 20);
	imports_fini(&imports);
}

/* What one enterprise has and wants, and how many there are. */
static bool read_one(struct registry_fixture *fixture, const char *uscc, struct error *err)
{
	Policycalc__V1__Subscription wish = POLICYCALC__V1__SUBSCRIPTION__INIT;
	Policycalc__V1__Subscription *read;
	Policycalc__V1__GetRegistryResponse *summary;
	Policycalc__V1__Profile *profile;
	struct arena arena;
	int64_t id;
	bool ok;

	wish.uscc = (char *)(uintptr_t)uscc;
	wish.opted_out = true;
	arena_init(&arena, (size_t)64 << 20);
	ok = registry_find(fixture->registry, uscc, 0, &arena, &id, &profile, err) &&
	     registry_summary(fixture->registry, &arena, &summary, err) &&
	     registry_set_subscription(fixture->registry, &wish, err) &&
	     registry_subscription(fixture->registry, uscc, &arena, &read, err);
	if (ok) {
		assert_int_equal(profile->n_attributes, 4);
		assert_int_equal(summary->enterprise_count, ROWS);
		assert_true(read->opted_out);
	}
	arena_fini(&arena);
	return ok;
}

static void test_read(void **state)
{
	struct registry_fixture *fixture = *state;
	struct imports imports = imports_make(fixture);
	const char *uscc = fixture_code(fixture, 5);
	unsigned failures = 0;
	bool met = true;

	for (unsigned long nth = 1; met; nth++) {
		struct error err = { 0 };
		bool ok;

		(void)memory_fail_nth(nth, (int)(nth % 2));
		ok = read_one(fixture, uscc, &err);
		met = memory_fail_nth(0, 0) >= nth;
		failures += !ok;
		if (!ok && err.code != ERROR_MEMORY && err.code != ERROR_LIMIT)
			fail_msg("allocation %lu: %s", nth, err.message);
		if (!read_one(fixture, uscc, &err))
			fail_msg("after allocation %lu: %s", nth, err.message);
	}
	assert_true(failures > 5);
	imports_fini(&imports);
}

/* Who supplied what is kept for good: once there was no memory for it, the next import is not refused for that. */
static void test_supplies(void **state)
{
	const struct supply one = {
		.id = 1, .supplier = "a", .day = "2026-03-01", .started_at = ""
	};
	unsigned failures = 0;
	bool met = true;

	(void)state;
	for (unsigned long nth = 1; met; nth++) {
		const struct supply *added;
		struct supplies supplies;

		supplies_init(&supplies);
		(void)memory_fail_nth(nth, (int)(nth % 2));
		added = supplies_add(&supplies, &one);
		met = memory_fail_nth(0, 0) >= nth;
		assert_int_equal(added == NULL, met);
		failures += !added;
		if (!added)
			added = supplies_add(&supplies, &one);
		assert_non_null(added);
		assert_string_equal(added->supplier, "a");
		assert_ptr_equal(supplies.list[1], added);
		supplies_fini(&supplies);
	}
	assert_int_equal(failures, 2);
}

static bool on_column(
		void *context, size_t want, struct sweep_column *out_column, struct error *err)
{
	static const uint64_t known[SWEEP_WORDS] = { 7 };
	static const uint32_t codes[] = { 0, 1, 0 };
	static const struct slice texts[] = { { "3130", 4 }, { "6210", 4 } };

	(void)context, (void)want, (void)err;
	*out_column = (struct sweep_column){
		.known = known, .codes = codes, .code_texts = texts, .code_count = 2
	};
	return true;
}

/* An industry that there was no memory to look at is not one that does not fit. */
static void test_narrow(void **state)
{
	const struct sweep_source source = { .row_count = 3, .column = on_column };
	Policycalc__V1__Industry made = POLICYCALC__V1__INDUSTRY__INIT;
	Policycalc__V1__Industry transport = POLICYCALC__V1__INDUSTRY__INIT;
	Policycalc__V1__Industry *industries[] = { &made, &transport };
	struct catalog catalog = { .industries = industries, .industry_count = 2 };
	unsigned failures = 0;
	bool met = true;

	(void)state;
	made.code = (char *)"C31";
	transport.code = (char *)"G62";
	for (unsigned long nth = 1; met; nth++) {
		struct narrow narrow = { .catalog = &catalog, .industry = "C" };
		uint64_t rows[SWEEP_WORDS] = { 7 };
		struct error err = { 0 };
		bool ok;

		(void)memory_fail_nth(nth, 0);
		ok = narrow_rows(&narrow, &source, 0, rows, &err);
		met = memory_fail_nth(0, 0) >= nth;
		assert_int_equal(ok, !met);
		assert_int_equal(err.code, ok ? ERROR_NONE : ERROR_MEMORY);
		failures += !ok;
		/* The same search goes on with what it remembers. */
		rows[0] = 7;
		assert_true(narrow_rows(&narrow, &source, 0, rows, &err));
		assert_int_equal(rows[0], 5);
		narrow_fini(&narrow);
	}
	assert_int_equal(failures, 3);
}

#define TEST(name)                                                                             \
	cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_import),
		TEST(test_first_import),
		TEST(test_open),
		TEST(test_read),
		cmocka_unit_test(test_supplies),
		cmocka_unit_test(test_narrow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/region.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct slice zone_hosts[] = { { "411202", 6 } };
static const struct slice shanzhou_aliases[] = { { "411222", 6 } };

static const struct region rows[] = {
	{ { "411200", 6 }, { "410000", 6 }, { "CITY", 4 }, NULL, 0, NULL, 0 },
	{ { "410000", 6 }, { "", 0 }, { "PROVINCE", 8 }, NULL, 0, NULL, 0 },
	{ { "411202", 6 }, { "411200", 6 }, { "COUNTY", 6 }, NULL, 0, NULL, 0 },
	{ { "411203", 6 }, { "411200", 6 }, { "COUNTY", 6 }, NULL, 0, shanzhou_aliases, 1 },
	{ { "4112Z1", 6 }, { "411200", 6 }, { "ZONE", 4 }, zone_hosts, 1, NULL, 0 },
	{ { "410100", 6 }, { "410000", 6 }, { "CITY", 4 }, NULL, 0, NULL, 0 },
};

#define ROW_COUNT (sizeof(rows) / sizeof(*rows))

static struct region_table *table_of(const struct region *list, size_t count, struct error *err)
{
	struct region_table *table = region_table_new();

	for (size_t i = 0; table && i < count; i++) {
		if (!region_table_add(table, &list[i], err)) {
			region_table_free(table);
			return NULL;
		}
	}
	if (table && !region_table_finish(table, err)) {
		region_table_free(table);
		return NULL;
	}
	return table;
}

static void test_within(void **state)
{
	static const struct {
		const char *code, *ancestor;
		enum region_answer answer;
	} cases[] = {
		{ "411202", "411200", REGION_YES },
		{ "411202", "411202", REGION_YES },
		{ "411202", "410000", REGION_YES },
		{ "411200", "411202", REGION_NO },
		{ "410100", "411200", REGION_NO },
		{ "4112Z1", "411200", REGION_YES },
		{ "4112Z1", "4112Z1", REGION_YES },
		{ "4112Z1", "411202", REGION_NO }, /* its host county is not above it */
		{ "411222", "411200", REGION_YES },
		{ "411222", "411203", REGION_YES },
		{ "411203", "411222", REGION_YES },
		{ "999999", "411200", REGION_NOT_FOUND },
		{ "411200", "999999", REGION_NOT_FOUND },
		{ "", "411200", REGION_NOT_FOUND },
	};
	struct error err;
	struct region_table *table = table_of(rows, ROW_COUNT, &err);

	assert_non_null(table);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(region_within(table, slice_from(cases[i].code),
						 slice_from(cases[i].ancestor)),
				cases[i].answer);
	region_table_free(table);
}

static void test_find(void **state)
{
	struct error err;
	struct region_table *table = table_of(rows, ROW_COUNT, &err);
	const struct region *region;
	struct slice kind;

	assert_non_null(table);
	region = region_table_find(table, slice_from("411222"));
	assert_non_null(region);
	assert_true(slice_equals_text(region->code, "411203"));
	region = region_table_find(table, slice_from("4112Z1"));
	assert_int_equal(region->host_count, 1);
	assert_true(slice_equals_text(region->hosts[0], "411202"));
	assert_true(region_kind(table, slice_from("4112Z1"), &kind));
	assert_true(slice_equals_text(kind, "ZONE"));
	assert_false(region_kind(table, slice_from("1"), &kind));
	assert_null(region_table_find(table, slice_from("1")));
	region_table_free(table);
}

static void test_bad_tables(void **state)
{
	static const struct region twice[] = {
		{ { "1", 1 }, { "", 0 }, { "CITY", 4 }, NULL, 0, NULL, 0 },
		{ { "1", 1 }, { "", 0 }, { "CITY", 4 }, NULL, 0, NULL, 0 },
	};
	static const struct region empty[] = { { { "", 0 }, { "", 0 }, { "X", 1 }, NULL, 0,
			NULL, 0 } };
	static const struct region orphan[] = { { { "1", 1 }, { "2", 1 }, { "X", 1 }, NULL, 0,
			NULL, 0 } };
	static const struct region hostless[] = {
		{ { "1", 1 }, { "", 0 }, { "ZONE", 4 }, zone_hosts, 1, NULL, 0 },
	};
	static const struct region ring[] = {
		{ { "1", 1 }, { "2", 1 }, { "X", 1 }, NULL, 0, NULL, 0 },
		{ { "2", 1 }, { "1", 1 }, { "X", 1 }, NULL, 0, NULL, 0 },
	};
	struct error err;

	assert_null(table_of(twice, 2, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_null(table_of(empty, 1, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_null(table_of(orphan, 1, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_null(table_of(hostless, 1, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_null(table_of(ring, 2, &err));
	assert_int_equal(err.code, ERROR_INVALID);
}

static void test_allocation_failures(void **state)
{
	struct region_table *table = NULL;
	unsigned texts = 0, codes = 0;
	unsigned long nth;

	for (nth = 1; !table; nth++) {
		struct error err = { 0 };

		assert_in_range(nth, 1, 1000);
		memory_fail_nth(nth, 0);
		table = table_of(rows, ROW_COUNT, &err);
		memory_fail_nth(0, 0);
		texts += err.code == ERROR_LIMIT;
		codes += err.code == ERROR_MEMORY;
		/* The first one is the table itself. */
		assert_int_equal(texts + codes, nth - 1 - (table != NULL));
	}
	assert_true(texts > 0 && codes > 0);
	region_table_free(table);
	region_table_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_bad_tables),
		cmocka_unit_test(test_allocation_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

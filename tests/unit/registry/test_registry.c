/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry knows after imports: periods, merging, complete lists, and every past snapshot. */
#include "registry_fixture.h"

#include <string.h>

static void open_registry(struct registry_fixture *fixture)
{
	struct error err;

	if (!registry_fixture_open(fixture, &err))
		fail_msg("%s", err.message);
}

/* A value of every kind comes back as it was, and a bare one with its period. */
static void test_values(void **state)
{
	static const struct {
		const char *day, *given, *known;
	} cases[] = {
		{ NULL, "staff=5", NULL },
		{ NULL, "staff=0", NULL },
		{ NULL, "staff=1000000", NULL },
		{ NULL, "growth=-100%", NULL },
		{ NULL, "growth=-922337203685477.5808%", NULL },
		{ NULL, "growth=922337203685477.5807%", NULL },
		{ NULL, "listed=是", NULL },
		{ NULL, "listed=否", NULL },
		{ NULL, "kind=k3", NULL },
		{ NULL, "kinds=k1,k0", NULL },
		{ NULL, "founded=0001-01-01", NULL },
		{ NULL, "founded=1969-12-31", NULL },
		{ NULL, "founded=9999-12-31", NULL },
		{ NULL, "note=灵宝“金”源", NULL },
		{ NULL, "titles=k1:2027-12-31,k0:0001-01-01", NULL },
		{ NULL, "power=2025-11:1,2025-12:-2,2026-01:3", NULL },
		{ NULL, "projects.p1.invested=2万元 projects.p1.done=否 complete:projects",
				"complete:projects projects.p1.done=否 "
				"projects.p1.invested=2万元" },
		{ NULL, "complete:projects complete:loans",
				"complete:loans complete:projects" },
		/* Bare values belong to the last full period before the day of the import. */
		{ "2026-01-01", "money=3元", "money@2025=3元" },
		{ "2025-12-31", "money=3元", "money@2024=3元" },
		{ "2026-04-01", "quarterly=3", "quarterly@2026Q1=3" },
		{ "2026-03-31", "quarterly=3", "quarterly@2025Q4=3" },
		{ "2026-03-01", "monthly=3%", "monthly@2026-02=3%" },
		{ "2026-01-31", "monthly=3%", "monthly@2025-12=3%" },
		{ NULL, "money@2024=1元 money@2022=2元 money@2023=3元",
				"money@2022=2元 money@2023=3元 money@2024=1元" },
		{ NULL, "money@0001=1元", NULL },
	};
	struct registry_fixture *fixture = *state;

	open_registry(fixture);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *expected = cases[i].known ? cases[i].known : cases[i].given;
		const char *known;

		fixture_import_row(fixture, cases[i].day, i, cases[i].given);
		known = fixture_known(fixture, i, 0);
		if (strcmp(known, expected) != 0)
			fail_msg("%s: %s", cases[i].given, known);
	}
	registry_fixture_close(fixture);
	open_registry(fixture);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(fixture_known(fixture, i, 0),
				cases[i].known ? cases[i].known : cases[i].given);
}

/* What is known, what comes, on which days, and what is known then. */
static void test_merging(void **state)
{
	static const struct {
		const char *before_day, *before, *day, *comes;
		bool replace;
		const char *after;
		const char *counts; /* "updated" or "unchanged" */
	} cases[] = {
		{ "2026-01-05", "staff=5", "2026-02-05", "staff=6", false, "staff=6",
				"updated" },
		{ "2026-01-05", "staff=5", "2026-01-05", "staff=6", false, "staff=6",
				"updated" },
		{ "2026-01-05", "staff=5", "2026-01-04", "staff=6", false, "staff=5",
				"unchanged" },
		{ "2026-01-05", "staff=5", "2026-02-05", "staff=5", false, "staff=5",
				"unchanged" },
		{ "2026-01-05", "staff=5", "2026-02-05", "", false, "staff=5", "unchanged" },
		{ "2026-01-05", "staff=5", "2026-02-05", "listed=是", false,
				"listed=是 staff=5", "updated" },
		{ "2026-01-05", "staff=5 listed=否", "2026-02-05", "listed=否", true,
				"listed=否", "updated" },
		{ "2026-01-05", "staff=5 listed=否", "2026-01-01", "listed=否", true,
				"listed=否 staff=5", "unchanged" },
		{ "2026-01-05", "money@2023=1元", "2026-02-05", "money=2元", false,
				"money@2023=1元 money@2025=2元", "updated" },
		{ "2026-01-05", "money@2023=1元 money@2025=3元", "2026-02-05", "money=2元",
				true, "money@2025=2元", "updated" },
		{ "2026-01-05", "kinds=k0,k1", "2026-02-05", "kinds=k1,k0", false,
				"kinds=k1,k0", "updated" },
		{ "2026-01-05", "projects.a.invested=1元", "2026-02-05",
				"projects.b.invested=2元", false,
				"projects.a.invested=1元 projects.b.invested=2元", "updated" },
		{ "2026-01-05", "projects.a.invested=1元", "2026-02-05",
				"projects.b.invested=2元 complete:projects", false,
				"complete:projects projects.b.invested=2元", "updated" },
		{ "2026-01-05", "projects.a.invested=1元", "2026-01-01",
				"projects.b.invested=2元 complete:projects", false,
				"complete:projects projects.a.invested=1元 "
				"projects.b.invested=2元",
				"updated" },
		{ "2026-01-05", "projects.a.invested=1元 complete:projects", "2026-02-05",
				"projects.b.invested=2元", false,
				"complete:projects projects.a.invested=1元 "
				"projects.b.invested=2元",
				"updated" },
		{ "2026-01-05", "projects.a.invested=1元 complete:projects", "2026-02-05",
				"staff=1", true, "staff=1", "updated" },
		{ "2026-01-05", "projects.a.invested=1元", "2026-02-05", "projects.a.done=是",
				false, "projects.a.done=是 projects.a.invested=1元",
				"updated" },
	};
	struct registry_fixture *fixture = *state;

	open_registry(fixture);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture_import how = { .day = cases[i].day,
			.replace = cases[i].replace };
		Policycalc__V1__Profile *row = fixture_row(fixture, i, cases[i].comes);
		const Policycalc__V1__ImportEnterprisesResponse *response;
		struct error err = { 0 };
		int64_t before;
		bool updated = strcmp(cases[i].counts, "updated") == 0;

		before = fixture_import_row(fixture, cases[i].before_day, i, cases[i].before)
					 ->sequence;
		response = fixture_import(fixture, &how, &row, 1, &err);
		if (!response)
			fail_msg("%s", err.message);
		if (strcmp(fixture_known(fixture, i, 0), cases[i].after) != 0)
			fail_msg("case %u: %s", i, fixture_known(fixture, i, 0));
		assert_int_equal(response->inserted, 0);
		assert_int_equal(response->updated, updated);
		assert_int_equal(response->unchanged, !updated);
		assert_int_equal(response->sequence, before + updated);
		/* What was known is known of the snapshot before. */
		assert_string_equal(fixture_known(fixture, i, before),
				fixture_print(fixture,
						fixture_row(fixture, i, cases[i].before)));
	}
}

/* --- complete lists -------------------------------------------------------------------------- */

static int64_t list_of(struct registry_fixture *fixture, const char *day, const char *supplier,
		const unsigned *numbers, size_t count)
{
	struct fixture_import how = { .day = day, .supplier = supplier, .complete = "listed" };
	Policycalc__V1__Profile *rows[8];
	const Policycalc__V1__ImportEnterprisesResponse *response;
	struct error err = { 0 };

	for (size_t i = 0; i < count; i++)
		rows[i] = fixture_row(fixture, numbers[i], "listed=是");
	response = fixture_import(fixture, &how, rows, count, &err);
	if (!response)
		fail_msg("%s", err.message);
	return response->sequence;
}

static void test_complete(void **state)
{
	struct registry_fixture *fixture = *state;
	const unsigned first[] = { 1, 2 };
	const unsigned second[] = { 2 };
	int64_t before;
	int64_t january;

	open_registry(fixture);
	fixture_import_row(fixture, "2025-12-01", 1, "listed=是");
	fixture_import_row(fixture, "2025-12-01", 3, "listed=是");
	fixture_import_row(
			fixture, "2026-01-01", 4, "listed=是"); /* another says so that day */
	before = fixture_import_row(fixture, "2025-12-01", 5, "staff=1")->sequence;
	january = list_of(fixture, "2026-01-01", "别的局", first, 2);
	assert_string_equal(fixture_known(fixture, 1, 0), "listed=是");
	assert_string_equal(fixture_known(fixture, 2, 0), "listed=是");
	assert_string_equal(fixture_known(fixture, 3, 0), "listed=否");
	assert_string_equal(fixture_known(fixture, 4, 0), "listed=是");
	assert_string_equal(fixture_known(fixture, 5, 0), "listed=否 staff=1");
	assert_string_equal(fixture_known(fixture, 3, before), "listed=是");
	assert_string_equal(fixture_known(fixture, 5, before), "staff=1");
	/* An older list changes nothing; a newer one takes 1 off, and 4. */
	(void)list_of(fixture, "2025-06-01", "别的局", NULL, 0);
	assert_string_equal(fixture_known(fixture, 1, 0), "listed=是");
	(void)list_of(fixture, "2026-02-01", "别的局", second, 1);
	assert_string_equal(fixture_known(fixture, 1, 0), "listed=否");
	assert_string_equal(fixture_known(fixture, 4, 0), "listed=否");
	assert_string_equal(fixture_known(fixture, 2, 0), "listed=是");
	assert_string_equal(fixture_known(fixture, 1, january), "listed=是");
	/* Another flag is not touched by it. */
	assert_null(strstr(fixture_dump(fixture), "fined"));
	/* All of it after opening again. */
	registry_fixture_close(fixture);
	open_registry(fixture);
	assert_string_equal(fixture_known(fixture, 1, 0), "listed=否");
	assert_string_equal(fixture_known(fixture, 1, january), "listed=是");
	assert_string_equal(fixture_known(fixture, 3, before), "listed=是");
}

/* Who says that 1 is not on the list. */
static const char *supplier_of(struct registry_fixture *fixture)
{
	Policycalc__V1__GetEnterpriseRequest request =
			POLICYCALC__V1__GET_ENTERPRISE_REQUEST__INIT;
	Policycalc__V1__GetEnterpriseResponse *response;
	struct error err;

	request.uscc = fixture_code(fixture, 1);
	if (!registry_describe(fixture->registry, &request, &fixture->arena, &response, &err))
		fail_msg("%s", err.message);
	for (size_t i = 0; i < response->n_origins; i++) {
		if (strcmp(response->origins[i]->attribute, "e.listed") == 0)
			return response->origins[i]->supplier;
	}
	return "nobody";
}

/* Of lists of one day the later import counts; of an older day none does. */
static void test_complete_names_the_newest(void **state)
{
	struct registry_fixture *fixture = *state;

	open_registry(fixture);
	fixture_import_row(fixture, "2025-12-01", 1, "listed=是");
	(void)list_of(fixture, "2026-01-01", "甲局", NULL, 0);
	assert_string_equal(supplier_of(fixture), "甲局");
	(void)list_of(fixture, "2026-01-01", "乙局", NULL, 0);
	assert_string_equal(supplier_of(fixture), "乙局");
	(void)list_of(fixture, "2025-12-31", "丙局", NULL, 0);
	assert_string_equal(supplier_of(fixture), "乙局");
}

struct changed {
	int64_t sequences[16]; /* by id */
	size_t count;
};

static bool on_changed(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	struct changed *changed = context;

	(void)err;
	assert_non_null(profile);
	changed->sequences[id] = changed_sequence;
	changed->count++;
	return true;
}

/* When something about an enterprise changed last: a list counts for those whose value it changes. */
static void test_changed_sequence(void **state)
{
	struct registry_fixture *fixture = *state;
	const unsigned on_it[] = { 1 };
	struct changed changed = { 0 };
	struct error err;
	int64_t first, second, third;
	int64_t block;

	open_registry(fixture);
	fixture_import_row(fixture, "2026-01-01", 1, "listed=是"); /* sequence 1 */
	fixture_import_row(fixture, "2026-01-01", 2, "listed=否"); /* 2 */
	fixture_import_row(fixture, "2026-01-01", 3, "staff=1");   /* 3 */
	first = fixture_import_row(fixture, "2026-05-01", 4, "listed=是")->sequence; /* 4 */
	second = list_of(fixture, "2026-02-01", "别的局", on_it, 1);
	third = list_of(fixture, "2026-03-01", "别的局", on_it, 1);
	assert_true(third > second && second > first);
	assert_true(registry_scan(
			fixture->registry, third, 1, 100, on_changed, &changed, &err));
	assert_int_equal(changed.count, 4);
	/* 1 was said again on the list's day, 2 and 4 are as before, 3 became "no" with the first. */
	assert_true(changed.sequences[1] > first);
	assert_int_equal(changed.sequences[2], 2);
	assert_true(changed.sequences[3] > first && changed.sequences[3] <= second);
	assert_int_equal(changed.sequences[4], 4);
	assert_true(registry_block_sequence(fixture->registry, 0, &block, &err));
	assert_int_equal(block, third);
	assert_true(registry_block_sequence(fixture->registry, 1, &block, &err));
	assert_int_equal(block, 0);
	/* Of an earlier snapshot. */
	changed = (struct changed){ 0 };
	assert_true(registry_scan(fixture->registry, 3, 1, 100, on_changed, &changed, &err));
	assert_int_equal(changed.count, 3);
	assert_int_equal(changed.sequences[3], 3);
	changed = (struct changed){ 0 };
	assert_true(registry_scan(fixture->registry, third, 2, 2, on_changed, &changed, &err));
	assert_int_equal(changed.count, 2);
}

/* --- the past -------------------------------------------------------------------------------- */

static void test_past_moments(void **state)
{
	struct registry_fixture *fixture = *state;
	int64_t start = registry_fixture_now;
	struct error err;
	int64_t sequence;

	open_registry(fixture);
	assert_true(registry_sequence_at(fixture->registry, start, &sequence, &err));
	assert_int_equal(sequence, 0);
	fixture_import_row(fixture, NULL, 1, "staff=1");
	registry_fixture_now += 86400;
	fixture_import_row(fixture, NULL, 1, "staff=2");
	registry_fixture_now += 86400;
	fixture_import_row(fixture, NULL, 1, "staff=3");
	registry_fixture_now = start;
	assert_true(registry_sequence_at(fixture->registry, start - 1, &sequence, &err));
	assert_int_equal(sequence, 0);
	assert_true(registry_sequence_at(fixture->registry, start + 86399, &sequence, &err));
	assert_string_equal(fixture_known(fixture, 1, sequence), "staff=1");
	assert_true(registry_sequence_at(fixture->registry, start + 86400, &sequence, &err));
	assert_string_equal(fixture_known(fixture, 1, sequence), "staff=2");
	assert_true(registry_sequence_at(fixture->registry, INT64_MAX, &sequence, &err));
	assert_string_equal(fixture_known(fixture, 1, sequence), "staff=3");
	assert_string_equal(fixture_known(fixture, 2, sequence), "none");
}

/* --- rows ------------------------------------------------------------------------------------ */

/* A doubled enterprise in one import, whatever of it is new; and one counted once. */
static void test_doubled(void **state)
{
	struct registry_fixture *fixture = *state;
	struct fixture_import how = { .day = "2026-03-01", .replace = true };
	Policycalc__V1__Profile *rows[4];
	const Policycalc__V1__ImportEnterprisesResponse *response;
	struct error err;

	open_registry(fixture);
	fixture_import_row(fixture, "2026-01-01", 1, "staff=1 kind=k0");
	rows[0] = fixture_row(fixture, 1, "staff=2");
	rows[1] = fixture_row(fixture, 2, "staff=3");
	rows[2] = fixture_row(fixture, 1, "listed=是 staff=4");
	rows[3] = fixture_row(fixture, 2, "kind=k1");
	response = fixture_import(fixture, &how, rows, 4, &err);
	assert_non_null(response);
	assert_string_equal(fixture_known(fixture, 1, 0), "listed=是 staff=4");
	assert_string_equal(fixture_known(fixture, 2, 0), "kind=k1 staff=3");
	assert_int_equal(response->inserted, 1);
	assert_int_equal(response->updated, 1);
	assert_string_equal(fixture_findings(fixture, response->warnings, response->n_warnings),
			"3 uscc DUPLICATE_USCC; 4 uscc DUPLICATE_USCC");
}

/* Ids follow the rows, whatever the order of the codes, and are never given twice. */
static void test_ids(void **state)
{
	struct registry_fixture *fixture = *state;
	static const unsigned numbers[] = { 9, 3, 7, 1 };
	Policycalc__V1__Profile *rows[4];
	struct fixture_import how = { .day = NULL };
	Policycalc__V1__Profile *profile;
	struct error err;
	int64_t id;

	open_registry(fixture);
	for (int i = 0; i < 4; i++)
		rows[i] = fixture_row(fixture, numbers[i], "");
	assert_non_null(fixture_import(fixture, &how, rows, 4, &err));
	registry_fixture_close(fixture);
	open_registry(fixture);
	fixture_import_row(fixture, NULL, 5, "staff=1");
	assert_int_equal(registry_last_id(fixture->registry), 5);
	for (int i = 0; i < 4; i++) {
		assert_true(registry_find(fixture->registry, fixture_code(fixture, numbers[i]),
				0, &fixture->arena, &id, &profile, &err));
		assert_int_equal(id, i + 1);
		assert_string_equal(profile->uscc, fixture_code(fixture, numbers[i]));
	}
}

/* Attributes are numbered as they come; a row in another order, or with gaps, is the same row. */
static void test_orders(void **state)
{
	struct registry_fixture *fixture = *state;
	static const char *const rows[] = {
		"staff=1 listed=是 kind=k0 money@2024=3元 founded=2020-02-29",
		"founded=2020-02-29 money@2024=3元 kind=k0 listed=是 staff=1",
		"kind=k0 staff=1 money@2024=3元 founded=2020-02-29 listed=是",
	};

	open_registry(fixture);
	fixture_import_row(fixture, NULL, 100, "money=1元");
	for (unsigned i = 0; i < 3; i++)
		fixture_import_row(fixture, NULL, i, rows[i]);
	assert_string_equal(fixture_known(fixture, 0, 0), fixture_known(fixture, 1, 0));
	assert_string_equal(fixture_known(fixture, 0, 0), fixture_known(fixture, 2, 0));
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(fixture_import_row(fixture, NULL, 0, rows[i])->unchanged, 1);
}

/* Many years of months: the oldest are let go, and sending them again changes nothing. */
static void test_many_periods(void **state)
{
	struct registry_fixture *fixture = *state;
	const Policycalc__V1__ImportEnterprisesResponse *response;
	int64_t before;
	char *known;

	open_registry(fixture);
	fixture_import_row(fixture, "2026-11-01", 1, "staff=5 money@1900=1元");
	for (unsigned year = 1940; year < 2026; year++) {
		struct buffer row = { 0 };

		for (unsigned month = 1; month <= 12; month++)
			buffer_format(&row, "monthly@%u-%02u=%u%% ", year, month, month);
		fixture_import_row(fixture, "2026-11-01", 1, row.data);
		buffer_fini(&row);
	}
	known = fixture_known(fixture, 1, 0);
	/* 999 months and the staff: from October 1942. */
	assert_non_null(strstr(known, "staff=5"));
	assert_null(strstr(known, "1900"));
	assert_null(strstr(known, "monthly@1942-09"));
	assert_non_null(strstr(known, "monthly@1942-10"));
	assert_non_null(strstr(known, "monthly@2025-12"));
	assert_true(registry_snapshot(fixture->registry, &before, NULL));
	response = fixture_import_row(
			fixture, "2026-11-01", 1, "monthly@1941-01=9% money@1900=2元");
	assert_int_equal(response->unchanged, 1);
	assert_int_equal(response->sequence, before);
	/* They are still known of the past. */
	assert_non_null(strstr(fixture_known(fixture, 1, 3), "money@1900"));
}

/* Items that pile up are refused before nobody could ask about the enterprise any more. */
static void test_many_items(void **state)
{
	struct registry_fixture *fixture = *state;
	struct fixture_import how = { .day = NULL };
	const Policycalc__V1__ImportEnterprisesResponse *response;
	Policycalc__V1__Profile *rows[2];
	struct error err;

	open_registry(fixture);
	for (unsigned part = 0; part < 3; part++) {
		struct buffer row = { 0 };

		for (unsigned i = 0; i < 500; i++)
			buffer_format(&row, "projects.p%u.invested=1元 ", part * 500 + i);
		rows[0] = fixture_row(fixture, 1, row.data);
		rows[1] = fixture_row(fixture, 2, "staff=1");
		response = fixture_import(fixture, &how, rows, 2, &err);
		assert_non_null(response);
		buffer_fini(&row);
		assert_string_equal(fixture_findings(fixture, response->rejects,
						    response->n_rejects),
				part < 2 ? "" : "1 items TOO_MANY");
		assert_int_equal(response->rejected, part == 2);
	}
	fixture_import_row(fixture, NULL, 1, "projects.q.invested=1元 complete:projects");
	assert_string_equal(fixture_known(fixture, 1, 0),
			"complete:projects projects.q.invested=1元");
}

#define TEST(name)                                                                             \
	cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values),
		TEST(test_merging),
		TEST(test_complete),
		TEST(test_complete_names_the_newest),
		TEST(test_changed_sequence),
		TEST(test_past_moments),
		TEST(test_doubled),
		TEST(test_ids),
		TEST(test_orders),
		TEST(test_many_periods),
		TEST(test_many_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

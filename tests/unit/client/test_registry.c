/* SPDX-License-Identifier: Apache-2.0 */
/* The registry through the library, against the friendly server of fake_server.py. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#define A "91410300665989305X"
#define B "911101085923662400"

static const struct pcalc_import_options options = { .supplier = "三门峡市统计局",
	.date = "2026-03-01" };

static pcalc_profile *firm(const char *uscc, int64_t staff)
{
	pcalc_profile *profile = pcalc_profile_new();

	assert_non_null(profile);
	assert_int_equal(pcalc_profile_set_uscc(profile, uscc), PCALC_OK);
	assert_int_equal(pcalc_set_count(pcalc_profile_facts(profile), "staff", NULL, staff),
			PCALC_OK);
	return profile;
}

static void test_import(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_import *import = pcalc_import_open(client, &options, &failure);
	pcalc_profile *one = firm(A, 7);
	pcalc_profile *two = firm(B, 8);
	struct pcalc_import_counts counts;
	struct pcalc_row_finding finding;
	pcalc_import_result *result;

	assert_non_null(import);
	assert_true(pcalc_import_send(import, 1, one, &failure));
	/* Messages hold what follows one another; the numbers come back as they were. */
	assert_true(pcalc_import_send(import, 10, two, &failure));
	for (int64_t row = 20; row < 3000; row++)
		assert_true(pcalc_import_send(import, row, two, &failure));
	result = pcalc_import_finish(import, &failure);
	if (!result)
		fail_msg("%s", failure.message);
	counts = pcalc_import_counts_get(result);
	assert_int_equal(counts.rows, 2982);
	assert_int_equal(counts.inserted, 1);
	assert_int_equal(counts.unchanged, 1);
	assert_int_equal(counts.rejected, 2980);
	assert_int_equal(counts.sequence, 5);
	assert_int_equal(counts.import_id, 3);
	for (size_t i = 0; i < 2980; i++) {
		assert_true(pcalc_import_reject(result, i, &finding));
		assert_int_equal(finding.row, 20 + (int64_t)i);
		assert_string_equal(finding.reason, "DUPLICATE_USCC");
		assert_string_equal(finding.field, "uscc");
		assert_string_equal(finding.message, "also in row 10");
	}
	assert_false(pcalc_import_reject(result, 2980, &finding));
	assert_false(pcalc_import_warning(result, 0, &finding));
	pcalc_import_result_free(result);
	pcalc_import_free(import);
	pcalc_profile_free(one);
	pcalc_profile_free(two);
	pcalc_free(client);
}

static void test_options(void **state)
{
	static const char *const lists[] = { "dishonest", "wage_arrears" };
	struct pcalc_import_options all = { .supplier = "TELL",
		.date = "2026-03-01",
		.complete = lists,
		.complete_count = 2,
		.dry_run = true,
		.replace = true };
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_import *import = pcalc_import_open(client, &all, &failure);
	pcalc_import_result *result = pcalc_import_finish(import, &failure);
	struct pcalc_row_finding finding;

	assert_non_null(result);
	assert_int_equal(pcalc_import_counts_get(result).import_id, 0);
	assert_int_equal(pcalc_import_counts_get(result).warnings, 1);
	assert_true(pcalc_import_warning(result, 0, &finding));
	assert_string_equal(
			finding.message, "2026-03-01 ['dishonest', 'wage_arrears'] True True");
	pcalc_import_result_free(result);
	pcalc_import_free(import);
	pcalc_free(client);
}

/* Refused at once, refused at the end, given up, and a client that goes on after each. */
static void test_failures(void **state)
{
	struct pcalc_import_options wrong = { .supplier = "WRONG", .date = "2026-03-01" };
	struct pcalc_import_options late = { .supplier = "LATE", .date = "2026-03-01" };
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_profile *profile = firm(A, 7);
	pcalc_import *import;
	bool sent = true;

	import = pcalc_import_open(client, &wrong, &failure);
	assert_non_null(import);
	for (int64_t row = 1; sent && row < 1000000; row++)
		sent = pcalc_import_send(import, row, profile, &failure);
	assert_false(sent);
	assert_int_equal(failure.code, PCALC_INVALID_ARGUMENT);
	assert_string_equal(failure.message, "no such day");
	assert_null(pcalc_import_finish(import, &failure));
	pcalc_import_free(import);

	import = pcalc_import_open(client, &late, &failure);
	assert_true(pcalc_import_send(import, 1, profile, &failure));
	assert_null(pcalc_import_finish(import, &failure));
	assert_int_equal(failure.code, PCALC_UNAVAILABLE);
	pcalc_import_free(import);

	import = pcalc_import_open(client, &options, &failure);
	assert_true(pcalc_import_send(import, 1, profile, &failure));
	pcalc_import_free(import);
	pcalc_import_free(NULL);
	pcalc_import_result_free(NULL);
	pcalc_enterprise_free(NULL);

	import = pcalc_import_open(client, &options, &failure);
	assert_true(pcalc_import_send(import, 1, profile, &failure));
	pcalc_import_result_free(pcalc_import_finish(import, &failure));
	pcalc_import_free(import);
	pcalc_profile_free(profile);
	pcalc_free(client);
}

static void test_enterprise(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_enterprise *enterprise = pcalc_enterprise_get(client, A, 0, &failure);
	struct pcalc_known_fact fact;
	struct pcalc_known_entry entry;

	assert_non_null(enterprise);
	assert_string_equal(pcalc_enterprise_uscc(enterprise), A);
	assert_int_equal(pcalc_enterprise_sequence(enterprise), 5);
	assert_int_equal(pcalc_enterprise_fact_count(enterprise), 6);
	assert_true(pcalc_enterprise_fact(enterprise, 0, &fact));
	assert_string_equal(fact.name, "staff");
	assert_int_equal(fact.kind, PCALC_VALUE_COUNT);
	assert_int_equal(fact.integer, 7);
	assert_true(fact.not_on_list);
	assert_string_equal(fact.supplier, "三门峡市统计局");
	assert_string_equal(fact.imported_at, "2026-01-02T03:04:05Z");
	assert_true(pcalc_enterprise_fact(enterprise, 1, &fact));
	assert_string_equal(fact.period, "2025");
	assert_int_equal(fact.kind, PCALC_VALUE_MONEY);
	assert_int_equal(fact.integer, 380000000);
	assert_false(fact.not_on_list);
	assert_true(pcalc_enterprise_fact(enterprise, 2, &fact));
	assert_int_equal(fact.kind, PCALC_VALUE_CODES);
	assert_int_equal(fact.entry_count, 2);
	assert_true(pcalc_enterprise_fact_entry(enterprise, 2, 1, &entry));
	assert_string_equal(entry.code, "b");
	assert_false(pcalc_enterprise_fact_entry(enterprise, 2, 2, &entry));
	assert_true(pcalc_enterprise_fact(enterprise, 3, &fact));
	assert_int_equal(fact.kind, PCALC_VALUE_TITLES);
	assert_true(pcalc_enterprise_fact_entry(enterprise, 3, 0, &entry));
	assert_string_equal(entry.valid_until, "2027-12-31");
	assert_true(pcalc_enterprise_fact(enterprise, 4, &fact));
	assert_int_equal(fact.kind, PCALC_VALUE_COUNT_SERIES);
	assert_true(pcalc_enterprise_fact_entry(enterprise, 4, 1, &entry));
	assert_string_equal(entry.period, "2025");
	assert_int_equal(entry.value, 4);
	assert_true(pcalc_enterprise_fact(enterprise, 5, &fact));
	assert_string_equal(fact.list, "loans");
	assert_string_equal(fact.item_id, "l1");
	assert_string_equal(fact.supplier, "");
	assert_int_equal(fact.integer, 1);
	assert_false(pcalc_enterprise_fact(enterprise, 6, &fact));
	assert_false(pcalc_enterprise_fact_entry(enterprise, 0, 0, &entry));
	pcalc_enterprise_free(enterprise);
	assert_null(pcalc_enterprise_get(client, B, 0, &failure));
	assert_int_equal(failure.code, PCALC_NOT_FOUND);
	pcalc_free(client);
}

static void test_registry(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_registry *registry = pcalc_registry_get(client, &failure);
	struct pcalc_import_record record;

	if (!registry)
		fail_msg("%s", failure.message);
	assert_int_equal(pcalc_registry_enterprise_count(registry), 12345678);
	assert_int_equal(pcalc_registry_sequence(registry), 5);
	assert_int_equal(pcalc_registry_import_count(registry), 2);
	assert_true(pcalc_registry_import(registry, 0, &record));
	assert_int_equal(record.id, 3);
	assert_string_equal(record.supplier, "三门峡市统计局");
	assert_string_equal(record.date, "2026-01-01");
	assert_string_equal(record.started_at, "2026-01-02T23:04:05Z");
	assert_string_equal(record.finished_at, "2026-01-02T23:05:05Z");
	assert_int_equal(record.rows, 12345678);
	assert_int_equal(record.changed, 5);
	assert_int_equal(record.rejected, 2);
	assert_int_equal(record.sequence, 5);
	assert_int_equal(record.complete_count, 1);
	assert_string_equal(record.complete[0], "dishonest");
	assert_false(record.sample);
	assert_true(pcalc_registry_import(registry, 1, &record));
	assert_string_equal(record.finished_at, "");
	assert_int_equal(record.complete_count, 0);
	assert_true(record.sample);
	assert_false(pcalc_registry_import(registry, 2, &record));
	pcalc_registry_free(registry);
	pcalc_registry_free(NULL);
	pcalc_free(client);

	client = client_open("POLICYCALC_TEST_HTTP1");
	assert_null(pcalc_registry_get(client, &failure));
	assert_int_equal(failure.code, PCALC_UNAVAILABLE);
	pcalc_free(client);
}

static void test_counters(void **state)
{
	struct pcalc_counter_entry entries[] = {
		{ .name = "training", .date = "2026-03-01", .value = 40, .source = "科技局" },
		{ "411282", "docking", "2026-03-02", 2, "工信局" },
	};
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	int64_t sequence = 7;

	if (!pcalc_counters_add(client, entries, 2, &sequence, &failure))
		fail_msg("%s", failure.message);
	assert_int_equal(sequence, 42);
	/* Every field is sent, and one that is not given is empty. */
	entries[0].value = -40;
	assert_false(pcalc_counters_add(client, entries, 1, &sequence, &failure));
	assert_int_equal(failure.code, PCALC_INVALID_ARGUMENT);
	assert_string_equal(failure.message, "'' training 2026-03-01 科技局");
	entries[1].value = -2;
	assert_false(pcalc_counters_add(client, &entries[1], 1, &sequence, &failure));
	assert_string_equal(failure.message, "'411282' docking 2026-03-02 工信局");
	assert_int_equal(sequence, 42);
	pcalc_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_enterprise),
		cmocka_unit_test(test_registry),
		cmocka_unit_test(test_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

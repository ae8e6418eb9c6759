/* SPDX-License-Identifier: Apache-2.0 */
/* Revisions compared through the library, against the friendly server of fake_server.py. */
#include "fixture.h"

static void test_diff(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };
	pcalc_diff *diff = pcalc_catalog_diff(client, 3, 5, &failure);
	struct pcalc_field_change field;
	struct pcalc_change change;

	if (!diff)
		fail_msg("%s", failure.message);
	assert_int_equal(pcalc_diff_from(diff), 3);
	assert_int_equal(pcalc_diff_to(diff), 5);
	assert_int_equal(pcalc_diff_count(diff), 2);

	assert_true(pcalc_diff_get(diff, 0, &change));
	assert_int_equal(change.kind, PCALC_CHANGE_ADDED);
	assert_int_equal(change.entry, PCALC_ENTRY_POLICY);
	assert_string_equal(change.id, "p2");
	assert_string_equal(change.title.zh, "奖励");
	assert_int_equal(change.field_count, 0);
	assert_int_equal(change.affect_count, 0);
	assert_false(pcalc_diff_field(diff, 0, 0, &field));
	assert_null(pcalc_diff_affect(diff, 0, 0));

	assert_true(pcalc_diff_get(diff, 1, &change));
	assert_int_equal(change.kind, PCALC_CHANGE_CHANGED);
	assert_int_equal(change.entry, PCALC_ENTRY_PARAMETER);
	assert_int_equal(change.field_count, 2);
	assert_int_equal(change.affect_count, 2);
	assert_true(pcalc_diff_field(diff, 1, 0, &field));
	assert_string_equal(field.path, "values[2025-01-01].money_fen");
	assert_int_equal(field.kind, PCALC_CHANGE_CHANGED);
	assert_string_equal(field.before.zh, "100万元");
	assert_string_equal(field.before.en, "1,000,000 yuan");
	assert_string_equal(field.after.zh, "150万元");
	assert_string_equal(field.after.en, "1,500,000 yuan");
	assert_string_equal(field.label.en, "value");
	/* What reads the same in English is sent once. */
	assert_true(pcalc_diff_field(diff, 1, 1, &field));
	assert_int_equal(field.kind, PCALC_CHANGE_REMOVED);
	assert_string_equal(field.before.zh, "7");
	assert_string_equal(field.before.en, "7");
	assert_string_equal(field.after.zh, "");
	assert_string_equal(field.after.en, "");
	assert_false(pcalc_diff_field(diff, 1, 2, &field));
	assert_string_equal(pcalc_diff_affect(diff, 1, 0), "p1");
	assert_string_equal(pcalc_diff_affect(diff, 1, 1), "e.at_least_small");
	assert_null(pcalc_diff_affect(diff, 1, 2));

	assert_false(pcalc_diff_get(diff, 2, &change));
	assert_false(pcalc_diff_field(diff, 2, 0, &field));
	assert_null(pcalc_diff_affect(diff, 2, 0));
	pcalc_diff_free(diff);
	pcalc_free(client);
}

static void test_no_such_revision(void **state)
{
	pcalc_client *client = client_open("POLICYCALC_TEST_SERVER");
	struct pcalc_failure failure = { 0 };

	assert_null(pcalc_catalog_diff(client, 0, 99, &failure));
	assert_int_equal(failure.code, PCALC_NOT_FOUND);
	assert_string_equal(failure.message, "no revision 99");
	pcalc_diff_free(NULL);
	pcalc_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_no_such_revision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* First and last days: what is in force, and has a value, on exactly which of them. */
#include "publish_fixture.h"

#define P "parameters.yaml"
#define NEW "policies/rd-2024.yaml"
#define OLD "policies/rd-2020.yaml"

/* The parameter p.former, read by the old version alone, with one value until @until. */
static void former_add(struct fixture *fixture, const char *until)
{
	fixture_reset(fixture);
	fixture_replace(fixture, OLD, "until: 2023-12-31}", "until: not_stated}");
	fixture_replace(fixture, OLD, "e.staff >= p.least_staff", "e.staff >= p.former");
	fixture_replace(fixture, P, "parameters:\n",
			arena_format(&fixture->arena,
					"parameters:\n"
					"  - {name: former, type: COUNT, label: {zh: 旧下限}, "
					"values: "
					"[{from: 2020-01-01, until: %s, count: 5, source: "
					"{doc: 办法, "
					"confidence: SEED}}]}\n",
					until));
}

/* A version whose end nobody stated is in force until the day before the next one. */
static void test_next_version_ends_it(void **state)
{
	struct fixture *fixture = *state;
	struct error err;

	former_add(fixture, "2023-12-31");
	if (!fixture_check(fixture, false, &err))
		fail_msg("%s: %s", err.message, fixture_findings(fixture));
	former_add(fixture, "2023-12-30");
	assert_null(fixture_check(fixture, false, &err));
	if (!fixture_find(fixture, OLD, fixture_line(fixture, OLD, "p.former"),
			    "\"former\" has no value from 2023-12-31 to 2023-12-31"))
		fail_msg("%s", fixture_findings(fixture));
}

/* A value may hold on a single day, not on less. */
static void test_value_of_one_day(void **state)
{
	static const char *const lasts[] = { "2023-12-31", "2023-12-30" };
	struct fixture *fixture = *state;
	struct error err;

	for (int i = 0; i < 2; i++) {
		bool ok;

		fixture_reset(fixture);
		fixture_replace(fixture, P, "        until: 2023-12-31\n        count: 5\n",
				arena_format(&fixture->arena,
						"        until: 2023-12-30\n"
						"        count: 5\n"
						"        source: {doc: 办法, confidence: "
						"SEED}\n"
						"      - from: 2023-12-31\n"
						"        until: %s # of one day\n"
						"        count: 6\n",
						lasts[i]));
		ok = fixture_check(fixture, true, &err) != NULL;
		if (ok != (i == 0) || (!ok && !fixture_find(fixture, P,
							      fixture_line(fixture, P,
									      "# of one day"),
							      "before from")))
			fail_msg("until %s: %s", lasts[i], fixture_findings(fixture));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_next_version_ends_it),
		TEST(test_value_of_one_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of exclusions: who sits in one, and how often. */
#include "publish_fixture.h"

#include "base/arena.h"

#include <string.h>

#define NEW "policies/rd-2024.yaml"

/* A group that comes again and again is told of once for each time, however many there are. */
static void test_again(void **state)
{
	struct fixture *fixture = *state;
	size_t told = 0;
	struct error err;

	fixture_replace(fixture, NEW, "exclusions:\n",
			"exclusions:\n"
			"  - {group: rd, basis: ENTERPRISE_YEAR}\n"
			"  - {group: rd, basis: ENTERPRISE_YEAR}\n"
			"  - {group: other, basis: ENTERPRISE_YEAR, outside: [{zh: 别处}]}\n"
			"  - {group: rd, basis: ENTERPRISE_YEAR}\n");
	assert_null(fixture_check(fixture, false, &err));
	for (size_t i = 0; i < fixture->diagnostics.count; i++)
		told += strstr(fixture->diagnostics.list[i].message, "comes twice") != NULL;
	if (told != 3)
		fail_msg("%zu times: %s", told, fixture_findings(fixture));
}

/* Versions of one series are one member: two of them exclude nothing. */
static void test_versions(void **state)
{
	static const char only[] = "nothing else is in group \"pair\"";
	struct fixture *fixture = *state;
	struct error err;

	fixture_replace(fixture, NEW, "exclusions:\n",
			"exclusions:\n  - {group: pair, basis: ENTERPRISE_YEAR}\n");
	fixture_replace(fixture, "policies/rd-2020.yaml", "amount:\n",
			"exclusions:\n  - {group: pair, basis: ENTERPRISE_YEAR}\namount:\n");
	if (!fixture_check(fixture, false, &err))
		fail_msg("%s", fixture_findings(fixture));
	assert_non_null(fixture_find(fixture, NULL, 0, only));
	/* Of another series it is a second one. */
	fixture_replace(fixture, "policies/rd-2020.yaml", "series: rd\n", "series: rd-old\n");
	(void)fixture_check(fixture, false, &err);
	assert_null(fixture_find(fixture, NULL, 0, only));
	assert_null(fixture_find(fixture, NULL, 0, "group \"pair\" has only"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_again),
		TEST(test_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

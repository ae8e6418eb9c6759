/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong requests, each told with its path and without its value; and what a request can ask for. */
#include "fixture.h"
#include "proto/codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *dictionary;
static struct arena arena;
static struct case_file file;
static struct ruleset *ruleset;

static const char POLICIES[] = "policy a\nrequire e.staff >= 10\npays wan(1)\n"
			       "policy b\nrequire e.staff >= 10\npays wan(2)\n"
			       "policy c\nrequire e.staff >= 100\n"
			       "policy d\nrequire e.srdi\n"
			       "policy e1\nseries e\nforce 2020-01-01..2025-12-31\n"
			       "require e.staff >= 1\n"
			       "policy e2\nseries e\nforce 2026-01-01..\nrequire e.staff >= 1\n"
			       "policy f\nreview quality:\n";

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, (size_t)64 << 20);
	fixture_read(&file, &arena, dictionary, POLICIES);
	ruleset = fixture_compile(&file, NULL);
	return ruleset ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ruleset_unref(ruleset);
	arena_fini(&arena);
	return 0;
}

static Policycalc__V1__AttributeValue *value_of(
		Policycalc__V1__Profile *profile, const char *name)
{
	Policycalc__V1__AttributeValue *value =
			ARENA_NEW(&arena, Policycalc__V1__AttributeValue);
	Policycalc__V1__AttributeValue **list = ARENA_NEW_ARRAY(
			&arena, Policycalc__V1__AttributeValue *, profile->n_attributes + 1);

	policycalc__v1__attribute_value__init(value);
	value->name = (char *)name;
	value->value = ARENA_NEW(&arena, Policycalc__V1__Value);
	policycalc__v1__value__init(value->value);
	if (profile->n_attributes)
		memcpy(list, profile->attributes, profile->n_attributes * sizeof(*list));
	list[profile->n_attributes++] = value;
	profile->attributes = list;
	return value;
}

static bool match(const Policycalc__V1__MatchRequest *request, struct violations *violations,
		Policycalc__V1__MatchResponse **response, struct error *err)
{
	*response = NULL;
	return ruleset_match(ruleset, request, "2026-06-30", &arena, response, violations, err);
}

/* The one violation of a profile with one wrong attribute. */
static struct violation violation_of(Policycalc__V1__Profile *profile, bool strict)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	struct violations violations = { 0 };
	struct error err = { 0 };

	request.profile = profile;
	request.strict = strict;
	assert_false(match(&request, &violations, &response, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_int_equal(violations.count, 1);
	return violations.list[0];
}

static void wrong_count(void **state)
{
	Policycalc__V1__Profile *profile = fixture_profile(&file, "staff = 5");
	struct violation violation;

	(void)state;
	profile->attributes[0]->value->count = -7;
	violation = violation_of(profile, false);
	assert_string_equal(violation.field, "profile.attributes[0].value.count");
	assert_null(strstr(violation.description, "7"));
}

static void wrong_type_and_no_value(void **state)
{
	Policycalc__V1__Profile *profile = fixture_profile(&file, "");
	Policycalc__V1__AttributeValue *value = value_of(profile, "staff");
	struct violation violation = violation_of(profile, false);

	(void)state;
	assert_string_equal(violation.field, "profile.attributes[0].value");
	value->value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
	violation = violation_of(profile, false);
	assert_string_equal(violation.description, "count is expected here");
	value->value = NULL;
	(void)violation_of(profile, false);
}

static void wrong_day(void **state)
{
	Policycalc__V1__Profile *profile = fixture_profile(&file, "");
	Policycalc__V1__AttributeValue *value = value_of(profile, "registered_on");

	(void)state;
	value->value->kind_case = POLICYCALC__V1__VALUE__KIND_DATE;
	value->value->date = (char *)"2025-02-29";
	assert_string_equal(
			violation_of(profile, false).field, "profile.attributes[0].value.date");
	value->value->date = (char *)"2024-02-29";
	profile->date = (char *)"2026-13-01";
	assert_string_equal(violation_of(profile, false).field, "profile.date");
}

static void wrong_period(void **state)
{
	Policycalc__V1__Profile *profile = fixture_profile(&file, "revenue@2025 = 1万元");

	(void)state;
	profile->attributes[0]->period = (char *)"2025Q1";
	assert_string_equal(violation_of(profile, false).field, "profile.attributes[0].period");
	profile = fixture_profile(&file, "staff = 1");
	profile->attributes[0]->period = (char *)"2025";
	assert_string_equal(violation_of(profile, false).field, "profile.attributes[0].period");
}

static void twice(void **state)
{
	(void)state;
	assert_string_equal(violation_of(fixture_profile(&file, "staff = 1, staff = 2"), false)
					    .field,
			"profile.attributes[1].name");
	/* A bare value is one of the last full year. */
	assert_string_equal(violation_of(fixture_profile(&file,
							 "revenue = 1元, revenue@2025 = 2元"),
					    false)
					    .field,
			"profile.attributes[1].name");
}

static void wrong_code(void **state)
{
	Policycalc__V1__Profile *profile = fixture_profile(&file, "region = 411282");

	(void)state;
	profile->attributes[0]->value->code = (char *)"nowhere";
	assert_string_equal(
			violation_of(profile, false).field, "profile.attributes[0].value.code");
	profile = fixture_profile(&file, "industry = C31");
	profile->attributes[0]->value->code = (char *)"C3x";
	assert_string_equal(
			violation_of(profile, false).field, "profile.attributes[0].value.code");
}

static void wrong_lists(void **state)
{
	Policycalc__V1__Profile *profile = fixture_profile(&file, "");
	Policycalc__V1__Item item = POLICYCALC__V1__ITEM__INIT;
	Policycalc__V1__Item other = POLICYCALC__V1__ITEM__INIT;
	Policycalc__V1__Item *items[2] = { &item, &other };
	char *lists[1] = { (char *)"cars" };

	(void)state;
	profile->items = items;
	profile->n_items = 1;
	item.list = (char *)"cars";
	assert_string_equal(violation_of(profile, false).field, "profile.items[0].list");
	item.list = other.list = (char *)"loans";
	item.id = other.id = (char *)"x";
	profile->n_items = 2;
	assert_string_equal(violation_of(profile, false).field, "profile.items[1].id");
	profile->n_items = 0;
	profile->complete_lists = lists;
	profile->n_complete_lists = 1;
	assert_string_equal(violation_of(profile, false).field, "profile.complete_lists[0]");
}

static void wrong_uscc(void **state)
{
	Policycalc__V1__Profile *profile = fixture_profile(&file, "staff = 1");
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	struct error err = { 0 };

	(void)state;
	profile->uscc = (char *)"123";
	assert_string_equal(violation_of(profile, false).field, "profile.uscc");
	profile->uscc = (char *)"91350100M000100Y4Z";
	(void)violation_of(profile, false); /* Z is no character of it */
	profile->uscc = (char *)"91350211M0000XUF46";
	request.profile = profile;
	assert_true(match(&request, NULL, &response, &err));
	assert_int_equal(response->n_warnings, 1);
	assert_string_equal(response->warnings[0]->reason, "USCC_CHECK_DIGIT");
	profile->uscc = (char *)"91350100M000100Y43";
	assert_true(match(&request, NULL, &response, &err));
	assert_int_equal(response->n_warnings, 0);
}

static void unknown_names(void **state)
{
	Policycalc__V1__Profile *profile = fixture_profile(&file, "");
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	struct error err = { 0 };

	(void)state;
	value_of(profile, "staf");
	request.profile = profile;
	assert_true(match(&request, NULL, &response, &err));
	assert_string_equal(response->warnings[0]->reason, "UNKNOWN_ATTRIBUTE");
	assert_non_null(strstr(response->warnings[0]->message, "did you mean staff?"));
	assert_string_equal(violation_of(profile, true).field, "profile.attributes[0].name");
}

static void derived_differs(void **state)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	struct error err = { 0 };

	(void)state;
	request.profile = fixture_profile(&file, "growth = 5元, revenue@2025 = 9元, "
						 "revenue@2024 = 1元, tech_share = 10%, "
						 "tech_staff = 1, staff = 10");
	assert_true(match(&request, NULL, &response, &err));
	assert_int_equal(response->n_warnings, 1);
	assert_string_equal(response->warnings[0]->reason, "DERIVED_DIFFERS");
	assert_string_equal(response->warnings[0]->field, "profile.attributes[0].value");
}

static void all_violations(void **state)
{
	Policycalc__V1__Profile *profile = fixture_profile(&file, "staff = 1");
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	struct violations violations = { 0 };
	struct error err = { 0 };

	(void)state;
	profile->attributes[0]->value->count = -1;
	profile->uscc = (char *)"1";
	value_of(profile, "srdi");
	request.profile = profile;
	request.limit = -1;
	request.as_of = (char *)"2026-02-30";
	assert_false(match(&request, &violations, &response, &err));
	assert_int_equal(violations.count, 5);
}

static void too_many(void **state)
{
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	Policycalc__V1__AttributeValue value = POLICYCALC__V1__ATTRIBUTE_VALUE__INIT;
	Policycalc__V1__AttributeValue *list[1001];

	(void)state;
	for (size_t i = 0; i < 1001; i++)
		list[i] = &value;
	profile.attributes = list;
	profile.n_attributes = 1001;
	assert_string_equal(violation_of(&profile, false).field, "profile.attributes");
}

static void order_limit_filters(void **state)
{
	static const char *const expected[] = { "b", "a", "e2", "f", "d", "c" };
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	Policycalc__V1__Verdict eligible[1] = { POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE };
	char *names[2] = { (char *)"e", (char *)"c" };
	struct error err = { 0 };

	(void)state;
	request.profile = fixture_profile(&file, "staff = 50");
	assert_true(match(&request, NULL, &response, &err));
	assert_int_equal(response->n_answers, 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(response->answers[i]->policy_id, expected[i]);
	assert_int_equal(response->n_counts, 4);
	assert_int_equal(response->counts[0]->count, 3);
	assert_string_equal(response->as_of, "2026-06-30");
	request.limit = 2;
	request.verdicts = eligible;
	request.n_verdicts = 1;
	request.view = POLICYCALC__V1__VIEW__VIEW_ID;
	assert_true(match(&request, NULL, &response, &err));
	assert_int_equal(response->n_answers, 2);
	assert_null(response->answers[0]->title);
	assert_int_equal(response->counts[0]->count, 3);
	request.limit = 0;
	request.n_verdicts = 0;
	request.include_superseded = true;
	request.policies = names;
	request.n_policies = 2;
	assert_true(match(&request, NULL, &response, &err));
	assert_int_equal(response->n_answers, 3);
	names[0] = (char *)"none";
	assert_false(match(&request, NULL, &response, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

/* ELIGIBLE by amount, and of equal amounts by the order of the catalog, however many are sorted at once. */
static void order_of_many(void **state)
{
	static const size_t sizes[] = { 31, 32, 33, 63, 64, 65, 96, 97, 128, 129, 200, 500 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
		Policycalc__V1__MatchResponse *response;
		struct ruleset *many;
		struct case_file lines;
		struct arena own;
		struct error err = { 0 };
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		assert_non_null(out);
		for (size_t k = 0; k < sizes[i]; k++)
			(void)fprintf(out,
					"policy m%03zu\nrequire e.staff >= %zu\npays "
					"wan(%zu)\n",
					k, k % 3 ? (size_t)1 : (size_t)100, 1 + k * 7919 % 37);
		assert_int_equal(fclose(out), 0);
		arena_init(&own, (size_t)64 << 20);
		fixture_read(&lines, &own, dictionary, text);
		many = fixture_compile(&lines, NULL);
		assert_non_null(many);
		request.profile = fixture_profile(&lines, "staff = 50");
		assert_true(ruleset_match(
				many, &request, "2026-06-30", &own, &response, NULL, &err));
		assert_int_equal(response->n_answers, sizes[i]);
		for (size_t k = 1; k < sizes[i]; k++) {
			const Policycalc__V1__PolicyAnswer *first = response->answers[k - 1];
			const Policycalc__V1__PolicyAnswer *next = response->answers[k];

			assert_true(first->verdict >= next->verdict);
			if (first->verdict > next->verdict)
				continue;
			if (first->verdict == POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE)
				assert_true(first->amount->least_fen >=
						next->amount->least_fen);
			if (first->verdict != POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE ||
					first->amount->least_fen == next->amount->least_fen)
				assert_true(strcmp(first->policy_id, next->policy_id) < 0);
		}
		ruleset_unref(many);
		arena_fini(&own);
		free(text);
	}
}

static void nothing_known(void **state)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	struct error err = { 0 };

	(void)state;
	assert_true(match(&request, NULL, &response, &err));
	for (size_t i = 0; i < response->n_answers; i++)
		assert_int_not_equal(response->answers[i]->verdict,
				POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE);
}

static void same_bytes(void **state)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response;
	struct buffer first = { 0 };
	struct buffer second = { 0 };
	struct error err = { 0 };

	(void)state;
	request.profile = fixture_profile(&file, "staff = 50, industry = C31");
	request.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	assert_true(match(&request, NULL, &response, &err));
	assert_true(message_pack(&response->base, &first));
	assert_true(match(&request, NULL, &response, &err));
	assert_true(message_pack(&response->base, &second));
	assert_int_equal(first.size, second.size);
	assert_memory_equal(first.data, second.data, first.size);
	buffer_fini(&first);
	buffer_fini(&second);
}

/* Whatever the budget, there is a whole answer or an error. */
static void short_of_memory(void **state)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *response = NULL;
	struct error err = { 0 };
	bool ok = false;

	(void)state;
	request.profile = fixture_profile(&file, "staff = 50, titles = srdi:2027-01-01");
	request.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	for (size_t budget = 0; !ok && budget < ((size_t)1 << 20); budget += 4096) {
		struct arena small;

		arena_init(&small, budget);
		ok = ruleset_match(
				ruleset, &request, "2026-06-30", &small, &response, NULL, &err);
		if (!ok)
			assert_true(err.code == ERROR_LIMIT || err.code == ERROR_MEMORY);
		else
			assert_int_equal(response->n_answers, 6);
		arena_fini(&small);
	}
	assert_true(ok);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_count),
		cmocka_unit_test(wrong_type_and_no_value),
		cmocka_unit_test(wrong_day),
		cmocka_unit_test(wrong_period),
		cmocka_unit_test(twice),
		cmocka_unit_test(wrong_code),
		cmocka_unit_test(wrong_lists),
		cmocka_unit_test(wrong_uscc),
		cmocka_unit_test(unknown_names),
		cmocka_unit_test(derived_differs),
		cmocka_unit_test(all_violations),
		cmocka_unit_test(too_many),
		cmocka_unit_test(order_limit_filters),
		cmocka_unit_test(order_of_many),
		cmocka_unit_test(nothing_known),
		cmocka_unit_test(same_bytes),
		cmocka_unit_test(short_of_memory),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, setup, teardown);
}

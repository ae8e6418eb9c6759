/* SPDX-License-Identifier: Apache-2.0 */
/* Catalogs that do not compile, allocations that fail, and many days asked by many threads. */
#include "base/memory.h"
#include "calculator/answer_parts.h"
#include "fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *dictionary;

struct mistake {
	const char *lines;
	const char *expected; /* part of the first message */
};

static void mistakes(void **state)
{
	static const struct mistake table[] = {
		{ "policy x\nrequire e.staff >= wan(1)\n", "" },
		{ "policy x\nrequire e.nothing >= 1\n", "" },
		{ "policy x\nrequire e.staff\n", "" },
		{ "policy x\npays e.staff\n", "" },
		{ "policy x\nrequire i.invested > wan(1)\n", "" },
		{ "attribute a FLAG derived e.b\nattribute b FLAG derived e.a\n", "itself" },
		{ "attribute a FLAG derived e.a\n", "itself" },
		{ "attribute a RATIO ratio none / staff\n", "none" },
		{ "attribute staff COUNT\n", "twice" },
		{ "policy x\ncovers 999999\n", "no region" },
		{ "policy x\npays wan(1)\ntier wan(2)\n", "an amount has" },
		{ "policy x\ntier wan(2)\nquantity 3 of wan(1)\n", "an amount has" },
		{ "policy x\nquantity e.loss of wan(1)\n", "" },
		{ "policy x\nquantity e.staff of e.staff\n", "" },
		{ "policy x\ntier e.staff\n", "" },
		{ "policy x\nonce per person\npays wan(1)\n", "once_per" },
		{ "policy x\nsubject HIRE\nonce per pay\npays wan(1)\n", "once_per" },
		{ "policy x\nsubject HIRE\nonce per borrowed\npays wan(1)\n", "once_per" },
		{ "attribute a MONEY aggregate SUM projects\n", "has a field" },
		{ "attribute a MONEY aggregate SUM projects approved\n", "has a field" },
		{ "attribute a COUNT aggregate SUM projects invested\n", "type of its field" },
		{ "attribute a MONEY aggregate COUNT projects\n", "type COUNT" },
		{ "attribute a MONEY aggregate MAX projects invested\n", "when_empty" },
		{ "attribute a COUNT aggregate COUNT staff\n", "projects, loans or hires" },
		{ "attribute a COUNT of hires aggregate COUNT projects\n",
				"of the enterprise" },
		{ "attribute a COUNT aggregate COUNT projects where i.pay > 0\n", "" },
		{ "attribute a COUNT aggregate COUNT projects where e.a > 0\n", "itself" },
		{ "attribute d MONEY of projects derived i.invested * 2\n"
		  "attribute a MONEY aggregate SUM projects d\n",
				"not derived" },
		{ "attribute d FLAG of projects derived i.invested > 0\n"
		  "attribute a COUNT aggregate COUNT projects where i.d\n",
				"which is derived" },
		{ "policy x\nrequire list.sum(e.power_y2) > 0\n", "" },
		{ "policy x\nrequire list.sum(e.power_quarter_p2) > 0\n", "" },
		{ "policy x\nrequire list.sum(e.revenue_quarter) > 0\n", "" },
		{ "policy x\npays wan(1)\nbase e.loss\nrate 1\n", "an amount has" },
		{ "policy x\nbase e.loss\n", "an amount has" },
		{ "policy x\nbase e.loss\nbracket rate 5\nbracket rate 5\n", "last bracket" },
		{ "policy x\nrequire e.staff >= 1\npolicy x\n", "twice" },
		{ "region 411299 COUNTY 419999 nowhere\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct arena arena;
		struct case_file file;
		const char *mistake = NULL;
		struct ruleset *ruleset;

		arena_init(&arena, (size_t)16 << 20);
		fixture_read(&file, &arena, dictionary, table[i].lines);
		ruleset = fixture_compile(&file, &mistake);
		if (ruleset)
			fail_msg("compiled: %s", table[i].lines);
		assert_non_null(mistake);
		if (!strstr(mistake, table[i].expected))
			fail_msg("%s: %s", table[i].lines, mistake);
		arena_fini(&arena);
	}
}

static const char VERSIONS[] =
		"policy v1\nseries v\nforce ..2020-12-31\nrequire e.staff >= 1\n"
		"policy v2\nseries v\nforce 2021-01-01..2022-12-31\n"
		"require e.staff >= 1\n"
		"policy v3\nseries v\nforce 2023-01-01..\nrequire e.staff >= 1\n";

static const char KNOWN[] =
		"policy k1\nseries k\nforce ..not_stated known by 2020-05-01\n"
		"require e.staff >= 1\n"
		"policy k2\nseries k\nforce .. known by 2023-01-31\nrequire e.staff >= 1\n";

/* The earliest day on which a rule is known is where it begins, and parts two epochs. */
static void known_by(void **state)
{
	static const struct {
		const char *day;
		Policycalc__V1__Verdict first, second;
	} days[] = {
		{ "2020-04-30", POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN,
				POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN },
		{ "2020-05-01", POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE,
				POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN },
		{ "2023-01-30", POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE,
				POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN },
		{ "2023-01-31", POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN,
				POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE },
	};
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	Policycalc__V1__Availability *availability;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	fixture_read(&file, &arena, dictionary, KNOWN);
	ruleset = fixture_compile(&file, NULL);
	assert_non_null(ruleset);
	assert_null(ruleset_find_version(ruleset, "k", "2020-04-30"));
	assert_string_equal(ruleset_find_version(ruleset, "k", "2020-05-01")->id, "k1");
	assert_string_equal(ruleset_find_version(ruleset, "k", "2023-01-30")->id, "k1");
	assert_string_equal(ruleset_find_version(ruleset, "k", "2023-01-31")->id, "k2");
	availability = ruleset_availability(
			ruleset, ruleset_find_policy(ruleset, "k2"), "2022-06-01", &arena);
	assert_int_equal(availability->state,
			POLICYCALC__V1__AVAILABILITY__STATE__STATE_NOT_YET);
	assert_string_equal(availability->date, "2023-01-31");
	assert_true(availability->begin_not_stated);
	/* One day after the other, so that an epoch that lasts too long would be asked again. */
	for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
		Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
		Policycalc__V1__MatchResponse *response;
		char *policies[] = { (char *)"k1", (char *)"k2" };

		request.profile = fixture_profile(&file, "staff = 3");
		request.as_of = (char *)days[i].day;
		request.policies = policies;
		request.n_policies = 2;
		assert_true(ruleset_match(ruleset, &request, "2026-01-01", &arena, &response,
				NULL, NULL));
		assert_int_equal(response->n_answers, 2);
		for (size_t k = 0; k < 2; k++)
			assert_int_equal(response->answers[k]->verdict,
					response->answers[k]->policy_id[1] == '1'
							? days[i].first
							: days[i].second);
	}
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

static void finds(void **state)
{
	struct arena arena;
	struct case_file file;
	struct ruleset *ruleset;
	Policycalc__V1__Availability *availability;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	fixture_read(&file, &arena, dictionary, VERSIONS);
	ruleset = fixture_compile(&file, NULL);
	assert_non_null(ruleset);
	assert_string_equal(ruleset_find_version(ruleset, "v", "2020-12-31")->id, "v1");
	assert_string_equal(ruleset_find_version(ruleset, "v", "2021-01-01")->id, "v2");
	assert_string_equal(ruleset_find_version(ruleset, "v", "2030-01-01")->id, "v3");
	assert_null(ruleset_find_version(ruleset, "w", "2030-01-01"));
	assert_null(ruleset_find_version(ruleset, "v", "2030-02-30"));
	assert_null(ruleset_find_policy(ruleset, "v"));
	assert_non_null(ruleset_find_attribute(ruleset, "staff", ""));
	assert_null(ruleset_find_attribute(ruleset, "staff", "loans"));
	assert_non_null(ruleset_find_attribute(ruleset, "borrowed", "loans"));
	assert_null(ruleset_find_attribute(ruleset, "staff", "cars"));
	assert_non_null(ruleset_find_parameter(ruleset, "rd_least"));
	availability = ruleset_availability(
			ruleset, ruleset_find_policy(ruleset, "v2"), "2024-01-01", &arena);
	assert_int_equal(availability->state,
			POLICYCALC__V1__AVAILABILITY__STATE__STATE_SUPERSEDED);
	assert_string_equal(availability->superseded_by, "v3");
	assert_int_equal(ruleset_catalog(ruleset)->policy_count, 3);
	ruleset_unref(ruleset_ref(ruleset));
	ruleset_unref(ruleset);
	ruleset_unref(NULL);
	arena_fini(&arena);
}

/* Every allocation fails in turn: compiling and the first question end in an error, or succeed. */
static void failing_allocations(void **state)
{
	struct arena arena;
	struct case_file file;
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	bool done = false;

	(void)state;
	arena_init(&arena, (size_t)256 << 20);
	fixture_read(&file, &arena, dictionary, VERSIONS);
	request.profile = fixture_profile(&file, "staff = 3");
	file.catalog.content_hash = "";
	for (unsigned long nth = 1; !done; nth++) {
		struct arena call;
		struct diagnostics diagnostics;
		struct error err = { 0 };
		struct ruleset *ruleset;
		Policycalc__V1__MatchResponse *response;

		arena_init(&call, (size_t)16 << 20);
		diagnostics_init(&diagnostics, &call);
		(void)memory_fail_nth(nth, 0);
		ruleset = ruleset_new(&file.catalog, NULL, NULL, &diagnostics, &err);
		done = ruleset && ruleset_match(ruleset, &request, "2026-01-01", &call,
						  &response, NULL, &err);
		if (memory_fail_nth(0, 0) < nth)
			assert_true(done);
		if (!done)
			assert_int_not_equal(err.code, ERROR_NONE);
		ruleset_unref(ruleset);
		arena_fini(&call);
		assert_true(nth < 100000);
	}
	arena_fini(&arena);
}

/* More epochs than the cache keeps, from several threads at once. */
#define THREADS 4
#define DAYS 40
#define ROUNDS 25

struct asker {
	struct ruleset *ruleset;
	Policycalc__V1__Profile *profile;
	unsigned seed;
	unsigned wrong;
};

static void *on_ask(void *context)
{
	struct asker *asker = context;

	for (unsigned round = 0; round < ROUNDS * DAYS; round++) {
		Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
		Policycalc__V1__MatchResponse *response;
		unsigned day = (round * 7 + asker->seed * 11) % DAYS;
		struct arena call;
		char as_of[32];

		arena_init(&call, (size_t)1 << 20);
		snprintf(as_of, sizeof(as_of), "20%02u-06-01", 20 + day);
		request.profile = asker->profile;
		request.as_of = as_of;
		/* The parameter of year n is n: met in the years up to the firm's staff. */
		if (!ruleset_match(asker->ruleset, &request, "2026-01-01", &call, &response,
				    NULL, NULL) ||
				response->answers[0]->verdict !=
						(day <= 20 ? POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE
							   : POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE))
			asker->wrong++;
		arena_fini(&call);
	}
	return NULL;
}

static void many_days(void **state)
{
	struct arena arena;
	struct case_file file;
	pthread_t threads[THREADS];
	struct asker askers[THREADS];
	char lines[8192] = "policy x\nwindow always\nrequire e.staff >= p.year\n";
	size_t used = strlen(lines);
	struct ruleset *ruleset;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	for (unsigned i = 0; i < DAYS; i++)
		used += (size_t)snprintf(lines + used, sizeof(lines) - used,
				"parameter year COUNT %u from 20%02u-01-01 until "
				"20%02u-12-31\n",
				i, 20 + i, 20 + i);
	fixture_read(&file, &arena, dictionary, lines);
	ruleset = fixture_compile(&file, NULL);
	assert_non_null(ruleset);
	for (unsigned i = 0; i < THREADS; i++) {
		askers[i] = (struct asker){ ruleset, fixture_profile(&file, "staff = 20"), i,
			0 };
		assert_int_equal(pthread_create(&threads[i], NULL, on_ask, &askers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(askers[i].wrong, 0);
	}
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

static const char head_of_x[] = "\x0a\x01x\x12\x01x"; /* fields 1 and 2, id and series */

struct teller {
	struct ruleset *ruleset;
	const struct answer_parts *parts;
	struct slice head; /* as it was when they were had */
	struct arena arena;
};

static void *on_tell(void *argument)
{
	struct teller *teller = argument;

	teller->parts = answer_parts_get(teller->ruleset, 0, &teller->arena);
	if (teller->parts)
		teller->head = (struct slice){ arena_copy(&teller->arena,
							       teller->parts->head.data,
							       teller->parts->head.size),
			teller->parts->head.size };
	return NULL;
}

/* All threads have the same parts, whoever is first; they count as the ruleset's memory, once. */
static void parts_are_shared(void **state)
{
	static const char policy[] = "policy x\nwindow always\nrequire e.staff >= 1\n";
	struct teller tellers[THREADS];
	pthread_t threads[THREADS];
	struct arena arena;

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct case_file file;
		struct ruleset *ruleset;
		size_t before;

		arena_init(&arena, (size_t)16 << 20);
		fixture_read(&file, &arena, dictionary, policy);
		ruleset = fixture_compile(&file, NULL);
		assert_non_null(ruleset);
		before = ruleset_size(ruleset);
		for (unsigned i = 0; i < THREADS; i++) {
			tellers[i] = (struct teller){ .ruleset = ruleset };
			arena_init(&tellers[i].arena, (size_t)1 << 20);
			assert_int_equal(
					pthread_create(&threads[i], NULL, on_tell, &tellers[i]),
					0);
		}
		for (unsigned i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		for (unsigned i = 0; i < THREADS; i++) {
			assert_ptr_equal(tellers[i].parts, tellers[0].parts);
			assert_int_equal(tellers[i].head.size, sizeof(head_of_x) - 1);
			assert_memory_equal(
					tellers[i].head.data, head_of_x, sizeof(head_of_x) - 1);
			arena_fini(&tellers[i].arena);
		}
		assert_int_equal(ruleset_size(ruleset) - before,
				sizeof(struct answer_parts) + tellers[0].parts->head.size +
						tellers[0].parts->middle.size +
						tellers[0].parts->marks.size +
						tellers[0].parts->summary.size);
		ruleset_unref(ruleset);
		arena_fini(&arena);
	}
}

/* Without memory of the machine they are made in the call's; the next call has them for good. */
static void parts_without_memory(void **state)
{
	struct arena arena, call;
	struct case_file file;
	struct ruleset *ruleset;
	const struct answer_parts *parts;
	unsigned refused = 0;
	size_t before;

	(void)state;
	arena_init(&arena, (size_t)16 << 20);
	arena_init(&call, (size_t)1 << 20);
	fixture_read(&file, &arena, dictionary,
			"policy x\nwindow always\nrequire e.staff >= 1\n");
	ruleset = fixture_compile(&file, NULL);
	assert_non_null(ruleset);
	before = ruleset_size(ruleset);
	assert_non_null(arena_alloc(&call, 3000)); /* its block is there */
	for (unsigned long nth = 1;; nth++) {
		(void)memory_fail_nth(nth, 1);
		parts = answer_parts_get(ruleset, 0, &call);
		(void)memory_fail_nth(0, 0);
		if (ruleset_size(ruleset) > before)
			break;
		if (parts)
			assert_memory_equal(parts->head.data, head_of_x, sizeof(head_of_x) - 1);
		assert_true(nth < 20);
		refused += !parts;
		arena_reset(&call);
	}
	assert_true(refused > 0);
	assert_non_null(parts);
	assert_ptr_equal(answer_parts_get(ruleset, 0, &call), parts);
	ruleset_unref(ruleset);
	arena_fini(&call);
	arena_fini(&arena);
}

/*
 * A series is found by its name, whether a policy of it has that name too, and was met before it or behind it, or one
 * of another series has, or none.
 */
static void series_found(void **state)
{
	static const char lines[] = "policy a\n"
				    "policy a2\nseries a\n"
				    "policy b0\nseries c\n"
				    "policy c\n"
				    "policy c2\nseries c\n"
				    "policy d\nseries e\n"
				    "policy e\nseries f\n"
				    "policy g\n";
	static const struct {
		const char *name, *ids;
	} table[] = { { "a", "a a2" }, { "c", "b0 c c2" }, { "e", "d" }, { "f", "e" },
		{ "g", "g" }, { "a2", "" }, { "b0", "" }, { "d", "" }, { "x", "" },
		{ "", "" } };
	struct ruleset *ruleset;
	struct case_file file;
	struct arena arena;
	const char *mistake = "";

	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	fixture_read(&file, &arena, dictionary, lines);
	ruleset = fixture_compile(&file, &mistake);
	if (!ruleset)
		fail_msg("%s", mistake);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct series *series =
				ruleset_find_series(ruleset, slice_from(table[i].name));
		const char *ids = "";

		for (size_t k = 0; series && k < series->count; k++)
			ids = arena_format(&arena, "%s%s%s", ids, k ? " " : "",
					ruleset->catalog.policies[series->policies[k]]->id);
		assert_string_equal(ids, table[i].ids);
		if (series)
			assert_string_equal(series->name, table[i].name);
	}
	ruleset_unref(ruleset);
	arena_fini(&arena);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes),
		cmocka_unit_test(series_found),
		cmocka_unit_test(finds),
		cmocka_unit_test(known_by),
		cmocka_unit_test(failing_allocations),
		cmocka_unit_test(many_days),
		cmocka_unit_test(parts_are_shared),
		cmocka_unit_test(parts_without_memory),
	};

	if (argc < 2)
		return 2;
	dictionary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

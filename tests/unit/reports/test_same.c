/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports out of columns, on one thread and on several, against the same made of the whole answer of
 * every firm: random firms, some of which the catalog refuses, under random choices of its policies, on
 * several days.
 *
 * usage: test_same STARTER [FIRMS]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "effort.h"
#include "firms.h"
#include "slow_report.h"

#include "proto/codec/codec.h"
#include "reports/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND(word) POLICYCALC__V1__REPORT_KIND__REPORT_KIND_##word
#define CHOSEN_MOST 12
#define FIRMS_USUAL 1500

static const char *starter;
static int64_t firm_count;
/* Ids lie apart, so that a few firms are in several blocks. */
static int64_t apart = 8;

struct fixture {
	struct firms firms;
	struct rows_source source;
	struct crew *crew;
	uint64_t random;
};

static uint64_t random_next(struct fixture *fixture)
{
	fixture->random ^= fixture->random << 13;
	fixture->random ^= fixture->random >> 7;
	fixture->random ^= fixture->random << 17;
	return fixture->random;
}

/* --- the world -------------------------------------------------------------------------------- */

static bool on_state(void *context, int64_t at, int64_t *out_sequence, int64_t *out_last_id,
		struct error *err)
{
	const struct fixture *fixture = context;

	(void)at;
	(void)err;
	*out_sequence = 1;
	*out_last_id = firms_last_id(&fixture->firms);
	return true;
}

static bool on_imports(void *context,
		bool (*import)(void *import_context, const struct rows_import *import,
				struct error *err),
		void *import_context, struct error *err)
{
	(void)context;
	(void)import;
	(void)import_context;
	(void)err;
	return true;
}

static bool on_counters(void *context, const char *region, int64_t sequence,
		bool (*row)(void *row_context, const struct counter_row *row,
				struct error *err),
		void *row_context, struct error *err)
{
	(void)context;
	(void)region;
	(void)sequence;
	(void)row;
	(void)row_context;
	(void)err;
	return true;
}

static bool on_progress(void *context, int64_t done, int64_t total)
{
	(void)context;
	assert_true(done <= total);
	return true;
}

static bool on_told(void *context, const struct area *area, const char *day,
		Policycalc__V1__PushReport *report, struct error *err)
{
	(void)context;
	(void)area;
	(void)day;
	(void)report;
	(void)err;
	return true;
}

/* One in fifty has a figure below zero where none may be, or a code that nobody knows. */
static void make_some_wrong(struct fixture *fixture)
{
	struct firms *firms = &fixture->firms;

	for (int64_t i = 0; i < firms->count; i += 50) {
		Policycalc__V1__Profile *profile = firms->profiles[i];

		for (size_t k = 0; k < profile->n_attributes; k++) {
			Policycalc__V1__Value *value = profile->attributes[k]->value;

			if (value->kind_case != POLICYCALC__V1__VALUE__KIND_CODE ||
					random_next(fixture) % 2)
				continue;
			value->code = (char *)"no such code";
			break;
		}
	}
}

static Policycalc__V1__Value *fact_put(
		struct firms *firms, Policycalc__V1__Profile *profile, const char *name)
{
	Policycalc__V1__AttributeValue **list = ARENA_NEW_ARRAY(&firms->arena,
			Policycalc__V1__AttributeValue *, profile->n_attributes + 1);
	Policycalc__V1__AttributeValue *fact =
			ARENA_NEW(&firms->arena, Policycalc__V1__AttributeValue);
	size_t count = 0;

	for (size_t i = 0; i < profile->n_attributes; i++)
		if (strcmp(profile->attributes[i]->name, name) != 0)
			list[count++] = profile->attributes[i];
	policycalc__v1__attribute_value__init(fact);
	fact->name = (char *)(uintptr_t)name;
	fact->value = ARENA_NEW(&firms->arena, Policycalc__V1__Value);
	policycalc__v1__value__init(fact->value);
	list[count++] = fact;
	profile->attributes = list;
	profile->n_attributes = count;
	return fact->value;
}

/* Each has a code of its own, and one in three is in the library of the statistics. */
static void make_some_of_the_library(struct firms *firms)
{
	for (int64_t i = 0; i < firms->count; i++) {
		Policycalc__V1__Profile *profile = firms->profiles[i];
		Policycalc__V1__Value *value;

		profile->uscc = arena_format(&firms->arena, "9141%014lld", (long long)i);
		if (i % 3)
			continue;
		value = fact_put(firms, profile, "in_statistics_library");
		value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
		value->flag = true;
		value = fact_put(firms, profile, "statistical_region");
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODE;
		value->code = (char *)(i % 2 ? "411224" : "411281");
	}
}

static int setup(void **state)
{
	struct fixture *fixture = test_calloc(1, sizeof(*fixture));
	struct error err = { 0 };

	fixture->random = 20261127;
	firms_init(&fixture->firms, starter, firm_count, 55, 2, 8);
	firms_spread(&fixture->firms, apart);
	make_some_of_the_library(&fixture->firms);
	make_some_wrong(fixture);
	fixture->crew = crew_new(3, &err);
	assert_non_null(fixture->crew);
	fixture->source = (struct rows_source){
		.context = fixture,
		.columns = fixture->firms.cache,
		.state = on_state,
		.imports = on_imports,
		.counters = on_counters,
		.progress = on_progress,
	};
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	crew_free(fixture->crew);
	firms_fini(&fixture->firms);
	test_free(fixture);
	return 0;
}

/* --- comparing -------------------------------------------------------------------------------- */

static int compare_conditions(const void *a, const void *b)
{
	return strcmp((*(Policycalc__V1__BlockedCondition *const *)a)->id,
			(*(Policycalc__V1__BlockedCondition *const *)b)->id);
}

/* Answers tell the conditions of items in the order in which firms come. */
static void conditions_sort(Policycalc__V1__GetReportResponse *response)
{
	for (size_t i = 0; i < response->blocked->n_policies; i++) {
		Policycalc__V1__BlockedPolicy *policy = response->blocked->policies[i];

		qsort(policy->conditions, policy->n_conditions, sizeof(*policy->conditions),
				compare_conditions);
	}
}

static Policycalc__V1__ReportHead *head_of(const Policycalc__V1__GetReportResponse *response)
{
	return response->part_case == POLICYCALC__V1__GET_REPORT_RESPONSE__PART_BLOCKED
			       ? response->blocked->head
	       : response->part_case == POLICYCALC__V1__GET_REPORT_RESPONSE__PART_UNCLAIMED
			       ? response->unclaimed->head
			       : response->push->head;
}

static struct buffer report_bytes(const Policycalc__V1__GetReportResponse *response)
{
	struct buffer bytes = { 0 };

	assert_true(message_pack(&response->base, &bytes));
	return bytes;
}

static void assert_same_bytes(const Policycalc__V1__GetReportResponse *a,
		const Policycalc__V1__GetReportResponse *b)
{
	struct buffer left = report_bytes(a);
	struct buffer right = report_bytes(b);

	assert_int_equal(left.size, right.size);
	assert_memory_equal(left.data, right.data, left.size);
	buffer_fini(&left);
	buffer_fini(&right);
}

static void make(struct fixture *fixture, const Policycalc__V1__GetReportRequest *request,
		struct crew *crew, struct arena *arena,
		Policycalc__V1__GetReportResponse *out_response)
{
	struct report_base base = {
		.ruleset = fixture->firms.ruleset,
		.source = &fixture->source,
		.request = request,
		.today = "2026-12-31",
		.arena = arena,
		.told = on_told,
	};
	struct error err = { 0 };

	fixture->source.crew = crew;
	if (!report_make(&base, out_response, &err))
		fail_msg("%s", err.message);
}

static void assert_same(
		struct fixture *fixture, const Policycalc__V1__GetReportRequest *request)
{
	const struct slow_world world = { fixture->firms.ruleset, fixture->firms.profiles,
		fixture->firms.count };
	Policycalc__V1__GetReportResponse alone, together, slow;
	Policycalc__V1__ReportHead *head;
	struct arena arena;

	arena_init(&arena, (size_t)1 << 30);
	make(fixture, request, NULL, &arena, &alone);
	make(fixture, request, fixture->crew, &arena, &together);
	assert_same_bytes(&alone, &together);
	slow_report(&world, request, &arena, &slow);
	head = head_of(&alone);
	assert_true(head->enterprise_count > 0);
	assert_int_equal(head->enterprise_count, head_of(&slow)->enterprise_count);
	assert_int_equal(head->unread_count, head_of(&slow)->unread_count);
	assert_true(head->unread_count > 0);
	*head_of(&slow) = *head;
	if (request->kind == KIND(BLOCKED)) {
		conditions_sort(&alone);
		conditions_sort(&slow);
	}
	assert_same_bytes(&alone, &slow);
	arena_fini(&arena);
}

/* Some policies, by id or series. */
static void policies_choose(
		struct fixture *fixture, Policycalc__V1__GetReportRequest *request, char **room)
{
	const struct catalog *catalog = ruleset_catalog(fixture->firms.ruleset);

	request->policies = room;
	request->n_policies = 1 + random_next(fixture) % CHOSEN_MOST;
	for (size_t i = 0; i < request->n_policies; i++) {
		const Policycalc__V1__Policy *policy =
				catalog->policies[random_next(fixture) % catalog->policy_count];

		room[i] = random_next(fixture) % 2 ? policy->id : policy->series;
	}
}

static void kind_is_the_same(struct fixture *fixture, Policycalc__V1__ReportKind kind)
{
	static const char *const days[] = { "2026-06-01", "2025-03-31", "2026-12-15" };

	for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
		Policycalc__V1__GetReportRequest request =
				POLICYCALC__V1__GET_REPORT_REQUEST__INIT;
		char *room[CHOSEN_MOST];

		request.kind = kind;
		request.as_of = (char *)(uintptr_t)days[i];
		request.sequence = 1;
		if (i > 0)
			policies_choose(fixture, &request, room);
		assert_same(fixture, &request);
	}
}

/* --- tests ------------------------------------------------------------------------------------ */

static void blocked_is_the_same(void **state)
{
	kind_is_the_same(*state, KIND(BLOCKED));
}

static void unclaimed_is_the_same(void **state)
{
	kind_is_the_same(*state, KIND(UNCLAIMED));
}

static void negatives_are_the_same(void **state)
{
	kind_is_the_same(*state, KIND(PUSH));
}

static void opens_the_same(struct fixture *fixture, const char *day)
{
	Policycalc__V1__GetReportRequest request = POLICYCALC__V1__GET_REPORT_REQUEST__INIT;
	Policycalc__V1__GetReportResponse alone, together;
	struct arena arena;
	size_t opened = 0;

	request.kind = KIND(COVERAGE);
	request.as_of = (char *)(uintptr_t)day;
	request.sequence = 1;
	request.draft = request.names = true;
	arena_init(&arena, (size_t)1 << 30);
	make(fixture, &request, NULL, &arena, &alone);
	make(fixture, &request, fixture->crew, &arena, &together);
	assert_same_bytes(&alone, &together);
	assert_true(alone.coverage->n_firms > 0);
	for (size_t i = 0; i < alone.coverage->n_firms; i++) {
		const Policycalc__V1__UncoveredFirm *firm = alone.coverage->firms[i];
		size_t count;

		assert_true(slow_opens_the_same(fixture->firms.ruleset,
				fixture->firms.profiles[atoll(firm->uscc + 4)], day, firm,
				&count));
		opened += count;
	}
	assert_true(opened > 0);
	arena_fini(&arena);
}

/* On a day of today's policies, and of those that ask for a budget and for what was deducted. */
static void what_opens_is_the_same(void **state)
{
	opens_the_same(*state, FIRMS_DAY);
	opens_the_same(*state, "2019-06-01");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocked_is_the_same),
		cmocka_unit_test(unclaimed_is_the_same),
		cmocka_unit_test(negatives_are_the_same),
		cmocka_unit_test(what_opens_is_the_same),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: test_same STARTER [FIRMS]\n");
		return 2;
	}
	starter = argv[1];
	firm_count = argc > 2 ? atoll(argv[2]) : effort(FIRMS_USUAL, FIRMS_USUAL);
	apart = apart * FIRMS_USUAL / firm_count;
	return cmocka_run_group_tests(tests, setup, teardown);
}

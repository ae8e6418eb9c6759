/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports over a registry with a past, whose clock the test sets: months before, the last December,
 * firms that come and go, values that come late, counters, and the same report again.
 *
 * usage: test_report STARTER_DIR
 */
#include "report_world.h"

#include "base/memory.h"
#include "proto/codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firms.h"

#define KIND(word) POLICYCALC__V1__REPORT_KIND__REPORT_KIND_##word
#define REASON(word) POLICYCALC__V1__UNCOVERED_REASON__UNCOVERED_REASON_##word
#define TODAY "2026-10-31"

static bool no_ledger(void *context, const struct area *area, const char *day,
		Policycalc__V1__PushReport *report, struct error *err)
{
	(void)area;
	(void)err;
	assert_string_equal(day, context);
	report->n_policies = 0;
	return true;
}

static bool make(struct world *world, const Policycalc__V1__GetReportRequest *request,
		Policycalc__V1__GetReportResponse *response, struct error *err)
{
	const struct report_base base = { world->ruleset, &world->source, request, TODAY,
		&world->arena, no_ledger, (void *)(uintptr_t)TODAY };

	world->done = 0;
	return report_make(&base, response, err);
}

static Policycalc__V1__CoverageReport *coverage(
		struct world *world, const char *as_of, int64_t sequence)
{
	Policycalc__V1__GetReportRequest request = POLICYCALC__V1__GET_REPORT_REQUEST__INIT;
	Policycalc__V1__GetReportResponse response;
	struct error err = { 0 };

	request.kind = KIND(COVERAGE);
	request.as_of = arena_copy_text(&world->arena, as_of);
	request.sequence = sequence;
	request.names = true;
	if (!make(world, &request, &response, &err))
		fail_msg("%s", err.message);
	assert_int_equal(
			response.part_case, POLICYCALC__V1__GET_REPORT_RESPONSE__PART_COVERAGE);
	return response.coverage;
}

static void fill_year(struct world *world)
{
	world_begin(world, "2025-12-20", "2025-12-01");
	world_set_firms(world, 1, 10, "411224", 5);  /* Lushi */
	world_set_firms(world, 11, 10, "411281", 8); /* Yima */
	world_begin(world, "2026-09-10", "2026-09-01");
	world_set_firms(world, 1, 6, "411224", 6);
	world_begin(world, "2026-10-15", "2026-10-01");
	world_set_firms(world, 1, 8, "411224", 8);
	world_set_firm(world, 11, "411281", false);
	world_set_firm(world, 21, "411281", false); /* new in the library */
	world->changes[world->change_count++] = (struct change){ world->sequence, 20, NULL };
}

/* --- tests ------------------------------------------------------------------------------------ */

static void months_and_december(void **state)
{
	struct world *world = *state;
	const Policycalc__V1__CoverageReport *report;
	const Policycalc__V1__CoverageUnit *unit;
	const Policycalc__V1__CoverageTrend *trend;

	fill_year(world);
	report = coverage(world, "", 0);
	assert_string_equal(report->month, "2026-10");
	assert_string_equal(report->head->as_of, TODAY);
	assert_int_equal(report->head->sequence, 3);
	/* 8 + 7 of 10 + 10 now, 6 + 8 of 20 in September, 5 + 8 of 20 in December. */
	assert_int_equal(report->city->count->covered, 15);
	assert_int_equal(report->city->month_change, 50);
	assert_int_equal(report->city->december_change, 100);
	assert_int_equal(report->city->start_permille, 140);
	unit = report->units[0];
	assert_string_equal(unit->code, "411224");
	assert_int_equal(unit->rank, 1);
	assert_int_equal(unit->rank_change, 1);
	assert_int_equal(unit->month_change, 200);
	assert_int_equal(unit->december_change, 300);
	assert_int_equal(unit->newly_covered, 2);
	unit = report->units[1];
	assert_int_equal(unit->no_longer_covered, 1);
	assert_int_equal(unit->entered, 1);
	assert_int_equal(unit->left, 1);
	assert_int_equal(report->movement->entered, 1);
	assert_int_equal(report->movement->left, 1);
	assert_int_equal(report->movement->before_sequence, 2);
	assert_string_equal(report->movement->before, "2026-09-30");
	/* The new firm is told as new, the others by what is known of their expense. */
	assert_string_equal(report->firms[report->n_firms - 1]->uscc, "914100000000000021");
	assert_int_equal(report->firms[report->n_firms - 1]->reason, REASON(NEW));
	assert_int_equal(report->firms[0]->reason, REASON(EXPENSE_UNKNOWN));
	/* Twelve months: nothing before December, then the same until September. */
	trend = report->trend[0];
	assert_int_equal(trend->n_points, 12);
	assert_string_equal(trend->points[0]->month, "2025-11");
	assert_int_equal(trend->points[0]->sequence, 0);
	for (size_t i = 1; i < 10; i++) {
		assert_int_equal(trend->points[i]->sequence, 1);
		assert_int_equal(trend->points[i]->rate_permille, 650);
	}
	assert_int_equal(trend->points[10]->rate_permille, 700);
	assert_int_equal(trend->points[11]->rate_permille, 750);
	assert_int_equal(world->done, world->total);
	/* One pass a snapshot, and one for now. */
	assert_int_equal(world->scans, 3);
}

/* Last month's report is what it was, whatever came since. */
static void last_month_again(void **state)
{
	struct world *world = *state;
	struct buffer first = { 0 }, again = { 0 };

	fill_year(world);
	assert_true(message_pack(&coverage(world, "2026-09", 0)->base, &first));
	world_begin(world, "2026-10-20", "2026-10-18");
	world_set_firms(world, 1, 10, "411224", 0);
	assert_true(message_pack(&coverage(world, "2026-09", 0)->base, &again));
	assert_int_equal(first.size, again.size);
	assert_memory_equal(first.data, again.data, first.size);
	/* The day and the snapshot, named. */
	buffer_clear(&again);
	assert_true(message_pack(&coverage(world, "2026-09-30", 2)->base, &again));
	assert_memory_equal(first.data, again.data, first.size);
	buffer_fini(&first);
	buffer_fini(&again);
}

static void late_values_are_marked(void **state)
{
	struct world *world = *state;
	const Policycalc__V1__CoverageTrend *trend;

	fill_year(world);
	/* Figures of July, sent in October. */
	world_begin(world, "2026-10-20", "2026-07-15");
	world_set_firm(world, 9, "411224", true);
	trend = coverage(world, "", 0)->trend[0];
	assert_false(trend->points[7]->revised); /* June */
	assert_true(trend->points[8]->revised);	 /* July, */
	assert_true(trend->points[10]->revised); /* and September, which it was part of */
	assert_false(trend->points[11]->revised);
}

static void counters_add_up(void **state)
{
	struct world *world = *state;
	const Policycalc__V1__CoverageReport *report;
	static const struct {
		const char *name, *day;
		int64_t value, sequence;
	} entries[] = {
		{ "matching", "2025-12-31", 50, 1 }, /* of last year */
		{ "matching", "2026-01-15", 3, 1 },
		{ "matching", "2026-10-31", 4, 3 },
		{ "matching", "2026-11-01", 100, 3 }, /* not yet */
		{ "training", "2026-03-01", 1200, 2 },
		{ "unheard_of", "2026-03-01", 7, 2 },
	};

	fill_year(world);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		world->counters[i] = (struct counter_row){ SLICE_LITERAL("411200"),
			slice_from(entries[i].name), slice_from(entries[i].day),
			SLICE_LITERAL("工信局"), entries[i].value };
		world->counter_sequences[i] = entries[i].sequence;
		world->counter_count++;
	}
	report = coverage(world, "", 0);
	assert_int_equal(report->n_counters, 2);
	assert_string_equal(report->counters[0]->name, "matching");
	assert_int_equal(report->counters[0]->total, 7);
	assert_int_equal(report->counters[0]->n_points, 2);
	assert_int_equal(report->counters[0]->aim, 200);
	assert_int_equal(report->counters[0]->year, 2026);
	assert_int_equal(report->counters[1]->total, 1200);
	assert_int_equal(report->counters[1]->aim, 60000);
	/* As of September, as it was known then. */
	report = coverage(world, "2026-09", 0);
	assert_int_equal(report->counters[0]->total, 3);
}

static void opening_is_the_difference(void **state)
{
	struct world *world = *state;
	const Policycalc__V1__CoverageReport *report;
	Policycalc__V1__Profile *profile;
	Policycalc__V1__AttributeValue *fact;
	bool found = false;

	world_begin(world, "2026-10-01", "2026-10-01");
	world_set_firm(world, 1, "411224", true);
	profile = world_set_firm(world, 2, "411224", false);
	world_add_code(world, profile, "industry", "C31");
	world_add_code(world, profile, "org_type", "enterprise");
	world_add_flag(world, profile, "audited_collection", true);
	world_add_flag(world, profile, "rd_ledger", false);
	fact = world_add_fact(world, profile, "rd_expense");
	fact->period = (char *)"2025";
	fact->value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
	fact->value->money_fen = 100000000;
	report = coverage(world, "", 0);
	assert_int_equal(report->head->unread_count, 0);
	assert_int_equal(report->n_firms, 1);
	assert_int_equal(report->firms[0]->reason, REASON(NOT_REPORTED));
	for (size_t i = 0; i < report->firms[0]->n_opens; i++) {
		const Policycalc__V1__OpenedPolicy *opened = report->firms[0]->opens[i];

		assert_true(i == 0 || strcmp(report->firms[0]->opens[i - 1]->policy_id,
						      opened->policy_id) < 0);
		assert_int_not_equal(opened->before, opened->verdict);
		if (strcmp(opened->policy_id, "smx-rd-statistics-award-2022") != 0)
			continue;
		found = true;
		assert_int_equal(opened->before, POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE);
		assert_int_equal(
				opened->verdict, POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW);
	}
	assert_true(found);
	assert_true(report->n_openings > 0);
}

static void add_money(struct world *world, Policycalc__V1__Profile *profile, const char *name,
		int64_t yuan)
{
	Policycalc__V1__AttributeValue *fact = world_add_fact(world, profile, name);

	fact->period = (char *)"2025";
	fact->value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
	fact->value->money_fen = yuan * 100;
}

/*
 * In figures that were worked out by hand: small firms with low profits pay 5 percent, and what they spend
 * on R&D, up to their income, is deducted once more when they keep a ledger of it.
 */
static void opening_in_fen(void **state)
{
	static const struct {
		int64_t expense, income; /* yuan */
		bool has_ledger;
		int64_t opens; /* fen */
	} cases[] = {
		{ 1000000, 2000000, false, 5000000 }, /* 5 % of the expense */
		{ 1000000, 400000, false, 2000000 },  /* and at most of the income */
		{ 1000000, 2000000, true, 0 },	      /* it has that already */
		{ 0, 2000000, false, 0 },	      /* not known yet, so nothing is sure */
		{ 1, 2000000, false, 5 },
	};
	struct world *world = *state;
	const Policycalc__V1__CoverageReport *report;
	size_t found = 0;
	int64_t sum = 0;

	world_begin(world, "2026-10-01", "2026-10-01");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		Policycalc__V1__Profile *profile =
				world_set_firm(world, (int64_t)i + 1, "411224", false);
		Policycalc__V1__Value *staff = world_add_fact(world, profile, "staff")->value;

		staff->kind_case = POLICYCALC__V1__VALUE__KIND_COUNT;
		staff->count = 20;
		world_add_code(world, profile, "industry", "C31");
		world_add_code(world, profile, "org_type", "enterprise");
		world_add_flag(world, profile, "audited_collection", true);
		world_add_flag(world, profile, "restricted_industry", false);
		world_add_flag(world, profile, "rd_ledger", cases[i].has_ledger);
		add_money(world, profile, "assets", 10000000);
		add_money(world, profile, "taxable_income", cases[i].income);
		add_money(world, profile, "rd_expense", cases[i].expense);
	}
	report = coverage(world, "", 0);
	assert_int_equal(report->head->unread_count, 0);
	for (size_t i = 0; i < report->n_firms; i++) {
		const Policycalc__V1__UncoveredFirm *firm = report->firms[i];
		int64_t expected = cases[atoll(firm->uscc + 4) - 1].opens;

		if (firm->opening_fen != expected)
			fail_msg("%s: %lld instead of %lld", firm->uscc,
					(long long)firm->opening_fen, (long long)expected);
		sum += expected;
		found++;
	}
	assert_int_equal(found, sizeof(cases) / sizeof(cases[0]));
	for (size_t i = 0; i < report->n_units; i++)
		sum -= report->units[i]->opening_fen;
	assert_int_equal(sum, 0);
}

static void days_of_a_request(void **state)
{
	static const struct {
		const char *text, *day;
	} cases[] = {
		{ "", TODAY },
		{ "2026-10", TODAY },
		{ "2026-02", "2026-02-28" },
		{ "2024-02", "2024-02-29" },
		{ "2026-10-30", "2026-10-30" },
		{ "2026-11", NULL },
		{ "2026-11-01", NULL },
		{ "2026-13", NULL },
		{ "2026-1", NULL },
		{ "2026-02-30", NULL },
		{ "October", NULL },
	};
	char day[11];
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ok = report_day_parse(cases[i].text, TODAY, day, &err);

		assert_int_equal(ok, cases[i].day != NULL);
		if (cases[i].day)
			assert_string_equal(day, cases[i].day);
		else
			assert_int_equal(strncmp(err.message, "as_of: ", 7), 0);
	}
}

static void conditions_are_the_same(Policycalc__V1__ConditionAnswer *const *whole,
		size_t whole_count, Policycalc__V1__ConditionAnswer *const *brief, size_t count)
{
	assert_int_equal(whole_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(whole[i]->id, brief[i]->id);
		assert_int_equal(whole[i]->status, brief[i]->status);
		assert_int_equal(whole[i]->role, brief[i]->role);
		assert_ptr_equal(whole[i]->label, brief[i]->label);
	}
}

static void answers_are_the_same(const Policycalc__V1__PolicyAnswer *whole,
		const Policycalc__V1__PolicyAnswer *brief)
{
	assert_string_equal(whole->policy_id, brief->policy_id);
	assert_int_equal(whole->verdict, brief->verdict);
	assert_int_equal(whole->conditions_verdict, brief->conditions_verdict);
	assert_int_equal(whole->n_missing, brief->n_missing);
	for (size_t i = 0; i < whole->n_missing; i++)
		assert_string_equal(whole->missing[i], brief->missing[i]);
	conditions_are_the_same(whole->conditions, whole->n_conditions, brief->conditions,
			brief->n_conditions);
	assert_int_equal(whole->n_items, brief->n_items);
	for (size_t i = 0; i < whole->n_items; i++) {
		assert_int_equal(whole->items[i]->verdict, brief->items[i]->verdict);
		conditions_are_the_same(whole->items[i]->conditions,
				whole->items[i]->n_conditions, brief->items[i]->conditions,
				brief->items[i]->n_conditions);
	}
}

/* What reports count is what Match says. */
static void statuses_are_those_of_match(void **state)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	Policycalc__V1__MatchResponse *whole, *brief;
	struct firms firms;
	struct arena arena;
	struct error err = { 0 };
	size_t answers = 0, items = 0;

	(void)state;
	firms_init(&firms, world_starter, 60, 85, 2, 11);
	arena_init(&arena, (size_t)256 << 20);
	request.as_of = (char *)FIRMS_DAY;
	request.view = POLICYCALC__V1__VIEW__VIEW_FULL;
	for (int64_t i = 0; i < firms.count; i++, arena_reset(&arena)) {
		request.profile = firms.profiles[i];
		if (!ruleset_match(firms.ruleset, &request, FIRMS_DAY, &arena, &whole, NULL,
				    &err)) {
			assert_false(ruleset_match_statuses(firms.ruleset, &request, FIRMS_DAY,
					&arena, &brief, &err));
			continue;
		}
		assert_true(ruleset_match_statuses(
				firms.ruleset, &request, FIRMS_DAY, &arena, &brief, &err));
		assert_int_equal(whole->n_answers, brief->n_answers);
		for (size_t n = 0; n < whole->n_answers; n++, answers++) {
			answers_are_the_same(whole->answers[n], brief->answers[n]);
			items += whole->answers[n]->n_items;
		}
	}
	assert_true(answers > 1000 && items > 20);
	arena_fini(&arena);
	firms_fini(&firms);
}

/* A firm that the catalog cannot take is counted all the same, and told. */
static void unread_is_told(void **state)
{
	struct world *world = *state;
	const Policycalc__V1__CoverageReport *report;

	world_begin(world, "2026-10-01", "2026-10-01");
	world_set_firm(world, 1, "411224", false)->uscc = (char *)"no code at all";
	report = coverage(world, "", 0);
	assert_int_equal(report->city->count->total, 1);
	assert_int_equal(report->head->unread_count, 1);
	assert_int_equal(report->firms[0]->n_opens, 0);
}

/* A caller that leaves ends the work; a registry that was empty has no report. */
static void no_report(void **state)
{
	struct world *world = *state;
	Policycalc__V1__GetReportRequest request = POLICYCALC__V1__GET_REPORT_REQUEST__INIT;
	Policycalc__V1__GetReportResponse response;
	struct error err = { 0 };

	fill_year(world);
	request.kind = KIND(COVERAGE);
	world->leaves = true;
	assert_false(make(world, &request, &response, &err));
	assert_int_equal(err.code, ERROR_CANCELLED);
	assert_int_equal(world->scans, 1);
	world->leaves = false;
	request.as_of = (char *)"2025-11";
	assert_false(make(world, &request, &response, &err));
	assert_int_equal(err.code, ERROR_PRECONDITION);
}

static void negatives_leave_undecided(void **state)
{
	struct world *world = *state;
	Policycalc__V1__GetReportRequest request = POLICYCALC__V1__GET_REPORT_REQUEST__INIT;
	Policycalc__V1__GetReportResponse response;
	struct error err = { 0 };
	const Policycalc__V1__NegativeAttribute *wages = NULL;

	world_begin(world, "2026-10-01", "2026-10-01");
	world_set_firm(world, 1, "411224", true);
	world_add_flag(world, world_set_firm(world, 2, "411224", true), "wage_arrears", false);
	request.kind = KIND(PUSH);
	if (!make(world, &request, &response, &err))
		fail_msg("%s", err.message);
	for (size_t i = 0; i < response.push->n_negatives; i++)
		if (strcmp(response.push->negatives[i]->name, "e.wage_arrears") == 0)
			wages = response.push->negatives[i];
	assert_non_null(wages);
	assert_int_equal(wages->unknown, 1);
	assert_int_equal(wages->undecided, 1);
	assert_string_equal(wages->label->zh, "拖欠职工工资");
}

/* Each allocation fails in turn: it is said, or the report is the one that is made with memory. */
static void without_memory(void **state)
{
	struct world *world = *state;
	Policycalc__V1__GetReportRequest request = POLICYCALC__V1__GET_REPORT_REQUEST__INIT;
	Policycalc__V1__GetReportResponse response;

	fill_year(world);
	request.as_of = (char *)TODAY;
	for (int kind = KIND(COVERAGE); kind <= (int)KIND(UNCLAIMED); kind++) {
		struct arena_mark mark = arena_mark(&world->arena);
		struct buffer expected = { 0 };
		struct error err = { 0 };
		unsigned failures = 0;
		bool met = true;

		request.kind = (Policycalc__V1__ReportKind)kind;
		request.names = kind == (int)KIND(COVERAGE);
		if (!make(world, &request, &response, &err))
			fail_msg("%s", err.message);
		assert_true(message_pack(&response.base, &expected));
		for (unsigned long nth = 1; met; nth += 1 + nth / 4) {
			struct buffer bytes = { 0 };
			bool ok;

			(void)memory_fail_nth(nth, (int)(nth % 2));
			ok = make(world, &request, &response, &err);
			met = memory_fail_nth(0, 0) >= nth;
			failures += !ok;
			if (!ok && err.code != ERROR_MEMORY && err.code != ERROR_LIMIT)
				fail_msg("kind %d, allocation %lu: %s", kind, nth, err.message);
			if (ok) {
				assert_true(message_pack(&response.base, &bytes));
				assert_int_equal(bytes.size, expected.size);
				assert_memory_equal(bytes.data, expected.data, bytes.size);
			}
			buffer_fini(&bytes);
			world->arena.exhausted = false;
			arena_rewind(&world->arena, mark);
		}
		assert_true(failures > 3);
		buffer_fini(&expected);
	}
}

int main(int argc, char **argv)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	static const struct CMUnitTest tests[] = {
		WORLD_TEST(months_and_december),
		WORLD_TEST(last_month_again),
		WORLD_TEST(late_values_are_marked),
		WORLD_TEST(counters_add_up),
		WORLD_TEST(opening_is_the_difference),
		WORLD_TEST(opening_in_fen),
		cmocka_unit_test(statuses_are_those_of_match),
		WORLD_TEST(unread_is_told),
		cmocka_unit_test(days_of_a_request),
		WORLD_TEST(no_report),
		WORLD_TEST(negatives_leave_undecided),
		WORLD_TEST(without_memory),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test_report STARTER_DIR\n");
		return 2;
	}
	world_starter = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

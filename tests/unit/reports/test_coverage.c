/* SPDX-License-Identifier: Apache-2.0 */
/* The monthly report: the city's own figures to the letter, and every rule of ranking. */
#include "coverage_fixture.h"
#include "reports/fraction.h"

#include <string.h>

#define STANDING(word) POLICYCALC__V1__STANDING__STANDING_##word
#define NOTICE(word) POLICYCALC__V1__NOTICE_KIND__NOTICE_KIND_##word
#define REASON(word) POLICYCALC__V1__UNCOVERED_REASON__UNCOVERED_REASON_##word
#define ASSIGNMENT(word) POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_##word

static const Policycalc__V1__CoverageNotice *notice_of(
		const Policycalc__V1__CoverageReport *report, Policycalc__V1__NoticeKind kind)
{
	for (size_t i = 0; i < report->n_notices; i++)
		if (report->notices[i]->kind == kind)
			return report->notices[i];
	return NULL;
}

static int64_t doubtful(const Policycalc__V1__CoverageReport *report,
		Policycalc__V1__AssignmentKind kind)
{
	for (size_t i = 0; i < report->n_assignments; i++)
		if (report->assignments[i]->kind == kind)
			return report->assignments[i]->count;
	fail_msg("no count of kind %d", (int)kind);
	return -1;
}

/* 328 of 444, and the five rates above it, in the order of the reply. */
static void seed_to_the_letter(void **state)
{
	static const struct {
		enum unit unit;
		int32_t rate, against;
		int64_t to_average, to_all;
	} expected[] = {
		{ LUSHI, 872, 133, 0, 5 },
		{ YIMA, 857, 118, 0, 6 },
		{ LINGBAO, 802, 63, 0, 20 },
		{ ECONOMIC_ZONE, 778, 39, 0, 8 },
		{ DEMONSTRATION_ZONE, 750, 11, 0, 9 },
		{ MIANCHI, 651, -88, 8, 30 },
		{ SHANZHOU, 639, -100, 8, 26 },
		{ HUBIN, 625, -114, 4, 12 },
	};
	struct city *city = *state;
	struct coverage_question question;
	Policycalc__V1__CoverageReport *report;

	city_fill_seed(city);
	question = city_question(city);
	question.start_permille = 140;
	report = city_report(city, &question);
	assert_int_equal(report->city->count->total, 444);
	assert_int_equal(report->city->count->covered, 328);
	assert_int_equal(report->city->count->rate_permille, 739);
	assert_int_equal(report->city->needed_all, 116);
	assert_int_equal(report->city->needed_target, 116);
	assert_int_equal(report->city->start_permille, 140);
	assert_int_equal(report->sum->total, 444);
	assert_false(report->draft);
	assert_int_equal(report->n_units, UNIT_COUNT);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const Policycalc__V1__CoverageUnit *unit =
				line_of(report, city, expected[i].unit);

		assert_ptr_equal(unit, report->units[i]);
		assert_int_equal(unit->rank, i + 1);
		assert_int_equal(unit->count->rate_permille, expected[i].rate);
		assert_int_equal(unit->against_average, expected[i].against);
		assert_int_equal(unit->standing, i < 5 ? STANDING(ABOVE) : STANDING(BELOW));
		assert_int_equal(unit->needed_average, expected[i].to_average);
		assert_int_equal(unit->needed_all, expected[i].to_all);
		assert_false(unit->_rank_change_case);
		assert_false(unit->_month_change_case);
	}
	assert_string_equal(notice_of(report, NOTICE(ABOVE_AVERAGE))->sentence->zh,
			"卢氏县、义马市、灵宝市、开发区、示范区：超过全市平均水平。");
	assert_int_equal(notice_of(report, NOTICE(BELOW_AVERAGE))->n_units, 3);
	assert_null(notice_of(report, NOTICE(TARGET_MET)));
	assert_int_equal(notice_of(report, NOTICE(TARGET_MISSED))->n_units, 8);
}

/* A unit without enterprises has no rate and no rank, and is no reason to complain. */
static void nobody_there(void **state)
{
	struct city *city = *state;
	struct coverage_question question;
	Policycalc__V1__CoverageReport *report;
	const Policycalc__V1__CoverageUnit *unit;

	city_add(city, LUSHI, 0, 3);
	question = city_question(city);
	report = city_report(city, &question);
	unit = line_of(report, city, HIGH_TECH_ZONE);
	assert_int_equal(unit->rank, 0);
	assert_int_equal(unit->four_rank, 0);
	assert_false(unit->count->_rate_permille_case);
	assert_false(unit->_against_average_case);
	assert_int_equal(unit->standing, STANDING(UNSPECIFIED));
	/* Nobody has R&D: the rate is 0, the unit is at the city's rate, and the only one ranked. */
	unit = report->units[0];
	assert_string_equal(unit->code, "411224");
	assert_int_equal(unit->rank, 1);
	assert_int_equal(unit->count->rate_permille, 0);
	assert_int_equal(unit->standing, STANDING(EQUAL));
	assert_int_equal(report->units[1]->rank, 0);
	/* The whole registry empty: no rate at all. */
	city->count = 0;
	question = city_question(city);
	report = city_report(city, &question);
	assert_false(report->city->count->_rate_permille_case);
	assert_int_equal(report->city->needed_target, 0);
	assert_int_equal(report->n_notices, 0);
}

static void ties_share_a_rank(void **state)
{
	struct city *city = *state;
	struct coverage_question question;
	Policycalc__V1__CoverageReport *report;

	city_add(city, HUBIN, 3, 4);
	city_add(city, MIANCHI, 1, 2);
	city_add(city, YIMA, 5, 10);
	city_add(city, LUSHI, 1, 4);
	question = city_question(city);
	report = city_report(city, &question);
	/* 1, 2, 2, 4; of equal ones the larger first. */
	assert_int_equal(line_of(report, city, HUBIN)->rank, 1);
	assert_int_equal(line_of(report, city, YIMA)->rank, 2);
	assert_int_equal(line_of(report, city, MIANCHI)->rank, 2);
	assert_int_equal(line_of(report, city, LUSHI)->rank, 4);
	assert_ptr_equal(report->units[1], line_of(report, city, YIMA));
	/* 10 of 20: exactly the average is not above it, nor below. */
	assert_int_equal(report->city->count->covered * 2, report->city->count->total);
	assert_int_equal(line_of(report, city, YIMA)->standing, STANDING(EQUAL));
	assert_int_equal(line_of(report, city, YIMA)->needed_average, 0);
	assert_int_equal(line_of(report, city, YIMA)->against_average, 0);
	assert_int_equal(notice_of(report, NOTICE(ABOVE_AVERAGE))->n_units, 1);
	assert_int_equal(notice_of(report, NOTICE(EQUAL_AVERAGE))->n_units, 2);
}

/* 66.7 % both, 400 of 600 and 401 of 601. */
static void same_figure_other_rank(void **state)
{
	struct city *city = *state;
	struct coverage_question question;
	Policycalc__V1__CoverageReport *report;

	city_add(city, HUBIN, 400, 600);
	city_add(city, YIMA, 401, 601);
	question = city_question(city);
	report = city_report(city, &question);
	assert_int_equal(line_of(report, city, HUBIN)->count->rate_permille, 667);
	assert_int_equal(line_of(report, city, YIMA)->count->rate_permille, 667);
	assert_int_equal(line_of(report, city, YIMA)->rank, 1);
	assert_int_equal(line_of(report, city, HUBIN)->rank, 2);
	assert_int_equal(line_of(report, city, YIMA)->against_average, 0);
	assert_int_equal(line_of(report, city, YIMA)->standing, STANDING(ABOVE));
	assert_int_equal(line_of(report, city, HUBIN)->standing, STANDING(BELOW));
	assert_int_equal(line_of(report, city, HUBIN)->needed_average, 1);
}

static void rounding(void **state)
{
	static const struct {
		int64_t part, whole;
		int32_t expected;
	} cases[] = {
		{ 34, 39, 872 }, /* 87.1795 */
		{ 328, 444, 739 },
		{ 1, 2000, 1 }, /* 0.05: half up */
		{ 3, 2000, 2 }, /* 0.15, which a double has as less */
		{ 1999, 2000, 1000 },
		{ 2001, 4000, 500 }, /* 50.025 */
		{ 0, 7, 0 },
		{ 7, 7, 1000 },
		{ INT64_C(1) << 39, INT64_C(3) << 38, 667 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(fraction_permille((struct fraction){
						 cases[i].part, cases[i].whole }),
				cases[i].expected);
	assert_int_equal(fraction_difference((struct fraction){ 0, 1 },
					 (struct fraction){ 1, 2000 }),
			-1);
	assert_int_equal(fraction_missing((struct fraction){ 56, 86 },
					 (struct fraction){ 328, 444 }),
			8);
	assert_int_equal(fraction_missing((struct fraction){ 4, 5 },
					 (struct fraction){ 800000, 1000000 }),
			0);
	assert_int_equal(fraction_missing((struct fraction){ 4, 5 },
					 (struct fraction){ 800001, 1000000 }),
			1);
}

/* What needs to be missing, tried one by one. */
static void missing_is_the_least(void **state)
{
	(void)state;
	for (int64_t whole = 1; whole <= 12; whole++)
		for (int64_t part = 0; part <= whole; part++)
			for (int64_t goal = 0; goal <= 20; goal++) {
				struct fraction rate = { part, whole }, aim = { goal, 20 };
				int64_t least = fraction_missing(rate, aim);

				assert_true((part + least) * 20 >= goal * whole);
				assert_true(least == 0 ||
						(part + least - 1) * 20 < goal * whole);
			}
}

static void target(void **state)
{
	struct city *city = *state;
	struct coverage_question question;
	Policycalc__V1__CoverageReport *report;

	city_fill_seed(city);
	question = city_question(city);
	question.target_ppm = 800000;
	report = city_report(city, &question);
	assert_true(line_of(report, city, LINGBAO)->target_met);
	assert_false(line_of(report, city, ECONOMIC_ZONE)->target_met);
	assert_int_equal(line_of(report, city, ECONOMIC_ZONE)->needed_target, 1);
	assert_int_equal(line_of(report, city, HUBIN)->needed_target, 6); /* 26 of 32 */
	assert_int_equal(report->city->needed_target, 28);		  /* 356 of 444 */
	assert_string_equal(notice_of(report, NOTICE(TARGET_MET))->sentence->zh,
			"卢氏县、义马市、灵宝市：达到目标，列入通报表扬名单。");
	/* The shares of what is missing. */
	assert_int_equal(line_of(report, city, MIANCHI)->gap_share_permille, 259);
	/* Nobody has set an aim: what is missing to 100% is counted, nobody is criticised for it. */
	question.target_ppm = 1000000;
	question.target_stated = false;
	report = city_report(city, &question);
	assert_int_equal(report->city->needed_target, 116);
	assert_null(notice_of(report, NOTICE(TARGET_MET)));
	assert_null(notice_of(report, NOTICE(TARGET_MISSED)));
	assert_non_null(notice_of(report, NOTICE(ABOVE_AVERAGE)));
}

static void refused_when_it_does_not_add_up(void **state)
{
	struct city *city = *state;
	struct coverage_question question;
	Policycalc__V1__CoverageReport *report = NULL;
	struct error err = { ERROR_NONE, "" };

	city_fill_seed(city);
	city_add(city, HUBIN, 1, 1);
	city_last(city)->unit = PLACE_UNKNOWN;
	city_last(city)->registered = PLACE_UNKNOWN;
	question = city_question(city);
	assert_false(coverage_report(&question, &city->arena, &report, &err));
	assert_null(report);
	assert_int_equal(err.code, ERROR_PRECONDITION);
	assert_non_null(strstr(err.message, "444"));
	assert_non_null(strstr(err.message, "445"));
	assert_non_null(strstr(err.message, "1 without statistical region"));
	/* A draft shows it, and which it is only with names. */
	question.draft = true;
	report = city_report(city, &question);
	assert_true(report->draft);
	assert_int_equal(report->sum->total, 444);
	assert_int_equal(report->city->count->total, 445);
	assert_int_equal(doubtful(report, ASSIGNMENT(MISSING)), 1);
	assert_int_equal(report->n_assignment_findings, 0);
	question.names = true;
	report = city_report(city, &question);
	assert_int_equal(report->n_assignment_findings, 1);
	assert_string_equal(report->assignment_findings[0]->unit, "");
	/* Reported elsewhere it is none of ours. */
	for (size_t i = 0; i < city->count; i++)
		if (city->firms[i].unit == PLACE_UNKNOWN)
			city->firms[i].unit = PLACE_OUTSIDE;
	question = city_question(city);
	report = city_report(city, &question);
	assert_int_equal(report->city->count->total, 444);
}

static void refused_when_not_as_expected(void **state)
{
	struct city *city = *state;
	struct coverage_question question;
	Policycalc__V1__CoverageReport *report = NULL;
	struct error err = { ERROR_NONE, "" };

	city_fill_seed(city);
	question = city_question(city);
	question.expected_total = 444;
	question.expected_covered = 328;
	assert_false(city_report(city, &question)->draft);
	question.expected_covered = 327;
	assert_false(coverage_report(&question, &city->arena, &report, &err));
	assert_int_equal(err.code, ERROR_PRECONDITION);
	question.draft = true;
	assert_true(city_report(city, &question)->draft);
}

static void counted_once(void **state)
{
	struct city *city = *state;
	struct coverage_question question;
	Policycalc__V1__CoverageReport *report;

	city_fill_seed(city);
	/* The zone reports it, although it is registered in a county. */
	city_last(city)->registered = unit_of(city, HUBIN);
	/* A firm that comes twice, the second time elsewhere. */
	city->firms[city->count] = city->firms[0];
	city->firms[city->count++].unit = unit_of(city, LINGBAO);
	question = city_question(city);
	question.names = true;
	report = city_report(city, &question);
	assert_int_equal(report->city->count->total, 444);
	assert_int_equal(line_of(report, city, HUBIN)->count->total, 32);
	assert_int_equal(line_of(report, city, LINGBAO)->count->total, 101);
	assert_int_equal(doubtful(report, ASSIGNMENT(DOUBLE)), 1);
	assert_int_equal(doubtful(report, ASSIGNMENT(ZONE_AND_COUNTY)), 1);
	assert_int_equal(doubtful(report, ASSIGNMENT(MISSING)), 0);
	assert_int_equal(report->n_assignment_findings, 2);
	for (size_t i = 0; i < 2; i++) {
		const Policycalc__V1__AssignmentFinding *finding =
				report->assignment_findings[i];
		bool is_double = finding->kind == ASSIGNMENT(DOUBLE);

		assert_string_equal(finding->unit, is_double ? "411202" : "411271");
		assert_string_equal(finding->other_unit, is_double ? "411282" : "411202");
	}
}

static void places(void **state)
{
	struct city *city = *state;
	struct area area;
	struct error err;

	assert_int_equal(area_place(&city->area, ""), PLACE_UNKNOWN);
	assert_int_equal(area_place(&city->area, "999999"), PLACE_UNKNOWN);
	assert_int_equal(area_place(&city->area, "411200"), PLACE_NO_UNIT);
	assert_int_equal(area_place(&city->area, "410300"), PLACE_OUTSIDE);
	assert_int_equal(area_place(&city->area, "410000"), PLACE_OUTSIDE);
	/* A zone that reports through its host. */
	assert_int_equal(area_place(&city->area, "4112Z9"), unit_of(city, LINGBAO));
	assert_true(area_find(city->area.catalog, "卢氏县", &city->arena, &area, &err));
	assert_string_equal(area.region->code, "411224");
	assert_int_equal(area.unit_count, 1);
	assert_int_equal(area_place(&area, "411224"), 0);
	assert_int_equal(area_place(&area, "411202"), PLACE_OUTSIDE);
	assert_false(area_find(city->area.catalog, "不存在", &city->arena, &area, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void month_on_month(void **state)
{
	struct city *city = *state;
	struct coverage_question question;
	Policycalc__V1__CoverageReport *report;
	const Policycalc__V1__CoverageUnit *unit;

	city_add(city, LUSHI, 6, 10);
	city_add(city, YIMA, 7, 10);
	city_age(city);
	/* The same firms; two of Lushi report now, one of Yima does not any more, one left, one came. */
	memcpy(city->firms, city->before, sizeof(city->firms));
	city->count = city->before_count;
	city->firms[6].has_rd = city->firms[7].has_rd = KNOWN_YES;
	city->firms[10].has_rd = KNOWN_NO;
	city->firms[19] = (struct coverage_firm){ .uscc = "91NEW",
		.unit = unit_of(city, YIMA),
		.registered = unit_of(city, YIMA),
		.has_rd = KNOWN_NO,
		.industry = "",
		.size = "",
		.contact_officer = "张三" };
	question = city_question(city);
	question.december = question.months[1];
	question.names = true;
	report = city_report(city, &question);
	assert_int_equal(report->movement->entered, 1);
	assert_int_equal(report->movement->left, 1);
	assert_int_equal(report->movement->before_sequence, 8);
	assert_int_equal(report->city->month_change, 50); /* 13 of 20, 14 of 20 */
	assert_int_equal(report->city->month_covered_change, 1);
	assert_int_equal(report->city->december_change, 50);
	unit = line_of(report, city, LUSHI);
	assert_int_equal(unit->rank, 1);
	assert_int_equal(unit->rank_change, 1);
	assert_int_equal(unit->month_change, 200);
	assert_int_equal(unit->newly_covered, 2);
	assert_int_equal(unit->no_longer_covered, 0);
	assert_int_equal(unit->entered + unit->left, 0);
	unit = line_of(report, city, YIMA);
	assert_int_equal(unit->rank_change, -1);
	assert_int_equal(unit->month_change, -100);
	assert_int_equal(unit->december_change, -100);
	assert_int_equal(unit->newly_covered, 0);
	assert_int_equal(unit->no_longer_covered, 1);
	assert_int_equal(unit->entered, 1);
	assert_int_equal(unit->left, 1);
	/* The names: Lushi first, as it is ranked. */
	assert_int_equal(report->n_firms, 6);
	assert_string_equal(report->firms[0]->unit, "411224");
	assert_string_equal(report->firms[5]->uscc, "91NEW");
	assert_int_equal(report->firms[5]->reason, REASON(NEW));
	assert_string_equal(report->firms[5]->contact_officer, "张三");
	assert_int_equal(report->firms[0]->reason, REASON(NO_RD));
	/* Twelve months, of which two are known. */
	assert_int_equal(report->n_trend, UNIT_COUNT + 1);
	assert_int_equal(report->trend[0]->n_points, 12);
	assert_string_equal(report->trend[0]->points[11]->month, "2026-10");
	assert_string_equal(report->trend[0]->points[0]->month, "2025-11");
	assert_int_equal(report->trend[0]->points[11]->rate_permille, 700);
	assert_int_equal(report->trend[0]->points[10]->rate_permille, 650);
	assert_int_equal(report->trend[0]->points[9]->sequence, 0);
	assert_false(report->trend[0]->points[9]->_rate_permille_case);
}

static void three_months_below(void **state)
{
	struct city *city = *state;
	struct coverage_question question;
	Policycalc__V1__CoverageReport *report;

	city_fill_seed(city);
	city_age(city);
	city_fill_seed(city);
	question = city_question(city);
	question.months[2] = question.months[1];
	/* Two months ago Hubin was not below. */
	question.months[2].units =
			ARENA_NEW_ARRAY(&city->arena, struct coverage_tally, UNIT_COUNT);
	memcpy(question.months[2].units, question.months[1].units,
			UNIT_COUNT * sizeof(struct coverage_tally));
	question.months[2].units[unit_of(city, HUBIN)].covered = 32;
	question.months[2].revised = true;
	report = city_report(city, &question);
	assert_int_equal(line_of(report, city, MIANCHI)->months_below, 3);
	assert_int_equal(line_of(report, city, HUBIN)->months_below, 2);
	assert_int_equal(line_of(report, city, LUSHI)->months_below, 0);
	assert_string_equal(notice_of(report, NOTICE(THREE_MONTHS_BELOW))->sentence->zh,
			"渑池县、陕州区：连续三个月及以上低于全市平均水平。");
	assert_true(report->trend[0]->points[9]->revised);
	assert_false(report->trend[0]->points[10]->revised);
}

/* Unknown is told, and is neither yes nor no. */
static void unknown_is_told(void **state)
{
	struct city *city = *state;
	struct coverage_question question;
	Policycalc__V1__CoverageReport *report;
	struct coverage_firm firm = { .has_rd = KNOWN_NOT };

	city_add(city, LUSHI, 2, 4);
	city_last(city)->has_rd = KNOWN_NOT;
	city_last(city)->four = KNOWN_NOT;
	question = city_question(city);
	question.library_unknown = 7;
	report = city_report(city, &question);
	assert_int_equal(report->library_unknown, 7);
	assert_int_equal(report->city->count->unknown, 1);
	assert_int_equal(report->city->count->four_unknown, 1);
	assert_int_equal(report->city->count->rate_permille, 500);
	assert_int_equal(report->city->count->four, 1);
	assert_int_equal(line_of(report, city, LUSHI)->four_rank, 1);
	assert_int_equal(report->n_firms, 0); /* nobody is named unasked */
	assert_int_equal(coverage_reason(&firm, false), REASON(UNKNOWN));
	firm.stopped = KNOWN_YES;
	assert_int_equal(coverage_reason(&firm, true), REASON(STOPPED));
	firm = (struct coverage_firm){ .has_rd = KNOWN_NO, .spends = KNOWN_YES };
	assert_int_equal(coverage_reason(&firm, false), REASON(NOT_REPORTED));
	firm.spends = KNOWN_NOT;
	assert_int_equal(coverage_reason(&firm, false), REASON(EXPENSE_UNKNOWN));
}

int main(void)
{
#define CITY_TEST(name) cmocka_unit_test_setup_teardown(name, city_setup, city_teardown)
	static const struct CMUnitTest tests[] = {
		CITY_TEST(seed_to_the_letter),
		CITY_TEST(nobody_there),
		CITY_TEST(ties_share_a_rank),
		CITY_TEST(same_figure_other_rank),
		cmocka_unit_test(rounding),
		cmocka_unit_test(missing_is_the_least),
		CITY_TEST(target),
		CITY_TEST(refused_when_it_does_not_add_up),
		CITY_TEST(refused_when_not_as_expected),
		CITY_TEST(counted_once),
		CITY_TEST(places),
		CITY_TEST(month_on_month),
		CITY_TEST(three_months_below),
		CITY_TEST(unknown_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/coverage.h"

#include "reports/fraction.h"

#include <stdlib.h>
#include <string.h>

/* --- counting --------------------------------------------------------------------------------- */

/* The same firm in the order of its units: the first one counts it. */
static int compare_firms(const void *a, const void *b)
{
	const struct coverage_firm *left = a, *right = b;
	int order = strcmp(left->uscc, right->uscc);

	if (order)
		return order;
	/* Places that are no unit come last. */
	if ((left->unit < 0) != (right->unit < 0))
		return left->unit < 0 ? 1 : -1;
	return (left->unit > right->unit) - (left->unit < right->unit);
}

void coverage_sort(struct coverage_firm *firms, size_t count)
{
	if (count)
		qsort(firms, count, sizeof(*firms), compare_firms);
}

bool coverage_is_same(const struct coverage_firm *a, const struct coverage_firm *b)
{
	return strcmp(a->uscc, b->uscc) == 0;
}

static void tally_add(struct coverage_tally *tally, const struct coverage_firm *firm)
{
	tally->total++;
	tally->covered += firm->has_rd == KNOWN_YES;
	tally->unknown += firm->has_rd == KNOWN_NOT;
	tally->four += firm->four == KNOWN_YES;
	tally->four_unknown += firm->four == KNOWN_NOT;
}

/* Of a firm that nobody reports it is where it is registered, and a firm that is nowhere is ours. */
static bool is_in_city(const struct coverage_firm *firm)
{
	if (firm->unit == PLACE_UNKNOWN)
		return firm->registered != PLACE_OUTSIDE;
	return firm->unit != PLACE_OUTSIDE;
}

bool coverage_count(const struct area *area, const struct coverage_firm *firms, size_t count,
		struct coverage_month *month, struct arena *arena)
{
	month->units = ARENA_NEW_ARRAY(arena, struct coverage_tally, area->unit_count + 1);
	if (!month->units)
		return false;
	memset(&month->city, 0, sizeof(month->city));
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && coverage_is_same(&firms[i], &firms[i - 1]))
			continue;
		if (is_in_city(&firms[i]))
			tally_add(&month->city, &firms[i]);
		if (firms[i].unit >= 0)
			tally_add(&month->units[firms[i].unit], &firms[i]);
	}
	return true;
}

Policycalc__V1__CoverageCount *coverage_count_message(
		const struct coverage_tally *tally, struct arena *arena)
{
	Policycalc__V1__CoverageCount *count = ARENA_NEW(arena, Policycalc__V1__CoverageCount);

	if (!count)
		return NULL;
	policycalc__v1__coverage_count__init(count);
	count->total = tally->total;
	count->covered = tally->covered;
	count->unknown = tally->unknown;
	count->four = tally->four;
	count->four_unknown = tally->four_unknown;
	if (tally->total == 0)
		return count;
	count->_rate_permille_case =
			POLICYCALC__V1__COVERAGE_COUNT___RATE_PERMILLE_RATE_PERMILLE;
	count->_four_rate_permille_case =
			POLICYCALC__V1__COVERAGE_COUNT___FOUR_RATE_PERMILLE_FOUR_RATE_PERMILLE;
	count->rate_permille =
			fraction_permille((struct fraction){ tally->covered, tally->total });
	count->four_rate_permille =
			fraction_permille((struct fraction){ tally->four, tally->total });
	return count;
}

/* --- the city --------------------------------------------------------------------------------- */

/* Whether the two can be compared; the change of the rate and of the number covered. */
static bool city_compare(const struct coverage_tally *now, const struct coverage_month *then,
		int32_t *out_points, int64_t *out_firms)
{
	if (then->sequence == 0 || then->city.total == 0 || now->total == 0)
		return false;
	*out_points = fraction_difference((struct fraction){ now->covered, now->total },
			(struct fraction){ then->city.covered, then->city.total });
	*out_firms = now->covered - then->city.covered;
	return true;
}

static bool make_city(struct coverage_work *work)
{
	const struct coverage_question *question = work->question;
	const struct coverage_tally *now = &work->now->city;
	Policycalc__V1__CoverageCity *city =
			ARENA_NEW(work->arena, Policycalc__V1__CoverageCity);

	if (!city)
		return false;
	policycalc__v1__coverage_city__init(city);
	work->report->city = city;
	city->count = coverage_count_message(now, work->arena);
	city->needed_all = now->total - now->covered;
	if (now->total)
		city->needed_target = fraction_missing(
				(struct fraction){ now->covered, now->total },
				(struct fraction){ question->target_ppm, 1000000 });
	if (city_compare(now, &question->months[1], &city->month_change,
			    &city->month_covered_change)) {
		city->_month_change_case =
				POLICYCALC__V1__COVERAGE_CITY___MONTH_CHANGE_MONTH_CHANGE;
		city->_month_covered_change_case =
				POLICYCALC__V1__COVERAGE_CITY___MONTH_COVERED_CHANGE_MONTH_COVERED_CHANGE;
	}
	if (city_compare(now, &question->december, &city->december_change,
			    &city->december_covered_change)) {
		city->_december_change_case =
				POLICYCALC__V1__COVERAGE_CITY___DECEMBER_CHANGE_DECEMBER_CHANGE;
		city->_december_covered_change_case =
				POLICYCALC__V1__COVERAGE_CITY___DECEMBER_COVERED_CHANGE_DECEMBER_COVERED_CHANGE;
	}
	if (question->start_permille >= 0) {
		city->_start_permille_case =
				POLICYCALC__V1__COVERAGE_CITY___START_PERMILLE_START_PERMILLE;
		city->start_permille = question->start_permille;
		city->start_source =
				(Policycalc__V1__Source *)(uintptr_t)question->start_source;
	}
	return city->count != NULL;
}

/* --- the sum ---------------------------------------------------------------------------------- */

static bool make_sum(struct coverage_work *work)
{
	struct coverage_tally sum = { 0 };

	for (size_t i = 0; i < work->question->area->unit_count; i++) {
		const struct coverage_tally *unit = &work->now->units[i];

		sum.total += unit->total;
		sum.covered += unit->covered;
		sum.unknown += unit->unknown;
		sum.four += unit->four;
		sum.four_unknown += unit->four_unknown;
	}
	work->report->sum = coverage_count_message(&sum, work->arena);
	return work->report->sum != NULL;
}

static int64_t assignment_total(
		const struct coverage_work *work, Policycalc__V1__AssignmentKind kind)
{
	for (size_t i = 0; i < work->report->n_assignments; i++)
		if (work->report->assignments[i]->kind == kind)
			return work->report->assignments[i]->count;
	return 0;
}

/* Refuses what may not be published; a draft may differ within itself, but says so. */
static bool check_sum(struct coverage_work *work, struct error *err)
{
	const struct coverage_question *question = work->question;
	const struct coverage_tally *city = &work->now->city;
	const Policycalc__V1__CoverageCount *sum = work->report->sum;
	bool adds_up = sum->total == city->total && sum->covered == city->covered &&
		       sum->four == city->four;

	work->report->draft = !adds_up;
	if (!adds_up && !question->draft)
		return error_set(err, ERROR_PRECONDITION,
				"the units add up to %lld enterprises (%lld with R&D "
				"activity), the "
				"city has %lld (%lld): %lld without statistical region, %lld "
				"in no "
				"unit; supply their statistical_region, or ask for a draft to "
				"see "
				"them",
				(long long)sum->total, (long long)sum->covered,
				(long long)city->total, (long long)city->covered,
				(long long)assignment_total(work,
						POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_MISSING),
				(long long)assignment_total(work,
						POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_NO_UNIT));
	if ((question->expected_total >= 0 && question->expected_total != city->total) ||
			(question->expected_covered >= 0 &&
					question->expected_covered != city->covered)) {
		work->report->draft = true;
		if (!question->draft)
			return error_set(err, ERROR_PRECONDITION,
					"the city has %lld enterprises, %lld of them with R&D "
					"activity, which is not what was expected",
					(long long)city->total, (long long)city->covered);
	}
	return true;
}

/* --- assignments ------------------------------------------------------------------------------ */

static const char *unit_code(const struct coverage_work *work, int unit)
{
	return unit >= 0 ? work->question->area->units[unit]->code : "";
}

static bool is_zone(const struct coverage_work *work, int unit)
{
	return work->question->area->units[unit]->kind ==
	       POLICYCALC__V1__REGION_KIND__REGION_KIND_ZONE;
}

/* What is doubtful about the firm at @i, and where else it may be counted. */
static Policycalc__V1__AssignmentKind assignment_find(
		const struct coverage_work *work, size_t i, int *out_other)
{
	const struct coverage_firm *firm = &work->question->firms[i];

	*out_other = firm->registered;
	if (i > 0 && coverage_is_same(firm, firm - 1)) {
		*out_other = firm->unit;
		return POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_DOUBLE;
	}
	if (!is_in_city(firm))
		return POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_UNSPECIFIED;
	if (firm->unit == PLACE_UNKNOWN)
		return POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_MISSING;
	if (firm->unit == PLACE_NO_UNIT)
		return POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_NO_UNIT;
	if (firm->registered >= 0 && firm->registered != firm->unit &&
			is_zone(work, firm->registered) != is_zone(work, firm->unit))
		return POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_ZONE_AND_COUNTY;
	return POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_UNSPECIFIED;
}

static bool add_finding(struct coverage_work *work, size_t i,
		Policycalc__V1__AssignmentKind kind, int other)
{
	const struct coverage_question *question = work->question;
	const struct coverage_firm *firm = &question->firms[i];
	Policycalc__V1__AssignmentFinding *finding =
			ARENA_NEW(work->arena, Policycalc__V1__AssignmentFinding);
	size_t first = i;

	if (!finding)
		return false;
	while (first > 0 && coverage_is_same(&question->firms[first - 1], firm))
		first--;
	policycalc__v1__assignment_finding__init(finding);
	finding->kind = kind;
	finding->uscc = (char *)(uintptr_t)firm->uscc;
	finding->unit = (char *)(uintptr_t)unit_code(work, question->firms[first].unit);
	finding->other_unit = (char *)(uintptr_t)unit_code(work, other);
	work->report->assignment_findings[work->report->n_assignment_findings++] = finding;
	return true;
}

#define KINDS 5

bool coverage_make_assignments(struct coverage_work *work)
{
	const struct coverage_question *question = work->question;
	Policycalc__V1__CoverageReport *report = work->report;
	int64_t counts[KINDS] = { 0 };
	int other;

	report->assignments =
			ARENA_NEW_ARRAY(work->arena, Policycalc__V1__AssignmentCount *, KINDS);
	report->assignment_findings =
			ARENA_NEW_ARRAY(work->arena, Policycalc__V1__AssignmentFinding *,
					question->names ? question->firm_count + 1 : 1);
	if (!report->assignments || !report->assignment_findings)
		return false;
	for (size_t i = 0; i < question->firm_count; i++) {
		Policycalc__V1__AssignmentKind kind = assignment_find(work, i, &other);

		counts[kind]++;
		if (kind != POLICYCALC__V1__ASSIGNMENT_KIND__ASSIGNMENT_KIND_UNSPECIFIED &&
				question->names && !add_finding(work, i, kind, other))
			return false;
	}
	for (unsigned kind = 1; kind < KINDS; kind++) {
		Policycalc__V1__AssignmentCount *count =
				ARENA_NEW(work->arena, Policycalc__V1__AssignmentCount);

		if (!count)
			return false;
		policycalc__v1__assignment_count__init(count);
		count->kind = (Policycalc__V1__AssignmentKind)kind;
		count->count = counts[kind];
		report->assignments[report->n_assignments++] = count;
	}
	return true;
}

/* --- the report ------------------------------------------------------------------------------- */

bool coverage_report(const struct coverage_question *question, struct arena *arena,
		Policycalc__V1__CoverageReport **out_report, struct error *err)
{
	struct coverage_month now = question->months[0];
	struct coverage_work work = {
		.question = question,
		.arena = arena,
		.report = ARENA_NEW(arena, Policycalc__V1__CoverageReport),
		.now = &now,
		.before = question->months[1].sequence ? &question->months[1] : NULL,
	};

	if (!work.report)
		return arena_error(arena, err, "making the report");
	policycalc__v1__coverage_report__init(work.report);
	work.report->month = arena_copy_text(arena, now.month);
	work.report->signed_by = (char *)(uintptr_t)question->signed_by;
	work.report->target_ppm = question->target_ppm;
	work.report->target_source =
			(Policycalc__V1__Source *)(uintptr_t)question->target_source;
	work.report->library_unknown = question->library_unknown;
	if (!work.report->month ||
			!coverage_count(question->area, question->firms, question->firm_count,
					&now, arena) ||
			!make_city(&work) || !make_sum(&work) ||
			!coverage_make_assignments(&work))
		return arena_error(arena, err, "counting enterprises");
	if (!check_sum(&work, err))
		return false;
	if (!coverage_make_units(&work) || !coverage_make_movement(&work) ||
			!coverage_make_notices(&work) || !coverage_make_trend(&work) ||
			!coverage_make_firms(&work))
		return arena_error(arena, err, "making the report");
	*out_report = work.report;
	return true;
}

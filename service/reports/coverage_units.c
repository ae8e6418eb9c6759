/* SPDX-License-Identifier: Apache-2.0 */
/* Units of the coverage report: their figures, their ranks, who came and went. */
#include "reports/coverage.h"
#include "reports/fraction.h"

#include <stdlib.h>
#include <string.h>

#define STANDING(word) POLICYCALC__V1__STANDING__STANDING_##word

/* --- ranks ------------------------------------------------------------------------------------ */

/* A unit on its way to a rank. */
struct entrant {
	size_t unit;
	const char *code;
	struct fraction rate;
};

/*
 * By rate from the exact fractions, highest first; of equal ones the one with more enterprises, then
 * by code. Without enterprises there is no rate: at the end.
 */
static int compare_entrants(const void *a, const void *b)
{
	const struct entrant *left = a, *right = b;
	int order;

	if (left->rate.whole == 0 || right->rate.whole == 0) {
		if (left->rate.whole != right->rate.whole)
			return left->rate.whole == 0 ? 1 : -1;
		return strcmp(left->code, right->code);
	}
	order = fraction_compare(right->rate, left->rate);
	if (order)
		return order;
	if (left->rate.whole != right->rate.whole)
		return left->rate.whole < right->rate.whole ? 1 : -1;
	return strcmp(left->code, right->code);
}

/* Ranks by standard competition (1, 2, 2, 4) into @out_ranks by unit, 0 for none; sorts. */
static void entrants_rank(struct entrant *entrants, size_t count, int32_t *out_ranks)
{
	int32_t rank = 0;

	qsort(entrants, count, sizeof(*entrants), compare_entrants);
	for (size_t i = 0; i < count; i++) {
		if (entrants[i].rate.whole == 0) {
			out_ranks[entrants[i].unit] = 0;
			continue;
		}
		if (i == 0 || fraction_compare(entrants[i].rate, entrants[i - 1].rate) != 0)
			rank = (int32_t)i + 1;
		out_ranks[entrants[i].unit] = rank;
	}
}

static void entrants_fill(const struct coverage_work *work, const struct coverage_month *month,
		bool by_four, struct entrant *entrants)
{
	const struct area *area = work->question->area;

	for (size_t i = 0; i < area->unit_count; i++) {
		const struct coverage_tally *tally = &month->units[i];

		entrants[i] = (struct entrant){ i, area->units[i]->code,
			{ by_four ? tally->four : tally->covered, tally->total } };
	}
}

/* --- figures ---------------------------------------------------------------------------------- */

static struct fraction rate_of(const struct coverage_tally *tally)
{
	return (struct fraction){ tally->covered, tally->total };
}

/* Whether there is a change of the rate to tell. */
static bool rate_change(const struct coverage_tally *now, const struct coverage_month *then,
		size_t unit, int32_t *out_change)
{
	if (then->sequence == 0 || then->units[unit].total == 0 || now->total == 0)
		return false;
	*out_change = fraction_difference(rate_of(now), rate_of(&then->units[unit]));
	return true;
}

/* Whether the unit was known to be below the city in @month. */
static bool is_below(const struct coverage_month *month, size_t unit)
{
	return month->sequence != 0 && month->units[unit].total && month->city.total &&
	       fraction_compare(rate_of(&month->units[unit]), rate_of(&month->city)) < 0;
}

static void unit_compare_city(const struct coverage_work *work,
		Policycalc__V1__CoverageUnit *unit, const struct coverage_tally *tally,
		size_t at)
{
	const struct coverage_question *question = work->question;
	const struct coverage_tally *city = &work->now->city;
	struct fraction rate = rate_of(tally), average = rate_of(city);
	int order = fraction_compare(rate, average);

	unit->_against_average_case =
			POLICYCALC__V1__COVERAGE_UNIT___AGAINST_AVERAGE_AGAINST_AVERAGE;
	unit->against_average = fraction_difference(rate, average);
	unit->standing = order > 0   ? STANDING(ABOVE)
			 : order < 0 ? STANDING(BELOW)
				     : STANDING(EQUAL);
	unit->needed_average = fraction_missing(rate, average);
	unit->needed_target = fraction_missing(
			rate, (struct fraction){ question->target_ppm, 1000000 });
	unit->target_met = unit->needed_target == 0;
	if (city->total > city->covered) {
		unit->_gap_share_permille_case =
				POLICYCALC__V1__COVERAGE_UNIT___GAP_SHARE_PERMILLE_GAP_SHARE_PERMILLE;
		unit->gap_share_permille = fraction_permille((struct fraction){
				tally->total - tally->covered, city->total - city->covered });
	}
	while (unit->months_below < COVERAGE_MONTHS &&
			is_below(unit->months_below ? &question->months[unit->months_below]
						    : work->now,
					at))
		unit->months_below++;
}

static bool unit_fill(
		const struct coverage_work *work, Policycalc__V1__CoverageUnit *unit, size_t at)
{
	const struct coverage_question *question = work->question;
	const Policycalc__V1__Region *region = question->area->units[at];
	const struct coverage_tally *tally = &work->now->units[at];

	policycalc__v1__coverage_unit__init(unit);
	unit->code = region->code;
	unit->name = region->name;
	unit->short_name = (char *)(uintptr_t)area_short_name(region);
	unit->zone = region->kind == POLICYCALC__V1__REGION_KIND__REGION_KIND_ZONE;
	unit->count = coverage_count_message(tally, work->arena);
	unit->needed_all = tally->total - tally->covered;
	if (tally->total && work->now->city.total)
		unit_compare_city(work, unit, tally, at);
	if (rate_change(tally, &question->months[1], at, &unit->month_change))
		unit->_month_change_case =
				POLICYCALC__V1__COVERAGE_UNIT___MONTH_CHANGE_MONTH_CHANGE;
	if (rate_change(tally, &question->december, at, &unit->december_change))
		unit->_december_change_case =
				POLICYCALC__V1__COVERAGE_UNIT___DECEMBER_CHANGE_DECEMBER_CHANGE;
	return unit->count != NULL;
}

bool coverage_make_units(struct coverage_work *work)
{
	size_t count = work->question->area->unit_count;
	struct entrant *entrants = ARENA_NEW_ARRAY(work->arena, struct entrant, count + 1);
	int32_t *ranks = ARENA_NEW_ARRAY(work->arena, int32_t, count + 1);
	int32_t *before = ARENA_NEW_ARRAY(work->arena, int32_t, count + 1);
	int32_t *four = ARENA_NEW_ARRAY(work->arena, int32_t, count + 1);
	Policycalc__V1__CoverageUnit *units =
			ARENA_NEW_ARRAY(work->arena, Policycalc__V1__CoverageUnit, count + 1);
	Policycalc__V1__CoverageReport *report = work->report;

	work->by_unit = ARENA_NEW_ARRAY(work->arena, Policycalc__V1__CoverageUnit *, count + 1);
	report->units = ARENA_NEW_ARRAY(work->arena, Policycalc__V1__CoverageUnit *, count + 1);
	if (!entrants || !ranks || !before || !four || !units || !work->by_unit ||
			!report->units)
		return false;
	entrants_fill(work, work->now, true, entrants);
	entrants_rank(entrants, count, four);
	if (work->before) {
		entrants_fill(work, work->before, false, entrants);
		entrants_rank(entrants, count, before);
	}
	entrants_fill(work, work->now, false, entrants);
	entrants_rank(entrants, count, ranks);
	for (size_t i = 0; i < count; i++) {
		size_t at = entrants[i].unit;
		Policycalc__V1__CoverageUnit *unit = &units[at];

		if (!unit_fill(work, unit, at))
			return false;
		unit->rank = ranks[at];
		unit->four_rank = four[at];
		if (ranks[at] && before[at]) {
			unit->_rank_change_case =
					POLICYCALC__V1__COVERAGE_UNIT___RANK_CHANGE_RANK_CHANGE;
			unit->rank_change = before[at] - ranks[at];
		}
		work->by_unit[at] = unit;
		report->units[report->n_units++] = unit;
	}
	return true;
}

/* --- who came and went ------------------------------------------------------------------------ */

static const struct coverage_firm *firm_find(
		const struct coverage_firm *firms, size_t count, const char *uscc)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		/* The first of several that are the same one: it is the one that counts. */
		if (strcmp(firms[middle].uscc, uscc) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && strcmp(firms[low].uscc, uscc) == 0 ? &firms[low] : NULL;
}

static bool is_first(const struct coverage_firm *firms, size_t i)
{
	return i == 0 || !coverage_is_same(&firms[i], &firms[i - 1]);
}

bool coverage_was_counted(const struct coverage_question *question, const char *uscc)
{
	return firm_find(question->before, question->before_count, uscc) != NULL;
}

static void note_comers(
		const struct coverage_work *work, Policycalc__V1__CoverageMovement *movement)
{
	const struct coverage_question *question = work->question;

	for (size_t i = 0; i < question->firm_count; i++) {
		const struct coverage_firm *firm = &question->firms[i];
		const struct coverage_firm *old;
		bool was_here;

		if (!is_first(question->firms, i) || firm->unit == PLACE_OUTSIDE)
			continue;
		old = firm_find(question->before, question->before_count, firm->uscc);
		movement->entered += !old;
		if (firm->unit < 0)
			continue;
		was_here = old && old->unit == firm->unit;
		work->by_unit[firm->unit]->entered += !was_here;
		work->by_unit[firm->unit]->newly_covered +=
				firm->has_rd == KNOWN_YES &&
				!(was_here && old->has_rd == KNOWN_YES);
	}
}

static void note_leavers(
		const struct coverage_work *work, Policycalc__V1__CoverageMovement *movement)
{
	const struct coverage_question *question = work->question;

	for (size_t i = 0; i < question->before_count; i++) {
		const struct coverage_firm *old = &question->before[i];
		const struct coverage_firm *firm;
		bool is_here;

		if (!is_first(question->before, i) || old->unit == PLACE_OUTSIDE)
			continue;
		firm = firm_find(question->firms, question->firm_count, old->uscc);
		movement->left += !firm;
		if (old->unit < 0)
			continue;
		is_here = firm && firm->unit == old->unit;
		work->by_unit[old->unit]->left += !is_here;
		work->by_unit[old->unit]->no_longer_covered +=
				old->has_rd == KNOWN_YES &&
				!(is_here && firm->has_rd == KNOWN_YES);
	}
}

bool coverage_make_movement(struct coverage_work *work)
{
	Policycalc__V1__CoverageMovement *movement =
			ARENA_NEW(work->arena, Policycalc__V1__CoverageMovement);

	if (!movement)
		return false;
	policycalc__v1__coverage_movement__init(movement);
	work->report->movement = movement;
	if (!work->before)
		return true;
	movement->before_sequence = work->before->sequence;
	movement->before = arena_copy_text(work->arena, work->before->day);
	note_comers(work, movement);
	note_leavers(work, movement);
	return movement->before != NULL;
}

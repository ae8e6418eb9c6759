/* SPDX-License-Identifier: Apache-2.0 */
/* What the coverage report says of its units in words, and twelve months of each. */
#include "reports/coverage.h"
#include "reports/fraction.h"

#include <string.h>

#define KIND(word) POLICYCALC__V1__NOTICE_KIND__NOTICE_KIND_##word
#define STANDING(word) POLICYCALC__V1__STANDING__STANDING_##word
#define NOTED_MONTHS 3

static bool is_noted(const Policycalc__V1__CoverageUnit *unit, Policycalc__V1__NoticeKind kind)
{
	if (unit->rank == 0)
		return false;
	switch (kind) {
	case KIND(ABOVE_AVERAGE):
		return unit->standing == STANDING(ABOVE);
	case KIND(EQUAL_AVERAGE):
		return unit->standing == STANDING(EQUAL);
	case KIND(BELOW_AVERAGE):
		return unit->standing == STANDING(BELOW);
	case KIND(THREE_MONTHS_BELOW):
		return unit->months_below >= NOTED_MONTHS;
	case KIND(TARGET_MET):
		return unit->target_met;
	case KIND(TARGET_MISSED):
		return !unit->target_met;
	case KIND(UNSPECIFIED):
	case _POLICYCALC__V1__NOTICE_KIND_IS_INT_SIZE:
	default:
		return false;
	}
}

static bool is_of_target(Policycalc__V1__NoticeKind kind)
{
	return kind == KIND(TARGET_MET) || kind == KIND(TARGET_MISSED);
}

static const struct {
	Policycalc__V1__NoticeKind kind;
	const char *zh; /* behind the names */
	const char *en;
} NOTICES[] = {
	{ KIND(ABOVE_AVERAGE), "超过全市平均水平", "above the city's rate" },
	{ KIND(EQUAL_AVERAGE), "与全市平均水平持平", "exactly the city's rate" },
	{ KIND(BELOW_AVERAGE), "低于全市平均水平", "below the city's rate" },
	{ KIND(THREE_MONTHS_BELOW), "连续三个月及以上低于全市平均水平",
			"below the city's rate for three months or more" },
	{ KIND(TARGET_MET), "达到目标，列入通报表扬名单", "the aim is met: praised" },
	{ KIND(TARGET_MISSED), "未达目标，列入通报批评名单", "the aim is not met: criticised" },
};

#define NOTICE_COUNT (sizeof(NOTICES) / sizeof(NOTICES[0]))

static const char *name_of(const Policycalc__V1__CoverageUnit *unit, bool english)
{
	const Policycalc__V1__Text *name = unit->name;

	if (!name)
		return unit->code;
	if (english)
		return *name->en ? name->en : name->zh;
	return *name->zh ? name->zh : name->en;
}

static bool notice_speak(const struct coverage_work *work,
		Policycalc__V1__CoverageNotice *notice, size_t which)
{
	const Policycalc__V1__CoverageReport *report = work->report;
	const char *zh = "", *en = "";

	for (size_t i = 0; i < report->n_units; i++) {
		const Policycalc__V1__CoverageUnit *unit = report->units[i];

		if (!is_noted(unit, notice->kind))
			continue;
		notice->units[notice->n_units++] = unit->code;
		zh = arena_format(work->arena, "%s%s%s", zh, *zh ? "、" : "",
				name_of(unit, false));
		en = zh ? arena_format(work->arena, "%s%s%s", en, *en ? ", " : "",
					  name_of(unit, true))
			: NULL;
		if (!en)
			return false;
	}
	notice->sentence = ARENA_NEW(work->arena, Policycalc__V1__Text);
	if (!notice->sentence)
		return false;
	policycalc__v1__text__init(notice->sentence);
	notice->sentence->zh = arena_format(work->arena, "%s：%s。", zh, NOTICES[which].zh);
	notice->sentence->en = arena_format(work->arena, "%s: %s.", en, NOTICES[which].en);
	return notice->sentence->zh && notice->sentence->en;
}

bool coverage_make_notices(struct coverage_work *work)
{
	Policycalc__V1__CoverageReport *report = work->report;

	report->notices = ARENA_NEW_ARRAY(
			work->arena, Policycalc__V1__CoverageNotice *, NOTICE_COUNT);
	if (!report->notices)
		return false;
	for (size_t i = 0; i < NOTICE_COUNT; i++) {
		Policycalc__V1__CoverageNotice *notice =
				ARENA_NEW(work->arena, Policycalc__V1__CoverageNotice);

		if (!notice)
			return false;
		if (is_of_target(NOTICES[i].kind) && !work->question->target_stated)
			continue;
		policycalc__v1__coverage_notice__init(notice);
		notice->kind = NOTICES[i].kind;
		notice->units = ARENA_NEW_ARRAY(work->arena, char *, report->n_units + 1);
		if (!notice->units || !notice_speak(work, notice, i))
			return false;
		/* About nobody there is nothing to say. */
		if (notice->n_units)
			report->notices[report->n_notices++] = notice;
	}
	return true;
}

/* --- trend ------------------------------------------------------------------------------------ */

static bool point_add(const struct coverage_work *work, Policycalc__V1__CoverageTrend *trend,
		const struct coverage_month *month, const struct coverage_tally *tally)
{
	Policycalc__V1__CoverageTrendPoint *point =
			ARENA_NEW(work->arena, Policycalc__V1__CoverageTrendPoint);

	if (!point)
		return false;
	policycalc__v1__coverage_trend_point__init(point);
	trend->points[trend->n_points++] = point;
	point->month = arena_copy_text(work->arena, month->month);
	if (!point->month)
		return false;
	point->sequence = month->sequence;
	if (month->sequence == 0)
		return true;
	point->total = tally->total;
	point->covered = tally->covered;
	point->revised = month->revised;
	if (tally->total == 0)
		return true;
	point->_rate_permille_case =
			POLICYCALC__V1__COVERAGE_TREND_POINT___RATE_PERMILLE_RATE_PERMILLE;
	point->rate_permille =
			fraction_permille((struct fraction){ tally->covered, tally->total });
	return true;
}

/* @unit: of the area; SIZE_MAX: the city. */
static bool trend_add(
		struct coverage_work *work, const Policycalc__V1__Region *region, size_t unit)
{
	Policycalc__V1__CoverageTrend *trend =
			ARENA_NEW(work->arena, Policycalc__V1__CoverageTrend);

	if (!trend)
		return false;
	policycalc__v1__coverage_trend__init(trend);
	work->report->trend[work->report->n_trend++] = trend;
	trend->code = region->code;
	trend->name = region->name;
	trend->short_name = (char *)(uintptr_t)area_short_name(region);
	trend->points = ARENA_NEW_ARRAY(
			work->arena, Policycalc__V1__CoverageTrendPoint *, COVERAGE_MONTHS);
	if (!trend->points)
		return false;
	for (size_t i = COVERAGE_MONTHS; i-- > 0;) {
		const struct coverage_month *month = i ? &work->question->months[i] : work->now;
		const struct coverage_tally *tally = &month->city;

		if (unit != SIZE_MAX && month->sequence)
			tally = &month->units[unit];
		if (!point_add(work, trend, month, tally))
			return false;
	}
	return true;
}

bool coverage_make_trend(struct coverage_work *work)
{
	const struct area *area = work->question->area;

	work->report->trend = ARENA_NEW_ARRAY(
			work->arena, Policycalc__V1__CoverageTrend *, area->unit_count + 1);
	if (!work->report->trend || !trend_add(work, area->region, SIZE_MAX))
		return false;
	for (size_t i = 0; i < work->report->n_units; i++) {
		const Policycalc__V1__CoverageUnit *unit = work->report->units[i];
		size_t at = 0;

		while (work->by_unit[at] != unit)
			at++;
		if (!trend_add(work, area->units[at], at))
			return false;
	}
	return true;
}

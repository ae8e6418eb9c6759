/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The coverage report out of the registry: firms of the library at the cut-off, at the end of the
 * month before, of the last December and of the twelve months. A snapshot that is that of another
 * month, too, is read once.
 */
#include "base/date.h"
#include "reports/coverage_rows.h"
#include "reports/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct coverage_read {
	struct report_work *work;
	struct coverage_question question;
	struct arena *arena;
};

/* --- months ----------------------------------------------------------------------------------- */

/* The month @back before that of @day, with its last day; back 0 ends on the day itself. */
static void month_set(struct coverage_month *month, const char *day, int back)
{
	struct date date = { 1970, 1, 1 };

	(void)date_parse(slice_from(day), &date);
	if (back > 0) {
		date.day = 1;
		(void)date_add_months(date, -back, &date);
		date.day = date_days_in_month(date.year, date.month);
	}
	date_print(date, month->day);
	(void)snprintf(month->month, sizeof(month->month), "%.7s", month->day);
}

static bool month_find(const struct coverage_read *read, struct coverage_month *month,
		struct error *err)
{
	const struct rows_source *source = read->work->base->source;
	int64_t last_id;

	if (!source->state(source->context, report_day_end(month->day), &month->sequence,
			    &last_id, err))
		return false;
	/* Later than the report itself it can only be when the report is asked for again. */
	if (month->sequence > read->work->sequence)
		month->sequence = read->work->sequence;
	return true;
}

static bool months_find(struct coverage_read *read, struct error *err)
{
	struct coverage_question *question = &read->question;
	int to_december = 0;

	for (int i = 0; i < COVERAGE_MONTHS; i++) {
		month_set(&question->months[i], read->work->day, i);
		if (i > 0 && !month_find(read, &question->months[i], err))
			return false;
	}
	question->months[0].sequence = read->work->sequence;
	to_december = atoi(read->work->day + strlen("YYYY-"));
	month_set(&question->december, read->work->day, to_december);
	return month_find(read, &question->december, err);
}

/* Values of a month that came after its end. */
static bool note_late(void *context, const struct rows_import *import, struct error *err)
{
	struct coverage_read *read = context;

	(void)err;
	for (size_t i = 1; i < COVERAGE_MONTHS; i++) {
		struct coverage_month *month = &read->question.months[i];

		month->revised |= month->sequence && import->sequence > month->sequence &&
				  import->sequence <= read->work->sequence &&
				  strcmp(import->day, month->day) <= 0;
	}
	return true;
}

/* --- the passes ------------------------------------------------------------------------------- */

/* A month before @at that was counted from the same snapshot, or NULL. */
static const struct coverage_month *month_alike(
		const struct coverage_question *question, size_t at, int64_t sequence)
{
	for (size_t i = 1; i < at; i++)
		if (question->months[i].sequence == sequence)
			return &question->months[i];
	return NULL;
}

static void tallies_share(struct coverage_month *month, const struct coverage_month *from)
{
	month->city = from->city;
	month->units = from->units;
}

/* Counts a month; its firms are kept in @keep, or forgotten. */
static bool month_count(struct coverage_read *read, struct coverage_month *month,
		struct coverage_firms *keep, struct error *err)
{
	struct coverage_firms firms = { 0 };
	struct arena own;
	bool ok;

	arena_init(&own, COVERAGE_MEMORY);
	ok = coverage_rows_read(read->work, month, keep ? read->arena : &own,
			keep ? keep : &firms, err);
	if (ok) {
		const struct coverage_firms *from = keep ? keep : &firms;

		ok = coverage_count(&read->work->area, from->list, from->count, month,
				     read->arena) ||
		     arena_error(read->arena, err, "counting enterprises");
	}
	arena_fini(&own);
	return ok;
}

static int64_t pass_count(const struct coverage_question *question)
{
	int64_t passes = 1;

	for (size_t i = 1; i < COVERAGE_MONTHS; i++)
		passes += question->months[i].sequence &&
			  !month_alike(question, i, question->months[i].sequence);
	return passes +
	       (question->december.sequence && !month_alike(question, COVERAGE_MONTHS,
							       question->december.sequence));
}

static bool passes_run(struct coverage_read *read, struct error *err)
{
	struct coverage_question *question = &read->question;
	const struct coverage_month *alike;
	struct coverage_firms now = { 0 }, before = { 0 };

	if (!coverage_rows_ask(read->work, question, read->arena, &now, err))
		return false;
	for (size_t i = 1; i < COVERAGE_MONTHS; i++) {
		struct coverage_month *month = &question->months[i];

		alike = month_alike(question, i, month->sequence);
		if (month->sequence && alike)
			tallies_share(month, alike);
		else if (month->sequence &&
				!month_count(read, month, i == 1 ? &before : NULL, err))
			return false;
	}
	alike = month_alike(question, COVERAGE_MONTHS, question->december.sequence);
	if (question->december.sequence && alike)
		tallies_share(&question->december, alike);
	else if (question->december.sequence &&
			!month_count(read, &question->december, NULL, err))
		return false;
	question->firms = now.list;
	question->firm_count = now.count;
	question->before = before.list;
	question->before_count = before.count;
	return true;
}

/* --- what the catalog states of the region ---------------------------------------------------- */

static const Policycalc__V1__ParameterValue *region_parameter(
		const struct report_work *work, const char *name)
{
	const char *full =
			arena_format(work->base->arena, "%s_%s", name, work->area.region->code);

	return full ? report_parameter(work, full) : NULL;
}

static void question_set(struct coverage_read *read)
{
	const Policycalc__V1__GetReportRequest *request = read->work->base->request;
	struct coverage_question *question = &read->question;
	const Policycalc__V1__ParameterValue *start =
			region_parameter(read->work, "rd_coverage_start");
	const Policycalc__V1__ParameterValue *target =
			region_parameter(read->work, "rd_coverage_target");

	question->area = &read->work->area;
	question->start_permille = -1;
	if (start && start->kind_case == POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM) {
		question->start_permille = (int32_t)(start->ratio_ppm / 1000);
		question->start_source = start->source;
	}
	question->target_ppm = 1000000;
	question->target_stated = true;
	if (request->_target_ppm_case) {
		question->target_ppm = request->target_ppm;
	} else if (target &&
			target->kind_case == POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM) {
		question->target_ppm = target->ratio_ppm;
		question->target_source = target->source;
	} else {
		question->target_stated = false;
	}
	question->expected_total = request->_expected_total_case ? request->expected_total : -1;
	question->expected_covered =
			request->_expected_covered_case ? request->expected_covered : -1;
	question->draft = request->draft;
	question->names = request->names;
	question->signed_by = request->signed_by;
}

/* --- the report ------------------------------------------------------------------------------- */

bool report_make_coverage(struct report_work *work, Policycalc__V1__CoverageReport **out_report,
		struct error *err)
{
	const struct report_base *base = work->base;
	struct coverage_read *read = ARENA_NEW(base->arena, struct coverage_read);
	Policycalc__V1__CoverageReport *report;

	if (!read)
		return arena_error(base->arena, err, "making the report");
	read->work = work;
	read->arena = base->arena;
	question_set(read);
	if (!months_find(read, err) ||
			!base->source->imports(base->source->context, note_late, read, err))
		return false;
	work->progress.total = pass_count(&read->question) * work->last_id;
	if (!passes_run(read, err))
		return false;
	if (!coverage_report(&read->question, base->arena, &report, err) ||
			!firm_describe(base->ruleset, report, base->arena, err) ||
			!report_make_counters(work, report, err))
		return false;
	report->opening_assumption = (Policycalc__V1__Text *)(uintptr_t)&opening_assumption;
	report->head = report_head_make(work);
	if (!report->head)
		return arena_error(base->arena, err, "making the report");
	*out_report = report;
	return true;
}

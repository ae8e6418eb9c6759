/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/report.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>

#define KIND(word) POLICYCALC__V1__REPORT_KIND__REPORT_KIND_##word
#define SIGNED_MOST 100
#define TARGET_MOST 1000000

static Policycalc__V1__Text disclaimer = {
	.base = PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),
	.zh = (char *)"由政策计算器按登记库资料和公开政策计算；以主管部门审核为准。",
	.en = (char *)"Computed from the registry and public policies; the department decides.",
};

/* --- the cut-off ------------------------------------------------------------------------------ */

bool report_day_parse(
		const char *text, const char *today, char out_day[static 11], struct error *err)
{
	char first[16];
	struct date day, now;

	if (!date_parse(slice_from(today), &now))
		return error_set(err, ERROR_INTERNAL, "today is not a day");
	if (!*text) {
		date_print(now, out_day);
		return true;
	}
	if (strlen(text) == strlen("YYYY-MM")) {
		(void)snprintf(first, sizeof(first), "%s-01", text);
		if (!date_parse(slice_from(first), &day))
			return error_set(err, ERROR_INVALID,
					"as_of: is neither a day YYYY-MM-DD nor a month "
					"YYYY-MM");
		day.day = date_days_in_month(day.year, day.month);
		if (day.year == now.year && day.month == now.month)
			day = now;
	} else if (!date_parse(slice_from(text), &day)) {
		return error_set(err, ERROR_INVALID,
				"as_of: is neither a day YYYY-MM-DD nor a month YYYY-MM");
	}
	if (date_compare(day, now) > 0)
		return error_set(err, ERROR_INVALID, "as_of: lies after today");
	date_print(day, out_day);
	return true;
}

int64_t report_day_end(const char *day)
{
	struct date date = { 1970, 1, 1 };

	(void)date_parse(slice_from(day), &date);
	return (date_to_days(date) + 1) * SECONDS_PER_DAY - DATE_CHINA_OFFSET - 1;
}

/* --- the request ------------------------------------------------------------------------------ */

static bool is_count(bool is_there, int64_t count)
{
	return !is_there || count >= 0;
}

static bool request_check(const Policycalc__V1__GetReportRequest *request, struct error *err)
{
	if (request->kind <= KIND(UNSPECIFIED) || request->kind > KIND(PUSH))
		return error_set(err, ERROR_INVALID, "kind: is no kind of report");
	if (request->sequence < 0)
		return error_set(err, ERROR_INVALID, "sequence: must be 0 or more");
	if (request->_target_ppm_case &&
			(request->target_ppm < 0 || request->target_ppm > TARGET_MOST))
		return error_set(err, ERROR_INVALID, "target_ppm: must be 0 to 1,000,000");
	if (!is_count(request->_expected_total_case, request->expected_total))
		return error_set(err, ERROR_INVALID, "expected_total: must be 0 or more");
	if (!is_count(request->_expected_covered_case, request->expected_covered))
		return error_set(err, ERROR_INVALID, "expected_covered: must be 0 or more");
	if (strlen(request->signed_by) > (size_t)SIGNED_MOST * 4)
		return error_set(err, ERROR_INVALID, "signed_by: at most 100 characters");
	if (request->kind == KIND(COVERAGE) && request->n_policies)
		return error_set(err, ERROR_INVALID,
				"policies: the coverage report is about no single policies");
	return true;
}

static bool note_sample(void *context, const struct rows_import *import, struct error *err)
{
	struct report_work *work = context;

	(void)err;
	work->sample |= import->sample && import->sequence <= work->sequence;
	return true;
}

static bool snapshot_choose(struct report_work *work, struct error *err)
{
	const struct report_base *base = work->base;
	int64_t newest, at;

	if (!base->source->state(
			    base->source->context, INT64_MAX, &newest, &work->last_id, err) ||
			!base->source->state(base->source->context, report_day_end(work->day),
					&at, &work->last_id, err))
		return false;
	if (base->request->sequence > newest)
		return error_set(err, ERROR_NOT_FOUND,
				"sequence: there is no such snapshot yet");
	work->sequence = base->request->sequence ? base->request->sequence : at;
	if (work->sequence == 0)
		return error_set(err, ERROR_PRECONDITION,
				"nothing was known of any enterprise on that day: the registry "
				"was "
				"empty");
	return base->source->imports(base->source->context, note_sample, work, err);
}

/* --- the report ------------------------------------------------------------------------------- */

Policycalc__V1__ReportHead *report_head_make(const struct report_work *work)
{
	struct arena *arena = work->base->arena;
	Policycalc__V1__ReportHead *head = ARENA_NEW(arena, Policycalc__V1__ReportHead);

	if (!head)
		return NULL;
	policycalc__v1__report_head__init(head);
	head->as_of = arena_copy_text(arena, work->day);
	head->revision = ruleset_revision(work->base->ruleset);
	head->sequence = work->sequence;
	head->engine_version = (char *)POLICYCALC_VERSION;
	head->region = work->area.region->code;
	head->region_name = work->area.region->name;
	head->enterprise_count = work->enterprises;
	head->disclaimer = &disclaimer;
	head->unread_count = work->unread;
	head->sample = work->sample;
	return head->as_of ? head : NULL;
}

bool report_make(const struct report_base *base,
		Policycalc__V1__GetReportResponse *out_response, struct error *err)
{
	const Policycalc__V1__GetReportRequest *request = base->request;
	struct report_work work = { .base = base };

	policycalc__v1__get_report_response__init(out_response);
	if (!request_check(request, err) ||
			!report_day_parse(request->as_of, base->today, work.day, err) ||
			!area_find(ruleset_catalog(base->ruleset), request->region, base->arena,
					&work.area, err) ||
			!snapshot_choose(&work, err))
		return false;
	switch (request->kind) {
	case KIND(COVERAGE):
		out_response->part_case = POLICYCALC__V1__GET_REPORT_RESPONSE__PART_COVERAGE;
		return report_make_coverage(&work, &out_response->coverage, err);
	case KIND(BLOCKED):
		out_response->part_case = POLICYCALC__V1__GET_REPORT_RESPONSE__PART_BLOCKED;
		return report_make_blocked(&work, &out_response->blocked, err);
	case KIND(UNCLAIMED):
		out_response->part_case = POLICYCALC__V1__GET_REPORT_RESPONSE__PART_UNCLAIMED;
		return report_make_unclaimed(&work, &out_response->unclaimed, err);
	case KIND(PUSH):
		out_response->part_case = POLICYCALC__V1__GET_REPORT_RESPONSE__PART_PUSH;
		return report_make_push(&work, &out_response->push, err);
	case KIND(UNSPECIFIED):
	case _POLICYCALC__V1__REPORT_KIND_IS_INT_SIZE:
	default:
		return error_set(err, ERROR_UNIMPLEMENTED, "kind: is not made here");
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports over the registry: the rows are read, each is asked, the answers are added up. A report is
 * pinned by its cut-off day, its snapshot and the catalog's revision: the same three give the same
 * bytes, whenever it is made.
 */
#pragma once

#include "calculator/calculator.h"
#include "policycalc/v1/report.pb-c.h"
#include "reports/area.h"
#include "reports/rows.h"

/* What a report rests on. */
struct report_base {
	const struct ruleset *ruleset;
	const struct rows_source *source;
	const Policycalc__V1__GetReportRequest *request;
	const char *today; /* "YYYY-MM-DD" in China */
	struct arena *arena;
	/*
	 * PUSH: fills what was told, by policy and unit of @area, in runs up to @day; handed down, since
	 * the ledger is kept above.
	 */
	bool (*told)(void *context, const struct area *area, const char *day,
			Policycalc__V1__PushReport *report, struct error *err);
	void *told_context;
};

/**
 * Makes the report that the request asks for; it lives in @arena and borrows from the ruleset. The
 * names of enterprises stand in CoverageReport.firms. A wrong request is ERROR_INVALID, its message
 * "field: what is wrong"; ERROR_PRECONDITION when there may be no such report.
 */
bool report_make(const struct report_base *base,
		Policycalc__V1__GetReportResponse *out_response, struct error *err);

/* --- inner ------------------------------------------------------------------------------------ */

struct report_work {
	const struct report_base *base;
	struct area area;
	char day[11];	  /* the cut-off */
	int64_t sequence; /* the snapshot */
	int64_t last_id;
	struct rows_progress progress;
	int64_t unread; /* firms whose values do not fit the catalog */
	int64_t enterprises;
	bool sample;
};

/** "YYYY-MM-DD", "YYYY-MM" or "" as a day that is not after @today; ERROR_INVALID when it is none. */
bool report_day_parse(const char *text, const char *today, char out_day[static 11],
		struct error *err);
/** The last second of a day in China, since 1970. */
int64_t report_day_end(const char *day);
/** The head; NULL when memory is short. */
Policycalc__V1__ReportHead *report_head_make(const struct report_work *work);

/** The counters of the report's year, with the aims that the catalog states for the region. */
bool report_make_counters(const struct report_work *work,
		Policycalc__V1__CoverageReport *report, struct error *err);
/** The value on the cut-off day of the parameter @name, or NULL. */
const Policycalc__V1__ParameterValue *report_parameter(
		const struct report_work *work, const char *name);

bool report_make_coverage(struct report_work *work, Policycalc__V1__CoverageReport **out_report,
		struct error *err);
bool report_make_blocked(struct report_work *work, Policycalc__V1__BlockedReport **out_report,
		struct error *err);
bool report_make_unclaimed(struct report_work *work,
		Policycalc__V1__UnclaimedReport **out_report, struct error *err);
bool report_make_push(struct report_work *work, Policycalc__V1__PushReport **out_report,
		struct error *err);

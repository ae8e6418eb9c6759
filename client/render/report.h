/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports over the registry, as the monthly meeting reads them: tables for a terminal, CSV, and a page
 * that prints on A4. All three take the figures from the message as they stand and compute none.
 */
#pragma once

#include "base/arena.h"
#include "client/render/words.h"
#include "policycalc/v1/report.pb-c.h"

/* Exactly one is set. */
struct registry_report {
	const Policycalc__V1__CoverageReport *coverage;
	const Policycalc__V1__BlockedReport *blocked;
	const Policycalc__V1__UnclaimedReport *unclaimed;
	const Policycalc__V1__PushReport *push;
};

/** Each uses @arena for what it puts together; false when memory is short. */
bool report_print_tables(const struct registry_report *report, const struct render_style *style,
		struct arena *arena, struct buffer *out);
bool report_print_page(const struct registry_report *report, const struct render_style *style,
		struct arena *arena, struct buffer *out);
/**
 * The rows of one table of the report, under a heading: @part is one of the names below for the kind
 * of report ("" is the first of them). *out_known is false when there is no such part.
 *
 *     coverage   units notices trend firms openings assignments counters
 *     blocked    conditions attributes verdicts
 *     unclaimed  units policies
 *     push       policies units negatives
 */
bool report_print_csv(const struct registry_report *report, const char *part,
		const struct render_style *style, struct arena *arena, struct buffer *out,
		bool *out_known);

/* --- inner: words ------------------------------------------------------------------------------ */

#define REPORT_FIGURE_SIZE 32

/** "87.2%"; "—" when there is none. */
const char *report_rate(bool has, int32_t permille, char text[REPORT_FIGURE_SIZE]);
/** "+13.3", "-8.8", "0.0": points; "—" when there is none. */
const char *report_points(bool has, int32_t tenths, char text[REPORT_FIGURE_SIZE]);
/** "+2", "0"; "—" when there is none. */
const char *report_change(bool has, int64_t change, char text[REPORT_FIGURE_SIZE]);
/** "3"; "—" for 0. */
const char *report_rank(int32_t rank, char text[REPORT_FIGURE_SIZE]);
const char *report_reason(
		const struct render_style *style, Policycalc__V1__UncoveredReason reason);
const char *report_size(const struct render_style *style, const char *size);
const char *report_assignment(
		const struct render_style *style, Policycalc__V1__AssignmentKind kind);
const char *report_role(const struct render_style *style, Policycalc__V1__Role role);
/** What to call a region where there is little room. */
const char *report_short_name(const struct render_style *style, const char *short_name,
		const Policycalc__V1__Text *name, const char *code);
/** The region of @code among the units; the code when it is none of them. */
const char *report_unit_name(const struct render_style *style,
		const Policycalc__V1__CoverageReport *report, const char *code);
/** Whether there is anything to tell of a row: news, of whatever state. */
bool report_was_told(const Policycalc__V1__PushCount *count);
/** How the report is called. */
const char *report_title(
		const struct registry_report *report, const struct render_style *style);
const Policycalc__V1__ReportHead *report_head(const struct registry_report *report);

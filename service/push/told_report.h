/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was told, added up from the ledger for a report: by series of policies, and by county.
 *
 * Deliveries are read a page at a time on the registry's thread, newest first; what is in the ledger
 * when its page is read counts.
 */
#pragma once

#include "policycalc/v1/report.pb-c.h"
#include "push/ledger.h"
#include "reports/area.h"

struct told_report;

/** Lives in @arena; runs up to @day ("YYYY-MM-DD") count. NULL when memory is short. */
struct told_report *told_report_new(
		const struct area *area, const char *day, struct arena *arena);
/** Only these series count; none: all. Borrowed. */
void told_report_limit(struct told_report *told, char *const *series, size_t count);
/** Reads the next page. *out_more: there is another. */
bool told_report_read(struct told_report *told, struct ledger *ledger, bool *out_more,
		struct error *err);
/** Fills policies, units, run and ledger_hash of @report; titles are those of the ledger. */
bool told_report_fill(struct told_report *told, Policycalc__V1__PushReport *report,
		struct error *err);

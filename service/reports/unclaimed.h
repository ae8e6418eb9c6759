/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Money that firms can have, by county: answers of single firms, added up. What was paid is not
 * known, so this is what can be had, and the report says so. Each thread adds up what it sees; the
 * report joins them.
 */
#pragma once

#include "calculator/look.h"
#include "policycalc/v1/report.pb-c.h"
#include "reports/area.h"
#include "reports/rows.h"

struct unclaimed;

/** Lives in @arena; @sweep and @area are borrowed. NULL when memory is short. */
struct unclaimed *unclaimed_new(
		const struct sweep *sweep, const struct area *area, struct arena *arena);
/** The block in @work is entered. */
void unclaimed_enter_block(struct unclaimed *unclaimed, const struct sweep_work *work);
/**
 * Adds what one firm of it at @place (as area_place()) can have: the ELIGIBLE answers, and the best
 * combination. It has been entered in @look, and is @row of the block.
 */
bool unclaimed_add_firm(struct unclaimed *unclaimed, int place, struct look *look, unsigned row,
		struct error *err);
/** The report, all but its head, of what @count threads added up. NULL when memory is short. */
Policycalc__V1__UnclaimedReport *unclaimed_report(
		struct unclaimed *const *threads, size_t count, struct arena *arena);

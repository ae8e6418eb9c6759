/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Money that firms can have, by county: answers of single firms, added up. What was paid is not
 * known, so this is what can be had, and the report says so.
 */
#pragma once

#include "calculator/calculator.h"
#include "policycalc/v1/report.pb-c.h"
#include "reports/area.h"

struct unclaimed;

/** Lives in @arena; @ruleset and @area are borrowed. NULL when memory is short. */
struct unclaimed *slow_unclaimed_new(
		const struct ruleset *ruleset, const struct area *area, struct arena *arena);
/**
 * Adds what one firm at @place (as area_place()) can have: the ELIGIBLE answers, and the best
 * combination. false: memory is short.
 */
bool slow_unclaimed_add(struct unclaimed *unclaimed, int place,
		const Policycalc__V1__MatchResponse *match);
/** The report, all but its head. NULL when memory is short. */
Policycalc__V1__UnclaimedReport *slow_unclaimed_report(struct unclaimed *unclaimed);

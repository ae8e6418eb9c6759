/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags that conditions exclude by, such as arrears of wages: as long as nobody supplies them, firms
 * stay undecided, since unknown is not "no". Here it is told how many.
 */
#pragma once

#include "base/arena.h"
#include "calculator/calculator.h"
#include "policycalc/v1/report.pb-c.h"

struct negatives;

/** Lives in @arena; @ruleset is borrowed. NULL when memory is short. */
struct negatives *slow_negatives_new(const struct ruleset *ruleset, struct arena *arena);
/** Adds one firm, as of @day, and its undecided answers; @scratch is for this call. */
bool slow_negatives_add(struct negatives *negatives, const Policycalc__V1__Profile *profile,
		const char *day, const Policycalc__V1__MatchResponse *match,
		struct arena *scratch, struct error *err);
/** Fills the list of @report. false when memory is short. */
bool slow_negatives_report(struct negatives *negatives, Policycalc__V1__PushReport *report);

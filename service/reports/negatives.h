/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags that conditions exclude by, such as arrears of wages: as long as nobody supplies them, firms
 * stay undecided, since unknown is not "no". Here it is told how many. Each thread adds up what it
 * sees; the report joins them.
 */
#pragma once

#include "base/arena.h"
#include "calculator/look.h"
#include "policycalc/v1/report.pb-c.h"
#include "reports/rows.h"

struct negatives;

/** Lives in @arena; @ruleset and @sweep (with its conditions) are borrowed. NULL when memory is short. */
struct negatives *negatives_new(
		const struct ruleset *ruleset, const struct sweep *sweep, struct arena *arena);
/** Gives back what does not lie in the arena. NULL is fine. */
void negatives_fini(struct negatives *negatives);
/** The block in @work is entered. */
void negatives_enter_block(struct negatives *negatives, const struct sweep_work *work);
/** Adds a firm of it, which has been entered in @look (always the same), and is @row of the block. */
bool negatives_add_firm(struct negatives *negatives, struct look *look,
		const struct sweep_work *work, unsigned row, struct error *err);
/** Fills the list of @report with what @count threads added up. false when memory is short. */
bool negatives_report(struct negatives *const *threads, size_t count, struct arena *arena,
		Policycalc__V1__PushReport *report);

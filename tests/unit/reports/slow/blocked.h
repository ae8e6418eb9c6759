/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which condition keeps how many firms out, and which data item would settle how many: answers of
 * single firms, added up. Whatever is told here was said by an answer; nothing is judged again.
 */
#pragma once

#include "base/arena.h"
#include "calculator/calculator.h"
#include "policycalc/v1/report.pb-c.h"

struct blocked;

/** Lives in @arena; @ruleset is borrowed. NULL when memory is short. */
struct blocked *slow_blocked_new(const struct ruleset *ruleset, struct arena *arena);
/** Gives back what does not lie in the arena; the report must be gone. */
void slow_blocked_fini(struct blocked *blocked);
/**
 * Adds the answers about one firm, with their conditions; @scratch is for this call.
 * false: memory is short.
 */
bool slow_blocked_add(struct blocked *blocked, const Policycalc__V1__MatchResponse *match,
		struct arena *scratch);
/** The report, all but its head; borrows from @blocked. NULL when memory is short. */
Policycalc__V1__BlockedReport *slow_blocked_report(struct blocked *blocked);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which condition keeps how many firms out, and which data item would settle how many: answers of
 * single firms, added up. Whatever is told here was said by a sweep or by an answer; nothing is judged
 * again.
 *
 * Each thread adds up what it sees, block by block; the report joins them all.
 */
#pragma once

#include "base/arena.h"
#include "calculator/look.h"
#include "policycalc/v1/report.pb-c.h"
#include "reports/rows.h"

struct blocked;

/** Lives in @arena; @sweep (with its conditions) is borrowed. NULL when memory is short. */
struct blocked *blocked_new(const struct sweep *sweep, struct arena *arena);
/** Gives back what does not lie in the arena. NULL is fine. */
void blocked_fini(struct blocked *blocked);
/** The block in @work is entered: who waits for something, and who has items. */
bool blocked_enter_block(struct blocked *blocked, const struct sweep_work *work,
		const struct rows_block *block, struct error *err);
/**
 * Adds what one firm of it waits for, and how it stands with the items it has; it has been entered in
 * @look, which is always the same, and is @row of the block.
 */
bool blocked_add_firm(struct blocked *blocked, struct look *look, const struct sweep_work *work,
		unsigned row, struct error *err);
/** Adds how the firms of the block stand that were added one by one: @rows. */
void blocked_add_block(
		struct blocked *blocked, const struct sweep_work *work, const uint64_t *rows);

/** The report, all but its head, of what @count threads added up. NULL when memory is short. */
Policycalc__V1__BlockedReport *blocked_report(struct blocked *const *threads, size_t count,
		const struct ruleset *ruleset, struct arena *arena);

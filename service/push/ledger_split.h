/* SPDX-License-Identifier: Apache-2.0 */
/* Held deliveries of older databases, with the news of several series in one. Inner header. */
#pragma once

#include "push/ledger.h"

/** Whether they are of more than one series. */
bool ledger_entries_are_mixed(const struct ledger_entry *entries, size_t count);
/**
 * Within the caller's transaction: makes a held delivery of each series that @delivery is about, in the
 * order of its @entries, and supersedes it. *out_part is the one of @series, with what it is about.
 */
bool ledger_split(struct ledger *ledger, const struct ledger_delivery *delivery,
		const struct ledger_entry *entries, size_t count, uint32_t series,
		int64_t now_ms, struct arena *arena, struct ledger_delivery *out_part,
		struct error *err);
/** For people: that it has to be confirmed series by series, and which they are. NULL on failure. */
char *ledger_mixed_reason(struct ledger *ledger, const struct ledger_entry *entries,
		size_t count, struct arena *arena, struct error *err);

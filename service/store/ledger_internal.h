/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the ledger share. */
#pragma once

#include "store/database.h"
#include "store/ledger_schema.h"

#define LEDGER_DELIVERY_COLUMNS                                                                \
	"id, key, run, enterprise, state, attempts, day, not_before, kinds, region, created,"  \
	" changed, lease, leased, lease_length, who, note, entries"

/** A copy in @arena. */
bool ledger_copy(struct slice bytes, struct arena *arena, struct slice *out, struct error *err);
/** The list with room for one more than @count; zeroed. NULL when memory is short. */
void *ledger_grow(
		void *list, size_t count, size_t size, struct arena *arena, struct error *err);

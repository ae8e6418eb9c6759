/* SPDX-License-Identifier: Apache-2.0 */
/* Random firms of the starter catalog, behind a column cache in a file of its own. */
#pragma once

#include "calculator/calculator.h"
#include "registry/column_cache.h"

#define FIRMS_DAY "2026-06-01"

struct firms {
	struct arena arena;
	struct ruleset *ruleset;
	Policycalc__V1__Profile **profiles; /* by id - 1 */
	int64_t count;
	int64_t apart; /* ids are multiples of it; 1 unless they were spread */
	char path[64];
	struct column_cache *cache;
};

/**
 * Reads the catalog at @starter and makes @count firms of whose facts @known percent are known, with at
 * most @items of each list.
 */
void firms_init(struct firms *firms, const char *starter, int64_t count, unsigned known,
		unsigned items, uint64_t seed);
/** Before anything is read: so that few firms lie in several blocks. */
void firms_spread(struct firms *firms, int64_t apart);
int64_t firms_last_id(const struct firms *firms);
void firms_fini(struct firms *firms);
/* What column_origin.scan is. */
typedef bool (*firms_scan_fn)(void *context, int64_t sequence, int64_t first_id, int64_t count,
		column_row_fn row, void *row_context, struct error *err);
/** Where the blocks of a registry come from that never changes after its first snapshot. */
struct column_origin firms_origin(void *context, firms_scan_fn scan);
/** Match about one firm; NULL when the catalog refuses its facts. */
const Policycalc__V1__MatchResponse *firms_match(const struct firms *firms, int64_t id,
		const Policycalc__V1__MatchRequest *like, struct arena *call);

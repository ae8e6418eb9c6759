/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policies that an enterprise may fit on a day, without asking each of them.
 *
 * The match index (rules/match_index.h) of a day has the enterprise's own conditions of all policies: those
 * whose rules it finds false are INELIGIBLE, whatever else there is; the others are candidates, and are
 * asked as ever. So it never changes an answer, only how soon it is there.
 *
 * An index serves the epoch of its day, or the day alone when some rule reads as_of. It is made by
 * ruleset_prepare(), or by a thread of its own when a day was asked for a few times; until then there are no
 * candidates and every policy is asked. A few indexes are kept, the least recently asked for goes first.
 */
#pragma once

#include "calculator/facts.h"

struct candidate_cache;

/** NULL when memory is short. */
struct candidate_cache *candidate_cache_new(void);
/** Waits for the thread that makes an index, if there is one. */
void candidate_cache_free(struct candidate_cache *cache);
/** About how many bytes its indexes take, and the rooms that threads work in and are not using now. */
size_t candidate_cache_size(struct candidate_cache *cache);

struct candidates {
	const uint32_t *list; /* ascending; see below */
	size_t count;
	size_t shown_count; /* of the whole catalog: policies not superseded or ended on the day */
};

/** The policy of the candidate at @at. */
static inline size_t candidate_policy(const struct candidates *candidates, size_t at)
{
	return candidates->list[at] >> 1;
}

/**
 * Whether all its conditions that are rules or scopes are known to hold, of the enterprise alone; nothing is
 * said of score tables, judgements and items.
 */
static inline bool candidate_holds(const struct candidates *candidates, size_t at)
{
	return candidates->list[at] & 1;
}

/**
 * The candidates of @facts; the list lies in the arena of @facts. false: there is no index of the day (yet),
 * or it cannot tell of such facts, or memory was short, which shows in the arena.
 */
bool candidates_find(const struct facts *facts, struct candidates *out_candidates);

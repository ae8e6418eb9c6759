/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What depends on the day: parameters, versions and windows, bound for one epoch.
 *
 * Within an epoch (the span between two days on which anything of this changes) it is all the same,
 * so that it is bound once and kept. The cache holds a few epochs, the least recently asked for
 * goes first; an epoch that somebody has pinned stays until it is unpinned. Pinning one that is bound
 * takes no lock.
 */
#pragma once

#include "policycalc/v1/calculator_service.pb-c.h"
#include "rules/rule.h"

#include <stdbool.h>
#include <stdint.h>

struct ruleset;
struct epoch_cache;
struct ready_list;

/* Whether a policy is in force and open; borrows its texts from the catalog. */
struct standing {
	Policycalc__V1__Availability__State state;
	const char *date;
	const char *superseded_by;
	bool window_not_stated;
	bool begin_not_stated; /* NOT_YET: the date is only the earliest known one */
};

struct epoch {
	const struct value *values; /* by base slot: parameters bound, all else unknown */
	const Policycalc__V1__ParameterValue *const *sources; /* by parameter; NULL: no value */
	const struct standing *standings;		      /* by policy */
	const struct slice *availabilities; /* by policy: how it stands, as bytes */
	struct ready_list *ready;	    /* by policy: whole answers, see answer_parts.h */
};

/** Finds the days on which anything changes. NULL when memory is short. */
struct epoch_cache *epoch_cache_new(const struct ruleset *ruleset);
void epoch_cache_free(struct epoch_cache *cache);

/** The epoch of a day, to be given back with epoch_unpin(). NULL when memory is short. */
const struct epoch *epoch_pin(const struct ruleset *ruleset, int64_t day);
void epoch_unpin(const struct ruleset *ruleset, const struct epoch *epoch);

/** The first and the last day of the epoch of @day; INT64_MIN and INT64_MAX without end. */
void epoch_span(const struct ruleset *ruleset, int64_t day, int64_t *out_first,
		int64_t *out_last);

/** How the policy at @index stands on @day. */
struct standing policy_standing(const struct ruleset *ruleset, size_t index, int64_t day);
/** Whether two policies stand alike on every day, as far as that is seen at once. */
bool policy_stands_as(const struct ruleset *ruleset, size_t index, size_t other);

/** Whether @day is within the dates of the rule itself; where it begins is
 *  not stated, the earliest day known; a date of which nothing is known does not bound. */
bool policy_is_in_force(const Policycalc__V1__Policy *policy, int64_t day);

/** The value of one parameter on @day; unknown when it has none. May borrow from @arena. */
struct value epoch_parameter(const struct ruleset *ruleset, size_t parameter, int64_t day,
		struct arena *arena);

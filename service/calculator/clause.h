/* SPDX-License-Identifier: Apache-2.0 */
/* How one condition stands, from the firm's side: MET does not stand in the way. */
#pragma once

#include "calculator/facts.h"

struct score_result;

struct clause_result {
	Policycalc__V1__ConditionStatus status;
	/* Of UNKNOWN: attributes that would settle it, and parameters without a value. Of REVIEW: the
	 * parameters, when it is for want of them. NULL: none. */
	uint64_t *missing;
	bool threshold; /* REVIEW for want of a parameter, not for a judgement */
	const struct score_result
			*score; /* what the table came to, when it was asked; or NULL */
};

/** Asks one condition. Memory that runs short shows in the arena. */
struct clause_result clause_ask(const struct facts *facts, const struct policy_rules *policy,
		const struct clause *clause);
/** How a condition stands that lacks @missing and nothing else: UNKNOWN while an attribute would help. */
struct clause_result clause_lacks(const struct facts *facts, uint64_t *missing);

/* What conditions of the enterprise came to under the facts as they stand, by twin. */
struct clause_memo {
	uint64_t round; /* what was noted in another is of other facts */
	struct clause_note *notes;
	/* Comes to the same as clause_ask() in less time; false: not of this condition. NULL: there is none. */
	bool (*ask)(void *context, const struct policy_rules *policy,
			const struct clause *clause, struct clause_result *out_result);
	void *context;
};

/**
 * How the scope of a policy stands with the code of a region or an industry: UNKNOWN while it covers
 * only a part of that. Of a region outside of the table (@foreign) @own lies around it.
 */
Policycalc__V1__ConditionStatus region_scope_status(const struct region_table *regions,
		const Policycalc__V1__RegionScope *scope, struct slice own, bool foreign);
Policycalc__V1__ConditionStatus industry_scope_status(
		const Policycalc__V1__IndustryScope *scope, struct slice own);

/** An empty memo in @arena; false when memory is short. */
bool clause_memo_init(
		struct clause_memo *memo, const struct ruleset *ruleset, struct arena *arena);
/** The facts change, or the memory that answers lie in is reset: forgets everything. */
void clause_memo_advance(struct clause_memo *memo);
/** As clause_ask(); of twins (unless they are about an item) only the first is asked. */
struct clause_result clause_ask_once(const struct facts *facts, struct clause_memo *memo,
		const struct policy_rules *policy, const struct clause *clause);

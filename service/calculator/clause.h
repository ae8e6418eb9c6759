/* SPDX-License-Identifier: Apache-2.0 */
/* How one condition stands, from the firm's side: MET does not stand in the way. */
#pragma once

#include "calculator/facts.h"

struct clause_result {
	Policycalc__V1__ConditionStatus status;
	/* Of UNKNOWN: attributes that would settle it, and parameters without a value. Of REVIEW: the
	 * parameters, when it is for want of them. NULL: none. */
	uint64_t *missing;
	bool threshold; /* REVIEW for want of a parameter, not for a judgement */
};

/** Asks one condition. Memory that runs short shows in the arena. */
struct clause_result clause_ask(const struct facts *facts, const struct policy_rules *policy,
		const struct clause *clause);

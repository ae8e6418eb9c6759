/* SPDX-License-Identifier: Apache-2.0 */
/* Which policies a list is about, and which parameters a policy's rules name. */
#pragma once

#include "calculator/calculator.h"

/**
 * Whether every word of @request's search occurs in the policy, and kind, level and department are
 * those asked for. Latin letters are equal in both cases. Says nothing of dates.
 */
bool policy_is_asked_for(const Policycalc__V1__Policy *policy,
		const Policycalc__V1__ListPoliciesRequest *request);

/**
 * The parameters of @catalog that the rules and loan terms of @policy name, in name order, in
 * @arena. false when it is exhausted.
 */
bool policy_named_parameters(const Policycalc__V1__Policy *policy,
		const struct catalog *catalog, struct arena *arena,
		Policycalc__V1__Parameter ***out_list, size_t *out_count);

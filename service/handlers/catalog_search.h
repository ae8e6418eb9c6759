/* SPDX-License-Identifier: Apache-2.0 */
/* Which policies a list is about. */
#pragma once

#include "calculator/calculator.h"

/**
 * Whether every word of @request's search occurs in the policy, and kind, level and department are
 * those asked for. Latin letters are equal in both cases. Says nothing of dates.
 */
bool policy_is_asked_for(const Policycalc__V1__Policy *policy,
		const Policycalc__V1__ListPoliciesRequest *request);

/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes of region and industry as atoms: what follows from the code of an enterprise alone. */
#pragma once

#include "calculator/ruleset.h"
#include "rules/atom.h"

/**
 * The test of @clause, which is a scope of @policy; in @arena, and borrows from both. Twins may share one.
 * NULL when memory is short.
 */
const struct atom_test *scope_test_new(const struct ruleset *ruleset,
		const struct policy_rules *policy, const struct clause *clause,
		struct arena *arena);

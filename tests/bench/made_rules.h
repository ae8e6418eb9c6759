/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of the workload as rules, without a catalog around them. A slot is the attribute's number. */
#pragma once

#include "generator.h"

#include "rules/rule.h"

/** All attributes, as "e.NAME"; to be given back with scope_free(). Ends the program when memory is short. */
struct scope *made_scope_new(void);
/**
 * Compiles policies 0 to @count - 1 in @arena, where they lie with all that they need but @scope, and @memo: with one
 * they are made of terms that many share, as those of a catalog are; or NULL. The list is to be freed. Ends the program when memory is short, or a rule is none.
 */
const struct rule **made_rules_new(const struct generator *generator, size_t count,
		const struct scope *scope, struct rule_memo *memo, struct arena *arena);

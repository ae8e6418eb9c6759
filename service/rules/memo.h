/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules made of parts that were read and checked before.
 *
 * The rules of a catalog are seldom alike, but they are made of the same parts: "e.revenue >= wan(30000)"
 * stands in hundreds of them, with this sum or another. A part is what stands between "&&" and "||", or a
 * whole rule that has neither. It is compiled once, as if it were a rule; a rule that has it gets a copy of
 * its code, with its own figures and texts put in. So of most rules nothing is parsed, checked or compiled. The
 * tree, which is most of a rule, is what only some readers of few rules ask for: it is copied likewise, with its
 * own places put in, when the first does. Inner header.
 */
#pragma once

#include "rules/rule.h"
#include "rules/source.h"

/**
 * The rule of @source, whose options have a memo and are ->lasting. NULL, and nothing reported: it is not made of
 * parts, or wrong, or memory is short; rule_compile() goes on to read it.
 */
const struct rule *memo_make(
		const struct source *source, const struct scope *scope, struct arena *arena);
/** The tree of @rule, which has a memo: made now, unless somebody was quicker. NULL when memory is short. Any thread. */
const struct node *memo_tree(struct rule *rule);

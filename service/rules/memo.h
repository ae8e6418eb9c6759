/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules made of parts that were read and checked before.
 *
 * The rules of a catalog are seldom alike, but they are made of the same parts: "e.revenue >= wan(30000)"
 * stands in hundreds of them, with this sum or another. A part is what stands between "&&" and "||", or a
 * whole rule that has neither. It is compiled once, as if it were a rule; with its own figures and texts put into a
 * copy of its code it is a term, which is known by its text, and a rule of its own. So of most rules nothing is
 * parsed, checked or compiled: they are read as far as to find their terms, and that is all that is kept of them. The
 * program of all of it, and the tree, which is most of a rule, are what only some readers of few rules ask for: they
 * are copied likewise, from the parts, when the first does. Inner header.
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
/** The program of @rule, which has a memo: made now, unless somebody was quicker. NULL when memory is short. Any thread. */
const struct program *memo_program(struct rule *rule);
/** Likewise its tree. */
const struct node *memo_tree(struct rule *rule);

/* --- forms: memo_term.c --------------------------------------------------------------------------- */

/*
 * A rule of terms is its form: the number of each, and behind those that it joins a joint, with how many these are.
 * Which term has a number does not change any more once all rules are compiled.
 */
#define FORM_WORDS_MOST 64
#define FORM_JOINT (UINT32_C(1) << 31)

enum form_joint {
	FORM_NOT,
	FORM_AND,
	FORM_OR,
};

static inline uint32_t form_joint(enum form_joint kind, uint32_t count)
{
	return FORM_JOINT | (uint32_t)kind << 16 | count;
}

static inline enum form_joint form_kind(uint32_t joint)
{
	return (enum form_joint)(joint >> 16 & 3);
}

static inline size_t form_count(uint32_t joint)
{
	return joint & UINT16_MAX;
}

size_t memo_term_count(const struct rule_memo *memo);
/** The term, as a rule; a bool, and no constant, when it is joined with others. */
const struct rule *memo_term(const struct rule_memo *memo, uint32_t number);

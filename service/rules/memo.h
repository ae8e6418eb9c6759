/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparisons that were read and checked before.
 *
 * The rules of a catalog repeat one another's parts: "e.revenue >= wan(30000)" stands in hundreds of
 * them, with this sum or another. Each is read and checked once; the next rule that has it gets a copy
 * of its tree with the figures put in. What is remembered is the text between two "&&" or "||", its
 * figures made alike digit by digit, so that the places of a copy are exact, too. Inner header.
 */
#pragma once

#include "rules/parser.h"

/**
 * The tree of what begins at the current word, when it is known: checked, and not compiled. The parser stands
 * behind it then. NULL: unknown, and @out_key says what it would be known under (empty: it cannot be).
 */
struct node *memo_take(struct parser *parser, struct slice *out_key);
/** Notes what was read instead, until memo_keep(). */
void memo_note(struct rule_memo *memo, struct slice key, struct node *node);

/**
 * Of a list of nothing but strings, made since @mark: takes back what was made, and gives each string the node
 * that the first list had for it. Such a list is a constant, below which only its words are of use. Any other
 * list stays as it is. Nothing that was made since @mark may be in use beside @list.
 */
void memo_share(struct parser *parser, struct arena_mark mark, struct node_list *list);

/** Forgets what was noted of the rule before. */
void memo_begin(struct rule_memo *memo);
/** How deep the loops of what was taken since memo_begin() are nested. */
int memo_loops(const struct rule_memo *memo);
/** Remembers all that was noted: @rule is checked and compiled, and outlives @memo. */
void memo_keep(struct rule_memo *memo, const struct rule *rule);

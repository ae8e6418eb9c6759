/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The static checker: gives every node its type and dimension, every name its slot and every call its
 * function, and reports all that does not fit. What it lets through cannot go wrong for reasons of
 * type at evaluation.
 */
#pragma once

#include "rules/source.h"
#include "rules/tree.h"

struct checker_local {
	struct slice name;
	const struct type *type;
	enum dimension dimension;
};

struct checker {
	const struct source *source;
	const struct scope *scope;
	struct arena *arena;
	struct checker_local locals[TREE_DEPTH_LIMIT];
	int local_count;
	int loop_depth; /* the deepest nesting of loops seen */
	bool failed;
};

/** Checks a whole tree against the options of ->source. false when something was reported. */
bool tree_check(struct checker *checker, struct node *root);

/* Between check.c and its neighbours. */
void checker_node(struct checker *checker, struct node *node);
void checker_report(struct checker *checker, const struct node *node, const char *format, ...)
		__attribute__((format(printf, 3, 4)));
void check_warning(struct checker *checker, const struct node *node, const char *format, ...)
		__attribute__((format(printf, 3, 4)));
/** As checker_report(), under the mark (operator, function name) of @node. */
void checker_report_mark(struct checker *checker, const struct node *node, const char *format,
		...) __attribute__((format(printf, 3, 4)));
void checker_name(struct checker *checker, struct node *node);
void checker_select(struct checker *checker, struct node *node);
void checker_operator(struct checker *checker, struct node *node);
void checker_call(struct checker *checker, struct node *node);
void checker_loop(struct checker *checker, struct node *node);
/** What only rules of policies may not do; after all else. */
void checker_policy(struct checker *checker, const struct node *node);
/** Warns about money and ratios that a rule itself states; only with ->warn_bare. */
void checker_result(struct checker *checker, const struct node *root);

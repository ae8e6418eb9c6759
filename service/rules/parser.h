/* SPDX-License-Identifier: Apache-2.0 */
/* What a parser remembers, and its steps: for parser.c and parser_step.c. */
#pragma once

#include "rules/token.h"
#include "rules/tree.h"

struct parser {
	const struct source *source;
	struct lexer lexer;
	struct arena *arena;
	struct token token; /* the current one */
	uint32_t last_end;  /* of the token before */
	int depth;
	bool failed; /* something was reported, or memory is short */
	bool reported_once;
	uint32_t reported_at;
	struct node spare; /* stands in when memory is short */
};

/* Children under construction: doubles in the arena. */
struct node_list {
	struct node **items;
	uint32_t count, capacity;
};

/** Goes on to the next word. */
void parser_advance(struct parser *parser);
/** Reports @message; only once at one place. */
void parser_report(struct parser *parser, uint32_t begin, uint32_t end, const char *message);
/** "expected X, found Y" at the current word; silent where the lexer has spoken. */
void parser_expected(struct parser *parser, const char *expected);
/** Takes the current word when it is of @kind. */
bool parser_accept(struct parser *parser, enum token_kind kind);
/** Goes on to where an expression can end. */
void parser_skip(struct parser *parser);
/** Wants a closing @kind; skips forward to one when something else stands there. */
void parser_close(struct parser *parser, enum token_kind kind, const char *expected);
/** A node without children; never NULL: without memory a spare stands in. */
struct node *node_new(struct parser *parser, enum node_kind kind, uint32_t begin);
/** One child more. */
void list_append(struct parser *parser, struct node_list *list, struct node *item);
/** Gives @node its children; too high a tree becomes a NODE_BAD. */
struct node *node_finish(struct parser *parser, struct node *node, struct node_list list);
/** As node_finish(), with one child or two (@b may be NULL). */
struct node *node_with(
		struct parser *parser, struct node *node, struct node *a, struct node *b);
/** Whether an expression can end before the current word. */
bool parser_is_at_stop(const struct parser *parser);

/** Notes which bytes of the text are the node's operator or name; a text is at most 16 KiB long. */
static inline void node_mark(struct node *node, uint32_t begin, uint32_t end)
{
	node->mark = (uint16_t)begin;
	node->mark_end = (uint16_t)end;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a rule: what the parser makes, the checker marks and all others read.
 *
 * The upper half of a node says what was written; the printer needs nothing else. The lower half is
 * filled by the checker (types, names, functions) and by the compiler (where its code is). Parentheses
 * are not in the tree; a run of && or || is one node with many children, while one in parentheses
 * stays a node of its own.
 */
#pragma once

#include "base/buffer.h"
#include "rules/rule.h"

#include <assert.h>

#define TREE_DEPTH_LIMIT 64

enum node_kind {
	NODE_BAD,     /* stands for what could not be read; a mistake was reported */
	NODE_LITERAL, /* ->literal */
	NODE_NAME,    /* ->name */
	NODE_SELECT,  /* children[0] . name */
	NODE_INDEX,   /* children[0] [ children[1] ] */
	NODE_CALL,    /* name(children...), or children[0].name(others...) when ->receiver */
	NODE_LIST,    /* children */
	NODE_MAP,     /* key, value, key, value ... */
	NODE_NOT,     /* ! children[0] */
	NODE_NEGATE,  /* - children[0] */
	NODE_AND,     /* two or more children */
	NODE_OR,      /* two or more children */
	NODE_CONDITIONAL, /* children[0] ? children[1] : children[2] */
	NODE_OPERATOR,	  /* children[0] operator children[1] */
	NODE_HAS,	  /* has(children[0]), which is a NODE_SELECT */
	NODE_LOOP, /* children[0].all(name, children[1]) and so on; map may have two bodies */
};

enum operator_kind {
	OPERATOR_ADD,
	OPERATOR_SUBTRACT,
	OPERATOR_MULTIPLY,
	OPERATOR_DIVIDE,
	OPERATOR_REMAINDER,
	OPERATOR_EQUAL,
	OPERATOR_NOT_EQUAL,
	OPERATOR_LESS,
	OPERATOR_LESS_EQUAL,
	OPERATOR_GREATER,
	OPERATOR_GREATER_EQUAL,
	OPERATOR_IN,
};

enum loop_kind {
	LOOP_ALL,
	LOOP_EXISTS,
	LOOP_EXISTS_ONE,
	LOOP_MAP,
	LOOP_FILTER,
};

struct function;
struct source;

/*
 * A catalog has millions of these, so that one is a line of the processor's cache. A rule is at most 16 KiB
 * long and its tree 64 levels high, so that places in its text and in its code are small numbers; and what
 * only literals have lies where only the others have something: read it through the functions below.
 */
struct node {
	enum node_kind kind : 4;
	enum operator_kind operation : 4;
	enum loop_kind loop : 3;
	enum dimension dimension : 3;
	bool rooted : 1;   /* NAME: written with a leading dot */
	bool receiver : 1; /* CALL: children[0] stands before the dot */
	bool constant : 1; /* reads neither slots nor loop variables nor tables */
	bool reads_attribute : 1;
	bool is_namespace : 1;	 /* NAME before a dot that only names functions: "money" */
	bool folded : 1;	 /* a constant whose value is known beforehand: ->value */
	uint8_t function;	 /* CALL: one more than its place in functions[]; 0: none */
	uint16_t begin, end;	 /* bytes of the text it covers */
	uint16_t mark, mark_end; /* bytes of its operator, field or function name */
	uint8_t depth;
	int8_t local; /* NAME: loop depth of its variable, or -1; LOOP: its own depth */
	uint16_t count;
	int16_t code_begin, code_end; /* in the program; -1 when folded into a node above */
	uint16_t name_size;

	const struct type *type;
	const struct scope_name *variable; /* NAME or SELECT that is a declared name */
	union {
		struct {
			struct node **children;
			const char *name; /* not terminated: node_name() */
			const struct value *value;
		};
		struct value literal;
	};
};

static_assert(sizeof(struct node) == 64, "a node is a line of the cache");

/* More instructions than a rule of 16 KiB can have; program_compile() looks. */
#define TREE_CODE_LIMIT INT16_MAX

/** Its name as it is written; empty when it has none, as literals. */
static inline struct slice node_name(const struct node *node)
{
	return node->name_size ? (struct slice){ node->name, node->name_size }
			       : (struct slice){ 0 };
}

static inline void node_put_name(struct node *node, struct slice name)
{
	node->name = name.data;
	node->name_size = (uint16_t)name.size;
}

/** What a call calls, once it is checked; NULL of all other nodes. */
const struct function *node_function(const struct node *node);

/** "+", "==", "in" ... */
const char *operator_text(enum operator_kind operation);
/** "all", "exists" ... */
const char *loop_text(enum loop_kind loop);
bool operator_is_relation(enum operator_kind operation); /* ==, !=, <, <=, >, >= */
/** The same relation with both sides swapped: < becomes >. */
enum operator_kind operator_swapped(enum operator_kind operation);

/** NULL when there was an error (reported) or no memory. */
struct node *tree_parse(const struct source *source, struct arena *arena, bool *out_complete);
/** Whether both were written alike (positions aside). */
bool tree_equals(const struct node *a, const struct node *b);
/** Appends bytes that are the same of trees that are alike, and only of those. */
void tree_append_key(const struct node *node, struct buffer *out);
void tree_dump(const struct node *node, int indent, FILE *out);
/** Canonical text in the arena, NUL-terminated; NULL when memory is short. */
char *tree_print(const struct node *node, struct arena *arena);

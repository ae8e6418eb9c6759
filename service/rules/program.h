/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled rule: steps for a stack machine. Immutable, read by every thread.
 *
 * The code of a node is one run, from ->code_begin to ->code_end, that pushes exactly one value and
 * jumps only within itself, so that any part outside of a loop can be run alone: explaining and
 * intervals do that. Constant parts were computed at compile time.
 */
#pragma once

#include "rules/function.h"
#include "rules/tree.h"

#include <stdatomic.h>

enum opcode {
#define OP(name, text) OP_##name,
#include "rules/opcode.def"
#undef OP
};

struct instruction {
	uint8_t opcode;
	uint8_t b;
	uint16_t c;
	int32_t a;
};

struct program_ratio {
	int own, num, den; /* indexes into ->slots */
	bool zero_known;   /* whether it has a value when den is zero */
	int64_t zero_ppm;
};

struct program {
	struct instruction *code;
	struct value *constants;
	int *slots; /* ascending; code names them by index */
	enum value_kind *slot_kinds;
	struct program_ratio *ratios;
	int code_count;
	int main_count; /* the first so many are the value; behind them are shown quotients */
	int constant_count;
	int slot_count;
	int ratio_count;
	int stack_size;
	int loop_depth;
};

struct rule_memo;

struct rule {
	struct slice text;			 /* a copy; names in the tree point into it */
	_Atomic(const struct program *) program; /* rule_program(), */
	_Atomic(struct node *) root; /* rule_root(); NULL: nobody asked for it yet */
	struct rule_memo *memo;	     /* what makes them then */
	const int *slots;	     /* those of the program */
	const uint32_t *form;	     /* the terms that it is made of: memo.h; or NULL */
	uint32_t slot_count, form_count;
	uint64_t cost;
	const struct type *type;
	enum dimension dimension;
	uint32_t attached; /* rule_attach() */
};

/**
 * The program. That of a rule which was made with a memo is made when somebody asks for it, and kept: an index is made
 * of terms alone, and most rules are never run. NULL when memory is short, and then @arena, the caller's, is exhausted.
 * Any thread.
 */
const struct program *rule_program(const struct rule *rule, struct arena *arena);
/** That which it has already, as a term always does; or NULL. */
static inline const struct program *rule_program_made(const struct rule *rule)
{
	return atomic_load_explicit(&rule->program, memory_order_acquire);
}
/** The tree, likewise: to answer takes the program alone. */
const struct node *rule_root(const struct rule *rule, struct arena *arena);

/** Compiles a checked tree; NULL-free on success, false when memory is short. */
bool program_compile(struct program *program, struct node *root, int loop_depth,
		struct arena *arena);
void program_dump(const struct program *program, FILE *out);

#define RULE_COST_LIMIT ((uint64_t)10 * 1000 * 1000)

/** How many steps a rule may take. */
static inline uint64_t rule_cost_limit(const struct rule_options *options)
{
	return options->cost_limit ? options->cost_limit : RULE_COST_LIMIT;
}

/** Static worst case of evaluating @node; UINT64_MAX when past counting. */
uint64_t tree_cost(const struct node *root);

/**
 * Runs the code from @begin to @end, which is that of one node outside of loops. Unknown results
 * name slots.
 */
struct value program_run(const struct program *program, int begin, int end,
		const struct evaluation *evaluation);
/** Likewise of the program of @rule. */
struct value rule_run(const struct rule *rule, int begin, int end,
		const struct evaluation *evaluation);

/* operator.c: both sides are known and of the types the checker let through. */
struct value operator_apply(enum operator_kind operation, const struct value *left,
		const struct value *right, struct arena *arena);
bool value_equals(const struct value *a, const struct value *b);
/** <0, 0, >0 for ordered kinds; doubles that are NaN are not for here. */
int value_compare(const struct value *a, const struct value *b);
/** The value of @key in a map, or NULL. */
const struct value *value_map_find(const struct value *map, const struct value *key);

/** What a checked call does; NULL of all other nodes. */
static inline function_fn node_apply(const struct node *node)
{
	return node->function ? node_function(node)->apply : NULL;
}

/* explain.c: the one slot of @role that a part of a tree names, or -1 when there is not exactly one. */
int node_sole_slot(const struct node *node, enum scope_role role);

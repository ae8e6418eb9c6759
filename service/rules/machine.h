/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine is made of, for machine.c and machine_loop.c. */
#pragma once

#include "rules/program.h"

/* A loop in progress. */
struct machine_loop {
	enum loop_kind kind;
	struct value range;
	size_t next; /* index of the element after the current one */
	struct value element;
	struct value outcome; /* what merged so far; true: nothing but values */
	struct value *items;  /* of map() and filter() */
	size_t item_count;
	size_t true_count; /* of exists_one() */
};

/*
 * While running, an unknown value is a set of indexes into the program's slots: bits of ->uinteger,
 * or, with more than 64 slots, a sorted ->missing in the arena.
 */
struct machine {
	const struct program *program;
	const struct evaluation *evaluation;
	struct call_context context;
	bool wide;
	struct value *stack;
	int top; /* values on the stack */
	struct machine_loop *loops;
};

/** The union of two unknown values. */
struct value machine_union(
		struct machine *machine, const struct value *a, const struct value *b);
/** N-ary && and ||, folded from the left. */
struct value machine_and(struct machine *machine, const struct value *a, const struct value *b);
struct value machine_or(struct machine *machine, const struct value *a, const struct value *b);
/** As an argument list: an error beats unknown, unknown beats values; @outcome is what was so far. */
struct value machine_strict(
		struct machine *machine, const struct value *outcome, const struct value *next);

static inline bool value_is_known(const struct value *value)
{
	return value->kind > VALUE_ERROR;
}

/* Steps of loops; each returns where to go on. */
int machine_loop_enter(struct machine *machine, const struct instruction *at, int next);
int machine_loop_next(struct machine *machine, const struct instruction *at, int next);
int machine_loop_test(struct machine *machine, const struct instruction *at, int next);
int machine_loop_step(struct machine *machine, const struct instruction *at, int next);

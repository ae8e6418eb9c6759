/* SPDX-License-Identifier: Apache-2.0 */
/*
 * all() is an n-ary &&, exists() an n-ary ||; exists_one(), map() and filter() are strict in every
 * element. The outcome of a strict loop begins as true and stays so while there are only values.
 */
#include "rules/machine.h"

int machine_loop_enter(struct machine *machine, const struct instruction *at, int next)
{
	struct machine_loop *loop = &machine->loops[at->b];
	struct value range = machine->stack[machine->top - 1];

	if (!value_is_known(&range))
		return at->a; /* the range itself is the result */
	machine->top--;
	*loop = (struct machine_loop){
		.kind = (enum loop_kind)at->c,
		.range = range,
		.outcome = value_bool((enum loop_kind)at->c != LOOP_EXISTS),
	};
	if (loop->kind == LOOP_MAP || loop->kind == LOOP_FILTER) {
		loop->items = ARENA_NEW_ARRAY(
				machine->evaluation->arena, struct value, range.list.count);
		if (!loop->items) {
			machine->stack[machine->top++] = value_error(ERROR_TEXT_MEMORY);
			return at->a;
		}
	}
	return next;
}

static struct value loop_result(const struct machine_loop *loop)
{
	if (!value_is_known(&loop->outcome))
		return loop->outcome;
	switch (loop->kind) {
	case LOOP_ALL:
	case LOOP_EXISTS:
		break;
	case LOOP_EXISTS_ONE:
		return value_bool(loop->true_count == 1);
	case LOOP_MAP:
	case LOOP_FILTER:
		return (struct value){ .kind = VALUE_LIST,
			.list = { loop->items, loop->item_count } };
	}
	return loop->outcome;
}

int machine_loop_next(struct machine *machine, const struct instruction *at, int next)
{
	struct machine_loop *loop = &machine->loops[at->b];

	if (loop->next == loop->range.list.count) {
		machine->stack[machine->top++] = loop_result(loop);
		return at->a;
	}
	loop->element = loop->range.list.items[loop->range.kind == VALUE_MAP ? 2 * loop->next
									     : loop->next];
	loop->next++;
	return next;
}

int machine_loop_test(struct machine *machine, const struct instruction *at, int next)
{
	struct machine_loop *loop = &machine->loops[at->b];
	const struct value *condition = &machine->stack[--machine->top];

	if (condition->kind != VALUE_BOOL)
		loop->outcome = machine_strict(machine, &loop->outcome, condition);
	else if (condition->boolean)
		return next;
	return at->a;
}

int machine_loop_step(struct machine *machine, const struct instruction *at, int next)
{
	struct machine_loop *loop = &machine->loops[at->b];
	const struct value *body = &machine->stack[--machine->top];

	switch (loop->kind) {
	case LOOP_ALL:
		loop->outcome = machine_and(machine, &loop->outcome, body);
		break;
	case LOOP_EXISTS:
		loop->outcome = machine_or(machine, &loop->outcome, body);
		break;
	case LOOP_EXISTS_ONE:
	case LOOP_FILTER:
	case LOOP_MAP:
		if (!value_is_known(body))
			loop->outcome = machine_strict(machine, &loop->outcome, body);
		else if (loop->kind == LOOP_MAP)
			loop->items[loop->item_count++] = *body;
		else if (body->boolean && loop->kind == LOOP_FILTER)
			loop->items[loop->item_count++] = loop->element;
		else
			loop->true_count += body->boolean;
		return next;
	}
	/* An absorbing value settles all() and exists(). */
	if (loop->outcome.kind == VALUE_BOOL &&
			loop->outcome.boolean == (loop->kind == LOOP_EXISTS)) {
		machine->stack[machine->top++] = loop->outcome;
		return at->a;
	}
	return next;
}

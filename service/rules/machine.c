/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs programs. One loop over the code, no recursion; a rule over scalars allocates nothing until
 * its result names what is missing.
 *
 *     value       known
 *     error       beats unknown in strict places, loses to it under && and ||
 *     unknown     the set of slots that are missing and matter
 */
#include "rules/machine.h"

#include "base/wide.h"

#include <assert.h>

#define SMALL_STACK 24
#define SMALL_LOOPS 2
#define MILLION 1000000

struct value machine_union(
		struct machine *machine, const struct value *a, const struct value *b)
{
	const struct slot_set *left = &a->missing, *right = &b->missing;
	int *slots;
	size_t count = 0, i = 0, j = 0;

	if (!machine->wide)
		return (struct value){ .kind = VALUE_UNKNOWN,
			.uinteger = a->uinteger | b->uinteger };
	slots = ARENA_NEW_ARRAY(machine->evaluation->arena, int, left->count + right->count);
	if (!slots)
		return value_error(ERROR_TEXT_MEMORY);
	while (i < left->count || j < right->count) {
		bool from_left = j == right->count ||
				 (i < left->count && left->slots[i] <= right->slots[j]);
		int slot = from_left ? left->slots[i++] : right->slots[j++];

		if (count == 0 || slots[count - 1] != slot)
			slots[count++] = slot;
	}
	return (struct value){ .kind = VALUE_UNKNOWN, .missing = { slots, count } };
}

/* The order of && and ||: @absorbing beats unknown beats the first error beats the other value. */
static struct value merge(struct machine *machine, const struct value *a, const struct value *b,
		bool absorbing)
{
	if (a->kind == VALUE_BOOL)
		return a->boolean == absorbing ? *a : *b;
	if (b->kind == VALUE_BOOL)
		return b->boolean == absorbing ? *b : *a;
	if (a->kind == VALUE_UNKNOWN && b->kind == VALUE_UNKNOWN)
		return machine_union(machine, a, b);
	return b->kind == VALUE_UNKNOWN ? *b : *a;
}

struct value machine_and(struct machine *machine, const struct value *a, const struct value *b)
{
	return merge(machine, a, b, false);
}

struct value machine_or(struct machine *machine, const struct value *a, const struct value *b)
{
	return merge(machine, a, b, true);
}

struct value machine_strict(
		struct machine *machine, const struct value *outcome, const struct value *next)
{
	if (outcome->kind == VALUE_ERROR || value_is_known(next))
		return *outcome;
	if (next->kind == VALUE_ERROR || value_is_known(outcome))
		return *next;
	return machine_union(machine, outcome, next);
}

/* Errors and unknowns among @count arguments; a known value when there are none. */
static struct value strict_all(
		struct machine *machine, const struct value *arguments, size_t count)
{
	struct value outcome = value_bool(true);

	for (size_t i = 0; i < count; i++)
		outcome = machine_strict(machine, &outcome, &arguments[i]);
	return outcome;
}

static struct value unknown_slot(struct machine *machine, int index)
{
	int *slot;

	if (!machine->wide)
		return (struct value){ .kind = VALUE_UNKNOWN,
			.uinteger = (uint64_t)1 << index };
	slot = ARENA_NEW(machine->evaluation->arena, int);
	if (!slot)
		return value_error(ERROR_TEXT_MEMORY);
	*slot = index;
	return (struct value){ .kind = VALUE_UNKNOWN, .missing = { slot, 1 } };
}

static struct value slot_value(struct machine *machine, int index)
{
	const struct evaluation *evaluation = machine->evaluation;
	size_t slot = (size_t)machine->program->slots[index];
	const struct value *value;

	if (slot >= evaluation->value_count)
		return unknown_slot(machine, index);
	value = &evaluation->values[slot];
	if (value->kind == machine->program->slot_kinds[index])
		return *value;
	if (value->kind == VALUE_UNKNOWN)
		return unknown_slot(machine, index);
	if (value->kind == VALUE_ERROR)
		return value_error(value->error ? value->error : "an attribute has no value");
	return value_error("a value is not of its declared type");
}

/* --- quotients ------------------------------------------------------------------------------- */

/* A quotient as a fraction num / den in millionths: supplied values have den 1,000,000. */
struct quotient {
	struct value state; /* error or unknown, or known */
	int64_t num, den;   /* den > 0 */
	bool fits;	    /* num * 1,000,000 is meant; false: num is ppm and den is 1 */
};

static struct quotient quotient_read(struct machine *machine, const struct program_ratio *ratio)
{
	struct quotient quotient = { .state = slot_value(machine, ratio->own) };
	struct value num, den, parts[2];

	if (quotient.state.kind != VALUE_UNKNOWN) {
		quotient.num = quotient.state.integer;
		quotient.den = 1;
		return quotient;
	}
	num = slot_value(machine, ratio->num);
	den = slot_value(machine, ratio->den);
	if (den.kind == VALUE_INT && den.integer == 0) {
		if (ratio->zero_known) {
			quotient.state = value_bool(true);
			quotient.num = ratio->zero_ppm;
			quotient.den = 1;
		}
		return quotient;
	}
	parts[0] = num;
	parts[1] = den;
	quotient.state = strict_all(machine, parts, 2);
	quotient.fits = true;
	quotient.num = num.integer;
	quotient.den = den.integer;
	return quotient;
}

static struct value ratio_compare(struct machine *machine, const struct program_ratio *ratio,
		const struct value *threshold, enum operator_kind operation)
{
	struct quotient quotient = quotient_read(machine, ratio);
	struct value sides[2] = { quotient.state, *threshold };
	struct value outcome = strict_all(machine, sides, 2);
	wide_int left, right;
	int order;

	if (!value_is_known(&outcome))
		return outcome;
	left = (wide_int)quotient.num * (quotient.fits ? MILLION : 1);
	right = (wide_int)threshold->integer * quotient.den;
	order = quotient.den < 0 ? (left < right) - (left > right)
				 : (left > right) - (left < right);
	return operator_apply(operation, &(struct value){ .kind = VALUE_INT, .integer = order },
			&(struct value){ .kind = VALUE_INT }, NULL);
}

static struct value ratio_value(struct machine *machine, const struct program_ratio *ratio)
{
	struct quotient quotient = quotient_read(machine, ratio);
	wide_int product, ppm;

	if (!value_is_known(&quotient.state))
		return quotient.state;
	product = (wide_int)quotient.num * (quotient.fits ? MILLION : 1);
	ppm = product / quotient.den;
	if (product % quotient.den != 0 && (product < 0) != (quotient.den < 0))
		ppm--;
	if (ppm > INT64_MAX || ppm < INT64_MIN)
		return value_error("the quotient is out of range");
	return value_int((int64_t)ppm);
}

/* --- steps ----------------------------------------------------------------------------------- */

static struct value apply_not(const struct value *operand)
{
	return operand->kind == VALUE_BOOL ? value_bool(!operand->boolean) : *operand;
}

static struct value apply_negate(const struct value *operand)
{
	if (operand->kind == VALUE_DOUBLE)
		return value_double(-operand->number);
	if (operand->kind != VALUE_INT)
		return *operand;
	if (operand->integer == INT64_MIN)
		return value_error("integer overflow");
	return value_int(-operand->integer);
}

static struct value apply_operator(struct machine *machine, enum operator_kind operation,
		const struct value *sides)
{
	struct value outcome;

	if (value_is_known(&sides[0]) && value_is_known(&sides[1]))
		return operator_apply(
				operation, &sides[0], &sides[1], machine->evaluation->arena);
	outcome = strict_all(machine, sides, 2);
	return outcome;
}

static struct value apply_call(struct machine *machine, const struct function *function,
		const struct value *arguments, size_t count)
{
	struct value outcome = strict_all(machine, arguments, count);

	return value_is_known(&outcome) ? function->apply(&machine->context, arguments, count)
					: outcome;
}

/* A list of @count values, or a map of @count / 2 entries. */
static struct value make_list(
		struct machine *machine, const struct value *items, size_t count, bool map)
{
	struct value outcome = strict_all(machine, items, count);
	struct value *copy;

	if (!value_is_known(&outcome))
		return outcome;
	for (size_t i = 0; map && i < count; i += 2) {
		for (size_t j = 0; j < i; j += 2) {
			if (value_equals(&items[i], &items[j]))
				return value_error("a key is there twice");
		}
	}
	copy = ARENA_NEW_ARRAY(machine->evaluation->arena, struct value, count);
	if (!copy)
		return value_error(ERROR_TEXT_MEMORY);
	if (count)
		memcpy(copy, items, count * sizeof(*copy));
	return (struct value){ .kind = map ? VALUE_MAP : VALUE_LIST,
		.list = { copy, map ? count / 2 : count } };
}

static struct value apply_index(struct machine *machine, const struct value *sides)
{
	struct value outcome = strict_all(machine, sides, 2);
	const struct value *found;

	if (!value_is_known(&outcome))
		return outcome;
	if (sides[0].kind == VALUE_MAP) {
		found = value_map_find(&sides[0], &sides[1]);
		return found ? *found : value_error("no such key");
	}
	if (sides[1].integer < 0 || (uint64_t)sides[1].integer >= sides[0].list.count)
		return value_error("the index is out of range");
	return sides[0].list.items[sides[1].integer];
}

static struct value apply_select(const struct value *map, const struct value *key)
{
	const struct value *found;

	if (!value_is_known(map))
		return *map;
	found = value_map_find(map, key);
	return found ? *found : value_error("no such key");
}

/* Where a conditional goes on after its condition. */
static int branch(struct machine *machine, const struct instruction *at, int next)
{
	const struct value *condition = &machine->stack[machine->top - 1];

	if (condition->kind != VALUE_BOOL) /* it is the result: leave behind both arms */
		return machine->program->code[at->a - 1].a;
	machine->top--;
	return condition->boolean ? next : at->a;
}

/* Merges under && (absorbing false) or || (absorbing true). */
static int logic(
		struct machine *machine, const struct instruction *at, int next, bool absorbing)
{
	struct value *top = &machine->stack[machine->top - 1];

	if (!at->b) {
		machine->top--;
		top--;
		*top = merge(machine, top, top + 1, absorbing);
	}
	return top->kind == VALUE_BOOL && top->boolean == absorbing ? at->a : next;
}

static int step(struct machine *machine, int pc)
{
	const struct program *program = machine->program;
	const struct instruction *at = &program->code[pc];
	struct value *top = &machine->stack[machine->top - 1]; /* may be below the stack */
	int next = pc + 1;

	switch ((enum opcode)at->opcode) {
	case OP_CONST:
		machine->stack[machine->top++] = program->constants[at->a];
		break;
	case OP_SLOT:
		machine->stack[machine->top++] = slot_value(machine, at->a);
		break;
	case OP_LOCAL:
		machine->stack[machine->top++] = machine->loops[at->a].element;
		break;
	case OP_NOT:
		*top = apply_not(top);
		break;
	case OP_NEGATE:
		*top = apply_negate(top);
		break;
	case OP_OPERATOR:
		machine->top--;
		top[-1] = apply_operator(machine, (enum operator_kind)at->b, top - 1);
		break;
	case OP_AND:
		return logic(machine, at, next, false);
	case OP_OR:
		return logic(machine, at, next, true);
	case OP_BRANCH:
		return branch(machine, at, next);
	case OP_JUMP:
		return at->a;
	case OP_LIST:
	case OP_MAP: {
		bool map = at->opcode == OP_MAP;
		int count = map ? 2 * at->a : at->a;

		machine->top -= count;
		machine->stack[machine->top] = make_list(
				machine, &machine->stack[machine->top], (size_t)count, map);
		machine->top++;
		break;
	}
	case OP_INDEX:
		machine->top--;
		top[-1] = apply_index(machine, top - 1);
		break;
	case OP_SELECT:
		*top = apply_select(top, &program->constants[at->a]);
		break;
	case OP_HAS:
		if (value_is_known(top))
			*top = value_bool(value_map_find(top, &program->constants[at->a]) !=
					  NULL);
		break;
	case OP_KNOWN:
		if (value_is_known(top))
			*top = value_bool(true);
		break;
	case OP_CALL:
		machine->top -= at->c;
		machine->stack[machine->top] = apply_call(machine, &functions[at->a],
				&machine->stack[machine->top], at->c);
		machine->top++;
		break;
	case OP_RATIO:
		*top = ratio_compare(machine, &program->ratios[at->a], top,
				(enum operator_kind)at->b);
		break;
	case OP_RATIO_VALUE:
		machine->stack[machine->top++] = ratio_value(machine, &program->ratios[at->a]);
		break;
	case OP_LOOP:
		return machine_loop_enter(machine, at, next);
	case OP_NEXT:
		return machine_loop_next(machine, at, next);
	case OP_TEST:
		return machine_loop_test(machine, at, next);
	case OP_STEP:
		return machine_loop_step(machine, at, next);
	}
	return next;
}

/* Turns indexes into slots. */
static struct value name_missing(struct machine *machine, struct value value)
{
	const struct program *program = machine->program;
	size_t count = machine->wide ? value.missing.count
				     : (size_t)__builtin_popcountll(value.uinteger);
	int *slots = arena_alloc(machine->evaluation->arena, count * sizeof(int));
	uint64_t bits = value.uinteger;

	if (!slots)
		return value_error(ERROR_TEXT_MEMORY);
	for (size_t i = 0; i < count; i++) {
		if (machine->wide) {
			slots[i] = program->slots[value.missing.slots[i]];
			continue;
		}
		slots[i] = program->slots[__builtin_ctzll(bits)];
		bits &= bits - 1;
	}
	return (struct value){ .kind = VALUE_UNKNOWN, .missing = { slots, count } };
}

/* Of a part that only reads a slot, as sides of comparisons mostly do: nothing has to be set up for it. */
static bool slot_read(const struct program *program, int begin, int end,
		const struct evaluation *evaluation, struct value *out)
{
	const struct instruction *at = &program->code[begin];
	const struct value *value;

	if (end != begin + 1 || at->opcode != OP_SLOT ||
			(size_t)program->slots[at->a] >= evaluation->value_count)
		return false;
	value = &evaluation->values[program->slots[at->a]];
	if (value->kind != program->slot_kinds[at->a] || evaluation->arena->exhausted)
		return false;
	*out = *value;
	return true;
}

struct value program_run(const struct program *program, int begin, int end,
		const struct evaluation *evaluation)
{
	struct value small_stack[SMALL_STACK];
	struct machine_loop small_loops[SMALL_LOOPS];
	struct machine machine = {
		.program = program,
		.evaluation = evaluation,
		.context = { evaluation->arena, evaluation->regions },
		.wide = program->slot_count > 64,
		.stack = small_stack,
		.loops = small_loops,
	};
	struct value result;

	assert(begin >= 0 && end > begin);
	if (slot_read(program, begin, end, evaluation, &result))
		return result;
	if (program->stack_size > SMALL_STACK)
		machine.stack = arena_alloc(evaluation->arena,
				(size_t)program->stack_size * sizeof(struct value));
	if (program->loop_depth > SMALL_LOOPS)
		machine.loops = arena_alloc(evaluation->arena,
				(size_t)program->loop_depth * sizeof(struct machine_loop));
	if (!machine.stack || !machine.loops)
		return value_error(ERROR_TEXT_MEMORY);
	for (int pc = begin; pc != end;)
		pc = step(&machine, pc);
	assert(machine.top == 1);
	result = machine.stack[0];
	if (evaluation->arena->exhausted)
		return value_error(ERROR_TEXT_MEMORY);
	return result.kind == VALUE_UNKNOWN ? name_missing(&machine, result) : result;
}

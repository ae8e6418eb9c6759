/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nearest figure or day at which a comparison comes out as wanted.
 *
 * Where the slot stands alone on one side, the other side is the threshold. Where arithmetic stands
 * between, the tree tells which way the difference of both sides goes with the slot; the place where
 * it turns is then found by doubling the step and halving it again, asking the atom itself each time,
 * so that roundings and quotients are as exact as the rule is. Where the tree does not tell, both ways
 * are tried, and what is found may not be the nearest.
 */
#include "rules/flip_internal.h"

/* How a figure goes when the slot goes up. */
enum slope {
	SLOPE_NONE,
	SLOPE_UP,
	SLOPE_DOWN,
	SLOPE_ANY,
};

static enum slope slope_of(const struct flipper *flipper, const struct rule *rule,
		const struct node *node, int slot);

static enum slope slope_turned(enum slope slope)
{
	if (slope == SLOPE_UP)
		return SLOPE_DOWN;
	return slope == SLOPE_DOWN ? SLOPE_UP : slope;
}

static enum slope slope_sum(enum slope a, enum slope b)
{
	if (a == SLOPE_NONE || a == b)
		return b;
	return b == SLOPE_NONE ? a : SLOPE_ANY;
}

/* -1, 0, 1; 2: not a figure that is known. */
static int sign_of(
		const struct flipper *flipper, const struct rule *rule, const struct node *node)
{
	struct value value = flip_value(flipper, rule, node);

	if (value.kind != VALUE_INT)
		return 2;
	return (value.integer > 0) - (value.integer < 0);
}

static enum slope slope_scaled(enum slope slope, int sign)
{
	if (slope == SLOPE_NONE || sign == 0)
		return SLOPE_NONE;
	if (sign == 2)
		return SLOPE_ANY;
	return sign > 0 ? slope : slope_turned(slope);
}

static enum slope slope_of_operator(const struct flipper *flipper, const struct rule *rule,
		const struct node *node, int slot)
{
	enum slope a = slope_of(flipper, rule, node->children[0], slot);
	enum slope b = slope_of(flipper, rule, node->children[1], slot);

	if (a == SLOPE_NONE && b == SLOPE_NONE)
		return SLOPE_NONE;
	switch ((int)node->operation) {
	case OPERATOR_ADD:
		return slope_sum(a, b);
	case OPERATOR_SUBTRACT:
		return slope_sum(a, slope_turned(b));
	case OPERATOR_MULTIPLY:
		if (a != SLOPE_NONE && b != SLOPE_NONE)
			return SLOPE_ANY;
		return a != SLOPE_NONE ? slope_scaled(a, sign_of(flipper, rule,
									 node->children[1]))
				       : slope_scaled(b, sign_of(flipper, rule,
									 node->children[0]));
	case OPERATOR_DIVIDE:
		if (b == SLOPE_NONE)
			return slope_scaled(a, sign_of(flipper, rule, node->children[1]));
		/* Of a divisor only while it stays above zero, which the atom tells by erring. */
		if (a == SLOPE_NONE && sign_of(flipper, rule, node->children[1]) == 1)
			return slope_scaled(slope_turned(b),
					sign_of(flipper, rule, node->children[0]));
		return SLOPE_ANY;
	default:
		return SLOPE_ANY;
	}
}

/* a * b / c with one of them moving. */
static enum slope slope_of_mul_div(const struct flipper *flipper, const struct rule *rule,
		const struct node *node, int slot)
{
	const struct node *const *parts = (const struct node *const *)&node->children[1];
	enum slope a = slope_of(flipper, rule, parts[0], slot);
	enum slope b = slope_of(flipper, rule, parts[1], slot);
	enum slope c = slope_of(flipper, rule, parts[2], slot);
	int sign_a = sign_of(flipper, rule, parts[0]);
	int sign_b = sign_of(flipper, rule, parts[1]);

	if ((a != SLOPE_NONE) + (b != SLOPE_NONE) + (c != SLOPE_NONE) > 1)
		return SLOPE_ANY;
	if (a != SLOPE_NONE)
		return slope_scaled(a, sign_b);
	if (b != SLOPE_NONE)
		return slope_scaled(b, sign_a);
	if (c != SLOPE_NONE && sign_a != 2 && sign_b != 2)
		return slope_scaled(slope_turned(c), sign_a * sign_b);
	return c == SLOPE_NONE ? SLOPE_NONE : SLOPE_ANY;
}

static enum slope slope_of_call(const struct flipper *flipper, const struct rule *rule,
		const struct node *node, int slot)
{
	function_fn apply = node_function(node)->apply;
	bool extreme = apply == apply_greatest || apply == apply_least;
	enum slope slope = SLOPE_NONE;

	if (apply == apply_wan || apply == apply_yi || apply == apply_yuan)
		return slope_of(flipper, rule, node->children[0], slot);
	if (apply == apply_mul_div)
		return slope_of_mul_div(flipper, rule, node, slot);
	if (extreme || apply == apply_add_years || apply == apply_add_months) {
		for (uint32_t i = 1; i < node->count; i++)
			slope = slope_sum(slope,
					slope_of(flipper, rule, node->children[i], slot));
		return slope;
	}
	if (apply == apply_full_years)
		return slope_sum(slope_turned(slope_of(flipper, rule, node->children[1], slot)),
				slope_of(flipper, rule, node->children[2], slot));
	return SLOPE_ANY;
}

static enum slope slope_of_slot(const struct flipper *flipper, int own, int slot)
{
	const struct rule *behind = flip_behind_slot(flipper, own);

	if (own == slot)
		return SLOPE_UP;
	return behind ? slope_of(flipper, behind, flip_root(flipper, behind), slot)
		      : SLOPE_NONE;
}

static enum slope slope_of_ratio(
		const struct flipper *flipper, const struct scope_ratio *ratio, int slot)
{
	const struct value *values = flipper->world->evaluation->values;
	const struct value *num = &values[ratio->num_slot];
	const struct value *den = &values[ratio->den_slot];
	enum slope a = slope_of_slot(flipper, ratio->num_slot, slot);
	enum slope b = slope_of_slot(flipper, ratio->den_slot, slot);

	if (num->kind != VALUE_INT || den->kind != VALUE_INT || den->integer == 0)
		return SLOPE_ANY;
	if (b == SLOPE_NONE)
		return slope_scaled(a, den->integer > 0 ? 1 : -1);
	if (a == SLOPE_NONE && den->integer > 0)
		return slope_scaled(slope_turned(b), (num->integer > 0) - (num->integer < 0));
	return SLOPE_ANY;
}

static enum slope slope_of(const struct flipper *flipper, const struct rule *rule,
		const struct node *node, int slot)
{
	const struct scope_ratio *ratio;
	const struct rule *behind;
	struct value condition;

	if (!flip_reads(flipper, node, slot))
		return SLOPE_NONE;
	if (node->variable) {
		behind = flip_behind(flipper, node, &ratio);
		if (behind)
			return slope_of(flipper, behind, flip_root(flipper, behind), slot);
		return ratio ? slope_of_ratio(flipper, ratio, slot) : SLOPE_UP;
	}
	switch ((int)node->kind) {
	case NODE_NEGATE:
		return slope_turned(slope_of(flipper, rule, node->children[0], slot));
	case NODE_OPERATOR:
		return slope_of_operator(flipper, rule, node, slot);
	case NODE_CALL:
		return slope_of_call(flipper, rule, node, slot);
	case NODE_CONDITIONAL:
		condition = flip_value(flipper, rule, node->children[0]);
		if (condition.kind != VALUE_BOOL ||
				flip_reads(flipper, node->children[0], slot))
			return SLOPE_ANY;
		return slope_of(flipper, rule, node->children[condition.boolean ? 1 : 2], slot);
	default:
		return SLOPE_ANY;
	}
}

/* --- figures and days as one ------------------------------------------------------------------ */

static int64_t number_of(const struct value *value)
{
	return value->kind == VALUE_TIMESTAMP ? value->timestamp.seconds : value->integer;
}

static struct value number_value(const struct value *like, int64_t number)
{
	struct value value = *like;

	if (value.kind == VALUE_TIMESTAMP)
		value.timestamp.seconds = number;
	else
		value.integer = number;
	return value;
}

struct number_search {
	struct flipper *flipper;
	const struct flip_atom *atom;
	int slot;
	struct value from;
	int64_t unit; /* 1, or the seconds of a day */
	const struct flip_reach *reach;
};

static bool number_reached(const struct number_search *search, int64_t number)
{
	int64_t from = number_of(&search->from);

	if (number == from || (number > from ? !search->reach->up : !search->reach->down))
		return false;
	return search->from.kind == VALUE_TIMESTAMP ||
	       (number >= search->reach->least && number <= search->reach->most);
}

static bool number_turns(const struct number_search *search, int64_t number)
{
	return flip_try(search->flipper, search->atom, search->slot,
			number_value(&search->from, number));
}

static void number_add(const struct number_search *search, int64_t number, int64_t threshold)
{
	if (!number_reached(search, number) || !number_turns(search, number))
		return;
	flip_add(search->flipper, search->atom,
			(struct flip){
					.slot = search->slot,
					.target = number_value(&search->from, number),
					.threshold = search->unit > 1 ? 365 : threshold,
			});
}

/* --- the slot alone on one side --------------------------------------------------------------- */

static enum operator_kind relation_negated(enum operator_kind operation)
{
	switch ((int)operation) {
	case OPERATOR_EQUAL:
		return OPERATOR_NOT_EQUAL;
	case OPERATOR_NOT_EQUAL:
		return OPERATOR_EQUAL;
	case OPERATOR_LESS:
		return OPERATOR_GREATER_EQUAL;
	case OPERATOR_LESS_EQUAL:
		return OPERATOR_GREATER;
	case OPERATOR_GREATER:
		return OPERATOR_LESS_EQUAL;
	default:
		return OPERATOR_LESS;
	}
}

static void number_add_beside(const struct number_search *search, int64_t threshold, int sign)
{
	int64_t beside;

	if (!__builtin_add_overflow(threshold, sign * search->unit, &beside))
		number_add(search, beside, threshold);
}

static void number_meet(const struct number_search *search, enum operator_kind operation,
		int64_t threshold)
{
	switch ((int)operation) {
	case OPERATOR_NOT_EQUAL:
		number_add_beside(search, threshold, 1);
		number_add_beside(search, threshold, -1);
		break;
	case OPERATOR_GREATER:
		number_add_beside(search, threshold, 1);
		break;
	case OPERATOR_LESS:
		number_add_beside(search, threshold, -1);
		break;
	default:
		number_add(search, threshold, threshold);
		break;
	}
}

/* Whether @side is the slot itself, and nothing else. */
static bool is_slot_alone(const struct number_search *search, const struct node *side)
{
	const struct scope_ratio *ratio;

	return side->variable && side->variable->slot == search->slot &&
	       !flip_behind(search->flipper, side, &ratio) && !ratio;
}

static bool number_alone(const struct number_search *search)
{
	const struct node *node = search->atom->node;
	enum operator_kind operation = node->operation;

	for (int i = 0; i < 2; i++) {
		const struct node *other = node->children[1 - i];
		struct value side;

		if (!is_slot_alone(search, node->children[i]) ||
				flip_reads(search->flipper, other, search->slot))
			continue;
		side = flip_value(search->flipper, search->atom->rule, other);
		if (side.kind != search->from.kind)
			return true;
		if (i == 1)
			operation = operator_swapped(operation);
		if (!search->atom->want)
			operation = relation_negated(operation);
		number_meet(search, operation, number_of(&side));
		return true;
	}
	return false;
}

/* --- arithmetic between ----------------------------------------------------------------------- */

/* The step before the last that is not yet enough, and the last that is. */
static void number_halve(
		const struct number_search *search, uint64_t low, uint64_t high, int sign)
{
	int64_t from = number_of(&search->from);
	int64_t target;

	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		target = from + sign * (int64_t)middle * search->unit;
		if (number_turns(search, target))
			high = middle;
		else
			low = middle;
	}
	target = from + sign * (int64_t)high * search->unit;
	number_add(search, target, target);
}

static void number_walk(const struct number_search *search, int sign)
{
	int64_t from = number_of(&search->from);
	uint64_t step = 1;
	uint64_t before = 0;
	uint64_t farthest = (uint64_t)INT64_MAX;

	if (search->unit > 1) {
		farthest = 100 * 366;
	} else {
		int64_t end = sign > 0 ? search->reach->most : search->reach->least;
		int64_t span;

		if (sign > 0 ? end <= from : end >= from)
			return;
		if (__builtin_sub_overflow(sign > 0 ? end : from, sign > 0 ? from : end, &span))
			span = INT64_MAX;
		farthest = (uint64_t)span;
		/* Toward the end of all figures rules only overflow. */
		if (from >= 0 ? sign > 0 : sign < 0) {
			int64_t most = from >= 0 ? INT64_MAX - from : from - INT64_MIN;

			if (farthest > (uint64_t)most)
				farthest = (uint64_t)most;
		}
	}
	for (;;) {
		if (step > farthest)
			step = farthest;
		if (number_turns(search, from + sign * (int64_t)step * search->unit)) {
			number_halve(search, before, step, sign);
			return;
		}
		if (step == farthest)
			return;
		before = step;
		step *= 2;
	}
}

/* Which way the difference of both sides must go: 1, -1; 0: not known. */
static int way_wanted(enum operator_kind operation)
{
	switch ((int)operation) {
	case OPERATOR_GREATER:
	case OPERATOR_GREATER_EQUAL:
		return 1;
	case OPERATOR_LESS:
	case OPERATOR_LESS_EQUAL:
		return -1;
	default:
		return 0;
	}
}

static void number_between(const struct number_search *search)
{
	const struct rule *rule = search->atom->rule;
	const struct node *node = search->atom->node;
	enum operator_kind operation = search->atom->want ? node->operation
							  : relation_negated(node->operation);
	enum slope slope = slope_sum(
			slope_of(search->flipper, rule, node->children[0], search->slot),
			slope_turned(slope_of(search->flipper, rule, node->children[1],
					search->slot)));
	int way = way_wanted(operation);

	if (slope == SLOPE_NONE)
		return;
	if (slope == SLOPE_DOWN)
		way = -way;
	if (slope == SLOPE_ANY)
		way = 0;
	if (way >= 0 && search->reach->up)
		number_walk(search, 1);
	if (way <= 0 && search->reach->down)
		number_walk(search, -1);
}

void flip_number(struct flipper *flipper, const struct flip_atom *atom, int slot,
		const struct flip_reach *reach)
{
	struct number_search search = {
		.flipper = flipper,
		.atom = atom,
		.slot = slot,
		.from = flipper->world->evaluation->values[slot],
		.unit = 1,
		.reach = reach,
	};

	if (search.from.kind == VALUE_TIMESTAMP)
		search.unit = FLIP_DAY;
	if (atom->node->kind != NODE_OPERATOR || !operator_is_relation(atom->node->operation))
		return;
	if (!number_alone(&search))
		number_between(&search);
}

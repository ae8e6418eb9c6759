/* SPDX-License-Identifier: Apache-2.0 */
/* What one slot is asked: by its name, and a value that no attribute has a part in. */
#include "rules/atom_internal.h"

#include "base/wide.h"

uint32_t atom_take_constant(const struct value *value)
{
	if (value->kind == VALUE_BOOL)
		return value->boolean ? LITERAL_TRUE : LITERAL_FALSE;
	return value->kind == VALUE_UNKNOWN ? LITERAL_UNSTATED : LITERAL_ERROR;
}

static uint32_t negate(struct taking *taking, uint32_t literal)
{
	return atoms_negate(taking->atoms, literal);
}

uint32_t atom_take_both(struct taking *taking, uint32_t a, uint32_t b, bool any)
{
	struct atoms *atoms = taking->atoms;
	size_t from = atoms->stack_count;

	atoms_push(atoms, any ? negate(taking, a) : a);
	atoms_push(atoms, any ? negate(taking, b) : b);
	a = atoms_pop_all(atoms, from);
	return any ? negate(taking, a) : a;
}

/* --- numbers ----------------------------------------------------------------------------------- */

/* The atom @like with its bound at @bound, which may lie one beyond the largest number. */
static uint32_t bound_take(struct taking *taking, const struct atom *like, wide_int bound)
{
	struct atom atom = *like;
	uint32_t literal;

	atom.bound = bound > INT64_MAX ? INT64_MAX : (int64_t)bound;
	literal = atoms_put(taking->atoms, &atom);
	/* Never true, but unknown as long as the slot is. */
	return bound > INT64_MAX
			       ? atom_take_both(taking, literal, negate(taking, literal), false)
			       : literal;
}

/* Of the two atoms ">=" and ">" of a bound, those that the relation is made of. */
static bool relation_needs_from(enum operator_kind operation)
{
	return operation != OPERATOR_GREATER && operation != OPERATOR_LESS_EQUAL;
}

static bool relation_needs_above(enum operator_kind operation)
{
	return operation != OPERATOR_GREATER_EQUAL && operation != OPERATOR_LESS;
}

/* @from: the atom of ">="; @above that of ">". */
static uint32_t relation_take(struct taking *taking, enum operator_kind operation,
		uint32_t from, uint32_t above)
{
	switch ((int)operation) {
	case OPERATOR_GREATER_EQUAL:
		return from;
	case OPERATOR_LESS:
		return negate(taking, from);
	case OPERATOR_GREATER:
		return above;
	case OPERATOR_LESS_EQUAL:
		return negate(taking, above);
	case OPERATOR_EQUAL:
		return atom_take_both(taking, from, negate(taking, above), false);
	default:
		return atom_take_both(taking, negate(taking, from), above, true);
	}
}

/* @like: AT_LEAST or VALID of a slot whose values are whole numbers, or days without a fraction. */
static uint32_t number_take(struct taking *taking, const struct atom *like,
		enum operator_kind operation, const struct value *bound)
{
	wide_int from = bound->kind == VALUE_INT ? bound->integer : bound->timestamp.seconds;
	/* Nothing lies between a second and its fractions. */
	bool fraction = bound->kind == VALUE_TIMESTAMP && bound->timestamp.nanos > 0;
	uint32_t at_least = LITERAL_TRUE, above = LITERAL_TRUE;

	if (fraction || relation_needs_above(operation))
		at_least = above = bound_take(taking, like, from + 1);
	if (!fraction && relation_needs_from(operation))
		at_least = bound_take(taking, like, from);
	return relation_take(taking, operation, at_least, above);
}

uint32_t atom_take_quotient(struct taking *taking, const struct scope_name *name,
		enum operator_kind operation, const struct value *bound)
{
	int slots[3] = { name->slot, name->ratio->num_slot, name->ratio->den_slot };
	struct atom atom = { .kind = ATOM_QUOTIENT,
		.slot = name->slot,
		.ratio = name->ratio,
		.slots = slots,
		.slot_count = 3 };
	uint32_t from = LITERAL_TRUE, above = LITERAL_TRUE;

	for (int i = 1; i < 3; i++) {
		for (int k = i; k > 0 && slots[k - 1] > slots[k]; k--) {
			int slot = slots[k];

			slots[k] = slots[k - 1];
			slots[k - 1] = slot;
		}
	}
	if (bound->kind == VALUE_UNKNOWN) {
		atom.unstated = true;
		return atoms_put(taking->atoms, &atom);
	}
	atom.bound = bound->integer;
	if (relation_needs_from(operation))
		from = atoms_put(taking->atoms, &atom);
	atom.above = true;
	if (relation_needs_above(operation))
		above = atoms_put(taking->atoms, &atom);
	return relation_take(taking, operation, from, above);
}

uint32_t atom_take_number(struct taking *taking, const struct scope_name *name,
		enum operator_kind operation, const struct value *bound)
{
	struct atom atom = {
		.kind = ATOM_AT_LEAST, .slot = name->slot, .slots = &name->slot, .slot_count = 1
	};

	if (bound->kind != VALUE_UNKNOWN)
		return number_take(taking, &atom, operation, bound);
	atom.unstated = true;
	return atoms_put(taking->atoms, &atom);
}

uint32_t atom_take_valid(struct taking *taking, const struct atom *entry,
		enum operator_kind operation, const struct value *bound)
{
	return number_take(taking, entry, operation, bound);
}

/* --- codes ------------------------------------------------------------------------------------- */

bool atom_is_codes(const struct type *type)
{
	if (type->kind == TYPE_LIST)
		return type->element->kind == TYPE_STRING;
	return type->kind == TYPE_MAP && type->key->kind == TYPE_STRING;
}

uint32_t atom_take_member(
		struct taking *taking, const struct scope_name *name, struct slice code)
{
	struct atom atom = { .kind = name->type->kind == TYPE_MAP ? ATOM_HELD : ATOM_MEMBER,
		.slot = name->slot,
		.code = code,
		.slots = &name->slot,
		.slot_count = 1 };

	return atoms_put(taking->atoms, &atom);
}

/* A number among constants. */
uint32_t atom_take_among(
		struct taking *taking, const struct scope_name *name, const struct value *range)
{
	size_t from = taking->atoms->stack_count;

	for (size_t i = 0; i < range->list.count; i++)
		atoms_push(taking->atoms,
				negate(taking, atom_take_number(taking, name, OPERATOR_EQUAL,
							       &range->list.items[i])));
	return negate(taking, atoms_pop_all(taking->atoms, from));
}

uint32_t atom_take_texts(struct taking *taking, const struct scope_name *name,
		enum operator_kind operation, const struct value *texts, int begin, int end)
{
	bool list = operation == OPERATOR_IN;
	size_t count = list ? texts->list.count : 1;
	struct atom atom = { .kind = ATOM_CODE,
		.slot = name->slot,
		.negated = operation == OPERATOR_NOT_EQUAL,
		.text_count = (uint32_t)count,
		.rule = taking->rule,
		.code_begin = begin,
		.code_end = end,
		.slots = &name->slot,
		.slot_count = 1 };
	uint32_t literal, hash;

	if (texts->kind != (list ? VALUE_LIST : VALUE_STRING) ||
			(!list && operation != OPERATOR_EQUAL && !atom.negated) ||
			(list && count && texts->list.items[0].kind != VALUE_STRING))
		return UINT32_MAX;
	atom.texts = atoms_texts(taking->atoms, list ? texts->list.items : texts, count);
	if (!atom.texts)
		return LITERAL_TRUE;
	literal = atoms_find(taking->atoms, &atom, &hash);
	return literal != UINT32_MAX ? literal : atoms_add(taking->atoms, &atom, hash);
}

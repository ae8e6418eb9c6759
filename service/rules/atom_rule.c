/* SPDX-License-Identifier: Apache-2.0 */
/* From the tree of a rule to literals. What is not recognised stays whole: never wrong, only slower. */
#include "rules/atom_internal.h"

#include <assert.h>
#include <string.h>

#define FETCHED_AT_ONCE 64

/* The value of a part that reads no attribute. */
static struct value node_value(struct taking *taking, const struct node *node)
{
	struct atoms *atoms = taking->atoms;
	struct value value =
			rule_run(taking->rule, node->code_begin, node->code_end, &atoms->bound);

	atoms->failed |= atoms->arena.exhausted;
	return value;
}

static uint32_t negate(struct taking *taking, uint32_t literal)
{
	return atoms_negate(taking->atoms, literal);
}

/* --- what has no simple form ------------------------------------------------------------------- */

struct reads {
	const struct scope_name *first;
	int *slots; /* ascending */
	size_t count, capacity;
	size_t names; /* of attributes, each as often as it stands there */
	bool quotient;
	bool failed;
};

static void reads_add(struct reads *reads, int slot)
{
	size_t at = 0;

	while (at < reads->count && reads->slots[at] < slot)
		at++;
	if (at < reads->count && reads->slots[at] == slot)
		return;
	if (reads->count == reads->capacity) {
		reads->failed = true;
		return;
	}
	memmove(&reads->slots[at + 1], &reads->slots[at],
			(reads->count - at) * sizeof(*reads->slots));
	reads->slots[at] = slot;
	reads->count++;
}

static void reads_collect(struct reads *reads, const struct node *node)
{
	if (node->variable) {
		if (node->variable->role != SCOPE_ATTRIBUTE)
			return;
		reads->first = node->variable;
		reads_add(reads, node->variable->slot);
		if (node->variable->ratio) {
			reads->quotient = true;
			reads_add(reads, node->variable->ratio->num_slot);
			reads_add(reads, node->variable->ratio->den_slot);
		}
		return;
	}
	for (uint32_t i = 0; i < node->count; i++)
		reads_collect(reads, node->children[i]);
}

/* A flag that something else is asked of than to be true: most of that is the flag or its opposite. */
static uint32_t flag_take(struct taking *taking, const struct node *node, int slot)
{
	struct atoms *atoms = taking->atoms;
	struct atom atom = { .kind = ATOM_FLAG, .slot = slot, .slots = &slot, .slot_count = 1 };
	struct evaluation evaluation = atoms->bound;
	size_t count = (size_t)slot + 1 > evaluation.value_count ? (size_t)slot + 1
								 : evaluation.value_count;
	struct value *values = ARENA_NEW_ARRAY(&atoms->arena, struct value, count);
	struct value made[3];

	if (!values) {
		atoms->failed = true;
		return LITERAL_TRUE;
	}
	if (evaluation.value_count)
		memcpy(values, evaluation.values, evaluation.value_count * sizeof(*values));
	evaluation.values = values;
	evaluation.value_count = count;
	for (int i = 0; i < 3; i++) {
		values[slot] = (struct value){ .kind = i < 2 ? VALUE_BOOL : VALUE_UNKNOWN };
		values[slot].boolean = i == 1;
		made[i] = rule_run(taking->rule, node->code_begin, node->code_end, &evaluation);
	}
	if (made[0].kind == VALUE_BOOL && made[1].kind == VALUE_BOOL &&
			made[2].kind == VALUE_UNKNOWN && made[0].boolean != made[1].boolean) {
		uint32_t literal = atoms_put(atoms, &atom);

		return made[1].boolean ? literal : negate(taking, literal);
	}
	return UINT32_MAX;
}

static uint32_t other_take(struct taking *taking, const struct node *node)
{
	struct atoms *atoms = taking->atoms;
	size_t most = 3 * (size_t)taking->rule->slot_count + 1;
	struct reads reads = { .slots = ARENA_NEW_ARRAY(&atoms->arena, int, most),
		.capacity = most };
	struct atom atom = { .kind = ATOM_OTHER,
		.slot = -1,
		.rule = taking->rule,
		.node = node,
		.code_begin = node->code_begin,
		.code_end = node->code_end };
	uint32_t literal = UINT32_MAX;

	if (!reads.slots) {
		atoms->failed = true;
		return LITERAL_TRUE;
	}
	reads_collect(&reads, node);
	assert(!reads.failed && reads.count > 0 && node->code_begin >= 0);
	if (reads.count == 1 && reads.first->type->kind == TYPE_BOOL)
		literal = flag_take(taking, node, reads.slots[0]);
	if (literal != UINT32_MAX)
		return literal;
	if (reads.count == 1 && reads.first->type->kind == TYPE_STRING) {
		atom.kind = ATOM_CODE;
		atom.slot = reads.slots[0];
	}
	atom.slots = reads.slots;
	atom.slot_count = reads.count;
	return atoms_put(atoms, &atom);
}

/* --- comparisons ------------------------------------------------------------------------------- */

/* What is looked up in a map under a known code: e.titles["srdi"], e.titles.srdi. */
static bool entry_read(struct taking *taking, const struct node *node, struct atom *out_atom)
{
	struct value key = { .kind = VALUE_STRING, .text = node_name(node) };
	const struct node *map;

	if (node->variable || (node->kind != NODE_INDEX && node->kind != NODE_SELECT))
		return false;
	map = node->children[0];
	if (!map->variable || map->variable->type->kind != TYPE_MAP ||
			node->type->kind != TYPE_TIMESTAMP)
		return false;
	if (node->kind == NODE_INDEX) {
		if (node->children[1]->reads_attribute)
			return false;
		key = node_value(taking, node->children[1]);
	}
	if (key.kind != VALUE_STRING)
		return false;
	*out_atom = (struct atom){ .kind = ATOM_VALID,
		.slot = map->variable->slot,
		.code = key.text,
		.slots = &map->variable->slot,
		.slot_count = 1 };
	return true;
}

static uint32_t comparison_take(struct taking *taking, const struct node *node)
{
	for (uint32_t i = 0; i < 2; i++) {
		const struct node *side = node->children[i];
		const struct node *other = node->children[1 - i];
		enum operator_kind operation =
				i ? operator_swapped(node->operation) : node->operation;
		struct atom entry;
		struct value bound;
		uint32_t literal;
		bool number;

		if (other->reads_attribute)
			continue;
		if (side->variable && side->variable->type->kind == TYPE_STRING) {
			bound = node_value(taking, other);
			literal = atom_take_texts(taking, side->variable, operation, &bound,
					node->code_begin, node->code_end);
			if (literal != UINT32_MAX)
				return literal;
			continue;
		}
		number = side->variable &&
			 (side->variable->type->kind == TYPE_INT ||
					 side->variable->type->kind == TYPE_TIMESTAMP);
		if (!number && !entry_read(taking, side, &entry))
			continue;
		bound = node_value(taking, other);
		if (bound.kind == VALUE_ERROR)
			return LITERAL_ERROR;
		if (number && side->variable->ratio)
			return atom_take_quotient(taking, side->variable, operation, &bound);
		if (number)
			return atom_take_number(taking, side->variable, operation, &bound);
		if (bound.kind == VALUE_TIMESTAMP)
			return atom_take_valid(taking, &entry, operation, &bound);
	}
	return other_take(taking, node);
}

/* --- lists and maps of codes ------------------------------------------------------------------- */

static uint32_t in_take(struct taking *taking, const struct node *node)
{
	const struct node *member = node->children[0];
	const struct node *range = node->children[1];
	struct value value;

	if (range->variable && atom_is_codes(range->variable->type) &&
			!member->reads_attribute && range->reads_attribute) {
		value = node_value(taking, member);
		if (value.kind == VALUE_STRING)
			return atom_take_member(taking, range->variable, value.text);
	}
	if (member->variable && member->variable->type->kind == TYPE_INT &&
			!member->variable->ratio && !range->reads_attribute) {
		value = node_value(taking, range);
		if (value.kind == VALUE_LIST && value.list.count > 0)
			return atom_take_among(taking, member->variable, &value);
	}
	if (member->variable && member->variable->type->kind == TYPE_STRING &&
			!range->reads_attribute) {
		uint32_t literal;

		value = node_value(taking, range);
		literal = atom_take_texts(taking, member->variable, OPERATOR_IN, &value,
				node->code_begin, node->code_end);
		if (literal != UINT32_MAX)
			return literal;
	}
	return other_take(taking, node);
}

static bool is_element(const struct node *node, const struct node *loop)
{
	return node->kind == NODE_NAME && !node->variable && node->local == loop->local;
}

/* Over constants: for each whether the list or map of the enterprise has it, or has it not. */
static bool constants_loop(struct taking *taking, const struct node *node, uint32_t *out)
{
	bool any = node->loop == LOOP_EXISTS;
	bool turned = false;
	const struct node *body = node->children[1];
	size_t from = taking->atoms->stack_count;
	struct value range;

	for (; body->kind == NODE_NOT; body = body->children[0])
		turned = !turned;
	if (body->kind != NODE_OPERATOR || body->operation != OPERATOR_IN ||
			!is_element(body->children[0], node) || !body->children[1]->variable ||
			!body->children[1]->reads_attribute ||
			!atom_is_codes(body->children[1]->variable->type))
		return false;
	range = node_value(taking, node->children[0]);
	if (range.kind != VALUE_LIST)
		return false;
	for (size_t i = 0; i < range.list.count; i++) {
		uint32_t literal;

		if (range.list.items[i].kind != VALUE_STRING) {
			taking->atoms->stack_count = from;
			return false;
		}
		literal = atom_take_member(
				taking, body->children[1]->variable, range.list.items[i].text);
		atoms_push(taking->atoms, turned != any ? negate(taking, literal) : literal);
	}
	*out = atoms_pop_all(taking->atoms, from);
	if (any)
		*out = negate(taking, *out);
	return true;
}

/* Over the enterprise's list, whether one of constants is in it. */
static bool members_loop(struct taking *taking, const struct node *node, uint32_t *out)
{
	const struct scope_name *name = node->children[0]->variable;
	const struct node *body = node->children[1];
	size_t from = taking->atoms->stack_count;
	const struct node *constant;
	struct value value;

	if (node->loop != LOOP_EXISTS || name->type->kind != TYPE_LIST ||
			!atom_is_codes(name->type) || body->kind != NODE_OPERATOR)
		return false;
	if ((body->operation == OPERATOR_EQUAL || body->operation == OPERATOR_IN) &&
			is_element(body->children[0], node))
		constant = body->children[1];
	else if (body->operation == OPERATOR_EQUAL && is_element(body->children[1], node))
		constant = body->children[0];
	else
		return false;
	if (!constant->constant)
		return false;
	value = node_value(taking, constant);
	if (value.kind == VALUE_STRING) {
		*out = atom_take_member(taking, name, value.text);
		return true;
	}
	/* Of an empty list of constants the result is "no" only when the other list is known. */
	if (value.kind != VALUE_LIST || value.list.count == 0)
		return false;
	for (size_t i = 0; i < value.list.count; i++)
		atoms_push(taking->atoms,
				negate(taking, atom_take_member(taking, name,
							       value.list.items[i].text)));
	*out = negate(taking, atoms_pop_all(taking->atoms, from));
	return true;
}

static uint32_t loop_take(struct taking *taking, const struct node *node)
{
	const struct node *range = node->children[0];
	uint32_t literal;

	if (node->count == 2 && (node->loop == LOOP_EXISTS || node->loop == LOOP_ALL)) {
		if (!range->reads_attribute && constants_loop(taking, node, &literal))
			return literal;
		if (range->variable && range->reads_attribute &&
				members_loop(taking, node, &literal))
			return literal;
	}
	return other_take(taking, node);
}

/* --- all --------------------------------------------------------------------------------------- */

/* The trees of a catalog are far larger than any cache: the parts are asked for before the first is read. */
static void children_fetch(const struct node *node)
{
	for (uint32_t i = 0; i < node->count; i++) {
		const char *child = (const char *)node->children[i];

		for (size_t at = 0; at < sizeof(*node); at += FETCHED_AT_ONCE)
			__builtin_prefetch(child + at);
	}
}

static uint32_t logic_take(struct taking *taking, const struct node *node)
{
	bool any = node->kind == NODE_OR;
	struct atoms *atoms = taking->atoms;
	size_t from = atoms->stack_count;
	uint32_t literal;

	children_fetch(node);
	for (uint32_t i = 0; i < node->count; i++) {
		literal = atom_take_node(taking, node->children[i]);
		atoms_push(atoms, any ? negate(taking, literal) : literal);
	}
	literal = atoms_pop_all(atoms, from);
	return any ? negate(taking, literal) : literal;
}

uint32_t atom_take_node(struct taking *taking, const struct node *node)
{
	struct atom atom = { .kind = ATOM_FLAG };

	if (!node->reads_attribute) {
		struct value value = node_value(taking, node);

		return atom_take_constant(&value);
	}
	if (node->variable) {
		atom.slot = node->variable->slot;
		atom.slots = &atom.slot;
		atom.slot_count = 1;
		return atoms_put(taking->atoms, &atom);
	}
	switch (node->kind) {
	case NODE_NOT:
		return negate(taking, atom_take_node(taking, node->children[0]));
	case NODE_AND:
	case NODE_OR:
		return logic_take(taking, node);
	case NODE_OPERATOR:
		if (operator_is_relation(node->operation))
			return comparison_take(taking, node);
		return node->operation == OPERATOR_IN ? in_take(taking, node)
						      : other_take(taking, node);
	case NODE_LOOP:
		return loop_take(taking, node);
	case NODE_BAD:
	case NODE_LITERAL:
	case NODE_NAME:
	case NODE_SELECT:
	case NODE_INDEX:
	case NODE_CALL:
	case NODE_LIST:
	case NODE_MAP:
	case NODE_NEGATE:
	case NODE_CONDITIONAL:
	case NODE_HAS:
	default:
		return other_take(taking, node);
	}
}

uint32_t atom_take_rule(struct taking *taking)
{
	const struct node *root;
	uint32_t literal;

	if (atom_take_steps(taking, &literal))
		return literal;
	assert(rule_type(taking->rule)->kind == TYPE_BOOL);
	root = rule_root(taking->rule, &taking->atoms->arena);
	return root ? atom_take_node(taking, root) : LITERAL_TRUE;
}

bool atoms_add_rule(struct atoms *atoms, const struct rule *rule, uint32_t *out_literal)
{
	struct taking taking = { .atoms = atoms, .rule = rule };

	*out_literal = rule->form ? atom_take_form(&taking) : atom_take_rule(&taking);
	return !atoms->failed && !atoms->arena.exhausted;
}

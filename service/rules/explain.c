/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which atoms of a rule decide its result. An atom is what stands under &&, ||, ! and ?: and is
 * none of them. A part whose value does not follow from that of the whole is evaluated by running
 * its own stretch of the code, once and without short-circuit.
 */
#include "rules/program.h"

#include <string.h>

struct explainer {
	const struct rule *rule;
	const struct evaluation *evaluation;
	struct rule_atom *atoms;
	size_t count, capacity;
	bool given;	 /* under the condition of a ?: */
	bool any, inner; /* how the next atom is joined to the one before */
	bool failed;
};

static struct value part_value(struct explainer *explainer, const struct node *node)
{
	/* Inside a part that was folded only written figures are of use. */
	if (node->code_begin < 0)
		return node->kind == NODE_LITERAL ? node->literal : (struct value){ 0 };
	return rule_run(explainer->rule, node->code_begin, node->code_end,
			explainer->evaluation);
}

/* *slot: -1 for none yet, -2 for more than one. */
static void find_slot(const struct node *node, enum scope_role role, int *slot)
{
	if (node->variable) {
		if (node->variable->role == role && *slot != node->variable->slot)
			*slot = *slot == -1 ? node->variable->slot : -2;
		return;
	}
	for (uint32_t i = 0; i < node->count; i++)
		find_slot(node->children[i], role, slot);
}

int node_sole_slot(const struct node *node, enum scope_role role)
{
	int slot = -1;

	find_slot(node, role, &slot);
	return slot < 0 ? -1 : slot;
}

/* --- sides ------------------------------------------------------------------------------------ */

static bool is_attribute(const struct node *node)
{
	return node->variable && node->variable->role == SCOPE_ATTRIBUTE;
}

/* Whether @node is something made of one attribute that has a name of its own, and fills which. */
static bool measure_find(
		struct explainer *explainer, const struct node *node, struct rule_atom *atom)
{
	/* Before the arguments of "date.addYears" stands its namespace. */
	uint32_t begin = node->receiver && node->children[0]->is_namespace;
	const struct node *first = node->count > begin ? node->children[begin] : NULL;
	const struct node *second = node->count > begin + 1 ? node->children[begin + 1] : NULL;
	function_fn apply = node_apply(node);

	if (is_attribute(node)) {
		atom->measure = MEASURE_VALUE;
		return true;
	}
	if (!first || !is_attribute(first) || (second && second->reads_attribute))
		return false;
	if (node->kind == NODE_INDEX) {
		atom->measure = MEASURE_ENTRY;
		atom->key = part_value(explainer, second);
		return true;
	}
	if (apply == apply_size_list) {
		atom->measure = MEASURE_COUNT;
	} else if (apply == apply_list_sum) {
		atom->measure = MEASURE_SUM;
	} else if (apply == apply_full_years) {
		atom->measure = MEASURE_YEARS;
	} else if (apply == apply_add_years || apply == apply_add_months) {
		atom->measure = MEASURE_AFTER;
		atom->shift_years = apply == apply_add_years;
		atom->shift = part_value(explainer, second);
	} else {
		return false;
	}
	return true;
}

/* Fills both sides of a comparison or membership, the attribute's first. */
static void atom_sides(
		struct explainer *explainer, const struct node *node, struct rule_atom *atom)
{
	const struct node *left = node->children[0];
	const struct node *right = node->children[1];
	enum operator_kind operation = node->operation;
	bool found = measure_find(explainer, left, atom);

	/* What has a name of its own goes before what is only made of attributes. */
	if (!found && right->reads_attribute &&
			(measure_find(explainer, right, atom) || !left->reads_attribute)) {
		const struct node *other = left;

		found = atom->measure != MEASURE_OTHER;
		left = right;
		right = other;
		operation = operator_swapped(operation);
	}
	if (!found)
		atom->measure = MEASURE_OTHER;
	atom->attribute_slot = node_sole_slot(left, SCOPE_ATTRIBUTE);
	atom->operation = operator_text(operation);
	atom->observed = part_value(explainer, left);
	atom->required = part_value(explainer, right);
}

static void atom_call(struct explainer *explainer, const struct node *node,
		const char *operation, uint32_t own, uint32_t other, struct rule_atom *atom)
{
	atom->operation = operation;
	atom->attribute_slot = node_sole_slot(node->children[own], SCOPE_ATTRIBUTE);
	if (!is_attribute(node->children[own]))
		return;
	atom->measure = MEASURE_VALUE;
	atom->observed = part_value(explainer, node->children[own]);
	atom->required = part_value(explainer, node->children[other]);
}

static void atom_describe(
		struct explainer *explainer, const struct node *node, struct rule_atom *atom)
{
	function_fn apply = node_apply(node);

	atom->operation = "other";
	atom->measure = MEASURE_OTHER;
	if (node->kind == NODE_OPERATOR && (operator_is_relation(node->operation) ||
							   node->operation == OPERATOR_IN)) {
		atom_sides(explainer, node, atom);
	} else if (node->variable) {
		atom->operation = "flag";
		atom->measure = MEASURE_VALUE;
		atom->observed = atom->result;
		atom->required = value_bool(true);
	} else if (apply == apply_region_within) {
		/* children[0] is the namespace */
		atom_call(explainer, node, "within", 1, 2, atom);
	} else if (apply == apply_starts_with) {
		atom_call(explainer, node, "starts", 0, 1, atom);
	} else if (atom->attribute_slot >= 0 &&
			(size_t)atom->attribute_slot < explainer->evaluation->value_count) {
		atom->observed = explainer->evaluation->values[atom->attribute_slot];
	}
}

static void add_atom(struct explainer *explainer, const struct node *node, struct value result,
		bool negated)
{
	struct arena *arena = explainer->evaluation->arena;
	struct rule_atom *atom;

	if (explainer->count == explainer->capacity) {
		size_t capacity = explainer->capacity ? explainer->capacity * 2 : 4;
		struct rule_atom *atoms = arena_alloc(arena, capacity * sizeof(*atoms));

		if (!atoms) {
			explainer->failed = true;
			return;
		}
		if (explainer->count)
			memcpy(atoms, explainer->atoms, explainer->count * sizeof(*atoms));
		explainer->atoms = atoms;
		explainer->capacity = capacity;
	}
	atom = &explainer->atoms[explainer->count++];
	*atom = (struct rule_atom){
		.node = node,
		.attribute_slot = node_sole_slot(node, SCOPE_ATTRIBUTE),
		.parameter_slot = node_sole_slot(node, SCOPE_PARAMETER),
		.negated = negated,
		.given = explainer->given,
		.any = explainer->any,
		.inner = explainer->inner,
		.result = result,
	};
	explainer->any = explainer->inner = false;
	atom_describe(explainer, node, atom);
}

/* --- logic ------------------------------------------------------------------------------------ */

static void explain_node(struct explainer *explainer, const struct node *node,
		struct value result, bool negated, bool inner);

/* Whether two results are of one sort: both true, both false, both unknown, both errors. */
static bool same_sort(const struct value *a, const struct value *b)
{
	return a->kind == b->kind && (a->kind != VALUE_BOOL || a->boolean == b->boolean);
}

/*
 * Every child that came out as the whole did. Where one is enough and there is one, only the first.
 * A child of another sort (a false one under an unknown ||) decides nothing.
 */
static void explain_logic(struct explainer *explainer, const struct node *node,
		const struct value *result, bool negated, bool inner)
{
	bool any = (node->kind == NODE_OR) != negated;
	bool good = result->kind == VALUE_BOOL && result->boolean != negated;
	size_t before = explainer->count;

	for (uint32_t i = 0; i < node->count; i++) {
		struct value child = part_value(explainer, node->children[i]);

		if (!same_sort(&child, result))
			continue;
		if (explainer->count > before) {
			explainer->any = any;
			explainer->inner = inner;
		}
		explain_node(explainer, node->children[i], child, negated, true);
		if (any && good)
			return;
	}
}

/* What chose the arm is told in the sense in which it came out; the arm's value is the whole's. */
static void explain_arms(struct explainer *explainer, const struct node *node,
		struct value result, bool negated)
{
	struct value condition = part_value(explainer, node->children[0]);
	bool known = condition.kind == VALUE_BOOL;
	bool given = explainer->given;

	explainer->given = true;
	explain_node(explainer, node->children[0], condition, known && !condition.boolean,
			true);
	explainer->given = given;
	if (known)
		explain_node(explainer, node->children[condition.boolean ? 1 : 2], result,
				negated, true);
}

static void explain_node(struct explainer *explainer, const struct node *node,
		struct value result, bool negated, bool inner)
{
	if (explainer->failed)
		return;
	/* A folded part is an atom of its own: its children have no code. */
	if (node->code_begin < 0 || node->variable || node->constant) {
		add_atom(explainer, node, result, negated);
		return;
	}
	switch ((int)node->kind) {
	case NODE_AND:
	case NODE_OR:
		explain_logic(explainer, node, &result, negated, inner);
		break;
	case NODE_NOT:
		if (result.kind == VALUE_BOOL)
			result.boolean = !result.boolean;
		explain_node(explainer, node->children[0], result, !negated, inner);
		break;
	case NODE_CONDITIONAL:
		explain_arms(explainer, node, result, negated);
		break;
	default:
		add_atom(explainer, node, result, negated);
		break;
	}
}

bool rule_explain(const struct rule *rule, const struct evaluation *evaluation,
		const struct rule_explain_options *options, struct rule_atom **out_atoms,
		size_t *out_count)
{
	struct explainer explainer = { .rule = rule, .evaluation = evaluation };
	const struct node *root = rule_root(rule, evaluation->arena);
	struct value result =
			options->result ? *options->result : rule_evaluate(rule, evaluation);

	if (!root)
		return false;
	explain_node(&explainer, root, result, options->turned, false);
	if (explainer.failed || evaluation->arena->exhausted)
		return false;
	*out_atoms = explainer.atoms;
	*out_count = explainer.count;
	return true;
}

/* --- what an atom reads ----------------------------------------------------------------------- */

static size_t count_variables(const struct node *node)
{
	size_t count = node->variable != NULL;

	for (uint32_t i = 0; !node->variable && i < node->count; i++)
		count += count_variables(node->children[i]);
	return count;
}

/* Puts the slots under @node, which has few, into an ascending list. */
static void put_slots(const struct node *node, int *slots, size_t *count)
{
	size_t at = *count;

	if (!node->variable) {
		for (uint32_t i = 0; i < node->count; i++)
			put_slots(node->children[i], slots, count);
		return;
	}
	while (at > 0 && slots[at - 1] > node->variable->slot)
		at--;
	if (at > 0 && slots[at - 1] == node->variable->slot)
		return;
	memmove(slots + at + 1, slots + at, (*count - at) * sizeof(*slots));
	slots[at] = node->variable->slot;
	(*count)++;
}

const int *rule_atom_slots(const struct rule_atom *atom, struct arena *arena, size_t *out_count)
{
	int *slots = ARENA_NEW_ARRAY(arena, int, count_variables(atom->node) + 1);

	*out_count = 0;
	if (slots)
		put_slots(atom->node, slots, out_count);
	return slots;
}

char *rule_atom_print(const struct rule_atom *atom, struct arena *arena)
{
	return tree_print(atom->node, arena);
}

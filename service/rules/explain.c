/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which atoms of a rule decide its result. An atom is what stands under &&, ||, ! and ?: and is
 * none of them. Every part is evaluated by running its own stretch of the code, without
 * short-circuit.
 */
#include "rules/program.h"

struct explainer {
	const struct rule *rule;
	const struct evaluation *evaluation;
	struct rule_atom *atoms;
	size_t count, capacity;
	bool failed;
};

static struct value part_value(struct explainer *explainer, const struct node *node)
{
	if (node->code_begin <
			0) /* inside a part that was folded: only written numbers are of use */
		return node->kind == NODE_LITERAL ? node->literal : (struct value){ 0 };
	return program_run(&explainer->rule->program, node->code_begin, node->code_end,
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

/* Fills both sides of a comparison or membership, the attribute's first. */
static void atom_sides(
		struct explainer *explainer, const struct node *node, struct rule_atom *atom)
{
	const struct node *left = node->children[0];
	const struct node *right = node->children[1];
	enum operator_kind operation = node->operation;

	if (!left->reads_attribute && right->reads_attribute) {
		const struct node *other = left;

		left = right;
		right = other;
		operation = operator_swapped(operation);
	}
	atom->operation = operator_text(operation);
	atom->observed = part_value(explainer, left);
	atom->required = part_value(explainer, right);
}

static void atom_describe(
		struct explainer *explainer, const struct node *node, struct rule_atom *atom)
{
	atom->operation = "other";
	if (node->kind == NODE_OPERATOR && (operator_is_relation(node->operation) ||
							   node->operation == OPERATOR_IN)) {
		atom_sides(explainer, node, atom);
	} else if (node->variable) {
		atom->operation = "flag";
		atom->observed = atom->result;
		atom->required = value_bool(true);
	} else if (node->function && node->function->apply == apply_region_within) {
		atom->operation = "within";
		atom->observed = part_value(explainer, node->children[1]);
		atom->required = part_value(explainer, node->children[2]);
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
	char *text;

	if (explainer->count == explainer->capacity) {
		size_t capacity = explainer->capacity ? explainer->capacity * 2 : 8;
		struct rule_atom *atoms = ARENA_NEW_ARRAY(arena, struct rule_atom, capacity);

		if (!atoms) {
			explainer->failed = true;
			return;
		}
		if (explainer->count)
			memcpy(atoms, explainer->atoms, explainer->count * sizeof(*atoms));
		explainer->atoms = atoms;
		explainer->capacity = capacity;
	}
	text = tree_print(node, arena);
	if (!text) {
		explainer->failed = true;
		return;
	}
	atom = &explainer->atoms[explainer->count++];
	*atom = (struct rule_atom){
		.text = slice_from(text),
		.attribute_slot = node_sole_slot(node, SCOPE_ATTRIBUTE),
		.parameter_slot = node_sole_slot(node, SCOPE_PARAMETER),
		.negated = negated,
		.result = result,
	};
	atom_describe(explainer, node, atom);
}

static void explain_node(struct explainer *explainer, const struct node *node, bool negated);

/* Whether two results are of one sort: both true, both false, both unknown, both errors. */
static bool same_sort(const struct value *a, const struct value *b)
{
	return a->kind == b->kind && (a->kind != VALUE_BOOL || a->boolean == b->boolean);
}

/*
 * Every child that came out as the whole did. Of an || that is true only the first: one is enough.
 * A child of another sort (a false one under an unknown ||) decides nothing.
 */
static void explain_logic(struct explainer *explainer, const struct node *node,
		const struct value *result, bool negated)
{
	bool absorbing = node->kind == NODE_OR;

	for (uint32_t i = 0; i < node->count; i++) {
		struct value child = part_value(explainer, node->children[i]);

		if (!same_sort(&child, result))
			continue;
		explain_node(explainer, node->children[i], negated);
		if (absorbing && result->kind == VALUE_BOOL && result->boolean)
			return;
	}
}

static void explain_node(struct explainer *explainer, const struct node *node, bool negated)
{
	struct value result = part_value(explainer, node);
	struct value condition;

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
		explain_logic(explainer, node, &result, negated);
		break;
	case NODE_NOT:
		explain_node(explainer, node->children[0], !negated);
		break;
	case NODE_CONDITIONAL:
		explain_node(explainer, node->children[0], false);
		condition = part_value(explainer, node->children[0]);
		if (condition.kind == VALUE_BOOL)
			explain_node(explainer, node->children[condition.boolean ? 1 : 2],
					negated);
		break;
	default:
		add_atom(explainer, node, result, negated);
		break;
	}
}

bool rule_explain(const struct rule *rule, const struct evaluation *evaluation,
		struct rule_atom **out_atoms, size_t *out_count, struct value *out_result)
{
	struct explainer explainer = { .rule = rule, .evaluation = evaluation };

	*out_result = rule_evaluate(rule, evaluation);
	explain_node(&explainer, rule->root, false);
	if (explainer.failed || evaluation->arena->exhausted)
		return false;
	*out_atoms = explainer.atoms;
	*out_count = explainer.count;
	return true;
}

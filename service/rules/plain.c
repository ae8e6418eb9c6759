/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the text of a rule tells without evaluating it: whether every change along a slot is known, and
 * which parts must hold for the whole to hold.
 */
#include "rules/program.h"

/* --- known changes ---------------------------------------------------------------------------- */

/* By name, or as a part of a quotient. */
static bool node_stands_for(const struct node *node, int slot)
{
	const struct scope_ratio *ratio = node->variable ? node->variable->ratio : NULL;

	return node->variable &&
	       (node->variable->slot == slot ||
			       (ratio && (ratio->num_slot == slot || ratio->den_slot == slot)));
}

static bool node_reads(const struct node *node, int slot)
{
	if (node->variable)
		return node_stands_for(node, slot);
	for (uint32_t i = 0; i < node->count; i++) {
		if (node_reads(node->children[i], slot))
			return true;
	}
	return false;
}

/* The slot alone, as it is. */
static bool node_is(const struct node *node, int slot)
{
	return node->variable && node->variable->slot == slot;
}

/* One side is the slot, the other does not read it. Of texts only equality has known changes. */
static bool operator_is_plain(const struct node *node, int slot)
{
	bool left = node_is(node->children[0], slot);
	const struct node *other = node->children[left ? 1 : 0];
	const struct node *own = node->children[left ? 0 : 1];
	bool text = own->type && own->type->kind == TYPE_STRING;

	if (!node_is(own, slot) || node_reads(other, slot))
		return false;
	if (node->operation == OPERATOR_IN)
		return left && text;
	return node->operation == OPERATOR_EQUAL || node->operation == OPERATOR_NOT_EQUAL ||
	       (operator_is_relation(node->operation) && !text);
}

static bool node_is_plain(const struct node *node, int slot)
{
	function_fn apply = node_apply(node);
	const struct node *code = NULL;

	if (!node_reads(node, slot))
		return true;
	if (node->variable)
		return node_is(node, slot) && node->type && node->type->kind == TYPE_BOOL;
	switch ((int)node->kind) {
	case NODE_NOT:
	case NODE_AND:
	case NODE_OR:
	case NODE_CONDITIONAL:
		break;
	case NODE_OPERATOR:
		return operator_is_plain(node, slot);
	case NODE_CALL:
		if (apply == apply_region_within && node_is(node->children[1], slot))
			code = node->children[2];
		else if (apply == apply_starts_with && node_is(node->children[0], slot))
			code = node->children[1];
		return code && !node_reads(code, slot);
	default:
		return false;
	}
	for (uint32_t i = 0; i < node->count; i++) {
		if (!node_is_plain(node->children[i], slot))
			return false;
	}
	return true;
}

bool rule_is_plain(const struct rule *rule, int slot, struct arena *arena)
{
	const struct node *root = rule_root(rule, arena);

	return root && node_is_plain(root, slot);
}

bool rule_part_is_plain(const struct node *part, int slot)
{
	return node_is_plain(part, slot);
}

/* --- demands ---------------------------------------------------------------------------------- */

struct demander {
	struct arena *arena;
	void (*found)(void *context, const char *text, bool value);
	void *context;
};

/* A run of && that must be true demands each part, a run of || that must be false as well. */
static bool node_demands(const struct demander *demander, const struct node *node, bool value)
{
	char *text;

	if (node->kind == NODE_NOT)
		return node_demands(demander, node->children[0], !value);
	if (node->kind == (value ? NODE_AND : NODE_OR)) {
		for (uint32_t i = 0; i < node->count; i++) {
			if (!node_demands(demander, node->children[i], value))
				return false;
		}
		return true;
	}
	text = tree_print(node, demander->arena);
	if (!text)
		return false;
	demander->found(demander->context, text, value);
	return true;
}

bool rule_demands(const struct rule *rule, bool value, struct arena *arena,
		void (*found)(void *context, const char *text, bool value), void *context)
{
	struct demander demander = { arena, found, context };
	const struct node *root = rule_root(rule, arena);

	return root && node_demands(&demander, root, value);
}

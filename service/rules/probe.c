/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a rule changes as one of its slots does.
 *
 * The comparisons are read off the tree. One that has the slot itself on one side and something known
 * on the other says where it changes; of any other (a quotient, a sum, a number of years) the point
 * is searched for by halving, which finds it when the comparison changes once over the range. What
 * has another unknown in it changes nowhere yet. Too few points make a question look less useful than
 * it is; they never make an answer wrong.
 */
#include "rules/program.h"

struct prober {
	const struct rule *rule;
	const struct probe *probe;
	const struct evaluation *evaluation;
};

static bool is_watched(const struct prober *prober, int slot)
{
	const struct probe *probe = prober->probe;

	return slot == probe->slot || (probe->depends && probe->depends(probe->context, slot));
}

/* Whether the value of @node follows the slot: by name, through a quotient or a derived attribute. */
static bool node_follows(const struct prober *prober, const struct node *node)
{
	if (node->variable) {
		const struct scope_ratio *ratio = node->variable->ratio;

		return is_watched(prober, node->variable->slot) ||
		       (ratio && (is_watched(prober, ratio->num_slot) ||
						 is_watched(prober, ratio->den_slot)));
	}
	for (uint32_t i = 0; i < node->count; i++) {
		if (node_follows(prober, node->children[i]))
			return true;
	}
	return false;
}

/* A quotient that is given as such is compared like any other figure. */
static bool node_is_slot(const struct prober *prober, const struct node *node)
{
	return node->variable && node->variable->slot == prober->probe->slot;
}

static struct value node_value(const struct prober *prober, const struct node *node)
{
	if (node->code_begin < 0)
		return node->kind == NODE_LITERAL ? node->literal : (struct value){ 0 };
	return rule_run(prober->rule, node->code_begin, node->code_end, prober->evaluation);
}

static void found_point(const struct prober *prober, int64_t point)
{
	prober->probe->found(prober->probe->context,
			&(struct probe_point){ .kind = PROBE_FROM, .from = point });
}

static void found_code(
		const struct prober *prober, enum probe_kind kind, const struct value *value)
{
	if (value->kind == VALUE_STRING)
		prober->probe->found(prober->probe->context,
				&(struct probe_point){ .kind = kind, .code = value->text });
	if (value->kind != VALUE_LIST)
		return;
	for (size_t i = 0; i < value->list.count; i++)
		found_code(prober, kind, &value->list.items[i]);
}

/* --- numbers and days ------------------------------------------------------------------------- */

/* The slot itself on the left of @operation, @bound on its right. */
static void probe_bound(const struct prober *prober, enum operator_kind operation,
		const struct value *bound)
{
	int64_t at = bound->integer;
	int64_t unit = 1;

	if (bound->kind == VALUE_TIMESTAMP) {
		at = bound->timestamp.seconds;
		unit = prober->probe->unit;
	} else if (bound->kind != VALUE_INT) {
		return;
	}
	if (at == INT64_MAX || at > INT64_MAX - unit)
		return;
	switch ((int)operation) {
	case OPERATOR_LESS:
	case OPERATOR_GREATER_EQUAL:
		found_point(prober, at);
		break;
	case OPERATOR_LESS_EQUAL:
	case OPERATOR_GREATER:
		found_point(prober, at + unit);
		break;
	default:
		found_point(prober, at);
		found_point(prober, at + unit);
		break;
	}
}

/* 1, 0, or -1 when the comparison cannot be judged with the slot at @at. */
static int probe_at(const struct prober *prober, const struct node *node, int64_t at)
{
	struct value value;

	prober->probe->put(prober->probe->context, at);
	value = node_value(prober, node);
	return value.kind == VALUE_BOOL ? value.boolean : -1;
}

/* Whether the comparison changes where one before it did: rules tend to share their figures. */
static bool probe_hints(const struct prober *prober, const struct node *node, int before)
{
	const struct probe *probe = prober->probe;

	for (size_t i = 0; i < probe->hint_count; i++) {
		if (probe_at(prober, node, probe->hints[i]) == !before &&
				probe_at(prober, node, probe->hints[i] - probe->unit) ==
						before) {
			probe->take_back(probe->context);
			found_point(prober, probe->hints[i]);
			return true;
		}
	}
	return false;
}

static void probe_by_halving(const struct prober *prober, const struct node *node)
{
	const struct probe *probe = prober->probe;
	int64_t low = 0;
	int64_t high = (probe->most - probe->least) / probe->unit;
	int before, after;

	if (!probe->put || node->code_begin < 0)
		return;
	before = probe_at(prober, node, probe->least);
	if (before >= 0 && probe_hints(prober, node, before))
		return;
	after = probe_at(prober, node, probe->least + high * probe->unit);
	while (before >= 0 && after >= 0 && before != after && high - low > 1) {
		int64_t middle = low + (high - low) / 2;
		int now = probe_at(prober, node, probe->least + middle * probe->unit);

		/* One that cannot be judged (an overflow) lies on the far side. */
		if (now == before)
			low = middle;
		else
			high = middle;
	}
	probe->take_back(probe->context);
	if (before >= 0 && after >= 0 && before != after) {
		found_point(prober, probe->least + high * probe->unit);
		if (probe->found_by_search)
			probe->found_by_search(
					probe->context, probe->least + high * probe->unit);
	}
}

/* --- the walk --------------------------------------------------------------------------------- */

static void probe_relation(const struct prober *prober, const struct node *node)
{
	const struct node *left = node->children[0];
	const struct node *right = node->children[1];
	enum operator_kind operation = node->operation;
	struct value bound;

	if (node_is_slot(prober, right)) {
		const struct node *other = left;

		left = right;
		right = other;
		operation = operator_swapped(operation);
	}
	if (!node_is_slot(prober, left) || node_follows(prober, right)) {
		if (node_follows(prober, left) || node_follows(prober, right))
			probe_by_halving(prober, node);
		return;
	}
	bound = node_value(prober, right);
	if (bound.kind == VALUE_STRING)
		found_code(prober, PROBE_EQUAL, &bound);
	else
		probe_bound(prober, operation, &bound);
}

/* Codes written in the body of a loop over the slot: exists(c, c == "x"). */
static void probe_literals(const struct prober *prober, const struct node *node)
{
	if (node->kind == NODE_LITERAL)
		found_code(prober, PROBE_EQUAL, &node->literal);
	if (node->variable && node->variable->role == SCOPE_PARAMETER) {
		struct value value = prober->evaluation->values[node->variable->slot];

		found_code(prober, PROBE_EQUAL, &value);
		return;
	}
	for (uint32_t i = 0; i < node->count; i++)
		probe_literals(prober, node->children[i]);
}

static void probe_call(const struct prober *prober, const struct node *node)
{
	function_fn apply = node_apply(node);
	struct value code;

	/* Functions of a namespace have it as their first child. */
	if (apply == apply_region_within && node_is_slot(prober, node->children[1])) {
		code = node_value(prober, node->children[2]);
		found_code(prober, PROBE_WITHIN, &code);
	} else if (apply == apply_region_kind && node_is_slot(prober, node->children[1])) {
		prober->probe->found(prober->probe->context,
				&(struct probe_point){ .kind = PROBE_KIND });
	} else if (apply == apply_starts_with && node_is_slot(prober, node->children[0])) {
		code = node_value(prober, node->children[1]);
		found_code(prober, PROBE_PREFIX, &code);
	}
}

static void probe_node(const struct prober *prober, const struct node *node)
{
	struct value code;

	if (node->variable || !node->reads_attribute)
		return;
	switch ((int)node->kind) {
	case NODE_OPERATOR:
		if (operator_is_relation(node->operation)) {
			probe_relation(prober, node);
		} else if (node->operation == OPERATOR_IN) {
			bool own = node_is_slot(prober, node->children[0]);

			code = node_value(prober, node->children[own ? 1 : 0]);
			if (own || node_is_slot(prober, node->children[1]))
				found_code(prober, PROBE_EQUAL, &code);
		}
		break;
	case NODE_INDEX:
		code = node_value(prober, node->children[1]);
		if (node_is_slot(prober, node->children[0]))
			found_code(prober, PROBE_EQUAL, &code);
		break;
	case NODE_CALL:
		probe_call(prober, node);
		break;
	case NODE_LOOP:
		/* The body cannot be run alone. */
		if (node_is_slot(prober, node->children[0])) {
			for (uint32_t i = 1; i < node->count; i++)
				probe_literals(prober, node->children[i]);
		}
		return;
	default:
		break;
	}
	for (uint32_t i = 0; i < node->count; i++)
		probe_node(prober, node->children[i]);
}

void rule_probe(const struct rule *rule, const struct probe *probe,
		const struct evaluation *evaluation)
{
	struct prober prober = { rule, probe, evaluation };
	const struct node *root = rule_root(rule, evaluation->arena);

	if (root)
		probe_node(&prober, root);
}

void rule_part_probe(const struct rule *rule, const struct node *part,
		const struct probe *probe, const struct evaluation *evaluation)
{
	struct prober prober = { rule, probe, evaluation };

	probe_node(&prober, part);
}

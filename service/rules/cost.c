/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The static cost bound: how many steps a rule may take at worst, where texts and lists that come
 * from outside are taken to be as long as the limits of a profile let them be.
 */
#include "rules/program.h"

#define TEXT_SIZE 1024	/* bytes of a text from outside */
#define LIST_COUNT 1000 /* elements of a list from outside */
#define TEXT_UNIT 64	/* bytes that are read in a step */

struct estimate {
	uint64_t cost;
	uint64_t size; /* elements of the list, bytes of the text that it gives */
};

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t outside_size(const struct type *type)
{
	if (type->kind == TYPE_LIST || type->kind == TYPE_MAP)
		return LIST_COUNT;
	return type->kind == TYPE_STRING || type->kind == TYPE_BYTES ? TEXT_SIZE : 1;
}

/* Steps to read a value of @type and @size once, as == and in do. */
static uint64_t reading(const struct type *type, uint64_t size)
{
	if (type->kind == TYPE_STRING || type->kind == TYPE_BYTES)
		return add(1, size / TEXT_UNIT);
	if (type->kind == TYPE_MAP)
		return multiply(multiply(size, size),
				reading(type->element, outside_size(type->element)));
	if (type->kind == TYPE_LIST)
		return multiply(size, reading(type->element, outside_size(type->element)));
	return 1;
}

static struct estimate estimate(const struct node *node);

static struct estimate estimate_loop(const struct node *node)
{
	struct estimate range = estimate(node->children[0]);
	uint64_t body = 2;
	struct estimate result = { range.cost, range.size };

	for (uint32_t i = 1; i < node->count; i++)
		body = add(body, estimate(node->children[i]).cost);
	result.cost = add(range.cost, add(1, multiply(range.size, body)));
	return result;
}

static struct estimate estimate_operator(const struct node *node)
{
	struct estimate left = estimate(node->children[0]);
	struct estimate right = estimate(node->children[1]);
	const struct type *type = node->children[1]->type;
	struct estimate result = { add(add(left.cost, right.cost), 1), 1 };

	if (node->operation == OPERATOR_IN)
		result.cost = add(result.cost,
				multiply(right.size,
						reading(node->children[0]->type, left.size)));
	else if (operator_is_relation(node->operation))
		result.cost = add(result.cost,
				reading(type, left.size < right.size ? left.size : right.size));
	else if (node->operation == OPERATOR_ADD)
		result.size = add(left.size, right.size);
	if (node->operation == OPERATOR_ADD && node->type->kind != TYPE_INT)
		result.cost = add(result.cost, result.size / TEXT_UNIT);
	return result;
}

static struct estimate estimate_call(const struct node *node)
{
	uint32_t first = node->receiver && node->children[0]->is_namespace;
	struct estimate result = { 1, outside_size(node->type) };
	uint64_t size = 0;

	for (uint32_t i = first; i < node->count; i++) {
		struct estimate argument = estimate(node->children[i]);

		result.cost = add(result.cost, argument.cost);
		size = add(size, argument.size);
	}
	if (node_function(node)->cost == COST_TEXT)
		result.cost = add(result.cost, size / TEXT_UNIT);
	else if (node_function(node)->cost == COST_LIST)
		result.cost = add(result.cost, size);
	return result;
}

static struct estimate estimate(const struct node *node)
{
	struct estimate result = { 1, outside_size(node->type) };

	if (node->variable || node->local >= 0) {
		if (node->kind == NODE_LOOP)
			return estimate_loop(node);
		return result;
	}
	switch (node->kind) {
	case NODE_LITERAL:
		if (node->literal.kind == VALUE_STRING || node->literal.kind == VALUE_BYTES)
			result.size = node->literal.text.size;
		return result;
	case NODE_OPERATOR:
		return estimate_operator(node);
	case NODE_CALL:
		return estimate_call(node);
	case NODE_LOOP:
		return estimate_loop(node);
	case NODE_BAD:
	case NODE_NAME:
	case NODE_SELECT:
	case NODE_INDEX:
	case NODE_LIST:
	case NODE_MAP:
	case NODE_NOT:
	case NODE_NEGATE:
	case NODE_AND:
	case NODE_OR:
	case NODE_CONDITIONAL:
	case NODE_HAS:
		break;
	}
	if (node->kind == NODE_LIST)
		result.size = node->count;
	/* Of a part of rules, each of which has its own: texts. */
	if (node->kind == NODE_LIST && !node->children) {
		result.cost = add(result.cost, node->count);
		return result;
	}
	/* Each child once: of choices within choices the time would double with each. */
	for (uint32_t i = 0; i < node->count; i++) {
		struct estimate child = estimate(node->children[i]);

		result.cost = add(result.cost, child.cost);
		if (node->kind == NODE_CONDITIONAL &&
				(i == 1 || (i == 2 && child.size > result.size)))
			result.size = child.size;
	}
	if (node->kind == NODE_MAP) {
		result.size = node->count / 2;
		result.cost = add(result.cost, multiply(result.size, result.size));
	}
	if (node->kind == NODE_SELECT || node->kind == NODE_INDEX || node->kind == NODE_HAS)
		result.cost = add(result.cost, LIST_COUNT);
	return result;
}

uint64_t tree_cost(const struct node *root)
{
	return estimate(root).cost;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Operators: which types they take, and what the result counts. */
#include "rules/check.h"

#include "rules/type.h"

struct operand {
	const struct type *type;
	enum dimension dimension;
	char text[TYPE_TEXT_SIZE]; /* only of one that is named */
};

static void operand_of(const struct node *node, struct operand *operand)
{
	operand->type = node->type;
	operand->dimension = node->dimension;
}

/* For messages. */
static const char *operand_name(struct operand *operand)
{
	return type_describe(operand->type, operand->dimension, operand->text);
}

static void check_relation(struct checker *checker, struct node *node)
{
	struct operand left, right;
	bool ordering = node->operation >= OPERATOR_LESS;

	node->type = &type_bool;
	operand_of(node->children[0], &left);
	operand_of(node->children[1], &right);
	if (!type_join(left.type, right.type, checker->arena)) {
		if (!checker->arena->exhausted)
			checker_report(checker, node, "compares %s with %s",
					operand_name(&left), operand_name(&right));
		return;
	}
	if (ordering && !type_is_ordered(left.type)) {
		checker_report_mark(checker, node, "\"%s\" needs an order, and %s has none",
				operator_text(node->operation), operand_name(&left));
		return;
	}
	if (!dimension_fits(left.dimension, right.dimension))
		checker_report(checker, node, "compares %s with %s%s", operand_name(&left),
				operand_name(&right),
				left.dimension == DIMENSION_ANY ||
								right.dimension == DIMENSION_ANY
						? "; write yuan(n), wan(n) or yi(n)"
						: "");
}

static void check_in(struct checker *checker, struct node *node)
{
	struct operand left, right;
	const struct type *member;

	node->type = &type_bool;
	operand_of(node->children[0], &left);
	operand_of(node->children[1], &right);
	if (right.type->kind != TYPE_LIST && right.type->kind != TYPE_MAP) {
		checker_report(checker, node->children[1],
				"expected a list or a map behind \"in\", found %s",
				operand_name(&right));
		return;
	}
	member = right.type->kind == TYPE_LIST ? right.type->element : right.type->key;
	if (!type_join(left.type, member, checker->arena)) {
		if (!checker->arena->exhausted)
			checker_report(checker, node, "looks for %s in %s", operand_name(&left),
					operand_name(&right));
		return;
	}
	if (right.type->kind == TYPE_LIST && !dimension_fits(left.dimension, right.dimension))
		checker_report(checker, node,
				"looks for %s among numbers that count something else",
				operand_name(&left));
}

/* The type of left + right and so on; NULL when they do not go together. */
static const struct type *arithmetic_type(struct checker *checker, enum operator_kind operation,
		const struct type *left, const struct type *right)
{
	enum type_kind a = left->kind, b = right->kind;

	if (operation == OPERATOR_ADD && a == TYPE_LIST && b == TYPE_LIST)
		return type_join(left, right, checker->arena);
	if (operation == OPERATOR_ADD || operation == OPERATOR_SUBTRACT) {
		if (a == TYPE_TIMESTAMP && b == TYPE_DURATION)
			return left;
		if (operation == OPERATOR_ADD && a == TYPE_DURATION && b == TYPE_TIMESTAMP)
			return right;
		if (operation == OPERATOR_SUBTRACT && a == TYPE_TIMESTAMP &&
				b == TYPE_TIMESTAMP)
			return &type_duration;
		if (a == TYPE_DURATION && b == TYPE_DURATION)
			return left;
	}
	if (a != b)
		return NULL;
	if (operation == OPERATOR_ADD && (a == TYPE_STRING || a == TYPE_BYTES))
		return left;
	if (a == TYPE_DOUBLE && operation != OPERATOR_REMAINDER)
		return left;
	return a == TYPE_INT || a == TYPE_UINT ? left : NULL;
}

/*
 * What the result counts. Money times a bare number, a count or a ratio (then in millionths) is
 * money; money by money is a bare number.
 */
static enum dimension arithmetic_dimension(struct checker *checker, const struct node *node,
		struct operand *left, struct operand *right)
{
	enum dimension a = left->dimension, b = right->dimension;

	switch ((int)node->operation) {
	case OPERATOR_ADD:
	case OPERATOR_SUBTRACT:
		if (!dimension_fits(a, b))
			checker_report(checker, node, "%s %s and %s%s",
					node->operation == OPERATOR_ADD ? "adds"
									: "takes apart",
					operand_name(left), operand_name(right),
					a == DIMENSION_ANY || b == DIMENSION_ANY
							? "; write yuan(n), wan(n) or yi(n)"
							: "");
		return dimension_join(a, b);
	case OPERATOR_MULTIPLY:
		if (a == DIMENSION_MONEY && b == DIMENSION_MONEY)
			checker_report(checker, node, "multiplies money by money");
		if (a == DIMENSION_MONEY || b == DIMENSION_MONEY)
			return DIMENSION_MONEY;
		return dimension_join(a, b);
	case OPERATOR_DIVIDE:
		if (a == b && a != DIMENSION_FREE)
			return DIMENSION_ANY;
		if (b == DIMENSION_MONEY && a != DIMENSION_FREE)
			checker_report(checker, node, "divides %s by money",
					operand_name(left));
		return a;
	default:
		return a;
	}
}

static void check_arithmetic(struct checker *checker, struct node *node)
{
	struct operand left, right;

	operand_of(node->children[0], &left);
	operand_of(node->children[1], &right);
	if (left.type->kind == TYPE_DYN || right.type->kind == TYPE_DYN) {
		checker_report(checker, node,
				"the elements of an empty list have no type to reckon with");
		return;
	}
	node->type = arithmetic_type(checker, node->operation, left.type, right.type);
	if (!node->type) {
		node->type = &type_bad;
		if (!checker->arena->exhausted)
			checker_report(checker, node, "there is no %s %s %s",
					operand_name(&left), operator_text(node->operation),
					operand_name(&right));
		return;
	}
	if (node->type->kind == TYPE_INT)
		node->dimension = arithmetic_dimension(checker, node, &left, &right);
	else if (node->type->kind == TYPE_LIST)
		node->dimension = dimension_join(left.dimension, right.dimension);
}

void checker_operator(struct checker *checker, struct node *node)
{
	bool relation = operator_is_relation(node->operation) || node->operation == OPERATOR_IN;

	checker_node(checker, node->children[0]);
	checker_node(checker, node->children[1]);
	if (type_is_bad(node->children[0]->type) || type_is_bad(node->children[1]->type)) {
		node->type = relation ? &type_bool : &type_bad;
		return;
	}
	if (node->operation == OPERATOR_IN)
		check_in(checker, node);
	else if (relation)
		check_relation(checker, node);
	else
		check_arithmetic(checker, node);
}

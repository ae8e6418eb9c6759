/* SPDX-License-Identifier: Apache-2.0 */
/* Literals and structure; names, operators and calls have files of their own. */
#include "rules/check.h"

#include "rules/function.h"
#include "rules/type.h"

#include <stdarg.h>

static void report(struct checker *checker, enum diagnostic_severity severity, uint32_t begin,
		uint32_t end, const char *format, va_list args)
{
	char message[1024];

	(void)vsnprintf(message, sizeof(message), format, args);
	source_report(checker->source, severity, begin, end, "%s", message);
}

void checker_report(struct checker *checker, const struct node *node, const char *format, ...)
{
	va_list args;

	checker->failed = true;
	va_start(args, format);
	report(checker, DIAGNOSTIC_ERROR, node->begin, node->end, format, args);
	va_end(args);
}

void check_warning(struct checker *checker, const struct node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(checker, DIAGNOSTIC_WARNING, node->begin, node->end, format, args);
	va_end(args);
}

void checker_report_mark(
		struct checker *checker, const struct node *node, const char *format, ...)
{
	va_list args;

	checker->failed = true;
	va_start(args, format);
	report(checker, DIAGNOSTIC_ERROR, node->mark, node->mark_end, format, args);
	va_end(args);
}

/* --- structure ------------------------------------------------------------------------------- */

static void check_literal(struct node *node)
{
	switch ((int)node->literal.kind) {
	case VALUE_BOOL:
		node->type = &type_bool;
		break;
	case VALUE_INT:
		node->type = &type_int;
		node->dimension = node->literal.integer == 0 ? DIMENSION_FREE : DIMENSION_ANY;
		break;
	case VALUE_UINT:
		node->type = &type_uint;
		break;
	case VALUE_DOUBLE:
		node->type = &type_double;
		break;
	case VALUE_STRING:
		node->type = &type_string;
		break;
	case VALUE_BYTES:
		node->type = &type_bytes;
		break;
	default:
		node->type = &type_null;
		break;
	}
}

/* The type that children @first, @first + @step, ... have in common; reports the first that differs. */
static const struct type *common_type(struct checker *checker, struct node *node,
		uint32_t first, uint32_t step, const char *what, enum dimension *dimension)
{
	const struct type *type = &type_dyn;
	char text[TYPE_TEXT_SIZE], other[TYPE_TEXT_SIZE];

	*dimension = DIMENSION_FREE;
	for (uint32_t i = first; i < node->count; i += step) {
		struct node *child = node->children[i];
		const struct type *joined;

		if (type_is_bad(child->type))
			return &type_bad;
		joined = type_join(type, child->type, checker->arena);
		if (!joined) {
			checker_report(checker, child,
					"%s must all have one type: expected %s, found %s",
					what, type_describe(type, *dimension, text),
					type_describe(child->type, child->dimension, other));
			return &type_bad;
		}
		type = joined;
		if (i > first && type->kind == TYPE_INT &&
				!dimension_fits(*dimension, child->dimension))
			checker_report(checker, child,
					"%s must all count the same: expected %s, found %s",
					what, type_describe(type, *dimension, text),
					type_describe(child->type, child->dimension, other));
		*dimension = i == first ? child->dimension
					: dimension_join(*dimension, child->dimension);
	}
	return type;
}

static void check_list(struct checker *checker, struct node *node)
{
	enum dimension dimension;
	const struct type *element;

	for (uint32_t i = 0; i < node->count; i++)
		checker_node(checker, node->children[i]);
	element = common_type(checker, node, 0, 1, "elements of a list", &dimension);
	node->dimension = dimension;
	node->type = type_is_bad(element) ? element : type_list_of(element, checker->arena);
}

static void check_map(struct checker *checker, struct node *node)
{
	const struct type *key, *element;
	enum dimension ignored, dimension;

	for (uint32_t i = 0; i < node->count; i++)
		checker_node(checker, node->children[i]);
	for (uint32_t i = 0; i < node->count; i += 2) {
		enum type_kind kind = node->children[i]->type->kind;

		if (kind == TYPE_BOOL || kind == TYPE_INT || kind == TYPE_UINT ||
				kind == TYPE_STRING || kind == TYPE_DYN)
			continue;
		checker_report(checker, node->children[i],
				"a key of a map is a bool, int, uint or string");
		node->type = &type_bad;
		return;
	}
	key = common_type(checker, node, 0, 2, "keys of a map", &ignored);
	element = common_type(checker, node, 1, 2, "values of a map", &dimension);
	node->dimension = dimension;
	node->type = type_is_bad(key) || type_is_bad(element)
				     ? &type_bad
				     : type_map_of(key, element, checker->arena);
}

static void check_index(struct checker *checker, struct node *node)
{
	struct node *operand = node->children[0];
	struct node *key = node->children[1];
	const struct type *wanted = &type_int;
	char text[TYPE_TEXT_SIZE], found[TYPE_TEXT_SIZE];

	checker_node(checker, operand);
	checker_node(checker, key);
	node->type = &type_bad;
	if (type_is_bad(operand->type) || type_is_bad(key->type))
		return;
	if (operand->type->kind != TYPE_LIST && operand->type->kind != TYPE_MAP) {
		checker_report(checker, operand, "only a list or a map has elements, not %s",
				type_describe(operand->type, operand->dimension, text));
		return;
	}
	if (operand->type->kind == TYPE_MAP)
		wanted = operand->type->key;
	if (!type_join(wanted, key->type, checker->arena)) {
		checker_report(checker, key, "expected %s as %s, found %s",
				type_print(wanted, text),
				operand->type->kind == TYPE_MAP ? "key" : "index",
				type_describe(key->type, key->dimension, found));
		return;
	}
	node->type = operand->type->element;
	node->dimension = operand->dimension;
}

static void expect_bool(struct checker *checker, const struct node *node, const char *where)
{
	char text[TYPE_TEXT_SIZE];

	if (node->type->kind != TYPE_BOOL && node->type->kind != TYPE_DYN)
		checker_report(checker, node, "expected bool %s, found %s", where,
				type_describe(node->type, node->dimension, text));
}

static void check_logic(struct checker *checker, struct node *node)
{
	const char *where = node->kind == NODE_AND  ? "beside \"&&\""
			    : node->kind == NODE_OR ? "beside \"||\""
						    : "behind \"!\"";

	for (uint32_t i = 0; i < node->count; i++) {
		checker_node(checker, node->children[i]);
		expect_bool(checker, node->children[i], where);
	}
	node->type = &type_bool;
}

static void check_conditional(struct checker *checker, struct node *node)
{
	struct node *yes = node->children[1];
	struct node *no = node->children[2];
	char text[TYPE_TEXT_SIZE], other[TYPE_TEXT_SIZE];

	for (uint32_t i = 0; i < 3; i++)
		checker_node(checker, node->children[i]);
	expect_bool(checker, node->children[0], "before \"?\"");
	node->type = &type_bad;
	if (type_is_bad(yes->type) || type_is_bad(no->type))
		return;
	node->type = type_join(yes->type, no->type, checker->arena);
	if (!node->type) {
		node->type = &type_bad;
		checker_report(checker, no,
				"both arms of \"?:\" must have one type: expected %s, found %s",
				type_describe(yes->type, yes->dimension, text),
				type_describe(no->type, no->dimension, other));
		return;
	}
	if (!dimension_fits(yes->dimension, no->dimension))
		checker_report(checker, no,
				"both arms of \"?:\" must count the same: expected %s, found "
				"%s",
				type_describe(yes->type, yes->dimension, text),
				type_describe(no->type, no->dimension, other));
	node->dimension = dimension_join(yes->dimension, no->dimension);
}

static void check_negate(struct checker *checker, struct node *node)
{
	struct node *operand = node->children[0];
	char text[TYPE_TEXT_SIZE];

	checker_node(checker, operand);
	node->type = operand->type;
	node->dimension = operand->dimension;
	if (type_is_bad(operand->type) || operand->type->kind == TYPE_INT ||
			operand->type->kind == TYPE_DOUBLE)
		return;
	checker_report_mark(checker, node, "\"-\" takes an int or a double, not %s",
			type_describe(operand->type, operand->dimension, text));
	node->type = &type_bad;
}

/* has(m.k); has(e.x) on a whole name is allowed outside of policies and asks whether it is known. */
static void check_has(struct checker *checker, struct node *node)
{
	checker_node(checker, node->children[0]);
	node->type = &type_bool;
}

void checker_node(struct checker *checker, struct node *node)
{
	node->type = &type_bad;
	node->dimension = DIMENSION_FREE;
	switch (node->kind) {
	case NODE_BAD:
		break;
	case NODE_LITERAL:
		check_literal(node);
		break;
	case NODE_NAME:
		checker_name(checker, node);
		break;
	case NODE_SELECT:
		checker_select(checker, node);
		break;
	case NODE_INDEX:
		check_index(checker, node);
		break;
	case NODE_CALL:
		checker_call(checker, node);
		break;
	case NODE_LIST:
		check_list(checker, node);
		break;
	case NODE_MAP:
		check_map(checker, node);
		break;
	case NODE_NOT:
	case NODE_AND:
	case NODE_OR:
		check_logic(checker, node);
		break;
	case NODE_NEGATE:
		check_negate(checker, node);
		break;
	case NODE_CONDITIONAL:
		check_conditional(checker, node);
		break;
	case NODE_OPERATOR:
		checker_operator(checker, node);
		break;
	case NODE_HAS:
		check_has(checker, node);
		break;
	case NODE_LOOP:
		checker_loop(checker, node);
		break;
	}
	if (!node->type) /* memory was short */
		node->type = &type_bad;
	node->constant = node->kind != NODE_BAD && !node->variable && node->local < 0 &&
			 !node->is_namespace &&
			 !(node->function && node_function(node)->impure);
	for (uint32_t i = 0; !node->variable && i < node->count; i++) {
		const struct node *child = node->children[i];

		node->constant = node->constant && (child->constant || child->is_namespace);
		node->reads_attribute = node->reads_attribute || child->reads_attribute;
	}
}

/* A quotient has no value of its own to go on with: it may only stand in a comparison. */
static void check_ratios(struct checker *checker, const struct node *node)
{
	if (node->variable) {
		if (node->variable->ratio)
			checker_report(checker, node,
					"%.*s is a quotient: it may only be compared with a "
					"constant "
					"or a parameter",
					SLICE_PRINT(node->variable->name));
		return;
	}
	for (uint32_t i = 0; i < node->count; i++) {
		const struct node *child = node->children[i];
		bool compared = node->kind == NODE_OPERATOR &&
				operator_is_relation(node->operation) && child->variable &&
				child->variable->ratio &&
				!node->children[1 - i]->reads_attribute;

		if (!compared)
			check_ratios(checker, child);
	}
}

static void check_expected(struct checker *checker, const struct node *root)
{
	const struct rule_options *options = checker->source->options;
	char text[TYPE_TEXT_SIZE], found[TYPE_TEXT_SIZE];

	if (!options->expected || type_is_bad(root->type))
		return;
	if (!type_join(options->expected, root->type, checker->arena)) {
		checker_report(checker, root, "expected %s, found %s",
				type_describe(options->expected, options->expected_dimension,
						text),
				type_describe(root->type, root->dimension, found));
		return;
	}
	if (options->expected->kind == TYPE_INT &&
			options->expected_dimension != DIMENSION_ANY &&
			!dimension_fits(options->expected_dimension, root->dimension))
		checker_report(checker, root, "expected %s, found %s",
				type_describe(options->expected, options->expected_dimension,
						text),
				type_describe(root->type, root->dimension, found));
}

bool tree_check(struct checker *checker, struct node *root)
{
	checker_node(checker, root);
	check_ratios(checker, root);
	check_expected(checker, root);
	if (checker->source->options->policy || checker->source->options->warn_bare)
		checker_policy(checker, root);
	checker_result(checker, root);
	return !checker->failed;
}

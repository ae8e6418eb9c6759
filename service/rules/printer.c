/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree as text, with the fewest parentheses that give the same tree back: parse(print(t)) == t.
 *
 * Numbers as operands of "." and "[" and under a minus stand in parentheses, because a minus before
 * a number belongs to the number.
 */
#include "rules/tree.h"

#include "base/buffer.h"

#include <inttypes.h>
#include <stdlib.h>

/* How tightly a node binds. */
enum tightness {
	TIGHTNESS_CONDITIONAL,
	TIGHTNESS_OR,
	TIGHTNESS_AND,
	TIGHTNESS_RELATION,
	TIGHTNESS_SUM,
	TIGHTNESS_PRODUCT,
	TIGHTNESS_UNARY,
	TIGHTNESS_MEMBER,
	TIGHTNESS_PRIMARY,
};

static bool node_is_number(const struct node *node)
{
	return node->kind == NODE_LITERAL &&
	       (node->literal.kind == VALUE_INT || node->literal.kind == VALUE_UINT ||
			       node->literal.kind == VALUE_DOUBLE);
}

static enum tightness node_tightness(const struct node *node)
{
	switch ((int)node->kind) {
	case NODE_CONDITIONAL:
		return TIGHTNESS_CONDITIONAL;
	case NODE_OR:
		return TIGHTNESS_OR;
	case NODE_AND:
		return TIGHTNESS_AND;
	case NODE_OPERATOR:
		if (node->operation <= OPERATOR_SUBTRACT)
			return TIGHTNESS_SUM;
		return node->operation <= OPERATOR_REMAINDER ? TIGHTNESS_PRODUCT
							     : TIGHTNESS_RELATION;
	case NODE_NOT:
	case NODE_NEGATE:
		return TIGHTNESS_UNARY;
	case NODE_LITERAL:
		return node_is_number(node) ? TIGHTNESS_UNARY : TIGHTNESS_PRIMARY;
	default:
		return TIGHTNESS_MEMBER;
	}
}

static void print_node(const struct node *node, struct buffer *out);

static void print_at(const struct node *node, enum tightness least, struct buffer *out)
{
	bool parentheses = node_tightness(node) < least;

	if (parentheses)
		buffer_append_char(out, '(');
	print_node(node, out);
	if (parentheses)
		buffer_append_char(out, ')');
}

static void print_double(double number, struct buffer *out)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	buffer_append_text(out, text);
	if (!strpbrk(text, ".en"))
		buffer_append_text(out, ".0");
}

static void print_quoted(struct slice text, bool bytes, struct buffer *out)
{
	static const char specials[] = "\a\b\f\n\r\t\v\\\"";
	static const char letters[] = "abfnrtv\\\"";

	buffer_append_text(out, bytes ? "b\"" : "\"");
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		const char *special = c ? strchr(specials, c) : NULL;

		if (special) {
			buffer_append_char(out, '\\');
			buffer_append_char(out, letters[special - specials]);
		} else if (c < 0x20 || c == 0x7f || (bytes && c >= 0x80)) {
			buffer_format(out, "\\x%02x", c);
		} else {
			buffer_append_char(out, (char)c);
		}
	}
	buffer_append_char(out, '"');
}

static void print_literal(const struct value *literal, struct buffer *out)
{
	switch ((int)literal->kind) {
	case VALUE_BOOL:
		buffer_append_text(out, literal->boolean ? "true" : "false");
		break;
	case VALUE_INT:
		buffer_format(out, "%" PRId64, literal->integer);
		break;
	case VALUE_UINT:
		buffer_format(out, "%" PRIu64 "u", literal->uinteger);
		break;
	case VALUE_DOUBLE:
		print_double(literal->number, out);
		break;
	case VALUE_STRING:
	case VALUE_BYTES:
		print_quoted(literal->text, literal->kind == VALUE_BYTES, out);
		break;
	default:
		buffer_append_text(out, "null");
		break;
	}
}

static void print_list(const struct node *node, uint32_t first, struct buffer *out)
{
	for (uint32_t i = first; i < node->count; i++) {
		if (i > first)
			buffer_append_text(out, ", ");
		print_node(node->children[i], out);
	}
}

static void print_call(const struct node *node, struct buffer *out)
{
	if (node->rooted)
		buffer_append_char(out, '.');
	if (node->receiver) {
		print_at(node->children[0], TIGHTNESS_MEMBER, out);
		buffer_append_char(out, '.');
	}
	buffer_append_slice(out, node_name(node));
	buffer_append_char(out, '(');
	print_list(node, node->receiver ? 1 : 0, out);
	buffer_append_char(out, ')');
}

static void print_joined(const struct node *node, const char *text, enum tightness least,
		struct buffer *out)
{
	for (uint32_t i = 0; i < node->count; i++) {
		if (i)
			buffer_append_text(out, text);
		print_at(node->children[i], least, out);
	}
}

static void print_map(const struct node *node, struct buffer *out)
{
	buffer_append_char(out, '{');
	for (uint32_t i = 0; i + 1 < node->count; i += 2) {
		if (i)
			buffer_append_text(out, ", ");
		print_node(node->children[i], out);
		buffer_append_text(out, ": ");
		print_node(node->children[i + 1], out);
	}
	buffer_append_char(out, '}');
}

static void print_negated(const struct node *node, struct buffer *out)
{
	const struct node *operand = node->children[0];
	bool minus = node->kind == NODE_NEGATE;
	/* A run of one sign may stand bare; a mixed one may not; nor may a number that would take
	 * the sign as its own. */
	bool positive = node_is_number(operand) && operand->literal.kind != VALUE_UINT &&
			!(operand->literal.kind == VALUE_INT
							? operand->literal.integer < 0
							: __builtin_signbit(
									  operand->literal.number));
	bool mixed = (operand->kind == NODE_NOT && minus) ||
		     ((operand->kind == NODE_NEGATE || node_is_number(operand)) && !minus);

	buffer_append_char(out, minus ? '-' : '!');
	if (positive || mixed)
		print_at(operand, TIGHTNESS_PRIMARY + 1, out);
	else
		print_at(operand, TIGHTNESS_UNARY, out);
}

static void print_loop(const struct node *node, struct buffer *out)
{
	print_at(node->children[0], TIGHTNESS_MEMBER, out);
	buffer_append_char(out, '.');
	buffer_append_text(out, loop_text(node->loop));
	buffer_append_char(out, '(');
	buffer_append_slice(out, node_name(node));
	buffer_append_text(out, ", ");
	print_list(node, 1, out);
	buffer_append_char(out, ')');
}

static void print_operator(const struct node *node, struct buffer *out)
{
	enum tightness own = node_tightness(node);

	print_at(node->children[0], own, out);
	buffer_format(out, " %s ", operator_text(node->operation));
	print_at(node->children[1], own + 1, out);
}

static void print_node(const struct node *node, struct buffer *out)
{
	switch (node->kind) {
	case NODE_BAD:
		buffer_append_text(out, "?");
		break;
	case NODE_LITERAL:
		print_literal(&node->literal, out);
		break;
	case NODE_NAME:
		if (node->rooted)
			buffer_append_char(out, '.');
		buffer_append_slice(out, node_name(node));
		break;
	case NODE_SELECT:
		print_at(node->children[0], TIGHTNESS_MEMBER, out);
		buffer_append_char(out, '.');
		buffer_append_slice(out, node_name(node));
		break;
	case NODE_INDEX:
		print_at(node->children[0], TIGHTNESS_MEMBER, out);
		buffer_append_char(out, '[');
		print_node(node->children[1], out);
		buffer_append_char(out, ']');
		break;
	case NODE_CALL:
		print_call(node, out);
		break;
	case NODE_LIST:
		buffer_append_char(out, '[');
		print_list(node, 0, out);
		buffer_append_char(out, ']');
		break;
	case NODE_MAP:
		print_map(node, out);
		break;
	case NODE_NOT:
	case NODE_NEGATE:
		print_negated(node, out);
		break;
	case NODE_AND:
		print_joined(node, " && ", TIGHTNESS_RELATION, out);
		break;
	case NODE_OR:
		print_joined(node, " || ", TIGHTNESS_AND, out);
		break;
	case NODE_CONDITIONAL:
		print_at(node->children[0], TIGHTNESS_OR, out);
		buffer_append_text(out, " ? ");
		print_at(node->children[1], TIGHTNESS_OR, out);
		buffer_append_text(out, " : ");
		print_at(node->children[2], TIGHTNESS_CONDITIONAL, out);
		break;
	case NODE_OPERATOR:
		print_operator(node, out);
		break;
	case NODE_HAS:
		buffer_append_text(out, "has(");
		print_node(node->children[0], out);
		buffer_append_char(out, ')');
		break;
	case NODE_LOOP:
		print_loop(node, out);
		break;
	}
}

char *tree_print(const struct node *node, struct arena *arena)
{
	struct buffer out = { 0 };
	char *text = NULL;

	print_node(node, &out);
	if (!out.failed)
		text = arena_copy(arena, out.data ? out.data : "", out.size);
	else
		arena->exhausted = true; /* where everyone looks for it */
	buffer_fini(&out);
	return text;
}

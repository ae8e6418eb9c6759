/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/tree.h"

#include "rules/function.h"
#include "rules/type.h"

static const char *const operator_texts[] = {
	[OPERATOR_ADD] = "+",
	[OPERATOR_SUBTRACT] = "-",
	[OPERATOR_MULTIPLY] = "*",
	[OPERATOR_DIVIDE] = "/",
	[OPERATOR_REMAINDER] = "%",
	[OPERATOR_EQUAL] = "==",
	[OPERATOR_NOT_EQUAL] = "!=",
	[OPERATOR_LESS] = "<",
	[OPERATOR_LESS_EQUAL] = "<=",
	[OPERATOR_GREATER] = ">",
	[OPERATOR_GREATER_EQUAL] = ">=",
	[OPERATOR_IN] = "in",
};

static const char *const loop_texts[] = {
	[LOOP_ALL] = "all",
	[LOOP_EXISTS] = "exists",
	[LOOP_EXISTS_ONE] = "exists_one",
	[LOOP_MAP] = "map",
	[LOOP_FILTER] = "filter",
};

const char *operator_text(enum operator_kind operation)
{
	return operator_texts[operation];
}

const char *loop_text(enum loop_kind loop)
{
	return loop_texts[loop];
}

const struct function *node_function(const struct node *node)
{
	return node->function ? &functions[node->function - 1] : NULL;
}

bool operator_is_relation(enum operator_kind operation)
{
	return operation >= OPERATOR_EQUAL && operation <= OPERATOR_GREATER_EQUAL;
}

enum operator_kind operator_swapped(enum operator_kind operation)
{
	switch ((int)operation) {
	case OPERATOR_LESS:
		return OPERATOR_GREATER;
	case OPERATOR_LESS_EQUAL:
		return OPERATOR_GREATER_EQUAL;
	case OPERATOR_GREATER:
		return OPERATOR_LESS;
	case OPERATOR_GREATER_EQUAL:
		return OPERATOR_LESS_EQUAL;
	default:
		return operation;
	}
}

/* Literals are alike when they would print alike: 0.0 and -0.0 differ, a NaN cannot be written. */
static bool literal_equals(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch ((int)a->kind) {
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_INT:
		return a->integer == b->integer;
	case VALUE_UINT:
		return a->uinteger == b->uinteger;
	case VALUE_DOUBLE:
		return memcmp(&a->number, &b->number, sizeof(a->number)) == 0;
	case VALUE_STRING:
	case VALUE_BYTES:
		return slice_equals(a->text, b->text);
	default:
		return true;
	}
}

bool tree_equals(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->count != b->count ||
			!slice_equals(node_name(a), node_name(b)) || a->rooted != b->rooted ||
			a->receiver != b->receiver)
		return false;
	if (a->kind == NODE_LITERAL && !literal_equals(&a->literal, &b->literal))
		return false;
	if (a->kind == NODE_OPERATOR && a->operation != b->operation)
		return false;
	if (a->kind == NODE_LOOP && a->loop != b->loop)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		if (!tree_equals(a->children[i], b->children[i]))
			return false;
	}
	return true;
}

static void literal_append_key(const struct value *literal, struct buffer *out)
{
	buffer_append(out, &literal->kind, sizeof(literal->kind));
	switch ((int)literal->kind) {
	case VALUE_BOOL:
		buffer_append_char(out, literal->boolean);
		break;
	case VALUE_INT:
		buffer_append(out, &literal->integer, sizeof(literal->integer));
		break;
	case VALUE_UINT:
		buffer_append(out, &literal->uinteger, sizeof(literal->uinteger));
		break;
	case VALUE_DOUBLE:
		buffer_append(out, &literal->number, sizeof(literal->number));
		break;
	case VALUE_STRING:
	case VALUE_BYTES:
		buffer_append(out, &literal->text.size, sizeof(literal->text.size));
		buffer_append_slice(out, literal->text);
		break;
	default:
		break;
	}
}

void tree_append_key(const struct node *node, struct buffer *out)
{
	/* What follows has no gaps: the sizes say where each ends. */
	uint32_t head[3] = { (uint32_t)node->kind | (uint32_t)node->rooted << 8 |
					     (uint32_t)node->receiver << 9,
		node->count, (uint32_t)node_name(node).size };

	if (node->kind == NODE_OPERATOR)
		head[0] |= (uint32_t)node->operation << 16;
	if (node->kind == NODE_LOOP)
		head[0] |= (uint32_t)node->loop << 16;
	buffer_append(out, head, sizeof(head));
	buffer_append_slice(out, node_name(node));
	if (node->kind == NODE_LITERAL)
		literal_append_key(&node->literal, out);
	for (uint32_t i = 0; i < node->count; i++)
		tree_append_key(node->children[i], out);
}

static const char *node_kind_text(enum node_kind kind)
{
	static const char *const texts[] = {
		[NODE_BAD] = "bad",
		[NODE_LITERAL] = "literal",
		[NODE_NAME] = "name",
		[NODE_SELECT] = "select",
		[NODE_INDEX] = "index",
		[NODE_CALL] = "call",
		[NODE_LIST] = "list",
		[NODE_MAP] = "map",
		[NODE_NOT] = "not",
		[NODE_NEGATE] = "negate",
		[NODE_AND] = "and",
		[NODE_OR] = "or",
		[NODE_CONDITIONAL] = "conditional",
		[NODE_OPERATOR] = "operator",
		[NODE_HAS] = "has",
		[NODE_LOOP] = "loop",
	};

	return texts[kind];
}

void tree_dump(const struct node *node, int indent, FILE *out)
{
	struct arena arena;
	char type[TYPE_TEXT_SIZE];

	arena_init(&arena, (size_t)1 << 20);
	(void)fprintf(out, "%*s%s", indent, "", node_kind_text(node->kind));
	if (node->kind == NODE_LITERAL) {
		const char *text = tree_print(node, &arena);

		(void)fprintf(out, " %s", text ? text : "?");
	}
	if (node->kind == NODE_OPERATOR)
		(void)fprintf(out, " %s", operator_text(node->operation));
	if (node->kind == NODE_LOOP)
		(void)fprintf(out, " %s", loop_text(node->loop));
	if (node_name(node).size)
		(void)fprintf(out, " %.*s", SLICE_PRINT(node_name(node)));
	if (node->type)
		(void)fprintf(out, ": %s", type_describe(node->type, node->dimension, type));
	if (node->variable)
		(void)fprintf(out, " (slot %d)", node->variable->slot);
	if (node->local >= 0)
		(void)fprintf(out, " (loop %d)", node->local);
	(void)fprintf(out, "\n");
	arena_fini(&arena);
	if (node->variable)
		return;
	for (uint32_t i = 0; i < node->count; i++)
		tree_dump(node->children[i], indent + 2, out);
}

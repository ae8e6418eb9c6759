/* SPDX-License-Identifier: Apache-2.0 */
/* Names: loop variables, whole declared names (the longest wins), entries of maps. */
#include "rules/check.h"

#include "rules/type.h"

static int find_local(const struct checker *checker, struct slice name)
{
	for (int i = checker->local_count - 1; i >= 0; i--) {
		if (slice_equals(checker->locals[i].name, name))
			return i;
	}
	return -1;
}

/* The longest "a.b.c" that fits, built from the chain that ends in @node; empty when it is none. */
static struct slice chain_text(const struct node *node, char *out, size_t size)
{
	struct slice text = { out, 0 };

	if (node->kind == NODE_NAME) {
		if (node_name(node).size > size)
			return text;
		memcpy(out, node_name(node).data, node_name(node).size);
		text.size = node_name(node).size;
		return text;
	}
	if (node->kind != NODE_SELECT)
		return text;
	text = chain_text(node->children[0], out, size);
	if (text.size == 0 || text.size + 1 + node_name(node).size > size)
		return (struct slice){ out, 0 };
	out[text.size] = '.';
	memcpy(out + text.size + 1, node_name(node).data, node_name(node).size);
	text.size += 1 + node_name(node).size;
	return text;
}

static const struct node *chain_root(const struct node *node)
{
	while (node->kind == NODE_SELECT)
		node = node->children[0];
	return node;
}

static const struct scope_name *copy_name(struct arena *arena, const struct scope_name *name)
{
	struct scope_name *copy = ARENA_NEW(arena, struct scope_name);
	struct scope_ratio *ratio;

	if (!copy)
		return NULL;
	*copy = *name;
	copy->name.data = arena_copy(arena, name->name.data, name->name.size);
	if (name->ratio) {
		ratio = ARENA_NEW(arena, struct scope_ratio);
		if (ratio)
			*ratio = *name->ratio;
		copy->ratio = ratio;
	}
	return copy;
}

static void mark_variable(
		struct checker *checker, struct node *node, const struct scope_name *name)
{
	node->variable = checker->source->options->lasting ? name
							   : copy_name(checker->arena, name);
	node->type = name->type;
	node->dimension = name->dimension;
	node->reads_attribute = name->role == SCOPE_ATTRIBUTE;
}

/* Whether the chain that ends in @node is a declared name as a whole; the longest is asked first. */
static bool check_chain(struct checker *checker, struct node *node)
{
	const struct node *root = chain_root(node);
	char text[256];
	const struct scope_name *name;

	if (root->kind != NODE_NAME ||
			(!root->rooted && find_local(checker, node_name(root)) >= 0))
		return false;
	name = scope_find(checker->scope, chain_text(node, text, sizeof(text)));
	if (!name)
		return false;
	mark_variable(checker, node, name);
	return true;
}

void checker_name(struct checker *checker, struct node *node)
{
	int local = node->rooted ? -1 : find_local(checker, node_name(node));
	const struct scope_name *similar;

	if (local >= 0) {
		node->local = (int8_t)local;
		node->type = checker->locals[local].type;
		node->dimension = checker->locals[local].dimension;
		return;
	}
	if (check_chain(checker, node))
		return;
	node->type = &type_bad;
	similar = scope_find_similar(checker->scope, node_name(node));
	if (similar)
		checker_report(checker, node,
				"there is no name \"%.*s\"; did you mean \"%.*s\"?",
				SLICE_PRINT(node_name(node)), SLICE_PRINT(similar->name));
	else
		checker_report(checker, node, "there is no name \"%.*s\"",
				SLICE_PRINT(node_name(node)));
}

/* A chain none of whose beginnings is declared is one mistake, told under all of it. */
static bool check_undeclared_chain(struct checker *checker, struct node *node)
{
	const struct node *root = chain_root(node);
	const struct node *at;
	char text[256];
	struct slice chain;
	const struct scope_name *similar;

	if (root->kind != NODE_NAME ||
			(!root->rooted && find_local(checker, node_name(root)) >= 0))
		return false;
	for (at = node; at->kind == NODE_SELECT; at = at->children[0]) {
		if (scope_find(checker->scope, chain_text(at, text, sizeof(text))))
			return false;
	}
	if (scope_find(checker->scope, node_name(root)))
		return false;
	chain = chain_text(node, text, sizeof(text));
	similar = scope_find_similar(checker->scope, chain);
	if (similar)
		checker_report(checker, node,
				"there is no name \"%.*s\"; did you mean \"%.*s\"?",
				SLICE_PRINT(chain), SLICE_PRINT(similar->name));
	else
		checker_report(checker, node, "there is no name \"%.*s\"", SLICE_PRINT(chain));
	node->type = &type_bad;
	return true;
}

void checker_select(struct checker *checker, struct node *node)
{
	struct node *operand = node->children[0];
	const struct type *type;
	char text[TYPE_TEXT_SIZE];

	if (check_chain(checker, node) || check_undeclared_chain(checker, node))
		return;
	checker_node(checker, operand);
	type = operand->type;
	node->type = &type_bad;
	if (type_is_bad(type))
		return;
	if (type->kind != TYPE_MAP) {
		checker_report_mark(checker, node, "%s has no fields; only a map has, not %.*s",
				type_describe(type, operand->dimension, text),
				SLICE_PRINT(node_name(node)));
		return;
	}
	if (type->key->kind != TYPE_STRING && type->key->kind != TYPE_DYN) {
		checker_report_mark(checker, node,
				"the keys of this map are not strings: write [...]");
		return;
	}
	node->type = type->element;
	node->dimension = operand->dimension;
}

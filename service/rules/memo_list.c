/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of strings: each once, and each string of them once, however many rules have it. */
#include "rules/memo_internal.h"

#define KNOWN_MOST ((size_t)1 << 18)

static struct slice string_of(const struct rule_memo *memo, const struct list_string *written)
{
	return (struct slice){ memo->reading.text.data + written->at + 1,
		(size_t)(written->end - written->at) - 2 };
}

static struct node *string_node(struct rule_memo *memo, const struct list_string *written)
{
	struct slice string = string_of(memo, written);
	struct node *node = map_find(&memo->strings, string);

	if (node)
		return node;
	node = arena_alloc(&memo->trees, sizeof(*node));
	if (!node)
		return NULL;
	*node = (struct node){
		.kind = NODE_LITERAL,
		.dimension = DIMENSION_FREE,
		.constant = true,
		.begin = written->at,
		.end = written->end,
		.mark = written->at,
		.mark_end = written->end,
		.depth = 1,
		.local = -1,
		.code_begin = -1,
		.code_end = -1,
		.type = &type_string,
		.literal = { .kind = VALUE_STRING, .text = string },
	};
	/* The text outlives the memo, as that of every rule with one does. */
	if (memo->strings.count < KNOWN_MOST)
		(void)map_put(&memo->strings, string, node); /* or it is alone */
	return node;
}

static struct known_list *list_make(
		struct rule_memo *memo, const struct piece *piece, struct arena *arena)
{
	const struct list_string *strings = &memo->reading.strings[piece->string];
	size_t count = piece->strings;
	struct known_list *list = arena_alloc(&memo->arena, sizeof(*list));
	struct value *items = arena_alloc(arena, count * sizeof(*items));

	if (!list || !items)
		return NULL;
	*list = (struct known_list){ .value = { .kind = VALUE_LIST,
						     .list = { items, count } } };
	for (size_t i = 0; i < count; i++)
		items[i] = (struct value){ .kind = VALUE_STRING,
			.text = string_of(memo, &strings[i]) };
	return list;
}

struct known_list *memo_list(
		struct rule_memo *memo, const struct piece *piece, struct arena *arena)
{
	struct slice written = { memo->reading.text.data + piece->at, piece->size };
	struct known_list *list = map_find(&memo->lists, written);

	if (list)
		return list;
	list = list_make(memo, piece, arena);
	if (list && memo->lists.count < KNOWN_MOST)
		(void)map_put(&memo->lists, written, list); /* or it is alone */
	return list;
}

struct node **memo_list_nodes(
		struct rule_memo *memo, struct known_list *list, const struct piece *piece)
{
	const struct list_string *strings = &memo->reading.strings[piece->string];
	struct node **children;

	if (list->children)
		return list->children;
	children = arena_alloc(&memo->trees, piece->strings * sizeof(*children));
	for (size_t i = 0; children && i < piece->strings; i++) {
		children[i] = string_node(memo, &strings[i]);
		if (!children[i])
			return NULL;
	}
	list->children = children;
	return children;
}

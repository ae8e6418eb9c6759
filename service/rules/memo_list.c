/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of strings: each once, and each string of them once, however many rules have it. */
#include "rules/memo_internal.h"

#define KNOWN_MOST ((size_t)1 << 18)

static struct node *string_node(
		struct rule_memo *memo, const struct list_string *written, struct arena *arena)
{
	struct slice string = { memo->reading.text.data + written->at + 1,
		(size_t)(written->end - written->at) - 2 };
	struct node *node = map_find(&memo->strings, string);

	if (node)
		return node;
	node = arena_alloc(arena, sizeof(*node));
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
	struct value *items =
			arena_alloc(arena, count * (sizeof(*items) + sizeof(struct node *)));

	if (!list || !items)
		return NULL;
	*list = (struct known_list){ .children = (struct node **)(items + count),
		.value = { .kind = VALUE_LIST, .list = { items, count } } };
	for (size_t i = 0; i < count; i++) {
		list->children[i] = string_node(memo, &strings[i], arena);
		if (!list->children[i])
			return NULL;
		items[i] = list->children[i]->literal;
	}
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

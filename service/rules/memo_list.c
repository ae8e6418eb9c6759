/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of strings: each once, and each string of them once, however many rules have it. */
#include "rules/memo_internal.h"

#define KNOWN_MOST ((size_t)1 << 18)

static struct node *string_node(struct rule_memo *memo, struct slice text, size_t begin,
		size_t end, struct arena *arena)
{
	struct slice string = { text.data + begin + 1, end - begin - 2 };
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
		.begin = (uint16_t)begin,
		.end = (uint16_t)end,
		.mark = (uint16_t)begin,
		.mark_end = (uint16_t)end,
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

static size_t list_count(struct slice text, const struct piece *piece)
{
	size_t count = 0;

	for (size_t at = piece->at + 1; at < (size_t)piece->at + piece->size; count++) {
		while (text.data[at] == ' ')
			at++;
		at = memo_string_end(text, at);
		while (text.data[at] == ' ')
			at++;
		at++; /* a comma, or the end */
	}
	return count;
}

static struct known_list *list_make(struct rule_memo *memo, struct slice text,
		const struct piece *piece, struct arena *arena)
{
	size_t count = list_count(text, piece);
	struct known_list *list = arena_alloc(&memo->arena, sizeof(*list));
	struct value *items =
			arena_alloc(arena, count * (sizeof(*items) + sizeof(struct node *)));
	size_t at = (size_t)piece->at + 1;

	if (!list || !items)
		return NULL;
	list->children = (struct node **)(items + count);
	list->value = (struct value){ .kind = VALUE_LIST, .list = { items, count } };
	for (size_t i = 0; i < count; i++) {
		size_t end;

		while (text.data[at] == ' ')
			at++;
		end = memo_string_end(text, at);
		list->children[i] = string_node(memo, text, at, end, arena);
		if (!list->children[i])
			return NULL;
		items[i] = list->children[i]->literal;
		for (at = end; text.data[at] == ' ';)
			at++;
		at++;
	}
	return list;
}

const struct known_list *memo_list(struct rule_memo *memo, struct slice text,
		const struct piece *piece, struct arena *arena)
{
	struct slice written = { text.data + piece->at, piece->size };
	struct known_list *list = map_find(&memo->lists, written);

	if (list)
		return list;
	list = list_make(memo, text, piece, arena);
	if (list && memo->lists.count < KNOWN_MOST)
		(void)map_put(&memo->lists, written, list); /* or it is alone */
	return list;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of strings: each once, and each string of them once, however many trees have it. */
#include "rules/memo_internal.h"

#define STRINGS_MOST ((size_t)1 << 18)

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
	if (memo->strings.count < STRINGS_MOST)
		(void)map_put(&memo->strings, string, node); /* or it is alone */
	return node;
}

static struct known_list *list_at(const struct lists *lists, size_t number)
{
	return &lists->blocks[number / LISTS_BLOCK][number % LISTS_BLOCK];
}

static struct known_list *list_find(
		const struct lists *lists, struct slice written, uint32_t hash)
{
	size_t at = hash;
	size_t number;

	while ((number = number_table_next(&lists->texts, hash, &at)) != NUMBER_TABLE_END) {
		if (slice_equals(list_at(lists, number)->written, written))
			return list_at(lists, number);
	}
	return NULL;
}

/* Room for one more, which is known under @hash; NULL when memory is short. Of too many each is alone. */
static struct known_list *list_add(struct rule_memo *memo, uint32_t hash)
{
	struct lists *lists = &memo->lists;
	struct known_list **block;

	if (lists->count == LISTS_MOST)
		return arena_alloc(&memo->arena, sizeof(struct known_list));
	if (!lists->blocks)
		lists->blocks = ARENA_NEW_ARRAY(
				&memo->arena, struct known_list *, LISTS_MOST / LISTS_BLOCK);
	if (!lists->blocks)
		return NULL;
	block = &lists->blocks[lists->count / LISTS_BLOCK];
	if (!*block)
		*block = arena_alloc(&memo->arena, LISTS_BLOCK * sizeof(**block));
	if (!*block || !number_table_put(&lists->texts, hash, lists->count))
		return NULL;
	return list_at(lists, lists->count++);
}

/* The strings of the list that @piece is; NULL when memory is short. */
static struct value *items_make(
		const struct rule_memo *memo, const struct piece *piece, struct arena *arena)
{
	const struct list_string *strings = &memo->reading.strings[piece->string];
	struct value *items = arena_alloc(arena, piece->strings * sizeof(*items));

	for (size_t i = 0; items && i < piece->strings; i++)
		items[i] = (struct value){ .kind = VALUE_STRING,
			.text = string_of(memo, &strings[i]) };
	return items;
}

struct known_list *memo_list(
		struct rule_memo *memo, const struct piece *piece, struct arena *arena)
{
	struct slice written = { memo->reading.text.data + piece->at, piece->size };
	uint32_t hash = map_hash(written);
	struct known_list *list = list_find(&memo->lists, written, hash);
	struct value *items;

	if (list)
		return list;
	items = items_make(memo, piece, arena);
	list = items ? list_add(memo, hash) : NULL;
	if (list)
		*list = (struct known_list){ .written = written,
			.value = { .kind = VALUE_LIST, .list = { items, piece->strings } } };
	return list;
}

struct known_list *memo_list_of_term(
		struct rule_memo *memo, const struct piece *piece, struct arena *arena)
{
	struct value *items = items_make(memo, piece, arena);

	memo->term_list = (struct known_list){
		.value = { .kind = VALUE_LIST, .list = { items, piece->strings } }
	};
	return items ? &memo->term_list : NULL;
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

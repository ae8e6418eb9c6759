/* SPDX-License-Identifier: Apache-2.0 */
/* Moving over words, reporting, building nodes. */
#include "rules/parser.h"

void parser_advance(struct parser *parser)
{
	parser->last_end = parser->token.end;
	parser->token = lexer_next(&parser->lexer);
	if (parser->token.kind == TOKEN_BAD)
		parser->failed = true;
}

void parser_report(struct parser *parser, uint32_t begin, uint32_t end, const char *message)
{
	parser->failed = true;
	if (parser->reported_once && parser->reported_at == begin)
		return;
	parser->reported_once = true;
	parser->reported_at = begin;
	source_report(parser->source, DIAGNOSTIC_ERROR, begin, end, "%s", message);
}

/* "expected X, found Y" at the current token; silent where the lexer has spoken. */
void parser_expected(struct parser *parser, const char *expected)
{
	const struct token *token = &parser->token;
	char message[160];

	parser->failed = true;
	if (token->kind == TOKEN_BAD)
		return;
	if (token->kind == TOKEN_END) {
		(void)snprintf(message, sizeof(message),
				"expected %s, found the end of the rule", expected);
		parser_report(parser, token->begin, token->begin + 1, message);
		return;
	}
	(void)snprintf(message, sizeof(message), "expected %s, found \"%.*s\"%s", expected,
			token->end - token->begin > 40 ? 40 : (int)(token->end - token->begin),
			parser->source->text.data + token->begin,
			token->kind == TOKEN_RESERVED ? ", which is a reserved word" : "");
	parser_report(parser, token->begin, token->end, message);
}

bool parser_accept(struct parser *parser, enum token_kind kind)
{
	if (parser->token.kind != kind)
		return false;
	parser_advance(parser);
	return true;
}

bool parser_is_at_stop(const struct parser *parser)
{
	switch ((int)parser->token.kind) {
	case TOKEN_END:
	case TOKEN_AND:
	case TOKEN_OR:
	case TOKEN_QUESTION:
	case TOKEN_COLON:
	case TOKEN_COMMA:
	case TOKEN_CLOSE:
	case TOKEN_CLOSE_BRACKET:
	case TOKEN_CLOSE_BRACE:
		return true;
	default:
		return false;
	}
}

void parser_skip(struct parser *parser)
{
	while (!parser_is_at_stop(parser))
		parser_advance(parser);
}

/* Wants a closing @kind; skips forward to one when something else stands there. */
void parser_close(struct parser *parser, enum token_kind kind, const char *expected)
{
	if (parser_accept(parser, kind))
		return;
	parser_expected(parser, expected);
	parser_skip(parser);
	(void)parser_accept(parser, kind);
}

struct node *node_new(struct parser *parser, enum node_kind kind, uint32_t begin)
{
	struct node *node = arena_alloc(parser->arena, sizeof(*node));

	if (!node) {
		parser->failed = true;
		parser->spare = (struct node){ .kind = NODE_BAD, .depth = 1, .local = -1 };
		return &parser->spare;
	}
	*node = (struct node){
		.kind = kind,
		.begin = (uint16_t)begin,
		.end = (uint16_t)parser->last_end,
		.mark = (uint16_t)begin,
		.mark_end = (uint16_t)parser->last_end,
		.depth = 1,
		.local = -1,
		.code_begin = -1,
		.code_end = -1,
	};
	return node;
}

void list_append(struct parser *parser, struct node_list *list, struct node *item)
{
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity ? list->capacity * 2 : 2;
		struct node **items = ARENA_NEW_ARRAY(parser->arena, struct node *, capacity);

		if (!items) {
			parser->failed = true;
			return;
		}
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(struct node *));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = item;
}

/* Gives @node its children; too high a tree becomes a NODE_BAD. */
struct node *node_finish(struct parser *parser, struct node *node, struct node_list list)
{
	if (node == &parser->spare)
		return node;
	node->children = list.items;
	node->count = (uint16_t)list.count;
	node->end = (uint16_t)parser->last_end;
	for (uint32_t i = 0; i < list.count; i++) {
		if (list.items[i]->depth >= node->depth)
			node->depth = (uint8_t)(list.items[i]->depth + 1);
	}
	if (node->depth > TREE_DEPTH_LIMIT) {
		parser_report(parser, node->begin, node->end,
				"this is nested deeper than 64 levels");
		return node_new(parser, NODE_BAD, node->begin);
	}
	return node;
}

struct node *node_with(struct parser *parser, struct node *node, struct node *a, struct node *b)
{
	struct node_list list = { 0 };

	list_append(parser, &list, a);
	if (b)
		list_append(parser, &list, b);
	return node_finish(parser, node, list);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From words to a tree, by recursive descent along the grammar:
 *
 *     expression   = or [ "?" or ":" expression ]
 *     or           = and { "||" and }
 *     and          = relation { "&&" relation }
 *     relation     = sum { ("<" | "<=" | ">=" | ">" | "==" | "!=" | "in") sum }
 *     sum          = product { ("+" | "-") product }
 *     product      = unary { ("*" | "/" | "%") unary }
 *     unary        = { "!" } member | { "-" } member
 *     member       = primary { "." name [ "(" arguments ")" ] | "[" expression "]" }
 *     primary      = [ "." ] name [ "(" arguments ")" ] | literal | "(" expression ")"
 *                  | "[" arguments [","] "]" | "{" entries [","] "}"
 *
 * After a mistake the parser puts a NODE_BAD in place of what it could not read, skips to where an
 * expression can end, and goes on, so that the next mistake is found too. At one place only one
 * mistake is reported. Depth is limited in the recursion here and in the height of the tree, so that
 * whoever walks the tree may recurse.
 */
#include "rules/parser.h"

static struct node *parse_expression(struct parser *parser);

static struct slice token_text(const struct parser *parser, const struct token *token)
{
	return (struct slice){ parser->source->text.data + token->begin,
		token->end - token->begin };
}

/* "a, b, c" up to @close, which is taken. */
static void parse_arguments(struct parser *parser, enum token_kind close, const char *expected,
		bool trailing_comma, struct node_list *list)
{
	if (parser_accept(parser, close))
		return;
	do {
		if (trailing_comma && list->count && parser->token.kind == close)
			break;
		list_append(parser, list, parse_expression(parser));
	} while (parser_accept(parser, TOKEN_COMMA));
	parser_close(parser, close, expected);
}

static struct node *parse_map(struct parser *parser)
{
	struct node *node = node_new(parser, NODE_MAP, parser->token.begin);
	struct node_list list = { 0 };

	parser_advance(parser);
	if (parser_accept(parser, TOKEN_CLOSE_BRACE))
		return node_finish(parser, node, list);
	do {
		if (list.count && parser->token.kind == TOKEN_CLOSE_BRACE)
			break;
		list_append(parser, &list, parse_expression(parser));
		if (!parser_accept(parser, TOKEN_COLON)) {
			parser_expected(parser, "\":\" and a value");
			parser_skip(parser);
			(void)parser_accept(parser, TOKEN_COLON);
		}
		list_append(parser, &list, parse_expression(parser));
	} while (parser_accept(parser, TOKEN_COMMA));
	parser_close(parser, TOKEN_CLOSE_BRACE, "\",\" or \"}\"");
	if (list.count % 2)
		list.count--; /* only when memory is short */
	return node_finish(parser, node, list);
}

static const struct {
	const char *name;
	enum loop_kind loop;
	uint32_t least, most; /* arguments */
} loops[] = {
	{ "all", LOOP_ALL, 2, 2 },
	{ "exists", LOOP_EXISTS, 2, 2 },
	{ "exists_one", LOOP_EXISTS_ONE, 2, 2 },
	{ "existsOne", LOOP_EXISTS_ONE, 2, 2 },
	{ "map", LOOP_MAP, 2, 3 },
	{ "filter", LOOP_FILTER, 2, 2 },
};

/* Turns a call of all(), exists() and so on into NODE_LOOP; @list begins with the receiver. */
static struct node *parse_loop(struct parser *parser, struct node *node, struct node_list list)
{
	for (size_t i = 0; i < sizeof(loops) / sizeof(*loops); i++) {
		struct node *variable;

		if (!slice_equals_text(node_name(node), loops[i].name) ||
				list.count < loops[i].least + 1 ||
				list.count > loops[i].most + 1)
			continue;
		variable = list.items[1];
		if (variable->kind != NODE_NAME || variable->rooted) {
			if (variable->kind != NODE_BAD)
				parser_report(parser, variable->begin, variable->end,
						"expected a name for the elements, such as "
						"\"x\"");
			return node_new(parser, NODE_BAD, node->begin);
		}
		node->kind = NODE_LOOP;
		node->loop = loops[i].loop;
		node_put_name(node, node_name(variable));
		list.items[1] = list.items[2];
		if (list.count == 4)
			list.items[2] = list.items[3];
		list.count--;
		return node_finish(parser, node, list);
	}
	return node_finish(parser, node, list);
}

static struct node *parse_has(struct parser *parser, struct node *node, struct node_list list)
{
	if (!node->rooted && slice_equals_text(node_name(node), "has") && list.count == 1) {
		if (list.items[0]->kind == NODE_SELECT) {
			node->kind = NODE_HAS;
		} else if (list.items[0]->kind != NODE_BAD) {
			parser_report(parser, list.items[0]->begin, list.items[0]->end,
					"has() asks for an entry of a map: has(map.key)");
			return node_new(parser, NODE_BAD, node->begin);
		}
	}
	return node_finish(parser, node, list);
}

static struct node *parse_name(struct parser *parser)
{
	uint32_t begin = parser->token.begin;
	bool rooted = parser_accept(parser, TOKEN_DOT);
	struct node *node;
	struct node_list list = { 0 };
	struct token name = parser->token;

	if (name.kind != TOKEN_NAME) {
		parser_expected(parser, rooted ? "a name" : "a value");
		parser_skip(parser);
		return node_new(parser, NODE_BAD, begin);
	}
	parser_advance(parser);
	node = node_new(parser, NODE_NAME, begin);
	node_put_name(node, token_text(parser, &name));
	node->rooted = rooted;
	node_mark(node, name.begin, name.end);
	if (parser->token.kind == TOKEN_OPEN_BRACE) {
		parser_report(parser, begin, parser->token.end,
				"messages cannot be made in a rule");
		parser_skip(parser);
		return node_new(parser, NODE_BAD, begin);
	}
	if (!parser_accept(parser, TOKEN_OPEN))
		return node;
	node->kind = NODE_CALL;
	parse_arguments(parser, TOKEN_CLOSE, "\",\" or \")\"", false, &list);
	return parse_has(parser, node, list);
}

static struct node *parse_list(struct parser *parser)
{
	struct node *node = node_new(parser, NODE_LIST, parser->token.begin);
	struct node_list list = { 0 };

	node_mark(node, parser->token.begin, parser->token.end);
	parser_advance(parser);
	parse_arguments(parser, TOKEN_CLOSE_BRACKET, "\",\" or \"]\"", true, &list);
	return node_finish(parser, node, list);
}

static struct node *parse_primary(struct parser *parser)
{
	struct token token = parser->token;
	struct node *node;

	switch ((int)token.kind) {
	case TOKEN_INT:
	case TOKEN_LITERAL:
		parser_advance(parser);
		node = node_new(parser, NODE_LITERAL, token.begin);
		node->literal = token.literal;
		if (token.kind == TOKEN_INT) {
			if (token.magnitude > INT64_MAX)
				parser_report(parser, token.begin, token.end,
						"this number does not fit 64 bits");
			node->literal = (struct value){ .kind = VALUE_INT,
				.integer = (int64_t)token.magnitude };
		}
		return node;
	case TOKEN_OPEN:
		parser_advance(parser);
		node = parse_expression(parser);
		parser_close(parser, TOKEN_CLOSE, "an operator or \")\"");
		return node;
	case TOKEN_OPEN_BRACKET:
		return parse_list(parser);
	case TOKEN_OPEN_BRACE:
		return parse_map(parser);
	default:
		return parse_name(parser);
	}
}

static struct node *parse_selection(struct parser *parser, struct node *operand)
{
	struct token name = parser->token;
	struct node_list list = { 0 };
	struct node *node;

	if (name.kind != TOKEN_NAME && name.kind != TOKEN_RESERVED) {
		parser_expected(parser, "a name behind \".\"");
		parser_skip(parser);
		return node_new(parser, NODE_BAD, operand->begin);
	}
	parser_advance(parser);
	node = node_new(parser, NODE_SELECT, operand->begin);
	node_put_name(node, token_text(parser, &name));
	node_mark(node, name.begin, name.end);
	list_append(parser, &list, operand);
	if (!parser_accept(parser, TOKEN_OPEN))
		return node_finish(parser, node, list);
	node->kind = NODE_CALL;
	node->receiver = true;
	parse_arguments(parser, TOKEN_CLOSE, "\",\" or \")\"", false, &list);
	return parse_loop(parser, node, list);
}

static struct node *parse_member(struct parser *parser, struct node *node)
{
	for (;;) {
		if (parser_accept(parser, TOKEN_DOT)) {
			node = parse_selection(parser, node);
		} else if (parser->token.kind == TOKEN_OPEN_BRACKET) {
			struct node *index = node_new(parser, NODE_INDEX, node->begin);
			uint32_t mark = parser->token.begin;
			struct node *key;

			parser_advance(parser);
			key = parse_expression(parser);
			parser_close(parser, TOKEN_CLOSE_BRACKET, "an operator or \"]\"");
			node_mark(index, mark, parser->last_end);
			node = node_with(parser, index, node, key);
		} else {
			return node;
		}
	}
}

/* A minus right before a number belongs to it, so that the least int can be written. */
static struct node *parse_negative(struct parser *parser, uint32_t begin)
{
	struct token token = parser->token;
	struct node *node;

	parser_advance(parser);
	node = node_new(parser, NODE_LITERAL, begin);
	node->literal = token.literal;
	if (token.kind == TOKEN_INT)
		node->literal = (struct value){ .kind = VALUE_INT,
			.integer = (int64_t)(0 - token.magnitude) };
	else
		node->literal.number = -node->literal.number;
	return node;
}

static bool token_is_signed(const struct token *token)
{
	return token->kind == TOKEN_INT ||
	       (token->kind == TOKEN_LITERAL && token->literal.kind == VALUE_DOUBLE);
}

static struct node *parse_unary(struct parser *parser)
{
	enum token_kind sign = parser->token.kind;
	uint32_t first = parser->token.begin;
	uint32_t last = first;
	uint32_t run = 0;
	struct node *node;

	if (sign != TOKEN_NOT && sign != TOKEN_MINUS)
		return parse_member(parser, parse_primary(parser));
	for (; parser->token.kind == sign; run++) {
		last = parser->token.begin;
		parser_advance(parser);
	}
	if (sign == TOKEN_MINUS && token_is_signed(&parser->token)) {
		node = parse_member(parser, parse_negative(parser, last));
		run--;
	} else {
		node = parse_member(parser, parse_primary(parser));
	}
	for (; run > 0; run--) {
		struct node *outer = node_new(
				parser, sign == TOKEN_NOT ? NODE_NOT : NODE_NEGATE, first);

		node_mark(outer, first, first + 1);
		node = node_with(parser, outer, node, NULL);
	}
	return node;
}

/* Binary operators by the tightness they bind with. */
static bool token_operator(enum token_kind kind, int level, enum operator_kind *out_operator)
{
	static const struct {
		int tightness; /* level + 1; 0: no binary operator */
		enum operator_kind operation;
	} operators[] = {
		[TOKEN_EQUAL] = { 1, OPERATOR_EQUAL },
		[TOKEN_NOT_EQUAL] = { 1, OPERATOR_NOT_EQUAL },
		[TOKEN_LESS] = { 1, OPERATOR_LESS },
		[TOKEN_LESS_EQUAL] = { 1, OPERATOR_LESS_EQUAL },
		[TOKEN_GREATER] = { 1, OPERATOR_GREATER },
		[TOKEN_GREATER_EQUAL] = { 1, OPERATOR_GREATER_EQUAL },
		[TOKEN_IN] = { 1, OPERATOR_IN },
		[TOKEN_PLUS] = { 2, OPERATOR_ADD },
		[TOKEN_MINUS] = { 2, OPERATOR_SUBTRACT },
		[TOKEN_STAR] = { 3, OPERATOR_MULTIPLY },
		[TOKEN_SLASH] = { 3, OPERATOR_DIVIDE },
		[TOKEN_PERCENT] = { 3, OPERATOR_REMAINDER },
	};

	if ((size_t)kind >= sizeof(operators) / sizeof(*operators) ||
			operators[kind].tightness != level + 1)
		return false;
	*out_operator = operators[kind].operation;
	return true;
}

static struct node *parse_binary(struct parser *parser, int level)
{
	struct node *left = level == 3 ? parse_unary(parser) : parse_binary(parser, level + 1);
	enum operator_kind operation;

	while (level < 3 && token_operator(parser->token.kind, level, &operation)) {
		struct node *node = node_new(parser, NODE_OPERATOR, left->begin);

		node->operation = operation;
		node_mark(node, parser->token.begin, parser->token.end);
		parser_advance(parser);
		left = node_with(parser, node, left, parse_binary(parser, level + 1));
	}
	return left;
}

static struct node *parse_and(struct parser *parser)
{
	struct node *first = parse_binary(parser, 0);
	struct node_list list = { 0 };

	if (parser->token.kind != TOKEN_AND)
		return first;
	list_append(parser, &list, first);
	while (parser_accept(parser, TOKEN_AND))
		list_append(parser, &list, parse_binary(parser, 0));
	return node_finish(parser, node_new(parser, NODE_AND, first->begin), list);
}

static struct node *parse_or(struct parser *parser)
{
	struct node *first = parse_and(parser);
	struct node_list list = { 0 };

	if (parser->token.kind != TOKEN_OR)
		return first;
	list_append(parser, &list, first);
	while (parser_accept(parser, TOKEN_OR))
		list_append(parser, &list, parse_and(parser));
	return node_finish(parser, node_new(parser, NODE_OR, first->begin), list);
}

static struct node *parse_conditional(struct parser *parser)
{
	struct node *condition = parse_or(parser);
	struct node_list list = { 0 };

	if (!parser_accept(parser, TOKEN_QUESTION))
		return condition;
	list_append(parser, &list, condition);
	list_append(parser, &list, parse_or(parser));
	if (!parser_accept(parser, TOKEN_COLON)) {
		parser_expected(parser, "\":\" and what holds otherwise");
		parser_skip(parser);
		if (!parser_accept(parser, TOKEN_COLON))
			return node_new(parser, NODE_BAD, condition->begin);
	}
	list_append(parser, &list, parse_expression(parser));
	return node_finish(parser, node_new(parser, NODE_CONDITIONAL, condition->begin), list);
}

static struct node *parse_expression(struct parser *parser)
{
	struct node *node;

	if (parser->depth >= TREE_DEPTH_LIMIT) {
		parser_report(parser, parser->token.begin, parser->token.end,
				"this is nested deeper than 64 levels");
		parser->token.kind = TOKEN_END; /* what follows is not read */
		parser->lexer.at = (uint32_t)parser->source->text.size;
		return node_new(parser, NODE_BAD, parser->token.begin);
	}
	parser->depth++;
	node = parse_conditional(parser);
	parser->depth--;
	return node;
}

struct node *tree_parse(const struct source *source, struct arena *arena, bool *out_complete)
{
	struct parser parser = {
		.source = source,
		.lexer = { .source = source, .arena = arena },
		.arena = arena,
	};
	struct node *root;

	parser_advance(&parser);
	root = parse_expression(&parser);
	while (parser.token.kind != TOKEN_END) {
		parser_expected(&parser, "an operator or the end of the rule");
		parser_advance(&parser);
		if (!parser_is_at_stop(&parser))
			(void)parse_expression(&parser);
	}
	*out_complete = !parser.failed;
	/* The spare goes out of life with the parser: without memory there is no tree. */
	return arena->exhausted ? NULL : root;
}

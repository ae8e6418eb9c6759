/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/memo.h"

#include "base/map.h"
#include "base/memory.h"
#include "rules/program.h"

#include <assert.h>

#define KEY_MOST ((size_t)512)	/* bytes; longer ones are read anew */
#define NOTED_MOST ((size_t)64) /* of one rule */
#define KNOWN_MOST ((size_t)1 << 18)
#define FIGURE_MOST ((size_t)15)   /* digits; longer ones stay in the key */
#define SHARED_MOST ((uint32_t)64) /* elements; longer lists have nodes of their own */
#define MEMO_BUDGET ((size_t)256 << 20)

/* What is known under a key. */
struct known {
	const struct node *root;
	uint32_t nodes;	   /* to be copied */
	uint32_t children; /* places for them */
	uint16_t steps;	   /* what it costs */
	uint8_t loops;	   /* how deep they are nested */
};

struct noted {
	struct slice key;
	struct node *node;
};

struct rule_memo {
	struct arena arena; /* keys, and what is known under them */
	struct map known;
	struct map strings; /* elements of lists: text to node */
	struct noted noted[NOTED_MOST];
	size_t noted_count;
	int loops; /* of what was taken for one rule: how deep they are nested */
	char key[KEY_MOST];
};

struct rule_memo *rule_memo_new(void)
{
	struct rule_memo *memo = memory_alloc_zero(1, sizeof(*memo));

	if (memo)
		arena_init(&memo->arena, MEMO_BUDGET);
	return memo;
}

void rule_memo_free(struct rule_memo *memo)
{
	if (!memo)
		return;
	map_fini(&memo->known);
	map_fini(&memo->strings);
	arena_fini(&memo->arena);
	memory_free(memo);
}

/* --- keys -------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char char_at(struct slice text, size_t at)
{
	return at < text.size ? text.data[at] : '\0';
}

/*
 * How many digits of a figure stand at @at: one of those that a copy may have others for. Zero is not, since it
 * is checked otherwise, nor is what only begins like a figure.
 */
static size_t figure_size(struct slice text, size_t at)
{
	size_t end = at;

	if (!is_digit(text.data[at]) || text.data[at] == '0' ||
			(at > 0 && (is_name(text.data[at - 1]) || text.data[at - 1] == '.')))
		return 0;
	while (end < text.size && is_digit(text.data[end]))
		end++;
	return end - at > FIGURE_MOST || is_name(char_at(text, end)) ||
					       char_at(text, end) == '.'
			       ? 0
			       : end - at;
}

/* Behind the plain string that begins at @at; 0: it is not plain. */
static size_t string_end(struct slice text, size_t at)
{
	char quote = text.data[at];
	size_t end = at + 1;

	/* Raw ones, bytes and those in three quotes are read as they are written, not here. */
	if (at > 0 && is_name(text.data[at - 1]))
		return 0;
	while (end < text.size && text.data[end] != quote && text.data[end] != '\\' &&
			text.data[end] != '\n')
		end++;
	if (char_at(text, end) != quote || (end == at + 1 && char_at(text, end + 1) == quote))
		return 0;
	return end + 1;
}

/* What a byte of ASCII is to a key; what is not named here is copied. */
enum sign {
	SIGN_PLAIN,
	SIGN_END, /* outside of brackets: of the comparison */
	SIGN_OPEN,
	SIGN_CLOSE, /* an end, too */
	SIGN_QUOTE,
	SIGN_DIGIT,
	SIGN_ODD, /* perhaps a comment, or words, or a map: such are read anew */
};

static const uint8_t signs[256] = {
	['&'] = SIGN_END,
	['|'] = SIGN_END,
	['?'] = SIGN_END,
	[':'] = SIGN_END,
	[','] = SIGN_END,
	['('] = SIGN_OPEN,
	['['] = SIGN_OPEN,
	[')'] = SIGN_CLOSE,
	[']'] = SIGN_CLOSE,
	['"'] = SIGN_QUOTE,
	['\''] = SIGN_QUOTE,
	['1'] = SIGN_DIGIT,
	['2'] = SIGN_DIGIT,
	['3'] = SIGN_DIGIT,
	['4'] = SIGN_DIGIT,
	['5'] = SIGN_DIGIT,
	['6'] = SIGN_DIGIT,
	['7'] = SIGN_DIGIT,
	['8'] = SIGN_DIGIT,
	['9'] = SIGN_DIGIT,
	['/'] = SIGN_ODD,
	['{'] = SIGN_ODD,
	['}'] = SIGN_ODD,
	['#'] = SIGN_ODD, /* no rule has it, and in keys it stands for figures */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Writes the key of what begins at @begin; *out_end: behind its last sign. 0: it has none. */
static size_t key_write(struct slice text, size_t begin, char out[KEY_MOST], size_t *out_end)
{
	size_t most = text.size - begin < KEY_MOST ? text.size - begin : KEY_MOST;
	const char *from = text.data + begin;
	size_t at = 0;
	size_t run;
	int depth = 0;

	while (at < most) {
		unsigned char c = (unsigned char)from[at];
		enum sign sign = (enum sign)signs[c];

		if (sign == SIGN_PLAIN && c < 128) {
			out[at++] = (char)c;
			continue;
		}
		if (depth == 0 && (sign == SIGN_END || sign == SIGN_CLOSE))
			break;
		if (sign == SIGN_ODD || c >= 128)
			return 0;
		depth += (sign == SIGN_OPEN) - (sign == SIGN_CLOSE);
		run = 1;
		if (sign == SIGN_QUOTE) {
			run = string_end(text, begin + at);
			if (run == 0 || run - begin > most)
				return 0;
			run -= begin + at;
			memcpy(out + at, from + at, run);
		} else if (sign == SIGN_DIGIT) {
			size_t figure = figure_size(text, begin + at);

			if (at + figure > most)
				return 0;
			run = figure ? figure : 1;
			memset(out + at, figure ? '#' : (char)c, run);
		} else {
			out[at] = (char)c;
		}
		at += run;
	}
	if (depth > 0 || (at == most && most < text.size - begin))
		return 0;
	while (at > 0 && is_space(from[at - 1]))
		at--;
	*out_end = begin + at;
	return at;
}

/* --- copies ------------------------------------------------------------------------------------ */

struct copying {
	struct slice text;
	uint32_t by; /* places are so much further on, modulo 2^16 */
	struct node *nodes;
	struct node **children;
};

/* Its children are nobody's but a printer's, and stay with the first of its kind. */
static bool is_whole(const struct node *node)
{
	return node->variable || node->folded || node->is_namespace || node->count == 0;
}

/* The figure that stands here in this text. */
static int64_t figure_read(struct slice text, size_t at)
{
	bool negative = text.data[at] == '-';
	int64_t number = 0;

	while (!is_digit(text.data[at]))
		at++;
	for (; at < text.size && is_digit(text.data[at]); at++)
		number = number * 10 + (text.data[at] - '0');
	return negative ? -number : number;
}

/* Whether the text has a figure at @at, behind a minus perhaps. */
static bool is_figure(struct slice text, size_t at)
{
	if (char_at(text, at) == '-')
		at++;
	while (is_space(char_at(text, at)))
		at++;
	return at < text.size && figure_size(text, at) > 0;
}

static struct node *node_copy(struct copying *copying, const struct node *from)
{
	struct node *node = copying->nodes++;

	*node = *from;
	node->begin = (uint16_t)(from->begin + copying->by);
	node->end = (uint16_t)(from->end + copying->by);
	node->mark = (uint16_t)(from->mark + copying->by);
	node->mark_end = (uint16_t)(from->mark_end + copying->by);
	node->code_begin = node->code_end = -1;
	if (node->kind == NODE_LITERAL && node->literal.kind == VALUE_INT &&
			is_figure(copying->text, node->begin))
		node->literal.integer = figure_read(copying->text, node->begin);
	if (is_whole(from))
		return node;
	node->children = copying->children;
	copying->children += from->count;
	for (uint32_t i = 0; i < from->count; i++)
		node->children[i] = node_copy(copying, from->children[i]);
	return node;
}

struct node *memo_take(struct parser *parser, struct slice *out_key)
{
	struct rule_memo *memo = parser->source->options->memo;
	struct copying copying = { .text = parser->source->text };
	const struct known *known;
	struct node *root;
	size_t end = 0;
	size_t size;

	*out_key = (struct slice){ 0 };
	/* What is in brackets is looked for by itself. */
	if (parser->token.kind == TOKEN_OPEN ||
			(parser->token.kind == TOKEN_NOT &&
					char_at(copying.text, parser->token.end) == '('))
		return NULL;
	size = key_write(copying.text, parser->token.begin, memo->key, &end);
	if (size == 0)
		return NULL;
	*out_key = (struct slice){ memo->key, size };
	known = map_find(&memo->known, *out_key);
	if (!known) {
		out_key->data = arena_copy(&memo->arena, memo->key, size);
		return NULL;
	}
	copying.by = parser->token.begin - known->root->begin;
	root = copying.nodes =
			arena_alloc(parser->arena, known->nodes * sizeof(*copying.nodes));
	copying.children = arena_alloc(parser->arena, known->children * sizeof(struct node *));
	if (!root || !copying.children)
		return NULL;
	(void)node_copy(&copying, known->root);
	root->steps = known->steps;
	if (memo->loops < known->loops)
		memo->loops = known->loops;
	parser->token.end = (uint32_t)end;
	parser->lexer.at = (uint32_t)end;
	parser_advance(parser);
	return root;
}

/* --- sharing ----------------------------------------------------------------------------------- */

static bool is_string(const struct node *node)
{
	return node->kind == NODE_LITERAL && node->literal.kind == VALUE_STRING;
}

static struct node *string_node(struct parser *parser, const struct node *written)
{
	struct rule_memo *memo = parser->source->options->memo;
	struct node *node = map_find(&memo->strings, written->literal.text);

	if (node)
		return node;
	node = arena_alloc(parser->arena, sizeof(*node));
	if (!node)
		return NULL;
	*node = *written;
	/* The text outlives the memo, as that of every rule with one does. */
	if (memo->strings.count < KNOWN_MOST)
		(void)map_put(&memo->strings, written->literal.text, node); /* or it is alone */
	return node;
}

void memo_share(struct parser *parser, struct arena_mark mark, struct node_list *list)
{
	struct node written[SHARED_MOST];
	uint32_t count = list->count;
	struct node **items;

	if (parser->failed || count == 0 || count > SHARED_MOST)
		return;
	for (uint32_t i = 0; i < count; i++) {
		if (!is_string(list->items[i]))
			return;
		written[i] = *list->items[i];
	}
	arena_rewind(parser->arena, mark);
	*list = (struct node_list){ 0 };
	items = arena_alloc(parser->arena, count * sizeof(*items));
	for (uint32_t i = 0; items && i < count; i++) {
		items[i] = string_node(parser, &written[i]);
		if (!items[i])
			items = NULL;
	}
	if (items)
		*list = (struct node_list){ items, count, count };
	else
		parser->failed = true; /* memory is short */
}

/* --- remembering ------------------------------------------------------------------------------- */

void memo_begin(struct rule_memo *memo)
{
	memo->noted_count = 0;
	memo->loops = 0;
}

int memo_loops(const struct rule_memo *memo)
{
	return memo->loops;
}

void memo_note(struct rule_memo *memo, struct slice key, struct node *node)
{
	if (key.data && key.size && memo->noted_count < NOTED_MOST)
		memo->noted[memo->noted_count++] = (struct noted){ key, node };
}

/* Counts what a copy needs; false when it cannot be had. */
static bool node_count(const struct node *node, struct known *known)
{
	if (node->kind == NODE_BAD || node->kind == NODE_MAP)
		return false;
	known->nodes++;
	/* What is noted stands outside of loops, so that those in it begin with the first. */
	if (node->kind == NODE_LOOP && known->loops <= node->local)
		known->loops = (uint8_t)(node->local + 1);
	for (uint32_t i = 0; !is_whole(node) && i < node->count; i++) {
		known->children++;
		if (!node_count(node->children[i], known))
			return false;
	}
	return true;
}

static bool has_figure(const struct node *node, struct slice text)
{
	if (node->kind == NODE_LITERAL && node->literal.kind == VALUE_INT)
		return is_figure(text, node->begin);
	for (uint32_t i = 0; i < node->count; i++) {
		if (has_figure(node->children[i], text))
			return true;
	}
	return false;
}

/* Constants without figures are the same in all copies: their values go with the trees. */
static void node_fold(struct node *node, const struct rule *rule)
{
	const struct program *program = &rule->program;
	int at = node->code_begin;

	if (node->constant && node->kind != NODE_LITERAL && at >= 0 &&
			node->code_end == at + 1 && program->code[at].opcode == OP_CONST &&
			!has_figure(node, rule->text)) {
		node->value = &program->constants[program->code[at].a];
		node->folded = true;
	}
	for (uint32_t i = 0; !is_whole(node) && i < node->count; i++)
		node_fold(node->children[i], rule);
}

static void noted_keep(
		struct rule_memo *memo, const struct noted *noted, const struct rule *rule)
{
	struct known found = { .root = noted->node };
	uint64_t steps = tree_cost(noted->node);
	struct known *known;

	if (memo->known.count >= KNOWN_MOST || steps > UINT16_MAX ||
			(noted->node->type != &type_bool && noted->node->type != &type_int) ||
			map_find(&memo->known, noted->key))
		return;
	node_fold(noted->node, rule);
	if (!node_count(noted->node, &found))
		return;
	found.steps = (uint16_t)steps;
	known = ARENA_NEW(&memo->arena, struct known);
	if (!known)
		return; /* it is read anew */
	*known = found;
	(void)map_put(&memo->known, noted->key, known);
}

void memo_keep(struct rule_memo *memo, const struct rule *rule)
{
	for (size_t i = 0; i < memo->noted_count; i++)
		noted_keep(memo, &memo->noted[i], rule);
}

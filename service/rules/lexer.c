/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/token.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char lexer_peek(const struct lexer *lexer, uint32_t ahead)
{
	uint32_t at = lexer->at + ahead;

	return at < lexer->source->text.size ? lexer->source->text.data[at] : '\0';
}

static void lexer_skip_space(struct lexer *lexer)
{
	const struct slice text = lexer->source->text;

	for (; lexer->at < text.size; lexer->at++) {
		char c = text.data[lexer->at];

		if (c == '/' && lexer_peek(lexer, 1) == '/') {
			while (lexer->at < text.size && text.data[lexer->at] != '\n')
				lexer->at++;
			if (lexer->at == text.size)
				break;
		} else if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f') {
			break;
		}
	}
}

/* How many letters of prefix (r, b, rb, br, in any case) stand before a quote here; -1 for none. */
static int string_prefix(const struct lexer *lexer)
{
	bool raw = false, bytes = false;

	for (uint32_t i = 0; i < 3; i++) {
		char c = lexer_peek(lexer, i);

		if (c == '"' || c == '\'')
			return (int)i;
		if ((c == 'r' || c == 'R') && !raw)
			raw = true;
		else if ((c == 'b' || c == 'B') && !bytes)
			bytes = true;
		else
			break;
	}
	return -1;
}

static struct token lexer_word(struct lexer *lexer)
{
	static const char *const reserved[] = { "as", "break", "const", "continue", "else",
		"for", "function", "if", "import", "let", "loop", "package", "namespace",
		"return", "var", "void", "while" };
	struct token token = { .kind = TOKEN_NAME, .begin = lexer->at };
	struct slice text = lexer->source->text;
	struct slice word;

	while (lexer->at < text.size &&
			(is_name_start(text.data[lexer->at]) || is_digit(text.data[lexer->at])))
		lexer->at++;
	token.end = lexer->at;
	word = (struct slice){ lexer->source->text.data + token.begin,
		token.end - token.begin };
	if (slice_equals_text(word, "in")) {
		token.kind = TOKEN_IN;
	} else if (slice_equals_text(word, "true") || slice_equals_text(word, "false")) {
		token.kind = TOKEN_LITERAL;
		token.literal = (struct value){ .kind = VALUE_BOOL,
			.boolean = word.data[0] == 't' };
	} else if (slice_equals_text(word, "null")) {
		token.kind = TOKEN_LITERAL;
		token.literal.kind = VALUE_NULL;
	}
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		if (slice_equals_text(word, reserved[i]))
			token.kind = TOKEN_RESERVED;
	}
	return token;
}

static const struct {
	char text[3];
	enum token_kind kind;
} signs[] = {
	/* longer ones first */
	{ "&&", TOKEN_AND },
	{ "||", TOKEN_OR },
	{ "==", TOKEN_EQUAL },
	{ "!=", TOKEN_NOT_EQUAL },
	{ "<=", TOKEN_LESS_EQUAL },
	{ ">=", TOKEN_GREATER_EQUAL },
	{ "<", TOKEN_LESS },
	{ ">", TOKEN_GREATER },
	{ "!", TOKEN_NOT },
	{ "+", TOKEN_PLUS },
	{ "-", TOKEN_MINUS },
	{ "*", TOKEN_STAR },
	{ "/", TOKEN_SLASH },
	{ "%", TOKEN_PERCENT },
	{ "?", TOKEN_QUESTION },
	{ ":", TOKEN_COLON },
	{ ".", TOKEN_DOT },
	{ ",", TOKEN_COMMA },
	{ "(", TOKEN_OPEN },
	{ ")", TOKEN_CLOSE },
	{ "[", TOKEN_OPEN_BRACKET },
	{ "]", TOKEN_CLOSE_BRACKET },
	{ "{", TOKEN_OPEN_BRACE },
	{ "}", TOKEN_CLOSE_BRACE },
};

/* What people type instead; says what to write. */
static const char *sign_hint(char c)
{
	switch (c) {
	case '=':
		return "one \"=\" is no operator; write \"==\"";
	case '&':
		return "one \"&\" is no operator; write \"&&\"";
	case '|':
		return "one \"|\" is no operator; write \"||\"";
	case '`':
		return "names in backquotes are not supported";
	default:
		return NULL;
	}
}

/* What the signs of a Chinese keyboard stand for; NULL: nothing that a rule has. */
static const char *wide_hint(struct slice sign)
{
	static const char *const wide[][2] = {
		{ "≥", ">=" },
		{ "≤", "<=" },
		{ "≠", "!=" },
		{ "＝", "==" },
		{ "＞", ">" },
		{ "＜", "<" },
		{ "（", "(" },
		{ "）", ")" },
		{ "，", "," },
		{ "！", "!" },
		{ "。", "." },
		{ "“", "\"" },
		{ "”", "\"" },
		{ "×", "*" },
		{ "％", "a parameter of type RATIO" },
	};

	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++) {
		if (slice_equals_text(sign, wide[i][0]))
			return wide[i][1];
	}
	return NULL;
}

static bool is_continuation(struct slice text, size_t at)
{
	return at < text.size && ((unsigned char)text.data[at] & 0xc0) == 0x80;
}

/* One mistake for a word of letters that rules do not have, not one a letter. */
static struct token lexer_bad(struct lexer *lexer)
{
	struct slice text = lexer->source->text;
	struct token token = { .kind = TOKEN_BAD, .begin = lexer->at };
	const char *hint = sign_hint(text.data[lexer->at]);
	struct slice sign = { text.data + lexer->at, 0 };
	const char *wide = NULL;

	do {
		uint32_t begin = lexer->at++;

		while (is_continuation(text, lexer->at))
			lexer->at++;
		sign = (struct slice){ text.data + begin, lexer->at - begin };
		if (wide_hint(sign) && begin > token.begin) {
			lexer->at = begin;
			break;
		}
		wide = wide_hint(sign);
	} while (!wide && (unsigned char)text.data[token.begin] >= 0x80 &&
			lexer->at < text.size && (unsigned char)text.data[lexer->at] >= 0x80);
	token.end = lexer->at;
	if (wide)
		source_report(lexer->source, DIAGNOSTIC_ERROR, token.begin, token.end,
				"\"%.*s\" is no sign of a rule; write %s", SLICE_PRINT(sign),
				wide);
	else if (hint)
		source_report(lexer->source, DIAGNOSTIC_ERROR, token.begin, token.end, "%s",
				hint);
	else if ((unsigned char)text.data[token.begin] < 0x20)
		source_report(lexer->source, DIAGNOSTIC_ERROR, token.begin, token.end,
				"a control character has no place outside of a string");
	else
		source_report(lexer->source, DIAGNOSTIC_ERROR, token.begin, token.end,
				"\"%.*s\" has no meaning outside of a string",
				(int)(token.end - token.begin), text.data + token.begin);
	return token;
}

struct token lexer_next(struct lexer *lexer)
{
	struct slice text = lexer->source->text;
	struct token token = { .kind = TOKEN_END };
	char c;

	lexer_skip_space(lexer);
	token.begin = token.end = lexer->at;
	if (lexer->at >= text.size)
		return token;
	c = text.data[lexer->at];
	if (c == '"' || c == '\'' || ((c | 0x20) == 'r' && string_prefix(lexer) >= 0) ||
			((c | 0x20) == 'b' && string_prefix(lexer) >= 0))
		return lexer_string(lexer);
	if (is_name_start(c))
		return lexer_word(lexer);
	if (is_digit(c) || (c == '.' && is_digit(lexer_peek(lexer, 1))))
		return lexer_number(lexer);
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		const char *sign = signs[i].text;

		if (sign[0] != c || (sign[1] && sign[1] != lexer_peek(lexer, 1)))
			continue;
		token.kind = signs[i].kind;
		lexer->at += sign[1] ? 2 : 1;
		token.end = lexer->at;
		return token;
	}
	return lexer_bad(lexer);
}

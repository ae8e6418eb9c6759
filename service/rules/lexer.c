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

/* Whether @word, which is a name otherwise, may not be one. */
static bool word_is_reserved(struct slice word)
{
	static const char *const reserved[] = { "as", "break", "const", "continue", "else",
		"for", "function", "if", "import", "let", "loop", "package", "namespace",
		"return", "var", "void", "while" };

	/* From "as" to "namespace", and none begins with another letter. */
	if (word.size < 2 || word.size > 9 || !strchr("abcefilnprvw", word.data[0]))
		return false;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		if (slice_equals_text(word, reserved[i]))
			return true;
	}
	return false;
}

static struct token lexer_word(struct lexer *lexer)
{
	struct token token = { .kind = TOKEN_NAME, .begin = lexer->at };
	struct slice text = lexer->source->text;
	struct slice word;

	while (lexer->at < text.size &&
			(is_name_start(text.data[lexer->at]) || is_digit(text.data[lexer->at])))
		lexer->at++;
	token.end = lexer->at;
	word = (struct slice){ text.data + token.begin, token.end - token.begin };
	if (slice_equals(word, SLICE_LITERAL("in"))) {
		token.kind = TOKEN_IN;
	} else if (slice_equals(word, SLICE_LITERAL("true")) ||
			slice_equals(word, SLICE_LITERAL("false"))) {
		token.kind = TOKEN_LITERAL;
		token.literal = (struct value){ .kind = VALUE_BOOL,
			.boolean = word.data[0] == 't' };
	} else if (slice_equals(word, SLICE_LITERAL("null"))) {
		token.kind = TOKEN_LITERAL;
		token.literal.kind = VALUE_NULL;
	} else if (word_is_reserved(word)) {
		token.kind = TOKEN_RESERVED;
	}
	return token;
}

/* By the first character: what it is alone, and what with the one that may stand behind it. */
static const struct sign {
	enum token_kind alone; /* TOKEN_END: nothing */
	char second;
	enum token_kind both;
} signs[128] = {
	['&'] = { .second = '&', .both = TOKEN_AND },
	['|'] = { .second = '|', .both = TOKEN_OR },
	['='] = { .second = '=', .both = TOKEN_EQUAL },
	['!'] = { TOKEN_NOT, '=', TOKEN_NOT_EQUAL },
	['<'] = { TOKEN_LESS, '=', TOKEN_LESS_EQUAL },
	['>'] = { TOKEN_GREATER, '=', TOKEN_GREATER_EQUAL },
	['+'] = { .alone = TOKEN_PLUS },
	['-'] = { .alone = TOKEN_MINUS },
	['*'] = { .alone = TOKEN_STAR },
	['/'] = { .alone = TOKEN_SLASH },
	['%'] = { .alone = TOKEN_PERCENT },
	['?'] = { .alone = TOKEN_QUESTION },
	[':'] = { .alone = TOKEN_COLON },
	['.'] = { .alone = TOKEN_DOT },
	[','] = { .alone = TOKEN_COMMA },
	['('] = { .alone = TOKEN_OPEN },
	[')'] = { .alone = TOKEN_CLOSE },
	['['] = { .alone = TOKEN_OPEN_BRACKET },
	[']'] = { .alone = TOKEN_CLOSE_BRACKET },
	['{'] = { .alone = TOKEN_OPEN_BRACE },
	['}'] = { .alone = TOKEN_CLOSE_BRACE },
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
	if ((unsigned char)c < sizeof(signs) / sizeof(*signs)) {
		const struct sign *sign = &signs[(unsigned char)c];
		bool both = sign->second && sign->second == lexer_peek(lexer, 1);

		token.kind = both ? sign->both : sign->alone;
		if (token.kind != TOKEN_END) {
			lexer->at += both ? 2 : 1;
			token.end = lexer->at;
			return token;
		}
	}
	return lexer_bad(lexer);
}

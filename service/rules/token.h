/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a rule text, one after the other. */
#pragma once

#include "rules/source.h"

enum token_kind {
	TOKEN_END,
	TOKEN_BAD, /* reported by the lexer */
	TOKEN_NAME,
	TOKEN_RESERVED, /* a word that may only stand behind a dot */
	TOKEN_INT,	/* ->magnitude, at most 2^63 */
	TOKEN_LITERAL,	/* ->literal: uint, double, string, bytes, bool, null */
	TOKEN_IN,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_EQUAL,
	TOKEN_NOT_EQUAL,
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_GREATER,
	TOKEN_GREATER_EQUAL,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_PERCENT,
	TOKEN_QUESTION,
	TOKEN_COLON,
	TOKEN_DOT,
	TOKEN_COMMA,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_OPEN_BRACKET,
	TOKEN_CLOSE_BRACKET,
	TOKEN_OPEN_BRACE,
	TOKEN_CLOSE_BRACE,
};

struct token {
	enum token_kind kind;
	uint32_t begin, end;
	uint64_t magnitude;
	struct value literal;
};

struct lexer {
	const struct source *source;
	struct arena *arena;
	uint32_t at;
	char *decoded; /* what strings decode to: all of them together fit the size of the text */
	size_t decoded_size;
};

/** The next word; reports what cannot be one, and goes on behind it. TOKEN_END for ever at the end. */
struct token lexer_next(struct lexer *lexer);

/** Decodes the string or bytes literal at ->at (prefix letters included). In literal.c. */
struct token lexer_string(struct lexer *lexer);
/** Reads the number at ->at. In literal.c. */
struct token lexer_number(struct lexer *lexer);

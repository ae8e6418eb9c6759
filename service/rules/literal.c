/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, strings and bytes as they are written. */
#include "rules/token.h"

#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>

static struct token literal_bad(struct lexer *lexer, uint32_t begin, const char *message)
{
	source_report(lexer->source, DIAGNOSTIC_ERROR, begin, lexer->at, "%s", message);
	return (struct token){ .kind = TOKEN_BAD, .begin = begin, .end = lexer->at };
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static char char_at(const struct lexer *lexer, uint32_t at)
{
	return at < lexer->source->text.size ? lexer->source->text.data[at] : '\0';
}

/* Moves over digits of @base, adding them up; @fits becomes false past 64 bits. */
static uint64_t digits_read(struct lexer *lexer, unsigned base, bool *fits)
{
	uint64_t number = 0;

	for (; digit_value(char_at(lexer, lexer->at)) < (int)base; lexer->at++) {
		uint64_t digit = (uint64_t)digit_value(char_at(lexer, lexer->at));

		if (__builtin_mul_overflow(number, base, &number) ||
				__builtin_add_overflow(number, digit, &number))
			*fits = false;
	}
	return number;
}

/* ".5e-3" behind the whole part, or nothing. True when there was something. */
static bool fraction_skip(struct lexer *lexer)
{
	bool fits = true;
	bool any = false;
	uint32_t at;

	if (char_at(lexer, lexer->at) == '.' &&
			digit_value(char_at(lexer, lexer->at + 1)) < 10) {
		lexer->at++;
		(void)digits_read(lexer, 10, &fits);
		any = true;
	}
	at = lexer->at;
	if (char_at(lexer, at) == 'e' || char_at(lexer, at) == 'E') {
		at++;
		if (char_at(lexer, at) == '+' || char_at(lexer, at) == '-')
			at++;
		if (digit_value(char_at(lexer, at)) < 10) {
			lexer->at = at;
			(void)digits_read(lexer, 10, &fits);
			any = true;
		}
	}
	return any;
}

static struct token double_token(struct lexer *lexer, uint32_t begin)
{
	size_t size = lexer->at - begin;
	char *copy = arena_copy(lexer->arena, lexer->source->text.data + begin, size);
	double number;

	if (!copy)
		return (struct token){ .kind = TOKEN_BAD, .begin = begin, .end = lexer->at };
	number = strtod(copy, NULL);
	if (isinf(number))
		return literal_bad(lexer, begin, "this number does not fit a double");
	return (struct token){ .kind = TOKEN_LITERAL,
		.begin = begin,
		.end = lexer->at,
		.literal = { .kind = VALUE_DOUBLE, .number = number } };
}

struct token lexer_number(struct lexer *lexer)
{
	uint32_t begin = lexer->at;
	struct token token = { .kind = TOKEN_INT, .begin = begin };
	bool fits = true;
	bool hex = false;
	bool real = false;
	char c;

	if (char_at(lexer, begin) == '0' &&
			(char_at(lexer, begin + 1) == 'x' ||
					char_at(lexer, begin + 1) == 'X') &&
			digit_value(char_at(lexer, begin + 2)) < 16) {
		hex = true;
		lexer->at += 2;
		token.magnitude = digits_read(lexer, 16, &fits);
	} else {
		token.magnitude = digits_read(lexer, 10, &fits);
		real = fraction_skip(lexer);
	}
	c = char_at(lexer, lexer->at);
	if (!real && (c == 'u' || c == 'U')) {
		lexer->at++;
		token.kind = TOKEN_LITERAL;
		token.literal = (struct value){ .kind = VALUE_UINT,
			.uinteger = token.magnitude };
	}
	c = char_at(lexer, lexer->at);
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
			digit_value(c) < 10) {
		while ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
				digit_value(c) < 10)
			c = char_at(lexer, ++lexer->at);
		return literal_bad(lexer, begin, "a number runs into a name");
	}
	if (real && !hex)
		return double_token(lexer, begin);
	if (!fits || (token.kind == TOKEN_INT && token.magnitude > (uint64_t)1 << 63))
		return literal_bad(lexer, begin, "this number does not fit 64 bits");
	token.end = lexer->at;
	return token;
}

/* --- strings ----------------------------------------------------------------------------- */

struct string_reader {
	struct lexer *lexer;
	bool raw, bytes, triple;
	char quote;
	char *out;
	size_t size;
	bool bad;
};

static void string_bad_escape(struct string_reader *reader, uint32_t begin, const char *message)
{
	source_report(reader->lexer->source, DIAGNOSTIC_ERROR, begin, reader->lexer->at, "%s",
			message);
	reader->bad = true;
}

static void string_put_point(struct string_reader *reader, uint32_t point, uint32_t begin)
{
	char encoded[4];
	size_t size = utf8_encode(point, encoded);

	if (size == 0) {
		string_bad_escape(reader, begin, "this escape is no Unicode character");
		return;
	}
	for (size_t i = 0; i < size; i++)
		reader->out[reader->size++] = encoded[i];
}

/* Exactly @count digits of @base, as a character or, in bytes, an octet. */
static void string_put_number(
		struct string_reader *reader, unsigned base, int count, uint32_t begin)
{
	struct lexer *lexer = reader->lexer;
	uint32_t number = 0;

	for (int i = 0; i < count; i++, lexer->at++) {
		int digit = digit_value(char_at(lexer, lexer->at));

		if (digit >= (int)base) {
			string_bad_escape(reader, begin, "this escape lacks digits");
			return;
		}
		number = number * base + (uint32_t)digit;
	}
	if (reader->bytes && number > 0xff)
		string_bad_escape(reader, begin, "this escape does not fit a byte");
	else if (reader->bytes)
		reader->out[reader->size++] = (char)number;
	else
		string_put_point(reader, number, begin);
}

/* Behind a backslash. */
static void string_escape(struct string_reader *reader)
{
	static const char letters[] = "abfnrtv\\?\"'`";
	static const char meanings[] = "\a\b\f\n\r\t\v\\?\"'`";
	struct lexer *lexer = reader->lexer;
	uint32_t begin = lexer->at - 1;
	char c = char_at(lexer, lexer->at);
	const char *letter = c ? strchr(letters, c) : NULL;

	if (letter) {
		reader->out[reader->size++] = meanings[letter - letters];
		lexer->at++;
	} else if (c == 'x' || c == 'X') {
		lexer->at++;
		string_put_number(reader, 16, 2, begin);
	} else if ((c == 'u' || c == 'U') && !reader->bytes) {
		lexer->at++;
		string_put_number(reader, 16, c == 'u' ? 4 : 8, begin);
	} else if (c >= '0' && c <= '3') {
		string_put_number(reader, 8, 3, begin);
	} else {
		if (lexer->at < lexer->source->text.size)
			lexer->at++;
		string_bad_escape(reader, begin,
				reader->bytes ? "no such escape in bytes" : "no such escape");
	}
}

static bool string_at_end(const struct string_reader *reader)
{
	const struct lexer *lexer = reader->lexer;
	char quote = reader->quote;

	if (char_at(lexer, lexer->at) != quote)
		return false;
	return !reader->triple || (char_at(lexer, lexer->at + 1) == quote &&
						  char_at(lexer, lexer->at + 2) == quote);
}

/* How many bytes from @at on mean what they are: those before a quote, an escape or the end of the line. */
static size_t plain_size(struct slice text, size_t at, char quote)
{
	size_t end = at;

	while (end < text.size && text.data[end] != quote && text.data[end] != '\\' &&
			text.data[end] != '\n' && text.data[end] != '\r')
		end++;
	return end - at;
}

/* What is plain lies in the text already, as names do; the others are decoded. */
struct token lexer_string(struct lexer *lexer)
{
	struct slice text = lexer->source->text;
	uint32_t begin = lexer->at;
	struct string_reader reader = { .lexer = lexer };
	enum value_kind kind;
	size_t size;

	for (; text.data[lexer->at] != '"' && text.data[lexer->at] != '\''; lexer->at++) {
		if (text.data[lexer->at] == 'r' || text.data[lexer->at] == 'R')
			reader.raw = true;
		else
			reader.bytes = true;
	}
	reader.quote = text.data[lexer->at++];
	if (char_at(lexer, lexer->at) == reader.quote &&
			char_at(lexer, lexer->at + 1) == reader.quote) {
		reader.triple = true;
		lexer->at += 2;
	}
	kind = reader.bytes ? VALUE_BYTES : VALUE_STRING;
	size = reader.triple ? 0 : plain_size(text, lexer->at, reader.quote);
	if (char_at(lexer, lexer->at + (uint32_t)size) == reader.quote && !reader.triple) {
		lexer->at += (uint32_t)size + 1;
		return (struct token){ .kind = TOKEN_LITERAL,
			.begin = begin,
			.end = lexer->at,
			.literal = { .kind = kind,
					.text = { text.data + lexer->at - 1 - size, size } } };
	}
	/* No escape decodes to more bytes than it is written with. */
	if (!lexer->decoded)
		lexer->decoded = arena_alloc(lexer->arena, text.size);
	if (!lexer->decoded) {
		lexer->at = (uint32_t)text.size;
		return (struct token){ .kind = TOKEN_BAD, .begin = begin, .end = lexer->at };
	}
	reader.out = lexer->decoded + lexer->decoded_size;
	while (!string_at_end(&reader)) {
		char c;

		if (lexer->at >= text.size)
			return literal_bad(lexer, begin, "this string has no end");
		c = text.data[lexer->at];
		if (!reader.triple && (c == '\n' || c == '\r'))
			return literal_bad(lexer, begin,
					"this string has no end on its line; only one in three "
					"quotes may go on");
		lexer->at++;
		if (c == '\\' && !reader.raw)
			string_escape(&reader);
		else
			reader.out[reader.size++] = c;
	}
	lexer->at += reader.triple ? 3 : 1;
	lexer->decoded_size += reader.size;
	return (struct token){ .kind = reader.bad ? TOKEN_BAD : TOKEN_LITERAL,
		.begin = begin,
		.end = lexer->at,
		.literal = { .kind = kind, .text = { reader.out, reader.size } } };
}

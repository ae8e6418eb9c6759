/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes the text of a rule apart, without a parser:
 *
 *     or    = and { "||" and }
 *     and   = unit { "&&" unit }
 *     unit  = [ "!" ] "(" or ")" | part
 *
 * where a part is all up to the next "&&", "||" or ")" outside of its own brackets. What does not fit that (a
 * choice, say) is one part as a whole. Whether a part is right shows when it is compiled; here it only has to be
 * told apart, so that texts with one key have one tree but for their pieces.
 */
#include "rules/memo_internal.h"

#define FIGURE_MOST ((size_t)15) /* digits; longer ones stay in the key */
#define DEPTH_MOST 32

/* In keys, where no rule has them outside of a string. */
#define KEY_FIGURE '#'
#define KEY_STRING '$'

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char char_at(struct slice text, size_t at)
{
	return at < text.size ? text.data[at] : '\0';
}

/* Behind the digits that begin at @at. */
static size_t digits_end(struct slice text, size_t at)
{
	while (at < text.size && is_digit(text.data[at]))
		at++;
	return at;
}

/*
 * Whether the digits from @at to @end are a figure that another rule may have otherwise: not what only begins
 * like one, or is part of a name. Zero is none (no sign stands for it), since it is checked otherwise.
 */
static bool is_figure(struct slice text, size_t at, size_t end)
{
	return end - at <= FIGURE_MOST && !is_name(char_at(text, end)) &&
	       char_at(text, end) != '.' &&
	       (at == 0 || (!is_name(text.data[at - 1]) && text.data[at - 1] != '.'));
}

size_t memo_string_end(struct slice text, size_t at)
{
	char quote = text.data[at];
	size_t end = at + 1;

	/* Raw ones, bytes and those in three quotes are read as they are written, not here. */
	if (at > 0 && is_name(text.data[at - 1]))
		return 0;
	while (end < text.size && text.data[end] != quote && text.data[end] != '\\' &&
			(unsigned char)text.data[end] >= ' ')
		end++;
	if (char_at(text, end) != quote || (end == at + 1 && char_at(text, end + 1) == quote))
		return 0;
	return end + 1;
}

/* Behind the list of plain strings that begins at @at; 0: it is none, or empty. */
static size_t list_end(struct slice text, size_t at)
{
	for (;;) {
		do
			at++;
		while (char_at(text, at) == ' ');
		if (char_at(text, at) != '"' && char_at(text, at) != '\'')
			return 0;
		at = memo_string_end(text, at);
		if (at == 0)
			return 0;
		while (char_at(text, at) == ' ')
			at++;
		if (char_at(text, at) == ']')
			return at + 1;
		if (char_at(text, at) != ',')
			return 0;
	}
}

/* What a byte is to a key; what is not named here is copied. */
enum sign {
	SIGN_PLAIN,
	SIGN_END, /* outside of brackets: of the part */
	SIGN_OPEN,
	SIGN_LIST,
	SIGN_CLOSE, /* an end, too */
	SIGN_QUOTE,
	SIGN_DIGIT,
	SIGN_SLASH, /* a division, or a comment: that is read */
	SIGN_ODD,   /* a map, or what no rule has outside of a string */
};

#define ODD_8(from)                                                                            \
	[(from)] = SIGN_ODD, [(from) + 1] = SIGN_ODD, [(from) + 2] = SIGN_ODD,                 \
	[(from) + 3] = SIGN_ODD, [(from) + 4] = SIGN_ODD, [(from) + 5] = SIGN_ODD,             \
	[(from) + 6] = SIGN_ODD, [(from) + 7] = SIGN_ODD
#define ODD_32(from) ODD_8(from), ODD_8((from) + 8), ODD_8((from) + 16), ODD_8((from) + 24)

static const uint8_t signs[256] = {
	['\0'] = SIGN_ODD,
	['\v'] = SIGN_ODD,
	['\f'] = SIGN_ODD,
	['&'] = SIGN_END,
	['|'] = SIGN_END,
	['?'] = SIGN_END,
	[':'] = SIGN_END,
	[','] = SIGN_END,
	['('] = SIGN_OPEN,
	['['] = SIGN_LIST,
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
	['/'] = SIGN_SLASH,
	['{'] = SIGN_ODD,
	['}'] = SIGN_ODD,
	['\\'] = SIGN_ODD,
	[KEY_FIGURE] = SIGN_ODD,
	[KEY_STRING] = SIGN_ODD,
	ODD_32(128),
	ODD_32(160),
	ODD_32(192),
	ODD_32(224),
};

/* A unit more; UNIT_NONE when there are too many. */
static uint16_t unit_add(struct reading *reading, enum unit_kind kind, size_t begin, size_t end)
{
	if (reading->unit_count == MEMO_UNITS_MOST)
		return UNIT_NONE;
	reading->units[reading->unit_count] = (struct unit){ .kind = (uint8_t)kind,
		.begin = (uint16_t)begin,
		.end = (uint16_t)end,
		.first = UNIT_NONE,
		.next = UNIT_NONE };
	return (uint16_t)reading->unit_count++;
}

/* Notes what stands from @at to @end; false when there is no room for it. */
static bool piece_add(struct reading *reading, enum piece_kind kind, size_t at, size_t end)
{
	if (reading->piece_count == MEMO_PIECES_MOST)
		return false;
	reading->pieces[reading->piece_count++] =
			(struct piece){ (uint16_t)at, (uint16_t)(end - at), (uint8_t)kind };
	return true;
}

/* Goes over what begins at @begin, of the kind of @sign; where it ends, or 0 when there is no reading it. */
static size_t word_read(struct reading *reading, enum sign sign, size_t begin, int depth)
{
	struct slice text = reading->text;
	size_t end = begin + 1;

	if (sign == SIGN_DIGIT) {
		end = digits_end(text, begin);
		if (!is_figure(text, begin, end))
			return end;
		memset(reading->key + begin, KEY_FIGURE, end - begin);
		return piece_add(reading, PIECE_FIGURE, begin, end) ? end : 0;
	}
	if (sign == SIGN_QUOTE) {
		end = memo_string_end(text, begin);
		/* What is given to a function may have to be checked with it. */
		if (end == 0 || depth > 0)
			return end;
		memset(reading->key + begin + 1, KEY_STRING, end - begin - 2);
		return piece_add(reading, PIECE_STRING, begin, end) ? end : 0;
	}
	return sign == SIGN_SLASH && char_at(text, end) != '/' ? end : 0;
}

/* Takes a list out of the key of the part that begins at @begin: what is behind it moves up. */
static size_t key_finish(
		struct reading *reading, size_t begin, size_t end, size_t list, size_t size)
{
	char *key = reading->key;

	if (size == 0)
		return end - begin;
	key[list + 1] = KEY_STRING;
	key[list + 2] = ']';
	memmove(key + list + 3, key + list + size, end - list - size);
	return end - begin - size + 3;
}

/* A part; with @whole, all of the text. */
static uint16_t part_read(struct reading *reading, bool whole)
{
	struct slice text = reading->text;
	size_t begin = reading->at;
	size_t at = begin;
	size_t list = 0, list_size = 0;
	unsigned piece = reading->piece_count;
	uint16_t number;
	int depth = 0;

	while (at < text.size) {
		enum sign sign = (enum sign)signs[(unsigned char)text.data[at]];
		size_t end = at + 1;

		if (sign == SIGN_PLAIN) {
			at++;
			continue;
		}
		if (depth == 0 && (sign == SIGN_CLOSE || (sign == SIGN_END && !whole)))
			break;
		if (sign == SIGN_LIST && depth == 0 && list_size == 0 &&
				(end = list_end(text, at)) > 0) {
			list = at;
			list_size = end - at;
			if (!piece_add(reading, PIECE_LIST, at, end))
				return UNIT_NONE;
		} else if (sign == SIGN_OPEN || sign == SIGN_LIST) {
			end = at + 1;
			depth++;
		} else if (sign == SIGN_CLOSE) {
			depth--;
		} else if (sign != SIGN_END) {
			end = word_read(reading, sign, at, depth);
			if (end == 0)
				return UNIT_NONE;
		}
		at = end;
	}
	reading->at = at;
	while (at > begin && is_space(text.data[at - 1]))
		at--;
	if (depth > 0 || at == begin)
		return UNIT_NONE;
	reading->last = at;
	number = unit_add(reading, UNIT_PART, begin, at);
	if (number == UNIT_NONE)
		return UNIT_NONE;
	reading->units[number].piece = (uint16_t)piece;
	reading->units[number].pieces = (uint16_t)(reading->piece_count - piece);
	reading->units[number].key_size =
			(uint16_t)key_finish(reading, begin, at, list, list_size);
	return number;
}

static void spaces_skip(struct reading *reading)
{
	while (reading->at < reading->text.size && is_space(reading->text.data[reading->at]))
		reading->at++;
}

static uint16_t or_read(struct reading *reading);

/* What is in the parentheses that begin here; UNIT_NONE also when they are part of something. */
static uint16_t group_read(struct reading *reading)
{
	uint16_t number;

	if (reading->depth == DEPTH_MOST)
		return UNIT_NONE;
	reading->at++;
	reading->depth++;
	number = or_read(reading);
	reading->depth--;
	if (number == UNIT_NONE || char_at(reading->text, reading->at) != ')')
		return UNIT_NONE;
	reading->last = ++reading->at;
	spaces_skip(reading);
	switch (char_at(reading->text, reading->at)) {
	case '&':
	case '|':
	case ')':
	case '\0':
		return number;
	default:
		return UNIT_NONE;
	}
}

static uint16_t unit_read(struct reading *reading)
{
	size_t begin;
	unsigned units = reading->unit_count;
	unsigned pieces = reading->piece_count;
	uint16_t number = UNIT_NONE;
	uint16_t inner;

	spaces_skip(reading);
	begin = reading->at;
	if (char_at(reading->text, begin) == '(') {
		number = group_read(reading);
	} else if (char_at(reading->text, begin) == '!' &&
			char_at(reading->text, begin + 1) == '(') {
		reading->at++;
		inner = group_read(reading);
		if (inner != UNIT_NONE)
			number = unit_add(reading, UNIT_NOT, begin, reading->last);
		if (number != UNIT_NONE) {
			reading->units[number].first = inner;
			reading->units[number].count = 1;
		}
	} else {
		return part_read(reading, false);
	}
	if (number != UNIT_NONE)
		return number;
	/* A part that begins with parentheses. */
	reading->at = begin;
	reading->unit_count = units;
	reading->piece_count = pieces;
	memcpy(reading->key + begin, reading->text.data + begin, reading->text.size - begin);
	return part_read(reading, false);
}

/* Those that @sign, twice, joins: one alone is itself. */
static uint16_t joint_read(struct reading *reading, enum unit_kind kind, char sign,
		uint16_t (*read)(struct reading *reading))
{
	uint16_t first = read(reading);
	uint16_t last = first;
	uint16_t count = 1;
	uint16_t number;

	if (first == UNIT_NONE)
		return UNIT_NONE;
	for (;; count++) {
		spaces_skip(reading);
		if (char_at(reading->text, reading->at) != sign)
			break;
		if (char_at(reading->text, reading->at + 1) != sign)
			return UNIT_NONE;
		reading->at += 2;
		number = read(reading);
		if (number == UNIT_NONE)
			return UNIT_NONE;
		reading->units[last].next = number;
		last = number;
	}
	if (count == 1)
		return first;
	number = unit_add(reading, kind, 0, reading->last);
	if (number != UNIT_NONE) {
		reading->units[number].first = first;
		reading->units[number].count = count;
	}
	return number;
}

static uint16_t and_read(struct reading *reading)
{
	return joint_read(reading, UNIT_AND, '&', unit_read);
}

static uint16_t or_read(struct reading *reading)
{
	return joint_read(reading, UNIT_OR, '|', and_read);
}

static void reading_begin(struct reading *reading)
{
	reading->at = reading->last = 0;
	reading->depth = 0;
	reading->unit_count = reading->piece_count = 0;
	memcpy(reading->key, reading->text.data, reading->text.size);
}

uint16_t memo_read(struct reading *reading, struct slice text)
{
	uint16_t root;

	if (text.size > MEMO_TEXT_MOST)
		return UNIT_NONE;
	reading->text = text;
	reading_begin(reading);
	root = or_read(reading);
	if (root == UNIT_NONE || reading->at < text.size) {
		reading_begin(reading);
		spaces_skip(reading);
		root = part_read(reading, true);
	}
	return reading->at == text.size ? root : UNIT_NONE;
}

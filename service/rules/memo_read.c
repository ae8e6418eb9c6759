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
/* Of parentheses around parts, and of brackets and choices within one: together no deeper than the parser goes. */
#define DEPTH_MOST 32
#define NESTED_MOST 30

static_assert(DEPTH_MOST + NESTED_MOST < TREE_DEPTH_LIMIT, "what is nested too deep is read");

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

/* The byte at @at of what is not read yet; 0 at the end. */
static char ahead(const struct reading *reading, size_t at)
{
	return reading->key[at];
}

/* Behind the digits that begin at @at. */
static size_t digits_end(const struct reading *reading, size_t at)
{
	while (is_digit(ahead(reading, at)))
		at++;
	return at;
}

/* Whether what stands at @at goes on with a name or a number. */
static bool is_behind_name(const struct reading *reading, size_t at)
{
	return at > 0 && is_name(reading->text.data[at - 1]);
}

/*
 * Whether the digits from @at to @end are a figure that another rule may have otherwise: not what only begins
 * like one, or is part of a name. Zero is none (no sign stands for it), since it is checked otherwise.
 */
static bool is_figure(const struct reading *reading, size_t at, size_t end)
{
	return end - at <= FIGURE_MOST && !is_name(ahead(reading, end)) &&
	       ahead(reading, end) != '.' && !is_behind_name(reading, at) &&
	       (at == 0 || reading->text.data[at - 1] != '.');
}

/* Behind the plain string that begins at @at; 0: it is not plain. */
static size_t string_end(struct reading *reading, size_t at)
{
	const char *from = reading->key + at + 1;
	const char *end = from;
	unsigned char quote = (unsigned char)from[-1];
	unsigned char wide = 0;
	unsigned char c;

	/* Raw ones, bytes and those in three quotes are read as they are written, not here. */
	if (is_behind_name(reading, at))
		return 0;
	while ((c = (unsigned char)*end) != quote && c != '\\' && c >= ' ') {
		wide |= c;
		end++;
	}
	if (c != quote || (end == from && (unsigned char)end[1] == quote))
		return 0;
	reading->wide |= wide;
	return (size_t)(end - reading->key) + 1;
}

static size_t blanks_end(const struct reading *reading, size_t at)
{
	while (ahead(reading, at) == ' ')
		at++;
	return at;
}

/* Behind the list of plain strings that begins at @at, each of which is noted; 0: it is none, or empty. */
static size_t list_end(struct reading *reading, size_t at)
{
	for (;;) {
		size_t begin = blanks_end(reading, at + 1);

		if (ahead(reading, begin) != '"' && ahead(reading, begin) != '\'')
			return 0;
		at = string_end(reading, begin);
		if (at == 0 || reading->string_count == MEMO_STRINGS_MOST)
			return 0;
		reading->strings[reading->string_count++] =
				(struct list_string){ (uint16_t)begin, (uint16_t)at };
		at = blanks_end(reading, at);
		if (ahead(reading, at) == ']')
			return at + 1;
		if (ahead(reading, at) != ',')
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

#define SIGNS(digit)                                                                           \
	{                                                                                      \
		['\0'] = SIGN_ODD, ['\v'] = SIGN_ODD, ['\f'] = SIGN_ODD, ['&'] = SIGN_END,     \
		['|'] = SIGN_END, ['?'] = SIGN_END, [':'] = SIGN_END, [','] = SIGN_END,        \
		['('] = SIGN_OPEN, ['['] = SIGN_LIST, [')'] = SIGN_CLOSE, [']'] = SIGN_CLOSE,  \
		['"'] = SIGN_QUOTE, ['\''] = SIGN_QUOTE, ['/'] = SIGN_SLASH, ['{'] = SIGN_ODD, \
		['}'] = SIGN_ODD, ['\\'] = SIGN_ODD, [KEY_FIGURE] = SIGN_ODD,                  \
		[KEY_STRING] = SIGN_ODD, ODD_32(128), ODD_32(160), ODD_32(192),                \
		ODD_32(224), ['1'] = (digit), ['2'] = (digit), ['3'] = (digit),                \
		['4'] = (digit), ['5'] = (digit), ['6'] = (digit), ['7'] = (digit),            \
		['8'] = (digit), ['9'] = (digit),                                              \
	}

static const uint8_t signs[256] = SIGNS(SIGN_DIGIT);
static const uint8_t bare_signs[256] = SIGNS(SIGN_PLAIN);

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

/* Notes what stands from @at to @end; NULL when there is no room for it. */
static struct piece *piece_add(
		struct reading *reading, enum piece_kind kind, size_t at, size_t end)
{
	struct piece *piece = &reading->pieces[reading->piece_count];

	if (reading->piece_count == MEMO_PIECES_MOST)
		return NULL;
	reading->piece_count++;
	piece->at = (uint16_t)at;
	piece->size = (uint16_t)(end - at);
	piece->kind = (uint8_t)kind;
	return piece;
}

/* Goes over what begins at @begin, of the kind of @sign; where it ends, or 0 when there is no reading it. */
static size_t word_read(struct reading *reading, enum sign sign, size_t begin, int depth)
{
	size_t end = begin + 1;

	if (sign == SIGN_DIGIT) {
		end = digits_end(reading, begin);
		if (!is_figure(reading, begin, end))
			return end;
		for (size_t at = begin; at < end; at++)
			reading->key[at] = KEY_FIGURE;
		return piece_add(reading, PIECE_FIGURE, begin, end) ? end : 0;
	}
	if (sign == SIGN_QUOTE) {
		end = string_end(reading, begin);
		/* What is given to a function may have to be checked with it. */
		if (end == 0 || depth > 0 || reading->bare)
			return end;
		for (size_t at = begin + 1; at < end - 1; at++)
			reading->key[at] = KEY_STRING;
		return piece_add(reading, PIECE_STRING, begin, end) ? end : 0;
	}
	return sign == SIGN_SLASH && ahead(reading, end) != '/' ? end : 0;
}

/* Where the list that begins at @begin ends, when it is a piece; else 0. */
static size_t list_read(struct reading *reading, size_t begin)
{
	unsigned first = reading->string_count;
	size_t end = list_end(reading, begin);
	struct piece *piece = end ? piece_add(reading, PIECE_LIST, begin, end) : NULL;

	if (!piece) {
		reading->string_count = first;
		return 0;
	}
	piece->string = (uint16_t)first;
	piece->strings = (uint16_t)(reading->string_count - first);
	return end;
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
	const unsigned char *key = (const unsigned char *)reading->key;
	const uint8_t *kinds = reading->bare ? bare_signs : signs;
	size_t begin = reading->at;
	size_t at = begin;
	size_t list = 0, list_size = 0;
	unsigned piece = reading->piece_count;
	uint16_t number;
	int depth = 0;
	int choices = 0;

	for (;;) {
		enum sign sign;
		size_t end;

		while (kinds[key[at]] == SIGN_PLAIN)
			at++;
		sign = (enum sign)kinds[key[at]];
		end = at + 1;
		if (at == reading->text.size)
			break;
		if (depth == 0 && (sign == SIGN_CLOSE || (sign == SIGN_END && !whole)))
			break;
		if (sign == SIGN_LIST && depth == 0 && list_size == 0 && !reading->bare &&
				(end = list_read(reading, at)) > 0) {
			list = at;
			list_size = end - at;
		} else if (sign == SIGN_OPEN || sign == SIGN_LIST) {
			end = at + 1;
			depth++;
		} else if (sign == SIGN_CLOSE) {
			depth--;
		} else if (sign != SIGN_END) {
			end = word_read(reading, sign, at, depth);
			if (end == 0)
				return UNIT_NONE;
		} else {
			choices += key[at] == '?';
		}
		if (depth + choices > NESTED_MOST)
			return UNIT_NONE;
		at = end;
	}
	reading->at = at;
	while (at > begin && memo_is_space((char)key[at - 1]))
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
	while (memo_is_space(ahead(reading, reading->at)))
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
	if (number == UNIT_NONE || ahead(reading, reading->at) != ')')
		return UNIT_NONE;
	reading->last = ++reading->at;
	spaces_skip(reading);
	switch (ahead(reading, reading->at)) {
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
	unsigned strings = reading->string_count;
	uint16_t number = UNIT_NONE;
	uint16_t inner;

	spaces_skip(reading);
	begin = reading->at;
	if (ahead(reading, begin) == '(') {
		number = group_read(reading);
	} else if (ahead(reading, begin) == '!' && ahead(reading, begin + 1) == '(') {
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
	reading->string_count = strings;
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
		if (ahead(reading, reading->at) != sign)
			break;
		if (ahead(reading, reading->at + 1) != sign)
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
	reading->unit_count = reading->piece_count = reading->string_count = 0;
	reading->wide = 0;
	reading->whole = false;
	memcpy(reading->key, reading->text.data, reading->text.size);
	reading->key[reading->text.size] = '\0';
}

static uint16_t text_read(struct reading *reading, struct slice text)
{
	uint16_t root;

	if (text.size > MEMO_TEXT_MOST)
		return UNIT_NONE;
	reading->text = text;
	reading_begin(reading);
	root = or_read(reading);
	if (root == UNIT_NONE || reading->at < text.size) {
		reading_begin(reading);
		reading->whole = true;
		spaces_skip(reading);
		root = part_read(reading, true);
	}
	return reading->at == text.size ? root : UNIT_NONE;
}

uint16_t memo_read(struct reading *reading, struct slice text)
{
	reading->bare = false;
	return text_read(reading, text);
}

uint16_t memo_read_bare(struct reading *reading, struct slice text)
{
	reading->bare = true;
	return text_read(reading, text);
}

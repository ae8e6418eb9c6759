/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/message_words.h"

#include "base/buffer.h"

#include <string.h>

#define HOLE "{}"
#define HOLE_SIZE (sizeof(HOLE) - 1)
/* A message within a message within a message. */
#define DEEPEST 4
/*
 * None of ours is longer, or takes a tenth of so many tries of where its holes may end; what somebody else makes up
 * may take millions.
 */
#define LONGEST 2000
#define TRIES_MOST 50000

static const struct message_pattern patterns[] = {
#define MESSAGE(english, chinese) { english, chinese },
#include "client/render/message_words.def"
#undef MESSAGE
};
#define PATTERN_COUNT (sizeof(patterns) / sizeof(*patterns))

const struct message_pattern *message_patterns(size_t *out_count)
{
	*out_count = PATTERN_COUNT;
	return patterns;
}

struct holes {
	struct slice list[MESSAGE_HOLES_MOST];
	bool is_quoted[MESSAGE_HOLES_MOST]; /* a name: it stays as it is */
	unsigned tries;
};

/* A number behind a colon: "file:3:4" is one place. */
static bool is_line(struct slice text, size_t at)
{
	return at < text.size && text.data[at] >= '0' && text.data[at] <= '9';
}

/* Whether @text is @pattern with its holes filled, those from @first on; the shortest that will do. */
static bool fits(const char *pattern, struct slice text, size_t first, struct holes *out)
{
	const char *hole = strstr(pattern, HOLE);
	size_t size = hole ? (size_t)(hole - pattern) : strlen(pattern);
	bool is_within = false;

	if (out->tries++ > TRIES_MOST)
		return false;
	if (text.size < size || memcmp(text.data, pattern, size) != 0)
		return false;
	text = (struct slice){ text.data + size, text.size - size };
	if (!hole)
		return text.size == 0;
	if (first == MESSAGE_HOLES_MOST)
		return false;
	out->is_quoted[first] = size > 0 && hole[-1] == '"' && hole[HOLE_SIZE] == '"';
	for (size_t i = 0; i <= text.size; i++) {
		/* What a message begins with is no place with another message behind it, and ends outside of quotes. */
		if (first == 0 && size == 0 && i > 0) {
			if (text.data[i - 1] == '"')
				is_within = !is_within;
			if (is_within)
				continue;
			if (text.data[i - 1] == ':' && !is_line(text, i))
				return false;
		}
		out->list[first] = (struct slice){ text.data, i };
		if (fits(hole + HOLE_SIZE, (struct slice){ text.data + i, text.size - i },
				    first + 1, out))
			return true;
	}
	return false;
}

/* How much of a pattern is its own: the more, the surer. */
static size_t own_size(const char *pattern)
{
	size_t size = strlen(pattern);

	for (const char *at = pattern; (at = strstr(at, HOLE)); at += HOLE_SIZE)
		size -= HOLE_SIZE;
	return size;
}

/* What follows the last hole, or the whole. */
static bool has_end(const char *pattern, struct slice text)
{
	const char *end = pattern;
	size_t size;

	for (const char *at = pattern; (at = strstr(at, HOLE)); end = at)
		at += HOLE_SIZE;
	size = strlen(end);
	return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

static const struct message_pattern *find(struct slice text, struct holes *out)
{
	const struct message_pattern *best = NULL;
	size_t best_size = 0;

	for (size_t i = 0; i < PATTERN_COUNT; i++) {
		size_t size = own_size(patterns[i].english);
		struct holes holes = { .tries = 0 };

		if (size > best_size && has_end(patterns[i].english, text) &&
				fits(patterns[i].english, text, 0, &holes)) {
			best = &patterns[i];
			best_size = size;
			*out = holes;
		}
	}
	return best;
}

static bool is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

static size_t word_size(struct slice text, size_t at)
{
	size_t size = 0;

	while (at + size < text.size && is_small(text.data[at + size]))
		size++;
	return size;
}

/* What joins names: "staff, revenue or tax". */
static bool is_joint(const char *word, size_t size)
{
	return (size == 2 && memcmp(word, "or", 2) == 0) ||
	       (size == 3 && memcmp(word, "and", 3) == 0);
}

/* Two words side by side are English, and no name, code or number; what is quoted may be anything. */
static bool is_english(struct slice text)
{
	bool is_quoted = false;
	size_t size;

	for (size_t at = 0; at < text.size; at += size ? size : 1) {
		const char *word = text.data + at;
		size_t next;

		size = word_size(text, at);
		if (!size && *word == '"')
			is_quoted = !is_quoted;
		if (size < 2 || is_quoted || (at && word[-1] != ' ') ||
				at + size >= text.size || word[size] != ' ')
			continue;
		next = word_size(text, at + size + 1);
		if (next >= 2 && !is_joint(word, size) && !is_joint(word + size + 1, next))
			return true;
	}
	return false;
}

/* "place: message", which says nothing without the message. */
static bool is_place(const struct message_pattern *pattern)
{
	return own_size(pattern->english) <= sizeof("\"\": ") - 1;
}

/* @text in Chinese behind @out; false when there are no words for a part of it, so that the whole is better left. */
static bool append_zh(struct buffer *out, struct slice text, bool needs_words, int depth)
{
	const struct message_pattern *pattern;
	struct holes holes;

	pattern = text.size && depth < DEEPEST ? find(text, &holes) : NULL;
	if (!pattern) {
		buffer_append_slice(out, text);
		return !needs_words && !is_english(text);
	}
	for (const char *at = pattern->chinese; *at; at++) {
		size_t hole = at[0] == '{' && at[1] >= '1' && at[2] == '}'
					      ? (size_t)(at[1] - '1')
					      : MESSAGE_HOLES_MOST;

		if (hole >= MESSAGE_HOLES_MOST) {
			buffer_append_char(out, *at);
			continue;
		}
		if (holes.is_quoted[hole])
			buffer_append_slice(out, holes.list[hole]);
		else if (!append_zh(out, holes.list[hole], is_place(pattern) && hole == 1,
					 depth + 1))
			return false;
		at += 2;
	}
	return true;
}

const char *message_words_zh(const char *message, struct arena *arena)
{
	struct buffer out = { 0 };
	const char *words = NULL;

	if (strlen(message) > LONGEST)
		return message;
	if (append_zh(&out, slice_from(message), false, 0) && !out.failed && out.data)
		words = arena_copy(arena, out.data, out.size);
	buffer_fini(&out);
	return words ? words : message;
}

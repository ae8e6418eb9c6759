/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text that is put together in an arena, piece by piece and once, where it will lie.
 *
 *     struct text text = text_begin(arena);
 *
 *     text_put_text(&text, label);
 *     TEXT_PUT(&text, " ");
 *     text_put_signed(&text, count);
 *     return text_end(&text);
 *
 * From text_begin() to text_end() all that is free in the arena is the text's: nothing else may be made in
 * that arena meanwhile (asserted), not even another text. A text for which memory is short takes what is put
 * to it for nothing, and is NULL in the end.
 */
#pragma once

#include "base/arena.h"
#include "base/decimal.h"
#include "base/memory.h"

struct text {
	struct arena *arena;
	char *begin; /* NULL: memory is short */
	char *next;
	char *end; /* of its room; behind it is a byte for the NUL */
};

/** The text, NUL-terminated; NULL when memory is short. It takes no more. */
char *text_end(struct text *text);
/** Of an arena that may have no room as it is; for text_begin(). */
struct text text_begin_anew(struct arena *arena);
/** Room for @size bytes more; false when there is none. */
bool text_grow(struct text *text, size_t size);

static inline struct text text_begin(struct arena *arena)
{
	size_t room = (size_t)(arena->end - arena->next);

	if (arena->exhausted || room == 0)
		return text_begin_anew(arena);
	memory_show(arena->next, room);
	return (struct text){ arena, arena->next, arena->next, arena->end - 1 };
}

static inline void text_put(struct text *text, const char *data, size_t size)
{
	if ((size_t)(text->end - text->next) < size && !text_grow(text, size))
		return;
	memcpy(text->next, data, size);
	text->next += size;
}

/** A literal. */
#define TEXT_PUT(text, literal) text_put((text), (literal), sizeof(literal) - 1)

static inline void text_put_text(struct text *text, const char *more)
{
	text_put(text, more, strlen(more));
}

static inline void text_put_slice(struct text *text, struct slice more)
{
	if (more.size)
		text_put(text, more.data, more.size);
}

static inline void text_put_char(struct text *text, char c)
{
	text_put(text, &c, 1);
}

static inline void text_put_signed(struct text *text, int64_t number)
{
	if ((size_t)(text->end - text->next) >= DECIMAL_ROOM || text_grow(text, DECIMAL_ROOM))
		text->next += decimal_print_signed(number, text->next);
}

static inline void text_put_unsigned(struct text *text, uint64_t number)
{
	if ((size_t)(text->end - text->next) >= DECIMAL_ROOM || text_grow(text, DECIMAL_ROOM))
		text->next += decimal_print(number, text->next);
}

/** As printf(). */
void text_format(struct text *text, const char *format, ...)
		__attribute__((format(printf, 2, 3)));

/** How many bytes it has. */
static inline size_t text_size(const struct text *text)
{
	return text->begin ? (size_t)(text->next - text->begin) : 0;
}

/** Forgets all but the first @size bytes, of which there are as many. */
static inline void text_cut(struct text *text, size_t size)
{
	if (text->begin)
		text->next = text->begin + size;
}

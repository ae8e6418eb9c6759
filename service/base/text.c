/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <assert.h>
#include <stdio.h>

/* A text of which nothing comes: every piece asks for room, and is refused. */
static void text_fail(struct text *text)
{
	text->begin = NULL;
	text->next = text->end = (char *)text;
}

struct text text_begin_anew(struct arena *arena)
{
	struct text text = { .arena = arena };
	size_t room;

	text.begin = text.next = arena_room(arena, 1, &room);
	if (text.begin)
		text.end = text.begin + room - 1;
	else
		text_fail(&text);
	return text;
}

bool text_grow(struct text *text, size_t size)
{
	size_t used = text_size(text);
	struct arena *arena = text->arena;
	char *old = text->begin;
	size_t old_room = old ? (size_t)(text->end - old) + 1 : 0;
	size_t want;
	size_t room;
	char *place = NULL;

	if (old && !__builtin_add_overflow(used + 1, size, &want)) {
		/* As much again when the arena can give it easily: a long text does not move at every piece. */
		if (used <= SIZE_MAX / 4 && want <= (arena->budget - arena->taken) / 4)
			want += used;
		place = arena_room(arena, want, &room);
	}
	if (!place) {
		text_fail(text);
		return false;
	}
	memcpy(place, old, used);
	memory_hide(old, old_room);
	text->begin = place;
	text->next = place + used;
	text->end = place + room - 1;
	return true;
}

char *text_end(struct text *text)
{
	struct arena *arena = text->arena;
	char *begin = text->begin;
	size_t size;
	size_t taken;

	if (!begin)
		return NULL;
	*text->next++ = 0;
	size = (size_t)(text->next - begin);
	taken = (size + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
	assert(begin == arena->next); /* nothing else was made meanwhile */
	assert(taken <= (size_t)(arena->end - begin));
	memory_hide(begin + size, (size_t)(arena->end - begin) - size);
	arena->next = begin + taken;
	text_fail(text);
	return begin;
}

/* --- formats ---------------------------------------------------------------------------------- */

/* The numbers of "%ld", "%llu" and "%zu", of which @length is the first letter. */
static bool put_long(struct text *text, const char **format, char length, va_list *args)
{
	bool twice = length == 'l' && **format == 'l';
	char kind;

	*format += twice;
	kind = *(*format)++;
	if (kind == 'd' && length == 'l')
		text_put_signed(text, twice ? va_arg(*args, long long) : va_arg(*args, long));
	else if (kind == 'u')
		text_put_unsigned(text, length == 'z' ? va_arg(*args, size_t)
					: twice	      ? va_arg(*args, unsigned long long)
						      : va_arg(*args, unsigned long));
	else
		return false;
	return true;
}

static bool put_string(struct text *text, int most, const char *string)
{
	if (!string || most < 0)
		return false;
	text_put(text, string, strnlen(string, (size_t)most));
	return true;
}

/* What stands behind a '%'; false of what is left to vsnprintf(). */
static bool put_directive(struct text *text, const char **format, va_list *args)
{
	const char *string;
	char kind = *(*format)++;
	int most;

	switch (kind) {
	case 's':
		string = va_arg(*args, const char *);
		if (string)
			text_put_text(text, string);
		return string;
	case '.':
		if (**format != '*' || (*format)[1] != 's')
			return false;
		*format += 2;
		most = va_arg(*args, int);
		return put_string(text, most, va_arg(*args, const char *));
	case 'd':
		text_put_signed(text, va_arg(*args, int));
		return true;
	case 'u':
		text_put_unsigned(text, va_arg(*args, unsigned));
		return true;
	case 'l':
	case 'z':
		return put_long(text, format, kind, args);
	case 'c':
		text_put_char(text, (char)va_arg(*args, int));
		return true;
	case '%':
		text_put_char(text, '%');
		return true;
	default:
		return false;
	}
}

/*
 * Most formats join strings and plain numbers: these are put together here, a tenth of the time that
 * vsnprintf() takes. false when there is anything else in @format.
 */
static bool put_plain(struct text *text, const char *format, va_list *args)
{
	for (;;) {
		const char *run = format;

		while (*format && *format != '%')
			format++;
		text_put(text, run, (size_t)(format - run));
		if (!*format)
			return true;
		format++;
		if (!put_directive(text, &format, args))
			return false;
	}
}

/* Printed where it will most likely lie; only what does not fit is printed again. */
static void put_printed(struct text *text, const char *format, va_list args, va_list again)
{
	size_t room = (size_t)(text->end - text->next);
	int size = vsnprintf(text->next, room + 1, format, args);

	if (size < 0) {
		text_fail(text);
		return;
	}
	if ((size_t)size > room) {
		if (!text_grow(text, (size_t)size))
			return;
		(void)vsnprintf(text->next, (size_t)size + 1, format, again);
	}
	text->next += size;
}

static void put_format(struct text *text, const char *format, va_list args)
{
	size_t used = text_size(text);
	va_list plain;
	va_list again;

	if (!text->begin)
		return;
	va_copy(plain, args);
	if (!put_plain(text, format, &plain) && text->begin) {
		text_cut(text, used);
		va_copy(again, args);
		put_printed(text, format, args, again);
		va_end(again);
	}
	va_end(plain);
}

void text_format(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_format(text, format, args);
	va_end(args);
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	struct text text = text_begin(arena);
	va_list args;

	va_start(args, format);
	put_format(&text, format, args);
	va_end(args);
	return text_end(&text);
}

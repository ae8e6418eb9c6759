/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diagnostics.h"

#include "base/buffer.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define DIAGNOSTICS_LIMIT 1000

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena)
{
	*diagnostics = (struct diagnostics){ .arena = arena, .limit = DIAGNOSTICS_LIMIT };
}

static bool diagnostics_grow(struct diagnostics *diagnostics)
{
	size_t capacity = diagnostics->capacity ? diagnostics->capacity * 2 : 16;
	struct diagnostic *list =
			ARENA_NEW_ARRAY(diagnostics->arena, struct diagnostic, capacity);

	if (!list)
		return false;
	if (diagnostics->count)
		memcpy(list, diagnostics->list, diagnostics->count * sizeof(*list));
	diagnostics->list = list;
	diagnostics->capacity = capacity;
	return true;
}

void diagnostics_add(struct diagnostics *diagnostics, enum diagnostic_severity severity,
		const char *path, int line, int column, int width, struct slice excerpt,
		const char *format, ...)
{
	struct diagnostic *diagnostic;
	char message[2048];
	va_list args;

	if (severity == DIAGNOSTIC_ERROR)
		diagnostics->error_count++;
	else
		diagnostics->warning_count++;
	if (diagnostics->count >= diagnostics->limit)
		return;
	if (diagnostics->count == diagnostics->capacity && !diagnostics_grow(diagnostics))
		return;
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	/* Those who report put their words together in rooms of their own, which cut them too. */
	utf8_mend(message);
	diagnostic = &diagnostics->list[diagnostics->count];
	*diagnostic = (struct diagnostic){
		.severity = severity,
		.path = arena_copy_text(diagnostics->arena, path ? path : ""),
		.line = line,
		.column = column,
		.width = width < 1 ? 1 : width,
		.message = arena_copy_text(diagnostics->arena, message),
		.excerpt = arena_copy(diagnostics->arena, excerpt.data, excerpt.size),
	};
	if (diagnostic->path && diagnostic->message && diagnostic->excerpt)
		diagnostics->count++;
}

static int diagnostic_compare(const struct diagnostic *a, const struct diagnostic *b)
{
	int order = strcmp(a->path, b->path);

	if (order)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->column > b->column) - (a->column < b->column);
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
	struct diagnostic *list = diagnostics->list;

	/* Insertion sort: stable, the list is short and nearly in order. */
	for (size_t i = 1; i < diagnostics->count; i++) {
		struct diagnostic moved = list[i];
		size_t j = i;

		for (; j > 0 && diagnostic_compare(&list[j - 1], &moved) > 0; j--)
			list[j] = list[j - 1];
		list[j] = moved;
	}
}

char *diagnostic_format_excerpt(const struct diagnostic *diagnostic, struct arena *arena)
{
	const unsigned char *at = (const unsigned char *)diagnostic->excerpt;
	struct buffer text = { 0 };
	char *result;
	int column = 1;

	if (!*at)
		return arena_copy_text(arena, "");
	buffer_format(&text, "    %s\n    ", diagnostic->excerpt);
	while (*at && column < diagnostic->column + diagnostic->width) {
		utf8proc_int32_t point;
		utf8proc_ssize_t size = utf8proc_iterate(at, -1, &point);
		char mark = column < diagnostic->column ? ' ' : '^';

		if (size <= 0) {
			size = 1;
			point = ' ';
		}
		if (mark == ' ' && point == '\t')
			mark = '\t';
		buffer_append_char(&text, mark);
		if (utf8proc_charwidth(point) == 2)
			buffer_append_char(&text, mark);
		at += size;
		column++;
	}
	if (column <= diagnostic->column) {
		for (; column < diagnostic->column; column++)
			buffer_append_char(&text, ' ');
		buffer_append_char(&text, '^');
	}
	result = text.failed ? NULL : arena_copy(arena, text.data, text.size);
	buffer_fini(&text);
	return result;
}

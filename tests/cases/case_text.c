/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a line, and complaints about it. */
#include "case.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void case_fail(struct case_file *file, const char *format, ...)
{
	va_list args;

	printf("%s:%d: ", file->path, file->line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	file->failures++;
}

void case_broken(const struct case_file *file, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file->path, file->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(2);
}

char *case_trim(char *text)
{
	size_t size;

	text += strspn(text, " \t");
	size = strlen(text);
	while (size && (text[size - 1] == ' ' || text[size - 1] == '\t' ||
				       text[size - 1] == '\n'))
		text[--size] = 0;
	return text;
}

char *case_cut(char **rest, const char *mark)
{
	char *begin = *rest;
	char *at = strstr(begin, mark);

	if (!at) {
		*rest = begin + strlen(begin);
		return begin;
	}
	*at = 0;
	*rest = at + strlen(mark);
	return begin;
}

char *case_word(struct case_file *file, char **rest)
{
	char *begin = *rest + strspn(*rest, " \t");
	size_t size = strcspn(begin, " \t");
	char *word = arena_copy(file->arena, begin, size);

	if (!word)
		case_broken(file, "out of memory");
	*rest = begin + size;
	return word;
}

void case_compare(struct case_file *file, const char *what, const char *expected,
		const char *found)
{
	file->expectations++;
	if (!found)
		case_broken(file, "out of memory");
	if (strcmp(expected, found) != 0)
		case_fail(file, "expected %s %s, got %s", what, expected, found);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that is wrong with a text, each with its place: rules, YAML files and catalogs report here, and
 * go on to find the next mistake.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum diagnostic_severity {
	DIAGNOSTIC_ERROR,
	DIAGNOSTIC_WARNING,
};

struct diagnostic {
	enum diagnostic_severity severity;
	const char *path;    /* file, or "" */
	int line;	     /* from 1; 0: the file as a whole */
	int column;	     /* in characters, from 1; 0: the line as a whole */
	int width;	     /* how many carets, at least 1 when there is a column */
	const char *message; /* what is wrong and what was expected */
	const char *excerpt; /* the line it is about, or "" */
};

/* Everything in it lives in the arena. Past ->limit findings the rest is counted, not kept. */
struct diagnostics {
	struct arena *arena;
	struct diagnostic *list;
	size_t count;
	size_t capacity;
	size_t limit;
	size_t error_count;
	size_t warning_count;
};

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena);
/** Copies @path, @excerpt and the formatted message into the arena. */
void diagnostics_add(struct diagnostics *diagnostics, enum diagnostic_severity severity,
		const char *path, int line, int column, int width, struct slice excerpt,
		const char *format, ...) __attribute__((format(printf, 8, 9)));
/** Sorts by path, line, column; stable. */
void diagnostics_sort(struct diagnostics *diagnostics);
/**
 * The excerpt with carets under ->width characters from ->column, both lines indented by four
 * spaces; "" without excerpt. East Asian wide characters count two columns.
 */
char *diagnostic_format_excerpt(const struct diagnostic *diagnostic, struct arena *arena);

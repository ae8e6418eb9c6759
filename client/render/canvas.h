/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of an answer on a terminal, wrapped to its width. Memory that runs short marks ->out. */
#pragma once

#include "client/render/explain.h"

#define CANVAS_BOLD "\033[1m"
#define CANVAS_GREEN "\033[32m"
#define CANVAS_YELLOW "\033[33m"
#define CANVAS_DIM "\033[2m"
#define CANVAS_PLAIN "\033[0m"

/* What every drawing function needs. */
struct canvas {
	const struct render_style *style;
	const struct render_dictionary *dictionary;
	struct buffer *out;
};

/** Appends a colour, where colours are wanted. */
void canvas_colour(const struct canvas *canvas, const char *code);
/** "    mark text", wrapped so that following lines begin under the text. */
void canvas_line(
		const struct canvas *canvas, size_t indent, const char *mark, const char *text);
/** A line of two texts, indented by four. */
void canvas_pair(const struct canvas *canvas, const char *mark, const char *first,
		const char *second);
/** The label of an attribute, as below, with its periods; the name in @path when there is no label. */
void canvas_append_label(const struct canvas *canvas, const char *path, struct buffer *out);
/** The label of "e.staff" or "i.completed_investment@projects/p1" with the name behind. */
void canvas_append_attribute(const struct canvas *canvas, const char *path, struct buffer *out);
/** "? LEAD label (name), label (name)"; nothing when nothing is missing. */
void canvas_print_missing(const struct canvas *canvas, const char *lead, char *const *missing,
		size_t count);

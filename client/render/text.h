/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text on a terminal: how wide it is, what may be printed, where it is cut.
 *
 * Width is counted in columns: Han and fullwidth forms take two. What comes from elsewhere is cleaned
 * first: line breaks and tabs become spaces; control characters, bidirectional controls and broken
 * UTF-8 become U+FFFD, so that no text can move the cursor or turn a line around.
 */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

#include <stddef.h>

/** Appends @text as it may be printed. */
void text_append_clean(struct buffer *out, struct slice text);
/** Columns that @text takes once cleaned. */
size_t text_width(struct slice text);
/** Appends @text cleaned and, when wider than @width, cut with "…"; returns the columns used. */
size_t text_append_cut(struct buffer *out, struct slice text, size_t width);
/**
 * Takes the next line of at most @width columns from the front of @rest (at least one character):
 * after a space where there is one, anywhere beside a wide character, never before closing
 * punctuation when that can be helped.
 */
struct slice text_take_line(struct slice *rest, size_t width);
/** Appends @text wrapped to @width columns; following lines are indented by @indent spaces. */
void text_append_wrapped(struct buffer *out, struct slice text, size_t width, size_t indent);
void text_append_spaces(struct buffer *out, size_t count);

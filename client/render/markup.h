/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text within markup. Everything that comes from a catalog, a profile or a service goes through here:
 * first cleaned as for a terminal (no control characters, no broken UTF-8, no bidirectional controls),
 * then escaped, so that no text can end an attribute, begin a tag or leave a label.
 */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

/** For text and quoted attributes of XML, SVG and HTML. */
void markup_append(struct buffer *out, struct slice text);
/** For quoted labels of Mermaid, by its entity codes. */
void markup_append_mermaid(struct buffer *out, struct slice text);
/** For quoted strings of DOT. */
void markup_append_dot(struct buffer *out, struct slice text);

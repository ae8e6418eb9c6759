/* SPDX-License-Identifier: Apache-2.0 */
/* Text without the blanks around it. */
#pragma once

#include "base/slice.h"

static inline bool trim_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/** Spaces and tabs are blanks; line feeds are none. */
static inline struct slice slice_trim(struct slice text)
{
	while (text.size && trim_is_blank(text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size && trim_is_blank(text.data[text.size - 1]))
		text.size--;
	return text;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8: is it valid, how many code points has it, one code point in bytes. */
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Whether @text is valid UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_is_valid(struct slice text);
/** Bytes before the first invalid sequence; ->size when all is valid. */
size_t utf8_valid_size(struct slice text);
/** Code points of a valid text; in others every byte that starts something counts. */
size_t utf8_count(struct slice text);
/**
 * Makes a text that was cut to its room valid, in place: what its end has cut off of a character goes, and of what is
 * wrong before that every byte becomes '?'.
 */
void utf8_mend(char *text);
/** Writes @point; returns 1 to 4, or 0 when it is no code point (a surrogate, too large). */
size_t utf8_encode(uint32_t point, char out_bytes[static 4]);

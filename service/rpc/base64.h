/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 as "-bin" metadata uses it. */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>

/** Appends the unpadded standard encoding. */
void base64_encode(struct slice bytes, struct buffer *out);
/** Appends the bytes of padded or unpadded text; false (and nothing appended) when it is
 * neither. */
bool base64_decode(struct slice text, struct buffer *out);

/* SPDX-License-Identifier: Apache-2.0 */
/* The grpc-message header: UTF-8, percent-encoded. */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

/**
 * Appends @text with everything but 0x20-0x24 and 0x26-0x7E as %XX. Texts above @max bytes are
 * cut before encoding, at the end of a character.
 */
void percent_encode(struct slice text, size_t max, struct buffer *out);
/** Appends the decoded text; a % that no two hex digits follow stays as it is. */
void percent_decode(struct slice text, struct buffer *out);

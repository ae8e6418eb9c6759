/* SPDX-License-Identifier: Apache-2.0 */
/* gzip for messages, bounded: a few bytes that unpack to gigabytes stop at the limit. */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>

enum gzip_result {
	GZIP_OK,
	GZIP_BAD,	/* not one whole gzip member */
	GZIP_TOO_LARGE, /* unpacks to more than the limit */
	GZIP_NO_MEMORY,
};

/** Appends what @packed unpacks to, at most @limit bytes. */
enum gzip_result gzip_unpack(struct slice packed, size_t limit, struct buffer *out);
/** Appends @bytes packed. false when memory is short. */
bool gzip_pack(struct slice bytes, struct buffer *out);

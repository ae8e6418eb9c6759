/* SPDX-License-Identifier: Apache-2.0 */
/* The frame headers of what a client sends, read along before nghttp2 gets the bytes. */
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_HEADER_SIZE 9

/* Zeroed but for ->skip, which begins at the size of the client's preface. */
struct scan {
	uint8_t header[SCAN_HEADER_SIZE]; /* one that is not complete */
	size_t header_size;
	size_t skip;  /* bytes of the frame that are still to come */
	uint8_t type; /* of the frame that scan_next() found */
	int32_t stream_id;
	int32_t reset_id; /* the stream of the last RST_STREAM */
};

/** Moves behind the next frame header in @bytes; false when none is complete any more. */
bool scan_next(struct scan *scan, struct slice *bytes);

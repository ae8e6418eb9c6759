/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's length-prefixed messages: one flag byte, four bytes of length, the message.
 *
 * The reader takes bytes in any pieces. A message that lies whole in one piece is handed out
 * where it stands; only one that is cut is gathered in the reader's own buffer, which grows
 * with the bytes that have come and never by the length that was promised.
 */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMING_PREFIX_SIZE 5

struct framing_reader {
	struct buffer message; /* what has come of a cut message */
	size_t limit;	       /* largest message in bytes */
	uint32_t length;
	uint8_t prefix[FRAMING_PREFIX_SIZE];
	uint8_t prefix_count;
};

enum framing_result {
	FRAMING_MORE,	   /* all bytes were taken; no message is complete */
	FRAMING_MESSAGE,   /* one message; bytes may be left */
	FRAMING_TOO_LARGE, /* the prefix promises more than the limit */
	FRAMING_BAD_FLAG,  /* neither 0 nor 1 */
	FRAMING_NO_MEMORY,
};

struct framed_message {
	bool compressed;
	struct slice bytes; /* borrowed: from the piece fed, or from the reader until the next
			       read */
};

/** Takes bytes off the front of @bytes. After a failure the reader must not be used again. */
enum framing_result framing_read(struct framing_reader *reader, struct slice *bytes,
		struct framed_message *out_message);
/** true between messages: nothing of a next one has come. */
bool framing_is_clean(const struct framing_reader *reader);
/** Bytes of memory that the cut message takes now. */
size_t framing_held(const struct framing_reader *reader);
/** For the next call: keeps the memory of @reader unless it is large. */
void framing_reset(struct framing_reader *reader, size_t limit);
void framing_fini(struct framing_reader *reader);
/** Writes the prefix of a message of @size bytes. */
void framing_put_prefix(uint8_t out[FRAMING_PREFIX_SIZE], bool compressed, uint32_t size);

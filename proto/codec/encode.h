/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages as bytes, written from their end to their beginning.
 *
 * The length of a message stands before it, so that writing forwards takes a pass to measure and one to
 * write. Backwards the length is known when its turn comes: one pass, and parts that are there already
 * as bytes are copied in between.
 *
 *     memory   [ free .................... | what is written so far ]
 *              start                       at                       end
 *
 * The bytes are those that protobuf-c packs. Memory that runs short (or more than ->most bytes) shows in
 * ->failed, which the owner looks at once, at the end.
 */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct encoder {
	uint8_t *start, *at, *end;
	size_t most; /* bytes; 0: no limit */
	bool failed;
	bool exceeded; /* it failed for more than ->most bytes */
};

/** Zeroed is a valid empty encoder. */
void encoder_fini(struct encoder *encoder);
/** Forgets the bytes; memory of more than @keep bytes is given back. */
void encoder_clear(struct encoder *encoder, size_t keep);

static inline size_t encoder_size(const struct encoder *encoder)
{
	return (size_t)(encoder->end - encoder->at);
}

/** Borrowed until more is written. */
static inline struct slice encoder_bytes(const struct encoder *encoder)
{
	return (struct slice){ encoder->at ? (const char *)encoder->at : "",
		encoder_size(encoder) };
}

/**
 * Hands what is written to @buffer, whose memory (and nothing that is in it) it takes in return: the last
 * encoder_size() bytes of the buffer are it.
 */
void encoder_give(struct encoder *encoder, struct buffer *buffer);
/** Whether all of it was written, and it is no more than it may be. */
bool encoder_end(struct encoder *encoder);
/** Puts @bytes in front of what is written. */
void encode_bytes(struct encoder *encoder, struct slice bytes);
/** Puts a number in front. */
void encode_varint(struct encoder *encoder, uint64_t value);
/** Puts the field's number and a value that is not zero in front; nothing for zero. */
void encode_number(struct encoder *encoder, unsigned field, uint64_t value);
/** Puts the field's number and @text in front; nothing when it is empty. */
void encode_text(struct encoder *encoder, unsigned field, const char *text);
/**
 * Makes what was written since encoder_size() was @size the message (or text) in @field: puts its
 * length and the field's number in front.
 */
void encode_close(struct encoder *encoder, unsigned field, size_t size);
/** Puts the whole message in front. */
void encode_message(struct encoder *encoder, const ProtobufCMessage *message);
/** Of it, the fields numbered @first to @last. */
void encode_fields(struct encoder *encoder, const ProtobufCMessage *message, unsigned first,
		unsigned last);

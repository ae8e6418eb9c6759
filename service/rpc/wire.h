/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protobuf's wire format, by hand, for the two places that have no generated type at hand: the
 * status of a failed call, and the descriptors that reflection serves.
 */
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/** Appends field @number as varint; proto3: nothing for 0. */
void wire_put_varint(struct buffer *out, uint32_t number, uint64_t value);
/** Appends field @number with length and bytes. */
void wire_put_bytes(struct buffer *out, uint32_t number, struct slice bytes);

struct wire_field {
	uint32_t number;
	bool is_bytes;	    /* length-delimited: ->bytes; otherwise ->value */
	uint64_t value;	    /* varint or fixed */
	struct slice bytes; /* borrowed from the message */
};

/** Takes one field off the front of @message. false, and nothing taken, at the end or when malformed. */
bool wire_next(struct slice *message, struct wire_field *out_field);

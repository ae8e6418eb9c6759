/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of the wire, for what is sent by the million and so not made as messages first. */
#pragma once

#include "base/buffer.h"

#include <stddef.h>
#include <stdint.h>

#define VARINT_SIZE 10

/** Writes at most VARINT_SIZE bytes; returns how many. */
static inline size_t varint_write(uint64_t value, char *out)
{
	size_t size = 0;

	for (; value >= 0x80; value >>= 7)
		out[size++] = (char)(value | 0x80);
	out[size++] = (char)value;
	return size;
}

static inline size_t varint_size(uint64_t value)
{
	size_t size = 1;

	for (; value >= 0x80; value >>= 7)
		size++;
	return size;
}

static inline void varint_append(struct buffer *out, uint64_t value)
{
	char bytes[VARINT_SIZE];

	buffer_append(out, bytes, varint_write(value, bytes));
}

/** A text, bytes or message field: @tag is its number, 1 to 15. */
static inline void field_append(struct buffer *out, unsigned tag, struct slice content)
{
	buffer_append_char(out, (char)(tag << 3 | 2));
	varint_append(out, content.size);
	buffer_append_slice(out, content);
}

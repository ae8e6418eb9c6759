/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every reader and writer of wire bytes knows: how values lie there, how wide their elements are in
 * memory, and how to take one from the bytes. All of it inline, for it is the innermost of their loops.
 * Inner header of the codec.
 */
#pragma once

#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_GROUP_START = 3,
	WIRE_GROUP_END = 4,
	WIRE_FIXED32 = 5,
};

/* --- types of fields --------------------------------------------------------------------------- */

/* By type: how its values lie on the wire, and how wide they are in memory. */
static const struct {
	uint8_t wire, width;
} wire_kinds[] = {
	[PROTOBUF_C_TYPE_INT32] = { WIRE_VARINT, 4 },
	[PROTOBUF_C_TYPE_SINT32] = { WIRE_VARINT, 4 },
	[PROTOBUF_C_TYPE_SFIXED32] = { WIRE_FIXED32, 4 },
	[PROTOBUF_C_TYPE_INT64] = { WIRE_VARINT, 8 },
	[PROTOBUF_C_TYPE_SINT64] = { WIRE_VARINT, 8 },
	[PROTOBUF_C_TYPE_SFIXED64] = { WIRE_FIXED64, 8 },
	[PROTOBUF_C_TYPE_UINT32] = { WIRE_VARINT, 4 },
	[PROTOBUF_C_TYPE_FIXED32] = { WIRE_FIXED32, 4 },
	[PROTOBUF_C_TYPE_UINT64] = { WIRE_VARINT, 8 },
	[PROTOBUF_C_TYPE_FIXED64] = { WIRE_FIXED64, 8 },
	[PROTOBUF_C_TYPE_FLOAT] = { WIRE_FIXED32, 4 },
	[PROTOBUF_C_TYPE_DOUBLE] = { WIRE_FIXED64, 8 },
	[PROTOBUF_C_TYPE_BOOL] = { WIRE_VARINT, sizeof(protobuf_c_boolean) },
	[PROTOBUF_C_TYPE_ENUM] = { WIRE_VARINT, 4 },
	[PROTOBUF_C_TYPE_STRING] = { WIRE_BYTES, sizeof(char *) },
	[PROTOBUF_C_TYPE_BYTES] = { WIRE_BYTES, sizeof(ProtobufCBinaryData) },
	[PROTOBUF_C_TYPE_MESSAGE] = { WIRE_BYTES, sizeof(void *) },
};

/** How one value lies on the wire; many numbers may be packed into a run of bytes as well. */
static inline enum wire wire_of(ProtobufCType type)
{
	return (enum wire)wire_kinds[type].wire;
}

/** Bytes that an element takes in memory. */
static inline size_t element_size(ProtobufCType type)
{
	return wire_kinds[type].width;
}

/** Stores a number as it came from the wire into an element. */
static inline void element_store(ProtobufCType type, uint64_t value, void *element)
{
	uint32_t low = (uint32_t)value;

	switch (type) {
	case PROTOBUF_C_TYPE_SINT32:
		*(int32_t *)element = (int32_t)(low >> 1 ^ -(low & 1));
		break;
	case PROTOBUF_C_TYPE_SINT64:
		*(int64_t *)element = (int64_t)(value >> 1 ^ -(value & 1));
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)element = value != 0;
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		*(uint64_t *)element = value;
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
	default:
		*(uint32_t *)element = low;
		break;
	}
}

/* --- bytes that are read ------------------------------------------------------------------------ */

struct input {
	const uint8_t *at, *end;
};

static inline struct input input_of(struct slice bytes)
{
	const uint8_t *begin = (const uint8_t *)bytes.data;

	return (struct input){ begin, begin + bytes.size };
}

static inline size_t input_left(const struct input *input)
{
	return (size_t)(input->end - input->at);
}

/** A varint of any size; false when it is cut off, or of more than 64 bits. */
static inline bool take_long_varint(struct input *input, uint64_t *out_value)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 70 && input->at < input->end; shift += 7) {
		uint8_t byte = *input->at++;

		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out_value = value;
			return true;
		}
	}
	return false;
}

/** These move behind what they take, too. Most tags and sizes are of a byte, nearly all others of two. */
static inline bool take_varint(struct input *input, uint64_t *out_value)
{
	const uint8_t *at = input->at;

	if (at < input->end && at[0] < 0x80) {
		*out_value = at[0];
		input->at = at + 1;
		return true;
	}
	if (input->end - at >= 2 && at[1] < 0x80) {
		*out_value = (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
		input->at = at + 2;
		return true;
	}
	return take_long_varint(input, out_value);
}

/** What stands behind a length. */
static inline bool take_run(struct input *input, struct input *out_run)
{
	uint64_t size;

	if (!take_varint(input, &size) || size > input_left(input))
		return false;
	out_run->at = input->at;
	input->at += size;
	out_run->end = input->at;
	return true;
}

static inline bool take_fixed(struct input *input, size_t size, uint64_t *out_value)
{
	uint64_t value = 0;

	if (input_left(input) < size)
		return false;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)input->at[i] << (8 * i);
	input->at += size;
	*out_value = value;
	return true;
}

/** A number of any kind; @wire is not that of bytes or groups. */
static inline bool take_number(struct input *input, enum wire wire, uint64_t *out_value)
{
	if (wire == WIRE_VARINT)
		return take_varint(input, out_value);
	return take_fixed(input, wire == WIRE_FIXED64 ? 8 : 4, out_value);
}

/** Moves behind one value of any kind; false for groups too. */
static inline bool skip_value(struct input *input, enum wire wire)
{
	struct input run;
	uint64_t value;

	switch (wire) {
	case WIRE_BYTES:
		return take_run(input, &run);
	case WIRE_VARINT:
	case WIRE_FIXED64:
	case WIRE_FIXED32:
		return take_number(input, wire, &value);
	case WIRE_GROUP_START:
	case WIRE_GROUP_END:
	default:
		return false;
	}
}

/** How many elements follow one another, each behind the same tag; the first one's is taken already. */
static inline size_t count_run(struct input input, uint64_t tag)
{
	size_t count = 0;
	uint64_t next = tag;

	while (next == tag && skip_value(&input, (enum wire)(tag & 7))) {
		count++;
		if (!take_varint(&input, &next))
			break;
	}
	return count;
}

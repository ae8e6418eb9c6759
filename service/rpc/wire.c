/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/wire.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static void put_raw_varint(struct buffer *out, uint64_t value)
{
	while (value >= 0x80) {
		buffer_append_char(out, (char)(value | 0x80));
		value >>= 7;
	}
	buffer_append_char(out, (char)value);
}

void wire_put_varint(struct buffer *out, uint32_t number, uint64_t value)
{
	if (value == 0)
		return;
	put_raw_varint(out, (uint64_t)number << 3 | WIRE_VARINT);
	put_raw_varint(out, value);
}

void wire_put_bytes(struct buffer *out, uint32_t number, struct slice bytes)
{
	put_raw_varint(out, (uint64_t)number << 3 | WIRE_BYTES);
	put_raw_varint(out, bytes.size);
	buffer_append_slice(out, bytes);
}

static bool take_varint(struct slice *message, uint64_t *out_value)
{
	uint64_t value = 0;
	unsigned shift;

	for (shift = 0; shift < 64 && message->size > 0; shift += 7) {
		unsigned char byte = (unsigned char)*message->data++;

		message->size--;
		value |= (uint64_t)(byte & 0x7F) << shift;
		if (byte < 0x80) {
			*out_value = value;
			return true;
		}
	}
	return false;
}

static bool take_bytes(struct slice *message, uint64_t size, struct slice *out_bytes)
{
	if (size > message->size)
		return false;
	*out_bytes = (struct slice){ message->data, (size_t)size };
	message->data += size;
	message->size -= (size_t)size;
	return true;
}

bool wire_next(struct slice *message, struct wire_field *out_field)
{
	struct wire_field field = { 0 };
	struct slice rest = *message;
	uint64_t key;
	uint64_t size;

	if (!take_varint(&rest, &key) || key >> 3 == 0 || key >> 3 > UINT32_MAX)
		return false;
	field.number = (uint32_t)(key >> 3);
	switch (key & 7) {
	case WIRE_VARINT:
		if (!take_varint(&rest, &field.value))
			return false;
		break;
	case WIRE_BYTES:
		field.is_bytes = true;
		if (!take_varint(&rest, &size) || !take_bytes(&rest, size, &field.bytes))
			return false;
		break;
	case WIRE_64:
	case WIRE_32:
		/* Descriptors have none that matter: stepped over. */
		if (!take_bytes(&rest, (key & 7) == WIRE_64 ? 8 : 4, &field.bytes))
			return false;
		break;
	default:
		return false;
	}
	*message = rest;
	*out_field = field;
	return true;
}

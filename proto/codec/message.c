/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec/codec.h"

#include "proto/codec/encode.h"
#include "proto/codec/unpack.h"

#include <assert.h>

static void *on_alloc(void *data, size_t size)
{
	return arena_alloc(data, size);
}

/* The arena gives everything back at once. */
static void on_free(void *data, void *piece)
{
	(void)data;
	(void)piece;
}

ProtobufCMessage *message_unpack(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor,
		const struct message_limits *limits, struct arena *arena, struct error *err)
{
	ProtobufCAllocator allocator = {
		.alloc = on_alloc, .free = on_free, .allocator_data = arena
	};
	static const uint8_t nothing[1];
	struct arena_mark mark = arena_mark(arena);
	ProtobufCMessage *message = unpack_quickly(bytes, descriptor, limits, arena);

	if (message)
		return message;
	arena_rewind(arena, mark);
	if (!message_scan(bytes, descriptor, limits, err))
		return NULL;
	message = protobuf_c_message_unpack(descriptor, &allocator, bytes.size,
			bytes.size ? (const uint8_t *)bytes.data : nothing);
	if (message)
		return message;
	return unpack_refuse(arena, err);
}

bool message_pack(const ProtobufCMessage *message, struct buffer *out)
{
	size_t size = protobuf_c_message_get_packed_size(message);

	if (!buffer_reserve(out, size))
		return false;
	if (size == 0) {
		buffer_append(out, "", 0);
		return !out->failed;
	}
	(void)protobuf_c_message_pack(message, (uint8_t *)out->data + out->size);
	out->size += size;
	out->data[out->size] = '\0';
	return true;
}

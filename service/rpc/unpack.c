/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/unpack.h"

static void *arena_allocate(void *context, size_t size)
{
	return arena_alloc(context, size);
}

static void arena_release(void *context, void *memory)
{
	(void)context;
	(void)memory;
}

const ProtobufCMessage *unpack_message(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
		struct error *err)
{
	ProtobufCAllocator allocator = {arena_allocate, arena_release, arena};
	const ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator,
			bytes.size, (const uint8_t *)(bytes.data ? bytes.data : ""));

	if (message)
		return message;
	if (arena->exhausted)
		arena_error(arena, err, "unpacking the message");
	else
		error_set(err, ERROR_INTERNAL, "the message is no %s", descriptor->name);
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/unpack.h"

#include "proto/codec/codec.h"
#include "rpc/wire.h"

#define DEPTH_MAX 32

/*
 * Why was it refused? Bytes that are no such message at all are the fault of the client's library;
 * a message whose texts are broken, or that is nested too deeply, is the fault of its caller.
 */
static bool is_malformed(struct slice bytes, const ProtobufCMessageDescriptor *descriptor,
		unsigned depth)
{
	struct wire_field field;

	while (wire_next(&bytes, &field)) {
		const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(
				descriptor, field.number);

		if (!known)
			continue;
		switch ((int)known->type) {
		case PROTOBUF_C_TYPE_MESSAGE:
			if (!field.is_bytes)
				return true;
			if (depth < DEPTH_MAX &&
					is_malformed(field.bytes, known->descriptor, depth + 1))
				return true;
			break;
		case PROTOBUF_C_TYPE_STRING:
		case PROTOBUF_C_TYPE_BYTES:
			if (!field.is_bytes)
				return true;
			break;
		default:
			/* Only repeated numbers may come packed. */
			if (field.is_bytes && known->label != PROTOBUF_C_LABEL_REPEATED)
				return true;
			break;
		}
	}
	return bytes.size > 0;
}

const ProtobufCMessage *unpack_message(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
		struct error *err)
{
	const ProtobufCMessage *message =
			message_unpack(bytes, descriptor, &message_limits_default, arena, err);

	if (!message && err->code == ERROR_INVALID && is_malformed(bytes, descriptor, 0))
		error_set(err, ERROR_INTERNAL, "the message is no %s", descriptor->name);
	return message;
}

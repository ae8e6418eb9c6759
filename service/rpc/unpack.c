/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/unpack.h"

#include "proto/codec/codec.h"

const ProtobufCMessage *unpack_message(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
		struct error *err)
{
	const ProtobufCMessage *message =
			message_unpack(bytes, descriptor, &message_limits_default, arena, err);

	if (!message && err->code == ERROR_MALFORMED)
		error_prefix(err, "the message is no %s", descriptor->name);
	return message;
}

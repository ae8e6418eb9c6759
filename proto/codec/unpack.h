/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways to unpack a message share. Inner header of the codec. */
#pragma once

#include "proto/codec/codec.h"

/** NULL, and in @err why: memory was short, which shows in @arena, or the bytes are no such message. */
ProtobufCMessage *unpack_refuse(const struct arena *arena, struct error *err);
/**
 * The quick half of message_unpack(): the message in @arena; NULL when something is wrong, or only unusual, or memory is short: what the
 * arena holds of it then is for the caller to take back.
 */
ProtobufCMessage *unpack_quickly(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor,
		const struct message_limits *limits, struct arena *arena);

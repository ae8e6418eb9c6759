/* SPDX-License-Identifier: Apache-2.0 */
/* The quick half of message_unpack(). Inner header of the codec. */
#pragma once

#include "proto/codec/codec.h"

/**
 * The message in @arena; NULL when something is wrong, or only unusual, or memory is short: what the
 * arena holds of it then is for the caller to take back.
 */
ProtobufCMessage *unpack_quickly(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor,
		const struct message_limits *limits, struct arena *arena);

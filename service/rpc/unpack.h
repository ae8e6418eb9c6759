/* SPDX-License-Identifier: Apache-2.0 */
/* A request's bytes as a message, in the call's arena. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>

/**
 * NULL on failure: ERROR_MALFORMED for bytes that are no such message, ERROR_INVALID for one
 * whose contents are refused, ERROR_LIMIT when the arena is used up. Never echoes bytes.
 */
const ProtobufCMessage *unpack_message(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
		struct error *err);

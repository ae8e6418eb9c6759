/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of messages that were unpacked before. Policies of one document repeat its source, its papers, its
 * steps: what has the same bytes is unpacked once, and all messages that have it share it. For whoever unpacks
 * a whole catalog, which nobody changes afterwards. Inner header of the codec.
 */
#pragma once

#include "proto/codec/codec.h"

/** A part that is being unpacked for the first time. */
struct known_part;

/**
 * The message that @bytes of @field's type came to before; NULL: none. Then *out_wanted is what to give to
 * unpack_memo_keep() once it is unpacked; NULL: it is not wanted.
 */
ProtobufCMessage *unpack_memo_find(struct unpack_memo *memo, struct slice bytes,
		const ProtobufCFieldDescriptor *field, struct known_part **out_wanted);
/** @message must live as long as all that is unpacked with @memo. */
void unpack_memo_keep(
		struct unpack_memo *memo, struct known_part *wanted, ProtobufCMessage *message);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of messages that were unpacked before. Policies of one document repeat its source, its papers, its
 * steps: what has the same bytes is unpacked once, and all messages that have it share it. For whoever unpacks
 * a whole catalog, which nobody changes afterwards. Inner header of the codec.
 */
#pragma once

#include "proto/codec/codec.h"

/**
 * The message that @bytes of @field's type came to before; NULL: none. Then *out_key is what to give to
 * unpack_memo_keep() once it is unpacked, a copy, since unpacking writes to the bytes; empty: it is not wanted.
 */
ProtobufCMessage *unpack_memo_find(struct unpack_memo *memo, struct slice bytes,
		const ProtobufCFieldDescriptor *field, struct slice *out_key);
/** @message must live as long as all that is unpacked with @memo. */
void unpack_memo_keep(struct unpack_memo *memo, struct slice key, ProtobufCMessage *message);

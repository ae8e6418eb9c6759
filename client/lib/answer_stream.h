/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question, many answers: a call whose messages come one after another.
 *
 *     OPEN ──► receive() gives a message, as often as there are some
 *          └─► receive() gives NULL: the end, and the status says which
 *
 * A message lives until the next one has come, so that the last one is there at the end; unless all
 * are kept.
 */
#pragma once

#include "client/lib/channel.h"

struct answer_stream {
	struct call *call;			/* NULL: not open */
	const ProtobufCMessageDescriptor *type; /* of the answers */
	struct arena arenas[2]; /* of the message that came last, and of the next */
	unsigned current;	/* which has the last one */
	bool keeps;		/* what comes from now on lives as long as the stream */
};

/**
 * Asks @request and no more. false with @status filled when nobody can be asked; then the stream is to
 * be closed too.
 */
bool answer_stream_open(struct answer_stream *stream, struct channel *channel, const char *path,
		const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
		int64_t deadline, struct call_status *status);
/**
 * The next answer, or NULL at the end; true only when there was one or the call ended with OK, as
 * call_receive().
 */
bool answer_stream_receive(struct answer_stream *stream, ProtobufCMessage **out_message,
		struct call_status *status);
/** Cancels what has not come. Zeroed is fine, and twice. */
void answer_stream_close(struct answer_stream *stream);

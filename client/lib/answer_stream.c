/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/answer_stream.h"

/* What one answer may take from the machine; of kept ones, all together. */
#define STREAM_BUDGET ((size_t)256 << 20)

bool answer_stream_open(struct answer_stream *stream, struct channel *channel, const char *path,
		const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
		int64_t deadline, struct call_status *status)
{
	*stream = (struct answer_stream){ .type = type };
	arena_init(&stream->arenas[0], STREAM_BUDGET);
	arena_init(&stream->arenas[1], STREAM_BUDGET);
	stream->call = call_start(channel, path, deadline, status);
	if (!stream->call)
		return false;
	/* A call that has ended says how when it is received from. */
	if (call_send(stream->call, request))
		call_half_close(stream->call);
	return true;
}

bool answer_stream_receive(struct answer_stream *stream, ProtobufCMessage **out_message,
		struct call_status *status)
{
	unsigned next = stream->keeps ? stream->current : !stream->current;
	struct arena *arena = &stream->arenas[next];
	bool ok;

	if (!stream->keeps)
		arena_reset(arena);
	ok = call_receive(stream->call, stream->type, arena, out_message, status);
	if (*out_message)
		stream->current = next;
	return ok;
}

void answer_stream_close(struct answer_stream *stream)
{
	call_free(stream->call);
	if (stream->type) {
		arena_fini(&stream->arenas[0]);
		arena_fini(&stream->arenas[1]);
	}
	*stream = (struct answer_stream){ 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: what a session gives its calls to work with. */
#include "transport/session_internal.h"

#include <assert.h>
#include <stddef.h>

#define HEADERS_MAX 48

static_assert(offsetof(struct rpc_stream, timer) == 0, "session_tick() casts back");

struct rpc_stream *stream_new(struct session *session, int32_t id)
{
	struct rpc_stream *stream;

	if (!timers_reserve(&session->timers, session->stream_count + 1))
		return NULL;
	stream = pool_alloc_zero(&session->pool, 1, sizeof(*stream));
	if (!stream)
		return NULL;
	stream->call = rpc_call_new(
			session->loop, &session->connection, &stream_operations, stream);
	if (!stream->call) {
		pool_free(&session->pool, stream);
		return NULL;
	}
	stream->session = session;
	stream->id = id;
	stream->next = session->streams;
	if (stream->next)
		stream->next->previous = stream;
	session->streams = stream;
	session->stream_count++;
	return stream;
}

void stream_free(struct rpc_stream *stream)
{
	struct session *session = stream->session;

	if (session->last_stream == stream)
		session->last_stream = NULL;
	(void)nghttp2_session_set_stream_user_data(session->http2, stream->id, NULL);
	timers_clear(&session->timers, &stream->timer);
	if (stream->previous)
		stream->previous->next = stream->next;
	else
		session->streams = stream->next;
	if (stream->next)
		stream->next->previous = stream->previous;
	session->stream_count--;
	if (session->stream_count == 0)
		session->idle_since_us = session->loop->now_us;
	rpc_call_close(stream->call);
	session->unread -= stream->unread;
	session_give_window(session);
	pool_free(&session->pool, stream);
}

/* --- what the call asks for ------------------------------------------------------------------
 */

static void session_wake(struct session *session)
{
	if (!session->is_busy && session->options.on_wake)
		session->options.on_wake(session->options.context);
}

static ssize_t on_read(nghttp2_session *http2, int32_t id, uint8_t *bytes, size_t size,
		uint32_t *data_flags, nghttp2_data_source *source, void *user_data)
{
	(void)http2;
	(void)id;
	(void)bytes;
	(void)user_data;
	return stream_read(source->ptr, size, data_flags);
}

static size_t to_http2(const struct rpc_header *headers, size_t count, nghttp2_nv *out)
{
	size_t i;

	assert(count <= HEADERS_MAX);
	for (i = 0; i < count; i++)
		out[i] = (nghttp2_nv){
			.name = (uint8_t *)(uintptr_t)headers[i].name.data,
			.namelen = headers[i].name.size,
			.value = (uint8_t *)(uintptr_t)headers[i].value.data,
			.valuelen = headers[i].value.size,
			/* Both live until rpc_call_close(), which comes after the
				   frame. */
			.flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE,
		};
	return count;
}

static bool stream_respond(struct rpc_stream *stream, const struct rpc_header *headers,
		size_t count, bool end)
{
	nghttp2_data_provider provider = { .source = { .ptr = stream },
		.read_callback = on_read };
	nghttp2_nv fields[HEADERS_MAX];
	int result;

	count = to_http2(headers, count, fields);
	result = nghttp2_submit_response(stream->session->http2, stream->id, fields, count,
			end ? NULL : &provider);
	session_wake(stream->session);
	return result == 0;
}

static void stream_wake(struct rpc_stream *stream)
{
	if (stream->is_deferred) {
		stream->is_deferred = false;
		(void)nghttp2_session_resume_data(stream->session->http2, stream->id);
	}
	session_wake(stream->session);
}

/*
 * The connection's window is given back at once as long as the calls leave little unread, so that
 * one that does not read does not stop the others (its own window stops it). Past
 * ->connection_unread it follows what the calls read: a client that opens many calls which do not
 * read is held up, and none of them fails for want of memory.
 */
void session_give_window(struct session *session)
{
	size_t most = session->limits->connection_unread;
	size_t window = session->limits->connection_window;
	size_t kept = 0;

	/* What is out in the client's hands can still come. */
	if (session->unread + window > most)
		kept = session->unread + window - most;
	if (kept > session->unread)
		kept = session->unread;
	if (session->owed <= kept)
		return;
	(void)nghttp2_session_consume_connection(session->http2, session->owed - kept);
	session->owed = kept;
}

static void stream_consume(struct rpc_stream *stream, size_t size)
{
	struct session *session = stream->session;

	assert(size <= stream->unread);
	stream->unread -= size;
	session->unread -= size;
	(void)nghttp2_session_consume_stream(session->http2, stream->id, size);
	session_give_window(session);
	session_wake(session);
}

static void stream_set_timer(struct rpc_stream *stream, uint64_t at_us)
{
	timers_set(&stream->session->timers, &stream->timer, at_us);
	session_wake(stream->session);
}

static void stream_reset(struct rpc_stream *stream)
{
	(void)nghttp2_submit_rst_stream(
			stream->session->http2, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_CANCEL);
	session_wake(stream->session);
}

const struct rpc_stream_operations stream_operations = {
	.respond = stream_respond,
	.wake = stream_wake,
	.consume = stream_consume,
	.set_timer = stream_set_timer,
	.reset = stream_reset,
};

/* --- what nghttp2 takes ----------------------------------------------------------------------
 */

static int stream_submit_trailers(struct rpc_stream *stream)
{
	struct rpc_header trailers[RPC_TRAILERS_MAX];
	nghttp2_nv fields[HEADERS_MAX];
	size_t count = rpc_call_trailers(stream->call, trailers);

	return nghttp2_submit_trailer(stream->session->http2, stream->id, fields,
			to_http2(trailers, count, fields));
}

ssize_t stream_read(struct rpc_stream *stream, size_t size, uint32_t *data_flags)
{
	struct rpc_output output = rpc_call_output(stream->call);

	if (output.bytes.size == 0 && !output.end) {
		stream->is_deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	*data_flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (output.bytes.size > size)
		return (ssize_t)size;
	if (output.end) {
		*data_flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
		if (stream_submit_trailers(stream) != 0)
			return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	return (ssize_t)output.bytes.size;
}

/* Outside of nghttp2's callbacks, since a handler may do anything with its call. */
bool session_tell_writable(struct session *session)
{
	struct rpc_stream *stream;

	if (!session->has_writable)
		return false;
	session->has_writable = false;
	for (stream = session->streams; stream; stream = stream->next) {
		if (!stream->wants_writable)
			continue;
		stream->wants_writable = false;
		rpc_call_writable(stream->call);
	}
	return true;
}

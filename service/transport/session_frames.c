/* SPDX-License-Identifier: Apache-2.0 */
/* nghttp2's callbacks: each notes what happened and hands it to the stream's call. */
#include "transport/session_internal.h"

#include <string.h>

#define SETTINGS_MAX 50
#define RESETS_MAX 200
#define EMPTY_DATA_MAX 100
#define PING_STRIKES_MAX 2
/* A header block above the limit is answered; one so many times as large is not even decoded to its end. */
#define HEADERS_TIMES 4
#define FIELD_OVERHEAD 32
#define DEBUG_TOO_MANY_PINGS "too_many_pings" /* clients know this text */

/* What happens to a stream happens to it several times in a row. */
static struct rpc_stream *find_stream(struct session *session, int32_t id)
{
	if (!session->last_stream || session->last_stream->id != id)
		session->last_stream = nghttp2_session_get_stream_user_data(session->http2, id);
	return session->last_stream;
}

/* --- received --------------------------------------------------------------------------------
 */

/*
 * Frames with something to say on a stream that is over: a breach of the rules (RFC 9113, 5.1), unless we have reset
 * it and they were under way. nghttp2 is told to forget streams that are over, for their memory, and passes
 * over such frames, DATA without a word; which we have reset is remembered in a number.
 */
static bool stream_is_over(const struct session *session, int32_t id)
{
	return id > session->reset_up_to && id % 2 == 1 &&
	       id <= nghttp2_session_get_last_proc_stream_id(session->http2) &&
	       !nghttp2_session_find_stream(session->http2, id);
}

static void session_note_reset(struct session *session, int32_t id)
{
	if (id > session->reset_up_to)
		session->reset_up_to = id;
}

/* Before nghttp2 has seen any of @bytes: what is over now stays so, and what the client itself has just reset. */
bool session_scan(struct session *session, struct slice bytes)
{
	struct scan *scan = &session->scan;

	while (scan_next(scan, &bytes)) {
		int32_t id = scan->stream_id;

		if (scan->type != NGHTTP2_DATA || id == 0)
			continue;
		if (id == scan->reset_id || stream_is_over(session, id)) {
			session_fail(session, NGHTTP2_STREAM_CLOSED, "data on a closed stream");
			return false;
		}
	}
	return true;
}

static int on_begin_frame(
		nghttp2_session *http2, const nghttp2_frame_hd *header, void *user_data)
{
	struct session *session = user_data;

	(void)http2;
	if (header->type != NGHTTP2_HEADERS || !stream_is_over(session, header->stream_id))
		return 0;
	session_fail(session, NGHTTP2_STREAM_CLOSED, "headers on a closed stream");
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_begin_headers(nghttp2_session *http2, const nghttp2_frame *frame, void *user_data)
{
	struct session *session = user_data;
	struct rpc_stream *stream;
	bool is_request = frame->hd.type == NGHTTP2_HEADERS &&
			  frame->headers.cat == NGHTTP2_HCAT_REQUEST;

	session->headers_size = 0;
	/* It crossed our GOAWAY, which does not name it: nghttp2 closes it when that is sent. */
	if (is_request && session->state == SESSION_DRAINING) {
		session_note_reset(session, frame->hd.stream_id);
		return 0;
	}
	session->headers_us = session->loop->now_us;
	if (!is_request)
		return 0;
	stream = stream_new(session, frame->hd.stream_id);
	if (!stream) {
		session->headers_us = 0;
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	(void)nghttp2_session_set_stream_user_data(http2, frame->hd.stream_id, stream);
	return 0;
}

static int on_header(nghttp2_session *http2, const nghttp2_frame *frame, const uint8_t *name,
		size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
		void *user_data)
{
	struct session *session = user_data;
	struct rpc_stream *stream = find_stream(session, frame->hd.stream_id);

	(void)http2;
	(void)flags;
	session->headers_size += name_size + value_size + FIELD_OVERHEAD;
	if (session->headers_size > HEADERS_TIMES * rpc_engine_limits(session->loop->engine)
								    ->headers_size) {
		session_fail(session, NGHTTP2_ENHANCE_YOUR_CALM, "header block too large");
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	}
	/* gRPC has no request trailers: what comes after the first block is dropped. */
	if (stream && !stream->has_begun)
		rpc_call_header(stream->call, (struct slice){ (const char *)name, name_size },
				(struct slice){ (const char *)value, value_size });
	return 0;
}

static int on_data_chunk(nghttp2_session *http2, uint8_t flags, int32_t id,
		const uint8_t *bytes, size_t size, void *user_data)
{
	struct session *session = user_data;
	struct rpc_stream *stream = find_stream(session, id);

	(void)flags;
	session->owed += size;
	if (stream) {
		stream->unread += size;
		session->unread += size;
		rpc_call_receive(stream->call, (struct slice){ (const char *)bytes, size });
	} else {
		(void)nghttp2_session_consume_stream(http2, id, size);
	}
	session_give_window(session);
	return 0;
}

static void session_take_settings(struct session *session)
{
	if (session->state == SESSION_HANDSHAKE)
		session_enter(session, SESSION_OPEN);
	if (flood_count(&session->settings, session->loop->now_us, SETTINGS_MAX))
		session_fail(session, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_settings");
}

/*
 * How long a client must wait between pings. A tenth less than is told: timers and networks shake,
 * and a client that pings at just the interval it was told must not be thrown out for it.
 */
static uint64_t session_ping_interval(const struct session *session)
{
	uint64_t interval_us = session->stream_count ? session->limits->ping_interval_us
						     : session->limits->idle_ping_interval_us;

	return interval_us - interval_us / 10;
}

/* gRFC A8: pings closer together than allowed are strikes; sending data forgives them. */
static void session_take_ping(struct session *session, bool is_ack)
{
	uint64_t now_us = session->loop->now_us;

	if (is_ack) {
		session_advance_goodbye(session);
		return;
	}
	if (session->last_ping_us &&
			now_us - session->last_ping_us < session_ping_interval(session) &&
			++session->ping_strikes > PING_STRIKES_MAX)
		session_fail(session, NGHTTP2_ENHANCE_YOUR_CALM, DEBUG_TOO_MANY_PINGS);
	session->last_ping_us = now_us;
}

static void stream_take_end(struct rpc_stream *stream, const nghttp2_frame *frame)
{
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
		stream->remote_closed = true;
		rpc_call_half_close(stream->call);
	} else if (frame->hd.type == NGHTTP2_DATA && frame->hd.length == 0 &&
			++stream->empty_data_count > EMPTY_DATA_MAX) {
		session_fail(stream->session, NGHTTP2_ENHANCE_YOUR_CALM,
				"too_many_empty_frames");
	}
}

static int on_frame_received(
		nghttp2_session *http2, const nghttp2_frame *frame, void *user_data)
{
	struct session *session = user_data;
	struct rpc_stream *stream;
	bool is_ack = frame->hd.flags & NGHTTP2_FLAG_ACK;

	(void)http2;
	if (frame->hd.type == NGHTTP2_SETTINGS && !is_ack)
		session_take_settings(session);
	else if (frame->hd.type == NGHTTP2_PING)
		session_take_ping(session, is_ack);
	if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) {
		stream = find_stream(session, frame->hd.stream_id);
		if (frame->hd.type == NGHTTP2_HEADERS)
			session->headers_us = 0;
		if (stream && frame->hd.type == NGHTTP2_HEADERS && !stream->has_begun) {
			stream->has_begun = true;
			rpc_call_begin(stream->call);
		}
		if (stream)
			stream_take_end(stream, frame);
	}
	/* A failed session hears nothing more, not even the rest of these bytes. */
	return session->state == SESSION_FAILED ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_invalid_frame(
		nghttp2_session *http2, const nghttp2_frame *frame, int code, void *user_data)
{
	struct session *session = user_data;

	(void)http2;
	(void)code;
	if (frame->hd.type == NGHTTP2_HEADERS) {
		session->headers_us = 0;
		session_note_reset(session, frame->hd.stream_id); /* maybe refused */
	}
	return 0;
}

static int on_stream_close(nghttp2_session *http2, int32_t id, uint32_t code, void *user_data)
{
	struct session *session = user_data;
	struct rpc_stream *stream = find_stream(session, id);

	(void)http2;
	(void)code;
	if (!stream)
		return 0;
	if (!stream->has_begun)
		session->headers_us = 0;
	stream_free(stream);
	return 0;
}

/* --- sent ------------------------------------------------------------------------------------
 */

static int on_frame_sent(nghttp2_session *http2, const nghttp2_frame *frame, void *user_data)
{
	struct session *session = user_data;
	struct rpc_stream *stream;

	if (frame->hd.type == NGHTTP2_RST_STREAM) {
		session_note_reset(session, frame->hd.stream_id);
		/* Streams that we must reset again and again: CVE-2025-8671. */
		if (frame->rst_stream.error_code != NGHTTP2_NO_ERROR &&
				frame->rst_stream.error_code != NGHTTP2_CANCEL &&
				flood_count(&session->resets, session->loop->now_us,
						RESETS_MAX))
			session_fail(session, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_resets");
		return 0;
	}
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	session->ping_strikes = 0;
	session->last_ping_us = 0;
	if (frame->hd.type == NGHTTP2_HEADERS && frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
		/* The answer is complete before the request is: the rest is not wanted. */
		stream = find_stream(session, frame->hd.stream_id);
		if (stream && !stream->remote_closed)
			(void)nghttp2_submit_rst_stream(
					http2, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
	}
	return 0;
}

/* One copy, from the call's queue into the bytes to be written. */
static int on_send_data(nghttp2_session *http2, nghttp2_frame *frame,
		const uint8_t *frame_header, size_t size, nghttp2_data_source *source,
		void *user_data)
{
	struct session *session = user_data;
	struct rpc_stream *stream = source->ptr;
	struct rpc_output output = rpc_call_output(stream->call);

	(void)http2;
	(void)frame;
	if (!buffer_reserve(session->out, 9 + size))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	buffer_append(session->out, frame_header, 9);
	buffer_append(session->out, output.bytes.data, size);
	if (rpc_call_sent(stream->call, size)) {
		stream->wants_writable = true;
		session->has_writable = true;
	}
	return 0;
}

/* --- making one ------------------------------------------------------------------------------
 */

static void *http2_malloc(size_t size, void *user_data)
{
	return pool_alloc(user_data, size);
}

static void *http2_calloc(size_t count, size_t size, void *user_data)
{
	return pool_alloc_zero(user_data, count, size);
}

static void *http2_realloc(void *memory, size_t size, void *user_data)
{
	return pool_resize(user_data, memory, size);
}

static void http2_free(void *memory, void *user_data)
{
	pool_free(user_data, memory);
}

static nghttp2_session_callbacks *callbacks_new(void)
{
	nghttp2_session_callbacks *callbacks;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return NULL;
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_received);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
			callbacks, on_invalid_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
	nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
	return callbacks;
}

static nghttp2_option *options_new(const struct server_limits *limits)
{
	nghttp2_option *option;

	if (nghttp2_option_new(&option) != 0)
		return NULL;
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	/* Stock clients send metadata as it was given to them. The call trims it. */
	nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option, 1);
	nghttp2_option_set_stream_reset_rate_limit(
			option, limits->reset_burst, limits->reset_rate);
	return option;
}

static int submit_preface(nghttp2_session *http2, const struct server_limits *limits)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->stream_count },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits->stream_window },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
				limits->rpc.headers_size ? (uint32_t)limits->rpc.headers_size
							 : 16u << 10 },
	};
	int result = nghttp2_submit_settings(http2, NGHTTP2_FLAG_NONE, settings,
			sizeof(settings) / sizeof(settings[0]));

	if (result == 0)
		result = nghttp2_session_set_local_window_size(http2, NGHTTP2_FLAG_NONE, 0,
				(int32_t)limits->connection_window);
	return result;
}

nghttp2_session *session_frames_new(struct session *session)
{
	nghttp2_mem memory = { &session->pool, http2_malloc, http2_free, http2_calloc,
		http2_realloc };
	nghttp2_session_callbacks *callbacks = callbacks_new();
	nghttp2_option *option = options_new(session->limits);
	nghttp2_session *http2 = NULL;

	if (callbacks && option &&
			nghttp2_session_server_new3(
					&http2, callbacks, session, option, &memory) == 0 &&
			submit_preface(http2, session->limits) != 0) {
		nghttp2_session_del(http2);
		http2 = NULL;
	}
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return http2;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call is one HTTP/2 stream.
 *
 * Outwards, call_send() frames a message into ->request, from where nghttp2 takes it. Inwards,
 * data waits in ->response until call_receive() takes whole messages from its front. ->ended is
 * set once and from then on ->status says how.
 */
#include "client/lib/channel_internal.h"

#include "base/memory.h"
#include "client/lib/clock.h"
#include "proto/codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_PREFIX 5
#define REQUEST_LIMIT (64 * 1024)
#define MESSAGE_LIMIT (64U * 1024 * 1024)

/* An explained answer over a large catalog holds more than any request does. */
static const struct message_limits answer_limits = {
	.depth = 32,
	.fields = 4000000,
	.elements = 1000000,
};

static int code_of_http_status(int status)
{
	switch (status) {
	case 400:
		return PCALC_INTERNAL;
	case 401:
		return PCALC_UNAUTHENTICATED;
	case 403:
		return PCALC_PERMISSION_DENIED;
	case 404:
		return PCALC_UNIMPLEMENTED;
	case 429:
	case 502:
	case 503:
	case 504:
		return PCALC_UNAVAILABLE;
	default:
		return PCALC_UNKNOWN;
	}
}

void call_end(struct call *call, int code, const char *message)
{
	if (call->ended)
		return;
	call->ended = true;
	if (call->channel->memory_failed)
		(void)call_status_set(&call->status, PCALC_OUT_OF_MEMORY, "out of memory");
	else
		(void)call_status_set(&call->status, code, "%s", message);
}

/* Tells the server that nobody waits any more. */
static void call_reset(struct call *call)
{
	struct channel *channel = call->channel;

	if (channel->session && call->stream_id > 0)
		(void)nghttp2_submit_rst_stream(channel->session, NGHTTP2_FLAG_NONE,
				call->stream_id, NGHTTP2_CANCEL);
}

void call_on_header(struct call *call, struct slice name, struct slice value)
{
	/* What ended the call first is why: trailers that say OK do not make it good. */
	if (call->ended)
		return;
	if (slice_equals_text(name, ":status")) {
		call->http_status = atoi(value.data);
	} else if (slice_equals_text(name, "content-type")) {
		call->grpc_content =
				slice_starts_with(value, SLICE_LITERAL("application/grpc"));
	} else if (slice_equals_text(name, "grpc-status")) {
		long code = strtol(value.data, NULL, 10);

		call->has_status = true;
		call->status.code = code >= 0 && code <= PCALC_UNAUTHENTICATED ? (int)code
									       : PCALC_UNKNOWN;
	} else if (slice_equals_text(name, "grpc-message")) {
		call_status_decode_message(&call->status, value);
	} else if (slice_equals_text(name, "grpc-status-details-bin")) {
		call_status_decode_details(&call->status, value);
	}
}

void call_on_data(struct call *call, const uint8_t *data, size_t size)
{
	/* What is no gRPC answer, such as a proxy's page, is of no use: its status tells
	 * enough. */
	if (call->ended || call->http_status != 200 || !call->grpc_content)
		return;
	buffer_append(&call->response, data, size);
	call->unconsumed += size;
	if (call->response.failed) {
		call_end(call, PCALC_OUT_OF_MEMORY, "out of memory while receiving");
		call_reset(call);
	} else if (call->response.size > MESSAGE_LIMIT) {
		call_end(call, PCALC_RESOURCE_EXHAUSTED,
				"more than 64 MiB of answers are waiting");
		call_reset(call);
	}
}

void call_on_end(struct call *call, uint32_t http2_error)
{
	char message[128];

	if (call->ended)
		return;
	if (call->has_status) {
		call->ended = true;
	} else if (http2_error == NGHTTP2_REFUSED_STREAM) {
		call_end(call, PCALC_UNAVAILABLE, "the server refused the call");
	} else if (http2_error == NGHTTP2_CANCEL) {
		call_end(call, PCALC_CANCELLED, "the server cancelled the call");
	} else if (http2_error == NGHTTP2_ENHANCE_YOUR_CALM) {
		call_end(call, PCALC_RESOURCE_EXHAUSTED, "the server asks for fewer calls");
	} else if (http2_error != NGHTTP2_NO_ERROR) {
		(void)snprintf(message, sizeof(message), "the stream was reset: %s",
				nghttp2_http2_strerror(http2_error));
		call_end(call, PCALC_INTERNAL, message);
	} else if (call->http_status != 200 || !call->grpc_content) {
		(void)snprintf(message, sizeof(message), "not a gRPC answer: HTTP status %d",
				call->http_status);
		call_end(call, code_of_http_status(call->http_status), message);
	} else {
		call_end(call, PCALC_INTERNAL, "the answer ended without a status");
	}
	if (!call->half_closed || call->request.size > call->request_taken)
		call_reset(call);
}

/* Bytes on their way out that nghttp2 has not taken. */
static size_t call_waiting(const struct call *call)
{
	return call->request.size - call->request_taken;
}

static ssize_t on_read_request(nghttp2_session *session, int32_t stream_id, uint8_t *out,
		size_t size, uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct call *call = source->ptr;
	size_t waiting = call_waiting(call);
	size_t taken = waiting < size ? waiting : size;

	if (taken == 0 && !call->half_closed)
		return NGHTTP2_ERR_DEFERRED;
	if (taken) {
		memcpy(out, call->request.data + call->request_taken, taken);
		call->request_taken += taken;
	}
	if (call->half_closed && taken == waiting)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)taken;
}

static nghttp2_nv header_make(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value,
		strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE };
}

/* "grpc-timeout" takes at most eight digits. */
static void timeout_print(int64_t deadline, char out[24])
{
	int64_t left = deadline - clock_now_ms();

	if (left < 1)
		left = 1;
	if (left <= 99999999)
		(void)snprintf(out, 24, "%lldm", (long long)left);
	else
		(void)snprintf(out, 24, "%lldS", (long long)(left / 1000 % 100000000));
}

static bool call_submit(struct call *call, const char *path)
{
	struct channel *channel = call->channel;
	bool is_unix = strncmp(channel->address, "unix:", 5) == 0;
	nghttp2_data_provider provider = { .source.ptr = call,
		.read_callback = on_read_request };
	char timeout[24];
	nghttp2_nv headers[9];
	size_t count = 0;

	headers[count++] = header_make(":method", "POST");
	headers[count++] = header_make(":scheme", channel->tls ? "https" : "http");
	headers[count++] = header_make(":path", path);
	headers[count++] = header_make(":authority", is_unix ? "localhost" : channel->address);
	headers[count++] = header_make("te", "trailers");
	headers[count++] = header_make("content-type", "application/grpc+proto");
	headers[count++] = header_make("user-agent", "policycalc-client/" POLICYCALC_VERSION);
	if (call->deadline != DEADLINE_NONE) {
		timeout_print(call->deadline, timeout);
		headers[count++] = header_make("grpc-timeout", timeout);
	}
	if (channel->authorization) {
		headers[count] = header_make("authorization", channel->authorization);
		/* Not for the tables of proxies. */
		headers[count++].flags = NGHTTP2_NV_FLAG_NO_INDEX;
	}
	call->stream_id = nghttp2_submit_request(
			channel->session, NULL, headers, count, &provider, call);
	/* The headers leave the queue now, so that the stream exists from here on. */
	return call->stream_id > 0 && channel_gather(channel);
}

struct call *call_start(struct channel *channel, const char *path, int64_t deadline,
		struct call_status *status)
{
	struct call *call = NULL;

	call_status_fini(status);
	if (!channel_connect(channel, deadline, status))
		return NULL;
	call = memory_alloc_zero(1, sizeof(*call));
	if (!call) {
		(void)call_status_set(
				status, PCALC_OUT_OF_MEMORY, "out of memory while calling");
		return NULL;
	}
	call->channel = channel;
	call->deadline = deadline;
	call->next = channel->calls;
	channel->calls = call;
	if (!call_submit(call, path)) {
		call_free(call);
		(void)call_status_set(
				status, PCALC_OUT_OF_MEMORY, "out of memory while calling");
		return NULL;
	}
	return call;
}

void call_free(struct call *call)
{
	struct call **at;

	if (!call)
		return;
	/* The stream's data source points here. Sending the reset closes the stream, which
	 * clears
	 * ->stream_id; only when that did not come through the connection goes with it. */
	if (call->channel->session && call->stream_id > 0) {
		call_reset(call);
		channel_advance(call->channel, 0);
	}
	if (call->channel->session && call->stream_id > 0)
		channel_break(call->channel, PCALC_UNAVAILABLE, "the connection was given up");
	for (at = &call->channel->calls; *at != call; at = &(*at)->next)
		;
	*at = call->next;
	call_status_fini(&call->status);
	buffer_fini(&call->request);
	buffer_fini(&call->response);
	memory_free(call);
}

/* Lets bytes move once; an expired deadline ends the call. */
static void call_advance(struct call *call)
{
	if (call->deadline != DEADLINE_NONE && clock_now_ms() >= call->deadline) {
		call_end(call, PCALC_DEADLINE_EXCEEDED, "the deadline has passed");
		call_reset(call);
		return;
	}
	channel_advance(call->channel, call->deadline);
}

static bool call_resume(struct call *call)
{
	int result;

	if (!call->channel->session || call->stream_id <= 0)
		return false;
	result = nghttp2_session_resume_data(call->channel->session, call->stream_id);
	if (result == NGHTTP2_ERR_NOMEM) {
		channel_break(call->channel, PCALC_OUT_OF_MEMORY,
				"out of memory while sending");
		return false;
	}
	return true;
}

/* Gives the server its window back, since somebody wants the data. */
static void call_open_window(struct call *call)
{
	if (!call->unconsumed || !call->channel->session || call->stream_id <= 0)
		return;
	if (nghttp2_session_consume_stream(call->channel->session, call->stream_id,
			    call->unconsumed) == NGHTTP2_ERR_NOMEM)
		channel_break(call->channel, PCALC_OUT_OF_MEMORY,
				"out of memory while receiving");
	call->unconsumed = 0;
}

/* Room for a message of @size bytes behind its prefix; false ends the call. */
static bool call_begin_message(struct call *call, size_t size)
{
	unsigned char prefix[FRAME_PREFIX] = { 0, (unsigned char)(size >> 24),
		(unsigned char)(size >> 16), (unsigned char)(size >> 8), (unsigned char)size };

	if (call->ended)
		return false;
	buffer_consume(&call->request, call->request_taken);
	call->request_taken = 0;
	if (size > MESSAGE_LIMIT || !buffer_reserve(&call->request, FRAME_PREFIX + size)) {
		call_end(call,
				size > MESSAGE_LIMIT ? PCALC_RESOURCE_EXHAUSTED
						     : PCALC_OUT_OF_MEMORY,
				"the message is too large to send");
		return false;
	}
	buffer_append(&call->request, prefix, sizeof(prefix));
	return true;
}

/* Lets bytes move until little waits. Answers are taken in meanwhile: a server that waits for us to
 * read would else never read. */
static bool call_push(struct call *call)
{
	while (!call->ended && call_waiting(call) > REQUEST_LIMIT) {
		if (!call_resume(call))
			break;
		call_open_window(call);
		call_advance(call);
	}
	return !call->ended;
}

bool call_send(struct call *call, const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);

	if (!call_begin_message(call, size))
		return false;
	(void)protobuf_c_message_pack(
			message, (uint8_t *)call->request.data + call->request.size);
	call->request.size += size;
	call->request.data[call->request.size] = '\0';
	return call_push(call);
}

bool call_send_bytes(struct call *call, const struct slice *parts, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += parts[i].size;
	if (!call_begin_message(call, size))
		return false;
	for (size_t i = 0; i < count; i++)
		buffer_append_slice(&call->request, parts[i]);
	return call_push(call);
}

void call_half_close(struct call *call)
{
	call->half_closed = true;
	if (!call->ended)
		(void)call_resume(call);
}

/* The next whole message, or false. A message that cannot be taken ends the call. */
static bool call_next_frame(struct call *call, struct slice *out_message)
{
	const unsigned char *data = (const unsigned char *)call->response.data;
	size_t size;

	if (call->response.size < FRAME_PREFIX)
		return false;
	size = (size_t)data[1] << 24 | (size_t)data[2] << 16 | (size_t)data[3] << 8 | data[4];
	if (data[0] != 0 || size > MESSAGE_LIMIT) {
		bool compressed = data[0] != 0;

		buffer_clear(&call->response);
		call->ended = false;
		call_end(call, compressed ? PCALC_INTERNAL : PCALC_RESOURCE_EXHAUSTED,
				compressed ? "the answer is compressed, which was not asked for"
					   : "the answer is larger than 64 MiB");
		call_reset(call);
		return false;
	}
	if (call->response.size - FRAME_PREFIX < size)
		return false;
	*out_message = (struct slice){ call->response.data + FRAME_PREFIX, size };
	return true;
}

static bool call_take_status(struct call *call, struct call_status *status)
{
	/* A message cut off by the end of the stream was never an answer. */
	if (call->status.code == PCALC_OK && call->response.size)
		return call_status_set(
				status, PCALC_INTERNAL, "the answer ended within a message");
	call_status_fini(status);
	*status = call->status;
	call->status.details = (struct buffer){ 0 };
	return status->code == PCALC_OK;
}

bool call_receive(struct call *call, const ProtobufCMessageDescriptor *type,
		struct arena *arena, ProtobufCMessage **out_message, struct call_status *status)
{
	struct slice bytes;
	struct error err = { 0 };

	*out_message = NULL;
	if (!call->ended)
		(void)call_resume(call);
	while (!call_next_frame(call, &bytes)) {
		if (call->ended)
			return call_take_status(call, status);
		call_open_window(call);
		if (call->channel->session)
			call_advance(call);
	}
	*out_message = message_unpack(bytes, type, &answer_limits, arena, &err);
	buffer_consume(&call->response, FRAME_PREFIX + bytes.size);
	if (*out_message)
		return true;
	if (arena->exhausted)
		return call_status_set(
				status, PCALC_OUT_OF_MEMORY, "out of memory for the answer");
	return call_status_set(status, PCALC_INTERNAL,
			"the answer is not a message of its type: %s", err.message);
}

bool channel_call(struct channel *channel, const char *path, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *type, int64_t deadline, struct arena *arena,
		ProtobufCMessage **out_response, struct call_status *status)
{
	struct call *call = call_start(channel, path, deadline, status);
	ProtobufCMessage *response = NULL;
	ProtobufCMessage *second = NULL;
	bool ok = false;

	if (!call)
		return false;
	if (call_send(call, request))
		call_half_close(call);
	ok = call_receive(call, type, arena, &response, status);
	if (ok && response)
		ok = call_receive(call, type, arena, &second, status);
	if (ok && (!response || second))
		ok = call_status_set(status, PCALC_INTERNAL, "expected exactly one answer");
	if (ok)
		*out_response = response;
	call_free(call);
	return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of connectrpc's ConformanceService: each request says what is to be answered, and is told what of it the
 * server saw.
 *
 * usage: conformance_server, with the options of serving.h; conformance_runner.h has what the suite's runner says.
 */
#include "conformance_runner.h"
#include "rpc/base64.h"
#include "serving.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME(name) Connectrpc__Conformance__V1__##name
#define TYPE_URL "type.googleapis.com/"
#define HEADERS_MAX 100

typedef NAME(Header) Header;
typedef NAME(Packed) Packed;
typedef NAME(Error) Error;
typedef NAME(UnaryResponseDefinition) UnaryDefinition;
typedef NAME(StreamResponseDefinition) StreamDefinition;
typedef NAME(ConformancePayload) Payload;
typedef NAME(ConformancePayload__RequestInfo) RequestInfo;

/* One call. */
struct exchange {
	RequestInfo info;   /* its headers and timeout */
	size_t asked_count; /* messages that came */
	Packed **requests;  /* those that no answer has told of yet */
	size_t request_count, request_capacity;
	const UnaryDefinition *unary;
	const StreamDefinition *stream;
	size_t sent;
	bool full_duplex;
	bool input_ended;
	bool is_waiting, has_waited;
};

static void fail_for_memory(struct rpc_call *call)
{
	rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
}

/* --- what the server saw ---------------------------------------------------------------------
 */

static char *copy_text(struct arena *arena, struct slice text)
{
	char *copy = arena_alloc(arena, text.size + 1);

	if (copy) {
		memcpy(copy, text.data ? text.data : "", text.size);
		copy[text.size] = '\0';
	}
	return copy;
}

static Header *info_header(RequestInfo *info, struct arena *arena, struct slice name)
{
	Header *header;
	size_t i;

	for (i = 0; i < info->n_request_headers; i++)
		if (slice_equals_text(name, info->request_headers[i]->name))
			return info->request_headers[i];
	header = ARENA_NEW(arena, Header);
	if (!header)
		return NULL;
	connectrpc__conformance__v1__header__init(header);
	header->name = copy_text(arena, name);
	header->value = arena_alloc(arena, HEADERS_MAX * sizeof(*header->value));
	if (!header->name || !header->value)
		return NULL;
	info->request_headers[info->n_request_headers++] = header;
	return header;
}

/* At most HEADERS_MAX come. */
static bool info_add_header(
		RequestInfo *info, struct arena *arena, struct slice name, struct slice value)
{
	Header *header = info_header(info, arena, name);

	if (!header || header->n_value == HEADERS_MAX)
		return false;
	header->value[header->n_value] = copy_text(arena, value);
	return header->value[header->n_value++] != NULL;
}

static bool exchange_note_headers(struct exchange *exchange, struct rpc_call *call)
{
	struct arena *arena = rpc_call_arena(call);
	RequestInfo *info = &exchange->info;
	const void *position = NULL;
	struct slice name, value;

	info->request_headers = arena_alloc(arena, HEADERS_MAX * sizeof(Header *));
	if (!info->request_headers)
		return false;
	while (info->n_request_headers < HEADERS_MAX &&
			rpc_call_next_metadata(call, &position, &name, &value))
		if (!info_add_header(info, arena, name, value))
			return false;
	return true;
}

static void on_start(struct rpc_call *call)
{
	struct exchange *exchange = ARENA_NEW(rpc_call_arena(call), struct exchange);
	uint64_t deadline_us = rpc_call_deadline_us(call);

	if (!exchange) {
		fail_for_memory(call);
		return;
	}
	rpc_call_set_data(call, exchange);
	connectrpc__conformance__v1__conformance_payload__request_info__init(&exchange->info);
	if (!exchange_note_headers(exchange, call))
		fail_for_memory(call);
	if (deadline_us < UINT64_MAX)
		exchange->info.timeout_ms =
				(int64_t)(deadline_us - rpc_call_now_us(call)) / 1000;
}

static bool exchange_note_request(struct exchange *exchange, struct rpc_call *call,
		const ProtobufCMessage *message)
{
	struct arena *arena = rpc_call_arena(call);
	Packed *packed = ARENA_NEW(arena, Packed);
	size_t size = protobuf_c_message_get_packed_size(message);
	const char *name = message->descriptor->name;

	if (exchange->request_count == exchange->request_capacity) {
		size_t capacity = exchange->request_capacity * 2 + 4;
		Packed **grown = arena_alloc(arena, capacity * sizeof(Packed *));

		if (!grown)
			return false;
		if (exchange->request_count)
			memcpy(grown, exchange->requests,
					exchange->request_count * sizeof(Packed *));
		exchange->requests = grown;
		exchange->request_capacity = capacity;
	}
	if (!packed)
		return false;
	connectrpc__conformance__v1__packed__init(packed);
	packed->type_url = arena_alloc(arena, sizeof(TYPE_URL) + strlen(name));
	packed->value.data = arena_alloc(arena, size + 1);
	if (!packed->type_url || !packed->value.data)
		return false;
	(void)sprintf(packed->type_url, TYPE_URL "%s", name);
	packed->value.len = protobuf_c_message_pack(message, packed->value.data);
	exchange->requests[exchange->request_count++] = packed;
	exchange->asked_count++;
	return true;
}

/* All of the call in its first answer, later only what came since. */
static void exchange_tell(const struct exchange *exchange, RequestInfo *out_info)
{
	connectrpc__conformance__v1__conformance_payload__request_info__init(out_info);
	if (exchange->sent == 0)
		*out_info = exchange->info;
	out_info->n_requests = exchange->request_count;
	out_info->requests = exchange->requests;
}

/* --- what was asked for ----------------------------------------------------------------------
 */

/* Values of "-bin" names are told in base64. */
static void add_metadata(struct rpc_call *call, Header *const *headers, size_t count,
		bool (*add)(struct rpc_call *call, const char *name, struct slice value))
{
	size_t i, j;

	for (i = 0; i < count; i++) {
		const char *name = headers[i]->name;
		size_t size = strlen(name);

		for (j = 0; j < headers[i]->n_value; j++) {
			struct slice value = slice_from(headers[i]->value[j]);
			struct buffer bytes = { 0 };

			if (size > 4 && !strcmp(name + size - 4, "-bin") &&
					base64_decode(value, &bytes))
				value = (struct slice){ bytes.data ? bytes.data : "",
					bytes.size };
			(void)add(call, name, value);
			buffer_fini(&bytes);
		}
	}
}

static void finish_with(
		struct rpc_call *call, const struct exchange *exchange, const Error *error)
{
	RequestInfo info;
	size_t i;

	if (!error) {
		rpc_call_finish(call, RPC_OK, NULL);
		return;
	}
	for (i = 0; i < error->n_details; i++) {
		const char *name = strrchr(error->details[i]->type_url, '/');

		(void)rpc_call_add_detail_bytes(call, name ? name + 1 : "",
				(struct slice){ (const char *)error->details[i]->value.data,
						error->details[i]->value.len });
	}
	if (exchange->sent == 0) {
		exchange_tell(exchange, &info);
		(void)rpc_call_add_detail(call, info.base.descriptor->name, &info.base);
	}
	rpc_call_finish(call, (enum rpc_status)error->code, error->message);
}

/* --- one answer ------------------------------------------------------------------------------
 */

static void on_unary_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct exchange *exchange = rpc_call_data(call);

	/* The first field of both kinds is the definition. */
	if (exchange->asked_count == 0)
		exchange->unary = ((const NAME(UnaryRequest) *)message)->response_definition;
	if (!exchange_note_request(exchange, call, message))
		fail_for_memory(call);
}

static void on_unary_end(struct rpc_call *call);

static void on_unary_waited(struct rpc_call *call, void *argument)
{
	struct exchange *exchange = argument;

	exchange->has_waited = true;
	if (!rpc_call_is_cancelled(call))
		on_unary_end(call);
}

static void on_unary_end(struct rpc_call *call)
{
	struct exchange *exchange = rpc_call_data(call);
	const UnaryDefinition *wanted = exchange->unary;
	NAME(UnaryResponse) response = CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE__INIT;
	Payload payload = CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__INIT;
	RequestInfo info;

	if (wanted && wanted->response_delay_ms && !exchange->has_waited) {
		if (!serving_later(call, (uint64_t)wanted->response_delay_ms * 1000,
				    on_unary_waited, exchange))
			fail_for_memory(call);
		return;
	}
	if (wanted) {
		add_metadata(call, wanted->response_headers, wanted->n_response_headers,
				rpc_call_add_header);
		add_metadata(call, wanted->response_trailers, wanted->n_response_trailers,
				rpc_call_add_trailer);
		if (wanted->n_response_headers)
			(void)rpc_call_send_headers(call);
		if (wanted->response_case ==
				CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_ERROR) {
			finish_with(call, exchange, wanted->error);
			return;
		}
		if (wanted->response_case ==
				CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_RESPONSE_DATA)
			payload.data = wanted->response_data;
	}
	exchange_tell(exchange, &info);
	payload.request_info = &info;
	response.payload = &payload;
	if (rpc_call_send(call, &response.base))
		rpc_call_finish(call, RPC_OK, NULL);
}

/* --- many answers ----------------------------------------------------------------------------
 */

static void exchange_advance(struct exchange *exchange, struct rpc_call *call);

static void on_waited(struct rpc_call *call, void *argument)
{
	struct exchange *exchange = argument;

	exchange->is_waiting = false;
	exchange->has_waited = true;
	if (!rpc_call_is_cancelled(call))
		exchange_advance(exchange, call);
}

/* Sends the next answer, true; or waits for its time, or for the client. */
static bool exchange_send_next(struct exchange *exchange, struct rpc_call *call)
{
	const StreamDefinition *wanted = exchange->stream;
	NAME(BidiStreamResponse)
	response = CONNECTRPC__CONFORMANCE__V1__BIDI_STREAM_RESPONSE__INIT;
	Payload payload = CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__INIT;
	RequestInfo info;

	if (!rpc_call_is_writable(call))
		return false;
	if (wanted->response_delay_ms && !exchange->has_waited) {
		exchange->is_waiting =
				serving_later(call, (uint64_t)wanted->response_delay_ms * 1000,
						on_waited, exchange);
		if (!exchange->is_waiting)
			fail_for_memory(call);
		return false;
	}
	exchange_tell(exchange, &info);
	payload.data = wanted->response_data[exchange->sent];
	if (exchange->sent == 0 || exchange->full_duplex)
		payload.request_info = &info;
	response.payload = &payload;
	exchange->request_count = 0;
	exchange->has_waited = false;
	exchange->sent++;
	return rpc_call_send(call, &response.base);
}

/* How many answers may be sent by now. */
static size_t exchange_due(const struct exchange *exchange)
{
	size_t all = exchange->stream ? exchange->stream->n_response_data : 0;

	if (exchange->input_ended)
		return all;
	if (!exchange->full_duplex)
		return 0;
	return exchange->asked_count < all ? exchange->asked_count : all;
}

static void exchange_advance(struct exchange *exchange, struct rpc_call *call)
{
	if (exchange->is_waiting)
		return;
	while (exchange->sent < exchange_due(exchange))
		if (!exchange_send_next(exchange, call))
			return;
	if (exchange->input_ended ||
			(exchange->full_duplex && exchange->asked_count > exchange->sent))
		finish_with(call, exchange, exchange->stream ? exchange->stream->error : NULL);
	else
		rpc_call_resume_reading(call);
}

static void exchange_begin_stream(struct exchange *exchange, struct rpc_call *call,
		const StreamDefinition *wanted)
{
	exchange->stream = wanted;
	if (!wanted)
		return;
	add_metadata(call, wanted->response_headers, wanted->n_response_headers,
			rpc_call_add_header);
	add_metadata(call, wanted->response_trailers, wanted->n_response_trailers,
			rpc_call_add_trailer);
	if (wanted->n_response_headers || wanted->n_response_data)
		(void)rpc_call_send_headers(call);
}

static void on_stream_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct exchange *exchange = rpc_call_data(call);

	if (exchange->asked_count == 0)
		exchange_begin_stream(exchange, call,
				((const NAME(ServerStreamRequest) *)message)
						->response_definition);
	if (!exchange_note_request(exchange, call, message))
		fail_for_memory(call);
}

static void on_bidi_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct exchange *exchange = rpc_call_data(call);

	if (exchange->asked_count == 0)
		exchange->full_duplex = ((const NAME(BidiStreamRequest) *)message)->full_duplex;
	on_stream_message(call, message);
	if (exchange->full_duplex) {
		rpc_call_pause_reading(call); /* until it is answered */
		exchange_advance(exchange, call);
	}
}

static void on_stream_end(struct rpc_call *call)
{
	struct exchange *exchange = rpc_call_data(call);

	exchange->input_ended = true;
	exchange_advance(exchange, call);
}

static void on_stream_writable(struct rpc_call *call)
{
	exchange_advance(rpc_call_data(call), call);
}

/* --- the program -----------------------------------------------------------------------------
 */

#define METHOD(METHOD_NAME, INPUT, OUTPUT)                                                     \
	.service = "connectrpc.conformance.v1.ConformanceService", .name = METHOD_NAME,        \
	.input = &connectrpc__conformance__v1__##INPUT##__descriptor,                          \
	.output = &connectrpc__conformance__v1__##OUTPUT##__descriptor, .on_start = on_start

static const struct rpc_method methods[] = {
	{ METHOD("Unary", unary_request, unary_response), .on_message = on_unary_message,
			.on_half_close = on_unary_end },
	{ METHOD("ClientStream", client_stream_request, client_stream_response),
			.client_streaming = true, .on_message = on_unary_message,
			.on_half_close = on_unary_end },
	{ METHOD("ServerStream", server_stream_request, server_stream_response),
			.server_streaming = true, .on_message = on_stream_message,
			.on_half_close = on_stream_end, .on_writable = on_stream_writable },
	{ METHOD("BidiStream", bidi_stream_request, bidi_stream_response),
			.client_streaming = true, .server_streaming = true,
			.on_message = on_bidi_message, .on_half_close = on_stream_end,
			.on_writable = on_stream_writable },
};

int main(int argc, char **argv)
{
	struct serving serving;
	struct conformance_runner runner = { 0 };
	bool ok = serving_init(&serving, "conformance_server",
				  "connectrpc.conformance.v1.ConformanceService") &&
		  serving_parse(&serving, argc, argv);
	size_t i;

	if (ok) {
		for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
			serving_add(&serving, &methods[i]);
		ok = conformance_runner_listen(&runner, &serving) && serving_start(&serving);
	}
	if (ok) {
		conformance_runner_tell(&runner, &serving);
		serving_wait(&serving);
	}
	serving_fini(&serving);
	conformance_runner_fini(&runner);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

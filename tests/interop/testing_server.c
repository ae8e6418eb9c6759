/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of grpc.testing.TestService, for the interop clients of other implementations (gRPC's
 * interop-test-descriptions.md says what each method must do).
 *
 * usage: testing_server, with the options of serving.h
 */
#include "grpc_testing.pb-c.h"
#include "serving.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PAYLOAD_MAX ((int32_t)4 << 20)

typedef Grpc__Testing__SimpleRequest SimpleRequest;
typedef Grpc__Testing__SimpleResponse SimpleResponse;
typedef Grpc__Testing__StreamingInputCallRequest InputRequest;
typedef Grpc__Testing__StreamingOutputCallRequest OutputRequest;

static uint8_t zeros[PAYLOAD_MAX];

/* What the client sent to be given back: a header, and a trailer of bytes. */
static void echo_metadata(struct rpc_call *call)
{
	struct slice text = rpc_call_metadata(call, "x-grpc-test-echo-initial");
	struct slice bytes = rpc_call_metadata(call, "x-grpc-test-echo-trailing-bin");

	if (text.data)
		(void)rpc_call_add_header(call, "x-grpc-test-echo-initial", text);
	if (bytes.data)
		(void)rpc_call_add_trailer(call, "x-grpc-test-echo-trailing-bin", bytes);
}

/* true when the client said nothing of it, or what it said is so; otherwise the call is ended. */
static bool came_as_expected(struct rpc_call *call, const Grpc__Testing__BoolValue *expected)
{
	if (!expected || !expected->value == !rpc_call_came_packed(call))
		return true;
	rpc_call_finish(call, RPC_INVALID_ARGUMENT,
			expected->value ? "the message is not compressed"
					: "the message is compressed");
	return false;
}

/* true: the client asked for a status, and has it. */
static bool ends_as_asked(struct rpc_call *call, const Grpc__Testing__EchoStatus *status)
{
	if (!status || status->code == 0)
		return false;
	rpc_call_finish(call, (enum rpc_status)status->code, status->message);
	return true;
}

static void pack_as_asked(struct rpc_call *call, const Grpc__Testing__BoolValue *compressed)
{
	if (compressed)
		rpc_call_pack_above(call, compressed->value ? 0 : SIZE_MAX);
}

static bool payload_make(struct rpc_call *call, Grpc__Testing__PayloadType type, int32_t size,
		Grpc__Testing__Payload *out_payload)
{
	if (type != GRPC__TESTING__PAYLOAD_TYPE__COMPRESSABLE || size < 0 ||
			size > PAYLOAD_MAX) {
		rpc_call_finish(call, RPC_INVALID_ARGUMENT, "no such payload");
		return false;
	}
	grpc__testing__payload__init(out_payload);
	out_payload->body.data = zeros;
	out_payload->body.len = (size_t)size;
	return true;
}

/* --- one answer ------------------------------------------------------------------------------
 */

static void on_empty(struct rpc_call *call, const ProtobufCMessage *message)
{
	Grpc__Testing__Empty empty = GRPC__TESTING__EMPTY__INIT;

	(void)message;
	if (rpc_call_send(call, &empty.base))
		rpc_call_finish(call, RPC_OK, NULL);
}

static void on_unary(struct rpc_call *call, const ProtobufCMessage *message)
{
	const SimpleRequest *request = (const SimpleRequest *)message;
	SimpleResponse response = GRPC__TESTING__SIMPLE_RESPONSE__INIT;
	Grpc__Testing__Payload payload;

	echo_metadata(call);
	if (!came_as_expected(call, request->expect_compressed) ||
			ends_as_asked(call, request->response_status) ||
			!payload_make(call, request->response_type, request->response_size,
					&payload))
		return;
	pack_as_asked(call, request->response_compressed);
	response.payload = &payload;
	if (request->fill_server_id)
		response.server_id = (char[]){ "policycalc" };
	if (rpc_call_send(call, &response.base))
		rpc_call_finish(call, RPC_OK, NULL);
}

/* A proxy may keep it, so every answer is another. */
static void on_cacheable(struct rpc_call *call, const ProtobufCMessage *message)
{
	SimpleResponse response = GRPC__TESTING__SIMPLE_RESPONSE__INIT;
	Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;
	struct timespec now;
	char text[32];

	(void)message;
	clock_gettime(CLOCK_REALTIME, &now);
	payload.body.len = (size_t)snprintf(text, sizeof(text), "%" PRId64 "%09ld",
			(int64_t)now.tv_sec, now.tv_nsec);
	payload.body.data = (uint8_t *)text;
	response.payload = &payload;
	(void)rpc_call_add_header(call, "cache-control", SLICE_LITERAL("max-age=60, public"));
	if (rpc_call_send(call, &response.base))
		rpc_call_finish(call, RPC_OK, NULL);
}

static void on_input(struct rpc_call *call, const ProtobufCMessage *message)
{
	const InputRequest *request = (const InputRequest *)message;
	int32_t *total = rpc_call_data(call);

	if (!came_as_expected(call, request->expect_compressed))
		return;
	if (!total) {
		total = ARENA_NEW(rpc_call_arena(call), int32_t);
		if (!total) {
			rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
			return;
		}
		rpc_call_set_data(call, total);
	}
	if (request->payload)
		*total += (int32_t)request->payload->body.len;
}

static void on_input_end(struct rpc_call *call)
{
	Grpc__Testing__StreamingInputCallResponse response =
			GRPC__TESTING__STREAMING_INPUT_CALL_RESPONSE__INIT;
	const int32_t *total = rpc_call_data(call);

	response.aggregated_payload_size = total ? *total : 0;
	if (rpc_call_send(call, &response.base))
		rpc_call_finish(call, RPC_OK, NULL);
}

/* --- many answers ----------------------------------------------------------------------------
 */

/* A question whose answers are not all sent. */
struct asked {
	struct asked *next;
	const OutputRequest *request;
};

struct outflow {
	struct asked *first, *last;
	size_t index;	 /* the answer of ->first that is next */
	bool has_waited; /* for that one */
	bool is_waiting;
	bool input_ended;
};

static void outflow_advance(struct rpc_call *call, struct outflow *flow);

static void on_waited(struct rpc_call *call, void *argument)
{
	struct outflow *flow = argument;

	flow->is_waiting = false;
	flow->has_waited = true;
	if (!rpc_call_is_cancelled(call))
		outflow_advance(call, flow);
}

/* Sends what is next, true; or the call is ended, or it waits for the time or for the client. */
static bool outflow_send_next(struct rpc_call *call, struct outflow *flow)
{
	const OutputRequest *request = flow->first->request;
	const Grpc__Testing__ResponseParameters *wanted =
			request->response_parameters[flow->index];
	Grpc__Testing__StreamingOutputCallResponse response =
			GRPC__TESTING__STREAMING_OUTPUT_CALL_RESPONSE__INIT;
	Grpc__Testing__Payload payload;

	if (!rpc_call_is_writable(call))
		return false;
	if (wanted->interval_us > 0 && !flow->has_waited) {
		flow->is_waiting = serving_later(
				call, (uint64_t)wanted->interval_us, on_waited, flow);
		if (!flow->is_waiting)
			rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
		return false;
	}
	if (!payload_make(call, request->response_type, wanted->size, &payload))
		return false;
	pack_as_asked(call, wanted->compressed);
	response.payload = &payload;
	flow->has_waited = false;
	flow->index++;
	return rpc_call_send(call, &response.base);
}

static void outflow_advance(struct rpc_call *call, struct outflow *flow)
{
	if (flow->is_waiting)
		return;
	while (flow->first) {
		const OutputRequest *request = flow->first->request;

		while (flow->index < request->n_response_parameters)
			if (!outflow_send_next(call, flow))
				return;
		if (ends_as_asked(call, request->response_status))
			return;
		flow->first = flow->first->next;
		flow->index = 0;
	}
	flow->last = NULL;
	if (flow->input_ended)
		rpc_call_finish(call, RPC_OK, NULL);
	else
		rpc_call_resume_reading(call);
}

/* The headers must say of gzip before it is known whether an answer will be packed. */
static void announce(struct rpc_call *call, const OutputRequest *request)
{
	size_t i;

	for (i = 0; i < request->n_response_parameters; i++) {
		if (!request->response_parameters[i]->compressed)
			continue;
		rpc_call_pack_above(call, 0);
		(void)rpc_call_send_headers(call);
		return;
	}
}

static void on_output_start(struct rpc_call *call)
{
	struct outflow *flow = ARENA_NEW(rpc_call_arena(call), struct outflow);

	if (!flow)
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
	rpc_call_set_data(call, flow);
	echo_metadata(call);
}

static void outflow_push(
		struct rpc_call *call, struct outflow *flow, const OutputRequest *request)
{
	struct asked *asked = ARENA_NEW(rpc_call_arena(call), struct asked);

	if (!asked) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	asked->request = request;
	if (flow->last)
		flow->last->next = asked;
	else
		flow->first = asked;
	flow->last = asked;
	announce(call, request);
}

static void on_half_duplex(struct rpc_call *call, const ProtobufCMessage *message)
{
	outflow_push(call, rpc_call_data(call), (const OutputRequest *)message);
}

static void on_full_duplex(struct rpc_call *call, const ProtobufCMessage *message)
{
	on_half_duplex(call, message);
	rpc_call_pause_reading(call); /* until its answers are sent */
	outflow_advance(call, rpc_call_data(call));
}

static void on_output_end(struct rpc_call *call)
{
	struct outflow *flow = rpc_call_data(call);

	flow->input_ended = true;
	outflow_advance(call, flow);
}

static void on_output_writable(struct rpc_call *call)
{
	outflow_advance(call, rpc_call_data(call));
}

/* --- the program -----------------------------------------------------------------------------
 */

#define METHOD(NAME, INPUT, OUTPUT)                                                            \
	.service = "grpc.testing.TestService", .name = NAME,                                   \
	.input = &grpc__testing__##INPUT##__descriptor,                                        \
	.output = &grpc__testing__##OUTPUT##__descriptor
#define OUTPUT_METHOD(NAME)                                                                    \
	METHOD(NAME, streaming_output_call_request, streaming_output_call_response),           \
			.server_streaming = true, .on_start = on_output_start,                 \
			.on_half_close = on_output_end, .on_writable = on_output_writable

static const struct rpc_method methods[] = {
	{ METHOD("EmptyCall", empty, empty), .on_message = on_empty },
	{ METHOD("UnaryCall", simple_request, simple_response), .on_message = on_unary },
	{ METHOD("CacheableUnaryCall", simple_request, simple_response),
			.on_message = on_cacheable },
	{ METHOD("StreamingInputCall", streaming_input_call_request,
			  streaming_input_call_response),
			.client_streaming = true, .transient_messages = true,
			.on_message = on_input, .on_half_close = on_input_end },
	{ OUTPUT_METHOD("StreamingOutputCall"), .on_message = on_half_duplex },
	{ OUTPUT_METHOD("FullDuplexCall"), .client_streaming = true,
			.on_message = on_full_duplex },
	{ OUTPUT_METHOD("HalfDuplexCall"), .client_streaming = true,
			.on_message = on_half_duplex },
};

int main(int argc, char **argv)
{
	struct serving serving;
	bool ok = serving_init(&serving, "testing_server", "grpc.testing.TestService") &&
		  serving_parse(&serving, argc, argv);
	size_t i;

	if (ok) {
		for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
			serving_add(&serving, &methods[i]);
		ok = serving_start(&serving);
	}
	if (ok) {
		serving_tell(&serving);
		serving_wait(&serving);
	}
	serving_fini(&serving);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of echo.proto for tests of the gRPC layer: the handler API in all its kinds, health
 * and reflection.
 *
 * usage: echo_server, with the options of serving.h
 */
#include "echo.pb-c.h"
#include "error_details.pb-c.h"
#include "proto/descriptor_set.h"
#include "rpc/reflection.h"
#include "serving.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_uint busy_count;

#define RESPONSE_INIT POLICYCALC__TEST__ECHO_RESPONSE__INIT
typedef Policycalc__Test__EchoRequest EchoRequest;
typedef Policycalc__Test__EchoResponse EchoResponse;

static const EchoRequest *as_request(const ProtobufCMessage *message)
{
	return (const EchoRequest *)message;
}

static bool send_response(struct rpc_call *call, const EchoResponse *response)
{
	return rpc_call_send(call, &response->base);
}

static uint8_t *make_payload(struct arena *arena, size_t size)
{
	uint8_t *bytes = arena_alloc(arena, size);

	if (bytes)
		memset(bytes, 'x', size);
	return bytes;
}

/* --- unary -----------------------------------------------------------------------------------
 */

static void echo_metadata(struct rpc_call *call)
{
	struct slice text = rpc_call_metadata(call, "x-echo");
	struct slice bytes = rpc_call_metadata(call, "x-echo-bin");

	if (text.data) {
		(void)rpc_call_add_header(call, "x-echo", text);
		(void)rpc_call_add_trailer(call, "x-echo-trailer", text);
	}
	if (bytes.data)
		(void)rpc_call_add_trailer(call, "x-echo-bin", bytes);
}

static void on_unary(struct rpc_call *call, const ProtobufCMessage *message)
{
	const EchoRequest *request = as_request(message);
	EchoResponse response = RESPONSE_INIT;

	echo_metadata(call);
	response.text = request->text;
	response.payload = request->payload;
	response.count = request->count;
	if (request->size) {
		response.payload.data = make_payload(rpc_call_arena(call), request->size);
		response.payload.len = response.payload.data ? request->size : 0;
	}
	if (send_response(call, &response))
		rpc_call_finish(call, RPC_OK, NULL);
}

static void on_fail(struct rpc_call *call, const ProtobufCMessage *message)
{
	const EchoRequest *request = as_request(message);
	Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
	unsigned i;

	for (i = 0; i < request->count; i++)
		(void)rpc_call_add_violation(
				call, "profile.attributes[3].value", request->text);
	if (request->count) {
		info.reason = "TEST";
		info.domain = "policycalc";
		(void)rpc_call_add_detail(call, "google.rpc.ErrorInfo", &info.base);
	}
	rpc_call_finish(call, (enum rpc_status)request->code, request->text);
}

static void on_busy(struct rpc_call *call, const ProtobufCMessage *message)
{
	EchoResponse response = RESPONSE_INIT;

	(void)message;
	response.count = atomic_load(&busy_count);
	if (send_response(call, &response))
		rpc_call_finish(call, RPC_OK, NULL);
}

/* --- a worker thread -------------------------------------------------------------------------
 */

static void slow_answer(struct rpc_call *call, void *argument)
{
	const EchoRequest *request = argument;
	EchoResponse response = RESPONSE_INIT;

	atomic_fetch_sub(&busy_count, 1);
	response.count = request->count;
	if (rpc_call_is_cancelled(call))
		return;
	if (send_response(call, &response))
		rpc_call_finish(call, RPC_OK, NULL);
}

static void on_slow(struct rpc_call *call, const ProtobufCMessage *message)
{
	uint64_t us = (uint64_t)as_request(message)->count * 1000;

	atomic_fetch_add(&busy_count, 1);
	if (serving_later(call, us, slow_answer, (void *)(uintptr_t)message))
		return;
	atomic_fetch_sub(&busy_count, 1);
	rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "no thread");
}

/* --- streams ---------------------------------------------------------------------------------
 */

struct tally {
	uint32_t count;
	uint64_t total;
};

static void on_client_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct tally *tally = rpc_call_data(call);

	if (!tally) {
		tally = ARENA_NEW(rpc_call_arena(call), struct tally);
		if (!tally) {
			rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
			return;
		}
		rpc_call_set_data(call, tally);
	}
	tally->count++;
	tally->total += as_request(message)->payload.len;
	if (as_request(message)->code)
		rpc_call_finish(call, (enum rpc_status)as_request(message)->code, "as asked");
}

static void on_client_end(struct rpc_call *call)
{
	const struct tally *tally = rpc_call_data(call);
	EchoResponse response = RESPONSE_INIT;

	if (tally) {
		response.count = tally->count;
		response.total = tally->total;
	}
	if (send_response(call, &response))
		rpc_call_finish(call, RPC_OK, NULL);
}

struct producer {
	uint32_t sent;
	const EchoRequest *request;
	EchoResponse response;
};

static void produce(struct rpc_call *call)
{
	struct producer *producer = rpc_call_data(call);

	while (producer->sent < producer->request->count && rpc_call_is_writable(call)) {
		producer->response.count = ++producer->sent;
		if (!send_response(call, &producer->response))
			return;
	}
	if (producer->sent == producer->request->count)
		rpc_call_finish(call, (enum rpc_status)producer->request->code, "as asked");
}

static void on_server_stream(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct producer *producer = ARENA_NEW(rpc_call_arena(call), struct producer);

	atomic_fetch_add(&busy_count, 1);
	if (!producer) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	producer->request = as_request(message);
	producer->response = (EchoResponse)RESPONSE_INIT;
	producer->response.payload.data =
			make_payload(rpc_call_arena(call), producer->request->size);
	producer->response.payload.len = producer->request->size;
	rpc_call_set_data(call, producer);
	produce(call);
}

static void on_stream_end(struct rpc_call *call)
{
	if (rpc_call_data(call))
		atomic_fetch_sub(&busy_count, 1);
}

/* Echoes as fast as the client reads, and no faster. */
static void on_bidi_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	const EchoRequest *request = as_request(message);
	EchoResponse response = RESPONSE_INIT;

	response.text = request->text;
	response.payload = request->payload;
	response.count = request->count;
	if (!send_response(call, &response))
		return;
	if (request->code)
		rpc_call_finish(call, (enum rpc_status)request->code, "as asked");
	else if (!rpc_call_is_writable(call))
		rpc_call_pause_reading(call);
}

static void on_bidi_writable(struct rpc_call *call)
{
	rpc_call_resume_reading(call);
}

static void on_bidi_end(struct rpc_call *call)
{
	rpc_call_finish(call, RPC_OK, NULL);
}

/* --- the table -------------------------------------------------------------------------------
 */

#define ECHO_METHOD                                                                            \
	.service = "policycalc.test.Echo",                                                     \
	.input = &policycalc__test__echo_request__descriptor,                                  \
	.output = &policycalc__test__echo_response__descriptor

static const struct rpc_method methods[] = {
	{ ECHO_METHOD, .name = "Unary", .on_message = on_unary },
	{ ECHO_METHOD, .name = "Fail", .on_message = on_fail },
	{ ECHO_METHOD, .name = "Busy", .on_message = on_busy },
	{ ECHO_METHOD, .name = "Slow", .on_message = on_slow },
	{ ECHO_METHOD, .name = "ClientStream", .client_streaming = true,
			.transient_messages = true, .on_message = on_client_message,
			.on_half_close = on_client_end },
	{ ECHO_METHOD, .name = "ServerStream", .server_streaming = true,
			.on_message = on_server_stream, .on_writable = produce,
			.on_end = on_stream_end },
	{ ECHO_METHOD, .name = "BidiStream", .client_streaming = true, .server_streaming = true,
			.transient_messages = true, .on_message = on_bidi_message,
			.on_half_close = on_bidi_end, .on_writable = on_bidi_writable },
};

int main(int argc, char **argv)
{
	static const char *const services[] = { "policycalc.test.Echo",
		"grpc.health.v1.Health" };
	struct error err = { 0 };
	struct reflection *reflection =
			reflection_new((struct slice){ (const char *)policycalc_descriptor_set,
						       policycalc_descriptor_set_size },
					services, 2, &err);
	const struct rpc_method *const *more;
	struct serving serving;
	size_t count;
	size_t i;
	bool ok = serving_init(&serving, "echo_server", services[0]) &&
		  serving_parse(&serving, argc, argv);

	if (!reflection) {
		fprintf(stderr, "echo_server: %s\n", err.message);
		ok = false;
	}
	if (ok) {
		for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
			serving_add(&serving, &methods[i]);
		more = reflection_methods(reflection, &count);
		for (i = 0; i < count; i++)
			serving_add(&serving, more[i]);
		ok = serving_start(&serving);
	}
	if (ok) {
		serving_tell(&serving);
		serving_wait(&serving);
		printf("ended\n");
	}
	serving_fini(&serving);
	reflection_free(reflection);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

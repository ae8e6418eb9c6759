/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of echo.proto for tests of the gRPC layer: the handler API in all its kinds, health
 * and reflection. Prints "listening ADDRESS" for each address, serves until SIGTERM, drains,
 * and exits.
 *
 * usage: echo_server [--listen ADDRESS]... [--threads N] [--grace MS] [--reset-burst N]
 *                    [--stall MS] [--ping-interval MS] [--idle-ping-interval MS] [--compress-above BYTES] [--idle MS] [--age MS] [--deadline-max
 * MS]
 */
#include "echo.pb-c.h"
#include "error_details.pb-c.h"
#include "proto/descriptor_set.h"
#include "rpc/health.h"
#include "rpc/method.h"
#include "rpc/reflection.h"
#include "transport/server.h"

#include "base/memory.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

struct slow_work {
	struct rpc_call *call;
	unsigned wait_ms;
};

static void slow_answer(struct rpc_call *call, void *argument)
{
	struct slow_work *work = argument;
	EchoResponse response = RESPONSE_INIT;

	response.count = work->wait_ms;
	free(work);
	if (rpc_call_is_cancelled(call))
		return;
	if (send_response(call, &response))
		rpc_call_finish(call, RPC_OK, NULL);
}

static void *slow_thread(void *argument)
{
	struct slow_work *work = argument;
	struct rpc_call *call = work->call;
	const struct timespec millisecond = { .tv_nsec = 1000000 };
	unsigned waited;

	for (waited = 0; waited < work->wait_ms && !rpc_call_is_cancelled(call); waited++)
		(void)nanosleep(&millisecond, NULL);
	atomic_fetch_sub(&busy_count, 1);
	(void)rpc_call_post(call, slow_answer, work);
	rpc_call_unref(call);
	return NULL;
}

static void on_slow(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct slow_work *work = malloc(sizeof(*work));
	pthread_attr_t attributes;
	pthread_t thread;

	if (!work) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	*work = (struct slow_work){ rpc_call_ref(call), as_request(message)->count };
	atomic_fetch_add(&busy_count, 1);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attributes, slow_thread, work) != 0) {
		atomic_fetch_sub(&busy_count, 1);
		rpc_call_unref(call);
		free(work);
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "no thread");
	}
	pthread_attr_destroy(&attributes);
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

#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

/* --- the program -----------------------------------------------------------------------------
 */

#define LISTEN_MAX 4

struct settings {
	struct server_options options;
	const char *listen[LISTEN_MAX];
	unsigned grace_ms;
};

static bool settings_parse(struct settings *settings, int argc, char **argv)
{
	struct server_limits *limits = &settings->options.limits;
	int i;

	settings->grace_ms = 2000;
	for (i = 1; i + 1 < argc; i += 2) {
		const char *name = argv[i];
		const char *value = argv[i + 1];
		uint64_t number = strtoull(value, NULL, 10);

		if (!strcmp(name, "--listen") && settings->options.listen_count < LISTEN_MAX)
			settings->listen[settings->options.listen_count++] = value;
		else if (!strcmp(name, "--threads"))
			settings->options.threads = (unsigned)number;
		else if (!strcmp(name, "--grace"))
			settings->grace_ms = (unsigned)number;
		else if (!strcmp(name, "--reset-burst"))
			limits->reset_burst = (uint32_t)number;
		else if (!strcmp(name, "--stall"))
			limits->rpc.stall_us = number * 1000;
		else if (!strcmp(name, "--deadline-max"))
			limits->rpc.deadline_max_us = number * 1000;
		else if (!strcmp(name, "--ping-interval"))
			limits->ping_interval_us = number * 1000;
		else if (!strcmp(name, "--idle-ping-interval"))
			limits->idle_ping_interval_us = number * 1000;
		else if (!strcmp(name, "--compress-above"))
			limits->rpc.compress_above = number ? number : SIZE_MAX;
		else if (!strcmp(name, "--idle"))
			limits->idle_us = number * 1000;
		else if (!strcmp(name, "--age"))
			limits->age_us = number * 1000;
		else
			return false;
	}
	if (settings->options.listen_count == 0)
		settings->listen[settings->options.listen_count++] = "127.0.0.1:0";
	settings->options.listen = settings->listen;
	return i == argc;
}

static int serve(const struct settings *settings, struct health *health,
		const struct rpc_registry *registry)
{
	struct error err = { 0 };
	struct server *server;
	sigset_t signals;
	int number;
	size_t i;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	server = server_new(&settings->options, registry, &err);
	if (!server || !server_start(server, &err)) {
		fprintf(stderr, "echo_server: %s\n", err.message);
		server_free(server);
		return EXIT_FAILURE;
	}
	(void)health_set(health, "", HEALTH_SERVING);
	(void)health_set(health, "policycalc.test.Echo", HEALTH_SERVING);
	for (i = 0; server_address(server, i); i++)
		printf("listening %s\n", server_address(server, i));
	fflush(stdout);
	/* SIGINT flips the health of the service, SIGTERM ends. */
	while (sigwait(&signals, &number) == 0 && number == SIGINT)
		(void)health_set(health, "policycalc.test.Echo", HEALTH_NOT_SERVING);
	health_drain(health);
	server_drain(server, settings->grace_ms);
	server_wait(server);
	server_free(server);
	printf("ended\n");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const char *const services[] = { "policycalc.test.Echo",
		"grpc.health.v1.Health" };
	struct settings settings = { 0 };
	struct error err = { 0 };
	struct health *health = health_new(&err);
	struct reflection *reflection =
			reflection_new((struct slice){ (const char *)policycalc_descriptor_set,
						       policycalc_descriptor_set_size },
					services, 2, &err);
	const struct rpc_method *all[METHOD_COUNT + 16];
	struct rpc_registry registry = { all, 0 };
	size_t count;
	size_t i;
	int result = EXIT_FAILURE;

	(void)signal(SIGPIPE, SIG_IGN); /* a client that is gone ends its connection, not us */
	if (!settings_parse(&settings, argc, argv)) {
		fprintf(stderr, "echo_server: bad arguments\n");
	} else if (!health || !reflection) {
		fprintf(stderr, "echo_server: %s\n", err.message);
	} else {
		const struct rpc_method *const *more;

		for (i = 0; i < METHOD_COUNT; i++)
			all[registry.count++] = &methods[i];
		more = health_methods(health, &count);
		for (i = 0; i < count; i++)
			all[registry.count++] = more[i];
		more = reflection_methods(reflection, &count);
		for (i = 0; i < count; i++)
			all[registry.count++] = more[i];
		result = serve(&settings, health, &registry);
	}
	health_free(health);
	reflection_free(reflection);
	return result;
}

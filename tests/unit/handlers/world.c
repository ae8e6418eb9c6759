/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "base/memory.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "rpc/framing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ANSWER_WAIT_S 30

/* --- the loop and the stream ----------------------------------------------------------------- */

/* One call as its client sees it. */
struct rpc_stream {
	struct rpc_call *call;
	long status; /* -1: none came */
	bool was_reset;
	struct buffer body;
};

static void on_post(struct rpc_loop *loop, struct rpc_task *task)
{
	struct world *world = (struct world *)((char *)loop - offsetof(struct world, loop));

	pthread_mutex_lock(&world->lock);
	task->next = NULL;
	*world->last = task;
	world->last = &task->next;
	pthread_cond_signal(&world->posted);
	pthread_mutex_unlock(&world->lock);
}

static void stream_take_headers(
		struct rpc_stream *stream, const struct rpc_header *headers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equals_text(headers[i].name, "grpc-status"))
			stream->status = strtol(headers[i].value.data, NULL, 10);
}

static bool on_respond(struct rpc_stream *stream, const struct rpc_header *headers,
		size_t count, bool end)
{
	if (end)
		stream_take_headers(stream, headers, count);
	return true;
}

static void on_wake(struct rpc_stream *stream)
{
	(void)stream;
}

static void on_consume(struct rpc_stream *stream, size_t size)
{
	(void)stream;
	(void)size;
}

static void on_timer(struct rpc_stream *stream, uint64_t at_us)
{
	(void)stream;
	(void)at_us;
}

static void on_reset(struct rpc_stream *stream)
{
	stream->was_reset = true;
}

static const struct rpc_stream_operations operations = {
	.respond = on_respond,
	.wake = on_wake,
	.consume = on_consume,
	.set_timer = on_timer,
	.reset = on_reset,
};

/* Until something is posted. */
static void world_wait(struct world *world)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ANSWER_WAIT_S;
	pthread_mutex_lock(&world->lock);
	while (!world->first)
		if (pthread_cond_timedwait(&world->posted, &world->lock, &until) != 0)
			fail_msg("no answer came");
	pthread_mutex_unlock(&world->lock);
}

/* Runs what was posted. */
static void world_run_tasks(struct world *world)
{
	struct rpc_task *task;

	pthread_mutex_lock(&world->lock);
	task = world->first;
	world->first = NULL;
	world->last = &world->first;
	pthread_mutex_unlock(&world->lock);
	while (task) {
		struct rpc_task *next = task->next;

		rpc_task_run(task);
		task = next;
	}
}

/* Takes all that can be sent now. true: that was the end. */
static bool stream_drain(struct rpc_stream *stream)
{
	struct rpc_header trailers[RPC_TRAILERS_MAX];
	struct rpc_output output = rpc_call_output(stream->call);

	if (stream->status >= 0 || stream->was_reset)
		return true;
	while (output.bytes.size) {
		size_t size = output.bytes.size;

		buffer_append_slice(&stream->body, output.bytes);
		if (rpc_call_sent(stream->call, size))
			rpc_call_writable(stream->call);
		output = rpc_call_output(stream->call);
	}
	if (!output.end)
		return false;
	stream_take_headers(stream, trailers, rpc_call_trailers(stream->call, trailers));
	return true;
}

/* --- calling --------------------------------------------------------------------------------- */

void request_add_message(struct buffer *request, const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t prefix[FRAMING_PREFIX_SIZE];

	framing_put_prefix(prefix, false, (uint32_t)size);
	buffer_append(request, prefix, sizeof(prefix));
	assert_true(buffer_reserve(request, size));
	request->size += protobuf_c_message_pack(
			message, (uint8_t *)request->data + request->size);
}

static void header(struct rpc_call *call, const char *name, const char *value)
{
	rpc_call_header(call, slice_from(name), slice_from(value));
}

/* @timeout as in grpc-timeout, or NULL. */
static void request_send(struct rpc_call *call, const char *path, const char *timeout,
		const struct buffer *request)
{
	header(call, ":method", "POST");
	header(call, ":path", path);
	header(call, "content-type", "application/grpc");
	if (timeout)
		header(call, "grpc-timeout", timeout);
	rpc_call_begin(call);
	/* In two pieces, so that half messages are kept. */
	rpc_call_receive(call, (struct slice){ request->data, request->size / 2 });
	rpc_call_receive(call, (struct slice){ request->data + request->size / 2,
					       request->size - request->size / 2 });
	rpc_call_half_close(call);
}

long world_call(struct world *world, const char *path, const struct buffer *request,
		struct buffer *body, unsigned long nth, bool persistent,
		unsigned long *out_count)
{
	struct rpc_connection connection = { .peer = "test" };
	struct rpc_stream stream = { .status = -1, .body = *body };

	buffer_clear(&stream.body);
	(void)memory_fail_nth(nth, persistent);
	stream.call = rpc_call_new(&world->loop, &connection, &operations, &stream);
	if (stream.call) {
		request_send(stream.call, path, NULL, request);
		while (!stream_drain(&stream)) {
			world_wait(world);
			world_run_tasks(world);
		}
	} else {
		stream.status = RPC_RESOURCE_EXHAUSTED; /* the transport resets the stream */
	}
	*out_count = memory_fail_nth(0, 0);
	if (stream.call)
		rpc_call_close(stream.call);
	world_run_tasks(world);
	*body = stream.body;
	return stream.was_reset ? RPC_RESOURCE_EXHAUSTED : stream.status;
}

void world_leave(struct world *world, const char *path, const struct buffer *request)
{
	struct rpc_connection connection = { .peer = "test" };
	struct rpc_stream stream = { .status = -1 };

	stream.call = rpc_call_new(&world->loop, &connection, &operations, &stream);
	assert_non_null(stream.call);
	request_send(stream.call, path, NULL, request);
	world_wait(world);
	rpc_call_close(stream.call);
	world_run_tasks(world);
	buffer_fini(&stream.body);
}

long world_cut(struct world *world, const char *path, const struct buffer *request)
{
	struct rpc_connection connection = { .peer = "test" };
	struct rpc_stream stream = { .status = -1 };

	stream.call = rpc_call_new(&world->loop, &connection, &operations, &stream);
	assert_non_null(stream.call);
	request_send(stream.call, path, "1S", request);
	world_wait(world);
	world->loop.now_us += 2000000;
	rpc_call_timer(stream.call);
	world_run_tasks(world);
	assert_true(stream_drain(&stream));
	rpc_call_close(stream.call);
	world_run_tasks(world);
	buffer_fini(&stream.body);
	return stream.status;
}

/* --- the world ------------------------------------------------------------------------------- */

static int64_t fixed_now(void)
{
	return 1767225600; /* 2026-01-01 */
}

void publish_request(struct world *world, struct buffer *request)
{
	struct fixture *fixture = world->fixture;
	char note[64];

	(void)snprintf(note, sizeof(note), "keywords: [draft%u]\n", world->drafts++);
	for (size_t i = 0; i < fixture->draft.count; i++) {
		Policycalc__V1__PublishCatalogRequest message =
				POLICYCALC__V1__PUBLISH_CATALOG_REQUEST__INIT;
		Policycalc__V1__SourceFile file = POLICYCALC__V1__SOURCE_FILE__INIT;
		struct buffer content = { 0 };

		buffer_append_slice(&content, fixture->draft.files[i].content);
		/* Another text is another revision. */
		if (strcmp(fixture->draft.files[i].path, "policies/rd-2024.yaml") == 0)
			buffer_append_text(&content, note);
		file.path = (char *)(uintptr_t)fixture->draft.files[i].path;
		file.content.data = (uint8_t *)content.data;
		file.content.len = content.size;
		message.file = &file;
		message.base_revision = world->current;
		message.author = (char *)(uintptr_t) "tester";
		request_add_message(request, &message.base);
		buffer_fini(&content);
	}
}

struct world *world_open(struct fixture *fixture)
{
	struct world *world = calloc(1, sizeof(*world));
	struct handlers_options options = { .now = fixed_now };
	struct rpc_registry registry;
	struct buffer request = { 0 };
	struct buffer body = { 0 };
	struct error err = { 0 };
	unsigned long count;

	assert_non_null(world);
	world->fixture = fixture;
	world->last = &world->first;
	pthread_mutex_init(&world->lock, NULL);
	pthread_cond_init(&world->posted, NULL);
	world->directory = directory_open(fixture->folder, &err);
	if (!world->directory)
		fail_msg("%s", err.message);
	world->store = store_thread_open(world->directory, &err);
	if (!world->store)
		fail_msg("%s", err.message);
	world->registry = registry_thread_open(world->directory, &err);
	if (!world->registry)
		fail_msg("%s", err.message);
	world->checker = worker_new(NULL, 4, &err);
	world->snapshot = snapshot_new(&err);
	assert_true(world->checker && world->snapshot);
	options.store = world->store;
	options.registry = world->registry;
	options.checker = world->checker;
	options.snapshot = world->snapshot;
	world->handlers = handlers_new(&options, &err);
	assert_non_null(world->handlers);
	registry.methods = handlers_methods(world->handlers, &registry.count);
	world->engine = rpc_engine_new(&registry, NULL, NULL, &err);
	assert_non_null(world->engine);
	world->loop.engine = world->engine;
	world->loop.post = on_post;
	world->loop.now_us = 1;
	/* Twice, so that there is an old revision. */
	for (int i = 0; i < 2; i++) {
		buffer_clear(&request);
		publish_request(world, &request);
		if (world_call(world, CATALOG "PublishCatalog", &request, &body, 0, false,
				    &count) != RPC_OK)
			fail_msg("the fixture's catalog was not published");
		world_read_current(world);
		assert_int_equal(world->current, i + 1);
	}
	buffer_fini(&request);
	buffer_fini(&body);
	return world;
}

void world_close(struct world *world)
{
	rpc_loop_fini(&world->loop);
	worker_free(world->checker);
	store_thread_close(world->store);
	registry_thread_close(world->registry);
	directory_close(world->directory);
	handlers_free(world->handlers);
	snapshot_free(world->snapshot);
	rpc_engine_free(world->engine);
	pthread_mutex_destroy(&world->lock);
	pthread_cond_destroy(&world->posted);
	free(world);
}

ProtobufCMessage *first_message(
		const struct buffer *body, const ProtobufCMessageDescriptor *type)
{
	const unsigned char *bytes = (const unsigned char *)body->data;
	size_t size;

	assert_true(body->size >= FRAMING_PREFIX_SIZE);
	size = (size_t)bytes[1] << 24 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 8 |
	       bytes[4];
	assert_true(body->size >= FRAMING_PREFIX_SIZE + size);
	return protobuf_c_message_unpack(type, NULL, size, bytes + FRAMING_PREFIX_SIZE);
}

void world_read_current(struct world *world)
{
	Policycalc__V1__ListRevisionsRequest message =
			POLICYCALC__V1__LIST_REVISIONS_REQUEST__INIT;
	Policycalc__V1__ListRevisionsResponse *response;
	struct buffer request = { 0 };
	struct buffer body = { 0 };
	unsigned long count;

	message.page_size = 1;
	request_add_message(&request, &message.base);
	assert_int_equal(world_call(world, CATALOG "ListRevisions", &request, &body, 0, false,
					 &count),
			RPC_OK);
	response = (Policycalc__V1__ListRevisionsResponse *)first_message(
			&body, &policycalc__v1__list_revisions_response__descriptor);
	assert_non_null(response);
	assert_int_equal(response->n_revisions, 1);
	world->current = response->revisions[0]->number;
	protobuf_c_message_free_unpacked(&response->base, NULL);
	buffer_fini(&request);
	buffer_fini(&body);
}

void world_forget(struct world *world)
{
	struct snapshot *fresh = snapshot_new(NULL);

	assert_non_null(fresh);
	snapshot_set(fresh, snapshot_find(world->snapshot, 0));
	snapshot_free(world->snapshot);
	world->snapshot = fresh;
	world->handlers->options.snapshot = fresh;
}

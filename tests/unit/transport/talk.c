/* SPDX-License-Identifier: Apache-2.0 */
#include "talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct talk *talk_of_loop(struct rpc_loop *loop)
{
	return (struct talk *)((char *)loop - offsetof(struct talk, loop));
}

static void on_post(struct rpc_loop *loop, struct rpc_task *task)
{
	struct talk *talk = talk_of_loop(loop);

	task->next = talk->tasks;
	talk->tasks = task;
}

static int on_header(nghttp2_session *client, const nghttp2_frame *frame, const uint8_t *name,
		size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
		void *user_data)
{
	struct talk *talk = user_data;
	struct answer *answer = &talk->answers[frame->hd.stream_id / 2];
	struct slice key = { (const char *)name, name_size };

	(void)client;
	(void)flags;
	if (slice_equals_text(key, ":status"))
		(void)snprintf(answer->http_status, sizeof(answer->http_status), "%.*s",
				(int)value_size, value);
	if (slice_equals_text(key, "grpc-status"))
		(void)snprintf(answer->grpc_status, sizeof(answer->grpc_status), "%.*s",
				(int)value_size, value);
	return 0;
}

static int on_data(nghttp2_session *client, uint8_t flags, int32_t id, const uint8_t *bytes,
		size_t size, void *user_data)
{
	struct talk *talk = user_data;

	(void)client;
	(void)flags;
	(void)bytes;
	talk->answers[id / 2].body_size += size;
	return 0;
}

static int on_frame(nghttp2_session *client, const nghttp2_frame *frame, void *user_data)
{
	struct talk *talk = user_data;

	(void)client;
	if (frame->hd.type != NGHTTP2_GOAWAY)
		return 0;
	talk->goaway_last[talk->goaway_count++ % 4] = frame->goaway.last_stream_id;
	(void)snprintf(talk->goaway_debug, sizeof(talk->goaway_debug), "%.*s",
			(int)frame->goaway.opaque_data_len, frame->goaway.opaque_data);
	return 0;
}

static int on_close(nghttp2_session *client, int32_t id, uint32_t code, void *user_data)
{
	struct talk *talk = user_data;

	(void)client;
	talk->answers[id / 2].is_closed = true;
	talk->answers[id / 2].reset_code = code;
	return 0;
}

static ssize_t on_body(nghttp2_session *client, int32_t id, uint8_t *out, size_t size,
		uint32_t *flags, nghttp2_data_source *source, void *user_data)
{
	struct talk *talk = user_data;
	size_t left = talk->body_size - talk->body_sent;

	(void)client;
	(void)id;
	(void)source;
	if (left == 0 && talk->keeps_open)
		return NGHTTP2_ERR_DEFERRED;
	if (size > left)
		size = left;
	if (size)
		memcpy(out, talk->body + talk->body_sent, size);
	talk->body_sent += size;
	if (talk->body_sent == talk->body_size && !talk->keeps_open)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)size;
}

static void client_open(struct talk *talk)
{
	nghttp2_session_callbacks *callbacks;

	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	assert_int_equal(nghttp2_session_client_new(&talk->client, callbacks, talk), 0);
	nghttp2_session_callbacks_del(callbacks);
	assert_int_equal(nghttp2_submit_settings(talk->client, 0, NULL, 0), 0);
}

bool talk_open_session(struct talk *talk)
{
	struct session_options options = {
		.loop = &talk->loop,
		.limits = &talk->limits,
		.peer = "test",
	};

	talk->session = session_new(&options, talk->now_us, NULL);
	return talk->session != NULL;
}

struct talk *talk_new(void)
{
	struct talk *talk = calloc(1, sizeof(*talk));
	struct rpc_registry registry = { 0 };

	assert_non_null(talk);
	talk->now_us = 1000 * SECOND;
	talk->piece = SIZE_MAX;
	server_limits_complete(&talk->limits);
	talk->health = health_new(NULL);
	assert_non_null(talk->health);
	assert_true(health_set(talk->health, "", HEALTH_SERVING));
	registry.methods = health_methods(talk->health, &registry.count);
	talk->engine = rpc_engine_new(&registry, NULL, NULL, NULL);
	assert_non_null(talk->engine);
	talk->loop.engine = talk->engine;
	talk->loop.post = on_post;
	client_open(talk);
	return talk;
}

static void talk_run_tasks(struct talk *talk)
{
	while (talk->tasks) {
		struct rpc_task *task = talk->tasks;

		talk->tasks = task->next;
		rpc_task_run(task);
	}
}

void talk_free(struct talk *talk)
{
	session_free(talk->session);
	talk_run_tasks(talk);
	nghttp2_session_del(talk->client);
	rpc_loop_fini(&talk->loop);
	rpc_engine_free(talk->engine);
	health_free(talk->health);
	free(talk);
}

void talk_feed(struct talk *talk, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		size_t piece = size < talk->piece ? size : talk->piece;

		session_receive(talk->session, (struct slice){ (const char *)bytes, piece },
				talk->now_us);
		bytes += piece;
		size -= piece;
	}
}

void talk_run(struct talk *talk)
{
	struct buffer out = { 0 };
	bool silent;

	do {
		const uint8_t *chunk;
		ssize_t size;

		silent = true;
		while ((size = nghttp2_session_mem_send(talk->client, &chunk)) > 0) {
			talk_feed(talk, chunk, (size_t)size);
			silent = false;
		}
		talk_run_tasks(talk);
		buffer_clear(&out);
		session_send(talk->session, &out, 65536, talk->now_us);
		if (out.size) {
			(void)nghttp2_session_mem_recv(
					talk->client, (const uint8_t *)out.data, out.size);
			silent = false;
		}
	} while (!silent);
	buffer_fini(&out);
}

int32_t talk_call(struct talk *talk, const char *path, const char *timeout)
{
#define FIELD(name, value)                                                                     \
	{                                                                                      \
		(uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value), strlen(name),     \
				strlen(value), 0                                               \
	}
	const nghttp2_nv fields[] = {
		FIELD(":method", "POST"),
		FIELD(":scheme", "http"),
		FIELD(":authority", "test"),
		FIELD(":path", path),
		FIELD("content-type", "application/grpc"),
		FIELD("grpc-timeout", timeout ? timeout : "1H"),
	};
	const nghttp2_data_provider provider = { .read_callback = on_body };

	talk->body_sent = 0;
	return nghttp2_submit_request(talk->client, NULL, fields,
			sizeof(fields) / sizeof(fields[0]), &provider, NULL);
}

const struct answer *talk_answer(const struct talk *talk, int32_t id)
{
	return &talk->answers[id / 2];
}

void talk_tick(struct talk *talk, uint64_t by_us)
{
	talk->now_us += by_us;
	session_tick(talk->session, talk->now_us);
	talk_run(talk);
}

struct talk *talk_begin(const char *body, size_t size)
{
	struct talk *talk = talk_new();

	assert_true(talk_open_session(talk));
	talk->body = body;
	talk->body_size = size;
	return talk;
}

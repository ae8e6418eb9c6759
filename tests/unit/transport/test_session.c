/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session driven by a client-side nghttp2 session in memory: no sockets, no clock. Bytes travel in
 * pieces of any size, and time is a number.
 */
#include "base/memory.h"
#include "grpc/health/v1/health.pb-c.h"
#include "rpc/health.h"
#include "transport/session.h"
#include "transport/timers.h"

#include <nghttp2/nghttp2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000)
#define HEALTH "/grpc.health.v1.Health/"

/* --- both ends ------------------------------------------------------------------------------- */

struct answer {
	char http_status[8];
	char grpc_status[8];
	size_t body_size;
	bool is_closed;
	uint32_t reset_code;
};

struct talk {
	struct health *health;
	struct rpc_engine *engine;
	struct rpc_loop loop;
	struct server_limits limits;
	struct rpc_task *tasks;
	struct session *session;
	nghttp2_session *client;
	uint64_t now_us;
	size_t piece; /* bytes are fed in pieces of this size */
	bool holds_window;
	const char *body;
	size_t body_size, body_sent;
	bool keeps_open;
	struct answer answers[8]; /* by stream id / 2 */
	unsigned goaway_count;
	int32_t goaway_last[4];
	char goaway_debug[64];
};

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

static bool talk_open_session(struct talk *talk)
{
	struct session_options options = {
		.loop = &talk->loop,
		.limits = &talk->limits,
		.peer = "test",
	};

	talk->session = session_new(&options, talk->now_us, NULL);
	return talk->session != NULL;
}

static struct talk *talk_new(void)
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

static void talk_free(struct talk *talk)
{
	session_free(talk->session);
	talk_run_tasks(talk);
	nghttp2_session_del(talk->client);
	rpc_loop_fini(&talk->loop);
	rpc_engine_free(talk->engine);
	health_free(talk->health);
	free(talk);
}

static void talk_feed(struct talk *talk, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		size_t piece = size < talk->piece ? size : talk->piece;

		session_receive(talk->session, (struct slice){ (const char *)bytes, piece },
				talk->now_us);
		bytes += piece;
		size -= piece;
	}
}

/* Both sides speak until neither has anything to say. */
static void talk_run(struct talk *talk)
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

static int32_t talk_call(struct talk *talk, const char *path, const char *timeout)
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

static const struct answer *talk_answer(const struct talk *talk, int32_t id)
{
	return &talk->answers[id / 2];
}

static void talk_tick(struct talk *talk, uint64_t by_us)
{
	talk->now_us += by_us;
	session_tick(talk->session, talk->now_us);
	talk_run(talk);
}

/* --- tests ----------------------------------------------------------------------------------- */

static const char EMPTY_MESSAGE[] = "\0\0\0\0\0";

static struct talk *talk_begin(const char *body, size_t size)
{
	struct talk *talk = talk_new();

	assert_true(talk_open_session(talk));
	talk->body = body;
	talk->body_size = size;
	return talk;
}

static void unary_in_pieces(void **state)
{
	static const size_t pieces[] = { SIZE_MAX, 1, 2, 7 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct talk *talk = talk_begin(EMPTY_MESSAGE, 5);
		int32_t id;
		int round;

		talk->piece = pieces[i];
		for (round = 0; round < 3; round++) {
			id = talk_call(talk, HEALTH "Check", NULL);
			talk_run(talk);
			assert_string_equal(talk_answer(talk, id)->http_status, "200");
			assert_string_equal(talk_answer(talk, id)->grpc_status, "0");
			assert_int_equal(talk_answer(talk, id)->body_size, 7);
			assert_true(talk_answer(talk, id)->is_closed);
		}
		assert_int_equal(session_call_count(talk->session), 0);
		/* Calls are used again: three in a row need the memory of one. */
		assert_int_equal(talk->loop.idle_count, 1);
		talk_free(talk);
	}
}

static void odd_bodies(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *status;
	} cases[] = {
		{ "", 0, "12" },
		{ "\0\0", 2, "13" },
		{ "\0\0\0\0\3\12\1", 7, "13" },
		{ "\0\0\0\0\0\0\0\0\0\0", 10, "12" },
		{ "\2\0\0\0\0", 5, "13" },
		{ "\1\0\0\0\0", 5, "13" },
		{ "\0\0\0\0\2\12\5", 7, "13" },
		{ "\0\0\0\0\3\12\1\377", 8, "3" },
		{ "\0\0\0\0\3\12\1\0", 8, "3" },
		{ "\0\0\120\0\0", 5, "8" },
		{ "\0\0\0\0\3\12\1x", 8, "5" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct talk *talk = talk_begin(cases[i].bytes, cases[i].size);
		int32_t id = talk_call(talk, HEALTH "Check", NULL);

		talk_run(talk);
		assert_string_equal(talk_answer(talk, id)->http_status, "200");
		assert_string_equal(talk_answer(talk, id)->grpc_status, cases[i].status);
		talk_free(talk);
	}
}

static void too_large_is_refused_at_the_prefix(void **state)
{
	struct talk *talk = talk_begin("\0\0\120\0\0", 5);
	int32_t id;

	(void)state;
	talk->keeps_open = true;
	id = talk_call(talk, HEALTH "Check", NULL);
	talk_run(talk);
	assert_string_equal(talk_answer(talk, id)->grpc_status, "8");
	/* Told that the rest is not wanted. */
	assert_true(talk_answer(talk, id)->is_closed);
	assert_int_equal(talk_answer(talk, id)->reset_code, NGHTTP2_NO_ERROR);
	talk_free(talk);
}

static void deadline_with_made_up_time(void **state)
{
	struct talk *talk = talk_begin("", 0);
	int32_t id;

	(void)state;
	talk->keeps_open = true;
	id = talk_call(talk, HEALTH "Check", "3S");
	talk_run(talk);
	assert_int_equal(session_next_us(talk->session), talk->now_us + 3 * SECOND);
	talk_tick(talk, 3 * SECOND - 1);
	assert_string_equal(talk_answer(talk, id)->grpc_status, "");
	talk_tick(talk, 1);
	assert_string_equal(talk_answer(talk, id)->grpc_status, "4");
	assert_int_equal(session_call_count(talk->session), 0);
	talk_free(talk);
}

static void watch_follows_and_cancels(void **state)
{
	struct talk *talk = talk_begin(EMPTY_MESSAGE, 5);
	int32_t id = talk_call(talk, HEALTH "Watch", NULL);

	(void)state;
	talk_run(talk);
	assert_int_equal(talk_answer(talk, id)->body_size, 7);
	assert_true(health_set(talk->health, "", HEALTH_NOT_SERVING));
	/* Two changes before anyone looks are one message. */
	assert_true(health_set(talk->health, "", HEALTH_NOT_SERVING));
	talk_run(talk);
	assert_int_equal(talk_answer(talk, id)->body_size, 14);
	assert_int_equal(session_call_count(talk->session), 1);
	nghttp2_submit_rst_stream(talk->client, 0, id, NGHTTP2_CANCEL);
	talk_run(talk);
	assert_int_equal(session_call_count(talk->session), 0);
	assert_true(health_set(talk->health, "", HEALTH_SERVING));
	assert_null(talk->tasks);
	talk_free(talk);
}

static void goodbye_in_two_steps(void **state)
{
	struct talk *talk = talk_begin(EMPTY_MESSAGE, 5);
	int32_t id = talk_call(talk, HEALTH "Watch", NULL);

	(void)state;
	talk_run(talk);
	session_drain(talk->session, talk->now_us);
	talk_run(talk); /* the client answers the PING */
	assert_int_equal(talk->goaway_count, 2);
	assert_int_equal(talk->goaway_last[0], INT32_MAX);
	assert_int_equal(talk->goaway_last[1], id);
	assert_false(session_is_over(talk->session));
	health_drain(talk->health);
	talk_run(talk);
	assert_string_equal(talk_answer(talk, id)->grpc_status, "14");
	assert_true(session_is_over(talk->session));
	talk_free(talk);
}

static void grace_ends_with_reset(void **state)
{
	struct talk *talk = talk_begin(EMPTY_MESSAGE, 5);
	int32_t id = talk_call(talk, HEALTH "Watch", NULL);

	(void)state;
	talk_run(talk);
	session_drain(talk->session, talk->now_us);
	talk_run(talk);
	session_abort(talk->session, talk->now_us);
	talk_run(talk);
	assert_int_equal(talk_answer(talk, id)->reset_code, NGHTTP2_CANCEL);
	assert_true(session_is_over(talk->session));
	talk_free(talk);
}

static void silent_handshake(void **state)
{
	struct talk *talk = talk_begin("", 0);

	(void)state;
	assert_int_equal(session_next_us(talk->session), talk->now_us + 10 * SECOND);
	talk->now_us += 10 * SECOND;
	session_tick(talk->session, talk->now_us);
	assert_false(session_is_over(talk->session)); /* the GOAWAY is to be sent */
	{
		struct buffer out = { 0 };

		session_send(talk->session, &out, 65536, talk->now_us);
		buffer_fini(&out);
	}
	assert_true(session_is_over(talk->session));
	talk_free(talk);
}

static void keepalive(void **state)
{
	struct talk *talk = talk_begin("", 0);

	(void)state;
	talk_run(talk);
	talk_tick(talk, 7200 * SECOND); /* pinged, and answered by the client */
	talk_tick(talk, 7200 * SECOND);
	assert_false(session_is_over(talk->session));
	talk->now_us += 7200 * SECOND;
	session_tick(talk->session, talk->now_us);
	talk->now_us += 20 * SECOND; /* this time nobody answers */
	session_tick(talk->session, talk->now_us);
	assert_true(session_is_over(talk->session));
	talk_free(talk);
}

static void idle_connections_go(void **state)
{
	struct talk *talk = talk_new();

	(void)state;
	talk->limits.idle_us = 5 * SECOND;
	assert_true(talk_open_session(talk));
	talk_run(talk);
	talk_tick(talk, 5 * SECOND - 1);
	assert_int_equal(talk->goaway_count, 0);
	talk_tick(talk, 1);
	/* nghttp2 as a client without calls reads nothing behind the first GOAWAY. */
	assert_int_equal(talk->goaway_count, 1);
	assert_true(session_is_over(talk->session));
	talk_free(talk);
}

static void too_many_pings(void **state)
{
	struct talk *talk = talk_begin("", 0);
	int i;

	(void)state;
	talk_run(talk);
	for (i = 0; i < 4; i++) {
		nghttp2_submit_ping(talk->client, 0, NULL);
		talk_run(talk);
	}
	assert_string_equal(talk->goaway_debug, "too_many_pings");
	assert_true(session_is_over(talk->session));
	talk_free(talk);
}

static void garbage(void **state)
{
	struct talk *talk = talk_begin("", 0);
	struct buffer out = { 0 };

	(void)state;
	session_receive(talk->session, SLICE_LITERAL("GET / HTTP/1.1\r\n\r\n"), talk->now_us);
	session_send(talk->session, &out, 65536, talk->now_us);
	assert_true(session_is_over(talk->session));
	session_receive(talk->session, SLICE_LITERAL("more"), talk->now_us);
	buffer_fini(&out);
	talk_free(talk);
}

/* Whatever allocation fails, the session ends or the call does, and nothing leaks. */
static void every_allocation_fails_in_turn(void **state)
{
	unsigned long nth;
	bool done = false;

	(void)state;
	for (nth = 1; !done && nth < 2000; nth++) {
		struct talk *talk = talk_new();
		struct buffer out = { 0 };
		const uint8_t *chunk;
		ssize_t size;

		talk->body = EMPTY_MESSAGE;
		talk->body_size = 5;
		(void)talk_call(talk, HEALTH "Watch", NULL);
		memory_fail_nth(nth, 0);
		if (talk_open_session(talk)) {
			while ((size = nghttp2_session_mem_send(talk->client, &chunk)) > 0)
				talk_feed(talk, chunk, (size_t)size);
			session_send(talk->session, &out, 65536, talk->now_us);
			session_drain(talk->session, talk->now_us);
			session_send(talk->session, &out, 65536, talk->now_us);
		}
		done = memory_fail_nth(0, 0) < nth;
		buffer_fini(&out);
		talk_free(talk);
	}
	assert_true(done);
	assert_true(nth > 20);
}

static void timers_come_in_order(void **state)
{
	struct timers timers = { 0 };
	struct timer list[200] = { 0 };
	uint64_t last = 0;
	size_t count = 0;
	unsigned seed = 1;
	size_t i;

	(void)state;
	assert_true(timers_reserve(&timers, 200));
	for (i = 0; i < 200; i++) {
		seed = seed * 1103515245u + 12345u;
		timers_set(&timers, &list[i], seed >> 16 & 1023);
	}
	for (i = 0; i < 200; i += 3)
		timers_set(&timers, &list[i], 2000 - i);
	for (i = 0; i < 200; i += 5)
		timers_clear(&timers, &list[i]);
	timers_clear(&timers, &list[0]);
	while (timers_first(&timers)) {
		struct timer *timer = timers_first(&timers);

		assert_true(timer->at_us >= last);
		last = timer->at_us;
		timers_clear(&timers, timer);
		count++;
	}
	assert_int_equal(count, 160);
	timers_fini(&timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unary_in_pieces),
		cmocka_unit_test(odd_bodies),
		cmocka_unit_test(too_large_is_refused_at_the_prefix),
		cmocka_unit_test(deadline_with_made_up_time),
		cmocka_unit_test(watch_follows_and_cancels),
		cmocka_unit_test(goodbye_in_two_steps),
		cmocka_unit_test(grace_ends_with_reset),
		cmocka_unit_test(silent_handshake),
		cmocka_unit_test(keepalive),
		cmocka_unit_test(idle_connections_go),
		cmocka_unit_test(too_many_pings),
		cmocka_unit_test(garbage),
		cmocka_unit_test(every_allocation_fails_in_turn),
		cmocka_unit_test(timers_come_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

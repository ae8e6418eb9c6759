/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session driven by a client-side nghttp2 session in memory: no sockets, no clock. Bytes travel in
 * pieces of any size, and time is a number.
 */
#include "base/memory.h"
#include "talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEALTH "/grpc.health.v1.Health/"

static const char EMPTY_MESSAGE[] = "\0\0\0\0\0";

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

/* What TLS took counts: the client has ten seconds for all of it. */
static void handshake_has_one_deadline(void **state)
{
	struct talk *talk = talk_new();
	struct session_options options = {
		.loop = &talk->loop,
		.limits = &talk->limits,
		.peer = "test",
		.begun_us = talk->now_us - 7 * SECOND,
	};

	(void)state;
	talk->session = session_new(&options, talk->now_us, NULL);
	assert_non_null(talk->session);
	assert_int_equal(session_next_us(talk->session), talk->now_us + 3 * SECOND);
	talk_tick(talk, 3 * SECOND - 1);
	assert_false(session_is_over(talk->session));
	talk_free(talk);
}

/* A revoked client: nothing new from now on, and what is under way has its grace. */
static void dismissed(void **state)
{
	struct talk *talk = talk_begin(EMPTY_MESSAGE, 5);
	int32_t id = talk_call(talk, HEALTH "Watch", NULL);

	(void)state;
	talk_run(talk);
	session_dismiss(talk->session, "why", talk->now_us);
	talk_run(talk);
	assert_int_equal(talk->goaway_count, 2);
	assert_int_equal(talk->goaway_last[1], id);
	assert_string_equal(talk->goaway_debug, "why");
	assert_false(talk_answer(talk, id)->is_closed);
	assert_false(session_is_over(talk->session));
	talk_tick(talk, 29 * SECOND);
	assert_false(talk_answer(talk, id)->is_closed);
	talk_tick(talk, 2 * SECOND);
	assert_true(talk_answer(talk, id)->is_closed);
	assert_true(session_is_over(talk->session));
	talk_free(talk);
}

/* What was under way when the GOAWAY was queued is not begun, and spoils nothing of what is let end. */
static void goodbye_crosses_calls(void **state)
{
	struct talk *talk = talk_begin(EMPTY_MESSAGE, 5);
	int32_t id = talk_call(talk, HEALTH "Watch", NULL), late;
	const uint8_t *chunk;
	ssize_t size;

	(void)state;
	talk_run(talk);
	session_dismiss(talk->session, "why", talk->now_us);
	talk->keeps_open = true;
	late = talk_call(talk, HEALTH "Check", NULL);
	while ((size = nghttp2_session_mem_send(talk->client, &chunk)) > 0)
		talk_feed(talk, chunk, (size_t)size);
	assert_int_equal(session_call_count(talk->session), 1);
	talk_run(talk);
	assert_int_equal(talk->goaway_last[1], id);
	assert_int_equal(talk_answer(talk, late)->reset_code, NGHTTP2_REFUSED_STREAM);
	/* More of its body, sent before the GOAWAY came. */
	talk_feed(talk, (const uint8_t *)"\0\0\1\0\0\0\0\0\3x", 10);
	talk_run(talk);
	assert_int_equal(talk->goaway_count, 2);
	assert_false(talk_answer(talk, id)->is_closed);
	assert_false(session_is_over(talk->session));
	health_drain(talk->health);
	talk_run(talk);
	assert_string_equal(talk_answer(talk, id)->grpc_status, "14");
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
		cmocka_unit_test(handshake_has_one_deadline),
		cmocka_unit_test(dismissed),
		cmocka_unit_test(goodbye_crosses_calls),
		cmocka_unit_test(keepalive),
		cmocka_unit_test(idle_connections_go),
		cmocka_unit_test(too_many_pings),
		cmocka_unit_test(garbage),
		cmocka_unit_test(every_allocation_fails_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

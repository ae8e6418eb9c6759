/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks much waits behind who asks little: sessions that share a loop whose clock we turn. */
#include "talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEALTH "/grpc.health.v1.Health/"
#define CALLS 7
/* What one call takes; a turn is of 300. */
#define WORK_US 100

static uint64_t time_us;
static uint64_t work_us = WORK_US;
static unsigned waking_count;

/* Each look takes @work_us, so that what stands between two looks does. */
static uint64_t on_clock(void)
{
	return time_us += work_us;
}

static void on_waiting(struct rpc_loop *loop)
{
	(void)loop;
	waking_count++;
}

static struct talk *greedy_begin(void)
{
	struct talk *talk = talk_begin("", 0);

	waking_count = 0;
	talk->loop.clock_us = on_clock;
	talk->loop.on_waiting = on_waiting;
	rpc_loop_turn(&talk->loop);
	return talk;
}

/* Another client of the same loop. */
static struct talk *beside(struct talk *talk)
{
	struct talk *other = talk_new();
	struct session_options options = {
		.loop = &talk->loop,
		.limits = &other->limits,
		.peer = "other",
	};

	other->session = session_new(&options, talk->now_us, NULL);
	assert_non_null(other->session);
	return other;
}

static void ask_many(struct talk *talk, int32_t ids[CALLS])
{
	for (int i = 0; i < CALLS; i++)
		ids[i] = talk_call(talk, HEALTH "Check", NULL);
	talk_run(talk);
}

static int closed_count(const struct talk *talk, const int32_t ids[CALLS])
{
	int count = 0;

	for (int i = 0; i < CALLS; i++)
		count += talk_answer(talk, ids[i])->is_closed;
	return count;
}

static bool another_turn(struct talk *talk)
{
	bool more;

	rpc_loop_turn(&talk->loop);
	talk->loop.now_us = time_us;
	more = rpc_loop_run_waiting(&talk->loop);
	return more;
}

static void who_asks_much_waits(void **state)
{
	struct talk *greedy = greedy_begin();
	struct talk *polite = beside(greedy);
	int32_t ids[CALLS], id;
	int before;

	(void)state;
	ask_many(greedy, ids);
	assert_int_equal(closed_count(greedy, ids), 3);
	assert_int_equal(waking_count, 1);
	id = talk_call(polite, HEALTH "Check", NULL);
	talk_run(polite);
	assert_true(talk_answer(polite, id)->is_closed);
	/* What comes while others of its own wait, waits behind them. */
	while (another_turn(greedy)) {
		before = closed_count(greedy, ids);
		talk_run(greedy);
		assert_true(closed_count(greedy, ids) > before);
		assert_true(closed_count(greedy, ids) <= before + 3);
	}
	talk_run(greedy);
	assert_int_equal(closed_count(greedy, ids), CALLS);
	/* And then it may ask at once again. */
	rpc_loop_turn(&greedy->loop);
	id = talk_call(greedy, HEALTH "Check", NULL);
	assert_int_equal(waking_count, 1);
	talk_free(polite);
	talk_free(greedy);
}

static void turns_go_round(void **state)
{
	struct talk *first = greedy_begin();
	struct talk *second = beside(first);
	int32_t ids[CALLS], others[CALLS];

	(void)state;
	ask_many(first, ids);
	ask_many(second, others);
	assert_int_equal(closed_count(first, ids), 3);
	assert_int_equal(closed_count(second, others), 3);
	/* One piece takes three looks here: a turn is over after it. */
	while (another_turn(first)) {
		talk_run(first);
		talk_run(second);
		assert_in_range(closed_count(first, ids) - closed_count(second, others) + 1, 0,
				2);
	}
	talk_run(first);
	talk_run(second);
	assert_int_equal(closed_count(first, ids), CALLS);
	assert_int_equal(closed_count(second, others), CALLS);
	talk_free(second);
	talk_free(first);
}

static void who_waits_may_go(void **state)
{
	struct talk *greedy = greedy_begin();
	struct talk *other = beside(greedy);
	int32_t ids[CALLS], others[CALLS];

	(void)state;
	ask_many(greedy, ids);
	ask_many(other, others);
	/* The first that waits, the last, and one between; then a connection with all of its own. */
	for (int i = 3; i < CALLS; i += i == 3 ? 1 : CALLS - 5)
		assert_int_equal(nghttp2_submit_rst_stream(
						 greedy->client, 0, ids[i], NGHTTP2_CANCEL),
				0);
	talk_run(greedy);
	talk_free(other);
	while (another_turn(greedy))
		talk_run(greedy);
	talk_run(greedy);
	assert_int_equal(closed_count(greedy, ids), CALLS);
	assert_null(greedy->loop.first_waiting);
	assert_null(greedy->loop.last_waiting);
	talk_free(greedy);
}

/* Three whose every turn is used up by the last call that waits: nobody is passed over. */
static void nobody_is_passed_over(void **state)
{
	struct talk *talks[3];
	int32_t ids[3];

	(void)state;
	talks[0] = greedy_begin();
	talks[1] = beside(talks[0]);
	talks[2] = beside(talks[0]);
	for (int i = 0; i < 3; i++) {
		for (int call = 0; call < 4; call++)
			ids[i] = talk_call(talks[i], HEALTH "Check", NULL);
		talk_run(talks[i]);
		assert_false(talk_answer(talks[i], ids[i])->is_closed);
	}
	for (int turn = 0; turn < 3; turn++) {
		struct talk *served = talks[turn];

		assert_true(another_turn(talks[0]));
		talk_run(served);
		assert_true(talk_answer(served, ids[turn])->is_closed);
		for (int call = 0; call < 4; call++)
			(void)talk_call(served, HEALTH "Check", NULL);
		talk_run(served);
	}
	for (int i = 2; i >= 0; i--)
		talk_free(talks[i]);
}

static unsigned answer_count;

static const char *last_message;
static size_t message_count, moved_count;

/* Where what has waited is moved, a message stands before the one that came before it. */
static void on_bytes(struct rpc_call *call, struct slice message)
{
	(void)call;
	moved_count += message.data <= last_message;
	last_message = message.data;
	message_count++;
}

static bool on_respond(struct rpc_stream *stream, const struct rpc_header *headers,
		size_t count, bool end)
{
	(void)stream;
	(void)headers;
	(void)count;
	(void)end;
	answer_count++;
	return true;
}

static void on_stream(struct rpc_stream *stream)
{
	(void)stream;
}

static void on_consume(struct rpc_stream *stream, size_t size)
{
	(void)stream;
	(void)size;
}

static void on_set_timer(struct rpc_stream *stream, uint64_t at_us)
{
	(void)stream;
	(void)at_us;
}

static struct rpc_call *stream_begin(struct rpc_loop *loop, struct rpc_connection *connection)
{
	static const struct rpc_stream_operations operations = { on_respond, on_stream,
		on_consume, on_set_timer, on_stream };
	static const char *const headers[][2] = {
		{ ":method", "POST" },
		{ ":path", "/test.Test/Stream" },
		{ "content-type", "application/grpc" },
	};
	struct rpc_call *call = rpc_call_new(loop, connection, &operations, NULL);

	assert_non_null(call);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		rpc_call_header(call, slice_from(headers[i][0]), slice_from(headers[i][1]));
	rpc_call_begin(call);
	return call;
}

/* Streams of which much has waited, one after another, hold nothing of the connection's memory when it is read. */
static void what_has_waited_is_given_back(void **state)
{
	enum { SIZE = 300 << 10, STREAMS = 5 };
	static const char empty_messages[SIZE];
	static const struct rpc_method method = {
		.service = "test.Test",
		.name = "Stream",
		.client_streaming = true,
		.server_streaming = true,
		.transient_messages = true,
		.on_bytes = on_bytes,
	};
	const struct rpc_method *const methods[] = { &method };
	const struct rpc_registry registry = { methods, 1 };
	const struct rpc_limits limits = { .connection_input = 1 << 20 };
	struct rpc_connection connection = { .peer = "test", .names = "" };
	struct rpc_loop loop = { .clock_us = on_clock, .on_waiting = on_waiting };
	struct rpc_engine *engine = rpc_engine_new(&registry, &limits, NULL, NULL);
	struct rpc_call *calls[STREAMS];

	(void)state;
	assert_non_null(engine);
	loop.engine = engine;
	answer_count = 0;
	for (int i = 0; i < STREAMS; i++) {
		calls[i] = stream_begin(&loop, &connection);
		rpc_loop_turn(&loop);
		work_us = WORK_US;
		rpc_call_receive(calls[i], (struct slice){ empty_messages, SIZE });
		assert_ptr_equal(loop.first_waiting, &connection);
		work_us = 0;
		rpc_loop_turn(&loop);
		assert_false(rpc_loop_run_waiting(&loop));
	}
	work_us = WORK_US;
	/* A call that fails is answered. */
	assert_int_equal(answer_count, 0);
	for (int i = 0; i < STREAMS; i++)
		rpc_call_close(calls[i]);
	assert_int_equal(connection.input_held, 0);
	rpc_loop_fini(&loop);
	rpc_engine_free(engine);
}

/* A stream of which much waits, a message a turn, and more that comes meanwhile. */
static void what_waits_is_not_moved_for_each_message(void **state)
{
	enum { SIZE = 300 << 10, MORE = 5 << 10, MESSAGE = 5 };
	static const char empty_messages[SIZE];
	static const struct rpc_method method = {
		.service = "test.Test",
		.name = "Stream",
		.client_streaming = true,
		.server_streaming = true,
		.transient_messages = true,
		.on_bytes = on_bytes,
	};
	const struct rpc_method *const methods[] = { &method };
	const struct rpc_registry registry = { methods, 1 };
	const struct rpc_limits limits = { .connection_input = 4 << 20 };
	struct rpc_connection connection = { .peer = "test", .names = "" };
	struct rpc_loop loop = { .clock_us = on_clock, .on_waiting = on_waiting };
	struct rpc_engine *engine = rpc_engine_new(&registry, &limits, NULL, NULL);
	struct rpc_call *call;

	(void)state;
	assert_non_null(engine);
	loop.engine = engine;
	call = stream_begin(&loop, &connection);
	rpc_loop_turn(&loop);
	message_count = moved_count = answer_count = 0;
	last_message = NULL;
	work_us = 400;
	rpc_call_receive(call, (struct slice){ empty_messages, SIZE });
	assert_in_range(message_count, 1, 2);
	for (int i = 0; i < 10; i++)
		rpc_call_receive(call, (struct slice){ empty_messages, MORE });
	for (int i = 0; i < 10; i++) {
		for (int turn = 0; turn < 100; turn++) {
			loop.now_us = time_us;
			rpc_loop_turn(&loop);
			assert_true(rpc_loop_run_waiting(&loop));
		}
		rpc_call_receive(call, (struct slice){ empty_messages, MORE });
	}
	do {
		loop.now_us = time_us;
		rpc_loop_turn(&loop);
	} while (rpc_loop_run_waiting(&loop));
	assert_int_equal(answer_count, 0);
	assert_int_equal(message_count, (SIZE + 20 * MORE) / MESSAGE);
	assert_in_range(moved_count, 1, 40);
	work_us = WORK_US;
	rpc_call_close(call);
	assert_int_equal(connection.input_held, 0);
	rpc_loop_fini(&loop);
	rpc_engine_free(engine);
}

/* The deadline goes on. */
static void deadline_while_waiting(void **state)
{
	struct talk *greedy = greedy_begin();
	int32_t id;

	(void)state;
	for (int i = 0; i < 3; i++)
		(void)talk_call(greedy, HEALTH "Check", NULL);
	id = talk_call(greedy, HEALTH "Check", "5S");
	talk_run(greedy);
	assert_false(talk_answer(greedy, id)->is_closed);
	talk_tick(greedy, 6 * SECOND);
	assert_string_equal(talk_answer(greedy, id)->grpc_status, "4");
	assert_true(talk_answer(greedy, id)->is_closed);
	assert_false(another_turn(greedy));
	talk_free(greedy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_much_waits),
		cmocka_unit_test(turns_go_round),
		cmocka_unit_test(who_waits_may_go),
		cmocka_unit_test(nobody_is_passed_over),
		cmocka_unit_test(what_has_waited_is_given_back),
		cmocka_unit_test(what_waits_is_not_moved_for_each_message),
		cmocka_unit_test(deadline_while_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

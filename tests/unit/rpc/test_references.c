/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads let go of a call: its memory comes back once, and nobody looks at it afterwards
 * (which TSan sees, whatever the timing); a record has one end, told by whoever is the last.
 */
#include "rpc/recorder.h"
#include "rpc/stream.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 200

static struct {
	struct rpc_loop loop;
	struct rpc_connection connection;
	struct rpc_call *_Atomic handed; /* to the other thread */
	atomic_uint gone; /* so many rounds' calls have lost their client; not an order of things */
	atomic_uint let_go; /* so many the other thread has let go of */
	atomic_uint begun, ended;
	atomic_bool is_ending;
} all;

static void on_kept_freed(struct rpc_loop *loop)
{
	(void)loop;
}

static bool on_begin(void *context, struct rpc_call *call)
{
	(void)context;
	rpc_call_set_record(call, rpc_call_ref(call));
	atomic_fetch_add(&all.begun, 1);
	return true;
}

/* A call that is cut has two ends: the second is told by the last who lets go. */
static void on_record_end(
		void *context, struct rpc_call *call, enum rpc_status status, bool is_settled)
{
	(void)context;
	(void)status;
	if (is_settled)
		atomic_fetch_add(&all.ended, 1);
	else
		rpc_call_set_record(call, rpc_call_ref(call));
	rpc_call_unref(call);
}

static void set_timer(struct rpc_stream *stream, uint64_t at_us)
{
	(void)stream;
	(void)at_us;
}

static const struct rpc_stream_operations operations = { .set_timer = set_timer };

/* Puts nothing that the threads did before or after anything else. */
static void wait_for(atomic_uint *count, unsigned wanted)
{
	while (atomic_load_explicit(count, memory_order_relaxed) < wanted)
		sched_yield();
}

static void *other_thread(void *argument)
{
	bool waits = argument != NULL;
	unsigned round = 0;

	while (!atomic_load(&all.is_ending)) {
		struct rpc_call *call = atomic_exchange(&all.handed, NULL);

		if (!call) {
			sched_yield();
			continue;
		}
		round++;
		if (waits)
			wait_for(&all.gone, round);
		rpc_call_unref(call);
		atomic_store(&all.let_go, round);
	}
	return NULL;
}

static struct rpc_call *call_begun(void)
{
	static const char *const headers[][2] = {
		{ ":method", "POST" },
		{ ":path", "/test.Test/Do" },
		{ "content-type", "application/grpc" },
		{ "grpc-timeout", "1m" },
	};
	struct rpc_call *call = rpc_call_new(&all.loop, &all.connection, &operations, NULL);

	assert_non_null(call);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		rpc_call_header(call, slice_from(headers[i][0]), slice_from(headers[i][1]));
	rpc_call_begin(call);
	if (rpc_call_record(call))
		rpc_call_record_begun(call, true);
	return call;
}

static void let_go(bool is_recorded, bool is_cut, bool waits)
{
	static const struct rpc_method method = {
		.service = "test.Test", .name = "Do", .is_recorded = true
	};
	static const struct rpc_method *const methods[] = { &method };
	const struct rpc_registry registry = { .methods = methods, .count = 1 };
	const struct rpc_recorder recorder = { .begin = on_begin, .end = on_record_end };
	struct rpc_engine *engine = rpc_engine_new(&registry, NULL, NULL, NULL);
	pthread_t other;

	assert_non_null(engine);
	memset(&all, 0, sizeof(all));
	all.loop.engine = engine;
	all.loop.on_kept_freed = on_kept_freed;
	all.connection.names = "";
	if (is_recorded)
		rpc_engine_set_recorder(engine, &recorder);
	assert_int_equal(pthread_create(&other, NULL, other_thread, waits ? &all : NULL), 0);
	for (unsigned round = 1; round <= ROUNDS; round++) {
		struct rpc_call *call = call_begun();

		atomic_store(&all.handed, rpc_call_ref(call));
		if (is_cut) {
			all.loop.now_us += 2000;
			rpc_call_timer(call);
		}
		rpc_call_close(call);
		atomic_fetch_add_explicit(&all.gone, 1, memory_order_relaxed);
		while (atomic_load(&all.let_go) < round)
			sched_yield();
	}
	atomic_store(&all.is_ending, true);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(all.begun, is_recorded ? ROUNDS : 0);
	assert_int_equal(all.ended, all.begun);
	rpc_loop_fini(&all.loop);
	rpc_engine_free(engine);
}

static void the_client_first(void **state)
{
	(void)state;
	let_go(false, false, true);
	let_go(true, false, true);
	let_go(true, true, true);
}

static void whoever_comes(void **state)
{
	(void)state;
	let_go(false, false, false);
	let_go(true, false, false);
	let_go(true, true, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_first),
		cmocka_unit_test(whoever_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

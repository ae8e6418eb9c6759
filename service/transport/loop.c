/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a loop.
 *
 *     NEW ───► RUNNING ───► DRAINING ───► CLOSING ───► ENDED
 *
 *     NEW        Made, listening sockets open; no thread yet.
 *     RUNNING    Accepts and serves.
 *     DRAINING   Listeners are closed, every connection was told to go. When the grace is over
 * what is left is reset. Stays until the last connection is closed and the last call that a
 * worker kept is back. CLOSING    uv_close() was called on the loop's own handles. ENDED
 * uv_run() has returned; the thread is about to end.
 *
 * loop_enter() is the only place that writes ->state, loop_advance() decides.
 *
 * Other threads put tasks, jobs and the wish to drain under the lock and ring uv_async. Replies to
 * what was read are flushed when it is dealt with, others once an iteration, before the loop sleeps
 * and after it has polled: all that one connection has to say goes out in one write. While calls
 * wait for their turn (rpc/call_turn.c) the loop does not sleep.
 */
#include "transport/loop.h"

#include "base/memory.h"
#include "transport/connection.h"
#include "transport/loop_memory.h"

#include <assert.h>
#include <stddef.h>
#include <sys/random.h>

#define TO(state) (1u << LOOP_##state)
#define OUT_KEEP ((size_t)1 << 20)

static const unsigned loop_may_enter[] = {
	[LOOP_NEW] = TO(RUNNING),
	[LOOP_RUNNING] = TO(DRAINING),
	[LOOP_DRAINING] = TO(CLOSING),
	[LOOP_CLOSING] = TO(ENDED),
	[LOOP_ENDED] = 0,
};

static void loop_enter(struct loop *loop, enum loop_state state)
{
	assert(loop_may_enter[loop->state] & 1u << state);
	loop->state = state;
}

uint64_t loop_now_us(void)
{
	return uv_hrtime() / 1000;
}

/* --- from other threads ----------------------------------------------------------------------
 */

static struct loop *loop_of_rpc(struct rpc_loop *rpc)
{
	static_assert(offsetof(struct loop, rpc) == 0, "rpc is the first member");
	return (struct loop *)rpc;
}

static void loop_post(struct rpc_loop *rpc, struct rpc_task *task)
{
	struct loop *loop = loop_of_rpc(rpc);

	task->next = NULL;
	uv_mutex_lock(&loop->lock);
	if (loop->last_task)
		loop->last_task->next = task;
	else
		loop->first_task = task;
	loop->last_task = task;
	/* Under the lock: the loop cannot end before this returns. */
	(void)uv_async_send(&loop->async);
	uv_mutex_unlock(&loop->lock);
}

static void loop_on_kept_freed(struct rpc_loop *rpc)
{
	struct loop *loop = loop_of_rpc(rpc);

	uv_mutex_lock(&loop->lock);
	loop->kept_freed++;
	(void)uv_async_send(&loop->async);
	uv_mutex_unlock(&loop->lock);
}

static void on_idle(uv_idle_t *idle)
{
	struct loop *loop = idle->data;

	loop->rpc.now_us = loop_now_us();
	if (!rpc_loop_run_waiting(&loop->rpc))
		(void)uv_idle_stop(idle);
}

static void loop_on_waiting(struct rpc_loop *rpc)
{
	(void)uv_idle_start(&loop_of_rpc(rpc)->waiting, on_idle);
}

void loop_drain(struct loop *loop, unsigned grace_ms)
{
	uv_mutex_lock(&loop->lock);
	if (!loop->wants_drain || grace_ms < loop->grace_ms)
		loop->grace_ms = grace_ms;
	loop->wants_drain = true;
	if (!loop->is_ended)
		(void)uv_async_send(&loop->async);
	uv_mutex_unlock(&loop->lock);
}

/* --- draining --------------------------------------------------------------------------------
 */

static void on_grace(uv_timer_t *timer)
{
	struct loop *loop = timer->data;
	struct connection *connection;

	for (connection = loop->connections; connection; connection = connection->next)
		connection_abort(connection);
}

static void loop_begin_drain(struct loop *loop)
{
	struct connection *connection;
	size_t i;

	loop_enter(loop, LOOP_DRAINING);
	for (i = 0; i < loop->listener_count; i++)
		listener_close(&loop->listeners[i]);
	for (connection = loop->connections; connection; connection = connection->next)
		connection_drain(connection);
}

static void loop_close(struct loop *loop)
{
	loop_enter(loop, LOOP_CLOSING);
	uv_close((uv_handle_t *)&loop->async, NULL);
	uv_close((uv_handle_t *)&loop->prepare, NULL);
	uv_close((uv_handle_t *)&loop->check, NULL);
	uv_close((uv_handle_t *)&loop->waiting, NULL);
	uv_close((uv_handle_t *)&loop->grace, NULL);
}

void loop_advance(struct loop *loop)
{
	bool is_done;

	if (loop->state != LOOP_DRAINING || loop->connections)
		return;
	uv_mutex_lock(&loop->lock);
	is_done = loop->kept_freed == loop->rpc.kept_count && !loop->first_task &&
		  !loop->first_job;
	if (is_done)
		loop->is_ended = true;
	uv_mutex_unlock(&loop->lock);
	if (is_done)
		loop_close(loop);
}

static void loop_run_jobs(struct loop *loop, struct loop_job *job)
{
	while (job) {
		struct loop_jobs *jobs = job->jobs;

		job = job->next;
		jobs->work(jobs->argument, loop->number);
		if (atomic_fetch_sub(&jobs->left, 1) != 1)
			continue;
		if (jobs->done)
			jobs->done(jobs->argument);
		memory_free(jobs);
	}
}

static void on_async(uv_async_t *async)
{
	struct loop *loop = async->data;
	struct rpc_task *task;
	struct loop_job *job;
	bool wants_drain;
	unsigned grace_ms;

	uv_mutex_lock(&loop->lock);
	task = loop->first_task;
	loop->first_task = loop->last_task = NULL;
	job = loop->first_job;
	loop->first_job = loop->last_job = NULL;
	wants_drain = loop->wants_drain;
	grace_ms = loop->grace_ms;
	uv_mutex_unlock(&loop->lock);
	loop->rpc.now_us = loop_now_us();
	while (task) {
		struct rpc_task *next = task->next;

		rpc_task_run(task);
		task = next;
	}
	loop_run_jobs(loop, job);
	connection_make_room(loop);
	if (wants_drain && loop->state == LOOP_RUNNING)
		loop_begin_drain(loop);
	if (loop->state == LOOP_DRAINING &&
			(!uv_is_active((uv_handle_t *)&loop->grace) ||
					uv_timer_get_due_in(&loop->grace) > grace_ms))
		(void)uv_timer_start(&loop->grace, on_grace, grace_ms, 0);
	loop_advance(loop);
}

void loop_ask_others(struct loop *loop)
{
	for (unsigned i = 0; i < loop->loop_count; i++) {
		struct loop *other = loop->loops[i];

		if (other == loop)
			continue;
		uv_mutex_lock(&other->lock);
		if (!other->is_ended)
			(void)uv_async_send(&other->async);
		uv_mutex_unlock(&other->lock);
	}
}

void loop_review(struct loop *loop)
{
	struct connection *connection;

	for (connection = loop->connections; connection; connection = connection->next)
		connection_review(connection);
}

void loop_review_certificates(struct loop *loop)
{
	struct connection *connection;

	for (connection = loop->connections; connection; connection = connection->next)
		connection_review_certificate(connection);
}

/* --- serving ---------------------------------------------------------------------------------
 */

static void loop_flush(struct loop *loop)
{
	struct connection *held = NULL;

	while (loop->dirty) {
		struct connection *connection = loop->dirty;

		loop->dirty = connection->next_dirty;
		if (connection_may_hold(connection)) {
			connection->next_dirty = held;
			held = connection;
			continue;
		}
		connection->next_dirty = NULL;
		connection->is_dirty = false;
		connection_flush(connection);
	}
	loop->dirty = held;
	if (loop->out.capacity > OUT_KEEP)
		buffer_fini(&loop->out);
	if (loop->plain.capacity > OUT_KEEP)
		buffer_fini(&loop->plain);
}

static void on_prepare(uv_prepare_t *prepare)
{
	loop_flush(prepare->data);
}

static void on_check(uv_check_t *check)
{
	struct loop *loop = check->data;

	loop_flush(loop);
	rpc_loop_turn(&loop->rpc);
	connection_wake_resting(loop);
	connection_call_handshakes(loop);
}

void loop_resume_listeners(struct loop *loop)
{
	size_t i;

	for (i = 0; loop->state == LOOP_RUNNING && i < loop->listener_count; i++)
		listener_resume(&loop->listeners[i]);
}

static void on_thread(void *argument)
{
	struct loop *loop = argument;

	(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
	loop_enter(loop, LOOP_ENDED);
}

/* --- making and freeing ----------------------------------------------------------------------
 */

static bool error_uv(struct error *err, const char *doing, int code)
{
	return error_set(err, ERROR_IO, "%s: %s", doing, uv_strerror(code));
}

/* libuv's part, with nothing to watch but ourselves. 0, or libuv's error. */
static int loop_open_uv(struct loop *loop)
{
	int result;

	loop_memory_begin();
	result = uv_loop_init(&loop->uv);
	if (result == 0) {
		result = loop_memory_reserve(&loop->uv, server_descriptors(loop->limits));
		if (result == 0)
			result = uv_mutex_init(&loop->lock);
		if (result == 0)
			result = uv_async_init(&loop->uv, &loop->async, on_async);
		if (result != 0)
			(void)uv_loop_close(&loop->uv);
	}
	loop_memory_end();
	return result;
}

struct loop *loop_new(unsigned number, const struct rpc_engine *engine,
		const struct server_limits *limits, struct places *places,
		struct loop *const *loops, unsigned loop_count, size_t listener_count,
		struct error *err)
{
	struct loop *loop = memory_alloc_zero(1, sizeof(*loop));
	struct listener *listeners = memory_alloc_zero(listener_count, sizeof(*listeners));
	struct connection *spare = memory_alloc_zero(1, sizeof(*spare));
	uint64_t seed;
	int result;

	if (!loop || !listeners || !spare) {
		error_set(err, ERROR_MEMORY, "out of memory while making an event loop");
		goto fail;
	}
	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
		error_set(err, ERROR_INTERNAL, "the system gives no random bytes");
		goto fail;
	}
	handshakes_init(&loop->handshakes, limits->handshake_count, seed);
	loop->number = number;
	loop->limits = limits;
	loop->places = places;
	loop->loops = loops;
	loop->loop_count = loop_count;
	loop->room.random = seed | 1;
	loop->listeners = listeners;
	loop->spare = spare;
	loop->rpc.engine = engine;
	loop->rpc.post = loop_post;
	loop->rpc.on_kept_freed = loop_on_kept_freed;
	loop->rpc.clock_us = loop_now_us;
	loop->rpc.on_waiting = loop_on_waiting;
	result = loop_open_uv(loop);
	if (result != 0) {
		error_uv(err, "making an event loop", result);
		goto fail;
	}
	/* These cannot fail. */
	(void)uv_prepare_init(&loop->uv, &loop->prepare);
	(void)uv_check_init(&loop->uv, &loop->check);
	(void)uv_idle_init(&loop->uv, &loop->waiting);
	(void)uv_timer_init(&loop->uv, &loop->grace);
	(void)uv_prepare_start(&loop->prepare, on_prepare);
	(void)uv_check_start(&loop->check, on_check);
	loop->async.data = loop;
	loop->prepare.data = loop;
	loop->check.data = loop;
	loop->waiting.data = loop;
	loop->grace.data = loop;
	return loop;
fail:
	memory_free(loop);
	memory_free(listeners);
	memory_free(spare);
	return NULL;
}

bool loop_listen(struct loop *loop, int fd, bool is_unix, struct tls *tls, struct error *err)
{
	struct listener *listener = &loop->listeners[loop->listener_count];

	if (!listener_open(listener, loop, fd, is_unix, tls, err))
		return false;
	loop->listener_count++;
	return true;
}

bool loop_start(struct loop *loop, struct error *err)
{
	int result;

	loop_enter(loop, LOOP_RUNNING);
	result = uv_thread_create(&loop->thread, on_thread, loop);
	if (result != 0)
		return error_uv(err, "starting a thread", result);
	loop->has_thread = true;
	return true;
}

void loop_join(struct loop *loop)
{
	if (loop->has_thread)
		(void)uv_thread_join(&loop->thread);
	loop->has_thread = false;
}

void loop_free(struct loop *loop)
{
	size_t i;

	if (!loop)
		return;
	if (loop->state != LOOP_ENDED) {
		/* It never ran: nothing but its own handles to close. */
		for (i = 0; i < loop->listener_count; i++)
			listener_close(&loop->listeners[i]);
		loop->state = LOOP_DRAINING;
		loop_close(loop);
		(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
	}
	(void)uv_loop_close(&loop->uv);
	uv_mutex_destroy(&loop->lock);
	rpc_loop_fini(&loop->rpc);
	buffer_fini(&loop->out);
	buffer_fini(&loop->plain);
	room_fini(&loop->room);
	memory_free(loop->listeners);
	memory_free(loop->spare);
	memory_free(loop);
}

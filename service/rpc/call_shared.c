/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of calls. A finished call is kept by its loop for the next one, with its arena's
 * first block and its buffers, so that a unary call allocates nothing of ours in steady state.
 *
 * The library holds one reference from rpc_call_new() to rpc_call_close(). If a worker still
 * holds another one then, the call is "kept": its memory is freed by the last unref, on
 * whatever thread, and the loop is told, so that it does not end before.
 */
#include "rpc/call.h"

#include "base/memory.h"

#include <assert.h>

#define IDLE_MAX 256
/* There is one workspace and one encoder a loop. */
#define LOOP_KEEP ((size_t)1 << 20)

static void call_free(struct rpc_call *call)
{
	arena_fini(&call->arena);
	arena_fini(&call->scratch);
	framing_fini(&call->reader);
	buffer_fini(&call->pending);
	buffer_fini(&call->unpacked);
	buffer_fini(&call->out);
	status_fini(&call->status);
	memory_free(call);
}

static void buffer_recycle(struct buffer *buffer)
{
	if (buffer->capacity > CALL_KEEP)
		buffer_fini(buffer);
	else
		buffer_clear(buffer);
}

/* Back to what rpc_call_new() gives, with the memory it has. */
static void call_recycle(struct rpc_call *call)
{
	struct rpc_call clean = {
		.loop = call->loop,
		.arena = call->arena,
		.scratch = call->scratch,
		.reader = call->reader,
		.pending = call->pending,
		.unpacked = call->unpacked,
		.out = call->out,
		.status = call->status,
	};

	*call = clean;
	arena_reset(&call->arena);
	arena_reset(&call->scratch);
	framing_reset(&call->reader, call_limits(call)->receive_max);
	buffer_recycle(&call->pending);
	buffer_recycle(&call->unpacked);
	buffer_recycle(&call->out);
	status_reset(&call->status);
}

struct rpc_call *rpc_call_new(struct rpc_loop *loop, struct rpc_connection *connection,
		const struct rpc_stream_operations *operations, struct rpc_stream *stream)
{
	struct rpc_call *call = loop->idle;

	if (call) {
		loop->idle = call->next_idle;
		loop->idle_count--;
		call->next_idle = NULL;
	} else {
		call = memory_alloc_zero(1, sizeof(*call));
		if (!call)
			return NULL;
		call->loop = loop;
		arena_init(&call->arena, call_limits(call)->call_memory);
		arena_init(&call->scratch, call_limits(call)->call_memory);
		framing_reset(&call->reader, call_limits(call)->receive_max);
	}
	call->connection = connection;
	call->operations = operations;
	call->stream = stream;
	call->started_us = loop->now_us;
	call->progress_us = loop->now_us;
	call->deadline_us = UINT64_MAX;
	call->compress_above = SIZE_MAX;
	atomic_init(&call->references, 1);
	atomic_init(&call->cancelled, false);
	return call;
}

/*
 * One reference fewer; true when it was the last. The recorder's is the last but one of a call that owes its
 * end: nobody works on it any more, and what it came to is settled.
 */
static bool call_drop(struct rpc_call *call)
{
	unsigned before = atomic_fetch_sub_explicit(&call->references, 1, memory_order_acq_rel);

	/* The recorder holds on until it is told; whoever else was left may have freed the call by now. */
	if (before == (CALL_OWES_END | 2)) {
		(void)atomic_fetch_and_explicit(
				&call->references, ~CALL_OWES_END, memory_order_relaxed);
		call_record_end(call);
	}
	return before == 1;
}

void call_release(struct rpc_call *call)
{
	struct rpc_loop *loop = call->loop;

	/* Counted before the reference is dropped: the other holder may be quick. */
	loop->kept_count++;
	if (!call_drop(call))
		return;
	loop->kept_count--;
	call_leave_quota(call);
	if (loop->idle_count >= IDLE_MAX) {
		call_free(call);
		return;
	}
	call_recycle(call);
	call->next_idle = loop->idle;
	loop->idle = call;
	loop->idle_count++;
}

struct rpc_call *rpc_call_ref(struct rpc_call *call)
{
	unsigned before = atomic_fetch_add_explicit(&call->references, 1, memory_order_relaxed);

	assert(before > 0);
	(void)before;
	return call;
}

void rpc_call_unref(struct rpc_call *call)
{
	struct rpc_loop *loop;

	if (!call)
		return;
	loop = call->loop;
	if (!call_drop(call))
		return;
	call_leave_quota(call);
	call_free(call);
	if (loop->on_kept_freed)
		loop->on_kept_freed(loop);
}

void rpc_loop_fini(struct rpc_loop *loop)
{
	while (loop->idle) {
		struct rpc_call *next = loop->idle->next_idle;

		call_free(loop->idle);
		loop->idle = next;
	}
	loop->idle_count = 0;
	arena_fini(&loop->workspace);
	encoder_fini(&loop->encoder);
}

bool rpc_call_post(struct rpc_call *call, void (*work)(struct rpc_call *call, void *argument),
		void *argument)
{
	struct rpc_task *task = NULL;
	int slot;

	for (slot = 0; slot < CALL_OWN_TASKS; slot++) {
		if (!atomic_flag_test_and_set_explicit(
				    &call->task_used[slot], memory_order_acquire)) {
			task = &call->tasks[slot];
			break;
		}
	}
	if (!task) {
		slot = -1;
		task = memory_alloc(sizeof(*task));
		if (!task)
			return false;
	}
	*task = (struct rpc_task){
		.call = rpc_call_ref(call),
		.work = work,
		.argument = argument,
		.slot = slot,
	};
	call->loop->post(call->loop, task);
	return true;
}

void rpc_task_run(struct rpc_task *task)
{
	struct rpc_task copy = *task;

	if (copy.slot >= 0)
		atomic_flag_clear_explicit(
				&copy.call->task_used[copy.slot], memory_order_release);
	else
		memory_free(task);
	copy.work(copy.call, copy.argument);
	rpc_call_unref(copy.call);
}

bool rpc_call_is_cancelled(const struct rpc_call *call)
{
	return atomic_load_explicit(&call->cancelled, memory_order_relaxed);
}

const struct rpc_method *rpc_call_method(const struct rpc_call *call)
{
	return call->method;
}

bool rpc_call_came_packed(const struct rpc_call *call)
{
	return call->came_packed;
}

struct arena *rpc_call_arena(struct rpc_call *call)
{
	return &call->arena;
}

struct arena *rpc_call_scratch(struct rpc_call *call)
{
	return call->method && call->method->transient_messages ? &call->scratch : &call->arena;
}

struct arena *rpc_call_workspace(struct rpc_call *call)
{
	struct arena *workspace = &call->loop->workspace;

	workspace->budget = call_limits(call)->call_memory;
	workspace->keep = LOOP_KEEP;
	arena_reset(workspace);
	return workspace;
}

struct encoder *rpc_call_encoder(struct rpc_call *call)
{
	struct encoder *encoder = &call->loop->encoder;

	encoder_clear(encoder, LOOP_KEEP);
	encoder->most = call_limits(call)->send_max;
	return encoder;
}

void rpc_call_set_data(struct rpc_call *call, void *data)
{
	call->data = data;
}

void *rpc_call_data(const struct rpc_call *call)
{
	return call->data;
}

const char *rpc_call_peer(const struct rpc_call *call)
{
	return call->connection && call->connection->peer ? call->connection->peer : "";
}

const struct rpc_identity *rpc_call_identity(const struct rpc_call *call)
{
	return &call->identity;
}

uint64_t rpc_call_now_us(const struct rpc_call *call)
{
	return call->loop->now_us;
}

uint64_t rpc_call_deadline_us(const struct rpc_call *call)
{
	return call->deadline_us;
}

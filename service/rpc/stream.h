/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where rpc/ and transport/ meet. The transport drives a call through the functions here and
 * lends it a stream through a table of operations; rpc/ knows no HTTP/2 and no socket.
 *
 *     rpc_call_new ──► rpc_call_header* ──► rpc_call_begin ──► rpc_call_receive* ──►
 *     rpc_call_half_close,   meanwhile: rpc_call_output / rpc_call_sent, rpc_call_timer,
 *     and in any state, last: rpc_call_close
 *
 * All of it runs on one loop's thread. Time is what struct rpc_loop says it is.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "proto/codec/encode.h"
#include "rpc/call_limits.h"
#include "rpc/gate.h"
#include "rpc/method.h"
#include "rpc/recorder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The methods, found by path; immutable, shared by all loops. */
struct rpc_engine;

/** @registry is borrowed. Zero fields of @limits get their defaults. */
struct rpc_engine *rpc_engine_new(const struct rpc_registry *registry,
		const struct rpc_limits *limits, const struct rpc_observer *observer,
		struct error *err);
/** Before the first call. Copied; its context is borrowed. */
void rpc_engine_set_gate(struct rpc_engine *engine, const struct rpc_gate *gate);
/** Likewise. */
void rpc_engine_set_recorder(struct rpc_engine *engine, const struct rpc_recorder *recorder);
void rpc_engine_free(struct rpc_engine *engine);
const struct rpc_limits *rpc_engine_limits(const struct rpc_engine *engine);
/** For ->caller of a connection. */
uint64_t rpc_engine_caller(const struct rpc_engine *engine, const char *peer);

/* Work on its way to a loop. Whoever takes it off the queue calls rpc_task_run() once. */
struct rpc_task {
	struct rpc_task *next; /* the queue's */
	struct rpc_call *call;
	void (*work)(struct rpc_call *call, void *argument);
	void *argument;
	int slot; /* of the call's own, or -1: allocated */
};

void rpc_task_run(struct rpc_task *task);

/* One event loop as calls see it. The transport owns it, and fills all that stand before
 * ->kept_count. */
struct rpc_loop {
	const struct rpc_engine *engine;
	/* Any thread: queues @task for this loop's thread. Cannot fail. */
	void (*post)(struct rpc_loop *loop, struct rpc_task *task);
	/* Any thread: the memory of one call of ->kept_count is back. May be NULL. */
	void (*on_kept_freed)(struct rpc_loop *loop);
	/* Monotonic, now: what work takes. NULL: no call ever waits for its turn. */
	uint64_t (*clock_us)(void);
	/* A call waits, the first one: call rpc_loop_run_waiting() once an iteration until it gives false. */
	void (*on_waiting)(struct rpc_loop *loop);
	uint64_t now_us; /* monotonic; set before each event */
	/* Calls whose stream is gone and that somebody still held then; never counted down. */
	uint64_t kept_count;
	struct rpc_call *idle; /* finished calls, for the next */
	size_t idle_count;
	/* What one callback needs and none after it, so that the calls that wait for their bytes to go
	 * out hold little: see rpc_call_workspace() and rpc_call_encoder(). */
	struct arena workspace;
	struct encoder encoder;
	/* See call_turn.c. */
	uint64_t turn; /* the iteration's number */
	struct rpc_connection *first_waiting, *last_waiting;
};

/** Another iteration: every connection may work again. */
void rpc_loop_turn(struct rpc_loop *loop);
/** Lets calls that wait have their turn, as far as there is time. true: some still wait. */
bool rpc_loop_run_waiting(struct rpc_loop *loop);
/** Frees the idle calls, and what callbacks had in common. */
void rpc_loop_fini(struct rpc_loop *loop);

/* One connection as its calls see it. The transport owns it. */
struct rpc_connection {
	const char *peer;
	const char *names; /* see struct rpc_caller */
	uint64_t caller; /* to whom calls without an identity count; see rpc_engine_caller() */
	size_t input_held; /* memory of half messages */
	/* See call_turn.c: what its calls took of the turn, and those that wait for another. */
	uint64_t turn, worked_us;
	struct rpc_call *first_waiting, *last_waiting;
	struct rpc_connection *next_waiting, *previous_waiting; /* of the loop */
};

struct rpc_header {
	struct slice name;
	struct slice value;
};

/* The transport's side of one call. */
struct rpc_stream;

struct rpc_stream_operations {
	/* Queues the response's header block; names and values live until rpc_call_close().
	 * @end: neither messages nor trailers follow. false when memory is short. */
	bool (*respond)(struct rpc_stream *stream, const struct rpc_header *headers,
			size_t count, bool end);
	/* rpc_call_output() has something new to say. */
	void (*wake)(struct rpc_stream *stream);
	/* @size received bytes are dealt with: the client may send as many more. */
	void (*consume)(struct rpc_stream *stream, size_t size);
	/* rpc_call_timer() shall be called at that time, and not before. Replaces the last one.
	 */
	void (*set_timer)(struct rpc_stream *stream, uint64_t at_us);
	/* Ends the stream with RST_STREAM(CANCEL), whatever is queued. */
	void (*reset)(struct rpc_stream *stream);
};

/** NULL when memory is short. The transport's hold on it ends with rpc_call_close(). */
struct rpc_call *rpc_call_new(struct rpc_loop *loop, struct rpc_connection *connection,
		const struct rpc_stream_operations *operations, struct rpc_stream *stream);
/** One request header, pseudo headers included; copied. */
void rpc_call_header(struct rpc_call *call, struct slice name, struct slice value);
/** The header block is complete. */
void rpc_call_begin(struct rpc_call *call);
void rpc_call_receive(struct rpc_call *call, struct slice bytes);
void rpc_call_half_close(struct rpc_call *call);
void rpc_call_timer(struct rpc_call *call);
/** The gate would answer otherwise now: a stream that it would not let in any more ends. */
void rpc_call_review(struct rpc_call *call);

/* What can be sent now. */
struct rpc_output {
	struct slice bytes; /* borrowed until the next call of any function */
	bool end;	    /* after these bytes come the trailers */
};

struct rpc_output rpc_call_output(const struct rpc_call *call);
/**
 * @size bytes of the output were sent. true: the handler waits for room; call
 * rpc_call_writable() when no callback of the HTTP/2 library is on the stack.
 */
bool rpc_call_sent(struct rpc_call *call, size_t size);
void rpc_call_writable(struct rpc_call *call);

#define RPC_TRAILERS_MAX 20
/** Fills @out; slices live until rpc_call_close(). */
size_t rpc_call_trailers(struct rpc_call *call, struct rpc_header out[RPC_TRAILERS_MAX]);

/**
 * The stream is gone: done, reset by either side, or its connection is lost. A call that was
 * still going on is cancelled.
 */
void rpc_call_close(struct rpc_call *call);

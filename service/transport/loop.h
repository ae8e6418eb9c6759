/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One libuv loop in its own thread: its listeners, its connections, and the work that other
 * threads hand it.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "rpc/stream.h"
#include "transport/handshakes.h"
#include "transport/listener.h"
#include "transport/places.h"
#include "transport/server.h"

#include <stdatomic.h>
#include <uv.h>

/* Of a socket at a time: a record of TLS and some more, and no more frames than are dealt with in a turn. */
#define LOOP_READ_SIZE ((size_t)17 << 10)
/* The most that a record of TLS holds. */
#define LOOP_PLAIN_SIZE ((size_t)16 << 10)

enum loop_state {
	LOOP_NEW,
	LOOP_RUNNING,
	LOOP_DRAINING,
	LOOP_CLOSING,
	LOOP_ENDED,
};

/* Work for one loop, of a set that server_run_on_loops() made. */
struct loop_job {
	struct loop_job *next;
	struct loop_jobs *jobs;
};

struct loop_jobs {
	void (*work)(void *argument, unsigned loop);
	void (*done)(void *argument);
	void *argument;
	atomic_uint left;
	struct loop_job list[];
};

struct loop {
	struct rpc_loop rpc; /* first member: see loop_of_rpc() */
	unsigned number;
	enum loop_state state;
	const struct server_limits *limits;
	struct places *places;	   /* of all loops */
	struct loop *const *loops; /* all, this among them */
	unsigned loop_count;
	uv_loop_t uv;
	uv_async_t async;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_idle_t waiting; /* runs while calls wait for their turn */
	uv_timer_t grace;
	uv_thread_t thread;
	bool has_thread;
	struct listener *listeners;
	size_t listener_count;
	struct connection *connections;
	struct connection
			*spare; /* for whom there is no memory; NULL: one of the connections */
	struct room room;	/* the connections that may have to go for others */
	struct handshakes handshakes; /* of TLS, under way */
	struct connection *resting;   /* not read in this iteration any more */
	struct connection *dirty;     /* to be flushed before the loop sleeps */
	struct buffer out;	      /* what one connection has to send, while it is sent */
	struct buffer plain;	      /* the same before TLS encrypts it */
	char read_bytes[LOOP_READ_SIZE];
	char plain_bytes[LOOP_PLAIN_SIZE]; /* of them, decrypted */

	/* Any thread, under the lock. */
	uv_mutex_t lock;
	struct rpc_task *first_task, *last_task;
	struct loop_job *first_job, *last_job;
	uint64_t kept_freed;
	bool wants_drain;
	unsigned grace_ms;
	bool is_ended; /* takes no jobs any more */
};

/** @places, @loops are borrowed. NULL on failure. */
struct loop *loop_new(unsigned number, const struct rpc_engine *engine,
		const struct server_limits *limits, struct places *places,
		struct loop *const *loops, unsigned loop_count, size_t listener_count,
		struct error *err);
/** After the thread has ended, or when it never began. */
void loop_free(struct loop *loop);
/** Takes @fd over, also on failure. @tls: NULL for plaintext. Before loop_start(). */
bool loop_listen(struct loop *loop, int fd, bool is_unix, struct tls *tls, struct error *err);
bool loop_start(struct loop *loop, struct error *err);
/** Loop thread. A connection is closed: those that wait for descriptors or memory are taken at once. */
void loop_resume_listeners(struct loop *loop);
void loop_join(struct loop *loop);
/** Any thread. */
void loop_drain(struct loop *loop, unsigned grace_ms);
/** Loop thread. See server_review_calls(). */
void loop_review(struct loop *loop);
/** Loop thread. See server_review_certificates(). */
void loop_review_certificates(struct loop *loop);

/** Monotonic, in microseconds. */
uint64_t loop_now_us(void);
/** Loop thread. One is owed for a newcomer (transport/places.h): the other loops look whose. */
void loop_ask_others(struct loop *loop);
/** A connection is gone: looks whether the loop may end. */
void loop_advance(struct loop *loop);

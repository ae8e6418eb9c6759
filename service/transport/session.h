/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP/2 connection without its socket: bytes in, bytes out, time as a parameter. It joins
 * nghttp2 to the calls of rpc/, and counts what a hostile client does.
 *
 * Whoever owns it feeds what was read, sends what session_send() gives, calls session_tick() at
 * session_next_us(), and closes the connection once session_is_over().
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "rpc/stream.h"
#include "transport/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

struct session_options {
	struct rpc_loop *loop;		    /* borrowed; ->now_us is set from the times given */
	const struct server_limits *limits; /* borrowed; complete */
	const char *peer;		    /* borrowed */
	const char *names; /* borrowed: of the client's certificate, see rpc_caller */
	uint64_t begun_us; /* when the client connected, to be given as long as it takes to TLS; 0: now */
	/* There may be something to send: by a handler outside session_receive() and
	 * session_tick(). May be NULL. */
	void (*on_wake)(void *context);
	void *context;
};

/** Puts the defaults in for what is 0. */
void server_limits_complete(struct server_limits *limits);

struct session *session_new(
		const struct session_options *options, uint64_t now_us, struct error *err);
/** Cancels the calls that are left. */
void session_free(struct session *session);
/** What the client sent. After a fault of the client's the session ends; see session_is_over().
 */
void session_receive(struct session *session, struct slice bytes, uint64_t now_us);
/**
 * Appends bytes to be sent until @out holds about @max bytes or there are none. A buffer that
 * cannot grow ends the session. Not to be called while much is still unsent: that is the back
 * pressure.
 */
void session_send(struct session *session, struct buffer *out, size_t max, uint64_t now_us);
/** Deadlines, keepalive, age. */
void session_tick(struct session *session, uint64_t now_us);
/** When session_tick() is due; UINT64_MAX: never. */
uint64_t session_next_us(const struct session *session);
/** Begins the two-step goodbye; calls in flight go on. */
void session_drain(struct session *session, uint64_t now_us);
/** GOAWAY with @why: no new call from now on, and those in flight have the grace that a connection too old has. */
void session_dismiss(struct session *session, const char *why, uint64_t now_us);
/** See rpc_call_review(). */
void session_review(struct session *session, uint64_t now_us);
/** The grace is over: resets what is left. Send what there is, then it is over. */
void session_abort(struct session *session, uint64_t now_us);
/** Nothing will be read or sent any more: close the connection. */
bool session_is_over(const struct session *session);
/** Some of its calls wait for their turn (rpc/call_turn.c). */
bool session_is_waiting(const struct session *session);
size_t session_call_count(const struct session *session);
/** Since when it has no calls; of one that has some, when it had none the last time. */
uint64_t session_idle_since_us(const struct session *session);

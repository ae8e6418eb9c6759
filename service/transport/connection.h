/* SPDX-License-Identifier: Apache-2.0 */
/* One accepted socket and its session. Lives on one loop's thread. */
#pragma once

#include "transport/handshakes.h"
#include "transport/loop.h"
#include "transport/session.h"
#include "transport/tls.h"

enum connection_state {
	CONNECTION_HANDSHAKE,
	CONNECTION_OPEN,
	CONNECTION_LINGERING,
	CONNECTION_CLOSING,
	CONNECTION_CLOSED,
};

struct connection {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
	uv_timer_t timer;
	uv_write_t write;
	uv_shutdown_t shutdown;
	enum connection_state state;
	struct loop *loop;
	struct tls *own;	/* NULL: plaintext */
	struct tls_stream *tls; /* NULL: plaintext, or nothing was read yet */
	struct place place;
	bool has_given_place;		    /* it was told to go for another */
	struct handshake handshake;	    /* of TLS, while it is in HANDSHAKE */
	struct session *session;	    /* NULL: in HANDSHAKE, and when it is over */
	struct connection *previous, *next; /* of the loop */
	struct connection *next_dirty, *next_resting;
	bool is_dirty;
	bool is_resting;
	uint64_t read_turn, read_us; /* what its bytes have cost in that turn */
	bool is_writing;
	bool is_unix;
	bool wants_review; /* certificates were read again while TLS was being spoken */
	unsigned open_handles;
	struct buffer unsent; /* what uv_write has in hand */
	uint64_t begun_us;
	uint64_t flushed_us;
	uint64_t write_started_us; /* when it got it */
	uint64_t timer_at_us;	   /* 0: not set */
	char peer[80];
};

/** NULL: memory is short, and the spare one is in use. There is always one to be closed then, after which there is one. */
struct connection *connection_new(struct loop *loop);
/** Of which nothing has begun, or all is over. */
void connection_free(struct connection *connection);
/** Takes @fd over, a client of @where that @listener has taken; where there is no place for it, it is closed at once. */
void connection_start(struct connection *connection, const struct listener *listener, int fd,
		const struct sockaddr *where);
/** Others have to go for newcomers of other loops, if one is owed (transport/places.h). */
void connection_make_room(struct loop *loop);
/** Another iteration: those that had their share of the last one are read again. */
void connection_wake_resting(struct loop *loop);
/** Likewise: some of those whose handshakes wait for their turn. */
void connection_call_handshakes(struct loop *loop);
/** Sends what the session has, as far as the socket takes it, and closes what is over. */
void connection_flush(struct connection *connection);
/** There is more to come soon, and what there is may wait for it. */
bool connection_may_hold(const struct connection *connection);
void connection_drain(struct connection *connection);
/** Its calls are held against the gate again. */
void connection_review(struct connection *connection);
/** Who shows a certificate that will not do any more is told to go. */
void connection_review_certificate(struct connection *connection);
void connection_abort(struct connection *connection);

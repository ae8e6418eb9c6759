/* SPDX-License-Identifier: Apache-2.0 */
/* The session, for session.c (its life), session_frames.c (nghttp2's callbacks) and
 * session_streams.c (the calls' side). */
#pragma once

#include "transport/pool.h"
#include "transport/scan.h"
#include "transport/session.h"
#include "transport/timers.h"

#include <nghttp2/nghttp2.h>

enum session_state {
	SESSION_HANDSHAKE,
	SESSION_OPEN,
	SESSION_NOTICED,
	SESSION_DRAINING,
	SESSION_FAILED,
};

/* How often something happened in the current ten seconds. */
struct flood {
	uint64_t since_us;
	unsigned count;
};

struct rpc_stream {
	struct timer timer; /* first member: see stream_of_timer() */
	struct session *session;
	struct rpc_call *call;
	struct rpc_stream *previous, *next; /* of the session */
	int32_t id;
	unsigned empty_data_count;
	size_t unread;	/* received, and not yet dealt with by the call */
	bool has_begun; /* the header block is complete */
	bool remote_closed;
	bool is_deferred;    /* nghttp2 waits for session_resume_data */
	bool wants_writable; /* rpc_call_writable() is due */
};

struct session {
	enum session_state state;
	nghttp2_session *http2;
	struct pool pool; /* nghttp2's memory, and that of the streams */
	struct session_options options;
	const struct server_limits *limits;
	struct rpc_loop *loop;
	struct rpc_connection connection;
	struct rpc_stream *streams;
	struct rpc_stream *last_stream; /* that was looked for; or NULL */
	size_t stream_count;
	struct timers timers;
	struct buffer *out;	 /* while session_send() runs */
	bool has_writable;	 /* some stream wants it */
	bool is_busy;		 /* in session_receive(), _send() or _tick(): no on_wake */
	bool is_dead;		 /* nothing more can be sent either */
	bool ping_pending;	 /* our keepalive ping is not answered */
	uint64_t begun_us;	 /* the client connected */
	uint64_t started_us;	 /* HTTP/2 began */
	uint64_t received_us;	 /* last bytes of the client */
	uint64_t idle_since_us;	 /* no calls since then */
	uint64_t goodbye_us;	 /* when the notice was sent */
	const char *goodbye_why; /* debug data of the last GOAWAY */
	uint64_t abort_us;	 /* end of the age grace; UINT64_MAX: none */
	size_t headers_size;	 /* of the newest header block so far */
	uint64_t headers_us;	 /* a header block is incomplete since then; 0: none is */
	size_t unread;		 /* of all streams together */
	size_t owed;	     /* received, and not yet given back as the connection's window */
	int32_t reset_up_to; /* of the streams that we have reset, the last */
	uint64_t last_ping_us;
	unsigned ping_strikes;
	struct flood settings;
	struct flood resets;
	struct scan scan;
};

/** The only writer of ->state. */
void session_enter(struct session *session, enum session_state state);
/** GOAWAY with @code and @debug; nothing is read any more. */
void session_fail(struct session *session, uint32_t code, const char *debug);
/** Counts one; true when it was one too many for ten seconds. */
bool flood_count(struct flood *flood, uint64_t now_us, unsigned limit);
/** The client answered the ping of the goodbye's first step. */
void session_advance_goodbye(struct session *session);

/** Gives as much of the connection's window back as may be now. */
void session_give_window(struct session *session);

/* session_frames.c */
nghttp2_session *session_frames_new(struct session *session);
/** Looks at bytes that nghttp2 has not had yet; false when they fail the session. */
bool session_scan(struct session *session, struct slice bytes);

/* session_streams.c */
extern const struct rpc_stream_operations stream_operations;
struct rpc_stream *stream_new(struct session *session, int32_t id);
/** The call ends with it. */
void stream_free(struct rpc_stream *stream);
ssize_t stream_read(struct rpc_stream *stream, size_t size, uint32_t *data_flags);
/** true when some handler was told. */
bool session_tell_writable(struct session *session);

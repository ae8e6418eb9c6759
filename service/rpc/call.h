/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call, for the files of this room that make it up: call.c (its life and its input),
 * call_begin.c (its header block), call_output.c (replies and the end), call_record.c (what is written down of it),
 * call_quota.c (what it counts for), call_turn.c (when it may work), call_shared.c (memory, references, work from other threads).
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "rpc/engine.h"
#include "rpc/framing.h"
#include "rpc/request.h"
#include "rpc/status.h"
#include "rpc/stream.h"

#include <stdatomic.h>
#include <string.h>

enum call_state {
	CALL_HEADERS,
	CALL_OPEN,
	CALL_FINISHED,
	CALL_CLOSED,
};

/* See call_record.c. */
enum record_state {
	RECORD_NONE,
	RECORD_BEGINNING,
	RECORD_BEGUN,
	RECORD_ENDING,
};

#define CALL_OWN_TASKS 4
/*
 * Its client is gone and the recorder waits for the end: the last but the recorder who lets go of the call tells it.
 * In one number with the references, since who lets go may not look at the call afterwards.
 */
#define CALL_OWES_END (1u << 31)
/* How long a request that is no gRPC may take to come in before it is answered. */
#define CALL_FOREIGN_US UINT64_C(1000000)
/* Buffers above this are given back between calls. */
#define CALL_KEEP ((size_t)64 << 10)

struct rpc_call {
	/* Loop thread only, unless said otherwise. */
	enum call_state state;
	struct rpc_loop *loop;		   /* outlives the call; any thread */
	struct rpc_connection *connection; /* NULL once closed */
	const struct rpc_stream_operations *operations;
	struct rpc_stream *stream;	 /* NULL once closed */
	const struct rpc_method *method; /* NULL: none was found */
	void *data;
	struct rpc_identity identity;
	struct arena arena;
	struct arena scratch;
	struct request request;

	/* Input. */
	struct framing_reader reader;
	struct buffer pending; /* came while reading was paused; not consumed yet */
	size_t pending_read; /* bytes of it that are, and are still to be moved out of the way */
	struct buffer unpacked;		      /* the message, out of gzip */
	const ProtobufCMessage *only_message; /* of a method without client streaming */
	size_t input_held;
	uint64_t received_count, received_bytes;
	bool is_paused;
	bool is_reading; /* call_read() is on the stack */
	bool input_ended;
	bool half_close_told;
	bool accepts_gzip_input; /* grpc-encoding: gzip */
	bool has_unknown_encoding;
	bool came_packed; /* the newest message */

	/* Output. */
	struct buffer out;				    /* framed messages */
	size_t out_sent;				    /* of ->out */
	struct request_field *first_header, *first_trailer; /* added by the handler */
	struct status status;
	uint64_t sent_count, sent_bytes;
	size_t compress_above; /* messages of so many bytes are packed; SIZE_MAX: none */
	bool announces_gzip;   /* the response headers say so */
	bool has_responded;    /* response headers are queued */
	bool was_full;

	uint64_t started_us, deadline_us, progress_us;
	bool peer_erred; /* what it sent is no gRPC: the status is INTERNAL, the fault not ours */
	bool was_opened;   /* the method knows of the call */
	bool is_lingering; /* past its deadline, trailers queued */

	/* Of its connection, while it waits for its turn. */
	struct rpc_call *next_waiting, *previous_waiting;
	bool is_waiting;
	bool was_waiting; /* its turn has come */

	uint64_t caller; /* whose quota it is under until its memory is back; 0: nobody's */

	/* When it is written down. */
	void *record; /* the recorder's */
	enum record_state record_state;
	bool is_held;	   /* nothing goes out until the end is written */
	bool is_cut;	   /* it was ended while the method was at work */
	bool owes_outcome; /* how that ended is to be written, too */
	enum rpc_status outcome;

	/* Any thread. Those who hold it, and CALL_OWES_END. */
	atomic_uint references;
	atomic_bool cancelled;
	struct rpc_task tasks[CALL_OWN_TASKS];
	atomic_flag task_used[CALL_OWN_TASKS];
	struct rpc_call *next_idle;
};

static inline const struct rpc_limits *call_limits(const struct rpc_call *call)
{
	return &call->loop->engine->limits;
}

/** Metadata of this name is bytes: base64 on the wire. */
static inline bool call_is_binary(struct slice name)
{
	return name.size > 4 && memcmp(name.data + name.size - 4, "-bin", 4) == 0;
}

/** The only writer of ->state. */
void call_enter(struct rpc_call *call, enum call_state state);
/** Sets when rpc_call_timer() comes. */
void call_arm_timer(struct rpc_call *call);
/** Answers a request that is no gRPC, in CALL_HEADERS, when it has come or its time is over. */
void call_answer_foreign(struct rpc_call *call);
/** Ends the call since the peer does not speak gRPC. */
void call_fail_peer(struct rpc_call *call, const char *message);
/** Ends the call from inside the library; the first end counts. */
void call_fail(struct rpc_call *call, enum rpc_status status, const char *message);
/** Ends before the method runs, with an HTTP status other than 200. */
void call_refuse(struct rpc_call *call, const char *http_status, enum rpc_status status,
		const char *message);
/** The same for what is no POST, with a line for whoever reads it. */
void call_refuse_method(struct rpc_call *call);
/** Sees whether a pending half close can be told now. */
void call_settle_input(struct rpc_call *call);
/** Ends it, open, in the middle: what is queued is not sent, and the method hears that it is cancelled. */
void call_cut(struct rpc_call *call, enum rpc_status status, const char *message);
/** The method hears of the call. */
void call_open(struct rpc_call *call);
/** Tells the client the status, which is settled. */
void call_tell_end(struct rpc_call *call);
/** It may do one piece of work now; false: it waits, and call_go_on() comes. */
bool call_has_turn(struct rpc_call *call);
/** For call_work_end(). */
uint64_t call_work_begin(const struct rpc_call *call);
/** What the work took counts for @connection, which was the call's. */
void call_work_end(const struct rpc_call *call, struct rpc_connection *connection,
		uint64_t begun_us);
/** Does nothing when it does not wait. */
void call_wait_no_more(struct rpc_call *call);
/** Its turn has come. */
void call_go_on(struct rpc_call *call);
/** false: the caller has too much already, and the call is ended. */
bool call_enter_quota(struct rpc_call *call);
/** Any thread: the call's memory is back. */
void call_leave_quota(struct rpc_call *call);
/** false: this call is not written down. */
bool call_record_begin(struct rpc_call *call);
void call_record_refuse(struct rpc_call *call, enum rpc_status status);
void call_record_take(struct rpc_call *call, struct slice message);
/** The status must wait until the end is written; false: it need not. */
bool call_record_hold(struct rpc_call *call);
void call_record_end(struct rpc_call *call);
/** Drops the library's reference; the call may be used again or freed. */
void call_release(struct rpc_call *call);

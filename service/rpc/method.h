/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler API of the gRPC server: what a service method looks like, and what it may do with
 * a call. The transport knows none of the methods, the handlers know no transport.
 *
 * A method is one table row. Its callbacks run on the call's loop thread and never block.
 * Messages come checked and unpacked in the call's arena; replies are packed at once, so they
 * may live anywhere. Work that may block (SQLite, checking a catalog) is handed to a worker
 * with rpc_call_ref(); the worker answers through rpc_call_post(), which runs a function back
 * on the call's loop thread.
 *
 *     on_start ──► on_message* ──► on_half_close ──► rpc_call_finish() ──► on_end
 *         └────────────┴── on_cancel at any time (reset, deadline, connection lost) ──┘
 *
 * After rpc_call_finish() or on_cancel only on_end comes, once: the place to free what the
 * handler made outside the arena. Every function below but ref, unref, post and is_cancelled
 * belongs to the call's loop thread; on a call that is over, sending and finishing do nothing.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "proto/codec/encode.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rpc_call;

/* gRPC status codes, as on the wire. */
enum rpc_status {
	RPC_OK = 0,
	RPC_CANCELLED = 1,
	RPC_UNKNOWN = 2,
	RPC_INVALID_ARGUMENT = 3,
	RPC_DEADLINE_EXCEEDED = 4,
	RPC_NOT_FOUND = 5,
	RPC_ALREADY_EXISTS = 6,
	RPC_PERMISSION_DENIED = 7,
	RPC_RESOURCE_EXHAUSTED = 8,
	RPC_FAILED_PRECONDITION = 9,
	RPC_ABORTED = 10,
	RPC_OUT_OF_RANGE = 11,
	RPC_UNIMPLEMENTED = 12,
	RPC_INTERNAL = 13,
	RPC_UNAVAILABLE = 14,
	RPC_DATA_LOSS = 15,
	RPC_UNAUTHENTICATED = 16,
};

struct rpc_method {
	const char *service; /* "policycalc.v1.CalculatorService" */
	const char *name;    /* "Match" */
	bool client_streaming;
	bool server_streaming;
	const ProtobufCMessageDescriptor *input;
	const ProtobufCMessageDescriptor *output;
	void *context; /* what main handed to the service */
	/* It changes something: its calls are written down, when there is a recorder. */
	bool is_recorded;
	bool is_heavy; /* limited apart: see quota.h */
	/* For streams without end (MatchStream): a message and rpc_call_scratch() live only
	 * until on_message returns. Otherwise messages live in the call's arena, as long as the
	 * call. */
	bool transient_messages;
	/* Each message of the stream is a question that is answered by itself. */
	bool answers_each;
	/* Its only message is no question but an upload, and may be as large as one of a stream of them. */
	bool is_upload;
	/* Any may be NULL. For unary and server-streaming methods the library checks that there
	 * is exactly one message (else UNIMPLEMENTED) and calls on_message once, after half
	 * close. */
	void (*on_start)(struct rpc_call *call);
	void (*on_message)(struct rpc_call *call, const ProtobufCMessage *message);
	/* Instead of on_message, for streams of messages that are too many to unpack on the loop: the
	 * bytes as they came, which nobody has looked at; they live until it returns. */
	void (*on_bytes)(struct rpc_call *call, struct slice bytes);
	void (*on_half_close)(struct rpc_call *call);
	void (*on_cancel)(struct rpc_call *call);   /* no reply is possible any more */
	void (*on_writable)(struct rpc_call *call); /* queued bytes fell below the mark */
	void (*on_end)(struct rpc_call *call); /* the last callback, whatever happened before */
};

/* Who calls, and what it may do: roles are bits to which main gives a meaning. */
struct rpc_identity {
	const char *name; /* "" when nobody asked */
	uint32_t roles;
};

/* Methods of all services. Borrowed: must outlive the server. */
struct rpc_registry {
	const struct rpc_method *const *methods;
	size_t count;
};

const struct rpc_method *rpc_call_method(const struct rpc_call *call);
/** Lives until the call ends (and until the last unref). */
struct arena *rpc_call_arena(struct rpc_call *call);
/**
 * Memory for what is needed during one callback: emptied after each on_message when the method
 * has
 * ->transient_messages, otherwise the call's arena.
 */
struct arena *rpc_call_scratch(struct rpc_call *call);
/**
 * Memory that all calls of a loop have in common, for what is needed until the callback returns: empty
 * when it is asked for, gone when the next callback of any call asks.
 */
struct arena *rpc_call_workspace(struct rpc_call *call);
/** Likewise, empty, for an answer that is encoded by the handler and sent with rpc_call_send_bytes(). */
struct encoder *rpc_call_encoder(struct rpc_call *call);
/** The handler's own state for this call. */
void rpc_call_set_data(struct rpc_call *call, void *data);
void *rpc_call_data(const struct rpc_call *call);
/**
 * First value of a request header (lower case name); empty slice when absent. A "-bin" value
 * comes decoded, and is absent when it is no base64. Lives as long as the call.
 */
struct slice rpc_call_metadata(struct rpc_call *call, const char *name);
/**
 * Adds a header to the reply, before the first message is sent, or a trailer, before the end. A
 * "-bin" value is given raw. false when the name is reserved ("grpc-", ":"), the value is no
 * printable ASCII, it is too late, or memory is short.
 */
bool rpc_call_add_header(struct rpc_call *call, const char *name, struct slice value);
bool rpc_call_add_trailer(struct rpc_call *call, const char *name, struct slice value);
/**
 * The request header after the one at *@position, which is NULL before the first: as they came, in their order,
 * "-bin" values in base64, without what is gRPC's own. false when there is none left.
 */
bool rpc_call_next_metadata(const struct rpc_call *call, const void **position,
		struct slice *out_name, struct slice *out_value);
/** Sends the response headers now, before the first message (long streams). */
bool rpc_call_send_headers(struct rpc_call *call);
/**
 * From here on answers of at least @size bytes go out packed with gzip, if the client takes it and packing makes
 * them smaller; SIZE_MAX: none. Once the headers are sent, only if they said of gzip; they do when there
 * is such a size at that time.
 */
void rpc_call_pack_above(struct rpc_call *call, size_t size);
/** Whether the message that is being told came packed. */
bool rpc_call_came_packed(const struct rpc_call *call);
/** "ipv4:127.0.0.1:4711", "unix:" or "" when unknown. */
const char *rpc_call_peer(const struct rpc_call *call);
/** Who calls. Lives as long as the call. */
const struct rpc_identity *rpc_call_identity(const struct rpc_call *call);
/** Monotonic time of the event being handled, in microseconds. */
uint64_t rpc_call_now_us(const struct rpc_call *call);
/** When the call's time is over, on the same clock; UINT64_MAX when never. */
uint64_t rpc_call_deadline_us(const struct rpc_call *call);

/** Queues one message. false (and the call is ended) when it is too large or memory is short.
 */
bool rpc_call_send(struct rpc_call *call, const ProtobufCMessage *message);
/** Queues one message that is already encoded. */
bool rpc_call_send_bytes(struct rpc_call *call, struct slice encoded);
/** Queues the one that is in rpc_call_encoder(), whose memory is gone then. */
bool rpc_call_send_encoded(struct rpc_call *call);
/** true while more may be queued without waiting for on_writable. */
bool rpc_call_is_writable(const struct rpc_call *call);
/** Streaming input: stop and go on reading messages (flow control reaches the client). */
void rpc_call_pause_reading(struct rpc_call *call);
void rpc_call_resume_reading(struct rpc_call *call);

/* What whoever has asked too much is told. Borrowed for the time of the callback. */
struct rpc_refusal {
	const struct Google__Rpc__QuotaFailure *failure;
	const struct Google__Rpc__RetryInfo *retry;
	char message[160];
};

/**
 * Counts the message that is being told as a call of its own, for methods with ->answers_each: a stream is no way
 * round the limit of calls a second. false: there are too many, and @tell was told.
 */
bool rpc_call_count_question(struct rpc_call *call,
		void (*tell)(void *context, const struct rpc_refusal *refusal), void *context);

/** Ends the call; only the first counts. @message in UTF-8, no values of a profile in it. */
void rpc_call_finish(struct rpc_call *call, enum rpc_status status, const char *message);
/** The same from an error; maps the code. */
void rpc_call_finish_error(struct rpc_call *call, const struct error *err);
/** Adds a google.rpc detail to the failing status that follows. */
bool rpc_call_add_detail(
		struct rpc_call *call, const char *type_name, const ProtobufCMessage *detail);
/** The same for a message that is already encoded. */
bool rpc_call_add_detail_bytes(
		struct rpc_call *call, const char *type_name, struct slice encoded);
/** Adds one google.rpc.BadRequest field violation (gathered into one detail). */
bool rpc_call_add_violation(struct rpc_call *call, const char *field, const char *description);

/** Any thread: true once no reply is possible (cancelled, past its deadline, connection lost).
 */
bool rpc_call_is_cancelled(const struct rpc_call *call);
/** Keeps the call's memory; any thread. */
struct rpc_call *rpc_call_ref(struct rpc_call *call);
void rpc_call_unref(struct rpc_call *call);
/**
 * Any thread that holds a ref: runs @work on the call's loop thread, also after cancellation
 * (look at rpc_call_is_cancelled() there). The queue holds its own ref until @work has run. The
 * first few posts of a call need no memory; false when a later one got none, and @work will not
 * run.
 */
bool rpc_call_post(struct rpc_call *call, void (*work)(struct rpc_call *call, void *argument),
		void *argument);

/** "INVALID_ARGUMENT", as in the gRPC documents; "UNKNOWN" for what is no code. */
const char *rpc_status_name(enum rpc_status status);
enum rpc_status rpc_status_from_error(enum error_code code);

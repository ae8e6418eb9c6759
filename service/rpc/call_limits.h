/* SPDX-License-Identifier: Apache-2.0 */
/* What one call, and one connection, may take. A field that is 0 means its default. */
#pragma once

#include "rpc/method.h"
#include "rpc/quota.h"

#include <stddef.h>
#include <stdint.h>

/* Default of ->connection_input. */
#define RPC_CONNECTION_INPUT ((size_t)16 << 20)

struct rpc_limits {
	size_t receive_max; /* bytes of one received message, unpacked gzip included; 4 MiB */
	/* The same of a question: the only message of a call that is no upload, or one of a stream that is answered
	 * message by message. Such are unpacked on the loop, while everybody waits; receive_max. */
	size_t question_max;
	size_t send_max;	 /* bytes of one sent message; 64 MiB */
	size_t call_memory;	 /* arena of one call; 32 MiB */
	size_t connection_input; /* half messages of all calls of a connection together; 16 MiB
				   */
	size_t headers_size;	 /* names + values + 32 a field; 16 KiB */
	size_t headers_count;	 /* 100 */
	size_t send_high;	 /* queued bytes from which a call is not writable; 256 KiB */
	size_t send_low;	 /* on_writable comes when the queue falls below; 64 KiB */
	/* Answers of at least so many bytes are packed for clients that take gzip; 256 KiB. SIZE_MAX:
	 * only for clients that pack their own. */
	size_t compress_above;
	uint64_t deadline_max_us; /* longest deadline of calls that end by themselves (unary and
				     client-streaming); none by default */
	struct rpc_quota_limits quota; /* of one caller; none by default */
	uint64_t stall_us; /* no progress of a body or of queued replies for so long; 60 s */
};

/* One call, when it is over. Borrowed for the time of the callback. */
struct rpc_report {
	struct rpc_call *call;		 /* for what its headers said */
	const struct rpc_method *method; /* NULL: no such method */
	enum rpc_status status;
	/* The status tells of what the peer sent, also when it is INTERNAL: gRPC has no other for bytes
	 * that are no message. */
	bool peer_erred;
	const char *message; /* "" when there is none */
	const char *peer;
	const char *identity; /* who called, let in or not; "" when nobody asked, or it is nobody known */
	uint64_t duration_us;
	uint64_t received_count, sent_count; /* messages */
	uint64_t received_bytes, sent_bytes; /* of messages, before compression */
};

/* Told of every call, on its loop thread. Zeroed: nobody listens. */
struct rpc_observer {
	void (*on_call_start)(void *context, const struct rpc_method *method);
	void (*on_call_end)(void *context, const struct rpc_report *report);
	void *context;
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC calls as a client makes them: blocking, one connection, messages of protobuf-c.
 *
 * A channel connects when its first call starts, and again when a later call finds the
 * connection gone. It has no thread: bytes move only while one of these functions runs. A
 * channel and its calls belong to one thread at a time. Every failure, also of the network and
 * of memory, ends as the status of the call.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "policycalc/types.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

struct channel;
struct call;
struct Google__Rpc__RetryInfo;

/* How a call ended. Zeroed is OK. */
struct call_status {
	int code; /* enum pcalc_code */
	char message[2048];
	struct buffer details; /* encoded google.rpc.Status, or empty */
};

void call_status_fini(struct call_status *status);
/** Fills @status and returns false, so that failing is one line. */
bool call_status_set(struct call_status *status, int code, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/** What the server asks to wait, rounded up, 1 ms to a day; 0: nothing that makes sense. */
int64_t retry_delay_ms(const struct Google__Rpc__RetryInfo *retry);

/** Copies what fits into @size bytes, never half a character. */
void text_copy(char *out, size_t size, const char *text);

/**
 * Of "HOST:PORT", "[V6]:PORT", "unix:PATH"; "https://" before it asks for TLS, "http://" for none. Borrows
 * nothing. NULL when memory is short.
 */
struct channel *channel_new(const char *address);
/** Cancels what is still open; every call must have been freed. */
void channel_free(struct channel *channel);
/**
 * While a call waits, a server that has said nothing for @quiet_ms is asked whether it is there, and
 * given up when it says nothing for another @answer_ms. Thirty and twenty seconds, unless this is
 * called.
 */
void channel_set_keepalive(struct channel *channel, int quiet_ms, int answer_ms);
/** Whether it can be an access token: 1 to 512 visible characters of ASCII. */
bool token_is_valid(struct slice token);
/** From now on every call carries @token, copied; an empty one: none any more. false when memory is short. */
bool channel_set_token(struct channel *channel, struct slice token);
struct tls_files;
/**
 * From the next connection on TLS is spoken, unless the address says http:// or unix:. false with @status filled
 * when a file will not do.
 */
bool channel_set_tls(struct channel *channel, const struct tls_files *files,
		struct call_status *status);
/** Connects now, unless it is connected. */
bool channel_connect(struct channel *channel, int64_t deadline, struct call_status *status);

/**
 * Starts a call of @path, "/policycalc.v1.CalculatorService/Match". NULL with @status filled
 * when the server cannot be reached.
 */
struct call *call_start(struct channel *channel, const char *path, int64_t deadline,
		struct call_status *status);
/** Cancels the call when it has not ended. */
void call_free(struct call *call);
/** Sends one message. false when the call has ended: call_receive() tells how. */
bool call_send(struct call *call, const ProtobufCMessage *message);
/** As call_send(), of a message that is encoded already, in @count parts. */
bool call_send_bytes(struct call *call, const struct slice *parts, size_t count);
/** No more messages follow. */
void call_half_close(struct call *call);
/**
 * Waits for the next message and unpacks it into @arena. At the end *out_message is NULL and
 * @status says how the call ended; true only when there was a message or the call ended with
 * OK.
 */
bool call_receive(struct call *call, const ProtobufCMessageDescriptor *type,
		struct arena *arena, ProtobufCMessage **out_message,
		struct call_status *status);

/** One message there, one back. */
bool channel_call(struct channel *channel, const char *path, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *type, int64_t deadline, struct arena *arena,
		ProtobufCMessage **out_response, struct call_status *status);

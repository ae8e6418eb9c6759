/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a call.
 *
 *     HEADERS ───► OPEN ───► FINISHED ───► CLOSED
 *        │           │           ▲            ▲
 *        │           └───────────┼────────────┤  stream reset, connection lost: on_cancel
 *        └───────────────────────┘            │
 *            refused, or no such method ──────┘
 *
 *     HEADERS    The header block is coming in; no method is known yet. A request that is no gRPC stays here to its
 * end.
 *     OPEN       The method's callbacks run. Leaves by rpc_call_finish(), a fault of the
 * request, or the deadline. FINISHED   The status is settled. Input is thrown away; queued
 * messages and trailers go out. CLOSED     The stream is gone. Only references from other
 * threads keep the memory.
 *
 * call_enter() is the only place that writes ->state. on_end comes on the way to CLOSED, when
 * the method was ever told of the call.
 */
#include "rpc/call.h"

#include "rpc/gzip.h"
#include "rpc/unpack.h"

#include <assert.h>

#define TO(state) (1u << CALL_##state)

/* A request of one message may take so many times as long as it may stand still. */
#define BODY_STALLS 5

/* How long a call past its deadline may take to get its trailers out. */
#define LINGER_US UINT64_C(1000000)
#define UNKNOWN_ENCODING "unknown grpc-encoding; supported are: identity, gzip"

static const unsigned call_may_enter[] = {
	[CALL_HEADERS] = TO(OPEN) | TO(FINISHED) | TO(CLOSED),
	[CALL_OPEN] = TO(FINISHED) | TO(CLOSED),
	[CALL_FINISHED] = TO(CLOSED),
	[CALL_CLOSED] = 0,
};

void call_enter(struct rpc_call *call, enum call_state state)
{
	assert(call_may_enter[call->state] & 1u << state);
	call->state = state;
}

/* --- for all of its files --------------------------------------------------------------------
 */

/* The peer does not speak gRPC: its library's fault, for which gRPC has no status of its own. */
void call_fail_peer(struct rpc_call *call, const char *message)
{
	call->peer_erred = true;
	call_fail(call, RPC_INTERNAL, message);
}

void call_arm_timer(struct rpc_call *call)
{
	uint64_t at = call->progress_us + call_limits(call)->stall_us;

	if (call->is_lingering)
		at = call->loop->now_us + LINGER_US;
	else if (call->state == CALL_HEADERS)
		at = call->loop->now_us + CALL_FOREIGN_US;
	else if (call->deadline_us < at && call->state == CALL_OPEN)
		at = call->deadline_us;
	call->operations->set_timer(call->stream, at);
}

/* --- input -----------------------------------------------------------------------------------
 */

/* The bytes of the message itself. An empty slice and false: the call is ended. */
static bool call_decompress(struct rpc_call *call, struct framed_message *message)
{
	enum gzip_result result;

	if (!message->compressed)
		return true;
	if (call->has_unknown_encoding) {
		call_fail(call, RPC_UNIMPLEMENTED, UNKNOWN_ENCODING);
		return false;
	}
	if (!call->accepts_gzip_input) {
		call_fail_peer(call, "a compressed message without grpc-encoding");
		return false;
	}
	buffer_clear(&call->unpacked);
	result = gzip_unpack(message->bytes, call->reader.limit, &call->unpacked);
	switch (result) {
	case GZIP_OK:
		message->bytes = (struct slice){ call->unpacked.data, call->unpacked.size };
		return true;
	case GZIP_BAD:
		call_fail_peer(call, "the message is no gzip data");
		return false;
	case GZIP_TOO_LARGE:
		call_fail(call, RPC_RESOURCE_EXHAUSTED, "the unpacked message is too large");
		return false;
	case GZIP_NO_MEMORY:
		break;
	}
	call_fail(call, RPC_RESOURCE_EXHAUSTED, "out of memory while unpacking the message");
	return false;
}

/* The scan names the field, "profile.attributes[3].name: …": told as a violation too. */
static void call_refuse_message(struct rpc_call *call, const struct error *err)
{
	const char *colon = strstr(err->message, ": ");
	char field[256];

	if (err->code == ERROR_INVALID && colon &&
			(size_t)(colon - err->message) < sizeof(field)) {
		memcpy(field, err->message, (size_t)(colon - err->message));
		field[colon - err->message] = '\0';
		(void)rpc_call_add_violation(call, field, colon + 2);
	}
	/* Packed, and not flagged so. */
	if (err->code == ERROR_MALFORMED && call->has_unknown_encoding) {
		call_fail(call, RPC_UNIMPLEMENTED, UNKNOWN_ENCODING);
		return;
	}
	call->peer_erred = err->code == ERROR_MALFORMED;
	rpc_call_finish_error(call, err);
}

static void call_take_message(struct rpc_call *call, struct framed_message framed)
{
	struct arena *arena = rpc_call_scratch(call);
	const ProtobufCMessage *message;
	struct error err = { 0 };

	if (!call->method->client_streaming && call->only_message) {
		call_fail(call, RPC_UNIMPLEMENTED, "more than one message for a unary request");
		return;
	}
	call->came_packed = framed.compressed;
	if (!call_decompress(call, &framed))
		return;
	call_record_take(call, framed.bytes);
	if (call->method->on_bytes) {
		call->received_count++;
		call->received_bytes += framed.bytes.size;
		call->method->on_bytes(call, framed.bytes);
		arena_reset(&call->scratch);
		return;
	}
	message = unpack_message(framed.bytes, call->method->input, arena, &err);
	if (!message) {
		call_refuse_message(call, &err);
		return;
	}
	call->received_count++;
	call->received_bytes += framed.bytes.size;
	if (!call->method->client_streaming) {
		call->only_message = message;
		return;
	}
	if (call->method->on_message)
		call->method->on_message(call, message);
	if (call->method->transient_messages)
		arena_reset(&call->scratch);
}

static void call_fail_framing(struct rpc_call *call, enum framing_result result)
{
	switch (result) {
	case FRAMING_TOO_LARGE:
		call_fail(call, RPC_RESOURCE_EXHAUSTED, "the message is larger than the limit");
		break;
	case FRAMING_BAD_FLAG:
		call_fail_peer(call, "the message's flag byte is neither 0 nor 1");
		break;
	case FRAMING_NO_MEMORY:
		call_fail(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while reading the message");
		break;
	case FRAMING_MORE:
	case FRAMING_MESSAGE:
		break;
	}
}

/* Takes whole messages off @bytes until they are used up, reading is paused, or the call ends.
 */
static void call_read(struct rpc_call *call, struct slice *bytes)
{
	struct rpc_connection *connection = call->connection;
	enum framing_result result = FRAMING_MESSAGE;
	struct framed_message message;
	uint64_t begun_us;

	call->is_reading = true;
	while (call->state == CALL_OPEN && !call->is_paused && result == FRAMING_MESSAGE) {
		if (bytes->size == 0 && framing_is_clean(&call->reader))
			break;
		/* Of a unary call the one message waits for the half close anyway. */
		if (call->method->client_streaming && !call_has_turn(call))
			break;
		begun_us = call_work_begin(call);
		result = framing_read(&call->reader, bytes, &message);
		if (result == FRAMING_MESSAGE)
			call_take_message(call, message);
		else
			call_fail_framing(call, result);
		call_work_end(call, connection, begun_us);
	}
	call->is_reading = false;
}

/* Half messages of one connection have a budget together. */
static void call_account_input(struct rpc_call *call)
{
	size_t held = framing_held(&call->reader) + call->pending.capacity;

	call->connection->input_held = call->connection->input_held - call->input_held + held;
	call->input_held = held;
	if (call->connection->input_held > call_limits(call)->connection_input)
		call_fail(call, RPC_RESOURCE_EXHAUSTED,
				"the connection holds too many half messages");
}

/* What is read of what has waited is moved out of the way when it is half of it, or to make room: else each message
 * would move all that come after it. */
static void call_compact_pending(struct rpc_call *call)
{
	buffer_consume(&call->pending, call->pending_read);
	call->pending_read = 0;
}

static void call_keep(struct rpc_call *call, struct slice bytes)
{
	if (call->pending_read && call->pending.size + bytes.size >= call->pending.capacity)
		call_compact_pending(call);
	buffer_append_slice(&call->pending, bytes);
	if (call->pending.failed)
		call_fail(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while reading the message");
}

void rpc_call_receive(struct rpc_call *call, struct slice bytes)
{
	size_t size = bytes.size;

	call->progress_us = call->loop->now_us;
	if (call->state == CALL_OPEN && call->pending.size == 0)
		call_read(call, &bytes);
	if (call->state != CALL_OPEN) {
		call->operations->consume(call->stream, size);
		return;
	}
	if (size > bytes.size)
		call->operations->consume(call->stream, size - bytes.size);
	if (bytes.size)
		call_keep(call, bytes);
	call_account_input(call);
}

/* Unary input: the message waits for the half close, which proves that it is the only one. */
static void call_tell_half_close(struct rpc_call *call)
{
	call->half_close_told = true;
	if (!framing_is_clean(&call->reader)) {
		call_fail_peer(call, "the request ends inside a message");
		return;
	}
	if (!call->method->client_streaming) {
		if (!call->only_message) {
			call_fail(call, RPC_UNIMPLEMENTED, "no message for a unary request");
			return;
		}
		if (call->method->on_message)
			call->method->on_message(call, call->only_message);
	}
	if (call->state == CALL_OPEN && call->method->on_half_close)
		call->method->on_half_close(call);
}

void call_settle_input(struct rpc_call *call)
{
	if (call->state == CALL_OPEN && call->input_ended && !call->half_close_told &&
			!call->is_paused && call->pending.size == 0 && call_has_turn(call)) {
		struct rpc_connection *connection = call->connection;
		uint64_t begun_us = call_work_begin(call);

		call_tell_half_close(call);
		call_work_end(call, connection, begun_us);
	}
}

void rpc_call_half_close(struct rpc_call *call)
{
	call->input_ended = true;
	call->progress_us = call->loop->now_us;
	if (call->state == CALL_HEADERS)
		call_answer_foreign(call);
	else
		call_settle_input(call);
}

void rpc_call_pause_reading(struct rpc_call *call)
{
	call->is_paused = true;
}

static void call_read_pending(struct rpc_call *call)
{
	struct slice bytes;
	size_t taken;

	call->progress_us = call->loop->now_us;
	if (call->pending.size) {
		taken = call->pending.size - call->pending_read;
		bytes = (struct slice){ call->pending.data + call->pending_read, taken };
		call_read(call, &bytes);
		if (call->state == CALL_OPEN)
			taken -= bytes.size;
		call->pending_read += taken;
		if (call->pending_read >= call->pending.size / 2)
			call_compact_pending(call);
		/* What has waited is not held against what waits next, of whichever call. */
		if (call->pending.size == 0 && call->pending.capacity > CALL_KEEP)
			buffer_fini(&call->pending);
		if (call->state != CALL_CLOSED) {
			call->operations->consume(call->stream, taken);
			call_account_input(call);
		}
	}
	call_settle_input(call);
}

void rpc_call_resume_reading(struct rpc_call *call)
{
	if (!call->is_paused)
		return;
	call->is_paused = false;
	if (!call->is_reading && !call->is_waiting && call->state == CALL_OPEN)
		call_read_pending(call);
}

/* Who has paused meanwhile resumes in its own time. */
void call_go_on(struct rpc_call *call)
{
	if (!call->is_paused && call->state == CALL_OPEN)
		call_read_pending(call);
	call->was_waiting = false;
}

/* --- ending ----------------------------------------------------------------------------------
 */

/* One message that comes a few bytes at a time makes progress, and holds its memory all the while. */
static bool call_trickles(const struct rpc_call *call)
{
	return call->state == CALL_OPEN && !call->input_ended &&
	       !call->method->client_streaming &&
	       call->loop->now_us >=
			       call->started_us + BODY_STALLS * call_limits(call)->stall_us;
}

static bool call_is_stalled(const struct rpc_call *call)
{
	bool waits_for_peer = call->out.size > call->out_sent;

	if (call->loop->now_us < call->progress_us + call_limits(call)->stall_us &&
			!call_trickles(call))
		return false;
	if (call->state == CALL_OPEN && !call->input_ended && !call->is_paused &&
			!call->is_waiting)
		waits_for_peer |= !call->method->client_streaming ||
				  !framing_is_clean(&call->reader);
	return waits_for_peer || call->state != CALL_OPEN;
}

static void call_tell_cancel(struct rpc_call *call)
{
	atomic_store_explicit(&call->cancelled, true, memory_order_relaxed);
	if (call->was_opened && call->method->on_cancel)
		call->method->on_cancel(call);
}

/* Status first, so that whatever on_cancel does with the call changes nothing. */
void call_cut(struct rpc_call *call, enum rpc_status status, const char *message)
{
	/* What is queued would only keep the trailers waiting. */
	buffer_clear(&call->out);
	call->out_sent = 0;
	call->is_lingering = true;
	call->is_cut = true;
	call_fail(call, status, message);
	call_tell_cancel(call);
}

void rpc_call_timer(struct rpc_call *call)
{
	if (call->is_lingering) {
		call->operations->reset(call->stream);
		return;
	}
	if (call->state == CALL_HEADERS) {
		call_answer_foreign(call);
	} else if (call->state == CALL_OPEN && call->loop->now_us >= call->deadline_us) {
		call_cut(call, RPC_DEADLINE_EXCEEDED, "the deadline has passed");
	} else if (call_is_stalled(call)) {
		if (call->state != CALL_OPEN || call->out.size > call->out_sent) {
			call->operations->reset(call->stream);
			return;
		}
		call_cut(call, RPC_DEADLINE_EXCEEDED, "the request makes no progress");
	} else if (call->loop->now_us >= call->progress_us + call_limits(call)->stall_us) {
		/* Nobody waits for the peer: look again later. */
		call->progress_us = call->loop->now_us;
	}
	call_arm_timer(call);
}

static void call_report(struct rpc_call *call)
{
	const struct rpc_observer *observer = &call->loop->engine->observer;

	if (!observer->on_call_end)
		return;
	observer->on_call_end(observer->context,
			&(struct rpc_report){
					.call = call,
					.method = call->method,
					.status = call->status.code,
					.peer_erred = call->peer_erred,
					.message = call->status.message.size
								   ? call->status.message.data
								   : "",
					.peer = rpc_call_peer(call),
					.identity = call->identity.name ? call->identity.name
									: "",
					.duration_us = call->loop->now_us - call->started_us,
					.received_count = call->received_count,
					.sent_count = call->sent_count,
					.received_bytes = call->received_bytes,
					.sent_bytes = call->sent_bytes,
			});
}

void rpc_call_close(struct rpc_call *call)
{
	bool was_open = call->state == CALL_OPEN;
	bool began = call->state != CALL_HEADERS;

	call_enter(call, CALL_CLOSED);
	if (was_open) {
		call->status.code = RPC_CANCELLED;
		call_tell_cancel(call);
	}
	if (call->was_opened && call->method->on_end)
		call->method->on_end(call);
	if (began)
		call_report(call);
	if (call->record_state == RECORD_BEGUN || call->owes_outcome)
		(void)atomic_fetch_or_explicit(
				&call->references, CALL_OWES_END, memory_order_relaxed);
	call_wait_no_more(call);
	call->connection->input_held -= call->input_held;
	call->connection = NULL;
	call->operations = NULL;
	call->stream = NULL;
	call_release(call);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies and the end of a call. Messages are encoded in memory that the loop keeps for it, which the call takes
 * over when nothing else is queued (otherwise they are copied into its output buffer), and copied from there by
 * the transport into the bytes it writes.
 */
#include "rpc/base64.h"
#include "rpc/call.h"
#include "rpc/gzip.h"

#include "base/memory.h"

#include <assert.h>

/* So much sent data in front of the buffer is worth moving the rest. */
#define COMPACT_ABOVE ((size_t)64 << 10)
#define HEADERS_MAX 24
/* Longer ids are not sent back. */
#define REQUEST_ID_MOST ((size_t)128)

#define CONTENT_TYPE SLICE_LITERAL("application/grpc")
#define ENCODINGS SLICE_LITERAL("identity,gzip")

/* --- metadata --------------------------------------------------------------------------------
 */

static bool is_valid_metadata(struct slice name, struct slice value)
{
	size_t i;

	if (name.size == 0 || slice_starts_with(name, SLICE_LITERAL("grpc-")))
		return false;
	for (i = 0; i < name.size; i++) {
		char c = name.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
				    c == '_' || c == '.'))
			return false;
	}
	if (call_is_binary(name))
		return true;
	for (i = 0; i < value.size; i++)
		if (value.data[i] < 0x20 || value.data[i] > 0x7E)
			return false;
	return true;
}

static bool call_add_metadata(struct rpc_call *call, struct request_field **list,
		const char *name, struct slice value)
{
	struct slice key = slice_from(name);
	struct buffer encoded = { 0 };
	struct request_field *field;
	size_t count = 0;
	bool ok = false;

	if (!is_valid_metadata(key, value))
		return false;
	if (call_is_binary(key)) {
		base64_encode(value, &encoded);
		if (encoded.failed)
			goto out;
		value = (struct slice){ encoded.data ? encoded.data : "", encoded.size };
	}
	field = ARENA_NEW(&call->arena, struct request_field);
	if (!field)
		goto out;
	field->name = (struct slice){ arena_copy(&call->arena, key.data, key.size), key.size };
	field->value = (struct slice){ arena_copy(&call->arena, value.data, value.size),
		value.size };
	if (!field->name.data || !field->value.data)
		goto out;
	while (*list) {
		list = &(*list)->next;
		count++;
	}
	if (count < RPC_TRAILERS_MAX - 4) {
		*list = field;
		ok = true;
	}
out:
	buffer_fini(&encoded);
	return ok;
}

bool rpc_call_add_header(struct rpc_call *call, const char *name, struct slice value)
{
	return call->state == CALL_OPEN && !call->has_responded &&
	       call_add_metadata(call, &call->first_header, name, value);
}

bool rpc_call_add_trailer(struct rpc_call *call, const char *name, struct slice value)
{
	return call->state == CALL_OPEN &&
	       call_add_metadata(call, &call->first_trailer, name, value);
}

static size_t put_fields(const struct request_field *field, struct rpc_header *out)
{
	size_t count = 0;

	for (; field; field = field->next)
		out[count++] = (struct rpc_header){ field->name, field->value };
	return count;
}

/* What the client calls its request comes back to it; room for one header. */
static size_t put_request_id(const struct rpc_call *call, struct rpc_header *out)
{
	struct slice id = call->request.id;

	if (id.size == 0 || id.size > REQUEST_ID_MOST)
		return 0;
	for (size_t i = 0; i < id.size; i++)
		if (id.data[i] < 0x21 || id.data[i] > 0x7E)
			return 0;
	*out = (struct rpc_header){ SLICE_LITERAL("x-request-id"), id };
	return 1;
}

/* --- messages --------------------------------------------------------------------------------
 */

/* @packs: whether messages may be packed from here on. */
static bool call_send_headers(struct rpc_call *call, bool packs)
{
	struct rpc_header headers[HEADERS_MAX];
	size_t count = 0;

	if (call->state != CALL_OPEN)
		return false;
	if (call->has_responded)
		return true;
	headers[count++] =
			(struct rpc_header){ SLICE_LITERAL(":status"), SLICE_LITERAL("200") };
	headers[count++] = (struct rpc_header){ SLICE_LITERAL("content-type"), CONTENT_TYPE };
	if (packs)
		headers[count++] = (struct rpc_header){ SLICE_LITERAL("grpc-encoding"),
			SLICE_LITERAL("gzip") };
	headers[count++] =
			(struct rpc_header){ SLICE_LITERAL("grpc-accept-encoding"), ENCODINGS };
	count += put_request_id(call, headers + count);
	count += put_fields(call->first_header, headers + count);
	if (!call->operations->respond(call->stream, headers, count, false)) {
		call->operations->reset(call->stream);
		return false;
	}
	call->has_responded = true;
	call->announces_gzip = packs;
	return true;
}

/* Before the first message nobody knows how large they will be. */
bool rpc_call_send_headers(struct rpc_call *call)
{
	return call_send_headers(call, call->compress_above < SIZE_MAX);
}

void rpc_call_pack_above(struct rpc_call *call, size_t size)
{
	call->compress_above = request_accepts(&call->request, "gzip") ? size : SIZE_MAX;
}

/* Whether a message of @size bytes goes out packed, once there is memory for it. */
static bool call_packs(const struct rpc_call *call, size_t size)
{
	return size >= call->compress_above && (call->announces_gzip || !call->has_responded);
}

/* Room for @size bytes behind what is queued, by moving or growing. */
static bool call_make_room(struct rpc_call *call, size_t size)
{
	if (call->out_sent == call->out.size) {
		buffer_clear(&call->out);
		call->out_sent = 0;
	} else if (call->out_sent > COMPACT_ABOVE && call->out_sent > call->out.size / 2) {
		buffer_consume(&call->out, call->out_sent);
		call->out_sent = 0;
	}
	return buffer_reserve(&call->out, size);
}

static void put_prefix(struct rpc_call *call, bool compressed, size_t size)
{
	uint8_t prefix[FRAMING_PREFIX_SIZE];

	framing_put_prefix(prefix, compressed, (uint32_t)size);
	memcpy(call->out.data + call->out.size, prefix, sizeof(prefix));
	call->out.size += sizeof(prefix);
}

static bool call_may_be_sent(struct rpc_call *call, size_t size)
{
	if (call->state != CALL_OPEN)
		return false;
	if (size > call_limits(call)->send_max || size > UINT32_MAX) {
		call_fail(call, RPC_RESOURCE_EXHAUSTED, "the answer is larger than the limit");
		return false;
	}
	if (!call->method->server_streaming && call->sent_count > 0) {
		call_fail(call, RPC_INTERNAL, "the method gave more than one answer");
		return false;
	}
	return true;
}

/* Headers, when they are not sent: the only message of a small answer needs no word of gzip. */
static bool call_begin_message(struct rpc_call *call, size_t size)
{
	return call_send_headers(call, call->method->server_streaming
						       ? call->compress_above < SIZE_MAX
						       : call_packs(call, size));
}

static bool call_may_send(struct rpc_call *call, size_t size)
{
	if (!call_may_be_sent(call, size))
		return false;
	if (call_make_room(call, FRAMING_PREFIX_SIZE + size))
		return call_begin_message(call, size);
	call->out.failed = false;
	call_fail(call, RPC_RESOURCE_EXHAUSTED, "out of memory while packing the answer");
	return false;
}

static void call_count_sent(struct rpc_call *call, size_t size)
{
	if (call->out.size - call->out_sent >= call_limits(call)->send_high)
		call->was_full = true;
	if (call->out.size - call->out_sent == size + FRAMING_PREFIX_SIZE)
		call->progress_us = call->loop->now_us;
	call->sent_count++;
	call->sent_bytes += size;
	call->operations->wake(call->stream);
}

/* gzip, when it is wanted, worth it and there is memory for it. */
static bool call_put_packed(struct rpc_call *call, struct slice encoded)
{
	struct buffer packed = { 0 };
	bool ok = false;

	if (gzip_pack(encoded, &packed) && packed.size < encoded.size) {
		put_prefix(call, true, packed.size);
		memcpy(call->out.data + call->out.size, packed.data, packed.size);
		call->out.size += packed.size;
		ok = true;
	}
	buffer_fini(&packed);
	return ok;
}

bool rpc_call_send_bytes(struct rpc_call *call, struct slice encoded)
{
	if (!call_may_send(call, encoded.size))
		return false;
	if (!call_packs(call, encoded.size) || !call_put_packed(call, encoded)) {
		put_prefix(call, false, encoded.size);
		buffer_append_slice(&call->out, encoded);
	}
	call_count_sent(call, encoded.size);
	return true;
}

/*
 * Whether the encoder's memory may become that of the call, which then gives its own for it: nothing is queued,
 * and it is neither more than a call keeps nor much more than the message needs.
 */
static bool call_may_take(const struct rpc_call *call, const struct encoder *encoder)
{
	size_t size = encoder_size(encoder);
	size_t capacity = (size_t)(encoder->end - encoder->start);

	return call->out.size == call->out_sent && capacity < CALL_KEEP &&
	       capacity / 4 <= size && !call_packs(call, size);
}

bool rpc_call_send_encoded(struct rpc_call *call)
{
	struct encoder *encoder = &call->loop->encoder;
	size_t size = encoder_size(encoder);
	uint8_t prefix[FRAMING_PREFIX_SIZE];

	if (!call_may_take(call, encoder))
		return rpc_call_send_bytes(call, encoder_bytes(encoder));
	if (!call_may_be_sent(call, size))
		return false;
	framing_put_prefix(prefix, false, (uint32_t)size);
	encode_bytes(encoder, (struct slice){ (const char *)prefix, sizeof(prefix) });
	if (encoder->failed) {
		call_fail(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while packing the answer");
		return false;
	}
	encoder_give(encoder, &call->out);
	call->out_sent = call->out.size - sizeof(prefix) - size;
	if (!call_begin_message(call, size))
		return false;
	call_count_sent(call, size);
	return true;
}

bool rpc_call_send(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct encoder *encoder = rpc_call_encoder(call);

	if (call->state != CALL_OPEN)
		return false;
	encode_message(encoder, message);
	if (encoder_end(encoder))
		return rpc_call_send_encoded(call);
	call_fail(call, RPC_RESOURCE_EXHAUSTED,
			encoder->exceeded ? "the answer is larger than the limit"
					  : "out of memory while packing the answer");
	return false;
}

bool rpc_call_is_writable(const struct rpc_call *call)
{
	return call->state == CALL_OPEN &&
	       call->out.size - call->out_sent < call_limits(call)->send_high;
}

/* --- the end ---------------------------------------------------------------------------------
 */

/* One header block that is the whole answer. */
static void call_respond_at_once(struct rpc_call *call, const char *http_status)
{
	struct rpc_header headers[4 + RPC_TRAILERS_MAX];
	size_t count = 0;

	headers[count++] = (struct rpc_header){ SLICE_LITERAL(":status"),
		slice_from(http_status) };
	headers[count++] = (struct rpc_header){ SLICE_LITERAL("content-type"), CONTENT_TYPE };
	headers[count++] =
			(struct rpc_header){ SLICE_LITERAL("grpc-accept-encoding"), ENCODINGS };
	count += put_request_id(call, headers + count);
	count += rpc_call_trailers(call, headers + count);
	call->has_responded = true;
	if (!call->operations->respond(call->stream, headers, count, true))
		call->operations->reset(call->stream);
}

static void call_end(struct rpc_call *call, enum rpc_status status, const char *message)
{
	call->status.code = status;
	if (message)
		buffer_append_text(&call->status.message, message);
	call_enter(call, CALL_FINISHED);
	status_encode(&call->status);
}

void call_refuse(struct rpc_call *call, const char *http_status, enum rpc_status status,
		const char *message)
{
	call_end(call, status, message);
	call_respond_at_once(call, http_status);
}

/* Most likely somebody's browser or curl. The status follows in the trailers, for those who look there. */
void call_refuse_method(struct rpc_call *call)
{
	const struct rpc_header headers[] = {
		{ SLICE_LITERAL(":status"), SLICE_LITERAL("405") },
		{ SLICE_LITERAL("content-type"), SLICE_LITERAL("text/plain; charset=utf-8") },
		{ SLICE_LITERAL("allow"), SLICE_LITERAL("POST") },
	};

	call_end(call, RPC_INTERNAL, "gRPC calls are POST requests");
	if (!slice_equals_text(call->request.method, "HEAD"))
		buffer_append_text(&call->out, "This port speaks gRPC: calls are POST requests "
					       "with the content-type "
					       "application/grpc.\n");
	call->has_responded = true;
	if (!call->operations->respond(
			    call->stream, headers, sizeof(headers) / sizeof(headers[0]), false))
		call->operations->reset(call->stream);
}

void call_tell_end(struct rpc_call *call)
{
	if (call->has_responded)
		call->operations->wake(call->stream);
	else
		call_respond_at_once(call, "200");
}

void call_fail(struct rpc_call *call, enum rpc_status status, const char *message)
{
	if (call->state != CALL_HEADERS && call->state != CALL_OPEN)
		return;
	call_end(call, status, message);
	if (!call_record_hold(call))
		call_tell_end(call);
}

void rpc_call_finish(struct rpc_call *call, enum rpc_status status, const char *message)
{
	/* Its client is gone: the record is to say how it ended all the same. */
	if (atomic_load_explicit(&call->references, memory_order_relaxed) & CALL_OWES_END)
		call->status.code = status;
	/* Its client has its answer. */
	call->outcome = status;
	if (call->state != CALL_OPEN)
		return;
	if (status == RPC_OK && !call->method->server_streaming && call->sent_count == 0)
		call_fail(call, RPC_INTERNAL, "the method gave no answer");
	else
		call_fail(call, status, status == RPC_OK ? NULL : message);
}

void rpc_call_finish_error(struct rpc_call *call, const struct error *err)
{
	rpc_call_finish(call, rpc_status_from_error(err->code), err->message);
}

bool rpc_call_add_detail(
		struct rpc_call *call, const char *type_name, const ProtobufCMessage *detail)
{
	size_t size = protobuf_c_message_get_packed_size(detail);
	uint8_t *bytes;

	if (call->state != CALL_OPEN && call->state != CALL_HEADERS)
		return false;
	bytes = arena_alloc(&call->arena, size);
	if (!bytes)
		return false;
	size = protobuf_c_message_pack(detail, bytes);
	return rpc_call_add_detail_bytes(
			call, type_name, (struct slice){ (const char *)bytes, size });
}

bool rpc_call_add_detail_bytes(
		struct rpc_call *call, const char *type_name, struct slice encoded)
{
	return (call->state == CALL_OPEN || call->state == CALL_HEADERS) &&
	       status_add_detail(&call->status, type_name, encoded);
}

bool rpc_call_add_violation(struct rpc_call *call, const char *field, const char *description)
{
	return call->state == CALL_OPEN &&
	       status_add_violation(&call->status, slice_from(field), slice_from(description));
}

/* --- what the transport takes ----------------------------------------------------------------
 */

struct rpc_output rpc_call_output(const struct rpc_call *call)
{
	struct rpc_output output = { .end = call->state == CALL_FINISHED };

	if (call->is_held)
		return (struct rpc_output){ .end = false };

	if (call->out.size > call->out_sent)
		output.bytes = (struct slice){ call->out.data + call->out_sent,
			call->out.size - call->out_sent };
	return output;
}

bool rpc_call_sent(struct rpc_call *call, size_t size)
{
	assert(size <= call->out.size - call->out_sent);
	call->out_sent += size;
	call->progress_us = call->loop->now_us;
	return call->was_full && call->state == CALL_OPEN &&
	       call->out.size - call->out_sent < call_limits(call)->send_low;
}

void rpc_call_writable(struct rpc_call *call)
{
	if (!call->was_full || call->state != CALL_OPEN ||
			call->out.size - call->out_sent >= call_limits(call)->send_low)
		return;
	call->was_full = false;
	if (call->method->on_writable)
		call->method->on_writable(call);
}

size_t rpc_call_trailers(struct rpc_call *call, struct rpc_header out[RPC_TRAILERS_MAX])
{
	const struct buffer *message = &call->status.encoded_message;
	const struct buffer *details = &call->status.encoded_details;
	size_t count = 0;

	out[count++] = (struct rpc_header){ SLICE_LITERAL("grpc-status"),
		status_code_text(call->status.code) };
	if (message->size)
		out[count++] = (struct rpc_header){ SLICE_LITERAL("grpc-message"),
			{ message->data, message->size } };
	if (details->size)
		out[count++] = (struct rpc_header){ SLICE_LITERAL("grpc-status-details-bin"),
			{ details->data, details->size } };
	count += put_fields(call->first_trailer, out + count);
	return count;
}

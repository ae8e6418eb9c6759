/* SPDX-License-Identifier: Apache-2.0 */
/* How a call begins: what its header block says, and whether it is let in. */
#include "rpc/base64.h"
#include "rpc/call.h"
#include "rpc/timeout.h"

#include <assert.h>

/* Smaller messages are not worth packing, whoever asks for it. */
#define COMPRESS_ABOVE ((size_t)512)

void rpc_call_header(struct rpc_call *call, struct slice name, struct slice value)
{
	request_add(&call->request, &call->arena, call_limits(call), name, value);
}

struct slice rpc_call_metadata(struct rpc_call *call, const char *name)
{
	struct slice wanted = slice_from(name);
	struct slice value = request_find(&call->request, wanted);
	struct slice first = value;
	struct slice decoded = { 0 };
	struct buffer bytes = { 0 };
	const char *comma;

	if (!value.data || !call_is_binary(wanted))
		return value;
	comma = value.size ? memchr(value.data, ',', value.size) : NULL;
	if (comma)
		first.size = (size_t)(comma - value.data);
	if (base64_decode(first, &bytes)) {
		decoded.data = arena_copy(
				&call->arena, bytes.data ? bytes.data : "", bytes.size);
		decoded.size = decoded.data ? bytes.size : 0;
	}
	buffer_fini(&bytes);
	return decoded;
}

bool rpc_call_next_metadata(const struct rpc_call *call, const void **position,
		struct slice *out_name, struct slice *out_value)
{
	const struct request_field *field = *position;

	field = field ? field->next : call->request.first;
	if (!field)
		return false;
	*position = field;
	*out_name = field->name;
	*out_value = field->value;
	return true;
}

static enum rpc_status call_ask_gate(struct rpc_call *call, struct rpc_identity *out_identity,
		const char **out_message)
{
	const struct rpc_gate *gate = &call->loop->engine->gate;
	const struct rpc_caller caller = {
		.authorization = request_find(&call->request, SLICE_LITERAL("authorization")),
		.names = call->connection->names,
		.peer = call->connection->peer,
	};

	return gate->admit(gate->context, call->method, &caller, &call->arena, out_identity,
			out_message);
}

static bool call_admit(struct rpc_call *call)
{
	const char *message = "";
	enum rpc_status status;

	if (!call->loop->engine->gate.admit) {
		call->identity = (struct rpc_identity){ "", UINT32_MAX };
		return call_enter_quota(call);
	}
	call->identity = (struct rpc_identity){ "", 0 };
	status = call_ask_gate(call, &call->identity, &message);
	/* Who guesses tokens has no identity, nor has anybody while memory is short: the address counts. */
	if (!call->identity.name)
		call->identity.name = "";
	if (!call_enter_quota(call))
		return false;
	/* After it: who is refused over and over does not fill the disk. */
	if (status == RPC_PERMISSION_DENIED)
		call_record_refuse(call, status);
	if (status != RPC_OK)
		call_fail(call, status, message);
	return status == RPC_OK;
}

/* A unary call ends by itself, and soon; a stream may go on for days. */
void rpc_call_review(struct rpc_call *call)
{
	struct arena_mark mark = arena_mark(&call->arena);
	struct rpc_identity identity = { "", 0 };
	const char *message = "";
	enum rpc_status status;

	if (call->state != CALL_OPEN || !call->loop->engine->gate.admit ||
			(!call->method->client_streaming && !call->method->server_streaming))
		return;
	status = call_ask_gate(call, &identity, &message);
	if (status == RPC_OK && strcmp(identity.name, call->identity.name) == 0) {
		call->identity.roles = identity.roles;
		arena_rewind(&call->arena, mark);
		return;
	}
	call_cut(call, status == RPC_OK ? RPC_UNAUTHENTICATED : status,
			"what this call was let in with has been taken back or changed");
	call_arm_timer(call);
}

static bool call_is_post(const struct rpc_call *call)
{
	return slice_equals_text(call->request.method, "POST");
}

/* The headers of a request that some other HTTP/2 client has made. */
static bool call_is_foreign(const struct rpc_call *call)
{
	return !call->request.is_too_large && !call->arena.exhausted &&
	       (!call_is_post(call) || !request_is_grpc(&call->request));
}

/*
 * Such clients listen when all they had to say is said (curl 7.88 loses an answer that comes before): the answer
 * waits for the end of the request, whose body is thrown away, but not for long.
 */
void call_answer_foreign(struct rpc_call *call)
{
	const struct rpc_observer *observer = &call->loop->engine->observer;

	if (observer->on_call_start)
		observer->on_call_start(observer->context, NULL);
	if (call_is_post(call)) {
		call_refuse(call, "415", RPC_INVALID_ARGUMENT,
				"the content-type must be application/grpc or "
				"application/grpc+proto");
	} else {
		call->peer_erred = true;
		call_refuse_method(call);
	}
}

/* Everything that the header block alone can get wrong. */
static bool call_check_request(struct rpc_call *call)
{
	struct request *request = &call->request;
	uint64_t timeout_us;

	if (request->is_too_large) {
		call_refuse(call, "431", RPC_RESOURCE_EXHAUSTED, "too many request headers");
		return false;
	}
	if (call->arena.exhausted) {
		call_fail(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while reading the headers");
		return false;
	}
	call->method = map_find(&call->loop->engine->methods, request->path);
	if (!call->method) {
		call_fail(call, RPC_UNIMPLEMENTED, "no such method");
		return false;
	}
	if (call->method->answers_each ||
			(!call->method->client_streaming && !call->method->is_upload))
		call->reader.limit = call_limits(call)->question_max;
	if (request->timeout.data) {
		if (!timeout_parse(request->timeout, &timeout_us)) {
			call_fail_peer(call,
					"grpc-timeout must be one to eight digits and a unit");
			return false;
		}
		call->deadline_us = call->loop->now_us + timeout_us;
	}
	return call_admit(call);
}

/*
 * Packing costs more time than it saves on a fast network, so that it is for clients that pack their
 * own messages, and for answers that are large on any network.
 */
static void call_note_encodings(struct rpc_call *call)
{
	struct slice encoding = call->request.encoding;
	bool packs = slice_equals_text(encoding, "gzip");

	call->compress_above = SIZE_MAX;
	if (request_accepts(&call->request, "gzip"))
		call->compress_above =
				packs ? COMPRESS_ABOVE : call_limits(call)->compress_above;
	if (packs) {
		call->accepts_gzip_input = true;
	} else if (encoding.size && !slice_equals_text(encoding, "identity")) {
		call->has_unknown_encoding = true;
	}
}

void call_open(struct rpc_call *call)
{
	call->is_paused = false;
	call->was_opened = true;
	if (call->method->on_start)
		call->method->on_start(call);
}

static bool call_ends_by_itself(const struct rpc_method *method)
{
	return !method->server_streaming;
}

void rpc_call_begin(struct rpc_call *call)
{
	const struct rpc_observer *observer = &call->loop->engine->observer;
	uint64_t longest = call_limits(call)->deadline_max_us;

	assert(call->state == CALL_HEADERS);
	if (call_is_foreign(call)) {
		call_arm_timer(call);
		return;
	}
	if (!call_check_request(call)) {
		if (observer->on_call_start)
			observer->on_call_start(observer->context, call->method);
		call_arm_timer(call);
		return;
	}
	if (observer->on_call_start)
		observer->on_call_start(observer->context, call->method);
	if (call_ends_by_itself(call->method) && longest < UINT64_MAX &&
			call->deadline_us > call->loop->now_us + longest)
		call->deadline_us = call->loop->now_us + longest;
	if (call->deadline_us <= call->loop->now_us) {
		atomic_store_explicit(&call->cancelled, true, memory_order_relaxed);
		call_fail(call, RPC_DEADLINE_EXCEEDED, "the deadline has passed");
		call_arm_timer(call);
		return;
	}
	call_note_encodings(call);
	call_enter(call, CALL_OPEN);
	call_arm_timer(call);
	if (!call_record_begin(call))
		call_open(call);
}

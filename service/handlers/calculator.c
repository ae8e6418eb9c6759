/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CalculatorService: Match, Combine and MatchStream.
 *
 * They answer on the loop thread from an immutable ruleset; only a request for an older revision
 * that is not in memory waits, off the loop, for the store.
 *
 * A stream answers in order because it takes one question at a time:
 *
 *     READING ──► message ──► answer queued ──► READING
 *        ▲           │                 └── too much queued ──► HELD UP ──► on_writable ─┐
 *        │           └── old revision ──► LOADING ──► answer queued                     │
 *        └──────────────────────────────────────────────────────────────────────────────┘
 *
 *     READING ──► message about an enterprise of the registry ──► FETCHING ──► as a message
 *
 *     HELD UP    The client reads slower than we answer: we stop reading, so flow control reaches
 *                it, and memory stays bounded.
 *     LOADING    The question waits, packed, for its ruleset; reading is paused.
 *     FETCHING   Likewise for the enterprise.
 */
#include "base/memory.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "handlers/enterprise.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "proto/codec/codec.h"

#include <string.h>

#define SERVICE "policycalc.v1.CalculatorService"

/* --- Match ----------------------------------------------------------------------------------- */

static void tell_match(const struct rpc_call *call, const struct match_tally *tally)
{
	const struct handlers_options *options = &call_handlers(call)->options;

	if (options->on_match)
		options->on_match(options->context, tally);
}

/* The response is never a message: it is encoded from what the ruleset finds. */
static void answer_match(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	struct encoder *encoder = rpc_call_encoder(call);
	struct violations violations = { NULL, 0 };
	struct error err = { ERROR_NONE, "" };
	struct match_tally tally;
	char today[11];

	handlers_today(call_handlers(call), today);
	if (!ruleset_match_encode(ruleset, (const Policycalc__V1__MatchRequest *)message, today,
			    rpc_call_workspace(call), encoder, &tally, &violations, &err)) {
		call_answer_with(call, NULL, &violations, &err);
		return;
	}
	tell_match(call, &tally);
	if (rpc_call_send_encoded(call))
		rpc_call_finish(call, RPC_OK, "");
}

static void on_match(struct rpc_call *call, const ProtobufCMessage *message)
{
	call_answer_question(call, message, answer_match);
}

const struct rpc_method calculator_match_method = {
	.service = SERVICE,
	.name = "Match",
	.input = &policycalc__v1__match_request__descriptor,
	.output = &policycalc__v1__match_response__descriptor,
	.on_message = on_match,
};

/* --- Combine --------------------------------------------------------------------------------- */

static const ProtobufCMessage *ask_combine(const struct ruleset *ruleset,
		const ProtobufCMessage *request, const char *today, struct arena *arena,
		struct violations *out_violations, struct error *err)
{
	Policycalc__V1__CombineResponse *response = NULL;

	return ruleset_combine(ruleset, (const Policycalc__V1__CombineRequest *)request, today,
			       arena, &response, out_violations, err)
			       ? &response->base
			       : NULL;
}

static void answer_combine(struct rpc_call *call, const ProtobufCMessage *message,
		const struct ruleset *ruleset)
{
	call_ask(call, message, ruleset, ask_combine);
}

static void on_combine(struct rpc_call *call, const ProtobufCMessage *message)
{
	call_answer_question(call, message, answer_combine);
}

const struct rpc_method calculator_combine_method = {
	.service = SERVICE,
	.name = "Combine",
	.input = &policycalc__v1__combine_request__descriptor,
	.output = &policycalc__v1__combine_response__descriptor,
	.on_message = on_combine,
};

/* --- MatchStream ----------------------------------------------------------------------------- */

/* Numbers of the fields of MatchStreamResponse. */
enum stream_response_field {
	STREAM_RESPONSE_REQUEST_ID = 1,
	STREAM_RESPONSE_RESPONSE = 2,
};

struct match_stream {
	bool is_loading; /* or fetching */
	bool is_held_up;
	bool is_half_closed;
	struct buffer waiting; /* the question that is LOADING or FETCHING, encoded */
};

/* The stream reads on when nothing stands in the way, and ends when all is answered. */
static void match_stream_advance(struct rpc_call *call)
{
	struct match_stream *stream = rpc_call_data(call);

	if (!stream || stream->is_loading)
		return;
	if (stream->is_half_closed) {
		rpc_call_finish(call, RPC_OK, "");
	} else if (!stream->is_held_up && !rpc_call_is_writable(call)) {
		stream->is_held_up = true;
		rpc_call_pause_reading(call);
	}
}

/* One detail more, of a list with room for it; left out when memory is short. */
static void status_add(Google__Rpc__Status *status, const char *type_url,
		const ProtobufCMessage *message, struct arena *arena)
{
	Google__Rpc__Status__Detail *detail = ARENA_NEW(arena, Google__Rpc__Status__Detail);
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = arena_alloc(arena, size ? size : 1);

	if (!detail || !bytes || !status->details)
		return;
	google__rpc__status__detail__init(detail);
	detail->type_url = (char *)(uintptr_t)type_url;
	detail->value.data = bytes;
	detail->value.len = protobuf_c_message_pack(message, bytes);
	status->details[status->n_details++] = detail;
}

static void status_add_violations(Google__Rpc__Status *status,
		const struct violations *violations, struct arena *arena)
{
	Google__Rpc__BadRequest request = GOOGLE__RPC__BAD_REQUEST__INIT;
	Google__Rpc__BadRequest__FieldViolation *list = ARENA_NEW_ARRAY(
			arena, Google__Rpc__BadRequest__FieldViolation, violations->count);

	request.field_violations = ARENA_NEW_ARRAY(
			arena, Google__Rpc__BadRequest__FieldViolation *, violations->count);
	status->details = ARENA_NEW_ARRAY(arena, Google__Rpc__Status__Detail *, 1);
	if (!list || !request.field_violations)
		return;
	for (size_t i = 0; i < violations->count; i++) {
		google__rpc__bad_request__field_violation__init(&list[i]);
		list[i].field = arena_format(arena, "match.%s", violations->list[i].field);
		list[i].description = (char *)violations->list[i].description;
		if (!list[i].field)
			return;
		request.field_violations[i] = &list[i];
	}
	request.n_field_violations = violations->count;
	status_add(status, "type.googleapis.com/google.rpc.BadRequest", &request.base, arena);
}

static void match_stream_send_status(struct rpc_call *call,
		const Policycalc__V1__MatchStreamRequest *request, Google__Rpc__Status *status)
{
	Policycalc__V1__MatchStreamResponse response =
			POLICYCALC__V1__MATCH_STREAM_RESPONSE__INIT;

	response.request_id = request->request_id;
	response.result_case = POLICYCALC__V1__MATCH_STREAM_RESPONSE__RESULT_ERROR;
	response.error = status;
	rpc_call_send(call, &response.base);
}

static void match_stream_send_error(struct rpc_call *call,
		const Policycalc__V1__MatchStreamRequest *request,
		const struct violations *violations, const struct error *err)
{
	Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;

	status.code = (int32_t)rpc_status_from_error(err->code);
	status.message = (char *)err->message;
	if (violations->count)
		status_add_violations(&status, violations, rpc_call_scratch(call));
	match_stream_send_status(call, request, &status);
}

/* A question too many, and who asked it. */
struct refused_question {
	struct rpc_call *call;
	const Policycalc__V1__MatchStreamRequest *request;
};

static void match_stream_refuse(void *context, const struct rpc_refusal *refusal)
{
	const struct refused_question *refused = context;
	struct arena *arena = rpc_call_scratch(refused->call);
	Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;

	status.code = RPC_RESOURCE_EXHAUSTED;
	status.message = (char *)(uintptr_t)refusal->message;
	status.details = ARENA_NEW_ARRAY(arena, Google__Rpc__Status__Detail *, 2);
	status_add(&status, "type.googleapis.com/google.rpc.QuotaFailure",
			&refusal->failure->base, arena);
	status_add(&status, "type.googleapis.com/google.rpc.RetryInfo", &refusal->retry->base,
			arena);
	match_stream_send_status(refused->call, refused->request, &status);
}

static void match_stream_answer(struct rpc_call *call,
		const Policycalc__V1__MatchStreamRequest *request,
		const struct ruleset *ruleset)
{
	struct encoder *encoder = rpc_call_encoder(call);
	struct violations violations = { NULL, 0 };
	struct error err = { ERROR_NONE, "" };
	struct match_tally tally;
	char today[11];

	handlers_today(call_handlers(call), today);
	if (!ruleset_match_encode(ruleset, request->match, today, rpc_call_workspace(call),
			    encoder, &tally, &violations, &err)) {
		match_stream_send_error(call, request, &violations, &err);
		return;
	}
	tell_match(call, &tally);
	encode_close(encoder, STREAM_RESPONSE_RESPONSE, 0);
	encode_text(encoder, STREAM_RESPONSE_REQUEST_ID, request->request_id);
	if (encoder->failed)
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while packing the answer");
	else
		rpc_call_send_encoded(call);
}

/* The question that waits, in the scratch arena; NULL: the call is over, or ends now. */
static Policycalc__V1__MatchStreamRequest *match_stream_take(struct rpc_call *call)
{
	struct match_stream *stream = rpc_call_data(call);
	struct slice bytes;
	struct error err = { ERROR_NONE, "" };
	Policycalc__V1__MatchStreamRequest *request;

	/* No data: on_end came before us. */
	if (!stream || rpc_call_is_cancelled(call))
		return NULL;
	bytes = (struct slice){ stream->waiting.data, stream->waiting.size };
	request = (Policycalc__V1__MatchStreamRequest *)message_unpack(bytes,
			&policycalc__v1__match_stream_request__descriptor,
			&message_limits_default, rpc_call_scratch(call), &err);
	stream->is_loading = false;
	buffer_clear(&stream->waiting);
	if (!request)
		rpc_call_finish_error(call, &err);
	return request;
}

/* The question that waited is answered. */
static void match_stream_go_on(struct rpc_call *call)
{
	struct match_stream *stream = rpc_call_data(call);

	match_stream_advance(call);
	if (!stream->is_loading && !stream->is_held_up && !stream->is_half_closed)
		rpc_call_resume_reading(call);
}

static void on_stream_loaded(struct rpc_call *call, struct ruleset_loading *loading)
{
	Policycalc__V1__MatchStreamRequest *request = match_stream_take(call);
	struct violations violations = { NULL, 0 };

	if (!request)
		return;
	if (loading->ruleset)
		match_stream_answer(call, request, loading->ruleset);
	else
		match_stream_send_error(call, request, &violations, &loading->err);
	match_stream_go_on(call);
}

static bool match_stream_keep(
		struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	struct match_stream *stream = rpc_call_data(call);

	buffer_clear(&stream->waiting);
	return message_pack(message, &stream->waiting) ||
	       error_set(err, ERROR_MEMORY, "out of memory while keeping a question");
}

static void match_stream_wait(struct rpc_call *call)
{
	struct match_stream *stream = rpc_call_data(call);

	stream->is_loading = true;
	rpc_call_pause_reading(call);
}

static bool match_stream_load(struct rpc_call *call, const ProtobufCMessage *message,
		int64_t revision, struct error *err)
{
	if (!match_stream_keep(call, message, err) ||
			!ruleset_loading_start(
					call, revision, on_stream_loaded, NULL, NULL, err))
		return false;
	match_stream_wait(call);
	return true;
}

/* Answers, or waits for the revision. */
static void match_stream_ask(
		struct rpc_call *call, const Policycalc__V1__MatchStreamRequest *request)
{
	struct violations violations = { NULL, 0 };
	struct error err = { ERROR_NONE, "" };
	struct ruleset *ruleset;
	bool held;

	ruleset = handlers_find_ruleset(
			call_handlers(call), request->match->revision, &held, &err);
	if (ruleset) {
		match_stream_answer(call, request, ruleset);
		if (held)
			ruleset_unref(ruleset);
	} else if (err.code != ERROR_NONE || !match_stream_load(call, &request->base,
							     request->match->revision, &err)) {
		match_stream_send_error(call, request, &violations, &err);
	}
}

static void on_stream_fetched(struct rpc_call *call, const void *argument,
		const struct slice *profile, const struct error *reason)
{
	Policycalc__V1__MatchStreamRequest *request = match_stream_take(call);
	struct violations violations = { NULL, 0 };
	struct error err = *reason;

	(void)argument;
	if (!request)
		return;
	if (profile && enterprise_lay_over(call, *profile, request->match->as_of,
				       &request->match->profile, rpc_call_scratch(call), &err))
		match_stream_ask(call, request);
	else
		match_stream_send_error(call, request, &violations, &err);
	match_stream_go_on(call);
}

static bool match_stream_fetch(struct rpc_call *call,
		const Policycalc__V1__MatchStreamRequest *request, struct error *err)
{
	if (!match_stream_keep(call, &request->base, err) ||
			!enterprise_fetch(call, request->match->enterprise, on_stream_fetched,
					NULL, err))
		return false;
	match_stream_wait(call);
	return true;
}

static void on_stream_start(struct rpc_call *call)
{
	struct match_stream *stream = memory_alloc_zero(1, sizeof(*stream));

	rpc_call_set_data(call, stream);
	if (!stream) {
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED,
				"out of memory while starting a stream");
		return;
	}
	/* A client may wait for the headers before it sends its first question. */
	rpc_call_send_headers(call);
}

static void on_stream_message(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__MatchStreamRequest *request =
			(const Policycalc__V1__MatchStreamRequest *)message;
	struct refused_question refused = { call, request };
	struct violations violations = { NULL, 0 };
	struct error err = { ERROR_NONE, "" };

	if (!rpc_call_count_question(call, match_stream_refuse, &refused)) {
		match_stream_advance(call);
		return;
	}
	if (!request->match)
		error_set(&err, ERROR_INVALID, "match: a question must be given");
	else if (!*request->match->enterprise)
		match_stream_ask(call, request);
	else
		(void)match_stream_fetch(call, request, &err);
	if (err.code != ERROR_NONE)
		match_stream_send_error(call, request, &violations, &err);
	match_stream_advance(call);
}

static void on_stream_half_close(struct rpc_call *call)
{
	struct match_stream *stream = rpc_call_data(call);

	if (stream)
		stream->is_half_closed = true;
	match_stream_advance(call);
}

static void on_stream_writable(struct rpc_call *call)
{
	struct match_stream *stream = rpc_call_data(call);

	if (!stream || !stream->is_held_up)
		return;
	stream->is_held_up = false;
	if (!stream->is_loading)
		rpc_call_resume_reading(call);
}

static void on_stream_end(struct rpc_call *call)
{
	struct match_stream *stream = rpc_call_data(call);

	rpc_call_set_data(call, NULL);
	if (stream)
		buffer_fini(&stream->waiting);
	memory_free(stream);
}

const struct rpc_method calculator_match_stream_method = {
	.service = SERVICE,
	.name = "MatchStream",
	.client_streaming = true,
	.server_streaming = true,
	.input = &policycalc__v1__match_stream_request__descriptor,
	.output = &policycalc__v1__match_stream_response__descriptor,
	.transient_messages = true,
	.answers_each = true,
	.on_start = on_stream_start,
	.on_message = on_stream_message,
	.on_half_close = on_stream_half_close,
	.on_writable = on_stream_writable,
	.on_end = on_stream_end,
};

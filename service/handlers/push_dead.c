/* SPDX-License-Identifier: Apache-2.0 */
/* PushService: dead letters, and how deliveries and the webhook stand. */
#include "handlers/push_internal.h"
#include "handlers/push_sink.h"
#include "push/tries.h"

/* --- DecideDeadLetters ----------------------------------------------------------------------- */

static bool decide_all(struct push_service *service, const struct dead_decision *decision,
		struct arena *arena, int64_t *out_count, struct error *err)
{
	int64_t before = 0, count;

	*out_count = 0;
	do {
		struct arena_mark mark = arena_mark(arena);

		if (!dead_decide_all(push_service_ledger(service), decision, &before, arena,
				    &count, err))
			return false;
		*out_count += count;
		arena_rewind(arena, mark);
	} while (before);
	return true;
}

static const ProtobufCMessage *ask_decide(struct push_service *service,
		const ProtobufCMessage *message, struct arena *arena, struct error *err)
{
	const Policycalc__V1__DecideDeadLettersRequest *request =
			(const Policycalc__V1__DecideDeadLettersRequest *)message;
	const struct dead_decision decision = {
		.drop = request->drop,
		.decided_by = request->decided_by,
		.note = request->note,
		.now_ms = push_service_now_ms(service),
	};
	Policycalc__V1__DecideDeadLettersResponse *response = response_new(
			arena, &policycalc__v1__decide_dead_letters_response__descriptor, err);

	push_sink_look(push_service_sink(service));
	if (!response)
		return NULL;
	if (request->all)
		return decide_all(service, &decision, arena, &response->count, err)
				       ? &response->base
				       : NULL;
	response->others = push_others_new(request->n_keys, arena, err);
	if (!response->others)
		return NULL;
	return dead_decide_keys(push_service_ledger(service), &decision, request->keys,
			       request->n_keys, arena, &response->count, response->others,
			       &response->n_others, err)
			       ? &response->base
			       : NULL;
}

static void on_decide(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__DecideDeadLettersRequest *request =
			(const Policycalc__V1__DecideDeadLettersRequest *)message;
	Policycalc__V1__DecideDeadLettersRequest *own;

	if (push_refuse_decision(call, "decided_by", request->decided_by, request->note,
			    request->n_keys))
		return;
	if ((request->n_keys > 0) == (bool)request->all) {
		call_refuse_field(call, "keys", "either keys or all must be given");
		return;
	}
	own = (void *)arena_copy(rpc_call_arena(call), (const char *)request, sizeof(*request));
	if (own)
		own->decided_by = (char *)(uintptr_t)call_who(call, request->decided_by);
	if (own && own->decided_by)
		call_ask_push(call, &own->base, ask_decide);
	else
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory while deciding");
}

const struct rpc_method push_decide_dead_method = {
	.service = PUSH_SERVICE,
	.name = "DecideDeadLetters",
	.input = &policycalc__v1__decide_dead_letters_request__descriptor,
	.output = &policycalc__v1__decide_dead_letters_response__descriptor,
	.on_message = on_decide,
};

/* --- GetPushStatus --------------------------------------------------------------------------- */

static bool kinds_fill(
		Policycalc__V1__WebhookStatus *message, uint32_t kinds, struct arena *arena)
{
	message->kinds = ARENA_NEW_ARRAY(arena, Policycalc__V1__Kind, 32);
	for (unsigned i = 1; message->kinds && i < 32; i++) {
		if (kinds & 1u << i)
			message->kinds[message->n_kinds++] = (Policycalc__V1__Kind)i;
	}
	return message->kinds != NULL;
}

static Policycalc__V1__WebhookStatus *webhook_message(
		struct push_sink *sink, struct arena *arena, struct error *err)
{
	const struct push_sink_options *options = push_sink_options(sink);
	Policycalc__V1__WebhookStatus *message =
			ARENA_NEW(arena, Policycalc__V1__WebhookStatus);
	struct webhook_status status;

	push_sink_status(sink, &status);
	if (message) {
		policycalc__v1__webhook_status__init(message);
		message->receiver = arena_copy_text(arena, status.origin);
		message->down = status.is_down;
		message->in_flight = (int32_t)status.in_flight;
		message->tries = status.tries;
		message->delivered = status.delivered;
		message->failed = status.failed;
		message->dead = status.dead;
		message->reason = arena_copy_text(arena, status.reason);
		message->pause_ms = status.pause_ms;
		message->region = arena_copy_text(arena, options->region);
		if (status.failed_at)
			message->failed_at = push_time_print(status.failed_at * 1000, arena);
		if (kinds_fill(message, options->kinds, arena) && !arena->exhausted)
			return message;
	}
	arena_error(arena, err, "telling how the webhook does");
	return NULL;
}

static const ProtobufCMessage *ask_status(struct push_service *service,
		const ProtobufCMessage *request, struct arena *arena, struct error *err)
{
	struct ledger_store *store = push_service_ledger(service)->store;
	struct push_sink *sink = push_service_sink(service);
	Policycalc__V1__GetPushStatusResponse *response = response_new(
			arena, &policycalc__v1__get_push_status_response__descriptor, err);

	(void)request;
	if (!response ||
			!ledger_store_count_deliveries(
					store, DELIVERY(HELD), &response->held, err) ||
			!ledger_store_count_deliveries(
					store, DELIVERY(RELEASED), &response->released, err) ||
			!ledger_store_count_deliveries(
					store, DELIVERY(LEASED), &response->leased, err) ||
			!ledger_store_count_deliveries(
					store, DELIVERY(DEAD), &response->dead, err) ||
			!ledger_store_count_tries(store, &response->retrying, err))
		return NULL;
	if (sink) {
		response->webhook = webhook_message(sink, arena, err);
		if (!response->webhook)
			return NULL;
	}
	return &response->base;
}

static void on_status(struct rpc_call *call, const ProtobufCMessage *message)
{
	call_ask_push(call, message, ask_status);
}

const struct rpc_method push_get_status_method = {
	.service = PUSH_SERVICE,
	.name = "GetPushStatus",
	.input = &policycalc__v1__get_push_status_request__descriptor,
	.output = &policycalc__v1__get_push_status_response__descriptor,
	.on_message = on_status,
};

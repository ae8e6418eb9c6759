/* SPDX-License-Identifier: Apache-2.0 */
/* PushService: what departments decide, what consumers acknowledge, and what stands in the ledger. */
#include "base/date.h"
#include "base/memory.h"
#include "handlers/page.h"
#include "handlers/push_internal.h"
#include "handlers/push_sink.h"
#include "proto/codec/codec.h"
#include "push/digest.h"

#include <string.h>

#define KEYS_MOST 1000
#define ACKS_MOST 10000
#define NAME_MOST 200
#define NOTE_MOST 500
/* Deliveries that one page of a list looks through for those of a series. */
#define LOOK_MOST 20000
#define LOOK_STEP 500

bool push_refuse_decision(struct rpc_call *call, const char *who_field, const char *who,
		const char *note, size_t key_count)
{
	bool is_known = *rpc_call_identity(call)->name;

	if ((!*who && !is_known) || strlen(who) > NAME_MOST)
		call_refuse_field(call, who_field,
				is_known ? "must have at most 200 bytes"
					 : "must have 1 to 200 bytes");
	else if (strlen(note) > NOTE_MOST)
		call_refuse_field(call, "note", "must have at most 500 bytes");
	else if (key_count > KEYS_MOST)
		call_refuse_field(call, "keys", "must be at most 1,000");
	else
		return false;
	return true;
}

Policycalc__V1__DeliveryStatus **push_others_new(
		size_t count, struct arena *arena, struct error *err)
{
	Policycalc__V1__DeliveryStatus **others =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__DeliveryStatus *, count + 1);

	if (!others)
		arena_error(arena, err, "answering");
	return others;
}

/* --- ConfirmDeliveries ----------------------------------------------------------------------- */

static bool confirm_series(struct push_service *service,
		const Policycalc__V1__ConfirmDeliveriesRequest *request,
		const struct ledger_decision *decision, struct arena *arena, int64_t *out_count,
		struct error *err)
{
	struct ledger *ledger = push_service_ledger(service);
	uint32_t series;
	int64_t before = 0;

	if (!ledger_find_series(ledger, request->series, arena, &series, err))
		return false;
	if (!series)
		return error_set(err, ERROR_NOT_FOUND,
				"series: no run has asked about a series \"%.100s\"",
				request->series);
	*out_count = 0;
	do {
		struct arena_mark mark = arena_mark(arena);
		int64_t count;

		if (!ledger_confirm_series(
				    ledger, decision, series, &before, arena, &count, err))
			return false;
		*out_count += count;
		arena_rewind(arena, mark);
	} while (before);
	return true;
}

static const ProtobufCMessage *ask_confirm(struct push_service *service,
		const ProtobufCMessage *message, struct arena *arena, struct error *err)
{
	const Policycalc__V1__ConfirmDeliveriesRequest *request =
			(const Policycalc__V1__ConfirmDeliveriesRequest *)message;
	const struct ledger_decision decision = {
		.refuse = request->refuse,
		.confirmed_by = request->confirmed_by,
		.note = request->note,
		.now_ms = push_service_now_ms(service),
	};
	Policycalc__V1__ConfirmDeliveriesResponse *response = response_new(
			arena, &policycalc__v1__confirm_deliveries_response__descriptor, err);
	bool ok;

	if (!response)
		return NULL;
	push_sink_look(push_service_sink(service));
	if (*request->series) {
		ok = confirm_series(service, request, &decision, arena, &response->count, err);
		return ok ? &response->base : NULL;
	}
	response->others = push_others_new(request->n_keys, arena, err);
	if (!response->others)
		return NULL;
	ok = ledger_confirm_keys(push_service_ledger(service), &decision, request->keys,
			request->n_keys, arena, &response->count, response->others,
			&response->n_others, err);
	return ok ? &response->base : NULL;
}

static void on_confirm(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__ConfirmDeliveriesRequest *request =
			(const Policycalc__V1__ConfirmDeliveriesRequest *)message;
	Policycalc__V1__ConfirmDeliveriesRequest *own;

	if (push_refuse_decision(call, "confirmed_by", request->confirmed_by, request->note,
			    request->n_keys))
		return;
	if ((request->n_keys > 0) == (*request->series != '\0')) {
		call_refuse_field(call, "keys", "either keys or a series must be given");
		return;
	}
	own = (void *)arena_copy(rpc_call_arena(call), (const char *)request, sizeof(*request));
	if (own)
		own->confirmed_by = (char *)(uintptr_t)call_who(call, request->confirmed_by);
	if (own && own->confirmed_by)
		call_ask_push(call, &own->base, ask_confirm);
	else
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "out of memory while confirming");
}

const struct rpc_method push_confirm_method = {
	.service = PUSH_SERVICE,
	.name = "ConfirmDeliveries",
	.input = &policycalc__v1__confirm_deliveries_request__descriptor,
	.output = &policycalc__v1__confirm_deliveries_response__descriptor,
	.on_message = on_confirm,
};

/* --- AckDeliveries --------------------------------------------------------------------------- */

static const ProtobufCMessage *ask_ack(struct push_service *service,
		const ProtobufCMessage *message, struct arena *arena, struct error *err)
{
	const Policycalc__V1__AckDeliveriesRequest *request =
			(const Policycalc__V1__AckDeliveriesRequest *)message;
	Policycalc__V1__AckDeliveriesResponse *response = response_new(
			arena, &policycalc__v1__ack_deliveries_response__descriptor, err);

	if (response)
		response->others = push_others_new(request->n_acks, arena, err);
	if (!response || !response->others)
		return NULL;
	return ledger_ack(push_service_ledger(service), request, push_service_now_ms(service),
			       arena, &response->count, response->others, &response->n_others,
			       err)
			       ? &response->base
			       : NULL;
}

static void on_ack(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__AckDeliveriesRequest *request =
			(const Policycalc__V1__AckDeliveriesRequest *)message;

	if (request->n_acks == 0)
		call_refuse_field(call, "acks", "must be given");
	else if (request->n_acks > ACKS_MOST)
		call_refuse_field(call, "acks", "must be at most 10,000");
	else
		call_ask_push(call, message, ask_ack);
}

const struct rpc_method push_ack_method = {
	.service = PUSH_SERVICE,
	.name = "AckDeliveries",
	.input = &policycalc__v1__ack_deliveries_request__descriptor,
	.output = &policycalc__v1__ack_deliveries_response__descriptor,
	.on_message = on_ack,
};

/* --- ListDeliveries -------------------------------------------------------------------------- */

/* A page in the making. */
struct listing {
	struct push_service *service;
	struct ledger_listing filter;
	uint32_t series; /* 0: all */
	size_t size;
	Policycalc__V1__ListDeliveriesResponse *response;
	struct arena *arena;
};

char *push_time_print(int64_t ms, struct arena *arena)
{
	char *text = arena_alloc(arena, 40);

	if (text)
		timestamp_print_ms(ms, text);
	return text;
}

static char *day_print(int32_t day, struct arena *arena)
{
	char *text = arena_alloc(arena, 11);

	if (text)
		date_print(date_from_days(day), text);
	return text;
}

/* What the webhook remembers of it; and why it is as it is. */
static bool try_fill(Policycalc__V1__Delivery *delivery, const struct ledger_delivery *from,
		struct ledger *ledger, struct arena *arena, struct error *err)
{
	struct slice reason = from->note;
	struct ledger_try try;

	if (!ledger_store_find_try(ledger->store, from->id, arena, &try, err))
		return false;
	if (from->state == (int)DELIVERY(RELEASED) && try.reason.size)
		reason = try.reason;
	delivery->reason = arena_copy(arena, reason.data, reason.size);
	delivery->tries = try.tries;
	if (from->state == (int)DELIVERY(RELEASED) && try.tries)
		delivery->next_try_at = push_time_print(try.next_ms, arena);
	return true;
}

static Policycalc__V1__Delivery *delivery_message(struct ledger *ledger,
		const struct ledger_delivery *from, struct arena *arena, struct error *err)
{
	Policycalc__V1__Delivery *delivery = ARENA_NEW(arena, Policycalc__V1__Delivery);
	char *key = arena_alloc(arena, 2 * DIGEST_KEY_SIZE + 1);

	if (!delivery || !key)
		goto failed;
	policycalc__v1__delivery__init(delivery);
	digest_key_print(from->key, key);
	delivery->key = key;
	delivery->state = (Policycalc__V1__DeliveryState)from->state;
	delivery->digest = (Policycalc__V1__Digest *)message_unpack(from->digest,
			&policycalc__v1__digest__descriptor, &message_limits_default, arena,
			err);
	if (!delivery->digest)
		return NULL;
	delivery->created_at = push_time_print(from->created_ms, arena);
	delivery->changed_at = push_time_print(from->changed_ms, arena);
	if (from->not_before)
		delivery->not_before = day_print(from->not_before, arena);
	delivery->attempts = from->attempts;
	delivery->by = arena_copy(arena, from->who.data, from->who.size);
	if (!try_fill(delivery, from, ledger, arena, err))
		return NULL;
	if (delivery->created_at && delivery->changed_at && delivery->not_before &&
			delivery->by && delivery->reason && delivery->next_try_at)
		return delivery;
failed:
	arena_error(arena, err, "listing deliveries");
	return NULL;
}

static bool is_about(const struct listing *listing, const struct ledger_delivery *delivery,
		bool *out_is, struct error *err)
{
	struct ledger_entry *entries;
	size_t count;

	*out_is = listing->series == 0;
	if (*out_is)
		return true;
	if (!ledger_entries_decode(delivery->entries, listing->arena, &entries, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		*out_is |= entries[i].series == listing->series;
	return true;
}

/* The next deliveries; *out_more: there are others behind them. */
static bool listing_step(
		struct listing *listing, size_t *looked, bool *out_more, struct error *err)
{
	Policycalc__V1__ListDeliveriesResponse *response = listing->response;
	size_t wanted = listing->series ? LOOK_STEP
					: listing->size - response->n_deliveries + 1;
	struct ledger_delivery *list;
	size_t count;

	if (!ledger_store_list_deliveries(push_service_ledger(listing->service)->store,
			    &listing->filter, wanted, true, listing->arena, &list, &count, err))
		return false;
	*out_more = count == wanted;
	for (size_t i = 0; i < count; i++) {
		bool wants;

		if (!is_about(listing, &list[i], &wants, err))
			return false;
		if (wants && response->n_deliveries == listing->size) {
			*out_more = true;
			return true;
		}
		if (wants) {
			response->deliveries[response->n_deliveries] =
					delivery_message(push_service_ledger(listing->service),
							&list[i], listing->arena, err);
			if (!response->deliveries[response->n_deliveries])
				return false;
			response->n_deliveries++;
		}
		listing->filter.before = list[i].id;
		++*looked;
	}
	return true;
}

static bool listing_fill(struct listing *listing, struct error *err)
{
	struct page page = { 0 };
	size_t looked = 0;
	bool more = true;

	while (more && listing->response->n_deliveries < listing->size && looked < LOOK_MOST) {
		if (!listing_step(listing, &looked, &more, err))
			return false;
	}
	if (!more)
		return true;
	page.revision = listing->filter.before;
	listing->response->next_page_token = page_print(&page, listing->arena);
	return listing->response->next_page_token ||
	       arena_error(listing->arena, err, "listing deliveries");
}

static bool listing_init(struct listing *listing,
		const Policycalc__V1__ListDeliveriesRequest *request, struct error *err)
{
	struct ledger *ledger = push_service_ledger(listing->service);
	Policycalc__V1__Profile *profile;
	struct page page = { 0 };

	(void)page_size(request->page_size, 100, &listing->size);
	if (*request->page_token)
		(void)page_parse(request->page_token, &page);
	listing->filter.before = page.revision;
	listing->filter.run = request->run;
	listing->filter.state = (int)request->state;
	if (*request->uscc && !registry_find(ledger->registry, request->uscc, 0, listing->arena,
					      &listing->filter.enterprise, &profile, err))
		return err->code == ERROR_INVALID ? error_prefix(err, "uscc") : false;
	if (!*request->series)
		return true;
	if (!ledger_find_series(ledger, request->series, listing->arena, &listing->series, err))
		return false;
	return listing->series ||
	       error_set(err, ERROR_NOT_FOUND,
			       "series: no run has asked about a series \"%.100s\"",
			       request->series);
}

static const ProtobufCMessage *ask_list(struct push_service *service,
		const ProtobufCMessage *message, struct arena *arena, struct error *err)
{
	struct listing listing = { .service = service, .arena = arena };
	Policycalc__V1__ListDeliveriesResponse *response = response_new(
			arena, &policycalc__v1__list_deliveries_response__descriptor, err);

	if (!response || !listing_init(&listing,
					 (const Policycalc__V1__ListDeliveriesRequest *)message,
					 err))
		return NULL;
	response->deliveries =
			ARENA_NEW_ARRAY(arena, Policycalc__V1__Delivery *, listing.size + 1);
	if (!response->deliveries) {
		arena_error(arena, err, "listing deliveries");
		return NULL;
	}
	listing.response = response;
	return listing_fill(&listing, err) ? &response->base : NULL;
}

static void on_list(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Policycalc__V1__ListDeliveriesRequest *request =
			(const Policycalc__V1__ListDeliveriesRequest *)message;
	struct page page;
	size_t size;

	if (!page_size(request->page_size, 100, &size))
		call_refuse_field(call, "page_size", "must be 0 to 1000");
	else if (*request->page_token && !page_parse(request->page_token, &page))
		call_refuse_field(call, "page_token", "must be the token of an earlier answer");
	else if ((int)request->state < 0 || (int)request->state >= DELIVERY_STATE_END)
		call_refuse_field(call, "state", "is no state");
	else if (request->run < 0)
		call_refuse_field(call, "run", "must be 0 (all) or more");
	else
		call_ask_push(call, message, ask_list);
}

const struct rpc_method push_list_deliveries_method = {
	.service = PUSH_SERVICE,
	.name = "ListDeliveries",
	.input = &policycalc__v1__list_deliveries_request__descriptor,
	.output = &policycalc__v1__list_deliveries_response__descriptor,
	.on_message = on_list,
};

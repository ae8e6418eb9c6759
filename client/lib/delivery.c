/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries: pulling them, saying what became of them, looking at them. */
#include "client/lib/client_internal.h"

#include "base/memory.h"
#include "client/lib/answer_stream.h"
#include "client/lib/digest.h"
#include "client/lib/list.h"

#define LIMIT_DEFAULT 100
#define PAGE_MOST 1000

struct pcalc_pull {
	struct answer_stream stream;
};

struct pcalc_receipt {
	struct arena arena; /* first, as handle_new() wants it */
	int64_t count;
	Policycalc__V1__DeliveryStatus *const *others;
	size_t other_count;
};

struct pcalc_deliveries {
	struct list list;
	struct pcalc_digest *digests; /* of each, borrowing */
};

/* --- pulling ---------------------------------------------------------------------------------- */

pcalc_pull *pcalc_pull_open(pcalc_client *client, const struct pcalc_pull_options *options,
		struct pcalc_failure *failure)
{
	Policycalc__V1__PullDeliveriesRequest request =
			POLICYCALC__V1__PULL_DELIVERIES_REQUEST__INIT;
	pcalc_pull *pull = memory_alloc_zero(1, sizeof(*pull));

	if (!pull) {
		(void)failure_out_of_memory(failure);
		return NULL;
	}
	request.consumer = text_field(options->consumer);
	request.limit = options->limit;
	request.lease_seconds = options->lease_seconds;
	request.region = text_field(options->region);
	request.kinds = (Policycalc__V1__Kind *)(uintptr_t)options->kinds;
	request.n_kinds = options->kind_count;
	if (client_open_stream(client, &pull->stream, PUSH_PATH "PullDeliveries", &request.base,
			    &policycalc__v1__pull_deliveries_response__descriptor, failure))
		return pull;
	pcalc_pull_free(pull);
	return NULL;
}

bool pcalc_pull_receive(
		pcalc_pull *pull, struct pcalc_lease *out_lease, struct pcalc_failure *failure)
{
	const Policycalc__V1__PullDeliveriesResponse *delivery;
	ProtobufCMessage *message;

	if (!client_receive(&pull->stream, &message, failure))
		return false;
	*out_lease = (struct pcalc_lease){ 0 };
	delivery = (const Policycalc__V1__PullDeliveriesResponse *)message;
	if (delivery)
		*out_lease = (struct pcalc_lease){
			.key = delivery->key,
			.lease = delivery->lease,
			.leased_until = delivery->leased_until,
			.attempts = delivery->attempts,
			.digest = delivery->digest.data,
			.digest_size = delivery->digest.len,
		};
	return true;
}

void pcalc_pull_free(pcalc_pull *pull)
{
	if (!pull)
		return;
	answer_stream_close(&pull->stream);
	memory_free(pull);
}

/* --- what became of them ---------------------------------------------------------------------- */

pcalc_receipt *pcalc_deliveries_ack(pcalc_client *client, const struct pcalc_ack *acks,
		size_t count, struct pcalc_failure *failure)
{
	Policycalc__V1__AckDeliveriesRequest request =
			POLICYCALC__V1__ACK_DELIVERIES_REQUEST__INIT;
	const Policycalc__V1__AckDeliveriesResponse *response = NULL;
	pcalc_receipt *receipt = handle_new(sizeof(*receipt), failure);
	Policycalc__V1__AckDeliveriesRequest__Ack *list = NULL;

	if (receipt) {
		list = ARENA_NEW_ARRAY(&receipt->arena,
				Policycalc__V1__AckDeliveriesRequest__Ack, count + 1);
		request.acks = ARENA_NEW_ARRAY(&receipt->arena,
				Policycalc__V1__AckDeliveriesRequest__Ack *, count + 1);
	}
	if (!list || !request.acks) {
		(void)failure_out_of_memory(failure);
		pcalc_receipt_free(receipt);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		policycalc__v1__ack_deliveries_request__ack__init(&list[i]);
		list[i].key = text_field(acks[i].key);
		list[i].lease = text_field(acks[i].lease);
		list[i].failed = acks[i].failed;
		request.acks[i] = &list[i];
	}
	request.n_acks = count;
	response = (const Policycalc__V1__AckDeliveriesResponse *)client_call(client,
			PUSH_PATH "AckDeliveries", &request.base,
			&policycalc__v1__ack_deliveries_response__descriptor, &receipt->arena,
			failure);
	if (!response) {
		pcalc_receipt_free(receipt);
		return NULL;
	}
	receipt->count = response->count;
	receipt->others = response->others;
	receipt->other_count = response->n_others;
	return receipt;
}

pcalc_receipt *pcalc_deliveries_confirm(pcalc_client *client,
		const struct pcalc_decision *decision, struct pcalc_failure *failure)
{
	Policycalc__V1__ConfirmDeliveriesRequest request =
			POLICYCALC__V1__CONFIRM_DELIVERIES_REQUEST__INIT;
	const Policycalc__V1__ConfirmDeliveriesResponse *response;
	pcalc_receipt *receipt = handle_new(sizeof(*receipt), failure);

	if (!receipt)
		return NULL;
	request.keys = (char **)(uintptr_t)decision->keys;
	request.n_keys = decision->key_count;
	request.series = text_field(decision->series);
	request.refuse = decision->refuse;
	request.confirmed_by = text_field(decision->confirmed_by);
	request.note = text_field(decision->note);
	response = (const Policycalc__V1__ConfirmDeliveriesResponse *)client_call(client,
			PUSH_PATH "ConfirmDeliveries", &request.base,
			&policycalc__v1__confirm_deliveries_response__descriptor,
			&receipt->arena, failure);
	if (!response) {
		pcalc_receipt_free(receipt);
		return NULL;
	}
	receipt->count = response->count;
	receipt->others = response->others;
	receipt->other_count = response->n_others;
	return receipt;
}

void pcalc_receipt_free(pcalc_receipt *receipt)
{
	handle_free(receipt);
}

int64_t pcalc_receipt_count(const pcalc_receipt *receipt)
{
	return receipt->count;
}

bool pcalc_receipt_other(const pcalc_receipt *receipt, size_t index,
		struct pcalc_delivery_status *out_status)
{
	if (index >= receipt->other_count)
		return false;
	*out_status = (struct pcalc_delivery_status){
		.key = receipt->others[index]->key,
		.state = (enum pcalc_delivery_state)receipt->others[index]->state,
		.reason = receipt->others[index]->reason,
	};
	return true;
}

/* --- looking at them -------------------------------------------------------------------------- */

/* Reads pages until there are @limit, or all. */
static bool deliveries_read(pcalc_client *client, pcalc_deliveries *deliveries,
		Policycalc__V1__ListDeliveriesRequest *request, size_t limit,
		struct pcalc_failure *failure)
{
	struct list *list = &deliveries->list;
	const Policycalc__V1__ListDeliveriesResponse *page;
	bool last = false;

	while (!last && list->count < limit) {
		size_t left = limit - list->count;

		request->page_size = left < PAGE_MOST ? (int32_t)left : PAGE_MOST;
		page = (const Policycalc__V1__ListDeliveriesResponse *)client_call(client,
				PUSH_PATH "ListDeliveries", &request->base,
				&policycalc__v1__list_deliveries_response__descriptor,
				&list->arena, failure);
		if (!page)
			return false;
		if (!list_add_page(list, page->deliveries, page->n_deliveries))
			return failure_out_of_memory(failure);
		last = page_is_last(page->next_page_token, request->page_token);
		request->page_token = page->next_page_token;
	}
	return true;
}

static bool digests_borrow(pcalc_deliveries *deliveries, struct pcalc_failure *failure)
{
	size_t count = deliveries->list.count;

	deliveries->digests = ARENA_NEW_ARRAY(
			&deliveries->list.arena, struct pcalc_digest, count + 1);
	if (!deliveries->digests)
		return failure_out_of_memory(failure);
	for (size_t i = 0; i < count; i++) {
		const Policycalc__V1__Delivery *delivery = deliveries->list.items[i];

		if (!delivery->digest)
			return failure_set(failure, PCALC_INTERNAL,
					"an answer with a delivery without a digest");
		deliveries->digests[i].message = delivery->digest;
	}
	return true;
}

pcalc_deliveries *pcalc_deliveries_list(pcalc_client *client,
		const struct pcalc_delivery_filter *filter, struct pcalc_failure *failure)
{
	Policycalc__V1__ListDeliveriesRequest request =
			POLICYCALC__V1__LIST_DELIVERIES_REQUEST__INIT;
	pcalc_deliveries *deliveries = handle_new(sizeof(*deliveries), failure);
	size_t limit = filter && filter->limit ? filter->limit : LIMIT_DEFAULT;

	if (!deliveries)
		return NULL;
	if (filter) {
		request.uscc = text_field(filter->uscc);
		request.state = (Policycalc__V1__DeliveryState)filter->state;
		request.run = filter->run;
		request.series = text_field(filter->series);
	}
	if (deliveries_read(client, deliveries, &request, limit, failure) &&
			digests_borrow(deliveries, failure))
		return deliveries;
	pcalc_deliveries_free(deliveries);
	return NULL;
}

void pcalc_deliveries_free(pcalc_deliveries *deliveries)
{
	handle_free(deliveries);
}

size_t pcalc_deliveries_count(const pcalc_deliveries *deliveries)
{
	return deliveries->list.count;
}

bool pcalc_deliveries_get(const pcalc_deliveries *deliveries, size_t index,
		struct pcalc_delivery *out_delivery)
{
	const Policycalc__V1__Delivery *delivery;

	if (index >= deliveries->list.count)
		return false;
	delivery = deliveries->list.items[index];
	*out_delivery = (struct pcalc_delivery){
		.key = delivery->key,
		.state = (enum pcalc_delivery_state)delivery->state,
		.created_at = delivery->created_at,
		.changed_at = delivery->changed_at,
		.not_before = delivery->not_before,
		.attempts = delivery->attempts,
		.by = delivery->by,
		.reason = delivery->reason,
		.tries = delivery->tries,
		.next_try_at = delivery->next_try_at,
	};
	return true;
}

const pcalc_digest *pcalc_deliveries_digest(const pcalc_deliveries *deliveries, size_t index)
{
	return index < deliveries->list.count ? &deliveries->digests[index] : NULL;
}

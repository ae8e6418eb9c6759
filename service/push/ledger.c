/* SPDX-License-Identifier: Apache-2.0 */
/* States, entries, leases; ledger_confirm.c has what departments decide. */
#include "push/ledger.h"

#include "base/date.h"
#include "push/digest.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#define TO(word) (1u << DELIVERY(word))
#define EXPIRED_MOST 10000
#define ENTRIES_FORMAT 1

static const unsigned ledger_may_enter[DELIVERY_STATE_END] = {
	/* What a run has just made. */
	[DELIVERY(UNSPECIFIED)] = TO(HELD) | TO(RELEASED) | TO(SUPPRESSED),
	[DELIVERY(HELD)] = TO(RELEASED) | TO(REFUSED) | TO(SUPERSEDED),
	[DELIVERY(RELEASED)] = TO(LEASED) | TO(SUPERSEDED),
	[DELIVERY(LEASED)] = TO(RELEASED) | TO(ACKED) | TO(DEAD),
	[DELIVERY(DEAD)] = TO(RELEASED) | TO(DROPPED),
	[DELIVERY(ACKED)] = 0,
	[DELIVERY(REFUSED)] = 0,
	[DELIVERY(SUPPRESSED)] = 0,
	[DELIVERY(SUPERSEDED)] = 0,
	[DELIVERY(DROPPED)] = 0,
};

bool ledger_may_move(Policycalc__V1__DeliveryState from, Policycalc__V1__DeliveryState to)
{
	return (unsigned)from < DELIVERY_STATE_END && (unsigned)to < DELIVERY_STATE_END &&
	       ledger_may_enter[from] & 1u << to;
}

const char *ledger_state_name(Policycalc__V1__DeliveryState state)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
			&policycalc__v1__delivery_state__descriptor, (int)state);

	return value ? value->name + strlen("DELIVERY_STATE_") : "";
}

int32_t ledger_day(int64_t now_ms)
{
	struct timestamp now = { .seconds = now_ms / 1000 };

	return (int32_t)date_to_days(timestamp_to_date(now, DATE_CHINA_OFFSET));
}

/* --- what a delivery is about ---------------------------------------------------------------- */

void ledger_entries_encode(const struct ledger_entry *entries, size_t count, struct buffer *out)
{
	buffer_append_char(out, ENTRIES_FORMAT);
	told_number_encode(count, out);
	for (size_t i = 0; i < count; i++) {
		told_number_encode(entries[i].series, out);
		told_state_encode(&entries[i].before, out);
		told_state_encode(&entries[i].next, out);
	}
}

bool ledger_entries_decode(struct slice bytes, struct arena *arena,
		struct ledger_entry **out_entries, size_t *out_count, struct error *err)
{
	struct ledger_entry *entries;
	uint64_t count, series;
	bool ok = bytes.size > 0 && bytes.data[0] == ENTRIES_FORMAT;

	if (ok) {
		bytes.data++;
		bytes.size--;
		ok = told_number_decode(&bytes, &count) && count <= bytes.size;
	}
	if (!ok)
		return error_set(err, ERROR_IO, "what a delivery is about is damaged");
	entries = ARENA_NEW_ARRAY(arena, struct ledger_entry, count + 1);
	if (!entries)
		return arena_error(arena, err, "reading what a delivery is about");
	for (uint64_t i = 0; ok && i < count; i++) {
		ok = told_number_decode(&bytes, &series) && series <= TOLD_NAMES_MOST &&
		     told_state_decode(&bytes, &entries[i].before) &&
		     told_state_decode(&bytes, &entries[i].next);
		entries[i].series = (uint32_t)series;
	}
	if (!ok || bytes.size)
		return error_set(err, ERROR_IO, "what a delivery is about is damaged");
	*out_entries = entries;
	*out_count = count;
	return true;
}

/* --- leases ---------------------------------------------------------------------------------- */

void ledger_delivery_enter(struct ledger_delivery *delivery,
		Policycalc__V1__DeliveryState state, int64_t now_ms)
{
	assert(ledger_may_move((Policycalc__V1__DeliveryState)delivery->state, state));
	delivery->state = (int)state;
	delivery->changed_ms = now_ms;
}

static bool lease_is_over(const struct ledger_delivery *delivery, int64_t now_ms)
{
	return now_ms - delivery->leased_ms >= delivery->lease_length_ms;
}

/*
 * Leases whose time is over come back. One that was given later than now was so by a clock that has
 * gone back since: its time begins now, for how much of it had passed nobody knows.
 */
static bool leases_take_back(
		struct ledger *ledger, int64_t now_ms, struct arena *arena, struct error *err)
{
	struct ledger_delivery *list;
	size_t count;

	if (!ledger_store_list_expired(
			    ledger->store, now_ms, EXPIRED_MOST, arena, &list, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (list[i].leased_ms > now_ms)
			list[i].leased_ms = now_ms;
		else
			ledger_delivery_enter(&list[i], DELIVERY(RELEASED), now_ms);
		if (!ledger_store_change_delivery(ledger->store, &list[i], err))
			return false;
	}
	return true;
}

static bool lease_name(char out_name[static 33], struct error *err)
{
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_set(err, ERROR_INTERNAL, "the system gives no random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++) {
		out_name[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		out_name[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	out_name[32] = '\0';
	return true;
}

static bool on_wish(void *context, int64_t id, const Policycalc__V1__Subscription *subscription,
		struct error *err)
{
	bool *out_quiet = context;

	(void)id;
	(void)err;
	*out_quiet = subscription->opted_out;
	return true;
}

static bool delivery_lease(struct ledger *ledger, struct ledger_delivery *delivery,
		const struct ledger_lease_order *order, struct arena *arena, struct error *err)
{
	char name[33];

	if (!lease_name(name, err))
		return false;
	ledger_delivery_enter(delivery, DELIVERY(LEASED), order->now_ms);
	delivery->attempts++;
	delivery->leased_ms = order->now_ms;
	delivery->lease_length_ms = order->length_ms;
	delivery->who = slice_from(order->consumer);
	delivery->lease = slice_from(arena_copy_text(arena, name));
	if (!delivery->lease.data)
		return arena_error(arena, err, "leasing deliveries");
	return ledger_store_change_delivery(ledger->store, delivery, err);
}

static bool leases_give(struct ledger *ledger, const struct ledger_lease_order *order,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		int64_t *out_after, bool *out_more, struct error *err)
{
	struct ledger_filter filter = order->filter;
	struct ledger_delivery *list;
	size_t found, count = 0;

	filter.today = ledger_day(order->now_ms);
	if (!ledger_store_list_released(
			    ledger->store, &filter, order->limit, arena, &list, &found, err))
		return false;
	*out_after = filter.after;
	for (size_t i = 0; i < found; i++) {
		bool quiet = false;

		*out_after = list[i].id;
		if (!registry_each_subscription(ledger->registry, list[i].enterprise, 1,
				    on_wish, &quiet, err))
			return false;
		if (quiet)
			continue;
		if (!delivery_lease(ledger, &list[i], order, arena, err))
			return false;
		list[count++] = list[i];
	}
	*out_list = list;
	*out_count = count;
	*out_more = found == order->limit;
	return true;
}

bool ledger_lease_within(struct ledger *ledger, const struct ledger_lease_order *order,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		int64_t *out_after, bool *out_more, struct error *err)
{
	return leases_take_back(ledger, order->now_ms, arena, err) &&
	       leases_give(ledger, order, arena, out_list, out_count, out_after, out_more, err);
}

bool ledger_lease(struct ledger *ledger, const struct ledger_lease_order *order,
		struct arena *arena, struct ledger_delivery **out_list, size_t *out_count,
		int64_t *out_after, bool *out_more, struct error *err)
{
	if (!ledger_store_begin(ledger->store, err))
		return false;
	if (ledger_lease_within(ledger, order, arena, out_list, out_count, out_after, out_more,
			    err) &&
			ledger_store_commit(ledger->store, err))
		return true;
	ledger_store_rollback(ledger->store);
	return error_prefix(err, "leasing deliveries");
}

/* --- acknowledgements ------------------------------------------------------------------------ */

/* Why @ack does not count; NULL when it does. */
static const char *ack_why_not(const struct ledger_delivery *delivery,
		const Policycalc__V1__AckDeliveriesRequest__Ack *ack, int64_t now_ms)
{
	bool is_ours = slice_equals_text(delivery->lease, ack->lease) && *ack->lease;

	switch (delivery->state) {
	case DELIVERY(LEASED):
		if (!is_ours)
			return "it is leased to somebody else";
		return lease_is_over(delivery, now_ms) ? "the lease has expired" : NULL;
	case DELIVERY(ACKED):
		if (is_ours)
			return ack->failed ? "it was acknowledged before" : NULL;
		return "it was acknowledged by somebody else";
	case DELIVERY(RELEASED):
		return is_ours ? "the lease has expired" : "it is not leased";
	case DELIVERY(UNSPECIFIED):
	case DELIVERY(HELD):
	case DELIVERY(REFUSED):
	case DELIVERY(SUPPRESSED):
	case DELIVERY(SUPERSEDED):
	case DELIVERY(DEAD):
	case DELIVERY(DROPPED):
	default:
		return "it is not leased";
	}
}

static bool ack_apply(struct ledger *ledger, struct ledger_delivery *delivery, bool failed,
		int64_t now_ms, struct error *err)
{
	if (delivery->state == (int)DELIVERY(ACKED))
		return true;
	if (!failed) {
		ledger_delivery_enter(delivery, DELIVERY(ACKED), now_ms);
		/* Whoever brought it, the service tries no more. */
		if (!ledger_store_drop_try(ledger->store, delivery->id, err))
			return false;
	} else if (delivery->attempts >= LEDGER_ATTEMPTS_MOST) {
		ledger_delivery_enter(delivery, DELIVERY(DEAD), now_ms);
		delivery->note = SLICE_LITERAL("handed out many times, and never delivered");
	} else {
		ledger_delivery_enter(delivery, DELIVERY(RELEASED), now_ms);
	}
	return ledger_store_change_delivery(ledger->store, delivery, err);
}

bool ledger_other_add(Policycalc__V1__DeliveryStatus **others, size_t *count, char *key,
		const struct ledger_delivery *delivery, const char *why, struct arena *arena,
		struct error *err)
{
	Policycalc__V1__DeliveryStatus *other =
			ARENA_NEW(arena, Policycalc__V1__DeliveryStatus);

	if (!other)
		return arena_error(arena, err, "answering with the deliveries left out");
	policycalc__v1__delivery_status__init(other);
	other->key = key;
	other->reason = (char *)(uintptr_t)(delivery ? why : "there is no such delivery");
	if (delivery)
		other->state = (Policycalc__V1__DeliveryState)delivery->state;
	others[(*count)++] = other;
	return true;
}

static bool acks_apply(struct ledger *ledger,
		const Policycalc__V1__AckDeliveriesRequest *request, int64_t now_ms,
		struct arena *arena, int64_t *out_count,
		Policycalc__V1__DeliveryStatus **out_others, size_t *out_other_count,
		struct error *err)
{
	*out_count = 0;
	*out_other_count = 0;
	for (size_t i = 0; i < request->n_acks; i++) {
		const Policycalc__V1__AckDeliveriesRequest__Ack *ack = request->acks[i];
		struct ledger_delivery *delivery = NULL;
		unsigned char key[LEDGER_KEY_SIZE];
		const char *why = NULL;

		if (digest_key_parse(ack->key, key) &&
				!ledger_store_find_delivery(ledger->store, key, false, arena,
						&delivery, err))
			return false;
		if (delivery)
			why = ack_why_not(delivery, ack, now_ms);
		if (!delivery || why) {
			if (!ledger_other_add(out_others, out_other_count, ack->key, delivery,
					    why, arena, err))
				return false;
			continue;
		}
		if (!ack_apply(ledger, delivery, ack->failed, now_ms, err))
			return false;
		++*out_count;
	}
	return true;
}

bool ledger_ack(struct ledger *ledger, const Policycalc__V1__AckDeliveriesRequest *request,
		int64_t now_ms, struct arena *arena, int64_t *out_count,
		Policycalc__V1__DeliveryStatus **out_others, size_t *out_other_count,
		struct error *err)
{
	if (!ledger_store_begin(ledger->store, err))
		return false;
	if (acks_apply(ledger, request, now_ms, arena, out_count, out_others, out_other_count,
			    err) &&
			ledger_store_commit(ledger->store, err))
		return true;
	ledger_store_rollback(ledger->store);
	return error_prefix(err, "acknowledging deliveries");
}

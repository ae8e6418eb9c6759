/* SPDX-License-Identifier: Apache-2.0 */
#include "push/tries.h"

#include <assert.h>
#include <string.h>

#define RECOVER_STEP 500

/* --- how tries end --------------------------------------------------------------------------- */

/* It was leased to us, and whether that is still so. */
static bool is_leased_so(const struct ledger_delivery *delivery, const char *lease)
{
	return delivery && delivery->state == (int)DELIVERY(LEASED) &&
	       slice_equals_text(delivery->lease, lease);
}

static bool try_end_write(struct ledger *ledger, const struct try_end *end, int64_t now_ms,
		struct arena *arena, struct error *err)
{
	struct ledger_delivery *delivery;
	struct ledger_try try;

	if (!ledger_store_find_delivery(ledger->store, end->key, false, arena, &delivery, err))
		return false;
	/* The clock was set, and the lease ran out: somebody else may have it now. */
	if (!is_leased_so(delivery, end->lease))
		return true;
	if (end->fate == TRY_DELIVERED) {
		ledger_delivery_enter(delivery, DELIVERY(ACKED), now_ms);
		return ledger_store_drop_try(ledger->store, delivery->id, err) &&
		       ledger_store_change_delivery(ledger->store, delivery, err);
	}
	if (!ledger_store_find_try(ledger->store, delivery->id, arena, &try, err))
		return false;
	try.lease = (struct slice){ "", 0 };
	try.reason = slice_from(end->reason);
	try.next_ms = end->next_ms;
	if (end->fate == TRY_AGAIN) {
		ledger_delivery_enter(delivery, DELIVERY(RELEASED), now_ms);
	} else {
		ledger_delivery_enter(delivery, DELIVERY(DEAD), now_ms);
		delivery->note = try.reason;
	}
	return ledger_store_put_try(ledger->store, &try, err) &&
	       ledger_store_change_delivery(ledger->store, delivery, err);
}

static bool recover_step(struct ledger *ledger, int64_t now_ms, int64_t *after, int64_t *count,
		bool *out_more, struct arena *arena, struct error *err)
{
	struct ledger_delivery *list = NULL;
	size_t found = 0;

	if (!ledger_store_list_under_way(
			    ledger->store, *after, RECOVER_STEP, arena, &list, &found, err))
		return false;
	for (size_t i = 0; i < found; i++) {
		struct ledger_try try;

		if (!ledger_store_find_try(ledger->store, list[i].id, arena, &try, err))
			return false;
		try.lease = (struct slice){ "", 0 };
		try.next_ms = now_ms;
		try.reason = SLICE_LITERAL("the service ended before the answer came");
		ledger_delivery_enter(&list[i], DELIVERY(RELEASED), now_ms);
		if (!ledger_store_put_try(ledger->store, &try, err) ||
				!ledger_store_change_delivery(ledger->store, &list[i], err))
			return false;
		*after = list[i].id;
	}
	*count += (int64_t)found;
	*out_more = found == RECOVER_STEP;
	return true;
}

bool tries_recover(struct ledger *ledger, int64_t now_ms, int64_t *out_count, struct error *err)
{
	struct arena arena;
	int64_t after = 0;
	bool more = true;
	bool ok = true;

	*out_count = 0;
	arena_init(&arena, (size_t)16 << 20);
	while (ok && more) {
		arena_reset(&arena);
		ok = ledger_store_begin(ledger->store, err);
		if (!ok)
			break;
		ok = recover_step(ledger, now_ms, &after, out_count, &more, &arena, err) &&
		     ledger_store_commit(ledger->store, err);
		if (!ok)
			ledger_store_rollback(ledger->store);
	}
	arena_fini(&arena);
	return ok || error_prefix(err, "taking back what was being delivered");
}

/* --- how tries begin ------------------------------------------------------------------------- */

static bool try_begin(struct ledger *ledger, const struct ledger_delivery *delivery,
		struct arena *arena, struct try *out, struct error *err)
{
	struct ledger_try try;

	if (!ledger_store_find_try(ledger->store, delivery->id, arena, &try, err))
		return false;
	try.tries++;
	try.lease = delivery->lease;
	try.next_ms = delivery->leased_ms + delivery->lease_length_ms;
	*out = (struct try){ .delivery = *delivery, .number = try.tries };
	return ledger_store_put_try(ledger->store, &try, err);
}

/* Tries of one sort; *count grows. */
static bool tries_begin(struct ledger *ledger, const struct ledger_lease_order *order,
		struct arena *arena, struct try *tries, size_t *count, int64_t *out_after,
		struct error *err)
{
	struct ledger_delivery *list;
	int64_t after;
	size_t found;
	bool more;

	if (order->limit == 0)
		return true;
	if (!ledger_lease_within(ledger, order, arena, &list, &found, &after, &more, err))
		return false;
	for (size_t i = 0; i < found; i++) {
		if (!try_begin(ledger, &list[i], arena, &tries[*count], err))
			return false;
		++*count;
	}
	*out_after = more ? after : 0;
	return true;
}

static bool step(struct ledger *ledger, const struct try_end *ends, size_t end_count,
		const struct ledger_lease_order *order, struct arena *arena, struct try *tries,
		size_t *count, int64_t *out_after, struct error *err)
{
	struct ledger_lease_order due = *order, fresh = *order;
	int64_t none;

	for (size_t i = 0; i < end_count; i++) {
		if (!try_end_write(ledger, &ends[i], order->now_ms, arena, err))
			return false;
	}
	due.filter.tried = LEDGER_DUE;
	due.filter.now_ms = order->now_ms;
	due.filter.after = 0;
	if (!tries_begin(ledger, &due, arena, tries, count, &none, err))
		return false;
	fresh.filter.tried = LEDGER_UNTRIED;
	fresh.limit -= *count;
	return tries_begin(ledger, &fresh, arena, tries, count, out_after, err);
}

bool tries_step(struct ledger *ledger, const struct try_end *ends, size_t end_count,
		const struct ledger_lease_order *order, struct arena *arena,
		struct try **out_tries, size_t *out_count, int64_t *out_after,
		struct error *err)
{
	struct try *tries = ARENA_NEW_ARRAY(arena, struct try, order->limit + 1);
	size_t count = 0;

	*out_after = order->filter.after;
	if (!tries)
		return arena_error(arena, err, "bringing deliveries");
	if (!ledger_store_begin(ledger->store, err))
		return false;
	if (step(ledger, ends, end_count, order, arena, tries, &count, out_after, err) &&
			ledger_store_commit(ledger->store, err)) {
		*out_tries = tries;
		*out_count = count;
		return true;
	}
	ledger_store_rollback(ledger->store);
	return error_prefix(err, "bringing deliveries");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters: staff release them again, or put them aside. What was told stays told either way. */
#include "push/digest.h"
#include "push/tries.h"

#define DEAD_STEP 500

static bool dead_decide(struct ledger *ledger, const struct dead_decision *decision,
		struct ledger_delivery *delivery, struct error *err)
{
	ledger_delivery_enter(delivery, decision->drop ? DELIVERY(DROPPED) : DELIVERY(RELEASED),
			decision->now_ms);
	delivery->who = slice_from(decision->decided_by);
	delivery->note = slice_from(decision->note);
	return ledger_store_drop_try(ledger->store, delivery->id, err) &&
	       ledger_store_change_delivery(ledger->store, delivery, err);
}

static bool key_decide(struct ledger *ledger, const struct dead_decision *decision, char *text,
		struct arena *arena, Policycalc__V1__DeliveryStatus **out_other,
		struct error *err)
{
	unsigned char key[LEDGER_KEY_SIZE];
	struct ledger_delivery *delivery = NULL;
	Policycalc__V1__DeliveryStatus *other;

	*out_other = NULL;
	if (digest_key_parse(text, key) && !ledger_store_find_delivery(ledger->store, key,
							   false, arena, &delivery, err))
		return false;
	if (delivery && delivery->state == (int)DELIVERY(DEAD))
		return dead_decide(ledger, decision, delivery, err);
	other = ARENA_NEW(arena, Policycalc__V1__DeliveryStatus);
	if (!other)
		return arena_error(arena, err, "deciding on dead letters");
	policycalc__v1__delivery_status__init(other);
	other->key = text;
	other->reason = (char *)(delivery ? "it is no dead letter"
					  : "there is no such delivery");
	if (delivery)
		other->state = (Policycalc__V1__DeliveryState)delivery->state;
	*out_other = other;
	return true;
}

static bool dead_end(struct ledger *ledger, bool ok, struct error *err)
{
	if (ok && ledger_store_commit(ledger->store, err))
		return true;
	ledger_store_rollback(ledger->store);
	return error_prefix(err, "deciding on dead letters");
}

bool dead_decide_keys(struct ledger *ledger, const struct dead_decision *decision,
		char *const *keys, size_t key_count, struct arena *arena, int64_t *out_count,
		Policycalc__V1__DeliveryStatus **out_others, size_t *out_other_count,
		struct error *err)
{
	bool ok = true;

	*out_count = 0;
	*out_other_count = 0;
	if (!ledger_store_begin(ledger->store, err))
		return false;
	for (size_t i = 0; ok && i < key_count; i++) {
		Policycalc__V1__DeliveryStatus *other;

		ok = key_decide(ledger, decision, keys[i], arena, &other, err);
		if (ok && other)
			out_others[(*out_other_count)++] = other;
		else if (ok)
			++*out_count;
	}
	return dead_end(ledger, ok, err);
}

bool dead_decide_all(struct ledger *ledger, const struct dead_decision *decision,
		int64_t *before, struct arena *arena, int64_t *out_count, struct error *err)
{
	const struct ledger_listing listing = { .before = *before,
		.state = (int)DELIVERY(DEAD) };
	struct ledger_delivery *list = NULL;
	size_t count = 0;
	bool ok;

	*out_count = 0;
	if (!ledger_store_begin(ledger->store, err))
		return false;
	ok = ledger_store_list_deliveries(
			ledger->store, &listing, DEAD_STEP, false, arena, &list, &count, err);
	for (size_t i = 0; ok && i < count; i++) {
		ok = dead_decide(ledger, decision, &list[i], err);
		*before = list[i].id;
		++*out_count;
	}
	if (count < DEAD_STEP)
		*before = 0;
	return dead_end(ledger, ok, err);
}

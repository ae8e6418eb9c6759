/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters: staff release them again, or put them aside. What was told stays told either way. */
#include "push/ledger_choice.h"
#include "push/tries.h"

struct burial {
	struct ledger *ledger;
	const struct dead_decision *decision;
	int64_t count;
};

static bool dead_decide(void *context, struct ledger_delivery *delivery, struct arena *arena,
		struct error *err)
{
	struct burial *burial = context;
	const struct dead_decision *decision = burial->decision;
	struct ledger_store *store = burial->ledger->store;

	(void)arena;
	ledger_delivery_enter(delivery, decision->drop ? DELIVERY(DROPPED) : DELIVERY(RELEASED),
			decision->now_ms);
	delivery->attempts = 0;
	delivery->who = slice_from(decision->decided_by);
	delivery->note = slice_from(decision->note);
	burial->count++;
	return ledger_store_drop_try(store, delivery->id, err) &&
	       ledger_store_change_delivery(store, delivery, err);
}

static struct ledger_choice dead_choice(struct burial *burial)
{
	return (struct ledger_choice){
		.state = DELIVERY(DEAD),
		.why_not = "it is no dead letter",
		.decide = dead_decide,
		.context = burial,
	};
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
	struct burial burial = { .ledger = ledger, .decision = decision };
	const struct ledger_choice dead = dead_choice(&burial);

	if (!ledger_store_begin(ledger->store, err))
		return false;
	return dead_end(ledger,
			ledger_choose_keys(ledger, &dead, keys, key_count, arena, out_count,
					out_others, out_other_count, err),
			err);
}

bool dead_decide_all(struct ledger *ledger, const struct dead_decision *decision,
		int64_t *before, struct arena *arena, int64_t *out_count, struct error *err)
{
	struct burial burial = { .ledger = ledger, .decision = decision };
	const struct ledger_choice dead = dead_choice(&burial);
	bool ok;

	if (!ledger_store_begin(ledger->store, err))
		return false;
	ok = ledger_choose_step(ledger, &dead, before, arena, err);
	*out_count = burial.count;
	return dead_end(ledger, ok, err);
}

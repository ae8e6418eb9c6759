/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 二次确认: a department releases what was held, or refuses it. What is released counts as told from
 * then on; what is refused stays aside and is not raised again until something changes.
 */
#include "push/ledger.h"

#include "push/ledger_choice.h"
#include "push/ledger_split.h"

#include <string.h>

/* One block of what was told, as long as deliveries of it come one after another. */
struct open_block {
	struct ledger *ledger;
	struct arena arena;
	struct ledger_told stored;
	struct told_block told;
	bool is_open;
};

/* Deliveries of one transaction. */
struct deciding {
	struct ledger *ledger;
	const struct ledger_decision *decision;
	struct open_block block;
	uint32_t series; /* 0: chosen by key */
	int64_t count;
};

static bool block_close(struct open_block *block, struct error *err)
{
	struct buffer blob = { 0 };
	bool ok;

	if (!block->is_open)
		return true;
	block->is_open = false;
	ok = told_encode(&block->told, block->stored.block, &block->arena, &blob) ||
	     error_set(err, ERROR_MEMORY, "out of memory while writing what was told");
	block->stored.blob = (struct slice){ blob.data, blob.size };
	ok = ok && ledger_store_put_told(block->ledger->store, &block->stored, err);
	buffer_fini(&blob);
	arena_fini(&block->arena);
	return ok;
}

static bool block_open(struct open_block *block, struct ledger *ledger, int64_t number,
		struct error *err)
{
	if (block->is_open && block->stored.block == number)
		return true;
	if (!block_close(block, err))
		return false;
	arena_init(&block->arena, (size_t)256 << 20);
	block->ledger = ledger;
	if (ledger_store_find_told(ledger->store, number, &block->arena, &block->stored, err) &&
			told_decode(block->stored.blob, number, &block->arena, &block->told,
					err)) {
		block->is_open = true;
		return true;
	}
	arena_fini(&block->arena);
	return false;
}

static struct told_entry *block_find(struct open_block *block, uint16_t row, uint32_t series)
{
	size_t low = 0, high = block->told.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct told_entry *entry = &block->told.entries[middle];

		if (entry->row == row && entry->series == series)
			return entry;
		if (entry->row < row || (entry->row == row && entry->series < series))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* What was held aside is told, or refused. */
static bool entries_decide(struct deciding *deciding, int64_t enterprise,
		const struct ledger_entry *entries, size_t count, struct error *err)
{
	uint16_t row = (uint16_t)((enterprise - 1) % TOLD_ROWS);

	if (!block_open(&deciding->block, deciding->ledger, registry_block_of(enterprise), err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct told_entry *entry = block_find(&deciding->block, row, entries[i].series);

		if (!entry || entry->aside != ASIDE_HELD ||
				!told_state_equals(&entry->raised, &entries[i].next))
			continue;
		if (deciding->decision->refuse) {
			entry->aside = ASIDE_REFUSED;
			continue;
		}
		entry->told = entry->raised;
		entry->aside = ASIDE_NONE;
	}
	return true;
}

static bool delivery_decide(struct deciding *deciding, struct ledger_delivery *delivery,
		const struct ledger_entry *entries, size_t count, struct error *err)
{
	const struct ledger_decision *decision = deciding->decision;
	Policycalc__V1__DeliveryState state =
			decision->refuse ? DELIVERY(REFUSED) : DELIVERY(RELEASED);

	if (!entries_decide(deciding, delivery->enterprise, entries, count, err))
		return false;
	ledger_delivery_enter(delivery, state, decision->now_ms);
	delivery->who = slice_from(decision->confirmed_by);
	delivery->note = slice_from(decision->note);
	return ledger_store_change_delivery(deciding->ledger->store, delivery, err);
}

static bool deciding_end(struct deciding *deciding, bool ok, struct error *err)
{
	ok = ok && block_close(&deciding->block, err) &&
	     ledger_store_commit(deciding->ledger->store, err);
	if (ok)
		return true;
	if (deciding->block.is_open)
		arena_fini(&deciding->block.arena);
	ledger_store_rollback(deciding->ledger->store);
	return error_prefix(err, "confirming deliveries");
}

/* --- by key ---------------------------------------------------------------------------------- */

/* Whoever names a key may not know that it has the news of others, too. */
static bool held_refuse(void *context, const struct ledger_delivery *delivery,
		struct arena *arena, const char **out_why, struct error *err)
{
	struct deciding *deciding = context;
	struct ledger_entry *entries;
	size_t count;

	if (!ledger_entries_decode(delivery->entries, arena, &entries, &count, err))
		return false;
	if (!ledger_entries_are_mixed(entries, count))
		return true;
	*out_why = ledger_mixed_reason(deciding->ledger, entries, count, arena, err);
	return *out_why != NULL;
}

static bool held_decide(void *context, struct ledger_delivery *delivery, struct arena *arena,
		struct error *err)
{
	struct deciding *deciding = context;
	struct ledger_entry *entries;
	size_t count;

	return ledger_entries_decode(delivery->entries, arena, &entries, &count, err) &&
	       delivery_decide(deciding, delivery, entries, count, err);
}

bool ledger_confirm_keys(struct ledger *ledger, const struct ledger_decision *decision,
		char *const *keys, size_t key_count, struct arena *arena, int64_t *out_count,
		Policycalc__V1__DeliveryStatus **out_others, size_t *out_other_count,
		struct error *err)
{
	struct deciding deciding = { .ledger = ledger, .decision = decision };
	const struct ledger_choice held = {
		.state = DELIVERY(HELD),
		.why_not = "it is not held",
		.refuse = held_refuse,
		.decide = held_decide,
		.context = &deciding,
	};
	bool ok;

	if (!ledger_store_begin(ledger->store, err))
		return false;
	ok = ledger_choose_keys(ledger, &held, keys, key_count, arena, out_count, out_others,
			out_other_count, err);
	return deciding_end(&deciding, ok, err);
}

/* --- by series ------------------------------------------------------------------------------- */

bool ledger_find_series(struct ledger *ledger, const char *series, struct arena *arena,
		uint32_t *out_series, struct error *err)
{
	struct ledger_version *versions;
	size_t count;

	*out_series = 0;
	if (!ledger_store_list_versions(ledger->store, arena, &versions, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (slice_equals_text(versions[i].series, series))
			*out_series = (uint32_t)versions[i].series_id;
	}
	return true;
}

/* What others have to decide beside it stays held, in deliveries of its own. */
static bool series_decide(void *context, struct ledger_delivery *delivery, struct arena *arena,
		struct error *err)
{
	struct deciding *deciding = context;
	struct ledger_delivery part = { 0 };
	struct ledger_entry *entries;
	size_t count, at = 0;

	if (!ledger_entries_decode(delivery->entries, arena, &entries, &count, err))
		return false;
	while (at < count && entries[at].series != deciding->series)
		at++;
	if (at == count)
		return true;
	deciding->count++;
	if (!ledger_entries_are_mixed(entries, count))
		return delivery_decide(deciding, delivery, entries, count, err);
	return ledger_split(deciding->ledger, delivery, entries, count, deciding->series,
			       deciding->decision->now_ms, arena, &part, err) &&
	       held_decide(deciding, &part, arena, err);
}

bool ledger_confirm_series(struct ledger *ledger, const struct ledger_decision *decision,
		uint32_t series, int64_t *before, struct arena *arena, int64_t *out_count,
		struct error *err)
{
	struct deciding deciding = { .ledger = ledger, .decision = decision, .series = series };
	const struct ledger_choice held = {
		.state = DELIVERY(HELD),
		.decide = series_decide,
		.context = &deciding,
	};
	bool ok;

	if (!ledger_store_begin(ledger->store, err))
		return false;
	ok = ledger_choose_step(ledger, &held, before, arena, err);
	*out_count = deciding.count;
	return deciding_end(&deciding, ok, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a block reads from the registry and the ledger, and what it writes. */
#include "push/block.h"

#include "proto/codec/codec.h"
#include "push/quiet.h"

#include <assert.h>
#include <stdlib.h>

struct reading {
	struct block *block;
	struct ledger *ledger;
	struct buffer bytes;
	size_t next; /* row or entry that is looked at */
};

static int64_t first_id(const struct block *block)
{
	return block->number * REGISTRY_BLOCK_SIZE + 1;
}

/* --- which rows ------------------------------------------------------------------------------ */

/* Something of the enterprise is aside since it does not want it: it may want it now. */
static bool has_suppressed(struct reading *reading, int64_t id)
{
	const struct told_block *told = &reading->block->told;
	uint16_t row = (uint16_t)((id - 1) % TOLD_ROWS);
	bool found = false;

	while (reading->next < told->count && told->entries[reading->next].row < row)
		reading->next++;
	for (size_t i = reading->next; i < told->count && told->entries[i].row == row; i++)
		found |= told->entries[i].aside == ASIDE_SUPPRESSED;
	return found;
}

static bool is_in_question(struct reading *reading, int64_t id, int64_t changed_sequence)
{
	const struct push_plan *plan = reading->block->plan;

	if (plan->since < 0 || changed_sequence > plan->since)
		return true;
	return !plan->changed_only && has_suppressed(reading, id);
}

static bool on_row(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	struct reading *reading = context;
	struct block *block = reading->block;
	struct block_row *row;
	char *copy;

	if (!is_in_question(reading, id, changed_sequence))
		return true;
	assert(block->row_count < block->row_capacity);
	buffer_clear(&reading->bytes);
	if (!message_pack(&profile->base, &reading->bytes))
		return error_set(err, ERROR_MEMORY, "out of memory while reading a block");
	copy = arena_copy(&block->arena, reading->bytes.data, reading->bytes.size);
	if (!copy)
		return arena_error(&block->arena, err, "reading a block");
	row = &block->rows[block->row_count++];
	row->id = id;
	row->profile = (struct slice){ copy, reading->bytes.size };
	return true;
}

/* --- what the enterprises want --------------------------------------------------------------- */

static struct block_row *row_find(struct reading *reading, int64_t id)
{
	struct block *block = reading->block;

	while (reading->next < block->row_count && block->rows[reading->next].id < id)
		reading->next++;
	return reading->next < block->row_count && block->rows[reading->next].id == id
			       ? &block->rows[reading->next]
			       : NULL;
}

static bool on_subscription(void *context, int64_t id,
		const Policycalc__V1__Subscription *subscription, struct error *err)
{
	struct reading *reading = context;
	struct block_row *row = row_find(reading, id);
	struct slice bytes;

	if (!row)
		return true;
	buffer_clear(&reading->bytes);
	if (!message_pack(&subscription->base, &reading->bytes))
		return error_set(err, ERROR_MEMORY, "out of memory while reading a block");
	bytes = (struct slice){ reading->bytes.data, reading->bytes.size };
	row->wish = (const Policycalc__V1__Subscription *)message_unpack(bytes,
			&policycalc__v1__subscription__descriptor, &message_limits_default,
			&reading->block->arena, err);
	return row->wish != NULL;
}

static bool on_waiting(void *context, int64_t enterprise, struct error *err)
{
	struct block_row *row = row_find(context, enterprise);

	(void)err;
	if (row)
		row->is_waiting = true;
	return true;
}

static bool last_days_read(struct reading *reading, struct error *err)
{
	struct block *block = reading->block;

	for (size_t i = 0; i < block->row_count; i++) {
		struct block_row *row = &block->rows[i];

		if (row->wish &&
				row->wish->frequency >
						POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_DAILY &&
				!ledger_store_last_day(reading->ledger->store, row->id,
						&row->last_day, err))
			return false;
	}
	return true;
}

/* --- reading --------------------------------------------------------------------------------- */

/* Whether anything can be new in the block at all. */
static bool is_quiet(const struct block *block, struct ledger *ledger, bool *out_quiet,
		struct error *err)
{
	const struct push_plan *plan = block->plan;
	int64_t sequence;

	*out_quiet = false;
	if (plan->since < 0)
		return true;
	if (!registry_block_sequence(ledger->registry, block->number, &sequence, err))
		return false;
	*out_quiet = sequence <= plan->since &&
		     (plan->changed_only || block->stored.suppressed == 0);
	return true;
}

static bool rows_read(struct reading *reading, struct error *err)
{
	struct block *block = reading->block;
	struct registry *registry = reading->ledger->registry;

	block->rows = ARENA_NEW_ARRAY(&block->arena, struct block_row, REGISTRY_BLOCK_SIZE);
	if (!block->rows)
		return arena_error(&block->arena, err, "reading a block");
	block->row_capacity = REGISTRY_BLOCK_SIZE;
	reading->next = 0;
	if (!registry_scan(registry, block->plan->sequence, first_id(block),
			    REGISTRY_BLOCK_SIZE, on_row, reading, err))
		return false;
	if (block->row_count == 0 || block->plan->silent)
		return true;
	reading->next = 0;
	if (!registry_each_subscription(registry, first_id(block), REGISTRY_BLOCK_SIZE,
			    on_subscription, reading, err))
		return false;
	reading->next = 0;
	return ledger_store_each_waiting(reading->ledger->store, first_id(block),
			       REGISTRY_BLOCK_SIZE, on_waiting, reading, err) &&
	       last_days_read(reading, err);
}

bool push_block_read(struct block *block, struct ledger *ledger, struct error *err)
{
	struct reading reading = { .block = block, .ledger = ledger };
	bool quiet = false;
	bool ok = ledger_store_find_told_marks(
				  ledger->store, block->number, &block->stored, err) &&
		  is_quiet(block, ledger, &quiet, err);

	if (ok && !quiet)
		ok = ledger_store_find_told(ledger->store, block->number, &block->arena,
				     &block->stored, err) &&
		     told_decode(block->stored.blob, block->number, &block->arena, &block->told,
				     err) &&
		     rows_read(&reading, err);
	buffer_fini(&reading.bytes);
	return ok || error_prefix(err, "reading block %lld", (long long)block->number);
}

bool push_block_load(struct block *block, struct ledger *ledger, struct error *err)
{
	for (size_t i = 0; i < block->row_count; i++) {
		struct block_row *row = &block->rows[i];

		if (!row->is_deferred || row->is_loaded)
			continue;
		if (!ledger_store_list_waiting(ledger->store, row->id, &block->arena,
				    &row->waiting, &row->waiting_count, err))
			return error_prefix(
					err, "reading block %lld", (long long)block->number);
		row->is_loaded = true;
	}
	return true;
}

/* --- writing --------------------------------------------------------------------------------- */

/* Nobody may have pulled or decided it since it was read. */
static bool supersede(struct ledger *ledger, const struct ledger_delivery *read, int64_t now_ms,
		struct arena *arena, struct error *err)
{
	struct ledger_delivery *delivery;

	if (!ledger_store_find_delivery(ledger->store, read->key, false, arena, &delivery, err))
		return false;
	if (!delivery || delivery->state != read->state || delivery->attempts != read->attempts)
		return error_set(err, ERROR_CONFLICT, "a delivery was pulled meanwhile");
	assert(ledger_may_move(
			(Policycalc__V1__DeliveryState)delivery->state, DELIVERY(SUPERSEDED)));
	delivery->state = (int)DELIVERY(SUPERSEDED);
	delivery->changed_ms = now_ms;
	return ledger_store_change_delivery(ledger->store, delivery, err);
}

bool push_block_write(
		struct block *block, struct ledger *ledger, int64_t now_ms, struct error *err)
{
	for (size_t i = 0; i < block->superseded_count; i++) {
		if (!supersede(ledger, block->superseded[i], now_ms, &block->arena, err))
			return false;
	}
	for (size_t i = 0; i < block->made_count; i++) {
		struct ledger_delivery *delivery = &block->made[i];

		assert(ledger_may_move(DELIVERY(UNSPECIFIED),
				(Policycalc__V1__DeliveryState)delivery->state));
		delivery->created_ms = now_ms;
		delivery->changed_ms = now_ms;
		if (!ledger_store_add_delivery(ledger->store, delivery, err))
			return false;
	}
	if (!block->told_changed)
		return true;
	block->stored.blob = (struct slice){ block->blob.data, block->blob.size };
	block->stored.suppressed = block->suppressed;
	return ledger_store_put_told(ledger->store, &block->stored, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a block reads from the registry and the ledger, and what it writes. */
#include "push/block.h"

#include "proto/codec/codec.h"
#include "push/quiet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Enterprises of a block that are read one by one rather than swept with all others. */
#define FEW 256

struct reading {
	struct push_block *block;
	struct ledger *ledger;
	size_t next; /* entry that is looked at */
};

static int64_t first_id(const struct push_block *block)
{
	return block->number * REGISTRY_BLOCK_SIZE + 1;
}

static unsigned row_of(int64_t id)
{
	return (unsigned)((id - 1) % TOLD_ROWS);
}

/* --- what the enterprises want --------------------------------------------------------------- */

static bool on_subscription(void *context, int64_t id,
		const Policycalc__V1__Subscription *subscription, struct error *err)
{
	struct push_block *block = ((struct reading *)context)->block;
	struct block_wish *wish;
	struct slice bytes;

	block->wishes = push_block_grow(block, block->wishes, block->wish_count,
			&block->wish_capacity, sizeof(*block->wishes));
	buffer_clear(&block->scratch);
	if (!block->wishes || !message_pack(&subscription->base, &block->scratch))
		return error_set(err, ERROR_MEMORY, "out of memory while reading a block");
	bytes = (struct slice){ block->scratch.data, block->scratch.size };
	wish = &block->wishes[block->wish_count++];
	wish->id = id;
	wish->wish = (const Policycalc__V1__Subscription *)message_unpack(bytes,
			&policycalc__v1__subscription__descriptor, &message_limits_default,
			&block->arena, err);
	return wish->wish != NULL;
}

static bool on_waiting(void *context, int64_t enterprise, struct error *err)
{
	struct push_block *block = ((struct reading *)context)->block;

	block->waiting = push_block_grow(block, block->waiting, block->waiting_count,
			&block->waiting_capacity, sizeof(*block->waiting));
	if (!block->waiting)
		return arena_error(&block->arena, err, "reading a block");
	block->waiting[block->waiting_count++] = enterprise;
	return true;
}

static bool last_days_read(struct reading *reading, struct error *err)
{
	struct push_block *block = reading->block;

	for (size_t i = 0; i < block->wish_count; i++) {
		struct block_wish *wish = &block->wishes[i];

		if (wish->wish->frequency > POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_DAILY &&
				!ledger_store_last_day(reading->ledger->store, wish->id,
						&wish->last_day, err))
			return false;
	}
	return true;
}

static int wish_compare(const void *key, const void *element)
{
	int64_t id = *(const int64_t *)key;
	int64_t other = ((const struct block_wish *)element)->id;

	return (id > other) - (id < other);
}

static int id_compare(const void *key, const void *element)
{
	int64_t id = *(const int64_t *)key;
	int64_t other = *(const int64_t *)element;

	return (id > other) - (id < other);
}

static const struct block_wish *wish_find(const struct push_block *block, int64_t id)
{
	return block->wish_count ? bsearch(&id, block->wishes, block->wish_count,
						   sizeof(*block->wishes), wish_compare)
				 : NULL;
}

const Policycalc__V1__Subscription *push_block_wish(const struct push_block *block, int64_t id)
{
	const struct block_wish *wish = wish_find(block, id);

	return wish ? wish->wish : NULL;
}

/* --- rows ------------------------------------------------------------------------------------ */

bool push_block_add_row(struct push_block *block, int64_t id,
		const Policycalc__V1__Profile *profile, const bool *wanted, struct error *err)
{
	const struct block_wish *wish = wish_find(block, id);
	struct block_row *row;
	char *copy;

	block->rows = push_block_grow(block, block->rows, block->row_count,
			&block->row_capacity, sizeof(*block->rows));
	buffer_clear(&block->scratch);
	if (!block->rows || !message_pack(&profile->base, &block->scratch))
		return error_set(err, ERROR_MEMORY, "out of memory while reading a block");
	copy = arena_copy(&block->arena, block->scratch.data, block->scratch.size);
	if (!copy)
		return arena_error(&block->arena, err, "reading a block");
	row = &block->rows[block->row_count++];
	*row = (struct block_row){
		.id = id,
		.profile = { copy, block->scratch.size },
		.wanted = wanted,
		.is_waiting = block->waiting_count &&
			      bsearch(&id, block->waiting, block->waiting_count,
					      sizeof(*block->waiting), id_compare),
	};
	if (wish) {
		row->wish = wish->wish;
		row->last_day = wish->last_day;
	}
	return true;
}

/* Something of the enterprise is aside since it does not want it: it may want it now. */
static bool has_suppressed(struct reading *reading, int64_t id)
{
	const struct told_block *told = &reading->block->told;
	uint16_t row = (uint16_t)row_of(id);
	bool found = false;

	while (reading->next < told->count && told->entries[reading->next].row < row)
		reading->next++;
	for (size_t i = reading->next; i < told->count && told->entries[i].row == row; i++)
		found |= told->entries[i].aside == ASIDE_SUPPRESSED;
	return found;
}

static bool on_row(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	struct reading *reading = context;
	const struct push_plan *plan = reading->block->plan;

	/* On another day anything may be new, even of who has not changed. */
	if (plan->since >= 0 && changed_sequence <= plan->since &&
			(plan->changed_only ||
					(plan->is_same_day && !has_suppressed(reading, id))))
		return true;
	return push_block_add_row(reading->block, id, profile, NULL, err);
}

static bool on_changed(void *context, int64_t id, struct error *err)
{
	struct push_block *block = ((struct reading *)context)->block;
	unsigned row = row_of(id);

	(void)err;
	block->changed[row / 64] |= UINT64_C(1) << row % 64;
	return true;
}

/* --- reading --------------------------------------------------------------------------------- */

/* Whether anything can be new in the block at all. */
static bool quiet_find(struct push_block *block, struct ledger *ledger, struct error *err)
{
	const struct push_plan *plan = block->plan;
	int64_t sequence;

	if (plan->since < 0 || !(plan->changed_only || plan->is_same_day))
		return true;
	if (!registry_block_sequence(ledger->registry, block->number, &sequence, err))
		return false;
	block->is_quiet = sequence <= plan->since &&
			  (plan->changed_only || block->stored.suppressed == 0);
	return true;
}

static bool wishes_read(struct reading *reading, struct error *err)
{
	struct push_block *block = reading->block;

	if (!registry_each_subscription(reading->ledger->registry, first_id(block),
			    REGISTRY_BLOCK_SIZE, on_subscription, reading, err))
		return false;
	/* A silent run merges nothing. */
	if (block->plan->silent)
		return true;
	return ledger_store_each_waiting(reading->ledger->store, first_id(block),
			       REGISTRY_BLOCK_SIZE, on_waiting, reading, err) &&
	       last_days_read(reading, err);
}

static bool changes_read(struct reading *reading, struct error *err)
{
	struct push_block *block = reading->block;

	if (block->plan->since < 0) {
		memset(block->changed, 0xff, sizeof(block->changed));
		return true;
	}
	return registry_each_changed(reading->ledger->registry, block->plan->since,
			first_id(block), REGISTRY_BLOCK_SIZE, on_changed, reading, err);
}

/* Only who has changed is in question (or may want now what it did not), and these are few. */
static bool is_few(struct push_block *block)
{
	size_t count = 0;

	if (block->plan->since < 0 || !(block->plan->changed_only || block->plan->is_same_day))
		return false;
	for (size_t i = 0; !block->plan->changed_only && i < block->told.count; i++) {
		unsigned row = block->told.entries[i].row;

		if (block->told.entries[i].aside == ASIDE_SUPPRESSED)
			block->changed[row / 64] |= UINT64_C(1) << row % 64;
	}
	for (size_t i = 0; i < TOLD_ROWS / 64; i++)
		count += (size_t)__builtin_popcountll(block->changed[i]);
	return count <= FEW;
}

static bool on_few_row(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	struct reading *reading = context;

	(void)changed_sequence;
	return push_block_add_row(reading->block, id, profile, NULL, err);
}

/* A sweep would read, and after a change build, the columns of all. */
static bool few_read(struct reading *reading, struct error *err)
{
	const struct push_block *block = reading->block;

	for (unsigned row = 0; row < TOLD_ROWS; row++) {
		if (block->changed[row / 64] >> row % 64 & 1 &&
				!registry_scan(reading->ledger->registry, block->plan->sequence,
						first_id(block) + row, 1, on_few_row, reading,
						err))
			return false;
	}
	return true;
}

static bool block_read(struct reading *reading, bool rows, struct error *err)
{
	struct push_block *block = reading->block;
	struct ledger *ledger = reading->ledger;

	if (!ledger_store_find_told_marks(ledger->store, block->number, &block->stored, err) ||
			!quiet_find(block, ledger, err))
		return false;
	if (block->is_quiet)
		return true;
	if (!ledger_store_find_told(
			    ledger->store, block->number, &block->arena, &block->stored, err) ||
			!told_decode(block->stored.blob, block->number, &block->arena,
					&block->told, err) ||
			!wishes_read(reading, err))
		return false;
	if (!rows && !changes_read(reading, err))
		return false;
	block->is_sifted = rows || is_few(block);
	if (rows)
		return registry_scan(ledger->registry, block->plan->sequence, first_id(block),
				REGISTRY_BLOCK_SIZE, on_row, reading, err);
	return !block->is_sifted || few_read(reading, err);
}

bool push_block_read(
		struct push_block *block, struct ledger *ledger, bool rows, struct error *err)
{
	struct reading reading = { .block = block, .ledger = ledger };

	return block_read(&reading, rows, err) ||
	       error_prefix(err, "reading block %lld", (long long)block->number);
}

bool push_block_load(struct push_block *block, struct ledger *ledger, struct error *err)
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

bool push_block_write(struct push_block *block, struct ledger *ledger, int64_t now_ms,
		struct error *err)
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

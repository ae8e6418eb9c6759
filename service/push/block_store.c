/* SPDX-License-Identifier: Apache-2.0 */
/* What a block reads from the registry and the ledger, and what it writes. */
#include "push/block.h"

#include "base/date.h"

#include "proto/codec/codec.h"
#include "push/quiet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Enterprises of a block that are read one by one rather than swept with all others. */
#define FEW 256
/* Of so many runs one makes the columns of a block anew when they are old. */
#define RENEWAL_RUNS 8

struct reading {
	struct push_block *block;
	struct ledger *ledger;
	uint64_t *rows; /* that are to be marked */
	/* Of whom something is aside since they do not want it: they may want it now. */
	uint64_t suppressed[TOLD_ROWS / 64];
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

bool push_block_is_waiting(const struct push_block *block, int64_t id)
{
	return !block->is_waiting_known ||
	       (block->waiting_count && bsearch(&id, block->waiting, block->waiting_count,
							sizeof(*block->waiting), id_compare));
}

struct block_row *push_block_add_row(
		struct push_block *block, int64_t id, const bool *wanted, struct error *err)
{
	const struct block_wish *wish = wish_find(block, id);
	struct block_row *row;

	block->rows = push_block_grow(block, block->rows, block->row_count,
			&block->row_capacity, sizeof(*block->rows));
	if (!block->rows) {
		arena_error(&block->arena, err, "reading a block");
		return NULL;
	}
	row = &block->rows[block->row_count++];
	*row = (struct block_row){
		.id = id,
		.wanted = wanted,
		.is_waiting = push_block_is_waiting(block, id),
	};
	if (wish) {
		row->wish = wish->wish;
		row->last_day = wish->last_day;
	}
	return row;
}

bool push_block_keep_profile(struct push_block *block, struct block_row *row,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	char *copy;

	buffer_clear(&block->scratch);
	if (!message_pack(&profile->base, &block->scratch))
		return error_set(err, ERROR_MEMORY, "out of memory while reading a block");
	copy = arena_copy(&block->arena, block->scratch.data, block->scratch.size);
	if (!copy)
		return arena_error(&block->arena, err, "reading a block");
	row->bytes = (struct slice){ copy, block->scratch.size };
	return true;
}

static bool row_has(const uint64_t *rows, unsigned row)
{
	return rows[row / 64] >> row % 64 & 1;
}

static bool on_row(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	struct reading *reading = context;
	struct push_block *block = reading->block;
	const struct push_plan *plan = block->plan;
	struct block_row *row;

	/* On another day anything may be new, even of who has not changed. */
	if (plan->since >= 0 && changed_sequence <= plan->since &&
			(plan->changed_only ||
					(plan->is_same_day && !row_has(reading->suppressed,
									      row_of(id)))))
		return true;
	row = push_block_add_row(block, id, NULL, err);
	return row && push_block_keep_profile(block, row, profile, err);
}

static bool on_changed(void *context, int64_t id, struct error *err)
{
	unsigned row = row_of(id);

	(void)err;
	((struct reading *)context)->rows[row / 64] |= UINT64_C(1) << row % 64;
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
	block->is_waiting_known = block->plan->silent || block->plan->since < 0;
	if (block->plan->silent)
		return true;
	return (!block->is_waiting_known ||
			       ledger_store_each_waiting(reading->ledger->store,
					       first_id(block), REGISTRY_BLOCK_SIZE, on_waiting,
					       reading, err)) &&
	       last_days_read(reading, err);
}

/* Marks in @rows who has changed after @sequence. */
static bool changes_mark(
		struct reading *reading, int64_t sequence, uint64_t *rows, struct error *err)
{
	struct registry *registry = reading->ledger->registry;
	const struct push_block *block = reading->block;
	int64_t newest;

	reading->rows = rows;
	if (!registry_block_sequence(registry, block->number, &newest, err))
		return false;
	return newest <= sequence ||
	       registry_each_changed(registry, sequence, first_id(block), REGISTRY_BLOCK_SIZE,
			       on_changed, reading, err);
}

static bool changes_read(struct reading *reading, struct error *err)
{
	struct push_block *block = reading->block;

	if (block->plan->since >= 0)
		return changes_mark(reading, block->plan->since, block->changed, err);
	memset(block->changed, 0xff, sizeof(block->changed));
	return true;
}

static size_t rows_count(const uint64_t *rows)
{
	size_t count = 0;

	for (size_t i = 0; i < TOLD_ROWS / 64; i++)
		count += (size_t)__builtin_popcountll(rows[i]);
	return count;
}

/*
 * Few have changed (or may want now what they did not): they are read one by one. On the day of the
 * runs before nobody else is in question, and on another day for the day alone.
 */
static bool is_few(struct reading *reading)
{
	struct push_block *block = reading->block;
	const struct push_plan *plan = block->plan;

	for (size_t i = 0; plan->is_same_day && i < TOLD_ROWS / 64; i++)
		block->changed[i] |= reading->suppressed[i];
	return plan->since >= 0 && !plan->is_new_text && rows_count(block->changed) <= FEW;
}

/* What nobody pulled of the row. */
static bool row_load(struct push_block *block, struct ledger *ledger, struct block_row *row,
		struct error *err)
{
	if (!ledger_store_list_waiting(ledger->store, row->id, &block->arena, &row->waiting,
			    &row->waiting_count, err))
		return false;
	row->is_loaded = true;
	return true;
}

/* A sweep would read, and after a change build, the columns of all. */
static bool few_read(struct reading *reading, struct error *err)
{
	struct push_block *block = reading->block;
	const struct push_plan *plan = block->plan;

	for (unsigned i = 0; i < TOLD_ROWS; i++) {
		int64_t id = first_id(block) + i;
		const Policycalc__V1__Profile *profile;
		struct block_row *row;

		if (!row_has(block->changed, i))
			continue;
		if (!registry_read(reading->ledger->registry, id, plan->sequence, &block->arena,
				    &profile, err))
			return false;
		if (!profile)
			continue;
		row = push_block_add_row(block, id, NULL, err);
		if (!row || (!plan->silent && !row_load(block, reading->ledger, row, err)))
			return false;
		row->profile = profile;
	}
	return true;
}

/* --- the day --------------------------------------------------------------------------------- */

bool push_block_title_ends(const Policycalc__V1__Profile *profile, int32_t from, int32_t to)
{
	for (size_t i = 0; i < profile->n_attributes; i++) {
		const Policycalc__V1__Value *value = profile->attributes[i]->value;
		struct date date;

		if (!value || value->kind_case != POLICYCALC__V1__VALUE__KIND_TITLES)
			continue;
		for (size_t k = 0; k < value->titles->n_titles; k++) {
			if (!date_parse(slice_from(value->titles->titles[k]->valid_until),
					    &date))
				continue;
			if (date_to_days(date) >= from && date_to_days(date) < to)
				return true;
		}
	}
	return false;
}

static bool on_stale(void *context, int64_t id, int64_t changed_sequence,
		const Policycalc__V1__Profile *profile, struct error *err)
{
	struct push_block *block = ((struct reading *)context)->block;
	unsigned row = row_of(id);

	(void)changed_sequence;
	(void)err;
	if (push_block_title_ends(profile, block->plan->since_day, block->plan->today))
		block->due[row / 64] |= UINT64_C(1) << row % 64;
	return true;
}

/*
 * A night changes a few enterprises of every block, for which it would take longer to make all columns
 * anew than to do without. What has gathered so is made anew in one of some runs, and not of all blocks
 * in the same.
 */
static bool stale_read(struct reading *reading, struct column_cache *columns, struct error *err)
{
	struct push_block *block = reading->block;
	const struct push_plan *plan = block->plan;
	int64_t built = column_cache_sequence(columns, block->number);

	block->floor = INT64_MAX;
	if (built < 0 || (block->number + plan->run) % RENEWAL_RUNS == 0)
		return true;
	if (built < plan->since && !changes_mark(reading, built, block->stale, err))
		return false;
	for (size_t i = 0; i < TOLD_ROWS / 64; i++)
		block->stale[i] &= ~block->changed[i];
	if (rows_count(block->stale) > FEW) {
		memset(block->stale, 0, sizeof(block->stale));
		return true;
	}
	block->floor = built < plan->since ? built : plan->since;
	for (unsigned row = 0; row < TOLD_ROWS; row++) {
		if (row_has(block->stale, row) &&
				!registry_scan(reading->ledger->registry, plan->sequence,
						first_id(block) + row, 1, on_stale, reading,
						err))
			return false;
	}
	return true;
}

/* --- a block --------------------------------------------------------------------------------- */

static bool block_read(struct reading *reading, struct column_cache *columns, struct error *err)
{
	struct push_block *block = reading->block;
	struct ledger *ledger = reading->ledger;
	const struct push_plan *plan = block->plan;
	bool is_few_changed;

	if (!ledger_store_find_told_marks(ledger->store, block->number, &block->stored, err) ||
			!quiet_find(block, ledger, err))
		return false;
	if (block->is_quiet)
		return true;
	if (!ledger_store_find_told(
			    ledger->store, block->number, &block->arena, &block->stored, err) ||
			!told_view_read(block->stored.blob, block->number, &block->arena,
					&block->told, err) ||
			!wishes_read(reading, err))
		return false;
	told_view_mark_aside(&block->told, ASIDE_SUPPRESSED, reading->suppressed);
	block->is_sifted = !columns;
	if (!columns)
		return registry_scan(ledger->registry, plan->sequence, first_id(block),
				REGISTRY_BLOCK_SIZE, on_row, reading, err);
	if (!changes_read(reading, err))
		return false;
	is_few_changed = is_few(reading);
	block->is_day = is_few_changed && !plan->changed_only && !plan->is_same_day;
	block->is_sifted = is_few_changed && !block->is_day;
	return (!is_few_changed || few_read(reading, err)) &&
	       (!block->is_day || stale_read(reading, columns, err));
}

bool push_block_read(struct push_block *block, struct ledger *ledger,
		struct column_cache *columns, struct error *err)
{
	struct reading reading = { .block = block, .ledger = ledger };

	return block_read(&reading, columns, err) ||
	       error_prefix(err, "reading block %lld", (long long)block->number);
}

bool push_block_load(struct push_block *block, struct ledger *ledger, struct error *err)
{
	for (size_t i = 0; i < block->row_count; i++) {
		struct block_row *row = &block->rows[i];

		if (!row->is_deferred || row->is_loaded)
			continue;
		if (!row_load(block, ledger, row, err))
			return error_prefix(
					err, "reading block %lld", (long long)block->number);
	}
	return true;
}

/* --- writing --------------------------------------------------------------------------------- */

/* Nobody may have pulled or decided it since it was read. */
static bool supersede(struct ledger *ledger, const struct ledger_delivery *read, int64_t now_ms,
		struct error *err)
{
	bool moved;

	assert(ledger_may_move(
			(Policycalc__V1__DeliveryState)read->state, DELIVERY(SUPERSEDED)));
	return ledger_store_move_delivery(ledger->store, read, (int)DELIVERY(SUPERSEDED),
			       now_ms, &moved, err) &&
	       (moved || error_set(err, ERROR_CONFLICT, "a delivery was pulled meanwhile"));
}

/* By enterprise, whichever were deferred; those of one as they were made. */
static int made_compare(const void *a, const void *b)
{
	const struct ledger_delivery *left = a, *right = b;

	if (left->enterprise != right->enterprise)
		return left->enterprise > right->enterprise ? 1 : -1;
	return (left->id > right->id) - (left->id < right->id);
}

static void made_sort(struct push_block *block)
{
	for (size_t i = 0; i < block->made_count; i++)
		block->made[i].id = (int64_t)i;
	if (block->made_count)
		qsort(block->made, block->made_count, sizeof(*block->made), made_compare);
}

bool push_block_write(struct push_block *block, struct ledger *ledger, int64_t now_ms,
		struct error *err)
{
	made_sort(block);
	for (size_t i = 0; i < block->superseded_count; i++) {
		if (!supersede(ledger, block->superseded[i], now_ms, err))
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

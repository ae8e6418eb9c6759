/* SPDX-License-Identifier: Apache-2.0 */
/* The work on a block, row by row; block_row.c has what is done with one. */
#include "push/block.h"

#include "base/date.h"
#include "base/memory.h"
#include "proto/codec/codec.h"
#include "push/quiet.h"

#include <stdlib.h>
#include <string.h>

/* What a block may take. */
#define BLOCK_MEMORY ((size_t)512 << 20)

/* --- counts ---------------------------------------------------------------------------------- */

void push_counts_fini(struct push_counts *counts)
{
	memory_free(counts->list);
	*counts = (struct push_counts){ 0 };
}

bool push_counts_add(struct push_counts *counts, uint32_t series,
		Policycalc__V1__DeltaKind kind, int64_t count, int64_t amount_fen)
{
	struct push_count *found = NULL;

	for (size_t i = 0; !found && i < counts->count; i++) {
		if (counts->list[i].series == series && counts->list[i].kind == kind)
			found = &counts->list[i];
	}
	if (!found) {
		if (counts->count == counts->capacity) {
			size_t capacity = counts->capacity ? counts->capacity * 2 : 64;
			struct push_count *grown =
					memory_resize(counts->list, capacity * sizeof(*grown));

			if (!grown)
				return false;
			counts->list = grown;
			counts->capacity = capacity;
		}
		found = &counts->list[counts->count++];
		*found = (struct push_count){ .series = series, .kind = kind };
	}
	found->count += count;
	/* Sums beyond what fits stay at what fits. */
	if (__builtin_add_overflow(found->amount_fen, amount_fen, &found->amount_fen))
		found->amount_fen = amount_fen < 0 ? INT64_MIN : INT64_MAX;
	return true;
}

/* --- the block ------------------------------------------------------------------------------- */

struct push_block *push_block_new(const struct push_plan *plan, int64_t number)
{
	struct push_block *block = memory_alloc_zero(1, sizeof(*block));

	if (!block)
		return NULL;
	block->plan = plan;
	block->number = number;
	arena_init(&block->arena, BLOCK_MEMORY);
	return block;
}

void push_block_free(struct push_block *block)
{
	if (!block)
		return;
	push_counts_fini(&block->counts);
	buffer_fini(&block->blob);
	buffer_fini(&block->scratch);
	arena_fini(&block->arena);
	memory_free(block);
}

bool push_block_is_changed(const struct push_block *block)
{
	return block->told_changed || block->made_count || block->superseded_count;
}

void *push_block_grow(struct push_block *block, void *list, size_t count, size_t *capacity,
		size_t size)
{
	char *grown;

	if (count < *capacity)
		return list;
	*capacity = *capacity ? *capacity * 2 : 64;
	grown = arena_alloc_zero(&block->arena, *capacity, size);
	if (grown && count)
		memcpy(grown, list, count * size);
	return grown;
}

static int row_compare(const void *a, const void *b)
{
	int64_t left = ((const struct block_row *)a)->id;
	int64_t right = ((const struct block_row *)b)->id;

	return (left > right) - (left < right);
}

void push_block_sort_rows(struct push_block *block)
{
	if (block->row_count)
		qsort(block->rows, block->row_count, sizeof(*block->rows), row_compare);
}

bool push_block_supersede(struct push_block *block, struct ledger_delivery *delivery)
{
	block->superseded = push_block_grow(block, block->superseded, block->superseded_count,
			&block->superseded_capacity, sizeof(*block->superseded));
	if (!block->superseded)
		return false;
	block->superseded[block->superseded_count++] = delivery;
	return true;
}

/* --- deliveries ------------------------------------------------------------------------------ */

static bool bytes_keep(struct push_block *block, struct buffer *bytes, struct slice *out)
{
	char *copy = bytes->failed ? NULL : arena_copy(&block->arena, bytes->data, bytes->size);

	if (copy)
		*out = (struct slice){ copy, bytes->size };
	buffer_fini(bytes);
	return copy != NULL;
}

static bool digest_pack(struct push_block *block, const struct ledger_delivery *delivery,
		Policycalc__V1__Digest *digest, struct slice *out, struct arena *scratch)
{
	char day[11], key[2 * DIGEST_KEY_SIZE + 1];
	struct buffer bytes = { 0 };

	digest_key_print(delivery->key, key);
	date_print(date_from_days(block->plan->today), day);
	digest->key = key;
	digest->run = block->plan->run;
	digest->revision = ruleset_revision(block->plan->scope.ruleset);
	digest->as_of = day;
	digest->engine_version = (char *)POLICYCALC_VERSION;
	digest->disclaimer = digest_disclaimer(scratch);
	if (!digest->disclaimer || !message_pack(&digest->base, &bytes)) {
		buffer_fini(&bytes);
		return false;
	}
	return bytes_keep(block, &bytes, out);
}

bool push_block_make(struct push_block *block, const struct block_row *row,
		enum digest_part part, const char *uscc, const char *name, const char *region,
		Policycalc__V1__DeltaEntry **entries, const struct ledger_entry *about,
		size_t count, char **replaces, size_t replace_count, struct arena *scratch,
		struct error *err)
{
	static const Policycalc__V1__DeliveryState states[DIGEST_PART_END] = {
		[PART_RELEASED] = DELIVERY(RELEASED),
		[PART_HELD] = DELIVERY(HELD),
		[PART_SUPPRESSED] = DELIVERY(SUPPRESSED),
	};
	Policycalc__V1__Digest digest = POLICYCALC__V1__DIGEST__INIT;
	struct ledger_delivery *delivery;
	struct buffer bytes = { 0 };

	block->made = push_block_grow(block, block->made, block->made_count,
			&block->made_capacity, sizeof(*block->made));
	if (!block->made)
		return arena_error(&block->arena, err, "making a delivery");
	delivery = &block->made[block->made_count];
	*delivery = (struct ledger_delivery){
		.run = block->plan->run,
		.enterprise = row->id,
		.state = (int)states[part],
		.day = block->plan->today,
		.not_before = quiet_not_before(row->wish, row->last_day, block->plan->today),
		.region = slice_from(arena_copy_text(&block->arena, region)),
	};
	/* What is held is of one series. */
	if (!digest_key(block->plan->run, uscc, part,
			    part == PART_HELD ? entries[0]->series : "", delivery->key, err))
		return false;
	for (size_t i = 0; i < count; i++)
		delivery->kinds |= 1u << (unsigned)entries[i]->policy_kind;
	digest_sort(entries, count);
	digest.uscc = (char *)(uintptr_t)uscc;
	digest.name = (char *)(uintptr_t)name;
	digest.region = (char *)(uintptr_t)region;
	digest.entries = entries;
	digest.n_entries = count;
	digest.replaces = replaces;
	digest.n_replaces = replace_count;
	ledger_entries_encode(about, count, &bytes);
	if (!delivery->region.data || !bytes_keep(block, &bytes, &delivery->entries) ||
			!digest_pack(block, delivery, &digest, &delivery->digest, scratch))
		return arena_error(&block->arena, err, "making a delivery");
	block->made_count++;
	return true;
}

/* --- the work -------------------------------------------------------------------------------- */

static bool row_work(struct push_block *block, struct block_row *row,
		const Policycalc__V1__Profile *profile, struct push_hands *hands,
		struct error *err)
{
	struct told_entry *entries;
	size_t count;

	row->is_deferred = false;
	if (!told_view_row(&block->told, (uint16_t)((row->id - 1) % TOLD_ROWS), &hands->scratch,
			    &entries, &count))
		return arena_error(&hands->scratch, err, "comparing an enterprise");
	if (!push_block_row_work(block, row, profile, entries, count, hands, err))
		return false;
	row->is_done = !row->is_deferred;
	return true;
}

bool push_block_work_row(struct push_block *block, struct block_row *row,
		const Policycalc__V1__Profile *profile, struct push_hands *hands,
		struct error *err)
{
	return row_work(block, row, profile, hands, err) &&
	       (row->is_done || push_block_keep_profile(block, row, profile, err));
}

static const Policycalc__V1__Profile *profile_of(
		const struct block_row *row, struct arena *scratch, struct error *err)
{
	if (row->profile)
		return row->profile;
	return (const Policycalc__V1__Profile *)message_unpack(row->bytes,
			&policycalc__v1__profile__descriptor, &message_limits_default, scratch,
			err);
}

static bool rows_work(struct push_block *block, struct push_hands *hands, struct error *err)
{
	for (size_t i = 0; i < block->row_count; i++) {
		struct block_row *row = &block->rows[i];
		const Policycalc__V1__Profile *profile;

		/* What some were deferred for is not loaded yet. */
		if (row->is_done || (row->is_deferred && !row->is_loaded))
			continue;
		arena_reset(&hands->scratch);
		profile = profile_of(row, &hands->scratch, err);
		if (!profile || !row_work(block, row, profile, hands, err))
			return false;
	}
	block->deferred_count = 0;
	for (size_t i = 0; i < block->row_count; i++)
		block->deferred_count += block->rows[i].is_deferred;
	return true;
}

/* What rows have instead of what they had, and which do. */
static bool entries_join(struct push_block *block, uint64_t replaced[TOLD_ROWS / 64],
		struct told_block *out)
{
	size_t count = 0;

	for (size_t i = 0; i < block->row_count; i++)
		count += block->rows[i].entry_count;
	out->entries = arena_alloc(&block->arena, (count + 1) * sizeof(*out->entries));
	if (!out->entries)
		return false;
	for (size_t i = 0; i < block->row_count; i++) {
		const struct block_row *row = &block->rows[i];
		size_t number = (size_t)(row->id - 1) % TOLD_ROWS;

		if (!row->is_changed)
			continue;
		replaced[number / 64] |= UINT64_C(1) << number % 64;
		for (size_t k = 0; k < row->entry_count; k++)
			out->entries[out->count++] = row->entries[k];
	}
	return true;
}

static int64_t suppressed_count(const struct push_block *block,
		const uint64_t replaced[TOLD_ROWS / 64], const struct told_block *over)
{
	int64_t count = 0;

	for (size_t i = 0; i < block->told.count; i++) {
		const struct told_mark *mark = &block->told.marks[i];

		count += told_mark_aside(mark) == ASIDE_SUPPRESSED &&
			 !(replaced[mark->row / 64] >> mark->row % 64 & 1);
	}
	for (size_t i = 0; i < over->count; i++)
		count += over->entries[i].aside == ASIDE_SUPPRESSED;
	return count;
}

static bool blob_make(struct push_block *block, struct error *err)
{
	struct arena_mark mark = arena_mark(&block->arena);
	uint64_t replaced[TOLD_ROWS / 64] = { 0 };
	struct told_block over = { 0 };

	if (!entries_join(block, replaced, &over))
		return arena_error(&block->arena, err, "writing what was told");
	buffer_clear(&block->blob);
	if (!told_view_encode(&block->told, replaced, &over, block->number, &block->arena,
			    &block->blob))
		return error_set(
				err, ERROR_MEMORY, "out of memory while writing what was told");
	block->suppressed = suppressed_count(block, replaced, &over);
	/* The blob is all that is kept of them until it is written. */
	arena_rewind(&block->arena, mark);
	return true;
}

void push_block_work(struct push_block *block, struct push_hands *hands)
{
	struct error *err = &block->err;

	err->code = ERROR_NONE;
	if (!rows_work(block, hands, err))
		return;
	if (block->deferred_count == 0 && block->told_changed)
		blob_make(block, err);
}

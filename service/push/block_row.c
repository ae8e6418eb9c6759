/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One enterprise: asked, compared with what it was told, and put on one of three shelves per series:
 * nothing new; news; or something aside that is no longer so.
 */
#include "push/block_row.h"

#include "proto/codec/codec.h"
#include "push/quiet.h"

#include <string.h>

/* --- cells ----------------------------------------------------------------------------------- */

/* Series that were told anything, and those that are asked about, merged in series order. */
static bool cells_make(struct row_work *work, const struct told_entry *entries, size_t count,
		const bool *wanted, struct error *err)
{
	const struct push_scope *scope = work->ask.scope;
	size_t entry = 0, target = 0;

	work->cells = arena_alloc(work->scratch,
			(count + scope->target_count + 1) * sizeof(*work->cells));
	if (!work->cells)
		return arena_error(work->scratch, err, "comparing an enterprise");
	while (entry < count || target < scope->target_count) {
		struct cell *cell = &work->cells[work->cell_count++];
		uint32_t told = entry < count ? entries[entry].series : UINT32_MAX;
		uint32_t asked = target < scope->target_count ? scope->targets[target].series
							      : UINT32_MAX;

		*cell = (struct cell){ .target = NO_TARGET };
		if (asked <= told)
			cell->target = target++;
		if (told <= asked) {
			cell->entry = entries[entry++];
			continue;
		}
		cell->entry.row = (uint16_t)((work->row->id - 1) % TOLD_ROWS);
		cell->entry.series = asked;
		/* Nothing was told of it, and it is not asked. */
		if (!wanted[cell->target])
			work->cell_count--;
	}
	return true;
}

struct cell *row_work_find(struct row_work *work, uint32_t series)
{
	for (size_t i = 0; i < work->cell_count; i++) {
		if (work->cells[i].entry.series == series)
			return &work->cells[i];
	}
	return NULL;
}

/* What is said of a policy that the catalog has no more. */
static bool cell_gone(struct row_work *work, struct cell *cell, struct error *err)
{
	const struct push_scope *scope = work->ask.scope;
	uint32_t version = cell->entry.told.version ? cell->entry.told.version
						    : cell->entry.raised.version;

	cell->now = (struct now_state){ .kind = NOW_GONE };
	if (version >= scope->card_end || !scope->cards[version].series)
		return error_set(err, ERROR_IO,
				"the ledger does not know a version that was told");
	cell->card = (const Policycalc__V1__DeltaEntry *)message_unpack(
			scope->cards[version].bytes, &policycalc__v1__delta_entry__descriptor,
			&message_limits_default, work->scratch, err);
	if (!cell->card)
		return false;
	cell->policy_kind = cell->card->policy_kind;
	return true;
}

static bool cells_take_answers(struct row_work *work, struct error *err)
{
	const struct push_scope *scope = work->ask.scope;

	for (size_t i = 0; i < work->cell_count; i++) {
		struct cell *cell = &work->cells[i];

		if (cell->target != NO_TARGET) {
			const struct push_target *target = &scope->targets[cell->target];

			cell->now = work->ask.answers[cell->target].now;
			cell->is_known = work->ask.answers[cell->target].is_known;
			cell->confirm = target->policy->confirm_before_push;
			cell->policy_kind = target->policy->kind;
		} else if (push_scope_has(scope, cell->entry.series)) {
			if (!cell_gone(work, cell, err))
				return false;
			cell->is_known = true;
		}
	}
	return true;
}

/* --- near ------------------------------------------------------------------------------------ */

/*
 * Whether it would be told otherwise if the enterprise nearly qualified; or may be, since what was
 * told of it waits and is found anew.
 */
static bool near_would_tell(const struct row_work *work, const struct cell *cell)
{
	int32_t today = work->block->plan->today;
	struct now_state near = cell->now;
	struct delta now = delta_find(&cell->entry.told, &cell->now, today);
	struct delta then;

	near.kind = NOW_NEAR;
	then = delta_find(&cell->entry.told, &near, today);
	return then.kind != now.kind || then.near != now.near ||
	       (work->row->waiting_count && cell->entry.told.kind != TOLD_NOTHING);
}

static bool ask_for_near(struct row_work *work, struct error *err)
{
	for (size_t i = 0; i < work->cell_count; i++) {
		struct cell *cell = &work->cells[i];

		if (cell->target == NO_TARGET || !work->ask.answers[cell->target].may_be_near ||
				!near_would_tell(work, cell))
			continue;
		if (!ask_near(&work->ask, cell->target, err))
			return false;
		cell->now = work->ask.answers[cell->target].now;
	}
	return true;
}

/* --- comparing ------------------------------------------------------------------------------- */

static void cell_compare(struct row_work *work, struct cell *cell)
{
	struct told_entry *entry = &cell->entry;
	bool was_raised, wanted;

	cell->delta = delta_find(&entry->told, &cell->now, work->block->plan->today);
	if (cell->delta.kind == DELTA_KIND(UNSPECIFIED)) {
		/* What is not decided now says nothing against what is aside. */
		if (cell->now.kind == NOW_UNDECIDED)
			return;
		cell->is_stale = entry->aside != ASIDE_NONE;
		cell->is_silent = !told_state_equals(&entry->told, &cell->delta.next);
		return;
	}
	wanted = quiet_wants(work->row->wish, cell->delta.kind, cell->policy_kind);
	was_raised = entry->aside != ASIDE_NONE &&
		     told_state_equals(&entry->raised, &cell->delta.next);
	if (was_raised && !(entry->aside == ASIDE_SUPPRESSED && wanted))
		return;
	cell->is_fresh = true;
	cell->is_stale = entry->aside == ASIDE_HELD;
	cell->part = !wanted ? PART_SUPPRESSED : cell->confirm ? PART_HELD : PART_RELEASED;
}

/* What the news is worth; nothing when it is lost. */
static int64_t cell_value(const struct row_work *work, const struct cell *cell)
{
	if (cell->target == NO_TARGET || cell->delta.kind == DELTA_KIND(LAPSED))
		return 0;
	if (cell->delta.near)
		return digest_value(work->ask.answers[cell->target].message->near[0]->amount);
	return digest_told_value(&cell->now.amount);
}

static bool cells_count(struct row_work *work, struct error *err)
{
	for (size_t i = 0; i < work->cell_count; i++) {
		const struct cell *cell = &work->cells[i];

		if (cell->is_fresh &&
				!push_counts_add(&work->block->counts, cell->entry.series,
						cell->delta.kind, 1, cell_value(work, cell)))
			return error_set(
					err, ERROR_MEMORY, "out of memory while counting news");
	}
	return true;
}

/* --- the row --------------------------------------------------------------------------------- */

static void profile_read(struct row_work *work)
{
	const Policycalc__V1__Profile *profile = work->profile;

	work->name = "";
	work->region = "";
	for (size_t i = 0; i < profile->n_attributes; i++) {
		const Policycalc__V1__AttributeValue *attribute = profile->attributes[i];
		const Policycalc__V1__Value *value = attribute->value;

		if (!value)
			continue;
		if (strcmp(attribute->name, "name") == 0 &&
				value->kind_case == POLICYCALC__V1__VALUE__KIND_TEXT)
			work->name = value->text;
		else if (strcmp(attribute->name, "region") == 0 &&
				value->kind_case == POLICYCALC__V1__VALUE__KIND_CODE)
			work->region = value->code;
	}
}

static bool row_store(struct row_work *work, struct error *err)
{
	struct block_row *row = work->row;

	row->entries = ARENA_NEW_ARRAY(
			&work->block->arena, struct told_entry, work->cell_count + 1);
	if (!row->entries)
		return arena_error(&work->block->arena, err, "comparing an enterprise");
	row->is_changed = true;
	row->entry_count = 0;
	for (size_t i = 0; i < work->cell_count; i++) {
		if (!told_entry_is_empty(&work->cells[i].entry))
			row->entries[row->entry_count++] = work->cells[i].entry;
	}
	work->block->told_changed = true;
	return true;
}

static bool row_compare(struct row_work *work, bool *out_changed, struct error *err)
{
	*out_changed = false;
	if (!cells_take_answers(work, err) || !ask_for_near(work, err))
		return false;
	for (size_t i = 0; i < work->cell_count; i++) {
		struct cell *cell = &work->cells[i];

		if (!cell->is_known)
			continue;
		cell_compare(work, cell);
		*out_changed |= cell->is_fresh || cell->is_stale || cell->is_silent;
	}
	return true;
}

/* Whatever anyone may have, and what this one was told. */
static const bool *wanted_find(const struct push_scope *scope, const struct told_entry *entries,
		size_t count, struct arena *scratch)
{
	bool *wanted = ARENA_NEW_ARRAY(scratch, bool, scope->target_count + 1);
	size_t next = 0;

	for (size_t i = 0; wanted && i < scope->target_count; i++) {
		while (next < count && entries[next].series < scope->targets[i].series)
			next++;
		wanted[i] = scope->targets[i].may_fit ||
			    (next < count && entries[next].series == scope->targets[i].series &&
					    !told_entry_is_empty(&entries[next]));
	}
	return wanted;
}

/* A failure of the rules ends this enterprise, as it was; one of memory ends the run. */
static bool row_failed(struct row_work *work, const struct error *err)
{
	if (err->code != ERROR_INVALID && err->code != ERROR_INTERNAL)
		return false;
	work->block->errors++;
	return true;
}

bool push_block_row_work(struct push_block *block, struct block_row *row,
		const Policycalc__V1__Profile *profile, const struct told_entry *entries,
		size_t entry_count, struct push_hands *hands, struct error *err)
{
	struct arena *scratch = &hands->scratch;
	struct row_work work = {
		.block = block, .row = row, .scratch = scratch, .profile = profile
	};
	/* What waits is found anew, so that all of it is asked. */
	const bool *wanted = row->wanted && !row->waiting_count
					     ? row->wanted
					     : wanted_find(&block->plan->scope, entries,
							       entry_count, scratch);
	bool changed;

	profile_read(&work);
	work.ask = (struct ask){ .scope = &block->plan->scope,
		.book = &block->plan->book,
		.look = hands->look,
		.profile = profile,
		.arena = scratch };
	if (!wanted)
		return arena_error(scratch, err, "comparing an enterprise");
	if (!ask_all(&work.ask, wanted, err))
		return row_failed(&work, err);
	if (!cells_make(&work, entries, entry_count, wanted, err) ||
			!row_compare(&work, &changed, err))
		return false;
	if (!changed || block->plan->silent)
		return cells_count(&work, err);
	if (row->is_waiting && !row->is_loaded && row_news_needs_waiting(&work)) {
		row->is_deferred = true;
		return true;
	}
	return cells_count(&work, err) && row_news_make(&work, err) && row_store(&work, err);
}

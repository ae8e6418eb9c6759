/* SPDX-License-Identifier: Apache-2.0 */
#include "push/sift.h"

#include "base/memory.h"
#include "calculator/sweep.h"
#include "proto/codec/codec.h"
#include "push/quiet.h"
#include "push/sift_near.h"

#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define NO_INDEX SIZE_MAX

/* What is known of a policy of the run before any block. */
struct sift_target {
	size_t target; /* in the scope */
	struct sift_near near;
	bool amount_reads_day;
	bool reads_day; /* its conditions */
};

struct push_sifter {
	const struct push_plan *plan;
	struct column_cache *columns;
	struct sweep *sweep;
	struct arena arena;
	struct sift_target *targets; /* as the sweep has them */
	size_t count;
	size_t *by_series; /* index of the target; NO_INDEX: none */
};

/* Rows by verdict, of one policy. */
struct sift_masks {
	uint64_t eligible[SWEEP_WORDS];
	uint64_t ineligible[SWEEP_WORDS];
	uint64_t not_open[SWEEP_WORDS];
	uint64_t undecided[SWEEP_WORDS];
	uint64_t near[SWEEP_WORDS];
	uint64_t told[SWEEP_WORDS];
	uint64_t need[SWEEP_WORDS];
};

struct push_sift {
	struct push_sifter *sifter;
	struct sweep_work *work;
	struct column_reader *reader;
	struct sift_masks *masks;   /* by target of the sweep */
	uint64_t rows[SWEEP_WORDS]; /* to be asked, if only about what is gone */
};

/* --- the run's part -------------------------------------------------------------------------- */

static bool sweep_make(struct push_sifter *sifter, struct error *err)
{
	const struct push_scope *scope = &sifter->plan->scope;
	struct sweep_options options = { .day = sifter->plan->day, .conditions = true };
	const char **policies =
			ARENA_NEW_ARRAY(&sifter->arena, const char *, scope->target_count + 1);

	if (!policies)
		return arena_error(&sifter->arena, err, "preparing a run");
	for (size_t i = 0; i < scope->target_count; i++)
		policies[options.policy_count++] = scope->targets[i].policy->id;
	options.policies = policies;
	sifter->sweep = sweep_new(scope->ruleset, &options, err);
	return sifter->sweep != NULL;
}

static bool target_make(struct push_sifter *sifter, size_t index, struct error *err)
{
	const struct push_scope *scope = &sifter->plan->scope;
	const Policycalc__V1__Policy *policy = sweep_policy(sifter->sweep, index);
	const struct push_target *target = push_scope_find(scope, policy->id);
	struct sift_target *out = &sifter->targets[index];

	if (!target)
		return error_set(err, ERROR_INTERNAL,
				"a sweep has a policy that is not of the run");
	out->target = (size_t)(target - scope->targets);
	sifter->by_series[target->series] = index;
	return sift_near_init(&out->near, scope, target, sifter->sweep, index,
			       sifter->plan->today, &sifter->arena, err) &&
	       push_scope_reads_day(
			       scope, target, &out->reads_day, &out->amount_reads_day, err);
}

struct push_sifter *push_sifter_new(
		const struct push_plan *plan, struct column_cache *columns, struct error *err)
{
	struct push_sifter *sifter = memory_alloc_zero(1, sizeof(*sifter));
	bool ok;

	if (!sifter) {
		error_set(err, ERROR_MEMORY, "out of memory while preparing a run");
		return NULL;
	}
	sifter->plan = plan;
	sifter->columns = columns;
	arena_init(&sifter->arena, (size_t)64 << 20);
	ok = plan->scope.target_count == 0 || sweep_make(sifter, err);
	if (ok && sifter->sweep)
		sifter->count = sweep_policy_count(sifter->sweep);
	sifter->targets =
			ARENA_NEW_ARRAY(&sifter->arena, struct sift_target, sifter->count + 1);
	sifter->by_series = ARENA_NEW_ARRAY(&sifter->arena, size_t, plan->scope.series_end + 1);
	if (ok && (!sifter->targets || !sifter->by_series))
		ok = arena_error(&sifter->arena, err, "preparing a run");
	for (uint32_t i = 0; ok && i < plan->scope.series_end; i++)
		sifter->by_series[i] = NO_INDEX;
	for (size_t i = 0; ok && i < sifter->count; i++)
		ok = target_make(sifter, i, err);
	if (ok)
		return sifter;
	push_sifter_free(sifter);
	return NULL;
}

void push_sifter_free(struct push_sifter *sifter)
{
	if (!sifter)
		return;
	sweep_free(sifter->sweep);
	arena_fini(&sifter->arena);
	memory_free(sifter);
}

/* --- the thread's part ----------------------------------------------------------------------- */

struct push_sift *push_sift_new(struct push_sifter *sifter, struct error *err)
{
	struct push_sift *sift = memory_alloc_zero(1, sizeof(*sift));
	const struct sweep_want *wants = NULL;
	size_t count = 0;

	if (!sift) {
		error_set(err, ERROR_MEMORY, "out of memory while preparing a run");
		return NULL;
	}
	sift->sifter = sifter;
	sift->masks = memory_alloc_zero(sifter->count + 1, sizeof(*sift->masks));
	if (sifter->sweep) {
		wants = sweep_wants(sifter->sweep, &count);
		sift->work = sweep_work_new(sifter->sweep, err);
	}
	sift->reader = column_reader_new(
			sifter->columns, sifter->plan->sequence, wants, count, err);
	if (sift->masks && sift->reader && (sift->work || !sifter->sweep))
		return sift;
	if (!sift->masks)
		error_set(err, ERROR_MEMORY, "out of memory while preparing a run");
	push_sift_free(sift);
	return NULL;
}

void push_sift_free(struct push_sift *sift)
{
	if (!sift)
		return;
	column_reader_free(sift->reader);
	sweep_work_free(sift->work);
	memory_free(sift->masks);
	memory_free(sift);
}

/* --- masks ----------------------------------------------------------------------------------- */

static bool bit_has(const uint64_t *bits, unsigned row)
{
	return bits[row / 64] >> row % 64 & 1;
}

static void bit_put(uint64_t *bits, unsigned row)
{
	bits[row / 64] |= UINT64_C(1) << row % 64;
}

static void verdict_take(const struct push_sift *sift, size_t index,
		Policycalc__V1__Verdict verdict, uint64_t *out)
{
	uint64_t rows[SWEEP_WORDS];

	if (!sweep_verdict(sift->work, index, verdict, rows))
		return;
	for (size_t i = 0; i < SWEEP_WORDS; i++)
		out[i] |= rows[i];
}

static bool masks_fill(
		struct push_sift *sift, const struct sweep_source *source, struct error *err)
{
	const struct push_scope *scope = &sift->sifter->plan->scope;

	for (size_t i = 0; i < sift->sifter->count; i++) {
		struct sift_masks *masks = &sift->masks[i];

		*masks = (struct sift_masks){ 0 };
		verdict_take(sift, i, VERDICT(ELIGIBLE), masks->eligible);
		verdict_take(sift, i, VERDICT(INELIGIBLE), masks->ineligible);
		verdict_take(sift, i, VERDICT(NOT_OPEN), masks->not_open);
		verdict_take(sift, i, VERDICT(NEEDS_INFORMATION), masks->undecided);
		verdict_take(sift, i, VERDICT(NEEDS_REVIEW), masks->undecided);
		if (!scope->targets[sift->sifter->targets[i].target].may_fit)
			continue;
		memcpy(masks->near, masks->ineligible, sizeof(masks->near));
		if (!sift_near_narrow(&sift->sifter->targets[i].near, sift->work, source,
				    masks->near, err))
			return false;
	}
	return true;
}

/* --- what was told --------------------------------------------------------------------------- */

/* Some news of a policy of this kind is wanted. */
static bool is_wanted(const struct push_block *block, unsigned row, Policycalc__V1__Kind kind)
{
	const Policycalc__V1__Subscription *wish =
			push_block_wish(block, block->number * REGISTRY_BLOCK_SIZE + 1 + row);

	for (int delta = 1; delta <= (int)DELTA_KIND(VERSION_CHANGED); delta++) {
		if (quiet_wants(wish, (Policycalc__V1__DeltaKind)delta, kind))
			return true;
	}
	return false;
}

static bool is_closing(
		const struct push_target *target, const struct told_state *state, int32_t today)
{
	return target->window_end && target->window_end >= today &&
	       target->window_end - today <= DELTA_CLOSING_DAYS &&
	       target->window_end != state->window_end;
}

/* Whether something may be new though the enterprise has not changed. */
static bool entry_may_differ(
		const struct push_sift *sift, size_t index, const struct told_entry *entry)
{
	const struct push_plan *plan = sift->sifter->plan;
	const struct sift_target *target = &sift->sifter->targets[index];
	const struct push_target *policy = &plan->scope.targets[target->target];
	const struct sift_masks *masks = &sift->masks[index];
	const struct told_state *state = entry->aside ? &entry->raised : &entry->told;
	bool was_eligible = state->kind == TOLD_ELIGIBLE;

	if (bit_has(masks->eligible, entry->row))
		return !was_eligible || state->version != policy->version ||
		       is_closing(policy, state, plan->today) || target->amount_reads_day;
	if (bit_has(masks->ineligible, entry->row))
		return was_eligible || (entry->aside && target->reads_day) ||
		       (bit_has(masks->near, entry->row) &&
				       (target->reads_day ||
						       state->version != policy->version));
	if (bit_has(masks->not_open, entry->row))
		return was_eligible || entry->aside;
	return false;
}

static void entries_sift(struct push_sift *sift, const struct push_block *block)
{
	const struct push_sifter *sifter = sift->sifter;
	const struct push_scope *scope = &sifter->plan->scope;

	for (size_t i = 0; i < block->told.count; i++) {
		const struct told_entry *entry = &block->told.entries[i];
		size_t index = entry->series < scope->series_end
					       ? sifter->by_series[entry->series]
					       : NO_INDEX;

		if (index == NO_INDEX) {
			/* Gone: who was told hears it, what is aside is void. */
			if (push_scope_has(scope, entry->series) &&
					(entry->told.kind == TOLD_ELIGIBLE || entry->aside))
				bit_put(sift->rows, entry->row);
			continue;
		}
		bit_put(sift->masks[index].told, entry->row);
		if (bit_has(block->changed, entry->row) ||
				entry_may_differ(sift, index, entry) ||
				(entry->aside == ASIDE_SUPPRESSED &&
						is_wanted(block, entry->row,
								scope->targets[sifter->targets[index].target]
										.policy->kind)))
			bit_put(sift->masks[index].need, entry->row);
	}
}

/* Who was told nothing of it. */
static void others_sift(struct push_sift *sift, const struct push_block *block)
{
	for (size_t i = 0; i < sift->sifter->count; i++) {
		struct sift_masks *masks = &sift->masks[i];
		bool reads_day = sift->sifter->targets[i].reads_day;

		for (size_t k = 0; k < SWEEP_WORDS; k++) {
			uint64_t near = masks->near[k];

			if (!reads_day)
				near &= block->changed[k];
			masks->need[k] |= (masks->eligible[k] | near) & ~masks->told[k];
			sift->rows[k] |= masks->need[k];
		}
	}
}

/* --- rows ------------------------------------------------------------------------------------ */

static bool row_make(struct push_sift *sift, struct push_block *block,
		const struct sweep_source *source, unsigned row, struct arena *scratch,
		struct error *err)
{
	const struct push_sifter *sifter = sift->sifter;
	size_t count = sifter->plan->scope.target_count;
	const Policycalc__V1__Profile *profile;
	bool *wanted = ARENA_NEW_ARRAY(&block->arena, bool, count + 1);

	arena_reset(scratch);
	if (!wanted)
		return arena_error(&block->arena, err, "reading a block");
	for (size_t i = 0; i < sifter->count; i++)
		wanted[sifter->targets[i].target] = bit_has(sift->masks[i].need, row);
	return source->profile(source->context, row, scratch, &profile, err) &&
	       push_block_add_row(block, block->number * REGISTRY_BLOCK_SIZE + 1 + row, profile,
			       wanted, err);
}

/* Enterprises whose facts the catalog refuses have no verdict at all. */
static void refused_count(
		const struct push_sift *sift, struct push_block *block, const uint64_t *present)
{
	const struct sift_masks *masks = sift->masks;

	for (size_t i = 0; sift->sifter->count && i < SWEEP_WORDS; i++) {
		uint64_t known = masks->eligible[i] | masks->ineligible[i] |
				 masks->not_open[i] | masks->undecided[i];

		block->errors += __builtin_popcountll(present[i] & ~known & block->changed[i]);
	}
}

bool push_sift_block(struct push_sift *sift, struct push_block *block, struct arena *scratch,
		struct error *err)
{
	uint64_t present[SWEEP_WORDS];
	struct sweep_source source;

	if (!column_reader_enter(sift->reader, block->number, &source, err))
		return false;
	memcpy(present, column_reader_present(sift->reader), sizeof(present));
	if (block->plan->changed_only) {
		for (size_t i = 0; i < SWEEP_WORDS; i++)
			present[i] &= block->changed[i];
	}
	memset(sift->rows, 0, sizeof(sift->rows));
	if (sift->work && (!sweep_block(sift->work, &source, present, err) ||
					  !masks_fill(sift, &source, err)))
		return false;
	entries_sift(sift, block);
	others_sift(sift, block);
	refused_count(sift, block, present);
	for (unsigned row = 0; row < source.row_count; row++) {
		if (bit_has(sift->rows, row) && bit_has(present, row) &&
				!row_make(sift, block, &source, row, scratch, err))
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "push/sift_internal.h"

#include "base/memory.h"
#include "proto/codec/codec.h"
#include "push/quiet.h"

#include <assert.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word

/* Enterprises of a block that are read one by one rather than with all others. */
#define FEW 16

/* --- the run's part -------------------------------------------------------------------------- */

/* What has changed of a policy may turn whatever the day could. */
static bool target_renew(const struct push_sifter *sifter, const struct push_target *target,
		struct sift_target *out, struct error *err)
{
	bool touched = true;

	if (!sifter->plan->is_new_text)
		return true;
	if (sifter->plan->scope.changes &&
			!push_scope_changes_touch_amount(
					sifter->plan->scope.changes, target->policy, &touched))
		return error_set(err, ERROR_MEMORY, "out of memory while preparing a run");
	out->reads_day = PUSH_DAY_ANY;
	if (touched)
		out->amount_reads_day = PUSH_DAY_ANY;
	return true;
}

static bool target_make(struct push_sifter *sifter, struct sift_set *set, size_t index,
		struct error *err)
{
	const struct push_scope *scope = &sifter->plan->scope;
	const Policycalc__V1__Policy *policy = sweep_policy(set->sweep, index);
	const struct push_target *target = push_scope_find(scope, policy->id);
	struct sift_target *out = &set->targets[index];

	if (!target)
		return error_set(err, ERROR_INTERNAL,
				"a sweep has a policy that is not of the run");
	out->target = (size_t)(target - scope->targets);
	set->by_target[out->target] = index;
	return sift_near_init(&out->near, scope, target, set->sweep, index, sifter->plan->today,
			       &sifter->arena, err) &&
	       push_scope_reads_day(
			       scope, target, &out->reads_day, &out->amount_reads_day, err) &&
	       target_renew(sifter, target, out, err);
}

/* What anyone may have, and reads at least @least of the day. */
static bool set_make(struct push_sifter *sifter, struct sift_set *set, enum push_day least,
		struct error *err)
{
	const struct push_scope *scope = &sifter->plan->scope;
	struct sweep_options options = { .day = sifter->plan->day, .conditions = true };
	const char **policies =
			ARENA_NEW_ARRAY(&sifter->arena, const char *, scope->target_count + 1);

	set->by_target = ARENA_NEW_ARRAY(&sifter->arena, size_t, scope->target_count + 1);
	if (!policies || !set->by_target)
		return arena_error(&sifter->arena, err, "preparing a run");
	for (size_t i = 0; i < scope->target_count; i++) {
		set->by_target[i] = SIFT_NONE;
		if (scope->targets[i].may_fit && sifter->day[i] >= least)
			policies[options.policy_count++] = scope->targets[i].policy->id;
	}
	options.policies = policies;
	if (options.policy_count == 0)
		return true;
	set->sweep = sweep_new(scope->ruleset, &options, err);
	if (!set->sweep)
		return false;
	set->count = sweep_policy_count(set->sweep);
	set->targets = ARENA_NEW_ARRAY(&sifter->arena, struct sift_target, set->count + 1);
	if (!set->targets)
		return arena_error(&sifter->arena, err, "preparing a run");
	for (size_t i = 0; i < set->count; i++) {
		if (!target_make(sifter, set, i, err))
			return false;
	}
	return true;
}

static bool targets_look(struct push_sifter *sifter, struct error *err)
{
	const struct push_scope *scope = &sifter->plan->scope;

	sifter->by_series = ARENA_NEW_ARRAY(&sifter->arena, size_t, scope->series_end + 1);
	sifter->day = ARENA_NEW_ARRAY(&sifter->arena, enum push_day, scope->target_count + 1);
	if (!sifter->by_series || !sifter->day)
		return arena_error(&sifter->arena, err, "preparing a run");
	for (uint32_t i = 0; i < scope->series_end; i++)
		sifter->by_series[i] = SIFT_NONE;
	for (size_t i = 0; i < scope->target_count; i++) {
		enum push_day reads, amount_reads;

		if (!push_scope_reads_day(
				    scope, &scope->targets[i], &reads, &amount_reads, err))
			return false;
		sifter->day[i] = reads > amount_reads ? reads : amount_reads;
		sifter->by_series[scope->targets[i].series] = i;
	}
	return true;
}

struct push_sifter *push_sifter_new(
		const struct push_plan *plan, struct column_cache *columns, struct error *err)
{
	struct push_sifter *sifter = memory_alloc_zero(1, sizeof(*sifter));

	if (!sifter) {
		error_set(err, ERROR_MEMORY, "out of memory while preparing a run");
		return NULL;
	}
	sifter->plan = plan;
	sifter->columns = columns;
	arena_init(&sifter->arena, (size_t)64 << 20);
	if (targets_look(sifter, err) && set_make(sifter, &sifter->all, PUSH_DAY_NONE, err) &&
			set_make(sifter, &sifter->restless, PUSH_DAY_ANY, err) &&
			sift_day_init(sifter, err))
		return sifter;
	push_sifter_free(sifter);
	return NULL;
}

void push_sifter_free(struct push_sifter *sifter)
{
	if (!sifter)
		return;
	sweep_free(sifter->all.sweep);
	sweep_free(sifter->restless.sweep);
	arena_fini(&sifter->arena);
	memory_free(sifter);
}

/* --- the thread's part ----------------------------------------------------------------------- */

struct push_sift *push_sift_new(struct push_sifter *sifter, struct error *err)
{
	struct push_sift *sift = memory_alloc_zero(1, sizeof(*sift));
	size_t count = sifter->plan->scope.target_count;

	if (sift)
		sift->targets = memory_alloc_zero(count + 1, sizeof(*sift->targets));
	if (sift && sift->targets) {
		sift->sifter = sifter;
		return sift;
	}
	memory_free(sift);
	error_set(err, ERROR_MEMORY, "out of memory while preparing a run");
	return NULL;
}

static void desk_fini(struct sift_desk *desk)
{
	column_reader_free(desk->reader);
	sweep_work_free(desk->work);
	memory_free(desk->masks);
	*desk = (struct sift_desk){ 0 };
}

void push_sift_free(struct push_sift *sift)
{
	if (!sift)
		return;
	desk_fini(&sift->all);
	desk_fini(&sift->days);
	memory_free(sift->targets);
	memory_free(sift);
}

/* Makes it when it is not there. */
static bool desk_make(struct push_sift *sift, struct sift_desk *desk,
		const struct sift_set *set, const struct sweep_want *wants, size_t want_count,
		struct error *err)
{
	const struct push_sifter *sifter = sift->sifter;

	if (desk->reader)
		return true;
	desk->set = set;
	desk->masks = memory_alloc_zero(set->count + 1, sizeof(*desk->masks));
	if (!desk->masks)
		return error_set(err, ERROR_MEMORY, "out of memory while preparing a run");
	if (set->sweep)
		desk->work = sweep_work_new(set->sweep, err);
	if (desk->work || !set->sweep)
		desk->reader = column_reader_new(sifter->columns, sifter->plan->sequence, wants,
				want_count, err);
	if (desk->reader)
		return true;
	desk_fini(desk);
	return false;
}

/* --- masks ----------------------------------------------------------------------------------- */

static void verdict_take(const struct sift_desk *desk, size_t index,
		Policycalc__V1__Verdict verdict, uint64_t *out)
{
	uint64_t rows[SWEEP_WORDS];

	if (!sweep_verdict(desk->work, index, verdict, rows))
		return;
	for (size_t i = 0; i < SWEEP_WORDS; i++)
		out[i] |= rows[i];
}

bool sift_desk_sweep(struct sift_desk *desk, const struct sweep_source *source,
		const uint64_t *present, struct error *err)
{
	if (!desk->work)
		return true;
	if (!sweep_block(desk->work, source, present, err))
		return false;
	for (size_t i = 0; i < desk->set->count; i++) {
		struct sift_masks *masks = &desk->masks[i];

		*masks = (struct sift_masks){ 0 };
		verdict_take(desk, i, VERDICT(ELIGIBLE), masks->eligible);
		verdict_take(desk, i, VERDICT(INELIGIBLE), masks->ineligible);
		verdict_take(desk, i, VERDICT(NOT_OPEN), masks->not_open);
		verdict_take(desk, i, VERDICT(NEEDS_INFORMATION), masks->undecided);
		verdict_take(desk, i, VERDICT(NEEDS_REVIEW), masks->undecided);
		memcpy(masks->near, masks->ineligible, sizeof(masks->near));
		if (!sift_near_narrow(&desk->set->targets[i].near, desk->work, source,
				    masks->near, err))
			return false;
	}
	return true;
}

/* --- what was told --------------------------------------------------------------------------- */

static const struct push_target *target_of(
		const struct push_sift *sift, const struct sift_told *told)
{
	return &sift->sifter->plan->scope.targets[told->target];
}

bool sift_is_wanted(const struct push_sift *sift, const struct push_block *block,
		const struct sift_told *told)
{
	const Policycalc__V1__Subscription *wish;

	if (told_mark_aside(told->mark) != ASIDE_SUPPRESSED)
		return false;
	wish = push_block_wish(
			block, block->number * REGISTRY_BLOCK_SIZE + 1 + told->mark->row);
	for (int delta = 1; delta <= (int)DELTA_KIND(VERSION_CHANGED); delta++) {
		if (quiet_wants(wish, (Policycalc__V1__DeltaKind)delta,
				    target_of(sift, told)->policy->kind))
			return true;
	}
	return false;
}

/* What was raised, when anything is aside; else what was told. */
static struct told_state state_of(const struct sift_told *told)
{
	struct told_entry entry = told_view_entry(told->view, told->series, told->at);

	return entry.aside ? entry.raised : entry.told;
}

bool sift_is_closing(const struct push_sift *sift, const struct sift_told *told)
{
	const struct push_target *target = target_of(sift, told);
	int32_t today = sift->sifter->plan->today;

	return target->window_end && target->window_end >= today &&
	       target->window_end - today <= DELTA_CLOSING_DAYS &&
	       target->window_end != state_of(told).window_end;
}

/* Once a version. */
static bool near_is_told(const struct told_state *state)
{
	return state->kind == TOLD_NEAR || (state->kind == TOLD_LAPSED && state->distance);
}

bool sift_told_may_differ(const struct push_sift *sift, const struct sift_desk *desk,
		size_t index, const struct sift_told *told)
{
	const struct sift_target *target = &desk->set->targets[index];
	const struct sift_masks *masks = &desk->masks[index];
	uint32_t version = target_of(sift, told)->version;
	bool is_aside = told_mark_aside(told->mark) != ASIDE_NONE;
	bool was_eligible = told_mark_kind(told->mark) == TOLD_ELIGIBLE;
	unsigned row = told->mark->row;
	struct told_state state;

	if (sift_bit_has(masks->eligible, row))
		return !was_eligible || target->amount_reads_day ||
		       state_of(told).version != version || sift_is_closing(sift, told);
	if (sift_bit_has(masks->ineligible, row)) {
		if (was_eligible || (is_aside && target->reads_day))
			return true;
		if (!sift_bit_has(masks->near, row))
			return false;
		state = state_of(told);
		return state.version != version || (target->reads_day && !near_is_told(&state));
	}
	if (sift_bit_has(masks->not_open, row))
		return was_eligible || is_aside;
	return false;
}

/* Told it is lost, or what is aside is void. */
static bool mark_may_end(const struct told_mark *mark)
{
	return told_mark_told(mark) == TOLD_ELIGIBLE || told_mark_aside(mark) != ASIDE_NONE;
}

static bool is_due(const struct push_sift *sift, const struct push_block *block,
		const struct sift_told *told)
{
	size_t index = sift->sifter->all.by_target[told->target];

	/* Of a policy that nobody can have. */
	if (index == SIFT_NONE)
		return mark_may_end(told->mark) ||
		       (sift_bit_has(block->changed, told->mark->row) &&
				       told_mark_told(told->mark) != TOLD_NOTHING);
	return sift_bit_has(block->changed, told->mark->row) ||
	       sift_told_may_differ(sift, &sift->all, index, told) ||
	       sift_is_wanted(sift, block, told);
}

/* The series is none of the run's targets: who was told hears that it is gone, what is aside is void. */
static void gone_sift(struct push_sift *sift, const struct told_view *view, size_t series)
{
	if (!push_scope_has(&sift->sifter->plan->scope, view->series[series].series))
		return;
	for (size_t at = view->series[series].begin; at < view->series[series + 1].begin;
			at++) {
		if (mark_may_end(&view->marks[at]))
			sift_bit_put(sift->rows, view->marks[at].row);
	}
}

void sift_told(struct push_sift *sift, const struct push_block *block,
		bool (*due)(const struct push_sift *sift, const struct push_block *block,
				const struct sift_told *told))
{
	const struct push_sifter *sifter = sift->sifter;
	const struct told_view *view = &block->told;

	for (size_t i = 0; i < view->series_count; i++) {
		uint32_t number = view->series[i].series;
		struct sift_told told = { .view = view, .series = i, .target = SIFT_NONE };

		if (number < sifter->plan->scope.series_end)
			told.target = sifter->by_series[number];
		if (told.target == SIFT_NONE) {
			gone_sift(sift, view, i);
			continue;
		}
		for (told.at = view->series[i].begin; told.at < view->series[i + 1].begin;
				told.at++) {
			told.mark = &view->marks[told.at];
			sift_bit_put(sift->targets[told.target].told, told.mark->row);
			if (due(sift, block, &told))
				sift_bit_put(sift->targets[told.target].need, told.mark->row);
		}
	}
}

void sift_others(struct push_sift *sift, const struct sift_desk *desk, size_t index,
		const uint64_t *near_rows)
{
	const struct sift_masks *masks = &desk->masks[index];
	struct sift_rows *rows = &sift->targets[desk->set->targets[index].target];

	for (size_t k = 0; k < SWEEP_WORDS; k++) {
		uint64_t near = masks->near[k] & (near_rows ? near_rows[k] : UINT64_MAX);

		rows->need[k] |= (masks->eligible[k] | near) & ~rows->told[k];
	}
}

/* --- rows ------------------------------------------------------------------------------------ */

bool sift_row_work(struct push_sift *sift, struct push_block *block, unsigned row,
		const Policycalc__V1__Profile *profile, struct push_hands *hands,
		struct error *err)
{
	size_t count = sift->sifter->plan->scope.target_count;
	int64_t id = block->number * REGISTRY_BLOCK_SIZE + 1 + row;
	bool *wanted = NULL;
	struct block_row *added;

	/* What waits is found anew, so that all of it is asked. */
	if (!block->is_waiting_known || !push_block_is_waiting(block, id)) {
		wanted = ARENA_NEW_ARRAY(&block->arena, bool, count + 1);
		if (!wanted)
			return arena_error(&block->arena, err, "reading a block");
		for (size_t i = 0; i < count; i++)
			wanted[i] = sift_bit_has(sift->targets[i].need, row);
	}
	added = push_block_add_row(block, id, wanted, err);
	return added && push_block_work_row(block, added, profile, hands, err);
}

void sift_rows_join(struct push_sift *sift)
{
	for (size_t i = 0; i < sift->sifter->plan->scope.target_count; i++) {
		for (size_t k = 0; k < SWEEP_WORDS; k++)
			sift->rows[k] |= sift->targets[i].need[k];
	}
}

static size_t rows_count(const uint64_t *rows, const uint64_t *present)
{
	size_t count = 0;

	for (size_t i = 0; i < SWEEP_WORDS; i++)
		count += (size_t)__builtin_popcountll(rows[i] & present[i]);
	return count;
}

/* Enterprises whose facts the catalog refuses have no verdict at all. */
static void refused_count(
		const struct push_sift *sift, struct push_block *block, const uint64_t *present)
{
	const struct sift_masks *masks = sift->all.masks;

	for (size_t i = 0; sift->all.set->count && i < SWEEP_WORDS; i++) {
		uint64_t known = masks->eligible[i] | masks->ineligible[i] |
				 masks->not_open[i] | masks->undecided[i];

		block->errors += __builtin_popcountll(present[i] & ~known & block->changed[i]);
	}
}

/* The enterprise of a row: of all of the block the columns have them, of a few the registry. */
static bool row_profile(struct push_sift *sift, const struct sweep_source *source, unsigned row,
		bool is_few, struct arena *scratch, const Policycalc__V1__Profile **out_profile,
		struct error *err)
{
	if (is_few)
		return column_reader_ask(sift->all.reader, row, scratch, out_profile, err);
	return source->profile(source->context, row, scratch, out_profile, err);
}

static bool all_block(struct push_sift *sift, struct push_block *block,
		struct push_hands *hands, struct error *err)
{
	struct sift_desk *desk = &sift->all;
	uint64_t present[SWEEP_WORDS];
	struct sweep_source source;
	bool is_few;

	if (!column_reader_enter(desk->reader, block->number, &source, err))
		return false;
	memcpy(present, column_reader_present(desk->reader), sizeof(present));
	if (block->plan->changed_only) {
		for (size_t i = 0; i < SWEEP_WORDS; i++)
			present[i] &= block->changed[i];
	}
	if (!sift_desk_sweep(desk, &source, present, err))
		return false;
	sift_told(sift, block, is_due);
	for (size_t i = 0; i < desk->set->count; i++)
		sift_others(sift, desk, i,
				desk->set->targets[i].reads_day ? NULL : block->changed);
	sift_rows_join(sift);
	refused_count(sift, block, present);
	is_few = rows_count(sift->rows, present) <= FEW;
	for (unsigned row = 0; row < source.row_count; row++) {
		const Policycalc__V1__Profile *profile;

		if (!sift_bit_has(sift->rows, row) || !sift_bit_has(present, row))
			continue;
		arena_reset(&hands->scratch);
		if (!row_profile(sift, &source, row, is_few, &hands->scratch, &profile, err) ||
				!sift_row_work(sift, block, row, profile, hands, err))
			return false;
	}
	return true;
}

bool push_sift_block(struct push_sift *sift, struct push_block *block, struct push_hands *hands,
		struct error *err)
{
	const struct push_sifter *sifter = sift->sifter;
	const struct sweep_want *wants = NULL;
	size_t count = 0;

	memset(sift->rows, 0, sizeof(sift->rows));
	memset(sift->targets, 0, sifter->plan->scope.target_count * sizeof(*sift->targets));
	if (block->is_day)
		return desk_make(sift, &sift->days, &sifter->restless, sifter->wants,
				       sifter->want_count, err) &&
		       sift_day_block(sift, block, hands, err);
	if (sifter->all.sweep)
		wants = sweep_wants(sifter->all.sweep, &count);
	return desk_make(sift, &sift->all, &sifter->all, wants, count, err) &&
	       all_block(sift, block, hands, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps, what a thread works with, and its blocks; each policy is asked in sweep_ask.c. */
#include "calculator/sweep_internal.h"

#include "base/memory.h"
#include "rules/plane.h"

#include <assert.h>
#include <string.h>

#define SWEEP_BUDGET ((size_t)2 << 30)
#define CODES_BUDGET ((size_t)256 << 20)
#define ROW_BUDGET ((size_t)256 << 20)
#define ROW_ARENA ((size_t)1 << 20)
#define MEMO_BUDGET ((size_t)256 << 20)

/* --- the sweep --------------------------------------------------------------------------------- */

struct sweep *sweep_new(const struct ruleset *ruleset, const struct sweep_options *options,
		struct error *err)
{
	struct sweep *sweep;
	struct date day;

	if (!options->day || !date_parse(slice_from(options->day), &day)) {
		error_set(err, ERROR_INVALID,
				"the day of a sweep is not in the form YYYY-MM-DD");
		return NULL;
	}
	sweep = memory_alloc_zero(1, sizeof(*sweep));
	if (!sweep) {
		error_set(err, ERROR_MEMORY, "no memory for a sweep");
		return NULL;
	}
	arena_init(&sweep->arena, SWEEP_BUDGET);
	sweep->ruleset = ruleset_ref((struct ruleset *)ruleset);
	sweep->as_of = day;
	sweep->conditions = options->conditions;
	sweep->epoch = epoch_pin(ruleset, date_to_days(day));
	if (!sweep->epoch)
		error_set(err, ERROR_MEMORY, "no memory for the epoch of the day");
	if (sweep->epoch && sweep_build(sweep, options, err))
		return sweep;
	sweep_free(sweep);
	return NULL;
}

void sweep_free(struct sweep *sweep)
{
	if (!sweep)
		return;
	atoms_free(sweep->atoms);
	epoch_unpin(sweep->ruleset, sweep->epoch);
	ruleset_unref(sweep->ruleset);
	arena_fini(&sweep->arena);
	memory_free(sweep);
}

const struct sweep_want *sweep_wants(const struct sweep *sweep, size_t *out_count)
{
	*out_count = sweep->want_count;
	return sweep->wants;
}

size_t sweep_policy_count(const struct sweep *sweep)
{
	return sweep->policy_count;
}

const Policycalc__V1__Policy *sweep_policy(const struct sweep *sweep, size_t index)
{
	assert(index < sweep->policy_count);
	return sweep->policies[index].rules->policy;
}

const char *sweep_policy_list(const struct sweep *sweep, size_t index)
{
	assert(index < sweep->policy_count);
	return item_list_name(sweep->policies[index].rules->list);
}

bool sweep_policy_reads(const struct sweep *sweep, size_t index, const char *attribute)
{
	const struct policy_rules *rules = sweep->policies[index].rules;
	const struct entry *entry = map_find(
			&sweep->ruleset->entry_names[LIST_ENTERPRISE], slice_from(attribute));

	assert(index < sweep->policy_count);
	/* What is read is told by what derived attributes rest on. */
	if (entry && entry->attribute->derived)
		return true;
	for (size_t i = 0; entry && i < entry->variant_count; i++) {
		if (slot_bits_has(rules->reads, entry->variants[i].slot))
			return true;
	}
	return false;
}

size_t sweep_condition_count(const struct sweep *sweep, size_t policy)
{
	assert(policy < sweep->policy_count);
	return sweep->policies[policy].rules->clause_count;
}

const Policycalc__V1__Condition *sweep_condition(
		const struct sweep *sweep, size_t policy, size_t index)
{
	assert(index < sweep_condition_count(sweep, policy));
	return sweep->policies[policy].rules->clauses[index].condition;
}

const Policycalc__V1__Condition *sweep_list_condition(const struct sweep *sweep, size_t policy)
{
	assert(policy < sweep->policy_count);
	return sweep->policies[policy].list_condition;
}

bool sweep_condition_is_per_item(const struct sweep *sweep, size_t policy, size_t index)
{
	assert(index < sweep_condition_count(sweep, policy));
	return sweep->policies[policy].rules->clauses[index].per_item;
}

/* --- what one thread works with ---------------------------------------------------------------- */

static bool conditions_init(struct sweep_work *work)
{
	const struct sweep *sweep = work->sweep;

	for (size_t i = 0; sweep->conditions && i < sweep->policy_count; i++) {
		size_t count = sweep->policies[i].rules->clause_count;

		work->results[i].conditions = ARENA_NEW_ARRAY(
				&work->memo_arena, uint64_t *, count * SWEEP_STATUSES + 1);
		if (!work->results[i].conditions)
			return false;
	}
	return true;
}

static bool work_init(struct sweep_work *work)
{
	const struct sweep *sweep = work->sweep;
	const struct ruleset *ruleset = sweep->ruleset;

	work->block = block_new(sweep->atoms, ruleset->scopes[LIST_ENTERPRISE]);
	work->sent = memory_alloc_zero(ruleset->base_count + 1, sizeof(*work->sent));
	work->raws = memory_alloc_zero(sweep->want_count + 1, sizeof(*work->raws));
	work->codes = memory_alloc_zero(ruleset->base_count + 1, sizeof(*work->codes));
	work->tables = memory_alloc_zero(ruleset->base_count + 1, sizeof(*work->tables));
	work->results = memory_alloc_zero(sweep->policy_count + 1, sizeof(*work->results));
	arena_init(&work->code_arena, CODES_BUDGET);
	arena_init(&work->memo_arena, MEMO_BUDGET);
	arena_init(&work->arena, ROW_BUDGET);
	/* So large that few enterprises make it grow. */
	(void)arena_reserve(&work->arena, ROW_ARENA);
	return work->block && work->sent && work->raws && work->codes && work->tables &&
	       work->results && work->arena.blocks && conditions_init(work) &&
	       sweep_rows_init(work) && sweep_plans_init(work) && sweep_orders_init(work) &&
	       clause_memo_init(&work->memo, ruleset, &work->memo_arena);
}

struct sweep_work *sweep_work_new(const struct sweep *sweep, struct error *err)
{
	struct sweep_work *work = memory_alloc_zero(1, sizeof(*work));

	if (work) {
		work->sweep = sweep;
		if (work_init(work))
			return work;
	}
	sweep_work_free(work);
	error_set(err, ERROR_MEMORY, "no memory for a sweep");
	return NULL;
}

void sweep_work_free(struct sweep_work *work)
{
	if (!work)
		return;
	for (size_t i = 0; work->codes && i < work->sweep->ruleset->base_count; i++)
		map_fini(&work->codes[i]);
	for (size_t i = 0; work->tables && i < work->sweep->ruleset->base_count; i++) {
		memory_free(work->tables[i].numbers);
		memory_free(work->tables[i].states);
	}
	block_free(work->block);
	memory_free(work->sent);
	memory_free(work->raws);
	memory_free(work->codes);
	memory_free(work->tables);
	memory_free(work->results);
	arena_fini(&work->code_arena);
	arena_fini(&work->memo_arena);
	arena_fini(&work->arena);
	memory_free(work);
}

uint64_t *sweep_plane_new(struct sweep_work *work)
{
	uint64_t *plane = block_room(work->block, SWEEP_WORDS);

	return plane ? memset(plane, 0, SWEEP_WORDS * sizeof(*plane)) : NULL;
}

static bool fail_memory(struct error *err)
{
	return error_set(err, ERROR_MEMORY, "no memory for the results of a sweep");
}

/* --- a block ----------------------------------------------------------------------------------- */

static bool on_column(
		void *context, int slot, struct block_column *out_column, struct error *err)
{
	return sweep_column_read(context, slot, out_column, err);
}

static void rows_choose(struct sweep_work *work, const struct sweep_source *source,
		const uint64_t *rows)
{
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		size_t first = i * 64;
		uint64_t there = 0;

		if (source->row_count >= first + 64)
			there = UINT64_MAX;
		else if (source->row_count > first)
			there = (UINT64_C(1) << (source->row_count - first)) - 1;
		work->rows[i] = there & (rows ? rows[i] : UINT64_MAX);
	}
}

static void results_clear(struct sweep_work *work)
{
	for (size_t i = 0; i < work->sweep->policy_count; i++) {
		uint64_t **conditions = work->results[i].conditions;

		work->results[i] = (struct sweep_result){ .conditions = conditions };
	}
}

bool sweep_block(struct sweep_work *work, const struct sweep_source *source,
		const uint64_t *rows, struct error *err)
{
	const struct sweep *sweep = work->sweep;
	struct block_source columns = { work, on_column };

	assert(source->row_count <= SWEEP_ROWS);
	work->done = work->undone = false;
	work->source = source;
	work->round++;
	rows_choose(work, source, rows);
	if (!block_enter(work->block, work->rows, &columns))
		return fail_memory(err);
	results_clear(work);
	if (!sweep_orders_renew(work, err))
		return false;
	for (size_t i = 0; i < sweep->policy_count; i++) {
		if (sweep->conditions ? !sweep_ask_conditions(work, i, err)
				      : !sweep_ask_policy(work, i, err))
			return false;
	}
	if (!sweep_rows_ask(work, err))
		return false;
	work->done = true;
	return true;
}

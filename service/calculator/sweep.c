/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking a block. Of each policy the conditions that columns answer come first, as one conjunction:
 *
 *     no   > asked             > unstated, error, left to people > yes
 *     INELIGIBLE > NEEDS_INFORMATION > NEEDS_REVIEW              > ELIGIBLE
 *
 * which is the order of verdicts, so that rows that one condition rules out are asked nothing more.
 * The rest is asked of the enterprises themselves, all policies of one at a time.
 */
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

/* --- one policy -------------------------------------------------------------------------------- */

/* The planes of a condition that is left to people where neither rule settles it. */
static bool judged_ask(struct sweep_work *work, const struct sweep_clause *clause,
		const uint64_t *need, uint64_t *planes, struct error *err)
{
	struct block_answer met;
	struct block_answer fails;

	if (!block_ask(work->block, clause->literal, need, &met, err) ||
			!block_ask(work->block, clause->fails, need, &fails, err))
		return false;
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		uint64_t rows = need[i];
		uint64_t yes = rows & met.yes[i];
		uint64_t no = rows & (met.sure ? ~met.yes[i] : met.no[i]);
		uint64_t asked = met.sure ? 0 : rows & met.asked[i];
		uint64_t unstated = met.sure ? 0 : rows & met.unstated[i];
		uint64_t failed = no & fails.yes[i];
		uint64_t error = fails.sure ? 0
					    : no & ~(fails.yes[i] | fails.no[i] |
								   fails.asked[i] |
								   fails.unstated[i]);

		planes[STATUS(MET) * SWEEP_WORDS + i] = yes;
		planes[STATUS(NOT_MET) * SWEEP_WORDS + i] = failed;
		planes[STATUS(UNKNOWN) * SWEEP_WORDS + i] = asked;
		planes[STATUS(REVIEW) * SWEEP_WORDS + i] = unstated | (no & ~(failed | error));
		planes[STATUS(ERROR) * SWEEP_WORDS + i] =
				error | (rows & ~(yes | no | asked | unstated));
	}
	return true;
}

static bool plain_ask(struct sweep_work *work, const struct sweep_clause *clause,
		const uint64_t *need, uint64_t *planes, struct error *err)
{
	struct block_answer answer;

	if (!block_ask(work->block, clause->literal, need, &answer, err))
		return false;
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		uint64_t yes = need[i] & answer.yes[i];
		uint64_t no = need[i] & (answer.sure ? ~answer.yes[i] : answer.no[i]);
		uint64_t asked = answer.sure ? 0 : need[i] & answer.asked[i];
		uint64_t unstated = answer.sure ? 0 : need[i] & answer.unstated[i];

		planes[STATUS(MET) * SWEEP_WORDS + i] = yes;
		planes[STATUS(NOT_MET) * SWEEP_WORDS + i] = no;
		planes[STATUS(UNKNOWN) * SWEEP_WORDS + i] = asked;
		planes[STATUS(REVIEW) * SWEEP_WORDS + i] = unstated;
		planes[STATUS(ERROR) * SWEEP_WORDS + i] =
				need[i] & ~(yes | no | asked | unstated);
	}
	return true;
}

/* What people judge is neither yes nor no nor asked. */
static bool rows_join_planes(struct plane_standing *rows, const uint64_t *planes)
{
	return plane_standing_join(rows, planes + (size_t)STATUS(MET) * SWEEP_WORDS,
			planes + (size_t)STATUS(NOT_MET) * SWEEP_WORDS,
			planes + (size_t)STATUS(UNKNOWN) * SWEEP_WORDS);
}

static bool result_store(struct sweep_work *work, const struct sweep_policy *policy,
		struct plane_standing *rows, struct sweep_result *result)
{
	bool sure = !rows->doubtful && !policy->by_rows;
	uint64_t *planes = block_room(work->block, (sure ? 1 : 3) * (size_t)SWEEP_WORDS);

	if (!planes)
		return false;
	result->eligible = planes;
	if (sure) {
		memcpy(result->eligible, rows->alive, sizeof(rows->alive));
		return true;
	}
	result->asked = planes + SWEEP_WORDS;
	result->review = planes + (size_t)2 * SWEEP_WORDS;
	plane_standing_doubt(rows);
	plane_standing_part(rows, result->eligible, result->asked, result->review);
	return true;
}

bool sweep_items_find(struct sweep_work *work, enum item_list list,
		const struct sweep_items **out_items, struct error *err)
{
	const struct sweep_source *source = work->source;
	struct sweep_items *items = &work->items[list];

	*out_items = NULL;
	if (!source->items)
		return true;
	if (work->items_round[list] != work->round) {
		*items = (struct sweep_items){ 0 };
		if (!source->items(source->context, item_list_name(list), items, err))
			return false;
		if (!items->some)
			items->some = plane_zeros;
		if (!items->complete)
			items->complete = plane_zeros;
		work->items_round[list] = work->round;
	}
	*out_items = items;
	return true;
}

/* Without items one waits for them, or has none: as the items of one enterprise are asked. */
static void items_rule_out(const struct sweep_items *items, struct plane_standing *rows)
{
	plane_standing_doubt(rows);
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		rows->alive[i] &= items->some[i] | ~items->complete[i];
		rows->asked[i] |= rows->alive[i] & ~items->some[i];
	}
}

/*
 * Writes down how the rows stand. Those that are not ruled out are asked themselves, of conditions
 * all; without items there is nothing to ask about items.
 */
static bool rows_store(struct sweep_work *work, const struct sweep_policy *policy,
		struct plane_standing *rows, struct sweep_result *result, struct error *err)
{
	bool for_items = policy->rules->list != LIST_ENTERPRISE;
	const struct sweep_items *items = NULL;

	if (for_items && !sweep_items_find(work, policy->rules->list, &items, err))
		return false;
	if (items)
		items_rule_out(items, rows);
	if (!result_store(work, policy, rows, result))
		return fail_memory(err);
	if (!policy->by_rows)
		return true;
	result->pending = sweep_plane_new(work);
	if (!result->pending)
		return fail_memory(err);
	memcpy(result->pending, work->sweep->conditions ? work->rows : rows->alive,
			sizeof(work->rows));
	result->undone = true;
	if (items && !policy->by_values && !policy->by_profile)
		result->undone = plane_cut(result->pending, items->some, false);
	work->undone |= result->undone;
	return true;
}

/* Joins more conditions; *out_left: whether any row is left. */
static bool literals_ask(struct sweep_work *work, const uint32_t *literals, size_t count,
		struct plane_standing *rows, bool *out_left, struct error *err)
{
	struct block_mark mark = block_mark(work->block);

	for (size_t i = 0; *out_left && i < count; i++) {
		struct block_answer answer;
		uint32_t literal = literals[i];
		/* Of what is sure the negation is as quick as the thing itself. */
		if (!block_ask(work->block, literal & ~1u, rows->alive, &answer, err))
			return false;
		if (answer.sure) {
			*out_left = plane_cut(rows->alive, answer.yes, literal % 2);
		} else {
			*out_left = plane_standing_join(rows,
					literal % 2 ? answer.no : answer.yes,
					literal % 2 ? answer.yes : answer.no, answer.asked);
		}
		block_rewind(work->block, mark);
	}
	return true;
}

/* What is known of all rows is put together first, the rest asked one after the other. */
static bool plan_ask(struct sweep_work *work, const struct sweep_plan *plan,
		struct plane_standing *rows, bool *out_left, struct error *err)
{
	const uint32_t *literals = work->plan_literals + plan->at;
	struct block_parts parts;

	*out_left = block_parts_find(work->block, literals, plan->part_count, &parts) &&
		    block_parts_choose(work->block, &parts, rows->alive);
	rows->doubtful = false;
	return literals_ask(work, parts.asked, parts.asked_count, rows, out_left, err) &&
	       literals_ask(work, literals + plan->part_count, plan->other_count, rows,
			       out_left, err);
}

/* Joins the conditions that people judge. */
static bool judged_join(struct sweep_work *work, const struct sweep_policy *policy,
		struct plane_standing *rows, bool *out_left, struct error *err)
{
	uint64_t planes[SWEEP_STATUSES * SWEEP_WORDS];

	for (size_t i = 0; *out_left && i < policy->rules->clause_count; i++) {
		struct block_mark mark = block_mark(work->block);

		if (policy->clauses[i].kind != SWEEP_JUDGED)
			continue;
		if (!judged_ask(work, &policy->clauses[i], rows->alive, planes, err))
			return false;
		*out_left = rows_join_planes(rows, planes);
		block_rewind(work->block, mark);
	}
	return true;
}

static bool policy_ask(struct sweep_work *work, size_t index, struct error *err)
{
	const struct sweep_policy *policy = &work->sweep->policies[index];
	const struct sweep_plan *plan = &work->plans[index];
	struct sweep_result *result = &work->results[index];
	struct plane_standing rows;
	bool left;

	if (!plan_ask(work, plan, &rows, &left, err))
		return false;
	if (left && plan->judged && !judged_join(work, policy, &rows, &left, err))
		return false;
	if (left && !rows_store(work, policy, &rows, result, err))
		return false;
	result->some = left && !result->asked;
	return true;
}

/* With every condition of all rows. */
static bool policy_ask_conditions(struct sweep_work *work, const struct sweep_policy *policy,
		struct sweep_result *result, struct error *err)
{
	struct plane_standing rows;

	plane_standing_init(&rows, work->rows);
	for (size_t i = 0; i < policy->rules->clause_count; i++) {
		const struct sweep_clause *clause = &policy->clauses[i];
		struct block_mark mark = block_mark(work->block);
		uint64_t *planes = block_room(work->block, SWEEP_STATUSES * SWEEP_WORDS);

		if (!planes)
			return fail_memory(err);
		memset(planes, 0, SWEEP_STATUSES * SWEEP_WORDS * sizeof(*planes));
		for (size_t k = 0; k < SWEEP_STATUSES; k++)
			result->conditions[i * SWEEP_STATUSES + k] = planes + k * SWEEP_WORDS;
		if (clause->kind != SWEEP_PLAIN && clause->kind != SWEEP_JUDGED)
			continue;
		if (clause->kind == SWEEP_JUDGED ? !judged_ask(work, clause, work->rows, planes,
								   err)
						 : !plain_ask(work, clause, work->rows, planes,
								   err))
			return false;
		(void)rows_join_planes(&rows, planes);
		block_rewind(work->block, mark);
	}
	return rows_store(work, policy, &rows, result, err);
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
		if (sweep->conditions ? !policy_ask_conditions(work, &sweep->policies[i],
							&work->results[i], err)
				      : !policy_ask(work, i, err))
			return false;
	}
	if (!sweep_rows_ask(work, err))
		return false;
	work->done = true;
	return true;
}

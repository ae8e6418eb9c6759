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

#include "rules/plane.h"

#include <string.h>

#define FETCH_AHEAD 3 /* policies between two steps */

static bool fail_memory(struct error *err)
{
	return error_set(err, ERROR_MEMORY, "no memory for the results of a sweep");
}

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
	uint64_t *planes;

	if (!rows->doubtful && !policy->by_rows) {
		result->packed = block_pack(work->block, rows->alive);
		return result->packed != NULL;
	}
	planes = block_room(work->block, (size_t)3 * SWEEP_WORDS);
	if (!planes)
		return false;
	result->eligible = planes;
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

/* What the next policies read lies far apart: it is on its way before they come. */
static void policies_fetch(const struct sweep_work *work, size_t index)
{
	for (unsigned step = 0; step < BLOCK_FETCH_STEPS; step++) {
		size_t next = index + (size_t)(BLOCK_FETCH_STEPS - step) * FETCH_AHEAD;
		const struct sweep_plan *plan;

		if (next >= work->sweep->policy_count)
			continue;
		plan = &work->plans[next];
		if (plan->other_count)
			block_fetch(work->block,
					work->plan_literals[plan->at + plan->part_count], step);
	}
}

bool sweep_ask_policy(struct sweep_work *work, size_t index, struct error *err)
{
	const struct sweep_policy *policy = &work->sweep->policies[index];
	const struct sweep_plan *plan = &work->plans[index];
	struct sweep_result *result = &work->results[index];
	struct plane_standing rows;
	bool left;

	policies_fetch(work, index);
	if (!plan_ask(work, plan, &rows, &left, err))
		return false;
	if (left && plan->judged && !judged_join(work, policy, &rows, &left, err))
		return false;
	if (left && !rows.doubtful && !plan->by_rows) {
		/* As rows_store() does, which reads more of the policy. */
		result->packed = block_pack(work->block, rows.alive);
		return result->packed || fail_memory(err);
	}
	return !left || rows_store(work, policy, &rows, result, err);
}

bool sweep_ask_conditions(struct sweep_work *work, size_t index, struct error *err)
{
	const struct sweep_policy *policy = &work->sweep->policies[index];
	struct sweep_result *result = &work->results[index];
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

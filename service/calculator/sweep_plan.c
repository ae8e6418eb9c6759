/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policies as one thread goes through them, block after block: all their literals in one run of memory,
 * since there are more of them than any near cache holds. First come those whose answers are kept, so that
 * all that is known of them is put together in one pass; the others follow, of the rows that are left.
 */
#include "calculator/sweep_internal.h"

void sweep_plan_write(struct sweep_work *work, size_t index, const uint32_t *literals)
{
	struct sweep_plan *plan = &work->plans[index];
	size_t count = work->sweep->policies[index].literal_count;
	uint32_t *out = work->plan_literals + plan->at;
	uint32_t *others = out;
	uint32_t part;

	plan->part_count = 0;
	for (size_t i = 0; i < count && plan->part_count < BLOCK_PARTS_MOST; i++)
		plan->part_count += block_part(work->block, literals[i], &part);
	plan->other_count = (uint32_t)count - plan->part_count;
	others += plan->part_count;
	for (size_t i = 0; i < count; i++) {
		if (out < work->plan_literals + plan->at + plan->part_count &&
				block_part(work->block, literals[i], &part))
			*out++ = part;
		else
			*others++ = literals[i];
	}
}

static bool is_judged(const struct sweep_policy *policy)
{
	for (size_t i = 0; i < policy->rules->clause_count; i++) {
		if (policy->clauses[i].kind == SWEEP_JUDGED)
			return true;
	}
	return false;
}

bool sweep_plans_init(struct sweep_work *work)
{
	const struct sweep *sweep = work->sweep;
	size_t count = 0;

	for (size_t i = 0; i < sweep->policy_count; i++)
		count += sweep->policies[i].literal_count;
	work->plans = ARENA_NEW_ARRAY(
			&work->memo_arena, struct sweep_plan, sweep->policy_count + 1);
	work->plan_literals = ARENA_NEW_ARRAY(&work->memo_arena, uint32_t, count + 1);
	if (!work->plans || !work->plan_literals)
		return false;
	count = 0;
	for (size_t i = 0; i < sweep->policy_count; i++) {
		const struct sweep_policy *policy = &sweep->policies[i];

		work->plans[i].at = (uint32_t)count;
		work->plans[i].judged = is_judged(policy);
		work->plans[i].by_rows = policy->by_rows;
		work->plans[i].open = policy->open;
		sweep_plan_write(work, i, policy->literals);
		count += policy->literal_count;
	}
	return true;
}

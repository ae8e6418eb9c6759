/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions are counted by planes, all rows of a block at once; only what is waited for, and policies
 * granted for items of those who have some, are asked firm by firm.
 */
#include "reports/blocked_internal.h"

#include "base/memory.h"

#include <string.h>

struct blocked *blocked_new(const struct sweep *sweep, struct arena *arena)
{
	struct blocked *blocked = ARENA_NEW(arena, struct blocked);
	size_t count = sweep_policy_count(sweep);

	if (!blocked)
		return NULL;
	blocked->sweep = sweep;
	blocked->arena = arena;
	blocked->policies = ARENA_NEW_ARRAY(arena, struct blocked_policy, count + 1);
	blocked->policy_count = count;
	if (!blocked->policies)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct blocked_policy *policy = &blocked->policies[i];
		const char *list = sweep_policy_list(sweep, i);

		policy->condition_count = sweep_condition_count(sweep, i);
		/* And that there is an item at all. */
		policy->conditions = ARENA_NEW_ARRAY(
				arena, struct blocked_condition, policy->condition_count + 1);
		if (!policy->conditions)
			return NULL;
		for (size_t k = 0; *list && k < BLOCKED_LISTS && !policy->list; k++) {
			if (!blocked->lists[k].name)
				blocked->lists[k].name = list;
			if (strcmp(blocked->lists[k].name, list) == 0)
				policy->list = &blocked->lists[k];
		}
	}
	return blocked;
}

void blocked_fini(struct blocked *blocked)
{
	for (size_t i = 0; blocked && blocked->policies && i < blocked->policy_count; i++)
		memory_free(blocked->policies[i].lacks);
}

/* --- a block ---------------------------------------------------------------------------------- */

bool blocked_enter_block(struct blocked *blocked, const struct sweep_work *work,
		const struct rows_block *block, struct error *err)
{
	for (size_t i = 0; i < BLOCKED_LISTS && blocked->lists[i].name; i++) {
		struct blocked_list *list = &blocked->lists[i];
		struct sweep_items items = { 0 };

		if (!block->source.items(block->source.context, list->name, &items, err))
			return false;
		memset(list->some, 0, sizeof(list->some));
		memset(list->complete, 0, sizeof(list->complete));
		if (items.some)
			memcpy(list->some, items.some, sizeof(list->some));
		if (items.complete)
			memcpy(list->complete, items.complete, sizeof(list->complete));
	}
	for (size_t i = 0; i < blocked->policy_count; i++) {
		struct blocked_policy *policy = &blocked->policies[i];

		memset(policy->waiting, 0, sizeof(policy->waiting));
		(void)sweep_verdict(work, i, VERDICT(NEEDS_INFORMATION), policy->waiting);
	}
	return true;
}

/* --- one firm --------------------------------------------------------------------------------- */

static bool lacks_reserve(struct blocked_policy *policy, uint32_t count)
{
	uint32_t capacity = policy->lack_capacity ? policy->lack_capacity : 32;
	struct blocked_lack *grown;

	if (count <= policy->lack_capacity)
		return true;
	while (capacity < count)
		capacity *= 2;
	grown = memory_resize(policy->lacks, capacity * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + policy->lack_capacity, 0,
			(capacity - policy->lack_capacity) * sizeof(*grown));
	policy->lacks = grown;
	policy->lack_capacity = capacity;
	return true;
}

/* What is missing alone is not among others. */
static bool lacks_add(struct blocked_policy *policy, struct look *look,
		const struct look_lacks *lacks)
{
	if (!lacks_reserve(policy, look_name_count(look)))
		return false;
	for (size_t i = 0; i < lacks->count; i++) {
		struct blocked_lack *lack = &policy->lacks[lacks->numbers[i]];

		lack->alone += lacks->count == 1;
		lack->among += lacks->count != 1;
	}
	return true;
}

static struct blocked_condition *condition_find(
		const struct blocked *blocked, struct blocked_policy *policy, const char *id)
{
	size_t index = (size_t)(policy - blocked->policies);

	for (size_t i = 0; i < policy->condition_count; i++) {
		if (strcmp(sweep_condition(blocked->sweep, index, i)->id, id) == 0)
			return &policy->conditions[i];
	}
	return &policy->conditions[policy->condition_count];
}

/* Notes how conditions stand; adds those that fail to *out_failing, the last of them in *out_one. */
static void conditions_note(const struct blocked *blocked, struct blocked_policy *policy,
		Policycalc__V1__ConditionAnswer *const *conditions, size_t count,
		size_t *out_failing, struct blocked_condition **out_one)
{
	for (size_t i = 0; i < count; i++) {
		struct blocked_condition *condition =
				condition_find(blocked, policy, conditions[i]->id);

		condition->is_seen = true;
		condition->of_firm.unknown |= conditions[i]->status == STATUS(UNKNOWN);
		condition->of_firm.review |= conditions[i]->status == STATUS(REVIEW);
		if (conditions[i]->status != STATUS(NOT_MET))
			continue;
		condition->of_firm.fails = true;
		*out_one = condition;
		++*out_failing;
	}
}

/*
 * A condition keeps the firm out alone when it is the only one that fails: of a policy granted per
 * item, for some item.
 */
static void items_add(const struct blocked *blocked, struct blocked_policy *policy,
		const Policycalc__V1__PolicyAnswer *answer)
{
	struct blocked_condition *one = NULL;
	size_t failing = 0;

	conditions_note(blocked, policy, answer->conditions, answer->n_conditions, &failing,
			&one);
	for (size_t i = 0; i < answer->n_items; i++) {
		struct blocked_condition *last = one;
		size_t all = failing;

		conditions_note(blocked, policy, answer->items[i]->conditions,
				answer->items[i]->n_conditions, &all, &last);
		if (all == 1)
			last->of_firm.alone = true;
	}
	for (size_t i = 0; i <= policy->condition_count; i++) {
		struct blocked_condition *condition = &policy->conditions[i];

		condition->unknown += condition->of_firm.unknown;
		condition->review += condition->of_firm.review;
		if (answer->conditions_verdict == VERDICT(INELIGIBLE)) {
			condition->alone += condition->of_firm.alone;
			condition->among +=
					condition->of_firm.fails && !condition->of_firm.alone;
		}
		memset(&condition->of_firm, 0, sizeof(condition->of_firm));
	}
}

bool blocked_add_firm(struct blocked *blocked, struct look *look, const struct sweep_work *work,
		unsigned row, struct error *err)
{
	blocked->look = look;
	for (size_t i = 0; i < blocked->policy_count; i++) {
		struct blocked_policy *policy = &blocked->policies[i];
		Policycalc__V1__PolicyAnswer *answer;
		struct look_lacks lacks;

		if (rows_has(policy->waiting, row)) {
			if (!look_lacks(look, work, row, i, &lacks, err))
				return false;
			if (!lacks_add(policy, look, &lacks))
				return error_set(err, ERROR_MEMORY,
						"out of memory while adding up answers");
		}
		if (!policy->list || !rows_has(policy->list->some, row))
			continue;
		if (!look_statuses(look, i, &answer, err))
			return false;
		items_add(blocked, policy, answer);
	}
	return true;
}

/* --- the rows of a block ---------------------------------------------------------------------- */

/* Rows in which at least one condition fails, and in which at least two do. */
struct failing {
	uint64_t once[SWEEP_WORDS];
	uint64_t twice[SWEEP_WORDS];
};

static void failing_add(struct failing *failing, const uint64_t *rows)
{
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		failing->twice[i] |= failing->once[i] & rows[i];
		failing->once[i] |= rows[i];
	}
}

static void condition_add(struct blocked_condition *condition, const struct failing *failing,
		const uint64_t *not_met)
{
	int64_t alone = 0;
	int64_t all = 0;

	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		alone += __builtin_popcountll(not_met[i] & ~failing->twice[i]);
		all += __builtin_popcountll(not_met[i]);
	}
	condition->alone += alone;
	condition->among += all - alone;
}

static void rows_cut(uint64_t *rows, const uint64_t *among)
{
	for (size_t i = 0; i < SWEEP_WORDS; i++)
		rows[i] &= among[i];
}

/* The rows of a condition in one status, among @rows; the last condition is that there is an item. */
static bool status_rows(const struct blocked *blocked, const struct sweep_work *work,
		size_t policy, size_t condition, Policycalc__V1__ConditionStatus status,
		const uint64_t *rows, uint64_t *out_rows)
{
	const struct blocked_policy *of = &blocked->policies[policy];

	if (condition < of->condition_count) {
		if (!sweep_condition_status(work, policy, condition, status, out_rows))
			return false;
		rows_cut(out_rows, rows);
		return true;
	}
	if (!of->list || (status != STATUS(NOT_MET) && status != STATUS(UNKNOWN)))
		return false;
	for (size_t i = 0; i < SWEEP_WORDS; i++)
		out_rows[i] = rows[i] & (status == STATUS(NOT_MET) ? of->list->complete[i]
								   : ~of->list->complete[i]);
	return true;
}

/* Of rows that have no items: whatever fails keeps out. */
static void policy_add(struct blocked *blocked, const struct sweep_work *work, size_t index,
		const uint64_t *rows)
{
	struct blocked_policy *policy = &blocked->policies[index];
	struct failing failing = { 0 };
	uint64_t in_status[SWEEP_WORDS];
	bool any = rows_count(rows, NULL) > 0;

	for (size_t i = 0; any && i <= policy->condition_count; i++) {
		struct blocked_condition *condition = &policy->conditions[i];

		if (i < policy->condition_count &&
				sweep_condition_is_per_item(blocked->sweep, index, i))
			continue;
		condition->is_seen |= i < policy->condition_count || policy->list;
		if (status_rows(blocked, work, index, i, STATUS(NOT_MET), rows, in_status))
			failing_add(&failing, in_status);
		if (status_rows(blocked, work, index, i, STATUS(UNKNOWN), rows, in_status))
			condition->unknown += rows_count(in_status, NULL);
		if (status_rows(blocked, work, index, i, STATUS(REVIEW), rows, in_status))
			condition->review += rows_count(in_status, NULL);
	}
	for (size_t i = 0; any && i <= policy->condition_count; i++) {
		if (i < policy->condition_count &&
				sweep_condition_is_per_item(blocked->sweep, index, i))
			continue;
		if (status_rows(blocked, work, index, i, STATUS(NOT_MET), rows, in_status))
			condition_add(&policy->conditions[i], &failing, in_status);
	}
}

void blocked_add_block(
		struct blocked *blocked, const struct sweep_work *work, const uint64_t *rows)
{
	for (size_t i = 0; i < blocked->policy_count; i++) {
		struct blocked_policy *policy = &blocked->policies[i];
		uint64_t own[SWEEP_WORDS];

		for (int verdict = VERDICT(UNSPECIFIED) + 1; verdict < BLOCKED_VERDICTS;
				verdict++) {
			if (sweep_verdict(work, i, (Policycalc__V1__Verdict)verdict, own))
				policy->verdicts[verdict] += rows_count(own, rows);
		}
		policy->is_seen |= rows_count(rows, NULL) > 0;
		memcpy(own, rows, sizeof(own));
		for (size_t k = 0; policy->list && k < SWEEP_WORDS; k++)
			own[k] &= ~policy->list->some[k];
		policy_add(blocked, work, i, own);
	}
}

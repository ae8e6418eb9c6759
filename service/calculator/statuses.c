/* SPDX-License-Identifier: Apache-2.0 */
/* Answers for those who count: how everything stands, and not a word of why. */
#include "calculator/answer.h"

static Policycalc__V1__ConditionAnswer *status_answer(const struct facts *facts,
		const Policycalc__V1__Condition *condition,
		Policycalc__V1__ConditionStatus status)
{
	Policycalc__V1__ConditionAnswer *answer =
			ARENA_NEW(facts->arena, Policycalc__V1__ConditionAnswer);

	if (!answer)
		return NULL;
	policycalc__v1__condition_answer__init(answer);
	answer->id = condition->id;
	answer->role = condition->role;
	answer->label = condition->label;
	answer->status = status;
	return answer;
}

/* With room for one more. */
static bool statuses_answer(const struct facts *facts, const struct policy_rules *policy,
		bool per_item, const struct clause_result *results,
		Policycalc__V1__ConditionAnswer ***out_list, size_t *out_count)
{
	Policycalc__V1__ConditionAnswer **list = ARENA_NEW_ARRAY(facts->arena,
			Policycalc__V1__ConditionAnswer *, policy->clause_count + 1);
	size_t count = 0;

	if (!list)
		return false;
	for (size_t i = 0; i < policy->clause_count; i++) {
		if (policy->clauses[i].per_item != per_item)
			continue;
		list[count] = status_answer(
				facts, policy->clauses[i].condition, results[i].status);
		if (!list[count++])
			return false;
	}
	*out_list = list;
	*out_count = count;
	return true;
}

Policycalc__V1__Condition empty_list_condition(enum item_list list)
{
	Policycalc__V1__Condition condition = POLICYCALC__V1__CONDITION__INIT;

	condition.id = (char *)EMPTY_LIST_CONDITION;
	condition.role = POLICYCALC__V1__ROLE__ROLE_REQUIRE;
	condition.label = empty_list_label(list);
	return condition;
}

static bool empty_list_add(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__PolicyAnswer *answer)
{
	const Policycalc__V1__Condition condition = empty_list_condition(outcome->policy->list);

	answer->conditions[answer->n_conditions] = status_answer(facts, &condition,
			outcome->list_unknown ? STATUS(UNKNOWN) : STATUS(NOT_MET));
	return answer->conditions[answer->n_conditions++] != NULL;
}

static bool items_add(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__PolicyAnswer *answer)
{
	answer->items = ARENA_NEW_ARRAY(
			facts->arena, Policycalc__V1__ItemAnswer *, outcome->item_count + 1);
	if (!answer->items)
		return false;
	for (size_t i = 0; i < outcome->item_count; i++) {
		const struct item_outcome *from = &outcome->items[i];
		Policycalc__V1__ItemAnswer *item =
				ARENA_NEW(facts->arena, Policycalc__V1__ItemAnswer);

		if (!item)
			return false;
		policycalc__v1__item_answer__init(item);
		item->list = (char *)item_list_name(outcome->policy->list);
		item->id = (char *)from->item->id;
		item->verdict = from->verdict;
		answer->items[answer->n_items++] = item;
		if (!statuses_answer(facts, outcome->policy, true, from->results,
				    &item->conditions, &item->n_conditions))
			return false;
	}
	return true;
}

Policycalc__V1__PolicyAnswer *outcome_statuses(
		const struct facts *facts, const struct outcome *outcome)
{
	const Policycalc__V1__Policy *from = outcome->policy->policy;
	Policycalc__V1__PolicyAnswer *answer =
			ARENA_NEW(facts->arena, Policycalc__V1__PolicyAnswer);

	if (!answer)
		return NULL;
	policycalc__v1__policy_answer__init(answer);
	answer->policy_id = from->id;
	answer->series = from->series;
	answer->title = from->title;
	answer->verdict = outcome->verdict;
	answer->conditions_verdict = outcome->conditions_verdict;
	if (!missing_answer(facts, outcome, answer) ||
			!statuses_answer(facts, outcome->policy, false, outcome->results,
					&answer->conditions, &answer->n_conditions))
		return NULL;
	if (outcome->policy->list == LIST_ENTERPRISE)
		return answer;
	if (outcome->item_count == 0)
		return empty_list_add(facts, outcome, answer) ? answer : NULL;
	return items_add(facts, outcome, answer) ? answer : NULL;
}

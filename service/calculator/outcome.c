/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts. A smaller one is a worse one, and the worst counts:
 *
 *     INELIGIBLE > NOT_OPEN > NEEDS_INFORMATION > NEEDS_REVIEW > ELIGIBLE
 *
 * For policies granted per item the enterprise's conditions come first; of the items the best one
 * counts.
 */
#include "calculator/answer.h"

Policycalc__V1__Verdict verdict_of_status(Policycalc__V1__ConditionStatus status)
{
	switch ((int)status) {
	case STATUS(MET):
		return VERDICT(ELIGIBLE);
	case STATUS(NOT_MET):
		return VERDICT(INELIGIBLE);
	case STATUS(UNKNOWN):
		return VERDICT(NEEDS_INFORMATION);
	case STATUS(REVIEW):
	case STATUS(ERROR):
	case STATUS(UNSPECIFIED):
	default:
		return VERDICT(NEEDS_REVIEW);
	}
}

static Policycalc__V1__Verdict verdict_worse(
		Policycalc__V1__Verdict a, Policycalc__V1__Verdict b)
{
	return a < b ? a : b;
}

/* Asks the clauses that are (or are not) the item's, and gives the worst. */
static Policycalc__V1__Verdict clauses_ask(const struct facts *facts, struct clause_memo *memo,
		const struct policy_rules *policy, bool per_item, struct clause_result *results)
{
	Policycalc__V1__Verdict verdict = VERDICT(ELIGIBLE);

	for (size_t i = 0; i < policy->clause_count; i++) {
		if (policy->clauses[i].per_item != per_item)
			continue;
		results[i] = memo ? clause_ask_once(facts, memo, policy, &policy->clauses[i])
				  : clause_ask(facts, policy, &policy->clauses[i]);
		verdict = verdict_worse(verdict, verdict_of_status(results[i].status));
	}
	return verdict;
}

static void items_ask(const struct facts *facts, struct outcome *outcome, bool amounts)
{
	const struct policy_rules *policy = outcome->policy;
	enum item_list list = policy->list;
	Policycalc__V1__Verdict own = outcome->conditions_verdict;
	Policycalc__V1__Verdict best = VERDICT(INELIGIBLE);
	size_t count = facts->item_count[list];

	if (count == 0 && !facts->complete[list]) {
		outcome->list_unknown = true;
		best = VERDICT(NEEDS_INFORMATION);
	}
	outcome->items = ARENA_NEW_ARRAY(facts->arena, struct item_outcome, count + 1);
	if (!outcome->items)
		return;
	outcome->item_count = count;
	for (size_t i = 0; i < count; i++) {
		struct item_outcome *item = &outcome->items[i];

		item->item = &facts->items[list][i];
		item->results = ARENA_NEW_ARRAY(
				facts->arena, struct clause_result, policy->clause_count + 1);
		if (!item->results)
			return;
		facts_enter_item((struct facts *)facts, list, item->item);
		item->verdict = verdict_worse(
				own, clauses_ask(facts, NULL, policy, true, item->results));
		item->amount.none = true;
		if (amounts && item->verdict != VERDICT(INELIGIBLE))
			item->amount = amount_compute(facts, policy);
		/* The best item counts, but one that only lacks facts goes before one for people. */
		if (best == VERDICT(INELIGIBLE) || item->verdict == VERDICT(ELIGIBLE) ||
				(best == VERDICT(NEEDS_REVIEW) &&
						item->verdict == VERDICT(NEEDS_INFORMATION)))
			best = item->verdict;
	}
	items_tell_same(outcome);
	outcome->conditions_verdict = verdict_worse(own, best);
}

static bool standing_is_open(const struct standing *standing)
{
	return standing->state == STATE(OPEN) || standing->state == STATE(WINDOW_NOT_STATED);
}

/* All but the amount, and the order that follows from it. */
static struct outcome conditions_ask(const struct facts *facts, struct clause_memo *memo,
		const struct policy_rules *policy, const struct standing *standing,
		bool amounts)
{
	struct outcome outcome = { .policy = policy };

	outcome.amount.none = true;
	outcome.results = ARENA_NEW_ARRAY(
			facts->arena, struct clause_result, policy->clause_count + 1);
	if (!outcome.results)
		return outcome;
	outcome.conditions_verdict = clauses_ask(facts, memo, policy, false, outcome.results);
	if (policy->list != LIST_ENTERPRISE)
		items_ask(facts, &outcome, amounts);
	outcome.verdict = outcome.conditions_verdict;
	if (outcome.verdict != VERDICT(INELIGIBLE) && !standing_is_open(standing))
		outcome.verdict = VERDICT(NOT_OPEN);
	return outcome;
}

void outcome_judge_once(const struct facts *facts, struct clause_memo *memo,
		const struct policy_rules *policy, const struct standing *standing,
		struct outcome *out_outcome)
{
	*out_outcome = conditions_ask(facts, memo, policy, standing, false);
}

void outcome_compute_once(const struct facts *facts, struct clause_memo *memo,
		const struct policy_rules *policy, const struct standing *standing,
		struct outcome *out_outcome)
{
	struct outcome outcome = conditions_ask(facts, memo, policy, standing, true);

	if (!outcome.results) {
		*out_outcome = outcome;
		return;
	}
	if (outcome.conditions_verdict != VERDICT(INELIGIBLE)) {
		if (policy->list != LIST_ENTERPRISE)
			items_total(facts, &outcome);
		else
			outcome.amount = amount_compute(facts, policy);
	}
	outcome.order = amount_order(facts, &outcome.amount);
	*out_outcome = outcome;
}

void outcome_compute(const struct facts *facts, const struct policy_rules *policy,
		const struct standing *standing, struct outcome *out_outcome)
{
	outcome_compute_once(facts, NULL, policy, standing, out_outcome);
}

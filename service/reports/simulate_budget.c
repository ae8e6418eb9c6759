/* SPDX-License-Identifier: Apache-2.0 */
/* What is drawn from each budget: by all policies that name it, those that do not change included. */
#include "reports/simulate_internal.h"

#include <string.h>

typedef Policycalc__V1__SimulatedBudget budget_message;

static const Policycalc__V1__Budget *budget_of(const struct pair *pair, enum side side)
{
	const Policycalc__V1__Policy *policy = pair->policies[side];

	return policy && policy->budget && policy->budget->label ? policy->budget : NULL;
}

static budget_message *budget_find(struct simulate *simulate,
		Policycalc__V1__Simulation *result, const Policycalc__V1__Budget *budget)
{
	budget_message *made;

	for (size_t i = 0; i < result->n_budgets; i++) {
		if (strcmp(result->budgets[i]->label->zh, budget->label->zh) == 0)
			return result->budgets[i];
	}
	made = ARENA_NEW(simulate->arena, budget_message);
	if (!made)
		return NULL;
	policycalc__v1__simulated_budget__init(made);
	made->label = budget->label;
	made->policies = ARENA_NEW_ARRAY(simulate->arena, char *, simulate->pair_count + 1);
	if (!made->policies)
		return NULL;
	result->budgets[result->n_budgets++] = made;
	return made;
}

static bool before_add(struct simulate *simulate, const struct pair *pair,
		const struct pair_sums *sums, budget_message *budget)
{
	int64_t limit;

	if (ruleset_budget(simulate->options.current, pair->policies[SIDE_BEFORE],
			    simulate->options.day, &limit)) {
		budget->_before_limit_fen_case =
				POLICYCALC__V1__SIMULATED_BUDGET___BEFORE_LIMIT_FEN_BEFORE_LIMIT_FEN;
		budget->before_limit_fen = limit;
	}
	return !__builtin_add_overflow(budget->before_fen, sums->sides[SIDE_BEFORE].sure_fen,
			&budget->before_fen);
}

static bool after_add(struct simulate *simulate, const struct pair *pair,
		const struct pair_sums *sums, budget_message *budget)
{
	const Policycalc__V1__SimulatedSide *side = &sums->sides[SIDE_AFTER];
	int64_t limit;

	if (ruleset_budget(simulate->options.draft, pair->policies[SIDE_AFTER],
			    simulate->options.day, &limit)) {
		budget->_after_limit_fen_case =
				POLICYCALC__V1__SIMULATED_BUDGET___AFTER_LIMIT_FEN_AFTER_LIMIT_FEN;
		budget->after_limit_fen = limit;
	}
	budget->policies[budget->n_policies++] = (char *)(uintptr_t)pair->series;
	budget->after_unbounded += side->unbounded;
	return !__builtin_add_overflow(budget->after_fen, side->sure_fen, &budget->after_fen) &&
	       !__builtin_add_overflow(
			       budget->after_most_fen, side->most_fen, &budget->after_most_fen);
}

bool budgets_fill(struct simulate *simulate, Policycalc__V1__Simulation *result)
{
	result->budgets = ARENA_NEW_ARRAY(
			simulate->arena, budget_message *, 2 * simulate->pair_count + 1);
	if (!result->budgets)
		return false;
	for (size_t i = 0; i < simulate->pair_count; i++) {
		const struct pair *pair = &simulate->pairs[i];
		const struct pair_sums *sums = &simulate->sums.pairs[i];

		for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++) {
			const Policycalc__V1__Budget *of = budget_of(pair, (enum side)side);
			budget_message *budget = of ? budget_find(simulate, result, of) : NULL;

			if (of && !budget)
				return false;
			if (of && !(side == SIDE_BEFORE ? before_add(simulate, pair, sums,
									  budget)
							: after_add(simulate, pair, sums,
									  budget)))
				return false;
		}
	}
	return true;
}

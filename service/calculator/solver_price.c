/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bound in which caps have prices.
 *
 * With a price p(c) >= 0 for each cap and P(u) the sum of those around a unit,
 *
 *     total(S) <= sum of p(c) * limit(c) + sum over S of value(u) * max(0, 1 - P(u))
 *
 * holds for every choice S: money under a cap is paid for, so that what the cap would truncate is
 * worth less. Priced, units stand in no cap any more, and a class has the best that its group allows
 * whatever caps its units lie in. Fewer units being better, totals count count_weight times and each
 * unit costs one; so one figure bounds total and count together.
 *
 * Prices are found once, at the root: for one cap after the other the price at which the bound is
 * lowest, by halving, as the bound is convex in each. Any prices are right; good ones prune more.
 */
#include "calculator/solver_node.h"

#define PRICE_ONE (INT64_C(1) << 40)
#define PRICE_STEPS 32
#define PRICE_ROUNDS 3

/* What is left of a unit's worth at the prices around it; all in PRICE_ONE-ths. */
static void gains_compute(struct node *node)
{
	const struct search_problem *problem = node->problem;
	wide_int weight = (wide_int)problem->unit_count + 1;

	for (size_t i = 0; i < problem->unit_count; i++) {
		int64_t rest = PRICE_ONE;

		for (size_t cap = problem->units[i].cap; cap != SOLVER_NONE && rest > 0;
				cap = problem->caps[cap].parent)
			rest -= node->prices[cap];
		node->gains[i] = (rest > 0 ? weight * problem->units[i].value * rest : 0) -
				 PRICE_ONE;
	}
	node->price_total = 0;
	for (size_t i = 0; i < problem->cap_count; i++)
		node->price_total += weight * problem->caps[i].limit * node->prices[i];
}

/* The best @left of the class by gain, besides those had; losses are not taken. */
static wide_int class_gain(struct node *node, const struct search_class *class, size_t left)
{
	wide_int had = 0;
	wide_int all = 0;
	wide_int most = 0;
	size_t count = 0;

	for (size_t i = 0; i < class->count; i++) {
		size_t unit = class->units[i];

		if (node->state[unit] == UNIT_IN)
			had += node->gains[unit];
		if (node->gains[unit] <= 0 || !node_is_free(node, unit))
			continue;
		all += node->gains[unit];
		if (node->gains[unit] > most)
			most = node->gains[unit];
		node->touched[count++] = unit;
	}
	if (left == 0)
		return had;
	if (count <= left)
		return had + all;
	if (left == 1)
		return had + most;
	for (size_t taken = 0; taken < left; taken++) {
		size_t best = taken;

		for (size_t i = taken + 1; i < count; i++) {
			if (node->gains[node->touched[i]] > node->gains[node->touched[best]])
				best = i;
		}
		most = node->gains[node->touched[best]];
		node->touched[best] = node->touched[taken];
		had += most;
	}
	return had;
}

/* Likewise by member; of a member the units that gain. */
static wide_int class_gain_members(
		struct node *node, const struct search_class *class, size_t left)
{
	size_t touched = 0;
	wide_int sum = 0;

	for (size_t i = 0; i < class->count; i++) {
		size_t unit = class->units[i];
		size_t counter;

		if (node->state[unit] == UNIT_IN)
			sum += node->gains[unit];
		if (node->gains[unit] <= 0 || !node_is_free(node, unit))
			continue;
		counter = node_counter(node, unit, class->group);
		if (node->counters[counter] > 0) {
			sum += node->gains[unit];
			continue;
		}
		if (node->member_sums[counter] == 0)
			node->touched[touched++] = counter;
		node->member_sums[counter] += node->gains[unit];
	}
	return sum + node_members_best(node, touched, left);
}

static wide_int price_bound(struct node *node)
{
	wide_int sum = node->price_total;

	for (size_t i = 0; i < node->whole.count; i++) {
		const struct search_class *class = &node->whole.classes[i];
		const struct search_group *group;
		size_t left = SOLVER_NONE;

		if (class->group == SOLVER_NONE) {
			sum += class_gain(node, class, left);
			continue;
		}
		group = &node->problem->groups[class->group];
		left = group->at_most - node->used[class->group];
		sum += group->single ? class_gain(node, class, left)
				     : class_gain_members(node, class, left);
	}
	return sum;
}

static wide_int price_try(struct node *node, size_t cap, int64_t price)
{
	node->prices[cap] = price;
	gains_compute(node);
	return price_bound(node);
}

void node_find_prices(struct node *node)
{
	/* Without caps there is nothing to price, and units are worth what they are. */
	gains_compute(node);
	for (size_t round = 0; round < PRICE_ROUNDS; round++) {
		for (size_t cap = node->problem->cap_count; cap-- > 0;) {
			int64_t low = 0;
			int64_t high = PRICE_ONE;

			for (size_t step = 0; step < PRICE_STEPS; step++) {
				int64_t middle = low + (high - low) / 2;

				if (price_try(node, cap, middle) <=
						price_try(node, cap, middle + 1))
					high = middle;
				else
					low = middle + 1;
			}
			(void)price_try(node, cap, high);
		}
	}
	node->priced = true;
}

bool node_price_reaches(struct node *node, wide_int total, wide_int count)
{
	wide_int weight = (wide_int)node->problem->unit_count + 1;

	return !node->priced || price_bound(node) >= (weight * total - count) * PRICE_ONE;
}

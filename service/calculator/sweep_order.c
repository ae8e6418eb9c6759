/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which condition of a policy is asked first. Where few policies are swept no answer serves two of them, so
 * that the order in which conditions are asked is most of what a sweep costs: those that rule out most for
 * what they cost go first. How many rows each rules out is counted in a block now and then.
 */
#include "calculator/sweep_internal.h"

#include <string.h>

#define POLICIES_MOST 16 /* with more, most answers are kept */
#define LITERALS_MOST 32
#define COST_MOST 400  /* what costs more stays where it is, behind all others */
#define BLOCKS_TIMES 8 /* it is counted in block 1, 8, 64, ... */

/* What a condition costs and rules out. */
struct sweep_weight {
	uint32_t literal;
	unsigned cost;
	uint64_t ruled_out;
};

struct sweep_order {
	uint32_t *literals;
	struct sweep_weight *weights;
	size_t count;  /* of those that are put in order */
	uint64_t next; /* block in which it is counted again */
};

/* About how many bits of a row are looked at. */
static unsigned literal_weight(const struct atoms *atoms, uint32_t literal)
{
	const struct formula *formula = atoms_formula(atoms, literal);
	unsigned sum = 1;

	if (formula->kind == FORMULA_ALL && formula->opaque)
		return COST_MOST;
	for (uint32_t i = 0; formula->kind == FORMULA_ALL && i < formula->count; i++)
		sum += literal_weight(atoms, atoms->literals[formula->at + i]);
	if (formula->kind != FORMULA_ATOM)
		return sum;
	switch (atoms->list[formula->at].kind) {
	case ATOM_FLAG:
		return 1;
	case ATOM_CODE:
		return 32;
	case ATOM_AT_LEAST:
		return 64;
	case ATOM_MEMBER:
	case ATOM_HELD:
		return 200;
	case ATOM_VALID:
	case ATOM_QUOTIENT:
	case ATOM_OTHER:
	default:
		return COST_MOST;
	}
}

bool sweep_orders_init(struct sweep_work *work)
{
	const struct sweep *sweep = work->sweep;

	if (sweep->policy_count > POLICIES_MOST || sweep->conditions)
		return true;
	work->orders = ARENA_NEW_ARRAY(
			&work->memo_arena, struct sweep_order, sweep->policy_count + 1);
	for (size_t i = 0; work->orders && i < sweep->policy_count; i++) {
		const struct sweep_policy *policy = &sweep->policies[i];
		struct sweep_order *order = &work->orders[i];

		order->literals = ARENA_NEW_ARRAY(
				&work->memo_arena, uint32_t, policy->literal_count + 1);
		order->weights = ARENA_NEW_ARRAY(
				&work->memo_arena, struct sweep_weight, LITERALS_MOST);
		if (!order->literals || !order->weights)
			return false;
		memcpy(order->literals, policy->literals,
				policy->literal_count * sizeof(*order->literals));
		order->next = 1;
		/* They stand there the cheap ones first. */
		for (size_t k = 0; k < policy->literal_count && k < LITERALS_MOST; k++) {
			unsigned cost = literal_weight(sweep->atoms, policy->literals[k]);

			if (cost >= COST_MOST)
				break;
			order->weights[order->count++] =
					(struct sweep_weight){ .literal = policy->literals[k],
						.cost = cost };
		}
	}
	return work->orders != NULL;
}

static uint64_t rows_count(const uint64_t *rows, const uint64_t *plane, bool opposite)
{
	uint64_t turn = opposite ? UINT64_MAX : 0;
	uint64_t count = 0;

	for (size_t i = 0; i < SWEEP_WORDS; i++)
		count += (unsigned)__builtin_popcountll(rows[i] & (plane[i] ^ turn));
	return count;
}

static bool weights_count(struct sweep_work *work, struct sweep_order *order, struct error *err)
{
	struct block_mark mark = block_mark(work->block);

	for (size_t i = 0; i < order->count; i++) {
		struct sweep_weight *weight = &order->weights[i];
		struct block_answer answer;

		if (!block_ask(work->block, weight->literal, work->rows, &answer, err))
			return false;
		weight->ruled_out += answer.sure ? rows_count(work->rows, answer.yes, true)
						 : rows_count(work->rows, answer.no, false);
		block_rewind(work->block, mark);
	}
	return true;
}

/* What is ruled out for each bit looked at; the greater one goes first. */
static bool goes_before(const struct sweep_weight *a, const struct sweep_weight *b)
{
	return (double)a->ruled_out * b->cost > (double)b->ruled_out * a->cost;
}

static void weights_sort(struct sweep_order *order)
{
	for (size_t i = 1; i < order->count; i++) {
		struct sweep_weight weight = order->weights[i];
		size_t k = i;

		for (; k > 0 && goes_before(&weight, &order->weights[k - 1]); k--)
			order->weights[k] = order->weights[k - 1];
		order->weights[k] = weight;
	}
	for (size_t i = 0; i < order->count; i++)
		order->literals[i] = order->weights[i].literal;
}

bool sweep_orders_renew(struct sweep_work *work, struct error *err)
{
	for (size_t i = 0; work->orders && i < work->sweep->policy_count; i++) {
		struct sweep_order *order = &work->orders[i];

		if (work->round < order->next || order->count < 2)
			continue;
		if (!weights_count(work, order, err))
			return false;
		weights_sort(order);
		sweep_plan_write(work, i, order->literals);
		order->next = work->round * BLOCKS_TIMES;
	}
	return true;
}

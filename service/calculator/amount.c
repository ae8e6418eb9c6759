/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums are carried in fen times a million, through 128 bits, so that rates in ppm lose nothing:
 * there is one rounding, of the amount before caps.
 */
#include "calculator/amount.h"

int64_t amount_months(const struct policy_rules *policy)
{
	const Policycalc__V1__Amount *rules = policy->amount->amount;
	bool is_had = rules->nature == POLICYCALC__V1__NATURE__NATURE_CASH ||
		      rules->nature == POLICYCALC__V1__NATURE__NATURE_TAX ||
		      rules->nature == POLICYCALC__V1__NATURE__NATURE_INTEREST;

	/* A credit line is there at once, however long it runs. */
	return is_had && rules->term_months > 12 ? rules->term_months : 12;
}

bool amount_is_yearly(const struct policy_rules *policy)
{
	return policy->amount->amount->yearly && amount_months(policy) > 12;
}

bool amount_has_rules(const struct policy_rules *policy)
{
	const struct amount_rules *rules = policy->amount;

	return rules->rule || rules->base || rules->tier_count || rules->quantity;
}

/* The whole and the year before caps, from what the rules give. */
static void amount_spread(const struct policy_rules *policy, const struct sums *sums,
		struct amount *amount)
{
	const Policycalc__V1__Amount *rules = policy->amount->amount;
	bool yearly = amount_is_yearly(policy);
	bool rounded;
	struct span given = amount_round(rules, sums, 1, 1, &amount->rounded);
	struct span whole =
			yearly ? amount_round(rules, sums, amount_months(policy), 12, &rounded)
			       : given;

	amount->error |= given.error || whole.error;
	amount->has_before_cap = given.exact && amount_has_rules(policy);
	amount->before_cap = given.least;
	amount->least = whole.least;
	amount->most = whole.most;
	amount->most_known = whole.most_known;
	amount->year = given;
}

struct amount amount_compute(const struct facts *facts, const struct policy_rules *policy)
{
	const struct amount_rules *rules = policy->amount;
	struct amount amount = { 0 };
	struct sums sums;
	bool has_rules;

	if (!rules) {
		amount.none = true;
		return amount;
	}
	has_rules = amount_has_rules(policy);
	amount.none = rules->amount->nature == POLICYCALC__V1__NATURE__NATURE_NONE &&
		      !has_rules;
	amount.not_stated = rules->amount->not_stated;
	if (amount.none || amount.not_stated)
		return amount;
	sums = amount_before_caps(facts, policy, &amount);
	if (!sums.error)
		amount_spread(policy, &sums, &amount);
	amount.error |= sums.error;
	if (amount.error)
		return amount;
	amount.up_to = rules->amount->up_to || !has_rules;
	amount_limit(facts, policy, false, &amount);
	/* Nothing would make an exact figure more exact. */
	if (amount.most_known && amount.least == amount.most)
		amount.missing = NULL;
	return amount;
}

Policycalc__V1__AmountAnswer__Exactness amount_exactness(
		const struct facts *facts, const struct amount *amount)
{
	bool attributes = amount->missing && facts_set_has_attributes(facts, amount->missing);

	if (amount->none)
		return EXACTNESS(UNSPECIFIED);
	if (amount->error)
		return EXACTNESS(NOT_COMPUTABLE);
	if (amount->not_stated)
		return EXACTNESS(NOT_STATED);
	if (!amount->most_known) {
		if (amount->up_to || (amount->least == 0 && !attributes))
			return attributes ? EXACTNESS(NOT_COMPUTABLE) : EXACTNESS(NOT_STATED);
		return EXACTNESS(AT_LEAST);
	}
	if (amount->up_to)
		return EXACTNESS(UP_TO);
	return amount->least == amount->most ? EXACTNESS(EXACT) : EXACTNESS(RANGE);
}

int64_t amount_order(const struct facts *facts, const struct amount *amount)
{
	switch ((int)amount_exactness(facts, amount)) {
	case EXACTNESS(EXACT):
	case EXACTNESS(UP_TO):
	case EXACTNESS(RANGE):
		return amount->most;
	case EXACTNESS(AT_LEAST):
		return amount->least;
	case EXACTNESS(UNSPECIFIED):
	case EXACTNESS(NOT_STATED):
	case EXACTNESS(NOT_COMPUTABLE):
	default:
		return 0;
	}
}

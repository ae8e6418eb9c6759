/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a step of a score table is reached. What is known is compared by the step's own rule; what
 * is not is bounded: an attribute by its declared range, a quotient by the ranges of its parts, a
 * derived attribute by the interval evaluator. A bound settles a step only when no completion can
 * fail to have a value, so that what is settled here stays settled.
 */
#include "calculator/score_internal.h"

#include "base/wide.h"

#define MILLION 1000000

void asker_put_missing(
		const struct asker *asker, struct slot_set missing, uint64_t **missing_bits)
{
	if (!*missing_bits)
		*missing_bits = facts_new_set(asker->facts);
	if (*missing_bits)
		facts_put_missing(asker->facts, missing, *missing_bits);
}

/* --- bounds of what is not known -------------------------------------------------------------- */

struct interval asker_interval(const struct asker *asker, const struct rule *rule)
{
	return rule_evaluate_interval(rule, asker->facts->ruleset->scopes[asker->list],
			&asker->facts->evaluation);
}

/* Of a completion that may err nothing is known. */
struct interval interval_certain(struct interval interval)
{
	if (interval.error)
		return (struct interval){ .error = true };
	return interval;
}

static const struct derivation *derivation_find(const struct asker *asker, int slot)
{
	const struct ruleset *ruleset = asker->facts->ruleset;
	enum item_list list =
			(size_t)slot < ruleset->base_count ? LIST_ENTERPRISE : asker->list;

	for (size_t i = 0; i < ruleset->derivation_count[list]; i++) {
		if (ruleset->derivations[list][i].slot == slot)
			return &ruleset->derivations[list][i];
	}
	return NULL;
}

static struct interval slot_interval(const struct asker *asker, int slot)
{
	const struct value *value = &asker->facts->values[slot];
	const struct scope_name *name;
	const struct derivation *derivation;

	if (value->kind == VALUE_INT)
		return (struct interval){ false, true, true, value->integer, value->integer };
	if (value->kind != VALUE_UNKNOWN)
		return (struct interval){ .error = true };
	derivation = derivation_find(asker, slot);
	if (derivation)
		return derivation->rule ? interval_certain(asker_interval(
							  asker, derivation->rule))
					: (struct interval){ 0 };
	name = scope_name_of_slot(asker->facts->ruleset->scopes[asker->list], slot);
	if (!name)
		return (struct interval){ 0 };
	return (struct interval){ false, name->has_least, name->has_most, name->least,
		name->most };
}

/* How far the attribute lies above the bound; of quotients times the denominator and a million. */
struct excess {
	bool least_known, most_known;
	wide_int least, most;
};

static struct excess excess_plain(
		const struct interval *attribute, const struct interval *bound)
{
	return (struct excess){
		.least_known = attribute->least_known && bound->most_known,
		.most_known = attribute->most_known && bound->least_known,
		.least = (wide_int)attribute->least - bound->most,
		.most = (wide_int)attribute->most - bound->least,
	};
}

/* The greatest of bound * den, den within its range and not below zero; false: no end. */
static bool product_most(
		bool bound_known, int64_t bound, const struct interval *den, wide_int *out_most)
{
	if (!bound_known || (bound > 0 && !den->most_known))
		return false;
	*out_most = (wide_int)bound * (bound > 0 ? den->most : den->least);
	return true;
}

static bool product_least(bool bound_known, int64_t bound, const struct interval *den,
		wide_int *out_least)
{
	if (!bound_known || (bound < 0 && !den->most_known))
		return false;
	*out_least = (wide_int)bound * (bound < 0 ? den->most : den->least);
	return true;
}

/* num * 1,000,000 - bound * den, over denominators from 1 on; and the quotient for a 0. */
static struct excess excess_ratio(const struct asker *asker, const struct scope_ratio *ratio,
		const struct interval *bound)
{
	struct interval num = slot_interval(asker, ratio->num_slot);
	struct interval den = slot_interval(asker, ratio->den_slot);
	struct interval zero = { false, true, true, ratio->when_den_zero_ppm,
		ratio->when_den_zero_ppm };
	bool may_be_zero = den.least_known && den.least == 0;
	struct excess excess = { 0 };
	struct excess at_zero;
	wide_int product = 0;

	if (!den.least_known || den.least < 0 || (may_be_zero && !ratio->when_den_zero_known))
		return excess;
	if (may_be_zero && den.most_known && den.most == 0)
		return excess_plain(&zero, bound);
	if (may_be_zero)
		den.least = 1;
	excess.least_known = num.least_known &&
			     product_most(bound->most_known, bound->most, &den, &product);
	excess.least = (wide_int)num.least * MILLION - product;
	product = 0;
	excess.most_known = num.most_known &&
			    product_least(bound->least_known, bound->least, &den, &product);
	excess.most = (wide_int)num.most * MILLION - product;
	if (!may_be_zero)
		return excess;
	/* Only the sign is looked at, so that both measures go together. */
	at_zero = excess_plain(&zero, bound);
	excess.least_known &= at_zero.least_known;
	excess.most_known &= at_zero.most_known;
	excess.least = at_zero.least < excess.least ? at_zero.least : excess.least;
	excess.most = at_zero.most > excess.most ? at_zero.most : excess.most;
	return excess;
}

static enum reach excess_reach(const struct excess *excess, enum score_relation relation)
{
	bool not_below = excess->least_known && excess->least >= 0;
	bool above = excess->least_known && excess->least > 0;
	bool not_above = excess->most_known && excess->most <= 0;
	bool below = excess->most_known && excess->most < 0;

	switch (relation) {
	case SCORE_AT_LEAST:
		return not_below ? REACH_YES : below ? REACH_NO : REACH_OPEN;
	case SCORE_ABOVE:
		return above ? REACH_YES : not_above ? REACH_NO : REACH_OPEN;
	case SCORE_AT_MOST:
		return not_above ? REACH_YES : above ? REACH_NO : REACH_OPEN;
	case SCORE_BELOW:
		return below ? REACH_YES : not_below ? REACH_NO : REACH_OPEN;
	case SCORE_FLAG:
	default:
		return REACH_OPEN;
	}
}

/* --- steps ------------------------------------------------------------------------------------ */

static enum reach step_bounded(
		const struct asker *asker, int slot, const struct score_step_rules *step)
{
	const struct scope_name *name =
			scope_name_of_slot(asker->facts->ruleset->scopes[asker->list], slot);
	struct interval bound;
	struct interval attribute;
	struct excess excess;

	if (!step->bound)
		return REACH_OPEN;
	bound = interval_certain(asker_interval(asker, step->bound));
	if (name && name->ratio && asker->facts->values[slot].kind == VALUE_UNKNOWN) {
		excess = excess_ratio(asker, name->ratio, &bound);
	} else {
		attribute = slot_interval(asker, slot);
		excess = excess_plain(&attribute, &bound);
	}
	return excess_reach(&excess, step->relation);
}

enum reach step_ask(const struct asker *asker, int slot, const struct score_step_rules *step,
		uint64_t **missing)
{
	struct value value = rule_evaluate(step->holds, &asker->facts->evaluation);
	enum reach reach;

	if (value.kind == VALUE_BOOL)
		return value.boolean ? REACH_YES : REACH_NO;
	if (value.kind != VALUE_UNKNOWN)
		return REACH_ERROR;
	reach = step_bounded(asker, slot, step);
	if (reach == REACH_OPEN)
		asker_put_missing(asker, value.missing, missing);
	return reach;
}

bool score_bound(const struct facts *facts, const struct score_step_rules *step,
		int64_t *out_bound)
{
	struct value value = { 0 };

	if (step->bound)
		value = rule_evaluate(step->bound, &facts->evaluation);
	if (value.kind != VALUE_INT)
		return false;
	*out_bound = value.integer;
	return true;
}

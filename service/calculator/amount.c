/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums are carried in fen times a million, through 128 bits, so that rates in ppm lose nothing:
 * there is one rounding, of the amount before caps. A cap is a figure of the source and is not
 * rounded.
 *
 * Every figure is a span. An exact one has both ends alike; an unknown rule contributes what the
 * interval evaluator makes of it. All operations here (rate on base, brackets, rounding, caps) grow
 * with each of their figures, so that the ends of the result come from the ends of the figures.
 */
#include "calculator/amount.h"

#include <string.h>

__extension__ typedef __int128 wide;

#define PPM 1000000
#define WIDE_MOST ((wide)INT64_MAX * PPM)

struct span {
	bool error;
	bool most_known;
	bool exact;
	int64_t least; /* at least 0 */
	int64_t most;
};

static bool is_positive_or_zero(int64_t figure)
{
	return figure >= 0;
}

static uint64_t *missing_of(const struct facts *facts, struct amount *amount)
{
	if (!amount->missing)
		amount->missing = facts_new_set(facts);
	return amount->missing;
}

/* The figure a rule gives; below zero counts as zero. What it lacks is noted. */
static struct span span_ask(const struct facts *facts, const struct policy_rules *policy,
		const struct rule *rule, struct amount *amount)
{
	struct value value = rule_evaluate(rule, &facts->evaluation);
	struct span span = { 0 };
	struct interval interval;
	uint64_t *missing;

	if (value.kind == VALUE_INT) {
		span.least = span.most = is_positive_or_zero(value.integer) ? value.integer : 0;
		span.exact = span.most_known = true;
		return span;
	}
	if (value.kind != VALUE_UNKNOWN) {
		span.error = true;
		return span;
	}
	missing = missing_of(facts, amount);
	if (missing)
		facts_put_missing(facts, value.missing, missing);
	interval = rule_evaluate_interval(
			rule, facts->ruleset->scopes[policy->list], &facts->evaluation);
	span.most_known = interval.most_known;
	span.most = interval.most_known && interval.most > 0 ? interval.most : 0;
	span.least = interval.least_known && interval.least > 0 ? interval.least : 0;
	return span;
}

/* --- before caps ------------------------------------------------------------------------------ */

struct brackets {
	struct span *up_to; /* most_known false: no upper end */
	struct span *rates;
	size_t count;
};

/* What the brackets make of a base, in fen times a million; false when it leaves 128 bits. */
static bool brackets_apply(
		const struct brackets *brackets, int64_t base, bool most, wide *out_sum)
{
	int64_t from = 0;
	wide sum = 0;

	for (size_t i = 0; i < brackets->count && base > from; i++) {
		int64_t until = brackets->up_to[i].most_known ? brackets->up_to[i].most
							      : INT64_MAX;
		int64_t rate = most ? brackets->rates[i].most : brackets->rates[i].least;
		wide part;

		if (until <= from)
			continue;
		part = (base < until ? base : until) - from;
		if (__builtin_mul_overflow(part, (wide)rate, &part) ||
				__builtin_add_overflow(sum, part, &sum))
			return false;
		from = until;
	}
	*out_sum = sum;
	return true;
}

/* Rounds fen times a million to whole units; past int64 it stays there and says so. */
static int64_t round_sum(const Policycalc__V1__Amount *amount, wide sum, bool *out_overflow)
{
	wide unit = amount->rounding_unit_fen > 0 ? amount->rounding_unit_fen : 1;
	wide divisor = unit * PPM;
	wide whole = sum / divisor;
	wide rest = sum % divisor;

	if (amount->rounding == POLICYCALC__V1__ROUNDING__ROUNDING_HALF_UP &&
			rest * 2 >= divisor)
		whole++;
	if (amount->rounding == POLICYCALC__V1__ROUNDING__ROUNDING_UP && rest > 0)
		whole++;
	whole *= unit;
	*out_overflow = whole > INT64_MAX;
	return *out_overflow ? INT64_MAX : (int64_t)whole;
}

/* Fills the ends from sums; an upper sum beyond int64 is an upper end that is not known. */
static struct span span_round(
		const Policycalc__V1__Amount *amount, bool most_known, wide least, wide most)
{
	struct span span = { .most_known = most_known };
	bool overflow;

	span.least = round_sum(amount, least, &overflow);
	span.error = overflow;
	if (most_known) {
		span.most = round_sum(amount, most, &overflow);
		span.most_known = !overflow;
	}
	span.exact = span.most_known && span.least == span.most;
	return span;
}

static struct span brackets_span(const struct facts *facts, const struct policy_rules *policy,
		struct span base, struct amount *amount)
{
	const struct amount_rules *rules = policy->amount;
	struct brackets brackets = { .count = rules->bracket_count };
	struct span span = { 0 };
	bool exact = true;
	wide least = 0;
	wide most = 0;

	brackets.up_to = ARENA_NEW_ARRAY(facts->arena, struct span, rules->bracket_count);
	brackets.rates = ARENA_NEW_ARRAY(facts->arena, struct span, rules->bracket_count);
	if (!brackets.up_to || !brackets.rates) {
		span.error = true;
		return span;
	}
	for (size_t i = 0; i < rules->bracket_count; i++) {
		brackets.rates[i] = span_ask(facts, policy, rules->brackets[i].rate, amount);
		exact &= brackets.rates[i].exact;
		span.error |= brackets.rates[i].error;
		if (!rules->brackets[i].up_to)
			continue;
		brackets.up_to[i] = span_ask(facts, policy, rules->brackets[i].up_to, amount);
		exact &= brackets.up_to[i].exact;
		span.error |= brackets.up_to[i].error;
	}
	if (span.error || !exact) /* brackets that are not stated bound nothing */
		return span;
	if (!brackets_apply(&brackets, base.least, false, &least) ||
			(base.most_known &&
					!brackets_apply(&brackets, base.most, true, &most))) {
		span.error = true;
		return span;
	}
	return span_round(rules->amount, base.most_known, least, most);
}

static struct span rate_span(const struct facts *facts, const struct policy_rules *policy,
		struct span base, struct amount *amount)
{
	const struct amount_rules *rules = policy->amount;
	struct span rate = span_ask(facts, policy, rules->rate, amount);
	bool most_known = base.most_known && rate.most_known;

	if (rate.error)
		return rate;
	amount->has_rate = rate.exact;
	amount->rate = rate.least;
	return span_round(rules->amount, most_known, (wide)base.least * rate.least,
			most_known ? (wide)base.most * rate.most : 0);
}

static struct span span_before_caps(const struct facts *facts,
		const struct policy_rules *policy, struct amount *amount)
{
	const struct amount_rules *rules = policy->amount;
	struct span span;

	if (rules->rule) {
		amount->binding = rules->fixed ? BINDING(FIXED) : BINDING(RATE);
		span = span_ask(facts, policy, rules->rule, amount);
		return span.error ? span
				  : span_round(rules->amount, span.most_known,
						    (wide)span.least * PPM,
						    (wide)span.most * PPM);
	}
	if (!rules->base) /* only caps, or nothing */
		return (struct span){ 0 };
	amount->binding = BINDING(RATE);
	span = span_ask(facts, policy, rules->base, amount);
	if (span.error)
		return span;
	amount->has_base = span.exact;
	amount->base = span.least;
	return rules->rate ? rate_span(facts, policy, span, amount)
			   : brackets_span(facts, policy, span, amount);
}

/* --- caps ------------------------------------------------------------------------------------- */

/* All caps together: between least and most, where they may be none at all. */
struct limit {
	bool any;   /* some cap certainly applies */
	bool maybe; /* some cap may apply */
	bool exact;
	bool least_known, most_known;
	int64_t least, most;
};

enum applies {
	APPLIES_NO,
	APPLIES_YES,
	APPLIES_MAYBE,
	APPLIES_ERROR,
};

static enum applies cap_applies(
		const struct facts *facts, const struct cap_rules *cap, struct amount *amount)
{
	struct value value;
	uint64_t *missing;

	if (!cap->when)
		return APPLIES_YES;
	value = rule_evaluate(cap->when, &facts->evaluation);
	if (value.kind == VALUE_BOOL)
		return value.boolean ? APPLIES_YES : APPLIES_NO;
	if (value.kind != VALUE_UNKNOWN)
		return APPLIES_ERROR;
	missing = missing_of(facts, amount);
	if (missing)
		facts_put_missing(facts, value.missing, missing);
	return APPLIES_MAYBE;
}

/* Every cap limits: the lowest counts. A cap that may not apply lowers only the lower end. */
static void limit_lower(struct limit *limit, struct span span, bool certain)
{
	if (!limit->least_known || span.least < limit->least) {
		limit->least = span.least;
		limit->least_known = true;
	}
	if (certain && span.most_known && (!limit->most_known || span.most < limit->most)) {
		limit->most = span.most;
		limit->most_known = true;
	}
}

/* The highest tier that applies counts. One that may not apply raises only the upper end. */
static void limit_raise(struct limit *limit, struct span span, bool certain, bool *unbounded)
{
	if (certain && (!limit->least_known || span.least > limit->least)) {
		limit->least = span.least;
		limit->least_known = true;
	}
	if (!span.most_known)
		*unbounded = true;
	else if (!limit->most_known || span.most > limit->most) {
		limit->most = span.most;
		limit->most_known = true;
	}
}

/* When no tier certainly applies, the lowest that may is the lower end, and there may be no cap. */
static void limit_settle_tiers(struct limit *limit, int64_t lowest_maybe, bool unbounded)
{
	if (!limit->any) {
		limit->least = lowest_maybe;
		limit->least_known = limit->maybe;
		limit->most_known = false;
	}
	if (unbounded)
		limit->most_known = false;
}

static struct limit limit_ask(const struct facts *facts, const struct policy_rules *policy,
		bool of_total, struct amount *amount)
{
	const struct amount_rules *rules = policy->amount;
	bool highest = rules->amount->cap_mode == POLICYCALC__V1__CAP_MODE__CAP_MODE_HIGHEST;
	struct limit limit = { .exact = true };
	int64_t lowest_maybe = INT64_MAX;
	bool unbounded = false;

	for (size_t i = 0; i < rules->cap_count; i++) {
		const struct cap_rules *cap = &rules->caps[i];
		enum applies applies;
		struct span span;

		if (cap->of_total != of_total)
			continue;
		applies = cap_applies(facts, cap, amount);
		if (applies == APPLIES_ERROR)
			amount->error = true;
		if (applies == APPLIES_NO || applies == APPLIES_ERROR || cap->cap->none)
			continue;
		if (cap->cap->not_stated) {
			/* It may be anything: the amount is an upper end at most. */
			amount->up_to = true;
			continue;
		}
		if (cap->cap->scope == POLICYCALC__V1__CAP__SCOPE__SCOPE_SHARED)
			amount->up_to = true; /* others draw on it too */
		span = span_ask(facts, policy, cap->limit, amount);
		if (span.error) {
			amount->error = true;
			continue;
		}
		limit.any |= applies == APPLIES_YES;
		limit.maybe = true;
		limit.exact &= span.exact && applies == APPLIES_YES;
		if (highest)
			limit_raise(&limit, span, applies == APPLIES_YES, &unbounded);
		else
			limit_lower(&limit, span, applies == APPLIES_YES);
		if (span.least < lowest_maybe)
			lowest_maybe = span.least;
	}
	if (highest)
		limit_settle_tiers(&limit, lowest_maybe, unbounded);
	return limit;
}

static void limit_apply(const struct limit *limit, bool has_rules, struct amount *amount)
{
	bool bound = false;

	if (!limit->maybe)
		return;
	if (limit->most_known && (!amount->most_known || amount->most > limit->most)) {
		amount->most = limit->most;
		amount->most_known = true;
		bound = true;
	}
	if (limit->least_known && amount->least > limit->least)
		amount->least = limit->least;
	if (limit->any && limit->exact && limit->most_known) {
		amount->has_cap = true;
		amount->cap = limit->most;
	}
	if (bound && (!has_rules || amount->least == amount->most))
		amount->binding = BINDING(CAP);
}

/* --- all -------------------------------------------------------------------------------------- */

struct amount amount_compute(const struct facts *facts, const struct policy_rules *policy)
{
	const struct amount_rules *rules = policy->amount;
	struct amount amount = { 0 };
	struct limit limit;
	struct span span;
	bool has_rules;

	if (!rules) {
		amount.none = true;
		return amount;
	}
	has_rules = rules->rule || rules->base;
	amount.none = rules->amount->nature == POLICYCALC__V1__NATURE__NATURE_NONE &&
		      !has_rules;
	amount.not_stated = rules->amount->not_stated;
	if (amount.none || amount.not_stated)
		return amount;
	span = span_before_caps(facts, policy, &amount);
	if (span.error) {
		amount.error = true;
		return amount;
	}
	amount.least = span.least;
	amount.most = span.most;
	amount.most_known = span.most_known;
	amount.up_to = rules->amount->up_to || !has_rules;
	limit = limit_ask(facts, policy, false, &amount);
	limit_apply(&limit, has_rules, &amount);
	return amount;
}

void amount_add(struct amount *total, const struct amount *item, bool decided)
{
	total->error |= item->error && decided;
	total->not_stated |= item->not_stated;
	total->up_to |= item->up_to;
	total->most_known &= item->most_known && !item->error;
	if (decided && __builtin_add_overflow(total->least, item->least, &total->least))
		total->error = true;
	if (total->most_known && __builtin_add_overflow(total->most, item->most, &total->most))
		total->most_known = false;
}

void amount_limit_total(const struct facts *facts, const struct policy_rules *policy,
		struct amount *total)
{
	struct limit limit = limit_ask(facts, policy, true, total);

	limit_apply(&limit, true, total);
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

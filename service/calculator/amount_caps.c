/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Caps: what several of them come to together, and what they leave of an amount. A cap is a figure of
 * the source and is not rounded.
 *
 * A benefit that is had for longer than a year has two figures, the whole and the year; a cap on the
 * enterprise in a year limits the year, and the whole to as many times as there are years.
 */
#include "calculator/amount.h"

/* All caps together: between least and most, where they may be none at all. */
struct limit {
	bool any;   /* some cap certainly applies */
	bool maybe; /* some cap may apply */
	bool exact;
	bool least_known, most_known;
	int64_t least, most;
	const struct cap_rules *by; /* the one that most comes from */
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

	if (!cap->when)
		return APPLIES_YES;
	value = rule_evaluate(cap->when, &facts->evaluation);
	if (value.kind == VALUE_BOOL)
		return value.boolean ? APPLIES_YES : APPLIES_NO;
	if (value.kind != VALUE_UNKNOWN)
		return APPLIES_ERROR;
	(void)amount_note_missing(facts, value.missing, amount);
	return APPLIES_MAYBE;
}

/* Every cap limits: the lowest counts. A cap that may not apply lowers only the lower end. */
static void limit_lower(
		struct limit *limit, struct span span, bool certain, const struct cap_rules *by)
{
	if (!limit->least_known || span.least < limit->least) {
		limit->least = span.least;
		limit->least_known = true;
	}
	if (certain && span.most_known && (!limit->most_known || span.most < limit->most)) {
		limit->most = span.most;
		limit->most_known = true;
		limit->by = by;
	}
}

/* The highest tier that applies counts. One that may not apply raises only the upper end. */
static void limit_raise(struct limit *limit, struct span span, bool certain, bool *unbounded,
		const struct cap_rules *by)
{
	if (certain && (!limit->least_known || span.least > limit->least)) {
		limit->least = span.least;
		limit->least_known = true;
	}
	if (!span.most_known) {
		*unbounded = true;
	} else if (!limit->most_known || span.most > limit->most) {
		limit->most = span.most;
		limit->most_known = true;
		limit->by = by;
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

/* Whether a cap limits the year of a benefit that is had for longer. */
static bool cap_is_yearly(const struct policy_rules *policy, const struct cap_rules *cap)
{
	return amount_months(policy) > 12 &&
	       cap->cap->scope == POLICYCALC__V1__CAP__SCOPE__SCOPE_ENTERPRISE_YEAR;
}

/* The figure of a cap; one that only our sources lack makes the amount an upper end at most. */
static struct span cap_span(const struct facts *facts, const struct policy_rules *policy,
		const struct cap_rules *cap, struct amount *amount)
{
	struct amount own = { 0 };
	struct span span = span_ask(facts, policy, cap->limit, &own);

	if (!own.missing)
		return span;
	if (!facts_set_has_attributes(facts, own.missing))
		amount->up_to = true;
	if (!amount->missing)
		amount->missing = own.missing;
	else
		for (size_t i = 0; i < facts->ruleset->set_words; i++)
			amount->missing[i] |= own.missing[i];
	return span;
}

static struct limit limit_ask(const struct facts *facts, const struct policy_rules *policy,
		bool of_total, bool yearly, struct amount *amount)
{
	const struct amount_rules *rules = policy->amount;
	bool highest = rules->amount->cap_mode == POLICYCALC__V1__CAP_MODE__CAP_MODE_HIGHEST;
	struct limit limit = { .exact = true };
	int64_t lowest_maybe = INT64_MAX;
	bool unbounded = false;
	bool endless = false;

	for (size_t i = 0; i < rules->cap_count; i++) {
		const struct cap_rules *cap = &rules->caps[i];
		enum applies applies;
		struct span span;

		if (cap->of_total != of_total || cap_is_yearly(policy, cap) != yearly)
			continue;
		applies = cap_applies(facts, cap, amount);
		if (applies == APPLIES_ERROR)
			amount->error = true;
		if (applies == APPLIES_NO || applies == APPLIES_ERROR)
			continue;
		/* Of tiers the highest counts: one without end, or one that nobody found, is it. */
		unbounded |= cap->cap->none || cap->cap->not_stated;
		endless |= cap->cap->none && applies == APPLIES_YES;
		amount->uncapped |= cap->cap->none;
		if (cap->cap->not_stated ||
				cap->cap->scope == POLICYCALC__V1__CAP__SCOPE__SCOPE_SHARED)
			amount->up_to = true; /* it may be anything; others draw on it too */
		if (cap->cap->none || cap->cap->not_stated)
			continue;
		span = cap_span(facts, policy, cap, amount);
		if (span.error) {
			amount->error = true;
			continue;
		}
		limit.any |= applies == APPLIES_YES;
		limit.maybe = true;
		limit.exact &= span.exact && applies == APPLIES_YES;
		if (highest)
			limit_raise(&limit, span, applies == APPLIES_YES, &unbounded, cap);
		else
			limit_lower(&limit, span, applies == APPLIES_YES, cap);
		if (span.least < lowest_maybe)
			lowest_maybe = span.least;
	}
	if (highest && endless)
		return (struct limit){ 0 };
	if (highest)
		limit_settle_tiers(&limit, lowest_maybe, unbounded);
	return limit;
}

/* Cuts both ends of @span; whether the upper one was above. */
static bool limit_apply(const struct limit *limit, struct span *span)
{
	bool bound = false;

	if (limit->most_known && (!span->most_known || span->most > limit->most)) {
		span->most = limit->most;
		span->most_known = true;
		bound = true;
	}
	if (limit->least_known && span->least > limit->least)
		span->least = limit->least;
	return bound;
}

/* The cap of a year over the whole term; past int64 it does not bound. */
static struct limit limit_of_term(struct limit limit, int64_t months)
{
	wide_int least = (wide_int)limit.least * months / 12;
	wide_int most = (wide_int)limit.most * months / 12;

	limit.least_known = limit.least_known && least <= INT64_MAX;
	limit.most_known = limit.most_known && most <= INT64_MAX;
	limit.least = limit.least_known ? (int64_t)least : 0;
	limit.most = limit.most_known ? (int64_t)most : 0;
	return limit;
}

/* Notes the cap that counts: one that bound goes before one that did not. */
static void limit_tell(const struct policy_rules *policy, const struct limit *limit, bool bound,
		struct amount *amount)
{
	if (bound && (!amount_has_rules(policy) || amount->least == amount->most))
		amount->binding = BINDING(CAP);
	if (!limit->any || !limit->exact || !limit->most_known ||
			(amount->has_cap && !(bound && !amount->capped)))
		return;
	amount->has_cap = true;
	amount->cap = limit->most;
	amount->cap_by = limit->by;
	amount->capped = bound;
}

void amount_limit(const struct facts *facts, const struct policy_rules *policy, bool of_total,
		struct amount *amount)
{
	int64_t months = amount_months(policy);
	struct span whole = { false, amount->most_known, false, amount->least, amount->most };
	struct limit limit = limit_ask(facts, policy, of_total, false, amount);
	struct limit yearly = { 0 };
	bool year_bound = false;
	bool bound;
	bool rounded;

	if (months > 12) {
		struct limit term;

		yearly = limit_ask(facts, policy, of_total, true, amount);
		term = limit_of_term(yearly, months);
		year_bound = limit_apply(&term, &whole);
		year_bound |= limit_apply(&yearly, &amount->year);
	}
	bound = limit_apply(&limit, &whole);
	amount->least = whole.least;
	amount->most = whole.most;
	amount->most_known = whole.most_known;
	limit_tell(policy, &limit, bound, amount);
	limit_tell(policy, &yearly, year_bound, amount);
	if (months == 12) {
		amount->year = whole;
	} else {
		/* No more in a year than in all; without a figure of the year an even share of it. */
		struct sums even = { false, whole.most_known,
			(wide_int)whole.least * AMOUNT_PPM, (wide_int)whole.most * AMOUNT_PPM };
		struct span share =
				amount_is_yearly(policy)
						? whole
						: amount_round(policy->amount->amount, &even,
								  12, months, &rounded);
		struct limit most = { true, true, true, true, share.most_known, share.least,
			share.most, NULL };

		(void)limit_apply(&most, &amount->year);
	}
}

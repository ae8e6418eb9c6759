/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The figure before caps: a rule, a rate or brackets on a base, tiers that replace one another, or a
 * quantity times what one is worth.
 *
 * Every figure is a span. An exact one has both ends alike; an unknown rule contributes what the
 * interval evaluator makes of it.
 */
#include "calculator/amount.h"

#include <stdlib.h>

bool amount_note_missing(
		const struct facts *facts, struct slot_set missing, struct amount *amount)
{
	uint64_t *own = facts_new_set(facts);

	if (!amount->missing)
		amount->missing = facts_new_set(facts);
	if (!own || !amount->missing)
		return true;
	facts_put_missing(facts, missing, own);
	for (size_t i = 0; i < facts->ruleset->set_words; i++)
		amount->missing[i] |= own[i];
	return facts_set_has_attributes(facts, own);
}

struct span span_ask(const struct facts *facts, const struct policy_rules *policy,
		const struct rule *rule, struct amount *amount)
{
	struct value value = rule_evaluate(rule, &facts->evaluation);
	struct span span = { 0 };
	struct interval interval;

	if (value.kind == VALUE_INT) {
		span.least = span.most = value.integer > 0 ? value.integer : 0;
		span.exact = span.most_known = true;
		return span;
	}
	if (value.kind != VALUE_UNKNOWN) {
		span.error = true;
		return span;
	}
	(void)amount_note_missing(facts, value.missing, amount);
	interval = rule_evaluate_interval(
			rule, facts->ruleset->scopes[policy->list], &facts->evaluation);
	span.most_known = interval.most_known;
	span.most = interval.most_known && interval.most > 0 ? interval.most : 0;
	span.least = interval.least_known && interval.least > 0 ? interval.least : 0;
	return span;
}

static struct sums sums_failed(void)
{
	return (struct sums){ .error = true };
}

/* a * b * scale; an upper end beyond 128 bits is one that is not known. */
static struct sums sums_product(struct span a, struct span b, wide_int scale)
{
	struct sums sums = { .error = a.error || b.error,
		.most_known = a.most_known && b.most_known };

	sums.error |= __builtin_mul_overflow((wide_int)a.least * b.least, scale, &sums.least);
	if (sums.most_known &&
			__builtin_mul_overflow((wide_int)a.most * b.most, scale, &sums.most))
		sums.most_known = false;
	return sums;
}

/* --- brackets --------------------------------------------------------------------------------- */

/*
 * What brackets make of a base is the integral of the rate at x over 0 <= x < base, and the rate at
 * x is that of the first bracket whose end lies above x. With ends and rates that are not exact,
 * several brackets may be that first one; at every x the least and the greatest of their rates
 * bound the rate, and so their integrals bound the sum. Between two neighbouring ends (least or
 * greatest, of any bracket) the bounds stay the same.
 */
struct brackets {
	struct span *ends; /* most_known false: none is known; has_end false: there is none */
	bool *has_end;
	struct span *rates;
	size_t count;
};

/* The rate at a point; none when every bracket ends before it. */
static struct span brackets_rate(const struct brackets *brackets, int64_t at)
{
	struct span rate = { .most_known = true, .least = INT64_MAX };

	for (size_t i = 0; i < brackets->count; i++) {
		const struct span *end = &brackets->ends[i];

		if (!brackets->has_end[i] || !end->most_known || end->most > at) {
			const struct span *own = &brackets->rates[i];

			rate.least = own->least < rate.least ? own->least : rate.least;
			rate.most = own->most > rate.most ? own->most : rate.most;
			rate.most_known &= own->most_known;
		}
		if (!brackets->has_end[i] || end->least > at)
			return rate;
	}
	rate.least = 0;
	return rate;
}

static int figure_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* The points between which the rate stays the same, ascending; the last is INT64_MAX. */
static int64_t *brackets_points(
		const struct brackets *brackets, struct arena *arena, size_t *out_count)
{
	int64_t *points = ARENA_NEW_ARRAY(arena, int64_t, brackets->count * 2 + 2);
	size_t count = 0;

	if (!points)
		return NULL;
	points[count++] = 0;
	for (size_t i = 0; i < brackets->count; i++) {
		if (!brackets->has_end[i])
			continue;
		points[count++] = brackets->ends[i].least;
		if (brackets->ends[i].most_known)
			points[count++] = brackets->ends[i].most;
	}
	points[count++] = INT64_MAX;
	qsort(points, count, sizeof(*points), figure_compare);
	*out_count = count;
	return points;
}

/* Adds rate * length; false when it leaves 128 bits. */
static bool sum_add(wide_int *sum, int64_t from, int64_t until, int64_t base, int64_t rate)
{
	wide_int part = (base < until ? base : until) - (wide_int)from;

	return part <= 0 || (!__builtin_mul_overflow(part, (wide_int)rate, &part) &&
					    !__builtin_add_overflow(*sum, part, sum));
}

static struct sums brackets_apply(
		const struct brackets *brackets, struct span base, struct arena *arena)
{
	struct sums sums = { .most_known = true };
	int64_t most = base.most_known ? base.most : INT64_MAX;
	size_t count = 0;
	int64_t *points = brackets_points(brackets, arena, &count);

	if (!points)
		return sums_failed();
	for (size_t i = 0; i + 1 < count; i++) {
		struct span rate;

		if (points[i] == points[i + 1])
			continue;
		rate = brackets_rate(brackets, points[i]);
		if (!sum_add(&sums.least, points[i], points[i + 1], base.least, rate.least))
			sums.error = true;
		if (most <= points[i] || (rate.most_known && rate.most == 0))
			continue;
		/* A base without end in a bracket without end comes to anything. */
		if (!rate.most_known || (!base.most_known && points[i + 1] == INT64_MAX) ||
				!sum_add(&sums.most, points[i], points[i + 1], most, rate.most))
			sums.most_known = false;
	}
	return sums;
}

/* What each bracket took of an exact base; nothing when one of them is not exact. */
static void brackets_tell(const struct brackets *brackets, int64_t base, struct arena *arena,
		struct amount *amount)
{
	struct amount_part *parts =
			ARENA_NEW_ARRAY(arena, struct amount_part, brackets->count + 1);
	int64_t from = 0;
	size_t count = 0;

	for (size_t i = 0; parts && i < brackets->count && base > from; i++) {
		int64_t until = brackets->has_end[i] ? brackets->ends[i].most : INT64_MAX;

		if ((brackets->has_end[i] && !brackets->ends[i].exact) ||
				!brackets->rates[i].exact)
			return;
		if (until <= from)
			continue;
		parts[count].base = (base < until ? base : until) - from;
		parts[count++].rate = brackets->rates[i].most;
		from = until;
	}
	amount->parts = parts;
	amount->part_count = parts ? count : 0;
}

static struct sums brackets_sums(const struct facts *facts, const struct policy_rules *policy,
		struct span base, struct amount *amount)
{
	const struct amount_rules *rules = policy->amount;
	struct brackets brackets = { .count = rules->bracket_count };

	brackets.ends = ARENA_NEW_ARRAY(facts->arena, struct span, rules->bracket_count);
	brackets.rates = ARENA_NEW_ARRAY(facts->arena, struct span, rules->bracket_count);
	brackets.has_end = ARENA_NEW_ARRAY(facts->arena, bool, rules->bracket_count);
	if (!brackets.ends || !brackets.rates || !brackets.has_end)
		return sums_failed();
	for (size_t i = 0; i < rules->bracket_count; i++) {
		brackets.rates[i] = span_ask(facts, policy, rules->brackets[i].rate, amount);
		if (brackets.rates[i].error)
			return sums_failed();
		brackets.has_end[i] = rules->brackets[i].up_to != NULL;
		if (!brackets.has_end[i])
			continue;
		brackets.ends[i] = span_ask(facts, policy, rules->brackets[i].up_to, amount);
		if (brackets.ends[i].error)
			return sums_failed();
	}
	if (base.exact)
		brackets_tell(&brackets, base.least, facts->arena, amount);
	return brackets_apply(&brackets, base, facts->arena);
}

/* --- tiers ------------------------------------------------------------------------------------ */

/*
 * The highest tier that applies counts. One that certainly applies is a lower end; one that may is an
 * upper one.
 */
static struct sums tiers_sums(const struct facts *facts, const struct policy_rules *policy,
		struct amount *amount)
{
	const struct amount_rules *rules = policy->amount;
	struct span highest = { .most_known = true };

	for (size_t i = 0; i < rules->tier_count; i++) {
		const struct tier_rules *tier = &rules->tiers[i];
		struct value applies = { .kind = VALUE_BOOL, .boolean = true };
		struct span span;

		if (tier->when)
			applies = rule_evaluate(tier->when, &facts->evaluation);
		if (applies.kind == VALUE_BOOL && !applies.boolean)
			continue;
		if (applies.kind == VALUE_UNKNOWN)
			(void)amount_note_missing(facts, applies.missing, amount);
		else if (applies.kind != VALUE_BOOL)
			return sums_failed();
		span = span_ask(facts, policy, tier->sum, amount);
		if (span.error)
			return sums_failed();
		if (applies.kind == VALUE_BOOL &&
				(span.least > highest.least || !amount->tier)) {
			highest.least = span.least;
			amount->tier = tier;
		}
		highest.most_known &= span.most_known;
		highest.most = span.most > highest.most ? span.most : highest.most;
	}
	amount->binding = BINDING(FIXED);
	if (!highest.most_known || highest.least != highest.most)
		amount->tier = NULL;
	return (struct sums){ .most_known = highest.most_known,
		.least = (wide_int)highest.least * AMOUNT_PPM,
		.most = (wide_int)highest.most * AMOUNT_PPM };
}

/* --- all shapes ------------------------------------------------------------------------------- */

static struct sums quantity_sums(const struct facts *facts, const struct policy_rules *policy,
		struct amount *amount)
{
	struct span quantity = span_ask(facts, policy, policy->amount->quantity, amount);
	struct span value = span_ask(facts, policy, policy->amount->unit_amount, amount);

	amount->has_quantity = quantity.exact && value.exact;
	amount->quantity = quantity.least;
	amount->unit_amount = value.least;
	amount->binding = BINDING(RATE);
	return sums_product(quantity, value, AMOUNT_PPM);
}

static struct sums base_sums(const struct facts *facts, const struct policy_rules *policy,
		struct amount *amount)
{
	const struct amount_rules *rules = policy->amount;
	struct span base = span_ask(facts, policy, rules->base, amount);
	struct span rate;

	amount->binding = BINDING(RATE);
	if (base.error)
		return sums_failed();
	amount->has_base = base.exact;
	amount->base = base.least;
	if (!rules->rate)
		return brackets_sums(facts, policy, base, amount);
	rate = span_ask(facts, policy, rules->rate, amount);
	amount->has_rate = rate.exact;
	amount->rate = rate.least;
	return sums_product(base, rate, 1);
}

struct sums amount_before_caps(const struct facts *facts, const struct policy_rules *policy,
		struct amount *amount)
{
	const struct amount_rules *rules = policy->amount;
	struct span span;

	if (rules->rule) {
		amount->binding = rules->fixed ? BINDING(FIXED) : BINDING(RATE);
		span = span_ask(facts, policy, rules->rule, amount);
		return (struct sums){ span.error, span.most_known,
			(wide_int)span.least * AMOUNT_PPM, (wide_int)span.most * AMOUNT_PPM };
	}
	if (rules->base)
		return base_sums(facts, policy, amount);
	if (rules->tier_count)
		return tiers_sums(facts, policy, amount);
	if (rules->quantity)
		return quantity_sums(facts, policy, amount);
	return (struct sums){ 0 }; /* only caps, or nothing */
}

/* --- rounding --------------------------------------------------------------------------------- */

/* Rounds to whole units; past int64 it stays there and says so. */
static int64_t sum_round(const Policycalc__V1__Amount *rules, wide_int sum, int64_t times,
		int64_t by, bool *out_overflow, bool *out_rounded)
{
	wide_int unit = rules->rounding_unit_fen > 0 ? rules->rounding_unit_fen : 1;
	wide_int divisor = unit * AMOUNT_PPM * by;
	wide_int whole;
	wide_int rest;

	*out_overflow = true;
	*out_rounded = false;
	if (__builtin_mul_overflow(sum, (wide_int)times, &sum))
		return INT64_MAX;
	whole = sum / divisor;
	rest = sum % divisor;
	if (rules->rounding == POLICYCALC__V1__ROUNDING__ROUNDING_HALF_UP &&
			rest >= divisor - rest)
		whole++;
	if (rules->rounding == POLICYCALC__V1__ROUNDING__ROUNDING_UP && rest > 0)
		whole++;
	if (__builtin_mul_overflow(whole, unit, &whole) || whole > INT64_MAX)
		return INT64_MAX;
	*out_overflow = false;
	*out_rounded = rest != 0;
	return (int64_t)whole;
}

struct span amount_round(const Policycalc__V1__Amount *rules, const struct sums *sums,
		int64_t times, int64_t by, bool *out_rounded)
{
	struct span span = { .most_known = sums->most_known };
	bool overflow;

	span.least = sum_round(rules, sums->least, times, by, &overflow, out_rounded);
	span.error = sums->error || overflow;
	if (sums->most_known) {
		bool rounded;

		span.most = sum_round(rules, sums->most, times, by, &overflow, &rounded);
		span.most_known = !overflow;
		*out_rounded = *out_rounded && rounded;
	}
	span.exact = span.most_known && span.least == span.most;
	return span;
}

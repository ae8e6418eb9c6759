/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a policy comes to, as an interval that holds the amount of every completion of what is
 * not known. Amounts are never negative.
 *
 * An amount is made in three steps, each in a file of its own: the figure before caps
 * (amount_base.c), the caps (amount_caps.c), and for policies granted per item the sum over the items
 * (amount_total.c). All of them grow with each of their figures, so that the ends of the result
 * come from the ends of the figures.
 */
#pragma once

#include "calculator/facts.h"

#include "base/wide.h"

#define AMOUNT_PPM 1000000

/* A figure between two ends, both at least 0. */
struct span {
	bool error;
	bool most_known;
	bool exact;
	int64_t least;
	int64_t most;
};

/* A part of the base and the rate on it. */
struct amount_part {
	int64_t base;
	int64_t rate;
};

struct amount {
	bool none;	 /* nothing is paid: a title, a service */
	bool error;	 /* a rule failed, or a figure left int64 */
	bool not_stated; /* the sources do not say */
	bool up_to;	 /* the upper end is all that is known of it */
	bool most_known;
	int64_t least; /* of the whole term */
	int64_t most;
	struct span year; /* of it, what falls into the twelve months after the day */
	Policycalc__V1__AmountAnswer__Binding binding;
	bool has_base, has_rate, has_cap, has_before_cap, has_quantity;
	int64_t base, rate, cap;
	int64_t before_cap; /* of one year, when the rules give that */
	int64_t quantity, unit_amount;
	const struct cap_rules *cap_by;	 /* the cap that counts, with has_cap */
	bool capped;			 /* it bound */
	bool uncapped;			 /* the sources say that there is no cap */
	bool rounded;			 /* rounding changed an exact figure */
	const struct amount_part *parts; /* of brackets, when exact */
	size_t part_count;
	const struct tier_rules *tier; /* the one that certainly counts, or NULL */
	uint64_t *missing; /* attributes that would make it exact, and parameters; or NULL */
};

/** For the enterprise, or for the item at hand. Caps on the total of items are left out. */
struct amount amount_compute(const struct facts *facts, const struct policy_rules *policy);

Policycalc__V1__AmountAnswer__Exactness amount_exactness(
		const struct facts *facts, const struct amount *amount);
/* What an answer tells of an amount: ends that are not known are 0. */
struct amount_figures {
	Policycalc__V1__AmountAnswer__Exactness exactness;
	int64_t least, most;
	int64_t year_least, year_most;
};
struct amount_figures amount_figures(const struct facts *facts, const struct amount *amount);
/** What answers are ordered by. */
int64_t amount_order(const struct facts *facts, const struct amount *amount);
/** The message; NULL when memory is short. @item_id names the item, NULL for a whole policy. */
Policycalc__V1__AmountAnswer *amount_answer(const struct facts *facts,
		const struct policy_rules *policy, const struct amount *amount,
		const char *item_id);
/** One sentence in both languages: what @answer comes to, and how. NULL when memory is short. */
Policycalc__V1__Text *amount_sentence(const struct facts *facts,
		const struct policy_rules *policy, const struct amount *amount,
		const Policycalc__V1__AmountAnswer *answer);

/* --- between the steps ------------------------------------------------------------------------ */

/* Both ends in fen times a million, so that rates in ppm lose nothing before the one rounding. */
struct sums {
	bool error;
	bool most_known;
	wide_int least;
	wide_int most;
};

/** The months a benefit is had, at least twelve: what is had once is had within the year. */
int64_t amount_months(const struct policy_rules *policy);
/** Whether the rules give one year of a benefit that is had for longer. */
bool amount_is_yearly(const struct policy_rules *policy);
/** Whether there is anything but caps. */
bool amount_has_rules(const struct policy_rules *policy);

/** The figure a rule gives; below zero counts as zero. What it lacks is noted in @amount. */
struct span span_ask(const struct facts *facts, const struct policy_rules *policy,
		const struct rule *rule, struct amount *amount);
/** Notes what is missing; whether there are attributes among it. */
bool amount_note_missing(
		const struct facts *facts, struct slot_set missing, struct amount *amount);

/** What the rules make before caps; what led to it is written to @amount. */
struct sums amount_before_caps(const struct facts *facts, const struct policy_rules *policy,
		struct amount *amount);
/**
 * @sums * @times / @by rounded as the policy says. An upper end beyond int64 is one that is not
 * known; *out_rounded tells whether an exact figure changed.
 */
struct span amount_round(const Policycalc__V1__Amount *rules, const struct sums *sums,
		int64_t times, int64_t by, bool *out_rounded);
/** Applies the caps on each grant, or those on the total of items. */
void amount_limit(const struct facts *facts, const struct policy_rules *policy, bool of_total,
		struct amount *amount);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a policy comes to, as an interval that holds the amount of every completion of what is
 * not known. Amounts are never negative.
 */
#pragma once

#include "calculator/facts.h"

struct amount {
	bool none;	 /* nothing is paid: a title, a service */
	bool error;	 /* a rule failed, or a figure left int64 */
	bool not_stated; /* the sources do not say */
	bool up_to;	 /* the upper end is all that is known of it */
	bool most_known;
	int64_t least;
	int64_t most;
	Policycalc__V1__AmountAnswer__Binding binding;
	bool has_base, has_rate, has_cap;
	int64_t base, rate, cap;
	uint64_t *missing; /* attributes that would make it exact, and parameters; or NULL */
};

/** For the enterprise, or for the item at hand. Caps on the total of items are left out. */
struct amount amount_compute(const struct facts *facts, const struct policy_rules *policy);

/** Adds the amount of an item; of one that is undecided only the upper end counts. */
void amount_add(struct amount *total, const struct amount *item, bool decided);
/** Applies the caps on the total of items. */
void amount_limit_total(const struct facts *facts, const struct policy_rules *policy,
		struct amount *total);

Policycalc__V1__AmountAnswer__Exactness amount_exactness(
		const struct facts *facts, const struct amount *amount);
/** What answers are ordered by. */
int64_t amount_order(const struct facts *facts, const struct amount *amount);
/** The message; NULL when memory is short. @item_id names the item, NULL for a whole policy. */
Policycalc__V1__AmountAnswer *amount_answer(const struct facts *facts,
		const struct policy_rules *policy, const struct amount *amount,
		const char *item_id);

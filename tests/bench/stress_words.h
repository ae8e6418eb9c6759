/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of the workload in other words, which mean the same of whatever enterprise is made. */
#pragma once

#include "generator.h"

enum stress_words {
	STRESS_AS_MADE,
	STRESS_NOTS,	 /* every "and" and "or" by negation, one within the other */
	STRESS_PREFIXES, /* codes by what they begin with, also those of another attribute */
	STRESS_LISTS,	 /* memberships by loops over either list, codes one by one */
	STRESS_ARITHMETIC, /* thresholds by sums, differences and products, also of two attributes */
	STRESS_WORDS,
};

void stress_policy_print(const struct made_policy *policy, enum stress_words words, FILE *out);

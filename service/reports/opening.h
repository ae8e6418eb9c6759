/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What opens for a firm once it reports R&D: it is asked as it is, and again with the facts that
 * reporting would make true; the difference is the answer. Nothing here judges a policy itself.
 */
#pragma once

#include "calculator/calculator.h"
#include "policycalc/v1/report.pb-c.h"

struct opening {
	Policycalc__V1__OpenedPolicy **policies; /* by id */
	size_t count;
	int64_t sure_fen; /* what it can be sure of then, less what it can be sure of now; 0 or more */
	bool has_open; /* something opens whose amount is not known */
};

/** Texts are borrowed from the ruleset, the rest lives in @arena. */
bool opening_ask(const struct ruleset *ruleset, const Policycalc__V1__Profile *profile,
		const char *day, struct arena *arena, struct opening *out_opening,
		struct error *err);

/** What is assumed, for people. */
extern const Policycalc__V1__Text opening_assumption;

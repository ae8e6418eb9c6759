/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What opens for a firm once it reports R&D: it is asked as it is, and again with the facts that
 * reporting would make true; the difference is the answer. Nothing here judges a policy itself. As it
 * is, a sweep tells; again only those policies are asked that rest on one of these facts.
 */
#pragma once

#include "calculator/look.h"
#include "policycalc/v1/report.pb-c.h"

struct opening {
	Policycalc__V1__OpenedPolicy **policies; /* by id */
	size_t count;
	int64_t sure_fen; /* what it can be sure of then, less what it can be sure of now; 0 or more */
	bool has_open; /* something opens whose amount is not known */
};

struct opening_plan; /* of a day; immutable, for all threads */
struct opener;	     /* one a thread */

struct opening_plan *opening_plan_new(
		const struct ruleset *ruleset, const char *day, struct error *err);
void opening_plan_free(struct opening_plan *plan);
/** Whose wants a source must have first. */
const struct sweep *opening_plan_sweep(const struct opening_plan *plan);

/** NULL when memory is short. @plan lives longer. */
struct opener *opener_new(const struct opening_plan *plan, struct error *err);
void opener_free(struct opener *opener);
/** The block of which @rows are asked about. */
bool opener_enter(struct opener *opener, const struct sweep_source *source,
		const uint64_t *rows, struct error *err);
/**
 * What opens for the firm at @row of it, in @arena; texts are borrowed from the ruleset. Of amounts that
 * are not to be told (@amounts) only their figures are there. ERROR_INVALID: the catalog refuses its
 * facts.
 */
bool opener_ask(struct opener *opener, unsigned row, const Policycalc__V1__Profile *profile,
		bool amounts, struct arena *arena, struct opening *out_opening,
		struct error *err);

/** What is assumed, for people. */
extern const Policycalc__V1__Text opening_assumption;

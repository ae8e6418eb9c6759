/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The best combination of what one enterprise can have: outcomes in, a problem for the solver, its
 * answers in words.
 *
 * A unit is a policy, or a policy and an item. The same units stand in two problems: in the one what
 * is sure counts, in the other what is possible.
 */
#pragma once

#include "calculator/answer.h"
#include "calculator/combine_rules.h"
#include "calculator/solver.h"

enum combine_case {
	CASE_SURE,     /* ELIGIBLE, at the lower end */
	CASE_POSSIBLE, /* undecided too, at the upper end that is known */
	CASE_COUNT,
};

struct combine_unit {
	const struct outcome *outcome;
	const struct item_outcome *item; /* NULL: the enterprise, or items nobody told of */
	const struct amount *amount;
	Policycalc__V1__Verdict verdict;
	int64_t year[CASE_COUNT];  /* what falls into the twelve months after the day */
	int64_t whole[CASE_COUNT]; /* over the whole term */
	bool open;		   /* no upper end is known */
	bool unstated; /* nothing is sure since the sources do not say, of it or of a cap */
};

/* A group of the solver, and what it was made from. */
struct combine_group {
	const struct exclusion_group *rules; /* NULL: items that are the same */
};

/* Likewise a cap: shared by policies, or of all items of one policy. */
struct combine_cap {
	const struct shared_cap_rules *shared;
	const struct policy_rules *policy;
	const struct item_facts *item; /* of shared ones that each item has */
};

struct combine {
	const struct facts *facts;
	struct arena *arena;
	const struct outcome **outcomes; /* in policy order */
	size_t outcome_count;
	struct combine_unit *units;
	size_t unit_count;
	size_t *first_units; /* by policy: its first unit; one more at the end */
	struct combine_group *groups;
	struct combine_cap *caps;
	struct solver_problem problems[CASE_COUNT];
	struct solver_answer answers[CASE_COUNT];
};

/** Whether the policy's benefit enters the totals. */
bool policy_pays_money(const struct policy_rules *policy);

/** Gathers the units and solves both cases. false when memory is short. */
bool combine_compute(struct combine *combine, const struct facts *facts,
		const struct outcome *outcomes, size_t count, struct arena *arena);

/** The sum of the best choice, at most INT64_MAX. */
int64_t combine_total(const struct combine *combine, enum combine_case which);
/** Only the sum of what is sure. false when memory is short. */
bool combine_sure(const struct facts *facts, const struct outcome *outcomes, size_t count,
		struct arena *arena, int64_t *out_total);

/** The message for the outcomes of one match; NULL when memory is short. */
Policycalc__V1__Combination *combination_answer(
		const struct facts *facts, const struct outcome *outcomes, size_t count);

/** The attributes whose answers would change the choice. false when memory is short. */
bool combine_answers_fill(const struct combine *combine, Policycalc__V1__Combination *answer);
/** What does not enter the totals, and what opens later. false when memory is short. */
bool combine_others_fill(const struct combine *combine, Policycalc__V1__Combination *answer);

/** The unit's message; @item may be NULL. NULL when memory is short. */
Policycalc__V1__CombinationUnit *combine_unit_answer(struct arena *arena,
		const struct outcome *outcome, const struct item_outcome *item,
		Policycalc__V1__Verdict verdict);

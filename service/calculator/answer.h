/* SPDX-License-Identifier: Apache-2.0 */
/* The answer for one policy: its verdict first, and the message when it is wanted. */
#pragma once

#include "calculator/amount.h"
#include "calculator/clause.h"

/* Among ->review_reasons: a rule could not be computed. */
#define REVIEW_RULE_ERROR "RULE_ERROR"

/* How one item stands, together with the enterprise's own conditions. */
struct item_outcome {
	const struct item_facts *item;
	Policycalc__V1__Verdict verdict;
	struct clause_result *results; /* by clause; of per-item clauses only */
	struct amount amount;
	const struct item_facts
			*same_as; /* the first that is the same person or loan, or NULL */
};

struct outcome {
	const struct policy_rules *policy;
	Policycalc__V1__Verdict verdict;
	Policycalc__V1__Verdict conditions_verdict;
	struct clause_result *results; /* by clause; of items' clauses see there */
	struct item_outcome *items;
	size_t item_count;
	bool list_unknown; /* the list of items is absent */
	struct amount amount;
	int64_t order; /* what answers of one verdict are ordered by */
};

/** What a policy would be if this were its only condition. */
Policycalc__V1__Verdict verdict_of_status(Policycalc__V1__ConditionStatus status);

/** Asks every condition and computes the amount. Memory that runs short shows in the arena. */
void outcome_compute(const struct facts *facts, const struct policy_rules *policy,
		const struct standing *standing, struct outcome *out_outcome);
/** As it, for many policies under the same facts: @memo (or NULL) knows what was asked before. */
void outcome_compute_once(const struct facts *facts, struct clause_memo *memo,
		const struct policy_rules *policy, const struct standing *standing,
		struct outcome *out_outcome);

/** As it, without amounts. */
void outcome_judge_once(const struct facts *facts, struct clause_memo *memo,
		const struct policy_rules *policy, const struct standing *standing,
		struct outcome *out_outcome);

/** Finds the items that are the same as one before them, for policies granted once per such. */
void items_tell_same(struct outcome *outcome);
/** The amount of a policy granted per item, from its items. */
void items_total(const struct facts *facts, struct outcome *outcome);

/** As much of the answer as @view wants. NULL when memory is short. */
Policycalc__V1__PolicyAnswer *outcome_answer(const struct facts *facts,
		const struct outcome *outcome, const struct standing *standing,
		Policycalc__V1__View view);

/** Only how everything stands, see ruleset_match_statuses(). NULL when memory is short. */
Policycalc__V1__PolicyAnswer *outcome_statuses(
		const struct facts *facts, const struct outcome *outcome);
/** Of a policy per item, the condition that everybody forgets: that there is an item at all. */
Policycalc__V1__Text *empty_list_label(enum item_list list);
#define EMPTY_LIST_CONDITION "items"
/** It as a condition; its texts are the program's own. */
Policycalc__V1__Condition empty_list_condition(enum item_list list);

/**
 * What the outcome, or one of its items, waits for: attributes that would settle its verdict, and
 * those that would make its amount exact. Sorted, each once. false: memory is short.
 */
bool outcome_missing(const struct facts *facts, const struct outcome *outcome,
		const struct item_outcome *item, char ***out_names, size_t *out_count);

/** Names of the attributes in @bits, sorted, with their prefix; "@projects/id" behind those of items. */
bool names_print(const struct facts *facts, enum item_list list, const uint64_t *bits,
		const char *item_id, char ***out_names, size_t *out_count);

/** What all answers but the shortest say of the policy, and how it is judged. Borrows from the ruleset. */
void head_answer(const struct outcome *outcome, Policycalc__V1__PolicyAnswer *answer);
/** Fills what is missing of @answer: of a policy that is settled, nothing. false: memory is short. */
bool missing_answer(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__PolicyAnswer *answer);
/**
 * Puts what items would be asked for, when nothing is known of the list; false: nothing, so that only
 * the list itself is missing.
 */
bool missing_of_no_items(
		const struct facts *facts, const struct policy_rules *policy, uint64_t *bits);
/** PolicyAnswer.amount, NULL when nothing is paid. false: memory is short. */
bool outcome_amount(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__AmountAnswer **out_amount);
/** As it, what would make the sum over items exact. */
bool total_missing_answer(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__AmountAnswer *answer);

/** The condition's message, with reasons and sentence. NULL when memory is short. */
Policycalc__V1__ConditionAnswer *clause_answer(const struct facts *facts,
		const struct policy_rules *policy, const struct clause *clause,
		const struct clause_result *result, const char *item_id);

/** Fills reasons and sentence of @answer, whose other fields are there. false: memory is short. */
bool clause_explain(const struct facts *facts, const struct policy_rules *policy,
		const struct clause *clause, const struct clause_result *result,
		const char *item_id, Policycalc__V1__ConditionAnswer *answer);

/** Fills which conditions settle the verdict; of the FULL view also the sentence that says so. */
bool settled_answer(const struct facts *facts, const struct outcome *outcome, bool full,
		Policycalc__V1__PolicyAnswer *answer);

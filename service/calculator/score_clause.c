/* SPDX-License-Identifier: Apache-2.0 */
/* A condition with a score table: met by the table, or by its direct pass. */
#include "calculator/score.h"

struct clause_result score_direct_pass(const struct facts *facts, const struct clause *clause)
{
	struct clause_result result = { .status = STATUS(UNSPECIFIED) };
	struct value value;

	if (!clause->direct_pass)
		return result;
	value = rule_evaluate(clause->direct_pass, &facts->evaluation);
	if (value.kind == VALUE_BOOL) {
		result.status = value.boolean ? STATUS(MET) : STATUS(NOT_MET);
	} else if (value.kind == VALUE_UNKNOWN) {
		result.status = STATUS(UNKNOWN);
		result.missing = facts_new_set(facts);
		if (!result.missing)
			return result;
		facts_put_missing(facts, value.missing, result.missing);
		result.threshold = !facts_set_has_attributes(facts, result.missing);
		if (result.threshold)
			result.status = STATUS(REVIEW);
	} else {
		result.status = STATUS(ERROR);
	}
	return result;
}

/*
 * As "table or direct pass" in the rule language: yes beats all, unknown beats an error, an error
 * beats no. A judgement that is left is like an unknown that nobody can be asked for.
 */
static struct clause_result either(const struct facts *facts, struct clause_result direct,
		struct clause_result table)
{
	struct clause_result both = { 0 };

	if (table.status == STATUS(MET) || direct.status == STATUS(UNSPECIFIED) ||
			direct.status == STATUS(NOT_MET))
		return table;
	if (table.status == STATUS(NOT_MET))
		return direct;
	if (table.status == STATUS(ERROR) || direct.status == STATUS(ERROR))
		return table.status == STATUS(ERROR) ? direct : table;
	both.missing = facts_new_set(facts);
	for (size_t i = 0; both.missing && i < facts->ruleset->set_words; i++)
		both.missing[i] = (direct.missing ? direct.missing[i] : 0) |
				  (table.missing ? table.missing[i] : 0);
	both.status = direct.status == STATUS(UNKNOWN) || table.status == STATUS(UNKNOWN)
				      ? STATUS(UNKNOWN)
				      : STATUS(REVIEW);
	both.threshold = both.status == STATUS(REVIEW) && table.threshold;
	return both;
}

struct clause_result score_clause(
		const struct facts *facts, enum item_list list, const struct clause *clause)
{
	struct clause_result direct = score_direct_pass(facts, clause);
	struct clause_result result;
	struct score_result *table;

	if (direct.status == STATUS(MET))
		return direct;
	table = arena_alloc(facts->arena, sizeof(*table));
	if (!table)
		return (struct clause_result){ .status = STATUS(ERROR) };
	*table = score_ask(facts, list, clause->score);
	result = either(facts, direct, table->standing);
	result.score = table;
	return result;
}

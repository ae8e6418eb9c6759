/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/score.h"

#include <string.h>

/* Three-valued, with the memory of what is missing. */
enum truth {
	TRUTH_NO,
	TRUTH_YES,
	TRUTH_UNKNOWN,
	TRUTH_ERROR,
};

static enum truth rule_ask(const struct facts *facts, const struct rule *rule,
		struct slot_set *out_missing)
{
	struct value value = rule_evaluate(rule, &facts->evaluation);

	switch (value.kind) {
	case VALUE_BOOL:
		return value.boolean ? TRUTH_YES : TRUTH_NO;
	case VALUE_UNKNOWN:
		*out_missing = value.missing;
		return TRUTH_UNKNOWN;
	case VALUE_ERROR:
	case VALUE_NULL:
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_DOUBLE:
	case VALUE_STRING:
	case VALUE_BYTES:
	case VALUE_LIST:
	case VALUE_MAP:
	case VALUE_TIMESTAMP:
	case VALUE_DURATION:
	case VALUE_TYPE:
	default:
		return TRUTH_ERROR;
	}
}

/* UNKNOWN while an attribute would help; REVIEW when only parameters lack. */
struct clause_result clause_lacks(const struct facts *facts, uint64_t *missing)
{
	bool helps = facts_set_has_attributes(facts, missing);

	return (struct clause_result){ .status = helps ? STATUS(UNKNOWN) : STATUS(REVIEW),
		.missing = missing,
		.threshold = !helps };
}

static struct clause_result result_unknown(const struct facts *facts, struct slot_set missing)
{
	uint64_t *bits = facts_new_set(facts);

	if (!bits)
		return (struct clause_result){ .status = STATUS(UNKNOWN) };
	facts_put_missing(facts, missing, bits);
	return clause_lacks(facts, bits);
}

static struct clause_result result_of(Policycalc__V1__ConditionStatus status)
{
	return (struct clause_result){ .status = status };
}

static struct clause_result rule_clause(const struct facts *facts, const struct clause *clause)
{
	bool exclude = clause->condition->role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE;
	struct slot_set missing = { 0 };

	switch (rule_ask(facts, clause->rule, &missing)) {
	case TRUTH_YES:
		return result_of(exclude ? STATUS(NOT_MET) : STATUS(MET));
	case TRUTH_NO:
		return result_of(exclude ? STATUS(MET) : STATUS(NOT_MET));
	case TRUTH_UNKNOWN:
		return result_unknown(facts, missing);
	case TRUTH_ERROR:
	default:
		return result_of(STATUS(ERROR));
	}
}

/* met_if before fails_if; a judgement that neither settles is left to people. */
static struct clause_result judgement_clause(
		const struct facts *facts, const struct clause *clause)
{
	struct slot_set missing = { 0 };
	struct slot_set ignored = { 0 };

	switch (clause->met_if ? rule_ask(facts, clause->met_if, &missing) : TRUTH_NO) {
	case TRUTH_YES:
		return result_of(STATUS(MET));
	case TRUTH_UNKNOWN:
		return result_unknown(facts, missing);
	case TRUTH_ERROR:
		return result_of(STATUS(ERROR));
	case TRUTH_NO:
	default:
		break;
	}
	switch (clause->fails_if ? rule_ask(facts, clause->fails_if, &ignored) : TRUTH_NO) {
	case TRUTH_YES:
		return result_of(STATUS(NOT_MET));
	case TRUTH_ERROR:
		return result_of(STATUS(ERROR));
	case TRUTH_NO:
	case TRUTH_UNKNOWN:
	default:
		return result_of(STATUS(REVIEW));
	}
}

/* --- scopes ----------------------------------------------------------------------------------- */

/*
 * Within a region covered: yes. In a region of which only a part is covered (a firm that is only
 * known to be in the city, for a policy of a county): not known.
 */
Policycalc__V1__ConditionStatus region_scope_status(const struct region_table *regions,
		const Policycalc__V1__RegionScope *scope, struct slice own, bool foreign)
{
	Policycalc__V1__ConditionStatus status = STATUS(NOT_MET);
	struct slice kind;

	if (!regions)
		return STATUS(ERROR);
	if (scope->zones == POLICYCALC__V1__REGION_SCOPE__ZONES__ZONES_EXCLUDE &&
			region_kind(regions, own, &kind) && slice_equals_text(kind, "ZONE"))
		return STATUS(NOT_MET);
	for (size_t i = 0; i < scope->n_covers; i++) {
		struct slice covered = slice_from(scope->covers[i]);

		if (region_within(regions, own, covered) == REGION_YES)
			return STATUS(MET);
		if (!foreign && region_within(regions, covered, own) == REGION_YES)
			status = STATUS(UNKNOWN);
	}
	return status;
}

/* Codes carry their section letter, so that a broader code is a prefix of a finer one. */
static enum truth codes_cover(char *const *codes, size_t count, struct slice own)
{
	enum truth truth = TRUTH_NO;

	for (size_t i = 0; i < count; i++) {
		struct slice code = slice_from(codes[i]);

		if (slice_starts_with(own, code))
			return TRUTH_YES;
		if (slice_starts_with(code, own))
			truth = TRUTH_UNKNOWN;
	}
	return truth;
}

Policycalc__V1__ConditionStatus industry_scope_status(
		const Policycalc__V1__IndustryScope *scope, struct slice own)
{
	enum truth included =
			scope->n_include ? codes_cover(scope->include, scope->n_include, own)
					 : TRUTH_YES;
	enum truth excluded = codes_cover(scope->exclude, scope->n_exclude, own);

	if (included == TRUTH_NO || excluded == TRUTH_YES)
		return STATUS(NOT_MET);
	return included == TRUTH_YES && excluded == TRUTH_NO ? STATUS(MET) : STATUS(UNKNOWN);
}

static struct clause_result scope_clause(const struct facts *facts,
		const struct policy_rules *policy, const struct clause *clause)
{
	const struct value *own = &facts->values[clause->slot];
	int slot = clause->slot;
	Policycalc__V1__ConditionStatus status = STATUS(UNKNOWN);

	if (own->kind == VALUE_STRING)
		status = clause->kind == CLAUSE_REGION
					 ? region_scope_status(facts->ruleset->regions,
							   policy->policy->region, own->text,
							   slot_bits_has(facts->foreign, slot))
					 : industry_scope_status(
							   policy->policy->industry, own->text);
	else if (own->kind != VALUE_UNKNOWN)
		status = STATUS(ERROR);
	return status == STATUS(UNKNOWN) ? result_unknown(facts, (struct slot_set){ &slot, 1 })
					 : result_of(status);
}

struct clause_result clause_ask(const struct facts *facts, const struct policy_rules *policy,
		const struct clause *clause)
{
	switch (clause->kind) {
	case CLAUSE_REGION:
	case CLAUSE_INDUSTRY:
		return scope_clause(facts, policy, clause);
	case CLAUSE_SCORE:
		return score_clause(facts, policy->list, clause);
	case CLAUSE_RULE:
	default:
		if (clause->condition->role == POLICYCALC__V1__ROLE__ROLE_REVIEW)
			return judgement_clause(facts, clause);
		return rule_clause(facts, clause);
	}
}

/* --- of twins only the first ------------------------------------------------------------------ */

struct clause_note {
	uint64_t round; /* 0: never */
	struct clause_result result;
};

bool clause_memo_init(
		struct clause_memo *memo, const struct ruleset *ruleset, struct arena *arena)
{
	memo->round = 1;
	memo->notes = ARENA_NEW_ARRAY(arena, struct clause_note, ruleset->twin_count + 1);
	return memo->notes != NULL;
}

void clause_memo_advance(struct clause_memo *memo)
{
	memo->round++;
}

struct clause_result clause_ask_once(const struct facts *facts, struct clause_memo *memo,
		const struct policy_rules *policy, const struct clause *clause)
{
	struct clause_note *note = &memo->notes[clause->twin];

	if (clause->per_item)
		return clause_ask(facts, policy, clause);
	if (note->round != memo->round) {
		note->round = memo->round;
		if (!memo->ask || !memo->ask(memo->context, policy, clause, &note->result))
			note->result = clause_ask(facts, policy, clause);
	}
	return note->result;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/scope_test.h"

#include "calculator/clause.h"

static enum atom_answer status_answer(Policycalc__V1__ConditionStatus status)
{
	switch ((int)status) {
	case STATUS(MET):
		return ANSWER_YES;
	case STATUS(NOT_MET):
		return ANSWER_NO;
	case STATUS(UNKNOWN):
		return ANSWER_ASKED;
	default:
		return ANSWER_ERROR;
	}
}

struct region_context {
	const struct region_table *regions;
	const Policycalc__V1__RegionScope *scope;
};

static enum atom_answer region_answer(const void *context, struct slice text, bool marked)
{
	const struct region_context *region = context;

	return status_answer(region_scope_status(region->regions, region->scope, text, marked));
}

static enum atom_answer industry_answer(const void *context, struct slice text, bool marked)
{
	(void)marked;
	return status_answer(industry_scope_status(context, text));
}

const struct atom_test *scope_test_new(const struct ruleset *ruleset,
		const struct policy_rules *policy, const struct clause *clause,
		struct arena *arena)
{
	struct atom_test *test = ARENA_NEW(arena, struct atom_test);
	struct region_context *context = ARENA_NEW(arena, struct region_context);

	if (!test || !context)
		return NULL;
	context->regions = ruleset->regions;
	context->scope = policy->policy->region;
	if (clause->kind == CLAUSE_REGION)
		*test = (struct atom_test){ region_answer, context };
	else
		*test = (struct atom_test){ industry_answer, policy->policy->industry };
	return test;
}

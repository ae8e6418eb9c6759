/* SPDX-License-Identifier: Apache-2.0 */
#include "slow/opening.h"

#include <stdlib.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

/* --- the facts then --------------------------------------------------------------------------- */

static bool is(const Policycalc__V1__AttributeValue *fact, const char *name)
{
	return strcmp(fact->name, name) == 0;
}

/* "name = value" of a firm, which is told with no period: that of the last full year. */
static void fact_put(Policycalc__V1__Profile *profile, const char *name, bool is_money,
		int64_t fen, struct arena *arena)
{
	Policycalc__V1__AttributeValue *fact = ARENA_NEW(arena, Policycalc__V1__AttributeValue);

	policycalc__v1__attribute_value__init(fact);
	fact->name = (char *)(uintptr_t)name;
	fact->value = ARENA_NEW(arena, Policycalc__V1__Value);
	policycalc__v1__value__init(fact->value);
	fact->value->kind_case = is_money ? POLICYCALC__V1__VALUE__KIND_MONEY_FEN
					  : POLICYCALC__V1__VALUE__KIND_FLAG;
	if (is_money)
		fact->value->money_fen = fen;
	else
		fact->value->flag = true;
	profile->attributes[profile->n_attributes++] = fact;
}

/*
 * What the firm @facts says of @name for the year before @day, 0 when it says nothing. Of several that
 * say it, the catalog takes no profile.
 */
static int64_t money_of(
		const Policycalc__V1__Profile *facts, const char *name, const char *year)
{
	for (size_t i = 0; i < facts->n_attributes; i++) {
		const Policycalc__V1__AttributeValue *fact = facts->attributes[i];

		if (is(fact, name) && (!*fact->period || strcmp(fact->period, year) == 0) &&
				fact->value->kind_case == POLICYCALC__V1__VALUE__KIND_MONEY_FEN)
			return fact->value->money_fen;
	}
	return 0;
}

/* The starter catalog has all that is told here. */
static Policycalc__V1__Profile *profile_then(
		const Policycalc__V1__Profile *now, const char *day, struct arena *arena)
{
	Policycalc__V1__Profile *then = ARENA_NEW(arena, Policycalc__V1__Profile);
	char *year = arena_format(arena, "%d", atoi(day) - 1);
	int64_t spent = money_of(now, "rd_expense", year);
	int64_t filed = money_of(now, "rd_deduction_filed", year);

	*then = *now;
	then->n_attributes = 0;
	then->attributes = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__AttributeValue *, now->n_attributes + 5);
	for (size_t i = 0; i < now->n_attributes; i++) {
		Policycalc__V1__AttributeValue *fact = now->attributes[i];
		bool of_year = !*fact->period || strcmp(fact->period, year) == 0;

		if (is(fact, "rd_statistics_included") || is(fact, "rd_ledger") ||
				is(fact, "rd_budget_system") || is(fact, "rd_budget_filed") ||
				(is(fact, "rd_expense") && of_year && spent <= 0) ||
				(is(fact, "rd_deduction_filed") && of_year && filed <= 0))
			continue;
		then->attributes[then->n_attributes++] = fact;
	}
	fact_put(then, "rd_statistics_included", false, 0, arena);
	fact_put(then, "rd_ledger", false, 0, arena);
	fact_put(then, "rd_budget_system", false, 0, arena);
	fact_put(then, "rd_budget_filed", false, 0, arena);
	if (filed <= 0 && spent > 0)
		fact_put(then, "rd_deduction_filed", true, spent, arena);
	return then;
}

/* --- the difference --------------------------------------------------------------------------- */

/* Whether the firm is nearer to it. What is not open, before or after, opens at another time. */
static bool opens(Policycalc__V1__Verdict before, Policycalc__V1__Verdict after)
{
	switch (before) {
	case VERDICT(INELIGIBLE):
		return after == VERDICT(NEEDS_INFORMATION) || after == VERDICT(NEEDS_REVIEW) ||
		       after == VERDICT(ELIGIBLE);
	case VERDICT(NEEDS_INFORMATION):
		return after == VERDICT(NEEDS_REVIEW) || after == VERDICT(ELIGIBLE);
	case VERDICT(NEEDS_REVIEW):
		return after == VERDICT(ELIGIBLE);
	case VERDICT(ELIGIBLE):
	case VERDICT(NOT_OPEN):
	case VERDICT(UNSPECIFIED):
	case _POLICYCALC__V1__VERDICT_IS_INT_SIZE:
	default:
		return false;
	}
}

static const Policycalc__V1__PolicyAnswer *answer_find(
		const Policycalc__V1__MatchResponse *match, const char *id)
{
	for (size_t i = 0; i < match->n_answers; i++)
		if (strcmp(match->answers[i]->policy_id, id) == 0)
			return match->answers[i];
	return NULL;
}

/* Money whose exact sum, or whose two ends, nobody can tell. */
static bool has_no_figure(const Policycalc__V1__AmountAnswer *amount)
{
	return amount && (amount->exactness == EXACTNESS(UP_TO) ||
					 amount->exactness == EXACTNESS(AT_LEAST) ||
					 amount->exactness == EXACTNESS(NOT_STATED) ||
					 amount->exactness == EXACTNESS(NOT_COMPUTABLE));
}

static bool opening_add(struct opening *opening, const Policycalc__V1__PolicyAnswer *then,
		Policycalc__V1__Verdict before, struct arena *arena)
{
	Policycalc__V1__OpenedPolicy *policy = ARENA_NEW(arena, Policycalc__V1__OpenedPolicy);
	size_t at = opening->count;

	if (!policy)
		return false;
	policycalc__v1__opened_policy__init(policy);
	policy->policy_id = then->policy_id;
	policy->title = then->title;
	policy->before = before;
	policy->verdict = then->verdict;
	policy->amount = then->amount;
	opening->has_open |= then->verdict != VERDICT(NEEDS_INFORMATION) &&
			     has_no_figure(then->amount);
	for (; at > 0 && strcmp(opening->policies[at - 1]->policy_id, policy->policy_id) > 0;
			at--)
		opening->policies[at] = opening->policies[at - 1];
	opening->policies[at] = policy;
	opening->count++;
	return true;
}

static bool ask(const struct ruleset *ruleset, Policycalc__V1__Profile *profile,
		const char *day, struct arena *arena, Policycalc__V1__MatchResponse **out_match,
		struct error *err)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;

	request.profile = profile;
	request.as_of = (char *)(uintptr_t)day;
	request.view = POLICYCALC__V1__VIEW__VIEW_BASIC;
	request.combine = true;
	return ruleset_match(ruleset, &request, day, arena, out_match, NULL, err);
}

bool slow_opening_ask(const struct ruleset *ruleset, const Policycalc__V1__Profile *profile,
		const char *day, struct arena *arena, struct opening *out_opening,
		struct error *err)
{
	Policycalc__V1__Profile *changed = profile_then(profile, day, arena);
	struct opening opening = { 0 };
	Policycalc__V1__MatchResponse *now, *then;

	if (!ask(ruleset, (Policycalc__V1__Profile *)(uintptr_t)profile, day, arena, &now,
			    err) ||
			!ask(ruleset, changed, day, arena, &then, err))
		return false;
	opening.policies = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__OpenedPolicy *, then->n_answers + 1);
	if (!opening.policies)
		return arena_error(arena, err, "asking what opens");
	for (size_t i = 0; i < then->n_answers; i++) {
		const Policycalc__V1__PolicyAnswer *answer = then->answers[i];
		const Policycalc__V1__PolicyAnswer *before =
				answer_find(now, answer->policy_id);

		if (!before || !opens(before->verdict, answer->verdict))
			continue;
		if (!opening_add(&opening, answer, before->verdict, arena))
			return arena_error(arena, err, "asking what opens");
	}
	if (then->combination->sure->total_fen > now->combination->sure->total_fen)
		opening.sure_fen = then->combination->sure->total_fen -
				   now->combination->sure->total_fen;
	*out_opening = opening;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "slow/opening.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word
#define EXACTNESS(word) POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_##word

/* What is true of a firm that reports R&D, as assumption below says. */
static const char *const MADE_TRUE[] = {
	"rd_statistics_included",
	"rd_ledger",
	"rd_budget_system",
	"rd_budget_filed",
};
#define MADE_TRUE_COUNT (sizeof(MADE_TRUE) / sizeof(MADE_TRUE[0]))

#define EXPENSE "rd_expense"
#define DEDUCTION "rd_deduction_filed"

/* --- the facts then --------------------------------------------------------------------------- */

static bool is_made_true(const char *name)
{
	for (size_t i = 0; i < MADE_TRUE_COUNT; i++)
		if (strcmp(name, MADE_TRUE[i]) == 0)
			return true;
	return false;
}

static Policycalc__V1__AttributeValue *fact_new(struct arena *arena, const char *name)
{
	Policycalc__V1__AttributeValue *fact = ARENA_NEW(arena, Policycalc__V1__AttributeValue);
	Policycalc__V1__Value *value = ARENA_NEW(arena, Policycalc__V1__Value);

	if (!fact || !value)
		return NULL;
	policycalc__v1__attribute_value__init(fact);
	policycalc__v1__value__init(value);
	fact->name = (char *)(uintptr_t)name;
	fact->value = value;
	return fact;
}

static bool add_true(Policycalc__V1__Profile *profile, const struct ruleset *ruleset,
		const char *name, struct arena *arena)
{
	Policycalc__V1__AttributeValue *fact = fact_new(arena, name);

	if (!fact)
		return false;
	fact->value->kind_case = POLICYCALC__V1__VALUE__KIND_FLAG;
	fact->value->flag = true;
	/* Another catalog may not have it. */
	if (ruleset_find_attribute(ruleset, name, ""))
		profile->attributes[profile->n_attributes++] = fact;
	return true;
}

static bool add_deduction(Policycalc__V1__Profile *profile, const struct ruleset *ruleset,
		int64_t fen, struct arena *arena)
{
	Policycalc__V1__AttributeValue *fact = fact_new(arena, DEDUCTION);

	if (!fact)
		return false;
	fact->value->kind_case = POLICYCALC__V1__VALUE__KIND_MONEY_FEN;
	fact->value->money_fen = fen;
	if (ruleset_find_attribute(ruleset, DEDUCTION, ""))
		profile->attributes[profile->n_attributes++] = fact;
	return true;
}

/* Whether the fact is that of the last full year, which a bare value is, too. */
static bool is_last_year(const Policycalc__V1__AttributeValue *fact, const char *year)
{
	return !*fact->period || strcmp(fact->period, year) == 0;
}

static Policycalc__V1__Profile *profile_then(const struct ruleset *ruleset,
		const Policycalc__V1__Profile *now, const char *day,
		const struct profile_reading *readings, struct arena *arena)
{
	const struct profile_reading *expense = &readings[0], *deduction = &readings[1];
	Policycalc__V1__Profile *then = ARENA_NEW(arena, Policycalc__V1__Profile);
	bool spends = expense->known && expense->integer > 0;
	bool files = deduction->known && deduction->integer > 0;
	struct date date = { 1970, 1, 1 };
	char year[16] = "";

	if (!then)
		return NULL;
	if (date_parse(slice_from(day), &date))
		(void)snprintf(year, sizeof(year), "%04d", date.year - 1);
	*then = *now;
	then->n_attributes = 0;
	then->attributes = ARENA_NEW_ARRAY(arena, Policycalc__V1__AttributeValue *,
			now->n_attributes + MADE_TRUE_COUNT + 1);
	if (!then->attributes)
		return NULL;
	for (size_t i = 0; i < now->n_attributes; i++) {
		Policycalc__V1__AttributeValue *fact = now->attributes[i];

		if (is_made_true(fact->name))
			continue;
		if (strcmp(fact->name, EXPENSE) == 0 && is_last_year(fact, year) && !spends)
			continue;
		if (strcmp(fact->name, DEDUCTION) == 0 && is_last_year(fact, year) && !files)
			continue;
		then->attributes[then->n_attributes++] = fact;
	}
	for (size_t i = 0; i < MADE_TRUE_COUNT; i++)
		if (!add_true(then, ruleset, MADE_TRUE[i], arena))
			return NULL;
	if (!files && spends && !add_deduction(then, ruleset, expense->integer, arena))
		return NULL;
	return then;
}

/* --- the difference --------------------------------------------------------------------------- */

/* How near a verdict is to having it; what is not open does not open by reporting. */
static int standing_of(Policycalc__V1__Verdict verdict)
{
	switch (verdict) {
	case VERDICT(ELIGIBLE):
		return 3;
	case VERDICT(NEEDS_REVIEW):
		return 2;
	case VERDICT(NEEDS_INFORMATION):
		return 1;
	case VERDICT(INELIGIBLE):
		return 0;
	case VERDICT(NOT_OPEN):
	case VERDICT(UNSPECIFIED):
	case _POLICYCALC__V1__VERDICT_IS_INT_SIZE:
	default:
		return -1;
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

static bool has_no_figure(const Policycalc__V1__AmountAnswer *amount)
{
	return amount && amount->exactness != EXACTNESS(UNSPECIFIED) &&
	       amount->exactness != EXACTNESS(EXACT) && amount->exactness != EXACTNESS(RANGE);
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
	static const char *const names[] = { EXPENSE, DEDUCTION };
	struct opening opening = { 0 };
	struct profile_reading readings[2];
	Policycalc__V1__Profile *changed;
	Policycalc__V1__MatchResponse *now, *then;

	if (!ruleset_read_values(ruleset, profile, day, names, 2, arena, readings, err))
		return false;
	changed = profile_then(ruleset, profile, day, readings, arena);
	if (!changed)
		return arena_error(arena, err, "asking what opens");
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

		if (!before || standing_of(before->verdict) < 0 ||
				standing_of(answer->verdict) <= standing_of(before->verdict))
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

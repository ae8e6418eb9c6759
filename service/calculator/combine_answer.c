/* SPDX-License-Identifier: Apache-2.0 */
/* The choice as a message: what is chosen, what is left out, and because of which. */
#include "calculator/combine.h"
#include "calculator/words.h"

#include <string.h>

typedef Policycalc__V1__CombinationReason reason_message;

#define CAUSE(word) POLICYCALC__V1__COMBINATION_REASON__CAUSE__CAUSE_##word
#define BASIS(word) POLICYCALC__V1__EXCLUSION_BASIS__EXCLUSION_BASIS_##word

Policycalc__V1__CombinationUnit *combine_unit_answer(struct arena *arena,
		const struct outcome *outcome, const struct item_outcome *item,
		Policycalc__V1__Verdict verdict)
{
	Policycalc__V1__CombinationUnit *answer =
			ARENA_NEW(arena, Policycalc__V1__CombinationUnit);

	if (!answer)
		return NULL;
	policycalc__v1__combination_unit__init(answer);
	answer->policy_id = outcome->policy->policy->id;
	answer->title = outcome->policy->policy->title;
	answer->verdict = verdict;
	if (item) {
		answer->list = (char *)item_list_name(outcome->policy->list);
		answer->item_id = (char *)item->item->id;
	}
	return answer;
}

static Policycalc__V1__CombinationUnit *unit_answer(const struct combine *combine, size_t unit)
{
	return combine_unit_answer(combine->arena, combine->units[unit].outcome,
			combine->units[unit].item, combine->units[unit].verdict);
}

static int64_t clamp(wide_int sum)
{
	return sum > INT64_MAX ? INT64_MAX : (int64_t)sum;
}

/* --- reasons ---------------------------------------------------------------------------------- */

/* The reasons of one unit, and room for more. */
struct reasons {
	const struct combine *combine;
	enum combine_case which;
	size_t unit;
	reason_message **list;
	size_t count;
};

static reason_message *reason_new(const struct combine *combine,
		Policycalc__V1__CombinationReason__Cause cause, const char *name)
{
	reason_message *reason = ARENA_NEW(combine->arena, reason_message);

	if (!reason)
		return NULL;
	policycalc__v1__combination_reason__init(reason);
	reason->cause = cause;
	reason->name = (char *)name;
	return reason;
}

static const char *basis_zh(Policycalc__V1__ExclusionBasis basis)
{
	switch ((int)basis) {
	case BASIS(ENTERPRISE_YEAR):
		return "同一企业同一年度";
	case BASIS(PROJECT):
		return "同一项目";
	case BASIS(LOAN):
		return "同一笔贷款";
	case BASIS(PERSON):
		return "同一人员";
	case BASIS(INCOME):
		return "同一所得";
	default:
		return "同一事项";
	}
}

static const char *basis_en(Policycalc__V1__ExclusionBasis basis)
{
	switch ((int)basis) {
	case BASIS(ENTERPRISE_YEAR):
		return "the same enterprise and year";
	case BASIS(PROJECT):
		return "the same project";
	case BASIS(LOAN):
		return "the same loan";
	case BASIS(PERSON):
		return "the same person";
	case BASIS(INCOME):
		return "the same income";
	default:
		return "the same matter";
	}
}

/* “A”、“B”: each policy once, whatever items it stands there for. */
static const char *names_of(const struct combine *combine, const reason_message *reason,
		enum words_language language)
{
	const char *text = "";

	for (size_t i = 0; text && i < reason->n_units; i++) {
		const Policycalc__V1__CombinationUnit *unit = reason->units[i];

		if (i > 0 && strcmp(unit->policy_id, reason->units[i - 1]->policy_id) == 0)
			continue;
		text = arena_format(combine->arena, "%s%s“%s”", text,
				!*text		       ? ""
				: language == WORDS_ZH ? "、"
						       : ", ",
				words_label(unit->title, language));
	}
	return text;
}

static bool group_sentence(const struct combine *combine, const struct exclusion_group *group,
		reason_message *reason)
{
	struct arena *arena = combine->arena;
	const char *names_zh = names_of(combine, reason, WORDS_ZH);
	const char *names_en = names_of(combine, reason, WORDS_EN);
	Policycalc__V1__ExclusionBasis basis;
	const char *zh;
	const char *en;

	if (!names_zh || !names_en)
		return false;
	if (!group) {
		reason->sentence =
				words_text(arena, "同一人员或事项只享受一次，按金额较高的计算",
						"granted once for the same person or matter, "
						"for the larger amount");
		return reason->sentence;
	}
	basis = group->first->basis;
	if (reason->cause == CAUSE(HIGHEST)) {
		zh = arena_format(
				arena, "就高不重复（%s）：按%s计算", basis_zh(basis), names_zh);
		en = arena_format(arena, "the highest of %s is paid, here %s", basis_en(basis),
				names_en);
	} else if (group->at_most == 1) {
		zh = arena_format(arena, "%s不能与%s同时享受", basis_zh(basis), names_zh);
		en = arena_format(arena, "not together with %s, for %s", names_en,
				basis_en(basis));
	} else {
		zh = arena_format(arena, "%s最多享受 %zu 项，已选%s", basis_zh(basis),
				group->at_most, names_zh);
		en = arena_format(arena, "at most %zu for %s; chosen are %s", group->at_most,
				basis_en(basis), names_en);
	}
	reason->sentence = words_text(arena, zh, en);
	return reason->sentence;
}

/* The chosen units that sit in the group. */
static bool group_reason(struct reasons *reasons, size_t index)
{
	const struct combine *combine = reasons->combine;
	const struct solver_group *group = &combine->problems[reasons->which].groups[index];
	const struct exclusion_group *rules = combine->groups[index].rules;
	const struct policy_rules *policy = combine->units[reasons->unit].outcome->policy;
	reason_message *reason = reason_new(combine,
			!rules || rules->first->highest ? CAUSE(HIGHEST) : CAUSE(GROUP),
			rules ? rules->first->group : policy->policy->once_per);

	if (!reason)
		return false;
	reasons->list[reasons->count++] = reason;
	reason->units = ARENA_NEW_ARRAY(
			combine->arena, Policycalc__V1__CombinationUnit *, group->count);
	if (!reason->units)
		return false;
	for (size_t i = 0; i < group->count; i++) {
		if (!combine->answers[reasons->which].chosen[group->seats[i].unit])
			continue;
		reason->units[reason->n_units] = unit_answer(combine, group->seats[i].unit);
		if (!reason->units[reason->n_units++])
			return false;
	}
	/* The clause of the policy that is left out. */
	for (size_t i = 0; rules && i < rules->count; i++) {
		if (&combine->facts->ruleset->policies[rules->policies[i]] == policy)
			reason->source = rules->clauses[i]->source;
	}
	if (!rules)
		reason->source = policy->amount->amount->source;
	return group_sentence(combine, rules, reason);
}

/* Of a cap on all items of a policy: the one that limits most, which its amount names. */
static const Policycalc__V1__Cap *items_cap(const struct policy_rules *policy)
{
	for (size_t i = 0; i < policy->amount->cap_count; i++) {
		if (policy->amount->caps[i].of_total && policy->amount->caps[i].limit)
			return policy->amount->caps[i].cap;
	}
	return NULL;
}

static reason_message *cap_reason(const struct combine *combine, enum combine_case which,
		size_t cap, bool used_up)
{
	const struct combine_cap *from = &combine->caps[cap];
	const Policycalc__V1__Cap *own = from->policy ? items_cap(from->policy) : NULL;
	const Policycalc__V1__Text *label = NULL;
	struct arena *arena = combine->arena;
	reason_message *reason = reason_new(combine, CAUSE(CAP),
			from->shared ? from->shared->cap->id : from->policy->policy->id);
	const char *zh;
	const char *en;

	if (!reason)
		return NULL;
	reason->limit_fen = combine->problems[which].caps[cap].limit;
	if (from->shared) {
		label = from->shared->cap->label;
		reason->source = from->shared->cap->source;
	} else if (own) {
		label = own->label ? own->label : from->policy->policy->title;
		reason->source = own->source;
	} else {
		label = from->policy->policy->title;
	}
	reason->units = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__CombinationUnit *, combine->unit_count + 1);
	if (!reason->units)
		return NULL;
	for (size_t i = 0; i < combine->unit_count; i++) {
		size_t at = combine->problems[which].units[i].cap;

		while (at != cap && at != SOLVER_NONE)
			at = combine->problems[which].caps[at].parent;
		if (at != cap || !combine->answers[which].chosen[i])
			continue;
		reason->units[reason->n_units] = unit_answer(combine, i);
		if (!reason->units[reason->n_units++])
			return NULL;
	}
	zh = words_money(reason->limit_fen, WORDS_ZH, arena);
	en = words_money(reason->limit_fen, WORDS_EN, arena);
	if (!zh || !en)
		return NULL;
	reason->sentence = words_text(arena,
			arena_format(arena, "“%s”上限 %s%s", words_label(label, WORDS_ZH), zh,
					used_up ? "已用完" : ""),
			arena_format(arena, "the limit “%s” of %s%s",
					words_label(label, WORDS_EN), en,
					used_up ? " is used up" : ""));
	return reason->sentence ? reason : NULL;
}

static bool plain_reason(struct reasons *reasons,
		Policycalc__V1__CombinationReason__Cause cause, const char *zh, const char *en)
{
	reason_message *reason = reason_new(reasons->combine, cause, "");

	if (!reason)
		return false;
	reason->sentence = words_text(reasons->combine->arena, zh, en);
	reasons->list[reasons->count++] = reason;
	return reason->sentence;
}

/* A unit that counts nothing is left out for that; another one for groups, or else for a cap. */
static bool reasons_fill(struct reasons *reasons)
{
	const struct combine *combine = reasons->combine;
	const struct solver_problem *problem = &combine->problems[reasons->which];
	const struct solver_answer *answer = &combine->answers[reasons->which];
	const struct combine_unit *unit = &combine->units[reasons->unit];
	size_t cap;

	if (unit->year[reasons->which] == 0) {
		if (unit->unstated)
			return plain_reason(reasons, CAUSE(NOT_STATED),
					"来源未载明确定金额（或只载明上限），不计入",
					"the sources state no certain amount (or only \"up "
					"to\"): "
					"not counted");
		/* Unknown is not zero. */
		if (unit->open || unit->year[CASE_POSSIBLE] > 0)
			return plain_reason(reasons, CAUSE(NOT_KNOWN), "金额尚不能确定，不计入",
					"the amount is not known yet: not counted");
		return plain_reason(reasons, CAUSE(NOTHING), "金额为零，不计入",
				"the amount is zero: not counted");
	}
	for (size_t i = 0; i < problem->group_count; i++) {
		if (solver_group_forbids(problem, answer, i, reasons->unit) &&
				!group_reason(reasons, i))
			return false;
	}
	if (reasons->count)
		return true;
	cap = solver_full_cap(problem, answer, reasons->unit);
	if (cap == SOLVER_NONE)
		return plain_reason(reasons, CAUSE(NOT_SEARCHED), "组合过多，未能全部比较",
				"there are too many combinations to compare all");
	reasons->list[reasons->count] = cap_reason(combine, reasons->which, cap, true);
	return reasons->list[reasons->count++];
}

/* --- choices ---------------------------------------------------------------------------------- */

/* The innermost cap that leaves a chosen unit less than it comes to by itself. */
static size_t cap_truncating(
		const struct combine *combine, enum combine_case which, size_t unit)
{
	const struct solver_problem *problem = &combine->problems[which];
	size_t cap = problem->units[unit].cap;

	while (cap != SOLVER_NONE && problem->caps[cap].limit >= problem->units[unit].value)
		cap = problem->caps[cap].parent;
	return cap != SOLVER_NONE ? cap
				  : solver_full_cap(problem, &combine->answers[which], unit);
}

static Policycalc__V1__CombinationChosen *chosen_answer(
		const struct combine *combine, enum combine_case which, size_t unit)
{
	const struct combine_unit *from = &combine->units[unit];
	Policycalc__V1__CombinationChosen *answer =
			ARENA_NEW(combine->arena, Policycalc__V1__CombinationChosen);
	int64_t counted = combine->answers[which].counted[unit];
	size_t cap;

	if (!answer)
		return NULL;
	policycalc__v1__combination_chosen__init(answer);
	answer->unit = unit_answer(combine, unit);
	answer->amount_fen = from->year[which];
	answer->counted_fen = counted;
	answer->whole_term_fen = from->whole[which];
	if (counted == from->year[which])
		return answer->unit ? answer : NULL;
	answer->whole_term_fen =
			(int64_t)((wide_int)from->whole[which] * counted / from->year[which]);
	cap = cap_truncating(combine, which, unit);
	if (cap == SOLVER_NONE)
		return answer->unit ? answer : NULL;
	answer->truncated_by = cap_reason(combine, which, cap, false);
	return answer->unit && answer->truncated_by ? answer : NULL;
}

static Policycalc__V1__CombinationLeftOut *left_out_answer(
		const struct combine *combine, enum combine_case which, size_t unit)
{
	struct reasons reasons = { .combine = combine, .which = which, .unit = unit };
	Policycalc__V1__CombinationLeftOut *answer =
			ARENA_NEW(combine->arena, Policycalc__V1__CombinationLeftOut);
	size_t most = 1;

	for (size_t i = 0; i < combine->problems[which].group_count; i++)
		most += solver_group_forbids(
				&combine->problems[which], &combine->answers[which], i, unit);
	reasons.list = ARENA_NEW_ARRAY(combine->arena, reason_message *, most);
	if (!answer || !reasons.list || !reasons_fill(&reasons))
		return NULL;
	policycalc__v1__combination_left_out__init(answer);
	answer->unit = unit_answer(combine, unit);
	answer->amount_fen = combine->units[unit].year[which];
	answer->reasons = reasons.list;
	answer->n_reasons = reasons.count;
	return answer->unit ? answer : NULL;
}

/* What is sure has only ELIGIBLE units to leave out; undecided ones are no part of it. */
static bool unit_takes_part(const struct combine_unit *unit, enum combine_case which)
{
	return which == CASE_POSSIBLE || unit->verdict == VERDICT(ELIGIBLE);
}

static Policycalc__V1__CombinationChoice *choice_answer(
		const struct combine *combine, enum combine_case which)
{
	const struct solver_answer *from = &combine->answers[which];
	Policycalc__V1__CombinationChoice *answer =
			ARENA_NEW(combine->arena, Policycalc__V1__CombinationChoice);
	wide_int whole = 0;

	if (!answer)
		return NULL;
	policycalc__v1__combination_choice__init(answer);
	answer->chosen = ARENA_NEW_ARRAY(combine->arena, Policycalc__V1__CombinationChosen *,
			combine->unit_count + 1);
	answer->left_out = ARENA_NEW_ARRAY(combine->arena, Policycalc__V1__CombinationLeftOut *,
			combine->unit_count + 1);
	if (!answer->chosen || !answer->left_out)
		return NULL;
	answer->total_fen = combine_total(combine, which);
	answer->proved = from->proved;
	for (size_t i = 0; i < combine->unit_count; i++) {
		if (!unit_takes_part(&combine->units[i], which))
			continue;
		answer->open_ended |= combine->units[i].open && which == CASE_POSSIBLE;
		if (from->chosen[i]) {
			Policycalc__V1__CombinationChosen *chosen =
					chosen_answer(combine, which, i);

			if (!chosen)
				return NULL;
			answer->chosen[answer->n_chosen++] = chosen;
			whole += chosen->whole_term_fen;
		} else {
			answer->left_out[answer->n_left_out] =
					left_out_answer(combine, which, i);
			if (!answer->left_out[answer->n_left_out++])
				return NULL;
		}
	}
	answer->whole_term_fen = clamp(whole);
	return answer;
}

Policycalc__V1__Combination *combination_answer(
		const struct facts *facts, const struct outcome *outcomes, size_t count)
{
	struct combine combine;
	Policycalc__V1__Combination *answer =
			ARENA_NEW(facts->arena, Policycalc__V1__Combination);

	if (!answer || !combine_compute(&combine, facts, outcomes, count, facts->arena))
		return NULL;
	policycalc__v1__combination__init(answer);
	answer->sure = choice_answer(&combine, CASE_SURE);
	answer->possible = choice_answer(&combine, CASE_POSSIBLE);
	if (!answer->sure || !answer->possible || !combine_answers_fill(&combine, answer) ||
			!combine_others_fill(&combine, answer))
		return NULL;
	return answer;
}

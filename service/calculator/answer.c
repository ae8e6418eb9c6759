/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers as messages. Texts, titles and sources are borrowed from the ruleset; what is made here
 * lives in the call's arena.
 */
#include "calculator/answer_internal.h"
#include "calculator/answer_parts.h"
#include "calculator/score.h"
#include "calculator/words.h"

#include <string.h>

/* --- conditions ------------------------------------------------------------------------------- */

Policycalc__V1__ConditionAnswer *clause_answer(const struct facts *facts,
		const struct policy_rules *policy, const struct clause *clause,
		const struct clause_result *result, const char *item_id)
{
	Policycalc__V1__ConditionAnswer *answer = arena_alloc(facts->arena, sizeof(*answer));

	if (!answer)
		return NULL;
	policycalc__v1__condition_answer__init(answer);
	answer->id = clause->condition->id;
	answer->role = clause->condition->role;
	answer->status = result->status;
	answer->label = clause->condition->label;
	answer->source = clause->condition->source;
	if (result->missing &&
			(!names_print_role(facts, policy->list, result->missing,
					 SCOPE_ATTRIBUTE, item_id, &answer->missing,
					 &answer->n_missing) ||
					!names_print_role(facts, policy->list, result->missing,
							SCOPE_PARAMETER, NULL,
							&answer->missing_parameters,
							&answer->n_missing_parameters)))
		return NULL;
	if (clause->kind == CLAUSE_SCORE &&
			!score_answer(facts, policy, clause, result, item_id, answer))
		return NULL;
	return clause_explain(facts, policy, clause, result, item_id, answer) ? answer : NULL;
}

static bool clauses_answer(const struct facts *facts, const struct policy_rules *policy,
		bool per_item, const struct clause_result *results, const char *item_id,
		Policycalc__V1__ConditionAnswer ***out_list, size_t *out_count)
{
	Policycalc__V1__ConditionAnswer **list = ARENA_NEW_ARRAY(facts->arena,
			Policycalc__V1__ConditionAnswer *, policy->clause_count + 1);
	size_t count = 0;

	if (!list)
		return false;
	for (size_t i = 0; i < policy->clause_count; i++) {
		if (policy->clauses[i].per_item != per_item)
			continue;
		list[count] = clause_answer(
				facts, policy, &policy->clauses[i], &results[i], item_id);
		if (!list[count++])
			return false;
	}
	*out_list = list;
	*out_count = count;
	return true;
}

/* --- why people must look, and what else is read ---------------------------------------------- */

/* The attributes the policy reads and that are not listed as missing. */
static bool also_reads_answer(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__PolicyAnswer *answer)
{
	char **names;
	size_t count;
	size_t kept = 0;

	if (!names_print(facts, outcome->policy->list, outcome->policy->reads, NULL, &names,
			    &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		bool missing = false;

		for (size_t k = 0; k < answer->n_missing; k++)
			missing |= strcmp(answer->missing[k], names[i]) == 0;
		if (!missing)
			names[kept++] = names[i];
	}
	answer->also_reads = names;
	answer->n_also_reads = kept;
	return true;
}

struct review {
	bool judgement;
	bool error;
	bool threshold;
};

static void review_gather(const struct policy_rules *policy, bool per_item,
		const struct clause_result *results, struct review *review)
{
	for (size_t i = 0; i < policy->clause_count; i++) {
		if (policy->clauses[i].per_item != per_item)
			continue;
		review->error |= results[i].status == STATUS(ERROR);
		review->threshold |=
				results[i].status == STATUS(REVIEW) && results[i].threshold;
		review->judgement |=
				results[i].status == STATUS(REVIEW) && !results[i].threshold;
	}
}

static bool review_answer(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__PolicyAnswer *answer)
{
	struct review review = { 0 };

	review_gather(outcome->policy, false, outcome->results, &review);
	for (size_t i = 0; i < outcome->item_count; i++) {
		if (outcome->items[i].verdict == outcome->conditions_verdict)
			review_gather(outcome->policy, true, outcome->items[i].results,
					&review);
	}
	if (!review.judgement && !review.error && !review.threshold)
		return true;
	answer->review_reasons = ARENA_NEW_ARRAY(facts->arena, char *, 3);
	if (!answer->review_reasons)
		return false;
	if (review.judgement)
		answer->review_reasons[answer->n_review_reasons++] = (char *)"JUDGEMENT";
	if (review.error)
		answer->review_reasons[answer->n_review_reasons++] = (char *)REVIEW_RULE_ERROR;
	if (review.threshold)
		answer->review_reasons[answer->n_review_reasons++] =
				(char *)"THRESHOLD_NOT_IN_SOURCES";
	return true;
}

/* --- the policy ------------------------------------------------------------------------------- */

static bool items_answer(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__PolicyAnswer *answer)
{
	const struct policy_rules *policy = outcome->policy;

	answer->items = ARENA_NEW_ARRAY(
			facts->arena, Policycalc__V1__ItemAnswer *, outcome->item_count + 1);
	if (!answer->items)
		return false;
	for (size_t i = 0; i < outcome->item_count; i++) {
		const struct item_outcome *from = &outcome->items[i];
		Policycalc__V1__ItemAnswer *item =
				ARENA_NEW(facts->arena, Policycalc__V1__ItemAnswer);
		uint64_t *bits = facts_new_set(facts);

		if (!item || !bits)
			return false;
		policycalc__v1__item_answer__init(item);
		facts_enter_item((struct facts *)facts, policy->list, from->item);
		item->list = (char *)item_list_name(policy->list);
		item->id = (char *)from->item->id;
		item->verdict = from->verdict;
		if (from->same_as)
			item->same_as = (char *)from->same_as->id;
		if (!clauses_answer(facts, policy, true, from->results, from->item->id,
				    &item->conditions, &item->n_conditions))
			return false;
		if (from->verdict == VERDICT(NEEDS_INFORMATION)) {
			missing_gather(facts, policy, false, outcome->results, bits);
			missing_gather(facts, policy, true, from->results, bits);
			if (!names_print(facts, policy->list, bits, from->item->id,
					    &item->missing, &item->n_missing))
				return false;
		}
		if (!from->amount.none) {
			item->amount = amount_answer(
					facts, policy, &from->amount, from->item->id);
			if (!item->amount)
				return false;
		}
		answer->items[answer->n_items++] = item;
	}
	return true;
}

Policycalc__V1__Text *empty_list_label(enum item_list list)
{
	static Policycalc__V1__Text labels[LIST_COUNT] = {
		[LIST_PROJECTS] = { PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),
				(char *)"有项目", (char *)"There is a project" },
		[LIST_LOANS] = { PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),
				(char *)"有贷款", (char *)"There is a loan" },
		[LIST_HIRES] = { PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),
				(char *)"有招用人员", (char *)"There is a hire" },
	};

	return &labels[list];
}

/*
 * A policy per item whose list is there and empty, or of which nobody has told: the one condition that
 * everybody forgets.
 */
static Policycalc__V1__ConditionAnswer *empty_list_answer(
		const struct facts *facts, const struct outcome *outcome)
{
	Policycalc__V1__ConditionAnswer *answer =
			ARENA_NEW(facts->arena, Policycalc__V1__ConditionAnswer);

	if (!answer)
		return NULL;
	policycalc__v1__condition_answer__init(answer);
	answer->id = (char *)EMPTY_LIST_CONDITION;
	answer->role = POLICYCALC__V1__ROLE__ROLE_REQUIRE;
	answer->status = outcome->list_unknown ? STATUS(UNKNOWN) : STATUS(NOT_MET);
	answer->label = empty_list_label(outcome->policy->list);
	answer->sentence = words_text(facts->arena,
			arena_format(facts->arena, "%s：%s", answer->label->zh,
					outcome->list_unknown ? "尚不能确定" : "不符合"),
			arena_format(facts->arena, "%s: %s", answer->label->en,
					outcome->list_unknown ? "not settled yet" : "not met"));
	if (outcome->list_unknown && !list_name_print(facts, outcome->policy->list,
						     &answer->missing, &answer->n_missing))
		return NULL;
	return answer->sentence ? answer : NULL;
}

static bool answer_fill_full(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__PolicyAnswer *answer)
{
	const struct policy_rules *policy = outcome->policy;
	const Policycalc__V1__Policy *from = policy->policy;

	if (!clauses_answer(facts, policy, false, outcome->results, NULL, &answer->conditions,
			    &answer->n_conditions) ||
			!also_reads_answer(facts, outcome, answer))
		return false;
	if (policy->list != LIST_ENTERPRISE) {
		if (!items_answer(facts, outcome, answer))
			return false;
		if (outcome->item_count == 0) {
			Policycalc__V1__ConditionAnswer **list = ARENA_NEW_ARRAY(facts->arena,
					Policycalc__V1__ConditionAnswer *,
					answer->n_conditions + 1);

			if (!list)
				return false;
			memcpy(list, answer->conditions, answer->n_conditions * sizeof(*list));
			list[answer->n_conditions] = empty_list_answer(facts, outcome);
			answer->conditions = list;
			if (!list[answer->n_conditions++])
				return false;
		}
	}
	answer->unverified = from->unverified;
	answer->n_unverified = from->n_unverified;
	answer->ambiguous = from->ambiguous;
	answer->n_ambiguous = from->n_ambiguous;
	answer->missing_facts = from->missing_facts;
	answer->n_missing_facts = from->n_missing_facts;
	answer->sources = from->sources;
	answer->n_sources = from->n_sources;
	answer->exclusions = from->exclusions;
	answer->n_exclusions = from->n_exclusions;
	return true;
}

bool outcome_amount(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__AmountAnswer **out_amount)
{
	*out_amount = NULL;
	if (outcome->amount.none)
		return true;
	*out_amount = amount_answer(facts, outcome->policy, &outcome->amount, NULL);
	return *out_amount && total_missing_answer(facts, outcome, *out_amount);
}

void head_answer(const struct outcome *outcome, Policycalc__V1__PolicyAnswer *answer)
{
	const Policycalc__V1__Policy *from = outcome->policy->policy;

	answer->policy_id = from->id;
	answer->series = from->series;
	answer->verdict = outcome->verdict;
	answer->conditions_verdict = outcome->conditions_verdict;
	answer->title = from->title;
	answer->summary = from->summary;
	answer->level = from->level;
	answer->kind = from->kind;
	answer->departments = from->departments;
	answer->n_departments = from->n_departments;
}

Policycalc__V1__PolicyAnswer *outcome_answer(const struct facts *facts,
		const struct outcome *outcome, const struct standing *standing,
		Policycalc__V1__View view)
{
	const Policycalc__V1__Policy *from = outcome->policy->policy;
	Policycalc__V1__PolicyAnswer *answer =
			ARENA_NEW(facts->arena, Policycalc__V1__PolicyAnswer);

	if (!answer)
		return NULL;
	policycalc__v1__policy_answer__init(answer);
	answer->policy_id = from->id;
	answer->verdict = outcome->verdict;
	if (view == POLICYCALC__V1__VIEW__VIEW_ID)
		return answer;
	head_answer(outcome, answer);
	answer->availability = availability_answer(standing, facts->arena);
	if (!answer->availability)
		return NULL;
	if (!missing_answer(facts, outcome, answer) || !review_answer(facts, outcome, answer) ||
			!settled_answer(facts, outcome, view == POLICYCALC__V1__VIEW__VIEW_FULL,
					answer))
		return NULL;
	if (!outcome_amount(facts, outcome, &answer->amount))
		return NULL;
	if (view == POLICYCALC__V1__VIEW__VIEW_FULL &&
			!answer_fill_full(facts, outcome, answer))
		return NULL;
	return answer;
}

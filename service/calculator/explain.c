/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a condition stands as it does: the comparisons that decide it, each with what the firm has,
 * what is required, the parameter behind it, and how far away it is.
 */
#include "calculator/answer.h"
#include "calculator/comparison.h"
#include "calculator/score.h"

#include <string.h>

struct explanation {
	const struct facts *facts;
	const struct policy_rules *policy;
	const struct clause *clause;
	const struct clause_result *result;
	const char *item_id;
	struct arena *arena;
	Policycalc__V1__ConditionAnswer *answer;
	bool routes;	/* the sentences so far name alternatives */
	const char *zh; /* the sentences so far */
	const char *en;
};

/* --- reasons ---------------------------------------------------------------------------------- */

/* Whether one of its attributes is derived, or has the name of an item: then names have to be found, and sorted. */
static bool reads_indirectly(
		const struct explanation *explanation, const struct comparison *comparison)
{
	const struct ruleset *ruleset = explanation->facts->ruleset;
	bool any = false;

	for (size_t i = 0; i < comparison->read_count; i++) {
		int at = comparison->reads[i];
		const struct slot *slot = ruleset_slot(ruleset, explanation->policy->list, at);

		any |= slot->derived || (size_t)at >= ruleset->base_count;
	}
	return any;
}

/* Of what is read as it is: the attributes in the order of their slots, which is that of names, then parameters. */
static bool reads_add_plainly(const struct explanation *explanation,
		const struct comparison *comparison, Policycalc__V1__Reason *reason)
{
	static const enum scope_role roles[] = { SCOPE_ATTRIBUTE, SCOPE_PARAMETER };
	const struct slot *slots = explanation->facts->ruleset->slots[LIST_ENTERPRISE];

	reason->reads = arena_alloc(
			explanation->arena, (comparison->read_count + 1) * sizeof(char *));
	if (!reason->reads)
		return false;
	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < comparison->read_count; i++) {
			const struct slot *slot = &slots[comparison->reads[i]];

			if (slot->role == roles[k])
				reason->reads[reason->n_reads++] = (char *)slot->name;
		}
	}
	return true;
}

/* The base attributes behind what the comparison reads, and its parameters. */
static bool reads_add(const struct explanation *explanation,
		const struct comparison *comparison, Policycalc__V1__Reason *reason)
{
	const struct facts *facts = explanation->facts;
	enum item_list list = explanation->policy->list;
	uint64_t *bits;
	char **names;
	size_t count;

	if (!reads_indirectly(explanation, comparison))
		return reads_add_plainly(explanation, comparison, reason);
	bits = facts_new_set(facts);
	if (!bits)
		return false;
	for (size_t i = 0; i < comparison->read_count; i++) {
		int slot = comparison->reads[i];

		if (ruleset_slot(facts->ruleset, list, slot)->role == SCOPE_ATTRIBUTE)
			slot_bits_put_bases(facts->ruleset, list, slot, bits);
	}
	if (!names_print(facts, list, bits, explanation->item_id, &names, &count))
		return false;
	reason->reads = ARENA_NEW_ARRAY(
			explanation->arena, char *, count + comparison->read_count + 1);
	if (!reason->reads)
		return false;
	if (count)
		memcpy(reason->reads, names, count * sizeof(*names));
	reason->n_reads = count;
	for (size_t i = 0; i < comparison->read_count; i++) {
		const struct slot *slot =
				ruleset_slot(facts->ruleset, list, comparison->reads[i]);

		if (slot->role == SCOPE_PARAMETER)
			reason->reads[reason->n_reads++] = (char *)slot->name;
	}
	return true;
}

/* What there is and what is required, in short; of comparisons that can be told so. */
static bool reason_figures(const struct explanation *explanation,
		const struct comparison *comparison, Policycalc__V1__Reason *reason,
		struct comparison_told *out)
{
	const struct ruleset *ruleset = explanation->facts->ruleset;
	struct arena *arena = explanation->arena;
	struct text required;

	*out = (struct comparison_told){ 0 };
	if (!comparison->attribute || !comparison->relation)
		return true;
	out->observed = words_value(ruleset, &comparison->atom.observed, comparison->figures,
			WORDS_ZH, arena);
	required = text_begin(arena);
	text_put_text(&required, comparison->relation->sign);
	words_put_value(&required, ruleset, &comparison->required, comparison->figures,
			WORDS_ZH);
	reason->required = text_end(&required);
	out->distance = comparison->has_distance ? comparison_distance(explanation->facts,
								   comparison, WORDS_ZH)
						 : "";
	if (!out->observed || !reason->required || !out->distance)
		return false;
	out->required = reason->required + strlen(comparison->relation->sign);
	reason->observed = (char *)out->observed;
	reason->distance = (char *)out->distance;
	return true;
}

/* All but its sentence; NULL when memory is short. */
static Policycalc__V1__Reason *reason_add(struct explanation *explanation,
		const struct comparison *comparison, struct comparison_told *out_told)
{
	Policycalc__V1__Reason *reason = arena_alloc(explanation->arena, sizeof(*reason));

	if (!reason)
		return NULL;
	policycalc__v1__reason__init(reason);
	reason->status = comparison->status;
	reason->given = comparison->atom.given;
	if (comparison->slot)
		reason->attribute = (char *)comparison->slot->name;
	if (comparison->parameter)
		reason->parameter = (char *)comparison->parameter->name;
	if (comparison->value) {
		reason->parameter_from = comparison->value->from;
		reason->parameter_source = comparison->value->source;
	}
	explanation->answer->reasons[explanation->answer->n_reasons++] = reason;
	return reason_figures(explanation, comparison, reason, out_told) &&
					       reads_add(explanation, comparison, reason)
			       ? reason
			       : NULL;
}

/* --- sentences -------------------------------------------------------------------------------- */

static bool sentence_join(struct explanation *explanation, bool any, bool inner, const char *zh,
		const char *en)
{
	struct arena *arena = explanation->arena;

	if (!zh || !en)
		return false;
	if (!*explanation->zh) {
		explanation->zh = zh;
		explanation->en = en;
		return true;
	}
	explanation->routes |= any && !inner;
	explanation->zh = arena_format(arena, "%s%s%s%s", explanation->zh, inner ? "，" : "；",
			any	? "或 "
			: inner ? "且 "
				: "",
			zh);
	explanation->en = arena_format(arena, "%s%s %s%s", explanation->en, inner ? "," : ";",
			any	? "or "
			: inner ? "and "
				: "",
			en);
	return explanation->zh && explanation->en;
}

/* That titles are unknown need not be said again for the day until which one of them is held. */
static bool is_said(const struct explanation *explanation, const struct comparison *comparison)
{
	const Policycalc__V1__ConditionAnswer *answer = explanation->answer;

	return answer->n_reasons >= 2 && comparison->status == STATUS(UNKNOWN) &&
	       comparison->atom.measure == MEASURE_ENTRY && comparison->slot &&
	       strcmp(answer->reasons[answer->n_reasons - 2]->attribute,
			       comparison->slot->name) == 0;
}

/* The comparison as a reason, and its sentence behind those that are there. */
static bool comparison_add(struct explanation *explanation, const struct comparison *comparison)
{
	const struct facts *facts = explanation->facts;
	enum item_list list = explanation->policy->list;
	struct comparison_told told;
	Policycalc__V1__Reason *reason = reason_add(explanation, comparison, &told);
	const char *zh;
	const char *en;

	if (!reason)
		return false;
	zh = comparison_sentence(facts, list, comparison, &told, WORDS_ZH);
	en = comparison_sentence(facts, list, comparison, &told, WORDS_EN);
	if (!zh || !en)
		return false;
	if (!*zh)
		return true;
	reason->sentence = words_text(explanation->arena, zh, en);
	if (!reason->sentence)
		return false;
	return is_said(explanation, comparison) ||
	       sentence_join(explanation, comparison->atom.any, comparison->atom.inner, zh, en);
}

/* How a condition stands, when no comparison of it can be told. */
static const char *status_words(
		const struct clause_result *result, enum words_language language)
{
	bool zh = language == WORDS_ZH;

	switch ((int)result->status) {
	case STATUS(MET):
		return zh ? "符合" : "met";
	case STATUS(NOT_MET):
		return zh ? "不符合" : "not met";
	case STATUS(UNKNOWN):
		return zh ? "待补充信息" : "more must be known";
	case STATUS(REVIEW):
		if (result->threshold)
			return zh ? "门槛未见于来源，须人工核实"
				  : "the threshold is not in our sources; people must check";
		return zh ? "须人工审核" : "people judge this";
	case STATUS(ERROR):
	default:
		return zh ? "规则出错，须人工核实" : "the rule failed; people must check";
	}
}

static bool sentence_finish(struct explanation *explanation)
{
	const Policycalc__V1__Text *label = explanation->clause->condition->label;
	const struct clause_result *result = explanation->result;
	struct arena *arena = explanation->arena;

	if (!*explanation->zh) {
		bool named = *words_label(label, WORDS_ZH);

		explanation->zh = arena_format(arena, "%s%s%s", words_label(label, WORDS_ZH),
				named ? "：" : "", status_words(result, WORDS_ZH));
		explanation->en = arena_format(arena, "%s%s%s", words_label(label, WORDS_EN),
				named ? ": " : "", status_words(result, WORDS_EN));
	} else if (explanation->routes && result->status != STATUS(MET)) {
		explanation->zh = arena_format(arena, "满足其一即可：%s", explanation->zh);
		explanation->en = arena_format(
				arena, "any of these will do: %s", explanation->en);
	}
	explanation->answer->sentence = words_text(arena, explanation->zh, explanation->en);
	return explanation->answer->sentence != NULL;
}

/* --- conditions ------------------------------------------------------------------------------- */

static struct value result_value(Policycalc__V1__ConditionStatus status, bool turned)
{
	if (status == STATUS(MET) || status == STATUS(NOT_MET))
		return (struct value){ .kind = VALUE_BOOL,
			.boolean = (status == STATUS(MET)) != turned };
	if (status == STATUS(ERROR))
		return (struct value){ .kind = VALUE_ERROR, .error = "" };
	return (struct value){ .kind = VALUE_UNKNOWN };
}

/*
 * A rule's atoms are those that decide it, so that there are only failing ones when it fails. How
 * it came out is known as @status, and it is not evaluated again.
 */
static bool rule_explained(struct explanation *explanation, const struct rule *rule,
		bool turned, Policycalc__V1__ConditionStatus status)
{
	struct value result = result_value(status, turned);
	const struct rule_explain_options options = { .turned = turned, .result = &result };
	struct rule_atom *atoms;
	size_t count;
	Policycalc__V1__Reason **reasons;

	if (!rule_explain(rule, &explanation->facts->evaluation, &options, &atoms, &count))
		return false;
	reasons = ARENA_NEW_ARRAY(explanation->arena, Policycalc__V1__Reason *,
			explanation->answer->n_reasons + count + 1);
	if (!reasons)
		return false;
	for (size_t i = 0; i < explanation->answer->n_reasons; i++)
		reasons[i] = explanation->answer->reasons[i];
	explanation->answer->reasons = reasons;
	for (size_t i = 0; i < count; i++) {
		struct comparison comparison;

		if (!comparison_of_atom(explanation->facts, explanation->policy->list,
				    &atoms[i], status, &comparison) ||
				!comparison_add(explanation, &comparison))
			return false;
	}
	return true;
}

/* "注册地 灵宝市，要求位于 三门峡市" */
static bool scope_explained(struct explanation *explanation)
{
	const struct ruleset *ruleset = explanation->facts->ruleset;
	const Policycalc__V1__Policy *policy = explanation->policy->policy;
	bool region = explanation->clause->kind == CLAUSE_REGION;
	int slot = explanation->clause->slot;
	char **codes = region ? policy->region->covers : policy->industry->include;
	size_t count = region ? policy->region->n_covers : policy->industry->n_include;
	bool turned = false;
	struct value *items;
	struct comparison comparison = {
		.atom = { .attribute_slot = slot,
				.observed = explanation->facts->values[slot] },
		.slot = ruleset_slot(ruleset, LIST_ENTERPRISE, slot),
		.status = explanation->result->status,
		.reads = &explanation->clause->slot,
		.read_count = 1,
	};

	if (!region && count == 0) {
		codes = policy->industry->exclude;
		count = policy->industry->n_exclude;
		turned = true;
	}
	items = ARENA_NEW_ARRAY(explanation->arena, struct value, count + 1);
	explanation->answer->reasons =
			ARENA_NEW_ARRAY(explanation->arena, Policycalc__V1__Reason *, 1);
	if (!items || !explanation->answer->reasons)
		return false;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct value){ .kind = VALUE_STRING, .text = slice_from(codes[i]) };
	comparison.attribute = comparison.figures = comparison.slot->attribute;
	comparison.required = (struct value){ .kind = VALUE_LIST,
		.list = { .items = items, .count = count } };
	comparison.relation = relation_find(region ? "within" : turned ? "not in" : "in");
	return comparison_add(explanation, &comparison);
}

/* A direct pass is told by what passes; otherwise the score is told, and that there is a pass. */
static bool score_explained(struct explanation *explanation)
{
	const Policycalc__V1__ScoreAnswer *score = explanation->answer->score;
	struct arena *arena = explanation->arena;

	if (score->direct_pass != STATUS(MET))
		return sentence_join(explanation, false, false, score->sentence->zh,
				       score->sentence->en) &&
		       (score->direct_pass != STATUS(UNKNOWN) || score->status == STATUS(MET) ||
				       sentence_join(explanation, false, false,
						       "符合直通条件之一也可",
						       "a direct pass would do as well"));
	if (!rule_explained(explanation, explanation->clause->direct_pass, false, STATUS(MET)))
		return false;
	if (*explanation->zh) {
		explanation->zh = arena_format(arena, "直通：%s", explanation->zh);
		explanation->en = arena_format(arena, "direct pass: %s", explanation->en);
	}
	return explanation->zh && explanation->en;
}

/*
 * Only what settled the judgement is told; one that nothing settled is open. It failed when it is
 * not passed without judging either, so that both ways out are told.
 */
static bool judgement_explained(struct explanation *explanation)
{
	const struct clause *clause = explanation->clause;
	Policycalc__V1__ConditionStatus status = explanation->result->status;

	if (status == STATUS(MET) || status == STATUS(UNKNOWN))
		return rule_explained(explanation, clause->met_if, false, status);
	if (status != STATUS(NOT_MET))
		return true;
	return rule_explained(explanation, clause->fails_if, true, status) &&
	       (!clause->met_if || rule_explained(explanation, clause->met_if, false, status));
}

bool clause_explain(const struct facts *facts, const struct policy_rules *policy,
		const struct clause *clause, const struct clause_result *result,
		const char *item_id, Policycalc__V1__ConditionAnswer *answer)
{
	struct explanation explanation = {
		.facts = facts,
		.policy = policy,
		.clause = clause,
		.result = result,
		.item_id = item_id,
		.arena = facts->arena,
		.answer = answer,
		.zh = "",
		.en = "",
	};
	bool exclude = clause->condition->role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE;
	bool ok;

	if (clause->kind == CLAUSE_SCORE)
		ok = score_explained(&explanation);
	else if (clause->kind != CLAUSE_RULE)
		ok = scope_explained(&explanation);
	else if (clause->condition->role == POLICYCALC__V1__ROLE__ROLE_REVIEW)
		ok = judgement_explained(&explanation);
	else
		ok = rule_explained(&explanation, clause->rule, exclude, result->status);
	return ok && sentence_finish(&explanation);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a condition stands as it does: the comparisons that decide it, each with what the firm has,
 * what is required, the parameter behind it, and how far away it is.
 *
 * A comparison is told from the firm's side. One that stands under "not", or in a condition that
 * must not hold, is turned round: not (x >= 3) is required as x < 3.
 */
#include "calculator/answer.h"
#include "calculator/score.h"
#include "calculator/words.h"

#include <string.h>

/* A relation as rules write it, turned round, as a sign, and as the words of a sentence. */
struct relation {
	const char *name;
	const char *turned;
	const char *sign;
	const char *zh;
	const char *en;
	const char *away_zh; /* before the distance, when not met */
	const char *away_en; /* behind it */
};

static const struct relation relations[] = {
	{ ">=", "<", "≥ ", "要求不低于 ", "at least ", "还差 ", " short" },
	{ ">", "<=", "> ", "要求高于 ", "more than ", "还差 ", " short" },
	{ "<=", ">", "≤ ", "要求不超过 ", "at most ", "超出 ", " over" },
	{ "<", ">=", "< ", "要求低于 ", "less than ", "超出 ", " over" },
	{ "==", "!=", "= ", "要求为 ", "must be ", "", "" },
	{ "!=", "==", "≠ ", "不得为 ", "must not be ", "", "" },
	{ "in", "not in", "∈ ", "要求属于 ", "must be one of ", "", "" },
	{ "not in", "in", "∉ ", "不得属于 ", "must be none of ", "", "" },
	{ "has", "not has", "∋ ", "要求具有 ", "must include ", "", "" },
	{ "not has", "has", "∌ ", "不得具有 ", "must not include ", "", "" },
	{ "within", "not within", "∈ ", "要求位于 ", "must be within ", "", "" },
	{ "not within", "within", "∉ ", "不得位于 ", "must not be within ", "", "" },
};

static const struct relation *relation_find(const char *name)
{
	for (size_t i = 0; i < sizeof(relations) / sizeof(*relations); i++) {
		if (strcmp(relations[i].name, name) == 0)
			return &relations[i];
	}
	return NULL;
}

/* One comparison, gathered before it is put into words. */
struct comparison {
	const Policycalc__V1__Attribute *attribute; /* NULL: none, or several */
	const struct slot *slot;
	const struct relation *relation; /* NULL: not one that has words */
	struct value observed;
	struct value required;
	Policycalc__V1__ConditionStatus status;
	const Policycalc__V1__Parameter *parameter;
	const Policycalc__V1__ParameterValue *value; /* of the parameter on the day */
	bool has_distance;
	int64_t distance;
};

struct explanation {
	const struct facts *facts;
	const struct policy_rules *policy;
	const struct clause *clause;
	struct arena *arena;
	Policycalc__V1__ConditionAnswer *answer;
	const char *zh; /* the sentences so far */
	const char *en;
};

/* --- comparisons ------------------------------------------------------------------------------ */

static void comparison_measure(struct comparison *comparison)
{
	__extension__ __int128 distance;
	const char *name = comparison->relation ? comparison->relation->name : "";

	if (comparison->status != STATUS(NOT_MET) || comparison->observed.kind != VALUE_INT ||
			comparison->required.kind != VALUE_INT ||
			(*name != '<' && *name != '>'))
		return;
	distance = comparison->required.integer;
	distance -= comparison->observed.integer;
	if (distance < 0)
		distance = -distance;
	/* Counts go in steps of one: more than 20 people is one more than 20. */
	if (name[1] == 0 && comparison->attribute &&
			comparison->attribute->type == VALUE_TYPE(COUNT))
		distance++;
	if (distance > INT64_MAX)
		return;
	comparison->has_distance = distance > 0;
	comparison->distance = (int64_t)distance;
}

/* What is observed must be of the attribute's own kind to be told under its name. */
static bool kind_fits(const struct value *value, const Policycalc__V1__Attribute *attribute)
{
	enum dimension dimension;
	const struct type *type = value_type_rule_type(attribute->type, &dimension);

	switch (value->kind) {
	case VALUE_UNKNOWN:
	case VALUE_INT:
		return true;
	case VALUE_BOOL:
		return type->kind == TYPE_BOOL;
	case VALUE_STRING:
		return type->kind == TYPE_STRING;
	case VALUE_TIMESTAMP:
		return type->kind == TYPE_TIMESTAMP;
	case VALUE_LIST:
		return type->kind == TYPE_LIST;
	case VALUE_MAP:
		return type->kind == TYPE_MAP;
	case VALUE_ERROR:
	case VALUE_NULL:
	case VALUE_UINT:
	case VALUE_DOUBLE:
	case VALUE_BYTES:
	case VALUE_DURATION:
	case VALUE_TYPE:
	default:
		return false;
	}
}

static struct comparison comparison_of_atom(const struct explanation *explanation,
		const struct rule_atom *atom, bool turned)
{
	const struct ruleset *ruleset = explanation->facts->ruleset;
	struct comparison comparison = { .observed = atom->observed,
		.required = atom->required };
	const char *operation = atom->operation;

	turned ^= atom->negated;
	if (atom->attribute_slot >= 0) {
		comparison.slot = ruleset_slot(
				ruleset, explanation->policy->list, atom->attribute_slot);
		comparison.attribute = comparison.slot->attribute;
	}
	if (strcmp(operation, "flag") == 0)
		operation = "==";
	/* "srdi" in e.titles: the attribute is what something is looked for in. */
	if (strcmp(operation, "in") == 0 &&
			(atom->observed.kind == VALUE_MAP ||
					(atom->observed.kind == VALUE_LIST &&
							atom->required.kind != VALUE_LIST) ||
					(comparison.attribute &&
							(comparison.attribute->type == VALUE_TYPE(TITLES) ||
									comparison.attribute->type ==
											VALUE_TYPE(CODES)))))
		operation = "has";
	comparison.relation = relation_find(operation);
	if (turned && comparison.relation)
		comparison.relation = relation_find(comparison.relation->turned);
	/* "Must not be yes" is "must be no". */
	if (comparison.relation && strcmp(comparison.relation->name, "!=") == 0 &&
			comparison.required.kind == VALUE_BOOL) {
		comparison.relation = relation_find("==");
		comparison.required.boolean = !comparison.required.boolean;
	}
	if (comparison.attribute && !kind_fits(&atom->observed, comparison.attribute))
		comparison.relation = NULL;
	if (atom->parameter_slot >= 0) {
		const struct slot *slot = ruleset_slot(
				ruleset, explanation->policy->list, atom->parameter_slot);

		comparison.parameter = ruleset->catalog.parameters[slot->parameter];
		comparison.value = explanation->facts->epoch->sources[slot->parameter];
	}
	switch (atom->result.kind) {
	case VALUE_BOOL:
		comparison.status =
				atom->result.boolean != turned ? STATUS(MET) : STATUS(NOT_MET);
		break;
	case VALUE_UNKNOWN:
		comparison.status = comparison.parameter && !comparison.value ? STATUS(REVIEW)
									      : STATUS(UNKNOWN);
		break;
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
		comparison.status = STATUS(ERROR);
		break;
	}
	comparison_measure(&comparison);
	return comparison;
}

/* --- reasons ---------------------------------------------------------------------------------- */

static bool reason_add(struct explanation *explanation, const struct comparison *comparison)
{
	const struct ruleset *ruleset = explanation->facts->ruleset;
	struct arena *arena = explanation->arena;
	Policycalc__V1__Reason *reason = ARENA_NEW(arena, Policycalc__V1__Reason);
	struct value distance = { .kind = VALUE_INT, .integer = comparison->distance };

	if (!reason)
		return false;
	policycalc__v1__reason__init(reason);
	reason->status = comparison->status;
	if (comparison->slot)
		reason->attribute = (char *)comparison->slot->name;
	if (comparison->attribute && comparison->relation) {
		reason->observed = (char *)words_value(ruleset, &comparison->observed,
				comparison->attribute, WORDS_ZH, arena);
		reason->required = arena_format(arena, "%s%s", comparison->relation->sign,
				words_value(ruleset, &comparison->required,
						comparison->attribute, WORDS_ZH, arena));
		if (comparison->has_distance)
			reason->distance = (char *)words_value(ruleset, &distance,
					comparison->attribute, WORDS_ZH, arena);
		if (!reason->observed || !reason->required || !reason->distance)
			return false;
	}
	if (comparison->parameter) {
		reason->parameter = arena_format(arena, "p.%s", comparison->parameter->name);
		if (!reason->parameter)
			return false;
	}
	if (comparison->value) {
		reason->parameter_from = comparison->value->from;
		reason->parameter_source = comparison->value->source;
	}
	explanation->answer->reasons[explanation->answer->n_reasons++] = reason;
	return true;
}

/* --- sentences -------------------------------------------------------------------------------- */

/* "（《…》2018 版）" behind a figure, from where its parameter comes; "" without. */
static const char *source_words(const struct explanation *explanation,
		const struct comparison *comparison, enum words_language language)
{
	const Policycalc__V1__Source *source =
			comparison->value ? comparison->value->source : NULL;
	const char *date;

	if (!source || !*source->doc)
		return "";
	date = comparison->value->from;
	if (strlen(date) < 4 || *date < '0' || *date > '9')
		date = source->date;
	if (strlen(date) < 4)
		return arena_format(explanation->arena,
				language == WORDS_ZH ? "（《%s》）" : " (%s)", source->doc);
	return arena_format(explanation->arena,
			language == WORDS_ZH ? "（《%s》%.4s 版）" : " (%s, %.4s)", source->doc,
			date);
}

/* The attribute's label, with how far back the period lies. */
static const char *label_words(const struct explanation *explanation,
		const struct comparison *comparison, enum words_language language)
{
	static const char *const windows[][2] = {
		[WINDOW_NONE] = { "%s", "%s" },
		[WINDOW_QUARTER] = { "%s（上季度各月）", "%s (months of the last quarter)" },
		[WINDOW_YEAR] = { "%s（上年各期）", "%s (periods of the last year)" },
	};
	const char *label = words_label(comparison->attribute->label, language);

	if (comparison->slot->window != WINDOW_NONE)
		label = arena_format(explanation->arena,
				windows[comparison->slot->window][language == WORDS_EN], label);
	if (comparison->slot->window != WINDOW_NONE && comparison->slot->back && label)
		return arena_format(explanation->arena,
				language == WORDS_ZH ? "%s（再往前 %u 年）"
						     : "%s (%u years earlier)",
				label, comparison->slot->back);
	if (comparison->slot->back == 0)
		return label;
	return arena_format(explanation->arena,
			language == WORDS_ZH ? "%s（再往前 %u 期）" : "%s (%u periods earlier)",
			label, comparison->slot->back);
}

static const char *figure_words(const struct explanation *explanation,
		const struct value *value, const struct comparison *comparison,
		enum words_language language)
{
	const char *text = words_value(explanation->facts->ruleset, value,
			comparison->attribute, language, explanation->arena);

	return text && language == WORDS_ZH ? words_space(text, explanation->arena) : text;
}

static const char *sentence_zh(
		const struct explanation *explanation, const struct comparison *comparison)
{
	struct arena *arena = explanation->arena;
	const char *label = label_words(explanation, comparison, WORDS_ZH);
	const char *observed =
			figure_words(explanation, &comparison->observed, comparison, WORDS_ZH);
	const char *required =
			figure_words(explanation, &comparison->required, comparison, WORDS_ZH);
	const char *source = source_words(explanation, comparison, WORDS_ZH);
	struct value distance = { .kind = VALUE_INT, .integer = comparison->distance };
	const char *away = "";

	if (comparison->has_distance)
		away = arena_format(arena, "，%s%s", comparison->relation->away_zh,
				figure_words(explanation, &distance, comparison, WORDS_ZH));
	if (!label || !observed || !required || !source || !away)
		return NULL;
	if (comparison->required.kind == VALUE_UNKNOWN)
		return arena_format(arena, "%s%s%s，门槛未见于来源", label,
				*observed ? " " : "", observed);
	return arena_format(arena, "%s %s，%s%s%s%s", label,
			comparison->observed.kind == VALUE_UNKNOWN ? "未知" : observed,
			comparison->relation->zh, required, away, source);
}

static const char *sentence_en(
		const struct explanation *explanation, const struct comparison *comparison)
{
	struct arena *arena = explanation->arena;
	const char *label = label_words(explanation, comparison, WORDS_EN);
	const char *observed =
			figure_words(explanation, &comparison->observed, comparison, WORDS_EN);
	const char *required =
			figure_words(explanation, &comparison->required, comparison, WORDS_EN);
	const char *source = source_words(explanation, comparison, WORDS_EN);
	struct value distance = { .kind = VALUE_INT, .integer = comparison->distance };
	const char *away = "";

	if (comparison->has_distance)
		away = arena_format(arena, ", %s%s",
				figure_words(explanation, &distance, comparison, WORDS_EN),
				comparison->relation->away_en);
	if (!label || !observed || !required || !source || !away)
		return NULL;
	if (comparison->required.kind == VALUE_UNKNOWN)
		return arena_format(arena, "%s%s%s; the threshold is not in our sources", label,
				*observed ? ": " : "", observed);
	return arena_format(arena, "%s: %s, %s%s%s%s", label,
			comparison->observed.kind == VALUE_UNKNOWN ? "unknown" : observed,
			comparison->relation->en, required, away, source);
}

static bool sentence_join(struct explanation *explanation, const char *zh, const char *en)
{
	struct arena *arena = explanation->arena;

	if (!zh || !en)
		return false;
	explanation->zh = *explanation->zh ? arena_format(arena, "%s；%s", explanation->zh, zh)
					   : zh;
	explanation->en = *explanation->en ? arena_format(arena, "%s; %s", explanation->en, en)
					   : en;
	return explanation->zh && explanation->en;
}

static bool sentence_add(struct explanation *explanation, const struct comparison *comparison)
{
	if (!comparison->attribute || !comparison->relation)
		return true;
	return sentence_join(explanation, sentence_zh(explanation, comparison),
			sentence_en(explanation, comparison));
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

static bool sentence_finish(struct explanation *explanation, const struct clause_result *result)
{
	const Policycalc__V1__Text *label = explanation->clause->condition->label;
	struct arena *arena = explanation->arena;

	if (!*explanation->zh) {
		explanation->zh = arena_format(arena, "%s：%s", words_label(label, WORDS_ZH),
				status_words(result, WORDS_ZH));
		explanation->en = arena_format(arena, "%s: %s", words_label(label, WORDS_EN),
				status_words(result, WORDS_EN));
	}
	explanation->answer->sentence = words_text(arena, explanation->zh, explanation->en);
	return explanation->answer->sentence != NULL;
}

/* --- conditions ------------------------------------------------------------------------------- */

/*
 * A rule's atoms are those that decide it, so that there are only failing ones when it fails; an
 * error is told by the condition as a whole.
 */
static bool rule_explained(
		struct explanation *explanation, const struct rule *rule, bool turned)
{
	struct rule_atom *atoms;
	size_t count;
	struct value result;
	Policycalc__V1__Reason **reasons;

	if (!rule_explain(rule, &explanation->facts->evaluation, &atoms, &count, &result))
		return false;
	reasons = ARENA_NEW_ARRAY(explanation->arena, Policycalc__V1__Reason *,
			explanation->answer->n_reasons + count + 1);
	if (!reasons)
		return false;
	for (size_t i = 0; i < explanation->answer->n_reasons; i++)
		reasons[i] = explanation->answer->reasons[i];
	explanation->answer->reasons = reasons;
	for (size_t i = 0; i < count; i++) {
		struct comparison comparison =
				comparison_of_atom(explanation, &atoms[i], turned);

		if (!reason_add(explanation, &comparison) ||
				!sentence_add(explanation, &comparison))
			return false;
	}
	return true;
}

/* "注册地 灵宝市，要求位于 三门峡市" */
static bool scope_explained(struct explanation *explanation, const struct clause_result *result)
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
		.slot = ruleset_slot(ruleset, LIST_ENTERPRISE, slot),
		.observed = explanation->facts->values[slot],
		.status = result->status,
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
	comparison.attribute = comparison.slot->attribute;
	comparison.required = (struct value){ .kind = VALUE_LIST,
		.list = { .items = items, .count = count } };
	comparison.relation = relation_find(region ? "within" : turned ? "not in" : "in");
	return reason_add(explanation, &comparison) && sentence_add(explanation, &comparison);
}

/* A direct pass is told by what passes; otherwise the score is told, and that there is a pass. */
static bool score_explained(struct explanation *explanation)
{
	const Policycalc__V1__ScoreAnswer *score = explanation->answer->score;
	struct arena *arena = explanation->arena;

	if (score->direct_pass != STATUS(MET))
		return sentence_join(explanation, score->sentence->zh, score->sentence->en) &&
		       (score->direct_pass != STATUS(UNKNOWN) || score->status == STATUS(MET) ||
				       sentence_join(explanation, "符合直通条件之一也可",
						       "a direct pass would do as well"));
	if (!rule_explained(explanation, explanation->clause->direct_pass, false))
		return false;
	if (*explanation->zh) {
		explanation->zh = arena_format(arena, "直通：%s", explanation->zh);
		explanation->en = arena_format(arena, "direct pass: %s", explanation->en);
	}
	return explanation->zh && explanation->en;
}

bool clause_explain(const struct facts *facts, const struct policy_rules *policy,
		const struct clause *clause, const struct clause_result *result,
		Policycalc__V1__ConditionAnswer *answer)
{
	struct explanation explanation = {
		.facts = facts,
		.policy = policy,
		.clause = clause,
		.arena = facts->arena,
		.answer = answer,
		.zh = "",
		.en = "",
	};
	bool ok = true;

	if (clause->kind == CLAUSE_SCORE) {
		ok = score_explained(&explanation);
	} else if (clause->kind != CLAUSE_RULE) {
		ok = scope_explained(&explanation, result);
	} else if (clause->condition->role == POLICYCALC__V1__ROLE__ROLE_REVIEW) {
		/* Only what settled the judgement is told; one that nothing settled is open. */
		if (clause->met_if && (result->status == STATUS(MET) ||
						      result->status == STATUS(UNKNOWN)))
			ok = rule_explained(&explanation, clause->met_if, false);
		else if (clause->fails_if && result->status == STATUS(NOT_MET))
			ok = rule_explained(&explanation, clause->fails_if, true);
	} else {
		ok = rule_explained(&explanation, clause->rule,
				clause->condition->role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE);
	}
	return ok && sentence_finish(&explanation, result);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What settles a verdict. One failed requirement is enough: whatever else is unknown need not be
 * asked any more, and the answer says so.
 */
#include "calculator/answer.h"
#include "calculator/words.h"

/* Labels that are named before the rest is only counted. */
#define NAMED_MOST 3

struct tally {
	size_t met, failed, unknown, other;
	const struct clause *named[NAMED_MOST]; /* the first that fail, or are judged */
	size_t named_count;
};

static void tally_clauses(const struct policy_rules *policy, bool per_item,
		const struct clause_result *results, bool failed_only, struct tally *tally)
{
	for (size_t i = 0; i < policy->clause_count; i++) {
		Policycalc__V1__ConditionStatus status = results[i].status;

		if (policy->clauses[i].per_item != per_item)
			continue;
		tally->met += status == STATUS(MET);
		tally->failed += status == STATUS(NOT_MET);
		tally->unknown += status == STATUS(UNKNOWN);
		tally->other += status == STATUS(REVIEW) || status == STATUS(ERROR);
		if (status == STATUS(MET) || status == STATUS(UNKNOWN) ||
				(failed_only && status != STATUS(NOT_MET)))
			continue;
		if (tally->named_count < NAMED_MOST)
			tally->named[tally->named_count++] = &policy->clauses[i];
	}
}

static void put_either(struct text *out, bool zh, const char *in_zh, const char *in_en)
{
	text_put_text(out, zh ? in_zh : in_en);
}

/* "“甲”、“乙”" */
static void put_names(struct text *out, const struct tally *tally, size_t all,
		enum words_language language)
{
	bool zh = language == WORDS_ZH;

	for (size_t i = 0; i < tally->named_count; i++) {
		if (i > 0)
			put_either(out, zh, "、", ", ");
		put_either(out, zh, "“", "\"");
		text_put_text(out, words_label(tally->named[i]->condition->label, language));
		put_either(out, zh, "”", "\"");
	}
	if (all > tally->named_count)
		text_format(out, zh ? "等 %zu 项" : " and %zu more",
				zh ? all : all - tally->named_count);
}

static bool ids_add(const struct facts *facts, const struct outcome *outcome,
		const struct item_outcome *item, char **ids, size_t *count)
{
	const struct policy_rules *policy = outcome->policy;
	const struct clause_result *results = item ? item->results : outcome->results;

	for (size_t i = 0; i < policy->clause_count; i++) {
		char *id = policy->clauses[i].condition->id;

		if (policy->clauses[i].per_item != (item != NULL) ||
				results[i].status != STATUS(NOT_MET))
			continue;
		if (item)
			id = arena_format(facts->arena, "%s@%s/%s", id,
					item_list_name(policy->list), item->item->id);
		if (!id)
			return false;
		ids[(*count)++] = id;
	}
	return true;
}

/* Of the enterprise's own conditions; only when none of these fails, of its items'. */
static bool ids_answer(const struct facts *facts, const struct outcome *outcome,
		const struct tally *own, Policycalc__V1__PolicyAnswer *answer)
{
	size_t most = outcome->policy->clause_count * (outcome->item_count + 1) + 1;

	answer->settled_by = ARENA_NEW_ARRAY(facts->arena, char *, most);
	if (!answer->settled_by)
		return false;
	if (own->failed)
		return ids_add(facts, outcome, NULL, answer->settled_by, &answer->n_settled_by);
	if (outcome->policy->list != LIST_ENTERPRISE && outcome->item_count == 0)
		answer->settled_by[answer->n_settled_by++] = (char *)"items";
	for (size_t i = 0; i < outcome->item_count; i++) {
		if (!ids_add(facts, outcome, &outcome->items[i], answer->settled_by,
				    &answer->n_settled_by))
			return false;
	}
	return true;
}

static void put_failed(struct text *out, const struct outcome *outcome, const struct tally *own,
		enum words_language language)
{
	bool zh = language == WORDS_ZH;

	if (own->failed == 0 && outcome->item_count) {
		put_either(out, zh, "没有一项符合条件", "none of the items qualifies");
	} else if (own->failed == 0) {
		put_either(out, zh, "名下没有可申报的项目、贷款或人员",
				"there is no item to apply with");
	} else {
		put_names(out, own, own->failed, language);
		put_either(out, zh, "不符合，", ": not met, which settles it");
		if (own->failed == 1)
			put_either(out, zh, "仅此一项即可确定", "");
		else
			put_either(out, zh, "任何一项即可确定", ", each alone");
		if (own->unknown > 0 || outcome->list_unknown)
			put_either(out, zh, "，其余不必再补充", "; nothing else need be known");
	}
}

static void put_open(struct text *out, const struct outcome *outcome, const struct tally *own,
		size_t missing, enum words_language language)
{
	bool zh = language == WORDS_ZH;
	size_t before = text_size(out);

	if (outcome->conditions_verdict == VERDICT(ELIGIBLE)) {
		text_format(out, zh ? "%zu 项条件均符合" : "all conditions are met (%zu)",
				own->met);
		return;
	}
	if (outcome->conditions_verdict == VERDICT(NEEDS_INFORMATION)) {
		text_format(out,
				zh ? "没有不符合的条件，还缺 %zu 项信息"
				   : "no condition fails; facts missing: %zu",
				missing);
		return;
	}
	put_names(out, own, own->other, language);
	if (text_size(out) == before)
		put_either(out, zh, "须由主管部门审核", "the authority has to judge");
	else
		text_format(out,
				zh ? "须由人审核或核实，其余 %zu 项条件均符合"
				   : ": people have to judge; conditions met: %zu",
				own->met);
}

bool settled_answer(const struct facts *facts, const struct outcome *outcome, bool full,
		Policycalc__V1__PolicyAnswer *answer)
{
	bool failed = outcome->conditions_verdict == VERDICT(INELIGIBLE);
	struct tally own = { 0 };
	struct tally all;
	const char *words[2];

	if (!failed && !full)
		return true;
	tally_clauses(outcome->policy, false, outcome->results, failed, &own);
	if (failed && !ids_answer(facts, outcome, &own, answer))
		return false;
	if (!full)
		return true;
	/* What is met of the items that count belongs to what is met. */
	all = own;
	for (size_t i = 0; !failed && i < outcome->item_count; i++) {
		if (outcome->items[i].verdict == outcome->conditions_verdict) {
			tally_clauses(outcome->policy, true, outcome->items[i].results, false,
					&all);
			break;
		}
	}
	for (enum words_language language = WORDS_ZH; language <= WORDS_EN; language++) {
		struct text text = text_begin(facts->arena);

		if (failed)
			put_failed(&text, outcome, &own, language);
		else
			put_open(&text, outcome, &all, answer->n_missing, language);
		words[language] = text_end(&text);
	}
	answer->settled_sentence = words_text(facts->arena, words[0], words[1]);
	return answer->settled_sentence != NULL;
}

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

/* "“甲”、“乙”" */
static const char *tally_names(const struct tally *tally, size_t all,
		enum words_language language, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; text && i < tally->named_count; i++)
		text = arena_format(arena, language == WORDS_ZH ? "%s%s“%s”" : "%s%s\"%s\"",
				text,
				i == 0		       ? ""
				: language == WORDS_ZH ? "、"
						       : ", ",
				words_label(tally->named[i]->condition->label, language));
	if (text && all > tally->named_count)
		text = arena_format(arena,
				language == WORDS_ZH ? "%s等 %zu 项" : "%s and %zu more", text,
				language == WORDS_ZH ? all : all - tally->named_count);
	return text;
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

static const char *failed_sentence(const struct facts *facts, const struct outcome *outcome,
		const struct tally *own, enum words_language language)
{
	struct arena *arena = facts->arena;
	bool zh = language == WORDS_ZH;
	bool open = own->unknown > 0 || outcome->list_unknown;
	const char *names;

	if (own->failed == 0)
		return outcome->item_count
				       ? zh ? "没有一项符合条件" : "none of the items qualifies"
		       : zh ? "名下没有可申报的项目、贷款或人员"
			    : "there is no item to apply with";
	names = tally_names(own, own->failed, language, arena);
	if (!names)
		return NULL;
	if (zh)
		return arena_format(arena, "%s不符合，%s%s", names,
				own->failed == 1 ? "仅此一项即可确定" : "任何一项即可确定",
				open ? "，其余不必再补充" : "");
	return arena_format(arena, "%s: not met, which settles it%s%s", names,
			own->failed == 1 ? "" : ", each alone",
			open ? "; nothing else need be known" : "");
}

static const char *open_sentence(const struct facts *facts, const struct outcome *outcome,
		const struct tally *own, size_t missing, enum words_language language)
{
	struct arena *arena = facts->arena;
	bool zh = language == WORDS_ZH;
	const char *names;

	if (outcome->conditions_verdict == VERDICT(ELIGIBLE))
		return arena_format(arena,
				zh ? "%zu 项条件均符合" : "all conditions are met (%zu)",
				own->met);
	if (outcome->conditions_verdict == VERDICT(NEEDS_INFORMATION))
		return arena_format(arena,
				zh ? "没有不符合的条件，还缺 %zu 项信息"
				   : "no condition fails; facts missing: %zu",
				missing);
	names = tally_names(own, own->other, language, arena);
	if (!names)
		return NULL;
	if (!*names)
		return zh ? "须由主管部门审核" : "the authority has to judge";
	return arena_format(arena,
			zh ? "%s须由人审核或核实，其余 %zu 项条件均符合"
			   : "%s: people have to judge; conditions met: %zu",
			names, own->met);
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
	for (enum words_language language = WORDS_ZH; language <= WORDS_EN; language++)
		words[language] = failed ? failed_sentence(facts, outcome, &own, language)
					 : open_sentence(facts, outcome, &all,
							   answer->n_missing, language);
	answer->settled_sentence = words_text(facts->arena, words[0], words[1]);
	return answer->settled_sentence != NULL;
}

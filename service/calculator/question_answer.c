/* SPDX-License-Identifier: Apache-2.0 */
/* The question as a message, with how far one is. Texts are borrowed from the ruleset. */
#include "calculator/period.h"
#include "calculator/question.h"
#include "calculator/words.h"
#include "proto/codec/choice_table.h"

#include <stdlib.h>
#include <string.h>

#define CHOICES_USUAL 50
#define POLICIES_SHOWN 5
#define DONE(word) POLICYCALC__V1__QUESTION_DONE__QUESTION_DONE_##word

/* --- progress --------------------------------------------------------------------------------- */

static bool counts_for_enterprise(const struct outcome *outcome)
{
	const Policycalc__V1__Amount *amount =
			outcome->policy->amount ? outcome->policy->amount->amount : NULL;

	if (!amount || outcome->amount.none ||
			amount->beneficiary !=
					POLICYCALC__V1__BENEFICIARY__BENEFICIARY_ENTERPRISE)
		return false;
	return amount->nature == POLICYCALC__V1__NATURE__NATURE_CASH ||
	       amount->nature == POLICYCALC__V1__NATURE__NATURE_TAX ||
	       amount->nature == POLICYCALC__V1__NATURE__NATURE_INTEREST;
}

static int64_t money_sum(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* An eligible policy with what it comes to at least; ->next chains those that exclude one another. */
struct sure {
	const struct outcome *outcome;
	size_t component;
};

static bool policies_exclude(const Policycalc__V1__Policy *a, const Policycalc__V1__Policy *b)
{
	for (size_t i = 0; i < a->n_exclusions; i++) {
		for (size_t k = 0; k < b->n_exclusions; k++) {
			if (strcmp(a->exclusions[i]->group, b->exclusions[k]->group) == 0)
				return true;
		}
	}
	return false;
}

/*
 * Of policies that are connected by exclusions only the largest counts: that much can be had
 * whatever the best combination is.
 */
static int64_t certain_sum(const struct questionnaire *questionnaire)
{
	struct sure *sure = ARENA_NEW_ARRAY(
			questionnaire->arena, struct sure, questionnaire->outcome_count + 1);
	int64_t sum = 0;
	size_t count = 0;

	for (size_t i = 0; sure && i < questionnaire->outcome_count; i++) {
		const struct outcome *outcome = &questionnaire->outcomes[i];

		if (outcome->verdict != VERDICT(ELIGIBLE) || !counts_for_enterprise(outcome) ||
				outcome->amount.error || outcome->amount.not_stated ||
				outcome->amount.up_to)
			continue;
		sure[count] = (struct sure){ outcome, count };
		for (size_t k = 0; k < count; k++) {
			size_t from = sure[count].component;
			size_t to = sure[k].component;

			if (from == to || !policies_exclude(outcome->policy->policy,
							  sure[k].outcome->policy->policy))
				continue;
			for (size_t j = 0; j <= count; j++) {
				if (sure[j].component == from)
					sure[j].component = to;
			}
		}
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		int64_t largest = 0;

		for (size_t k = 0; k < count; k++) {
			if (sure[k].component == i && sure[k].outcome->amount.least > largest)
				largest = sure[k].outcome->amount.least;
		}
		sum = money_sum(sum, largest);
	}
	return sum;
}

static void possible_add(
		const struct outcome *outcome, Policycalc__V1__QuestionProgress *progress)
{
	if (outcome->verdict < VERDICT(NEEDS_INFORMATION) || !counts_for_enterprise(outcome))
		return;
	if (outcome->amount.error || outcome->amount.not_stated || !outcome->amount.most_known)
		progress->possible_open_count++;
	else
		progress->possible_fen =
				money_sum(progress->possible_fen, outcome->amount.most);
}

static void verdict_count(
		const struct outcome *outcome, Policycalc__V1__QuestionProgress *progress)
{
	switch ((int)outcome->verdict) {
	case VERDICT(ELIGIBLE):
		progress->eligible_count++;
		break;
	case VERDICT(NEEDS_REVIEW):
		progress->review_count++;
		break;
	case VERDICT(NOT_OPEN):
		progress->not_open_count++;
		break;
	case VERDICT(INELIGIBLE):
		progress->ineligible_count++;
		break;
	default:
		break;
	}
}

static Policycalc__V1__QuestionProgress *progress_make(
		const struct questionnaire *questionnaire)
{
	Policycalc__V1__QuestionProgress *progress =
			ARENA_NEW(questionnaire->arena, Policycalc__V1__QuestionProgress);
	int64_t total = 0;
	int64_t pending = 0;

	if (!progress)
		return NULL;
	policycalc__v1__question_progress__init(progress);
	progress->policy_count = (int32_t)questionnaire->outcome_count;
	progress->undetermined_count = (int32_t)questionnaire->pending_count;
	progress->settled_count = progress->policy_count - progress->undetermined_count;
	for (size_t i = 0; i < questionnaire->outcome_count; i++) {
		total += amount_weight(&questionnaire->outcomes[i].amount);
		if (questionnaire->outcomes[i].conditions_verdict != VERDICT(NEEDS_INFORMATION))
			verdict_count(&questionnaire->outcomes[i], progress);
		possible_add(&questionnaire->outcomes[i], progress);
	}
	for (size_t i = 0; i < questionnaire->pending_count; i++) {
		pending += questionnaire->pendings[i].weight;
		progress->skipped_count += questionnaire->pendings[i].before == 0;
	}
	progress->settled_ppm = total ? (total - pending) * QUESTION_PPM / total : QUESTION_PPM;
	progress->expected_questions_milli = questionnaire->expected_milli;
	progress->certain_fen = certain_sum(questionnaire);
	return progress;
}

/* --- words ------------------------------------------------------------------------------------ */

/* @text without the first of @words that it begins (or, in English, ends) with. */
static const char *without_period(const char *text, bool english, struct arena *arena)
{
	static const char *const openings[] = { "上年度", "上年末", "上季度", "上月", "上年" };
	static const char *const endings[] = { " of last year", " at the end of last year",
		" of last quarter", " of last month", " last year" };
	size_t size = strlen(text);

	for (size_t i = 0; i < sizeof(openings) / sizeof(*openings); i++) {
		size_t cut = strlen(english ? endings[i] : openings[i]);

		if (cut >= size)
			continue;
		if (!english && strncmp(text, openings[i], cut) == 0)
			return text + cut;
		if (english && strcmp(text + size - cut, endings[i]) == 0)
			return arena_copy(arena, text, size - cut);
	}
	return text;
}

static const char *list_word(enum item_list list, bool english)
{
	static const char *const words[LIST_COUNT][2] = {
		[LIST_ENTERPRISE] = { "", "" },
		[LIST_PROJECTS] = { "项目", "project" },
		[LIST_LOANS] = { "贷款", "loan" },
		[LIST_HIRES] = { "招用人员", "hire" },
	};

	return words[list][english];
}

/* "项目“p1”的" before what is said of an item; "" for the enterprise. */
static const char *item_words(const struct questionnaire *questionnaire,
		const struct unit *unit, bool english)
{
	const char *id;

	if (unit->item < 0)
		return "";
	id = questionnaire->facts->items[unit->list][unit->item].id;
	return arena_format(questionnaire->arena, english ? "%s \"%s\": " : "%s“%s”：",
			list_word(unit->list, english), id);
}

static Policycalc__V1__Text *label_of(const struct questionnaire *questionnaire,
		const struct unit *unit, const char *period)
{
	struct arena *arena = questionnaire->arena;
	const char *words[2];

	for (int english = 0; english < 2; english++) {
		const char *label = words_label(
				unit->place->attribute->label, english ? WORDS_EN : WORDS_ZH);
		const char *item = item_words(questionnaire, unit, english);

		if (!label || !item)
			return NULL;
		if (*period) {
			label = without_period(label, english, arena);
			words[english] = label ? arena_format(arena,
								 english ? "%s%s (%s)"
									 : "%s%s（%s）",
								 item, label, period)
					       : NULL;
		} else {
			words[english] = arena_format(arena, "%s%s", item, label);
		}
	}
	return words_text(arena, words[0], words[1]);
}

static bool text_is_given(const Policycalc__V1__Text *text)
{
	return text && (*text->zh || *text->en);
}

/* The dictionary's question; of an earlier period, or where there is none, one made of the label. */
static Policycalc__V1__Text *question_of(const struct questionnaire *questionnaire,
		const struct unit *unit, const Policycalc__V1__Text *label)
{
	const Policycalc__V1__Attribute *attribute = unit->place->attribute;
	struct arena *arena = questionnaire->arena;
	const char *words[2];

	if ((unit->place->back > 0 && !unit_is_series(unit)) ||
			!text_is_given(attribute->question))
		return words_text(arena,
				arena_format(arena,
						attribute->type == VALUE_TYPE(FLAG)
								? "%s：是还是否？"
								: "%s是多少？",
						label->zh),
				arena_format(arena,
						attribute->type == VALUE_TYPE(FLAG)
								? "%s: yes or no?"
								: "%s: what is it?",
						label->en));
	for (int english = 0; english < 2; english++) {
		const char *question =
				words_label(attribute->question, english ? WORDS_EN : WORDS_ZH);
		const char *item = item_words(questionnaire, unit, english);

		words[english] = item ? arena_format(arena, "%s%s", item, question) : NULL;
	}
	return words_text(arena, words[0], words[1]);
}

/* --- what is asked ---------------------------------------------------------------------------- */

static bool choice_fits(const Policycalc__V1__Choice *choice, const char *search)
{
	if (strstr(choice->code, search) ||
			(choice->label && (strstr(choice->label->zh, search) ||
							  strstr(choice->label->en, search))))
		return true;
	for (size_t i = 0; i < choice->n_aliases; i++) {
		if (strstr(choice->aliases[i], search))
			return true;
	}
	return false;
}

static bool choices_fill(const struct questionnaire *questionnaire,
		const Policycalc__V1__Attribute *attribute,
		Policycalc__V1__QuestionAttribute *answer)
{
	const Policycalc__V1__NextQuestionRequest *request = questionnaire->request;
	size_t most = request->choice_limit > 0 ? (size_t)request->choice_limit : CHOICES_USUAL;
	struct arena *arena = questionnaire->arena;
	struct choice_tables tables;
	size_t fitting = 0;

	answer->choice_table = attribute->choice_table;
	if (*attribute->choice_table) {
		if (!choice_tables_init(&questionnaire->ruleset->catalog, arena, &tables))
			return false;
		attribute = attribute_with_choices(attribute, &tables, arena);
		if (!attribute)
			return false;
	}
	answer->choices = ARENA_NEW_ARRAY(arena, Policycalc__V1__Choice *, most + 1);
	if (!answer->choices)
		return false;
	for (size_t i = 0; i < attribute->n_choices; i++) {
		if (*request->choice_search &&
				!choice_fits(attribute->choices[i], request->choice_search))
			continue;
		if (fitting++ >= (size_t)request->choice_offset && answer->n_choices < most)
			answer->choices[answer->n_choices++] = attribute->choices[i];
	}
	answer->choice_count = (int32_t)fitting;
	return true;
}

/* How many items there are: asked before anything of an item is. */
static bool list_answer(const struct questionnaire *questionnaire, const struct unit *unit,
		Policycalc__V1__QuestionAttribute *answer)
{
	struct arena *arena = questionnaire->arena;
	const char *zh = list_word(unit->list, false);
	const char *en = list_word(unit->list, true);

	answer->type = VALUE_TYPE(COUNT);
	answer->_minimum_case = POLICYCALC__V1__QUESTION_ATTRIBUTE___MINIMUM_MINIMUM;
	answer->_maximum_case = POLICYCALC__V1__QUESTION_ATTRIBUTE___MAXIMUM_MAXIMUM;
	answer->maximum = 1000;
	answer->label = words_text(arena, arena_format(arena, "%s数", zh),
			arena_format(arena, "Number of %ss", en));
	answer->question = words_text(arena,
			arena_format(arena, "有几%s需要申报或享受政策的%s？没有请答 0",
					unit->list == LIST_LOANS   ? "笔"
					: unit->list == LIST_HIRES ? "名"
								   : "个",
					zh),
			arena_format(arena, "How many %ss are to be put in for? 0 for none",
					en));
	return answer->label && answer->question;
}

static bool attribute_answer(const struct questionnaire *questionnaire, const struct unit *unit,
		Policycalc__V1__QuestionAttribute *answer)
{
	const Policycalc__V1__Attribute *attribute = unit->place->attribute;
	const char *period = "";

	if (period_is_recurring(attribute->period) &&
			(attribute->type == VALUE_TYPE(MONEY) ||
					attribute->type == VALUE_TYPE(RATIO) ||
					attribute->type == VALUE_TYPE(COUNT) ||
					attribute->type == VALUE_TYPE(FLAG)))
		period = period_print(attribute->period, unit_period(questionnaire, unit),
				questionnaire->arena);
	if (!period)
		return false;
	answer->name = attribute->name;
	answer->period = (char *)period;
	answer->type = attribute->type;
	answer->unit = attribute->unit;
	answer->label = label_of(questionnaire, unit, period);
	if (!answer->label)
		return false;
	answer->question = question_of(questionnaire, unit, answer->label);
	answer->help = attribute->help;
	answer->supplier = attribute->supplier;
	answer->sensitivity = attribute->sensitivity;
	if (attribute->_minimum_case) {
		answer->_minimum_case = POLICYCALC__V1__QUESTION_ATTRIBUTE___MINIMUM_MINIMUM;
		answer->minimum = attribute->minimum;
	}
	if (attribute->_maximum_case) {
		answer->_maximum_case = POLICYCALC__V1__QUESTION_ATTRIBUTE___MAXIMUM_MAXIMUM;
		answer->maximum = attribute->maximum;
	}
	return answer->question && choices_fill(questionnaire, attribute, answer);
}

static Policycalc__V1__QuestionAttribute *unit_answer(
		const struct questionnaire *questionnaire, const struct unit *unit)
{
	Policycalc__V1__QuestionAttribute *answer =
			ARENA_NEW(questionnaire->arena, Policycalc__V1__QuestionAttribute);

	if (!answer)
		return NULL;
	policycalc__v1__question_attribute__init(answer);
	answer->key = (char *)unit_key(questionnaire, unit);
	answer->item_list = (char *)item_list_name(unit->list);
	if (unit->item >= 0)
		answer->item_id =
				(char *)questionnaire->facts->items[unit->list][unit->item].id;
	if (!answer->key)
		return NULL;
	if (!unit->place)
		return list_answer(questionnaire, unit, answer) ? answer : NULL;
	return attribute_answer(questionnaire, unit, answer) ? answer : NULL;
}

/* --- why it is asked -------------------------------------------------------------------------- */

/* Puts @pending among the first @most, those with the most at stake first; of equals it comes last. */
static void stake_put(const struct pending **list, size_t *count, size_t most,
		const struct pending *pending)
{
	size_t at = *count;

	if (at == most && list[at - 1]->weight >= pending->weight)
		return;
	if (at < most)
		++*count;
	else
		at--;
	for (; at > 0 && list[at - 1]->weight < pending->weight; at--)
		list[at] = list[at - 1];
	list[at] = pending;
}

static bool stakes_fill(const struct questionnaire *questionnaire,
		const struct question *question, Policycalc__V1__Question *answer)
{
	struct arena *arena = questionnaire->arena;
	const struct pending *first[POLICIES_SHOWN];
	size_t first_count = 0;
	const char *zh = "";
	const char *en = "";

	answer->policies = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__QuestionPolicy *, POLICIES_SHOWN);
	if (!answer->policies)
		return false;
	for (size_t i = 0; i < question->pending_count; i++) {
		const struct pending *pending = &questionnaire->pendings[question->pendings[i]];

		stake_put(first, &first_count, POLICIES_SHOWN, pending);
		if (counts_for_enterprise(pending->outcome) &&
				pending->outcome->amount.most_known)
			answer->at_stake_fen = money_sum(
					answer->at_stake_fen, pending->outcome->amount.most);
	}
	for (size_t i = 0; i < first_count; i++) {
		Policycalc__V1__QuestionPolicy *policy =
				ARENA_NEW(arena, Policycalc__V1__QuestionPolicy);

		if (!policy)
			return false;
		policycalc__v1__question_policy__init(policy);
		policy->policy_id = first[i]->outcome->policy->policy->id;
		policy->title = first[i]->outcome->policy->policy->title;
		answer->policies[answer->n_policies++] = policy;
	}
	answer->policy_count = (int32_t)question->pending_count;
	if (answer->at_stake_fen > 0) {
		const char *money_zh = words_money(answer->at_stake_fen, WORDS_ZH, arena);
		const char *money_en = words_money(answer->at_stake_fen, WORDS_EN, arena);

		zh = money_zh ? arena_format(arena, "，其中已知金额合计最高 %s", money_zh)
			      : NULL;
		en = money_en ? arena_format(arena,
						", of which the known amounts come to at "
						"most %s",
						money_en)
			      : NULL;
		if (!zh || !en)
			return false;
	}
	answer->reason = words_text(arena,
			arena_format(arena, "关系到 %d 项还缺信息的政策%s",
					answer->policy_count, zh),
			arena_format(arena, "Bears on %d %s%s", answer->policy_count,
					answer->policy_count == 1
							? "policy that lacks information"
							: "policies that lack information",
					en));
	return answer->reason != NULL;
}

/* What the dictionary asks for a whole group, with whichever member it stands. */
static const Policycalc__V1__Text *group_text(const struct questionnaire *questionnaire,
		const struct unit *unit, const char *group)
{
	static Policycalc__V1__Text usual = {
		PROTOBUF_C_MESSAGE_INIT(&policycalc__v1__text__descriptor),
		(char *)"下列情况，企业有哪些？", (char *)"Which of these apply to the firm?"
	};
	const struct ruleset *ruleset = questionnaire->ruleset;

	for (size_t i = 0; i < ruleset->entry_count[unit->list]; i++) {
		const Policycalc__V1__Attribute *attribute =
				ruleset->entries[unit->list][i].attribute;

		if (strcmp(attribute->question_group, group) == 0 &&
				text_is_given(attribute->group_question))
			return attribute->group_question;
	}
	return &usual;
}

static Policycalc__V1__Question *question_answer(
		const struct questionnaire *questionnaire, const struct question *question)
{
	struct arena *arena = questionnaire->arena;
	const struct unit *first = &questionnaire->units[question->units[0]];
	Policycalc__V1__Question *answer = ARENA_NEW(arena, Policycalc__V1__Question);

	if (!answer)
		return NULL;
	policycalc__v1__question__init(answer);
	answer->attributes = ARENA_NEW_ARRAY(
			arena, Policycalc__V1__QuestionAttribute *, question->unit_count);
	if (!answer->attributes)
		return NULL;
	for (size_t i = 0; i < (unit_is_series(first) ? 1 : question->unit_count); i++) {
		answer->attributes[i] = unit_answer(
				questionnaire, &questionnaire->units[question->units[i]]);
		if (!answer->attributes[i])
			return NULL;
		answer->n_attributes++;
	}
	if (unit_is_series(first) &&
			!series_periods_fill(questionnaire, question, answer->attributes[0]))
		return NULL;
	answer->text = answer->attributes[0]->question;
	if (answer->n_attributes > 1) {
		answer->group = first->place->attribute->question_group;
		answer->text = (Policycalc__V1__Text *)group_text(
				questionnaire, first, answer->group);
	}
	answer->ask_cost = question->cost;
	answer->score = question->score;
	return stakes_fill(questionnaire, question, answer) ? answer : NULL;
}

Policycalc__V1__NextQuestionResponse *questionnaire_answer(
		const struct questionnaire *questionnaire)
{
	Policycalc__V1__NextQuestionResponse *response =
			ARENA_NEW(questionnaire->arena, Policycalc__V1__NextQuestionResponse);
	char *day = arena_alloc(questionnaire->arena, 11);
	int64_t enough = questionnaire->request->enough_ppm;

	if (!response || !day)
		return NULL;
	policycalc__v1__next_question_response__init(response);
	date_print(questionnaire->as_of, day);
	response->revision = ruleset_revision(questionnaire->ruleset);
	response->as_of = day;
	response->engine_version = (char *)POLICYCALC_VERSION;
	if (questionnaire->priors)
		response->priors_sequence = questionnaire->priors->sequence;
	response->warnings = questionnaire->findings.warnings;
	response->n_warnings = questionnaire->findings.warning_count;
	response->progress = progress_make(questionnaire);
	if (!response->progress)
		return NULL;
	if (questionnaire->pending_count == 0)
		response->done = DONE(SETTLED);
	else if (enough > 0 && response->progress->settled_ppm >= enough)
		response->done = DONE(ENOUGH);
	else if (!questionnaire->best)
		response->done = DONE(SKIPPED);
	if (response->done == DONE(UNSPECIFIED)) {
		response->question = question_answer(questionnaire, questionnaire->best);
		if (!response->question)
			return NULL;
	}
	return questionnaire->arena->exhausted ? NULL : response;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of one unit, as a message. Texts are borrowed from the ruleset. */
#include "calculator/period.h"
#include "calculator/question.h"
#include "calculator/words.h"
#include "proto/codec/choice_table.h"

#include <string.h>

#define CHOICES_USUAL 50

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

bool text_is_given(const Policycalc__V1__Text *text)
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

Policycalc__V1__QuestionAttribute *unit_answer(
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

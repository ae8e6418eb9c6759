/* SPDX-License-Identifier: Apache-2.0 */
/* Figures, codes and days in the words of people, from the dictionary and never from rule text. */
#pragma once

#include "base/text.h"
#include "calculator/facts.h"

enum words_language {
	WORDS_ZH,
	WORDS_EN,
};

/** "60 万元": figure and unit apart, as in a sentence; "600,000 yuan". NULL when memory is short. */
const char *words_money(int64_t fen, enum words_language language, struct arena *arena);
/** "4.5%". */
const char *words_ratio(int64_t ppm, struct arena *arena);
/** The same text with a space between a figure and the Chinese word behind it. */
const char *words_space(const char *text, struct arena *arena);
/** Puts such spaces into what @out has behind its first @from bytes. */
void words_put_spaces(struct text *out, size_t from);
/** The label's text in a language, the other one when it is empty. */
const char *words_label(const Policycalc__V1__Text *label, enum words_language language);
/** @label of figures @back periods earlier, "上年度研发投入（再往前 1 年）"; of 0, @label itself. */
const char *words_earlier(const char *label, unsigned back, bool are_years,
		enum words_language language, struct arena *arena);
/**
 * Puts the attribute's label with the periods it is read over and how far back they lie: "上年度研发投入（再往前 1 年）",
 * "月度用电量（2026年一季度各月）".
 */
void words_put_slot(struct text *out, const struct slot *slot, enum words_language language);
/** A message of two texts; NULL when one of them is, or memory is short. */
Policycalc__V1__Text *words_text(struct arena *arena, const char *zh, const char *en);

/**
 * Puts a value as @attribute has it: "60万元", "120人", "是", "灵宝市", "2024-03-01". A value of another kind
 * (a number of years made from a date) is a bare figure. Nothing of what has no words.
 */
void words_put_value(struct text *out, const struct ruleset *ruleset, const struct value *value,
		const Policycalc__V1__Attribute *attribute, enum words_language language);
/** The same as a text of its own, "" of what has no words; NULL when memory is short. */
const char *words_value(const struct ruleset *ruleset, const struct value *value,
		const Policycalc__V1__Attribute *attribute, enum words_language language,
		struct arena *arena);

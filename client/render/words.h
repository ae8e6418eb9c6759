/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the schema's enums and of amounts, in Chinese or English. */
#pragma once

#include "base/buffer.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "policycalc/v1/catalog_service.pb-c.h"

#include <stdbool.h>

/* How to draw. */
struct render_style {
	size_t width; /* columns */
	bool colour;
	bool english; /* otherwise Chinese */
};

/** @zh or @en. */
const char *word(const struct render_style *style, const char *zh, const char *en);
/** The language wanted, the other when it is missing, "" when both are. */
const char *word_text(const struct render_style *style, const Policycalc__V1__Text *text);

/* A word in both languages; a table of them goes by the numbers of an enum. */
struct word_pair {
	const char *zh;
	const char *en;
};

/** "?" for a number that has no word. */
const char *word_of(const struct render_style *style, const struct word_pair *pairs,
		size_t count, unsigned number);
#define WORD_OF(style, pairs, number)                                                          \
	word_of(style, pairs, sizeof(pairs) / sizeof((pairs)[0]), (unsigned)(number))

const char *word_verdict(const struct render_style *style, Policycalc__V1__Verdict verdict);
const char *word_kind(const struct render_style *style, Policycalc__V1__Kind kind);
const char *word_level(const struct render_style *style, Policycalc__V1__Level level);
const char *word_type(const struct render_style *style, Policycalc__V1__ValueType type);
/** "项目" for the item list "projects"; a list that is not known is called by its name. */
const char *word_list(const struct render_style *style, const char *list);
const char *word_review_reason(const struct render_style *style, const char *reason);

#define WORD_MONEY_SIZE 64
/** "80万元", "800,000 yuan". */
void word_money(const struct render_style *style, int64_t fen, char text[WORD_MONEY_SIZE]);
/** Of many enterprises together, rounded half up to two decimals: "1亿元", "13.44亿元", "1.34 billion
 * yuan". */
void word_sum(const struct render_style *style, int64_t fen, char text[WORD_MONEY_SIZE]);
/** "80万元", "最高 80万元", "10万元～80万元"; "" when the policy has no amount. */
void word_amount(const struct render_style *style, const Policycalc__V1__AmountAnswer *amount,
		struct buffer *out);
/** When one may apply, such as "申请截止 2026-06-30"; "" when there is nothing to say. */
void word_availability(const struct render_style *style,
		const Policycalc__V1__Availability *availability, struct buffer *out);

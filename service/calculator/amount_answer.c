/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts as messages and in words. */
#include "calculator/amount.h"
#include "calculator/answer.h"
#include "calculator/words.h"

static const char *sentence_zh(const struct facts *facts, const struct amount *amount,
		Policycalc__V1__AmountAnswer__Exactness exactness)
{
	struct arena *arena = facts->arena;
	const char *least = words_money(amount->least, WORDS_ZH, arena);
	const char *most = words_money(amount->most, WORDS_ZH, arena);
	const char *how = "";

	if (!least || !most)
		return NULL;
	switch ((int)exactness) {
	case EXACTNESS(EXACT):
	case EXACTNESS(UP_TO):
		if (amount->has_base && amount->has_rate)
			how = arena_format(arena, "基数 %s，比例 %s，",
					words_money(amount->base, WORDS_ZH, arena),
					words_ratio(amount->rate, arena));
		return arena_format(arena, "%s%s %s%s", how ? how : "",
				exactness == EXACTNESS(EXACT) ? "金额" : "最高", most,
				amount->binding == BINDING(CAP) && amount->has_cap &&
								amount->cap == amount->most &&
								exactness == EXACTNESS(EXACT)
						? "（按上限）"
						: "");
	case EXACTNESS(RANGE):
		return arena_format(arena, "金额在 %s至 %s之间", least, most);
	case EXACTNESS(AT_LEAST):
		return arena_format(arena, "金额不低于 %s", least);
	case EXACTNESS(NOT_STATED):
		return "来源未载明金额";
	case EXACTNESS(NOT_COMPUTABLE):
		return "金额无法计算";
	case EXACTNESS(UNSPECIFIED):
	default:
		return "";
	}
}

static const char *sentence_en(const struct facts *facts, const struct amount *amount,
		Policycalc__V1__AmountAnswer__Exactness exactness)
{
	struct arena *arena = facts->arena;
	const char *least = words_money(amount->least, WORDS_EN, arena);
	const char *most = words_money(amount->most, WORDS_EN, arena);
	const char *how = "";

	if (!least || !most)
		return NULL;
	switch ((int)exactness) {
	case EXACTNESS(EXACT):
	case EXACTNESS(UP_TO):
		if (amount->has_base && amount->has_rate)
			how = arena_format(arena, " (%s of %s%s)",
					words_ratio(amount->rate, arena),
					words_money(amount->base, WORDS_EN, arena),
					amount->binding == BINDING(CAP) ? ", capped" : "");
		return arena_format(arena, "%s%s%s",
				exactness == EXACTNESS(EXACT) ? "" : "Up to ", most,
				how ? how : "");
	case EXACTNESS(RANGE):
		return arena_format(arena, "Between %s and %s", least, most);
	case EXACTNESS(AT_LEAST):
		return arena_format(arena, "At least %s", least);
	case EXACTNESS(NOT_STATED):
		return "The sources do not state the amount";
	case EXACTNESS(NOT_COMPUTABLE):
		return "The amount cannot be computed";
	case EXACTNESS(UNSPECIFIED):
	default:
		return "";
	}
}

Policycalc__V1__AmountAnswer *amount_answer(const struct facts *facts,
		const struct policy_rules *policy, const struct amount *amount,
		const char *item_id)
{
	Policycalc__V1__AmountAnswer *answer =
			ARENA_NEW(facts->arena, Policycalc__V1__AmountAnswer);
	Policycalc__V1__AmountAnswer__Exactness exactness = amount_exactness(facts, amount);
	const Policycalc__V1__Amount *from = policy->amount ? policy->amount->amount : NULL;

	if (!answer)
		return NULL;
	policycalc__v1__amount_answer__init(answer);
	answer->exactness = exactness;
	if (from) {
		answer->beneficiary = from->beneficiary;
		answer->nature = from->nature;
		answer->description = from->description;
	}
	switch ((int)exactness) {
	case EXACTNESS(EXACT):
	case EXACTNESS(RANGE):
		answer->least_fen = amount->least;
		answer->most_fen = amount->most;
		break;
	case EXACTNESS(UP_TO):
		answer->most_fen = amount->most;
		break;
	case EXACTNESS(AT_LEAST):
		answer->least_fen = amount->least;
		break;
	case EXACTNESS(UNSPECIFIED):
	case EXACTNESS(NOT_STATED):
	case EXACTNESS(NOT_COMPUTABLE):
	default:
		break;
	}
	if (exactness == EXACTNESS(EXACT) || exactness == EXACTNESS(UP_TO))
		answer->binding = amount->binding;
	if (amount->has_base) {
		answer->_base_fen_case = POLICYCALC__V1__AMOUNT_ANSWER___BASE_FEN_BASE_FEN;
		answer->base_fen = amount->base;
	}
	if (amount->has_rate) {
		answer->_rate_ppm_case = POLICYCALC__V1__AMOUNT_ANSWER___RATE_PPM_RATE_PPM;
		answer->rate_ppm = amount->rate;
	}
	if (amount->has_cap) {
		answer->_cap_fen_case = POLICYCALC__V1__AMOUNT_ANSWER___CAP_FEN_CAP_FEN;
		answer->cap_fen = amount->cap;
	}
	if (amount->missing && !names_print(facts, policy->list, amount->missing, item_id,
					       &answer->missing, &answer->n_missing))
		return NULL;
	answer->sentence = words_text(facts->arena, sentence_zh(facts, amount, exactness),
			sentence_en(facts, amount, exactness));
	return answer->sentence ? answer : NULL;
}

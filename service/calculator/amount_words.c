/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an amount comes to and how, in one sentence made of its figures:
 *
 *     按 500万元×10%＋700万元×5%＝85万元，未达到上限200万元；省级承担50%（42.5万元）、……
 *
 * the formula, the rounding where it changed something, the cap, the term, and who pays.
 */
#include "calculator/amount.h"
#include "calculator/words.h"

#include "proto/codec/codec.h"

#include <string.h>

struct sentence {
	const struct facts *facts;
	const struct policy_rules *policy;
	const struct amount *amount;
	const Policycalc__V1__AmountAnswer *answer;
	enum words_language language;
	struct arena *arena;
	const char *text; /* so far; NULL when memory was short */
};

static const char *in_language(const struct sentence *sentence, const char *zh, const char *en)
{
	return sentence->language == WORDS_ZH ? zh : en;
}

static void add(struct sentence *sentence, const char *format, ...)
		__attribute__((format(printf, 2, 3)));

static void add(struct sentence *sentence, const char *format, ...)
{
	char piece[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	if (sentence->text)
		sentence->text = arena_format(sentence->arena, "%s%s", sentence->text, piece);
}

/* "500万元", without the space of running text: these stand in formulas. */
static const char *money(const struct sentence *sentence, int64_t fen)
{
	char text[64];
	const char *words;

	if (sentence->language == WORDS_EN) {
		words = words_money(fen, WORDS_EN, sentence->arena);
	} else {
		unit_print_money(fen, text);
		words = arena_copy_text(sentence->arena, text);
	}
	return words ? words : "";
}

static const char *ratio(const struct sentence *sentence, int64_t ppm)
{
	const char *words = words_ratio(ppm, sentence->arena);

	return words ? words : "";
}

static bool is_yearly(const struct sentence *sentence)
{
	return sentence->policy->amount && amount_is_yearly(sentence->policy);
}

/* --- the formula ------------------------------------------------------------------------------ */

static void add_product(struct sentence *sentence, int64_t base, int64_t rate)
{
	if (sentence->language == WORDS_ZH)
		add(sentence, "%s×%s", money(sentence, base), ratio(sentence, rate));
	else
		add(sentence, "%s of %s", ratio(sentence, rate), money(sentence, base));
}

static void add_quantity(struct sentence *sentence)
{
	const Policycalc__V1__Text *unit = sentence->policy->amount->amount->quantity_unit;

	if (sentence->language == WORDS_ZH)
		add(sentence, "%lld%s×%s", (long long)sentence->amount->quantity,
				words_label(unit, WORDS_ZH),
				money(sentence, sentence->amount->unit_amount));
	else
		add(sentence, "%lld%s%s × %s", (long long)sentence->amount->quantity,
				unit && *unit->en ? " " : "", unit ? unit->en : "",
				money(sentence, sentence->amount->unit_amount));
}

/* "按 500万元×10%＋700万元×5%＝85万元"; whether there was one. */
static bool add_formula(struct sentence *sentence)
{
	const struct amount *amount = sentence->amount;

	if (!amount->has_before_cap ||
			!(amount->part_count || (amount->has_base && amount->has_rate) ||
					amount->has_quantity))
		return false;
	add(sentence, "%s",
			is_yearly(sentence) ? in_language(sentence, "每年按 ", "A year: ")
					    : in_language(sentence, "按 ", ""));
	for (size_t i = 0; i < amount->part_count; i++) {
		if (i)
			add(sentence, "%s", in_language(sentence, "＋", " + "));
		add_product(sentence, amount->parts[i].base, amount->parts[i].rate);
	}
	if (amount->has_quantity)
		add_quantity(sentence);
	else if (amount->has_rate)
		add_product(sentence, amount->base, amount->rate);
	add(sentence, "%s%s", in_language(sentence, "＝", " = "),
			money(sentence, amount->before_cap));
	return true;
}

static void add_rounding(struct sentence *sentence)
{
	const Policycalc__V1__AmountAnswer *answer = sentence->answer;
	const char *unit = answer->rounding_unit_fen == 1
					   ? in_language(sentence, "1分", "the fen")
					   : money(sentence, answer->rounding_unit_fen);

	if (!answer->rounded)
		return;
	switch ((int)answer->rounding) {
	case POLICYCALC__V1__ROUNDING__ROUNDING_HALF_UP:
		add(sentence,
				in_language(sentence, "（四舍五入到%s）",
						" (rounded half up to %s)"),
				unit);
		break;
	case POLICYCALC__V1__ROUNDING__ROUNDING_UP:
		add(sentence,
				in_language(sentence, "（不足%s的按%s计）",
						" (rounded up to %s)"),
				unit, unit);
		break;
	default:
		add(sentence,
				in_language(sentence, "（不足%s的部分舍去）",
						" (rounded down to %s)"),
				unit);
		break;
	}
}

/* --- the cap ---------------------------------------------------------------------------------- */

static void add_cap(struct sentence *sentence)
{
	const struct amount *amount = sentence->amount;
	const char *limit = money(sentence, amount->cap);
	bool of_year = amount->has_cap && amount_months(sentence->policy) > 12 &&
		       amount->cap_by->cap->scope ==
				       POLICYCALC__V1__CAP__SCOPE__SCOPE_ENTERPRISE_YEAR;
	const char *cap = of_year ? in_language(sentence, "每年上限", "the yearly cap of ")
				  : in_language(sentence, "上限", "the cap of ");

	if (!amount->has_cap) {
		if (amount->uncapped)
			add(sentence, "%s",
					in_language(sentence, "，上不封顶", ", without cap"));
		return;
	}
	if (amount->capped)
		add(sentence, "%s%s%s", in_language(sentence, "，超过", ", above "), cap,
				limit);
	else if (amount->most < amount->cap)
		add(sentence, "%s%s%s", in_language(sentence, "，未达到", ", below "), cap,
				limit);
	else
		add(sentence, "%s%s%s", in_language(sentence, "，未超过", ", not above "), cap,
				limit);
}

/* --- the term --------------------------------------------------------------------------------- */

/* "2年", "18个月" */
static void add_term(struct sentence *sentence)
{
	int months = sentence->answer->term_months;

	if (months % 12)
		add(sentence, in_language(sentence, "%d个月", "%d months"), months);
	else
		add(sentence, in_language(sentence, "%d年", "%d years"), months / 12);
}

static void add_first_year(struct sentence *sentence)
{
	const Policycalc__V1__AmountAnswer *answer = sentence->answer;

	if (amount_months(sentence->policy) <= 12 || answer->first_year_most_fen == 0)
		return;
	if (answer->first_year_least_fen != answer->first_year_most_fen &&
			answer->exactness != EXACTNESS(UP_TO))
		return;
	add(sentence,
			in_language(sentence, "，其中今后十二个月%s%s",
					", of it %s%s in the next twelve months"),
			answer->exactness == EXACTNESS(UP_TO)
					? in_language(sentence, "最高", "up to ")
					: "",
			money(sentence, answer->first_year_most_fen));
}

/* --- who pays --------------------------------------------------------------------------------- */

static const char *level_word(const struct sentence *sentence, Policycalc__V1__Level level)
{
	switch ((int)level) {
	case POLICYCALC__V1__LEVEL__LEVEL_NATIONAL:
		return in_language(sentence, "中央", "central government");
	case POLICYCALC__V1__LEVEL__LEVEL_PROVINCE:
		return in_language(sentence, "省", "province");
	case POLICYCALC__V1__LEVEL__LEVEL_CITY:
		return in_language(sentence, "市", "city");
	case POLICYCALC__V1__LEVEL__LEVEL_COUNTY:
		return in_language(sentence, "县", "county");
	default:
		return "";
	}
}

/* "；由省、市、县共同承担（比例未载明）" */
static void add_levels(struct sentence *sentence)
{
	const Policycalc__V1__AmountAnswer *answer = sentence->answer;

	add(sentence, "%s", in_language(sentence, "；由", "; paid by "));
	for (size_t i = 0; i < answer->n_funding; i++)
		add(sentence, "%s%s",
				i == 0 ? ""
				: i + 1 < answer->n_funding
						? in_language(sentence, "、", ", ")
						: in_language(sentence, "、", " and "),
				level_word(sentence, answer->funding[i]->level));
	if (answer->n_funding > 1)
		add(sentence, "%s",
				in_language(sentence, "共同承担（比例未载明）",
						" together, in shares that are not stated"));
	else
		add(sentence, "%s", in_language(sentence, "承担", ""));
}

/* "；省承担50%（5万元）、县承担50%（5万元）" */
static void add_funding(struct sentence *sentence)
{
	const Policycalc__V1__AmountAnswer *answer = sentence->answer;
	bool stated = true;

	for (size_t i = 0; i < answer->n_funding; i++)
		stated &= answer->funding[i]->share_ppm > 0;
	if (answer->n_funding == 0)
		return;
	if (!stated) {
		add_levels(sentence);
		return;
	}
	for (size_t i = 0; i < answer->n_funding; i++) {
		const Policycalc__V1__FundingPart *part = answer->funding[i];

		add(sentence, "%s",
				i ? in_language(sentence, "、", ", ")
				  : in_language(sentence, "；", "; "));
		add(sentence, in_language(sentence, "%s承担%s", "%s pays %s"),
				level_word(sentence, part->level),
				ratio(sentence, part->share_ppm));
		if (answer->exactness == EXACTNESS(EXACT))
			add(sentence, in_language(sentence, "（%s）", " (%s)"),
					money(sentence, part->most_fen));
	}
}

/* --- all -------------------------------------------------------------------------------------- */

/* An amount with one figure: how it is made, and the figure where the formula does not end in it. */
static void add_figure(struct sentence *sentence)
{
	const struct amount *amount = sentence->amount;
	bool up_to = sentence->answer->exactness == EXACTNESS(UP_TO);
	bool formula = add_formula(sentence);
	bool told = formula && amount->before_cap == amount->most && !up_to;

	if (amount->tier && !formula &&
			words_label(amount->tier->tier->label, sentence->language)[0])
		add(sentence,
				in_language(sentence, "按“%s”一档（各档不叠加）",
						"By the tier “%s” (tiers do not add up)"),
				words_label(amount->tier->tier->label, sentence->language));
	add_rounding(sentence);
	if (formula || amount->tier)
		add_cap(sentence);
	if (told) {
		add_first_year(sentence);
		return;
	}
	if (*sentence->text)
		add(sentence, "%s", in_language(sentence, "，", ", "));
	if (is_yearly(sentence)) {
		if (sentence->language == WORDS_EN)
			add(sentence, "over ");
		add_term(sentence);
		add(sentence, "%s", in_language(sentence, "合计", " "));
	}
	add(sentence, "%s%s",
			up_to ? (*sentence->text ? in_language(sentence, "最高", "up to ")
						 : in_language(sentence, "最高", "Up to "))
			: is_yearly(sentence) || sentence->language == WORDS_EN ? ""
										: "金额",
			money(sentence, amount->most));
	if (amount->capped && !formula && !amount->tier)
		add(sentence, "%s", in_language(sentence, "（按上限）", " (capped)"));
	if (!is_yearly(sentence) || amount->year.most != amount->before_cap)
		add_first_year(sentence);
}

static const char *sentence_print(struct sentence *sentence)
{
	const struct amount *amount = sentence->amount;

	sentence->text = "";
	switch ((int)sentence->answer->exactness) {
	case EXACTNESS(EXACT):
	case EXACTNESS(UP_TO):
		add_figure(sentence);
		break;
	case EXACTNESS(RANGE):
		add(sentence, in_language(sentence, "金额在%s至%s之间", "Between %s and %s"),
				money(sentence, amount->least), money(sentence, amount->most));
		break;
	case EXACTNESS(AT_LEAST):
		add(sentence, in_language(sentence, "金额不低于%s", "At least %s"),
				money(sentence, amount->least));
		break;
	case EXACTNESS(NOT_STATED):
		add(sentence, "%s",
				in_language(sentence, "来源未载明金额",
						"The sources do not state the amount"));
		break;
	case EXACTNESS(NOT_COMPUTABLE):
		add(sentence, "%s",
				in_language(sentence, "金额无法计算",
						"The amount cannot be computed"));
		break;
	case EXACTNESS(UNSPECIFIED):
	default:
		return "";
	}
	if (sentence->text)
		add_funding(sentence);
	return sentence->text;
}

Policycalc__V1__Text *amount_sentence(const struct facts *facts,
		const struct policy_rules *policy, const struct amount *amount,
		const Policycalc__V1__AmountAnswer *answer)
{
	struct sentence sentence = { facts, policy, amount, answer, WORDS_ZH, facts->arena,
		"" };
	const char *zh = sentence_print(&sentence);
	const char *en;

	sentence.language = WORDS_EN;
	en = sentence_print(&sentence);
	return words_text(facts->arena, zh, en);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/render/words.h"

#include "proto/codec/codec.h"

#include <stdio.h>
#include <string.h>

const char *word(const struct render_style *style, const char *zh, const char *en)
{
	return style->english ? en : zh;
}

const char *word_text(const struct render_style *style, const Policycalc__V1__Text *text)
{
	if (!text)
		return "";
	if (style->english)
		return *text->en ? text->en : text->zh;
	return *text->zh ? text->zh : text->en;
}

const char *word_of(const struct render_style *style, const struct word_pair *pairs,
		size_t count, unsigned number)
{
	if (number >= count || !pairs[number].zh)
		return "?";
	return word(style, pairs[number].zh, pairs[number].en);
}

const char *word_verdict(const struct render_style *style, Policycalc__V1__Verdict verdict)
{
	static const struct word_pair pairs[] = {
		{ "未计算", "not computed" },
		{ "不符合", "not eligible" },
		{ "未开放", "not open" },
		{ "待补充", "needs information" },
		{ "待审核", "needs review" },
		{ "可享受", "eligible" },
	};

	return WORD_OF(style, pairs, verdict);
}

const char *word_kind(const struct render_style *style, Policycalc__V1__Kind kind)
{
	static const struct word_pair pairs[] = {
		{ "", "" },
		{ "贷款", "loan" },
		{ "补助", "subsidy" },
		{ "奖励", "award" },
		{ "税收优惠", "tax relief" },
		{ "返还", "refund" },
		{ "基金", "fund" },
		{ "认定", "recognition" },
		{ "服务", "service" },
	};

	return WORD_OF(style, pairs, kind);
}

const char *word_level(const struct render_style *style, Policycalc__V1__Level level)
{
	static const struct word_pair pairs[] = {
		{ "", "" },
		{ "国家", "national" },
		{ "省", "province" },
		{ "市", "city" },
		{ "县区", "county" },
	};

	return WORD_OF(style, pairs, level);
}

const char *word_type(const struct render_style *style, Policycalc__V1__ValueType type)
{
	static const struct word_pair pairs[] = {
		{ "", "" },
		{ "金额", "money" },
		{ "比例", "ratio" },
		{ "数量", "count" },
		{ "是否", "yes/no" },
		{ "代码", "code" },
		{ "代码（多个）", "codes" },
		{ "日期", "date" },
		{ "文字", "text" },
		{ "金额序列", "money series" },
		{ "比例序列", "ratio series" },
		{ "数量序列", "count series" },
		{ "称号", "titles" },
	};

	return WORD_OF(style, pairs, type);
}

const char *word_list(const struct render_style *style, const char *list)
{
	if (strcmp(list, "projects") == 0)
		return word(style, "项目", "project");
	if (strcmp(list, "loans") == 0)
		return word(style, "贷款", "loan");
	if (strcmp(list, "hires") == 0)
		return word(style, "人员", "person");
	return list;
}

const char *word_review_reason(const struct render_style *style, const char *reason)
{
	static const struct {
		const char *reason;
		struct word_pair pair;
	} known[] = {
		{ "RULE_ERROR", { "规则计算出错，需人工核对",
						"the rule failed; check by hand" } },
		{ "JUDGEMENT", { "需要主管部门评审或认定", "the authority has to judge" } },
		{ "THRESHOLD_NOT_IN_SOURCES",
				{ "现有资料未载明门槛",
						"our sources do not state the threshold" } },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(reason, known[i].reason) == 0)
			return word(style, known[i].pair.zh, known[i].pair.en);
	return reason;
}

static void word_who(const struct render_style *style,
		const Policycalc__V1__AmountAnswer *amount, struct buffer *out)
{
	if (amount->beneficiary == POLICYCALC__V1__BENEFICIARY__BENEFICIARY_BANK)
		buffer_append_text(out, word(style, "（给银行）", " (to the bank)"));
	else if (amount->beneficiary == POLICYCALC__V1__BENEFICIARY__BENEFICIARY_PERSON)
		buffer_append_text(out, word(style, "（给个人）", " (to the person)"));
	else if (amount->nature == POLICYCALC__V1__NATURE__NATURE_CREDIT)
		buffer_append_text(out, word(style, "（贷款额度）", " (credit line)"));
}

void word_money(const struct render_style *style, int64_t fen, char text[WORD_MONEY_SIZE])
{
	uint64_t rest = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;
	char digits[32];
	size_t size;
	size_t used = 0;

	if (!style->english) {
		unit_print_money(fen, text);
		return;
	}
	(void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)(rest / 100));
	size = strlen(digits);
	if (fen < 0)
		text[used++] = '-';
	for (size_t i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = digits[i];
	}
	if (rest % 100)
		(void)snprintf(text + used, WORD_MONEY_SIZE - used, ".%02d yuan",
				(int)(rest % 100));
	else
		(void)snprintf(text + used, WORD_MONEY_SIZE - used, " yuan");
}

void word_sum(const struct render_style *style, int64_t fen, char text[WORD_MONEY_SIZE])
{
	static const struct {
		uint64_t least, hundredth; /* in fen */
		const char *word;
	} chinese[] = {
		{ UINT64_C(10000000000), 100000000, "亿元" },
		{ 1000000, 10000, "万元" },
	}, english[] = {
		{ UINT64_C(100000000000), UINT64_C(1000000000), " billion yuan" },
		{ 100000000, 1000000, " million yuan" },
	};
	uint64_t size = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;

	for (size_t i = 0; i < 2; i++) {
		uint64_t hundredth =
				style->english ? english[i].hundredth : chinese[i].hundredth;
		uint64_t rounded = size / hundredth + (size % hundredth * 2 >= hundredth);

		if (size < (style->english ? english[i].least : chinese[i].least))
			continue;
		if (size % hundredth == 0)
			break; /* as it is */
		(void)snprintf(text, WORD_MONEY_SIZE, "%s%llu.%02d%s", fen < 0 ? "-" : "",
				(unsigned long long)(rounded / 100), (int)(rounded % 100),
				style->english ? english[i].word : chinese[i].word);
		return;
	}
	word_money(style, fen, text);
}

void word_amount(const struct render_style *style, const Policycalc__V1__AmountAnswer *amount,
		struct buffer *out)
{
	char least[WORD_MONEY_SIZE];
	char most[WORD_MONEY_SIZE];

	if (!amount)
		return;
	word_money(style, amount->least_fen, least);
	word_money(style, amount->most_fen, most);
	switch (amount->exactness) {
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_EXACT:
		buffer_append_text(out, most);
		break;
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_UP_TO:
		buffer_format(out, "%s%s", word(style, "最高", "up to "), most);
		break;
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_RANGE:
		buffer_format(out, word(style, "%s～%s", "%s to %s"), least, most);
		break;
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_AT_LEAST:
		/* "At least nothing" says nothing. */
		if (amount->least_fen == 0) {
			buffer_append_text(out, word(style, "尚不能确定", "not known yet"));
			return;
		}
		buffer_format(out, "%s%s", word(style, "至少", "at least "), least);
		break;
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_NOT_STATED:
		buffer_append_text(out, word(style, "未载明", "not stated"));
		return;
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_NOT_COMPUTABLE:
		buffer_append_text(out, word(style, "尚不能计算", "not computable yet"));
		return;
	case POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS__EXACTNESS_UNSPECIFIED:
	case _POLICYCALC__V1__AMOUNT_ANSWER__EXACTNESS_IS_INT_SIZE:
	default:
		return;
	}
	word_who(style, amount, out);
}

void word_availability(const struct render_style *style,
		const Policycalc__V1__Availability *availability, struct buffer *out)
{
	if (!availability)
		return;
	switch (availability->state) {
	case POLICYCALC__V1__AVAILABILITY__STATE__STATE_OPEN:
		if (*availability->date)
			buffer_format(out, "%s%s", word(style, "申请截止 ", "open until "),
					availability->date);
		break;
	case POLICYCALC__V1__AVAILABILITY__STATE__STATE_NOT_YET:
		if (availability->begin_not_stated)
			buffer_format(out,
					word(style, "起始日期未载明，%s 之前是否施行无从确认",
							"the sources do not state when it "
							"began; not known before %s"),
					availability->date);
		else
			buffer_format(out, "%s%s", word(style, "尚未开始：", "not yet open: "),
					availability->date);
		break;
	case POLICYCALC__V1__AVAILABILITY__STATE__STATE_CLOSED:
		buffer_format(out, "%s%s", word(style, "申请已截止：", "closed on "),
				availability->date);
		break;
	case POLICYCALC__V1__AVAILABILITY__STATE__STATE_ENDED:
		buffer_format(out, "%s%s", word(style, "政策已到期：", "ended on "),
				availability->date);
		break;
	case POLICYCALC__V1__AVAILABILITY__STATE__STATE_SUPERSEDED:
		buffer_format(out, "%s%s", word(style, "已由新版本取代：", "superseded by "),
				availability->superseded_by);
		break;
	case POLICYCALC__V1__AVAILABILITY__STATE__STATE_WINDOW_NOT_STATED:
		buffer_append_text(out, word(style, "申请时间未载明，请向主管部门确认",
							"application window not stated; ask "
							"the department"));
		break;
	case POLICYCALC__V1__AVAILABILITY__STATE__STATE_UNSPECIFIED:
	case _POLICYCALC__V1__AVAILABILITY__STATE_IS_INT_SIZE:
	default:
		break;
	}
}

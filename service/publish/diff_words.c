/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/diff.h"

#include "proto/codec/codec.h"
#include "proto/codec/field.h"
#include "proto/codec/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_MOST 600 /* bytes of a message on one line */
#define DEPTH_MOST 8

static const struct {
	const char *field;
	struct diff_word word;
} words[] = {
	{ "title", { "名称", "title" } },
	{ "label", { "名称", "label" } },
	{ "name", { "名称", "name" } },
	{ "summary", { "摘要", "summary" } },
	{ "series", { "系列", "series" } },
	{ "level", { "层级", "level" } },
	{ "kind", { "种类", "kind" } },
	{ "subject", { "按什么给予", "granted for" } },
	{ "departments", { "部门", "departments" } },
	{ "institutions", { "合作机构", "institutions" } },
	{ "document_number", { "文号", "document number" } },
	{ "sources", { "依据", "sources" } },
	{ "source", { "依据", "source" } },
	{ "in_force", { "有效期", "in force" } },
	{ "windows", { "申报时间", "window" } },
	{ "window_not_stated", { "申报时间未载明", "window not stated" } },
	{ "window_always", { "常年申报", "always open" } },
	{ "counting_period", { "计算期", "counting period" } },
	{ "from", { "起", "from" } },
	{ "until", { "止", "until" } },
	{ "known_by", { "最迟已生效于", "known by" } },
	{ "region", { "地区范围", "region" } },
	{ "covers", { "覆盖", "covers" } },
	{ "industry", { "行业范围", "industry" } },
	{ "include", { "包括", "include" } },
	{ "exclude", { "排除", "exclude" } },
	{ "conditions", { "条件", "condition" } },
	{ "role", { "作用", "role" } },
	{ "rule", { "规则", "rule" } },
	{ "met_if", { "视为符合的规则", "met if" } },
	{ "fails_if", { "视为不符的规则", "fails if" } },
	{ "amount", { "金额", "amount" } },
	{ "beneficiary", { "受益人", "beneficiary" } },
	{ "nature", { "性质", "nature" } },
	{ "description", { "说明", "description" } },
	{ "base_rule", { "基数", "base" } },
	{ "rate_rule", { "比例", "rate" } },
	{ "brackets", { "分段", "bracket" } },
	{ "up_to_rule", { "段上限", "up to" } },
	{ "caps", { "上限", "cap" } },
	{ "limit_rule", { "额度", "limit" } },
	{ "when_rule", { "适用情形", "when" } },
	{ "cap_mode", { "上限如何并用", "cap mode" } },
	{ "scope", { "限于", "scope" } },
	{ "none", { "上不封顶", "no cap" } },
	{ "not_stated", { "未载明", "not stated" } },
	{ "up_to", { "最高不超过", "up to" } },
	{ "rounding", { "取整", "rounding" } },
	{ "rounding_unit_fen", { "取整单位", "rounding unit" } },
	{ "funding", { "资金分担", "funding" } },
	{ "share_ppm", { "比例", "share" } },
	{ "term_months", { "期限", "term" } },
	{ "loan", { "贷款条款", "loan terms" } },
	{ "longest_term_months", { "最长期限", "longest term" } },
	{ "interest", { "利率", "interest" } },
	{ "collateral", { "担保", "collateral" } },
	{ "risk_sharing", { "风险分担", "risk sharing" } },
	{ "exclusions", { "不得重复享受", "exclusion" } },
	{ "at_most", { "至多", "at most" } },
	{ "basis", { "按", "basis" } },
	{ "guide", { "办事指南", "guide" } },
	{ "steps", { "步骤", "step" } },
	{ "materials", { "材料", "paper" } },
	{ "actor", { "办理人", "actor" } },
	{ "channel", { "途径", "channel" } },
	{ "working_days", { "工作日", "working days" } },
	{ "after", { "前置步骤", "after" } },
	{ "automatic", { "免申即享", "automatic" } },
	{ "examples", { "示例", "examples" } },
	{ "unverified", { "未核实", "unverified" } },
	{ "ambiguous", { "原文未明", "ambiguous" } },
	{ "missing_facts", { "资料缺失", "missing facts" } },
	{ "repeals", { "废止", "repeals" } },
	{ "verified_on", { "核对日期", "verified on" } },
	{ "keywords", { "关键词", "keywords" } },
	{ "values", { "取值", "value" } },
	{ "money_fen", { "金额", "money" } },
	{ "ratio_ppm", { "比例", "ratio" } },
	{ "count", { "数量", "count" } },
	{ "date", { "日期", "date" } },
	{ "code", { "代码", "code" } },
	{ "codes", { "代码", "codes" } },
	{ "flag", { "是否", "flag" } },
	{ "type", { "类型", "type" } },
	{ "unit", { "单位", "unit" } },
	{ "minimum", { "最小值", "minimum" } },
	{ "maximum", { "最大值", "maximum" } },
	{ "period", { "周期", "period" } },
	{ "question", { "提问", "question" } },
	{ "choices", { "选项", "choice" } },
	{ "supplier", { "提供部门", "supplier" } },
	{ "sensitivity", { "敏感程度", "sensitivity" } },
	{ "mutable", { "可改变", "mutable" } },
	{ "derived", { "推算", "derived" } },
	{ "deprecated", { "停用", "deprecated" } },
	{ "help", { "解释", "help" } },
	{ "text", { "内容", "text" } },
	{ "doc", { "文件", "document" } },
	{ "number", { "文号", "number" } },
	{ "issuer", { "发文机关", "issuer" } },
	{ "clause", { "条款", "clause" } },
	{ "confidence", { "可靠程度", "confidence" } },
	{ "zh", { "中文", "Chinese" } },
	{ "en", { "英文", "English" } },
	{ "parent", { "上级", "parent" } },
	{ "aliases", { "别名", "alias" } },
	{ "id", { "编号", "id" } },
	{ "by", { "按哪个地区", "by which region" } },
	{ "zones", { "功能区", "zones" } },
	{ "hosts", { "所在县", "host counties" } },
	{ "reports_separately", { "单独统计", "reports separately" } },
	{ "item_list", { "所属清单", "item list" } },
	{ "question_group", { "合问的组", "question group" } },
	{ "group_question", { "合问", "question for the group" } },
	{ "choice_table", { "选项表", "choice table" } },
	{ "direction", { "改变方向", "direction" } },
	{ "change_weight", { "改变难度", "change weight" } },
	{ "ask_cost", { "提问代价", "cost to ask" } },
	{ "deprecated_note", { "停用说明", "why deprecated" } },
	{ "kept_for", { "留用原因", "kept for" } },
	{ "ratio", { "比值", "ratio" } },
	{ "num", { "分子", "numerator" } },
	{ "den", { "分母", "denominator" } },
	{ "when_den_zero", { "分母为零时", "when the denominator is zero" } },
	{ "aggregate", { "汇总", "aggregate" } },
	{ "function", { "汇总方式", "function" } },
	{ "field", { "字段", "field" } },
	{ "filter_rule", { "计入哪些", "filter" } },
	{ "when_empty", { "没有时", "when empty" } },
	{ "tiers", { "档次", "tier" } },
	{ "amount_rule", { "金额规则", "amount" } },
	{ "quantity_rule", { "数量规则", "quantity" } },
	{ "unit_amount_rule", { "单价规则", "amount of a unit" } },
	{ "quantity_unit", { "计量单位", "unit of the quantity" } },
	{ "yearly", { "逐年给付", "yearly" } },
	{ "limits", { "额度", "limit" } },
	{ "parameters", { "参数", "parameters" } },
	{ "group", { "组", "group" } },
	{ "highest", { "就高", "the higher one" } },
	{ "outside", { "目录外的", "outside the catalog" } },
	{ "limit", { "额度", "limit" } },
	{ "form", { "形式", "form" } },
	{ "fact_id", { "资料条目", "fact entry" } },
	{ "score_tables", { "评分表", "score table" } },
	{ "score_table", { "评分表", "score table" } },
	{ "direct_pass", { "直通条件", "direct pass" } },
	{ "full", { "满分", "full marks" } },
	{ "pass", { "合格分", "pass mark" } },
	{ "groups", { "分项", "group" } },
	{ "floor", { "最低分", "floor" } },
	{ "rows", { "评分行", "row" } },
	{ "alternatives", { "可选指标", "metric" } },
	{ "judged", { "人工评分", "judged" } },
	{ "vetoes", { "否决项", "veto" } },
	{ "row", { "评分行", "row" } },
	{ "attribute", { "指标", "attribute" } },
	{ "otherwise", { "其余得分", "otherwise" } },
	{ "at_least", { "不低于", "at least" } },
	{ "above", { "高于", "above" } },
	{ "at_most", { "至多", "at most" } },
	{ "below", { "低于", "below" } },
	{ "points", { "得分", "points" } },
	{ "shared_cap", { "共用上限", "shared cap" } },
	{ "once_per", { "同一对象只给一次", "once per" } },
	{ "url", { "网址", "address" } },
	{ "confirm_before_push", { "推送前二次确认", "confirm before push" } },
	{ "budget", { "预算", "budget" } },
};

struct diff_word diff_field_word(const ProtobufCFieldDescriptor *field)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].field, field->name) == 0)
			return words[i].word;
	}
	return (struct diff_word){ field->name, field->name };
}

static const ProtobufCFieldDescriptor *field_named(
		const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(
			message->descriptor, name);

	return field && !field_is_repeated(field) ? field : NULL;
}

const char *diff_element_key(const ProtobufCMessage *element)
{
	static const char *const keys[] = { "id", "code", "name", "group", "from", "doc" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const ProtobufCFieldDescriptor *field = field_named(element, keys[i]);

		if (!field || field->type != PROTOBUF_C_TYPE_STRING ||
				field_count(element, field) == 0)
			continue;
		return *(const char *const *)field_element(element, field, 0);
	}
	return NULL;
}

const Policycalc__V1__Text *diff_element_title(const ProtobufCMessage *element)
{
	static const char *const titles[] = { "title", "label", "name" };

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		const ProtobufCFieldDescriptor *field = field_named(element, titles[i]);

		if (field && field->descriptor == &policycalc__v1__text__descriptor &&
				field_count(element, field))
			return *(const Policycalc__V1__Text *const *)field_element(
					element, field, 0);
	}
	return NULL;
}

/* --- scalars ---------------------------------------------------------------------------------- */

static const char *number_print(
		const ProtobufCFieldDescriptor *field, int64_t number, struct arena *arena)
{
	char text[64];

	switch (field_unit_of(field)) {
	case FIELD_UNIT_MONEY:
		unit_print_money(number, text);
		break;
	case FIELD_UNIT_RATIO:
		unit_print_ratio(number, text);
		break;
	case FIELD_UNIT_DAYS:
		unit_print_days(number, text);
		break;
	case FIELD_UNIT_MONTHS:
		unit_print_months(number, text);
		break;
	case FIELD_UNIT_YEARS:
		unit_print_years(number, text);
		break;
	case FIELD_UNIT_NONE:
	default:
		(void)snprintf(text, sizeof(text), "%" PRId64, number);
		break;
	}
	return arena_copy_text(arena, text);
}

const char *diff_scalar_print(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t index, bool english,
		struct arena *arena)
{
	const void *element = field_element(message, field, index);
	const ProtobufCEnumValue *value;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return *(const char *const *)element;
	case PROTOBUF_C_TYPE_BOOL:
		if (english)
			return *(const protobuf_c_boolean *)element ? "yes" : "no";
		return *(const protobuf_c_boolean *)element ? "是" : "否";
	case PROTOBUF_C_TYPE_INT32:
		return number_print(field, *(const int32_t *)element, arena);
	case PROTOBUF_C_TYPE_INT64:
		return number_print(field, *(const int64_t *)element, arena);
	case PROTOBUF_C_TYPE_ENUM:
		value = protobuf_c_enum_descriptor_get_value(
				field->descriptor, *(const int *)element);
		return value ? enum_short_name(field->descriptor, value->name) : "?";
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
	default: /* the catalog has none of these */
		return "…";
	}
}

/* --- messages on one line --------------------------------------------------------------------- */

/* A line in one of the languages, being written. */
struct line {
	struct buffer text;
	struct arena *arena; /* for the scalars */
	bool english;
};

static void message_append(const ProtobufCMessage *message, unsigned depth, struct line *line);

static void element_append(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t index, unsigned depth,
		struct line *line)
{
	const char *text;

	if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		message_append(*(const ProtobufCMessage *const *)field_element(
					       message, field, index),
				depth + 1, line);
		return;
	}
	text = diff_scalar_print(message, field, index, line->english, line->arena);
	line->text.failed |= !text;
	buffer_append_text(&line->text, text ? text : "");
}

/* Within other messages, a message of several fields stands in brackets. */
static void message_append(const ProtobufCMessage *message, unsigned depth, struct line *line)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	struct buffer *out = &line->text;
	bool first = true;

	if (descriptor == &policycalc__v1__text__descriptor) {
		const Policycalc__V1__Text *text = (const Policycalc__V1__Text *)message;
		const char *own = line->english ? text->en : text->zh;
		const char *other = line->english ? text->zh : text->en;

		buffer_append_text(out, *own ? own : other);
		return;
	}
	if (depth)
		buffer_append_text(out, line->english ? "(" : "（");
	for (unsigned i = 0; depth < DEPTH_MOST && i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		size_t count = field_count(message, field);
		struct diff_word word = diff_field_word(field);

		if (count == 0 || out->size > LINE_MOST || strcmp(field->name, "source") == 0)
			continue;
		if (line->english)
			buffer_format(out, "%s%s: ", first ? "" : "; ", word.en);
		else
			buffer_format(out, "%s%s：", first ? "" : "；", word.zh);
		for (size_t k = 0; k < count && out->size <= LINE_MOST; k++) {
			buffer_append_text(out, k == 0 ? "" : line->english ? ", " : "、");
			element_append(message, field, k, depth, line);
		}
		first = false;
	}
	if (depth)
		buffer_append_text(out, line->english ? ")" : "）");
}

static const char *line_print(
		const ProtobufCMessage *message, bool english, struct arena *arena)
{
	struct line line = { .arena = arena, .english = english };
	struct buffer *out = &line.text;
	char *text;

	message_append(message, 0, &line);
	if (out->size > LINE_MOST) {
		out->size = LINE_MOST;
		/* Not within a character. */
		while (out->size && ((unsigned char)out->data[out->size] & 0xc0) == 0x80)
			out->size--;
		buffer_append_text(out, "…");
	}
	text = out->failed ? NULL : arena_copy(arena, out->data ? out->data : "", out->size);
	buffer_fini(out);
	return text;
}

struct diff_word diff_message_print(const ProtobufCMessage *message, struct arena *arena)
{
	return (struct diff_word){ line_print(message, false, arena),
		line_print(message, true, arena) };
}

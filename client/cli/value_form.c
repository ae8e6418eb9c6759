/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/value_form.h"

#include "base/utf8.h"
#include "proto/codec/value_choice.h"
#include "proto/codec/value_text.h"

#include <string.h>

#define NAMED_MOST 5 /* choices that a part may mean */
#define TYPE(word) POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_##word

const char *value_form(bool english, Policycalc__V1__ValueType type, bool has_choices)
{
	switch ((int)type) {
	case TYPE(FLAG):
		return english ? "yes or no" : "是 或 否";
	case TYPE(MONEY):
		return english ? "an amount with its unit: 3800万元, 2.5亿元, 12000元"
			       : "金额带单位，如 3800万元、2.5亿元、12000元";
	case TYPE(RATIO):
		return english ? "a percentage, such as 12.5%" : "百分比，如 12.5%";
	case TYPE(COUNT):
		return english ? "a whole number" : "整数";
	case TYPE(DATE):
		return english ? "a day, such as 2018-06-01" : "日期，如 2018-06-01";
	case TYPE(CODE):
		if (has_choices)
			return english ? "a name, a code, or a part of one"
				       : "名称、代码，或其中几个字";
		return english ? "a code" : "代码";
	case TYPE(CODES):
		return english ? "several with commas between; \"none\" for none"
			       : "可多个，用逗号分开；没有请答“无”";
	case TYPE(TITLES):
		return english ? "title:valid until, such as srdi:2027-12-31; or \"none\""
			       : "名称:有效期，如 srdi:2027-12-31；没有请答“无”";
	case TYPE(MONEY_SERIES):
	case TYPE(RATIO_SERIES):
	case TYPE(COUNT_SERIES):
		return english ? "by period, such as 2024:380万元,2025:400万元"
			       : "逐期填写，如 2024:380万元,2025:400万元";
	default:
		return english ? "text" : "文字";
	}
}

void value_form_append_range(bool english, const Policycalc__V1__Attribute *attribute,
		struct arena *arena, struct buffer *out)
{
	const struct {
		bool given;
		int64_t figure;
		const char *zh, *en;
	} ends[2] = { { attribute->_minimum_case != 0, attribute->minimum, "；不小于 ",
				      "; not less than " },
		{ attribute->_maximum_case != 0, attribute->maximum, "；不大于 ",
				"; not more than " } };
	Policycalc__V1__Value value = POLICYCALC__V1__VALUE__INIT;

	for (int i = 0; i < 2; i++) {
		const char *text;

		if (!ends[i].given)
			continue;
		value.kind_case = attribute->type == TYPE(MONEY)
						  ? POLICYCALC__V1__VALUE__KIND_MONEY_FEN
				  : attribute->type == TYPE(RATIO)
						  ? POLICYCALC__V1__VALUE__KIND_RATIO_PPM
						  : POLICYCALC__V1__VALUE__KIND_COUNT;
		value.count = ends[i].figure; /* all three are one int64 */
		text = value_print_text(&value, attribute, english ? "en" : "zh", arena);
		buffer_append_text(out, english ? ends[i].en : ends[i].zh);
		buffer_append_text(out, text ? text : "?");
	}
}

/* The code that comes next, without the day behind it; false when nothing is left. */
static bool next_code(
		Policycalc__V1__ValueType type, struct slice *rest, struct slice *out_code)
{
	size_t size = 0;
	size_t comma = 0;
	const char *colon;

	if (!rest->data)
		return false;
	for (; size < rest->size && type != TYPE(CODE); size++) {
		struct slice here = { rest->data + size, rest->size - size };

		comma = here.data[0] == ',' || here.data[0] == ';'     ? 1
			: slice_starts_with(here, SLICE_LITERAL("，")) ? strlen("，")
								       : 0;
		if (comma)
			break;
	}
	if (type == TYPE(CODE))
		size = rest->size;
	*out_code = (struct slice){ rest->data, size };
	*rest = comma ? (struct slice){ rest->data + size + comma, rest->size - size - comma }
		      : (struct slice){ NULL, 0 };
	colon = type == TYPE(TITLES) ? memchr(out_code->data, ':', out_code->size) : NULL;
	if (colon)
		out_code->size = (size_t)(colon - out_code->data);
	while (out_code->size && out_code->data[0] == ' ')
		*out_code = (struct slice){ out_code->data + 1, out_code->size - 1 };
	while (out_code->size && out_code->data[out_code->size - 1] == ' ')
		out_code->size--;
	return true;
}

void value_form_append_choices(const Policycalc__V1__Attribute *attribute, struct slice text,
		struct buffer *out)
{
	const Policycalc__V1__Choice *choices[NAMED_MOST];
	struct slice rest = text;
	struct slice found;
	struct slice code = { 0 };
	struct error err;
	const char *similar;
	size_t count;

	if (!utf8_is_valid(text)) {
		buffer_append_text(out, "；不是 UTF-8 文字");
		return;
	}
	do {
		if (!next_code(attribute->type, &rest, &code))
			return;
	} while (choice_find_code(attribute, code, &found, &err));
	count = choice_find_parts(attribute, code, choices, NAMED_MOST);
	similar = choice_suggest(attribute, code);
	if (count > 1) {
		buffer_format(out, "；“%.*s”有 %zu 项：", SLICE_PRINT(code), count);
		for (size_t i = 0; i < count && i < NAMED_MOST; i++)
			buffer_format(out, "%s%s（%s）", i ? "、" : "",
					text_in(choices[i]->label, "zh"), choices[i]->code);
		buffer_append_text(out,
				count > NAMED_MOST ? "等，请写全称或代码" : "，请写全称或代码");
	} else if (similar) {
		buffer_format(out, "；没有“%.*s”，是不是“%s”？", SLICE_PRINT(code), similar);
	} else {
		buffer_format(out, "；没有“%.*s”", SLICE_PRINT(code));
	}
}

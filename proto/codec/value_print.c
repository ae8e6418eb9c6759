/* SPDX-License-Identifier: Apache-2.0 */
/* Values for people; in Chinese in a form that value_parse_text() reads back. */
#include "base/buffer.h"
#include "proto/codec/codec.h"
#include "proto/codec/value_choice.h"
#include "proto/codec/value_text.h"

#include <inttypes.h>

typedef Policycalc__V1__Attribute attribute_message;
typedef Policycalc__V1__Value value_message;

static_assert((int)POLICYCALC__V1__VALUE__KIND_MONEY_FEN ==
						(int)POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY &&
				(int)POLICYCALC__V1__VALUE__KIND_FLAG ==
						(int)POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG &&
				(int)POLICYCALC__V1__VALUE__KIND_TEXT ==
						(int)POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_TEXT &&
				(int)POLICYCALC__V1__VALUE__KIND_TITLES ==
						(int)POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_TITLES,
		"value_fits_type() compares the numbers");

static bool is_english(const char *language)
{
	return language && strcmp(language, "en") == 0;
}

static void print_figure(struct buffer *out, unsigned kind, int64_t figure,
		const attribute_message *attribute, const char *language)
{
	const char *unit = text_in(attribute->unit, language);
	char text[64];

	if (kind == POLICYCALC__V1__VALUE__KIND_MONEY_FEN ||
			kind == POLICYCALC__V1__VALUE__KIND_MONEY_SERIES) {
		unit_print_money(figure, text);
		buffer_append_text(out, text);
	} else if (kind == POLICYCALC__V1__VALUE__KIND_RATIO_PPM ||
			kind == POLICYCALC__V1__VALUE__KIND_RATIO_SERIES) {
		unit_print_ratio(figure, text);
		buffer_append_text(out, text);
	} else {
		buffer_format(out, "%" PRId64 "%s%s", figure,
				*unit && is_english(language) ? " " : "", unit);
	}
}

static void print_series(struct buffer *out, unsigned kind,
		const Policycalc__V1__Series *series, const attribute_message *attribute,
		const char *language)
{
	for (size_t i = 0; i < series->n_points; i++) {
		buffer_format(out, "%s%s:", i ? "," : "", series->points[i]->period);
		print_figure(out, kind, series->points[i]->value, attribute, language);
	}
}

static void print_value(struct buffer *out, const value_message *value,
		const attribute_message *attribute, const char *language)
{
	const char *none = is_english(language) ? "none" : "无";

	switch (value->kind_case) {
	case POLICYCALC__V1__VALUE__KIND_MONEY_FEN:
		print_figure(out, value->kind_case, value->money_fen, attribute, language);
		break;
	case POLICYCALC__V1__VALUE__KIND_RATIO_PPM:
		print_figure(out, value->kind_case, value->ratio_ppm, attribute, language);
		break;
	case POLICYCALC__V1__VALUE__KIND_COUNT:
		print_figure(out, value->kind_case, value->count, attribute, language);
		break;
	case POLICYCALC__V1__VALUE__KIND_FLAG:
		if (is_english(language))
			buffer_append_text(out, value->flag ? "yes" : "no");
		else
			buffer_append_text(out, value->flag ? "是" : "否");
		break;
	case POLICYCALC__V1__VALUE__KIND_CODE:
		buffer_append_text(out, choice_label(attribute, value->code, language));
		break;
	case POLICYCALC__V1__VALUE__KIND_CODES:
		for (size_t i = 0; i < value->codes->n_codes; i++)
			buffer_format(out, "%s%s", i ? "," : "",
					choice_label(attribute, value->codes->codes[i],
							language));
		if (value->codes->n_codes == 0)
			buffer_append_text(out, none);
		break;
	case POLICYCALC__V1__VALUE__KIND_DATE:
		buffer_append_text(out, value->date);
		break;
	case POLICYCALC__V1__VALUE__KIND_TEXT:
		buffer_append_text(out, value->text);
		break;
	case POLICYCALC__V1__VALUE__KIND_MONEY_SERIES:
		print_series(out, value->kind_case, value->money_series, attribute, language);
		break;
	case POLICYCALC__V1__VALUE__KIND_RATIO_SERIES:
		print_series(out, value->kind_case, value->ratio_series, attribute, language);
		break;
	case POLICYCALC__V1__VALUE__KIND_COUNT_SERIES:
		print_series(out, value->kind_case, value->count_series, attribute, language);
		break;
	case POLICYCALC__V1__VALUE__KIND_TITLES:
		for (size_t i = 0; i < value->titles->n_titles; i++)
			buffer_format(out, "%s%s:%s", i ? "," : "",
					choice_label(attribute, value->titles->titles[i]->code,
							language),
					value->titles->titles[i]->valid_until);
		if (value->titles->n_titles == 0)
			buffer_append_text(out, none);
		break;
	case POLICYCALC__V1__VALUE__KIND__NOT_SET:
	case _POLICYCALC__V1__VALUE__KIND__CASE_IS_INT_SIZE:
		break;
	}
}

char *value_print_text(const value_message *value, const attribute_message *attribute,
		const char *language, struct arena *arena)
{
	struct buffer out = { 0 };
	char *text = NULL;

	print_value(&out, value, attribute, language);
	if (!out.failed)
		text = arena_copy(arena, out.data ? out.data : "", out.size);
	else
		arena->exhausted = true; /* where everyone looks for it */
	buffer_fini(&out);
	return text;
}

const Policycalc__V1__Series *value_series(const Policycalc__V1__Value *value)
{
	switch ((int)value->kind_case) {
	case POLICYCALC__V1__VALUE__KIND_MONEY_SERIES:
		return value->money_series;
	case POLICYCALC__V1__VALUE__KIND_RATIO_SERIES:
		return value->ratio_series;
	case POLICYCALC__V1__VALUE__KIND_COUNT_SERIES:
		return value->count_series;
	default:
		return NULL;
	}
}

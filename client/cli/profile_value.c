/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/profile_value.h"

#include "proto/codec/codec.h"

/* A JSON number is in the base unit; written here as people write it, it is read like all else. */
static void number_append(
		struct buffer *text, json_int_t number, Policycalc__V1__ValueType type)
{
	char written[64];

	switch ((int)type) {
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY:
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY_SERIES:
		unit_print_money(number, written);
		buffer_append_text(text, written);
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO:
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO_SERIES:
		unit_print_ratio(number, written);
		buffer_append_text(text, written);
		break;
	default:
		buffer_format(text, "%lld", (long long)number);
	}
}

bool profile_value_append(
		struct buffer *text, const json_t *node, Policycalc__V1__ValueType type)
{
	const char *key;
	json_t *child;
	size_t index;

	switch (json_typeof(node)) {
	case JSON_STRING:
		buffer_append_text(text, json_string_value(node));
		return true;
	case JSON_INTEGER:
		number_append(text, json_integer_value(node), type);
		return true;
	case JSON_TRUE:
	case JSON_FALSE:
		buffer_append_text(text, json_is_true(node) ? "true" : "false");
		return true;
	case JSON_ARRAY:
		json_array_foreach((json_t *)(uintptr_t)node, index, child)
		{
			buffer_append_text(text, index ? "," : "");
			if (!profile_value_append(text, child, type))
				return false;
		}
		return true;
	case JSON_OBJECT:
		json_object_foreach((json_t *)(uintptr_t)node, key, child)
		{
			buffer_format(text, "%s%s:", text->size ? "," : "", key);
			if (!profile_value_append(text, child, type))
				return false;
		}
		return true;
	case JSON_REAL:
	case JSON_NULL:
	default:
		return false;
	}
}

const Policycalc__V1__Value *profile_value_none(
		struct arena *arena, Policycalc__V1__ValueType type)
{
	Policycalc__V1__Value *value = ARENA_NEW(arena, Policycalc__V1__Value);

	if (!value)
		return NULL;
	policycalc__v1__value__init(value);
	if (type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODES) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_CODES;
		value->codes = ARENA_NEW(arena, Policycalc__V1__CodeList);
		if (value->codes)
			policycalc__v1__code_list__init(value->codes);
		return value->codes ? value : NULL;
	}
	if (type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_TITLES) {
		value->kind_case = POLICYCALC__V1__VALUE__KIND_TITLES;
		value->titles = ARENA_NEW(arena, Policycalc__V1__TitleList);
		if (value->titles)
			policycalc__v1__title_list__init(value->titles);
		return value->titles ? value : NULL;
	}
	return NULL;
}

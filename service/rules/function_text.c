/* SPDX-License-Identifier: Apache-2.0 */
/* Functions over texts, sizes and regions. */
#include "base/utf8.h"
#include "rules/function.h"

FUNCTION(apply_size_string)
{
	return value_int((int64_t)utf8_count(arguments[0].text));
}

FUNCTION(apply_size_bytes)
{
	return value_int((int64_t)arguments[0].text.size);
}

FUNCTION(apply_size_list)
{
	return value_int((int64_t)arguments[0].list.count);
}

FUNCTION(apply_starts_with)
{
	return value_bool(slice_starts_with(arguments[0].text, arguments[1].text));
}

FUNCTION(apply_ends_with)
{
	struct slice text = arguments[0].text;
	struct slice end = arguments[1].text;

	if (end.size > text.size)
		return value_bool(false);
	return value_bool(slice_equals(
			(struct slice){ text.data + text.size - end.size, end.size }, end));
}

FUNCTION(apply_contains)
{
	struct slice text = arguments[0].text;
	struct slice part = arguments[1].text;

	if (part.size == 0)
		return value_bool(true);
	return value_bool(text.size >= part.size &&
			  memmem(text.data, text.size, part.data, part.size) != NULL);
}

FUNCTION(apply_region_within)
{
	if (!context->regions)
		return value_error("there is no table of regions");
	switch (region_within(context->regions, arguments[0].text, arguments[1].text)) {
	case REGION_YES:
		return value_bool(true);
	case REGION_NO:
		return value_bool(false);
	case REGION_NOT_FOUND:
		break;
	}
	return value_error("a region code is not in the table");
}

FUNCTION(apply_region_kind)
{
	struct slice kind;

	if (!context->regions)
		return value_error("there is no table of regions");
	if (!region_kind(context->regions, arguments[0].text, &kind))
		return value_error("a region code is not in the table");
	return (struct value){ .kind = VALUE_STRING, .text = kind };
}

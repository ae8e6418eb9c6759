/* SPDX-License-Identifier: Apache-2.0 */
/* Money, sums and math.*. Numbers of one call have one type: the checker saw to it. */
#include "base/wide.h"
#include "rules/function.h"

#include <math.h>

static const char OUT_OF_RANGE[] = "the number is out of range";

static struct value scaled(int64_t number, int64_t factor)
{
	int64_t result;

	if (__builtin_mul_overflow(number, factor, &result))
		return value_error(OUT_OF_RANGE);
	return value_int(result);
}

FUNCTION(apply_yuan)
{
	return scaled(arguments[0].integer, 100);
}

FUNCTION(apply_wan)
{
	return scaled(arguments[0].integer, 1000000);
}

FUNCTION(apply_yi)
{
	return scaled(arguments[0].integer, 10000000000);
}

bool rounding_parse(struct slice text, enum rounding *out_rounding)
{
	if (slice_equals_text(text, "down"))
		*out_rounding = ROUNDING_DOWN;
	else if (slice_equals_text(text, "half_up"))
		*out_rounding = ROUNDING_HALF_UP;
	else if (slice_equals_text(text, "up"))
		*out_rounding = ROUNDING_UP;
	else
		return false;
	return true;
}

bool mul_div(int64_t a, int64_t b, int64_t c, enum rounding rounding, int64_t *out_result)
{
	wide_int product = (wide_int)a * b;
	wide_int quotient, rest;

	if (c <= 0)
		return false;
	quotient = product / c;
	rest = product % c;
	switch (rounding) {
	case ROUNDING_DOWN:
		if (rest < 0)
			quotient--;
		break;
	case ROUNDING_UP:
		if (rest > 0)
			quotient++;
		break;
	case ROUNDING_HALF_UP:
		if (rest > 0 && rest >= c - rest)
			quotient++;
		if (rest < 0 && -rest >= c + rest)
			quotient--;
		break;
	}
	if (quotient > INT64_MAX || quotient < INT64_MIN)
		return false;
	*out_result = (int64_t)quotient;
	return true;
}

FUNCTION(apply_mul_div)
{
	enum rounding rounding;
	int64_t result;

	if (!rounding_parse(arguments[3].text, &rounding))
		return value_error("the mode of money.mulDiv is none of down, half_up, up");
	if (arguments[2].integer <= 0)
		return value_error("the divisor of money.mulDiv is not positive");
	if (!mul_div(arguments[0].integer, arguments[1].integer, arguments[2].integer, rounding,
			    &result))
		return value_error(OUT_OF_RANGE);
	return value_int(result);
}

FUNCTION(apply_list_sum)
{
	int64_t sum = 0;

	/* Every partial sum must fit, as with a chain of "+". */
	for (size_t i = 0; i < arguments[0].list.count; i++) {
		if (__builtin_add_overflow(sum, arguments[0].list.items[i].integer, &sum))
			return value_error(OUT_OF_RANGE);
	}
	return value_int(sum);
}

static bool number_is_less(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_INT)
		return a->integer < b->integer;
	if (a->kind == VALUE_UINT)
		return a->uinteger < b->uinteger;
	return a->number < b->number;
}

static struct value greatest(const struct value *list, size_t count)
{
	const struct value *best = list;

	if (count == 0)
		return value_error("an empty list has no greatest element");
	for (size_t i = 1; i < count; i++) {
		if (number_is_less(best, &list[i]))
			best = &list[i];
	}
	return *best;
}

static struct value least(const struct value *list, size_t count)
{
	const struct value *best = list;

	if (count == 0)
		return value_error("an empty list has no least element");
	for (size_t i = 1; i < count; i++) {
		if (number_is_less(&list[i], best))
			best = &list[i];
	}
	return *best;
}

FUNCTION(apply_greatest)
{
	return greatest(arguments, count);
}

FUNCTION(apply_least)
{
	return least(arguments, count);
}

FUNCTION(apply_greatest_of_list)
{
	return greatest(arguments[0].list.items, arguments[0].list.count);
}

FUNCTION(apply_least_of_list)
{
	return least(arguments[0].list.items, arguments[0].list.count);
}

FUNCTION(apply_abs)
{
	struct value number = arguments[0];

	if (number.kind == VALUE_INT) {
		if (number.integer == INT64_MIN)
			return value_error(OUT_OF_RANGE);
		number.integer = number.integer < 0 ? -number.integer : number.integer;
	} else if (number.kind == VALUE_DOUBLE) {
		number.number = fabs(number.number);
	}
	return number;
}

FUNCTION(apply_sign)
{
	struct value number = arguments[0];

	if (number.kind == VALUE_INT)
		number.integer = (number.integer > 0) - (number.integer < 0);
	else if (number.kind == VALUE_UINT)
		number.uinteger = number.uinteger > 0;
	else if (!isnan(number.number))
		number.number = (double)((number.number > 0) - (number.number < 0));
	return number;
}

FUNCTION(apply_ceil)
{
	return value_double(ceil(arguments[0].number));
}

FUNCTION(apply_floor)
{
	return value_double(floor(arguments[0].number));
}

FUNCTION(apply_round)
{
	return value_double(round(arguments[0].number));
}

FUNCTION(apply_trunc)
{
	return value_double(trunc(arguments[0].number));
}

FUNCTION(apply_is_nan)
{
	return value_bool(isnan(arguments[0].number));
}

FUNCTION(apply_is_inf)
{
	return value_bool(isinf(arguments[0].number));
}

FUNCTION(apply_is_finite)
{
	return value_bool(isfinite(arguments[0].number));
}

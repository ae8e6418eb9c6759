/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/function.h"

#include <assert.h>

const struct type type_any_list = { TYPE_LIST, NULL, &type_dyn };
const struct type type_any_map = { TYPE_MAP, &type_dyn, &type_dyn };
static const struct type list_uint = { TYPE_LIST, NULL, &type_uint };
static const struct type list_double = { TYPE_LIST, NULL, &type_double };

const char ERROR_TEXT_MEMORY[] = "out of memory";

#define INT &type_int
#define UINT &type_uint
#define DOUBLE &type_double
#define BOOL &type_bool
#define STRING &type_string
#define BYTES &type_bytes
#define TIME &type_timestamp
#define SPAN &type_duration

/* clang-format off */
#define GLOBAL(name, apply, result, dimension, cost, n, ...) \
	{ name, false, false, false, n, { __VA_ARGS__ }, result, apply, dimension, cost }
#define METHOD(name, apply, result, dimension, cost, n, ...) \
	{ name, true, false, false, n, { __VA_ARGS__ }, result, apply, dimension, cost }
#define REPEAT(name, apply, result, dimension, cost, n, ...) \
	{ name, false, true, false, n, { __VA_ARGS__ }, result, apply, dimension, cost }
#define TABLE(name, apply, result, dimension, cost, n, ...) \
	{ name, false, false, true, n, { __VA_ARGS__ }, result, apply, dimension, cost }
/* Reads a part of a point in time, in UTC or in the zone named. */
#define TIME_PART(name, apply) \
	METHOD(name, apply, INT, RESULT_COUNT, COST_STEP, 1, TIME), \
	METHOD(name, apply, INT, RESULT_COUNT, COST_STEP, 2, TIME, STRING)

const struct function functions[] = {
	GLOBAL("size", apply_size_string, INT, RESULT_COUNT, COST_TEXT, 1, STRING),
	GLOBAL("size", apply_size_bytes, INT, RESULT_COUNT, COST_STEP, 1, BYTES),
	GLOBAL("size", apply_size_list, INT, RESULT_COUNT, COST_STEP, 1, &type_any_list),
	GLOBAL("size", apply_size_list, INT, RESULT_COUNT, COST_STEP, 1, &type_any_map),
	METHOD("size", apply_size_string, INT, RESULT_COUNT, COST_TEXT, 1, STRING),
	METHOD("size", apply_size_bytes, INT, RESULT_COUNT, COST_STEP, 1, BYTES),
	METHOD("size", apply_size_list, INT, RESULT_COUNT, COST_STEP, 1, &type_any_list),
	METHOD("size", apply_size_list, INT, RESULT_COUNT, COST_STEP, 1, &type_any_map),
	METHOD("startsWith", apply_starts_with, BOOL, RESULT_FREE, COST_TEXT, 2, STRING, STRING),
	METHOD("endsWith", apply_ends_with, BOOL, RESULT_FREE, COST_TEXT, 2, STRING, STRING),
	METHOD("contains", apply_contains, BOOL, RESULT_FREE, COST_TEXT, 2, STRING, STRING),

	GLOBAL("int", apply_identity, INT, RESULT_SAME, COST_STEP, 1, INT),
	GLOBAL("int", apply_int_of_uint, INT, RESULT_FREE, COST_STEP, 1, UINT),
	GLOBAL("int", apply_int_of_double, INT, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("int", apply_int_of_string, INT, RESULT_FREE, COST_TEXT, 1, STRING),
	GLOBAL("int", apply_int_of_timestamp, INT, RESULT_FREE, COST_STEP, 1, TIME),
	GLOBAL("uint", apply_identity, UINT, RESULT_FREE, COST_STEP, 1, UINT),
	GLOBAL("uint", apply_uint_of_int, UINT, RESULT_FREE, COST_STEP, 1, INT),
	GLOBAL("uint", apply_uint_of_double, UINT, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("uint", apply_uint_of_string, UINT, RESULT_FREE, COST_TEXT, 1, STRING),
	GLOBAL("double", apply_identity, DOUBLE, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("double", apply_double_of_int, DOUBLE, RESULT_FREE, COST_STEP, 1, INT),
	GLOBAL("double", apply_double_of_uint, DOUBLE, RESULT_FREE, COST_STEP, 1, UINT),
	GLOBAL("double", apply_double_of_string, DOUBLE, RESULT_FREE, COST_TEXT, 1, STRING),
	GLOBAL("bool", apply_identity, BOOL, RESULT_FREE, COST_STEP, 1, BOOL),
	GLOBAL("bool", apply_bool_of_string, BOOL, RESULT_FREE, COST_STEP, 1, STRING),
	GLOBAL("string", apply_identity, STRING, RESULT_FREE, COST_STEP, 1, STRING),
	GLOBAL("string", apply_string_of_int, STRING, RESULT_FREE, COST_STEP, 1, INT),
	GLOBAL("string", apply_string_of_uint, STRING, RESULT_FREE, COST_STEP, 1, UINT),
	GLOBAL("string", apply_string_of_double, STRING, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("string", apply_string_of_bool, STRING, RESULT_FREE, COST_STEP, 1, BOOL),
	GLOBAL("string", apply_string_of_bytes, STRING, RESULT_FREE, COST_TEXT, 1, BYTES),
	GLOBAL("string", apply_string_of_timestamp, STRING, RESULT_FREE, COST_STEP, 1, TIME),
	GLOBAL("string", apply_string_of_duration, STRING, RESULT_FREE, COST_STEP, 1, SPAN),
	GLOBAL("bytes", apply_identity, BYTES, RESULT_FREE, COST_STEP, 1, BYTES),
	GLOBAL("bytes", apply_bytes_of_string, BYTES, RESULT_FREE, COST_STEP, 1, STRING),
	GLOBAL("timestamp", apply_identity, TIME, RESULT_FREE, COST_STEP, 1, TIME),
	GLOBAL("timestamp", apply_timestamp_of_string, TIME, RESULT_FREE, COST_TEXT, 1, STRING),
	GLOBAL("timestamp", apply_timestamp_of_int, TIME, RESULT_FREE, COST_STEP, 1, INT),
	GLOBAL("duration", apply_identity, SPAN, RESULT_FREE, COST_STEP, 1, SPAN),
	GLOBAL("duration", apply_duration_of_string, SPAN, RESULT_FREE, COST_TEXT, 1, STRING),

	TIME_PART("getFullYear", apply_full_year),
	TIME_PART("getMonth", apply_month),
	TIME_PART("getDate", apply_date),
	TIME_PART("getDayOfMonth", apply_day_of_month),
	TIME_PART("getDayOfWeek", apply_day_of_week),
	TIME_PART("getDayOfYear", apply_day_of_year),
	TIME_PART("getHours", apply_hours),
	TIME_PART("getMinutes", apply_minutes),
	TIME_PART("getSeconds", apply_seconds),
	TIME_PART("getMilliseconds", apply_milliseconds),
	METHOD("getHours", apply_duration_hours, INT, RESULT_COUNT, COST_STEP, 1, SPAN),
	METHOD("getMinutes", apply_duration_minutes, INT, RESULT_COUNT, COST_STEP, 1, SPAN),
	METHOD("getSeconds", apply_duration_seconds, INT, RESULT_COUNT, COST_STEP, 1, SPAN),
	METHOD("getMilliseconds", apply_duration_milliseconds, INT, RESULT_COUNT, COST_STEP, 1, SPAN),

	GLOBAL("wan", apply_wan, INT, RESULT_MONEY, COST_STEP, 1, INT),
	GLOBAL("yi", apply_yi, INT, RESULT_MONEY, COST_STEP, 1, INT),
	GLOBAL("yuan", apply_yuan, INT, RESULT_MONEY, COST_STEP, 1, INT),
	GLOBAL("money.mulDiv", apply_mul_div, INT, RESULT_QUOTIENT, COST_STEP, 4, INT, INT, INT, STRING),
	GLOBAL("date.addYears", apply_add_years, TIME, RESULT_FREE, COST_STEP, 2, TIME, INT),
	GLOBAL("date.addMonths", apply_add_months, TIME, RESULT_FREE, COST_STEP, 2, TIME, INT),
	GLOBAL("date.fullYears", apply_full_years, INT, RESULT_COUNT, COST_STEP, 2, TIME, TIME),
	GLOBAL("list.sum", apply_list_sum, INT, RESULT_SAME, COST_LIST, 1, &type_list_int),
	TABLE("region.within", apply_region_within, BOOL, RESULT_FREE, COST_STEP, 2, STRING, STRING),
	TABLE("region.kind", apply_region_kind, STRING, RESULT_FREE, COST_STEP, 1, STRING),

	REPEAT("math.greatest", apply_greatest, INT, RESULT_SAME, COST_STEP, 1, INT),
	REPEAT("math.greatest", apply_greatest, UINT, RESULT_FREE, COST_STEP, 1, UINT),
	REPEAT("math.greatest", apply_greatest, DOUBLE, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("math.greatest", apply_greatest_of_list, INT, RESULT_SAME, COST_LIST, 1, &type_list_int),
	GLOBAL("math.greatest", apply_greatest_of_list, UINT, RESULT_FREE, COST_LIST, 1, &list_uint),
	GLOBAL("math.greatest", apply_greatest_of_list, DOUBLE, RESULT_FREE, COST_LIST, 1, &list_double),
	REPEAT("math.least", apply_least, INT, RESULT_SAME, COST_STEP, 1, INT),
	REPEAT("math.least", apply_least, UINT, RESULT_FREE, COST_STEP, 1, UINT),
	REPEAT("math.least", apply_least, DOUBLE, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("math.least", apply_least_of_list, INT, RESULT_SAME, COST_LIST, 1, &type_list_int),
	GLOBAL("math.least", apply_least_of_list, UINT, RESULT_FREE, COST_LIST, 1, &list_uint),
	GLOBAL("math.least", apply_least_of_list, DOUBLE, RESULT_FREE, COST_LIST, 1, &list_double),
	GLOBAL("math.abs", apply_abs, INT, RESULT_SAME, COST_STEP, 1, INT),
	GLOBAL("math.abs", apply_abs, UINT, RESULT_FREE, COST_STEP, 1, UINT),
	GLOBAL("math.abs", apply_abs, DOUBLE, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("math.sign", apply_sign, INT, RESULT_FREE, COST_STEP, 1, INT),
	GLOBAL("math.sign", apply_sign, UINT, RESULT_FREE, COST_STEP, 1, UINT),
	GLOBAL("math.sign", apply_sign, DOUBLE, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("math.ceil", apply_ceil, DOUBLE, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("math.floor", apply_floor, DOUBLE, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("math.round", apply_round, DOUBLE, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("math.trunc", apply_trunc, DOUBLE, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("math.isNaN", apply_is_nan, BOOL, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("math.isInf", apply_is_inf, BOOL, RESULT_FREE, COST_STEP, 1, DOUBLE),
	GLOBAL("math.isFinite", apply_is_finite, BOOL, RESULT_FREE, COST_STEP, 1, DOUBLE),
};
/* clang-format on */

const size_t function_count = sizeof(functions) / sizeof(*functions);
static_assert(sizeof(functions) / sizeof(*functions) < UINT8_MAX, "a node has a byte for them");

struct value value_error(const char *message)
{
	return (struct value){ .kind = VALUE_ERROR, .error = message };
}

struct value value_text(
		enum value_kind kind, const char *data, size_t size, struct arena *arena)
{
	char *copy = arena_copy(arena, data, size);

	if (!copy)
		return value_error(ERROR_TEXT_MEMORY);
	return (struct value){ .kind = kind, .text = { copy, size } };
}

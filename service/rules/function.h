/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions a rule may call: CEL's own and ours, one entry for every combination of types.
 *
 * All are strict: the machine calls ->apply only when every argument is a known value of the declared
 * type. ->apply neither keeps nor changes its arguments; what it makes lives in the arena.
 */
#pragma once

#include "base/region.h"
#include "rules/rule.h"

#define FUNCTION_ARGUMENTS 4

struct call_context {
	struct arena *arena;
	const struct region_table *regions;
};

typedef struct value (*function_fn)(const struct call_context *context,
		const struct value *arguments, size_t count);

/* What the dimension of the result follows from. */
enum dimension_rule {
	RESULT_FREE,  /* any number */
	RESULT_MONEY, /* makes money of a bare number */
	RESULT_COUNT,
	RESULT_SAME,	 /* that of the arguments, which must fit each other */
	RESULT_QUOTIENT, /* a * b / c */
};

/* What a call costs beside one step. */
enum cost_rule {
	COST_STEP,
	COST_TEXT, /* reads a text */
	COST_LIST, /* reads a list */
};

struct function {
	const char *name; /* "size", "money.mulDiv" */
	bool receiver;	  /* called as x.name(...) */
	bool repeats;	  /* the last parameter once or more often */
	bool impure;	  /* depends on tables that are known only at evaluation */
	int count;
	const struct type *parameters[FUNCTION_ARGUMENTS];
	const struct type *result;
	function_fn apply;
	enum dimension_rule dimension;
	enum cost_rule cost;
};

extern const struct function functions[];
extern const size_t function_count;

/* Any list, any map: as parameters. */
extern const struct type type_any_list, type_any_map;

struct value value_error(const char *message);
static inline struct value value_bool(bool boolean)
{
	return (struct value){ .kind = VALUE_BOOL, .boolean = boolean };
}
static inline struct value value_int(int64_t integer)
{
	return (struct value){ .kind = VALUE_INT, .integer = integer };
}
static inline struct value value_double(double number)
{
	return (struct value){ .kind = VALUE_DOUBLE, .number = number };
}
struct value value_text(
		enum value_kind kind, const char *data, size_t size, struct arena *arena);

/** The one error of lists that a caller may want to tell from others: memory is short. */
extern const char ERROR_TEXT_MEMORY[];

#define FUNCTION(name)                                                                         \
	struct value name(const struct call_context *context, const struct value *arguments,   \
			size_t count)

/* function_text.c */
FUNCTION(apply_size_string);
FUNCTION(apply_size_bytes);
FUNCTION(apply_size_list);
FUNCTION(apply_starts_with);
FUNCTION(apply_ends_with);
FUNCTION(apply_contains);
FUNCTION(apply_region_within);
FUNCTION(apply_region_kind);
/* function_convert.c */
FUNCTION(apply_identity);
FUNCTION(apply_int_of_uint);
FUNCTION(apply_int_of_double);
FUNCTION(apply_int_of_string);
FUNCTION(apply_int_of_timestamp);
FUNCTION(apply_uint_of_int);
FUNCTION(apply_uint_of_double);
FUNCTION(apply_uint_of_string);
FUNCTION(apply_double_of_int);
FUNCTION(apply_double_of_uint);
FUNCTION(apply_double_of_string);
FUNCTION(apply_bool_of_string);
FUNCTION(apply_string_of_int);
FUNCTION(apply_string_of_uint);
FUNCTION(apply_string_of_double);
FUNCTION(apply_string_of_bool);
FUNCTION(apply_string_of_bytes);
FUNCTION(apply_string_of_timestamp);
FUNCTION(apply_string_of_duration);
FUNCTION(apply_bytes_of_string);
FUNCTION(apply_timestamp_of_string);
FUNCTION(apply_timestamp_of_int);
FUNCTION(apply_duration_of_string);
/* function_time.c */
FUNCTION(apply_full_year);
FUNCTION(apply_month);
FUNCTION(apply_date);
FUNCTION(apply_day_of_month);
FUNCTION(apply_day_of_week);
FUNCTION(apply_day_of_year);
FUNCTION(apply_hours);
FUNCTION(apply_minutes);
FUNCTION(apply_seconds);
FUNCTION(apply_milliseconds);
FUNCTION(apply_duration_hours);
FUNCTION(apply_duration_minutes);
FUNCTION(apply_duration_seconds);
FUNCTION(apply_duration_milliseconds);
FUNCTION(apply_add_years);
FUNCTION(apply_add_months);
FUNCTION(apply_full_years);
/* function_math.c */
FUNCTION(apply_wan);
FUNCTION(apply_yi);
FUNCTION(apply_yuan);
FUNCTION(apply_mul_div);
FUNCTION(apply_list_sum);
FUNCTION(apply_greatest);
FUNCTION(apply_least);
FUNCTION(apply_greatest_of_list);
FUNCTION(apply_least_of_list);
FUNCTION(apply_abs);
FUNCTION(apply_sign);
FUNCTION(apply_ceil);
FUNCTION(apply_floor);
FUNCTION(apply_round);
FUNCTION(apply_trunc);
FUNCTION(apply_is_nan);
FUNCTION(apply_is_inf);
FUNCTION(apply_is_finite);

enum rounding {
	ROUNDING_DOWN,	  /* toward minus infinity */
	ROUNDING_HALF_UP, /* to the nearest, ties away from zero */
	ROUNDING_UP,	  /* toward plus infinity */
};

bool rounding_parse(struct slice text, enum rounding *out_rounding);
/** a * b / c through 128 bits; false when c <= 0 or the result leaves int64. */
bool mul_div(int64_t a, int64_t b, int64_t c, enum rounding rounding, int64_t *out_result);

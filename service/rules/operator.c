/* SPDX-License-Identifier: Apache-2.0 */
/* What operators do with known values. Integers are checked, doubles are IEEE. */
#include "base/date.h"
#include "base/wide.h"
#include "rules/program.h"

#include <math.h>

static const char OVERFLOW[] = "integer overflow";
static const char DIVISION_BY_ZERO[] = "division by zero";
static const char TIME_RANGE[] = "the timestamp is out of range";
static const char SPAN_RANGE[] = "the duration is out of range";

#define NANOS_PER_SECOND 1000000000

int value_compare(const struct value *a, const struct value *b)
{
	switch (a->kind) {
	case VALUE_BOOL:
		return a->boolean - b->boolean;
	case VALUE_INT:
	case VALUE_DURATION:
		return (a->integer > b->integer) - (a->integer < b->integer);
	case VALUE_UINT:
		return (a->uinteger > b->uinteger) - (a->uinteger < b->uinteger);
	case VALUE_DOUBLE:
		return (a->number > b->number) - (a->number < b->number);
	case VALUE_STRING:
	case VALUE_BYTES:
		return slice_compare(a->text, b->text);
	case VALUE_TIMESTAMP:
		if (a->timestamp.seconds != b->timestamp.seconds)
			return a->timestamp.seconds < b->timestamp.seconds ? -1 : 1;
		return (a->timestamp.nanos > b->timestamp.nanos) -
		       (a->timestamp.nanos < b->timestamp.nanos);
	case VALUE_UNKNOWN:
	case VALUE_ERROR:
	case VALUE_NULL:
	case VALUE_LIST:
	case VALUE_MAP:
	case VALUE_TYPE:
		break;
	}
	return 0;
}

const struct value *value_map_find(const struct value *map, const struct value *key)
{
	for (size_t i = 0; i < map->list.count; i++) {
		if (value_equals(&map->list.items[2 * i], key))
			return &map->list.items[2 * i + 1];
	}
	return NULL;
}

static bool list_equals(const struct value *a, const struct value *b)
{
	if (a->list.count != b->list.count)
		return false;
	for (size_t i = 0; i < a->list.count; i++) {
		if (!value_equals(&a->list.items[i], &b->list.items[i]))
			return false;
	}
	return true;
}

static bool map_equals(const struct value *a, const struct value *b)
{
	if (a->list.count != b->list.count)
		return false;
	for (size_t i = 0; i < a->list.count; i++) {
		const struct value *other = value_map_find(b, &a->list.items[2 * i]);

		if (!other || !value_equals(&a->list.items[2 * i + 1], other))
			return false;
	}
	return true;
}

/* Recursion is as deep as the type, which the checker limits. */
bool value_equals(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_DOUBLE:
		return a->number == b->number;
	case VALUE_LIST:
		return list_equals(a, b);
	case VALUE_MAP:
		return map_equals(a, b);
	case VALUE_NULL:
		return true;
	case VALUE_TYPE:
		return a->type == b->type;
	case VALUE_UNKNOWN:
	case VALUE_ERROR:
		return false;
	case VALUE_STRING:
	case VALUE_BYTES:
		return slice_equals(a->text, b->text);
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_TIMESTAMP:
	case VALUE_DURATION:
		break;
	}
	return value_compare(a, b) == 0;
}

static struct value apply_relation(enum operator_kind operation, const struct value *left,
		const struct value *right)
{
	int order;

	if (operation == OPERATOR_EQUAL)
		return value_bool(value_equals(left, right));
	if (operation == OPERATOR_NOT_EQUAL)
		return value_bool(!value_equals(left, right));
	if (left->kind == VALUE_DOUBLE && (isnan(left->number) || isnan(right->number)))
		return value_bool(false);
	order = value_compare(left, right);
	switch ((int)operation) {
	case OPERATOR_LESS:
		return value_bool(order < 0);
	case OPERATOR_LESS_EQUAL:
		return value_bool(order <= 0);
	case OPERATOR_GREATER:
		return value_bool(order > 0);
	default:
		return value_bool(order >= 0);
	}
}

static struct value apply_in(const struct value *member, const struct value *range)
{
	if (range->kind == VALUE_MAP)
		return value_bool(value_map_find(range, member) != NULL);
	for (size_t i = 0; i < range->list.count; i++) {
		if (value_equals(member, &range->list.items[i]))
			return value_bool(true);
	}
	return value_bool(false);
}

static struct value int_arithmetic(enum operator_kind operation, int64_t a, int64_t b)
{
	int64_t result = 0;
	bool overflow = false;

	switch ((int)operation) {
	case OPERATOR_ADD:
		overflow = __builtin_add_overflow(a, b, &result);
		break;
	case OPERATOR_SUBTRACT:
		overflow = __builtin_sub_overflow(a, b, &result);
		break;
	case OPERATOR_MULTIPLY:
		overflow = __builtin_mul_overflow(a, b, &result);
		break;
	default:
		if (b == 0)
			return value_error(DIVISION_BY_ZERO);
		overflow = a == INT64_MIN && b == -1;
		if (!overflow)
			result = operation == OPERATOR_DIVIDE ? a / b : a % b;
		break;
	}
	return overflow ? value_error(OVERFLOW) : value_int(result);
}

static struct value uint_arithmetic(enum operator_kind operation, uint64_t a, uint64_t b)
{
	uint64_t result = 0;
	bool overflow = false;

	switch ((int)operation) {
	case OPERATOR_ADD:
		overflow = __builtin_add_overflow(a, b, &result);
		break;
	case OPERATOR_SUBTRACT:
		overflow = __builtin_sub_overflow(a, b, &result);
		break;
	case OPERATOR_MULTIPLY:
		overflow = __builtin_mul_overflow(a, b, &result);
		break;
	default:
		if (b == 0)
			return value_error(DIVISION_BY_ZERO);
		result = operation == OPERATOR_DIVIDE ? a / b : a % b;
		break;
	}
	if (overflow)
		return value_error(OVERFLOW);
	return (struct value){ .kind = VALUE_UINT, .uinteger = result };
}

static struct value double_arithmetic(enum operator_kind operation, double a, double b)
{
	switch ((int)operation) {
	case OPERATOR_ADD:
		return value_double(a + b);
	case OPERATOR_SUBTRACT:
		return value_double(a - b);
	case OPERATOR_MULTIPLY:
		return value_double(a * b);
	default:
		return value_double(a / b);
	}
}

static struct value join_texts(
		const struct value *a, const struct value *b, struct arena *arena)
{
	size_t size = a->text.size + b->text.size;
	char *text = arena_alloc(arena, size + 1);

	if (!text)
		return value_error(ERROR_TEXT_MEMORY);
	if (a->text.size)
		memcpy(text, a->text.data, a->text.size);
	if (b->text.size)
		memcpy(text + a->text.size, b->text.data, b->text.size);
	text[size] = '\0';
	return (struct value){ .kind = a->kind, .text = { text, size } };
}

static struct value join_lists(
		const struct value *a, const struct value *b, struct arena *arena)
{
	size_t count = a->list.count + b->list.count;
	struct value *items = ARENA_NEW_ARRAY(arena, struct value, count);

	if (!items)
		return value_error(ERROR_TEXT_MEMORY);
	if (a->list.count)
		memcpy(items, a->list.items, a->list.count * sizeof(*items));
	if (b->list.count)
		memcpy(items + a->list.count, b->list.items, b->list.count * sizeof(*items));
	return (struct value){ .kind = VALUE_LIST, .list = { items, count } };
}

/* Nanoseconds since 1970 in 128 bits: years 0001 to 9999 do not fit 64. */
static wide_int moment_nanos(const struct value *timestamp)
{
	return (wide_int)timestamp->timestamp.seconds * NANOS_PER_SECOND +
	       timestamp->timestamp.nanos;
}

static struct value moment_of(wide_int nanos)
{
	wide_int seconds = nanos / NANOS_PER_SECOND;
	struct timestamp moment;

	if (nanos % NANOS_PER_SECOND < 0)
		seconds--;
	moment.seconds = (int64_t)seconds;
	moment.nanos = (int32_t)(nanos - seconds * NANOS_PER_SECOND);
	if (!timestamp_is_valid(moment))
		return value_error(TIME_RANGE);
	return (struct value){ .kind = VALUE_TIMESTAMP,
		.timestamp = { moment.seconds, moment.nanos } };
}

static struct value span_of(wide_int nanos)
{
	if (nanos > INT64_MAX || nanos < INT64_MIN)
		return value_error(SPAN_RANGE);
	return (struct value){ .kind = VALUE_DURATION, .integer = (int64_t)nanos };
}

static struct value time_arithmetic(enum operator_kind operation, const struct value *left,
		const struct value *right)
{
	bool minus = operation == OPERATOR_SUBTRACT;

	if (left->kind == VALUE_TIMESTAMP && right->kind == VALUE_TIMESTAMP)
		return span_of(moment_nanos(left) - moment_nanos(right));
	if (left->kind == VALUE_TIMESTAMP)
		return moment_of(moment_nanos(left) + (minus ? -(wide_int)right->integer
							     : (wide_int)right->integer));
	if (right->kind == VALUE_TIMESTAMP)
		return moment_of(moment_nanos(right) + left->integer);
	return span_of((wide_int)left->integer +
			(minus ? -(wide_int)right->integer : (wide_int)right->integer));
}

struct value operator_apply(enum operator_kind operation, const struct value *left,
		const struct value *right, struct arena *arena)
{
	if (operator_is_relation(operation))
		return apply_relation(operation, left, right);
	if (operation == OPERATOR_IN)
		return apply_in(left, right);
	switch ((int)left->kind) {
	case VALUE_INT:
		return int_arithmetic(operation, left->integer, right->integer);
	case VALUE_UINT:
		return uint_arithmetic(operation, left->uinteger, right->uinteger);
	case VALUE_DOUBLE:
		return double_arithmetic(operation, left->number, right->number);
	case VALUE_STRING:
	case VALUE_BYTES:
		return join_texts(left, right, arena);
	case VALUE_LIST:
		return join_lists(left, right, arena);
	default:
		return time_arithmetic(operation, left, right);
	}
}

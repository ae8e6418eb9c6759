/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions: int(), uint(), double(), bool(), string(), bytes(), timestamp(), duration(). */
#include "base/date.h"
#include "base/utf8.h"
#include "rules/function.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

static const char OUT_OF_RANGE[] = "the number is out of range";

/* 2^63 and 2^64 as doubles. */
#define TWO_TO_63 9223372036854775808.0
#define TWO_TO_64 18446744073709551616.0

FUNCTION(apply_identity)
{
	return arguments[0];
}

FUNCTION(apply_int_of_uint)
{
	if (arguments[0].uinteger > INT64_MAX)
		return value_error(OUT_OF_RANGE);
	return value_int((int64_t)arguments[0].uinteger);
}

FUNCTION(apply_int_of_double)
{
	double number = arguments[0].number;

	/* Both ends are excluded; the comparison is false for NaN. */
	if (!(number > -TWO_TO_63 && number < TWO_TO_63))
		return value_error(OUT_OF_RANGE);
	return value_int((int64_t)number);
}

/* Decimal digits with an optional sign, into magnitude and sign. */
static bool decimal_parse(struct slice text, uint64_t *out_magnitude, bool *out_negative)
{
	size_t at = 0;
	uint64_t number = 0;

	*out_negative = text.size && text.data[0] == '-';
	if (text.size && (text.data[0] == '-' || text.data[0] == '+'))
		at++;
	if (at == text.size)
		return false;
	for (; at < text.size; at++) {
		if (text.data[at] < '0' || text.data[at] > '9' ||
				__builtin_mul_overflow(number, (uint64_t)10, &number) ||
				__builtin_add_overflow(number, (uint64_t)(text.data[at] - '0'),
						&number))
			return false;
	}
	*out_magnitude = number;
	return true;
}

FUNCTION(apply_int_of_string)
{
	uint64_t magnitude;
	bool negative;

	if (!decimal_parse(arguments[0].text, &magnitude, &negative) ||
			magnitude > (uint64_t)INT64_MAX + negative)
		return value_error("the text is not an int");
	return value_int(negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude);
}

FUNCTION(apply_int_of_timestamp)
{
	return value_int(arguments[0].timestamp.seconds);
}

static struct value value_uint(uint64_t number)
{
	return (struct value){ .kind = VALUE_UINT, .uinteger = number };
}

FUNCTION(apply_uint_of_int)
{
	if (arguments[0].integer < 0)
		return value_error(OUT_OF_RANGE);
	return value_uint((uint64_t)arguments[0].integer);
}

FUNCTION(apply_uint_of_double)
{
	double number = arguments[0].number;

	if (!(number >= 0 && number < TWO_TO_64))
		return value_error(OUT_OF_RANGE);
	return value_uint((uint64_t)number);
}

FUNCTION(apply_uint_of_string)
{
	uint64_t magnitude;
	bool negative;

	if (!decimal_parse(arguments[0].text, &magnitude, &negative) ||
			arguments[0].text.data[0] == '-' || arguments[0].text.data[0] == '+')
		return value_error("the text is not a uint");
	return value_uint(magnitude);
}

FUNCTION(apply_double_of_int)
{
	return value_double((double)arguments[0].integer);
}

FUNCTION(apply_double_of_uint)
{
	return value_double((double)arguments[0].uinteger);
}

static size_t digits_skip(const char *text, size_t at, bool *any)
{
	for (; text[at] >= '0' && text[at] <= '9'; at++)
		*any = true;
	return at;
}

/* Decimal with optional fraction and exponent, or a name of infinity or NaN: no more than that. */
static bool double_is_wellformed(const char *text)
{
	size_t at = text[0] == '-' || text[0] == '+';
	bool any = false;

	if (strcasecmp(text + at, "inf") == 0 || strcasecmp(text + at, "infinity") == 0 ||
			strcasecmp(text + at, "nan") == 0)
		return true;
	at = digits_skip(text, at, &any);
	if (text[at] == '.')
		at = digits_skip(text, at + 1, &any);
	if (!any)
		return false;
	if (text[at] == 'e' || text[at] == 'E') {
		any = false;
		at++;
		if (text[at] == '-' || text[at] == '+')
			at++;
		at = digits_skip(text, at, &any);
	}
	return any && text[at] == '\0';
}

FUNCTION(apply_double_of_string)
{
	struct slice text = arguments[0].text;
	char copy[400];

	if (text.size >= sizeof(copy) || memchr(text.data, '\0', text.size))
		return value_error("the text is not a double");
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	if (!double_is_wellformed(copy))
		return value_error("the text is not a double");
	return value_double(strtod(copy, NULL));
}

FUNCTION(apply_bool_of_string)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		if (slice_equals_text(arguments[0].text, yes[i]))
			return value_bool(true);
		if (slice_equals_text(arguments[0].text, no[i]))
			return value_bool(false);
	}
	return value_error("the text is neither true nor false");
}

static struct value string_of(const struct call_context *context, const char *text)
{
	return value_text(VALUE_STRING, text, strlen(text), context->arena);
}

FUNCTION(apply_string_of_int)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, arguments[0].integer);
	return string_of(context, text);
}

FUNCTION(apply_string_of_uint)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, arguments[0].uinteger);
	return string_of(context, text);
}

FUNCTION(apply_string_of_double)
{
	double number = arguments[0].number;
	char text[40];

	if (isnan(number))
		return string_of(context, "NaN");
	if (isinf(number))
		return string_of(context, number < 0 ? "-Infinity" : "Infinity");
	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	return string_of(context, text);
}

FUNCTION(apply_string_of_bool)
{
	return string_of(context, arguments[0].boolean ? "true" : "false");
}

FUNCTION(apply_string_of_bytes)
{
	if (!utf8_is_valid(arguments[0].text))
		return value_error("the bytes are not valid UTF-8");
	return (struct value){ .kind = VALUE_STRING, .text = arguments[0].text };
}

FUNCTION(apply_string_of_timestamp)
{
	struct timestamp timestamp = { arguments[0].timestamp.seconds,
		arguments[0].timestamp.nanos };
	char text[40];

	timestamp_print(timestamp, text);
	return string_of(context, text);
}

FUNCTION(apply_string_of_duration)
{
	char text[40];

	duration_print(arguments[0].integer, text);
	return string_of(context, text);
}

FUNCTION(apply_bytes_of_string)
{
	return (struct value){ .kind = VALUE_BYTES, .text = arguments[0].text };
}

FUNCTION(apply_timestamp_of_string)
{
	struct timestamp timestamp;

	if (!timestamp_parse(arguments[0].text, &timestamp))
		return value_error("the text is not a timestamp of the years 0001 to 9999");
	return (struct value){ .kind = VALUE_TIMESTAMP,
		.timestamp = { timestamp.seconds, timestamp.nanos } };
}

FUNCTION(apply_timestamp_of_int)
{
	struct timestamp timestamp = { arguments[0].integer, 0 };

	if (!timestamp_is_valid(timestamp))
		return value_error("the timestamp is out of range");
	return (struct value){ .kind = VALUE_TIMESTAMP, .timestamp = { timestamp.seconds, 0 } };
}

FUNCTION(apply_duration_of_string)
{
	int64_t nanos;

	if (!duration_parse(arguments[0].text, &nanos))
		return value_error("the text is not a duration, or out of range");
	return (struct value){ .kind = VALUE_DURATION, .integer = nanos };
}

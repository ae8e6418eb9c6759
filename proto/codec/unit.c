/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers with units, in integers only: a decimal is read as digits and scaled by powers of
 * ten, so nothing is ever rounded. What would need rounding, or does not fit, is refused.
 */
#include "proto/codec/unit.h"

#include "base/decimal.h"
#include "base/trim.h"
#include "proto/codec/codec.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

/* A word behind the number: one of it is factor * 10^digits of the smallest unit. */
struct unit_word {
	const char *word;
	unsigned digits;
	unsigned factor;
};

/* What a kind of quantity accepts, and how messages speak of it. */
struct unit_kind {
	const char *expected; /* an example or two */
	const char *smallest; /* "a fen" */
	const struct unit_word *words;
	size_t word_count;
};

static const struct unit_word money_words[] = {
	{ "元", 2, 1 },
	{ "万元", 6, 1 },
	{ "万", 6, 1 },
	{ "亿元", 10, 1 },
	{ "亿", 10, 1 },
};
static const struct unit_word ratio_words[] = { { "%", 4, 1 }, { "‰", 3, 1 }, { "ppm", 0, 1 } };
static const struct unit_word myriad_words[] = { { "万", 4, 1 }, { "亿", 8, 1 } };
static const struct unit_word day_words[] = {
	{ "天", 0, 1 },
	{ "日", 0, 1 },
	{ "个工作日", 0, 1 },
};
static const struct unit_word month_words[] = { { "个月", 0, 1 }, { "年", 0, 12 } };
static const struct unit_word year_words[] = { { "年", 0, 1 } };

#define UNIT_KIND(words_, smallest_, expected_)                                                \
	{                                                                                      \
		expected_, smallest_, words_, sizeof(words_) / sizeof((words_)[0])             \
	}

static const struct unit_kind money_kind = UNIT_KIND(money_words, "a fen",
		"an amount with its unit, such as 200万元, 1.5亿元 or 3000元");
static const struct unit_kind ratio_kind = UNIT_KIND(ratio_words, "one part per million",
		"a ratio with its unit, such as 4%, 4.5% or 5‰");
static const struct unit_kind myriads_kind =
		UNIT_KIND(myriad_words, "one", "a whole number such as 125000 or 12.5万");
static const struct unit_kind days_kind =
		UNIT_KIND(day_words, "a day", "a number of days, such as 60天");
static const struct unit_kind months_kind =
		UNIT_KIND(month_words, "a month", "a number of months, such as 18个月 or 3年");
static const struct unit_kind years_kind =
		UNIT_KIND(year_words, "a year", "a number of years, such as 3年");

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* U+FF01 to U+FF5E, the fullwidth forms of ASCII. */
static bool has_fullwidth(struct slice text)
{
	for (size_t i = 0; i + 2 < text.size; i++) {
		unsigned char second = (unsigned char)text.data[i + 1];

		if ((unsigned char)text.data[i] == 0xef && (second == 0xbc || second == 0xbd))
			return true;
	}
	return false;
}

/* Splits "-12.50万元" into its digits before and after the point and the word behind. */
static bool split_number(struct slice text, bool *out_negative, struct slice *out_whole,
		struct slice *out_fraction, struct slice *out_word)
{
	size_t i = 0;
	size_t start;

	*out_negative = text.size > 0 && text.data[0] == '-';
	start = i = *out_negative;
	while (i < text.size && is_digit(text.data[i]))
		i++;
	*out_whole = (struct slice){ text.data + start, i - start };
	*out_fraction = (struct slice){ text.data + i, 0 };
	if (out_whole->size == 0)
		return false;
	if (i < text.size && text.data[i] == '.') {
		start = ++i;
		while (i < text.size && is_digit(text.data[i]))
			i++;
		*out_fraction = (struct slice){ text.data + start, i - start };
		if (out_fraction->size == 0)
			return false;
	}
	*out_word = slice_trim((struct slice){ text.data + i, text.size - i });
	return true;
}

static bool append_digits(unsigned long long *value, struct slice digits)
{
	for (size_t i = 0; i < digits.size; i++) {
		if (__builtin_mul_overflow(*value, 10ULL, value) ||
				__builtin_add_overflow(*value,
						(unsigned long long)(digits.data[i] - '0'),
						value))
			return false;
	}
	return true;
}

static bool unit_parse(const struct unit_kind *kind, struct slice text, long long *out_value,
		struct error *err)
{
	const unsigned long long most = (unsigned long long)LLONG_MAX;
	const struct unit_word *unit = NULL;
	struct slice whole, fraction, word;
	unsigned long long value = 0;
	bool negative;

	text = slice_trim(text);
	if (has_fullwidth(text))
		return error_set(err, ERROR_INVALID,
				"write digits, point and signs half-width (0-9 . - %%); "
				"expected %s",
				kind->expected);
	if (!split_number(text, &negative, &whole, &fraction, &word))
		return error_set(err, ERROR_INVALID, "expected %s", kind->expected);
	if (word.size == 0)
		return error_set(err, ERROR_INVALID, "the unit is missing; expected %s",
				kind->expected);
	if (word.data[0] == ',' || word.data[0] == '_' || word.data[0] == '\'')
		return error_set(err, ERROR_INVALID,
				"write the number without thousand separators; expected %s",
				kind->expected);
	for (size_t i = 0; i < kind->word_count; i++) {
		if (slice_equals_text(word, kind->words[i].word))
			unit = &kind->words[i];
	}
	if (!unit)
		return error_set(err, ERROR_INVALID, "unknown unit; expected %s",
				kind->expected);
	while (fraction.size && fraction.data[fraction.size - 1] == '0')
		fraction.size--;
	if (fraction.size > unit->digits)
		return error_set(err, ERROR_INVALID, "finer than %s", kind->smallest);
	if (!append_digits(&value, whole) || !append_digits(&value, fraction))
		return error_set(err, ERROR_INVALID, "the number is too large");
	for (size_t i = fraction.size; i < unit->digits; i++) {
		if (__builtin_mul_overflow(value, 10ULL, &value))
			return error_set(err, ERROR_INVALID, "the number is too large");
	}
	if (__builtin_mul_overflow(value, (unsigned long long)unit->factor, &value) ||
			value > most + negative)
		return error_set(err, ERROR_INVALID, "the number is too large");
	if (!negative)
		*out_value = (long long)value;
	else
		*out_value = value > most ? LLONG_MIN : -(long long)value;
	return true;
}

bool unit_parse_money(struct slice text, long long *out_fen, struct error *err)
{
	return unit_parse(&money_kind, text, out_fen, err);
}

bool unit_parse_ratio(struct slice text, long long *out_ppm, struct error *err)
{
	return unit_parse(&ratio_kind, text, out_ppm, err);
}

bool unit_parse_myriads(struct slice text, long long *out_count, struct error *err)
{
	return unit_parse(&myriads_kind, text, out_count, err);
}

bool unit_parse_days(struct slice text, long long *out_days, struct error *err)
{
	return unit_parse(&days_kind, text, out_days, err);
}

bool unit_parse_months(struct slice text, long long *out_months, struct error *err)
{
	return unit_parse(&months_kind, text, out_months, err);
}

bool unit_parse_years(struct slice text, long long *out_years, struct error *err)
{
	return unit_parse(&years_kind, text, out_years, err);
}

static unsigned long long magnitude_of(long long value)
{
	return value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
}

static const unsigned long long powers_of_ten[] = { 1, 10, 100, 1000, 10000, 100000, 1000000,
	10000000, 100000000, 1000000000, 10000000000 };

/*
 * Prints magnitude / 10^digits exactly, without trailing zeros; how many bytes, no NUL behind them. In line, as
 * @digits is written where it is called: a division by a constant is a multiplication.
 */
static inline size_t print_decimal(
		bool negative, unsigned long long magnitude, unsigned digits, char *out)
{
	unsigned long long rest = magnitude % powers_of_ten[digits];
	size_t size = negative;

	*out = '-';
	size += decimal_print(magnitude / powers_of_ten[digits], out + size);
	if (rest == 0)
		return size;
	for (; rest % 10 == 0; rest /= 10)
		digits--;
	out[size] = '.';
	for (unsigned i = digits; i > 0; i--, rest /= 10)
		out[size + i] = (char)('0' + rest % 10);
	return size + digits + 1;
}

/* Puts @word and a NUL behind the number of @size bytes; the size of both. */
static inline size_t word_put(char out[64], size_t size, const char *word)
{
	size_t word_size = strlen(word);

	memcpy(out + size, word, word_size + 1);
	return size + word_size;
}

/*
 * Sums in one sentence are to be compared at a glance: from 10,000 yuan on all that are whole yuan stand in 万元,
 * or in 亿元 when that is no longer, with at most four decimals. 0.3万元 is worse than 3000元.
 */
size_t unit_print_money(long long fen, char out[64])
{
	unsigned long long magnitude = magnitude_of(fen);
	size_t myriads = 0; /* of 万元; 0: not so */
	char number[48];
	size_t size;

	if (magnitude >= 1000000 && magnitude % 100 == 0)
		myriads = print_decimal(fen < 0, magnitude, 6, out);
	if (magnitude >= 10000000000 && magnitude % 1000000 == 0) {
		size = print_decimal(fen < 0, magnitude, 10, number);
		if (!myriads || size <= myriads) {
			memcpy(out, number, size);
			return word_put(out, size, "亿元");
		}
	}
	if (myriads)
		return word_put(out, myriads, "万元");
	return word_put(out, print_decimal(fen < 0, magnitude, 2, out), "元");
}

size_t unit_print_ratio(long long ppm, char out[64])
{
	return word_put(out, print_decimal(ppm < 0, magnitude_of(ppm), 4, out), "%");
}

size_t unit_print_days(long long days, char out[64])
{
	return word_put(out, decimal_print_signed(days, out), "天");
}

size_t unit_print_months(long long months, char out[64])
{
	if (months != 0 && months % 12 == 0)
		return unit_print_years(months / 12, out);
	return word_put(out, decimal_print_signed(months, out), "个月");
}

size_t unit_print_years(long long years, char out[64])
{
	return word_put(out, decimal_print_signed(years, out), "年");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/period.h"

#include <string.h>

bool period_is_recurring(Policycalc__V1__Period period)
{
	return period == POLICYCALC__V1__PERIOD__PERIOD_YEAR ||
	       period == POLICYCALC__V1__PERIOD__PERIOD_QUARTER ||
	       period == POLICYCALC__V1__PERIOD__PERIOD_MONTH;
}

unsigned period_per_year(Policycalc__V1__Period period)
{
	if (period == POLICYCALC__V1__PERIOD__PERIOD_MONTH)
		return 12;
	return period == POLICYCALC__V1__PERIOD__PERIOD_QUARTER ? 4 : 1;
}

int64_t period_of_date(Policycalc__V1__Period period, struct date date)
{
	int64_t per_year = period_per_year(period);

	return date.year * per_year + (date.month - 1) * per_year / 12;
}

const char *period_form(Policycalc__V1__Period period)
{
	if (period == POLICYCALC__V1__PERIOD__PERIOD_MONTH)
		return "YYYY-MM";
	return period == POLICYCALC__V1__PERIOD__PERIOD_QUARTER ? "YYYYQn" : "YYYY";
}

/* What the digits in front of @text say; it is not read behind the first that is none. -1: there are fewer. */
static int64_t digits_parse(const char *text, size_t count)
{
	int64_t number = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned digit = (unsigned char)text[i] - (unsigned)'0';

		if (digit > 9)
			return -1;
		number = number * 10 + (int64_t)digit;
	}
	return number;
}

bool period_parse(Policycalc__V1__Period period, const char *text, int64_t *out_number)
{
	int64_t year = digits_parse(text, 4);
	int64_t part;

	if (year < 1)
		return false;
	text += 4;
	switch ((int)period) {
	case POLICYCALC__V1__PERIOD__PERIOD_YEAR:
		*out_number = year;
		return !*text;
	case POLICYCALC__V1__PERIOD__PERIOD_QUARTER:
		if (*text != 'Q')
			return false;
		part = digits_parse(text + 1, 1);
		*out_number = year * 4 + part - 1;
		return part >= 1 && part <= 4 && !text[2];
	case POLICYCALC__V1__PERIOD__PERIOD_MONTH:
		if (*text != '-')
			return false;
		part = digits_parse(text + 1, 2);
		*out_number = year * 12 + part - 1;
		return part >= 1 && part <= 12 && !text[3];
	case POLICYCALC__V1__PERIOD__PERIOD_UNSPECIFIED:
	case POLICYCALC__V1__PERIOD__PERIOD_POINT:
	default:
		return false;
	}
}

const char *period_print(Policycalc__V1__Period period, int64_t number, struct arena *arena)
{
	switch ((int)period) {
	case POLICYCALC__V1__PERIOD__PERIOD_YEAR:
		return arena_format(arena, "%04lld", (long long)number);
	case POLICYCALC__V1__PERIOD__PERIOD_QUARTER:
		return arena_format(arena, "%04lldQ%lld", (long long)(number / 4),
				(long long)(number % 4 + 1));
	case POLICYCALC__V1__PERIOD__PERIOD_MONTH:
		return arena_format(arena, "%04lld-%02lld", (long long)(number / 12),
				(long long)(number % 12 + 1));
	case POLICYCALC__V1__PERIOD__PERIOD_UNSPECIFIED:
	case POLICYCALC__V1__PERIOD__PERIOD_POINT:
	default:
		return "";
	}
}

size_t period_window_size(Policycalc__V1__Period period, enum window window)
{
	size_t per_year = period_is_recurring(period) ? period_per_year(period) : 0;

	if (window == WINDOW_YEAR || window == WINDOW_STATED_YEAR)
		return per_year > 1 ? per_year : 0;
	return window != WINDOW_NONE && per_year == 12 ? 3 : 0;
}

int64_t period_window_first(Policycalc__V1__Period period, enum window window, struct date date,
		unsigned back)
{
	int64_t size = (int64_t)period_window_size(period, window);
	int64_t now = period_of_date(period, date) / size;
	int64_t per_year = (int64_t)period_per_year(period) / size;

	if (window == WINDOW_STATED_QUARTER || window == WINDOW_STATED_YEAR)
		return back * size;
	return (now - 1 - back * per_year) * size;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/date.h"

#include "base/wide.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DAYS_PER_ERA 146097  /* of 400 years */
#define DAYS_TO_EPOCH 719468 /* from 0000-03-01 to 1970-01-01 */

bool date_is_leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int date_days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	assert(month >= 1 && month <= 12);
	return month == 2 && date_is_leap_year(year) ? 29 : days[month - 1];
}

bool date_is_valid(struct date date)
{
	return date.year >= 1 && date.year <= 9999 && date.month >= 1 && date.month <= 12 &&
	       date.day >= 1 && date.day <= date_days_in_month(date.year, date.month);
}

/* Years are counted from March, so that the leap day is the last of its year; an era is 400 years. */
int64_t date_to_days(struct date date)
{
	int64_t year = (int64_t)date.year - (date.month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t month = (date.month + 9) % 12;
	int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
	int64_t day_of_era =
			year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

struct date date_from_days(int64_t days)
{
	int64_t shifted = days + DAYS_TO_EPOCH;
	int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
	int64_t day_of_era = shifted - era * DAYS_PER_ERA;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
					      day_of_era / 146096) /
			      365;
	int64_t day_of_year =
			day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	struct date date;

	date.day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	date.month = (int)(month < 10 ? month + 3 : month - 9);
	date.year = (int)(year_of_era + era * 400 + (date.month <= 2));
	return date;
}

int date_weekday(int64_t days)
{
	int64_t rest = (days + 4) % 7;

	return (int)(rest < 0 ? rest + 7 : rest);
}

int date_day_of_year(struct date date)
{
	struct date first = { date.year, 1, 1 };

	return (int)(date_to_days(date) - date_to_days(first));
}

int date_compare(struct date a, struct date b)
{
	if (a.year != b.year)
		return a.year < b.year ? -1 : 1;
	if (a.month != b.month)
		return a.month < b.month ? -1 : 1;
	return (a.day > b.day) - (a.day < b.day);
}

/* Reads exactly @count digits at @at. */
static bool digits_parse(struct slice text, size_t at, size_t count, int *out_number)
{
	int number = 0;

	if (at > text.size || text.size - at < count)
		return false;
	for (size_t i = at; i < at + count; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		number = number * 10 + (text.data[i] - '0');
	}
	*out_number = number;
	return true;
}

bool date_parse(struct slice text, struct date *out_date)
{
	struct date date;

	if (text.size != 10 || text.data[4] != '-' || text.data[7] != '-' ||
			!digits_parse(text, 0, 4, &date.year) ||
			!digits_parse(text, 5, 2, &date.month) ||
			!digits_parse(text, 8, 2, &date.day) || !date_is_valid(date))
		return false;
	*out_date = date;
	return true;
}

/* Writes @width digits, highest first. */
static char *digits_print(char *out, int number, int width)
{
	for (int i = width - 1; i >= 0; i--, number /= 10)
		out[i] = (char)('0' + number % 10);
	return out + width;
}

void date_print(struct date date, char out_text[static 11])
{
	out_text[0] = (char)('0' + date.year / 1000 % 10);
	out_text[1] = (char)('0' + date.year / 100 % 10);
	out_text[2] = (char)('0' + date.year / 10 % 10);
	out_text[3] = (char)('0' + date.year % 10);
	out_text[4] = '-';
	out_text[5] = (char)('0' + date.month / 10);
	out_text[6] = (char)('0' + date.month % 10);
	out_text[7] = '-';
	out_text[8] = (char)('0' + date.day / 10);
	out_text[9] = (char)('0' + date.day % 10);
	out_text[10] = '\0';
}

bool date_add_months(struct date date, int64_t months, struct date *out_date)
{
	int64_t count;
	int last;

	if (months < -12 * 10000 || months > 12 * 10000)
		return false;
	count = ((int64_t)date.year * 12 + date.month - 1) + months;
	if (count < 12 || count >= (int64_t)12 * 10000)
		return false;
	date.year = (int)(count / 12);
	date.month = (int)(count % 12) + 1;
	last = date_days_in_month(date.year, date.month);
	if (date.day > last)
		date.day = last;
	*out_date = date;
	return true;
}

bool date_add_years(struct date date, int64_t years, struct date *out_date)
{
	return years >= -10000 && years <= 10000 && date_add_months(date, years * 12, out_date);
}

int64_t date_full_years(struct date a, struct date b)
{
	struct date anniversary;
	int years;

	if (date_compare(a, b) > 0)
		return -date_full_years(b, a);
	years = b.year - a.year;
	if (years > 0 && (!date_add_years(a, years, &anniversary) ||
					 date_compare(anniversary, b) > 0))
		years--;
	return years;
}

bool timestamp_is_valid(struct timestamp timestamp)
{
	return timestamp.seconds >= TIMESTAMP_LEAST_SECONDS &&
	       timestamp.seconds <= TIMESTAMP_MOST_SECONDS && timestamp.nanos >= 0 &&
	       timestamp.nanos <= 999999999;
}

int timestamp_compare(struct timestamp a, struct timestamp b)
{
	if (a.seconds != b.seconds)
		return a.seconds < b.seconds ? -1 : 1;
	return (a.nanos > b.nanos) - (a.nanos < b.nanos);
}

struct timestamp timestamp_from_date(struct date date, int offset)
{
	return (struct timestamp){ date_to_days(date) * SECONDS_PER_DAY - offset, 0 };
}

struct date timestamp_to_date(struct timestamp timestamp, int offset)
{
	int64_t seconds = timestamp.seconds + offset;
	int64_t days = seconds / SECONDS_PER_DAY;

	if (seconds % SECONDS_PER_DAY < 0)
		days--;
	return date_from_days(days);
}

/* "+hh:mm" or "-hh:mm", to seconds. */
static bool offset_parse(struct slice text, int *out_offset)
{
	int hours, minutes;

	if (text.size != 6 || (text.data[0] != '+' && text.data[0] != '-') ||
			text.data[3] != ':' || !digits_parse(text, 1, 2, &hours) ||
			!digits_parse(text, 4, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*out_offset = (hours * 60 + minutes) * 60 * (text.data[0] == '-' ? -1 : 1);
	return true;
}

/* ".123456789", one to nine digits; moves @at behind them. No dot is no fraction. */
static bool fraction_parse(struct slice text, size_t *at, int32_t *out_nanos)
{
	int32_t nanos = 0;
	int digits = 0;

	*out_nanos = 0;
	if (*at >= text.size || text.data[*at] != '.')
		return true;
	for ((*at)++; *at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9';
			(*at)++) {
		if (++digits > 9)
			return false;
		nanos = nanos * 10 + (text.data[*at] - '0');
	}
	if (digits == 0)
		return false;
	for (; digits < 9; digits++)
		nanos *= 10;
	*out_nanos = nanos;
	return true;
}

bool timestamp_parse(struct slice text, struct timestamp *out_timestamp)
{
	struct timestamp timestamp;
	struct date date;
	int hour, minute, second;
	int offset = 0;
	size_t at = 19;
	struct slice zone;

	if (text.size < 20 || !date_parse((struct slice){ text.data, 10 }, &date) ||
			(text.data[10] != 'T' && text.data[10] != 't') ||
			!digits_parse(text, 11, 2, &hour) || text.data[13] != ':' ||
			!digits_parse(text, 14, 2, &minute) || text.data[16] != ':' ||
			!digits_parse(text, 17, 2, &second) || hour > 23 || minute > 59 ||
			second > 59 || !fraction_parse(text, &at, &timestamp.nanos))
		return false;
	zone = (struct slice){ text.data + at, text.size - at };
	if (!slice_equals_text(zone, "Z") && !slice_equals_text(zone, "z") &&
			!offset_parse(zone, &offset))
		return false;
	timestamp.seconds = timestamp_from_date(date, offset).seconds + hour * 3600 +
			    minute * 60 + second;
	if (!timestamp_is_valid(timestamp))
		return false;
	*out_timestamp = timestamp;
	return true;
}

/* ".5", ".25": without trailing zeros; nothing for none. */
static char *fraction_print(char *at, int32_t nanos)
{
	if (nanos) {
		*at++ = '.';
		at = digits_print(at, nanos, 9);
		while (at[-1] == '0')
			at--;
	}
	*at = '\0';
	return at;
}

void timestamp_print(struct timestamp timestamp, char out_text[static 40])
{
	struct date date = timestamp_to_date(timestamp, 0);
	int64_t second = timestamp.seconds - date_to_days(date) * SECONDS_PER_DAY;
	char *at = out_text + 10;

	date_print(date, out_text);
	*at++ = 'T';
	at = digits_print(at, (int)(second / 3600), 2);
	*at++ = ':';
	at = digits_print(at, (int)(second / 60 % 60), 2);
	*at++ = ':';
	at = digits_print(at, (int)(second % 60), 2);
	at = fraction_print(at, timestamp.nanos);
	*at++ = 'Z';
	*at = '\0';
}

void timestamp_print_ms(int64_t ms, char out_text[static 40])
{
	char *at;

	timestamp_print((struct timestamp){ .seconds = ms / 1000 }, out_text);
	at = out_text + strlen(out_text) - 1;
	*at++ = '.';
	at = digits_print(at, (int)(ms % 1000), 3);
	*at++ = 'Z';
	*at = '\0';
}

bool zone_parse(struct slice text, int *out_offset)
{
	char with_sign[6];

	if (slice_equals_text(text, "UTC") || slice_equals_text(text, "Z")) {
		*out_offset = 0;
		return true;
	}
	if (text.size == 5) {
		with_sign[0] = '+';
		memcpy(with_sign + 1, text.data, 5);
		return offset_parse((struct slice){ with_sign, 6 }, out_offset);
	}
	return offset_parse(text, out_offset);
}

/* The unit at the start of @text, in nanoseconds; 0 when there is none. */
static int64_t unit_parse(struct slice text, size_t *out_size)
{
	static const struct {
		const char *name;
		int64_t nanos;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "\302\265s", 1000 }, /* micro sign */
		{ "\316\274s", 1000 }, /* Greek mu */
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "m", 60 * INT64_C(1000000000) },
		{ "h", 3600 * INT64_C(1000000000) },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		struct slice name = slice_from(units[i].name);

		if (slice_starts_with(text, name)) {
			*out_size = name.size;
			return units[i].nanos;
		}
	}
	return 0;
}

/* One "12.5h" at @at, added to @total, which counts down so that the least int64 fits. */
static bool duration_part_parse(struct slice text, size_t *at, int64_t *total)
{
	wide_int whole = 0;
	wide_int fraction = 0;
	wide_int scale = 1;
	bool any = false;
	size_t unit_size = 0;
	int64_t unit;

	for (; *at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9'; (*at)++) {
		any = true;
		whole = whole * 10 + (text.data[*at] - '0');
		if (whole > INT64_MAX)
			return false;
	}
	if (*at < text.size && text.data[*at] == '.') {
		for ((*at)++; *at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9';
				(*at)++) {
			any = true;
			if (scale >= INT64_C(1000000000000000)) /* below a nanosecond of an hour */
				continue;
			fraction = fraction * 10 + (text.data[*at] - '0');
			scale *= 10;
		}
	}
	unit = any ? unit_parse((struct slice){ text.data + *at, text.size - *at }, &unit_size)
		   : 0;
	if (!unit)
		return false;
	*at += unit_size;
	whole = (wide_int)*total - whole * unit - fraction * unit / scale;
	if (whole < INT64_MIN)
		return false;
	*total = (int64_t)whole;
	return true;
}

bool duration_parse(struct slice text, int64_t *out_nanos)
{
	bool negative = text.size && text.data[0] == '-';
	size_t at = text.size && (text.data[0] == '-' || text.data[0] == '+');
	int64_t total = 0;

	if (at == text.size)
		return false;
	if (text.size - at == 1 && text.data[at] == '0') {
		*out_nanos = 0;
		return true;
	}
	while (at < text.size) {
		if (!duration_part_parse(text, &at, &total))
			return false;
	}
	if (!negative && total == INT64_MIN)
		return false;
	*out_nanos = negative ? total : -total;
	return true;
}

void duration_print(int64_t nanos, char out_text[static 40])
{
	int64_t seconds = nanos / 1000000000;
	int32_t rest = (int32_t)(nanos % 1000000000);
	char *at = out_text;
	int size;

	if (nanos < 0)
		*at++ = '-';
	size = snprintf(at, 24, "%lld", (long long)(seconds < 0 ? -seconds : seconds));
	at = fraction_print(at + size, rest < 0 ? -rest : rest);
	*at++ = 's';
	*at = '\0';
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calendar: days, points in time, spans, in the proleptic Gregorian calendar.
 *
 * A day is a count since 1970-01-01. A point in time has seconds since 1970-01-01T00:00:00Z and
 * nanoseconds, within the years 0001 to 9999. Dates in China begin at 00:00+08:00.
 */
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define SECONDS_PER_DAY 86400
#define DATE_CHINA_OFFSET 28800		       /* seconds east of UTC */
#define TIMESTAMP_LEAST_SECONDS (-62135596800) /* 0001-01-01T00:00:00Z */
#define TIMESTAMP_MOST_SECONDS 253402300799    /* 9999-12-31T23:59:59Z */

struct date {
	int year;  /* 1 to 9999 */
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
};

struct timestamp {
	int64_t seconds; /* since 1970-01-01T00:00:00Z */
	int32_t nanos;	 /* 0 to 999,999,999, counted onward from ->seconds */
};

/* --- days ---------------------------------------------------------------------------------- */

bool date_is_leap_year(int year);
/** 28 to 31. */
int date_days_in_month(int year, int month);
/** Whether there is such a day in the years 0001 to 9999. */
bool date_is_valid(struct date date);
/** Days since 1970-01-01; negative before. @date is valid. */
int64_t date_to_days(struct date date);
/** The day @days after 1970-01-01; any day whose year fits an int. */
struct date date_from_days(int64_t days);
/** 0 is Sunday. */
int date_weekday(int64_t days);
/** 0 is the first of January. */
int date_day_of_year(struct date date);
/** <0, 0, >0. */
int date_compare(struct date a, struct date b);

/** Exactly "YYYY-MM-DD", and a day that exists. */
bool date_parse(struct slice text, struct date *out_date);
/** Writes "YYYY-MM-DD". */
void date_print(struct date date, char out_text[static 11]);

/**
 * The same day of the month @months later (earlier when negative); a day that the month lacks
 * becomes its last day, so 31 January and a month is 28 or 29 February. false when the year leaves
 * 0001 to 9999.
 */
bool date_add_months(struct date date, int64_t months, struct date *out_date);
/** As date_add_months(12 * years): 29 February becomes 28 February in a common year. */
bool date_add_years(struct date date, int64_t years, struct date *out_date);
/**
 * Full years from @a to @b: the greatest n with a + n years <= b, where the anniversary of
 * 29 February in a common year is 28 February. Negative, by symmetry, when @b is before @a.
 */
int64_t date_full_years(struct date a, struct date b);

/* --- points in time ------------------------------------------------------------------------ */

/** Within the years 0001 to 9999, and nanoseconds in their range. */
bool timestamp_is_valid(struct timestamp timestamp);
int timestamp_compare(struct timestamp a, struct timestamp b);
/** 00:00 of that day, @offset seconds east of UTC. */
struct timestamp timestamp_from_date(struct date date, int offset);
/** The day it is, @offset seconds east of UTC; may reach into the years 0 and 10000. */
struct date timestamp_to_date(struct timestamp timestamp, int offset);
/** RFC 3339 with zone; up to nine digits of a second; false also out of range. */
bool timestamp_parse(struct slice text, struct timestamp *out_timestamp);
/** Writes RFC 3339 in UTC with as many digits of a second as needed: "2009-02-13T23:31:30Z". */
void timestamp_print(struct timestamp timestamp, char out_text[static 40]);
/**
 * Writes milliseconds since 1970, not negative, always with three digits of a second, so that the order of two
 * texts is that of the times: "2009-02-13T23:31:30.000Z".
 */
void timestamp_print_ms(int64_t ms, char out_text[static 40]);
/** A fixed zone: "UTC", "Z", "+08:00", "-02:30", "08:00"; seconds east. false for others. */
bool zone_parse(struct slice text, int *out_offset);

/* --- spans --------------------------------------------------------------------------------- */

/** "1h30m", "1.5s", "-3ms", "0": units h, m, s, ms, us (µs), ns. Nanoseconds in int64. */
bool duration_parse(struct slice text, int64_t *out_nanos);
/** Writes seconds: "1.5s", "-0.000000001s". */
void duration_print(int64_t nanos, char out_text[static 40]);

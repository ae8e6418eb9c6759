/* SPDX-License-Identifier: Apache-2.0 */
#include "base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static struct date date_of(const char *text)
{
	struct date date = { 0 };

	assert_true(date_parse(slice_from(text), &date));
	return date;
}

static void assert_date(struct date date, const char *text)
{
	char printed[11];

	date_print(date, printed);
	assert_string_equal(printed, text);
}

/* Every day of the calendar in turn: one after the other, there and back. */
static void test_every_day(void **state)
{
	struct date date = { 1, 1, 1 };
	int64_t days = date_to_days(date);
	int weekday = 1; /* 0001-01-01 is a Monday */

	assert_int_equal(days * SECONDS_PER_DAY, TIMESTAMP_LEAST_SECONDS);
	while (date.year <= 9999) {
		struct date back = date_from_days(days);

		assert_int_equal(date_compare(back, date), 0);
		assert_int_equal(date_to_days(date), days);
		assert_int_equal(date_weekday(days), weekday);
		days++;
		weekday = (weekday + 1) % 7;
		if (++date.day > date_days_in_month(date.year, date.month)) {
			date.day = 1;
			if (++date.month > 12) {
				date.month = 1;
				date.year++;
			}
		}
	}
	assert_int_equal(days * SECONDS_PER_DAY - 1, TIMESTAMP_MOST_SECONDS);
}

static void test_parse(void **state)
{
	static const char *const bad[] = { "", "2023-02-29", "1900-02-29", "2024-13-01",
		"2024-00-10", "2024-01-00", "2024-04-31", "0000-01-01", "2024-1-01",
		"2024/01/01", "2024-01-01 ", "+024-01-01", "20240101" };
	struct date date;

	assert_int_equal(date_to_days(date_of("1970-01-01")), 0);
	assert_int_equal(date_to_days(date_of("2000-02-29")), 11016);
	assert_int_equal(date_day_of_year(date_of("2024-12-31")), 365);
	assert_date(date_of("0620-07-08"), "0620-07-08");
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(date_parse(slice_from(bad[i]), &date));
}

static void test_add_months(void **state)
{
	static const struct {
		const char *from;
		int64_t months;
		const char *to; /* NULL: out of range */
	} cases[] = {
		{ "2024-01-31", 1, "2024-02-29" },
		{ "2023-01-31", 1, "2023-02-28" },
		{ "2024-02-29", 12, "2025-02-28" },
		{ "2024-02-29", 48, "2028-02-29" },
		{ "2024-02-29", -12, "2023-02-28" },
		{ "2024-03-31", -1, "2024-02-29" },
		{ "2024-05-31", 6, "2024-11-30" },
		{ "2024-01-15", -1, "2023-12-15" },
		{ "2024-01-15", 0, "2024-01-15" },
		{ "0001-01-15", -1, NULL },
		{ "9999-12-15", 1, NULL },
		{ "2024-01-15", INT64_MAX, NULL },
		{ "2024-01-15", INT64_MIN, NULL },
	};
	struct date date;

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool ok = date_add_months(date_of(cases[i].from), cases[i].months, &date);

		assert_int_equal(ok, cases[i].to != NULL);
		if (ok)
			assert_date(date, cases[i].to);
	}
	assert_true(date_add_years(date_of("2024-02-29"), 1, &date));
	assert_date(date, "2025-02-28");
	assert_false(date_add_years(date_of("2024-02-29"), INT64_MIN, &date));
}

static void test_full_years(void **state)
{
	static const struct {
		const char *from, *to;
		int64_t years;
	} cases[] = {
		{ "2020-05-01", "2023-05-01", 3 },
		{ "2020-05-01", "2023-04-30", 2 },
		{ "2020-05-01", "2020-05-01", 0 },
		{ "2020-02-29", "2021-02-27", 0 },
		{ "2020-02-29", "2021-02-28", 1 },
		{ "2020-02-29", "2024-02-28", 3 },
		{ "2020-02-29", "2024-02-29", 4 },
		{ "2023-05-01", "2020-05-01", -3 },
		{ "2023-04-30", "2020-05-01", -2 },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(date_full_years(date_of(cases[i].from), date_of(cases[i].to)),
				cases[i].years);
}

static void test_timestamps(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
		int32_t nanos;
		const char *printed;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z" },
		{ "2009-02-13T23:31:30Z", 1234567890, 0, "2009-02-13T23:31:30Z" },
		{ "2024-01-01T00:00:00+08:00", 1704038400, 0, "2023-12-31T16:00:00Z" },
		{ "2023-12-31T13:30:00.25-02:30", 1704038400, 250000000,
				"2023-12-31T16:00:00.25Z" },
		{ "1969-12-31T23:59:59.999999999Z", -1, 999999999,
				"1969-12-31T23:59:59.999999999Z" },
		{ "0001-01-01T00:00:00Z", TIMESTAMP_LEAST_SECONDS, 0, "0001-01-01T00:00:00Z" },
		{ "9999-12-31T23:59:59Z", TIMESTAMP_MOST_SECONDS, 0, "9999-12-31T23:59:59Z" },
	};
	static const char *const bad[] = { "", "2024-01-01", "2024-01-01T00:00:00",
		"2024-01-01 00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
		"2024-01-01T00:00:60Z", "2024-01-01T00:00:00.Z",
		"2024-01-01T00:00:00.1234567890Z", "2024-01-01T00:00:00+8:00",
		"2024-01-01T00:00:00+24:00", "0001-01-01T00:00:00+08:00",
		"9999-12-31T23:59:59-00:01", "2023-02-29T00:00:00Z", "2024-01-01T00:00:00ZZ" };
	struct timestamp timestamp;
	char text[40];

	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(timestamp_parse(slice_from(good[i].text), &timestamp));
		assert_int_equal(timestamp.seconds, good[i].seconds);
		assert_int_equal(timestamp.nanos, good[i].nanos);
		timestamp_print(timestamp, text);
		assert_string_equal(text, good[i].printed);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(timestamp_parse(slice_from(bad[i]), &timestamp));
	timestamp = timestamp_from_date(date_of("2024-01-01"), DATE_CHINA_OFFSET);
	assert_int_equal(timestamp.seconds, 1704038400);
	assert_date(timestamp_to_date(timestamp, DATE_CHINA_OFFSET), "2024-01-01");
	assert_date(timestamp_to_date(timestamp, 0), "2023-12-31");
}

/* Their order as texts is that of the times, whatever digits end in noughts. */
static void test_milliseconds(void **state)
{
	static const struct {
		int64_t ms;
		const char *printed;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1234567890000, "2009-02-13T23:31:30.000Z" },
		{ 1234567890009, "2009-02-13T23:31:30.009Z" },
		{ 1234567890120, "2009-02-13T23:31:30.120Z" },
		{ 1234567890123, "2009-02-13T23:31:30.123Z" },
		{ 1234567890999, "2009-02-13T23:31:30.999Z" },
		{ 1234567891000, "2009-02-13T23:31:31.000Z" },
	};
	char last[40] = "", text[40];

	for (size_t i = 0; i < COUNT(cases); i++) {
		timestamp_print_ms(cases[i].ms, text);
		assert_string_equal(text, cases[i].printed);
		assert_true(strcmp(last, text) < 0);
		memcpy(last, text, sizeof(last));
	}
}

static void test_zones(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int offset;
	} cases[] = {
		{ "UTC", true, 0 },
		{ "Z", true, 0 },
		{ "+08:00", true, 28800 },
		{ "-02:30", true, -9000 },
		{ "02:00", true, 7200 },
		{ "Asia/Shanghai", false, 0 },
		{ "+8:00", false, 0 },
		{ "+08:60", false, 0 },
		{ "", false, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int offset = 0;

		assert_int_equal(zone_parse(slice_from(cases[i].text), &offset), cases[i].ok);
		assert_int_equal(offset, cases[i].offset);
	}
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t nanos;
		const char *printed;
	} good[] = {
		{ "0", 0, "0s" },
		{ "1.5s", 1500000000, "1.5s" },
		{ "-3ms", -3000000, "-0.003s" },
		{ "1h30m", INT64_C(5400000000000), "5400s" },
		{ "1us2ns", 1002, "0.000001002s" },
		{ "\302\265", 0, NULL },
		{ "9223372036.854775807s", INT64_MAX, "9223372036.854775807s" },
		{ "-9223372036.854775808s", INT64_MIN, "-9223372036.854775808s" },
		{ "9223372036.854775808s", 0, NULL },
		{ "-9223372036.854775809s", 0, NULL },
		{ "320000000000s", 0, NULL },
		{ "99999999999999999999s", 0, NULL },
		{ "1", 0, NULL },
		{ "s", 0, NULL },
		{ "-", 0, NULL },
		{ "", 0, NULL },
		{ "1d", 0, NULL },
		{ "1s ", 0, NULL },
		{ ".s", 0, NULL },
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t nanos = 0;
		char text[40];

		assert_int_equal(duration_parse(slice_from(good[i].text), &nanos),
				good[i].printed != NULL);
		if (!good[i].printed)
			continue;
		assert_int_equal(nanos, good[i].nanos);
		duration_print(nanos, text);
		assert_string_equal(text, good[i].printed);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_day),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_add_months),
		cmocka_unit_test(test_full_years),
		cmocka_unit_test(test_timestamps),
		cmocka_unit_test(test_milliseconds),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

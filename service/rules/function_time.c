/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of points in time and spans, and the calendar of policies.
 *
 * The parts are read in UTC unless a zone is named. date.* count in days of China, +08:00, where the
 * dates of policies begin.
 */
#include "base/date.h"
#include "rules/function.h"

static const int64_t NANOS_PER_SECOND = 1000000000;

/* What a clock on the wall shows. */
struct wall {
	struct date date;
	int64_t second; /* of the day */
	int32_t nanos;
};

static struct wall wall_at(const struct value *timestamp, int offset)
{
	struct timestamp moment = { timestamp->timestamp.seconds, timestamp->timestamp.nanos };
	struct wall wall = { timestamp_to_date(moment, offset), 0, moment.nanos };

	wall.second = moment.seconds + offset - date_to_days(wall.date) * SECONDS_PER_DAY;
	return wall;
}

static bool wall_read(const struct value *arguments, size_t count, struct wall *out_wall)
{
	int offset = 0;

	if (count == 2 && !zone_parse(arguments[1].text, &offset))
		return false;
	*out_wall = wall_at(&arguments[0], offset);
	return true;
}

#define TIME_PART(name, expression)                                                            \
	FUNCTION(name)                                                                         \
	{                                                                                      \
		struct wall wall;                                                              \
                                                                                               \
		if (!wall_read(arguments, count, &wall))                                       \
			return value_error("the zone is not a fixed one such as +08:00");      \
		return value_int(expression);                                                  \
	}

TIME_PART(apply_full_year, wall.date.year)
TIME_PART(apply_month, wall.date.month - 1)
TIME_PART(apply_date, wall.date.day)
TIME_PART(apply_day_of_month, wall.date.day - 1)
TIME_PART(apply_day_of_week, date_weekday(date_to_days(wall.date)))
TIME_PART(apply_day_of_year, date_day_of_year(wall.date))
TIME_PART(apply_hours, wall.second / 3600)
TIME_PART(apply_minutes, wall.second / 60 % 60)
TIME_PART(apply_seconds, wall.second % 60)
TIME_PART(apply_milliseconds, wall.nanos / 1000000)

FUNCTION(apply_duration_hours)
{
	return value_int(arguments[0].integer / (3600 * NANOS_PER_SECOND));
}

FUNCTION(apply_duration_minutes)
{
	return value_int(arguments[0].integer / (60 * NANOS_PER_SECOND));
}

FUNCTION(apply_duration_seconds)
{
	return value_int(arguments[0].integer / NANOS_PER_SECOND);
}

/* The milliseconds behind the full seconds, not all of the span. */
FUNCTION(apply_duration_milliseconds)
{
	return value_int(arguments[0].integer % NANOS_PER_SECOND / 1000000);
}

static struct value timestamp_of_wall(const struct wall *wall, int offset)
{
	struct timestamp moment = timestamp_from_date(wall->date, offset);

	moment.seconds += wall->second;
	moment.nanos = wall->nanos;
	if (!timestamp_is_valid(moment))
		return value_error("the timestamp is out of range");
	return (struct value){ .kind = VALUE_TIMESTAMP,
		.timestamp = { moment.seconds, moment.nanos } };
}

FUNCTION(apply_add_months)
{
	struct wall wall = wall_at(&arguments[0], DATE_CHINA_OFFSET);

	if (!date_add_months(wall.date, arguments[1].integer, &wall.date))
		return value_error("the timestamp is out of range");
	return timestamp_of_wall(&wall, DATE_CHINA_OFFSET);
}

FUNCTION(apply_add_years)
{
	struct wall wall = wall_at(&arguments[0], DATE_CHINA_OFFSET);

	if (!date_add_years(wall.date, arguments[1].integer, &wall.date))
		return value_error("the timestamp is out of range");
	return timestamp_of_wall(&wall, DATE_CHINA_OFFSET);
}

/* Full years between two walls, the earlier first: the time of day counts on the anniversary. */
static int64_t full_years(const struct wall *a, const struct wall *b)
{
	int64_t years = date_full_years(a->date, b->date);
	struct date anniversary;
	bool earlier = b->second < a->second || (b->second == a->second && b->nanos < a->nanos);

	if (years > 0 && earlier && date_add_years(a->date, years, &anniversary) &&
			date_compare(anniversary, b->date) == 0)
		years--;
	return years;
}

FUNCTION(apply_full_years)
{
	struct wall a = wall_at(&arguments[0], DATE_CHINA_OFFSET);
	struct wall b = wall_at(&arguments[1], DATE_CHINA_OFFSET);

	if (date_compare(a.date, b.date) <= 0)
		return value_int(full_years(&a, &b));
	return value_int(-full_years(&b, &a));
}

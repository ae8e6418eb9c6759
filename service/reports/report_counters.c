/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters in the appendix of the coverage report. The catalog says which there are: a parameter
 * "counter_NAME_REGION" names one, and its value on the cut-off day is the aim for the year.
 */
#include "reports/report.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "counter_"

const Policycalc__V1__ParameterValue *report_parameter(
		const struct report_work *work, const char *name)
{
	const Policycalc__V1__Parameter *parameter =
			ruleset_find_parameter(work->base->ruleset, name);
	const Policycalc__V1__ParameterValue *found = NULL;

	for (size_t i = 0; parameter && i < parameter->n_values; i++) {
		const Policycalc__V1__ParameterValue *value = parameter->values[i];
		bool has_until = *value->until && strcmp(value->until, "not_stated") != 0;

		if ((strcmp(value->from, "not_stated") == 0 ||
				    strcmp(value->from, work->day) <= 0) &&
				(!has_until || strcmp(value->until, work->day) >= 0))
			found = value;
	}
	return found;
}

/* The name between prefix and region, or NULL when the parameter is no counter of the region. */
static const char *counter_name(
		const struct report_work *work, const Policycalc__V1__Parameter *parameter)
{
	const char *region = work->area.region->code;
	size_t size = strlen(parameter->name), tail = strlen(region) + 1;

	if (strncmp(parameter->name, PREFIX, strlen(PREFIX)) != 0 ||
			size <= strlen(PREFIX) + tail ||
			strcmp(parameter->name + size - tail + 1, region) != 0 ||
			parameter->name[size - tail] != '_')
		return NULL;
	return arena_copy(work->base->arena, parameter->name + strlen(PREFIX),
			size - strlen(PREFIX) - tail);
}

static Policycalc__V1__CounterSeries *series_make(const struct report_work *work,
		const Policycalc__V1__Parameter *parameter, const char *name)
{
	Policycalc__V1__CounterSeries *series =
			ARENA_NEW(work->base->arena, Policycalc__V1__CounterSeries);
	const Policycalc__V1__ParameterValue *aim = report_parameter(work, parameter->name);

	if (!series)
		return NULL;
	policycalc__v1__counter_series__init(series);
	series->name = (char *)(uintptr_t)name;
	series->label = parameter->label;
	series->unit = parameter->unit;
	series->year = (int32_t)atoi(work->day);
	if (aim && aim->kind_case == POLICYCALC__V1__PARAMETER_VALUE__KIND_COUNT) {
		series->_aim_case = POLICYCALC__V1__COUNTER_SERIES___AIM_AIM;
		series->aim = aim->count;
		series->aim_source = aim->source;
	}
	return series;
}

struct counting {
	const struct report_work *work;
	Policycalc__V1__CoverageReport *report;
};

static bool point_add(struct arena *arena, Policycalc__V1__CounterSeries *series,
		const struct counter_row *row, struct error *err)
{
	Policycalc__V1__CounterPoint *point = ARENA_NEW(arena, Policycalc__V1__CounterPoint);

	/* Doubled whenever it is full: at every power of two. */
	if ((series->n_points & (series->n_points - 1)) == 0) {
		size_t capacity = series->n_points ? series->n_points * 2 : 1;
		Policycalc__V1__CounterPoint **points = ARENA_NEW_ARRAY(
				arena, Policycalc__V1__CounterPoint *, capacity);

		if (!points)
			return arena_error(arena, err, "reading counters");
		if (series->n_points)
			memcpy(points, series->points, series->n_points * sizeof(*points));
		series->points = points;
	}
	if (!point)
		return arena_error(arena, err, "reading counters");
	policycalc__v1__counter_point__init(point);
	point->date = arena_copy(arena, row->day.data, row->day.size);
	point->value = row->value;
	point->source = arena_copy(arena, row->source.data, row->source.size);
	if (!point->date || !point->source)
		return arena_error(arena, err, "reading counters");
	series->points[series->n_points++] = point;
	if (__builtin_add_overflow(series->total, row->value, &series->total))
		series->total = INT64_MAX;
	return true;
}

/* On the registry's thread. */
static bool on_row(void *context, const struct counter_row *row, struct error *err)
{
	const struct counting *counting = context;
	const char *day = counting->work->day;
	Policycalc__V1__CoverageReport *report = counting->report;

	/* Of the year of the cut-off, and not behind it. */
	if (row->day.size < 5 || memcmp(row->day.data, day, 5) != 0 ||
			slice_compare(row->day, slice_from(day)) > 0)
		return true;
	for (size_t i = 0; i < report->n_counters; i++)
		if (slice_equals_text(row->name, report->counters[i]->name))
			return point_add(counting->work->base->arena, report->counters[i], row,
					err);
	return true;
}

bool report_make_counters(const struct report_work *work,
		Policycalc__V1__CoverageReport *report, struct error *err)
{
	const struct report_base *base = work->base;
	const struct catalog *catalog = ruleset_catalog(base->ruleset);
	struct counting counting = { work, report };

	report->counters = ARENA_NEW_ARRAY(base->arena, Policycalc__V1__CounterSeries *,
			catalog->parameter_count + 1);
	if (!report->counters)
		return arena_error(base->arena, err, "reading counters");
	for (size_t i = 0; i < catalog->parameter_count; i++) {
		const char *name = counter_name(work, catalog->parameters[i]);
		Policycalc__V1__CounterSeries *series;

		if (!name)
			continue;
		series = series_make(work, catalog->parameters[i], name);
		if (!series)
			return arena_error(base->arena, err, "reading counters");
		report->counters[report->n_counters++] = series;
	}
	return base->source->counters(base->source->context, work->area.region->code,
			work->sequence, on_row, &counting, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which answers the rules of the pending policies tell apart.
 *
 * Figures and days fall into spans between the points at which some rule changes; each asker is asked
 * once a span of its own points, and counts for all the common spans within. Codes are in
 * question_codes.c. A flag is yes or no. Of a list of items one asks whether there are any. A series
 * cannot be tried out: half of the time it settles what waits for nothing else, for or against.
 * Of a group of flags the answers are "none of these" and each one alone.
 */
#include "calculator/question.h"

#include <stdlib.h>
#include <string.h>

#define DAY_SECONDS 86400
#define MONEY_END INT64_C(1000000000000000) /* ten trillion yuan */
#define FIGURE_END INT64_C(1000000000)

static int64_t day_seconds(int32_t year, int32_t month, int32_t day)
{
	return timestamp_from_date((struct date){ year, month, day }, DATE_CHINA_OFFSET)
			.seconds;
}

static struct domain unit_domain(
		const struct questionnaire *questionnaire, const struct unit *unit)
{
	const Policycalc__V1__Attribute *attribute = unit->place->attribute;
	struct domain domain = { .step = 1 };

	switch ((int)attribute->type) {
	case VALUE_TYPE(MONEY):
		domain = (struct domain){ true, false, -MONEY_END, MONEY_END, 1 };
		break;
	case VALUE_TYPE(RATIO):
	case VALUE_TYPE(COUNT):
		domain = (struct domain){ true, false, -FIGURE_END, FIGURE_END, 1 };
		break;
	case VALUE_TYPE(DATE):
		domain = (struct domain){ true, true, day_seconds(1900, 1, 1),
			day_seconds(questionnaire->as_of.year + 20, 1, 1), DAY_SECONDS };
		return domain;
	default:
		return domain;
	}
	if (attribute->_minimum_case)
		domain.least = attribute->minimum;
	if (attribute->_maximum_case)
		domain.most = attribute->maximum;
	return domain;
}

/* --- figures and days ------------------------------------------------------------------------- */

static int figure_compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* Sorted, each once, within the domain: the first span begins before all of them. */
static size_t points_sort(const struct points *points, size_t first, size_t count,
		const struct domain *domain, int64_t *out_list)
{
	size_t used = 0;
	size_t kept = 0;

	for (size_t i = first; i < first + count; i++) {
		if (points->list[i].from > domain->least &&
				points->list[i].from <= domain->most)
			out_list[used++] = points->list[i].from;
	}
	if (used > 1)
		qsort(out_list, used, sizeof(*out_list), figure_compare);
	for (size_t i = 0; i < used; i++) {
		if (kept == 0 || out_list[kept - 1] != out_list[i])
			out_list[kept++] = out_list[i];
	}
	return kept;
}

/* A figure where no rule says what matters: in the middle of what is usual, and not zero. */
static int64_t usual_figure(const struct domain *domain)
{
	int64_t figure = domain->day ? day_seconds(2015, 1, 1) : 1000;

	if (figure > domain->most)
		figure = domain->most;
	return figure < domain->least ? domain->least : figure;
}

static void spans_fill(
		const struct domain *domain, const int64_t *points, struct answers *answers)
{
	for (size_t i = 0; i < answers->count; i++) {
		struct question_class *face = &answers->faces[i];

		face->from = i ? points[i - 1] : domain->least;
		face->until = i + 1 < answers->count ? points[i] - domain->step : domain->most;
		answers->values[i] = domain_value(domain, i ? face->from : face->until);
	}
	if (answers->count == 1)
		answers->values[0] = domain_value(domain, usual_figure(domain));
}

static bool answers_reserve(struct questionnaire *questionnaire, size_t count, size_t units,
		struct answers *answers)
{
	struct arena *arena = &questionnaire->work;

	answers->count = count;
	answers->values = ARENA_NEW_ARRAY(arena, struct value, count * units + 1);
	answers->faces = ARENA_NEW_ARRAY(arena, struct question_class, count + 1);
	answers->weights = ARENA_NEW_ARRAY(arena, uint32_t, count + 1);
	return !arena->exhausted;
}

/* The position of @point among @count sorted ones. */
static size_t point_find(const int64_t *points, size_t count, int64_t point)
{
	const int64_t *at = bsearch(&point, points, count, sizeof(*points), figure_compare);

	return at ? (size_t)(at - points) : 0;
}

/* Figures of one question, on the way to its jobs. */
struct figures {
	const struct domain *domain;
	const struct points *points;
	const int64_t *all; /* sorted, each once */
	size_t count;
	int64_t *own;	 /* room for those of one asker */
	uint64_t *until; /* by span: the weights of those before it, and behind the last, of all */
};

/* What a part is known to come to between its bounds, weighed. */
static void figures_note(const struct figures *figures, uint32_t asker, struct answers *answers)
{
	const struct part_table *table = answers->askers[asker].table;
	size_t span = 0;

	for (uint32_t k = 0; k <= table->bound_count; k++) {
		size_t end = figures->count + 1;

		if (k < table->bound_count && table->bounds[k] <= figures->domain->least)
			continue;
		if (k < table->bound_count && table->bounds[k] <= figures->domain->most)
			end = point_find(figures->all, figures->count, table->bounds[k]) + 1;
		asker_note(answers, asker, &table->results[k],
				figures->until[end] - figures->until[span]);
		if (end > figures->count)
			return;
		span = end;
	}
}

static void figures_jobs(const struct figures *figures, uint32_t asker, struct answers *answers)
{
	const struct point_run *run = &answers->askers[asker].points;
	size_t count = points_sort(
			figures->points, run->first, run->count, figures->domain, figures->own);
	size_t span = 0;

	for (size_t k = 0; k <= count; k++) {
		size_t end = k < count ? point_find(figures->all, figures->count,
							 figures->own[k]) +
							     1
				       : figures->count + 1;

		answers->jobs[answers->job_count++] = (struct job){ (uint32_t)span, asker,
			figures->until[end] - figures->until[span], NULL };
		span = end;
	}
}

static bool answers_find_figures(struct questionnaire *questionnaire,
		const struct question *question, const struct points *points,
		const struct domain *domain, struct answers *answers)
{
	struct arena *arena = &questionnaire->work;
	int64_t *all = arena_alloc(arena, (points->count + 1) * sizeof(*all));
	struct figures figures = { .domain = domain, .points = points, .all = all };
	size_t most = answers->asker_count;

	for (size_t i = 0; i < answers->asker_count; i++)
		most += answers->askers[i].points.count;
	figures.own = arena_alloc(arena, (points->count + 1) * sizeof(*figures.own));
	if (!all || !figures.own)
		return false;
	figures.count = points_sort(points, 0, points->count, domain, all);
	figures.until = arena_alloc(arena, (figures.count + 2) * sizeof(*figures.until));
	answers->jobs = arena_alloc(arena, (most + 1) * sizeof(*answers->jobs));
	if (!figures.until || !answers->jobs ||
			!answers_reserve(questionnaire, figures.count + 1, 1, answers))
		return false;
	spans_fill(domain, all, answers);
	answers_weigh(questionnaire, &questionnaire->units[question->units[0]], NULL, answers);
	figures.until[0] = 0;
	for (size_t i = 0; i < answers->count; i++)
		figures.until[i + 1] = figures.until[i] + answers->weights[i];
	for (uint32_t i = 0; i < answers->asker_count; i++) {
		const struct part_table *table = answers->askers[i].table;

		if (table && table->results)
			figures_note(&figures, i, answers);
		else
			figures_jobs(&figures, i, answers);
	}
	return true;
}

/* --- all -------------------------------------------------------------------------------------- */

/* Every asker under every class. */
static bool jobs_fill(struct questionnaire *questionnaire, struct answers *answers)
{
	answers->jobs = arena_alloc(&questionnaire->work,
			(answers->count * answers->asker_count + 1) * sizeof(*answers->jobs));
	for (size_t k = 0; answers->jobs && k < answers->count; k++) {
		for (size_t i = 0; i < answers->asker_count; i++) {
			const struct part_table *table = answers->askers[i].table;

			if (table && table->results) /* of a flag */
				asker_note(answers, i, &table->results[k], answers->weights[k]);
			else
				answers->jobs[answers->job_count++] = (struct job){ (uint32_t)k,
					(uint32_t)i, answers->weights[k], NULL };
		}
	}
	return answers->jobs != NULL;
}

/* Two equal classes: for and against, or "some" and "none" of a list. */
static bool answers_find_opaque(struct questionnaire *questionnaire,
		const struct question *question, struct answers *answers)
{
	answers->count = 2;
	answers->total = 2;
	answers->weights = ARENA_NEW_ARRAY(&questionnaire->work, uint32_t, 2);
	if (!answers->weights || !askers_find(questionnaire, question, false, answers))
		return false;
	answers->weights[0] = answers->weights[1] = 1;
	return jobs_fill(questionnaire, answers);
}

static bool answers_find_flag(struct questionnaire *questionnaire,
		const struct question *question, struct answers *answers)
{
	if (!answers_reserve(questionnaire, 2, 1, answers) ||
			!askers_find(questionnaire, question, true, answers))
		return false;
	for (int i = 0; i < 2; i++) {
		answers->values[i] = (struct value){ .kind = VALUE_BOOL, .boolean = i };
		answers->faces[i].from = answers->faces[i].until = i;
	}
	answers_weigh(questionnaire, &questionnaire->units[question->units[0]], NULL, answers);
	return jobs_fill(questionnaire, answers);
}

static bool group_is_of_flags(
		const struct questionnaire *questionnaire, const struct question *question)
{
	for (size_t i = 0; i < question->unit_count; i++) {
		const struct unit *unit = &questionnaire->units[question->units[i]];

		if (!unit->place || unit->place->attribute->type != VALUE_TYPE(FLAG))
			return false;
	}
	return true;
}

/* "None of these", and each one alone. */
static bool answers_find_group(struct questionnaire *questionnaire,
		const struct question *question, struct answers *answers)
{
	size_t units = question->unit_count;

	if (!answers_reserve(questionnaire, units + 1, units, answers) ||
			!askers_find(questionnaire, question, false, answers))
		return false;
	for (size_t k = 0; k <= units; k++) {
		for (size_t i = 0; i < units; i++)
			answers->values[k * units + i] = (struct value){ .kind = VALUE_BOOL,
				.boolean = k == i + 1 };
	}
	answers_weigh_group(questionnaire, question, answers);
	return jobs_fill(questionnaire, answers);
}

bool answers_find(struct questionnaire *questionnaire, const struct question *question,
		const struct trial *trial, struct answers *out_answers)
{
	const struct unit *unit = trial->units[0];
	struct points points = { 0 };
	struct domain domain;

	*out_answers = (struct answers){ 0 };
	if (question->unit_count > 1)
		return group_is_of_flags(questionnaire, question)
				       ? answers_find_group(
							 questionnaire, question, out_answers)
				       : answers_find_opaque(
							 questionnaire, question, out_answers);
	if (!unit->place)
		return answers_find_opaque(questionnaire, question, out_answers);
	if (unit->place->attribute->type == VALUE_TYPE(FLAG))
		return answers_find_flag(questionnaire, question, out_answers);
	if (value_type_rule_type(unit->place->attribute->type, &(enum dimension){ 0 })->kind ==
					TYPE_LIST &&
			unit->place->attribute->type != VALUE_TYPE(CODES))
		return answers_find_opaque(questionnaire, question, out_answers);
	domain = unit_domain(questionnaire, unit);
	if (!askers_find(questionnaire, question, true, out_answers) ||
			!points_collect(questionnaire, question, trial, &domain, out_answers,
					&points))
		return false;
	if (domain.ordered)
		return answers_find_figures(
				questionnaire, question, &points, &domain, out_answers);
	return answers_find_codes(questionnaire, question, &points, out_answers) &&
	       (out_answers->count ||
			       answers_find_opaque(questionnaire, question, out_answers));
}

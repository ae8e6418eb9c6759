/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Score tables: names, full marks that add up, steps in their order, and a source for every row.
 *
 * The order of steps is looked at on every day on which a parameter behind them changes: a bound or
 * points that are a rule over attributes cannot be told apart from here and are left alone.
 */
#include "publish/check.h"

#include "publish/day.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef Policycalc__V1__ScoreTable table_message;
typedef Policycalc__V1__ScoreRow row_message;
typedef Policycalc__V1__ScoreStep step_message;

/* --- figures ---------------------------------------------------------------------------------- */

/* A bare figure, or a parameter; neither: something that only a profile can tell. */
struct figure {
	bool bare;
	int64_t number;
	const Policycalc__V1__Parameter *parameter;
};

static struct figure figure_read(const struct check *check, const char *text)
{
	struct figure figure = { 0 };
	const struct check_named *named;
	char *end;

	if (isdigit((unsigned char)*text) ||
			(*text == '-' && isdigit((unsigned char)text[1]))) {
		figure.number = strtoll(text, &end, 10);
		figure.bare = *end == '\0';
	} else if (strncmp(text, "p.", 2) == 0) {
		named = check_find(&check->parameters, text + 2);
		figure.parameter = named ? (const Policycalc__V1__Parameter *)named->message
					 : NULL;
	}
	return figure;
}

/* What the figure is on @day; false: nobody knows. */
static bool figure_on(const struct figure *figure, int32_t day, int64_t *out_number)
{
	*out_number = figure->number;
	if (figure->bare)
		return true;
	for (size_t i = 0; figure->parameter && i < figure->parameter->n_values; i++) {
		const Policycalc__V1__ParameterValue *value = figure->parameter->values[i];
		int32_t from = DAY_FIRST, until = DAY_LAST;

		if (!day_parse(value->from, &from))
			from = DAY_FIRST;
		if (!day_parse(value->until, &until))
			until = DAY_LAST;
		if (day < from || day > until)
			continue;
		switch ((int)value->kind_case) {
		case POLICYCALC__V1__PARAMETER_VALUE__KIND_MONEY_FEN:
			*out_number = value->money_fen;
			return true;
		case POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM:
			*out_number = value->ratio_ppm;
			return true;
		case POLICYCALC__V1__PARAMETER_VALUE__KIND_COUNT:
			*out_number = value->count;
			return true;
		default:
			return false;
		}
	}
	return false;
}

/* The day on which the @index-th value of a figure begins; false: there is none. */
static bool figure_begins(const struct figure *figure, size_t index, int32_t *out_day)
{
	*out_day = DAY_FIRST;
	if (!figure->parameter)
		return index == 0;
	if (index >= figure->parameter->n_values)
		return false;
	if (!day_parse(figure->parameter->values[index]->from, out_day))
		*out_day = DAY_FIRST;
	return true;
}

/* The largest (sign 1) or least (-1) of @a - @b on the days either changes; false: not known. */
static bool figure_difference(const struct figure *a, const struct figure *b, int sign,
		int64_t *out_difference)
{
	bool found = false;

	for (int pass = 0; pass < 2; pass++) {
		const struct figure *turning = pass ? b : a;
		int32_t day;

		for (size_t i = 0; figure_begins(turning, i, &day); i++) {
			int64_t left, right, difference;

			if (!figure_on(a, day, &left) || !figure_on(b, day, &right))
				continue;
			if (__builtin_sub_overflow(left, right, &difference))
				continue;
			if (!found || (sign > 0 ? difference > *out_difference
						: difference < *out_difference))
				*out_difference = difference;
			found = true;
		}
	}
	return found;
}

/* --- steps ------------------------------------------------------------------------------------ */

struct bound {
	const char *field;
	const char *text;
	bool upward; /* the more the better */
	bool closed; /* the bound itself is within */
};

static struct bound step_bound(const step_message *step)
{
	if (*step->at_least)
		return (struct bound){ "at_least", step->at_least, true, true };
	if (*step->above)
		return (struct bound){ "above", step->above, true, false };
	if (*step->at_most)
		return (struct bound){ "at_most", step->at_most, false, true };
	if (*step->below)
		return (struct bound){ "below", step->below, false, false };
	return (struct bound){ NULL, "", true, true };
}

/* A step below another one must be easier to reach, or it never counts. */
static void check_step_order(
		struct check *check, const step_message *better, const step_message *step)
{
	struct bound upper = step_bound(better);
	struct bound lower = step_bound(step);
	struct figure first, second;
	int64_t difference;

	if (!upper.field || !lower.field)
		return;
	if (upper.upward != lower.upward) {
		check_error(check, step, lower.field, 0,
				"the steps of one attribute all go up (at_least, above) or all "
				"go "
				"down (at_most, below)");
		return;
	}
	first = figure_read(check, upper.text);
	second = figure_read(check, lower.text);
	if (!figure_difference(&second, &first, upper.upward ? 1 : -1, &difference))
		return;
	if (!upper.upward)
		difference = -difference;
	if (difference > 0)
		check_error(check, step, lower.field, 0,
				"the steps are out of order: the best comes first, and %s %s "
				"is "
				"harder to reach than %s %s above it",
				lower.field, lower.text, upper.field, upper.text);
	else if (difference == 0 && !(lower.closed && !upper.closed))
		check_error(check, step, lower.field, 0,
				"the steps overlap: whatever reaches %s %s reaches %s %s above "
				"it",
				lower.field, lower.text, upper.field, upper.text);
}

static void check_points_order(
		struct check *check, const step_message *better, const step_message *step)
{
	struct figure first = figure_read(check, better->points);
	struct figure second = figure_read(check, step->points);
	int64_t difference;

	if (figure_difference(&second, &first, 1, &difference) && difference >= 0)
		check_error(check, step, "points", 0,
				"the steps are out of order: the best comes first, and this "
				"one "
				"brings no less than the one above it");
}

/* @text names points of @message: at most the row's full marks, and none below zero. */
static void check_points(struct check *check, const row_message *row, const void *message,
		const char *field, const char *text, int64_t *most)
{
	struct figure figure = figure_read(check, text);
	struct figure zero = { .bare = true };
	int64_t greatest, least;

	if (!figure_difference(&figure, &zero, 1, &greatest) ||
			!figure_difference(&figure, &zero, -1, &least)) {
		*most = row->full; /* not known: it may be all */
		return;
	}
	if (greatest > row->full && row->full > 0)
		check_error(check, message, field, 0,
				"%" PRId64 " points, but row \"%s\" has full marks of %d",
				greatest, row->id, row->full);
	if (least < 0)
		check_error(check, message, field, 0, "points are 0 or more");
	if (greatest > *most)
		*most = greatest;
}

static void check_metric(struct check *check, const row_message *row,
		const Policycalc__V1__ScoreMetric *metric, int64_t *most)
{
	if (*metric->rule) {
		*most = row->full;
		return;
	}
	if (*metric->otherwise)
		check_points(check, row, metric, "otherwise", metric->otherwise, most);
	for (size_t i = 0; i < metric->n_steps; i++) {
		const step_message *step = metric->steps[i];

		if (*step->points)
			check_points(check, row, step, "points", step->points, most);
		if (i > 0) {
			check_step_order(check, metric->steps[i - 1], step);
			if (*step->points && *metric->steps[i - 1]->points)
				check_points_order(check, metric->steps[i - 1], step);
		}
	}
}

/* --- rows, groups, vetoes --------------------------------------------------------------------- */

/* An id that is of its form and comes once among its kind. */
static void check_id(struct check *check, struct map *ids, const void *message, const char *id,
		const char *what)
{
	if (!check_name(check, message, "id", id, NAME_SNAKE))
		return;
	if (map_find(ids, slice_from(id)))
		check_error(check, message, "id", 0, "%s \"%s\" comes twice", what, id);
	else if (!map_put(ids, slice_from(id), (void *)(uintptr_t)message))
		check->out_of_memory = true;
}

static void check_label(struct check *check, const void *message, const char *id,
		const Policycalc__V1__Text *label, const char *what)
{
	if (!label)
		check_warn(check, message, "label", 0, "%s \"%s\" has no label", what, id);
}

/* Every row, group and veto has a source, its own or the table's. */
static void check_source(struct check *check, const table_message *table, const void *message,
		const char *id, const Policycalc__V1__Source *source, const char *what)
{
	if (!source && !table->source)
		check_warn(check, message, "source", 0,
				"%s \"%s\" has no source, and neither has its table", what, id);
}

static void check_row(struct check *check, const table_message *table, const row_message *row)
{
	int64_t most = 0;

	check_label(check, row, row->id, row->label, "row");
	check_source(check, table, row, row->id, row->source, "row");
	for (size_t i = 0; i < row->n_alternatives; i++)
		check_metric(check, row, row->alternatives[i], &most);
	if (!row->judged && row->n_alternatives && row->full > 0 && most < row->full)
		check_error(check, row, "full", 0,
				"full marks of %d, but no step of row \"%s\" brings more than "
				"%" PRId64,
				row->full, row->id, most);
}

/* The sum of the full marks of a group's rows; NULL: of all rows. */
static int64_t full_of(const table_message *table, const char *group)
{
	int64_t full = 0;

	for (size_t i = 0; i < table->n_rows; i++) {
		if (!group || strcmp(table->rows[i]->group, group) == 0)
			full += table->rows[i]->full;
	}
	return full;
}

/* A threshold above full marks can never be reached. */
static void check_reachable(struct check *check, const void *message, const char *field,
		const char *text, int64_t full)
{
	struct figure figure = figure_read(check, text);
	struct figure top = { .bare = true, .number = full };
	int64_t difference;

	if (figure_difference(&figure, &top, 1, &difference) && difference > 0)
		check_error(check, message, field, 0,
				"%s can never be reached: the rows bring at most %" PRId64
				" points",
				text, full);
}

static void check_group(struct check *check, const table_message *table,
		const Policycalc__V1__ScoreGroup *group)
{
	int64_t full = full_of(table, group->id);

	check_label(check, group, group->id, group->label, "group");
	check_source(check, table, group, group->id, group->source, "group");
	if (full == 0)
		check_error(check, group, "id", 0, "group \"%s\" has no row", group->id);
	else if (group->full && group->full != full)
		check_error(check, group, "full", 0,
				"full marks of %d, but the rows of group \"%s\" add up to "
				"%" PRId64,
				group->full, group->id, full);
	if (*group->floor && full)
		check_reachable(check, group, "floor", group->floor, full);
}

static void check_table(struct check *check, const table_message *table)
{
	struct map ids = { 0 };
	int64_t full = full_of(table, NULL);

	check_label(check, table, table->id, table->label, "score table");
	for (size_t i = 0; i < table->n_groups; i++) {
		check_id(check, &ids, table->groups[i], table->groups[i]->id, "group");
		check_group(check, table, table->groups[i]);
	}
	map_fini(&ids);
	ids = (struct map){ 0 };
	for (size_t i = 0; i < table->n_rows; i++) {
		check_id(check, &ids, table->rows[i], table->rows[i]->id, "row");
		check_row(check, table, table->rows[i]);
	}
	map_fini(&ids);
	ids = (struct map){ 0 };
	for (size_t i = 0; i < table->n_vetoes; i++) {
		const Policycalc__V1__ScoreVeto *veto = table->vetoes[i];

		check_id(check, &ids, veto, veto->id, "veto");
		check_label(check, veto, veto->id, veto->label, "veto");
		check_source(check, table, veto, veto->id, veto->source, "veto");
	}
	map_fini(&ids);
	if (table->full && table->n_rows && table->full != full)
		check_error(check, table, "full", 0,
				"full marks of %d, but the rows add up to %" PRId64,
				table->full, full);
	if (*table->pass && table->n_rows)
		check_reachable(check, table, "pass", table->pass, full);
}

void check_policy_scores(struct check *check, const Policycalc__V1__Policy *policy)
{
	struct map ids = { 0 };

	for (size_t i = 0; i < policy->n_score_tables; i++) {
		const table_message *table = policy->score_tables[i];
		bool used = false;

		check_id(check, &ids, table, table->id, "score table");
		check_table(check, table);
		for (size_t k = 0; k < policy->n_conditions; k++)
			used |= strcmp(policy->conditions[k]->score_table, table->id) == 0;
		if (!used)
			check_error(check, table, "id", 0,
					"no condition names score table \"%s\"", table->id);
	}
	map_fini(&ids);
}

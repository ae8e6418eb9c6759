/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of points, from what is measured to the total. */
#include "calculator/score_internal.h"

static void missing_join(const struct facts *facts, const uint64_t *more, uint64_t **missing)
{
	if (!more)
		return;
	if (!*missing)
		*missing = facts_new_set(facts);
	for (size_t i = 0; *missing && i < facts->ruleset->set_words; i++)
		(*missing)[i] |= more[i];
}

/* --- points ----------------------------------------------------------------------------------- */

static int64_t points_cut(int64_t points, int64_t full)
{
	return points < 0 ? 0 : points > full ? full : points;
}

/* The points a rule gives, within 0 and @full; NULL is 0. */
static struct score_span points_ask(const struct asker *asker, const struct rule *rule,
		int64_t full, uint64_t **missing, bool *error)
{
	struct score_span span = { 0, full };
	struct interval interval;
	struct value value;

	if (!rule)
		return (struct score_span){ 0, 0 };
	value = rule_evaluate(rule, &asker->facts->evaluation);
	if (value.kind == VALUE_INT) {
		span.least = span.most = points_cut(value.integer, full);
		return span;
	}
	if (value.kind != VALUE_UNKNOWN) {
		*error = true;
		return span;
	}
	asker_put_missing(asker, value.missing, missing);
	interval = interval_certain(asker_interval(asker, rule));
	if (interval.least_known)
		span.least = points_cut(interval.least, full);
	if (interval.most_known)
		span.most = points_cut(interval.most, full);
	return span;
}

static void values_put(uint64_t *values, struct score_span span)
{
	for (int64_t points = span.least; values && points <= span.most; points++)
		values[points / 64] |= UINT64_C(1) << (points % 64);
}

static void span_join(struct score_span *all, bool *any, struct score_span one)
{
	if (!*any || one.least < all->least)
		all->least = one.least;
	if (!*any || one.most > all->most)
		all->most = one.most;
	*any = true;
}

static struct score_metric_result metric_ask(const struct asker *asker,
		const struct score_metric_rules *rules, int64_t full, uint64_t *values)
{
	struct score_metric_result result = { .reached = -1, .next = -1 };
	struct score_span points;
	bool any = false;
	bool decided = false;
	bool certain = true;

	if (rules->rule) {
		result.points = points_ask(
				asker, rules->rule, full, &result.missing, &result.error);
		values_put(values, result.points);
		return result;
	}
	for (size_t i = 0; !decided && i < rules->step_count; i++) {
		const struct score_step_rules *step = &rules->steps[i];
		enum reach reach = step_ask(asker, rules->slot, step, &result.missing);

		if (reach == REACH_NO)
			continue;
		result.error |= reach == REACH_ERROR;
		decided = reach == REACH_YES;
		if (decided && certain)
			result.reached = (int)i;
		certain = certain && decided;
		points = points_ask(asker, step->points, full, &result.missing, &result.error);
		span_join(&result.points, &any, points);
		values_put(values, points);
	}
	if (!decided) {
		points = points_ask(
				asker, rules->otherwise, full, &result.missing, &result.error);
		span_join(&result.points, &any, points);
		values_put(values, points);
	}
	if (result.error)
		result.points = (struct score_span){ 0, full };
	if (result.points.least == result.points.most)
		result.missing = NULL;
	return result;
}

/* The nearest step with more points than the row has; only of what is known. */
static int step_next(const struct asker *asker, const struct score_metric_rules *rules,
		const struct score_metric_result *result, int64_t full, int64_t has)
{
	size_t end = result->reached < 0 ? rules->step_count : (size_t)result->reached;

	if (rules->rule || result->error || result->points.least != result->points.most ||
			facts_observed(asker->facts, asker->list, rules->slot).kind ==
					VALUE_UNKNOWN)
		return -1;
	for (size_t i = end; i-- > 0;) {
		uint64_t *ignored = NULL;
		bool error = false;
		struct score_span points = points_ask(
				asker, rules->steps[i].points, full, &ignored, &error);

		if (!error && points.least == points.most && points.least > has)
			return (int)i;
	}
	return -1;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* Of several the one with the most points counts: a value below what one has for certain is none. */
static void row_sum_up(const struct asker *asker, const struct score_row_rules *rules,
		struct score_row_result *result)
{
	result->counted = -1;
	for (size_t i = 0; i < rules->metric_count; i++) {
		const struct score_metric_result *metric = &result->metrics[i];

		if (metric->points.least > result->points.least ||
				(result->counted < 0 &&
						metric->points.least == metric->points.most))
			result->counted = (int)i;
		if (metric->points.least > result->points.least)
			result->points.least = metric->points.least;
		if (metric->points.most > result->points.most)
			result->points.most = metric->points.most;
	}
	for (int64_t points = 0; result->values && points < result->points.least; points++)
		result->values[points / 64] &= ~(UINT64_C(1) << (points % 64));
	for (size_t i = 0; i < rules->metric_count; i++) {
		const struct score_metric_result *metric = &result->metrics[i];

		if (metric->points.most <= result->points.least)
			continue;
		missing_join(asker->facts, metric->missing, &result->missing);
		result->error |= metric->error;
	}
}

static struct score_row_result row_ask(
		const struct asker *asker, const struct score_row_rules *rules, size_t words)
{
	struct arena *arena = asker->facts->arena;
	int64_t full = rules->row->full;
	struct score_row_result result = {
		.metrics = ARENA_NEW_ARRAY(
				arena, struct score_metric_result, rules->metric_count + 1),
		.values = ARENA_NEW_ARRAY(arena, uint64_t, words),
		.counted = -1,
	};
	bool known = rules->metric_count > 0;

	if (!result.metrics)
		return result;
	for (size_t i = 0; i < rules->metric_count; i++) {
		result.metrics[i] = metric_ask(asker, &rules->metrics[i], full, result.values);
		known = known && !result.metrics[i].error &&
			result.metrics[i].points.least == result.metrics[i].points.most;
	}
	if (rules->row->judged && !known) {
		result.judged = true;
		result.points = (struct score_span){ 0, full };
		values_put(result.values, result.points);
	} else {
		row_sum_up(asker, rules, &result);
	}
	/* The points of a part that erred may be any. */
	if (result.error)
		values_put(result.values, result.points);
	for (size_t i = 0; i < rules->metric_count; i++)
		result.metrics[i].next = step_next(asker, &rules->metrics[i],
				&result.metrics[i], full, result.points.least);
	return result;
}

/* --- thresholds ------------------------------------------------------------------------------- */

static struct score_limit limit_ask(const struct asker *asker, const struct rule *rule)
{
	struct score_limit limit = { .least_known = true, .most_known = true };
	struct interval interval;
	struct value value;

	if (!rule)
		return limit;
	value = rule_evaluate(rule, &asker->facts->evaluation);
	if (value.kind == VALUE_INT) {
		limit.span = (struct score_span){ value.integer, value.integer };
		return limit;
	}
	limit = (struct score_limit){ 0 };
	if (value.kind != VALUE_UNKNOWN) {
		limit.error = true;
		return limit;
	}
	asker_put_missing(asker, value.missing, &limit.missing);
	interval = interval_certain(asker_interval(asker, rule));
	limit.least_known = interval.least_known;
	limit.most_known = interval.most_known;
	limit.span = (struct score_span){ interval.least, interval.most };
	return limit;
}

/* MET when the lower end passes, NOT_MET when the upper end fails. */
static Policycalc__V1__ConditionStatus limit_compare(
		const struct score_limit *limit, struct score_span points)
{
	if (limit->most_known && points.least >= limit->span.most)
		return STATUS(MET);
	if (limit->least_known && points.most < limit->span.least)
		return STATUS(NOT_MET);
	return STATUS(UNKNOWN);
}

/* UNKNOWN while an attribute would help; otherwise an error, or people. */
static Policycalc__V1__ConditionStatus open_status(
		const struct facts *facts, const uint64_t *missing, bool error)
{
	if (missing && facts_set_has_attributes(facts, missing))
		return STATUS(UNKNOWN);
	return error ? STATUS(ERROR) : STATUS(REVIEW);
}

static struct score_veto_result veto_ask(const struct asker *asker,
		const struct score_veto_rules *rules, const struct score_row_result *rows)
{
	struct score_veto_result result = { .status = STATUS(MET) };
	struct value value;

	if (rules->row >= 0) {
		const struct score_row_result *row = &rows[rules->row];

		if (row->points.most == 0) {
			result.status = STATUS(NOT_MET);
		} else if (row->points.least == 0) {
			result.missing = row->missing;
			result.status = open_status(asker->facts, row->missing, row->error);
		}
		return result;
	}
	if (!rules->rule)
		return result;
	value = rule_evaluate(rules->rule, &asker->facts->evaluation);
	if (value.kind == VALUE_BOOL) {
		result.status = value.boolean ? STATUS(NOT_MET) : STATUS(MET);
	} else if (value.kind == VALUE_UNKNOWN) {
		asker_put_missing(asker, value.missing, &result.missing);
		result.status = open_status(asker->facts, result.missing, false);
	} else {
		result.status = STATUS(ERROR);
	}
	return result;
}

/* --- the table -------------------------------------------------------------------------------- */

/* Whether any part fails, and whether all are met. */
static void table_judge(const struct score_rules *rules, const struct score_result *result,
		bool *out_failed, bool *out_met)
{
	Policycalc__V1__ConditionStatus status = limit_compare(&result->pass, result->total);

	*out_failed = status == STATUS(NOT_MET);
	*out_met = status == STATUS(MET);
	for (size_t i = 0; i < rules->group_count; i++) {
		*out_failed |= result->groups[i].status == STATUS(NOT_MET);
		*out_met &= result->groups[i].status == STATUS(MET);
	}
	for (size_t i = 0; i < rules->veto_count; i++) {
		*out_failed |= result->vetoes[i].status == STATUS(NOT_MET);
		*out_met &= result->vetoes[i].status == STATUS(MET);
	}
}

static struct clause_result open_result(
		const struct facts *facts, uint64_t *missing, bool judged, bool error)
{
	struct clause_result standing = { .status = open_status(facts, missing, error) };

	if (standing.status != STATUS(ERROR))
		standing.missing = missing;
	standing.threshold = standing.status == STATUS(REVIEW) && !judged;
	return standing;
}

/* What is open: the rows that matter, thresholds and vetoes. */
static struct clause_result table_open(const struct facts *facts,
		const struct score_rules *rules, struct score_result *result)
{
	bool judged = false;
	bool error = result->pass.error;
	uint64_t *missing = NULL;

	score_find_relevant(facts, rules, result);
	for (size_t i = 0; i < rules->row_count; i++) {
		struct score_row_result *row = &result->rows[i];

		if (!row->relevant)
			continue;
		missing_join(facts, row->missing, &missing);
		judged |= row->judged;
		error |= row->error;
	}
	missing_join(facts, result->pass.missing, &missing);
	for (size_t i = 0; i < rules->group_count; i++) {
		if (result->groups[i].status == STATUS(MET))
			continue;
		missing_join(facts, result->groups[i].floor.missing, &missing);
		error |= result->groups[i].floor.error;
	}
	for (size_t i = 0; i < rules->veto_count; i++) {
		if (rules->vetoes[i].row >= 0)
			continue;
		missing_join(facts, result->vetoes[i].missing, &missing);
		error |= result->vetoes[i].status == STATUS(ERROR);
	}
	return open_result(facts, missing, judged, error);
}

/* Of rows that are not known: what stands in the way, and whether it matters. */
static Policycalc__V1__ScoreRowAnswer__State row_state(
		const struct facts *facts, const struct score_row_result *row)
{
	if (row->points.least == row->points.most)
		return POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_KNOWN;
	if (!row->relevant)
		return POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_NEEDLESS;
	if (row->missing && facts_set_has_attributes(facts, row->missing))
		return POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_OPEN;
	if (row->judged)
		return POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_JUDGED;
	return row->error ? POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_ERROR
			  : POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_NOT_IN_SOURCES;
}

struct score_result score_ask(
		const struct facts *facts, enum item_list list, const struct score_rules *rules)
{
	struct asker asker = { facts, list };
	struct score_result result = { .standing = { .status = STATUS(ERROR) } };
	size_t words = (size_t)rules->full / 64 + 1;
	bool failed, met;

	result.rows = ARENA_NEW_ARRAY(
			facts->arena, struct score_row_result, rules->row_count + 1);
	result.groups = ARENA_NEW_ARRAY(
			facts->arena, struct score_group_result, rules->group_count + 1);
	result.vetoes = ARENA_NEW_ARRAY(
			facts->arena, struct score_veto_result, rules->veto_count + 1);
	if (!result.rows || !result.groups || !result.vetoes)
		return result;
	for (size_t i = 0; i < rules->row_count; i++) {
		struct score_row_result *row = &result.rows[i];
		int group = rules->rows[i].group;

		*row = row_ask(&asker, &rules->rows[i], words);
		if (!row->metrics || !row->values)
			return result;
		result.total.least += row->points.least;
		result.total.most += row->points.most;
		if (group >= 0) {
			result.groups[group].points.least += row->points.least;
			result.groups[group].points.most += row->points.most;
		}
	}
	result.pass = limit_ask(&asker, rules->pass);
	for (size_t i = 0; i < rules->group_count; i++) {
		struct score_group_result *group = &result.groups[i];

		group->floor = limit_ask(&asker, rules->groups[i].floor);
		group->status = limit_compare(&group->floor, group->points);
	}
	for (size_t i = 0; i < rules->veto_count; i++)
		result.vetoes[i] = veto_ask(&asker, &rules->vetoes[i], result.rows);
	table_judge(rules, &result, &failed, &met);
	if (failed || met)
		result.standing = (struct clause_result){ .status = failed ? STATUS(NOT_MET)
									   : STATUS(MET) };
	else
		result.standing = table_open(facts, rules, &result);
	for (size_t i = 0; i < rules->row_count; i++)
		result.rows[i].state = row_state(facts, &result.rows[i]);
	return result;
}

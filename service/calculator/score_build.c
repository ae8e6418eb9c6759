/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Score tables made ready to be asked. A step becomes a rule of its own ("bound <= attribute"), so
 * that it is compared just as a condition is: in whole numbers, quotients in 128 bits.
 */
#include "calculator/score.h"

#include <string.h>

struct score_build {
	struct ruleset_build *build;
	enum item_list list;
	const char *where; /* "policies.x.score_tables.y" */
	struct score_rules *rules;
	size_t rule_room;
	bool short_of_memory;
};

static void score_mistake(struct score_build *work, const ProtobufCMessage *origin,
		const char *field, const char *message)
{
	ruleset_build_mistake(work->build, origin, field, work->where, "%s", message);
}

/* Keeps @rule on the list of all rules of the table. */
static const struct rule *rule_keep(struct score_build *work, const struct rule *rule)
{
	struct score_rules *rules = work->rules;

	if (!rule)
		return NULL;
	if (rules->rule_count == work->rule_room) {
		size_t room = work->rule_room ? work->rule_room * 2 : 32;
		const struct rule **grown = ARENA_NEW_ARRAY(
				&work->build->ruleset->arena, const struct rule *, room);

		if (!grown) {
			work->short_of_memory = true;
			return rule;
		}
		if (rules->rule_count)
			memcpy(grown, rules->rules, rules->rule_count * sizeof(*grown));
		rules->rules = grown;
		work->rule_room = room;
	}
	rules->rules[rules->rule_count++] = rule;
	return rule;
}

static const struct rule *rule_of(struct score_build *work, const char *text,
		const struct type *type, enum dimension dimension,
		const ProtobufCMessage *origin, const char *field)
{
	return rule_keep(work, ruleset_build_rule(work->build, work->list, text, type,
					       dimension, true, origin, field, work->where));
}

/* Points are counts, or figures of their own. */
static const struct rule *points_of(struct score_build *work, const char *text,
		const ProtobufCMessage *origin, const char *field)
{
	return rule_of(work, text, &type_int, DIMENSION_COUNT, origin, field);
}

/* A threshold is named by a parameter: a figure in the text has neither a date nor a source. */
static void bare_check(struct score_build *work, const struct rule *rule, const char *text,
		const ProtobufCMessage *origin, const char *field)
{
	size_t count = 0;

	if (!rule || strcmp(text, "0") == 0 || strcmp(text, "1") == 0)
		return;
	(void)rule_slots(rule, &count);
	if (count == 0)
		ruleset_build_warn_bare(work->build, origin, field, work->where);
}

/* --- steps ------------------------------------------------------------------------------------ */

struct bound_text {
	enum score_relation relation;
	const char *field;
	const char *operation; /* between the bound and the attribute */
	const char *text;
};

/* The one bound of a step; a mistake when there are several. */
static struct bound_text bound_find(struct score_build *work,
		const Policycalc__V1__ScoreStep *step, const ProtobufCMessage *origin)
{
	const struct bound_text all[] = {
		{ SCORE_AT_LEAST, "at_least", "<=", step->at_least },
		{ SCORE_ABOVE, "above", "<", step->above },
		{ SCORE_AT_MOST, "at_most", ">=", step->at_most },
		{ SCORE_BELOW, "below", ">", step->below },
	};
	struct bound_text found = { .relation = SCORE_FLAG };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!*all[i].text)
			continue;
		if (found.relation != SCORE_FLAG)
			score_mistake(work, origin, all[i].field,
					"a step has one bound: at_least, above, at_most or "
					"below");
		found = all[i];
	}
	return found;
}

static void step_build(struct score_build *work, const struct scope_name *name,
		const Policycalc__V1__ScoreStep *step, const Policycalc__V1__ScoreStep *from,
		struct score_step_rules *out)
{
	struct arena *arena = &work->build->ruleset->arena;
	const ProtobufCMessage *origin = &from->base;
	struct bound_text bound = bound_find(work, step, origin);
	bool flag = name->type->kind == TYPE_BOOL;
	const char *text;

	out->step = step;
	out->relation = bound.relation;
	if (!*step->points)
		score_mistake(work, origin, "points", "points are missing");
	out->points = points_of(work, step->points, origin, "points");
	if (flag != (bound.relation == SCORE_FLAG)) {
		score_mistake(work, origin, bound.field,
				flag ? "an attribute of type FLAG reaches its step with "
				       "\"yes\": "
				       "it has no bound"
				     : "the bound is missing: at_least, above, at_most or "
				       "below");
		return;
	}
	if (flag) {
		text = arena_format(arena, "%.*s", SLICE_PRINT(name->name));
	} else {
		out->bound = rule_of(work, bound.text, &type_int, name->dimension, origin,
				bound.field);
		/* Of money and ratios the compiler itself says so. */
		if (name->dimension != DIMENSION_MONEY && name->dimension != DIMENSION_RATIO)
			bare_check(work, out->bound, bound.text, origin, bound.field);
		if (!out->bound)
			return;
		text = arena_format(arena, "(%s) %s %.*s", bound.text, bound.operation,
				SLICE_PRINT(name->name));
	}
	work->short_of_memory |= !text;
	if (text)
		out->holds = rule_keep(work, ruleset_build_rule(work->build, work->list, text,
							     &type_bool, DIMENSION_FREE, false,
							     origin, bound.field, work->where));
}

/* --- metrics and rows ------------------------------------------------------------------------- */

/* The attribute that is measured; NULL when there is none such. */
static const struct scope_name *attribute_find(struct score_build *work,
		const Policycalc__V1__ScoreMetric *metric, const ProtobufCMessage *origin)
{
	const struct scope *scope = work->build->ruleset->scopes[work->list];
	struct slice text = slice_from(metric->attribute);
	const struct scope_name *name = scope_find(scope, text);
	const struct scope_name *similar;

	if (name && name->role == SCOPE_ATTRIBUTE &&
			(name->type->kind == TYPE_INT || name->type->kind == TYPE_BOOL))
		return name;
	similar = name ? NULL : scope_find_similar(scope, text);
	ruleset_build_mistake(work->build, origin, "attribute", work->where,
			name ? "\"%s\" cannot be measured: expected an attribute of type "
			       "MONEY, "
			       "RATIO, COUNT or FLAG%s%.*s%s"
			     : "there is no attribute \"%s\"%s%.*s%s",
			metric->attribute, similar ? "; is \"" : "",
			similar ? (int)similar->name.size : 0,
			similar ? similar->name.data : "",
			similar ? "\" meant?" : ", written with its prefix (e.staff)");
	return NULL;
}

static bool metric_build(struct score_build *work, const Policycalc__V1__ScoreMetric *metric,
		const Policycalc__V1__ScoreMetric *from, struct score_metric_rules *out)
{
	const ProtobufCMessage *origin = &from->base;
	const struct scope_name *name = NULL;
	struct score_step_rules *steps = ARENA_NEW_ARRAY(&work->build->ruleset->arena,
			struct score_step_rules, metric->n_steps + 1);

	if (!steps)
		return false;
	out->metric = metric;
	out->slot = -1;
	out->steps = steps;
	out->rule = points_of(work, metric->rule, origin, "rule");
	out->otherwise = points_of(work, metric->otherwise, origin, "otherwise");
	if (!*metric->rule == !*metric->attribute || (*metric->rule && metric->n_steps) ||
			(*metric->rule && *metric->otherwise) ||
			(*metric->attribute && !metric->n_steps)) {
		score_mistake(work, origin, *metric->rule ? "rule" : "attribute",
				"what is measured is an attribute with steps, or a rule that "
				"gives "
				"the points");
		return true;
	}
	if (*metric->rule)
		return true;
	name = attribute_find(work, metric, origin);
	if (!name)
		return true;
	out->slot = name->slot;
	for (size_t i = 0; i < metric->n_steps; i++)
		step_build(work, name, metric->steps[i], from->steps[i], &steps[i]);
	out->step_count = metric->n_steps;
	return true;
}

static int group_find(const Policycalc__V1__ScoreTable *table, const char *id)
{
	for (size_t i = 0; i < table->n_groups; i++) {
		if (strcmp(table->groups[i]->id, id) == 0)
			return (int)i;
	}
	return -1;
}

static int row_find(const Policycalc__V1__ScoreTable *table, const char *id)
{
	for (size_t i = 0; i < table->n_rows; i++) {
		if (strcmp(table->rows[i]->id, id) == 0)
			return (int)i;
	}
	return -1;
}

static bool row_build(struct score_build *work, const Policycalc__V1__ScoreTable *table,
		const Policycalc__V1__ScoreRow *row, const Policycalc__V1__ScoreRow *from,
		struct score_row_rules *out)
{
	struct score_metric_rules *metrics = ARENA_NEW_ARRAY(&work->build->ruleset->arena,
			struct score_metric_rules, row->n_alternatives + 1);

	if (!metrics)
		return false;
	out->row = row;
	out->metrics = metrics;
	out->metric_count = row->n_alternatives;
	out->group = *row->group ? group_find(table, row->group) : -1;
	if (*row->group && out->group < 0)
		ruleset_build_mistake(work->build, &from->base, "group", work->where,
				"there is no group \"%s\" in this table", row->group);
	if (row->full < 1 || row->full > SCORE_FULL_MOST ||
			work->rules->full + row->full > SCORE_FULL_MOST)
		score_mistake(work, &from->base, "full",
				"full marks of a row are 1 or more, of a table at most 1,000");
	else
		work->rules->full += row->full;
	if (row->n_alternatives == 0 && !row->judged)
		score_mistake(work, &from->base, "alternatives",
				"alternatives are missing: what is measured? (or judged: "
				"people "
				"tell)");
	for (size_t i = 0; i < row->n_alternatives; i++) {
		if (!metric_build(work, row->alternatives[i], from->alternatives[i],
				    &metrics[i]))
			return false;
	}
	return true;
}

static void veto_build(struct score_build *work, const Policycalc__V1__ScoreTable *table,
		const Policycalc__V1__ScoreVeto *veto, const Policycalc__V1__ScoreVeto *from,
		struct score_row_rules *rows, struct score_veto_rules *out)
{
	out->veto = veto;
	out->row = -1;
	if (!*veto->row == !*veto->rule) {
		score_mistake(work, &from->base, "row",
				"a veto has either a row, which must not count for 0, or a "
				"rule");
		return;
	}
	out->rule = rule_of(work, veto->rule, &type_bool, DIMENSION_FREE, &from->base, "rule");
	if (*veto->rule)
		return;
	out->row = row_find(table, veto->row);
	if (out->row < 0)
		ruleset_build_mistake(work->build, &from->base, "row", work->where,
				"there is no row \"%s\" in this table", veto->row);
	else
		rows[out->row].not_zero = true;
}

/* --- the table -------------------------------------------------------------------------------- */

static bool parts_build(struct score_build *work, const Policycalc__V1__ScoreTable *table,
		const Policycalc__V1__ScoreTable *from)
{
	struct arena *arena = &work->build->ruleset->arena;
	struct score_row_rules *rows =
			ARENA_NEW_ARRAY(arena, struct score_row_rules, table->n_rows + 1);
	struct score_group_rules *groups =
			ARENA_NEW_ARRAY(arena, struct score_group_rules, table->n_groups + 1);
	struct score_veto_rules *vetoes =
			ARENA_NEW_ARRAY(arena, struct score_veto_rules, table->n_vetoes + 1);

	if (!rows || !groups || !vetoes)
		return false;
	for (size_t i = 0; i < table->n_rows; i++) {
		if (!row_build(work, table, table->rows[i], from->rows[i], &rows[i]))
			return false;
	}
	for (size_t i = 0; i < table->n_groups; i++) {
		groups[i].group = table->groups[i];
		groups[i].floor = points_of(
				work, table->groups[i]->floor, &from->groups[i]->base, "floor");
		bare_check(work, groups[i].floor, table->groups[i]->floor,
				&from->groups[i]->base, "floor");
	}
	for (size_t i = 0; i < table->n_vetoes; i++)
		veto_build(work, table, table->vetoes[i], from->vetoes[i], rows, &vetoes[i]);
	work->rules->rows = rows;
	work->rules->row_count = table->n_rows;
	work->rules->groups = groups;
	work->rules->group_count = table->n_groups;
	work->rules->vetoes = vetoes;
	work->rules->veto_count = table->n_vetoes;
	return true;
}

struct score_rules *score_build(struct ruleset_build *build,
		const Policycalc__V1__Policy *policy, const Policycalc__V1__Policy *origin,
		size_t index, enum item_list list)
{
	struct arena *arena = &build->ruleset->arena;
	const Policycalc__V1__ScoreTable *table = policy->score_tables[index];
	const Policycalc__V1__ScoreTable *from = origin->score_tables[index];
	struct score_build work = {
		.build = build,
		.list = list,
		.where = arena_format(
				arena, "policies.%s.score_tables.%s", policy->id, table->id),
		.rules = ARENA_NEW(arena, struct score_rules),
	};

	if (!work.where || !work.rules)
		return NULL;
	work.rules->table = table;
	if (!*table->pass)
		score_mistake(&work, &from->base, "pass",
				"pass is missing: the least score, such as p.my_policy_score");
	if (table->n_rows == 0)
		score_mistake(&work, &from->base, "rows", "rows are missing");
	work.rules->pass = points_of(&work, table->pass, &from->base, "pass");
	bare_check(&work, work.rules->pass, table->pass, &from->base, "pass");
	if (!parts_build(&work, table, from) || work.short_of_memory)
		return NULL;
	return work.rules;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A score table told row by row: points or ranges, what counted, and what the next step would bring. */
#include "calculator/score.h"

#include "calculator/answer.h"
#include "calculator/words.h"

#include <string.h>

struct teller {
	const struct facts *facts;
	struct arena *arena;
	enum item_list list;
	const char *item_id;
	const struct score_rules *rules;
	const struct score_result *result;
	Policycalc__V1__ScoreAnswer *answer;
};

/* --- steps ------------------------------------------------------------------------------------ */

static const char *const signs[] = {
	[SCORE_FLAG] = "",
	[SCORE_AT_LEAST] = "≥ ",
	[SCORE_ABOVE] = "> ",
	[SCORE_AT_MOST] = "≤ ",
	[SCORE_BELOW] = "< ",
};

static const char *figure_of(const struct teller *teller, const struct value *value,
		const Policycalc__V1__Attribute *attribute, enum words_language language)
{
	return words_value(teller->facts->ruleset, value, attribute, language, teller->arena);
}

static Policycalc__V1__Text *value_text(const struct teller *teller, const char *sign,
		struct value value, const Policycalc__V1__Attribute *attribute)
{
	const char *zh = figure_of(teller, &value, attribute, WORDS_ZH);
	const char *en = figure_of(teller, &value, attribute, WORDS_EN);

	if (!zh || !en)
		return NULL;
	return words_text(teller->arena, arena_format(teller->arena, "%s%s", sign, zh),
			arena_format(teller->arena, "%s%s", sign, en));
}

/* The parameter that a bound is named by, when it is one alone. */
static bool bound_source(const struct teller *teller, const struct rule *bound,
		Policycalc__V1__ScoreStepAnswer *step)
{
	const struct ruleset *ruleset = teller->facts->ruleset;
	size_t count = 0;
	const int *slots = bound ? rule_slots(bound, &count) : NULL;
	const struct slot *slot =
			count == 1 ? ruleset_slot(ruleset, teller->list, slots[0]) : NULL;
	const Policycalc__V1__ParameterValue *value;

	if (!slot || slot->role != SCOPE_PARAMETER)
		return true;
	value = teller->facts->epoch->sources[slot->parameter];
	step->parameter = (char *)slot->name;
	if (value && value->source)
		step->source = value->source;
	return true;
}

static Policycalc__V1__ScoreStepAnswer *step_answer(const struct teller *teller,
		const struct score_row_rules *row, const struct score_metric_rules *metric,
		int at)
{
	const struct score_step_rules *rules = &metric->steps[at];
	const Policycalc__V1__Attribute *attribute =
			ruleset_slot(teller->facts->ruleset, teller->list, metric->slot)
					->attribute;
	Policycalc__V1__ScoreStepAnswer *step =
			ARENA_NEW(teller->arena, Policycalc__V1__ScoreStepAnswer);
	struct value points = rule_evaluate(rules->points, &teller->facts->evaluation);
	struct value bound = { .kind = VALUE_BOOL, .boolean = true };

	if (!step)
		return NULL;
	policycalc__v1__score_step_answer__init(step);
	if (rules->bound)
		bound = rule_evaluate(rules->bound, &teller->facts->evaluation);
	if (points.kind == VALUE_INT)
		step->points = points.integer < 0		 ? 0
			       : points.integer > row->row->full ? row->row->full
								 : points.integer;
	step->source = row->row->source ? row->row->source : teller->rules->table->source;
	step->required = value_text(teller, signs[rules->relation], bound, attribute);
	return step->required && bound_source(teller, rules->bound, step) ? step : NULL;
}

/* How far a step is away, in the attribute's own units; of counts one more for "more than". */
static bool step_measure(const struct teller *teller, const struct score_metric_rules *metric,
		int at, struct value observed, Policycalc__V1__ScoreStepAnswer *step)
{
	const struct score_step_rules *rules = &metric->steps[at];
	const Policycalc__V1__Attribute *attribute =
			ruleset_slot(teller->facts->ruleset, teller->list, metric->slot)
					->attribute;
	int64_t bound;
	struct value away = { .kind = VALUE_INT };
	bool open = rules->relation == SCORE_ABOVE || rules->relation == SCORE_BELOW;

	if (observed.kind != VALUE_INT || !score_bound(teller->facts, rules, &bound) ||
			__builtin_sub_overflow(bound, observed.integer, &away.integer) ||
			away.integer == INT64_MIN)
		return true;
	if (away.integer < 0)
		away.integer = -away.integer;
	if (open && attribute->type == VALUE_TYPE(COUNT) && away.integer < INT64_MAX)
		away.integer++;
	if (away.integer == 0)
		return true;
	step->distance = value_text(teller, "", away, attribute);
	return step->distance != NULL;
}

/* --- metrics and rows ------------------------------------------------------------------------- */

static Policycalc__V1__Text *metric_label(
		const struct teller *teller, const struct score_metric_rules *rules)
{
	const struct slot *slot;
	bool are_years;

	if (rules->metric->label || rules->slot < 0)
		return rules->metric->label;
	slot = ruleset_slot(teller->facts->ruleset, teller->list, rules->slot);
	if (slot->back == 0)
		return slot->attribute->label;
	are_years = slot->attribute->period == POLICYCALC__V1__PERIOD__PERIOD_YEAR;
	return words_text(teller->arena,
			words_earlier(words_label(slot->attribute->label, WORDS_ZH), slot->back,
					are_years, WORDS_ZH, teller->arena),
			words_earlier(words_label(slot->attribute->label, WORDS_EN), slot->back,
					are_years, WORDS_EN, teller->arena));
}

static Policycalc__V1__ScoreMetricAnswer *metric_answer(const struct teller *teller,
		const struct score_row_rules *row, const struct score_row_result *row_result,
		size_t at)
{
	const struct score_metric_rules *rules = &row->metrics[at];
	const struct score_metric_result *result = &row_result->metrics[at];
	Policycalc__V1__ScoreMetricAnswer *answer =
			ARENA_NEW(teller->arena, Policycalc__V1__ScoreMetricAnswer);
	struct value observed = { 0 };

	if (!answer)
		return NULL;
	policycalc__v1__score_metric_answer__init(answer);
	answer->label = metric_label(teller, rules);
	answer->least = result->points.least;
	answer->most = result->points.most;
	answer->counted = row_result->counted == (int)at;
	if (rules->slot < 0)
		return answer;
	answer->attribute = rules->metric->attribute;
	observed = facts_observed(teller->facts, teller->list, rules->slot);
	if (observed.kind == VALUE_INT || observed.kind == VALUE_BOOL) {
		answer->observed = value_text(teller, "", observed,
				ruleset_slot(teller->facts->ruleset, teller->list, rules->slot)
						->attribute);
		if (!answer->observed)
			return NULL;
	}
	if (result->reached >= 0) {
		answer->reached = step_answer(teller, row, rules, result->reached);
		if (!answer->reached)
			return NULL;
	}
	if (result->next >= 0) {
		answer->next = step_answer(teller, row, rules, result->next);
		if (!answer->next || !step_measure(teller, rules, result->next, observed,
						     answer->next))
			return NULL;
		answer->next->more = answer->next->points - row_result->points.least;
	}
	return answer;
}

static bool parameters_print(const struct teller *teller, const uint64_t *bits,
		char ***out_names, size_t *out_count)
{
	const struct ruleset *ruleset = teller->facts->ruleset;
	char **names = ARENA_NEW_ARRAY(teller->arena, char *, ruleset->base_count + 1);

	if (!names)
		return false;
	for (size_t i = 0; i < ruleset->base_count; i++) {
		if (slot_bits_has(bits, (int)i) &&
				ruleset->slots[LIST_ENTERPRISE][i].role == SCOPE_PARAMETER)
			names[(*out_count)++] = (char *)ruleset->slots[LIST_ENTERPRISE][i].name;
	}
	*out_names = names;
	return true;
}

static bool row_missing(const struct teller *teller, const struct score_row_result *result,
		Policycalc__V1__ScoreRowAnswer *answer)
{
	if (!result->missing || !result->relevant)
		return true;
	if (answer->state == POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_OPEN &&
			!names_print(teller->facts, teller->list, result->missing,
					teller->item_id, &answer->missing, &answer->n_missing))
		return false;
	return !facts_set_has_parameters(teller->facts, result->missing) ||
	       parameters_print(teller, result->missing, &answer->missing_parameters,
			       &answer->n_missing_parameters);
}

static Policycalc__V1__ScoreRowAnswer *row_answer(const struct teller *teller, size_t at)
{
	const struct score_row_rules *rules = &teller->rules->rows[at];
	const struct score_row_result *result = &teller->result->rows[at];
	Policycalc__V1__ScoreRowAnswer *answer =
			ARENA_NEW(teller->arena, Policycalc__V1__ScoreRowAnswer);

	if (!answer)
		return NULL;
	policycalc__v1__score_row_answer__init(answer);
	answer->id = rules->row->id;
	answer->label = rules->row->label;
	answer->group = rules->row->group;
	answer->least = result->points.least;
	answer->most = result->points.most;
	answer->full = rules->row->full;
	answer->state = result->state;
	answer->alternatives = ARENA_NEW_ARRAY(teller->arena,
			Policycalc__V1__ScoreMetricAnswer *, rules->metric_count + 1);
	if (!answer->alternatives)
		return NULL;
	for (size_t i = 0; i < rules->metric_count; i++) {
		answer->alternatives[i] = metric_answer(teller, rules, result, i);
		if (!answer->alternatives[i])
			return NULL;
		answer->n_alternatives++;
	}
	return row_missing(teller, result, answer) ? answer : NULL;
}

/* --- groups and vetoes ------------------------------------------------------------------------ */

static int64_t group_full(const struct score_rules *rules, int group)
{
	int64_t full = 0;

	for (size_t i = 0; i < rules->row_count; i++)
		full += rules->rows[i].group == group ? rules->rows[i].row->full : 0;
	return full;
}

/* An open floor waits for whatever its open rows wait for. */
static Policycalc__V1__ConditionStatus group_status(const struct teller *teller, int group)
{
	const struct score_group_result *result = &teller->result->groups[group];
	bool asks = result->floor.missing &&
		    facts_set_has_attributes(teller->facts, result->floor.missing);

	if (result->status != STATUS(UNKNOWN))
		return result->status;
	for (size_t i = 0; i < teller->rules->row_count; i++)
		asks |= teller->rules->rows[i].group == group &&
			teller->result->rows[i].state ==
					POLICYCALC__V1__SCORE_ROW_ANSWER__STATE__STATE_OPEN;
	return asks ? STATUS(UNKNOWN) : STATUS(REVIEW);
}

static bool groups_answer(const struct teller *teller)
{
	Policycalc__V1__ScoreAnswer *answer = teller->answer;

	answer->groups = ARENA_NEW_ARRAY(teller->arena, Policycalc__V1__ScoreGroupAnswer *,
			teller->rules->group_count + 1);
	if (!answer->groups)
		return false;
	for (size_t i = 0; i < teller->rules->group_count; i++) {
		const struct score_group_rules *rules = &teller->rules->groups[i];
		const struct score_group_result *result = &teller->result->groups[i];
		Policycalc__V1__ScoreGroupAnswer *group =
				ARENA_NEW(teller->arena, Policycalc__V1__ScoreGroupAnswer);

		if (!group)
			return false;
		policycalc__v1__score_group_answer__init(group);
		group->id = rules->group->id;
		group->label = rules->group->label;
		group->least = result->points.least;
		group->most = result->points.most;
		group->full = group_full(teller->rules, (int)i);
		group->status = group_status(teller, (int)i);
		if (rules->floor && result->floor.least_known && result->floor.most_known &&
				result->floor.span.least == result->floor.span.most) {
			group->_floor_case = POLICYCALC__V1__SCORE_GROUP_ANSWER___FLOOR_FLOOR;
			group->floor = result->floor.span.least;
		}
		answer->groups[answer->n_groups++] = group;
	}
	return true;
}

static bool vetoes_answer(const struct teller *teller)
{
	Policycalc__V1__ScoreAnswer *answer = teller->answer;

	answer->vetoes = ARENA_NEW_ARRAY(teller->arena, Policycalc__V1__ScoreVetoAnswer *,
			teller->rules->veto_count + 1);
	if (!answer->vetoes)
		return false;
	for (size_t i = 0; i < teller->rules->veto_count; i++) {
		const struct score_veto_result *result = &teller->result->vetoes[i];
		Policycalc__V1__ScoreVetoAnswer *veto =
				ARENA_NEW(teller->arena, Policycalc__V1__ScoreVetoAnswer);

		if (!veto)
			return false;
		policycalc__v1__score_veto_answer__init(veto);
		veto->id = teller->rules->vetoes[i].veto->id;
		veto->label = teller->rules->vetoes[i].veto->label;
		veto->status = result->status;
		if (result->status == STATUS(UNKNOWN) &&
				!names_print(teller->facts, teller->list, result->missing,
						teller->item_id, &veto->missing,
						&veto->n_missing))
			return false;
		answer->vetoes[answer->n_vetoes++] = veto;
	}
	return true;
}

/* --- the table -------------------------------------------------------------------------------- */

static bool rows_answer(const struct teller *teller)
{
	Policycalc__V1__ScoreAnswer *answer = teller->answer;

	answer->rows = ARENA_NEW_ARRAY(teller->arena, Policycalc__V1__ScoreRowAnswer *,
			teller->rules->row_count + 1);
	if (!answer->rows)
		return false;
	for (size_t i = 0; i < teller->rules->row_count; i++) {
		answer->rows[i] = row_answer(teller, i);
		if (!answer->rows[i])
			return false;
		answer->n_rows++;
	}
	return true;
}

/* The least score that passes, when it is known, and the parameter it is named by. */
static bool pass_answer(const struct teller *teller)
{
	const struct score_limit *pass = &teller->result->pass;
	Policycalc__V1__ScoreStepAnswer named = POLICYCALC__V1__SCORE_STEP_ANSWER__INIT;

	if (!bound_source(teller, teller->rules->pass, &named))
		return false;
	teller->answer->pass_parameter = named.parameter;
	if (pass->least_known && pass->most_known && pass->span.least == pass->span.most) {
		teller->answer->_pass_case = POLICYCALC__V1__SCORE_ANSWER___PASS_PASS;
		teller->answer->pass = pass->span.least;
	}
	return true;
}

bool score_answer(const struct facts *facts, const struct policy_rules *policy,
		const struct clause *clause, const struct clause_result *asked,
		const char *item_id, Policycalc__V1__ConditionAnswer *answer)
{
	struct score_result result =
			asked->score ? *asked->score
				     : score_ask(facts, policy->list, clause->score);
	struct teller teller = {
		.facts = facts,
		.arena = facts->arena,
		.list = policy->list,
		.item_id = item_id,
		.rules = clause->score,
		.result = &result,
		.answer = ARENA_NEW(facts->arena, Policycalc__V1__ScoreAnswer),
	};
	const Policycalc__V1__ScoreTable *table = clause->score->table;
	Policycalc__V1__ScoreAnswer *score = teller.answer;

	if (!score || !result.vetoes)
		return false;
	policycalc__v1__score_answer__init(score);
	score->table = table->id;
	score->label = table->label;
	score->least = result.total.least;
	score->most = result.total.most;
	score->full = clause->score->full;
	score->status = result.standing.status;
	score->direct_pass = score_direct_pass(facts, clause).status;
	score->source = table->source;
	answer->score = score;
	return pass_answer(&teller) && rows_answer(&teller) && groups_answer(&teller) &&
	       vetoes_answer(&teller) && score_say(facts->arena, score);
}

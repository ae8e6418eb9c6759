/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the draft fares as one of its parameters changes: for each value the draft is compiled with it, and
 * the policies that follow it are swept.
 */
#include "reports/simulate_internal.h"

#include "base/diagnostics.h"
#include "calculator/parameters.h"
#include "proto/codec/codec.h"

#include <string.h>

typedef Policycalc__V1__Parameter parameter_message;
typedef Policycalc__V1__ParameterValue value_message;

#define COMPILE_MEMORY ((size_t)256 << 20)

/* --- the request ------------------------------------------------------------------------------ */

static const parameter_message *parameter_find(const struct simulate *simulate)
{
	const struct catalog *catalog = ruleset_catalog(simulate->options.draft);
	const char *name = simulate->options.steps->parameter;

	if (strncmp(name, "p.", 2) == 0)
		name += 2;
	for (size_t i = 0; i < catalog->parameter_count; i++) {
		if (strcmp(catalog->parameters[i]->name, name) == 0)
			return catalog->parameters[i];
	}
	return NULL;
}

static bool figure_parse(Policycalc__V1__ValueType type, const char *text, int64_t *out_figure)
{
	long long figure = 0;
	struct error ignored;
	size_t digits = strspn(text, "0123456789");
	bool ok;

	if (type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY) {
		ok = unit_parse_money(slice_from(text), &figure, &ignored);
	} else if (type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO) {
		ok = unit_parse_ratio(slice_from(text), &figure, &ignored);
	} else {
		ok = digits > 0 && digits <= 15 && text[digits] == '\0';
		for (size_t i = 0; ok && i < digits; i++)
			figure = figure * 10 + (text[i] - '0');
	}
	*out_figure = figure;
	return ok;
}

static bool figures_read(struct simulate *simulate, struct violations *violations,
		Policycalc__V1__ValueType type, int64_t out_figures[3], struct error *err)
{
	const Policycalc__V1__ParameterSteps *steps = simulate->options.steps;
	const char *const texts[] = { steps->from, steps->to, steps->step };
	static const char *const fields[] = { "sensitivity.from", "sensitivity.to",
		"sensitivity.step" };

	for (size_t i = 0; i < 3; i++) {
		if (!figure_parse(type, texts[i], &out_figures[i]))
			return simulate_violate(simulate, violations, fields[i],
					type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY
							? "is no sum of money with its unit, "
							  "such as 150万元"
					: type == POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO
							? "is no ratio with its unit, such as "
							  "30%"
							: "is no count",
					err);
	}
	if (out_figures[0] > out_figures[1])
		return simulate_violate(simulate, violations, "sensitivity.to",
				"may not be below the first value", err);
	if (out_figures[2] <= 0)
		return simulate_violate(simulate, violations, "sensitivity.step",
				"must be more than nothing", err);
	if ((out_figures[1] - out_figures[0]) / out_figures[2] >= SIMULATE_POINTS_MOST)
		return simulate_violate(simulate, violations, "sensitivity.step",
				"gives more than 101 values", err);
	return true;
}

/* Policies of the draft that name the parameter, or read a derived attribute that does. */
static bool followers_find(struct simulate *simulate, const char *name)
{
	const struct catalog *catalog = ruleset_catalog(simulate->options.draft);
	bool derived = false;

	simulate->followers = ARENA_NEW_ARRAY(
			simulate->arena, const char *, catalog->policy_count + 1);
	if (!simulate->followers)
		return false;
	for (size_t i = 0; i < catalog->attribute_count; i++)
		derived = derived || attribute_names_parameter(catalog->attributes[i], name);
	for (size_t i = 0; i < simulate->pair_count; i++) {
		const Policycalc__V1__Policy *policy = simulate->pairs[i].policies[SIDE_AFTER];

		if (policy && (derived || policy_names_parameter(policy, name)))
			simulate->followers[simulate->follower_count++] = policy->id;
	}
	return true;
}

/* The value of the day in a parameter; NULL when it has none. */
static value_message *value_on(const parameter_message *parameter, const char *day)
{
	for (size_t i = 0; i < parameter->n_values; i++) {
		value_message *value = parameter->values[i];

		/* Days are written so that their texts compare as they do. */
		if ((strcmp(value->from, "not_stated") == 0 || strcmp(value->from, day) <= 0) &&
				(!*value->until || strcmp(day, value->until) <= 0))
			return value;
	}
	return NULL;
}

static bool points_make(struct simulate *simulate, const int64_t figures[3])
{
	Policycalc__V1__SimulatedCurve *curve = simulate->curve;
	size_t count = (size_t)((figures[1] - figures[0]) / figures[2]) + 1;

	curve->points = ARENA_NEW_ARRAY(
			simulate->arena, Policycalc__V1__SimulatedPoint *, count);
	for (size_t i = 0; curve->points && i < count; i++) {
		Policycalc__V1__SimulatedPoint *point =
				ARENA_NEW(simulate->arena, Policycalc__V1__SimulatedPoint);

		if (!point)
			return false;
		policycalc__v1__simulated_point__init(point);
		point->value = figures[0] + (int64_t)i * figures[2];
		curve->points[curve->n_points++] = point;
	}
	return curve->points != NULL;
}

static void draft_value_fill(Policycalc__V1__SimulatedCurve *curve, const value_message *value)
{
	if (!value || (value->kind_case != POLICYCALC__V1__PARAMETER_VALUE__KIND_MONEY_FEN &&
				      value->kind_case !=
						      POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM &&
				      value->kind_case !=
						      POLICYCALC__V1__PARAMETER_VALUE__KIND_COUNT))
		return;
	curve->_draft_value_case = POLICYCALC__V1__SIMULATED_CURVE___DRAFT_VALUE_DRAFT_VALUE;
	/* All three stand in the same place of the union. */
	curve->draft_value = value->count;
}

bool curve_begin(
		struct simulate *simulate, struct violations *out_violations, struct error *err)
{
	const parameter_message *parameter = parameter_find(simulate);
	Policycalc__V1__SimulatedCurve *curve;
	int64_t figures[3];

	if (!parameter)
		return simulate_violate(simulate, out_violations, "sensitivity.parameter",
				"the draft has no such parameter", err);
	if (parameter->type != POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY &&
			parameter->type != POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO &&
			parameter->type != POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT)
		return simulate_violate(simulate, out_violations, "sensitivity.parameter",
				"is no MONEY, RATIO or COUNT", err);
	if (!figures_read(simulate, out_violations, parameter->type, figures, err))
		return false;
	curve = ARENA_NEW(simulate->arena, Policycalc__V1__SimulatedCurve);
	simulate->curve = curve;
	if (!curve || !followers_find(simulate, parameter->name))
		return arena_error(simulate->arena, err, "simulating");
	policycalc__v1__simulated_curve__init(curve);
	curve->parameter = parameter->name;
	curve->label = parameter->label;
	curve->type = parameter->type;
	curve->policies = (char **)(uintptr_t)simulate->followers;
	curve->n_policies = simulate->follower_count;
	draft_value_fill(curve, value_on(parameter, simulate->options.day));
	if (simulate->follower_count == 0)
		return simulate_violate(simulate, out_violations, "sensitivity.parameter",
				"no policy that is simulated follows it: name one", err);
	return points_make(simulate, figures) ||
	       arena_error(simulate->arena, err, "simulating");
}

/* --- the draft with another value ------------------------------------------------------------- */

static value_message *value_make(const parameter_message *parameter,
		const value_message *of_day, int64_t figure, struct arena *arena)
{
	value_message *value = ARENA_NEW(arena, value_message);

	if (!value)
		return NULL;
	policycalc__v1__parameter_value__init(value);
	value->from = (char *)(uintptr_t) "not_stated";
	if (of_day)
		*value = *of_day;
	switch ((int)parameter->type) {
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY:
		value->kind_case = POLICYCALC__V1__PARAMETER_VALUE__KIND_MONEY_FEN;
		value->money_fen = figure;
		break;
	case POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO:
		value->kind_case = POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM;
		value->ratio_ppm = figure;
		break;
	default:
		value->kind_case = POLICYCALC__V1__PARAMETER_VALUE__KIND_COUNT;
		value->count = figure;
		break;
	}
	return value;
}

/* A copy that has @figure on the day; without a value of the day it has only this one. */
static parameter_message *parameter_make(const struct simulate *simulate,
		const parameter_message *from, int64_t figure, struct arena *arena)
{
	parameter_message *made = ARENA_NEW(arena, parameter_message);
	const value_message *of_day = value_on(from, simulate->options.day);
	value_message **values = ARENA_NEW_ARRAY(arena, value_message *, from->n_values + 1);

	if (!made || !values)
		return NULL;
	*made = *from;
	made->values = values;
	if (!of_day) {
		made->n_values = 1;
		values[0] = value_make(from, NULL, figure, arena);
		return values[0] ? made : NULL;
	}
	for (size_t i = 0; i < from->n_values; i++) {
		values[i] = from->values[i] == of_day ? value_make(from, of_day, figure, arena)
						      : from->values[i];
		if (!values[i])
			return NULL;
	}
	return made;
}

static struct ruleset *draft_compile(
		struct simulate *simulate, int64_t figure, struct error *err)
{
	struct catalog catalog = *ruleset_catalog(simulate->options.draft);
	const parameter_message *varied = parameter_find(simulate);
	struct diagnostics diagnostics;
	struct ruleset *ruleset = NULL;
	struct arena arena;

	arena_init(&arena, COMPILE_MEMORY);
	diagnostics_init(&diagnostics, &arena);
	catalog.parameters = ARENA_NEW_ARRAY(
			&arena, Policycalc__V1__Parameter *, catalog.parameter_count + 1);
	for (size_t i = 0; catalog.parameters && i < catalog.parameter_count; i++) {
		parameter_message *parameter =
				ruleset_catalog(simulate->options.draft)->parameters[i];

		catalog.parameters[i] = parameter == varied
							? parameter_make(simulate, parameter,
									  figure, &arena)
							: parameter;
		if (!catalog.parameters[i])
			catalog.parameters = NULL;
	}
	if (!catalog.parameters)
		arena_error(&arena, err, "compiling the draft");
	else
		ruleset = ruleset_new(&catalog, NULL, NULL, &diagnostics, err);
	arena_fini(&arena);
	return ruleset;
}

/* --- points ----------------------------------------------------------------------------------- */

static bool point_row(struct simulate_seat *seat, unsigned row, struct error *err)
{
	struct swept_seat *swept = &seat->point;
	const Policycalc__V1__Profile *profile;
	bool refused;

	arena_reset(&seat->row);
	if (!swept->source.profile(swept->source.context, row, &seat->row, &profile, err) ||
			!look_enter(swept->look, profile, &refused, err))
		return false;
	for (size_t i = 0; !refused && i < sweep_policy_count(swept->swept->sweep); i++) {
		struct outcome outcome;

		if (!swept_ask(swept, row, i, &outcome, err))
			return false;
		if (!side_add(&seat->point_sum, &outcome))
			return error_set(err, ERROR_LIMIT,
					"the amounts add up to more than can be told");
	}
	return true;
}

static bool point_block(void *context, unsigned at, int64_t block, struct error *err)
{
	struct simulate *simulate = context;
	struct simulate_seat *seat = &simulate->seats[at];
	struct swept_seat *swept = &seat->point;
	uint64_t chosen[SWEEP_WORDS] = { 0 };

	if (!swept->swept && !swept_seat_begin(swept, &simulate->point, simulate, err))
		return false;
	if (!swept_block(swept, block, err))
		return false;
	for (size_t i = 0; i < sweep_policy_count(swept->swept->sweep); i++) {
		for (size_t k = 0; k < SWEEP_WORDS; k++)
			chosen[k] |= swept->eligible[i][k] | swept->review[i][k];
	}
	for (unsigned row = 0; row < COLUMN_ROWS; row++) {
		if (rows_has(chosen, row) && !point_row(seat, row, err))
			return false;
	}
	return true;
}

/* What the threads have summed up becomes the point's; the next one begins anew. */
static bool point_end(struct simulate *simulate, struct error *err)
{
	Policycalc__V1__SimulatedPoint *point = simulate->curve->points[simulate->next_point];
	Policycalc__V1__SimulatedSide all = POLICYCALC__V1__SIMULATED_SIDE__INIT;
	bool ok = true;

	for (unsigned i = 0; i < simulate->seat_count; i++) {
		struct simulate_seat *seat = &simulate->seats[i];

		ok = ok && side_join(&all, &seat->point_sum);
		seat->point_sum = (Policycalc__V1__SimulatedSide){ 0 };
		swept_seat_fini(&seat->point);
	}
	swept_fini(&simulate->point);
	point->eligible = all.eligible;
	point->needs_review = all.needs_review;
	point->sure_fen = all.sure_fen;
	point->most_fen = all.most_fen;
	simulate->point_block = 0;
	simulate->next_point++;
	return ok || error_set(err, ERROR_LIMIT, "the amounts add up to more than can be told");
}

bool curve_step(struct simulate *simulate, bool *out_more, struct error *err)
{
	struct ruleset *ruleset;

	*out_more = simulate->next_point < simulate->curve->n_points;
	if (!*out_more)
		return true;
	if (!simulate->point.sweep) {
		ruleset = draft_compile(simulate,
				simulate->curve->points[simulate->next_point]->value, err);
		return ruleset &&
		       swept_begin(&simulate->point, simulate, ruleset,
				       simulate->region[SIDE_AFTER]
						       ? firm_region_of_code(
									 ruleset_catalog(ruleset),
									 slice_from(simulate->region[SIDE_AFTER]
													 ->code))
						       : NULL,
				       simulate->followers, simulate->follower_count, err);
	}
	if (simulate->point_block * COLUMN_ROWS < simulate->options.last_id)
		return simulate_blocks(simulate, &simulate->point_block, point_block, err);
	if (!point_end(simulate, err))
		return false;
	*out_more = simulate->next_point < simulate->curve->n_points;
	return true;
}

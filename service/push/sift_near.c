/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A condition "e.x >= p.y" that fails is met by a change of e.x alone, to the threshold or beyond. When
 * several conditions want it changed, the strictest says how far, and from it the milder ones are not
 * farther than a fifth of their own thresholds, either; so that each may be looked at by itself.
 */
#include "push/sift_near.h"

#include "base/date.h"

#include <string.h>

#define STATUS(word) POLICYCALC__V1__CONDITION_STATUS__CONDITION_STATUS_##word
#define NEAR_SHARE 5

/* --- rules ----------------------------------------------------------------------------------- */

static bool range_has(const Policycalc__V1__ParameterValue *value, int32_t today)
{
	struct date date;

	if (date_parse(slice_from(value->from), &date) && date_to_days(date) > today)
		return false;
	return !*value->until ||
	       (date_parse(slice_from(value->until), &date) && date_to_days(date) >= today);
}

/* The parameter's figure on the day; false when it has none, or not just one. */
static bool parameter_figure(
		const Policycalc__V1__Parameter *parameter, int32_t today, int64_t *out_figure)
{
	size_t found = 0;

	for (size_t i = 0; i < parameter->n_values; i++) {
		const Policycalc__V1__ParameterValue *value = parameter->values[i];

		if (!range_has(value, today))
			continue;
		found++;
		switch ((int)value->kind_case) {
		case POLICYCALC__V1__PARAMETER_VALUE__KIND_MONEY_FEN:
			*out_figure = value->money_fen;
			break;
		case POLICYCALC__V1__PARAMETER_VALUE__KIND_RATIO_PPM:
			*out_figure = value->ratio_ppm;
			break;
		case POLICYCALC__V1__PARAMETER_VALUE__KIND_COUNT:
			*out_figure = value->count;
			break;
		default:
			return false;
		}
	}
	return found == 1;
}

/* The last full period of an attribute that is sent, of which rules read the bare name. */
static bool want_find(const struct sweep *sweep, struct slice attribute, size_t *out_want)
{
	size_t count;
	const struct sweep_want *wants = sweep_wants(sweep, &count);
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		if (!slice_equals_text(attribute, wants[i].attribute) ||
				wants[i].form != SWEEP_INTEGER || wants[i].definition->derived)
			continue;
		if (!found || wants[i].period > wants[*out_want].period)
			*out_want = i;
		found = true;
	}
	return found;
}

/* --- a policy -------------------------------------------------------------------------------- */

static const Policycalc__V1__Parameter *parameter_find(
		const struct ruleset *ruleset, struct slice name, struct arena *arena)
{
	const char *text = arena_copy(arena, name.data, name.size);

	return text ? ruleset_find_parameter(ruleset, text) : NULL;
}

static void figure_add(struct sift_near *near, const struct ruleset *ruleset,
		const struct sweep *sweep, size_t condition, int32_t today, struct arena *arena)
{
	const Policycalc__V1__Condition *message =
			sweep_condition(sweep, near->policy, condition);
	struct sift_figure *figure = &near->figures[near->figure_count];
	const Policycalc__V1__Parameter *parameter;
	struct condition_figure read;
	uint64_t size;

	if (!message || !condition_read_figure(message, &read) ||
			!want_find(sweep, read.attribute, &figure->want))
		return;
	parameter = parameter_find(ruleset, read.parameter, arena);
	if (!parameter || !parameter_figure(parameter, today, &figure->threshold))
		return;
	size = figure->threshold < 0 ? 0 - (uint64_t)figure->threshold
				     : (uint64_t)figure->threshold;
	figure->condition = condition;
	/* The target lies one unit behind a threshold that must be passed; one unit is always near. */
	figure->reach = (size + 1) / NEAR_SHARE + 2;
	near->figure_count++;
}

/* A change with a parameter behind it may turn the condition. */
static bool may_turn(const struct push_scope *scope, const struct push_target *target,
		const struct sweep *sweep, size_t policy, size_t index)
{
	const Policycalc__V1__Condition *condition = sweep_condition(sweep, policy, index);
	bool found = false;

	for (size_t i = 0; condition && !found && i < target->near_count; i++)
		found = strcmp(target->near_conditions[i], condition->id) == 0;
	return found && ruleset_condition_may_turn(scope->ruleset, target->policy, index);
}

bool sift_near_init(struct sift_near *near, const struct push_scope *scope,
		const struct push_target *target, const struct sweep *sweep, size_t policy,
		int32_t today, struct arena *arena, struct error *err)
{
	*near = (struct sift_near){ .policy = policy,
		.condition_count = sweep_condition_count(sweep, policy) };
	near->may_turn = ARENA_NEW_ARRAY(arena, bool, near->condition_count + 1);
	near->figures = ARENA_NEW_ARRAY(arena, struct sift_figure, near->condition_count + 1);
	if (!near->may_turn || !near->figures)
		return arena_error(arena, err, "preparing a run");
	for (size_t i = 0; i < near->condition_count; i++) {
		near->may_turn[i] = may_turn(scope, target, sweep, policy, i);
		figure_add(near, scope->ruleset, sweep, i, today, arena);
	}
	return true;
}

/* --- a block --------------------------------------------------------------------------------- */

static bool any(const uint64_t *rows)
{
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		if (rows[i])
			return true;
	}
	return false;
}

static void rows_take_far(const struct sift_figure *figure, const struct sweep_column *column,
		const uint64_t *failing, uint64_t *rows)
{
	for (size_t word = 0; word < SWEEP_WORDS; word++) {
		uint64_t left = rows[word] & failing[word];

		while (left) {
			unsigned bit = (unsigned)__builtin_ctzll(left);
			unsigned row = (unsigned)word * 64 + bit;
			int64_t value = column->integers[row];
			uint64_t gap = value > figure->threshold
						       ? (uint64_t)value -
									 (uint64_t)figure->threshold
						       : (uint64_t)figure->threshold -
									 (uint64_t)value;

			left &= left - 1;
			if (column->known && column->known[word] >> bit & 1 &&
					gap > figure->reach)
				rows[word] &= ~(UINT64_C(1) << bit);
		}
	}
}

bool sift_near_narrow(const struct sift_near *near, const struct sweep_work *work,
		const struct sweep_source *source, uint64_t *rows, struct error *err)
{
	uint64_t failing[SWEEP_WORDS];

	for (size_t i = 0; any(rows) && i < near->condition_count; i++) {
		if (near->may_turn[i] || !sweep_condition_status(work, near->policy, i,
							 STATUS(NOT_MET), failing))
			continue;
		for (size_t k = 0; k < SWEEP_WORDS; k++)
			rows[k] &= ~failing[k];
	}
	for (size_t i = 0; any(rows) && i < near->figure_count; i++) {
		struct sweep_column column = { 0 };

		if (!sweep_condition_status(work, near->policy, near->figures[i].condition,
				    STATUS(NOT_MET), failing))
			continue;
		if (!source->column(source->context, near->figures[i].want, &column, err))
			return false;
		if (column.known && column.integers)
			rows_take_far(&near->figures[i], &column, failing, rows);
	}
	return true;
}

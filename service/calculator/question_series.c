/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series are asked for whole: one question, whatever parts of one the rules read, with the periods that
 * an answer must hold.
 */
#include "calculator/period.h"
#include "calculator/question.h"

bool unit_is_series(const struct unit *unit)
{
	return unit->place && value_type_is_series(unit->place->attribute->type);
}

bool slot_can_be_told(const struct questionnaire *questionnaire, const struct slot *place)
{
	Policycalc__V1__Period period;
	int64_t end;

	if (place->role != SCOPE_ATTRIBUTE || place->derived)
		return false;
	if (place->window == WINDOW_NONE)
		return true;
	period = place->attribute->period;
	end = period_window_first(period, place->window, questionnaire->as_of, place->back) +
	      (int64_t)period_window_size(period, place->window);
	return end <= period_of_date(period, questionnaire->as_of);
}

/* The periods from the first to the last that rules read, widened by those of @place. */
static void span_add(const struct questionnaire *questionnaire, const struct slot *place,
		int64_t *first, int64_t *end)
{
	Policycalc__V1__Period period = place->attribute->period;
	int64_t from, until;

	if (place->window == WINDOW_NONE)
		return;
	from = period_window_first(period, place->window, questionnaire->as_of, place->back);
	until = from + (int64_t)period_window_size(period, place->window);
	if (*end == 0 || from < *first)
		*first = from;
	if (until > *end)
		*end = until;
}

/*
 * A series is told whole: what was told before counts among its periods, so that they stay without a
 * gap.
 */
bool series_periods_fill(const struct questionnaire *questionnaire,
		const struct question *question, Policycalc__V1__QuestionAttribute *answer)
{
	const struct ruleset *ruleset = questionnaire->ruleset;
	const struct unit *unit = &questionnaire->units[question->units[0]];
	const Policycalc__V1__Attribute *attribute = unit->place->attribute;
	const struct facts *facts = questionnaire->facts;
	const struct value *values =
			unit->item < 0 ? facts->values
				       : facts->items[unit->list][unit->item].values;
	int64_t first = 0, end = 0;

	for (size_t i = 0; i < question->unit_count; i++)
		span_add(questionnaire, questionnaire->units[question->units[i]].place, &first,
				&end);
	for (size_t i = 0; end > 0 && i < ruleset->slot_count[unit->list]; i++) {
		const struct slot *place = &ruleset->slots[unit->list][i];

		if (place->attribute == attribute && values[i].kind != VALUE_UNKNOWN)
			span_add(questionnaire, place, &first, &end);
	}
	answer->periods = ARENA_NEW_ARRAY(
			questionnaire->arena, char *, (size_t)(end - first) + 1);
	for (int64_t at = first; answer->periods && at < end; at++)
		answer->periods[answer->n_periods++] = (char *)period_print(
				attribute->period, at, questionnaire->arena);
	return !questionnaire->arena->exhausted;
}

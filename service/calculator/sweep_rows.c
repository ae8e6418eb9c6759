/* SPDX-License-Identifier: Apache-2.0 */
/* What no column answers, asked of the enterprises themselves: all that is pending of one at once. */
#include "calculator/sweep_internal.h"
#include "rules/plane.h"

#include <string.h>

static bool has_row(const uint64_t *plane, size_t row)
{
	return (plane[row / 64] >> (row % 64)) & 1;
}

static void plane_put(uint64_t *plane, size_t row, bool there)
{
	uint64_t bit = UINT64_C(1) << (row % 64);

	if (there)
		plane[row / 64] |= bit;
	else
		plane[row / 64] &= ~bit;
}

static void verdict_put(
		struct sweep_result *result, size_t row, Policycalc__V1__Verdict verdict)
{
	plane_put(result->eligible, row, verdict == VERDICT(ELIGIBLE));
	plane_put(result->asked, row, verdict == VERDICT(NEEDS_INFORMATION));
	plane_put(result->review, row, verdict == VERDICT(NEEDS_REVIEW));
}

/* What columns said of the row. */
static Policycalc__V1__Verdict verdict_get(const struct sweep_result *result, size_t row)
{
	if (has_row(result->eligible, row))
		return VERDICT(ELIGIBLE);
	if (has_row(result->asked, row))
		return VERDICT(NEEDS_INFORMATION);
	return has_row(result->review, row) ? VERDICT(NEEDS_REVIEW) : VERDICT(INELIGIBLE);
}

static void status_put(const struct sweep_work *work, struct sweep_result *result,
		size_t clause, size_t row, Policycalc__V1__ConditionStatus status)
{
	if (!work->sweep->conditions)
		return;
	for (size_t k = 0; k < SWEEP_STATUSES; k++)
		plane_put(result->conditions[clause * SWEEP_STATUSES + k], row,
				k == (size_t)status);
}

/* One policy of one enterprise; of an @odd row nothing that columns said counts. */
static void policy_ask(struct sweep_work *work, const struct facts *facts, size_t index,
		size_t row, bool odd)
{
	const struct sweep_policy *policy = &work->sweep->policies[index];
	struct sweep_result *result = &work->results[index];
	Policycalc__V1__Verdict verdict = odd ? VERDICT(ELIGIBLE) : verdict_get(result, row);
	struct clause_result answer;
	struct outcome outcome;

	if (policy->rules->list != LIST_ENTERPRISE) {
		outcome_judge_once(facts, &work->memo, policy->rules,
				&facts->epoch->standings[policy->index], &outcome);
		if (work->arena.exhausted)
			return;
		for (size_t i = 0; i < policy->rules->clause_count; i++) {
			if (!policy->rules->clauses[i].per_item)
				status_put(work, result, i, row, outcome.results[i].status);
		}
		verdict_put(result, row, outcome.conditions_verdict);
		return;
	}
	for (size_t i = 0; i < policy->rules->clause_count; i++) {
		Policycalc__V1__Verdict own;

		if (!odd && policy->clauses[i].kind != SWEEP_BY_ROW &&
				policy->clauses[i].kind != SWEEP_BY_VALUE)
			continue;
		answer = clause_ask_once(
				facts, &work->memo, policy->rules, &policy->rules->clauses[i]);
		own = verdict_of_status(answer.status);
		verdict = own < verdict ? own : verdict;
		status_put(work, result, i, row, answer.status);
	}
	verdict_put(result, row, verdict);
}

/* --- the facts of a row ------------------------------------------------------------------------ */

bool sweep_rows_init(struct sweep_work *work)
{
	const struct sweep *sweep = work->sweep;
	const struct ruleset *ruleset = sweep->ruleset;
	struct facts *facts = ARENA_NEW(&work->memo_arena, struct facts);

	if (!facts)
		return false;
	facts->ruleset = ruleset;
	facts->epoch = sweep->epoch;
	facts->arena = &work->arena;
	facts->as_of = sweep->as_of;
	facts->values = ARENA_NEW_ARRAY(
			&work->memo_arena, struct value, ruleset->most_slots + 1);
	facts->gaps = ARENA_NEW_ARRAY(&work->memo_arena, uint64_t *, ruleset->most_slots + 1);
	facts->supplied = ARENA_NEW_ARRAY(&work->memo_arena, uint64_t, ruleset->set_words);
	facts->foreign = ARENA_NEW_ARRAY(&work->memo_arena, uint64_t, ruleset->set_words);
	if (!facts->values || !facts->gaps || !facts->supplied || !facts->foreign)
		return false;
	memcpy(facts->values, sweep->bound, ruleset->most_slots * sizeof(*facts->values));
	facts->evaluation = (struct evaluation){ .values = facts->values,
		.value_count = ruleset->most_slots,
		.regions = ruleset->regions,
		.arena = &work->arena };
	work->facts = facts;
	return true;
}

/* As facts_read(), of the slots that clauses asked by value read. */
static struct facts *facts_of_columns(struct sweep_work *work, size_t row, struct error *err)
{
	const struct sweep *sweep = work->sweep;
	struct facts *facts = work->facts;

	facts->item_names = NULL; /* it lay in the arena */
	for (enum item_list list = LIST_PROJECTS; list < LIST_COUNT; list++) {
		const struct sweep_items *items;

		if (!sweep_items_find(work, list, &items, err))
			return NULL;
		facts->complete[list] = items && has_row(items->complete, row);
	}
	for (size_t i = 0; i < sweep->value_slot_count; i++) {
		int slot = sweep->value_slots[i];
		const struct block_column *column;

		facts->gaps[slot] = NULL;
		facts->values[slot] = (struct value){ .kind = VALUE_UNKNOWN };
		/* A series is not there: otherwise the enterprise itself would be asked. */
		if (sweep->wants[sweep->slots[slot].want].form == SWEEP_SERIES)
			continue;
		column = sweep_column_sent(work, slot, err);
		if (!column)
			return NULL;
		facts->values[slot] = block_value(work->block, slot, column, row, &work->arena);
	}
	for (size_t i = 0; i < sweep->value_derivation_count; i++)
		facts_derive_one(facts, LIST_ENTERPRISE, sweep->value_derivations[i]);
	return facts;
}

static struct facts *facts_of_profile(struct sweep_work *work, size_t row, struct error *err)
{
	const struct sweep *sweep = work->sweep;
	struct findings findings = { .arena = &work->arena };
	const Policycalc__V1__Profile *profile = NULL;
	struct facts *facts;

	if (!work->source->profile(
			    work->source->context, (unsigned)row, &work->arena, &profile, err))
		return NULL;
	facts = facts_read(sweep->ruleset, sweep->epoch, profile, sweep->as_of, false,
			&work->arena, &findings);
	if (!facts)
		arena_error(&work->arena, err, "reading an enterprise");
	return facts;
}

/* Adds the pending rows of a policy for which columns do not have everything. */
static bool profiles_need(struct sweep_work *work, const struct sweep_policy *policy,
		const uint64_t *pending, uint64_t *rows, struct error *err)
{
	bool all = policy->by_profile || (policy->series_count && !work->source->tells_series);
	uint64_t some[SWEEP_WORDS] = { 0 };

	for (enum item_list list = LIST_PROJECTS; !all && list < LIST_COUNT; list++) {
		const struct sweep_items *items;

		if (!(policy->lists >> list & 1))
			continue;
		if (!sweep_items_find(work, list, &items, err))
			return false;
		all = !items;
		if (items)
			plane_join(some, items->some);
	}
	for (size_t i = 0; !all && i < policy->series_count; i++) {
		const struct sweep_column *column =
				sweep_column_raw(work, policy->series[i], err);

		if (!column)
			return false;
		if (column->known)
			plane_join(some, column->known);
	}
	for (size_t i = 0; i < SWEEP_WORDS; i++)
		rows[i] |= pending[i] & (all ? UINT64_MAX : some[i]);
	return true;
}

static bool row_ask(struct sweep_work *work, size_t row, bool by_profile, struct error *err)
{
	bool odd = has_row(block_odd_rows(work->block), row);
	struct facts *facts;

	arena_reset(&work->arena);
	clause_memo_advance(&work->memo);
	facts = odd || by_profile ? facts_of_profile(work, row, err)
				  : facts_of_columns(work, row, err);
	if (!facts)
		return false;
	for (size_t i = 0; i < work->sweep->policy_count; i++) {
		if (work->results[i].undone && has_row(work->results[i].pending, row))
			policy_ask(work, facts, i, row, odd);
	}
	return !work->arena.exhausted || arena_error(&work->arena, err, "asking an enterprise");
}

/* Rows whose values no column can hold are asked everything. */
static bool odd_rows_add(struct sweep_work *work)
{
	const uint64_t *odd = block_odd_rows(work->block);
	uint64_t any = 0;

	for (size_t i = 0; i < SWEEP_WORDS; i++)
		any |= odd[i] & work->rows[i];
	for (size_t i = 0; any && i < work->sweep->policy_count; i++) {
		struct sweep_result *result = &work->results[i];
		const uint64_t *packed = result->packed;
		uint64_t **planes[] = { &result->eligible, &result->asked, &result->review,
			&result->pending };

		for (size_t k = 0; k < sizeof(planes) / sizeof(*planes); k++) {
			if (!*planes[k])
				*planes[k] = sweep_plane_new(work);
			if (!*planes[k])
				return false;
		}
		if (packed)
			plane_unpack(packed, result->eligible);
		result->packed = NULL;
		for (size_t k = 0; k < SWEEP_WORDS; k++)
			result->pending[k] |= odd[k] & work->rows[k];
		result->undone = true;
		work->undone = true;
	}
	return true;
}

bool sweep_rows_ask(struct sweep_work *work, struct error *err)
{
	const struct sweep *sweep = work->sweep;
	uint64_t rows[SWEEP_WORDS] = { 0 };
	uint64_t profiles[SWEEP_WORDS] = { 0 };

	if (!odd_rows_add(work))
		return error_set(err, ERROR_MEMORY, "no memory for the results of a sweep");
	for (size_t i = 0; work->undone && i < sweep->policy_count; i++) {
		if (!work->results[i].undone)
			continue;
		plane_join(rows, work->results[i].pending);
		if (!profiles_need(work, &sweep->policies[i], work->results[i].pending,
				    profiles, err))
			return false;
	}
	for (size_t i = 0; i < SWEEP_WORDS; i++) {
		for (uint64_t left = rows[i]; left; left &= left - 1) {
			size_t row = i * 64 + (unsigned)__builtin_ctzll(left);

			if (!row_ask(work, row, has_row(profiles, row), err))
				return false;
		}
	}
	return true;
}

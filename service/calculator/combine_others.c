/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beside the choice: which answers would change it, what does not enter its totals, and what opens
 * later.
 *
 * An answer changes the choice when a unit that waits for it is in the best possible choice, or would
 * be chosen if it alone turned out as well as it can.
 */
#include "calculator/combine.h"

#include <stdlib.h>
#include <string.h>

/* So many units are tried one by one; of more, each is taken to change the choice. */
#define TRIED_MOST 64

/* --- answers ---------------------------------------------------------------------------------- */

/* Whether the total grows when @unit alone turns out as well as it can. */
static bool unit_alone_changes(const struct combine *combine, size_t unit, bool *out_failed)
{
	struct solver_problem problem = combine->problems[CASE_SURE];
	struct solver_unit *units = ARENA_NEW_ARRAY(
			combine->arena, struct solver_unit, combine->unit_count);
	struct solver_answer answer;

	if (!units) {
		*out_failed = true;
		return false;
	}
	memcpy(units, problem.units, combine->unit_count * sizeof(*units));
	units[unit].value = combine->units[unit].year[CASE_POSSIBLE];
	problem.units = units;
	if (!solver_solve(&problem, combine->arena, &answer)) {
		*out_failed = true;
		return false;
	}
	return answer.total > combine->answers[CASE_SURE].total;
}

static bool unit_changes(
		const struct combine *combine, size_t unit, size_t *tried, bool *out_failed)
{
	const struct combine_unit *from = &combine->units[unit];
	const struct solver_answer *sure = &combine->answers[CASE_SURE];
	const struct solver_answer *possible = &combine->answers[CASE_POSSIBLE];

	if (possible->chosen[unit])
		return possible->counted[unit] != sure->counted[unit];
	if (from->open || ++*tried > TRIED_MOST)
		return true;
	return from->year[CASE_POSSIBLE] > from->year[CASE_SURE] &&
	       unit_alone_changes(combine, unit, out_failed);
}

/* A name that a unit waits for. */
struct waiting {
	const char *name;
	size_t unit;
};

struct waiting_list {
	struct waiting *list;
	size_t count;
	size_t capacity;
};

static bool waiting_add(const struct combine *combine, struct waiting_list *all, size_t unit,
		char *const *names, size_t count)
{
	if (all->count + count > all->capacity) {
		size_t capacity = (all->count + count) * 2;
		struct waiting *grown =
				ARENA_NEW_ARRAY(combine->arena, struct waiting, capacity);

		if (!grown)
			return false;
		if (all->count)
			memcpy(grown, all->list, all->count * sizeof(*grown));
		all->list = grown;
		all->capacity = capacity;
	}
	for (size_t i = 0; i < count; i++)
		all->list[all->count++] = (struct waiting){ names[i], unit };
	return true;
}

static bool waiting_gather(const struct combine *combine, struct waiting_list *all)
{
	size_t tried = 0;
	bool failed = false;

	for (size_t i = 0; i < combine->unit_count; i++) {
		const struct combine_unit *unit = &combine->units[i];
		char **names;
		size_t count;

		if (!outcome_missing(combine->facts, unit->outcome, unit->item, &names, &count))
			return false;
		if (count && !unit_changes(combine, i, &tried, &failed))
			count = 0;
		if (failed || !waiting_add(combine, all, i, names, count))
			return false;
	}
	return true;
}

static int waiting_compare(const void *a, const void *b)
{
	const struct waiting *left = a;
	const struct waiting *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : (left->unit > right->unit) - (left->unit < right->unit);
}

/* The units of one name, each once. */
static Policycalc__V1__CombinationAnswer *waiting_answer(
		const struct combine *combine, const struct waiting *list, size_t count)
{
	Policycalc__V1__CombinationAnswer *answer =
			ARENA_NEW(combine->arena, Policycalc__V1__CombinationAnswer);

	if (!answer)
		return NULL;
	policycalc__v1__combination_answer__init(answer);
	answer->name = (char *)list->name;
	answer->units = ARENA_NEW_ARRAY(
			combine->arena, Policycalc__V1__CombinationUnit *, count);
	if (!answer->units)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const struct combine_unit *unit = &combine->units[list[i].unit];

		if (i > 0 && list[i].unit == list[i - 1].unit)
			continue;
		answer->units[answer->n_units] = combine_unit_answer(
				combine->arena, unit->outcome, unit->item, unit->verdict);
		if (!answer->units[answer->n_units++])
			return NULL;
	}
	return answer;
}

bool combine_answers_fill(const struct combine *combine, Policycalc__V1__Combination *answer)
{
	struct waiting_list all = { 0 };
	size_t from = 0;

	if (!waiting_gather(combine, &all))
		return false;
	answer->answers = ARENA_NEW_ARRAY(
			combine->arena, Policycalc__V1__CombinationAnswer *, all.count + 1);
	if (!answer->answers)
		return false;
	if (all.count)
		qsort(all.list, all.count, sizeof(*all.list), waiting_compare);
	for (size_t i = 1; i <= all.count; i++) {
		if (i < all.count && strcmp(all.list[i].name, all.list[from].name) == 0)
			continue;
		answer->answers[answer->n_answers] =
				waiting_answer(combine, &all.list[from], i - from);
		if (!answer->answers[answer->n_answers++])
			return false;
		from = i;
	}
	return true;
}

/* --- what does not enter the totals ----------------------------------------------------------- */

static bool verdict_may_be_had(Policycalc__V1__Verdict verdict)
{
	return verdict == VERDICT(ELIGIBLE) || verdict == VERDICT(NEEDS_INFORMATION) ||
	       verdict == VERDICT(NEEDS_REVIEW);
}

static void sum_add(int64_t *sum, int64_t more)
{
	if (__builtin_add_overflow(*sum, more, sum))
		*sum = INT64_MAX;
}

static void other_add_amount(const struct facts *facts, const struct outcome *outcome,
		Policycalc__V1__CombinationOther *other)
{
	const struct amount *amount = &outcome->amount;
	bool decided = outcome->verdict == VERDICT(ELIGIBLE);

	switch ((int)amount_exactness(facts, amount)) {
	case EXACTNESS(EXACT):
	case EXACTNESS(RANGE):
		sum_add(&other->sure_fen, decided ? amount->least : 0);
		sum_add(&other->possible_fen, amount->most);
		break;
	case EXACTNESS(UP_TO):
		sum_add(&other->possible_fen, amount->most);
		break;
	case EXACTNESS(AT_LEAST):
		sum_add(&other->sure_fen, decided ? amount->least : 0);
		sum_add(&other->possible_fen, amount->least);
		other->open_ended = true;
		break;
	case EXACTNESS(NOT_STATED):
	case EXACTNESS(NOT_COMPUTABLE):
		other->open_ended = true;
		break;
	case EXACTNESS(UNSPECIFIED):
	default:
		break;
	}
}

/* The row of this beneficiary and nature, made when there is none; rows stay sorted by both. */
static Policycalc__V1__CombinationOther *other_get(const struct combine *combine,
		Policycalc__V1__Combination *answer, const struct policy_rules *policy)
{
	const Policycalc__V1__Amount *amount = policy->amount ? policy->amount->amount : NULL;
	Policycalc__V1__Beneficiary beneficiary =
			amount ? amount->beneficiary
			       : POLICYCALC__V1__BENEFICIARY__BENEFICIARY_ENTERPRISE;
	Policycalc__V1__Nature nature =
			amount ? amount->nature : POLICYCALC__V1__NATURE__NATURE_NONE;
	Policycalc__V1__CombinationOther *row;
	size_t at = 0;

	while (at < answer->n_others &&
			(answer->others[at]->beneficiary < beneficiary ||
					(answer->others[at]->beneficiary == beneficiary &&
							answer->others[at]->nature < nature)))
		at++;
	if (at < answer->n_others && answer->others[at]->beneficiary == beneficiary &&
			answer->others[at]->nature == nature)
		return answer->others[at];
	row = ARENA_NEW(combine->arena, Policycalc__V1__CombinationOther);
	if (!row)
		return NULL;
	policycalc__v1__combination_other__init(row);
	row->beneficiary = beneficiary;
	row->nature = nature;
	row->units = ARENA_NEW_ARRAY(combine->arena, Policycalc__V1__CombinationUnit *,
			combine->outcome_count);
	if (!row->units)
		return NULL;
	memmove(&answer->others[at + 1], &answer->others[at],
			(answer->n_others - at) * sizeof(*answer->others));
	answer->others[at] = row;
	answer->n_others++;
	return row;
}

static bool other_add(const struct combine *combine, Policycalc__V1__Combination *answer,
		const struct outcome *outcome)
{
	Policycalc__V1__CombinationOther *row = other_get(combine, answer, outcome->policy);

	if (!row)
		return false;
	other_add_amount(combine->facts, outcome, row);
	row->units[row->n_units] =
			combine_unit_answer(combine->arena, outcome, NULL, outcome->verdict);
	return row->units[row->n_units++];
}

static bool later_add(const struct combine *combine, Policycalc__V1__Combination *answer,
		const struct outcome *outcome, const struct standing *standing)
{
	Policycalc__V1__CombinationLater *later =
			ARENA_NEW(combine->arena, Policycalc__V1__CombinationLater);

	if (!later)
		return false;
	policycalc__v1__combination_later__init(later);
	later->unit = combine_unit_answer(combine->arena, outcome, NULL, outcome->verdict);
	later->date = (char *)standing->date;
	later->amount_fen = outcome->order;
	answer->opening_later[answer->n_opening_later++] = later;
	return later->unit;
}

static int later_compare(const void *a, const void *b)
{
	const Policycalc__V1__CombinationLater *const *left = a;
	const Policycalc__V1__CombinationLater *const *right = b;
	int order = strcmp((*left)->date, (*right)->date);

	return order ? order : strcmp((*left)->unit->policy_id, (*right)->unit->policy_id);
}

/* Outcomes are in policy order. */
static bool unchecked_fill(const struct combine *combine, Policycalc__V1__Combination *answer)
{
	size_t most = 1;

	for (size_t i = 0; i < combine->outcome_count; i++)
		most += combine->outcomes[i]->policy->policy->n_exclusions;
	answer->unchecked = ARENA_NEW_ARRAY(
			combine->arena, Policycalc__V1__CombinationUnchecked *, most);
	if (!answer->unchecked)
		return false;
	for (size_t i = 0; i < combine->outcome_count; i++) {
		const struct outcome *outcome = combine->outcomes[i];
		const Policycalc__V1__Policy *policy = outcome->policy->policy;

		for (size_t k = 0; k < policy->n_exclusions; k++) {
			Policycalc__V1__CombinationUnchecked *one;

			if (policy->exclusions[k]->n_outside == 0 ||
					!verdict_may_be_had(outcome->verdict))
				continue;
			one = ARENA_NEW(combine->arena, Policycalc__V1__CombinationUnchecked);
			if (!one)
				return false;
			policycalc__v1__combination_unchecked__init(one);
			one->unit = combine_unit_answer(
					combine->arena, outcome, NULL, outcome->verdict);
			one->exclusion = policy->exclusions[k];
			if (!one->unit)
				return false;
			answer->unchecked[answer->n_unchecked++] = one;
		}
	}
	return true;
}

bool combine_others_fill(const struct combine *combine, Policycalc__V1__Combination *answer)
{
	const struct ruleset *ruleset = combine->facts->ruleset;
	size_t most = combine->outcome_count + 1;

	answer->others = ARENA_NEW_ARRAY(
			combine->arena, Policycalc__V1__CombinationOther *, most);
	answer->opening_later = ARENA_NEW_ARRAY(
			combine->arena, Policycalc__V1__CombinationLater *, most);
	if (!answer->others || !answer->opening_later)
		return false;
	for (size_t i = 0; i < combine->outcome_count; i++) {
		const struct outcome *outcome = combine->outcomes[i];
		const struct standing *standing =
				&combine->facts->epoch->standings[outcome->policy -
								  ruleset->policies];

		if (outcome->verdict == VERDICT(NOT_OPEN) &&
				standing->state == STATE(NOT_YET)) {
			if (!later_add(combine, answer, outcome, standing))
				return false;
		} else if (verdict_may_be_had(outcome->verdict) &&
				!policy_pays_money(outcome->policy) &&
				!other_add(combine, answer, outcome)) {
			return false;
		}
	}
	if (answer->n_opening_later)
		qsort(answer->opening_later, answer->n_opening_later,
				sizeof(*answer->opening_later), later_compare);
	return unchecked_fill(combine, answer);
}

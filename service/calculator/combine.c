/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From outcomes to the solver's problem.
 *
 * What is not stated is never sure: an amount that the sources give only as "up to", or under a cap
 * whose limit they do not state, counts nothing there. Groups that are judged on items bind units of
 * the same item only; a unit of items that nobody told of may be any item, and is not bound.
 */
#include "calculator/combine.h"

#include <stdlib.h>
#include <string.h>

/* --- amounts ---------------------------------------------------------------------------------- */

/* Of items that may be the same as others, and are granted once for all of them, nothing is sure. */
static bool item_may_be_another(const struct outcome *outcome, const struct item_outcome *item)
{
	return item && outcome->policy->once_per && outcome->item_count > 1 &&
	       item->item->values[outcome->policy->once_per_at].kind != VALUE_STRING;
}

static void unit_set_amount(struct combine_unit *unit, const struct facts *facts)
{
	const struct amount *amount = unit->amount;
	struct span whole = { .least = amount->least, .most = amount->most };
	struct span year = { .least = amount->year.least, .most = amount->year.most };

	switch ((int)amount_exactness(facts, amount)) {
	case EXACTNESS(EXACT):
	case EXACTNESS(RANGE):
		unit->open = !amount->year.most_known;
		break;
	case EXACTNESS(UP_TO):
		whole.least = year.least = 0;
		unit->unstated = true;
		unit->open = !amount->year.most_known;
		break;
	case EXACTNESS(AT_LEAST):
		whole.most = whole.least;
		year.most = year.least;
		unit->open = true;
		break;
	case EXACTNESS(NOT_STATED):
		whole = year = (struct span){ 0 };
		unit->unstated = true;
		unit->open = true;
		break;
	case EXACTNESS(NOT_COMPUTABLE):
		whole = year = (struct span){ 0 };
		unit->open = true;
		break;
	case EXACTNESS(UNSPECIFIED):
	default:
		whole = year = (struct span){ 0 };
		break;
	}
	if (unit->verdict == VERDICT(ELIGIBLE) &&
			!item_may_be_another(unit->outcome, unit->item)) {
		unit->whole[CASE_SURE] = whole.least;
		unit->year[CASE_SURE] = year.least;
	}
	unit->whole[CASE_POSSIBLE] = whole.most;
	unit->year[CASE_POSSIBLE] = year.most;
}

bool policy_pays_money(const struct policy_rules *policy)
{
	const Policycalc__V1__Amount *amount = policy->amount ? policy->amount->amount : NULL;

	return amount &&
	       amount->beneficiary == POLICYCALC__V1__BENEFICIARY__BENEFICIARY_ENTERPRISE &&
	       (amount->nature == POLICYCALC__V1__NATURE__NATURE_CASH ||
			       amount->nature == POLICYCALC__V1__NATURE__NATURE_TAX ||
			       amount->nature == POLICYCALC__V1__NATURE__NATURE_INTEREST);
}

/* --- units ------------------------------------------------------------------------------------ */

static bool verdict_may_be_had(Policycalc__V1__Verdict verdict)
{
	return verdict == VERDICT(ELIGIBLE) || verdict == VERDICT(NEEDS_INFORMATION) ||
	       verdict == VERDICT(NEEDS_REVIEW);
}

static int outcome_compare(const void *a, const void *b)
{
	const struct outcome *const *left = a;
	const struct outcome *const *right = b;

	return ((*left)->policy > (*right)->policy) - ((*left)->policy < (*right)->policy);
}

static int item_compare(const void *a, const void *b)
{
	const struct item_outcome *const *left = a;
	const struct item_outcome *const *right = b;

	return strcmp((*left)->item->id, (*right)->item->id);
}

static void unit_add(struct combine *combine, const struct outcome *outcome,
		const struct item_outcome *item)
{
	struct combine_unit *unit = &combine->units[combine->unit_count++];

	unit->outcome = outcome;
	unit->item = item;
	unit->amount = item ? &item->amount : &outcome->amount;
	unit->verdict = item ? item->verdict : outcome->verdict;
	unit_set_amount(unit, combine->facts);
}

/* The units of one policy: its items by id. */
static bool units_of_policy(struct combine *combine, const struct outcome *outcome)
{
	const struct item_outcome **items;
	size_t count = 0;

	if (!verdict_may_be_had(outcome->verdict) || !policy_pays_money(outcome->policy))
		return true;
	if (outcome->policy->list == LIST_ENTERPRISE || outcome->item_count == 0) {
		unit_add(combine, outcome, NULL);
		return true;
	}
	items = ARENA_NEW_ARRAY(
			combine->arena, const struct item_outcome *, outcome->item_count);
	if (!items)
		return false;
	for (size_t i = 0; i < outcome->item_count; i++) {
		if (verdict_may_be_had(outcome->items[i].verdict))
			items[count++] = &outcome->items[i];
	}
	if (count)
		qsort(items, count, sizeof(*items), item_compare);
	for (size_t i = 0; i < count; i++)
		unit_add(combine, outcome, items[i]);
	return true;
}

static bool units_gather(struct combine *combine, const struct outcome *outcomes)
{
	const struct ruleset *ruleset = combine->facts->ruleset;
	size_t policies = ruleset->catalog.policy_count;
	size_t most = 0;
	size_t at = 0;

	for (size_t i = 0; i < combine->outcome_count; i++) {
		combine->outcomes[i] = &outcomes[i];
		most += outcomes[i].item_count + 1;
	}
	if (combine->outcome_count)
		qsort(combine->outcomes, combine->outcome_count, sizeof(*combine->outcomes),
				outcome_compare);
	combine->units = ARENA_NEW_ARRAY(combine->arena, struct combine_unit, most + 1);
	combine->first_units = ARENA_NEW_ARRAY(combine->arena, size_t, policies + 1);
	if (!combine->units || !combine->first_units)
		return false;
	for (size_t i = 0; i < policies; i++) {
		combine->first_units[i] = combine->unit_count;
		if (at < combine->outcome_count &&
				combine->outcomes[at]->policy == &ruleset->policies[i] &&
				!units_of_policy(combine, combine->outcomes[at++]))
			return false;
	}
	combine->first_units[policies] = combine->unit_count;
	return true;
}

/* --- groups ----------------------------------------------------------------------------------- */

/* A unit in a group that is judged on items. */
struct item_seat {
	const struct item_facts *item; /* those of one are bound */
	struct solver_seat seat;
};

static int item_seat_compare(const void *a, const void *b)
{
	const struct item_seat *left = a;
	const struct item_seat *right = b;

	if (left->item != right->item)
		return left->item < right->item ? -1 : 1;
	return (left->seat.unit > right->seat.unit) - (left->seat.unit < right->seat.unit);
}

struct groups {
	struct solver_group *list;
	struct solver_seat *seats; /* of all, one after another */
	size_t count;
	size_t seat_count;
};

static void group_begin(struct combine *combine, struct groups *groups,
		const struct exclusion_group *rules)
{
	combine->groups[groups->count].rules = rules;
	groups->list[groups->count++] = (struct solver_group){
		.at_most = rules ? rules->at_most : 1,
		.seats = &groups->seats[groups->seat_count],
	};
}

static void group_seat(struct groups *groups, size_t unit, size_t member)
{
	groups->seats[groups->seat_count++] = (struct solver_seat){ unit, member };
	groups->list[groups->count - 1].count++;
}

/* One group over all units: a policy counts once, however many items it is granted for. */
static void group_of_enterprise(struct combine *combine, struct groups *groups,
		const struct exclusion_group *rules)
{
	size_t member = 0;

	group_begin(combine, groups, rules);
	for (size_t i = 0; i < rules->count; i++) {
		size_t policy = rules->policies[i];
		bool any = combine->first_units[policy] < combine->first_units[policy + 1];

		for (size_t unit = combine->first_units[policy];
				unit < combine->first_units[policy + 1]; unit++)
			group_seat(groups, unit, member);
		member += any;
	}
}

/* One group for each run of seats with the same item. */
static void groups_split(struct combine *combine, struct groups *groups,
		const struct exclusion_group *rules, struct item_seat *seats, size_t count)
{
	size_t member = 0;

	if (count)
		qsort(seats, count, sizeof(*seats), item_seat_compare);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || seats[i].item != seats[i - 1].item) {
			group_begin(combine, groups, rules);
			member = 0;
		}
		group_seat(groups, seats[i].seat.unit, member++);
	}
}

/* One group for each item. */
static bool groups_of_items(struct combine *combine, struct groups *groups,
		const struct exclusion_group *rules)
{
	struct item_seat *seats;
	size_t count = 0;

	for (size_t i = 0; i < rules->count; i++)
		count += combine->first_units[rules->policies[i] + 1] -
			 combine->first_units[rules->policies[i]];
	seats = ARENA_NEW_ARRAY(combine->arena, struct item_seat, count + 1);
	if (!seats)
		return false;
	count = 0;
	for (size_t i = 0; i < rules->count; i++) {
		size_t policy = rules->policies[i];

		for (size_t unit = combine->first_units[policy];
				unit < combine->first_units[policy + 1]; unit++) {
			const struct item_outcome *item = combine->units[unit].item;

			if (item && combine->units[unit].outcome->policy->list == rules->list)
				seats[count++] = (struct item_seat){ item->item, { unit, 0 } };
		}
	}
	groups_split(combine, groups, rules, seats, count);
	return true;
}

/* Items that are the same person or loan, of a policy that is granted once for them. */
static bool groups_of_same(struct combine *combine, struct groups *groups, size_t policy)
{
	size_t first = combine->first_units[policy];
	size_t end = combine->first_units[policy + 1];
	struct item_seat *seats =
			ARENA_NEW_ARRAY(combine->arena, struct item_seat, end - first + 1);
	size_t count = 0;

	if (!seats)
		return false;
	for (size_t unit = first; unit < end; unit++) {
		const struct item_outcome *item = combine->units[unit].item;

		if (item)
			seats[count++] = (struct item_seat){
				item->same_as ? item->same_as : item->item, { unit, 0 }
			};
	}
	groups_split(combine, groups, NULL, seats, count);
	return true;
}

static bool groups_make(struct combine *combine)
{
	const struct ruleset *ruleset = combine->facts->ruleset;
	const struct combine_rules *rules = ruleset->combine;
	struct groups groups = { 0 };
	size_t seats = combine->unit_count; /* of items that are the same */

	for (size_t i = 0; i < rules->group_count; i++) {
		for (size_t k = 0; k < rules->groups[i].count; k++) {
			size_t policy = rules->groups[i].policies[k];

			seats += combine->first_units[policy + 1] -
				 combine->first_units[policy];
		}
	}
	/* A group over items has at least one seat; one of the enterprise may have none. */
	groups.list = ARENA_NEW_ARRAY(
			combine->arena, struct solver_group, seats + rules->group_count + 1);
	combine->groups = ARENA_NEW_ARRAY(
			combine->arena, struct combine_group, seats + rules->group_count + 1);
	groups.seats = ARENA_NEW_ARRAY(combine->arena, struct solver_seat, seats + 1);
	if (!groups.list || !combine->groups || !groups.seats)
		return false;
	for (size_t i = 0; i < rules->group_count; i++) {
		if (rules->groups[i].list == LIST_ENTERPRISE)
			group_of_enterprise(combine, &groups, &rules->groups[i]);
		else if (!groups_of_items(combine, &groups, &rules->groups[i]))
			return false;
	}
	for (size_t i = 0; i < ruleset->catalog.policy_count; i++) {
		if (ruleset->policies[i].once_per && !groups_of_same(combine, &groups, i))
			return false;
	}
	for (int i = 0; i < CASE_COUNT; i++) {
		combine->problems[i].groups = groups.list;
		combine->problems[i].group_count = groups.count;
	}
	return true;
}

/* --- caps ------------------------------------------------------------------------------------- */

struct caps {
	struct solver_cap *lists[CASE_COUNT];
	size_t count;
};

static size_t cap_add(struct combine *combine, struct caps *caps, struct combine_cap cap,
		int64_t sure, int64_t possible, size_t parent)
{
	combine->caps[caps->count] = cap;
	caps->lists[CASE_SURE][caps->count] = (struct solver_cap){ sure, parent };
	caps->lists[CASE_POSSIBLE][caps->count] = (struct solver_cap){ possible, parent };
	return caps->count++;
}

/* The shared cap around a unit, with those around it; *out_unstated when a limit is not stated. */
static size_t cap_shared(struct combine *combine, struct caps *caps, size_t index,
		const struct item_facts *item, bool *out_unstated)
{
	const struct combine_rules *rules = combine->facts->ruleset->combine;
	const struct shared_cap_rules *shared;
	const struct value *limit;
	size_t parent;

	/* An item that nobody told of has none of the caps that each item has. */
	while (index != NO_CAP && rules->caps[index].list != LIST_ENTERPRISE && !item)
		index = rules->caps[index].parent;
	if (index == NO_CAP)
		return SOLVER_NONE;
	shared = &rules->caps[index];
	if (shared->list == LIST_ENTERPRISE)
		item = NULL;
	parent = cap_shared(combine, caps, shared->parent, item, out_unstated);
	limit = &combine->facts->values[shared->slot];
	if (limit->kind != VALUE_INT) {
		*out_unstated = true;
		return parent;
	}
	for (size_t i = 0; i < caps->count; i++) {
		if (combine->caps[i].shared == shared && combine->caps[i].item == item)
			return i;
	}
	return cap_add(combine, caps, (struct combine_cap){ .shared = shared, .item = item },
			limit->integer > 0 ? limit->integer : 0,
			limit->integer > 0 ? limit->integer : 0, parent);
}

/* The cap on all items of a policy, asked of an amount that it must truncate. */
static size_t cap_of_items(struct combine *combine, struct caps *caps,
		const struct policy_rules *policy, size_t parent, bool *out_unstated)
{
	struct span all = { .most_known = true, .least = INT64_MAX, .most = INT64_MAX };
	struct amount probe = {
		.most_known = true, .least = all.least, .most = all.most, .year = all
	};

	amount_limit(combine->facts, policy, true, &probe);
	*out_unstated |= probe.up_to || probe.error;
	if (probe.least == INT64_MAX && probe.most == INT64_MAX)
		return parent;
	return cap_add(combine, caps, (struct combine_cap){ .policy = policy },
			probe.year.least, probe.year.most, parent);
}

static void unit_set_cap(struct combine *combine, size_t unit, size_t cap, bool unstated)
{
	struct solver_unit *sure =
			(struct solver_unit *)&combine->problems[CASE_SURE].units[unit];
	struct solver_unit *possible =
			(struct solver_unit *)&combine->problems[CASE_POSSIBLE].units[unit];

	if (unstated) {
		combine->units[unit].unstated = true;
		combine->units[unit].year[CASE_SURE] = 0;
		combine->units[unit].whole[CASE_SURE] = 0;
	}
	sure->value = combine->units[unit].year[CASE_SURE];
	possible->value = combine->units[unit].year[CASE_POSSIBLE];
	sure->cap = possible->cap = cap;
}

static void caps_of_policy(struct combine *combine, struct caps *caps, size_t policy)
{
	const struct ruleset *ruleset = combine->facts->ruleset;
	size_t first = combine->first_units[policy];
	size_t end = combine->first_units[policy + 1];
	size_t shared = ruleset->combine->policy_caps[policy];
	bool of_items = ruleset->policies[policy].list != LIST_ENTERPRISE && first < end &&
			combine->units[first].item;
	size_t total = SOLVER_NONE;
	bool unstated = false;

	/* A cap on all items lies in shared ones of the enterprise only. */
	if (of_items && (shared == NO_CAP || ruleset->combine->caps[shared].list ==
							     LIST_ENTERPRISE)) {
		total = cap_shared(combine, caps, shared, NULL, &unstated);
		total = cap_of_items(
				combine, caps, &ruleset->policies[policy], total, &unstated);
		for (size_t unit = first; unit < end; unit++)
			unit_set_cap(combine, unit, total, unstated);
		return;
	}
	for (size_t unit = first; unit < end; unit++) {
		const struct item_outcome *item = combine->units[unit].item;
		size_t cap;

		unstated = false;
		cap = cap_shared(combine, caps, shared, item ? item->item : NULL, &unstated);
		unit_set_cap(combine, unit, cap, unstated);
	}
}

static bool caps_make(struct combine *combine)
{
	const struct ruleset *ruleset = combine->facts->ruleset;
	size_t policies = ruleset->catalog.policy_count;
	struct caps caps = { 0 };
	size_t most = policies + ruleset->combine->cap_count * (combine->unit_count + 1) + 1;

	/* Few units fall under shared caps: each makes at most one of each. */
	if (ruleset->combine->cap_count == 0)
		most = policies + 1;
	combine->caps = ARENA_NEW_ARRAY(combine->arena, struct combine_cap, most);
	for (int i = 0; i < CASE_COUNT; i++) {
		caps.lists[i] = ARENA_NEW_ARRAY(combine->arena, struct solver_cap, most);
		combine->problems[i].units = ARENA_NEW_ARRAY(
				combine->arena, struct solver_unit, combine->unit_count + 1);
		combine->problems[i].unit_count = combine->unit_count;
	}
	if (combine->arena->exhausted)
		return false;
	for (size_t i = 0; i < policies; i++)
		caps_of_policy(combine, &caps, i);
	for (int i = 0; i < CASE_COUNT; i++) {
		combine->problems[i].caps = caps.lists[i];
		combine->problems[i].cap_count = caps.count;
	}
	return true;
}

/* --- all -------------------------------------------------------------------------------------- */

static bool combine_prepare(struct combine *combine, const struct facts *facts,
		const struct outcome *outcomes, size_t count, struct arena *arena)
{
	*combine = (struct combine){ .facts = facts, .arena = arena, .outcome_count = count };
	combine->outcomes = ARENA_NEW_ARRAY(arena, const struct outcome *, count + 1);
	return combine->outcomes && units_gather(combine, outcomes) && groups_make(combine) &&
	       caps_make(combine);
}

bool combine_compute(struct combine *combine, const struct facts *facts,
		const struct outcome *outcomes, size_t count, struct arena *arena)
{
	if (!combine_prepare(combine, facts, outcomes, count, arena))
		return false;
	for (int i = 0; i < CASE_COUNT; i++) {
		if (!solver_solve(&combine->problems[i], arena, &combine->answers[i]))
			return false;
	}
	return !arena->exhausted;
}

int64_t combine_total(const struct combine *combine, enum combine_case which)
{
	wide_int total = combine->answers[which].total;

	return total > INT64_MAX ? INT64_MAX : (int64_t)total;
}

bool combine_sure(const struct facts *facts, const struct outcome *outcomes, size_t count,
		struct arena *arena, int64_t *out_total)
{
	struct combine combine;

	if (!combine_prepare(&combine, facts, outcomes, count, arena) ||
			!solver_solve(&combine.problems[CASE_SURE], arena,
					&combine.answers[CASE_SURE]) ||
			arena->exhausted)
		return false;
	*out_total = combine_total(&combine, CASE_SURE);
	return true;
}

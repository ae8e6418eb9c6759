/* SPDX-License-Identifier: Apache-2.0 */
/* The facts that a sweep needs: of which slots there are columns, and what stands behind the others. */
#include "calculator/profile.h"
#include "calculator/score.h"
#include "calculator/sweep_build.h"

#include <string.h>

/* --- slots ------------------------------------------------------------------------------------- */

static bool type_has_column(Policycalc__V1__ValueType type, enum sweep_form *out_form)
{
	switch ((int)type) {
	case VALUE_TYPE(MONEY):
	case VALUE_TYPE(RATIO):
	case VALUE_TYPE(COUNT):
	case VALUE_TYPE(DATE):
		*out_form = SWEEP_INTEGER;
		return true;
	case VALUE_TYPE(FLAG):
		*out_form = SWEEP_FLAG;
		return true;
	case VALUE_TYPE(CODE):
	case VALUE_TYPE(TEXT):
		*out_form = SWEEP_CODE;
		return true;
	case VALUE_TYPE(CODES):
		*out_form = SWEEP_CODES;
		return true;
	case VALUE_TYPE(TITLES):
		*out_form = SWEEP_TITLES;
		return true;
	default:
		*out_form = SWEEP_SERIES;
		return false;
	}
}

bool sweep_rule_is_by_rows(const struct sweep *sweep, const struct rule *rule)
{
	size_t count = 0;
	const int *slots = rule ? rule_slots(rule, &count) : NULL;

	for (size_t i = 0; i < count; i++) {
		if (sweep->slots[slots[i]].by_rows)
			return true;
	}
	return false;
}

static bool has_bases(const struct ruleset *ruleset, int slot)
{
	uint64_t *bases = ruleset->bases[LIST_ENTERPRISE][slot];

	for (size_t i = 0; bases && i < ruleset->set_words; i++) {
		if (bases[i])
			return true;
	}
	return !bases;
}

/* Derived slots stand behind those that they read. */
static bool derivation_is_by_rows(
		const struct building *building, const struct derivation *derivation)
{
	const struct sweep *sweep = building->sweep;
	const struct scope_ratio *ratio = derivation->ratio;

	if (derivation->aggregate || (!derivation->rule && !ratio))
		return true;
	/* Without attributes behind it nobody can be asked for a quotient: too odd for a column. */
	if (ratio)
		return sweep->slots[ratio->num_slot].by_rows ||
		       sweep->slots[ratio->den_slot].by_rows ||
		       (!has_bases(building->ruleset, ratio->num_slot) &&
				       !has_bases(building->ruleset, ratio->den_slot));
	switch (rule_type(derivation->rule)->kind) {
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_STRING:
	case TYPE_TIMESTAMP:
		return sweep_rule_is_by_rows(sweep, derivation->rule);
	case TYPE_NULL:
	case TYPE_UINT:
	case TYPE_DOUBLE:
	case TYPE_BYTES:
	case TYPE_LIST:
	case TYPE_MAP:
	case TYPE_DURATION:
	case TYPE_TYPE:
	case TYPE_DYN:
	default:
		return true;
	}
}

bool sweep_slots_build(struct building *building)
{
	const struct ruleset *ruleset = building->ruleset;
	struct sweep *sweep = building->sweep;
	enum sweep_form form;

	sweep->slots = ARENA_NEW_ARRAY(
			&sweep->arena, struct sweep_slot, ruleset->most_slots + 1);
	if (!sweep->slots)
		return false;
	for (size_t i = 0; i < ruleset->most_slots; i++) {
		sweep->slots[i].want = -1;
		/* Behind the enterprise's own slots stand those of items. */
		sweep->slots[i].by_rows = i >= ruleset->base_count;
	}
	for (size_t i = 0; i < ruleset->entry_count[LIST_ENTERPRISE]; i++) {
		const struct entry *entry = &ruleset->entries[LIST_ENTERPRISE][i];

		for (size_t k = 0; k < entry->variant_count; k++) {
			struct sweep_slot *slot = &sweep->slots[entry->variants[k].slot];

			slot->entry = entry;
			slot->by_rows = entry->variants[k].window != WINDOW_NONE ||
					!type_has_column(entry->attribute->type, &form);
		}
	}
	for (size_t i = 0; i < ruleset->derivation_count[LIST_ENTERPRISE]; i++) {
		const struct derivation *derivation = &ruleset->derivations[LIST_ENTERPRISE][i];
		struct sweep_slot *slot = &sweep->slots[derivation->slot];

		slot->derivation = derivation;
		slot->by_rows = slot->by_rows || derivation_is_by_rows(building, derivation);
	}
	return true;
}

/* --- wants ------------------------------------------------------------------------------------- */

static int want_add(struct building *building, const struct entry *entry, unsigned back)
{
	struct sweep *sweep = building->sweep;
	Policycalc__V1__Period period = entry->attribute->period;
	struct sweep_want want = {
		.attribute = entry->attribute->name,
		.definition = entry->attribute,
		.periodic = period_is_recurring(period) &&
			    !value_type_is_series(entry->attribute->type),
	};

	(void)type_has_column(entry->attribute->type, &want.form);
	if (want.periodic)
		want.period = period_of_date(period, sweep->as_of) - 1 - (int64_t)back;
	for (size_t i = 0; i < sweep->want_count; i++) {
		if (sweep->want_entries[i] == entry && sweep->wants[i].period == want.period)
			return (int)i;
	}
	sweep->want_entries[sweep->want_count] = entry;
	sweep->wants[sweep->want_count] = want;
	return (int)sweep->want_count++;
}

static bool slots_need(struct building *building, const int *slots, size_t count);

/* Once a slot: whatever stands behind it stands further down in the order of derivations. */
static bool slot_need(struct building *building, int number)
{
	struct sweep *sweep = building->sweep;
	const struct slot *place = &building->ruleset->slots[LIST_ENTERPRISE][number];
	struct sweep_slot *slot = &sweep->slots[number];
	const struct derivation *derivation = slot->derivation;
	const int *slots;
	size_t count;

	if (slot->needed || place->role != SCOPE_ATTRIBUTE)
		return true;
	slot->needed = true;
	slot->want = want_add(building, slot->entry, place->back);
	/* What no column answers is asked by value, which finds what stands behind it. */
	if (!derivation || !derivation->rule || slot->by_rows)
		return true;
	if (rule_type(derivation->rule)->kind == TYPE_BOOL) {
		if (!atoms_add_rule(sweep->atoms, derivation->rule, &slot->literal))
			return false;
		atoms_use(sweep->atoms, slot->literal);
		return true; /* its atoms are looked at as all others are */
	}
	slots = rule_slots(derivation->rule, &count);
	return slots_need(building, slots, count);
}

static bool slots_need(struct building *building, const int *slots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!slot_need(building, slots[i]))
			return false;
	}
	return true;
}

/* A figure over items: needs the enterprise itself when it has some of the list. */
static void aggregate_need(struct sweep_policy *policy, const struct derivation *derivation)
{
	policy->lists |= 1u << derivation->aggregate->list;
}

static bool series_need(struct building *building, struct sweep_policy *policy,
		const struct sweep_slot *slot)
{
	size_t *series;

	for (size_t i = 0; i < policy->series_count; i++) {
		if (policy->series[i] == (size_t)slot->want)
			return true;
	}
	series = ARENA_NEW_ARRAY(&building->sweep->arena, size_t, policy->series_count + 1);
	if (!series)
		return false;
	for (size_t i = 0; i < policy->series_count; i++)
		series[i] = policy->series[i];
	series[policy->series_count++] = (size_t)slot->want;
	policy->series = series;
	return true;
}

static bool value_need(struct building *building, struct sweep_policy *policy, int number);

static bool values_need(
		struct building *building, struct sweep_policy *policy, const struct rule *rule)
{
	size_t count = 0;
	const int *slots = rule ? rule_slots(rule, &count) : NULL;

	for (size_t i = 0; i < count; i++) {
		/* Behind the enterprise's own slots stand those of the items that a filter reads. */
		if ((size_t)slots[i] < building->ruleset->base_count &&
				!value_need(building, policy, slots[i]))
			return false;
	}
	return true;
}

/* Everything behind a slot that a clause of @policy asked by value reads. */
static bool value_need(struct building *building, struct sweep_policy *policy, int number)
{
	struct sweep *sweep = building->sweep;
	struct sweep_slot *slot = &sweep->slots[number];
	const struct derivation *derivation = slot->derivation;
	size_t stamp = (size_t)(policy - sweep->policies) + 1;

	if (building->seen[number] == stamp ||
			building->ruleset->slots[LIST_ENTERPRISE][number].role !=
					SCOPE_ATTRIBUTE)
		return true;
	building->seen[number] = stamp;
	building->by_value[number] = true;
	if (!slot_need(building, number))
		return false;
	if (value_type_is_series(slot->entry->attribute->type))
		return series_need(building, policy, slot) &&
		       (!derivation || values_need(building, policy, derivation->rule));
	if (!derivation)
		return true;
	if (derivation->ratio)
		return value_need(building, policy, derivation->ratio->num_slot) &&
		       value_need(building, policy, derivation->ratio->den_slot);
	if (!derivation->aggregate)
		return values_need(building, policy, derivation->rule);
	aggregate_need(policy, derivation);
	return values_need(building, policy, derivation->aggregate->filter);
}

static bool score_need(struct building *building, struct sweep_policy *policy,
		const struct clause *clause)
{
	const struct score_rules *score = clause->score;

	if (!values_need(building, policy, clause->direct_pass))
		return false;
	for (size_t i = 0; i < score->rule_count; i++) {
		if (!values_need(building, policy, score->rules[i]))
			return false;
	}
	for (size_t i = 0; i < score->row_count; i++) {
		for (size_t k = 0; k < score->rows[i].metric_count; k++) {
			int slot = score->rows[i].metrics[k].slot;

			if (slot >= 0 && !value_need(building, policy, slot))
				return false;
		}
	}
	return true;
}

static bool policy_need(struct building *building, struct sweep_policy *policy)
{
	if (policy->rules->list != LIST_ENTERPRISE)
		policy->lists |= 1u << policy->rules->list;
	for (size_t i = 0; i < policy->rules->clause_count; i++) {
		const struct clause *clause = policy->clauses[i].clause;

		if (policy->clauses[i].kind != SWEEP_BY_VALUE)
			continue;
		if (clause->kind == CLAUSE_SCORE
						? !score_need(building, policy, clause)
						: !values_need(building, policy,
								  clause->rule) ||
								  !values_need(building, policy,
										  clause->met_if) ||
								  !values_need(building, policy,
										  clause->fails_if))
			return false;
	}
	return true;
}

/* Lists what rows need that are asked by value: in the order of derivations. */
static bool values_build(struct building *building)
{
	struct sweep *sweep = building->sweep;
	const struct ruleset *ruleset = building->ruleset;

	building->seen = ARENA_NEW_ARRAY(&sweep->arena, size_t, ruleset->most_slots + 1);
	building->by_value = ARENA_NEW_ARRAY(&sweep->arena, bool, ruleset->most_slots + 1);
	sweep->value_slots = ARENA_NEW_ARRAY(&sweep->arena, int, ruleset->base_count + 1);
	sweep->value_derivations = ARENA_NEW_ARRAY(&sweep->arena, const struct derivation *,
			ruleset->derivation_count[LIST_ENTERPRISE] + 1);
	if (!building->seen || !building->by_value || !sweep->value_slots ||
			!sweep->value_derivations)
		return false;
	for (size_t i = 0; i < sweep->policy_count; i++) {
		if (!policy_need(building, &sweep->policies[i]))
			return false;
	}
	for (size_t i = 0; i < ruleset->base_count; i++) {
		if (building->by_value[i])
			sweep->value_slots[sweep->value_slot_count++] = (int)i;
	}
	for (size_t i = 0; i < ruleset->derivation_count[LIST_ENTERPRISE]; i++) {
		const struct derivation *derivation = &ruleset->derivations[LIST_ENTERPRISE][i];

		if (building->by_value[derivation->slot])
			sweep->value_derivations[sweep->value_derivation_count++] = derivation;
	}
	return true;
}

bool sweep_wants_build(struct building *building)
{
	struct sweep *sweep = building->sweep;
	size_t most = building->ruleset->base_count + 1;

	sweep->wants = ARENA_NEW_ARRAY(&sweep->arena, struct sweep_want, most);
	sweep->want_entries = ARENA_NEW_ARRAY(&sweep->arena, const struct entry *, most);
	if (!sweep->wants || !sweep->want_entries)
		return false;
	if (!values_build(building))
		return false;
	/* What is derived brings atoms of its own. */
	for (size_t i = 0; i < sweep->atoms->count; i++) {
		struct atom atom = sweep->atoms->list[i];

		if (!slots_need(building, atom.slots, atom.slot_count))
			return false;
	}
	return true;
}

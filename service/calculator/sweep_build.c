/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep made ready: which clauses of which policies can be asked of columns, taken apart, and the
 * facts that they read.
 */
#include "calculator/profile.h"
#include "calculator/score.h"
#include "calculator/selection.h"
#include "calculator/sweep_internal.h"

#include <stdlib.h>
#include <string.h>

struct building {
	struct sweep *sweep;
	const struct ruleset *ruleset;
	struct atom_test **region_tests; /* by twin, of scopes */
	bool *by_value;			 /* by slot: read by clauses that are asked by value */
	uint32_t *literals;		 /* of one policy */
	size_t literal_count, literal_capacity;
	struct error *err;
};

static bool fail_memory(const struct building *building)
{
	return error_set(building->err, ERROR_MEMORY, "out of memory while preparing a sweep");
}

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
		return false;
	}
}

static bool rule_is_by_rows(const struct sweep *sweep, const struct rule *rule)
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
		return rule_is_by_rows(sweep, derivation->rule);
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

static bool slots_build(struct building *building)
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
		.periodic = period_is_recurring(period),
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
	if (!derivation || !derivation->rule)
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

/* Everything behind a slot that a clause asked by value reads. */
static bool value_need(struct building *building, int number)
{
	struct sweep *sweep = building->sweep;
	const struct derivation *derivation = sweep->slots[number].derivation;
	size_t count = 0;
	const int *slots;

	if (building->by_value[number] ||
			building->ruleset->slots[LIST_ENTERPRISE][number].role !=
					SCOPE_ATTRIBUTE)
		return true;
	building->by_value[number] = true;
	if (!slot_need(building, number))
		return false;
	if (!derivation)
		return true;
	if (derivation->ratio)
		return value_need(building, derivation->ratio->num_slot) &&
		       value_need(building, derivation->ratio->den_slot);
	slots = rule_slots(derivation->rule, &count);
	for (size_t i = 0; i < count; i++) {
		if (!value_need(building, slots[i]))
			return false;
	}
	return true;
}

static bool score_values_need(struct building *building, const struct clause *clause)
{
	const struct score_rules *score = clause->score;
	size_t count = 0;
	const int *slots = clause->direct_pass ? rule_slots(clause->direct_pass, &count) : NULL;

	for (size_t i = 0; i < count; i++) {
		if (!value_need(building, slots[i]))
			return false;
	}
	for (size_t i = 0; i < score->rule_count; i++) {
		slots = rule_slots(score->rules[i], &count);
		for (size_t k = 0; k < count; k++) {
			if (!value_need(building, slots[k]))
				return false;
		}
	}
	for (size_t i = 0; i < score->row_count; i++) {
		for (size_t k = 0; k < score->rows[i].metric_count; k++) {
			int slot = score->rows[i].metrics[k].slot;

			if (slot >= 0 && !value_need(building, slot))
				return false;
		}
	}
	return true;
}

/* Whether columns have all that a score table reads. */
static bool score_has_columns(const struct sweep *sweep, const struct clause *clause)
{
	const struct score_rules *score = clause->score;

	if (rule_is_by_rows(sweep, clause->direct_pass))
		return false;
	for (size_t i = 0; i < score->rule_count; i++) {
		if (rule_is_by_rows(sweep, score->rules[i]))
			return false;
	}
	for (size_t i = 0; i < score->row_count; i++) {
		for (size_t k = 0; k < score->rows[i].metric_count; k++) {
			int slot = score->rows[i].metrics[k].slot;

			if (slot >= 0 && sweep->slots[slot].by_rows)
				return false;
		}
	}
	return true;
}

/* Lists what rows need that are asked by value: in the order of derivations. */
static bool values_build(struct building *building)
{
	struct sweep *sweep = building->sweep;
	const struct ruleset *ruleset = building->ruleset;

	sweep->value_slots = ARENA_NEW_ARRAY(&sweep->arena, int, ruleset->base_count + 1);
	sweep->value_derivations = ARENA_NEW_ARRAY(&sweep->arena, const struct derivation *,
			ruleset->derivation_count[LIST_ENTERPRISE] + 1);
	if (!sweep->value_slots || !sweep->value_derivations)
		return false;
	for (size_t i = 0; i < sweep->policy_count; i++) {
		for (size_t k = 0; k < sweep->policies[i].rules->clause_count; k++) {
			if (sweep->policies[i].clauses[k].kind == SWEEP_BY_VALUE &&
					!score_values_need(building,
							sweep->policies[i].clauses[k].clause))
				return false;
		}
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

static bool wants_build(struct building *building)
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

/* --- clauses ----------------------------------------------------------------------------------- */

static enum atom_answer status_answer(Policycalc__V1__ConditionStatus status)
{
	switch ((int)status) {
	case STATUS(MET):
		return ANSWER_YES;
	case STATUS(NOT_MET):
		return ANSWER_NO;
	case STATUS(UNKNOWN):
		return ANSWER_ASKED;
	default:
		return ANSWER_ERROR;
	}
}

struct region_context {
	const struct region_table *regions;
	const Policycalc__V1__RegionScope *scope;
};

static enum atom_answer region_answer(const void *context, struct slice text, bool marked)
{
	const struct region_context *region = context;

	return status_answer(region_scope_status(region->regions, region->scope, text, marked));
}

static enum atom_answer industry_answer(const void *context, struct slice text, bool marked)
{
	(void)marked;
	return status_answer(industry_scope_status(context, text));
}

/* Of twins one test, so that there is one atom. */
static const struct atom_test *scope_test(struct building *building,
		const struct policy_rules *policy, const struct clause *clause)
{
	struct arena *arena = &building->sweep->arena;
	struct atom_test **test = &building->region_tests[clause->twin];
	struct region_context *context;

	if (*test)
		return *test;
	*test = ARENA_NEW(arena, struct atom_test);
	context = ARENA_NEW(arena, struct region_context);
	if (!*test || !context)
		return NULL;
	context->regions = building->ruleset->regions;
	context->scope = policy->policy->region;
	if (clause->kind == CLAUSE_REGION)
		**test = (struct atom_test){ region_answer, context };
	else
		**test = (struct atom_test){ industry_answer, policy->policy->industry };
	return *test;
}

static bool rule_literal(struct building *building, const struct rule *rule, uint32_t none,
		uint32_t *out_literal)
{
	struct atoms *atoms = building->sweep->atoms;

	*out_literal = none;
	return !rule || atoms_add_rule(atoms, rule, out_literal);
}

static bool clause_build(struct building *building, const struct policy_rules *policy,
		const struct clause *clause, struct sweep_clause *out)
{
	struct sweep *sweep = building->sweep;
	struct atoms *atoms = sweep->atoms;
	const struct atom_test *test;

	out->clause = clause;
	out->kind = SWEEP_PLAIN;
	if (clause->per_item) {
		out->kind = SWEEP_ITEM;
		return true;
	}
	if (clause->kind == CLAUSE_SCORE && score_has_columns(sweep, clause)) {
		out->kind = SWEEP_BY_VALUE;
		return true;
	}
	if (clause->kind == CLAUSE_SCORE ||
			(clause->slot >= 0 && sweep->slots[clause->slot].by_rows) ||
			rule_is_by_rows(sweep, clause->rule) ||
			rule_is_by_rows(sweep, clause->met_if) ||
			rule_is_by_rows(sweep, clause->fails_if)) {
		out->kind = SWEEP_BY_ROW;
		return true;
	}
	if (clause->kind != CLAUSE_RULE) {
		test = scope_test(building, policy, clause);
		return test && atoms_add_test(atoms, clause->slot, test, &out->literal);
	}
	if (clause->condition->role == POLICYCALC__V1__ROLE__ROLE_REVIEW) {
		out->kind = SWEEP_JUDGED;
		return rule_literal(building, clause->met_if, LITERAL_FALSE, &out->literal) &&
		       rule_literal(building, clause->fails_if, LITERAL_FALSE, &out->fails);
	}
	if (!atoms_add_rule(atoms, clause->rule, &out->literal))
		return false;
	if (clause->condition->role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE)
		out->literal = atoms_negate(atoms, out->literal);
	return true;
}

/* --- what one policy asks, the cheap first ----------------------------------------------------- */

static bool literal_put(struct building *building, uint32_t literal)
{
	size_t capacity = building->literal_capacity ? building->literal_capacity * 2 : 64;
	uint32_t *literals;

	for (size_t i = 0; i < building->literal_count; i++) {
		if (building->literals[i] == literal)
			return true;
	}
	if (building->literal_count == building->literal_capacity) {
		literals = ARENA_NEW_ARRAY(&building->sweep->arena, uint32_t, capacity);
		if (!literals)
			return false;
		if (building->literal_count)
			memcpy(literals, building->literals,
					building->literal_count * sizeof(*literals));
		building->literals = literals;
		building->literal_capacity = capacity;
	}
	building->literals[building->literal_count++] = literal;
	return true;
}

static bool literals_put(struct building *building, uint32_t literal)
{
	const struct atoms *atoms = building->sweep->atoms;
	const struct formula *formula = atoms_formula(atoms, literal);

	if (literal % 2 || formula->kind != FORMULA_ALL)
		return literal_put(building, literal);
	for (uint32_t i = 0; i < formula->count; i++) {
		if (!literal_put(building, atoms->literals[formula->at + i]))
			return false;
	}
	return true;
}

/* What it costs to ask: codes rule out most, then what is a look at a column. */
static unsigned literal_cost(const struct atoms *atoms, uint32_t literal)
{
	const struct formula *formula = atoms_formula(atoms, literal);

	if (formula->kind == FORMULA_ALL)
		return formula->opaque ? 1000 : 10 + formula->count;
	if (formula->kind != FORMULA_ATOM)
		return 0;
	switch (atoms->list[formula->at].kind) {
	case ATOM_CODE:
		return 1;
	case ATOM_FLAG:
	case ATOM_MEMBER:
	case ATOM_HELD:
		return 3;
	case ATOM_AT_LEAST:
		return 2;
	case ATOM_VALID:
		return 4;
	case ATOM_QUOTIENT:
		return 500;
	case ATOM_OTHER:
	default:
		return 1000;
	}
}

static void literals_sort(const struct atoms *atoms, uint32_t *literals, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		uint32_t literal = literals[i];
		unsigned cost = literal_cost(atoms, literal);
		size_t k = i;

		for (; k > 0 && literal_cost(atoms, literals[k - 1]) > cost; k--)
			literals[k] = literals[k - 1];
		literals[k] = literal;
	}
}

static bool policy_literals(struct building *building, struct sweep_policy *policy)
{
	struct sweep *sweep = building->sweep;
	uint32_t *literals;

	building->literal_count = 0;
	for (size_t i = 0; i < policy->rules->clause_count; i++) {
		if (policy->clauses[i].kind == SWEEP_PLAIN &&
				!literals_put(building, policy->clauses[i].literal))
			return false;
	}
	literals_sort(sweep->atoms, building->literals, building->literal_count);
	literals = ARENA_NEW_ARRAY(&sweep->arena, uint32_t, building->literal_count + 1);
	if (!literals)
		return false;
	for (size_t i = 0; i < building->literal_count; i++) {
		literals[i] = building->literals[i];
		if (!sweep->conditions)
			atoms_use(sweep->atoms, literals[i]);
	}
	policy->literals = literals;
	policy->literal_count = building->literal_count;
	return true;
}

static bool policy_build(struct building *building, struct sweep_policy *policy)
{
	struct sweep *sweep = building->sweep;
	const struct policy_rules *rules = policy->rules;
	struct sweep_clause *clauses = ARENA_NEW_ARRAY(
			&sweep->arena, struct sweep_clause, rules->clause_count + 1);

	if (!clauses)
		return false;
	policy->clauses = clauses;
	policy->by_rows = policy->by_items = policy->by_profile =
			rules->list != LIST_ENTERPRISE;
	for (size_t i = 0; i < rules->clause_count; i++) {
		if (!clause_build(building, rules, &rules->clauses[i], &clauses[i]))
			return false;
		policy->by_profile = policy->by_profile || clauses[i].kind == SWEEP_BY_ROW;
		policy->by_items = policy->by_items && clauses[i].kind != SWEEP_BY_ROW &&
				   clauses[i].kind != SWEEP_BY_VALUE;
		policy->by_rows = policy->by_rows || clauses[i].kind == SWEEP_BY_ROW ||
				  clauses[i].kind == SWEEP_BY_VALUE;
		if (clauses[i].kind == SWEEP_JUDGED ||
				(clauses[i].kind == SWEEP_PLAIN && sweep->conditions)) {
			atoms_use(sweep->atoms, clauses[i].literal);
			atoms_use(sweep->atoms, clauses[i].fails);
		}
	}
	return policy_literals(building, policy);
}

/* --- policies ---------------------------------------------------------------------------------- */

static bool is_wanted(const struct standing *standing, bool by_id)
{
	return by_id ||
	       (standing->state != STATE(SUPERSEDED) && standing->state != STATE(ENDED));
}

static bool policies_build(struct building *building, const struct sweep_options *options)
{
	struct sweep *sweep = building->sweep;
	const struct ruleset *ruleset = building->ruleset;
	struct selections selections;
	size_t count;

	if (!selections_read(ruleset, (char *const *)options->policies, options->policy_count,
			    &sweep->arena, &selections, building->err))
		return false;
	count = selections_count(&selections, ruleset);
	sweep->policies = ARENA_NEW_ARRAY(&sweep->arena, struct sweep_policy, count + 1);
	if (!sweep->policies)
		return fail_memory(building);
	for (size_t i = 0; i < count; i++) {
		struct selection selection = selections_at(&selections, i);
		const struct standing *standing = &sweep->epoch->standings[selection.index];
		struct sweep_policy *policy = &sweep->policies[sweep->policy_count];

		if (!is_wanted(standing, selection.by_id))
			continue;
		policy->rules = &ruleset->policies[selection.index];
		policy->index = selection.index;
		policy->open = standing->state == STATE(OPEN) ||
			       standing->state == STATE(WINDOW_NOT_STATED);
		if (!policy_build(building, policy))
			return fail_memory(building);
		sweep->policy_count++;
	}
	return true;
}

/* The values that do not depend on the enterprise. */
static bool bound_build(struct building *building)
{
	struct sweep *sweep = building->sweep;
	const struct ruleset *ruleset = building->ruleset;
	struct timestamp day = timestamp_from_date(sweep->as_of, DATE_CHINA_OFFSET);
	struct evaluation evaluation;

	sweep->bound = ARENA_NEW_ARRAY(&sweep->arena, struct value, ruleset->most_slots + 1);
	if (!sweep->bound)
		return false;
	memcpy(sweep->bound, sweep->epoch->values, ruleset->most_slots * sizeof(*sweep->bound));
	sweep->bound[ruleset->as_of_slot] = (struct value){ .kind = VALUE_TIMESTAMP,
		.timestamp = { .seconds = day.seconds, .nanos = day.nanos } };
	evaluation = (struct evaluation){ .values = sweep->bound,
		.value_count = ruleset->most_slots,
		.regions = ruleset->regions };
	sweep->atoms = atoms_new(&evaluation);
	return sweep->atoms != NULL;
}

bool sweep_build(struct sweep *sweep, const struct sweep_options *options, struct error *err)
{
	struct building building = { .sweep = sweep, .ruleset = sweep->ruleset, .err = err };

	building.region_tests = ARENA_NEW_ARRAY(
			&sweep->arena, struct atom_test *, sweep->ruleset->twin_count + 1);
	building.by_value =
			ARENA_NEW_ARRAY(&sweep->arena, bool, sweep->ruleset->most_slots + 1);
	if (!building.region_tests || !building.by_value || !bound_build(&building) ||
			!slots_build(&building))
		return fail_memory(&building);
	if (!policies_build(&building, options))
		return false;
	return wants_build(&building) || fail_memory(&building);
}

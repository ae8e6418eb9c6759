/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sweep made ready: which clauses of which policies can be asked of columns, taken apart, and the
 * facts that they read.
 */
#include "calculator/sweep_build.h"
#include "calculator/scope_test.h"
#include "calculator/selection.h"

#include <stdlib.h>
#include <string.h>

static bool fail_memory(const struct building *building)
{
	return error_set(building->err, ERROR_MEMORY, "out of memory while preparing a sweep");
}

/* --- clauses ----------------------------------------------------------------------------------- */

/* Of twins one test, so that there is one atom. */
static const struct atom_test *scope_test(struct building *building,
		const struct policy_rules *policy, const struct clause *clause)
{
	const struct atom_test **test = &building->region_tests[clause->twin];

	if (!*test)
		*test = scope_test_new(
				building->ruleset, policy, clause, &building->sweep->arena);
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
	if (clause->slot >= 0 && sweep->slots[clause->slot].by_rows) {
		out->kind = SWEEP_BY_ROW;
		return true;
	}
	if (clause->kind == CLAUSE_SCORE || sweep_rule_is_by_rows(sweep, clause->rule) ||
			sweep_rule_is_by_rows(sweep, clause->met_if) ||
			sweep_rule_is_by_rows(sweep, clause->fails_if)) {
		out->kind = SWEEP_BY_VALUE;
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

/* What it costs to ask: flags are a bit a row, codes rule out most, of lists every entry is looked at. */
static unsigned literal_cost(const struct atoms *atoms, uint32_t literal)
{
	const struct formula *formula = atoms_formula(atoms, literal);

	if (formula->kind == FORMULA_ALL)
		return formula->opaque ? 1000 : 10 + formula->count;
	if (formula->kind != FORMULA_ATOM)
		return 0;
	switch (atoms->list[formula->at].kind) {
	case ATOM_FLAG:
		return 1;
	case ATOM_CODE:
		return 2;
	case ATOM_AT_LEAST:
		return 3;
	case ATOM_MEMBER:
	case ATOM_HELD:
		return 4;
	case ATOM_VALID:
		return 5;
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

static bool list_condition_build(struct building *building, struct sweep_policy *policy)
{
	Policycalc__V1__Condition *condition;

	if (policy->rules->list == LIST_ENTERPRISE)
		return true;
	condition = ARENA_NEW(&building->sweep->arena, Policycalc__V1__Condition);
	if (!condition)
		return false;
	*condition = empty_list_condition(policy->rules->list);
	policy->list_condition = condition;
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
	for (size_t i = 0; i < rules->clause_count; i++) {
		if (!clause_build(building, rules, &rules->clauses[i], &clauses[i]))
			return false;
		policy->by_profile = policy->by_profile || clauses[i].kind == SWEEP_BY_ROW;
		policy->by_values = policy->by_values || clauses[i].kind == SWEEP_BY_VALUE;
		if (clauses[i].kind == SWEEP_JUDGED ||
				(clauses[i].kind == SWEEP_PLAIN && sweep->conditions)) {
			atoms_use(sweep->atoms, clauses[i].literal);
			atoms_use(sweep->atoms, clauses[i].fails);
		}
	}
	policy->by_rows = policy->by_profile || policy->by_values ||
			  rules->list != LIST_ENTERPRISE;
	return list_condition_build(building, policy) && policy_literals(building, policy);
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
		sweep->policy_count++;
		if (!policy_build(building, policy))
			return fail_memory(building);
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

	building.region_tests = (const struct atom_test **)arena_alloc_zero(&sweep->arena,
			sweep->ruleset->twin_count + 1, sizeof(*building.region_tests));
	if (!building.region_tests || !bound_build(&building) || !sweep_slots_build(&building))
		return fail_memory(&building);
	if (!policies_build(&building, options))
		return false;
	return sweep_wants_build(&building) || fail_memory(&building);
}

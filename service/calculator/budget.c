/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy may cost in all: a rule over parameters, the same for every enterprise. */
#include "calculator/ruleset.h"

#include <string.h>

bool ruleset_build_budget(struct ruleset_build *build, size_t index)
{
	struct ruleset *ruleset = build->ruleset;
	const Policycalc__V1__Policy *policy = ruleset->catalog.policies[index];
	const Policycalc__V1__Policy *origin = build->policy_origins[index];
	const struct rule *rule;
	const char *where;
	size_t count = 0;
	const int *slots;

	if (!policy->budget)
		return true;
	where = arena_format(&ruleset->arena, "policies.%s.budget.limit_rule", policy->id);
	if (!where)
		return false;
	rule = ruleset_build_rule(build, LIST_ENTERPRISE, policy->budget->limit_rule, &type_int,
			DIMENSION_MONEY, true, &origin->budget->base, "limit_rule", where);
	slots = rule ? rule_slots(rule, &count) : NULL;
	for (size_t i = 0; i < count; i++) {
		const struct slot *slot = ruleset_slot(ruleset, LIST_ENTERPRISE, slots[i]);

		if (slot->role != SCOPE_ATTRIBUTE)
			continue;
		ruleset_build_mistake(build, &origin->budget->base, "limit_rule", where,
				"a budget is the same for all: it may read parameters and "
				"as_of, "
				"not %s",
				slot->name);
		break;
	}
	ruleset->policies[index].budget = rule;
	return true;
}

bool ruleset_budget(const struct ruleset *ruleset, const Policycalc__V1__Policy *policy,
		const char *day, int64_t *out_fen)
{
	const struct policy_rules *rules = ruleset_find_rules(ruleset, slice_from(policy->id));
	struct value result = { .kind = VALUE_UNKNOWN };
	struct evaluation evaluation = { .regions = ruleset->regions };
	const struct epoch *epoch;
	struct timestamp begin;
	struct value *values;
	struct arena arena;
	struct date date;

	if (!rules || !rules->budget || !date_parse(slice_from(day), &date))
		return false;
	epoch = epoch_pin(ruleset, date_to_days(date));
	if (!epoch)
		return false;
	arena_init(&arena, (size_t)16 << 20);
	values = arena_alloc(&arena, (ruleset->most_slots + 1) * sizeof(*values));
	if (values) {
		memcpy(values, epoch->values, (ruleset->most_slots + 1) * sizeof(*values));
		begin = timestamp_from_date(date, DATE_CHINA_OFFSET);
		values[ruleset->as_of_slot] = (struct value){ .kind = VALUE_TIMESTAMP,
			.timestamp = { .seconds = begin.seconds, .nanos = begin.nanos } };
		evaluation.values = values;
		evaluation.value_count = ruleset->most_slots;
		evaluation.arena = &arena;
		result = rule_evaluate(rules->budget, &evaluation);
	}
	epoch_unpin(ruleset, epoch);
	arena_fini(&arena);
	*out_fen = result.kind == VALUE_INT ? result.integer : 0;
	return result.kind == VALUE_INT && result.integer >= 0;
}

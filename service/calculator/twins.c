/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions that ask the same thing get the same number.
 *
 * Policies of one catalog tend to repeat one another: "no serious dishonesty", a region, a size of
 * enterprise. Whoever asks many policies at once under the same facts asks each number once. Two are
 * twins only when their texts are the same to the letter; that two texts mean the same is not looked
 * into. A score table is nobody's twin.
 */
#include "calculator/ruleset.h"

#include <string.h>

#define KEYS_BUDGET ((size_t)1 << 30) /* of a build; a ruleset is not larger */

static const char *codes_print(
		struct arena *arena, const char *before, char *const *codes, size_t count)
{
	for (size_t i = 0; before && i < count; i++)
		before = arena_format(arena, "%s %s", before, codes[i]);
	return before;
}

/* Names of items mean another thing in each list; the sizes say where a text ends. */
static struct slice rule_key(struct arena *arena, const struct policy_rules *policy,
		const struct clause *clause)
{
	const Policycalc__V1__Condition *condition = clause->condition;
	const char *const texts[] = { condition->rule, condition->met_if, condition->fails_if };
	uint32_t head[5] = { (uint32_t)condition->role,
		clause->per_item ? (uint32_t)policy->list : (uint32_t)LIST_ENTERPRISE };
	size_t size = sizeof(head);
	char *key, *at;

	for (size_t i = 0; i < 3; i++) {
		head[2 + i] = (uint32_t)strlen(texts[i]);
		size += head[2 + i];
	}
	key = arena_alloc(arena, size);
	if (!key)
		return (struct slice){ 0 };
	memcpy(key, head, sizeof(head));
	at = key + sizeof(head);
	for (size_t i = 0; i < 3; at += head[2 + i++])
		memcpy(at, texts[i], head[2 + i]);
	return (struct slice){ key, size };
}

/* The same of rules that were compiled once for each text: where the texts lie says which they are. */
static struct slice known_key(struct arena *arena, const struct policy_rules *policy,
		const struct clause *clause)
{
	const struct rule *const rules[] = { clause->rule, clause->met_if, clause->fails_if };
	uintptr_t key[4] = { (uintptr_t)clause->condition->role };

	if (clause->per_item)
		key[0] |= (uintptr_t)policy->list << 8;
	for (size_t i = 0; i < 3; i++)
		key[1 + i] = rules[i] ? (uintptr_t)rule_written(rules[i]).data : 0;
	return (struct slice){ arena_copy(arena, (const char *)key, sizeof(key)), sizeof(key) };
}

/* All that the answer depends on beside the facts. NULL: of a score table, or no memory. */
static struct slice clause_key(struct ruleset_build *build, const struct policy_rules *policy,
		const struct clause *clause)
{
	struct arena *arena = &build->keys;
	const Policycalc__V1__RegionScope *region = policy->policy->region;
	const Policycalc__V1__IndustryScope *industry = policy->policy->industry;
	const char *key = NULL;

	switch (clause->kind) {
	case CLAUSE_REGION:
		key = arena_format(arena, "region %d %d", clause->slot, (int)region->zones);
		key = codes_print(arena, key, region->covers, region->n_covers);
		break;
	case CLAUSE_INDUSTRY:
		key = arena_format(arena, "industry %d", clause->slot);
		key = codes_print(arena, key, industry->include, industry->n_include);
		key = key ? arena_format(arena, "%s but", key) : NULL;
		key = codes_print(arena, key, industry->exclude, industry->n_exclude);
		break;
	case CLAUSE_SCORE:
		break;
	case CLAUSE_RULE:
	default:
		return build->is_owner ? known_key(arena, policy, clause)
				       : rule_key(arena, policy, clause);
	}
	return key ? slice_from(key) : (struct slice){ 0 };
}

/*
 * Most conditions are one rule, and most rules are asked for in one role: the first to ask is noted beside the rule, and
 * no table is needed. NULL: it takes one.
 */
static const struct clause *first_asker(
		struct ruleset_build *build, const struct clause *clause)
{
	struct known_rule *known;
	uint32_t number;

	if (clause->kind != CLAUSE_RULE || clause->per_item || clause->met_if ||
			clause->fails_if || !clause->rule)
		return NULL;
	number = rule_attached(clause->rule);
	if (!number)
		return NULL;
	known = &build->rules.list[number - 1];
	if (!known->asker)
		known->asker = clause;
	return known->asker->condition->role == clause->condition->role ? known->asker : NULL;
}

/* By all that it asks; itself when it is nobody's twin yet, NULL when memory is short. */
static const struct clause *first_listed(struct ruleset_build *build,
		const struct policy_rules *policy, struct clause *clause)
{
	struct arena_mark mark = arena_mark(&build->keys);
	struct slice key = clause_key(build, policy, clause);
	const struct clause *first = clause;

	if (build->keys.exhausted)
		return NULL;
	if (key.data)
		first = map_put_first(&build->numbered, key, clause);
	if (first && first != clause)
		arena_rewind(&build->keys, mark);
	return first;
}

static bool clause_number(struct ruleset_build *build, const struct policy_rules *policy,
		struct clause *clause)
{
	struct ruleset *ruleset = build->ruleset;
	const struct clause *first = first_asker(build, clause);

	if (!first)
		first = first_listed(build, policy, clause);
	if (first)
		clause->twin = first == clause ? ruleset->twin_count++ : first->twin;
	return first;
}

void ruleset_build_begin_twins(struct ruleset_build *build)
{
	arena_init(&build->keys, KEYS_BUDGET);
}

bool ruleset_build_twins(struct ruleset_build *build, size_t index)
{
	const struct policy_rules *policy = &build->ruleset->policies[index];
	bool ok = true;

	for (size_t i = 0; ok && i < policy->clause_count; i++)
		ok = clause_number(build, policy, &policy->clauses[i]);
	return ok;
}

void ruleset_build_end_twins(struct ruleset_build *build)
{
	map_fini(&build->numbered);
	arena_fini(&build->keys);
}

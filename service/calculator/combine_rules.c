/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups gathered over all policies by name, and shared caps with their parameters and parents.
 *
 * The catalog's check says more, and earlier; what is refused here is only what would give a wrong
 * answer: a limit that is no figure, caps in a circle or not within one another, a group whose
 * policies do not agree what it is.
 */
#include "calculator/combine_rules.h"

#include <stdlib.h>
#include <string.h>

#define BASIS(word) POLICYCALC__V1__EXCLUSION_BASIS__EXCLUSION_BASIS_##word

enum item_list basis_item_list(Policycalc__V1__ExclusionBasis basis)
{
	switch ((int)basis) {
	case BASIS(PROJECT):
		return LIST_PROJECTS;
	case BASIS(LOAN):
		return LIST_LOANS;
	case BASIS(PERSON):
		return LIST_HIRES;
	default:
		return LIST_ENTERPRISE;
	}
}

/* --- groups ----------------------------------------------------------------------------------- */

struct seat {
	const Policycalc__V1__Exclusion *exclusion;
	size_t policy;
};

static int seat_compare(const void *a, const void *b)
{
	const struct seat *left = a;
	const struct seat *right = b;
	int order = strcmp(left->exclusion->group, right->exclusion->group);

	if (order)
		return order;
	return (left->policy > right->policy) - (left->policy < right->policy);
}

static size_t at_most_of(const Policycalc__V1__Exclusion *exclusion)
{
	return exclusion->at_most > 0 ? (size_t)exclusion->at_most : 1;
}

static bool exclusions_agree(
		const Policycalc__V1__Exclusion *a, const Policycalc__V1__Exclusion *b)
{
	return a->basis == b->basis && at_most_of(a) == at_most_of(b) &&
	       a->highest == b->highest;
}

static bool group_build(struct ruleset_build *build, const struct seat *seats, size_t count,
		struct exclusion_group *group)
{
	struct arena *arena = &build->ruleset->arena;
	size_t *policies = ARENA_NEW_ARRAY(arena, size_t, count);
	const Policycalc__V1__Exclusion **clauses =
			ARENA_NEW_ARRAY(arena, const Policycalc__V1__Exclusion *, count);

	if (!policies || !clauses)
		return false;
	for (size_t i = 0; i < count; i++) {
		policies[i] = seats[i].policy;
		clauses[i] = seats[i].exclusion;
		if (!exclusions_agree(seats->exclusion, seats[i].exclusion))
			ruleset_build_mistake(build, &build->policy_origins[policies[i]]->base,
					"exclusions",
					build->ruleset->catalog.policies[policies[i]]->id,
					"group %s has another basis, at_most or highest in "
					"policy %s",
					seats->exclusion->group,
					build->ruleset->catalog.policies[policies[0]]->id);
	}
	*group = (struct exclusion_group){
		.first = seats->exclusion,
		.at_most = at_most_of(seats->exclusion),
		.list = basis_item_list(seats->exclusion->basis),
		.policies = policies,
		.clauses = clauses,
		.count = count,
	};
	return true;
}

static bool groups_build(struct ruleset_build *build, struct combine_rules *rules)
{
	const struct catalog *catalog = &build->ruleset->catalog;
	struct arena *arena = &build->ruleset->arena;
	struct exclusion_group *groups;
	struct seat *seats;
	size_t count = build->exclusion_count;
	size_t from = 0;
	size_t at = 0;

	seats = ARENA_NEW_ARRAY(arena, struct seat, count + 1);
	groups = ARENA_NEW_ARRAY(arena, struct exclusion_group, count + 1);
	if (!seats || !groups)
		return false;
	for (size_t i = 0; count && i < catalog->policy_count; i++) {
		for (size_t k = 0; k < catalog->policies[i]->n_exclusions; k++)
			seats[at++] = (struct seat){ catalog->policies[i]->exclusions[k], i };
	}
	if (count)
		qsort(seats, count, sizeof(*seats), seat_compare);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && strcmp(seats[i].exclusion->group,
						 seats[from].exclusion->group) == 0)
			continue;
		if (!group_build(build, &seats[from], i - from, &groups[rules->group_count++]))
			return false;
		from = i;
	}
	rules->groups = groups;
	return true;
}

/* --- shared caps ------------------------------------------------------------------------------ */

static size_t cap_find(const struct catalog *catalog, const char *id)
{
	for (size_t i = 0; i < catalog->shared_cap_count; i++) {
		if (strcmp(catalog->shared_caps[i]->id, id) == 0)
			return i;
	}
	return NO_CAP;
}

static int parameter_slot(const struct ruleset *ruleset, const char *name)
{
	const Policycalc__V1__Parameter *parameter =
			map_find(&ruleset->parameter_names, slice_from(name));

	for (size_t i = 0; parameter && i < ruleset->base_count; i++) {
		const struct slot *slot = &ruleset->slots[LIST_ENTERPRISE][i];

		if (slot->role == SCOPE_PARAMETER && parameter->type == VALUE_TYPE(MONEY) &&
				ruleset->catalog.parameters[slot->parameter] == parameter)
			return (int)i;
	}
	return -1;
}

static bool cap_is_in_circle(const struct shared_cap_rules *caps, size_t count, size_t cap)
{
	size_t at = caps[cap].parent;

	for (size_t i = 0; i < count && at != NO_CAP; i++)
		at = caps[at].parent;
	return at != NO_CAP;
}

static bool caps_build(struct ruleset_build *build, struct combine_rules *rules)
{
	const struct ruleset *ruleset = build->ruleset;
	const struct catalog *catalog = &ruleset->catalog;
	struct shared_cap_rules *caps = ARENA_NEW_ARRAY(&build->ruleset->arena,
			struct shared_cap_rules, catalog->shared_cap_count + 1);

	if (!caps)
		return false;
	for (size_t i = 0; i < catalog->shared_cap_count; i++) {
		const Policycalc__V1__SharedCap *cap = catalog->shared_caps[i];
		const ProtobufCMessage *origin = &build->shared_cap_origins[i]->base;

		caps[i] = (struct shared_cap_rules){
			.cap = cap,
			.list = basis_item_list(cap->basis),
			.slot = parameter_slot(ruleset, cap->limit),
			.parent = *cap->parent ? cap_find(catalog, cap->parent) : NO_CAP,
		};
		if (caps[i].slot < 0)
			ruleset_build_mistake(build, origin, "limit", cap->id,
					"shared cap %s: there is no MONEY parameter %s",
					cap->id, cap->limit);
		if (*cap->parent && caps[i].parent == NO_CAP)
			ruleset_build_mistake(build, origin, "parent", cap->id,
					"shared cap %s: there is no shared cap %s", cap->id,
					cap->parent);
	}
	for (size_t i = 0; i < catalog->shared_cap_count; i++) {
		const ProtobufCMessage *origin = &build->shared_cap_origins[i]->base;
		size_t parent = caps[i].parent;

		if (cap_is_in_circle(caps, catalog->shared_cap_count, i)) {
			ruleset_build_mistake(build, origin, "parent", caps[i].cap->id,
					"shared cap %s lies within itself", caps[i].cap->id);
			/* Nobody may follow it any more. */
			caps[i].parent = NO_CAP;
		} else if (parent != NO_CAP && caps[parent].list != LIST_ENTERPRISE &&
				caps[parent].list != caps[i].list) {
			ruleset_build_mistake(build, origin, "parent", caps[i].cap->id,
					"shared cap %s cannot lie in %s, which each item has",
					caps[i].cap->id, caps[parent].cap->id);
		}
	}
	rules->caps = caps;
	rules->cap_count = catalog->shared_cap_count;
	return true;
}

static bool has_total_cap(const struct policy_rules *policy)
{
	for (size_t i = 0; policy->amount && i < policy->amount->cap_count; i++) {
		if (policy->amount->caps[i].of_total)
			return true;
	}
	return false;
}

static bool policy_caps_build(struct ruleset_build *build, struct combine_rules *rules)
{
	const struct ruleset *ruleset = build->ruleset;
	size_t count = ruleset->catalog.policy_count;
	size_t *policy_caps = ARENA_NEW_ARRAY(&build->ruleset->arena, size_t, count + 1);

	if (!policy_caps)
		return false;
	for (size_t i = 0; i < count; i++)
		policy_caps[i] = NO_CAP;
	for (size_t i = 0; build->capped_count && i < count; i++) {
		const Policycalc__V1__Policy *policy = ruleset->catalog.policies[i];
		const ProtobufCMessage *origin = &build->policy_origins[i]->base;

		if (!*policy->shared_cap)
			continue;
		policy_caps[i] = cap_find(&ruleset->catalog, policy->shared_cap);
		if (policy_caps[i] == NO_CAP)
			ruleset_build_mistake(build, origin, "shared_cap", policy->id,
					"policy %s: there is no shared cap %s", policy->id,
					policy->shared_cap);
		else if (rules->caps[policy_caps[i]].list != LIST_ENTERPRISE &&
				(rules->caps[policy_caps[i]].list !=
								ruleset->policies[i].list ||
						has_total_cap(&ruleset->policies[i])))
			ruleset_build_mistake(build, origin, "shared_cap", policy->id,
					"policy %s: shared cap %s is one of each item, which "
					"it "
					"has not, or its own cap lies across",
					policy->id, policy->shared_cap);
	}
	rules->policy_caps = policy_caps;
	return true;
}

bool ruleset_build_combination(struct ruleset_build *build, struct error *err)
{
	struct combine_rules *rules = ARENA_NEW(&build->ruleset->arena, struct combine_rules);

	if (!rules || !groups_build(build, rules) || !caps_build(build, rules) ||
			!policy_caps_build(build, rules))
		return error_set(err, ERROR_MEMORY, "out of memory while compiling exclusions");
	build->ruleset->combine = rules;
	return true;
}

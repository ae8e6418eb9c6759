/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The versions of each series, and who repeals whom.
 *
 * Which series a policy belongs to is noted while it is compiled, for it is at hand then; how many versions a series
 * has is known behind the last one.
 */
#include "base/memory.h"
#include "calculator/ruleset.h"

#include <string.h>

bool ruleset_build_begin_versions(struct ruleset_build *build)
{
	struct ruleset *ruleset = build->ruleset;
	size_t count = ruleset->catalog.policy_count;
	struct version_build *versions = &build->versions;

	/* Only what is written of these is looked at. */
	versions->indices = arena_alloc(&ruleset->arena, (count + 1) * sizeof(size_t));
	versions->all = arena_alloc(&ruleset->arena, (count + 1) * sizeof(struct series));
	ruleset->rivalled = ARENA_NEW_ARRAY(&ruleset->arena, uint64_t, count / 64 + 1);
	versions->of = memory_alloc(count * sizeof(struct series *));
	return versions->indices && versions->all && ruleset->rivalled && versions->of;
}

/*
 * The series of the policy at @index, which is the next one of all (not written yet) when nobody met it; NULL when
 * memory is short. Of most policies it is that of their own name, and their name was just looked up.
 */
static struct series *series_meet(struct ruleset_build *build, size_t index)
{
	struct ruleset *ruleset = build->ruleset;
	struct policy_rules *rules = &ruleset->policies[index];
	struct slice name = slice_from(rules->policy->series);
	struct series *next = &build->versions.all[build->versions.count];
	const struct policy_rules *first;

	if (strcmp(rules->policy->series, rules->policy->id) == 0) {
		rules->namesake = map_find(&ruleset->series_names, name);
		if (!rules->namesake)
			rules->namesake = next;
		return rules->namesake;
	}
	first = ruleset_find_rules(ruleset, name);
	if (first && first->namesake)
		return first->namesake;
	/* About as many as there will be. */
	if (!ruleset->series_names.count &&
			!map_reserve(&ruleset->series_names,
					ruleset->catalog.policy_count - index))
		return NULL;
	return map_put_first(&ruleset->series_names, name, next);
}

const struct series *ruleset_find_series(const struct ruleset *ruleset, struct slice name)
{
	const struct policy_rules *rules = ruleset_find_rules(ruleset, name);

	return rules && rules->namesake ? rules->namesake
					: map_find(&ruleset->series_names, name);
}

bool ruleset_build_versions(struct ruleset_build *build, size_t index)
{
	struct ruleset *ruleset = build->ruleset;
	const Policycalc__V1__Policy *policy = ruleset->catalog.policies[index];
	struct version_build *versions = &build->versions;
	struct series *series;

	versions->repeal_count += policy->n_repeals;
	versions->of[index] = NULL;
	if (!*policy->series)
		return true;
	series = series_meet(build, index);
	if (!series)
		return false;
	if (series == &versions->all[versions->count]) {
		*series = (struct series){ .name = policy->series };
		versions->count++;
	}
	series->count++;
	versions->of[index] = series;
	return true;
}

static void rivalled_add(struct ruleset *ruleset, size_t index)
{
	ruleset->rivalled[index / 64] |= UINT64_C(1) << index % 64;
}

/* Every policy's standing asks who repeals it: a look-up, not a walk over the catalog. */
static bool repeals_build(struct ruleset *ruleset)
{
	for (size_t i = ruleset->catalog.policy_count; i-- > 0;) {
		const Policycalc__V1__Policy *policy = ruleset->catalog.policies[i];

		policy_ask_for(&ruleset->catalog, i - 8); /* or none, past the first */
		for (size_t k = 0; k < policy->n_repeals; k++) {
			struct slice name = slice_from(policy->repeals[k]);
			struct repeal *repeal = ARENA_NEW(&ruleset->arena, struct repeal);
			const struct policy_rules *repealed = ruleset_find_rules(ruleset, name);

			if (!repeal)
				return false;
			repeal->policy = policy;
			repeal->next = map_find(&ruleset->repeals, name);
			if (!map_put(&ruleset->repeals, name, repeal))
				return false;
			if (repealed)
				rivalled_add(ruleset, (size_t)(repealed - ruleset->policies));
		}
	}
	return true;
}

bool ruleset_build_order_versions(struct ruleset_build *build)
{
	struct version_build *versions = &build->versions;
	size_t *next = versions->indices;

	for (size_t i = 0; i < versions->count; i++) {
		versions->all[i].policies = next;
		next += versions->all[i].count;
		versions->all[i].count = 0;
	}
	versions->all[versions->count].policies = next;
	/* Policies stand in id order, and so do the versions of each series. */
	for (size_t i = 0; i < build->ruleset->catalog.policy_count; i++) {
		struct series *series = versions->of[i];

		if (!series)
			continue;
		((size_t *)series->policies)[series->count++] = i;
		if (series[1].policies - series->policies > 1)
			rivalled_add(build->ruleset, i);
	}
	return versions->repeal_count == 0 || repeals_build(build->ruleset);
}

void ruleset_build_end_versions(struct ruleset_build *build)
{
	memory_free((void *)build->versions.of);
	build->versions = (struct version_build){ 0 };
}

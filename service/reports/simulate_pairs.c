/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which policies a simulation compares: those asked for, or those that may answer differently, and those
 * that share a budget with one of them.
 *
 * What a policy answers follows from its own entry, from the parameters it names, and from the
 * dictionary and the tables, which all policies share: when an attribute, a region, an industry or a
 * parameter behind a derived attribute differs, all may answer differently. An attribute that only the draft
 * has is named by nothing that both have.
 */
#include "reports/simulate_internal.h"

#include "base/buffer.h"
#include "calculator/parameters.h"
#include "proto/codec/codec.h"

#include <stdlib.h>
#include <string.h>

typedef Policycalc__V1__Policy policy_message;

/* --- comparing entries ------------------------------------------------------------------------ */

static bool is_same(const ProtobufCMessage *a, const ProtobufCMessage *b, bool *out_failed)
{
	struct buffer left = { 0 };
	struct buffer right = { 0 };
	bool same;

	if (!a || !b)
		return a == b;
	*out_failed = !message_pack(a, &left) || !message_pack(b, &right) || *out_failed;
	same = !*out_failed && left.size == right.size &&
	       (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
	buffer_fini(&left);
	buffer_fini(&right);
	return same;
}

/* Lists of a ruleset's catalog are sorted, so that the same entries stand in the same places. */
static bool lists_are_same(ProtobufCMessage *const *a, size_t a_count,
		ProtobufCMessage *const *b, size_t b_count, bool *out_failed)
{
	for (size_t i = 0; a_count == b_count && i < a_count; i++) {
		if (!is_same(a[i], b[i], out_failed))
			return false;
	}
	return a_count == b_count;
}

#define LISTS_ARE_SAME(name, singular)                                                         \
	lists_are_same((ProtobufCMessage *const *)before->name, before->singular##_count,      \
			(ProtobufCMessage *const *)after->name, after->singular##_count,       \
			out_failed)

static const Policycalc__V1__Parameter *parameter_of(
		const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->parameter_count; i++) {
		if (strcmp(catalog->parameters[i]->name, name) == 0)
			return catalog->parameters[i];
	}
	return NULL;
}

/* Whether a derived attribute follows a parameter that differs. */
static bool derived_differ(
		const struct catalog *before, const struct catalog *after, bool *out_failed)
{
	for (size_t i = 0; i < after->parameter_count; i++) {
		const Policycalc__V1__Parameter *parameter = after->parameters[i];
		const Policycalc__V1__Parameter *old = parameter_of(before, parameter->name);

		if (is_same(old ? &old->base : NULL, &parameter->base, out_failed))
			continue;
		for (size_t k = 0; k < after->attribute_count; k++) {
			if (attribute_names_parameter(after->attributes[k], parameter->name))
				return true;
		}
	}
	return false;
}

/* Whether an attribute that both have differs; of one that is gone, who named it differs, too. */
static bool attributes_differ(
		const struct catalog *before, const struct ruleset *draft, bool *out_failed)
{
	for (size_t i = 0; i < before->attribute_count; i++) {
		const Policycalc__V1__Attribute *old = before->attributes[i];
		const Policycalc__V1__Attribute *attribute =
				ruleset_find_attribute(draft, old->name, old->item_list);

		if (attribute && !is_same(&old->base, &attribute->base, out_failed))
			return true;
	}
	return false;
}

static bool all_may_differ(const struct simulate *simulate, bool *out_failed)
{
	const struct catalog *before = ruleset_catalog(simulate->options.current);
	const struct catalog *after = ruleset_catalog(simulate->options.draft);

	return attributes_differ(before, simulate->options.draft, out_failed) ||
	       !LISTS_ARE_SAME(regions, region) || !LISTS_ARE_SAME(industries, industry) ||
	       derived_differ(before, after, out_failed);
}

static bool parameters_differ(
		const struct simulate *simulate, const policy_message *policy, bool *out_failed)
{
	const struct catalog *before = ruleset_catalog(simulate->options.current);
	const struct catalog *after = ruleset_catalog(simulate->options.draft);
	Policycalc__V1__Parameter **list;
	size_t count;

	if (!policy_named_parameters(policy, after, simulate->arena, &list, &count)) {
		*out_failed = true;
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		const Policycalc__V1__Parameter *old = parameter_of(before, list[i]->name);

		if (!is_same(old ? &old->base : NULL, &list[i]->base, out_failed))
			return true;
	}
	return false;
}

static bool pair_may_differ(
		const struct simulate *simulate, const struct pair *pair, bool *out_failed)
{
	const policy_message *before = pair->policies[SIDE_BEFORE];
	const policy_message *after = pair->policies[SIDE_AFTER];

	return !is_same(before ? &before->base : NULL, after ? &after->base : NULL,
			       out_failed) ||
	       (after && parameters_differ(simulate, after, out_failed));
}

/* --- pairing ---------------------------------------------------------------------------------- */

static bool is_in_force(const struct ruleset *ruleset, const policy_message *policy,
		const char *day, struct arena *arena, bool *out_failed)
{
	const Policycalc__V1__Availability *availability =
			ruleset_availability(ruleset, policy, day, arena);

	if (!availability) {
		*out_failed = true;
		return false;
	}
	return availability->state != POLICYCALC__V1__AVAILABILITY__STATE__STATE_SUPERSEDED &&
	       availability->state != POLICYCALC__V1__AVAILABILITY__STATE__STATE_ENDED;
}

static const char *series_of(const policy_message *policy)
{
	return *policy->series ? policy->series : policy->id;
}

static bool pairs_gather(struct simulate *simulate, struct map *pairs, bool *out_failed)
{
	struct ruleset *const rulesets[] = { simulate->options.current,
		simulate->options.draft };

	for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++) {
		const struct catalog *catalog = ruleset_catalog(rulesets[side]);

		for (size_t i = 0; i < catalog->policy_count; i++) {
			const policy_message *policy = catalog->policies[i];
			struct slice series = slice_from(series_of(policy));
			struct pair *pair = map_find(pairs, series);

			if (!is_in_force(rulesets[side], policy, simulate->options.day,
					    simulate->arena, out_failed))
				continue;
			if (!pair) {
				pair = &simulate->pairs[simulate->pair_count++];
				pair->series = series.data;
				if (!map_put(pairs, series, pair))
					return false;
			}
			/* Of several not yet in force the first counts. */
			if (!pair->policies[side])
				pair->policies[side] = policy;
		}
	}
	return !*out_failed;
}

/* --- choosing --------------------------------------------------------------------------------- */

static bool is_named(const struct simulate *simulate, const struct pair *pair)
{
	for (size_t i = 0; i < simulate->options.policy_count; i++) {
		const char *name = simulate->options.policies[i];

		if (strcmp(pair->series, name) == 0)
			return true;
		for (int side = SIDE_BEFORE; side < SIDE_COUNT; side++) {
			if (pair->policies[side] && strcmp(pair->policies[side]->id, name) == 0)
				return true;
		}
	}
	return false;
}

static bool names_check(struct simulate *simulate, struct error *err)
{
	for (size_t i = 0; i < simulate->options.policy_count; i++) {
		struct simulate one = *simulate;
		bool found = false;

		one.options.policies = &simulate->options.policies[i];
		one.options.policy_count = 1;
		for (size_t k = 0; !found && k < simulate->pair_count; k++)
			found = is_named(&one, &simulate->pairs[k]);
		if (!found)
			return error_set(err, ERROR_NOT_FOUND,
					"policies[%zu]: neither catalog has a policy of this "
					"name "
					"that is in force on the day",
					i);
	}
	return true;
}

static const char *budget_label(const struct pair *pair, enum side side)
{
	const policy_message *policy = pair->policies[side];

	return policy && policy->budget && policy->budget->label ? policy->budget->label->zh
								 : NULL;
}

static bool shares_budget(const struct pair *a, const struct pair *b)
{
	for (int left = SIDE_BEFORE; left < SIDE_COUNT; left++) {
		for (int right = SIDE_BEFORE; right < SIDE_COUNT; right++) {
			const char *of_a = budget_label(a, (enum side)left);
			const char *of_b = budget_label(b, (enum side)right);

			if (of_a && of_b && strcmp(of_a, of_b) == 0)
				return true;
		}
	}
	return false;
}

static int pair_compare(const void *a, const void *b)
{
	const struct pair *left = a;
	const struct pair *right = b;

	if (left->only_for_budget != right->only_for_budget)
		return left->only_for_budget ? 1 : -1;
	return strcmp(left->series, right->series);
}

static bool pairs_choose(struct simulate *simulate, bool *out_failed)
{
	bool all = all_may_differ(simulate, out_failed);
	bool *chosen = ARENA_NEW_ARRAY(simulate->arena, bool, simulate->pair_count + 1);
	size_t kept = 0;

	if (!chosen)
		return false;
	for (size_t i = 0; i < simulate->pair_count; i++) {
		const struct pair *pair = &simulate->pairs[i];

		chosen[i] = simulate->options.policy_count
					    ? is_named(simulate, pair)
					    : all || pair_may_differ(simulate, pair,
								     out_failed);
	}
	for (size_t i = 0; i < simulate->pair_count; i++) {
		struct pair *pair = &simulate->pairs[i];

		for (size_t k = 0; !chosen[i] && k < simulate->pair_count; k++)
			pair->only_for_budget |=
					chosen[k] && shares_budget(pair, &simulate->pairs[k]);
	}
	for (size_t i = 0; i < simulate->pair_count; i++) {
		if (chosen[i] || simulate->pairs[i].only_for_budget)
			simulate->pairs[kept++] = simulate->pairs[i];
	}
	simulate->pair_count = kept;
	if (kept)
		qsort(simulate->pairs, kept, sizeof(*simulate->pairs), pair_compare);
	return !*out_failed;
}

bool pairs_find(struct simulate *simulate, struct violations *out_violations, struct error *err)
{
	size_t most = ruleset_catalog(simulate->options.current)->policy_count +
		      ruleset_catalog(simulate->options.draft)->policy_count;
	struct map pairs = { 0 };
	bool failed = false;
	bool ok;

	(void)out_violations;
	simulate->pairs = ARENA_NEW_ARRAY(simulate->arena, struct pair, most + 1);
	ok = simulate->pairs && pairs_gather(simulate, &pairs, &failed);
	map_fini(&pairs);
	if (ok && !names_check(simulate, err))
		return false;
	if (!ok || !pairs_choose(simulate, &failed))
		return error_set(err, ERROR_MEMORY, "out of memory while comparing catalogs");
	return true;
}

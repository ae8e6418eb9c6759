/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cannot be had together, and what is limited together: exclusion groups over all policies, and
 * shared caps.
 */
#include "publish/check.h"

#include <stdlib.h>
#include <string.h>

#define BASIS(word) POLICYCALC__V1__EXCLUSION_BASIS__EXCLUSION_BASIS_##word

typedef Policycalc__V1__Exclusion exclusion_message;
typedef Policycalc__V1__Policy policy_message;
typedef Policycalc__V1__SharedCap cap_message;

static bool basis_is_of_items(Policycalc__V1__ExclusionBasis basis)
{
	return basis == BASIS(PROJECT) || basis == BASIS(LOAN) || basis == BASIS(PERSON);
}

/* The subject whose items a basis speaks of; UNSPECIFIED for bases of the enterprise. */
static Policycalc__V1__Subject basis_subject(Policycalc__V1__ExclusionBasis basis)
{
	switch ((int)basis) {
	case BASIS(PROJECT):
		return POLICYCALC__V1__SUBJECT__SUBJECT_PROJECT;
	case BASIS(LOAN):
		return POLICYCALC__V1__SUBJECT__SUBJECT_LOAN;
	case BASIS(PERSON):
		return POLICYCALC__V1__SUBJECT__SUBJECT_HIRE;
	default:
		return POLICYCALC__V1__SUBJECT__SUBJECT_UNSPECIFIED;
	}
}

static const char *basis_items(Policycalc__V1__ExclusionBasis basis)
{
	return basis == BASIS(PROJECT) ? "PROJECT" : basis == BASIS(LOAN) ? "LOAN" : "HIRE";
}

/* --- groups ----------------------------------------------------------------------------------- */

static void check_exclusion(struct check *check, const policy_message *policy,
		const exclusion_message *exclusion)
{
	const struct check_named *first;
	const exclusion_message *other;

	if (exclusion->basis == BASIS(UNSPECIFIED))
		check_error(check, exclusion, "basis", 0,
				"basis is missing: ENTERPRISE_YEAR, PROJECT, LOAN, PERSON or "
				"INCOME");
	if (exclusion->at_most < 0)
		check_error(check, exclusion, "at_most", 0, "expected 1 or more");
	if (basis_is_of_items(exclusion->basis) &&
			policy->subject != basis_subject(exclusion->basis))
		check_error(check, exclusion, "basis", 0,
				"policy \"%s\" is not granted per item (subject: %s), so the "
				"group cannot tell what it is about",
				policy->id, basis_items(exclusion->basis));
	if (!check_name(check, exclusion, "group", exclusion->group, NAME_CODE) ||
			check_add_name(check, &check->groups, exclusion->group, exclusion))
		return;
	first = check_find(&check->groups, exclusion->group);
	other = (const exclusion_message *)first->message;
	/* 0 is short for 1. */
	if (other->basis != exclusion->basis || other->highest != exclusion->highest ||
			(other->at_most ? other->at_most : 1) !=
					(exclusion->at_most ? exclusion->at_most : 1))
		check_error(check, exclusion, "group", 0,
				"group \"%s\" has another basis, at_most or highest in %s",
				exclusion->group, first->file->path);
}

/* A seat in a group; sorted, those of one group stand together. */
struct seat {
	const exclusion_message *exclusion;
	const policy_message *policy;
	const struct check_file *file;
};

static int on_compare_seats(const void *left, const void *right)
{
	const struct seat *a = left;
	const struct seat *b = right;
	int order = strcmp(a->exclusion->group, b->exclusion->group);

	return order ? order : strcmp(a->policy->id, b->policy->id);
}

/* How many series have a seat: versions of one series never meet, they are one. */
static size_t series_count(struct check *check, const struct seat *seats, size_t count)
{
	struct map series = { 0 };
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		struct slice name = slice_from(seats[i].policy->series);

		if (map_find(&series, name))
			continue;
		found++;
		if (!map_put(&series, name, (void *)(uintptr_t)seats[i].policy))
			check->out_of_memory = true;
	}
	map_fini(&series);
	return found;
}

static void check_group(struct check *check, const struct seat *seats, size_t count)
{
	size_t at_most = seats->exclusion->at_most > 0 ? (size_t)seats->exclusion->at_most : 1;
	size_t members = series_count(check, seats, count);

	for (size_t i = 0; i < count; i++) {
		members += seats[i].exclusion->n_outside;
		/* Those of one policy stand together. */
		if (i == 0 || seats[i].policy != seats[i - 1].policy)
			continue;
		check->file = seats[i].file;
		check_error(check, seats[i].exclusion, "group", 0, "group \"%s\" comes twice",
				seats[i].exclusion->group);
	}
	check->file = seats->file;
	if (members < 2)
		check_warn(check, seats->exclusion, "group", 0,
				"nothing else is in group \"%s\": is the name right? What it "
				"excludes outside the catalog is named in outside",
				seats->exclusion->group);
	else if (members <= at_most)
		check_warn(check, seats->exclusion, "at_most", 0,
				"group \"%s\" has only %zu members: at_most %zu excludes "
				"nothing",
				seats->exclusion->group, members, at_most);
}

static void check_groups(struct check *check)
{
	const struct catalog *catalog = check->catalog;
	struct seat *seats;
	size_t count = 0;
	size_t from = 0;

	for (size_t i = 0; i < catalog->policy_count; i++)
		count += catalog->policies[i]->n_exclusions;
	seats = ARENA_NEW_ARRAY(check->arena, struct seat, count + 1);
	if (!seats)
		return;
	count = 0;
	for (size_t i = 0; i < catalog->policy_count; i++) {
		const policy_message *policy = catalog->policies[i];

		check->file = check->policy_files[i];
		for (size_t k = 0; k < policy->n_exclusions; k++) {
			check_exclusion(check, policy, policy->exclusions[k]);
			if (*policy->exclusions[k]->group)
				seats[count++] = (struct seat){ policy->exclusions[k], policy,
					check->file };
		}
	}
	if (count)
		qsort(seats, count, sizeof(*seats), on_compare_seats);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && strcmp(seats[i].exclusion->group,
						 seats[from].exclusion->group) == 0)
			continue;
		check_group(check, &seats[from], i - from);
		from = i;
	}
}

/* --- shared caps ------------------------------------------------------------------------------ */

static const cap_message *cap_find(const struct check *check, const char *id)
{
	const struct check_named *named = *id ? check_find(&check->shared_caps, id) : NULL;

	return named ? (const cap_message *)named->message : NULL;
}

static void check_cap_limit(struct check *check, const cap_message *cap)
{
	const struct check_named *parameter = check_find(&check->parameters, cap->limit);

	if (!check_required(check, cap, "limit", cap->limit) || check->tables_unread)
		return;
	if (!parameter)
		check_error(check, cap, "limit", 0, "there is no parameter \"%s\"", cap->limit);
	else if (((const Policycalc__V1__Parameter *)parameter->message)->type !=
			POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY)
		check_error(check, cap, "limit", 0, "parameter \"%s\" is not MONEY",
				cap->limit);
}

static void check_cap_parent(struct check *check, const cap_message *cap)
{
	const cap_message *parent = cap_find(check, cap->parent);
	const cap_message *at = parent;

	if (!*cap->parent)
		return;
	if (!parent) {
		check_error(check, cap, "parent", 0, "there is no shared cap \"%s\"",
				cap->parent);
		return;
	}
	for (size_t i = 0; at && at != cap && i < check->catalog->shared_cap_count; i++)
		at = cap_find(check, at->parent);
	if (at) {
		check_error(check, cap, "parent", 0, "shared cap \"%s\" lies within itself",
				cap->id);
		return;
	}
	if (basis_is_of_items(parent->basis) && parent->basis != cap->basis)
		check_error(check, cap, "parent", 0,
				"\"%s\" is a limit of each item, which cannot hold one of %s",
				parent->id,
				basis_is_of_items(cap->basis) ? "other items"
							      : "the enterprise");
}

static void check_cap(struct check *check, const cap_message *cap)
{
	if (check_name(check, cap, "id", cap->id, NAME_KEBAB) &&
			!check_add_name(check, &check->shared_caps, cap->id, cap))
		check_error(check, cap, "id", 0, "shared cap \"%s\" comes twice", cap->id);
	(void)check_text(check, cap, "label", cap->label);
	if (cap->basis == BASIS(UNSPECIFIED) || cap->basis == BASIS(INCOME))
		check_error(check, cap, "basis", 0,
				"expected ENTERPRISE_YEAR, PROJECT, LOAN or PERSON");
	if (!cap->source)
		check_warn(check, cap, "source", 0, "shared cap \"%s\" has no source", cap->id);
	check_cap_limit(check, cap);
}

static bool policy_has_total_cap(const policy_message *policy)
{
	for (size_t i = 0; policy->amount && i < policy->amount->n_caps; i++) {
		Policycalc__V1__Cap__Scope scope = policy->amount->caps[i]->scope;

		if (scope == POLICYCALC__V1__CAP__SCOPE__SCOPE_ENTERPRISE ||
				scope == POLICYCALC__V1__CAP__SCOPE__SCOPE_ENTERPRISE_YEAR)
			return true;
	}
	return false;
}

static void check_policy_cap(struct check *check, const policy_message *policy)
{
	const cap_message *cap = cap_find(check, policy->shared_cap);

	if (!*policy->shared_cap)
		return;
	if (!cap) {
		if (!check->tables_unread)
			check_error(check, policy, "shared_cap", 0,
					"there is no shared cap \"%s\" in shared_caps.yaml",
					policy->shared_cap);
		return;
	}
	if (!basis_is_of_items(cap->basis))
		return;
	if (policy->subject != basis_subject(cap->basis))
		check_error(check, policy, "shared_cap", 0,
				"\"%s\" is a limit of each item, and the policy is not granted "
				"per item (subject: %s)",
				cap->id, basis_items(cap->basis));
	else if (policy_has_total_cap(policy))
		check_error(check, policy, "shared_cap", 0,
				"\"%s\" is a limit of each item, and the policy has a cap on "
				"all its items: caps must lie within one another",
				cap->id);
}

static void check_caps(struct check *check)
{
	const struct catalog *catalog = check->catalog;

	check->file = check->shared_cap_file;
	for (size_t i = 0; i < catalog->shared_cap_count; i++)
		check_cap(check, catalog->shared_caps[i]);
	for (size_t i = 0; i < catalog->shared_cap_count; i++) {
		size_t members = 0;

		check_cap_parent(check, catalog->shared_caps[i]);
		for (size_t k = 0; k < catalog->policy_count; k++)
			members += strcmp(catalog->policies[k]->shared_cap,
						   catalog->shared_caps[i]->id) == 0;
		for (size_t k = 0; k < catalog->shared_cap_count; k++)
			members += strcmp(catalog->shared_caps[k]->parent,
						   catalog->shared_caps[i]->id) == 0;
		if (members == 0)
			check_warn(check, catalog->shared_caps[i], "id", 0,
					"no policy falls under shared cap \"%s\"",
					catalog->shared_caps[i]->id);
	}
	for (size_t i = 0; i < catalog->policy_count; i++) {
		check->file = check->policy_files[i];
		check_policy_cap(check, catalog->policies[i]);
	}
}

void check_combination(struct check *check)
{
	check_groups(check);
	check_caps(check);
}

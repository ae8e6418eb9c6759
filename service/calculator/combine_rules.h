/* SPDX-License-Identifier: Apache-2.0 */
/* Exclusion groups and shared caps of a catalog, ready to be asked. */
#pragma once

#include "calculator/ruleset.h"

#define NO_CAP SIZE_MAX

/* The policies of one group. */
struct exclusion_group {
	const Policycalc__V1__Exclusion
			*first; /* basis, at_most and highest are those of all */
	size_t at_most;
	enum item_list list;			   /* whose items it is judged on */
	const size_t *policies;			   /* ascending */
	const Policycalc__V1__Exclusion **clauses; /* by policy */
	size_t count;
};

struct shared_cap_rules {
	const Policycalc__V1__SharedCap *cap;
	enum item_list list; /* whose items have the limit each for itself */
	int slot;	     /* of the parameter that is the limit */
	size_t parent;	     /* or NO_CAP */
};

struct combine_rules {
	const struct exclusion_group *groups; /* by name */
	size_t group_count;
	const struct shared_cap_rules *caps;
	size_t cap_count;
	const size_t *policy_caps; /* by policy: its innermost shared cap, or NO_CAP */
};

/** The list whose items a basis speaks of. */
enum item_list basis_item_list(Policycalc__V1__ExclusionBasis basis);

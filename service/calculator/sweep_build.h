/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files that make a sweep ready share. */
#pragma once

#include "calculator/sweep_internal.h"

struct building {
	struct sweep *sweep;
	const struct ruleset *ruleset;
	const struct atom_test **region_tests; /* by twin, of scopes */
	bool *by_value;	    /* by slot: read by clauses that are asked by value */
	size_t *seen;	    /* by slot: the policy that was looked at for it, + 1 */
	uint32_t *literals; /* of one policy */
	size_t literal_count, literal_capacity;
	struct error *err;
};

/* sweep_need.c. All are false when memory is short. */
/** Tells of every slot whether columns answer it. */
bool sweep_slots_build(struct building *building);
/** Finds the facts that the atoms, and the clauses that are asked by value, read. */
bool sweep_wants_build(struct building *building);
/** Whether columns do not answer some slot of @rule (or NULL). */
bool sweep_rule_is_by_rows(const struct sweep *sweep, const struct rule *rule);

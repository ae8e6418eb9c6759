/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions in doubt: what doubt.c (the policies and their epochs) and doubt_sweep.c (one attribute
 * over all its values) share.
 */
#pragma once

#include "calculator/clause.h"

#define DOUBT_CLAUSES 64 /* of one policy: further ones are not looked at */

/* How the clauses come out over all values of one attribute, by clause. */
struct sweep {
	size_t value_count;
	uint64_t *blocked; /* by value: the clauses that are not met, a bit each */
	uint64_t *open;	   /* by value: those that are not met for certain, nor failed */
	uint64_t clauses;  /* those that were asked */
	bool complete;	   /* no value is left out that could come out otherwise */
};

/* One policy on one day. */
struct doubting {
	const struct ruleset *ruleset;
	const struct policy_rules *policy;
	struct facts facts; /* parameters bound, all else unknown; ->arena is reset by policy */
	const struct rule **rules[DOUBT_CLAUSES]; /* of each clause */
	size_t rule_counts[DOUBT_CLAUSES];
	size_t clause_count;
};

/** Puts the attribute at @slot through its values. false when memory is short. */
bool sweep_slot(struct doubting *doubting, int slot, struct sweep *out_sweep);

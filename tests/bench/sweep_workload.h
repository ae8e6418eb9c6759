/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workload of generator.h in memory: its policies as a catalog, its enterprises as columns, and the
 * right answers.
 */
#pragma once

#include "calculator/sweep.h"

#include <stdbool.h>
#include <stdint.h>

struct workload;

struct workload_options {
	long policy_count, enterprise_count;
	uint64_t seed;
	bool sorted;	  /* enterprises by county and industry */
	unsigned unknown; /* percent of the values that are missing */
};

/** Ends the program when memory is short. */
struct workload *workload_new(const struct workload_options *options);
void workload_free(struct workload *workload);
/** The same for another thread, which reads blocks of its own; it goes before @workload does. */
struct workload *workload_share(const struct workload *workload);
void workload_unshare(struct workload *shared);
const struct ruleset *workload_ruleset(const struct workload *workload);

/** The source of block @block, for a sweep of the workload's ruleset. */
void workload_source(struct workload *workload, const struct sweep *sweep, long block,
		struct sweep_source *out_source);
/** The enterprise as a request has it; in @arena. */
Policycalc__V1__Profile *workload_profile(
		const struct workload *workload, long enterprise, struct arena *arena);

/**
 * The straight loop: enterprise by enterprise, policy by policy, the clauses of each in the order of
 * what they rule out; counts the pairs that match, and adds up mix(policy, enterprise) of them. Only
 * without missing values.
 */
uint64_t workload_loop(
		const struct workload *workload, long first, long count, uint64_t *out_matches);
uint64_t workload_mix(long policy, long enterprise);

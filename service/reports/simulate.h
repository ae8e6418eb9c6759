/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A draft held against the current catalog, over the registry.
 *
 * Policies are paired by series: the version in force on the day under one catalog and under the other.
 * Two sweeps tell who has which verdict; of those that have a policy, or wait for people, on either
 * side, Match tells the amounts. With a parameter to vary, the draft is compiled anew with each value of
 * it, and the policies that follow it are swept once more.
 *
 *     simulate_new ──► simulate_step ──► … no more ──► simulate_result ──► simulate_free
 *
 * A step is a few blocks, or the compiling of one draft; between two steps it may go to another thread.
 */
#pragma once

#include "calculator/calculator.h"
#include "policycalc/v1/simulate.pb-c.h"
#include "registry/column_cache.h"
#include "registry/crew.h"

#define SIMULATE_POINTS_MOST 101

struct simulate;

struct simulate_options {
	struct ruleset *current;
	struct ruleset *draft; /* of a draft that was checked */
	/* Borrowed until the end: */
	const char *day;
	const char *const *policies;
	size_t policy_count;
	const char *region;
	const Policycalc__V1__ParameterSteps *steps; /* or NULL */
	struct column_cache *cache;
	struct crew *crew; /* NULL: all is done where the steps are */
	int64_t sequence;
	int64_t last_id;
};

/**
 * Holds references to both rulesets. Wrong requests fill @out_violations (in @arena) and fail with
 * ERROR_INVALID; an unknown policy is ERROR_NOT_FOUND.
 */
struct simulate *simulate_new(const struct simulate_options *options, struct arena *arena,
		struct violations *out_violations, struct error *err);
void simulate_free(struct simulate *simulate);
bool simulate_step(struct simulate *simulate, bool *out_more, struct error *err);
/** How far it is: enterprises looked at, over all sweeps, of how many. */
void simulate_progress(const struct simulate *simulate, int64_t *out_done, int64_t *out_total);
/** Lives in the arena, and borrows from the rulesets. */
Policycalc__V1__Simulation *simulate_result(struct simulate *simulate, struct error *err);

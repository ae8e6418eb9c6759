/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles made at random from a dictionary. */
#pragma once

#include "calculator/calculator.h"

/* How profiles are made. */
struct profile_maker {
	const struct catalog *catalog;
	const char *day;
	struct arena *arena;
	uint64_t seed;	 /* not 0 */
	unsigned known;	 /* percent of the attributes that are known, */
	unsigned series; /* of the series */
	unsigned broken; /* values of a thousand that are wrong in some way */
	unsigned items;	 /* the most of each list */
};

unsigned maker_below(struct profile_maker *maker, unsigned limit);
/** Figures lie near those of parameters, or anywhere; the program ends when memory is short. */
Policycalc__V1__Profile *maker_profile(struct profile_maker *maker);
/** Takes out of @profile what Match refuses. */
void maker_tidy(const struct profile_maker *maker, const struct ruleset *ruleset,
		Policycalc__V1__Profile *profile);

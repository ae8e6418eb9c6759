/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles as the source of a sweep, and profiles made at random from a dictionary. */
#pragma once

#include "calculator/sweep.h"

/* A block of profiles in memory. Columns are made anew for every block, in @arena. */
struct profile_source {
	const struct sweep *sweep;
	Policycalc__V1__Profile *const *profiles;
	const char *day; /* of the sweep */
	struct arena *arena;
	unsigned columns_asked, profiles_asked;
	struct sweep_source source; /* to be given to sweep_block() */
};

/** Borrows everything; @count is SWEEP_ROWS at most. Tells who has items. */
void profile_source_init(struct profile_source *source, const struct sweep *sweep,
		Policycalc__V1__Profile *const *profiles, unsigned count, const char *day,
		struct arena *arena);

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

/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles in memory as the source of a sweep. */
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

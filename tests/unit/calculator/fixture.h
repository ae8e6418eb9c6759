/* SPDX-License-Identifier: Apache-2.0 */
/* Catalogs and profiles for tests of the calculator, written as in tests/cases. */
#pragma once

#include "case.h"

/** Reads the shared dictionary at @path and then @lines, one after another. */
void fixture_read(struct case_file *file, struct arena *arena, const char *path,
		const char *lines);
/** Compiles; NULL with the first mistake in @out_mistake (may be NULL). */
struct ruleset *fixture_compile(struct case_file *file, const char **out_mistake);
/** A profile of "name = value, ..." */
Policycalc__V1__Profile *fixture_profile(struct case_file *file, const char *values);

/* What an amount says of itself: of the whole term, and of its first year. */
struct amount_ends {
	bool bounded;
	int64_t least, most;
	int64_t year_least, year_most;
};

/** The answer for the one policy of @ruleset, in full; made-up days start on 2026-01-01. */
Policycalc__V1__MatchResponse *fixture_match(
		struct ruleset *ruleset, Policycalc__V1__Profile *profile, struct arena *call);
/** Its ends; INT64_MAX where there is no upper one. It must be EXACT, RANGE or AT_LEAST. */
struct amount_ends fixture_ends(const Policycalc__V1__AmountAnswer *amount);

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

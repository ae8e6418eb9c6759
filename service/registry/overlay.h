/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question about an enterprise of the registry that says what differs: what is known, with what is
 * said laid over it.
 */
#pragma once

#include "calculator/calculator.h"

/**
 * @known (of the registry, every period given) with @said laid over it, in @arena: a value said
 * replaces the one of the same attribute and period, an item's the one of the same list and id; a list
 * that is said to be complete holds what is said. What @said holds keeps its place, so that what is told
 * of it names the place it was sent in. @said may be NULL. @day ("YYYY-MM-DD") is that of a bare value
 * when @said has no date. Borrows from all. NULL when memory is short.
 */
Policycalc__V1__Profile *profile_lay_over(const Policycalc__V1__Profile *known,
		const Policycalc__V1__Profile *said, const struct ruleset *ruleset,
		const char *day, struct arena *arena);

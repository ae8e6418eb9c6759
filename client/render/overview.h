/* SPDX-License-Identifier: Apache-2.0 */
/* What stands above and below an explanation, short or whole: day, counts, what holds for many. */
#pragma once

#include "client/render/canvas.h"

/** The day, the revision, and how many policies have which verdict. */
void overview_print_head(
		const struct canvas *canvas, const Policycalc__V1__MatchResponse *response);
/** How many policies do not state when to apply, and the warnings. */
void overview_print_foot(
		const struct canvas *canvas, const Policycalc__V1__MatchResponse *response);
/** The day, the revision and that the department decides, below what has no such head. */
void overview_print_basis(const struct canvas *canvas, const char *as_of, int64_t revision);
/** That the department decides. */
void overview_print_disclaimer(const struct canvas *canvas);
/** When one may apply. That it is not stated holds for so many that only the foot says so. */
void overview_print_availability(
		const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer);

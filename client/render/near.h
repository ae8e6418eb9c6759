/* SPDX-License-Identifier: Apache-2.0 */
/* What would have to be different, and what would lose what one has: near misses and cliffs. */
#pragma once

#include "client/render/canvas.h"

/** The near misses and cliffs of one answer, each a line of its own. */
void near_print_answer(const struct canvas *canvas, const Policycalc__V1__PolicyAnswer *answer);

/**
 * Behind the table: the policies that are nearly had, the cheapest change first, and those that are
 * nearly lost. Nothing when there is none. false when memory is short.
 */
bool match_print_near(const Policycalc__V1__MatchResponse *response,
		const struct render_dictionary *dictionary, const struct render_style *style,
		struct buffer *out);

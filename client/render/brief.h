/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explanation that fits a person: what one gets and why, what to answer to learn more, what does
 * not fit and the reason that settles it. Whatever is left out is counted, and nothing that is
 * unknown is told as a no.
 */
#pragma once

#include "client/render/explain.h"

/** Prints @response, which is a FULL view. false when memory is short. */
bool match_print_brief(const Policycalc__V1__MatchResponse *response,
		const struct render_dictionary *dictionary, const struct render_style *style,
		struct buffer *out);

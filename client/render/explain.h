/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to a match, drawn as text: as one table, or explained policy by policy. */
#pragma once

#include "client/render/attribute_name.h"

/** One line a policy. false when memory is short. */
bool match_print_table(const Policycalc__V1__MatchResponse *response,
		const struct render_style *style, struct buffer *out);
/**
 * What the firm gets, what it could get if more were known (and what), what is not open, and what it
 * misses and why. false when memory is short.
 */
bool match_print_explanation(const Policycalc__V1__MatchResponse *response,
		const struct render_dictionary *dictionary, const struct render_style *style,
		struct buffer *out);

/* SPDX-License-Identifier: Apache-2.0 */
/* The best combination, drawn as text. */
#pragma once

#include "client/render/explain.h"

/**
 * What to take together and what it comes to, what is left out and because of which, what else is
 * possible, and what stands beside it. false when memory is short.
 */
bool combination_print(const Policycalc__V1__Combination *combination,
		const struct render_dictionary *dictionary, const struct render_style *style,
		struct buffer *out);
/** What kind of benefit does not enter the totals: "贷款额度（需偿还）". */
const char *combination_other_word(const struct render_style *style,
		const Policycalc__V1__CombinationOther *other);

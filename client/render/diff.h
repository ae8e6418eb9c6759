/* SPDX-License-Identifier: Apache-2.0 */
/* What changed between two catalogs, as text for a terminal. */
#pragma once

#include "client/render/words.h"
#include "policycalc/v1/diff.pb-c.h"

/** false when memory is short. */
bool diff_print(const Policycalc__V1__DiffRevisionsResponse *diff,
		const struct render_style *style, struct buffer *out);

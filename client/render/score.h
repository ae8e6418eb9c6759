/* SPDX-License-Identifier: Apache-2.0 */
/* A score table, drawn row by row: what the firm has, its points, and what the next step would bring. */
#pragma once

#include "client/render/words.h"

#include <stddef.h>

/** Appends the table, every line indented. false when memory is short. */
bool score_print(const Policycalc__V1__ScoreAnswer *score, const struct render_style *style,
		size_t indent, struct buffer *out);

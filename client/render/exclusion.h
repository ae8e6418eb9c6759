/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot be had together: within the catalog by group, and beyond it, which nobody checks. */
#pragma once

#include "client/render/canvas.h"

/** "《办法》（文号）第七条": title, number and clause, of a source that may be absent; nothing without a title. */
void source_append(const struct render_style *style, const Policycalc__V1__Source *source,
		struct buffer *out);
/** "同一企业同一年度只能取其一", by basis, at_most and highest. */
void exclusion_append_rule(const struct render_style *style,
		const Policycalc__V1__Exclusion *exclusion, struct buffer *out);
/** "未核对：不能与“…”兼得（…）"; nothing when the exclusion names nothing outside of the catalog. */
void exclusion_append_unchecked(const struct render_style *style,
		const Policycalc__V1__Exclusion *exclusion, struct buffer *out);
/** A line for each exclusion that names something outside of the catalog. */
void exclusions_print_unchecked(const struct canvas *canvas,
		Policycalc__V1__Exclusion *const *exclusions, size_t count);
/** A line for each group of which more policies may be had, or wait for a judgement, than are paid. */
void exclusions_print_groups(
		const struct canvas *canvas, const Policycalc__V1__MatchResponse *response);

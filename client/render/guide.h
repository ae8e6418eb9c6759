/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The procedure of one policy or of several, drawn from the answer message: as text for a terminal, as
 * a Mermaid or DOT graph, as an SVG that a browser shows and A4 paper takes.
 *
 * A message comes from a service; indices in it that lead nowhere are left out. All return false when
 * memory is short.
 */
#pragma once

#include "client/render/words.h"
#include "policycalc/v1/guide.pb-c.h"

bool guide_print_text(const Policycalc__V1__GetGuideResponse *guide,
		const struct render_style *style, struct buffer *out);
bool guide_print_mermaid(const Policycalc__V1__GetGuideResponse *guide,
		const struct render_style *style, struct buffer *out);
bool guide_print_dot(const Policycalc__V1__GetGuideResponse *guide,
		const struct render_style *style, struct buffer *out);
/** One <svg> element; with @standalone as a document of its own, at the size of an A4 page. */
bool guide_print_svg(const Policycalc__V1__GetGuideResponse *guide,
		const struct render_style *style, bool standalone, struct buffer *out);

/* --- what the drawings share ------------------------------------------------------------------ */

/** "3 个工作日", "时限未载明". */
void guide_append_days(const struct render_style *style, const Policycalc__V1__GuideStep *step,
		struct buffer *out);
/** "共需 12 个工作日", "至少 12 个工作日（2 个步骤的时限未载明）". */
void guide_append_total(const struct render_style *style,
		const Policycalc__V1__GetGuideResponse *guide, struct buffer *out);
/** The numbers of steps, "1、3", from @count indices; what is no step is left out. */
void guide_append_numbers(const struct render_style *style,
		const Policycalc__V1__GetGuideResponse *guide, const int32_t *steps,
		size_t count, struct buffer *out);
/** The names of papers, "营业执照、审计报告"; what is no paper is left out. */
void guide_append_papers(const struct render_style *style,
		const Policycalc__V1__GetGuideResponse *guide, const int32_t *papers,
		size_t count, struct buffer *out);
/** Why a policy shows no steps: nothing to apply for, or the sources do not tell; "" otherwise. */
const char *guide_note(
		const struct render_style *style, const Policycalc__V1__GuidePolicy *policy);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a draft would change: who gains, who loses, by region, industry and size, what it costs, and how
 * it fares as a parameter changes. As text, as one self-contained HTML page, or the curve alone as SVG.
 * All return false when memory is short.
 */
#pragma once

#include "client/render/words.h"
#include "policycalc/v1/simulate.pb-c.h"

bool simulate_print_text(const Policycalc__V1__Simulation *simulation,
		const struct render_style *style, struct buffer *out);
bool simulate_print_html(const Policycalc__V1__Simulation *simulation,
		const struct render_style *style, struct buffer *out);
/** One <svg> element: enterprises and money by value. */
bool simulate_print_svg(const Policycalc__V1__SimulatedCurve *curve,
		const struct render_style *style, struct buffer *out);

/** A value of the parameter for people: "150万元", "30%", "10". */
void simulate_append_value(const struct render_style *style,
		const Policycalc__V1__SimulatedCurve *curve, int64_t value, struct buffer *out);

/* SPDX-License-Identifier: Apache-2.0 */
/* Enterprises that a policy looks for: a line each, and what stands behind it; or CSV. */
#pragma once

#include "client/render/canvas.h"
#include "policycalc/v1/find.pb-c.h"

/** The heading of the lines below. */
void find_print_heading(const struct canvas *canvas);
/** A line; below it what it is away from, or what is lacking. */
void find_print_found(
		const struct canvas *canvas, const Policycalc__V1__FoundEnterprise *found);
/** How many have which verdict, and for lack of what the others are undecided. */
void find_print_summary(
		const struct canvas *canvas, const Policycalc__V1__FindSummary *summary);

/** The heading, then one row an enterprise. Amounts are in yuan. */
void find_print_csv_heading(const struct render_style *style, struct buffer *out);
void find_print_csv(const struct render_style *style,
		const Policycalc__V1__FoundEnterprise *found, struct buffer *out);

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lib/report_parts.h"

#include <string.h>

static bool firms_take(struct report_parts *parts, struct arena *arena,
		const Policycalc__V1__UncoveredFirms *more)
{
	Policycalc__V1__CoverageReport *coverage = parts->report->coverage;
	size_t needed = coverage->n_firms + more->n_firms;

	if (needed > parts->capacity) {
		size_t capacity = needed * 2;
		Policycalc__V1__UncoveredFirm **firms = ARENA_NEW_ARRAY(
				arena, Policycalc__V1__UncoveredFirm *, capacity);

		if (!firms)
			return false;
		if (coverage->n_firms)
			memcpy(firms, coverage->firms, coverage->n_firms * sizeof(*firms));
		coverage->firms = firms;
		parts->capacity = capacity;
	}
	for (size_t i = 0; i < more->n_firms; i++)
		coverage->firms[coverage->n_firms++] = more->firms[i];
	return true;
}

bool report_parts_take(struct report_parts *parts, struct arena *arena,
		Policycalc__V1__GetReportResponse *part)
{
	switch ((int)part->part_case) {
	case POLICYCALC__V1__GET_REPORT_RESPONSE__PART_FIRMS:
		return !parts->report ||
		       parts->report->part_case !=
				       POLICYCALC__V1__GET_REPORT_RESPONSE__PART_COVERAGE ||
		       firms_take(parts, arena, part->firms);
	case POLICYCALC__V1__GET_REPORT_RESPONSE__PART_PROGRESS:
	case POLICYCALC__V1__GET_REPORT_RESPONSE__PART__NOT_SET:
		return true;
	default:
		parts->report = part;
		return true;
	}
}

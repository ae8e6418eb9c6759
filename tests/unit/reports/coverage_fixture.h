/* SPDX-License-Identifier: Apache-2.0 */
/* A city of counties and zones, and firms in them: as many as one likes, covered or not. */
#pragma once

#include "reports/coverage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum unit {
	HUBIN,
	SHANZHOU,
	MIANCHI,
	LUSHI,
	ECONOMIC_ZONE,
	YIMA,
	LINGBAO,
	DEMONSTRATION_ZONE,
	HIGH_TECH_ZONE,
	UNIT_COUNT,
};

struct city {
	struct arena arena;
	struct area area; /* with the units above at unit_of() */
	struct coverage_firm firms[2048];
	size_t count;
	struct coverage_firm before[2048];
	size_t before_count;
};

int city_setup(void **state);
int city_teardown(void **state);
/** Index of the unit in the area. */
int unit_of(const struct city *city, enum unit unit);
/** Adds @total firms of @unit, the first @covered of which have R&D activity. */
void city_add(struct city *city, enum unit unit, int covered, int total);
/** The last firm added. */
struct coverage_firm *city_last(struct city *city);
/** The figures of the city's reply, with denominators that are made up. */
void city_fill_seed(struct city *city);
/** Moves all firms to the end of the month before. */
void city_age(struct city *city);
/** A question about the firms at the end of October 2026. */
struct coverage_question city_question(struct city *city);
/** The report; the test fails when there is none. */
Policycalc__V1__CoverageReport *city_report(
		struct city *city, struct coverage_question *question);
/** The line of a unit. */
const Policycalc__V1__CoverageUnit *line_of(const Policycalc__V1__CoverageReport *report,
		const struct city *city, enum unit unit);

/* SPDX-License-Identifier: Apache-2.0 */
/* A report as it comes: the report, then more and more enterprises of its list. */
#pragma once

#include "base/arena.h"
#include "policycalc/v1/report.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed: nothing has come. */
struct report_parts {
	Policycalc__V1__GetReportResponse *report; /* NULL: it has not come yet */
	size_t capacity;			   /* of its list of enterprises */
};

/** Takes one answer, which has to live in @arena as the report does. false when memory is short. */
bool report_parts_take(struct report_parts *parts, struct arena *arena,
		Policycalc__V1__GetReportResponse *part);

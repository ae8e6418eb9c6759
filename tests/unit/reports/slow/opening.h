/* SPDX-License-Identifier: Apache-2.0 */
/* What opens for a firm once it reports R&D, by two whole answers of Match. */
#pragma once

#include "calculator/calculator.h"
#include "policycalc/v1/report.pb-c.h"

struct opening {
	Policycalc__V1__OpenedPolicy **policies; /* by id */
	size_t count;
	int64_t sure_fen;
	bool has_open;
};

/** Texts are borrowed from the ruleset, the rest lives in @arena. */
bool slow_opening_ask(const struct ruleset *ruleset, const Policycalc__V1__Profile *profile,
		const char *day, struct arena *arena, struct opening *out_opening,
		struct error *err);

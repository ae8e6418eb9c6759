/* SPDX-License-Identifier: Apache-2.0 */
/* What struct survey holds. Inner header: calculator.h says what it is for. */
#pragma once

#include "calculator/period_names.h"

struct survey {
	const Policycalc__V1__Policy *last; /* that was noted */
	size_t count;
	bool in_order; /* by id */
	struct period_names names;
	struct rule_texts_told told[LIST_COUNT];
};

/** Whether @survey, or NULL, knows all that there is to know of @count policies. */
bool survey_is_of(const struct survey *survey, size_t count);

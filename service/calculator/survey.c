/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/survey.h"

#include "base/memory.h"

#include <string.h>

struct survey *survey_new(void)
{
	struct survey *survey = memory_alloc_zero(1, sizeof(*survey));

	if (survey)
		survey->in_order = true;
	return survey;
}

void survey_free(struct survey *survey)
{
	if (survey)
		period_names_fini(&survey->names);
	memory_free(survey);
}

void survey_note(struct survey *survey, const Policycalc__V1__Policy *policy)
{
	if (survey->last && strcmp(survey->last->id, policy->id) > 0)
		survey->in_order = false;
	survey->last = policy;
	survey->count++;
	period_names_scan_policy(&survey->names, policy, survey->told);
}

bool survey_is_of(const struct survey *survey, size_t count)
{
	return survey && survey->count == count && !survey->names.failed;
}

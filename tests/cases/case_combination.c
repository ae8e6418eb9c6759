/* SPDX-License-Identifier: Apache-2.0 */
/* What a case says of policies that cannot be had together or are limited together. */
#include "case.h"

#include <stdlib.h>
#include <string.h>

static Policycalc__V1__ExclusionBasis basis_of(struct case_file *file, const char *word)
{
	return (Policycalc__V1__ExclusionBasis)case_enum(file,
			&policycalc__v1__exclusion_basis__descriptor, "EXCLUSION_BASIS_", word);
}

/* Cuts " source DOC" off the end. */
static Policycalc__V1__Source *source_of(struct case_file *file, char *rest)
{
	char *at = strstr(rest, "source ");
	Policycalc__V1__Source *source;

	if (!at)
		return NULL;
	*at = 0;
	source = CASE_NEW(file, Policycalc__V1__Source, policycalc__v1__source__init);
	source->doc = case_keep(file, case_trim(at + 7));
	return source;
}

/* excludes GROUP BASIS [at_most N] [highest] [source DOC] */
static void read_excludes(struct case_file *file, char *rest)
{
	Policycalc__V1__Exclusion *exclusion = CASE_NEW(
			file, Policycalc__V1__Exclusion, policycalc__v1__exclusion__init);
	char *word;

	exclusion->source = source_of(file, rest);
	exclusion->group = case_word(file, &rest);
	exclusion->basis = basis_of(file, case_word(file, &rest));
	while (*(word = case_word(file, &rest))) {
		if (strcmp(word, "highest") == 0)
			exclusion->highest = true;
		else if (strcmp(word, "at_most") == 0)
			exclusion->at_most = atoi(case_word(file, &rest));
		else
			case_broken(file, "what is %s?", word);
	}
	case_append(file, &file->policy->exclusions, &file->policy->n_exclusions, exclusion);
}

/* shared_cap ID PARAMETER BASIS [in PARENT] [source DOC] */
static void read_shared_cap(struct case_file *file, char *rest)
{
	Policycalc__V1__SharedCap *cap = CASE_NEW(
			file, Policycalc__V1__SharedCap, policycalc__v1__shared_cap__init);
	char *word;

	cap->source = source_of(file, rest);
	cap->id = case_word(file, &rest);
	cap->label = case_bilingual(file, cap->id, cap->id);
	cap->limit = case_word(file, &rest);
	cap->basis = basis_of(file, case_word(file, &rest));
	while (*(word = case_word(file, &rest))) {
		if (strcmp(word, "in") != 0)
			case_broken(file, "what is %s?", word);
		cap->parent = case_word(file, &rest);
	}
	case_append(file, &file->catalog.shared_caps, &file->catalog.shared_cap_count, cap);
}

bool case_read_combination(struct case_file *file, const char *keyword, char *rest)
{
	if (strcmp(keyword, "shared_cap") == 0)
		read_shared_cap(file, rest);
	else if (strcmp(keyword, "excludes") == 0 && file->policy)
		read_excludes(file, rest);
	else if (strcmp(keyword, "under") == 0 && file->policy)
		file->policy->shared_cap = case_keep(file, rest);
	else if (strcmp(keyword, "nature") == 0 && file->policy && file->policy->amount)
		file->policy->amount->nature = (Policycalc__V1__Nature)case_enum(
				file, &policycalc__v1__nature__descriptor, "NATURE_", rest);
	else if (strcmp(keyword, "for") == 0 && file->policy && file->policy->amount)
		file->policy->amount->beneficiary = (Policycalc__V1__Beneficiary)case_enum(file,
				&policycalc__v1__beneficiary__descriptor, "BENEFICIARY_", rest);
	else
		return false;
	return true;
}

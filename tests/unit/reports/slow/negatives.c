/* SPDX-License-Identifier: Apache-2.0 */
#include "slow/negatives.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERDICT(word) POLICYCALC__V1__VERDICT__VERDICT_##word

struct negative {
	Policycalc__V1__NegativeAttribute message;
	/* Of the firm at hand. */
	bool undecided, alone;
};

struct negatives {
	const struct ruleset *ruleset;
	struct arena *arena;
	struct negative *list;
	const char **names; /* bare, for reading */
	size_t count;
};

/* --- which there are -------------------------------------------------------------------------- */

/* Whether a rule names the attribute. */
static bool rule_names(const char *rule, const char *name)
{
	char pattern[200];
	regex_t regex;
	bool found;

	(void)snprintf(pattern, sizeof(pattern), "(^|[^A-Za-z0-9_])e[.]%s($|[^A-Za-z0-9_])",
			name);
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		abort();
	found = regexec(&regex, rule, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static bool is_excluded_by(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->policy_count; i++) {
		const Policycalc__V1__Policy *policy = catalog->policies[i];

		for (size_t k = 0; k < policy->n_conditions; k++)
			if (policy->conditions[k]->role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE &&
					rule_names(policy->conditions[k]->rule, name))
				return true;
	}
	return false;
}

static bool negative_add(
		struct negatives *negatives, const Policycalc__V1__Attribute *attribute)
{
	struct negative *negative = &negatives->list[negatives->count];

	policycalc__v1__negative_attribute__init(&negative->message);
	negative->message.name = arena_format(negatives->arena, "e.%s", attribute->name);
	negative->message.label = attribute->label;
	negative->message.supplier = attribute->supplier;
	negatives->names[negatives->count++] = attribute->name;
	return negative->message.name != NULL;
}

struct negatives *slow_negatives_new(const struct ruleset *ruleset, struct arena *arena)
{
	const struct catalog *catalog = ruleset_catalog(ruleset);
	struct negatives *negatives = ARENA_NEW(arena, struct negatives);

	if (!negatives)
		return NULL;
	negatives->ruleset = ruleset;
	negatives->arena = arena;
	negatives->list = ARENA_NEW_ARRAY(arena, struct negative, catalog->attribute_count + 1);
	negatives->names = ARENA_NEW_ARRAY(arena, const char *, catalog->attribute_count + 1);
	if (!negatives->list || !negatives->names)
		return NULL;
	for (size_t i = 0; i < catalog->attribute_count; i++) {
		const Policycalc__V1__Attribute *attribute = catalog->attributes[i];

		if (attribute->type != POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG ||
				*attribute->item_list || attribute->derived ||
				!is_excluded_by(catalog, attribute->name))
			continue;
		if (!negative_add(negatives, attribute))
			return NULL;
	}
	return negatives;
}

/* --- firms ------------------------------------------------------------------------------------ */

static void answer_note(
		const struct negatives *negatives, const Policycalc__V1__PolicyAnswer *answer)
{
	for (size_t i = 0; i < answer->n_missing; i++)
		for (size_t k = 0; k < negatives->count; k++) {
			struct negative *negative = &negatives->list[k];

			if (strcmp(answer->missing[i], negative->message.name) != 0)
				continue;
			negative->undecided = true;
			negative->alone |= answer->n_missing == 1;
		}
}

bool slow_negatives_add(struct negatives *negatives, const Policycalc__V1__Profile *profile,
		const char *day, const Policycalc__V1__MatchResponse *match,
		struct arena *scratch, struct error *err)
{
	struct profile_reading *readings =
			ARENA_NEW_ARRAY(scratch, struct profile_reading, negatives->count + 1);

	if (!readings)
		return arena_error(scratch, err, "adding up answers");
	if (!ruleset_read_values(negatives->ruleset, profile, day, negatives->names,
			    negatives->count, scratch, readings, err))
		return false;
	for (size_t i = 0; i < match->n_answers; i++)
		if (match->answers[i]->verdict == VERDICT(NEEDS_INFORMATION))
			answer_note(negatives, match->answers[i]);
	for (size_t k = 0; k < negatives->count; k++) {
		struct negative *negative = &negatives->list[k];

		negative->message.unknown += !readings[k].known;
		negative->message.undecided += negative->undecided;
		negative->message.undecided_alone += negative->alone;
		negative->undecided = negative->alone = false;
	}
	return true;
}

/* --- the report ------------------------------------------------------------------------------- */

static int compare_negatives(const void *a, const void *b)
{
	const Policycalc__V1__NegativeAttribute *const *left = a, *const *right = b;

	if ((*left)->undecided != (*right)->undecided)
		return (*left)->undecided < (*right)->undecided ? 1 : -1;
	return strcmp((*left)->name, (*right)->name);
}

bool slow_negatives_report(struct negatives *negatives, Policycalc__V1__PushReport *report)
{
	report->negatives = ARENA_NEW_ARRAY(negatives->arena,
			Policycalc__V1__NegativeAttribute *, negatives->count + 1);
	if (!report->negatives)
		return false;
	for (size_t k = 0; k < negatives->count; k++)
		report->negatives[report->n_negatives++] = &negatives->list[k].message;
	if (report->n_negatives)
		qsort(report->negatives, report->n_negatives, sizeof(*report->negatives),
				compare_negatives);
	return true;
}

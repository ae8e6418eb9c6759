/* SPDX-License-Identifier: Apache-2.0 */
/* One policy: its identity, dates, scopes, conditions and marks. */
#include "publish/check.h"

#include "publish/day.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef Policycalc__V1__Policy policy_message;

static void check_identity(struct check *check, const policy_message *policy)
{
	if (check_name(check, policy, "id", policy->id, NAME_KEBAB) &&
			!check_add_name(check, &check->policies, policy->id, policy))
		check_error(check, policy, "id", 0, "policy \"%s\" is also in %s", policy->id,
				check_find(&check->policies, policy->id)->file->path);
	(void)check_name(check, policy, "series", policy->series, NAME_KEBAB);
	(void)check_text(check, policy, "title", policy->title);
	if (policy->level == POLICYCALC__V1__LEVEL__LEVEL_UNSPECIFIED)
		check_error(check, policy, "level", 0,
				"level is missing: NATIONAL, PROVINCE, CITY or COUNTY");
	if (policy->kind == POLICYCALC__V1__KIND__KIND_UNSPECIFIED)
		check_error(check, policy, "kind", 0, "kind is missing");
	if (!policy->summary)
		check_warn(check, policy, "summary", 0, "policy \"%s\" has no summary",
				policy->id);
	if (policy->n_sources == 0)
		check_warn(check, policy, "sources", 0, "policy \"%s\" has no source",
				policy->id);
	(void)check_date(check, policy, "verified_on", policy->verified_on);
}

static void check_windows(struct check *check, const policy_message *policy)
{
	int forms = (policy->n_windows > 0) + (policy->window_not_stated != 0) +
		    (policy->window_always != 0);
	int32_t from, until, last_until;
	int32_t begin = DAY_FIRST, end = DAY_LAST;

	if (forms == 0)
		check_error(check, policy, "windows", 0,
				"when may one apply: windows, window_not_stated or "
				"window_always");
	else if (forms > 1)
		check_error(check, policy, policy->n_windows ? "windows" : "window_always", 0,
				"only one of windows, window_not_stated and window_always");
	if (policy->in_force)
		range_days(policy->in_force, &begin, &end);
	for (size_t i = 0; i < policy->n_windows; i++) {
		range_days(policy->windows[i], &from, &until);
		if (until < begin || from > end)
			check_warn(check, policy->windows[i], "from", 0,
					"nobody can apply in this window: the policy is not in "
					"force on any day of it");
	}
	for (size_t i = 1; i < policy->n_windows; i++) {
		range_days(policy->windows[i - 1], &from, &last_until);
		range_days(policy->windows[i], &from, &until);
		if (from <= last_until)
			check_error(check, policy->windows[i], "from", 0,
					"the window begins before the one above it has ended");
	}
}

static bool industry_is_known(const struct check *check, const char *code)
{
	char division[4];

	if (check_find(&check->industries, code))
		return true;
	/* Groups and classes are finer than the table: their division must be in it. */
	if (strlen(code) < 4 || strlen(code) > 5)
		return false;
	for (size_t i = 1; code[i]; i++)
		if (!isdigit((unsigned char)code[i]))
			return false;
	memcpy(division, code, 3);
	division[3] = '\0';
	return check_find(&check->industries, division);
}

/* People know places by name; the file has their codes. */
static void check_covered(
		struct check *check, const Policycalc__V1__RegionScope *region, size_t index)
{
	const struct catalog *catalog = check->catalog;
	const char *code = region->covers[index];

	if (check_find(&check->regions, code))
		return;
	for (size_t i = 0; i < catalog->region_count; i++) {
		const Policycalc__V1__Text *name = catalog->regions[i]->name;

		if (!name || strcmp(name->zh, code) != 0)
			continue;
		check_error(check, region, "covers", index,
				"\"%s\" is a name: write its code, \"%s\"", code,
				catalog->regions[i]->code);
		return;
	}
	check_error(check, region, "covers", index, "there is no region \"%s\" in regions.yaml",
			code);
}

static void check_scopes(struct check *check, const policy_message *policy)
{
	const Policycalc__V1__RegionScope *region = policy->region;
	const Policycalc__V1__IndustryScope *industry = policy->industry;

	if (region && region->n_covers == 0)
		check_error(check, region, "covers", 0,
				"covers is missing: without region the policy covers every "
				"place");
	for (size_t i = 0; region && i < region->n_covers; i++)
		check_covered(check, region, i);
	if (!industry)
		return;
	if (industry->n_include + industry->n_exclude == 0)
		check_error(check, industry, NULL, 0, "include or exclude is missing");
	for (size_t i = 0; i < industry->n_include; i++)
		if (!industry_is_known(check, industry->include[i]))
			check_error(check, industry, "include", i,
					"there is no industry \"%s\": expected a section (C), a"
					" division (C31), a group or a class",
					industry->include[i]);
	for (size_t i = 0; i < industry->n_exclude; i++)
		if (!industry_is_known(check, industry->exclude[i]))
			check_error(check, industry, "exclude", i,
					"there is no industry \"%s\": expected a section (C), a"
					" division (C31), a group or a class",
					industry->exclude[i]);
}

static void check_condition(struct check *check, const Policycalc__V1__Condition *condition)
{
	bool has_judgement = *condition->met_if || *condition->fails_if;

	switch ((int)condition->role) {
	case POLICYCALC__V1__ROLE__ROLE_REQUIRE:
	case POLICYCALC__V1__ROLE__ROLE_EXCLUDE:
		if (*condition->score_table &&
				condition->role == POLICYCALC__V1__ROLE__ROLE_EXCLUDE)
			check_error(check, condition, "score_table", 0,
					"a score table is for conditions of role REQUIRE");
		else if (*condition->score_table && *condition->rule)
			check_error(check, condition, "rule", 0,
					"a condition has a rule or a score table, not both; "
					"what "
					"passes besides the score is direct_pass");
		else if (!*condition->score_table)
			(void)check_required(check, condition, "rule", condition->rule);
		if (has_judgement)
			check_error(check, condition,
					*condition->met_if ? "met_if" : "fails_if", 0,
					"met_if and fails_if are for conditions of role "
					"REVIEW");
		break;
	case POLICYCALC__V1__ROLE__ROLE_REVIEW:
		if (*condition->rule)
			check_error(check, condition, "rule", 0,
					"a condition of role REVIEW has no rule: met_if and "
					"fails_if"
					" settle it");
		if (*condition->score_table)
			check_error(check, condition, "score_table", 0,
					"a score table is for conditions of role REQUIRE");
		break;
	default:
		check_error(check, condition, "role", 0,
				"role is missing: REQUIRE, EXCLUDE or REVIEW");
	}
	if (*condition->direct_pass && !*condition->score_table)
		check_error(check, condition, "direct_pass", 0,
				"direct_pass goes with a score_table");
	if (!condition->label)
		check_warn(check, condition, "label", 0, "condition \"%s\" has no label",
				condition->id);
	if (!condition->source)
		check_warn(check, condition, "source", 0, "condition \"%s\" has no source",
				condition->id);
}

static void check_conditions(struct check *check, const policy_message *policy)
{
	struct map ids = { 0 };

	for (size_t i = 0; i < policy->n_conditions; i++) {
		const Policycalc__V1__Condition *condition = policy->conditions[i];

		if (check_name(check, condition, "id", condition->id, NAME_SNAKE)) {
			if ((policy->region && strcmp(condition->id, "region") == 0) ||
					(policy->industry &&
							strcmp(condition->id, "industry") == 0))
				check_error(check, condition, "id", 0,
						"\"%s\" is the name of the condition that the"
						" policy's own scope makes",
						condition->id);
			else if (map_find(&ids, slice_from(condition->id)))
				check_error(check, condition, "id", 0,
						"condition \"%s\" comes twice", condition->id);
			else if (!map_put(&ids, slice_from(condition->id),
						 (void *)(uintptr_t)condition))
				check->out_of_memory = true;
		}
		check_condition(check, condition);
	}
	map_fini(&ids);
}

static void check_marks(struct check *check, const policy_message *policy,
		Policycalc__V1__Mark *const *marks, size_t count)
{
	char why[160];

	for (size_t i = 0; i < count; i++) {
		(void)check_text(check, marks[i], "text", marks[i]->text);
		if (*marks[i]->field &&
				!path_resolve(&policy->base, marks[i]->field, false, why))
			check_error(check, marks[i], "field", 0, "field \"%s\": %s",
					marks[i]->field, why);
	}
}

static void check_loan(struct check *check, const Policycalc__V1__LoanTerms *loan)
{
	for (size_t i = 0; i < loan->n_limits; i++) {
		const struct check_named *named =
				check_find(&check->parameters, loan->limits[i]);

		if (!named)
			check_error(check, loan, "limits", i, "there is no parameter \"%s\"",
					loan->limits[i]);
		else if (((const Policycalc__V1__Parameter *)named->message)->type !=
				POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY)
			check_error(check, loan, "limits", i, "parameter \"%s\" is not MONEY",
					loan->limits[i]);
	}
	for (size_t i = 0; i < loan->n_parameters; i++)
		if (!check_find(&check->parameters, loan->parameters[i]))
			check_error(check, loan, "parameters", i,
					"there is no parameter \"%s\"", loan->parameters[i]);
	if (loan->longest_term_months < 0)
		check_error(check, loan, "longest_term_months", 0, "expected 0 or more");
}

static bool verdict_is_yes(Policycalc__V1__Verdict verdict)
{
	return verdict == POLICYCALC__V1__VERDICT__VERDICT_ELIGIBLE ||
	       verdict == POLICYCALC__V1__VERDICT__VERDICT_NEEDS_REVIEW;
}

static void check_example_list(struct check *check, const policy_message *policy)
{
	bool yes = false;
	bool no = false;
	bool closed = false;

	for (size_t i = 0; i < policy->n_examples; i++) {
		const Policycalc__V1__Example *example = policy->examples[i];

		if (check_required(check, example, "as_of", example->as_of))
			(void)check_date(check, example, "as_of", example->as_of);
		if (!example->expect ||
				example->expect->verdict ==
						POLICYCALC__V1__VERDICT__VERDICT_UNSPECIFIED) {
			check_error(check, example, "expect", 0,
					"the example expects no verdict");
			continue;
		}
		yes = yes || verdict_is_yes(example->expect->verdict);
		no = no ||
		     example->expect->verdict == POLICYCALC__V1__VERDICT__VERDICT_INELIGIBLE;
		closed = closed ||
			 example->expect->verdict == POLICYCALC__V1__VERDICT__VERDICT_NOT_OPEN;
	}
	if (policy->n_examples < 2)
		check_warn(check, policy, "examples", 0,
				"policy \"%s\" has %zu examples: at least two are expected",
				policy->id, policy->n_examples);
	if (policy->n_examples > 0 && !yes && !closed)
		check_warn(check, policy, "examples", 0,
				"no example reaches policy \"%s\": none gets past its "
				"conditions"
				" (ELIGIBLE, NEEDS_REVIEW or NOT_OPEN)",
				policy->id);
	else if (policy->n_examples >= 2 && (!yes || !no))
		check_warn(check, policy, "examples", 0,
				"policy \"%s\" has no example that says %s", policy->id,
				yes ? "no (INELIGIBLE)" : "yes (ELIGIBLE or NEEDS_REVIEW)");
}

static void check_policy(struct check *check, const policy_message *policy)
{
	check_identity(check, policy);
	if (!policy->in_force)
		check_error(check, policy, "in_force", 0,
				"in_force is missing: from a date or not_stated");
	check_windows(check, policy);
	if (!check->tables_unread)
		check_scopes(check, policy);
	check_conditions(check, policy);
	check_policy_scores(check, policy);
	check_policy_amount(check, policy);
	check_policy_budget(check, policy);
	if (policy->loan && !check->tables_unread)
		check_loan(check, policy->loan);
	if (policy->guide)
		check_policy_guide(check, policy);
	check_example_list(check, policy);
	check_marks(check, policy, policy->unverified, policy->n_unverified);
	check_marks(check, policy, policy->ambiguous, policy->n_ambiguous);
	check_marks(check, policy, policy->missing_facts, policy->n_missing_facts);
}

void check_policies(struct check *check)
{
	const struct catalog *catalog = check->catalog;

	for (size_t i = 0; i < catalog->policy_count; i++) {
		check->file = check->policy_files[i];
		check_policy(check, catalog->policies[i]);
	}
	for (size_t i = 0; i < catalog->policy_count; i++) {
		const policy_message *policy = catalog->policies[i];

		check->file = check->policy_files[i];
		for (size_t j = 0; j < policy->n_repeals; j++)
			if (strcmp(policy->repeals[j], policy->id) == 0 ||
					(!check_find(&check->policies, policy->repeals[j]) &&
							!check_is_unread(check,
									slice_from(policy->repeals[j]))))
				check_error(check, policy, "repeals", j,
						"there is no other policy \"%s\"",
						policy->repeals[j]);
	}
}

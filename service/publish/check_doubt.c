/* SPDX-License-Identifier: Apache-2.0 */
/* What a catalog says in vain: conditions without effect, and attributes and parameters that
 * nothing reads. */
#include "publish/check.h"

#include "publish/day.h"

#include <stdio.h>
#include <string.h>

typedef Policycalc__V1__Policy policy_message;

/* --- conditions ----------------------------------------------------------------------------- */

static const Policycalc__V1__Condition *find_condition(
		const policy_message *policy, const char *id)
{
	for (size_t i = 0; i < policy->n_conditions; i++)
		if (strcmp(policy->conditions[i]->id, id) == 0)
			return policy->conditions[i];
	return NULL;
}

/* The message that stands for a condition in the file: its own, or the policy's scope. */
static const void *find_place(const policy_message *policy, const char *id, const char **field)
{
	const Policycalc__V1__Condition *condition = find_condition(policy, id);

	if (!condition) {
		*field = id;
		return policy;
	}
	*field = *condition->rule	   ? "rule"
		 : *condition->score_table ? "score_table"
		 : *condition->fails_if	   ? "fails_if"
					   : "met_if";
	return condition;
}

static int32_t day_of(int64_t day)
{
	return day <= INT32_MIN ? DAY_FIRST : day >= INT32_MAX ? DAY_LAST : (int32_t)day;
}

/* "", or " from 2024-01-01 to 2024-12-31". */
static void print_days(const struct doubt *doubt, char out[64])
{
	char first[16] = "the beginning";
	char last[16] = "";
	int32_t from = day_of(doubt->first);
	int32_t until = day_of(doubt->last);

	out[0] = '\0';
	if (doubt->whole)
		return;
	if (from != DAY_FIRST)
		day_print(from, first);
	if (until != DAY_LAST)
		day_print(until, last);
	(void)snprintf(out, 64, " from %s %s%s", first, *last ? "to " : "on", last);
}

/* "", or " of e.staff (职工人数)". */
static const char *print_attribute(struct check *check, const struct doubt *doubt)
{
	const char *text;

	if (!doubt->attribute)
		return "";
	text = doubt->label ? arena_format(check->arena, " of %s (%s)", doubt->attribute,
					      doubt->label->zh)
			    : arena_format(check->arena, " of %s", doubt->attribute);
	if (!text)
		check->out_of_memory = true;
	return text ? text : "";
}

static void report_never(struct check *check, const struct doubt *doubt, const void *place,
		const char *field, const char *days)
{
	const char *attribute = print_attribute(check, doubt);

	check_warn(check, place, field, 0, "no enterprise can ever meet \"%s\"%s: %s%s%s",
			doubt->condition, days,
			*attribute ? "it fails for every value"
				   : "it contradicts itself or "
				     "reads nothing that differs",
			attribute, *attribute ? "" : " between enterprises");
}

static void report_always(struct check *check, const struct doubt *doubt, const void *place,
		const char *field)
{
	const char *attribute = print_attribute(check, doubt);

	check_warn(check, place, field, 0, "every enterprise meets \"%s\"%s%s: it says nothing",
			doubt->condition, *attribute ? ", whatever the value" : "", attribute);
}

static void report_conflict(struct check *check, const struct doubt *doubt, const void *place,
		const char *field, const char *days)
{
	const char *attribute = print_attribute(check, doubt);

	if (!doubt->other)
		check_warn(check, place, field, 0,
				"\"%s\" and the conditions before it contradict each other%s: "
				"no value%s meets them all",
				doubt->condition, days, attribute);
	else if (*attribute)
		check_warn(check, place, field, 0,
				"\"%s\" and \"%s\" contradict each other%s: no value%s meets "
				"both",
				doubt->other, doubt->condition, days, attribute);
	else
		check_warn(check, place, field, 0,
				"\"%s\" and \"%s\" contradict each other%s: one requires what "
				"the other rules out",
				doubt->other, doubt->condition, days);
}

static void on_doubt(void *context, const struct doubt *doubt)
{
	struct check *check = context;
	const struct check_named *named = check_find(&check->policies, doubt->policy->id);
	const char *field;
	const void *place;
	char days[64];

	if (!named)
		return;
	check->file = named->file;
	if (check->file->partly)
		return; /* what could not be read may be what makes it sound */
	place = find_place((const policy_message *)named->message, doubt->condition, &field);
	print_days(doubt, days);
	switch (doubt->kind) {
	case DOUBT_NEVER:
		report_never(check, doubt, place, field, days);
		break;
	case DOUBT_ALWAYS:
		report_always(check, doubt, place, field);
		break;
	case DOUBT_CONFLICT:
	default:
		report_conflict(check, doubt, place, field, days);
		break;
	}
}

/* --- attributes ----------------------------------------------------------------------------- */

static void check_unasked(struct check *check, const struct ruleset *ruleset)
{
	const struct catalog *catalog = check->catalog;

	check->file = check->attribute_file;
	for (size_t i = 0; i < catalog->attribute_count; i++) {
		const Policycalc__V1__Attribute *attribute = catalog->attributes[i];
		bool asked = ruleset_reads_attribute(
				ruleset, attribute->name, attribute->item_list);

		/* What was published stays in the dictionary. */
		if (!asked && !attribute->kept_for && !attribute->deprecated)
			check_warn(check, attribute, "name", 0,
					"nobody asks for attribute \"%s\": no rule, score "
					"table or derived attribute reads it; remove it, or "
					"say in kept_for why it is kept",
					attribute->name);
	}
}

/* --- parameters ----------------------------------------------------------------------------- */

static bool is_among(const char *name, char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* "parameters.NAME", or a field below it. */
static bool fact_names(const Policycalc__V1__Fact *fact, const char *name)
{
	static const char kind[] = "parameters.";
	size_t size = strlen(name);

	for (size_t i = 0; i < fact->n_fields; i++) {
		const char *path = fact->fields[i];

		if (strncmp(path, kind, sizeof(kind) - 1) == 0 &&
				strncmp(path + sizeof(kind) - 1, name, size) == 0 &&
				(path[sizeof(kind) - 1 + size] == '\0' ||
						path[sizeof(kind) - 1 + size] == '.'))
			return true;
	}
	return false;
}

/* By its name, beside the rules: by a loan, a cap, a report or the table of facts. */
static bool parameter_is_named(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->policy_count; i++) {
		const Policycalc__V1__LoanTerms *loan = catalog->policies[i]->loan;

		if (loan && (is_among(name, loan->limits, loan->n_limits) ||
					    is_among(name, loan->parameters,
							    loan->n_parameters)))
			return true;
	}
	for (size_t i = 0; i < catalog->shared_cap_count; i++)
		if (strcmp(catalog->shared_caps[i]->limit, name) == 0)
			return true;
	for (size_t i = 0; i < catalog->fact_count; i++)
		if (fact_names(catalog->facts[i], name))
			return true;
	/* What the coverage report reads of a region. */
	return strncmp(name, "counter_", strlen("counter_")) == 0 ||
	       strncmp(name, "rd_coverage_", strlen("rd_coverage_")) == 0;
}

static void check_unused(struct check *check, const struct ruleset *ruleset)
{
	const struct catalog *catalog = check->catalog;

	check->file = check->parameter_file;
	for (size_t i = 0; i < catalog->parameter_count; i++) {
		const Policycalc__V1__Parameter *parameter = catalog->parameters[i];

		if (!ruleset_reads_parameter(ruleset, parameter->name) &&
				!parameter_is_named(catalog, parameter->name))
			check_warn(check, parameter, "name", 0,
					"nothing uses parameter \"%s\": no rule, score table, "
					"loan or shared cap names it; is a name misspelt where "
					"it "
					"belongs?",
					parameter->name);
	}
}

/* What could not be read may read it. */
static bool is_whole(const struct check *check)
{
	for (size_t i = 0; i < check->catalog->policy_count; i++)
		if (check->policy_files[i]->partly)
			return false;
	return check->unread.count == 0 && !check->tables_unread;
}

void check_doubts(struct check *check, const struct ruleset *ruleset)
{
	struct error err = { 0 };

	if (!ruleset_find_doubts(ruleset, on_doubt, check, &err)) {
		check->out_of_memory = true;
		return;
	}
	if (!is_whole(check))
		return;
	check_unasked(check, ruleset);
	check_unused(check, ruleset);
}

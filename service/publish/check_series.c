/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several entries must agree on over time: the versions of a series, and the parameters of
 * a policy while it is in force.
 */
#include "publish/check.h"

#include "publish/day.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* One version, with the days on which it can apply. */
struct version {
	const Policycalc__V1__Policy *policy;
	const struct check_file *file;
	int32_t from, until;
};

static int on_compare_versions(const void *left, const void *right)
{
	const struct version *a = left;
	const struct version *b = right;
	int order = strcmp(a->policy->series, b->policy->series);

	if (order)
		return order;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return strcmp(a->policy->id, b->policy->id);
}

static void check_versions(struct check *check, struct version *list, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct version *last = &list[i - 1];
		const struct version *next = &list[i];
		const char *until = last->policy->in_force->until;

		if (!*next->policy->series ||
				strcmp(last->policy->series, next->policy->series) != 0)
			continue;
		/* Where the sources do not state its end, the next version ends it. */
		if (strcmp(until, "not_stated") == 0 && next->from > last->from) {
			last->until = next->from - 1;
			continue;
		}
		if (next->from > last->until)
			continue;
		check->file = next->file;
		check_error(check, next->policy->in_force, "from", 0,
				"overlaps version \"%s\" of series \"%s\", which is in force "
				"until %s",
				last->policy->id, next->policy->series,
				*until ? until : "further notice (give it an until)");
	}
}

/* --- parameters in rules --------------------------------------------------------------------
 */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Behind a string literal that begins at @at. */
static const char *skip_string(const char *at)
{
	char quote = *at;
	bool triple = at[1] == quote && at[2] == quote;

	at += triple ? 3 : 1;
	while (*at) {
		if (*at == '\\' && at[1]) {
			at += 2;
		} else if (*at != quote) {
			at++;
		} else if (!triple) {
			return at + 1;
		} else if (at[1] == quote && at[2] == quote) {
			return at + 3;
		} else {
			at++;
		}
	}
	return at;
}

/*
 * The next p.NAME of a rule text from *@at on; false at its end. The compiler reports what is
 * no rule: here only names are gathered.
 */
static bool next_parameter(const char **at, struct slice *out_name)
{
	const char *begin = *at;
	const char *c = *at;

	while (*c) {
		if (*c == '"' || *c == '\'') {
			c = skip_string(c);
		} else if (c[0] == '/' && c[1] == '/') {
			c += strcspn(c, "\n");
		} else if (is_word(*c) && c[0] == 'p' && !is_word(c[1]) &&
				(c == begin || (!is_word(c[-1]) && c[-1] != '.'))) {
			c++;
			c += strspn(c, " \t\r\n");
			if (*c != '.')
				continue;
			c++;
			c += strspn(c, " \t\r\n");
			out_name->data = c;
			while (is_word(*c))
				c++;
			out_name->size = (size_t)(c - out_name->data);
			*at = c;
			return true;
		} else if (is_word(*c)) {
			while (is_word(*c))
				c++;
		} else {
			c++;
		}
	}
	return false;
}

/* The first day in [@from, @until] on which @parameter has no value; false when there is none.
 */
static bool find_gap(const Policycalc__V1__Parameter *parameter, int32_t from, int32_t until,
		int32_t *out_first, int32_t *out_last)
{
	int32_t at = from;

	for (size_t i = 0; i < parameter->n_values; i++) {
		const Policycalc__V1__ParameterValue *value = parameter->values[i];
		int32_t first, last;

		if (!day_parse(value->from, &first))
			first = DAY_FIRST;
		if (!day_parse(value->until, &last))
			last = DAY_LAST;
		/* Nobody knows when the policy began: its parameters are asked from their
		 * start. */
		if (at == DAY_FIRST)
			at = first;
		if (first > until || first > at) {
			*out_first = at;
			*out_last = first > until ? until : first - 1;
			return at <= until;
		}
		if (last >= until)
			return false;
		if (last >= at)
			at = last + 1;
	}
	*out_first = at;
	*out_last = until;
	return at <= until;
}

static void check_rule_parameters(struct check *check, const struct version *version,
		const void *message, const char *field, const char *rule)
{
	const char *at = rule;
	struct slice name;

	while (next_parameter(&at, &name)) {
		const struct check_named *named = map_find(&check->parameters, name);
		const Policycalc__V1__Parameter *parameter;
		char first_text[16] = "the beginning";
		char last_text[16] = "";
		int32_t first, last;

		if (!named)
			continue; /* the compiler says so */
		parameter = (const Policycalc__V1__Parameter *)named->message;
		if (parameter->unverified || parameter->n_values == 0)
			continue;
		if (!find_gap(parameter, version->from, version->until, &first, &last))
			continue;
		day_print(first, first_text);
		if (last < DAY_LAST)
			day_print(last, last_text);
		check_error(check, message, field, 0,
				"parameter \"%s\" has no value from %s%s%s, while \"%s\" is in "
				"force"
				" (a value not_stated, or unverified: true on the parameter, "
				"says that"
				" this is known)",
				parameter->name, first_text, *last_text ? " to " : " on",
				last_text, version->policy->id);
	}
}

static void check_policy_parameters(struct check *check, const struct version *version)
{
	const Policycalc__V1__Policy *policy = version->policy;
	const Policycalc__V1__Amount *amount = policy->amount;

	check->file = version->file;
	for (size_t i = 0; i < policy->n_conditions; i++) {
		const Policycalc__V1__Condition *condition = policy->conditions[i];

		check_rule_parameters(check, version, condition, "rule", condition->rule);
		check_rule_parameters(check, version, condition, "met_if", condition->met_if);
		check_rule_parameters(
				check, version, condition, "fails_if", condition->fails_if);
	}
	if (!amount)
		return;
	check_rule_parameters(check, version, amount, "rule", amount->rule);
	check_rule_parameters(check, version, amount, "base_rule", amount->base_rule);
	check_rule_parameters(check, version, amount, "rate_rule", amount->rate_rule);
	for (size_t i = 0; i < amount->n_brackets; i++) {
		const Policycalc__V1__Bracket *bracket = amount->brackets[i];

		check_rule_parameters(
				check, version, bracket, "up_to_rule", bracket->up_to_rule);
		check_rule_parameters(check, version, bracket, "rate_rule", bracket->rate_rule);
	}
	for (size_t i = 0; i < amount->n_caps; i++) {
		const Policycalc__V1__Cap *cap = amount->caps[i];

		check_rule_parameters(check, version, cap, "limit_rule", cap->limit_rule);
		check_rule_parameters(check, version, cap, "when_rule", cap->when_rule);
	}
}

/* A day that is none was reported; what would follow from it is no fault of its own. */
static bool range_is_sound(const Policycalc__V1__DateRange *range)
{
	int32_t from, until, day;

	if (strcmp(range->from, "not_stated") != 0 && !day_parse(range->from, &day))
		return false;
	if (*range->until && strcmp(range->until, "not_stated") != 0 &&
			!day_parse(range->until, &day))
		return false;
	range_days(range, &from, &until);
	return from <= until;
}

void check_series(struct check *check)
{
	const struct catalog *catalog = check->catalog;
	struct version *list =
			ARENA_NEW_ARRAY(check->arena, struct version, catalog->policy_count);
	size_t count = 0;

	if (!list) {
		check->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < catalog->policy_count; i++) {
		struct version *version = &list[count];

		if (!catalog->policies[i]->in_force ||
				!range_is_sound(catalog->policies[i]->in_force))
			continue;
		version->policy = catalog->policies[i];
		version->file = check->policy_files[i];
		range_days(version->policy->in_force, &version->from, &version->until);
		count++;
	}
	qsort(list, count, sizeof(*list), on_compare_versions);
	check_versions(check, list, count);
	for (size_t i = 0; i < count; i++)
		check_policy_parameters(check, &list[i]);
}

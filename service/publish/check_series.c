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
 * The next p.NAME, e.NAME or i.NAME of a rule text from *@at on; false at its end. The compiler
 * reports what is no rule: here only names are gathered.
 */
static bool next_name(const char **at, char *out_scope, struct slice *out_name)
{
	const char *begin = *at;
	const char *c = *at;

	while (*c) {
		if (*c == '"' || *c == '\'') {
			c = skip_string(c);
		} else if (c[0] == '/' && c[1] == '/') {
			c += strcspn(c, "\n");
		} else if (strchr("pei", *c) && !is_word(c[1]) &&
				(c == begin || (!is_word(c[-1]) && c[-1] != '.'))) {
			*out_scope = *c++;
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

/* The parameters of one version are being looked at. */
struct parameter_walk {
	struct check *check;
	const struct version *version;
	const char *prefix; /* of the keys of its item list's attributes: "projects/" */
	struct map seen;    /* derived attributes whose rule was looked at */
};

static const char *item_prefix(const Policycalc__V1__Policy *policy)
{
	switch ((int)policy->subject) {
	case POLICYCALC__V1__SUBJECT__SUBJECT_PROJECT:
		return "projects/";
	case POLICYCALC__V1__SUBJECT__SUBJECT_LOAN:
		return "loans/";
	case POLICYCALC__V1__SUBJECT__SUBJECT_HIRE:
		return "hires/";
	default:
		return "";
	}
}

static void check_parameter_gap(const struct parameter_walk *walk, const void *message,
		const char *field, struct slice name)
{
	struct check *check = walk->check;
	const struct version *version = walk->version;
	const struct check_named *named = map_find(&check->parameters, name);
	const Policycalc__V1__Parameter *parameter;
	char first_text[16] = "the beginning";
	char last_text[16] = "";
	int32_t first, last;

	if (!named)
		return; /* the compiler says so */
	parameter = (const Policycalc__V1__Parameter *)named->message;
	if (parameter->unverified || parameter->n_values == 0 ||
			!find_gap(parameter, version->from, version->until, &first, &last))
		return;
	day_print(first, first_text);
	if (last < DAY_LAST)
		day_print(last, last_text);
	check_error(walk->check, message, field, 0,
			"parameter \"%s\" has no value from %s%s%s, while \"%s\" is in force"
			" (a value not_stated, or unverified: true on the parameter, says that"
			" this is known)",
			parameter->name, first_text, *last_text ? " to " : " on", last_text,
			version->policy->id);
}

/* The rule a derived attribute is made with; of one made of items, that which picks them. */
static const char *derivation_rule(const Policycalc__V1__Attribute *attribute)
{
	return attribute->derived->aggregate ? attribute->derived->aggregate->filter_rule
					     : attribute->derived->rule;
}

/* The rule behind the attribute e.@name or i.@name, once in a walk; NULL when there is none. */
static const char *next_derivation(struct parameter_walk *walk, char scope, struct slice name)
{
	const struct check_named *named;
	const Policycalc__V1__Attribute *attribute;
	const char *key = arena_format(walk->check->arena, "%s%.*s",
			scope == 'i' ? walk->prefix : "", SLICE_PRINT(name));

	if (!key) {
		walk->check->out_of_memory = true;
		return NULL;
	}
	named = map_find(&walk->check->attributes, slice_from(key));
	attribute = named ? (const Policycalc__V1__Attribute *)named->message : NULL;
	if (!attribute || !attribute->derived || !*derivation_rule(attribute) ||
			map_find(&walk->seen, slice_from(key)))
		return NULL;
	if (!map_put(&walk->seen, slice_from(key), (void *)(uintptr_t)attribute)) {
		walk->check->out_of_memory = true;
		return NULL;
	}
	return derivation_rule(attribute);
}

/* Parameters count where a rule reads them, and where it reads what is derived with them. */
static void check_rule_parameters(struct parameter_walk *walk, const void *message,
		const char *field, const char *rule)
{
	const char *at = rule;
	struct slice name;
	char scope;

	while (next_name(&at, &scope, &name)) {
		const char *behind = NULL;

		if (scope == 'p')
			check_parameter_gap(walk, message, field, name);
		else
			behind = next_derivation(walk, scope, name);
		if (behind)
			check_rule_parameters(walk, message, field, behind);
	}
}

static void check_amount_parameters(
		struct parameter_walk *walk, const Policycalc__V1__Amount *amount)
{
	check_rule_parameters(walk, amount, "rule", amount->rule);
	check_rule_parameters(walk, amount, "base_rule", amount->base_rule);
	check_rule_parameters(walk, amount, "rate_rule", amount->rate_rule);
	for (size_t i = 0; i < amount->n_brackets; i++) {
		const Policycalc__V1__Bracket *bracket = amount->brackets[i];

		check_rule_parameters(walk, bracket, "up_to_rule", bracket->up_to_rule);
		check_rule_parameters(walk, bracket, "rate_rule", bracket->rate_rule);
	}
	check_rule_parameters(walk, amount, "quantity_rule", amount->quantity_rule);
	check_rule_parameters(walk, amount, "unit_amount_rule", amount->unit_amount_rule);
	for (size_t i = 0; i < amount->n_tiers; i++) {
		const Policycalc__V1__Tier *tier = amount->tiers[i];

		check_rule_parameters(walk, tier, "when_rule", tier->when_rule);
		check_rule_parameters(walk, tier, "amount_rule", tier->amount_rule);
	}
	for (size_t i = 0; i < amount->n_caps; i++) {
		const Policycalc__V1__Cap *cap = amount->caps[i];

		check_rule_parameters(walk, cap, "limit_rule", cap->limit_rule);
		check_rule_parameters(walk, cap, "when_rule", cap->when_rule);
	}
}

static void check_metric_parameters(
		struct parameter_walk *walk, const Policycalc__V1__ScoreMetric *metric)
{
	check_rule_parameters(walk, metric, "attribute", metric->attribute);
	check_rule_parameters(walk, metric, "rule", metric->rule);
	check_rule_parameters(walk, metric, "otherwise", metric->otherwise);
	for (size_t i = 0; i < metric->n_steps; i++) {
		const Policycalc__V1__ScoreStep *step = metric->steps[i];

		check_rule_parameters(walk, step, "at_least", step->at_least);
		check_rule_parameters(walk, step, "above", step->above);
		check_rule_parameters(walk, step, "at_most", step->at_most);
		check_rule_parameters(walk, step, "below", step->below);
		check_rule_parameters(walk, step, "points", step->points);
	}
}

static void check_table_parameters(
		struct parameter_walk *walk, const Policycalc__V1__ScoreTable *table)
{
	check_rule_parameters(walk, table, "pass", table->pass);
	for (size_t i = 0; i < table->n_groups; i++)
		check_rule_parameters(walk, table->groups[i], "floor", table->groups[i]->floor);
	for (size_t i = 0; i < table->n_vetoes; i++)
		check_rule_parameters(walk, table->vetoes[i], "rule", table->vetoes[i]->rule);
	for (size_t i = 0; i < table->n_rows; i++) {
		for (size_t k = 0; k < table->rows[i]->n_alternatives; k++)
			check_metric_parameters(walk, table->rows[i]->alternatives[k]);
	}
}

static void check_policy_parameters(struct check *check, const struct version *version)
{
	const Policycalc__V1__Policy *policy = version->policy;
	struct parameter_walk walk = { check, version, item_prefix(policy), { 0 } };

	check->file = version->file;
	for (size_t i = 0; i < policy->n_conditions; i++) {
		const Policycalc__V1__Condition *condition = policy->conditions[i];

		check_rule_parameters(&walk, condition, "rule", condition->rule);
		check_rule_parameters(&walk, condition, "met_if", condition->met_if);
		check_rule_parameters(&walk, condition, "fails_if", condition->fails_if);
		check_rule_parameters(&walk, condition, "direct_pass", condition->direct_pass);
	}
	for (size_t i = 0; i < policy->n_score_tables; i++)
		check_table_parameters(&walk, policy->score_tables[i]);
	if (policy->amount)
		check_amount_parameters(&walk, policy->amount);
	map_fini(&walk.seen);
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

		if (check->policy_files[i]->partly || !catalog->policies[i]->in_force ||
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

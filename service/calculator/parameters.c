/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/parameters.h"

#include "base/slice.h"
#include "calculator/rule_texts.h"

#include <string.h>

/* What is told of every name that is found; false ends the search. */
typedef bool (*found_fn)(void *context, struct slice name);

static bool is_name_character(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static const char *skip_blanks(const char *next)
{
	while (*next == ' ' || *next == '\t' || *next == '\n' || *next == '\r')
		next++;
	return next;
}

/* Just behind the string literal that begins at @next. */
static const char *skip_literal(const char *next)
{
	char quote = *next++;

	while (*next && *next != quote)
		next += *next == '\\' && next[1] ? 2 : 1;
	return *next ? next + 1 : next;
}

/* Finds p.name in a rule that was checked, so that its form is known to be right. */
static bool rule_search(const char *rule, found_fn found, void *context)
{
	const char *next = rule;
	bool after_dot = false;

	while (*next) {
		const char *start = next;

		if (*next == '"' || *next == '\'') {
			next = skip_literal(next);
			after_dot = false;
			continue;
		}
		if (!is_name_character(*next)) {
			if (!strchr(" \t\n\r", *next))
				after_dot = *next == '.';
			next++;
			continue;
		}
		while (is_name_character(*next))
			next++;
		if (next - start == 1 && *start == 'p' && !after_dot &&
				*skip_blanks(next) == '.') {
			start = next = skip_blanks(skip_blanks(next) + 1);
			while (is_name_character(*next))
				next++;
			if (!found(context, (struct slice){ start, (size_t)(next - start) }))
				return false;
		}
		after_dot = false;
	}
	return true;
}

struct search {
	found_fn found;
	void *context;
};

static bool on_rule_text(void *context, const char *text)
{
	const struct search *search = context;

	return rule_search(text, search->found, search->context);
}

/* Names in rules, and those that stand by themselves: of a loan's terms. */
static bool policy_search(const Policycalc__V1__Policy *policy, found_fn found, void *context)
{
	struct search search = { found, context };
	const Policycalc__V1__LoanTerms *loan = policy->loan;

	if (!rule_texts_each(&policy->base, NULL, on_rule_text, &search))
		return false;
	for (size_t i = 0; loan && i < loan->n_limits; i++) {
		if (!found(context, slice_from(loan->limits[i])))
			return false;
	}
	for (size_t i = 0; loan && i < loan->n_parameters; i++) {
		if (!found(context, slice_from(loan->parameters[i])))
			return false;
	}
	return true;
}

static bool on_differs(void *context, struct slice name)
{
	return !slice_equals_text(name, context);
}

bool policy_names_parameter(const Policycalc__V1__Policy *policy, const char *name)
{
	return !policy_search(policy, on_differs, (void *)(uintptr_t)name);
}

bool attribute_names_parameter(const Policycalc__V1__Attribute *attribute, const char *name)
{
	struct search search = { on_differs, (void *)(uintptr_t)name };

	return !rule_texts_each(&attribute->base, NULL, on_rule_text, &search);
}

struct named {
	const struct catalog *catalog;
	bool *is_named; /* by position in the catalog */
	size_t count;
};

/* Parameters are in name order in a ruleset's catalog, but a search must not rely on it. */
static bool on_named(void *context, struct slice name)
{
	struct named *named = context;

	for (size_t i = 0; i < named->catalog->parameter_count; i++) {
		if (named->is_named[i] ||
				!slice_equals_text(name, named->catalog->parameters[i]->name))
			continue;
		named->is_named[i] = true;
		named->count++;
	}
	return true;
}

bool policy_named_parameters(const Policycalc__V1__Policy *policy,
		const struct catalog *catalog, struct arena *arena,
		Policycalc__V1__Parameter ***out_list, size_t *out_count)
{
	struct named named = { .catalog = catalog };
	size_t count = 0;

	named.is_named = ARENA_NEW_ARRAY(arena, bool, catalog->parameter_count + 1);
	if (!named.is_named)
		return false;
	(void)policy_search(policy, on_named, &named);
	*out_list = ARENA_NEW_ARRAY(arena, Policycalc__V1__Parameter *, named.count + 1);
	if (!*out_list)
		return false;
	for (size_t i = 0; i < catalog->parameter_count; i++)
		if (named.is_named[i])
			(*out_list)[count++] = catalog->parameters[i];
	*out_count = count;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers/catalog_search.h"

#include <string.h>

/* --- words ----------------------------------------------------------------------------------- */

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool text_contains(const char *text, struct slice word)
{
	size_t size = text ? strlen(text) : 0;

	for (size_t at = 0; at + word.size <= size; at++) {
		size_t i = 0;

		while (i < word.size && fold(text[at + i]) == fold(word.data[i]))
			i++;
		if (i == word.size)
			return true;
	}
	return false;
}

static bool label_contains(const Policycalc__V1__Text *text, struct slice word)
{
	return text && (text_contains(text->zh, word) || text_contains(text->en, word));
}

static bool list_contains(char *const *list, size_t count, struct slice word)
{
	for (size_t i = 0; i < count; i++)
		if (text_contains(list[i], word))
			return true;
	return false;
}

static bool policy_contains(const Policycalc__V1__Policy *policy, struct slice word)
{
	return text_contains(policy->id, word) || label_contains(policy->title, word) ||
	       label_contains(policy->summary, word) ||
	       list_contains(policy->keywords, policy->n_keywords, word) ||
	       list_contains(policy->departments, policy->n_departments, word);
}

/* Takes the next word off *@text; words are parted by blanks, the ideographic one included. */
static struct slice next_word(const char **text)
{
	static const char wide_blank[] = "\xe3\x80\x80";
	const char *next = *text;
	struct slice word;

	for (;;) {
		if (*next == ' ' || *next == '\t' || *next == '\n' || *next == '\r')
			next++;
		else if (strncmp(next, wide_blank, 3) == 0)
			next += 3;
		else
			break;
	}
	word.data = next;
	while (*next && !strchr(" \t\n\r", *next) && strncmp(next, wide_blank, 3) != 0)
		next++;
	word.size = (size_t)(next - word.data);
	*text = next;
	return word;
}

bool policy_is_asked_for(const Policycalc__V1__Policy *policy,
		const Policycalc__V1__ListPoliciesRequest *request)
{
	const char *search = request->search;
	struct slice word;

	if (request->kind != POLICYCALC__V1__KIND__KIND_UNSPECIFIED &&
			policy->kind != request->kind)
		return false;
	if (request->level != POLICYCALC__V1__LEVEL__LEVEL_UNSPECIFIED &&
			policy->level != request->level)
		return false;
	if (request->department[0] && !list_contains(policy->departments, policy->n_departments,
						      slice_from(request->department)))
		return false;
	for (word = next_word(&search); word.size; word = next_word(&search))
		if (!policy_contains(policy, word))
			return false;
	return true;
}

/* --- parameters ------------------------------------------------------------------------------ */

struct named {
	const struct catalog *catalog;
	bool *is_named; /* by position in the catalog */
	size_t count;
};

/* Parameters are in name order in a ruleset's catalog, but a search must not rely on it. */
static void name_parameter(struct named *named, struct slice name)
{
	for (size_t i = 0; i < named->catalog->parameter_count; i++) {
		if (named->is_named[i] ||
				!slice_equals_text(name, named->catalog->parameters[i]->name))
			continue;
		named->is_named[i] = true;
		named->count++;
	}
}

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
static void name_rule_parameters(struct named *named, const char *rule)
{
	const char *next = rule ? rule : "";
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
			name_parameter(named, (struct slice){ start, (size_t)(next - start) });
		}
		after_dot = false;
	}
}

static void name_amount_parameters(struct named *named, const Policycalc__V1__Amount *amount)
{
	name_rule_parameters(named, amount->rule);
	name_rule_parameters(named, amount->base_rule);
	name_rule_parameters(named, amount->rate_rule);
	name_rule_parameters(named, amount->quantity_rule);
	name_rule_parameters(named, amount->unit_amount_rule);
	for (size_t i = 0; i < amount->n_tiers; i++) {
		name_rule_parameters(named, amount->tiers[i]->when_rule);
		name_rule_parameters(named, amount->tiers[i]->amount_rule);
	}
	for (size_t i = 0; i < amount->n_brackets; i++) {
		name_rule_parameters(named, amount->brackets[i]->up_to_rule);
		name_rule_parameters(named, amount->brackets[i]->rate_rule);
	}
	for (size_t i = 0; i < amount->n_caps; i++) {
		name_rule_parameters(named, amount->caps[i]->limit_rule);
		name_rule_parameters(named, amount->caps[i]->when_rule);
	}
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
	for (size_t i = 0; i < policy->n_conditions; i++) {
		name_rule_parameters(&named, policy->conditions[i]->rule);
		name_rule_parameters(&named, policy->conditions[i]->met_if);
		name_rule_parameters(&named, policy->conditions[i]->fails_if);
	}
	if (policy->amount)
		name_amount_parameters(&named, policy->amount);
	if (policy->loan) {
		for (size_t i = 0; i < policy->loan->n_limits; i++)
			name_parameter(&named, slice_from(policy->loan->limits[i]));
		for (size_t i = 0; i < policy->loan->n_parameters; i++)
			name_parameter(&named, slice_from(policy->loan->parameters[i]));
	}
	*out_list = ARENA_NEW_ARRAY(arena, Policycalc__V1__Parameter *, named.count + 1);
	if (!*out_list)
		return false;
	for (size_t i = 0; i < catalog->parameter_count; i++)
		if (named.is_named[i])
			(*out_list)[count++] = catalog->parameters[i];
	*out_count = count;
	return true;
}

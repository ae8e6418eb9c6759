/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/parameters.h"

#include "base/slice.h"
#include "proto/codec/field.h"

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

static bool name_ends_with(const char *name, const char *end)
{
	size_t size = strlen(name);
	size_t end_size = strlen(end);

	return size >= end_size && strcmp(name + size - end_size, end) == 0;
}

static bool field_holds_rule(const char *name)
{
	return strcmp(name, "rule") == 0 || name_ends_with(name, "_rule") ||
	       name_ends_with(name, "_if") || name_ends_with(name, "_rules");
}

/* Fields that hold names of parameters themselves. */
static bool field_holds_name(const ProtobufCMessage *message, const char *name)
{
	if (message->descriptor == &policycalc__v1__loan_terms__descriptor)
		return strcmp(name, "limits") == 0 || strcmp(name, "parameters") == 0;
	return name_ends_with(name, "parameter");
}

/* The schema of a policy has no recursive types, so that this ends. */
static bool message_search(const ProtobufCMessage *message, found_fn found, void *context)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

		if (field->descriptor == &policycalc__v1__example__descriptor)
			continue;
		for (size_t k = 0; k < field_count(message, field); k++) {
			const void *element = field_element(message, field, k);
			const char *text;

			if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
					!message_search(*(const ProtobufCMessage *const *)
									element,
							found, context))
				return false;
			if (field->type != PROTOBUF_C_TYPE_STRING)
				continue;
			text = *(const char *const *)element;
			if (field_holds_rule(field->name) && !rule_search(text, found, context))
				return false;
			if (field_holds_name(message, field->name) &&
					!found(context, slice_from(text)))
				return false;
		}
	}
	return true;
}

static bool on_differs(void *context, struct slice name)
{
	return !slice_equals_text(name, context);
}

bool policy_names_parameter(const Policycalc__V1__Policy *policy, const char *name)
{
	return !message_search(&policy->base, on_differs, (void *)(uintptr_t)name);
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
	(void)message_search(&policy->base, on_named, &named);
	*out_list = ARENA_NEW_ARRAY(arena, Policycalc__V1__Parameter *, named.count + 1);
	if (!*out_list)
		return false;
	for (size_t i = 0; i < catalog->parameter_count; i++)
		if (named.is_named[i])
			(*out_list)[count++] = catalog->parameters[i];
	*out_count = count;
	return true;
}

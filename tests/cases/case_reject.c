/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that must be refused. Below a rule of a policy stand the mistakes that it has, each a line of
 * carets under the words it is about, with the message behind:
 *
 *     require  e.staff >= "ten"
 *              ^^^^^^^^^^^^^^^^ compares int (count) with string
 *
 * A policy with such lines is compiled with the catalog above it and must have these mistakes and no
 * others; it is then forgotten.
 */
#include "case.h"

#include <stdlib.h>
#include <string.h>

#define PLACES_MOST 64
#define CARETS_MOST 64

/* Where a rule of the policy being written stands. */
struct case_place {
	const void *message;
	const char *field;
	int line, column;
};

struct case_caret {
	int line; /* of the rule */
	size_t column, width;
	const char *message;
	bool found;
};

struct case_rejection {
	struct case_place places[PLACES_MOST];
	size_t place_count;
	struct case_caret carets[CARETS_MOST];
	size_t caret_count;
};

static struct case_rejection *rejection_of(struct case_file *file)
{
	if (!file->rejection)
		file->rejection = ARENA_NEW(file->arena, struct case_rejection);
	if (!file->rejection)
		case_broken(file, "out of memory");
	return file->rejection;
}

void case_place(struct case_file *file, const void *message, const char *field,
		const char *text)
{
	struct case_rejection *rejection;
	const char *at = NULL;

	if (!file->raw)
		return;
	rejection = rejection_of(file);
	for (const char *next = strstr(file->raw, text); next && *text;
			next = strstr(next + 1, text))
		at = next;
	if (!at)
		return;
	if (rejection->place_count == PLACES_MOST)
		case_broken(file, "too many rules in one policy");
	rejection->places[rejection->place_count++] = (struct case_place){ message, field,
		file->line, (int)(at - file->raw) + 1 };
}

void case_caret(struct case_file *file, const char *line)
{
	struct case_rejection *rejection = rejection_of(file);
	size_t column = strspn(line, " ");
	size_t width = strspn(line + column, "^");
	char *message = arena_copy_text(file->arena, line + column + width);

	if (!file->policy || rejection->place_count == 0)
		case_broken(file, "carets without a rule of a policy above them");
	if (rejection->caret_count == CARETS_MOST || !message)
		case_broken(file, "too many carets");
	rejection->carets[rejection->caret_count++] = (struct case_caret){
		.line = rejection->places[rejection->place_count - 1].line,
		.column = column,
		.width = width,
		.message = case_trim(message),
	};
}

static bool on_locate(void *context, const ProtobufCMessage *message, const char *field,
		size_t index, const char **out_path, int *out_line, int *out_column)
{
	const struct case_file *file = context;

	(void)index;
	for (size_t i = 0; i < file->rejection->place_count; i++) {
		const struct case_place *place = &file->rejection->places[i];

		if (place->message != message || strcmp(place->field, field) != 0)
			continue;
		*out_path = file->path;
		*out_line = place->line;
		*out_column = place->column;
		return true;
	}
	return false;
}

/* Finds the caret line that foretells @mistake: the same words marked, the same message. */
static bool caret_find(struct case_file *file, const struct diagnostic *mistake)
{
	char *excerpt = diagnostic_format_excerpt(mistake, file->arena);
	const char *marks;
	size_t column;

	if (!excerpt)
		case_broken(file, "out of memory");
	marks = strrchr(excerpt, '\n');
	marks = marks ? marks + 1 + 4 : "";
	column = strspn(marks, " ");
	for (size_t i = 0; i < file->rejection->caret_count; i++) {
		struct case_caret *caret = &file->rejection->carets[i];

		if (!caret->found && caret->line == mistake->line && caret->column == column &&
				caret->width == strspn(marks + column, "^") &&
				strcmp(caret->message, mistake->message) == 0) {
			caret->found = true;
			return true;
		}
	}
	case_fail(file, "line %d, not foretold:\n%s %s", mistake->line, excerpt,
			mistake->message);
	return false;
}

/* The policy stays in the catalog when it has no carets. */
void case_reject(struct case_file *file)
{
	struct case_rejection *rejection = file->rejection;
	struct diagnostics diagnostics;
	struct error err = { 0 };
	struct ruleset *ruleset;

	file->rejection = NULL;
	if (!rejection || rejection->caret_count == 0)
		return;
	file->rejection = rejection;
	diagnostics_init(&diagnostics, file->arena);
	file->catalog.content_hash = "";
	ruleset = ruleset_new(&file->catalog, on_locate, file, &diagnostics, &err);
	if (ruleset)
		case_fail(file, "policy %s is accepted", file->policy->id);
	ruleset_unref(ruleset);
	for (size_t i = 0; i < diagnostics.count; i++) {
		if (diagnostics.list[i].severity == DIAGNOSTIC_ERROR)
			(void)caret_find(file, &diagnostics.list[i]);
	}
	for (size_t i = 0; i < rejection->caret_count; i++) {
		file->expectations++;
		if (!rejection->carets[i].found)
			case_fail(file, "line %d, not found: %s", rejection->carets[i].line,
					rejection->carets[i].message);
	}
	file->rejection = NULL;
	file->policy = NULL;
	file->catalog.policy_count--;
	ruleset_unref(file->ruleset);
	file->ruleset = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Findings at their places, and messages under their names: what every part of the check uses. */
#include "publish/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- reporting ------------------------------------------------------------------------------
 */

#define EXCERPT_LONGEST 1000 /* bytes; a longer line helps nobody */
#define PLACE_MISSING (-1)   /* the line of a mistake that a policy read in part cannot have */

/* Line @line of @text, from 1, without its end; empty when it is too long to show. */
static struct slice text_line(struct slice text, int line)
{
	const char *at = text.data;
	const char *end = text.data + text.size;
	const char *stop;

	for (; line > 1 && at; line--) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (at)
			at++;
	}
	if (!at || line < 1)
		return (struct slice){ "", 0 };
	stop = memchr(at, '\n', (size_t)(end - at));
	if (!stop)
		stop = end;
	if (stop > at && stop[-1] == '\r')
		stop--;
	if (stop - at > EXCERPT_LONGEST)
		return (struct slice){ "", 0 };
	return (struct slice){ at, (size_t)(stop - at) };
}

static bool is_line_reported(const struct diagnostics *diagnostics, const char *path, int line)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *earlier = &diagnostics->list[i];

		if (earlier->line == line && earlier->severity == DIAGNOSTIC_ERROR &&
				strcmp(earlier->path, path) == 0)
			return true;
	}
	return false;
}

static void check_report(struct check *check, enum diagnostic_severity severity,
		const void *message, const char *field, size_t index, const char *text)
{
	const struct check_file *file = check->file;
	struct slice excerpt = { "", 0 };
	struct yaml_place place = { 0 };
	bool found = message && file->places && field &&
		     yaml_places_find(file->places, message, field, index, &place);

	/* What a policy that was read in part lacks may be what could not be read; and a line
	 * that was reported is. */
	if (file->partly && (!found || is_line_reported(check->diagnostics, file->path,
						       place.line)))
		return;
	if (message && file->places && !found)
		(void)yaml_places_find(file->places, message, NULL, 0, &place);
	/* Looking up the line is wasted on what will only be counted. */
	if (place.line && check->diagnostics->count < check->diagnostics->limit)
		excerpt = text_line(file->text, place.line);
	diagnostics_add(check->diagnostics, severity, file->path, place.line, place.column, 1,
			excerpt, "%s", text);
}

void check_error(struct check *check, const void *message, const char *field, size_t index,
		const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	check_report(check, DIAGNOSTIC_ERROR, message, field, index, text);
}

void check_warn(struct check *check, const void *message, const char *field, size_t index,
		const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	check_report(check, DIAGNOSTIC_WARNING, message, field, index, text);
}

void check_add_excerpts(struct check *check, size_t first)
{
	for (size_t i = first; i < check->diagnostics->count; i++) {
		struct diagnostic *finding = &check->diagnostics->list[i];
		const struct check_file *file =
				map_find(&check->paths, slice_from(finding->path));
		struct slice line;
		const char *excerpt;

		if (*finding->excerpt || finding->line == 0 || !file)
			continue;
		line = text_line(file->text, finding->line);
		excerpt = arena_copy(check->arena, line.data, line.size);
		if (excerpt)
			finding->excerpt = excerpt;
	}
}

static bool is_repeat(const struct diagnostics *diagnostics, size_t first,
		const struct diagnostic *finding)
{
	if (finding->line == 0 || finding->severity != DIAGNOSTIC_ERROR)
		return false;
	for (size_t i = 0; i < first; i++) {
		const struct diagnostic *earlier = &diagnostics->list[i];

		if (earlier->severity == DIAGNOSTIC_ERROR && earlier->line == finding->line &&
				earlier->column == finding->column &&
				strcmp(earlier->path, finding->path) == 0)
			return true;
	}
	return false;
}

void check_drop_repeats(struct check *check, size_t first)
{
	struct diagnostics *diagnostics = check->diagnostics;
	size_t kept = first;

	for (size_t i = first; i < diagnostics->count; i++) {
		if (diagnostics->list[i].line == PLACE_MISSING ||
				is_repeat(diagnostics, first, &diagnostics->list[i]))
			diagnostics->error_count--;
		else
			diagnostics->list[kept++] = diagnostics->list[i];
	}
	diagnostics->count = kept;
}

/* --- names ----------------------------------------------------------------------------------
 */

bool check_add_name(struct check *check, struct map *map, const char *name, const void *message)
{
	struct check_named *named;

	if (map_find(map, slice_from(name)))
		return false;
	named = ARENA_NEW(check->arena, struct check_named);
	if (!named || !map_put(map, slice_from(name), named)) {
		check->out_of_memory = true;
		return true;
	}
	named->message = message;
	named->file = check->file;
	return true;
}

const struct check_named *check_find(const struct map *map, const char *name)
{
	return map_find(map, slice_from(name));
}

bool check_is_unread(const struct check *check, struct slice policy_id)
{
	return map_find(&check->unread, policy_id);
}

bool check_locate(void *context, const ProtobufCMessage *message, const char *field_name,
		size_t index, const char **out_path, int *out_line, int *out_column)
{
	const struct check *check = context;
	struct slice key = { (const char *)&message, sizeof(message) };
	const struct check_file *file = map_find(&check->holders, key);
	struct yaml_place place;
	bool found;

	if (!file || !file->places)
		return false;
	found = yaml_places_find(file->places, message, field_name, index, &place);
	*out_path = file->path;
	if (!found && file->partly) {
		*out_line = PLACE_MISSING;
		*out_column = 0;
		return true;
	}
	if (!found && !yaml_places_find(file->places, message, NULL, 0, &place))
		return false;
	*out_line = place.line;
	*out_column = place.column;
	return true;
}

/* --- the parts together --------------------------------------------------------------------- */

bool check_structure(struct check *check, const struct draft *draft)
{
	size_t errors;

	if (!check_parse(check, draft))
		return false;
	errors = check->diagnostics->error_count;
	check_tables(check);
	check_attributes(check);
	/* Rules over a dictionary with holes would be reported for no fault of their own. */
	if (check->tables_unread || check->diagnostics->error_count > errors)
		check->dictionary_failed = true;
	check_parameters(check);
	check_policies(check);
	check_combination(check);
	check_series(check);
	check_facts(check);
	return !check->out_of_memory && !check->arena->exhausted;
}

void check_fini(struct check *check)
{
	map_fini(&check->attributes);
	map_fini(&check->parameters);
	map_fini(&check->regions);
	map_fini(&check->industries);
	map_fini(&check->policies);
	map_fini(&check->materials);
	map_fini(&check->groups);
	map_fini(&check->shared_caps);
	map_fini(&check->paths);
	map_fini(&check->unread);
	map_fini(&check->holders);
}

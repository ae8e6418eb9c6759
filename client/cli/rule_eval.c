/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/rule_eval.h"

#include "base/date.h"
#include "client/cli/rule_value.h"
#include "client/render/message_words.h"

#include <stdlib.h>

#define EVAL_BUDGET ((size_t)64 << 20)

/* One rule to evaluate: names, their types and values, all in one arena. */
struct session {
	struct arena arena;
	struct diagnostics diagnostics;
	struct scope *scope;
	struct value *values;
	size_t count;
	json_t *lenders; /* whose texts the values borrow */
};

static bool session_init(struct session *session, size_t capacity)
{
	*session = (struct session){ 0 };
	arena_init(&session->arena, EVAL_BUDGET);
	diagnostics_init(&session->diagnostics, &session->arena);
	session->scope = scope_new();
	session->values = ARENA_NEW_ARRAY(&session->arena, struct value, capacity);
	session->lenders = json_array();
	return session->scope && session->values && session->lenders;
}

static void session_fini(struct session *session)
{
	scope_free(session->scope);
	arena_fini(&session->arena);
	json_decref(session->lenders);
}

static bool session_add(struct session *session, const char *name, const struct type *type,
		struct value value)
{
	struct scope_name declared = {
		.name = slice_from(name),
		.type = type,
		.dimension = DIMENSION_FREE,
		.slot = (int)session->count,
	};

	if (!scope_add(session->scope, &declared))
		return false;
	session->values[session->count++] = value;
	return true;
}

static json_t *error_of(const char *kind, const char *message, int line, int column)
{
	return json_pack("{s:{s:s,s:s,s:i,s:i}}", "error", "kind", kind, "message", message,
			"line", line, "column", column);
}

static json_t *compile_error(struct session *session, struct slice text)
{
	struct diagnostics grammar;
	const struct diagnostics *found = &grammar;
	const char *kind = "parse";

	/* What is no rule by its grammar has mistakes of that sort told first. */
	diagnostics_sort(&session->diagnostics);
	diagnostics_init(&grammar, &session->arena);
	if (rule_is_wellformed(text, &session->arena, &grammar)) {
		found = &session->diagnostics;
		kind = "check";
	}
	for (size_t i = 0; i < found->count; i++) {
		const struct diagnostic *first = &found->list[i];

		if (first->severity == DIAGNOSTIC_ERROR)
			return error_of(kind, first->message, first->line, first->column);
	}
	return error_of(kind, "out of memory", 1, 1);
}

static json_t *missing_names(const struct session *session, const struct slot_set *missing)
{
	json_t *names = json_array();

	for (size_t i = 0; names && i < missing->count; i++) {
		const struct scope_name *name =
				scope_name_of_slot(session->scope, missing->slots[i]);

		if (json_array_append_new(names,
				    json_stringn(name->name.data, name->name.size)) < 0) {
			json_decref(names);
			return NULL;
		}
	}
	return json_pack("{s:o}", "unknown", names);
}

static json_t *session_answer(struct session *session, struct slice text)
{
	struct rule_options options = { .path = "rule", .expected_dimension = DIMENSION_FREE };
	struct evaluation evaluation = {
		.values = session->values,
		.value_count = session->count,
		.arena = &session->arena,
	};
	const struct rule *rule = rule_compile(
			text, session->scope, &options, &session->arena, &session->diagnostics);
	struct value value;

	if (!rule)
		return compile_error(session, text);
	value = rule_evaluate(rule, &evaluation);
	if (value.kind == VALUE_ERROR)
		return error_of("eval", value.error, 1, 1);
	if (value.kind == VALUE_UNKNOWN)
		return missing_names(session, &value.missing);
	return json_pack("{s:o}", "value", rule_value_encode(&value));
}

/* Declares what type_env and bindings of @line say; an error object when they are wrong. */
static json_t *session_declare(struct session *session, const json_t *line)
{
	const json_t *bindings = json_object_get(line, "bindings");
	const json_t *names = json_object_get(line, "type_env");
	const json_t *entry;
	size_t i;

	json_array_foreach(names, i, entry)
	{
		const char *name = json_string_value(json_object_get(entry, "name"));
		const char *type_text = json_string_value(json_object_get(entry, "type"));
		const struct type *type = NULL;
		const json_t *binding;
		struct value value = { 0 };

		if (type_text)
			type = type_parse(slice_from(type_text), &session->arena);
		if (!name || !type)
			return error_of("check", "type_env: expected a name and a type", 1, 1);
		binding = json_object_get(bindings, name);
		if (binding && (!rule_value_decode(binding, &session->arena, &value) ||
					       (value.kind != VALUE_UNKNOWN &&
							       !rule_value_fits(&value, type))))
			return error_of("check",
					"bindings: a value is not of its declared type", 1, 1);
		if (!session_add(session, name, type, value))
			return error_of("check", "type_env: a name is there twice", 1, 1);
	}
	return NULL;
}

static json_t *line_answer(const char *text, size_t size)
{
	json_error_t mistake;
	json_t *line = json_loadb(
			text, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &mistake);
	const json_t *expression = json_object_get(line, "expr");
	struct session session;
	json_t *answer = NULL;

	if (!line)
		return error_of("parse", mistake.text, mistake.line, mistake.column);
	if (!json_is_string(expression)) {
		json_decref(line);
		return error_of("parse", "expected \"expr\": the text of a rule", 1, 1);
	}
	if (session_init(&session, json_array_size(json_object_get(line, "type_env")))) {
		answer = session_declare(&session, line);
		if (!answer)
			answer = session_answer(&session,
					(struct slice){ json_string_value(expression),
							json_string_length(expression) });
	}
	session_fini(&session);
	json_decref(line);
	return answer;
}

/* Writes and frees @answer; whether it is no error. */
static bool answer_write(json_t *answer, FILE *out)
{
	bool ok = answer && !json_object_get(answer, "error");

	if (!answer || json_dumpf(answer, out, JSON_COMPACT | JSON_PRESERVE_ORDER) < 0)
		(void)fputs("{\"error\":{\"kind\":\"eval\",\"message\":\"out of memory\","
			    "\"line\":1,\"column\":1}}",
				out);
	(void)fputc('\n', out);
	json_decref(answer);
	return ok;
}

int command_rule_eval_jsonl(FILE *in, FILE *out)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t size;
	bool all = true;

	while ((size = getline(&line, &capacity, in)) > 0) {
		if (line[size - 1] == '\n')
			size--;
		if (size > 0)
			all = answer_write(line_answer(line, (size_t)size), out) && all;
	}
	free(line);
	return all ? 0 : 1;
}

/* "300", "true", "2020-01-01", "unknown:int", a VALUE in JSON, or a string. */
static bool variable_read(struct session *session, const char *text,
		const struct type **out_type, struct value *out)
{
	static const char unknown[] = "unknown:";
	struct date date;
	char *end;
	long long number = strtoll(text, &end, 10);

	if (strncmp(text, unknown, sizeof(unknown) - 1) == 0) {
		*out_type = type_parse(slice_from(text + sizeof(unknown) - 1), &session->arena);
		*out = (struct value){ 0 };
		return *out_type != NULL;
	}
	if (*text == '{') {
		json_t *json = json_loads(text, 0, NULL);
		bool ok = json && json_array_append(session->lenders, json) == 0 &&
			  rule_value_decode(json, &session->arena, out);

		json_decref(json);
		*out_type = ok ? rule_value_type(out, &session->arena) : NULL;
		return *out_type != NULL && rule_value_fits(out, *out_type);
	}
	*out = (struct value){ .kind = VALUE_STRING, .text = slice_from(text) };
	if (*text && !*end)
		*out = (struct value){ .kind = VALUE_INT, .integer = number };
	else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		*out = (struct value){ .kind = VALUE_BOOL, .boolean = *text == 't' };
	else if (date_parse(slice_from(text), &date))
		*out = (struct value){ .kind = VALUE_TIMESTAMP,
			.timestamp.seconds =
					timestamp_from_date(date, DATE_CHINA_OFFSET).seconds };
	*out_type = rule_value_type(out, &session->arena);
	return true;
}

int command_rule_eval_one(const char *text, const struct rule_variable *variables, size_t count,
		FILE *out, FILE *messages, bool english)
{
	struct session session;
	json_t *answer = NULL;
	bool ok = session_init(&session, count);

	for (size_t i = 0; ok && i < count; i++) {
		const struct type *type = NULL;
		struct value value;

		if (variable_read(&session, variables[i].value, &type, &value) &&
				session_add(&session, variables[i].name, type, value))
			continue;
		(void)fprintf(messages, "--var %s: cannot be read, or is there twice\n",
				variables[i].name);
		session_fini(&session);
		return 2;
	}
	if (ok)
		answer = session_answer(&session, slice_from(text));
	for (size_t i = 0; i < session.diagnostics.count; i++) {
		const struct diagnostic *found = &session.diagnostics.list[i];
		const char *excerpt = diagnostic_format_excerpt(found, &session.arena);

		(void)fprintf(messages, "%d:%d: %s\n%s\n", found->line, found->column,
				english ? found->message
					: message_words_zh(found->message, &session.arena),
				excerpt ? excerpt : "");
	}
	session_fini(&session);
	return answer_write(answer, out) ? 0 : 1;
}

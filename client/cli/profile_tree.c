/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON and YAML to one tree. YAML is read strictly: no anchors, aliases, tags, duplicate keys or
 * second documents, and not deep.
 */
#include "client/cli/profile_file.h"

#include "base/utf8.h"

#include <yaml.h>

#define DEPTH_LIMIT 16

static bool yaml_fail(struct error *err, const yaml_mark_t *mark, const char *what)
{
	return error_set(err, ERROR_INVALID, "%zu:%zu: %s", mark->line + 1, mark->column + 1,
			what);
}

static bool yaml_next(yaml_parser_t *parser, yaml_event_t *event, struct error *err)
{
	if (yaml_parser_parse(parser, event))
		return true;
	return yaml_fail(err, &parser->problem_mark,
			parser->problem ? parser->problem : "not UTF-8 text");
}

static json_t *yaml_read_node(
		yaml_parser_t *parser, yaml_event_t *event, int depth, struct error *err);

static json_t *yaml_read_mapping(yaml_parser_t *parser, int depth, struct error *err)
{
	json_t *object = json_object();
	json_t *key = NULL;
	yaml_event_t event;
	bool ok = object != NULL;
	bool more = true;

	while (ok && more) {
		yaml_mark_t mark;
		json_t *value;

		ok = yaml_next(parser, &event, err);
		if (!ok)
			break;
		mark = event.start_mark;
		more = event.type != YAML_MAPPING_END_EVENT;
		if (!more) {
			yaml_event_delete(&event);
			break;
		}
		if (event.type != YAML_SCALAR_EVENT) {
			ok = yaml_fail(err, &mark, "expected a plain key");
			yaml_event_delete(&event);
			break;
		}
		key = yaml_read_node(parser, &event, depth, err);
		ok = key != NULL;
		if (ok && json_object_get(object, json_string_value(key)))
			ok = yaml_fail(err, &mark, "the key stands here twice");
		if (ok)
			ok = yaml_next(parser, &event, err);
		if (ok) {
			value = yaml_read_node(parser, &event, depth, err);
			ok = value &&
			     json_object_set_new(object, json_string_value(key), value) == 0;
		}
		json_decref(key);
		key = NULL;
	}
	json_decref(key);
	if (ok)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *yaml_read_sequence(yaml_parser_t *parser, int depth, struct error *err)
{
	json_t *array = json_array();
	yaml_event_t event;
	bool ok = array != NULL;

	while (ok) {
		json_t *value;

		ok = yaml_next(parser, &event, err);
		if (!ok)
			break;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return array;
		}
		value = yaml_read_node(parser, &event, depth, err);
		ok = value && json_array_append_new(array, value) == 0;
	}
	json_decref(array);
	return NULL;
}

/* Reads the node that @event begins, and frees the event. */
static json_t *yaml_read_node(
		yaml_parser_t *parser, yaml_event_t *event, int depth, struct error *err)
{
	yaml_event_type_t type = event->type;
	yaml_mark_t mark = event->start_mark;
	json_t *node = NULL;
	bool marked = (type == YAML_SCALAR_EVENT &&
				      (event->data.scalar.anchor || event->data.scalar.tag)) ||
		      (type == YAML_SEQUENCE_START_EVENT &&
				      (event->data.sequence_start.anchor ||
						      event->data.sequence_start.tag)) ||
		      (type == YAML_MAPPING_START_EVENT &&
				      (event->data.mapping_start.anchor ||
						      event->data.mapping_start.tag));

	if (type == YAML_SCALAR_EVENT && !marked) {
		node = json_stringn((const char *)event->data.scalar.value,
				event->data.scalar.length);
		/* That it is UTF-8 was seen to by libyaml: without a node memory is short. */
		if (node && strlen(json_string_value(node)) != event->data.scalar.length) {
			json_decref(node);
			node = NULL;
			(void)yaml_fail(err, &mark, "a text that cannot be read");
		}
	}
	yaml_event_delete(event);
	if (node)
		return node;
	if (marked || type == YAML_ALIAS_EVENT)
		(void)yaml_fail(err, &mark, "anchors, aliases and tags are not used here");
	else if (depth >= DEPTH_LIMIT)
		(void)yaml_fail(err, &mark, "nested too deeply");
	else if (type == YAML_MAPPING_START_EVENT)
		return yaml_read_mapping(parser, depth + 1, err);
	else if (type == YAML_SEQUENCE_START_EVENT)
		return yaml_read_sequence(parser, depth + 1, err);
	else if (type != YAML_SCALAR_EVENT)
		(void)yaml_fail(err, &mark, "expected a mapping");
	return NULL;
}

static json_t *yaml_tree_parse(struct slice text, struct error *err)
{
	yaml_parser_t parser;
	yaml_event_t event;
	json_t *tree = NULL;

	if (!yaml_parser_initialize(&parser)) {
		(void)error_set(err, ERROR_MEMORY, "out of memory");
		return NULL;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.data, text.size);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	/* Filled here for what fails without saying why, which is memory. */
	(void)error_set(err, ERROR_MEMORY, "out of memory");
	for (bool started = false; !started && yaml_next(&parser, &event, err);) {
		started = event.type == YAML_DOCUMENT_START_EVENT;
		if (event.type == YAML_STREAM_END_EVENT)
			(void)yaml_fail(err, &event.start_mark, "the file is empty");
		if (event.type == YAML_STREAM_END_EVENT) {
			yaml_event_delete(&event);
			break;
		}
		yaml_event_delete(&event);
		if (started && yaml_next(&parser, &event, err))
			tree = yaml_read_node(&parser, &event, 0, err);
	}
	for (bool ended = false; tree && !ended;) {
		bool ok = yaml_next(&parser, &event, err);

		if (ok && event.type == YAML_DOCUMENT_START_EVENT)
			ok = yaml_fail(err, &event.start_mark, "a second document");
		ended = !ok || event.type == YAML_STREAM_END_EVENT;
		if (ok || event.type == YAML_DOCUMENT_START_EVENT)
			yaml_event_delete(&event);
		if (!ok) {
			json_decref(tree);
			tree = NULL;
		}
	}
	yaml_parser_delete(&parser);
	return tree;
}

/* Both readers say where a byte is no text only by and by: the place is found here, in characters. */
static bool text_check(struct slice text, struct error *err)
{
	size_t good = utf8_valid_size(text);
	const char *nul = good ? memchr(text.data, 0, good) : NULL;
	size_t at = nul ? (size_t)(nul - text.data) : good;
	size_t line = 1;
	size_t begin = 0;

	if (at == text.size)
		return true;
	for (size_t i = 0; i < at; i++) {
		if (text.data[i] == '\n') {
			line++;
			begin = i + 1;
		}
	}
	return error_set(err, ERROR_INVALID, "%zu:%zu: %s", line,
			utf8_count((struct slice){ text.data + begin, at - begin }) + 1,
			nul ? "a NUL character is not allowed"
			    : "not valid UTF-8: save the file as UTF-8");
}

json_t *profile_tree_parse(struct slice text, struct error *err)
{
	size_t blank = 0;
	json_error_t problem;
	json_t *tree;

	if (!text_check(text, err))
		return NULL;
	while (blank < text.size && memchr(" \t\r\n", text.data[blank], 4))
		blank++;
	if (blank == text.size || text.data[blank] != '{')
		return yaml_tree_parse(text, err);
	tree = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &problem);
	/* What fails without saying why is memory. */
	if (!tree && (!problem.text[0] ||
				     json_error_code(&problem) == json_error_out_of_memory))
		(void)error_set(err, ERROR_MEMORY, "out of memory");
	else if (!tree)
		(void)error_set(err, ERROR_INVALID, "%d:%d: %s", problem.line, problem.column,
				problem.text);
	return tree;
}

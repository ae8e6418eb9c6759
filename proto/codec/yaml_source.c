/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The side of the YAML reader that looks at the text: events from libyaml, what we refuse of
 * YAML as a whole, and reports with their line. Depth is counted here, before libyaml's cost
 * grows with it.
 */
#include "proto/codec/yaml_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define EXCERPT_MAX 400 /* bytes of a line worth quoting */

/* The size of the line break at @at, as libyaml sees it; 0 when there is none. */
static size_t break_size(struct slice text, size_t at)
{
	const unsigned char *bytes = (const unsigned char *)text.data + at;
	size_t left = text.size - at;

	if (left == 0)
		return 0;
	if (bytes[0] == '\r')
		return left > 1 && bytes[1] == '\n' ? 2 : 1;
	if (bytes[0] == '\n')
		return 1;
	if (left > 1 && bytes[0] == 0xc2 && bytes[1] == 0x85)
		return 2;
	if (left > 2 && bytes[0] == 0xe2 && bytes[1] == 0x80 && (bytes[2] & 0xfe) == 0xa8)
		return 3;
	return 0;
}

/* The line with that number from 0, without its break; of a longer one than is quoted, one byte more than that. */
static struct slice line_at(struct yaml_reader *reader, size_t line)
{
	size_t at = line >= reader->last_line ? reader->last_line_offset : 0;
	size_t current = line >= reader->last_line ? reader->last_line : 0;
	size_t end;

	while (current < line && at < reader->text.size) {
		size_t size = break_size(reader->text, at);

		at += size ? size : 1;
		current += size > 0;
	}
	reader->last_line = current;
	reader->last_line_offset = at;
	for (end = at; end < reader->text.size && end - at <= EXCERPT_MAX &&
			!break_size(reader->text, end);)
		end++;
	return (struct slice){ reader->text.data + at, end - at };
}

void yaml_report(struct yaml_reader *reader, yaml_mark_t start, yaml_mark_t end,
		const char *format, ...)
{
	struct slice excerpt = { "", 0 };
	char message[1024];
	size_t width = 1;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (reader->diagnostics->count < reader->diagnostics->limit)
		excerpt = line_at(reader, start.line);
	if (excerpt.size > EXCERPT_MAX)
		excerpt.size = 0;
	if (end.line == start.line && end.column > start.column)
		width = end.column - start.column;
	diagnostics_add(reader->diagnostics, DIAGNOSTIC_ERROR, reader->path,
			(int)start.line + 1, (int)start.column + 1, (int)width, excerpt, "%s",
			message);
}

bool yaml_exhausted(struct yaml_reader *reader)
{
	if (!reader->is_fatal)
		diagnostics_add(reader->diagnostics, DIAGNOSTIC_ERROR, reader->path, 0, 0, 1,
				(struct slice){ "", 0 }, "out of memory while reading YAML");
	reader->is_fatal = true;
	/* Whoever asked looks there: what ends for want of memory is no mistake in the file. */
	reader->arena->exhausted = true;
	return false;
}

bool yaml_check_text(struct yaml_reader *reader)
{
	size_t valid = text_valid_size(reader->text);
	yaml_mark_t mark = { 0 };

	if (valid == reader->text.size)
		return true;
	for (size_t at = 0; at < valid;) {
		size_t size = break_size(reader->text, at);

		if (size) {
			at += size;
			mark.line++;
			mark.column = 0;
			continue;
		}
		/* A character counts at its first byte. */
		mark.column += ((unsigned char)reader->text.data[at++] & 0xc0) != 0x80;
	}
	/* The line itself cannot be quoted: it is not text. */
	diagnostics_add(reader->diagnostics, DIAGNOSTIC_ERROR, reader->path, (int)mark.line + 1,
			(int)mark.column + 1, 1, (struct slice){ "", 0 }, "%s",
			reader->text.data[valid] ? "not valid UTF-8: save the file as UTF-8"
						 : "a NUL character is not allowed");
	reader->is_fatal = true;
	return false;
}

size_t yaml_reader_offset(struct yaml_reader *reader, size_t index)
{
	size_t at = reader->last_offset;
	size_t current = reader->last_index;

	if (index < current)
		at = current = 0;
	while (current < index && at < reader->text.size) {
		at++;
		while (at < reader->text.size &&
				((unsigned char)reader->text.data[at] & 0xc0) == 0x80)
			at++;
		current++;
	}
	reader->last_index = current;
	reader->last_offset = at;
	return at;
}

/* Whether line @line, from 0, has the colon of a Chinese keyboard. */
static bool has_wide_colon(const struct yaml_reader *reader, size_t line)
{
	struct slice text = reader->text;
	size_t at = 0;

	for (; line > 0 && at < text.size; line--) {
		while (at < text.size && !break_size(text, at))
			at++;
		if (at < text.size)
			at += break_size(text, at);
	}
	for (; at + 3 <= text.size && !break_size(text, at); at++) {
		if (memcmp(text.data + at, "：", 3) == 0)
			return true;
	}
	return false;
}

static bool report_syntax(struct yaml_reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem ? parser->problem : "unknown problem";

	reader->is_fatal = true;
	switch (parser->error) {
	case YAML_MEMORY_ERROR:
		reader->is_fatal = false;
		return yaml_exhausted(reader);
	case YAML_READER_ERROR: {
		/* Such as a control character: only the byte is known, not line and column. */
		struct slice whole = reader->text;
		yaml_mark_t mark = { 0 };

		for (size_t at = 0; at < parser->problem_offset && at < whole.size;) {
			size_t size = break_size(whole, at);

			mark.line += size > 0;
			mark.column = size ? 0
					   : mark.column + (((unsigned char)whole.data[at] &
									    0xc0) != 0x80);
			at += size ? size : 1;
		}
		yaml_report(reader, mark, mark, "not valid YAML: %s", problem);
		return false;
	}
	case YAML_NO_ERROR:
	case YAML_SCANNER_ERROR:
	case YAML_PARSER_ERROR:
	case YAML_COMPOSER_ERROR:
	case YAML_WRITER_ERROR:
	case YAML_EMITTER_ERROR:
		break;
	}
	if (parser->context && has_wide_colon(reader, parser->context_mark.line))
		yaml_report(reader, parser->context_mark, parser->context_mark,
				"not valid YAML: the full-width \"：\" is no colon; write "
				"\":\" and a blank");
	else if (parser->context)
		yaml_report(reader, parser->problem_mark, parser->problem_mark,
				"not valid YAML: %s (%s that begins on line %zu)", problem,
				parser->context, parser->context_mark.line + 1);
	else
		yaml_report(reader, parser->problem_mark, parser->problem_mark,
				"not valid YAML: %s", problem);
	return false;
}

/* Reports what our subset leaves out; reading goes on. */
static void check_node(
		struct yaml_reader *reader, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	const yaml_event_t *event = &reader->event;

	if (anchor)
		yaml_report(reader, event->start_mark, event->start_mark,
				"anchors are not allowed: write the value out where it is "
				"needed");
	if (tag)
		yaml_report(reader, event->start_mark, event->start_mark,
				"tags are not allowed: the field says what the value is");
}

static bool enter(struct yaml_reader *reader)
{
	if (++reader->depth <= FIELD_DEPTH_MAX)
		return true;
	yaml_report(reader, reader->event.start_mark, reader->event.start_mark,
			"nested more than %d levels deep", FIELD_DEPTH_MAX);
	reader->is_fatal = true;
	return false;
}

bool yaml_reader_next(struct yaml_reader *reader)
{
	yaml_event_t *event = &reader->event;

	if (reader->is_fatal)
		return false;
	yaml_event_delete(event);
	if (!yaml_parser_parse(&reader->parser, event)) {
		memset(event, 0, sizeof(*event));
		return report_syntax(reader);
	}
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		yaml_report(reader, event->start_mark, event->end_mark,
				"aliases are not allowed: write the value out where it is "
				"needed");
		break;
	case YAML_SCALAR_EVENT:
		check_node(reader, event->data.scalar.anchor, event->data.scalar.tag);
		break;
	case YAML_SEQUENCE_START_EVENT:
		check_node(reader, event->data.sequence_start.anchor,
				event->data.sequence_start.tag);
		return enter(reader);
	case YAML_MAPPING_START_EVENT:
		check_node(reader, event->data.mapping_start.anchor,
				event->data.mapping_start.tag);
		return enter(reader);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		reader->depth--;
		break;
	case YAML_DOCUMENT_START_EVENT:
		if (event->data.document_start.version_directive ||
				event->data.document_start.tag_directives.start !=
						event->data.document_start.tag_directives.end)
			yaml_report(reader, event->start_mark, event->start_mark,
					"directives are not allowed");
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return true;
}

bool yaml_reader_skip(struct yaml_reader *reader)
{
	unsigned outside;

	if (reader->event.type != YAML_MAPPING_START_EVENT &&
			reader->event.type != YAML_SEQUENCE_START_EVENT)
		return true;
	outside = reader->depth - 1;
	while (reader->depth > outside) {
		if (!yaml_reader_next(reader))
			return false;
	}
	return true;
}

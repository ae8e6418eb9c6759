/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meaning of a YAML document: mappings are messages (or maps), sequences are repeated
 * fields.
 *
 * Every function that reads a node begins with its first event current and ends with its last
 * event current. It returns false only when nothing more can be read; any other mistake is
 * reported, the node is passed over, and reading goes on, so that one pass finds them all.
 */
#include "base/map.h"
#include "proto/codec/wire.h"
#include "proto/codec/yaml_reader.h"
#include "proto/codec/yaml_scalar.h"

#include <string.h>

static bool read_message(struct yaml_reader *reader,
		const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **out_message,
		const struct yaml_place *key);

static struct slice scalar_text(const yaml_event_t *event)
{
	return (struct slice){ (const char *)event->data.scalar.value,
		event->data.scalar.length };
}

/* Whether the scalar stands in the text byte by byte; then @mark moves to its first character.
 */
static bool is_verbatim(struct yaml_reader *reader, yaml_mark_t *mark)
{
	const yaml_event_t *event = &reader->event;
	struct slice value;
	size_t at;

	if (event->type != YAML_SCALAR_EVENT || event->start_mark.line != event->end_mark.line)
		return false;
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return true;
	value = scalar_text(event);
	at = yaml_reader_offset(reader, event->start_mark.index) + 1;
	if (at + value.size >= reader->text.size ||
			memcmp(reader->text.data + at, value.data, value.size) != 0 ||
			reader->text.data[at + value.size] != reader->text.data[at - 1])
		return false;
	mark->column++;
	return true;
}

/* The place of the node that is current. @key is where its key stands. */
static bool add_place(struct yaml_reader *reader, const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t index,
		const struct yaml_place *key)
{
	yaml_mark_t mark = reader->event.start_mark;
	bool verbatim = is_verbatim(reader, &mark);
	struct yaml_place place = {
		.message = message,
		.field = field,
		.index = index,
		.line = (int)mark.line + 1,
		.column = (int)mark.column + 1,
		.plain_one_line = verbatim,
	};

	place.key_line = key ? key->key_line : place.line;
	place.key_column = key ? key->key_column : place.column;
	return yaml_places_add(reader->places, &place) || yaml_exhausted(reader);
}

static bool read_element(struct yaml_reader *reader, const ProtobufCFieldDescriptor *field,
		void *element, const struct yaml_place *key)
{
	yaml_event_t *event = &reader->event;
	struct error err = { 0 };
	bool is_plain;

	if (event->type == YAML_ALIAS_EVENT)
		return true; /* reported already */
	if (event->type == YAML_MAPPING_START_EVENT && field->type == PROTOBUF_C_TYPE_MESSAGE)
		return read_message(reader, field->descriptor, element, key);
	if (event->type != YAML_SCALAR_EVENT) {
		yaml_report(reader, event->start_mark, event->start_mark,
				"%s: expected %s, not %s", field->name,
				field->type == PROTOBUF_C_TYPE_MESSAGE ? "fields"
								       : "a single value",
				event->type == YAML_SEQUENCE_START_EVENT ? "a list" : "fields");
		return yaml_reader_skip(reader);
	}
	is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (yaml_scalar_read(field, scalar_text(event), is_plain, element, reader->arena, &err))
		return true;
	if (err.code == ERROR_LIMIT)
		return yaml_exhausted(reader);
	yaml_report(reader, event->start_mark, event->end_mark, "%s", err.message);
	return true;
}

/* Moves to the next key of the mapping; *out_more is false at its end. Reports keys that are
 * none. */
static bool next_key(struct yaml_reader *reader, bool *out_more)
{
	const yaml_event_t *event = &reader->event;

	for (;;) {
		if (!yaml_reader_next(reader))
			return false;
		*out_more = event->type != YAML_MAPPING_END_EVENT;
		if (!*out_more)
			return true;
		if (event->type == YAML_SCALAR_EVENT) {
			if (!slice_equals_text(scalar_text(event), "<<") ||
					event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
				return true;
			yaml_report(reader, event->start_mark, event->end_mark,
					"merge keys (<<) are not allowed: write the fields "
					"out");
		} else if (event->type != YAML_ALIAS_EVENT) {
			yaml_report(reader, event->start_mark, event->start_mark,
					"a key must be a single word, not a list or fields");
			if (!yaml_reader_skip(reader))
				return false;
		}
		if (!yaml_reader_next(reader) || !yaml_reader_skip(reader))
			return false;
	}
}

static bool read_entry(struct yaml_reader *reader, ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, struct map *keys)
{
	const ProtobufCMessageDescriptor *descriptor = field->descriptor;
	const ProtobufCFieldDescriptor *value_field = &descriptor->fields[1];
	yaml_event_t *event = &reader->event;
	struct yaml_place key = {
		.key_line = (int)event->start_mark.line + 1,
		.key_column = (int)event->start_mark.column + 1,
	};
	ProtobufCMessage *entry = message_new(descriptor, reader->arena);
	struct error err = { 0 };
	char *text = arena_copy(reader->arena, (const char *)event->data.scalar.value,
			event->data.scalar.length);
	ProtobufCMessage **slot;
	struct slice name;

	if (!entry || !text)
		return yaml_exhausted(reader);
	name = (struct slice){ text, event->data.scalar.length };
	if (map_find(keys, name)) {
		yaml_report(reader, event->start_mark, event->end_mark,
				"this key is given twice");
		return yaml_reader_next(reader) && yaml_reader_skip(reader);
	}
	slot = field_add_element(message, field, reader->arena);
	if (!slot || !map_put(keys, name, entry))
		return yaml_exhausted(reader);
	*slot = entry;
	if (!yaml_scalar_read(&descriptor->fields[0], name, false,
			    field_add_element(entry, &descriptor->fields[0], reader->arena),
			    reader->arena, &err)) {
		if (err.code == ERROR_LIMIT)
			return yaml_exhausted(reader);
		yaml_report(reader, event->start_mark, event->end_mark, "%s", err.message);
	}
	if (!yaml_reader_next(reader) ||
			!add_place(reader, message, field, field_count(message, field) - 1,
					&key) ||
			!add_place(reader, entry, value_field, 0, &key))
		return false;
	return read_element(reader, value_field,
			field_add_element(entry, value_field, reader->arena), &key);
}

static bool read_map(struct yaml_reader *reader, ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, const struct yaml_place *key)
{
	struct map keys = { 0 };
	bool more = true;
	bool ok;

	if (reader->event.type == YAML_ALIAS_EVENT)
		return true;
	if (reader->event.type != YAML_MAPPING_START_EVENT) {
		yaml_report(reader, reader->event.start_mark, reader->event.end_mark,
				"%s: expected pairs (\"name: value\")", field->name);
		return yaml_reader_skip(reader);
	}
	if (!add_place(reader, message, field, 0, key))
		return false;
	while ((ok = next_key(reader, &more)) && more &&
			(ok = read_entry(reader, message, field, &keys)))
		continue;
	map_fini(&keys);
	return ok;
}

/* Room for one of any type. */
union value {
	void *pointer;
	ProtobufCBinaryData bytes;
	uint64_t number;
};

/* Whether it is NULL as long as it was not read. */
static bool is_pointer(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
}

static bool read_list(struct yaml_reader *reader, ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, const struct yaml_place *key)
{
	if (reader->event.type == YAML_ALIAS_EVENT)
		return true;
	if (reader->event.type != YAML_SEQUENCE_START_EVENT) {
		yaml_report(reader, reader->event.start_mark, reader->event.end_mark,
				"%s: expected a list (\"- ...\" a line, or [a, b])",
				field->name);
		return yaml_reader_skip(reader);
	}
	/* An empty list has a place too; the first element takes it over. */
	if (!add_place(reader, message, field, 0, key))
		return false;
	for (;;) {
		union value value = { .pointer = NULL };
		void *element;

		if (!yaml_reader_next(reader))
			return false;
		if (reader->event.type == YAML_SEQUENCE_END_EVENT)
			return true;
		if (!add_place(reader, message, field, field_count(message, field), key) ||
				!read_element(reader, field, &value, NULL))
			return false;
		/* Of what is none, which was reported, there is no element: readers of a part of the file meet no hole. */
		if (is_pointer(field) && !value.pointer)
			continue;
		element = field_add_element(message, field, reader->arena);
		if (!element)
			return yaml_exhausted(reader);
		memcpy(element, &value, element_size(field->type));
	}
}

static bool slice_contains(struct slice text, const char *part)
{
	size_t size = strlen(part);

	for (size_t at = 0; at + size <= text.size; at++) {
		if (memcmp(text.data + at, part, size) == 0)
			return true;
	}
	return false;
}

/* The field whose key is current; NULL when it cannot be taken, which has been reported. */
static const ProtobufCFieldDescriptor *read_key(
		struct yaml_reader *reader, ProtobufCMessage *message, struct field_set *seen)
{
	const yaml_event_t *event = &reader->event;
	struct slice name = scalar_text(event);
	const ProtobufCFieldDescriptor *field = field_find(message->descriptor, name);
	const ProtobufCFieldDescriptor *rival = field ? field_find_rival(message, field) : NULL;
	const char *suggestion;

	if (!field) {
		suggestion = field_suggest(message->descriptor, name);
		if (slice_contains(name, "："))
			yaml_report(reader, event->start_mark, event->end_mark,
					"the full-width \"：\" is no colon; write \":\" and a "
					"blank (and \",\" for \"，\")");
		else if (suggestion)
			yaml_report(reader, event->start_mark, event->end_mark,
					"unknown key \"%.*s\"; did you mean %s?",
					(int)(name.size > 64 ? 64 : name.size), name.data,
					suggestion);
		else
			yaml_report(reader, event->start_mark, event->end_mark,
					"unknown key \"%.*s\": %s has no such field",
					(int)(name.size > 64 ? 64 : name.size), name.data,
					message->descriptor->short_name);
		return NULL;
	}
	if (!field_set_add(seen, message->descriptor, field)) {
		struct yaml_place first = { 0 };

		(void)yaml_places_find(reader->places, message, field->name, 0, &first);
		yaml_report(reader, event->start_mark, event->end_mark,
				"%s is given twice; first on line %d", field->name,
				first.key_line);
		return NULL;
	}
	if (rival) {
		yaml_report(reader, event->start_mark, event->end_mark,
				"%s cannot stand beside %s: only one of them may be set",
				field->name, rival->name);
		return NULL;
	}
	return field;
}

static bool read_field(struct yaml_reader *reader, ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, const struct yaml_place *key)
{
	void *element;

	if (field_is_map(field))
		return read_map(reader, message, field, key);
	if (field_is_repeated(field))
		return read_list(reader, message, field, key);
	element = field_add_element(message, field, reader->arena);
	return add_place(reader, message, field, 0, key) &&
	       read_element(reader, field, element, key);
}

static bool read_message(struct yaml_reader *reader,
		const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **out_message,
		const struct yaml_place *place_of_key)
{
	ProtobufCMessage *message = message_new(descriptor, reader->arena);
	struct field_set seen = { { 0 } };
	bool more;

	if (!message)
		return yaml_exhausted(reader);
	*out_message = message;
	if (!add_place(reader, message, NULL, 0, place_of_key))
		return false;
	while (next_key(reader, &more)) {
		struct yaml_place key = {
			.key_line = (int)reader->event.start_mark.line + 1,
			.key_column = (int)reader->event.start_mark.column + 1,
		};
		const ProtobufCFieldDescriptor *field;

		if (!more)
			return true;
		field = read_key(reader, message, &seen);
		if (!yaml_reader_next(reader))
			return false;
		if (!(field ? read_field(reader, message, field, &key)
			    : yaml_reader_skip(reader)))
			return false;
	}
	return false;
}

static bool read_document(struct yaml_reader *reader,
		const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **out_message)
{
	yaml_event_t *event = &reader->event;

	if (!yaml_check_text(reader) || !yaml_reader_next(reader) || !yaml_reader_next(reader))
		return false;
	if (event->type == YAML_STREAM_END_EVENT) {
		yaml_report(reader, (yaml_mark_t){ 0 }, (yaml_mark_t){ 0 },
				"the file is empty");
		return false;
	}
	if (!yaml_reader_next(reader))
		return false;
	if (event->type != YAML_MAPPING_START_EVENT) {
		yaml_report(reader, event->start_mark, event->start_mark,
				"expected the fields of a %s (\"name: value\")",
				descriptor->short_name);
		return false;
	}
	if (!read_message(reader, descriptor, out_message, NULL) || !yaml_reader_next(reader) ||
			!yaml_reader_next(reader))
		return false;
	if (event->type == YAML_DOCUMENT_START_EVENT) {
		yaml_report(reader, event->start_mark, event->start_mark,
				"a second document begins here: one file holds one document");
		return false;
	}
	return true;
}

ProtobufCMessage *message_parse_yaml_partly(struct slice text,
		const ProtobufCMessageDescriptor *descriptor, const char *path,
		struct arena *arena, struct diagnostics *diagnostics,
		struct yaml_places **out_places, bool *out_whole)
{
	struct yaml_reader reader = {
		.text = text,
		.path = path,
		.arena = arena,
		.diagnostics = diagnostics,
		.places = yaml_places_new(arena),
	};
	size_t errors_before = diagnostics->error_count;
	ProtobufCMessage *message = NULL;
	bool ok;

	if (slice_starts_with(reader.text, SLICE_LITERAL("\xef\xbb\xbf"))) {
		reader.text.data += 3;
		reader.text.size -= 3;
	}
	if (!reader.places || !yaml_parser_initialize(&reader.parser)) {
		yaml_exhausted(&reader);
		return NULL;
	}
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)reader.text.data,
			reader.text.size);
	ok = read_document(&reader, descriptor, &message);
	yaml_event_delete(&reader.event);
	yaml_parser_delete(&reader.parser);
	if (ok && !yaml_places_finish(reader.places))
		ok = yaml_exhausted(&reader);
	if (!ok) {
		yaml_places_drop(reader.places);
		return NULL;
	}
	if (out_places)
		*out_places = reader.places;
	*out_whole = diagnostics->error_count == errors_before;
	return message;
}

ProtobufCMessage *message_parse_yaml(struct slice text,
		const ProtobufCMessageDescriptor *descriptor, const char *path,
		struct arena *arena, struct diagnostics *diagnostics,
		struct yaml_places **out_places)
{
	struct yaml_places *places = NULL;
	bool whole = false;
	ProtobufCMessage *message = message_parse_yaml_partly(
			text, descriptor, path, arena, diagnostics, &places, &whole);

	if (!message || !whole)
		return NULL;
	if (out_places)
		*out_places = places;
	return message;
}

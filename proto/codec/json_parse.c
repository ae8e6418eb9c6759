/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text as a message, strictly. jansson reads the text (and refuses duplicates, bad UTF-8
 * and NUL); the walk over its tree types every value by its field. Messages name the path,
 * never the value.
 */
#include "proto/codec/codec.h"
#include "proto/codec/field.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct json_reader {
	struct arena *arena;
	struct error *err;
	unsigned depth;
};

static bool json_error_at(
		struct json_reader *reader, const struct field_path *path, const char *what)
{
	char name[256];

	field_path_print(path, name, sizeof(name));
	if (!name[0])
		return error_set(reader->err, ERROR_INVALID, "%s", what);
	return error_set(reader->err, ERROR_INVALID, "%s: %s", name, what);
}

static bool wrong_type(struct json_reader *reader, const struct field_path *path,
		const char *expected, const json_t *value)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "a list",
		[JSON_STRING] = "text",
		[JSON_INTEGER] = "a number",
		[JSON_REAL] = "a number with a point",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};
	char what[128];

	(void)snprintf(what, sizeof(what), "expected %s, not %s", expected,
			names[json_typeof(value)]);
	return json_error_at(reader, path, what);
}

static bool no_memory(struct json_reader *reader)
{
	return arena_error(reader->arena, reader->err, "reading JSON");
}

static struct slice string_of(const json_t *value)
{
	return (struct slice){ json_string_value(value), json_string_length(value) };
}

static bool read_text(struct json_reader *reader, struct slice text, char **element)
{
	*element = arena_copy(reader->arena, text.data, text.size);
	return *element || no_memory(reader);
}

static bool read_integer(struct json_reader *reader, const struct field_path *path,
		const json_t *value, void *element)
{
	enum integer_outcome outcome = INTEGER_SYNTAX;

	if (json_is_integer(value)) {
		outcome = integer_store(path->field, json_integer_value(value), element);
	} else if (json_is_real(value)) {
		double real = json_real_value(value);

		/* 1.0 and 1e3 are integers in the mapping; above 2^53 a double is no longer
		 * exact. */
		if (fabs(real) <= 9007199254740992.0 && real == floor(real))
			outcome = integer_store(path->field, (long long)real, element);
		else
			return json_error_at(reader, path, "expected an integer");
	} else if (json_is_string(value)) {
		outcome = integer_parse(path->field, string_of(value), element);
	} else {
		return wrong_type(reader, path, "an integer", value);
	}
	if (outcome == INTEGER_SYNTAX)
		return json_error_at(reader, path, "the text is not an integer");
	if (outcome == INTEGER_RANGE)
		return json_error_at(reader, path, "the integer is out of range");
	return true;
}

static bool read_real(struct json_reader *reader, const struct field_path *path,
		const json_t *value, void *element)
{
	double real;

	if (json_is_number(value)) {
		real = json_number_value(value);
	} else if (json_is_string(value)) {
		struct slice text = string_of(value);

		if (slice_equals_text(text, "NaN"))
			real = (double)NAN;
		else if (slice_equals_text(text, "Infinity"))
			real = (double)INFINITY;
		else if (slice_equals_text(text, "-Infinity"))
			real = -(double)INFINITY;
		else
			return json_error_at(reader, path, "the text is not a number");
	} else {
		return wrong_type(reader, path, "a number", value);
	}
	if (path->field->type == PROTOBUF_C_TYPE_FLOAT)
		*(float *)element = (float)real;
	else
		*(double *)element = real;
	return true;
}

static bool read_enum(struct json_reader *reader, const struct field_path *path,
		const json_t *value, int *element)
{
	const ProtobufCEnumDescriptor *descriptor = path->field->descriptor;
	const ProtobufCEnumValue *known;
	const char *near_name;
	char what[256];

	if (json_is_integer(value)) {
		json_int_t number = json_integer_value(value);

		if (number < INT32_MIN || number > INT32_MAX)
			return json_error_at(reader, path, "the integer is out of range");
		*element = (int)number;
		return true;
	}
	if (!json_is_string(value))
		return wrong_type(reader, path, "the name of a choice", value);
	known = enum_find(descriptor, string_of(value));
	if (known) {
		*element = known->value;
		return true;
	}
	near_name = enum_suggest(descriptor, string_of(value));
	(void)snprintf(what, sizeof(what), "no such %s%s%s%s", descriptor->short_name,
			near_name ? "; did you mean " : "", near_name ? near_name : "",
			near_name ? "?" : "");
	return json_error_at(reader, path, what);
}

static bool read_bytes(struct json_reader *reader, const struct field_path *path,
		const json_t *value, ProtobufCBinaryData *element)
{
	bool exhausted;

	if (!json_is_string(value))
		return wrong_type(reader, path, "base64 text", value);
	if (base64_parse(string_of(value), reader->arena, element, &exhausted))
		return true;
	return exhausted ? no_memory(reader)
			 : json_error_at(reader, path, "the text is not base64");
}

static bool read_message(struct json_reader *reader, const struct field_path *path,
		const json_t *value, const ProtobufCMessageDescriptor *descriptor,
		ProtobufCMessage **out_message);

static bool read_element(struct json_reader *reader, const struct field_path *path,
		const json_t *value, void *element)
{
	switch (path->field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return read_integer(reader, path, value, element);
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		return read_real(reader, path, value, element);
	case PROTOBUF_C_TYPE_BOOL:
		if (!json_is_boolean(value))
			return wrong_type(reader, path, "true or false", value);
		*(protobuf_c_boolean *)element = json_is_true(value);
		return true;
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(reader, path, value, element);
	case PROTOBUF_C_TYPE_STRING:
		if (!json_is_string(value))
			return wrong_type(reader, path, "text", value);
		return read_text(reader, string_of(value), element);
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(reader, path, value, element);
	case PROTOBUF_C_TYPE_MESSAGE:
		return read_message(reader, path, value, path->field->descriptor, element);
	}
	return json_error_at(reader, path, "a field of unknown type");
}

/* The key of a map stands as text, whatever its type. */
static bool read_key(struct json_reader *reader, const struct field_path *path,
		const ProtobufCFieldDescriptor *key, struct slice text, void *element)
{
	if (key->type == PROTOBUF_C_TYPE_STRING)
		return read_text(reader, text, element);
	if (field_is_integer(key)) {
		if (integer_parse(key, text, element) == INTEGER_OK)
			return true;
	} else if (slice_equals_text(text, "true") || slice_equals_text(text, "false")) {
		*(protobuf_c_boolean *)element = text.data[0] == 't';
		return true;
	}
	return json_error_at(reader, path, "a key is not of the map's key type");
}

static bool read_map(struct json_reader *reader, struct field_path *path, json_t *value,
		ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *descriptor = path->field->descriptor;
	const char *key;
	size_t key_size;
	json_t *member;

	if (!json_is_object(value))
		return wrong_type(reader, path, "an object", value);
	json_object_keylen_foreach(value, key, key_size, member)
	{
		struct field_path here = { .parent = path, .field = &descriptor->fields[1] };
		ProtobufCMessage **entry =
				field_add_element(message, path->field, reader->arena);
		void *element;

		path->has_index = true;
		path->index = field_count(message, path->field) - 1;
		if (!entry || !(*entry = message_new(descriptor, reader->arena)))
			return no_memory(reader);
		element = field_add_element(*entry, &descriptor->fields[0], reader->arena);
		if (!read_key(reader, path, &descriptor->fields[0],
				    (struct slice){ key, key_size }, element))
			return false;
		element = field_add_element(*entry, &descriptor->fields[1], reader->arena);
		if (!read_element(reader, &here, member, element))
			return false;
	}
	return true;
}

static bool read_field(struct json_reader *reader, struct field_path *path, json_t *value,
		ProtobufCMessage *message)
{
	const ProtobufCFieldDescriptor *rival = field_find_rival(message, path->field);
	void *element;
	size_t i;
	json_t *member;

	if (rival) {
		char what[256];

		(void)snprintf(what, sizeof(what),
				"cannot stand beside %s: only one of them may be set",
				rival->name);
		return json_error_at(reader, path, what);
	}
	if (field_is_map(path->field))
		return read_map(reader, path, value, message);
	if (!field_is_repeated(path->field)) {
		element = field_add_element(message, path->field, reader->arena);
		return element ? read_element(reader, path, value, element) : no_memory(reader);
	}
	if (!json_is_array(value))
		return wrong_type(reader, path, "a list", value);
	path->has_index = true;
	json_array_foreach(value, i, member)
	{
		path->index = i;
		element = field_add_element(message, path->field, reader->arena);
		if (!element)
			return no_memory(reader);
		if (!read_element(reader, path, member, element))
			return false;
	}
	return true;
}

static bool unknown_field(struct json_reader *reader, const struct field_path *path,
		const ProtobufCMessageDescriptor *descriptor, struct slice key)
{
	const char *near_name = field_suggest(descriptor, key);
	char what[256];

	(void)snprintf(what, sizeof(what), "unknown field \"%.*s\"%s%s%s",
			(int)(key.size > 64 ? 64 : key.size), key.data,
			near_name ? "; did you mean " : "", near_name ? near_name : "",
			near_name ? "?" : "");
	return json_error_at(reader, path, what);
}

static bool read_message(struct json_reader *reader, const struct field_path *path,
		const json_t *value, const ProtobufCMessageDescriptor *descriptor,
		ProtobufCMessage **out_message)
{
	struct field_set seen = { { 0 } };
	ProtobufCMessage *message;
	const char *key;
	size_t key_size;
	json_t *member;

	if (!json_is_object(value))
		return wrong_type(reader, path, "an object", value);
	if (reader->depth > FIELD_DEPTH_MAX)
		return json_error_at(reader, path, "messages are nested too deeply");
	message = message_new(descriptor, reader->arena);
	if (!message)
		return no_memory(reader);
	reader->depth++;
	json_object_keylen_foreach((json_t *)value, key, key_size, member)
	{
		struct slice name = { key, key_size };
		struct field_path here = { .parent = path,
			.field = field_find(descriptor, name) };

		if (!here.field)
			return unknown_field(reader, path, descriptor, name);
		if (!field_set_add(&seen, descriptor, here.field))
			return json_error_at(reader, &here, "is given twice, in two spellings");
		if (json_is_null(member))
			continue;
		if (!read_field(reader, &here, member, message))
			return false;
	}
	reader->depth--;
	*out_message = message;
	return true;
}

ProtobufCMessage *message_parse_json(struct slice text,
		const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
		struct error *err)
{
	struct json_reader reader = { .arena = arena, .err = err };
	ProtobufCMessage *message = NULL;
	json_error_t problem;
	json_t *root = json_loadb(text.size ? text.data : "", text.size, JSON_REJECT_DUPLICATES,
			&problem);

	if (!root) {
		/* jansson quotes what it read, and that may be somebody's figure. */
		char *quote = strstr(problem.text, " near ");

		if (quote)
			*quote = '\0';
		error_set(err, ERROR_INVALID, "line %d, column %d: %s", problem.line,
				problem.column, problem.text);
		return NULL;
	}
	if (!read_message(&reader, NULL, root, descriptor, &message))
		message = NULL;
	json_decref(root);
	return message;
}

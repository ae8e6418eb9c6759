/* SPDX-License-Identifier: Apache-2.0 */
/* A scalar of a YAML file as an element of its field: the field alone says how the text is
 * read. */
#include "proto/codec/yaml_scalar.h"
#include "proto/codec/codec.h"
#include "proto/codec/unit.h"

#include <stdlib.h>
#include <string.h>

#define QUOTE_MAX 60 /* bytes of a wrong value that a message repeats */

static struct slice quoted(struct slice text)
{
	if (text.size > QUOTE_MAX) {
		text.size = QUOTE_MAX;
		while (text.size > 0 && ((unsigned char)text.data[text.size] & 0xc0) == 0x80)
			text.size--;
	}
	return text;
}

static bool read_unit(const ProtobufCFieldDescriptor *field, struct slice text, void *element,
		struct error *err)
{
	long long value = 0;
	bool ok = false;

	switch (field_unit_of(field)) {
	case FIELD_UNIT_MONEY:
		ok = unit_parse_money(text, &value, err);
		break;
	case FIELD_UNIT_RATIO:
		ok = unit_parse_ratio(text, &value, err);
		break;
	case FIELD_UNIT_DAYS:
		ok = unit_parse_days(text, &value, err);
		break;
	case FIELD_UNIT_MONTHS:
		ok = unit_parse_months(text, &value, err);
		break;
	case FIELD_UNIT_YEARS:
		ok = unit_parse_years(text, &value, err);
		break;
	case FIELD_UNIT_NONE:
		break;
	}
	if (!ok)
		return false;
	if (integer_store(field, value, element) != INTEGER_OK)
		return error_set(err, ERROR_INVALID, "the number is too large");
	return true;
}

static bool read_integer(const ProtobufCFieldDescriptor *field, struct slice text,
		void *element, struct error *err)
{
	if (field_unit_of(field) != FIELD_UNIT_NONE)
		return read_unit(field, text, element, err);
	switch (integer_parse(field, text, element)) {
	case INTEGER_OK:
		return true;
	case INTEGER_RANGE:
		return error_set(err, ERROR_INVALID, "the number is too large");
	case INTEGER_SYNTAX:
		break;
	}
	return error_set(err, ERROR_INVALID, "expected an integer such as 120, not \"%.*s\"",
			SLICE_PRINT(quoted(text)));
}

static bool read_real(const ProtobufCFieldDescriptor *field, struct slice text, void *element,
		struct arena *arena, struct error *err)
{
	char *copy = arena_copy(arena, text.data, text.size);
	char *end;
	double real;

	if (!copy)
		return arena_error(arena, err, "reading YAML");
	real = strtod(copy, &end);
	if (end == copy || *end)
		return error_set(err, ERROR_INVALID, "expected a number, not \"%.*s\"",
				SLICE_PRINT(quoted(text)));
	if (field->type == PROTOBUF_C_TYPE_FLOAT)
		*(float *)element = (float)real;
	else
		*(double *)element = real;
	return true;
}

static bool read_enum(const ProtobufCEnumDescriptor *descriptor, struct slice text,
		int *element, struct error *err)
{
	const ProtobufCEnumValue *known = enum_find(descriptor, text);
	const char *near_name;
	char names[400] = "";
	size_t used = 0;

	if (known) {
		*element = known->value;
		return true;
	}
	near_name = enum_suggest(descriptor, text);
	if (near_name)
		return error_set(err, ERROR_INVALID, "no such %s \"%.*s\"; did you mean %s?",
				descriptor->short_name, SLICE_PRINT(quoted(text)), near_name);
	/* The first one stands for "not stated" and is what leaving the field out means. */
	for (unsigned i = 1; i < descriptor->n_values; i++) {
		const char *name = enum_short_name(descriptor, descriptor->values[i].name);
		size_t size = strlen(name);

		if (used + size + 3 > sizeof(names))
			break;
		if (used) {
			memcpy(names + used, ", ", 2);
			used += 2;
		}
		memcpy(names + used, name, size + 1);
		used += size;
	}
	return error_set(err, ERROR_INVALID, "no such %s \"%.*s\"; expected one of %s",
			descriptor->short_name, SLICE_PRINT(quoted(text)), names);
}

bool yaml_scalar_read(const ProtobufCFieldDescriptor *field, struct slice text, bool is_plain,
		void *element, struct arena *arena, struct error *err)
{
	bool exhausted;

	if (text.size == 0 && is_plain)
		return error_set(err, ERROR_INVALID,
				"%s has no value: write one, or leave the key out",
				field->name);
	switch (field->type) {
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
		return read_integer(field, text, element, err);
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		return read_real(field, text, element, arena, err);
	case PROTOBUF_C_TYPE_BOOL:
		if (!slice_equals_text(text, "true") && !slice_equals_text(text, "false"))
			return error_set(err, ERROR_INVALID,
					"expected true or false, not \"%.*s\"",
					SLICE_PRINT(quoted(text)));
		*(protobuf_c_boolean *)element = text.data[0] == 't';
		return true;
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(field->descriptor, text, element, err);
	case PROTOBUF_C_TYPE_STRING:
		*(char **)element = arena_copy(arena, text.data, text.size);
		return *(char **)element || arena_error(arena, err, "reading YAML");
	case PROTOBUF_C_TYPE_BYTES:
		if (base64_parse(text, arena, element, &exhausted))
			return true;
		return exhausted ? arena_error(arena, err, "reading YAML")
				 : error_set(err, ERROR_INVALID, "expected base64 text");
	case PROTOBUF_C_TYPE_MESSAGE:
		break;
	}
	return error_set(err, ERROR_INVALID,
			"expected fields (\"name: value\"), not a single value");
}

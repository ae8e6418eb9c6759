/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as JSON text: one message and one set of options always give the same bytes. */
#include "base/memory.h"
#include "proto/codec/codec.h"
#include "proto/codec/field.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_printer {
	struct json_options options;
	struct buffer *out;
	unsigned indent;
};

static void print_text(struct json_printer *printer, struct slice text)
{
	struct buffer *out = printer->out;
	size_t start = 0;

	buffer_append_char(out, '"');
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		const char *letters = "\"\"\\\\\bb\ff\nn\rr\tt";
		const char *at;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buffer_append(out, text.data + start, i - start);
		start = i + 1;
		for (at = letters; *at && (unsigned char)*at != c; at += 2)
			continue;
		if (*at)
			buffer_format(out, "\\%c", at[1]);
		else
			buffer_format(out, "\\u%04x", c);
	}
	buffer_append(out, text.data + start, text.size - start);
	buffer_append_char(out, '"');
}

static void print_double(struct json_printer *printer, double value, bool is_float)
{
	char text[32];

	if (isnan(value) || isinf(value)) {
		buffer_append_text(printer->out, isnan(value) ? "\"NaN\""
						 : value > 0  ? "\"Infinity\""
							      : "\"-Infinity\"");
		return;
	}
	for (int digits = is_float ? FLT_DIG : DBL_DIG; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, value);
		if (is_float ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
			break;
	}
	buffer_append_text(printer->out, text);
}

static void print_integer(struct json_printer *printer, const ProtobufCFieldDescriptor *field,
		const void *element, bool wide)
{
	static const long long limit = 1LL << 53;
	char text[24];
	long long value;

	integer_print(field, element, text);
	value = strtoll(text, NULL, 10);
	if (!wide || (printer->options.int64_number && value > -limit && value < limit))
		buffer_append_text(printer->out, text);
	else
		buffer_format(printer->out, "\"%s\"", text);
}

static void print_enum(struct json_printer *printer, const ProtobufCEnumDescriptor *descriptor,
		int value)
{
	const ProtobufCEnumValue *known =
			protobuf_c_enum_descriptor_get_value(descriptor, value);

	if (!known)
		buffer_format(printer->out, "%d", value);
	else
		buffer_format(printer->out, "\"%s\"",
				printer->options.short_enums
						? enum_short_name(descriptor, known->name)
						: known->name);
}

static void print_line(struct json_printer *printer)
{
	if (!printer->options.pretty)
		return;
	buffer_append_char(printer->out, '\n');
	for (unsigned i = 0; i < printer->indent; i++)
		buffer_append_text(printer->out, "  ");
}

/* Before each member of an object or list; @count members have been printed. */
static void print_comma(struct json_printer *printer, size_t count)
{
	if (count)
		buffer_append_char(printer->out, ',');
	print_line(printer);
}

static void print_open(struct json_printer *printer, char bracket)
{
	buffer_append_char(printer->out, bracket);
	printer->indent++;
}

static void print_close(struct json_printer *printer, char bracket, size_t count)
{
	printer->indent--;
	if (count)
		print_line(printer);
	buffer_append_char(printer->out, bracket);
}

static void print_message(struct json_printer *printer, const ProtobufCMessage *message);

static void print_element(struct json_printer *printer, const ProtobufCFieldDescriptor *field,
		const void *element)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		print_integer(printer, field, element, false);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		print_integer(printer, field, element, true);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		print_double(printer, (double)*(const float *)element, true);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		print_double(printer, *(const double *)element, false);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		buffer_append_text(printer->out,
				*(const protobuf_c_boolean *)element ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_ENUM:
		print_enum(printer, field->descriptor, *(const int *)element);
		break;
	case PROTOBUF_C_TYPE_STRING:
		print_text(printer, slice_from(*(const char *const *)element));
		break;
	case PROTOBUF_C_TYPE_BYTES:
		buffer_append_char(printer->out, '"');
		base64_print(element, printer->out);
		buffer_append_char(printer->out, '"');
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		print_message(printer, *(const ProtobufCMessage *const *)element);
		break;
	}
}

static void print_key(struct json_printer *printer, const ProtobufCFieldDescriptor *key,
		const void *element)
{
	if (key->type == PROTOBUF_C_TYPE_STRING || field_is_integer(key)) {
		char text[24];

		if (key->type == PROTOBUF_C_TYPE_STRING) {
			print_text(printer, slice_from(*(const char *const *)element));
		} else {
			integer_print(key, element, text);
			buffer_format(printer->out, "\"%s\"", text);
		}
	} else {
		buffer_append_text(printer->out, *(const protobuf_c_boolean *)element
								 ? "\"true\""
								 : "\"false\"");
	}
	buffer_append_text(printer->out, printer->options.pretty ? ": " : ":");
}

static void print_map(struct json_printer *printer, const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t count)
{
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	bool *overridden = memory_alloc_zero(count, sizeof(*overridden));
	size_t printed = 0;

	if (!overridden || !map_mark_overridden(message, field, overridden)) {
		printer->out->failed = true;
		memory_free(overridden);
		return;
	}
	print_open(printer, '{');
	for (size_t i = 0; i < count; i++) {
		const ProtobufCMessage *const *at = field_element(message, field, i);
		const void *value = field_element(*at, &entry->fields[1], 0);

		if (overridden[i])
			continue;
		print_comma(printer, printed++);
		print_key(printer, &entry->fields[0], field_element(*at, &entry->fields[0], 0));
		if (entry->fields[1].type == PROTOBUF_C_TYPE_MESSAGE &&
				!*(const ProtobufCMessage *const *)value)
			buffer_append_text(printer->out, "{}");
		else
			print_element(printer, &entry->fields[1], value);
	}
	print_close(printer, '}', printed);
	memory_free(overridden);
}

static bool prints_default(
		const struct json_printer *printer, const ProtobufCFieldDescriptor *field)
{
	return printer->options.defaults && !field_is_oneof(field) &&
	       (field_is_repeated(field) || field->type != PROTOBUF_C_TYPE_MESSAGE);
}

static void print_message(struct json_printer *printer, const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	size_t printed = 0;

	print_open(printer, '{');
	for (unsigned i = 0; i < descriptor->n_fields && !printer->out->failed; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		size_t count = field_count(message, field);
		char name[FIELD_NAME_SIZE];

		if (count == 0 && !prints_default(printer, field))
			continue;
		field_json_name(field, name);
		print_comma(printer, printed++);
		buffer_format(printer->out,
				printer->options.pretty ? "\"%s\": " : "\"%s\":", name);
		if (field_is_map(field)) {
			print_map(printer, message, field, count);
		} else if (field_is_repeated(field)) {
			print_open(printer, '[');
			for (size_t k = 0; k < count; k++) {
				print_comma(printer, k);
				print_element(printer, field, field_element(message, field, k));
			}
			print_close(printer, ']', count);
		} else {
			print_element(printer, field, field_element(message, field, 0));
		}
	}
	print_close(printer, '}', printed);
}

bool message_print_json(const ProtobufCMessage *message, const struct json_options *options,
		struct buffer *out)
{
	struct json_printer printer = { .out = out };

	if (options)
		printer.options = *options;
	print_message(&printer, message);
	return !out->failed;
}

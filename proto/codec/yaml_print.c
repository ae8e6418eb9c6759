/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message as the file an editor would write: block style, short enums, numbers with units, quotes
 * only where a reader (ours or another) would otherwise misread the text.
 */
#include "base/memory.h"
#include "proto/codec/codec.h"
#include "proto/codec/field.h"
#include "proto/codec/unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define KEY_MAX 1000 /* libyaml takes a key of up to 1,024 characters on its line */

static void print_message(struct buffer *out, const ProtobufCMessage *message, unsigned indent,
		bool in_line);

static void print_indent(struct buffer *out, unsigned indent)
{
	for (unsigned i = 0; i < indent; i++)
		buffer_append_char(out, ' ');
}

/* Characters that must be escaped: controls, breaks other than \n, what YAML calls not printable. */
static bool is_special(utf8proc_int32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0xa0) || point == 0x2028 ||
	       point == 0x2029 || point == 0xfeff || point == 0xfffe || point == 0xffff;
}

static bool has_special(struct slice text, bool newline_allowed)
{
	for (size_t at = 0; at < text.size;) {
		utf8proc_int32_t point;
		utf8proc_ssize_t size =
				utf8proc_iterate((const utf8proc_uint8_t *)text.data + at,
						(utf8proc_ssize_t)(text.size - at), &point);

		if (size <= 0 || (is_special(point) && !(newline_allowed && point == '\n')))
			return true;
		at += (size_t)size;
	}
	return false;
}

/* What other YAML readers take for a number, a truth value or nothing. */
static bool looks_typed(struct slice text)
{
	static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off",
		"y", "n", "~", ".inf", ".nan" };
	bool figure = false;
	size_t i = 0;

	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
		if (strlen(words[k]) == text.size &&
				strncasecmp(words[k], text.data, text.size) == 0)
			return true;
	}
	if (text.size && (text.data[0] == '+' || text.data[0] == '-'))
		i++;
	for (; i < text.size; i++) {
		if (!strchr("0123456789._:eExXoabcdfABCDF+", text.data[i]))
			return false;
		figure = figure || (text.data[i] >= '0' && text.data[i] <= '9');
	}
	return figure;
}

static bool is_plain_safe(struct slice text)
{
	if (text.size == 0 || strchr("-?:,[]{}#&*!|>'\"%@` =<", text.data[0]))
		return false;
	if (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == ':')
		return false;
	for (size_t i = 0; i + 1 < text.size; i++) {
		if (text.data[i] == ':' && text.data[i + 1] == ' ')
			return false;
		if (text.data[i] == ' ' && text.data[i + 1] == '#')
			return false;
	}
	return !slice_starts_with(text, SLICE_LITERAL("...")) && !looks_typed(text) &&
	       !has_special(text, false);
}

/* A literal block keeps the text as it is when it begins with a word and ends in at most one break. */
static bool is_block_safe(struct slice text)
{
	const char *first = memchr(text.data, '\n', text.size);

	if (!first || first == text.data || text.data[0] == ' ' || has_special(text, true))
		return false;
	return text.size < 2 || text.data[text.size - 1] != '\n' ||
	       text.data[text.size - 2] != '\n';
}

static void print_quoted(struct buffer *out, struct slice text)
{
	buffer_append_char(out, '"');
	for (size_t at = 0; at < text.size;) {
		utf8proc_int32_t point;
		utf8proc_ssize_t size =
				utf8proc_iterate((const utf8proc_uint8_t *)text.data + at,
						(utf8proc_ssize_t)(text.size - at), &point);

		if (size <= 0)
			break;
		if (point == '"' || point == '\\')
			buffer_format(out, "\\%c", (int)point);
		else if (point == '\n')
			buffer_append_text(out, "\\n");
		else if (point == '\t')
			buffer_append_text(out, "\\t");
		else if (is_special(point))
			buffer_format(out, "\\u%04x", (unsigned)point);
		else
			buffer_append(out, text.data + at, (size_t)size);
		at += (size_t)size;
	}
	buffer_append_char(out, '"');
}

static void print_block(struct buffer *out, struct slice text, unsigned indent)
{
	bool keeps_break = text.data[text.size - 1] == '\n';
	struct slice rest = text;

	buffer_append_text(out, keeps_break ? "|" : "|-");
	if (keeps_break)
		rest.size--;
	while (rest.data) {
		const char *end = memchr(rest.data, '\n', rest.size);
		size_t size = end ? (size_t)(end - rest.data) : rest.size;

		buffer_append_char(out, '\n');
		if (size)
			print_indent(out, indent);
		buffer_append(out, rest.data, size);
		if (!end)
			break;
		rest = (struct slice){ end + 1, rest.size - size - 1 };
	}
}

static void print_text(struct buffer *out, struct slice text, unsigned indent)
{
	if (is_plain_safe(text))
		buffer_append_slice(out, text);
	else if (is_block_safe(text))
		print_block(out, text, indent);
	else
		print_quoted(out, text);
}

static void print_integer(
		struct buffer *out, const ProtobufCFieldDescriptor *field, const void *element)
{
	char text[64];
	long long value;

	integer_print(field, element, text);
	value = strtoll(text, NULL, 10);
	switch (field_unit_of(field)) {
	case FIELD_UNIT_MONEY:
		unit_print_money(value, text);
		break;
	case FIELD_UNIT_RATIO:
		unit_print_ratio(value, text);
		break;
	case FIELD_UNIT_DAYS:
		unit_print_days(value, text);
		break;
	case FIELD_UNIT_MONTHS:
		unit_print_months(value, text);
		break;
	case FIELD_UNIT_YEARS:
		unit_print_years(value, text);
		break;
	case FIELD_UNIT_NONE:
		break;
	}
	buffer_append_text(out, text);
}

static void print_base64(struct buffer *out, const ProtobufCBinaryData *bytes)
{
	size_t start = out->size;

	base64_print(bytes, out);
	if (out->size == start)
		buffer_append_text(out, "\"\"");
}

/* A value behind its key or dash; @indent is where a block of it stands. */
static void print_scalar(struct buffer *out, const ProtobufCFieldDescriptor *field,
		const void *element, unsigned indent)
{
	const ProtobufCEnumValue *known;

	if (field_is_integer(field)) {
		print_integer(out, field, element);
	} else if (field->type == PROTOBUF_C_TYPE_BOOL) {
		buffer_append_text(
				out, *(const protobuf_c_boolean *)element ? "true" : "false");
	} else if (field->type == PROTOBUF_C_TYPE_STRING) {
		print_text(out, slice_from(*(const char *const *)element), indent);
	} else if (field->type == PROTOBUF_C_TYPE_BYTES) {
		print_base64(out, element);
	} else if (field->type == PROTOBUF_C_TYPE_ENUM) {
		known = protobuf_c_enum_descriptor_get_value(
				field->descriptor, *(const int *)element);
		if (known)
			buffer_append_text(
					out, enum_short_name(field->descriptor, known->name));
		else
			buffer_format(out, "%d", *(const int *)element);
	} else if (field->type == PROTOBUF_C_TYPE_FLOAT) {
		buffer_format(out, "%.9g", (double)*(const float *)element);
	} else if (field->type == PROTOBUF_C_TYPE_DOUBLE) {
		buffer_format(out, "%.17g", *(const double *)element);
	}
}

/* A value behind "key:", with the break that ends it. */
static void print_value(struct buffer *out, const ProtobufCFieldDescriptor *field,
		const void *element, unsigned indent)
{
	if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
		buffer_append_char(out, ' ');
		print_scalar(out, field, element, indent + 2);
		buffer_append_char(out, '\n');
		return;
	}
	print_message(out, *(ProtobufCMessage *const *)element, indent + 2, false);
}

static void print_list(struct buffer *out, const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t count, unsigned indent)
{
	buffer_append_char(out, '\n');
	for (size_t i = 0; i < count; i++) {
		const void *element = field_element(message, field, i);

		print_indent(out, indent + 2);
		buffer_append_char(out, '-');
		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			print_message(out, *(ProtobufCMessage *const *)element, indent + 4,
					true);
		else
			print_value(out, field, element, indent + 2);
	}
}

static void print_map_key(struct buffer *out, const ProtobufCFieldDescriptor *key,
		const void *element, unsigned indent)
{
	struct slice text;

	if (key->type != PROTOBUF_C_TYPE_STRING) {
		print_scalar(out, key, element, indent);
		return;
	}
	text = slice_from(*(const char *const *)element);
	if (text.size > KEY_MAX / 6) {
		/* Too long for the short form once it is escaped. */
		buffer_append_text(out, "? ");
		print_quoted(out, text);
		buffer_append_char(out, '\n');
		print_indent(out, indent);
	} else if (is_plain_safe(text)) {
		buffer_append_slice(out, text);
	} else {
		print_quoted(out, text);
	}
}

static void print_map(struct buffer *out, const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t count, unsigned indent)
{
	const ProtobufCMessageDescriptor *descriptor = field->descriptor;
	bool *overridden = memory_alloc_zero(count, sizeof(*overridden));

	if (!overridden || !map_mark_overridden(message, field, overridden)) {
		out->failed = true;
		memory_free(overridden);
		return;
	}
	buffer_append_char(out, '\n');
	for (size_t i = 0; i < count; i++) {
		const ProtobufCMessage *const *entry = field_element(message, field, i);

		if (overridden[i])
			continue;
		print_indent(out, indent + 2);
		print_map_key(out, &descriptor->fields[0],
				field_element(*entry, &descriptor->fields[0], 0), indent + 2);
		buffer_append_char(out, ':');
		print_value(out, &descriptor->fields[1],
				field_element(*entry, &descriptor->fields[1], 0), indent + 2);
	}
	memory_free(overridden);
}

/* @in_line: the first field stands behind the dash of a list, on its line. */
static void print_message(struct buffer *out, const ProtobufCMessage *message, unsigned indent,
		bool in_line)
{
	const ProtobufCMessageDescriptor *descriptor = message ? message->descriptor : NULL;
	bool is_first = true;

	for (unsigned i = 0; descriptor && i < descriptor->n_fields && !out->failed; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		size_t count = field_count(message, field);

		if (count == 0)
			continue;
		if (is_first && in_line)
			buffer_append_char(out, ' ');
		else if (is_first && indent)
			buffer_append_char(out, '\n');
		if (!is_first || !in_line)
			print_indent(out, indent);
		is_first = false;
		buffer_format(out, "%s:", field->name);
		if (field_is_map(field))
			print_map(out, message, field, count, indent);
		else if (field_is_repeated(field))
			print_list(out, message, field, count, indent);
		else
			print_value(out, field, field_element(message, field, 0), indent);
	}
	if (is_first)
		buffer_append_text(out, indent ? " {}\n" : "{}\n");
}

bool message_print_yaml(const ProtobufCMessage *message, struct buffer *out)
{
	print_message(out, message, 0, false);
	return !out->failed;
}

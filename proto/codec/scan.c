/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over wire bytes that stands before every unpack of a stranger's message.
 *
 * It reads the bytes as the descriptor says and refuses at the first thing that is wrong. It
 * takes no memory and never goes deeper than the limit, so its cost is one pass over the bytes.
 *
 * Bytes that are no such message at all are the fault of the library that made them
 * (ERROR_MALFORMED); a message whose texts are broken, or that is nested too deeply, is the fault
 * of its caller (ERROR_INVALID).
 */
#include "proto/codec/codec.h"
#include "proto/codec/field.h"

#include <stdint.h>
#include <string.h>

const struct message_limits message_limits_default = {
	.depth = FIELD_DEPTH_MAX,
	.fields = 200000,
	.elements = 100000,
};

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_GROUP_START = 3,
	WIRE_GROUP_END = 4,
	WIRE_FIXED32 = 5,
};

struct scan {
	const struct message_limits *limits;
	size_t fields;
	struct error *err;
};

static bool scan_error(const struct scan *scan, enum error_code code,
		const struct field_path *path, const char *what)
{
	char name[256];

	field_path_print(path, name, sizeof(name));
	if (!name[0])
		return error_set(scan->err, code, "%s", what);
	return error_set(scan->err, code, "%s: %s", name, what);
}

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out_value)
{
	uint64_t value = 0;

	if (*at < end && **at < 0x80) {
		*out_value = *(*at)++;
		return true;
	}
	for (unsigned shift = 0; shift < 70 && *at < end; shift += 7) {
		uint8_t byte = *(*at)++;

		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out_value = value;
			return true;
		}
	}
	return false;
}

static enum wire_type wire_type_of(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return WIRE_FIXED32;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return WIRE_FIXED64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return WIRE_BYTES;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		break;
	}
	return WIRE_VARINT;
}

/* Counts the elements of a packed run; false when one of them is cut off. */
static bool count_packed(struct slice run, enum wire_type type, size_t *out_count)
{
	const uint8_t *at = (const uint8_t *)run.data;
	const uint8_t *end = at + run.size;
	size_t width = type == WIRE_FIXED32 ? 4 : 8;
	uint64_t value;

	*out_count = 0;
	if (type != WIRE_VARINT) {
		*out_count = run.size / width;
		return run.size % width == 0;
	}
	while (at < end) {
		if (!read_varint(&at, end, &value))
			return false;
		(*out_count)++;
	}
	return true;
}

static bool scan_message(struct scan *scan, struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor, const struct field_path *path,
		unsigned depth);

/* What stands behind a length: text, bytes, a message or a packed run. */
static bool scan_bytes(struct scan *scan, struct slice run, const struct field_path *path,
		unsigned depth)
{
	const ProtobufCFieldDescriptor *field = path->field;

	if (field->type == PROTOBUF_C_TYPE_STRING) {
		size_t valid = text_valid_size(run);

		if (valid == run.size)
			return true;
		return scan_error(scan, ERROR_INVALID, path,
				run.data[valid] ? "text is not valid UTF-8"
						: "text contains a NUL character");
	}
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return true;
	if (depth >= scan->limits->depth)
		return scan_error(scan, ERROR_INVALID, path, "messages are nested too deeply");
	return scan_message(scan, run, field->descriptor, path, depth + 1);
}

/* One value, after its tag; moves @at behind it. @field is NULL for a field we do not know. */
static bool scan_value(struct scan *scan, const uint8_t **at, const uint8_t *end,
		enum wire_type type, struct field_path *path, size_t *count, unsigned depth)
{
	const ProtobufCFieldDescriptor *field = path->field;
	struct slice run = { 0 };
	size_t elements = 1;
	uint64_t value;

	switch (type) {
	case WIRE_VARINT:
		if (!read_varint(at, end, &value))
			return scan_error(scan, ERROR_MALFORMED, path, "malformed varint");
		break;
	case WIRE_FIXED64:
	case WIRE_FIXED32: {
		ptrdiff_t width = type == WIRE_FIXED32 ? 4 : 8;

		if (end - *at < width)
			return scan_error(
					scan, ERROR_MALFORMED, path, "the message is cut off");
		*at += width;
		break;
	}
	case WIRE_BYTES:
		if (!read_varint(at, end, &value) || value > (uint64_t)(end - *at))
			return scan_error(
					scan, ERROR_MALFORMED, path, "the message is cut off");
		run = (struct slice){ (const char *)*at, (size_t)value };
		*at += value;
		break;
	case WIRE_GROUP_START:
	case WIRE_GROUP_END:
		return scan_error(scan, ERROR_MALFORMED, path, "groups are not supported");
	default:
		return scan_error(scan, ERROR_MALFORMED, path, "unknown wire type");
	}
	if (!field)
		return true;
	if (type != wire_type_of(field)) {
		if (!field_is_repeated(field) || type != WIRE_BYTES)
			return scan_error(scan, ERROR_MALFORMED, path, "wrong wire type");
		path->has_index = false;
		if (!count_packed(run, wire_type_of(field), &elements))
			return scan_error(
					scan, ERROR_MALFORMED, path, "malformed packed values");
		scan->fields += elements;
		run.size = 0;
	} else if (type == WIRE_BYTES && !scan_bytes(scan, run, path, depth)) {
		return false;
	}
	if (scan->fields > scan->limits->fields)
		return scan_error(scan, ERROR_LIMIT, NULL, "the message has too many fields");
	*count += elements;
	if (field_is_repeated(field) && *count > scan->limits->elements) {
		path->has_index = false;
		return scan_error(scan, ERROR_LIMIT, path, "too many elements");
	}
	return true;
}

static bool scan_message(struct scan *scan, struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor, const struct field_path *path,
		unsigned depth)
{
	const uint8_t *at = (const uint8_t *)bytes.data;
	const uint8_t *end = at + bytes.size;
	size_t counts[FIELDS_MAX]; /* only those that the type has: most have few */

	if (descriptor->n_fields > FIELDS_MAX)
		return scan_error(scan, ERROR_INTERNAL, path,
				"the message type has too many fields");
	memset(counts, 0, descriptor->n_fields * sizeof(counts[0]));
	while (at < end) {
		struct field_path here = { .parent = path };
		size_t unknown = 0;
		size_t *count = &unknown;
		uint64_t tag;

		if (!read_varint(&at, end, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
			return scan_error(scan, ERROR_MALFORMED, path, "malformed field tag");
		if (++scan->fields > scan->limits->fields)
			return scan_error(scan, ERROR_LIMIT, NULL,
					"the message has too many fields");
		here.field = field_of_number(descriptor, tag >> 3);
		if (here.field) {
			count = &counts[here.field - descriptor->fields];
			here.has_index = field_is_repeated(here.field);
			here.index = *count;
		}
		if (!scan_value(scan, &at, end, (enum wire_type)(tag & 7), &here, count, depth))
			return false;
	}
	return true;
}

bool message_scan(struct slice bytes, const ProtobufCMessageDescriptor *descriptor,
		const struct message_limits *limits, struct error *err)
{
	struct scan scan = { .limits = limits ? limits : &message_limits_default, .err = err };

	if (bytes.size == 0)
		return true;
	return scan_message(&scan, bytes, descriptor, NULL, 0);
}

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
#include "proto/codec/wire.h"

#include <stdint.h>
#include <string.h>

const struct message_limits message_limits_default = {
	.depth = FIELD_DEPTH_MAX,
	.fields = 200000,
	.elements = 100000,
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

/* Counts the elements of a packed run; false when one of them is cut off. */
static bool count_packed(struct input run, enum wire type, size_t *out_count)
{
	*out_count = 0;
	while (run.at < run.end) {
		if (!skip_value(&run, type))
			return false;
		(*out_count)++;
	}
	return true;
}

static bool scan_message(struct scan *scan, struct input input,
		const ProtobufCMessageDescriptor *descriptor, const struct field_path *path,
		unsigned depth);

/* What stands behind a length: text, bytes, a message or a packed run. */
static bool scan_bytes(struct scan *scan, struct input run, const struct field_path *path,
		unsigned depth)
{
	const ProtobufCFieldDescriptor *field = path->field;
	struct slice text = { (const char *)run.at, input_left(&run) };

	if (field->type == PROTOBUF_C_TYPE_STRING) {
		size_t valid = text_valid_size(text);

		if (valid == text.size)
			return true;
		return scan_error(scan, ERROR_INVALID, path,
				text.data[valid] ? "text is not valid UTF-8"
						 : "text contains a NUL character");
	}
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return true;
	if (depth >= scan->limits->depth)
		return scan_error(scan, ERROR_INVALID, path, "messages are nested too deeply");
	return scan_message(scan, run, field->descriptor, path, depth + 1);
}

/* One value, after its tag; moves @input behind it. @field is NULL for a field we do not know. */
static bool scan_value(struct scan *scan, struct input *input, enum wire type,
		struct field_path *path, size_t *count, unsigned depth)
{
	const ProtobufCFieldDescriptor *field = path->field;
	struct input run = { 0 };
	size_t elements = 1;
	uint64_t value;

	switch (type) {
	case WIRE_VARINT:
		if (!take_varint(input, &value))
			return scan_error(scan, ERROR_MALFORMED, path, "malformed varint");
		break;
	case WIRE_FIXED64:
	case WIRE_FIXED32:
		if (!take_number(input, type, &value))
			return scan_error(
					scan, ERROR_MALFORMED, path, "the message is cut off");
		break;
	case WIRE_BYTES:
		if (!take_run(input, &run))
			return scan_error(
					scan, ERROR_MALFORMED, path, "the message is cut off");
		break;
	case WIRE_GROUP_START:
	case WIRE_GROUP_END:
		return scan_error(scan, ERROR_MALFORMED, path, "groups are not supported");
	default:
		return scan_error(scan, ERROR_MALFORMED, path, "unknown wire type");
	}
	if (!field)
		return true;
	if (type != wire_of(field->type)) {
		if (!field_is_repeated(field) || type != WIRE_BYTES)
			return scan_error(scan, ERROR_MALFORMED, path, "wrong wire type");
		path->has_index = false;
		if (!count_packed(run, wire_of(field->type), &elements))
			return scan_error(
					scan, ERROR_MALFORMED, path, "malformed packed values");
		scan->fields += elements;
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

static bool scan_message(struct scan *scan, struct input input,
		const ProtobufCMessageDescriptor *descriptor, const struct field_path *path,
		unsigned depth)
{
	size_t counts[FIELDS_MAX]; /* only those that the type has: most have few */

	if (descriptor->n_fields > FIELDS_MAX)
		return scan_error(scan, ERROR_INTERNAL, path,
				"the message type has too many fields");
	memset(counts, 0, descriptor->n_fields * sizeof(counts[0]));
	while (input.at < input.end) {
		struct field_path here = { .parent = path };
		size_t unknown = 0;
		size_t *count = &unknown;
		uint64_t tag;

		if (!take_varint(&input, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
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
		if (!scan_value(scan, &input, (enum wire)(tag & 7), &here, count, depth))
			return false;
	}
	return true;
}

bool message_scan(struct slice bytes, const ProtobufCMessageDescriptor *descriptor,
		const struct message_limits *limits, struct error *err)
{
	struct scan scan = { .limits = limits ? limits : &message_limits_default, .err = err };
	struct input input = input_of(bytes);

	if (bytes.size == 0)
		return true;
	return scan_message(&scan, input, descriptor, NULL, 0);
}

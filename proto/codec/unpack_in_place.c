/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding where the bytes lie: texts of the message are the bytes themselves.
 *
 * On the wire no NUL stands behind a text, but something else does that was read before the text is
 * looked at: the tag of the next field. So the end of a text is kept in mind, and its NUL is put over the
 * first byte of that tag once the tag is read; behind the last text stands one byte more, which the caller
 * gives. A third of the time of protobuf_c_message_unpack(), and one piece of memory a message, not one a
 * text.
 */
#include "proto/codec/codec.h"
#include "proto/codec/field.h"

#include <string.h>

#define DEPTH_MOST 32

enum {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5,
};

struct reading {
	struct arena *arena;
	uint8_t *unended; /* where the NUL of the last text belongs; NULL: it stands there */
};

static bool varint_read(uint8_t **at, const uint8_t *end, uint64_t *out_value)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 70 && *at < end; shift += 7) {
		uint8_t byte = *(*at)++;

		value |= (uint64_t)(byte & 0x7f) << (shift < 63 ? shift : 63);
		if (!(byte & 0x80)) {
			*out_value = value;
			return true;
		}
	}
	return false;
}

static bool bytes_read(uint8_t **at, const uint8_t *end, uint8_t **out_begin, size_t *out_size)
{
	uint64_t size;

	if (!varint_read(at, end, &size) || size > (uint64_t)(end - *at))
		return false;
	*out_begin = *at;
	*out_size = (size_t)size;
	*at += size;
	return true;
}

static bool value_skip(uint8_t **at, const uint8_t *end, unsigned wire)
{
	ptrdiff_t width = wire == WIRE_FIXED64 ? 8 : 4;
	uint8_t *begin;
	size_t size;
	uint64_t value;

	switch (wire) {
	case WIRE_VARINT:
		return varint_read(at, end, &value);
	case WIRE_BYTES:
		return bytes_read(at, end, &begin, &size);
	case WIRE_FIXED64:
	case WIRE_FIXED32:
		if (end - *at < width)
			return false;
		*at += width;
		return true;
	default:
		return false;
	}
}

static bool tag_read(
		struct reading *reading, uint8_t **at, const uint8_t *end, uint64_t *out_tag)
{
	if (!varint_read(at, end, out_tag))
		return false;
	if (reading->unended) {
		*reading->unended = 0;
		reading->unended = NULL;
	}
	return true;
}

/* How many elements stand here in a row, the first of them behind its tag @tag already. */
static size_t run_count(uint8_t *at, const uint8_t *end, uint64_t tag)
{
	size_t count = 0;
	uint64_t next = tag;

	while (next == tag && value_skip(&at, end, (unsigned)(tag & 7))) {
		count++;
		if (at >= end || !varint_read(&at, end, &next))
			break;
	}
	return count;
}

static size_t element_size(const ProtobufCFieldDescriptor *field)
{
	switch ((int)field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return 4;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		break;
	}
	return 8;
}

static void number_put(const ProtobufCFieldDescriptor *field, uint64_t value, void *out)
{
	switch ((int)field->type) {
	case PROTOBUF_C_TYPE_SINT32:
		*(int32_t *)out = (int32_t)((uint32_t)value >> 1) ^ -(int32_t)(value & 1);
		break;
	case PROTOBUF_C_TYPE_SINT64:
		*(int64_t *)out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)out = value != 0;
		break;
	default:
		if (element_size(field) == 4)
			*(uint32_t *)out = (uint32_t)value;
		else
			*(uint64_t *)out = value;
		break;
	}
}

static bool is_fixed(const ProtobufCFieldDescriptor *field, unsigned *out_wire)
{
	switch ((int)field->type) {
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		*out_wire = WIRE_FIXED32;
		return true;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		*out_wire = WIRE_FIXED64;
		return true;
	default:
		*out_wire = WIRE_VARINT;
		return false;
	}
}

static bool is_number(const ProtobufCFieldDescriptor *field)
{
	return field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES &&
	       field->type != PROTOBUF_C_TYPE_MESSAGE;
}

static bool number_read(const ProtobufCFieldDescriptor *field, uint8_t **at, const uint8_t *end,
		unsigned wire, void *out)
{
	unsigned expected;
	uint64_t value;

	if (is_fixed(field, &expected)) {
		size_t width = expected == WIRE_FIXED32 ? 4 : 8;

		if (wire != expected || (size_t)(end - *at) < width)
			return false;
		memcpy(out, *at, width); /* little-endian, as the wire is */
		*at += width;
		return true;
	}
	if (wire != WIRE_VARINT || !varint_read(at, end, &value))
		return false;
	number_put(field, value, out);
	return true;
}

static ProtobufCMessage *message_read(struct reading *reading, uint8_t *at, const uint8_t *end,
		const ProtobufCMessageDescriptor *descriptor, unsigned depth);

/* One value of any type, behind its tag. */
static bool element_read(struct reading *reading, const ProtobufCFieldDescriptor *field,
		uint8_t **at, const uint8_t *end, unsigned wire, unsigned depth, void *out)
{
	ProtobufCMessage *message;
	ProtobufCBinaryData data;
	uint8_t *begin;
	size_t size;

	if (is_number(field))
		return number_read(field, at, end, wire, out);
	if (wire != WIRE_BYTES || !bytes_read(at, end, &begin, &size))
		return false;
	if (field->type == PROTOBUF_C_TYPE_STRING) {
		reading->unended = begin + size;
		*(char **)out = (char *)begin;
		return true;
	}
	if (field->type == PROTOBUF_C_TYPE_BYTES) {
		data = (ProtobufCBinaryData){ size, begin };
		*(ProtobufCBinaryData *)out = data;
		return true;
	}
	message = message_read(reading, begin, begin + size, field->descriptor, depth + 1);
	*(ProtobufCMessage **)out = message;
	return message;
}

/* Makes room for @more elements behind those there are. */
static char *list_grow(struct reading *reading, const ProtobufCFieldDescriptor *field,
		char *message, size_t more)
{
	size_t *count = (size_t *)(void *)(message + field->quantifier_offset);
	char **list = (char **)(void *)(message + field->offset);
	size_t size = element_size(field);
	char *grown = arena_alloc_zero(reading->arena, *count + more, size);

	if (grown && *count)
		memcpy(grown, *list, *count * size);
	*list = grown;
	return grown ? grown + *count * size : NULL;
}

static bool packed_read(struct reading *reading, const ProtobufCFieldDescriptor *field,
		uint8_t *at, const uint8_t *end, char *message)
{
	size_t *count = (size_t *)(void *)(message + field->quantifier_offset);
	size_t most = (size_t)(end - at); /* a byte each, at least */
	unsigned wire;
	char *place;

	if (is_fixed(field, &wire))
		most /= wire == WIRE_FIXED32 ? 4 : 8;
	place = list_grow(reading, field, message, most + 1);
	for (; place && at < end; place += element_size(field), ++*count) {
		if (!number_read(field, &at, end, wire, place))
			return false;
	}
	return place;
}

/* A field of a message; *room: places left in the list that was made last. */
static bool field_read(struct reading *reading, const ProtobufCFieldDescriptor *field,
		uint8_t **at, const uint8_t *end, uint64_t tag, unsigned depth, char *message,
		size_t *room)
{
	size_t *count = (size_t *)(void *)(message + field->quantifier_offset);
	unsigned wire = (unsigned)(tag & 7);
	uint8_t *begin;
	size_t size;

	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
			*(uint32_t *)(void *)(message + field->quantifier_offset) = field->id;
		else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset)
			*(protobuf_c_boolean *)(void *)(message + field->quantifier_offset) = 1;
		return element_read(
				reading, field, at, end, wire, depth, message + field->offset);
	}
	if (is_number(field) && wire == WIRE_BYTES)
		return bytes_read(at, end, &begin, &size) &&
		       packed_read(reading, field, begin, begin + size, message);
	if (*room == 0) {
		*room = run_count(*at, end, tag);
		if (*room == 0 || !list_grow(reading, field, message, *room))
			return false;
	}
	if (!element_read(reading, field, at, end, wire, depth,
			    *(char **)(void *)(message + field->offset) +
					    *count * element_size(field)))
		return false;
	++*count;
	--*room;
	return true;
}

static ProtobufCMessage *message_read(struct reading *reading, uint8_t *at, const uint8_t *end,
		const ProtobufCMessageDescriptor *descriptor, unsigned depth)
{
	ProtobufCMessage *message =
			depth > DEPTH_MOST ? NULL
					   : arena_alloc(reading->arena,
							     descriptor->sizeof_message);
	uint64_t seen[FIELDS_MAX / 64] = { 0 };
	uint64_t previous = 0;
	size_t room = 0;

	if (!message || descriptor->n_fields > FIELDS_MAX)
		return NULL;
	descriptor->message_init(message);
	while (at < end) {
		const ProtobufCFieldDescriptor *field;
		size_t index;
		uint64_t tag;

		if (!tag_read(reading, &at, end, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
			return NULL;
		field = field_of_number(descriptor, tag >> 3);
		if (!field) {
			if (!value_skip(&at, end, (unsigned)(tag & 7)))
				return NULL;
			continue;
		}
		/* What stands there twice would have to be merged: nobody writes such bytes. */
		index = (size_t)(field - descriptor->fields);
		if (field->label != PROTOBUF_C_LABEL_REPEATED) {
			if ((seen[index / 64] >> (index % 64)) & 1)
				return NULL;
			seen[index / 64] |= UINT64_C(1) << (index % 64);
		}
		if (tag != previous)
			room = 0;
		previous = tag;
		if (!field_read(reading, field, &at, end, tag, depth, (char *)message, &room))
			return NULL;
	}
	return message;
}

ProtobufCMessage *message_unpack_in_place(char *bytes, size_t size,
		const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
		struct error *err)
{
	struct reading reading = { .arena = arena };
	uint8_t *begin = (uint8_t *)bytes;
	ProtobufCMessage *message = message_read(&reading, begin, begin + size, descriptor, 0);

	begin[size] = 0;
	if (message)
		return message;
	if (arena->exhausted)
		arena_error(arena, err, "unpacking a message");
	else
		error_set(err, ERROR_INVALID, "the message cannot be decoded");
	return NULL;
}

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
#include "proto/codec/unpack_memo.h"
#include "proto/codec/wire.h"

#include <string.h>

struct reading {
	struct arena *arena;
	struct unpack_memo *memo; /* or NULL */
	uint8_t *unended; /* where the NUL of the last text belongs; NULL: it stands there */
};

static bool tag_read(struct reading *reading, struct input *input, uint64_t *out_tag)
{
	if (!take_varint(input, out_tag))
		return false;
	if (reading->unended) {
		*reading->unended = 0;
		reading->unended = NULL;
	}
	return true;
}

static ProtobufCMessage *message_read(struct reading *reading, struct input input,
		const ProtobufCMessageDescriptor *descriptor, unsigned depth);

/* A message below another: read now, or known. */
static ProtobufCMessage *part_read(struct reading *reading, struct input input,
		const ProtobufCMessageDescriptor *descriptor, unsigned depth)
{
	struct slice bytes = { (const char *)input.at, input_left(&input) };
	struct slice key = { 0 };
	ProtobufCMessage *message = NULL;

	if (reading->memo)
		message = unpack_memo_find(reading->memo, bytes, descriptor, &key);
	if (message)
		return message;
	message = message_read(reading, input, descriptor, depth);
	if (message && key.size)
		unpack_memo_keep(reading->memo, key, message);
	return message;
}

/* The bytes are the caller's to write to. */
static uint8_t *writable(const uint8_t *at)
{
	return (uint8_t *)(uintptr_t)at;
}

/* One value of any type, behind its tag. */
static bool element_read(struct reading *reading, const ProtobufCFieldDescriptor *field,
		struct input *input, enum wire wire, unsigned depth, void *out)
{
	ProtobufCMessage *message;
	struct input run;
	uint64_t value;

	if (wire != wire_of(field->type))
		return false;
	if (wire != WIRE_BYTES) {
		if (!take_number(input, wire, &value))
			return false;
		element_store(field->type, value, out);
		return true;
	}
	if (!take_run(input, &run))
		return false;
	if (field->type == PROTOBUF_C_TYPE_STRING) {
		reading->unended = writable(run.end);
		*(char **)out = (char *)writable(run.at);
		return true;
	}
	if (field->type == PROTOBUF_C_TYPE_BYTES) {
		*(ProtobufCBinaryData *)out =
				(ProtobufCBinaryData){ input_left(&run), writable(run.at) };
		return true;
	}
	message = part_read(reading, run, field->descriptor, depth + 1);
	*(ProtobufCMessage **)out = message;
	return message;
}

/* Makes room for @more elements behind those there are. */
static char *list_grow(struct reading *reading, const ProtobufCFieldDescriptor *field,
		char *message, size_t more)
{
	size_t *count = (size_t *)(void *)(message + field->quantifier_offset);
	char **list = (char **)(void *)(message + field->offset);
	size_t size = element_size(field->type);
	char *grown = arena_alloc_zero(reading->arena, *count + more, size);

	if (grown && *count)
		memcpy(grown, *list, *count * size);
	*list = grown;
	return grown ? grown + *count * size : NULL;
}

static bool packed_read(struct reading *reading, const ProtobufCFieldDescriptor *field,
		struct input run, char *message)
{
	size_t *count = (size_t *)(void *)(message + field->quantifier_offset);
	enum wire wire = wire_of(field->type);
	size_t least = wire == WIRE_VARINT ? 1 : element_size(field->type);
	char *place = list_grow(reading, field, message, input_left(&run) / least + 1);

	for (; place && run.at < run.end; place += element_size(field->type), ++*count) {
		if (!element_read(reading, field, &run, wire, 0, place))
			return false;
	}
	return place;
}

/* A field of a message; *room: places left in the list that was made last. */
static bool field_read(struct reading *reading, const ProtobufCFieldDescriptor *field,
		struct input *input, uint64_t tag, unsigned depth, char *message, size_t *room)
{
	size_t *count = (size_t *)(void *)(message + field->quantifier_offset);
	enum wire wire = (enum wire)(tag & 7);
	struct input run;

	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
			*(uint32_t *)(void *)(message + field->quantifier_offset) = field->id;
		else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset)
			*(protobuf_c_boolean *)(void *)(message + field->quantifier_offset) = 1;
		return element_read(
				reading, field, input, wire, depth, message + field->offset);
	}
	if (wire == WIRE_BYTES && wire_of(field->type) != WIRE_BYTES)
		return take_run(input, &run) && packed_read(reading, field, run, message);
	if (*room == 0) {
		*room = count_run(*input, tag);
		if (*room == 0 || !list_grow(reading, field, message, *room))
			return false;
	}
	if (!element_read(reading, field, input, wire, depth,
			    *(char **)(void *)(message + field->offset) +
					    *count * element_size(field->type)))
		return false;
	++*count;
	--*room;
	return true;
}

static ProtobufCMessage *message_read(struct reading *reading, struct input input,
		const ProtobufCMessageDescriptor *descriptor, unsigned depth)
{
	ProtobufCMessage *message =
			depth > FIELD_DEPTH_MAX ? NULL
						: arena_alloc(reading->arena,
								  descriptor->sizeof_message);
	uint64_t seen[FIELDS_MAX / 64] = { 0 };
	uint64_t previous = 0;
	size_t room = 0;

	if (!message || descriptor->n_fields > FIELDS_MAX)
		return NULL;
	descriptor->message_init(message);
	while (input.at < input.end) {
		const ProtobufCFieldDescriptor *field;
		size_t index;
		uint64_t tag;

		if (!tag_read(reading, &input, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
			return NULL;
		field = field_of_number(descriptor, tag >> 3);
		if (!field) {
			if (!skip_value(&input, (enum wire)(tag & 7)))
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
		if (!field_read(reading, field, &input, tag, depth, (char *)message, &room))
			return NULL;
	}
	return message;
}

ProtobufCMessage *message_unpack_in_place(char *bytes, size_t size,
		const ProtobufCMessageDescriptor *descriptor, struct unpack_memo *memo,
		struct arena *arena, struct error *err)
{
	struct reading reading = { .arena = arena, .memo = memo };
	ProtobufCMessage *message = message_read(
			&reading, input_of((struct slice){ bytes, size }), descriptor, 0);

	bytes[size] = '\0';
	if (message)
		return message;
	if (arena->exhausted)
		arena_error(arena, err, "unpacking a message");
	else
		error_set(err, ERROR_INVALID, "the message cannot be decoded");
	return NULL;
}

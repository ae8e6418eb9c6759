/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding into room that the caller has: the texts of a message stand one behind the other there.
 *
 * On the wire two bytes or more stand before a text, its tag and its size, and no NUL behind it. So room for as
 * many bytes as are read is enough for all texts with their NULs. Tags, numbers, and parts that are known take
 * none of it: what is behind the last text is the caller's again. A third of the time of
 * protobuf_c_message_unpack(), and one piece of memory a message, not one a text.
 */
#include "proto/codec/codec.h"
#include "proto/codec/field.h"
#include "proto/codec/unpack.h"
#include "proto/codec/unpack_memo.h"
#include "proto/codec/wire.h"

#include <assert.h>
#include <string.h>

struct reading {
	struct arena *arena;
	struct unpack_memo *memo; /* or NULL */
	char *kept;		  /* behind the last text that is kept */
	char *end;		  /* of the room */
};

static ProtobufCMessage *message_read(struct reading *reading, struct input input,
		const ProtobufCMessageDescriptor *descriptor, unsigned depth);

/* A message below another: read now, or known. Apart from the reading of texts and numbers, which is to stay small. */
static __attribute__((noinline)) ProtobufCMessage *part_read(struct reading *reading,
		struct input input, const ProtobufCFieldDescriptor *field, unsigned depth)
{
	struct slice bytes = { (const char *)input.at, input_left(&input) };
	struct known_part *wanted = NULL;
	ProtobufCMessage *message = NULL;

	if (reading->memo)
		message = unpack_memo_find(reading->memo, bytes, field, &wanted);
	if (message)
		return message;
	message = message_read(reading, input, field->descriptor, depth);
	if (message && wanted)
		unpack_memo_keep(reading->memo, wanted, message);
	return message;
}

/* Copies what was just read behind the others, with a NUL behind it. */
static inline char *run_keep(struct reading *reading, struct input run)
{
	size_t size = input_left(&run);
	char *kept = reading->kept;

	assert(size < (size_t)(reading->end - kept));
	memcpy(kept, run.at, size);
	kept[size] = '\0';
	reading->kept = kept + size + 1;
	return kept;
}

/* One value of any type, behind its tag; within its two callers, which are the innermost loops. */
static inline __attribute__((always_inline)) bool element_read(struct reading *reading,
		const ProtobufCFieldDescriptor *field, struct input *input, enum wire wire,
		unsigned depth, void *out)
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
		*(char **)out = run_keep(reading, run);
		return true;
	}
	if (field->type == PROTOBUF_C_TYPE_BYTES) {
		*(ProtobufCBinaryData *)out = (ProtobufCBinaryData){ input_left(&run),
			(uint8_t *)run_keep(reading, run) };
		return true;
	}
	message = part_read(reading, run, field, depth + 1);
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

/*
 * All elements of a list that follow one another, from the one whose tag was just taken: their count is known
 * before the first is read, so that there is one piece of memory.
 */
static bool list_read(struct reading *reading, const ProtobufCFieldDescriptor *field,
		struct input *input, uint64_t tag, unsigned depth, char *message)
{
	size_t *count = (size_t *)(void *)(message + field->quantifier_offset);
	size_t size = element_size(field->type);
	enum wire wire = (enum wire)(tag & 7);
	struct input run;
	size_t more;
	char *place;

	if (wire == WIRE_BYTES && wire_of(field->type) != WIRE_BYTES)
		return take_run(input, &run) && packed_read(reading, field, run, message);
	more = count_run(*input, tag);
	place = more ? list_grow(reading, field, message, more) : NULL;
	if (!place)
		return false;
	for (;; place += size) {
		if (!element_read(reading, field, input, wire, depth, place))
			return false;
		++*count;
		if (--more == 0)
			return true;
		(void)take_varint(input, &tag); /* the same again, as was seen */
	}
}

static ProtobufCMessage *message_read(struct reading *reading, struct input input,
		const ProtobufCMessageDescriptor *descriptor, unsigned depth)
{
	ProtobufCMessage *message =
			depth > FIELD_DEPTH_MAX ? NULL
						: arena_alloc(reading->arena,
								  descriptor->sizeof_message);
	char *base = (char *)message;
	uint64_t seen[FIELDS_MAX / 64] = { 0 };

	if (!message || descriptor->n_fields > FIELDS_MAX)
		return NULL;
	descriptor->message_init(message);
	while (input.at < input.end) {
		const ProtobufCFieldDescriptor *field;
		size_t index;
		uint64_t tag;

		if (!take_varint(&input, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
			return NULL;
		/* Mostly numbered from 1 without gaps: then no index has to be made of an address. */
		index = (size_t)(tag >> 3) - 1;
		if (index >= descriptor->n_fields || descriptor->fields[index].id != tag >> 3) {
			field = field_of_number(descriptor, tag >> 3);
			index = field ? (size_t)(field - descriptor->fields) : 0;
		} else {
			field = &descriptor->fields[index];
		}
		if (!field) {
			if (!skip_value(&input, (enum wire)(tag & 7)))
				return NULL;
			continue;
		}
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			if (!list_read(reading, field, &input, tag, depth, base))
				return NULL;
			continue;
		}
		/* What stands there twice would have to be merged: nobody writes such bytes. */
		if ((seen[index / 64] >> (index % 64)) & 1)
			return NULL;
		seen[index / 64] |= UINT64_C(1) << (index % 64);
		if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
			*(uint32_t *)(void *)(base + field->quantifier_offset) = field->id;
		else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset)
			*(protobuf_c_boolean *)(void *)(base + field->quantifier_offset) = 1;
		if (!element_read(reading, field, &input, (enum wire)(tag & 7), depth,
				    base + field->offset))
			return NULL;
	}
	return message;
}

ProtobufCMessage *message_unpack_into(char *room, struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor, struct unpack_memo *memo,
		struct arena *arena, size_t *out_kept, struct error *err)
{
	struct reading reading = {
		.arena = arena,
		.memo = memo,
		.kept = room,
		.end = room + bytes.size,
	};
	ProtobufCMessage *message = message_read(&reading, input_of(bytes), descriptor, 0);

	if (message) {
		*out_kept = (size_t)(reading.kept - room);
		return message;
	}
	return unpack_refuse(arena, err);
}

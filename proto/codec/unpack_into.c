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
	const uint8_t *bytes_end; /* of all that is read */
};

/* @form: of @descriptor, or NULL: there is no memo, or memory is short. */
static ProtobufCMessage *message_read(struct reading *reading, struct input input,
		const ProtobufCMessageDescriptor *descriptor, struct read_form *form,
		unsigned depth);

/* A message below another: read now, or known. Apart from the reading of texts and numbers, which is to stay small. */
static __attribute__((noinline)) ProtobufCMessage *part_read(struct reading *reading,
		struct input input, const ProtobufCFieldDescriptor *field,
		struct read_field *own, unsigned depth)
{
	struct slice bytes = { (const char *)input.at, input_left(&input) };
	struct known_part *wanted = NULL;
	ProtobufCMessage *message = NULL;

	if (own)
		message = unpack_memo_find(reading->memo, bytes, own, &wanted);
	if (message)
		return message;
	if (own && !own->form)
		own->form = unpack_memo_form(reading->memo, field->descriptor);
	message = message_read(
			reading, input, field->descriptor, own ? own->form : NULL, depth);
	if (message && wanted)
		unpack_memo_keep(reading->memo, wanted, message);
	return message;
}

#define SHORT_RUN 32

/* Copies what was just read behind the others, with a NUL behind it. */
static inline char *run_keep(struct reading *reading, struct input run)
{
	size_t size = input_left(&run);
	char *kept = reading->kept;

	assert(size < (size_t)(reading->end - kept));
	/* What is short is copied with what stands behind it, which is overwritten. */
	if (size <= SHORT_RUN && reading->end - kept >= SHORT_RUN &&
			reading->bytes_end - run.at >= SHORT_RUN)
		memcpy(kept, run.at, SHORT_RUN);
	else
		memcpy(kept, run.at, size);
	kept[size] = '\0';
	reading->kept = kept + size + 1;
	return kept;
}

/* One value of any type, behind its tag; within its two callers, which are the innermost loops. */
static inline __attribute__((always_inline)) bool element_read(struct reading *reading,
		const ProtobufCFieldDescriptor *field, struct read_field *own,
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
		*(char **)out = run_keep(reading, run);
		return true;
	}
	if (field->type == PROTOBUF_C_TYPE_BYTES) {
		*(ProtobufCBinaryData *)out = (ProtobufCBinaryData){ input_left(&run),
			(uint8_t *)run_keep(reading, run) };
		return true;
	}
	message = part_read(reading, run, field, own, depth + 1);
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
	char *grown = arena_alloc(reading->arena, (*count + more) * size);

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
		if (!element_read(reading, field, NULL, &run, wire, 0, place))
			return false;
	}
	return place;
}

/*
 * All elements of a list that follow one another, from the one whose tag was just taken: their count is known
 * before the first is read, so that there is one piece of memory.
 */
static bool list_read(struct reading *reading, const ProtobufCFieldDescriptor *field,
		struct read_field *own, struct input *input, uint64_t tag, unsigned depth,
		char *message)
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
		if (!element_read(reading, field, own, input, wire, depth, place))
			return false;
		++*count;
		if (--more == 0)
			return true;
		(void)take_varint(input, &tag); /* the same again, as was seen */
	}
}

/* The value of a field that is read at once, behind its tag. */
static inline __attribute__((always_inline)) bool place_read(struct reading *reading,
		struct read_form *form, struct read_place place, struct input *input,
		unsigned depth, void *out)
{
	struct read_field *own;
	struct input run;
	uint64_t value;

	if (place.kind == READ_TEXT) {
		if (!take_run(input, &run))
			return false;
		*(char **)out = run_keep(reading, run);
		return true;
	}
	if (place.kind == READ_MESSAGE) {
		own = &form->fields[place.field];
		return take_run(input, &run) &&
		       (*(ProtobufCMessage **)out = part_read(
					reading, run, own->field, own, depth + 1)) != NULL;
	}
	if (!take_varint(input, &value))
		return false;
	if (place.kind == READ_WORD)
		*(uint32_t *)out = (uint32_t)value;
	else if (place.kind == READ_LONG)
		*(uint64_t *)out = value;
	else
		*(protobuf_c_boolean *)out = value != 0;
	return true;
}

/*
 * A field of any kind, behind its tag. What stands there twice would have to be merged: nobody writes such bytes.
 * @own: of the form; NULL: there is none. @seen: a bit for each field that was there already.
 */
static __attribute__((noinline)) bool field_read(struct reading *reading,
		const ProtobufCFieldDescriptor *field, struct read_field *own, uint64_t *seen,
		uint64_t bit, struct input *input, uint64_t tag, unsigned depth, char *message)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return list_read(reading, field, own, input, tag, depth, message);
	if (*seen & bit)
		return false;
	*seen |= bit;
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
		*(uint32_t *)(void *)(message + field->quantifier_offset) = field->id;
	else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset)
		*(protobuf_c_boolean *)(void *)(message + field->quantifier_offset) = 1;
	return element_read(reading, field, own, input, (enum wire)(tag & 7), depth,
			message + field->offset);
}

/* The fields of a message whose type has a form. */
static bool fields_read_by(struct reading *reading, struct input input, struct read_form *form,
		unsigned depth, char *message)
{
	uint64_t seen = 0;

	while (input.at < input.end) {
		const ProtobufCFieldDescriptor *field;
		struct read_place place = { 0 };
		struct read_field *own = NULL;
		/* Given away instead, so that what is at hand stays in registers. */
		struct input rest;
		uint64_t number, tag, bit;

		if (!take_varint(&input, &tag))
			return false;
		number = tag >> 3;
		if (number < READ_NUMBERS)
			place = form->places[number];
		bit = UINT64_C(1) << place.field % READ_FIELDS;
		if (place.kind != READ_OTHER && (place.kind & 7) == (tag & 7)) {
			if (seen & bit)
				return false;
			seen |= bit;
			if (!place_read(reading, form, place, &input, depth,
					    message + place.offset))
				return false;
			continue;
		}
		if (number == 0 || tag > UINT32_MAX)
			return false;
		field = field_of_number(form->descriptor, number);
		if (field) {
			own = &form->fields[field - form->descriptor->fields];
			bit = UINT64_C(1) << (field - form->descriptor->fields);
		}
		rest = input;
		if (field ? !field_read(reading, field, own, &seen, bit, &rest, tag, depth,
					    message)
			  : !skip_value(&rest, (enum wire)(tag & 7)))
			return false;
		input.at = rest.at;
	}
	return true;
}

/* Likewise of others. */
static bool fields_read(struct reading *reading, struct input input,
		const ProtobufCMessageDescriptor *descriptor, unsigned depth, char *message)
{
	uint64_t seen[FIELDS_MAX / 64] = { 0 };

	if (descriptor->n_fields > FIELDS_MAX)
		return false;
	while (input.at < input.end) {
		const ProtobufCFieldDescriptor *field;
		size_t index;
		uint64_t tag;

		if (!take_varint(&input, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
			return false;
		field = field_of_number(descriptor, tag >> 3);
		index = field ? (size_t)(field - descriptor->fields) : 0;
		if (field ? !field_read(reading, field, NULL, &seen[index / 64],
					    UINT64_C(1) << index % 64, &input, tag, depth,
					    message)
			  : !skip_value(&input, (enum wire)(tag & 7)))
			return false;
	}
	return true;
}

static ProtobufCMessage *message_read(struct reading *reading, struct input input,
		const ProtobufCMessageDescriptor *descriptor, struct read_form *form,
		unsigned depth)
{
	ProtobufCMessage *message =
			depth > FIELD_DEPTH_MAX ? NULL
						: arena_alloc(reading->arena,
								  descriptor->sizeof_message);
	bool ok;

	if (!message)
		return NULL;
	descriptor->message_init(message);
	ok = form ? fields_read_by(reading, input, form, depth, (char *)message)
		  : fields_read(reading, input, descriptor, depth, (char *)message);
	return ok ? message : NULL;
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
		.bytes_end = (const uint8_t *)bytes.data + bytes.size,
	};
	struct read_form *form = memo ? unpack_memo_form(memo, descriptor) : NULL;
	ProtobufCMessage *message =
			message_read(&reading, input_of(bytes), descriptor, form, 0);

	if (message) {
		*out_kept = (size_t)(reading.kept - room);
		return message;
	}
	return unpack_refuse(arena, err);
}

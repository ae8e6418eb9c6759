/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick way to unpack: one pass, for messages as libraries write them.
 *
 * It scans and unpacks at once, and gives up at the first thing that is wrong, or only unusual: a field we
 * do not know, a message that comes twice, a repeated field in two runs. Then message_unpack() goes the careful
 * way from the start, which has the words for what is wrong. What is unpacked here is equal to what
 * protobuf-c makes of the same bytes.
 */
#include "proto/codec/unpack.h"

#include "proto/codec/field.h"
#include "proto/codec/wire.h"

#include <string.h>

struct unpacking {
	const struct message_limits *limits;
	struct arena *arena;
	size_t fields;
};

static ProtobufCMessage *take_message(struct unpacking *unpacking, struct input input,
		const ProtobufCMessageDescriptor *descriptor, unsigned depth);

/* Whether none of eight bytes is NUL or beyond ASCII: then subtracting 1 from each borrows nowhere. */
static inline bool is_plain(uint64_t eight)
{
	return !((eight | (eight - 0x0101010101010101U)) & 0x8080808080808080U);
}

/* Copies a text while it is looked at; most are plain, and short. */
static char *take_text(struct unpacking *unpacking, struct input run)
{
	struct slice text = { (const char *)run.at, (size_t)(run.end - run.at) };
	char *copy = arena_alloc(unpacking->arena, text.size + 1);
	size_t at = 0;
	uint64_t eight;

	if (!copy)
		return NULL;
	for (; at + sizeof(eight) <= text.size; at += sizeof(eight)) {
		memcpy(&eight, text.data + at, sizeof(eight));
		if (!is_plain(eight))
			break;
		memcpy(copy + at, &eight, sizeof(eight));
	}
	for (; at < text.size && (signed char)text.data[at] > 0; at++)
		copy[at] = text.data[at];
	if (at < text.size) {
		struct slice rest = { text.data + at, text.size - at };

		if (text_valid_size(rest) != rest.size)
			return NULL;
		memcpy(copy + at, rest.data, rest.size);
	}
	copy[text.size] = '\0';
	return copy;
}

static bool take_bytes(
		struct unpacking *unpacking, struct input run, ProtobufCBinaryData *element)
{
	size_t size = (size_t)(run.end - run.at);

	*element = (ProtobufCBinaryData){ 0 };
	if (size == 0)
		return true;
	element->data = arena_alloc(unpacking->arena, size);
	if (!element->data)
		return false;
	memcpy(element->data, run.at, size);
	element->len = size;
	return true;
}

/* One value, after its tag. */
static inline bool take_element(struct unpacking *unpacking, struct input *input,
		const ProtobufCFieldDescriptor *field, enum wire wire, void *element,
		unsigned depth)
{
	struct input run;
	uint64_t value;

	if (wire != WIRE_BYTES) {
		if (!take_number(input, wire, &value))
			return false;
		element_store(field->type, value, element);
		return true;
	}
	if (!take_run(input, &run))
		return false;
	if (field->type == PROTOBUF_C_TYPE_STRING) {
		char *text = take_text(unpacking, run);

		*(char **)element = text;
		return text;
	}
	if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		ProtobufCMessage *message;

		if (depth >= unpacking->limits->depth)
			return false;
		message = take_message(unpacking, run, field->descriptor, depth + 1);
		*(ProtobufCMessage **)element = message;
		return message;
	}
	return take_bytes(unpacking, run, element);
}

/* --- repeated fields --------------------------------------------------------------------------- */

/* Packed numbers: each ends with the only byte without the high bit. */
static bool take_packed(struct unpacking *unpacking, struct input run,
		const ProtobufCFieldDescriptor *field, void **out_list, size_t *out_count)
{
	size_t width = element_size(field->type);
	size_t count = 0;
	uint64_t value;
	char *list;

	if (wire_of(field->type) != WIRE_VARINT)
		return false;
	for (const uint8_t *at = run.at; at < run.end; at++)
		count += *at < 0x80;
	unpacking->fields += count + 1;
	if (count == 0 || count > unpacking->limits->elements)
		return false;
	list = arena_alloc(unpacking->arena, count * width);
	for (size_t i = 0; list && i < count; i++) {
		if (!take_varint(&run, &value))
			return false;
		element_store(field->type, value, list + i * width);
	}
	*out_list = list;
	*out_count = count;
	return list && run.at == run.end;
}

static bool take_repeated(struct unpacking *unpacking, struct input *input, uint64_t tag,
		const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
		unsigned depth)
{
	void **list = (void **)((char *)message + field->offset);
	size_t *count = (size_t *)((char *)message + field->quantifier_offset);
	enum wire wire = (enum wire)(tag & 7);
	size_t width = element_size(field->type);
	uint64_t again;
	size_t most;
	char *at;

	if (*count)
		return false;
	if (wire != wire_of(field->type)) {
		struct input run;

		return wire == WIRE_BYTES && take_run(input, &run) &&
		       take_packed(unpacking, run, field, list, count);
	}
	most = count_run(*input, tag);
	unpacking->fields += most;
	if (most == 0 || most > unpacking->limits->elements)
		return false;
	at = arena_alloc(unpacking->arena, most * width);
	*list = at;
	if (!at)
		return false;
	for (size_t i = 0; i < most; i++, at += width) {
		if (i > 0 && !take_varint(input, &again))
			return false;
		if (!take_element(unpacking, input, field, wire, at, depth))
			return false;
	}
	*count = most;
	return true;
}

/* --- messages ---------------------------------------------------------------------------------- */

/*
 * Notes that the field is there; false when it is of a kind that is not ours, or there already and would
 * have to be merged. Of a number or a text the last one counts.
 */
static inline bool note_presence(
		ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	char *base = (char *)message;

	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		uint32_t *chosen = (uint32_t *)(base + field->quantifier_offset);

		if (*chosen)
			return false;
		*chosen = field->id;
		return true;
	}
	return field->label == PROTOBUF_C_LABEL_NONE &&
	       (field->type != PROTOBUF_C_TYPE_MESSAGE || !*(void **)(base + field->offset));
}

static ProtobufCMessage *take_message(struct unpacking *unpacking, struct input input,
		const ProtobufCMessageDescriptor *descriptor, unsigned depth)
{
	ProtobufCMessage *message = arena_alloc(unpacking->arena, descriptor->sizeof_message);

	if (!message)
		return NULL;
	if (descriptor->message_init)
		descriptor->message_init(message);
	else
		protobuf_c_message_init(descriptor, message);
	while (input.at < input.end) {
		const ProtobufCFieldDescriptor *field;
		enum wire wire;
		uint64_t tag;

		if (!take_varint(&input, &tag))
			return NULL;
		field = field_of_number(descriptor, tag >> 3);
		if (!field)
			return NULL;
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			if (!take_repeated(unpacking, &input, tag, field, message, depth))
				return NULL;
			continue;
		}
		unpacking->fields++;
		wire = (enum wire)(tag & 7);
		if (wire != wire_of(field->type) || !note_presence(message, field) ||
				!take_element(unpacking, &input, field, wire,
						(char *)message + field->offset, depth))
			return NULL;
	}
	return unpacking->fields > unpacking->limits->fields ? NULL : message;
}

ProtobufCMessage *unpack_quickly(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor,
		const struct message_limits *limits, struct arena *arena)
{
	struct unpacking unpacking = {
		.limits = limits ? limits : &message_limits_default,
		.arena = arena,
	};

	return take_message(&unpacking, input_of(bytes), descriptor, 0);
}

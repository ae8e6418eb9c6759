/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick way to unpack: one pass, for messages as libraries write them.
 *
 * It scans and unpacks at once, and gives up at the first thing that is wrong, or only unusual: a field we
 * do not know, a message that comes twice, a repeated field in two runs. Then message_unpack() goes the careful
 * way from the start, which has the words for what is wrong. What is unpacked here is equal to what
 * protobuf-c makes of the same bytes.
 *
 * The bytes are copied once, and texts and bytes of the message lie in that copy: one piece of memory, not
 * one a text. The NUL behind a text is put over the tag of the next field, once that is read. The elements of a repeated message are one piece, too.
 */
#include "proto/codec/unpack.h"

#include "policycalc/v1/profile.pb-c.h"
#include "proto/codec/field.h"
#include "proto/codec/wire.h"

#include <string.h>

struct unpacking {
	const struct message_limits *limits;
	struct arena *arena;
	size_t fields;
	uint8_t *unended; /* where the NUL of the last text belongs; NULL: it stands there */
};

static bool take_message(struct unpacking *unpacking, struct input input,
		ProtobufCMessage *message, unsigned depth);

static inline bool take_tag(struct unpacking *unpacking, struct input *input, uint64_t *out_tag)
{
	if (!take_varint(input, out_tag))
		return false;
	if (unpacking->unended) {
		*unpacking->unended = 0;
		unpacking->unended = NULL;
	}
	return true;
}

/* The bytes that are read are our copy. */
static inline uint8_t *writable(const uint8_t *at)
{
	return (uint8_t *)(uintptr_t)at;
}

/* Whether none of eight bytes is NUL or beyond ASCII: then subtracting 1 from each borrows nowhere. */
static inline bool is_plain(uint64_t eight)
{
	return !((eight | (eight - 0x0101010101010101U)) & 0x8080808080808080U);
}

/* Whether it is UTF-8 without NUL. Most are plain, and short: what is left over is looked at twice. */
static inline bool is_text(struct input run)
{
	struct slice text = { (const char *)run.at, input_left(&run) };
	bool plain = true;
	uint64_t eight;
	uint32_t first;
	uint32_t last;

	if (text.size >= sizeof(eight)) {
		for (size_t at = 0; plain && at + sizeof(eight) < text.size;
				at += sizeof(eight)) {
			memcpy(&eight, text.data + at, sizeof(eight));
			plain = is_plain(eight);
		}
		memcpy(&eight, text.data + text.size - sizeof(eight), sizeof(eight));
		plain = plain && is_plain(eight);
	} else if (text.size >= sizeof(first)) {
		memcpy(&first, text.data, sizeof(first));
		memcpy(&last, text.data + text.size - sizeof(last), sizeof(last));
		plain = is_plain((uint64_t)first << 32 | last);
	} else {
		for (size_t at = 0; at < text.size; at++)
			plain = plain && (signed char)text.data[at] > 0;
	}
	return plain || text_valid_size(text) == text.size;
}

static ProtobufCMessage *message_init(const ProtobufCMessageDescriptor *descriptor, void *place)
{
	if (descriptor->message_init)
		descriptor->message_init(place);
	else
		protobuf_c_message_init(descriptor, place);
	return place;
}

/* @place: where a message may lie that is one of many; NULL: it is alone. */
static inline bool take_submessage(struct unpacking *unpacking, struct input run,
		const ProtobufCFieldDescriptor *field, void *element, void *place,
		unsigned depth)
{
	const ProtobufCMessageDescriptor *descriptor = field->descriptor;

	if (!place)
		place = arena_alloc(unpacking->arena, descriptor->sizeof_message);
	if (!place || depth >= unpacking->limits->depth)
		return false;
	*(ProtobufCMessage **)element = message_init(descriptor, place);
	return take_message(unpacking, run, place, depth + 1);
}

/* One value, after its tag. */
static inline bool take_element(struct unpacking *unpacking, struct input *input,
		const ProtobufCFieldDescriptor *field, enum wire wire, void *element,
		void *place, unsigned depth)
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
		*(char **)element = (char *)writable(run.at);
		unpacking->unended = writable(run.end);
		return is_text(run);
	}
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return take_submessage(unpacking, run, field, element, place, depth);
	*(ProtobufCBinaryData *)element = (ProtobufCBinaryData){ 0 };
	if (input_left(&run))
		*(ProtobufCBinaryData *)element =
				(ProtobufCBinaryData){ input_left(&run), writable(run.at) };
	return true;
}

/* --- attributes -------------------------------------------------------------------------------- */

/* Of the strangers' messages nearly all is attributes of profiles, which are read by hand: a fifth of the time. */
struct attribute {
	Policycalc__V1__AttributeValue message;
	Policycalc__V1__Value value;
};

#define VALUE_KIND(kind) POLICYCALC__V1__VALUE__KIND_##kind
#define TAG(number, wire) ((number) << 3 | (wire))

enum attribute_tag {
	TAG_NAME = TAG(1, WIRE_BYTES),
	TAG_PERIOD = TAG(2, WIRE_BYTES),
	TAG_VALUE = TAG(3, WIRE_BYTES),
};

/* A number, a flag or a code, alone; all else is taken as any message is. */
static inline bool take_value(struct unpacking *unpacking, struct input input,
		Policycalc__V1__Value *value, unsigned depth)
{
	struct input whole = input;
	struct input run;
	uint64_t number;
	uint64_t tag;

	*value = (Policycalc__V1__Value)POLICYCALC__V1__VALUE__INIT;
	if (depth > unpacking->limits->depth || !take_varint(&input, &tag))
		return false;
	switch (tag) {
	case TAG(VALUE_KIND(MONEY_FEN), WIRE_VARINT):
	case TAG(VALUE_KIND(RATIO_PPM), WIRE_VARINT):
	case TAG(VALUE_KIND(COUNT), WIRE_VARINT):
		if (!take_varint(&input, &number))
			return false;
		value->count = (int64_t)number;
		break;
	case TAG(VALUE_KIND(FLAG), WIRE_VARINT):
		if (!take_varint(&input, &number))
			return false;
		value->flag = number != 0;
		break;
	case TAG(VALUE_KIND(CODE), WIRE_BYTES):
		if (!take_run(&input, &run) || !is_text(run))
			return false;
		value->code = (char *)writable(run.at);
		unpacking->unended = writable(run.end);
		break;
	default:
		return take_message(unpacking, whole, &value->base, depth);
	}
	value->kind_case = (Policycalc__V1__Value__KindCase)(tag >> 3);
	unpacking->fields++;
	return input.at == input.end;
}

static bool take_attribute(struct unpacking *unpacking, struct input input,
		struct attribute *attribute, unsigned depth)
{
	Policycalc__V1__AttributeValue *message = &attribute->message;

	*message = (Policycalc__V1__AttributeValue)POLICYCALC__V1__ATTRIBUTE_VALUE__INIT;
	if (depth > unpacking->limits->depth)
		return false;
	while (input.at < input.end) {
		struct input run;
		uint64_t tag;

		if (!take_tag(unpacking, &input, &tag) || !take_run(&input, &run))
			return false;
		unpacking->fields++;
		if (tag == TAG_NAME || tag == TAG_PERIOD) {
			*(tag == TAG_NAME ? &message->name : &message->period) =
					(char *)writable(run.at);
			unpacking->unended = writable(run.end);
			if (!is_text(run))
				return false;
			continue;
		}
		/* A second value would have to be merged. */
		if (tag != TAG_VALUE || message->value ||
				!take_value(unpacking, run, &attribute->value, depth + 1))
			return false;
		message->value = &attribute->value;
	}
	return unpacking->fields <= unpacking->limits->fields;
}

/* @count of them, which is checked; the first one's tag is taken already. */
static bool take_attributes(struct unpacking *unpacking, struct input *input, size_t count,
		void **out_list, unsigned depth)
{
	Policycalc__V1__AttributeValue **list =
			arena_alloc(unpacking->arena, count * sizeof(*list));
	struct attribute *attributes =
			arena_alloc(unpacking->arena, count * sizeof(*attributes));
	struct input run;
	uint64_t again;

	if (!list || !attributes)
		return false;
	for (size_t i = 0; i < count; i++) {
		if ((i > 0 && !take_tag(unpacking, input, &again)) || !take_run(input, &run) ||
				!take_attribute(unpacking, run, &attributes[i], depth + 1))
			return false;
		list[i] = &attributes[i].message;
	}
	*out_list = list;
	return true;
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

/* Messages are aligned as arena_alloc() would align them. */
static size_t message_step(const ProtobufCMessageDescriptor *descriptor)
{
	return (descriptor->sizeof_message + 15) & ~(size_t)15;
}

static bool take_repeated(struct unpacking *unpacking, struct input *input, uint64_t tag,
		const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
		unsigned depth)
{
	void **list = (void **)((char *)message + field->offset);
	size_t *count = (size_t *)((char *)message + field->quantifier_offset);
	enum wire wire = (enum wire)(tag & 7);
	size_t width = element_size(field->type);
	char *place = NULL; /* of the next message */
	size_t step = 0;    /* from one message to the next */
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
	if (field->descriptor == &policycalc__v1__attribute_value__descriptor) {
		*count = most;
		return take_attributes(unpacking, input, most, list, depth);
	}
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		step = message_step(field->descriptor);
	at = arena_alloc(unpacking->arena, most * (step + width));
	if (!at)
		return false;
	place = step ? at : NULL;
	at += most * step;
	*list = at;
	for (size_t i = 0; i < most; i++, at += width) {
		if (i > 0 && !take_tag(unpacking, input, &again))
			return false;
		if (!take_element(unpacking, input, field, wire, at, place, depth))
			return false;
		if (place)
			place += step;
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

static bool take_message(struct unpacking *unpacking, struct input input,
		ProtobufCMessage *message, unsigned depth)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;

	while (input.at < input.end) {
		const ProtobufCFieldDescriptor *field;
		enum wire wire;
		uint64_t tag;

		if (!take_tag(unpacking, &input, &tag))
			return false;
		field = field_of_number(descriptor, tag >> 3);
		if (!field)
			return false;
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			if (!take_repeated(unpacking, &input, tag, field, message, depth))
				return false;
			continue;
		}
		unpacking->fields++;
		wire = (enum wire)(tag & 7);
		if (wire != wire_of(field->type) || !note_presence(message, field) ||
				!take_element(unpacking, &input, field, wire,
						(char *)message + field->offset, NULL, depth))
			return false;
	}
	return unpacking->fields <= unpacking->limits->fields;
}

ProtobufCMessage *unpack_quickly(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor,
		const struct message_limits *limits, struct arena *arena)
{
	struct unpacking unpacking = {
		.limits = limits ? limits : &message_limits_default,
		.arena = arena,
	};
	struct slice own = { arena_copy(arena, bytes.data, bytes.size), bytes.size };
	ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);

	if (!own.data || !message ||
			!take_message(&unpacking, input_of(own),
					message_init(descriptor, message), 0))
		return NULL;
	/* Behind the last text stands the copy's NUL. */
	return message;
}

ProtobufCMessage *unpack_refuse(const struct arena *arena, struct error *err)
{
	if (arena->exhausted)
		arena_error(arena, err, "unpacking a message");
	else
		error_set(err, ERROR_INVALID, "the message cannot be decoded");
	return NULL;
}

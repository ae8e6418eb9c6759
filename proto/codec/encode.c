/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec/encode.h"

#include "base/memory.h"
#include "proto/codec/wire.h"

#include <string.h>

#define FIRST_SIZE ((size_t)4096)
#define VARINT_MOST 10
/* What stands before a value of one field: its number, and a number or a length. */
#define HEAD_MOST (2 * VARINT_MOST)

/* --- memory ------------------------------------------------------------------------------------ */

void encoder_fini(struct encoder *encoder)
{
	memory_free(encoder->start);
	*encoder = (struct encoder){ .most = encoder->most };
}

void encoder_clear(struct encoder *encoder, size_t keep)
{
	if ((size_t)(encoder->end - encoder->start) > keep)
		encoder_fini(encoder);
	encoder->at = encoder->end;
	encoder->failed = encoder->exceeded = false;
}

void encoder_give(struct encoder *encoder, struct buffer *buffer)
{
	struct buffer old = *buffer;

	if (!encoder->start) {
		buffer_clear(buffer);
		return;
	}
	buffer->data = (char *)encoder->start;
	buffer->size = (size_t)(encoder->end - encoder->start);
	buffer->capacity = buffer->size + 1;
	buffer->data[buffer->size] = '\0';
	encoder->start = (uint8_t *)old.data;
	encoder->end = old.data ? encoder->start + old.capacity - 1 : NULL;
	encoder->at = encoder->end;
}

bool encoder_end(struct encoder *encoder)
{
	if (encoder->most && encoder_size(encoder) > encoder->most)
		encoder->failed = encoder->exceeded = true;
	return !encoder->failed;
}

/* Room for @size bytes more; what is written stays at the end. */
static bool encoder_grow(struct encoder *encoder, size_t size)
{
	size_t written = encoder_size(encoder);
	size_t capacity = (size_t)(encoder->end - encoder->start);
	uint8_t *grown;

	if (encoder->failed || size > SIZE_MAX / 4)
		goto fail;
	capacity = capacity ? capacity * 2 : FIRST_SIZE;
	while (capacity - written < size)
		capacity *= 2;
	encoder->exceeded = encoder->most && written + size > encoder->most + HEAD_MOST;
	if (encoder->exceeded)
		goto fail;
	/* One more for the NUL of encoder_give(). */
	grown = memory_alloc(capacity + 1);
	if (!grown)
		goto fail;
	if (written)
		memcpy(grown + capacity - written, encoder->at, written);
	memory_free(encoder->start);
	encoder->start = grown;
	encoder->end = grown + capacity;
	encoder->at = encoder->end - written;
	return true;
fail:
	encoder->failed = true;
	return false;
}

static inline bool encoder_reserve(struct encoder *encoder, size_t size)
{
	return (size_t)(encoder->at - encoder->start) >= size || encoder_grow(encoder, size);
}

/* --- pieces, where there is room --------------------------------------------------------------- */

static inline void put_varint(struct encoder *encoder, uint64_t value)
{
	unsigned size = 1;
	uint8_t *at;

	if (value < 0x80) {
		*--encoder->at = (uint8_t)value;
		return;
	}
	for (uint64_t rest = value >> 7; rest; rest >>= 7)
		size++;
	at = encoder->at -= size;
	for (; value >= 0x80; value >>= 7)
		*at++ = (uint8_t)(value | 0x80);
	*at = (uint8_t)value;
}

static inline void put_tag(struct encoder *encoder, unsigned field, enum wire wire)
{
	put_varint(encoder, (uint64_t)field << 3 | wire);
}

static inline void put_fixed(struct encoder *encoder, uint64_t value, unsigned size)
{
	encoder->at -= size;
	for (unsigned i = 0; i < size; i++)
		encoder->at[i] = (uint8_t)(value >> (8 * i));
}

void encode_bytes(struct encoder *encoder, struct slice bytes)
{
	if (bytes.size == 0 || !encoder_reserve(encoder, bytes.size))
		return;
	encoder->at -= bytes.size;
	memcpy(encoder->at, bytes.data, bytes.size);
}

void encode_varint(struct encoder *encoder, uint64_t value)
{
	if (encoder_reserve(encoder, VARINT_MOST))
		put_varint(encoder, value);
}

void encode_number(struct encoder *encoder, unsigned field, uint64_t value)
{
	if (value == 0 || !encoder_reserve(encoder, HEAD_MOST))
		return;
	put_varint(encoder, value);
	put_tag(encoder, field, WIRE_VARINT);
}

/* A text or bytes, empty or not. */
static void put_run(struct encoder *encoder, unsigned field, const void *data, size_t size)
{
	if (size > SIZE_MAX / 4) {
		encoder->failed = true;
		return;
	}
	if (!encoder_reserve(encoder, size + HEAD_MOST))
		return;
	encoder->at -= size;
	if (size)
		memcpy(encoder->at, data, size);
	put_varint(encoder, size);
	put_tag(encoder, field, WIRE_BYTES);
}

void encode_text(struct encoder *encoder, unsigned field, const char *text)
{
	if (*text)
		put_run(encoder, field, text, strlen(text));
}

void encode_close(struct encoder *encoder, unsigned field, size_t size)
{
	if (!encoder_reserve(encoder, HEAD_MOST))
		return;
	put_varint(encoder, encoder_size(encoder) - size);
	put_tag(encoder, field, WIRE_BYTES);
}

/* --- fields ------------------------------------------------------------------------------------ */

static inline uint32_t zigzag32(int32_t value)
{
	return (uint32_t)value << 1 ^ (uint32_t)(value >> 31);
}

static inline uint64_t zigzag64(int64_t value)
{
	return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

/* A number of any kind, without its field's number; answers how it lies on the wire. */
static enum wire put_number(struct encoder *encoder, ProtobufCType type, const void *element)
{
	switch (type) {
	case PROTOBUF_C_TYPE_SINT32:
		put_varint(encoder, zigzag32(*(const int32_t *)element));
		break;
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_INT32:
		/* A negative one takes ten bytes, as if it were an int64. */
		put_varint(encoder, (uint64_t)(int64_t) * (const int32_t *)element);
		break;
	case PROTOBUF_C_TYPE_UINT32:
		put_varint(encoder, *(const uint32_t *)element);
		break;
	case PROTOBUF_C_TYPE_SINT64:
		put_varint(encoder, zigzag64(*(const int64_t *)element));
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		put_varint(encoder, *(const uint64_t *)element);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		put_varint(encoder, *(const protobuf_c_boolean *)element ? 1 : 0);
		break;
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		put_fixed(encoder, *(const uint32_t *)element, 4);
		return WIRE_FIXED32;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		put_fixed(encoder, *(const uint64_t *)element, 8);
		return WIRE_FIXED64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
	default:
		break;
	}
	return WIRE_VARINT;
}

/* One value with its field's number, whatever it is. */
static void put_element(struct encoder *encoder, const ProtobufCFieldDescriptor *field,
		const void *element)
{
	if (field->type == PROTOBUF_C_TYPE_STRING) {
		const char *text = *(const char *const *)element;

		put_run(encoder, field->id, text, text ? strlen(text) : 0);
	} else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		const ProtobufCMessage *message = *(const ProtobufCMessage *const *)element;
		size_t size = encoder_size(encoder);

		if (message)
			encode_message(encoder, message);
		encode_close(encoder, field->id, size);
	} else if (field->type == PROTOBUF_C_TYPE_BYTES) {
		const ProtobufCBinaryData *bytes = element;

		put_run(encoder, field->id, bytes->data, bytes->len);
	} else if (encoder_reserve(encoder, HEAD_MOST)) {
		enum wire wire = put_number(encoder, field->type, element);

		put_tag(encoder, field->id, wire);
	}
}

static void put_repeated(struct encoder *encoder, const ProtobufCFieldDescriptor *field,
		const void *list, size_t count)
{
	size_t width = element_size(field->type);
	size_t size = encoder_size(encoder);

	if (!(field->flags & PROTOBUF_C_FIELD_FLAG_PACKED)) {
		while (count-- > 0)
			put_element(encoder, field, (const char *)list + count * width);
		return;
	}
	while (count-- > 0) {
		if (!encoder_reserve(encoder, HEAD_MOST))
			return;
		(void)put_number(encoder, field->type, (const char *)list + count * width);
	}
	encode_close(encoder, field->id, size);
}

/* Of a field without presence, whether it is left out. */
static bool is_zero(const ProtobufCFieldDescriptor *field, const void *member)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING: {
		const char *text = *(const char *const *)member;

		return !text || !*text;
	}
	case PROTOBUF_C_TYPE_MESSAGE:
		return !*(const void *const *)member;
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)member)->len == 0;
	case PROTOBUF_C_TYPE_BOOL:
		return !*(const protobuf_c_boolean *)member;
	case PROTOBUF_C_TYPE_FLOAT:
		return *(const float *)member == 0;
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const double *)member == 0;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return *(const uint64_t *)member == 0;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_ENUM:
	default:
		return *(const uint32_t *)member == 0;
	}
}

/* Of one with presence: a text or message that nobody set is as good as absent. */
static bool is_absent(const ProtobufCFieldDescriptor *field, const void *member)
{
	const void *pointer;

	if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
		return false;
	pointer = *(const void *const *)member;
	return !pointer || pointer == field->default_value;
}

static inline void put_field(struct encoder *encoder, const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field)
{
	const char *base = (const char *)message;
	const void *member = base + field->offset;
	const void *quantifier = base + field->quantifier_offset;

	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		size_t count = *(const size_t *)quantifier;

		if (count)
			put_repeated(encoder, field, *(const void *const *)member, count);
		return;
	}
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		if (*(const uint32_t *)quantifier != field->id || is_absent(field, member))
			return;
	} else if (field->label == PROTOBUF_C_LABEL_NONE) {
		if (is_zero(field, member))
			return;
	} else if (field->label == PROTOBUF_C_LABEL_OPTIONAL) {
		bool is_pointer = field->type == PROTOBUF_C_TYPE_STRING ||
				  field->type == PROTOBUF_C_TYPE_MESSAGE;

		if (is_pointer ? is_absent(field, member)
			       : !*(const protobuf_c_boolean *)quantifier)
			return;
	}
	put_element(encoder, field, member);
}

void encode_fields(struct encoder *encoder, const ProtobufCMessage *message, unsigned first,
		unsigned last)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	unsigned i = descriptor->n_fields;

	/* They stand in the order of their numbers. */
	while (i > 0 && descriptor->fields[i - 1].id > last)
		i--;
	for (; i > 0 && descriptor->fields[i - 1].id >= first; i--)
		put_field(encoder, message, &descriptor->fields[i - 1]);
}

void encode_message(struct encoder *encoder, const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;

	for (unsigned i = message->n_unknown_fields; i > 0; i--) {
		const ProtobufCMessageUnknownField *field = &message->unknown_fields[i - 1];

		/* ->data holds the length of bytes too. */
		encode_bytes(encoder, (struct slice){ (const char *)field->data, field->len });
		if (encoder_reserve(encoder, VARINT_MOST))
			put_tag(encoder, field->tag, (enum wire)field->wire_type);
	}
	for (unsigned i = descriptor->n_fields; i > 0; i--)
		put_field(encoder, message, &descriptor->fields[i - 1]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The small scalars of the mapping: integers of every width, base64, and valid text. */
#include "proto/codec/field.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

enum integer_kind {
	INTEGER_NONE,
	INTEGER_INT32,
	INTEGER_UINT32,
	INTEGER_INT64,
	INTEGER_UINT64,
};

static enum integer_kind integer_kind_of(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return INTEGER_INT32;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return INTEGER_UINT32;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return INTEGER_INT64;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return INTEGER_UINT64;
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		break;
	}
	return INTEGER_NONE;
}

bool field_is_integer(const ProtobufCFieldDescriptor *field)
{
	return integer_kind_of(field) != INTEGER_NONE;
}

enum integer_outcome integer_store(
		const ProtobufCFieldDescriptor *field, long long value, void *element)
{
	switch (integer_kind_of(field)) {
	case INTEGER_INT32:
		if (value < INT32_MIN || value > INT32_MAX)
			return INTEGER_RANGE;
		*(int32_t *)element = (int32_t)value;
		return INTEGER_OK;
	case INTEGER_UINT32:
		if (value < 0 || value > UINT32_MAX)
			return INTEGER_RANGE;
		*(uint32_t *)element = (uint32_t)value;
		return INTEGER_OK;
	case INTEGER_INT64:
		*(int64_t *)element = value;
		return INTEGER_OK;
	case INTEGER_UINT64:
		if (value < 0)
			return INTEGER_RANGE;
		*(uint64_t *)element = (uint64_t)value;
		return INTEGER_OK;
	case INTEGER_NONE:
		break;
	}
	return INTEGER_SYNTAX;
}

enum integer_outcome integer_parse(
		const ProtobufCFieldDescriptor *field, struct slice text, void *element)
{
	bool negative = text.size > 0 && text.data[0] == '-';
	uint64_t magnitude = 0;
	size_t i = negative;

	if (i == text.size || (text.data[i] == '0' && text.size > i + 1))
		return INTEGER_SYNTAX;
	for (size_t k = i; k < text.size; k++) {
		if (text.data[k] < '0' || text.data[k] > '9')
			return INTEGER_SYNTAX;
	}
	for (; i < text.size; i++) {
		if (__builtin_mul_overflow(magnitude, 10, &magnitude) ||
				__builtin_add_overflow(magnitude,
						(uint64_t)(text.data[i] - '0'), &magnitude))
			return INTEGER_RANGE;
	}
	if (negative) {
		if (magnitude > (uint64_t)INT64_MAX + 1)
			return INTEGER_RANGE;
		return integer_store(field, (long long)(0 - magnitude), element);
	}
	if (magnitude <= INT64_MAX)
		return integer_store(field, (long long)magnitude, element);
	if (integer_kind_of(field) != INTEGER_UINT64)
		return INTEGER_RANGE;
	*(uint64_t *)element = magnitude;
	return INTEGER_OK;
}

void integer_print(const ProtobufCFieldDescriptor *field, const void *element, char out[24])
{
	switch (integer_kind_of(field)) {
	case INTEGER_INT32:
		(void)snprintf(out, 24, "%" PRId32, *(const int32_t *)element);
		break;
	case INTEGER_UINT32:
		(void)snprintf(out, 24, "%" PRIu32, *(const uint32_t *)element);
		break;
	case INTEGER_INT64:
		(void)snprintf(out, 24, "%" PRId64, *(const int64_t *)element);
		break;
	case INTEGER_UINT64:
		(void)snprintf(out, 24, "%" PRIu64, *(const uint64_t *)element);
		break;
	case INTEGER_NONE:
		out[0] = '\0';
		break;
	}
}

size_t text_valid_size(struct slice text)
{
	const unsigned char *bytes = (const unsigned char *)text.data;
	size_t at = 0;

	while (at < text.size) {
		utf8proc_int32_t point;
		utf8proc_ssize_t size;
		uint64_t eight;

		/* Eight bytes at once while none is 0 or beyond ASCII: then subtracting 1 from each
		 * borrows nowhere, and leaves the high bits clear. */
		if (at + sizeof(eight) <= text.size) {
			memcpy(&eight, bytes + at, sizeof(eight));
			if (!((eight | (eight - 0x0101010101010101U)) & 0x8080808080808080U)) {
				at += sizeof(eight);
				continue;
			}
		}
		if (bytes[at] != 0 && bytes[at] < 0x80) {
			at++;
			continue;
		}
		if (bytes[at] == 0)
			return at;
		size = utf8proc_iterate(bytes + at, (utf8proc_ssize_t)(text.size - at), &point);
		if (size <= 0)
			return at;
		at += (size_t)size;
	}
	return at;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

bool base64_parse(struct slice text, struct arena *arena, ProtobufCBinaryData *out_bytes,
		bool *out_exhausted)
{
	size_t digits = text.size;
	unsigned bits = 0;
	unsigned held = 0;
	uint8_t *bytes;
	size_t size = 0;

	*out_exhausted = false;
	while (digits > 0 && text.size - digits < 2 && text.data[digits - 1] == '=')
		digits--;
	if (digits % 4 == 1 || (digits != text.size && text.size % 4 != 0))
		return false;
	bytes = arena_alloc(arena, digits / 4 * 3 + 3);
	if (!bytes) {
		*out_exhausted = true;
		return false;
	}
	for (size_t i = 0; i < digits; i++) {
		int digit = base64_digit(text.data[i]);

		if (digit < 0)
			return false;
		bits = (bits << 6 | (unsigned)digit) & 0xffffff;
		held += 6;
		if (held >= 8) {
			held -= 8;
			bytes[size++] = (uint8_t)(bits >> held);
		}
	}
	*out_bytes = (ProtobufCBinaryData){ .len = size, .data = bytes };
	return true;
}

void base64_print(const ProtobufCBinaryData *bytes, struct buffer *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	for (size_t i = 0; i < bytes->len; i += 3) {
		size_t left = bytes->len - i;
		unsigned group = (unsigned)bytes->data[i] << 16;
		char four[4];

		if (left > 1)
			group |= (unsigned)bytes->data[i + 1] << 8;
		if (left > 2)
			group |= bytes->data[i + 2];
		four[0] = digits[group >> 18];
		four[1] = digits[group >> 12 & 63];
		four[2] = left > 1 ? digits[group >> 6 & 63] : '=';
		four[3] = left > 2 ? digits[group & 63] : '=';
		buffer_append(out, four, sizeof(four));
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What protobuf-c's descriptors do not say by themselves: names in JSON, maps, presence, units,
 * enum prefixes; and building a message field by field in an arena. Inner header of the codec.
 *
 * An "element" is one value of a field: a repeated field has many, any other at most one. Its
 * type in C follows from the field's type: int32_t, uint64_t, protobuf_c_boolean, char *,
 * ProtobufCBinaryData, ProtobufCMessage * ...
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIELD_NAME_SIZE 96 /* longest name in JSON, with its NUL */
#define FIELDS_MAX 128	   /* most fields of one message; a test holds the schema to it */
#define FIELD_DEPTH_MAX 32 /* nested messages in JSON and levels in YAML */

enum field_unit {
	FIELD_UNIT_NONE,
	FIELD_UNIT_MONEY,
	FIELD_UNIT_RATIO,
	FIELD_UNIT_DAYS,
	FIELD_UNIT_MONTHS,
	FIELD_UNIT_YEARS,
};

/* Fields already seen in one object, by their index in the descriptor. */
struct field_set {
	uint64_t bits[FIELDS_MAX / 64];
};

/* Where in a message we are; each level stands on the stack of the function that went down. */
struct field_path {
	const struct field_path *parent;
	const ProtobufCFieldDescriptor *field;
	size_t index;
	bool has_index;
};

/** "profile.attributes[3].name", cut off at @size. */
void field_path_print(const struct field_path *path, char *out, size_t size);

/** true when the field was not in the set yet; it is afterwards. */
bool field_set_add(struct field_set *set, const ProtobufCMessageDescriptor *descriptor,
		const ProtobufCFieldDescriptor *field);

/** The field with that number, or NULL; most messages number theirs from 1 without gaps. */
static inline const ProtobufCFieldDescriptor *field_of_number(
		const ProtobufCMessageDescriptor *descriptor, uint64_t number)
{
	if (number - 1 < descriptor->n_fields && descriptor->fields[number - 1].id == number)
		return &descriptor->fields[number - 1];
	if (number > UINT32_MAX >> 3) /* beyond what a tag can say */
		return NULL;
	return protobuf_c_message_descriptor_get_field(descriptor, (unsigned)number);
}

bool field_is_repeated(const ProtobufCFieldDescriptor *field);
/** A map: a repeated message "...Entry" of key = 1 and value = 2. */
bool field_is_map(const ProtobufCFieldDescriptor *field);
/** A member of a oneof, which is how proto3 `optional` arrives too: it has explicit presence.
 */
bool field_is_oneof(const ProtobufCFieldDescriptor *field);
enum field_unit field_unit_of(const ProtobufCFieldDescriptor *field);

/** Elements to print: of a single field 0 or 1, and 0 also for a default without presence. */
size_t field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/** Borrowed from the message. For a single field @index is 0. */
const void *field_element(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t index);
/** The member of the same oneof that is set already, or NULL. */
const ProtobufCFieldDescriptor *field_find_rival(
		const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/** The lowerCamelCase name; the text is cut at FIELD_NAME_SIZE. */
void field_json_name(const ProtobufCFieldDescriptor *field, char out[FIELD_NAME_SIZE]);
/** By snake_case or lowerCamelCase name; NULL when there is none. */
const ProtobufCFieldDescriptor *field_find(
		const ProtobufCMessageDescriptor *descriptor, struct slice name);
/** The field that was probably meant, or NULL. */
const char *field_suggest(const ProtobufCMessageDescriptor *descriptor, struct slice name);

/** The value's name without the enum's prefix: "ELIGIBLE" for VERDICT_ELIGIBLE. */
const char *enum_short_name(const ProtobufCEnumDescriptor *descriptor, const char *name);
/** By full or short name; NULL when there is none. */
const ProtobufCEnumValue *enum_find(
		const ProtobufCEnumDescriptor *descriptor, struct slice name);
/** The short name that was probably meant, or NULL. */
const char *enum_suggest(const ProtobufCEnumDescriptor *descriptor, struct slice name);

/** An empty message in @arena; NULL when exhausted. */
ProtobufCMessage *message_new(
		const ProtobufCMessageDescriptor *descriptor, struct arena *arena);
/** Room for one more element (zeroed), presence noted; NULL when exhausted. */
void *field_add_element(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
		struct arena *arena);

enum integer_outcome {
	INTEGER_OK,
	INTEGER_SYNTAX, /* not a decimal integer */
	INTEGER_RANGE,	/* too large for its type */
};

bool field_is_integer(const ProtobufCFieldDescriptor *field);
/** Reads "-12" into an element of an integer field: no plus sign, no leading zeros. */
enum integer_outcome integer_parse(
		const ProtobufCFieldDescriptor *field, struct slice text, void *element);
/** Stores an integer into an element of an integer field. */
enum integer_outcome integer_store(
		const ProtobufCFieldDescriptor *field, long long value, void *element);
/** Reads an element of an integer field as text, into @out of at least 24 bytes. */
void integer_print(const ProtobufCFieldDescriptor *field, const void *element, char out[24]);

/** How many bytes of @text, from its start, are valid UTF-8 without NUL. */
size_t text_valid_size(struct slice text);

/**
 * For a map field: marks in @out_overridden (field_count() bytes, zeroed) the entries whose key
 * comes again later; the last one counts. false when memory is short.
 */
bool map_mark_overridden(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
		bool *out_overridden);

/** Base64 of proto3 JSON: reads the standard and the URL alphabet, padded or not. */
bool base64_parse(struct slice text, struct arena *arena, ProtobufCBinaryData *out_bytes,
		bool *out_exhausted);
/** Appends the standard alphabet, padded. */
void base64_print(const ProtobufCBinaryData *bytes, struct buffer *out);

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec/field.h"

#include "base/memory.h"
#include "proto/codec/value_text.h"
#include "proto/codec/wire.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t path_append(const struct field_path *path, char *out, size_t size)
{
	size_t used = 0;
	int written;

	if (path->parent) {
		used = path_append(path->parent, out, size);
		if (used + 1 < size && used > 0)
			out[used++] = '.';
	}
	if (!path->field)
		return used;
	if (path->has_index)
		written = snprintf(out + used, size - used, "%s[%zu]", path->field->name,
				path->index);
	else
		written = snprintf(out + used, size - used, "%s", path->field->name);
	used += written < 0 ? 0 : (size_t)written;
	return used < size ? used : size - 1;
}

void field_path_print(const struct field_path *path, char *out, size_t size)
{
	assert(size > 0);
	out[path ? path_append(path, out, size) : 0] = '\0';
}

bool field_set_add(struct field_set *set, const ProtobufCMessageDescriptor *descriptor,
		const ProtobufCFieldDescriptor *field)
{
	size_t i = (size_t)(field - descriptor->fields);
	uint64_t bit = UINT64_C(1) << (i % 64);

	assert(i < FIELDS_MAX);
	if (set->bits[i / 64] & bit)
		return false;
	set->bits[i / 64] |= bit;
	return true;
}

bool field_is_repeated(const ProtobufCFieldDescriptor *field)
{
	return field->label == PROTOBUF_C_LABEL_REPEATED;
}

bool field_is_map(const ProtobufCFieldDescriptor *field)
{
	const ProtobufCMessageDescriptor *entry;
	size_t size;

	if (!field_is_repeated(field) || field->type != PROTOBUF_C_TYPE_MESSAGE)
		return false;
	entry = field->descriptor;
	size = strlen(entry->short_name);
	return size > 5 && strcmp(entry->short_name + size - 5, "Entry") == 0 &&
	       entry->n_fields == 2 && entry->fields[0].id == 1 && entry->fields[1].id == 2 &&
	       strcmp(entry->fields[0].name, "key") == 0 &&
	       strcmp(entry->fields[1].name, "value") == 0;
}

bool field_is_oneof(const ProtobufCFieldDescriptor *field)
{
	return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

enum field_unit field_unit_of(const ProtobufCFieldDescriptor *field)
{
	static const struct {
		const char *ending;
		enum field_unit unit;
	} endings[] = {
		{ "_fen", FIELD_UNIT_MONEY },
		{ "_ppm", FIELD_UNIT_RATIO },
		{ "_days", FIELD_UNIT_DAYS },
		{ "_months", FIELD_UNIT_MONTHS },
		{ "_years", FIELD_UNIT_YEARS },
	};
	size_t size = strlen(field->name);

	if (!field_is_integer(field))
		return FIELD_UNIT_NONE;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t ending = strlen(endings[i].ending);

		if (size > ending &&
				strcmp(field->name + size - ending, endings[i].ending) == 0)
			return endings[i].unit;
	}
	return FIELD_UNIT_NONE;
}

/* Whether a single field outside of any oneof holds something other than its default. */
static bool element_is_default(const ProtobufCFieldDescriptor *field, const void *element)
{
	static const char zero[16];

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING: {
		const char *const *text = element;

		return !*text || !**text;
	}
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)element)->len == 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(ProtobufCMessage *const *)element == NULL;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
	case PROTOBUF_C_TYPE_BOOL:
		break;
	}
	return memcmp(element, zero, element_size(field->type)) == 0;
}

size_t field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *base = (const char *)message;

	if (field_is_repeated(field))
		return *(const size_t *)(base + field->quantifier_offset);
	if (field_is_oneof(field)) {
		if (*(const uint32_t *)(base + field->quantifier_offset) != field->id)
			return 0;
		/* A chosen message that nobody set has nothing to show. */
		return field->type != PROTOBUF_C_TYPE_MESSAGE ||
		       !element_is_default(field, base + field->offset);
	}
	return !element_is_default(field, base + field->offset);
}

const void *field_element(const ProtobufCMessage *message,
		const ProtobufCFieldDescriptor *field, size_t index)
{
	const char *base = (const char *)message;

	if (!field_is_repeated(field))
		return base + field->offset;
	return *(const char *const *)(base + field->offset) + index * element_size(field->type);
}

const ProtobufCFieldDescriptor *field_find_rival(
		const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	uint32_t chosen;

	if (!field_is_oneof(field))
		return NULL;
	chosen = *(const uint32_t *)((const char *)message + field->quantifier_offset);
	if (chosen == 0 || chosen == field->id)
		return NULL;
	return protobuf_c_message_descriptor_get_field(message->descriptor, chosen);
}

void field_json_name(const ProtobufCFieldDescriptor *field, char out[FIELD_NAME_SIZE])
{
	size_t used = 0;
	bool upper = false;

	for (const char *at = field->name; *at && used + 1 < FIELD_NAME_SIZE; at++) {
		if (*at == '_') {
			upper = true;
			continue;
		}
		out[used++] = upper && *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
		upper = false;
	}
	out[used] = '\0';
}

const ProtobufCFieldDescriptor *field_find(
		const ProtobufCMessageDescriptor *descriptor, struct slice name)
{
	unsigned low = 0;
	unsigned high = descriptor->n_fields;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		const ProtobufCFieldDescriptor *field =
				&descriptor->fields[descriptor->fields_sorted_by_name[middle]];
		int order = slice_compare(name, slice_from(field->name));

		if (order == 0)
			return field;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		char json_name[FIELD_NAME_SIZE];

		field_json_name(&descriptor->fields[i], json_name);
		if (slice_equals_text(name, json_name))
			return &descriptor->fields[i];
	}
	return NULL;
}

const char *field_suggest(const ProtobufCMessageDescriptor *descriptor, struct slice name)
{
	const char *names[FIELDS_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < descriptor->n_fields && count < FIELDS_MAX; i++)
		names[count++] = descriptor->fields[i].name;
	return name_suggest(name, names, count);
}

/* The length of the prefix that every value's name carries: the enum's name in upper snake
 * case. */
static size_t enum_prefix_size(const ProtobufCEnumDescriptor *descriptor, const char *name)
{
	size_t used = 0;

	for (const char *at = descriptor->short_name; *at; at++) {
		bool is_upper = *at >= 'A' && *at <= 'Z';
		char letter = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;

		if (is_upper && at != descriptor->short_name && name[used++] != '_')
			return 0;
		if (name[used++] != letter)
			return 0;
	}
	return name[used] == '_' && name[used + 1] ? used + 1 : 0;
}

const char *enum_short_name(const ProtobufCEnumDescriptor *descriptor, const char *name)
{
	return name + enum_prefix_size(descriptor, name);
}

const ProtobufCEnumValue *enum_find(
		const ProtobufCEnumDescriptor *descriptor, struct slice name)
{
	for (unsigned i = 0; i < descriptor->n_values; i++) {
		const char *full = descriptor->values[i].name;

		if (slice_equals_text(name, full) ||
				slice_equals_text(name, enum_short_name(descriptor, full)))
			return &descriptor->values[i];
	}
	return NULL;
}

const char *enum_suggest(const ProtobufCEnumDescriptor *descriptor, struct slice name)
{
	const char *names[FIELDS_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < descriptor->n_values && count < FIELDS_MAX; i++)
		names[count++] = enum_short_name(descriptor, descriptor->values[i].name);
	return name_suggest(name, names, count);
}

ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
	ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);

	if (message)
		protobuf_c_message_init(descriptor, message);
	return message;
}

void *field_add_element(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
		struct arena *arena)
{
	char *base = (char *)message;
	size_t size = element_size(field->type);
	size_t *count;
	char **list;

	if (!field_is_repeated(field)) {
		if (field_is_oneof(field)) {
			*(uint32_t *)(base + field->quantifier_offset) = field->id;
			memset(base + field->offset, 0, size);
		}
		return base + field->offset;
	}
	count = (size_t *)(base + field->quantifier_offset);
	list = (char **)(base + field->offset);
	/* The room is 4, 8, 16 ...: it follows from the count and needs no place of its own. */
	if (*count == 0 || (*count >= 4 && (*count & (*count - 1)) == 0)) {
		size_t room = *count ? *count * 2 : 4;
		char *larger = arena_alloc_zero(arena, room, size);

		if (!larger)
			return NULL;
		if (*count)
			memcpy(larger, *list, *count * size);
		*list = larger;
	}
	return *list + (*count)++ * size;
}

struct map_key {
	struct slice key;
	size_t index;
};

static int map_key_compare(const void *left, const void *right)
{
	const struct map_key *a = left;
	const struct map_key *b = right;
	int order = slice_compare(a->key, b->key);

	return order ? order : (a->index > b->index) - (a->index < b->index);
}

bool map_mark_overridden(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
		bool *out_overridden)
{
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	const ProtobufCFieldDescriptor *key = &entry->fields[0];
	size_t count = field_count(message, field);
	struct map_key *keys;

	if (count < 2)
		return true;
	keys = memory_alloc_zero(count, sizeof(*keys));
	if (!keys)
		return false;
	for (size_t i = 0; i < count; i++) {
		const ProtobufCMessage *const *at = field_element(message, field, i);
		const void *element = field_element(*at, key, 0);

		keys[i].index = i;
		if (key->type == PROTOBUF_C_TYPE_STRING)
			keys[i].key = slice_from(*(const char *const *)element);
		else
			keys[i].key = (struct slice){ element, element_size(key->type) };
	}
	qsort(keys, count, sizeof(*keys), map_key_compare);
	for (size_t i = 0; i + 1 < count; i++) {
		if (slice_equals(keys[i].key, keys[i + 1].key))
			out_overridden[keys[i].index] = true;
	}
	memory_free(keys);
	return true;
}

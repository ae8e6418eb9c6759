/* SPDX-License-Identifier: Apache-2.0 */
/* Field paths: "conditions.budget.source", "amount.caps.0", followed over descriptors. */
#include "publish/check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static struct slice next_segment(const char **path)
{
	size_t size = strcspn(*path, ".");
	struct slice segment = { *path, size };

	*path += size + ((*path)[size] == '.');
	return segment;
}

static const ProtobufCFieldDescriptor *find_field(
		const ProtobufCMessage *message, struct slice name)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++)
		if (slice_equals_text(name, message->descriptor->fields[i].name))
			return &message->descriptor->fields[i];
	return NULL;
}

/* By the number in @segment, or by the field that names messages of this kind. */
static const ProtobufCMessage *find_element(
		ProtobufCMessage *const *list, size_t count, struct slice segment)
{
	static const char *const keys[] = { "id", "name", "code", "group" };
	size_t number = 0;
	bool is_number = segment.size > 0 && segment.size < 7;

	for (size_t i = 0; i < segment.size && is_number; i++) {
		is_number = isdigit((unsigned char)segment.data[i]);
		number = number * 10 + (size_t)(segment.data[i] - '0');
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
			const ProtobufCFieldDescriptor *field =
					find_field(list[i], slice_from(keys[k]));

			/* A member of a oneof is a value, and may not be there at all. */
			if (!field || field->type != PROTOBUF_C_TYPE_STRING ||
					(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
				continue;
			if (slice_equals_text(segment,
					    *(char *const *)(const void *)((const char *)list
											   [i] +
									   field->offset)))
				return list[i];
			break;
		}
	}
	return is_number && number < count ? list[number] : NULL;
}

/* Whether @field of @message holds something else than its default. */
static bool field_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *base = (const char *)message;
	const void *member = base + field->offset;

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)(const void *)(base + field->quantifier_offset) > 0;
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)(const void *)(base + field->quantifier_offset) ==
		       field->id;
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return **(char *const *)member != '\0';
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(ProtobufCMessage *const *)member;
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)member)->len > 0;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const uint64_t *)member != 0;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_BOOL:
		return *(const uint32_t *)member != 0;
	}
	return false;
}

bool path_resolve(const ProtobufCMessage *message, const char *path, bool must_be_set,
		char out_why[160])
{
	while (*path) {
		struct slice segment = next_segment(&path);
		const ProtobufCFieldDescriptor *field = find_field(message, segment);
		const char *base = (const char *)message;
		bool is_message;

		if (!field) {
			(void)snprintf(out_why, 160, "%s has no field \"%.*s\"",
					message->descriptor->short_name, SLICE_PRINT(segment));
			return false;
		}
		if (must_be_set && !field_is_set(message, field)) {
			(void)snprintf(out_why, 160, "\"%s\" is empty", field->name);
			return false;
		}
		is_message = field->type == PROTOBUF_C_TYPE_MESSAGE;
		if (*path && !is_message && field->label != PROTOBUF_C_LABEL_REPEATED) {
			(void)snprintf(out_why, 160, "\"%s\" has no fields", field->name);
			return false;
		}
		if (!*path || !field_is_set(message, field))
			return true;
		if (field->label != PROTOBUF_C_LABEL_REPEATED) {
			message = *(ProtobufCMessage *const *)(const void *)(base +
									     field->offset);
			continue;
		}
		segment = next_segment(&path);
		if (!is_message)
			return true;
		message = find_element(*(ProtobufCMessage *const *const *)(const void
								       *)(base + field->offset),
				*(const size_t *)(const void *)(base +
								field->quantifier_offset),
				segment);
		if (!message) {
			(void)snprintf(out_why, 160, "\"%s\" has no \"%.*s\"", field->name,
					SLICE_PRINT(segment));
			return false;
		}
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/codec/unpack_memo.h"

#include "base/map.h"
#include "base/memory.h"
#include "proto/codec/field.h"
#include "proto/codec/wire.h"

#include <string.h>

#define MEMO_BUDGET ((size_t)64 << 20)
/* What is smaller is unpacked as quickly as found; what is larger is hardly ever repeated. */
#define SIZE_LEAST ((size_t)12)
#define SIZE_MOST ((size_t)16 << 10)
/*
 * Fields of which fewer than a quarter of so many were known are not looked for any more: the title of a policy is
 * its own, though most of its texts in two languages are those of others.
 */
#define TRIES 512

/* A part that is known, and the bytes it was unpacked from. */
struct known_part {
	ProtobufCMessage *message;
	struct field_tries *tries; /* of the field that it was first found in */
	size_t size;
	char bytes[];
};

struct unpack_memo {
	struct arena arena; /* of parts and forms */
	struct map known;
	struct read_form *forms; /* the last that was asked for first */
};

struct unpack_memo *unpack_memo_new(void)
{
	struct unpack_memo *memo = memory_alloc_zero(1, sizeof(*memo));

	if (memo)
		arena_init(&memo->arena, MEMO_BUDGET);
	return memo;
}

void unpack_memo_free(struct unpack_memo *memo)
{
	if (!memo)
		return;
	map_fini(&memo->known);
	arena_fini(&memo->arena);
	memory_free(memo);
}

/* --- forms ------------------------------------------------------------------------------------- */

static enum read_kind read_kind_of(const ProtobufCFieldDescriptor *field)
{
	bool is_noted = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 ||
			(field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset);

	if (field->label == PROTOBUF_C_LABEL_REPEATED || is_noted)
		return READ_OTHER;
	switch ((int)field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return READ_TEXT;
	case PROTOBUF_C_TYPE_MESSAGE:
		return READ_MESSAGE;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
		return READ_WORD;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		return READ_LONG;
	case PROTOBUF_C_TYPE_BOOL:
		return READ_FLAG;
	default:
		return READ_OTHER;
	}
}

static struct read_form *form_new(
		struct unpack_memo *memo, const ProtobufCMessageDescriptor *descriptor)
{
	struct read_form *form = ARENA_NEW(&memo->arena, struct read_form);
	struct read_field *fields =
			ARENA_NEW_ARRAY(&memo->arena, struct read_field, descriptor->n_fields);

	if (!form || !fields)
		return NULL;
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

		fields[i].field = field;
		if (field->id < READ_NUMBERS)
			form->places[field->id] = (struct read_place){
				.kind = (uint8_t)read_kind_of(field),
				.field = (uint8_t)i,
				.offset = (uint16_t)field->offset,
			};
	}
	form->descriptor = descriptor;
	form->fields = fields;
	form->next = memo->forms;
	memo->forms = form;
	return form;
}

struct read_form *unpack_memo_form(
		struct unpack_memo *memo, const ProtobufCMessageDescriptor *descriptor)
{
	struct read_form **link = &memo->forms;
	struct read_form *form;

	while (*link && (*link)->descriptor != descriptor)
		link = &(*link)->next;
	form = *link;
	if (form) {
		/* First, where whoever reads many of one type finds it at once. */
		*link = form->next;
		form->next = memo->forms;
		memo->forms = form;
		return form;
	}
	if (descriptor->n_fields > READ_FIELDS || descriptor->sizeof_message > UINT16_MAX)
		return NULL;
	return form_new(memo, descriptor);
}

/* --- parts ------------------------------------------------------------------------------------- */

/* A new one, with a copy of @bytes; NULL when memory is short. */
static struct known_part *part_new(
		struct unpack_memo *memo, struct slice bytes, struct field_tries *tries)
{
	struct known_part *part = arena_alloc(&memo->arena, sizeof(*part) + bytes.size);

	if (!part)
		return NULL;
	part->message = NULL;
	part->tries = tries;
	part->size = bytes.size;
	memcpy(part->bytes, bytes.data, bytes.size);
	return part;
}

ProtobufCMessage *unpack_memo_find(struct unpack_memo *memo, struct slice bytes,
		struct read_field *own, struct known_part **out_wanted)
{
	struct field_tries *tries = &own->tries;
	const struct known_part *part;

	*out_wanted = NULL;
	if (bytes.size < SIZE_LEAST || bytes.size > SIZE_MOST)
		return NULL;
	if (tries->tries >= TRIES && tries->hits < tries->tries / 4)
		return NULL;
	tries->tries++;
	part = tries->last;
	if (!part || part->size != bytes.size ||
			memcmp(part->bytes, bytes.data, bytes.size) != 0)
		part = map_find(&memo->known, bytes);
	if (part && part->message->descriptor == own->field->descriptor) {
		tries->hits++;
		tries->last = part;
		return part->message;
	}
	/* Of two types with the same bytes the first is kept. */
	if (!part && !memo->arena.exhausted)
		*out_wanted = part_new(memo, bytes, tries);
	return NULL;
}

void unpack_memo_keep(
		struct unpack_memo *memo, struct known_part *wanted, ProtobufCMessage *message)
{
	wanted->message = message;
	/* Or it is unpacked anew. */
	if (map_put(&memo->known, (struct slice){ wanted->bytes, wanted->size }, wanted))
		wanted->tries->last = wanted;
}

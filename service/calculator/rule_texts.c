/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/rule_texts.h"

#include "base/hash.h"
#include "policycalc/v1/catalog.pb-c.h"
#include "proto/codec/field.h"

#include <assert.h>
#include <string.h>

static bool name_ends_with(const char *name, const char *end)
{
	size_t size = strlen(name);
	size_t end_size = strlen(end);

	return size >= end_size && strcmp(name + size - end_size, end) == 0;
}

/* Score tables name their rules by what they mean: every text of theirs is one, or a mere name. */
static bool is_of_score_table(const ProtobufCMessageDescriptor *descriptor)
{
	return descriptor == &policycalc__v1__score_table__descriptor ||
	       descriptor == &policycalc__v1__score_group__descriptor ||
	       descriptor == &policycalc__v1__score_row__descriptor ||
	       descriptor == &policycalc__v1__score_metric__descriptor ||
	       descriptor == &policycalc__v1__score_step__descriptor ||
	       descriptor == &policycalc__v1__score_veto__descriptor;
}

static bool field_holds_rule(const ProtobufCMessageDescriptor *descriptor,
		const ProtobufCFieldDescriptor *field)
{
	if (field->type != PROTOBUF_C_TYPE_STRING)
		return false;
	return is_of_score_table(descriptor) || strcmp(field->name, "rule") == 0 ||
	       strcmp(field->name, "direct_pass") == 0 ||
	       name_ends_with(field->name, "_rule") || name_ends_with(field->name, "_if");
}

/* What stands to be looked at in messages of one type. */
enum field_role {
	FIELD_IDLE,
	FIELD_RULE,
	FIELD_BELOW, /* messages that have rules, or hold such as have */
};

static bool type_holds_rules(const ProtobufCMessageDescriptor *descriptor);

static enum field_role field_role(const ProtobufCMessageDescriptor *descriptor,
		const ProtobufCFieldDescriptor *field)
{
	if (field_holds_rule(descriptor, field))
		return FIELD_RULE;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
			field->descriptor != &policycalc__v1__example__descriptor &&
			type_holds_rules(field->descriptor))
		return FIELD_BELOW;
	return FIELD_IDLE;
}

/* The schema of the catalog has no recursive types, so that this ends. */
static bool type_holds_rules(const ProtobufCMessageDescriptor *descriptor)
{
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		if (field_role(descriptor, &descriptor->fields[i]) != FIELD_IDLE)
			return true;
	}
	return false;
}

#define RULE_TYPES_MOST 64
#define PLACES_MOST 32 /* of one type */

/* Which fields of a type are rules, or lead to some: of a list, its elements. */
struct rule_type {
	const ProtobufCMessageDescriptor *descriptor;
	size_t count;
	struct rule_place {
		uint16_t offset;
		uint16_t count_offset; /* of a list */
		bool is_list, is_rule;
		bool may_be_other; /* a member of a oneof: asked of the schema each time */
		uint8_t field;
		const struct rule_type *below; /* of messages */
	} places[PLACES_MOST];
};

/*
 * Most of a policy is words, papers and dates. What leads to rules follows from the schema alone, and is
 * found out once a thread and type, not once a message.
 */
static const struct rule_type *type_get(const ProtobufCMessageDescriptor *descriptor)
{
	static _Thread_local struct rule_type types[RULE_TYPES_MOST];
	static _Thread_local size_t count;
	struct rule_type *type = types;

	for (; type < types + count; type++) {
		if (type->descriptor == descriptor)
			return type;
	}
	assert(count < RULE_TYPES_MOST && descriptor->n_fields <= FIELDS_MAX &&
			descriptor->sizeof_message <= UINT16_MAX);
	count++;
	type->descriptor = descriptor;
	type->count = 0;
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		enum field_role role = field_role(descriptor, field);

		if (role == FIELD_IDLE)
			continue;
		assert(type->count < PLACES_MOST);
		type->places[type->count++] = (struct rule_place){
			.offset = (uint16_t)field->offset,
			.count_offset = (uint16_t)field->quantifier_offset,
			.is_list = field_is_repeated(field),
			.is_rule = role == FIELD_RULE,
			.may_be_other = field_is_oneof(field),
			.field = (uint8_t)i,
			.below = role == FIELD_BELOW ? type_get(field->descriptor) : NULL,
		};
	}
	return type;
}

static bool texts_tell(const ProtobufCMessage *message, const struct rule_type *type,
		struct rule_texts_told *told, rule_text_fn found, void *context);

static bool message_tell(const ProtobufCMessage *message, const struct rule_type *type,
		struct rule_texts_told *told, rule_text_fn found, void *context)
{
	const ProtobufCMessage **place;

	if (!told)
		return texts_tell(message, type, NULL, found, context);
	place = &told->messages[hash_mix((uintptr_t)message) % RULE_TEXTS_TOLD];
	if (*place == message)
		return true;
	if (!texts_tell(message, type, told, found, context))
		return false;
	*place = message;
	return true;
}

static bool element_tell(const void *element, const struct rule_place *place,
		struct rule_texts_told *told, rule_text_fn found, void *context)
{
	if (!place->is_rule)
		return message_tell(element, place->below, told, found, context);
	return found(context, element);
}

static bool texts_tell(const ProtobufCMessage *message, const struct rule_type *type,
		struct rule_texts_told *told, rule_text_fn found, void *context)
{
	const char *base = (const char *)message;

	for (size_t i = 0; i < type->count; i++) {
		const struct rule_place *place = &type->places[i];
		const void *value = *(const void *const *)(base + place->offset);

		if (place->is_list) {
			const void *const *list = value;
			size_t count = *(const size_t *)(base + place->count_offset);

			for (size_t k = 0; k < count; k++) {
				if (!element_tell(list[k], place, told, found, context))
					return false;
			}
			continue;
		}
		if (place->may_be_other &&
				!field_count(message,
						&message->descriptor->fields[place->field]))
			continue;
		/* Nothing is told of a text that is not set, or empty. */
		if (value && (!place->is_rule || *(const char *)value) &&
				!element_tell(value, place, told, found, context))
			return false;
	}
	return true;
}

bool rule_texts_each(const ProtobufCMessage *message, struct rule_texts_told *told,
		rule_text_fn found, void *context)
{
	return texts_tell(message, type_get(message->descriptor), told, found, context);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "calculator/rule_texts.h"

#include "policycalc/v1/catalog.pb-c.h"
#include "proto/codec/field.h"

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

/* The schema of the catalog has no recursive types, so that this ends. */
bool rule_texts_each(const ProtobufCMessage *message, rule_text_fn found, void *context)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;

	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		bool is_rule = field_holds_rule(descriptor, field);

		if (field->descriptor == &policycalc__v1__example__descriptor ||
				(!is_rule && field->type != PROTOBUF_C_TYPE_MESSAGE))
			continue;
		for (size_t k = 0; k < field_count(message, field); k++) {
			const void *element = field_element(message, field, k);

			if (is_rule ? !found(context, *(const char *const *)element)
				    : !rule_texts_each(
						      *(const ProtobufCMessage *const *)element,
						      found, context))
				return false;
		}
	}
	return true;
}

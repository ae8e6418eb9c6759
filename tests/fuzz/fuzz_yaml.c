/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a policy file: refused with a report, or what it says prints and reads back the same. What could be read
 * of it is a message without holes.
 */
#include "policycalc/v1/catalog.pb-c.h"
#include "proto/codec/codec.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what, const struct buffer *text)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s:\n%s\n", what, text->data ? text->data : "");
	abort();
}

static ProtobufCMessage *parse(
		struct slice text, struct arena *arena, struct diagnostics *diagnostics)
{
	diagnostics_init(diagnostics, arena);
	return message_parse_yaml(text, &policycalc__v1__policy__descriptor, "fuzz.yaml", arena,
			diagnostics, NULL);
}

static bool is_pointer(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
}

/* Texts are never NULL, and messages only where one is not there. */
static void holes_find(const ProtobufCMessage *message)
{
	const char *base = (const char *)message;

	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const void *const *list =
				(const void *const *)(const void *)(base + field->offset);
		bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
		bool is_choice = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
		const void *quantifier = base + field->quantifier_offset;
		size_t count = is_list ? *(const size_t *)quantifier : 1;

		if (!is_pointer(field) ||
				(is_choice && *(const uint32_t *)quantifier != field->id))
			continue;
		if (is_list)
			list = *list;
		for (size_t k = 0; k < count; k++) {
			check(list[k] || (field->type == PROTOBUF_C_TYPE_MESSAGE && !is_list &&
							 !is_choice),
					field->name, &(struct buffer){ 0 });
			if (list[k] && field->type == PROTOBUF_C_TYPE_MESSAGE)
				holes_find(list[k]);
		}
	}
}

static void part_check(struct slice text)
{
	struct diagnostics diagnostics;
	ProtobufCMessage *message;
	struct arena arena;
	bool whole;

	arena_init(&arena, (size_t)256 << 20);
	diagnostics_init(&diagnostics, &arena);
	message = message_parse_yaml_partly(text, &policycalc__v1__policy__descriptor,
			"fuzz.yaml", &arena, &diagnostics, NULL, &whole);
	if (message)
		holes_find(message);
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnostics diagnostics;
	struct buffer text = { 0 };
	struct buffer again = { 0 };
	ProtobufCMessage *message;
	struct arena arena;

	arena_init(&arena, (size_t)256 << 20);
	message = parse((struct slice){ (const char *)data, size }, &arena, &diagnostics);
	check(message || diagnostics.error_count, "refused without a report", &text);
	for (size_t i = 0; i < diagnostics.count; i++)
		check(diagnostics.list[i].line >= 0 && diagnostics.list[i].width >= 1,
				"a report without a place", &text);
	if (message) {
		check(message_print_yaml(message, &text), "cannot print", &text);
		message = parse((struct slice){ text.data, text.size }, &arena, &diagnostics);
		check(message || arena.exhausted,
				diagnostics.count ? diagnostics.list[0].message : "?", &text);
	}
	if (message) {
		check(message_print_yaml(message, &again), "cannot print again", &text);
		check(text.size == again.size && memcmp(text.data, again.data, text.size) == 0,
				"reads back differently", &text);
	}
	buffer_fini(&again);
	buffer_fini(&text);
	arena_fini(&arena);
	part_check((struct slice){ (const char *)data, size });
	return 0;
}

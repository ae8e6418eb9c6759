/* SPDX-License-Identifier: Apache-2.0 */
#include "random_message.h"

#include "proto/codec/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed = 42;

unsigned random_roll(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

const char *const random_texts[] = { "", "a", "true", "NO", "0620", "1e5", "~",
	"三门峡市“科技贷”", "a: b", "a #b", "#b", "- x", " lead", "trail ", "two\nlines",
	"two\nlines\n", "three\n\n", "\n", "\nx", " \nx", "a\n\n  b\n c", "tab\there",
	"bell\x07", "quote\"s'", "back\\slash", "\x7f", "\xc2\x85", "\xc2\xa0", "\xe2\x80\xa8",
	"\xef\xbb\xbf", "\xf0\x9f\x98\x80", "---", "...", "? x", "<<", "key:", "{a}", "[a",
	"e.a >= 1 ? \"x\" : 'y'", "2022-09-08", "12:30", "a\rb", "=", "\x01", "x\n---\ny",
	"x\n...\n", "%a", "@a", "`a", "|", ">", "!a", "&a", "*a" };

const size_t random_text_count = sizeof(random_texts) / sizeof(random_texts[0]);

static void fill(ProtobufCMessage *message, struct arena *arena, unsigned depth);

static void fill_element(const ProtobufCFieldDescriptor *field, void *element,
		struct arena *arena, unsigned depth)
{
	const ProtobufCEnumDescriptor *choices = field->descriptor;
	long long number = (long long)(seed * 0x9e3779b97f4a7c15u) >> random_roll(64);
	ProtobufCBinaryData *bytes = element;

	if (field_is_integer(field)) {
		if (integer_store(field, number, element) != INTEGER_OK)
			assert_int_equal(integer_store(field, random_roll(1000), element),
					INTEGER_OK);
		return;
	}
	if (field->type == PROTOBUF_C_TYPE_BOOL) {
		*(protobuf_c_boolean *)element = (int)random_roll(2);
	} else if (field->type == PROTOBUF_C_TYPE_ENUM) {
		*(int *)element = choices->values[random_roll(choices->n_values)].value;
	} else if (field->type == PROTOBUF_C_TYPE_STRING) {
		*(char **)element = arena_copy_text(
				arena, random_texts[random_roll(random_text_count)]);
	} else if (field->type == PROTOBUF_C_TYPE_BYTES) {
		bytes->len = random_roll(8);
		bytes->data = arena_alloc(arena, 8);
		memcpy(bytes->data, &seed, 8);
	} else {
		assert_int_equal(field->type, PROTOBUF_C_TYPE_MESSAGE);
		*(ProtobufCMessage **)element = message_new(field->descriptor, arena);
		fill(*(ProtobufCMessage **)element, arena, depth + 1);
	}
}

static void fill(ProtobufCMessage *message, struct arena *arena, unsigned depth)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;

	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		unsigned count = field_is_repeated(field) ? random_roll(4) : 1;

		if (random_roll(3) == 0 || field_find_rival(message, field) || depth > 6)
			continue;
		for (unsigned k = 0; k < count; k++) {
			void *element = field_add_element(message, field, arena);

			fill_element(field, element, arena, depth);
			/* Keys of a map differ. */
			if (field_is_map(field)) {
				ProtobufCMessage *entry = *(ProtobufCMessage **)element;
				const ProtobufCFieldDescriptor *key =
						&entry->descriptor->fields[0];

				for (unsigned v = 0; v < 2; v++) {
					const ProtobufCFieldDescriptor *f = key + v;
					char **text = (char **)((char *)entry + f->offset);

					if (!*text)
						*text = arena_copy_text(arena, "");
				}
				*(char **)((char *)entry + key->offset) = arena_format(arena,
						"%s%u",
						random_texts[random_roll(random_text_count)],
						k);
			}
		}
	}
}

ProtobufCMessage *random_message(
		const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
	ProtobufCMessage *message = message_new(descriptor, arena);

	assert_non_null(message);
	fill(message, arena, 0);
	return message;
}

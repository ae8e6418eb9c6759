/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as JSON: of a MatchRequest, and as the profile that people write (JSON or YAML). What is read is a
 * message that packs, unpacks and prints as itself; what is not is refused with words.
 */
#include "client/cli/profile_file.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "proto/codec/codec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* What was read must be what a stranger may send. */
static void use(const ProtobufCMessage *message, const ProtobufCMessageDescriptor *descriptor,
		struct arena *arena)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = malloc(size + 1);
	struct buffer text = { 0 }, again = { 0 };
	ProtobufCMessage *read;

	require(packed && protobuf_c_message_pack(message, packed) == size);
	read = message_unpack((struct slice){ (const char *)packed, size }, descriptor, NULL,
			arena, NULL);
	free(packed);
	/* Deep and many-membered messages are refused from the wire, and so are bytes that no text has. */
	if (!read)
		return;
	require(message_print_json(message, NULL, &text));
	require(message_print_json(read, NULL, &again));
	require(text.size == again.size && memcmp(text.data, again.data, text.size) == 0);
	buffer_fini(&text);
	buffer_fini(&again);
}

static void read_message(struct slice text, struct arena *arena)
{
	struct error err = { 0 };
	ProtobufCMessage *message = message_parse_json(
			text, &policycalc__v1__match_request__descriptor, arena, &err);

	if (message)
		use(message, &policycalc__v1__match_request__descriptor, arena);
	else
		require(*err.message);
}

static void read_profile(struct slice text, struct arena *arena)
{
	static Policycalc__V1__Attribute attributes[6];
	static Policycalc__V1__Attribute *list[6];
	static const struct {
		const char *name;
		Policycalc__V1__ValueType type;
	} known[6] = {
		{ "staff", POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_COUNT },
		{ "revenue", POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_MONEY },
		{ "region", POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_CODE },
		{ "share", POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_RATIO },
		{ "arrears", POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_FLAG },
		{ "founded", POLICYCALC__V1__VALUE_TYPE__VALUE_TYPE_DATE },
	};
	const struct dictionary dictionary = { list, 6 };
	struct profile_builder builder;
	struct diagnostics diagnostics;
	struct error err = { 0 };
	json_t *tree;

	for (size_t i = 0; i < 6; i++) {
		policycalc__v1__attribute__init(&attributes[i]);
		attributes[i].name = (char *)(uintptr_t)known[i].name;
		attributes[i].type = known[i].type;
		list[i] = &attributes[i];
	}
	diagnostics_init(&diagnostics, arena);
	tree = profile_tree_parse(text, &err);
	if (!tree) {
		require(*err.message);
		return;
	}
	if (profile_builder_init(&builder, arena, &dictionary, &diagnostics, true)) {
		profile_add_tree(&builder, tree, "fuzz");
		if (!diagnostics.error_count && !arena->exhausted)
			use(&builder.profile->base, &policycalc__v1__profile__descriptor,
					arena);
	}
	json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct arena arena;

	arena_init(&arena, (size_t)64 << 20);
	read_message(text, &arena);
	arena_fini(&arena);
	arena_init(&arena, (size_t)64 << 20);
	read_profile(text, &arena);
	arena_fini(&arena);
	return 0;
}

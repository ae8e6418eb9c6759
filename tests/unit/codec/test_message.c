/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "proto/codec/codec.h"
#include "proto/codec/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(text)                                                                            \
	{                                                                                      \
		(text), sizeof(text) - 1                                                       \
	}
#define MATCH (&policycalc__v1__match_request__descriptor)

struct scan_case {
	const char *name;
	struct slice bytes;
	const char *error; /* NULL: accepted; otherwise part of the message */
};

/* profile = 1 { uscc = 1, attributes = 3 { name = 1, value = 3 { money_fen = 1 } } } */
static const struct scan_case scan_cases[] = {
	{ "empty", BYTES(""), NULL },
	{ "as_of",
			BYTES("\x1a\x03"
			      "abc"),
			NULL },
	{ "chinese", BYTES("\x1a\x03\xe4\xb8\x89"), NULL },
	{ "unknown field kept", BYTES("\xf8\x01\x05"), NULL },
	{ "packed enums", BYTES("\x3a\x02\x01\x05"), NULL },
	{ "unpacked enum", BYTES("\x38\x05"), NULL },
	{ "bad utf-8", BYTES("\x1a\x02\xff\xff"), "as_of: text is not valid UTF-8" },
	{ "overlong", BYTES("\x1a\x02\xc0\x80"), "as_of: text is not valid UTF-8" },
	{ "surrogate", BYTES("\x1a\x03\xed\xa0\x80"), "as_of: text is not valid UTF-8" },
	{ "nul",
			BYTES("\x1a\x03"
			      "a\0b"),
			"as_of: text contains a NUL" },
	{ "second policy bad",
			BYTES("\x42\x01"
			      "a"
			      "\x42\x01\xff"),
			"policies[1]: text is not" },
	{ "deep path",
			BYTES("\x0a\x0a\x1a\x00\x1a\x06\x0a\x01"
			      "a"
			      "\x0a\x01\x80"),
			"profile.attributes[1].name: text is not valid UTF-8" },
	{ "wrong wire type", BYTES("\x18\x01"), "as_of: wrong wire type" },
	{ "message as varint", BYTES("\x08\x01"), "profile: wrong wire type" },
	{ "group", BYTES("\x0b\x0c"), "profile: groups are not supported" },
	{ "unknown group", BYTES("\xfb\x01\xfc\x01"), "groups are not supported" },
	{ "wire type 7", BYTES("\x0f"), "unknown wire type" },
	{ "field 0", BYTES("\x00\x01"), "malformed field tag" },
	{ "cut tag", BYTES("\x80"), "malformed field tag" },
	{ "cut varint", BYTES("\x10\x80"), "revision: malformed varint" },
	{ "long varint", BYTES("\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
			"revision: malformed varint" },
	{ "varint over 64 bits", BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
			"revision: malformed varint" },
	{ "cut text",
			BYTES("\x1a\x05"
			      "a"),
			"as_of: the message is cut off" },
	{ "huge length", BYTES("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
			"as_of: the message is cut off" },
	{ "cut packed", BYTES("\x3a\x01\x80"), "verdicts: malformed packed" },
};

static void test_scan(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scan_cases) / sizeof(scan_cases[0]); i++) {
		const struct scan_case *c = &scan_cases[i];
		struct error err = { 0 };
		struct arena arena;
		bool ok = message_scan(c->bytes, MATCH, NULL, &err);

		if (ok != !c->error || (c->error && !strstr(err.message, c->error)))
			fail_msg("%s: %s, '%s'", c->name, ok ? "accepted" : "refused",
					err.message);
		arena_init(&arena, 1 << 20);
		assert_int_equal(message_unpack(c->bytes, MATCH, NULL, &arena, NULL) != NULL,
				ok);
		arena_fini(&arena);
	}
}

static void expect_limit(struct slice bytes, struct message_limits limits, const char *message)
{
	struct error err = { 0 };

	assert_false(message_scan(bytes, MATCH, &limits, &err));
	assert_int_equal(err.code, ERROR_LIMIT);
	assert_non_null(strstr(err.message, message));
}

static void test_limits(void **state)
{
	const struct slice three = BYTES("\x42\x01"
					 "a\x42\x01"
					 "b\x42\x01"
					 "c");
	const struct slice packed = BYTES("\x3a\x04\x01\x02\x03\x04");
	const struct slice nested = BYTES("\x0a\x04\x1a\x02\x1a\x00");
	struct message_limits limits = message_limits_default;
	struct error err = { 0 };

	(void)state;
	limits.elements = 3;
	assert_true(message_scan(three, MATCH, &limits, NULL));
	expect_limit(packed, limits, "verdicts: too many elements");
	limits.elements = 2;
	expect_limit(three, limits, "policies: too many elements");
	limits = message_limits_default;
	limits.fields = 2;
	expect_limit(three, limits, "too many fields");
	expect_limit(packed, limits, "too many fields");
	limits = message_limits_default;
	limits.depth = 3;
	assert_true(message_scan(nested, MATCH, &limits, NULL));
	limits.depth = 2;
	assert_false(message_scan(nested, MATCH, &limits, &err));
	assert_string_equal(err.message,
			"profile.attributes[0].value: messages are nested too deeply");
}

/* More elements than the budget holds end in ERROR_LIMIT, and the arena keeps to its budget. */
static void test_budget(void **state)
{
	struct buffer bytes = { 0 };
	struct error err = { 0 };
	struct arena arena;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buffer_append(&bytes,
				"\x42\x03"
				"abc",
				5);
	arena_init(&arena, 8 << 10);
	assert_null(message_unpack(
			(struct slice){ bytes.data, bytes.size }, MATCH, NULL, &arena, &err));
	assert_int_equal(err.code, ERROR_LIMIT);
	assert_true(arena.taken <= 8 << 10);
	arena_fini(&arena);
	buffer_fini(&bytes);
}

static void test_allocation_failures(void **state)
{
	struct buffer bytes = { 0 };
	bool done = false;

	(void)state;
	for (int i = 0; i < 3000; i++)
		buffer_append(&bytes,
				"\x42\x03"
				"abc",
				5);
	for (unsigned long nth = 1; !done; nth++) {
		struct arena arena;
		ProtobufCMessage *message;
		struct buffer out = { 0 };
		struct error err = { 0 };

		assert_true(nth < 1000);
		arena_init(&arena, 16 << 20);
		memory_fail_nth(nth, 0);
		message = message_unpack((struct slice){ bytes.data, bytes.size }, MATCH, NULL,
				&arena, &err);
		done = message && message_pack(message, &out);
		memory_fail_nth(0, 0);
		if (!message)
			assert_int_equal(err.code, ERROR_LIMIT);
		if (done) {
			assert_true(nth > 3);
			assert_int_equal(out.size, bytes.size);
			assert_memory_equal(out.data, bytes.data, bytes.size);
		}
		buffer_fini(&out);
		arena_fini(&arena);
	}
	buffer_fini(&bytes);
}

static void test_pack_empty(void **state)
{
	Policycalc__V1__MatchRequest request = POLICYCALC__V1__MATCH_REQUEST__INIT;
	struct buffer out = { 0 };

	(void)state;
	assert_true(message_pack(&request.base, &out));
	assert_int_equal(out.size, 0);
	buffer_fini(&out);
}

/* @trail holds the types above: meeting one of them again means a message can hold itself. */
static void walk(const ProtobufCMessageDescriptor *descriptor,
		const ProtobufCMessageDescriptor **trail, size_t depth)
{
	for (size_t i = 0; i < depth; i++) {
		if (trail[i] == descriptor)
			fail_msg("%s is recursive", descriptor->name);
	}
	assert_true(depth < FIELD_DEPTH_MAX);
	assert_true(descriptor->n_fields <= FIELDS_MAX);
	trail[depth] = descriptor;
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

		assert_true(strlen(field->name) < FIELD_NAME_SIZE);
		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			walk(field->descriptor, trail, depth + 1);
	}
}

static void test_no_recursive_type(void **state)
{
	const ProtobufCServiceDescriptor *services[] = {
		&policycalc__v1__calculator_service__descriptor,
		&policycalc__v1__catalog_service__descriptor,
	};
	const ProtobufCMessageDescriptor *trail[FIELD_DEPTH_MAX];
	size_t methods = 0;

	(void)state;
	for (size_t s = 0; s < sizeof(services) / sizeof(services[0]); s++) {
		for (unsigned m = 0; m < services[s]->n_methods; m++, methods++) {
			walk(services[s]->methods[m].input, trail, 0);
			walk(services[s]->methods[m].output, trail, 0);
		}
	}
	assert_true(methods >= 9);
	walk(&policycalc__v1__catalog_file__descriptor, trail, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_allocation_failures),
		cmocka_unit_test(test_pack_empty),
		cmocka_unit_test(test_no_recursive_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

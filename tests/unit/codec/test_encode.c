/* SPDX-License-Identifier: Apache-2.0 */
/* What the quick ways make is what protobuf-c makes, of good bytes and of broken ones. */
#include "base/memory.h"
#include "policycalc/v1/calculator_service.pb-c.h"
#include "policycalc/v1/catalog_service.pb-c.h"
#include "policycalc/v1/push_service.pb-c.h"
#include "policycalc/v1/registry_service.pb-c.h"
#include "proto/codec/codec.h"
#include "proto/codec/encode.h"
#include "proto/codec/unpack.h"
#include "random_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const ProtobufCMessageDescriptor *const types[] = {
	&policycalc__v1__policy__descriptor,
	&policycalc__v1__catalog_file__descriptor,
	&policycalc__v1__match_request__descriptor,
	&policycalc__v1__match_response__descriptor,
	&policycalc__v1__match_stream_response__descriptor,
	&policycalc__v1__publish_catalog_request__descriptor,
	&policycalc__v1__digest__descriptor,
	&policycalc__v1__get_report_response__descriptor,
};
enum { TYPES = sizeof(types) / sizeof(types[0]), ROUNDS = 60 };

static void expect_bytes(struct slice expected, struct slice actual, const char *what)
{
	if (expected.size != actual.size ||
			memcmp(expected.data, actual.data, expected.size) != 0)
		fail_msg("%s: %zu bytes, where protobuf-c has %zu", what, actual.size,
				expected.size);
}

static void each_message(void (*check)(
		const ProtobufCMessage *message, struct slice packed, struct arena *arena))
{
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < TYPES; i++) {
			struct buffer packed = { 0 };
			struct arena arena;
			ProtobufCMessage *message;

			arena_init(&arena, (size_t)256 << 20);
			message = random_message(types[i], &arena);
			assert_true(message_pack(message, &packed));
			check(message, (struct slice){ packed.data, packed.size }, &arena);
			buffer_fini(&packed);
			arena_fini(&arena);
		}
	}
}

static void check_encode(
		const ProtobufCMessage *message, struct slice packed, struct arena *arena)
{
	static struct encoder encoder;
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	unsigned middle = descriptor->fields[descriptor->n_fields / 2].id;

	(void)arena;
	encode_message(&encoder, message);
	assert_false(encoder.failed);
	expect_bytes(packed, encoder_bytes(&encoder), descriptor->name);
	/* In two parts, with all the memory it has by now. */
	encoder_clear(&encoder, SIZE_MAX);
	encode_fields(&encoder, message, middle, UINT32_MAX);
	encode_fields(&encoder, message, 1, middle - 1);
	expect_bytes(packed, encoder_bytes(&encoder), descriptor->name);
	encoder_clear(&encoder, 0);
}

static void test_encode(void **state)
{
	(void)state;
	each_message(check_encode);
}

/* Fields that a message of another version brought along follow those that are known. */
static void test_encode_unknown(void **state)
{
	static const char bytes[] = "\x1a\x03"
				    "abc"
				    "\xf8\x01\x05\xf2\x3f\x02xy\xf9\x3f"
				    "12345678";
	struct encoder encoder = { 0 };
	struct arena arena;
	ProtobufCMessage *message;

	(void)state;
	arena_init(&arena, 1 << 20);
	message = message_unpack((struct slice){ bytes, sizeof(bytes) - 1 },
			&policycalc__v1__match_request__descriptor, NULL, &arena, NULL);
	assert_non_null(message);
	assert_int_equal(message->n_unknown_fields, 3);
	encode_message(&encoder, message);
	expect_bytes((struct slice){ bytes, sizeof(bytes) - 1 }, encoder_bytes(&encoder),
			"with unknown fields");
	encoder_fini(&encoder);
	arena_fini(&arena);
}

static void test_encode_pieces(void **state)
{
	Policycalc__V1__MatchResponse response = POLICYCALC__V1__MATCH_RESPONSE__INIT;
	struct encoder encoder = { 0 };
	struct buffer packed = { 0 };
	size_t size;

	(void)state;
	assert_int_equal(encoder_bytes(&encoder).size, 0);
	response.revision = -1;
	response.as_of = (char *)"2026-01-01";
	assert_true(message_pack(&response.base, &packed));
	size = encoder_size(&encoder);
	encode_text(&encoder, 3, "");
	encode_text(&encoder, 2, "2026-01-01");
	encode_number(&encoder, 1, (uint64_t)-1);
	expect_bytes((struct slice){ packed.data, packed.size }, encoder_bytes(&encoder),
			"by hand");
	encode_close(&encoder, 2, size);
	assert_int_equal(encoder_size(&encoder), packed.size + 2);
	encode_number(&encoder, 7, 0);
	assert_int_equal(encoder_size(&encoder), packed.size + 2);
	buffer_fini(&packed);
	encoder_fini(&encoder);
}

/* Memory goes back and forth; what is in a buffer is not read by the encoder. */
static void test_encode_give(void **state)
{
	struct encoder encoder = { 0 };
	struct buffer taken = { 0 };
	char bytes[3000];

	(void)state;
	encoder_give(&encoder, &taken);
	assert_int_equal(taken.size, 0);
	for (size_t size = 1; size < sizeof(bytes); size = size * 3 + 1) {
		struct slice piece = { bytes, size };

		(void)memset(bytes, 'a' + (int)(size % 26), size);
		encode_bytes(&encoder, piece);
		assert_true(encoder_end(&encoder));
		encoder_give(&encoder, &taken);
		assert_int_equal(encoder_size(&encoder), 0);
		assert_true(taken.size >= size && taken.size < taken.capacity);
		expect_bytes(piece, (struct slice){ taken.data + taken.size - size, size },
				"given away");
		assert_int_equal(taken.data[taken.size], 0);
	}
	buffer_append_text(&taken, "more");
	assert_string_equal(taken.data + taken.size - 4, "more");
	encode_bytes(&encoder, (struct slice){ bytes, sizeof(bytes) });
	assert_int_equal(encoder_size(&encoder), sizeof(bytes));
	buffer_fini(&taken);
	encoder_fini(&encoder);
}

static void test_encode_limit(void **state)
{
	struct encoder encoder = { .most = 10000 };
	char bytes[3000] = { 0 };

	(void)state;
	for (int i = 0; i < 6 && !encoder.failed; i++)
		encode_bytes(&encoder, (struct slice){ bytes, sizeof(bytes) });
	assert_true(encoder.failed);
	assert_true(encoder.exceeded);
	encoder_clear(&encoder, 0);
	assert_false(encoder.failed);
	assert_int_equal(encoder.most, 10000);
	for (int i = 0; i < 4; i++)
		encode_bytes(&encoder, (struct slice){ bytes, 2500 });
	assert_true(encoder_end(&encoder));
	encode_bytes(&encoder, (struct slice){ bytes, 1 });
	assert_false(encoder_end(&encoder));
	encoder_fini(&encoder);
}

static void on_free(void *data, void *piece)
{
	(void)data;
	(void)piece;
}

static void *on_alloc(void *data, size_t size)
{
	return arena_alloc(data, size);
}

/* The careful way alone. */
static ProtobufCMessage *unpack_carefully(struct slice bytes,
		const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
	ProtobufCAllocator allocator = { on_alloc, on_free, arena };
	struct error err;

	if (!message_scan(bytes, descriptor, NULL, &err))
		return NULL;
	return protobuf_c_message_unpack(descriptor, &allocator, bytes.size,
			bytes.size ? (const uint8_t *)bytes.data : (const uint8_t *)"");
}

static void check_unpack(
		const ProtobufCMessage *message, struct slice packed, struct arena *arena)
{
	struct buffer again = { 0 };
	ProtobufCMessage *quick = unpack_quickly(packed, message->descriptor, NULL, arena);

	/* Nothing that a library writes is unusual. */
	assert_non_null(quick);
	assert_true(protobuf_c_message_check(quick));
	assert_true(message_pack(quick, &again));
	expect_bytes(packed, (struct slice){ again.data, again.size },
			message->descriptor->name);
	buffer_fini(&again);
}

static void test_unpack(void **state)
{
	(void)state;
	each_message(check_unpack);
}

static size_t refused, accepted;

/* Of broken bytes the quick way makes what the careful one does, or leaves them to it. */
static void check_broken(
		const ProtobufCMessage *message, struct slice packed, struct arena *arena)
{
	char *bytes = arena_copy(arena, packed.data, packed.size);

	for (unsigned i = 0; packed.size && i < 40; i++) {
		size_t at = random_roll((unsigned)packed.size);
		size_t size = packed.size;
		char kept = bytes[at];
		struct buffer a = { 0 }, b = { 0 };
		ProtobufCMessage *quick, *careful;
		struct slice broken;

		if (i % 4 == 3)
			size = at;
		else
			bytes[at] = (char)random_roll(256);
		broken = (struct slice){ bytes, size };
		quick = unpack_quickly(broken, message->descriptor, NULL, arena);
		careful = unpack_carefully(broken, message->descriptor, arena);
		refused += !careful;
		accepted += quick != NULL;
		if (quick && !careful)
			fail_msg("%s: taken though it is broken", message->descriptor->name);
		if (quick) {
			assert_true(message_pack(quick, &a));
			assert_true(message_pack(careful, &b));
			expect_bytes((struct slice){ b.data, b.size },
					(struct slice){ a.data, a.size },
					message->descriptor->name);
		}
		buffer_fini(&a);
		buffer_fini(&b);
		bytes[at] = kept;
	}
}

static void test_unpack_broken(void **state)
{
	(void)state;
	each_message(check_broken);
	assert_true(refused > 1000);
	assert_true(accepted > 1000);
}

/* What stands there twice, or in an order of its own, goes the careful way and comes out merged. */
static void test_unpack_unusual(void **state)
{
	static const struct {
		const char *name;
		struct slice bytes;
	} cases[] = {
#define CASE(name, text)                                                                       \
	{                                                                                      \
		name,                                                                          \
		{                                                                              \
			text, sizeof(text) - 1                                                 \
		}                                                                              \
	}
		CASE("message twice", "\x0a\x03\x0a\x01p\x0a\x03\x12\x01q"),
		CASE("list in two runs", "\x42\x01x\x10\x01\x42\x01y"),
		CASE("packed in two runs", "\x3a\x01\x01\x3a\x01\x02"),
		CASE("packed and not", "\x3a\x01\x01\x38\x02"),
		CASE("packed and empty", "\x3a\x00"),
		CASE("unknown", "\xf8\x01\x05"),
		CASE("oneof twice", "\x0a\x0a\x1a\x08\x1a\x06\x08\x01\x18\x02\x08\x03"),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const ProtobufCMessageDescriptor *type =
				&policycalc__v1__match_request__descriptor;
		struct buffer a = { 0 }, b = { 0 };
		ProtobufCMessage *message, *careful;
		struct error err = { 0 };
		struct arena arena;

		arena_init(&arena, 1 << 20);
		assert_null(unpack_quickly(cases[i].bytes, type, NULL, &arena));
		message = message_unpack(cases[i].bytes, type, NULL, &arena, &err);
		careful = unpack_carefully(cases[i].bytes, type, &arena);
		if (!message || !careful)
			fail_msg("%s: refused", cases[i].name);
		assert_true(message_pack(message, &a));
		assert_true(message_pack(careful, &b));
		expect_bytes((struct slice){ b.data, b.size }, (struct slice){ a.data, a.size },
				cases[i].name);
		buffer_fini(&a);
		buffer_fini(&b);
		arena_fini(&arena);
	}
}

/* Into room of the caller's: a list that goes on behind another field keeps what it had. */
static void test_unpack_into_lists(void **state)
{
	static const struct slice cases[] = {
		{ "\x42\x01x\x42\x01z\x10\x01\x42\x01y", 11 },
		{ "\x3a\x01\x01\x3a\x02\x02\x03", 7 },
		{ "\x3a\x01\x01\x38\x02\x38\x03\x10\x05\x38\x04", 11 },
		{ "\x3a\x00", 2 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const ProtobufCMessageDescriptor *type =
				&policycalc__v1__match_request__descriptor;
		struct unpack_memo *memo = i % 2 ? unpack_memo_new() : NULL;
		struct slice bytes = cases[i / 2];
		struct buffer a = { 0 }, b = { 0 };
		ProtobufCMessage *message, *careful;
		struct error err = { 0 };
		struct arena arena;
		size_t kept;
		char *room;

		arena_init(&arena, 1 << 20);
		room = arena_alloc(&arena, bytes.size);
		message = message_unpack_into(room, bytes, type, memo, &arena, &kept, &err);
		careful = unpack_carefully(bytes, type, &arena);
		assert_non_null(message);
		assert_non_null(careful);
		assert_true(message_pack(message, &a));
		assert_true(message_pack(careful, &b));
		expect_bytes((struct slice){ b.data, b.size }, (struct slice){ a.data, a.size },
				"into room");
		buffer_fini(&a);
		buffer_fini(&b);
		unpack_memo_free(memo);
		arena_fini(&arena);
	}
}

/* Of texts and numbers the last one counts, whichever way they go. */
static void test_unpack_twice(void **state)
{
	static const char bytes[] = "\x1a\x01x\x10\x01\x1a\x02yz\x10\x02";
	const Policycalc__V1__MatchRequest *request;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	request = (const Policycalc__V1__MatchRequest *)unpack_quickly(
			(struct slice){ bytes, sizeof(bytes) - 1 },
			&policycalc__v1__match_request__descriptor, NULL, &arena);
	assert_non_null(request);
	assert_string_equal(request->as_of, "yz");
	assert_int_equal(request->revision, 2);
	arena_fini(&arena);
}

/* An arena that is used up is told as such, and not as bad bytes. */
static void test_unpack_memory(void **state)
{
	static const char bytes[] = "\x1a\x0a"
				    "0123456789\x42\x0a"
				    "0123456789";
	struct error err = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	assert_null(message_unpack((struct slice){ bytes, sizeof(bytes) - 1 },
			&policycalc__v1__match_request__descriptor, NULL, &arena, &err));
	assert_int_equal(err.code, ERROR_LIMIT);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_encode_unknown),
		cmocka_unit_test(test_encode_pieces),
		cmocka_unit_test(test_encode_give),
		cmocka_unit_test(test_encode_limit),
		cmocka_unit_test(test_unpack),
		cmocka_unit_test(test_unpack_broken),
		cmocka_unit_test(test_unpack_unusual),
		cmocka_unit_test(test_unpack_twice),
		cmocka_unit_test(test_unpack_into_lists),
		cmocka_unit_test(test_unpack_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
